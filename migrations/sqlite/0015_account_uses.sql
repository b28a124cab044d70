-- Which account a draft or a request in flight names that is older than the table of uses: the last event that says who
-- collects the signatures tells.
INSERT INTO provider_uses (organization, config, request)
SELECT requests.organization, provider_configs.id, requests.id
FROM requests
JOIN events ON events.request = requests.id AND events.seq = (
    SELECT max(seq) FROM events AS said WHERE said.request = requests.id
        AND (said.body ->> '$.fact.name' IN ('request.created', 'request.revised')
            OR said.body ->> '$.fact.with.next.config' IS NOT NULL))
JOIN provider_configs ON provider_configs.provider <> 'native' AND provider_configs.id = unhex(replace(
    coalesce(events.body ->> '$.fact.with.next.config', events.body ->> '$.fact.with.provider_config'), '-', ''))
WHERE requests.status IN ('DRAFT', 'SENT', 'VIEWED', 'PARTIALLY_SIGNED')
ON CONFLICT DO NOTHING;

-- Which account a draft or a request in flight names that is older than the table of uses: the last event that says who
-- collects the signatures tells.
INSERT INTO provider_uses (organization, config, request)
SELECT requests.organization, provider_configs.id, requests.id
FROM requests
CROSS JOIN LATERAL (
    SELECT coalesce(body::json #>> '{fact,with,next,config}', body::json #>> '{fact,with,provider_config}') AS config
    FROM events WHERE request = requests.id
        AND (body::json #>> '{fact,name}' IN ('request.created', 'request.revised')
            OR body::json #>> '{fact,with,next,config}' IS NOT NULL)
    ORDER BY seq DESC LIMIT 1) AS said
JOIN provider_configs ON provider_configs.provider <> 'native' AND provider_configs.id = said.config::uuid
WHERE requests.status IN ('DRAFT', 'SENT', 'VIEWED', 'PARTIALLY_SIGNED')
ON CONFLICT DO NOTHING;

-- How long organizations keep what has ended, and what is erased when that time is over.

-- An organization that is not here keeps as long as the setting says; one without days keeps for ever.
CREATE TABLE retention (
    organization TEXT   PRIMARY KEY,
    days         BIGINT,                   -- from a request's end to its purge
    updated_us   BIGINT NOT NULL
);

ALTER TABLE retention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON retention
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- From when the retention of its organization counts: its end; NULL while it runs or is held, and once erased.
ALTER TABLE requests ADD COLUMN retained_us BIGINT;
-- When its personal data and documents were erased by it.
ALTER TABLE requests ADD COLUMN purged_us BIGINT;

-- A request ends once. Times stand in the history as text, with up to nine decimals.
UPDATE requests SET retained_us = (
    SELECT extract(epoch FROM substr(body::json ->> 'time', 1, 19)::timestamp)::bigint * 1000000
        + substr(rtrim(substr(body::json ->> 'time', 21), 'Z') || '000000', 1, 6)::bigint
    FROM events WHERE request = requests.id AND body::json -> 'fact' ->> 'name' IN
        ('request.completed', 'request.declined', 'request.expired', 'request.cancelled'))
WHERE status IN ('COMPLETED', 'DECLINED', 'EXPIRED', 'CANCELLED') AND deleted_us IS NULL;

CREATE INDEX requests_to_purge ON requests (organization, retained_us) WHERE retained_us IS NOT NULL;

-- How long organizations keep what has ended, and what is erased when that time is over.

-- An organization that is not here keeps as long as the setting says; one without days keeps for ever.
CREATE TABLE retention (
    organization TEXT    PRIMARY KEY,
    days         INTEGER,                  -- from a request's end to its purge
    updated_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- From when the retention of its organization counts: its end; NULL while it runs or is held, and once erased.
ALTER TABLE requests ADD COLUMN retained_us INTEGER;
-- When its personal data and documents were erased by it.
ALTER TABLE requests ADD COLUMN purged_us INTEGER;

-- A request ends once. Times stand in the history as text, with up to nine decimals.
UPDATE requests SET retained_us = (
    SELECT unixepoch(substr(body ->> 'time', 1, 19)) * 1000000
        + CAST(substr(rtrim(substr(body ->> 'time', 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM events WHERE request = requests.id AND body ->> '$.fact.name' IN
        ('request.completed', 'request.declined', 'request.expired', 'request.cancelled'))
WHERE status IN ('COMPLETED', 'DECLINED', 'EXPIRED', 'CANCELLED') AND deleted_us IS NULL;

CREATE INDEX requests_to_purge ON requests (organization, retained_us) WHERE retained_us IS NOT NULL;

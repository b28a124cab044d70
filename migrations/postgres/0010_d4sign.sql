-- Keys with a second secret, and webhooks of one document.

ALTER TABLE keys ADD COLUMN crypt_hash BYTEA;     -- SHA-256 of the second secret; NULL = the key has none

-- Whose events the endpoint hears; NULL = every request's. A request has one of its own at most.
ALTER TABLE endpoints ADD COLUMN request UUID;
CREATE UNIQUE INDEX endpoints_of_request ON endpoints (request) WHERE request IS NOT NULL;
-- Lists are of those that hear every request's.
DROP INDEX endpoints_by_age;
CREATE INDEX endpoints_by_age ON endpoints (organization, created_us, id) WHERE request IS NULL;
-- Where the log begins for whoever listens the longest.
CREATE INDEX endpoints_listening ON endpoints (from_transaction, from_position) WHERE disabled_us IS NULL;

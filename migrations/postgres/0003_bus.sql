-- What the bus needs to remember: it may lose everything itself.

-- How far a role has come in the outbox, held by one process at a time.
CREATE TABLE places (
    name             TEXT   PRIMARY KEY,
    holder           TEXT   NOT NULL,
    epoch            BIGINT NOT NULL,             -- fencing number: counts holders
    lease_us         BIGINT NOT NULL,             -- until when it is held
    at_transaction   BIGINT NOT NULL DEFAULT 0,   -- the last event that was acknowledged
    at_position      BIGINT NOT NULL DEFAULT 0,
    stream_created_us BIGINT NOT NULL DEFAULT 0,  -- by which a stream that was made anew is known
    stream_sequence  BIGINT NOT NULL DEFAULT 0    -- and one that lost its end
);

ALTER TABLE places ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON places
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

-- Messages that can never work, with the reasons. The message itself is in the stream of dead letters.
CREATE TABLE dead_letters (
    id           UUID   PRIMARY KEY,
    organization TEXT   NOT NULL,                 -- '?' if the message names none
    digest       BYTEA  NOT NULL,                 -- SHA-256 of the message
    subject      TEXT   NOT NULL,                 -- where it was published
    sequence     BIGINT NOT NULL,                 -- the number that it had in the stream of requests
    letter       BIGINT NOT NULL,                 -- the number of its letter in the stream of dead letters
    source       TEXT   NOT NULL,                 -- who published it, and its own id; '' where it does not say
    event        TEXT   NOT NULL,
    reasons      TEXT   NOT NULL,                 -- JSON: code, pointer, detail
    created_us   BIGINT NOT NULL
);

CREATE INDEX dead_letters_by_age ON dead_letters (organization, created_us);
CREATE INDEX dead_letters_to_tidy ON dead_letters (created_us);

ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON dead_letters
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- How often a message that came again was tried.
CREATE TABLE attempts (
    digest     BYTEA  PRIMARY KEY,                 -- SHA-256 of subject and message
    attempts   BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);

ALTER TABLE attempts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON attempts
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

-- A receipt of a published message is kept for ever: a stream may deliver what it holds again at any
-- time. The others are tidied away by age.
DROP INDEX receipts_by_age;
CREATE INDEX receipts_by_age ON receipts (created_us) WHERE substr(key, 1, 3) <> 'ce:';

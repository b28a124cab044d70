-- What the bus needs to remember: it may lose everything itself.

-- How far a role has come in the outbox, held by one process at a time.
CREATE TABLE places (
    name             TEXT    PRIMARY KEY,
    holder           TEXT    NOT NULL,
    epoch            INTEGER NOT NULL,             -- fencing number: counts holders
    lease_us         INTEGER NOT NULL,             -- until when it is held
    at_transaction   INTEGER NOT NULL DEFAULT 0,   -- the last event that was acknowledged
    at_position      INTEGER NOT NULL DEFAULT 0,
    stream_created_us INTEGER NOT NULL DEFAULT 0,  -- by which a stream that was made anew is known
    stream_sequence  INTEGER NOT NULL DEFAULT 0    -- and one that lost its end
) STRICT, WITHOUT ROWID;

-- Messages that can never work, with the reasons. The message itself is in the stream of dead letters.
CREATE TABLE dead_letters (
    id           BLOB    PRIMARY KEY,
    organization TEXT    NOT NULL,                 -- '?' if the message names none
    digest       BLOB    NOT NULL,                 -- SHA-256 of the message
    subject      TEXT    NOT NULL,                 -- where it was published
    sequence     INTEGER NOT NULL,                 -- the number that it had in the stream of requests
    letter       INTEGER NOT NULL,                 -- the number of its letter in the stream of dead letters
    source       TEXT    NOT NULL,                 -- who published it, and its own id; '' where it does not say
    event        TEXT    NOT NULL,
    reasons      TEXT    NOT NULL,                 -- JSON: code, pointer, detail
    created_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_age ON dead_letters (organization, created_us);
CREATE INDEX dead_letters_to_tidy ON dead_letters (created_us);

-- How often a message that came again was tried.
CREATE TABLE attempts (
    digest     BLOB    PRIMARY KEY,                -- SHA-256 of subject and message
    attempts   INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A receipt of a published message is kept for ever: a stream may deliver what it holds again at any
-- time. The others are tidied away by age.
DROP INDEX receipts_by_age;
CREATE INDEX receipts_by_age ON receipts (created_us) WHERE substr(key, 1, 3) <> 'ce:';

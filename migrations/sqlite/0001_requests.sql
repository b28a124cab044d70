-- Requests and their history. Times are microseconds since 1970 (UTC); ids are 16 bytes.
-- (SQLite has no row-level security: the statements alone keep organizations apart.)

-- The history: written once, never changed. `position` is the order of commits.
CREATE TABLE events (
    position   INTEGER PRIMARY KEY,
    request    BLOB    NOT NULL,
    seq        INTEGER NOT NULL,
    body       TEXT    NOT NULL,  -- canonical JSON, what the hash covers
    disclosure BLOB,              -- the personal part, encrypted with the request's data key
    hash       BLOB    NOT NULL,
    trace      TEXT,              -- W3C traceparent of what caused it, where that is known; not hashed
    UNIQUE (request, seq)
) STRICT;

-- One narrow row a request: what lists, timers and the commit path look up. All of it follows
-- from the events, but the data key, whose destruction erases the personal parts.
CREATE TABLE requests (
    id           BLOB    PRIMARY KEY,
    organization TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    head         BLOB    NOT NULL,
    business_id  TEXT,
    created_us   INTEGER NOT NULL,
    updated_us   INTEGER NOT NULL,
    expires_us   INTEGER,
    wake_us      INTEGER,         -- when a timer of it is next due
    lease_us     INTEGER NOT NULL DEFAULT 0,  -- until when a process works on its timer
    deleted_us   INTEGER,
    data_key     BLOB             -- wrapped; NULL once erased
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_by_age ON requests (organization, created_us, id) WHERE deleted_us IS NULL;
CREATE INDEX requests_by_business ON requests (organization, business_id) WHERE business_id IS NOT NULL;
CREATE INDEX requests_to_wake ON requests (wake_us) WHERE wake_us IS NOT NULL;

-- What must still be done outside. A row goes when its event says that it was done or given up.
CREATE TABLE effects (
    key      TEXT    PRIMARY KEY,
    lane     TEXT    NOT NULL,             -- which role does it
    filed_us INTEGER NOT NULL,             -- since when it is owed
    due_us   INTEGER NOT NULL,             -- not before; a claim moves it to the end of its lease
    epoch    INTEGER NOT NULL DEFAULT 0,   -- fencing number: goes up when a claim is taken or given up
    attempts INTEGER NOT NULL DEFAULT 0,   -- failed ones
    error    TEXT,                         -- code of the last failure
    trace    TEXT                          -- its event's
) STRICT, WITHOUT ROWID;

CREATE INDEX effects_due ON effects (lane, due_us);

-- First answers to commands that carried an Idempotency-Key, for 24 hours.
CREATE TABLE receipts (
    organization TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  BLOB    NOT NULL,         -- SHA-256 of what was asked
    subject      TEXT    NOT NULL,         -- what it made or changed
    seq          INTEGER NOT NULL,         -- and the event it ended with
    created_us   INTEGER NOT NULL,
    PRIMARY KEY (organization, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX receipts_by_age ON receipts (created_us);

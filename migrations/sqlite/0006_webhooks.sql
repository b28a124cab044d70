-- Webhooks out: who hears what, what is owed to whom, and what became of it. No body is stored: it is made
-- of the facts when it is sent.

-- Where an organization wants to be told.
CREATE TABLE endpoints (
    id               BLOB    PRIMARY KEY,
    organization     TEXT    NOT NULL,
    url              TEXT    NOT NULL,
    events           TEXT    NOT NULL,             -- names, separated by commas; '*' is all
    format           TEXT    NOT NULL,             -- in whose words
    stamps           TEXT    NOT NULL,             -- beside the standard one, separated by commas
    secret           BLOB    NOT NULL,             -- encrypted
    former_secret    BLOB,                         -- the one before, encrypted,
    former_until_us  INTEGER,                      -- and until when it stamps too
    created_us       INTEGER NOT NULL,
    updated_us       INTEGER NOT NULL,
    from_transaction INTEGER NOT NULL,             -- the end of the log when it began to listen
    from_position    INTEGER NOT NULL,
    succeeded_us     INTEGER,                      -- when it last took something
    failing_us       INTEGER,                      -- since when it takes nothing
    disabled_us      INTEGER,
    disabled_why     TEXT,
    due_us           INTEGER,                      -- when the first delivery to it is due
    rest_us          INTEGER NOT NULL DEFAULT 0,   -- it asked not to be called before
    lease_us         INTEGER NOT NULL DEFAULT 0,   -- until when a courier holds it; then when the last one let go
    epoch            INTEGER NOT NULL DEFAULT 0    -- fencing number: goes up when it is held or let go
) STRICT, WITHOUT ROWID;

CREATE INDEX endpoints_by_age ON endpoints (organization, created_us, id);
CREATE INDEX endpoints_due ON endpoints (due_us) WHERE due_us IS NOT NULL;

-- One message for one endpoint. Those of one line (a request's) are sent one after another: only the first
-- that is pending has a time at which it is due.
CREATE TABLE deliveries (
    position     INTEGER PRIMARY KEY,              -- the order in which they were filed
    id           BLOB    NOT NULL UNIQUE,
    organization TEXT    NOT NULL,
    endpoint     BLOB    NOT NULL,
    line         BLOB    NOT NULL,                 -- the request, or the message itself
    event        BLOB    NOT NULL,                 -- by which the receiver knows a repeat
    request      BLOB,                             -- whose event it is, and which; NULL where it is no request's
    seq          INTEGER,
    name         TEXT    NOT NULL,                 -- in the endpoint's format
    note         TEXT,                             -- JSON: what a message that is no event says
    replay       INTEGER NOT NULL,                 -- 1 if it was asked for again
    state        TEXT    NOT NULL,                 -- pending, delivered, dead
    reason       TEXT,                             -- why it is dead
    due_us       INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    tried_us     INTEGER,                          -- the first time
    created_us   INTEGER NOT NULL,
    finished_us  INTEGER
) STRICT;

CREATE INDEX deliveries_due ON deliveries (endpoint, due_us) WHERE due_us IS NOT NULL;
CREATE INDEX deliveries_in_line ON deliveries (endpoint, line, position) WHERE state = 'pending';
CREATE INDEX deliveries_in_order ON deliveries (endpoint, position);
CREATE INDEX deliveries_by_age ON deliveries (created_us);

CREATE TABLE delivery_attempts (
    organization TEXT    NOT NULL,
    delivery     BLOB    NOT NULL,
    number       INTEGER NOT NULL,
    at_us        INTEGER NOT NULL,
    took_us      INTEGER NOT NULL,
    status       INTEGER,                          -- of the answer; NULL if there was none
    error        TEXT,                             -- code of what went wrong
    excerpt      BLOB,                             -- the answer's beginning, encrypted: it may repeat what was sent
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- Ranges of the log that are to be filed for an endpoint once more, and how far that has come.
CREATE TABLE replays (
    id             BLOB    PRIMARY KEY,
    endpoint       BLOB    NOT NULL,
    after_us       INTEGER NOT NULL,
    before_us      INTEGER NOT NULL,
    at_transaction INTEGER NOT NULL,
    at_position    INTEGER NOT NULL,
    created_us     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

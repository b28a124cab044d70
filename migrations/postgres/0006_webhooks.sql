-- Webhooks out: who hears what, what is owed to whom, and what became of it. No body is stored: it is made
-- of the facts when it is sent.

-- Where an organization wants to be told.
CREATE TABLE endpoints (
    id               UUID    PRIMARY KEY,
    organization     TEXT    NOT NULL,
    url              TEXT    NOT NULL,
    events           TEXT    NOT NULL,             -- names, separated by commas; '*' is all
    format           TEXT    NOT NULL,             -- in whose words
    stamps           TEXT    NOT NULL,             -- beside the standard one, separated by commas
    secret           BYTEA   NOT NULL,             -- encrypted
    former_secret    BYTEA,                        -- the one before, encrypted,
    former_until_us  BIGINT,                       -- and until when it stamps too
    created_us       BIGINT  NOT NULL,
    updated_us       BIGINT  NOT NULL,
    from_transaction BIGINT  NOT NULL,             -- the end of the log when it began to listen
    from_position    BIGINT  NOT NULL,
    succeeded_us     BIGINT,                       -- when it last took something
    failing_us       BIGINT,                       -- since when it takes nothing
    disabled_us      BIGINT,
    disabled_why     TEXT,
    due_us           BIGINT,                       -- when the first delivery to it is due
    rest_us          BIGINT  NOT NULL DEFAULT 0,   -- it asked not to be called before
    lease_us         BIGINT  NOT NULL DEFAULT 0,   -- until when a courier holds it; then when the last one let go
    epoch            BIGINT  NOT NULL DEFAULT 0    -- fencing number: goes up when it is held or let go
);

CREATE INDEX endpoints_by_age ON endpoints (organization, created_us, id);
CREATE INDEX endpoints_due ON endpoints (due_us) WHERE due_us IS NOT NULL;

ALTER TABLE endpoints ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON endpoints
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- One message for one endpoint. Those of one line (a request's) are sent one after another: only the first
-- that is pending has a time at which it is due.
CREATE TABLE deliveries (
    position     BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which they were filed
    id           UUID    NOT NULL UNIQUE,
    organization TEXT    NOT NULL,
    endpoint     UUID    NOT NULL,
    line         UUID    NOT NULL,                 -- the request, or the message itself
    event        UUID    NOT NULL,                 -- by which the receiver knows a repeat
    request      UUID,                             -- whose event it is, and which; NULL where it is no request's
    seq          BIGINT,
    name         TEXT    NOT NULL,                 -- in the endpoint's format
    note         TEXT,                             -- JSON: what a message that is no event says
    replay       BIGINT  NOT NULL,                 -- 1 if it was asked for again
    state        TEXT    NOT NULL,                 -- pending, delivered, dead
    reason       TEXT,                             -- why it is dead
    due_us       BIGINT,
    attempts     BIGINT  NOT NULL DEFAULT 0,
    tried_us     BIGINT,                           -- the first time
    created_us   BIGINT  NOT NULL,
    finished_us  BIGINT
);

CREATE INDEX deliveries_due ON deliveries (endpoint, due_us) WHERE due_us IS NOT NULL;
CREATE INDEX deliveries_in_line ON deliveries (endpoint, line, position) WHERE state = 'pending';
CREATE INDEX deliveries_in_order ON deliveries (endpoint, position);
CREATE INDEX deliveries_by_age ON deliveries (created_us);

ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON deliveries
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

CREATE TABLE delivery_attempts (
    organization TEXT    NOT NULL,
    delivery     UUID    NOT NULL,
    number       BIGINT  NOT NULL,
    at_us        BIGINT  NOT NULL,
    took_us      BIGINT  NOT NULL,
    status       BIGINT,                           -- of the answer; NULL if there was none
    error        TEXT,                             -- code of what went wrong
    excerpt      BYTEA,                            -- the answer's beginning, encrypted: it may repeat what was sent
    PRIMARY KEY (delivery, number)
);

ALTER TABLE delivery_attempts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON delivery_attempts
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Ranges of the log that are to be filed for an endpoint once more, and how far that has come.
CREATE TABLE replays (
    id             UUID    PRIMARY KEY,
    endpoint       UUID    NOT NULL,
    after_us       BIGINT  NOT NULL,
    before_us      BIGINT  NOT NULL,
    at_transaction BIGINT  NOT NULL,
    at_position    BIGINT  NOT NULL,
    created_us     BIGINT  NOT NULL
);

ALTER TABLE replays ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON replays
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

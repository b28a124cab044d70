-- Requests and their history. Times are microseconds since 1970 (UTC).
--
-- Row-level security is the second wall between organizations; the first is that statements name the
-- organization. What a connection names in the setting countersign.organization is whose rows it sees
-- and writes: one organization's, all ('*'), or none if it names none. Tables that only the engine
-- itself reads are closed to every single organization. The owner is bound too; superusers and roles
-- with BYPASSRLS are not. The setting is read once a statement, hence the SELECT around it.

-- The history: written once, never changed. Commits end in another order than their positions were
-- given, so whoever reads behind a place reads by (transaction, position) and only transactions
-- older than every one still running.
CREATE TABLE events (
    position    BIGINT GENERATED ALWAYS AS IDENTITY,
    transaction BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    request     UUID   NOT NULL,
    seq         BIGINT NOT NULL,
    body        TEXT   NOT NULL,  -- canonical JSON, what the hash covers
    disclosure  BYTEA,            -- the personal part, encrypted with the request's data key
    hash        BYTEA  NOT NULL,
    trace       TEXT,             -- W3C traceparent of what caused it, where that is known; not hashed
    PRIMARY KEY (request, seq)
);

CREATE INDEX events_in_order ON events (transaction, position);

-- One narrow row a request: what lists, timers and the commit path look up. All of it follows
-- from the events, but the data key, whose destruction erases the personal parts.
CREATE TABLE requests (
    id           UUID   PRIMARY KEY,
    organization TEXT   NOT NULL,
    status       TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    head         BYTEA  NOT NULL,
    business_id  TEXT,
    created_us   BIGINT NOT NULL,
    updated_us   BIGINT NOT NULL,
    expires_us   BIGINT,
    wake_us      BIGINT,          -- when a timer of it is next due
    lease_us     BIGINT NOT NULL DEFAULT 0,  -- until when a process works on its timer
    deleted_us   BIGINT,
    data_key     BYTEA            -- wrapped; NULL once erased
) WITH (fillfactor = 80);

CREATE INDEX requests_by_age ON requests (organization, created_us, id) WHERE deleted_us IS NULL;
CREATE INDEX requests_by_business ON requests (organization, business_id) WHERE business_id IS NOT NULL;
CREATE INDEX requests_to_wake ON requests (wake_us) WHERE wake_us IS NOT NULL;

ALTER TABLE requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON requests
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- An event is seen by whoever sees its request. A scalar look-up, not EXISTS: that could be planned as
-- one over all requests.
ALTER TABLE events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON events
    USING ((SELECT current_setting('countersign.organization', true)) = '*'
           OR (SELECT true FROM requests WHERE id = request));

-- What must still be done outside. A row goes when its event says that it was done or given up, so
-- the table is small and churns: vacuum it early.
CREATE TABLE effects (
    key      TEXT   COLLATE "C" PRIMARY KEY,
    lane     TEXT   NOT NULL,              -- which role does it
    filed_us BIGINT NOT NULL,              -- since when it is owed
    due_us   BIGINT NOT NULL,              -- not before; a claim moves it to the end of its lease
    epoch    BIGINT NOT NULL DEFAULT 0,    -- fencing number: goes up when a claim is taken or given up
    attempts BIGINT NOT NULL DEFAULT 0,    -- failed ones
    error    TEXT,                         -- code of the last failure
    trace    TEXT                          -- its event's
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

CREATE INDEX effects_due ON effects (lane, due_us);

ALTER TABLE effects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON effects
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

-- First answers to commands that carried an Idempotency-Key, for 24 hours.
CREATE TABLE receipts (
    organization TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    fingerprint  BYTEA  NOT NULL,          -- SHA-256 of what was asked
    subject      TEXT   NOT NULL,          -- what it made or changed
    seq          BIGINT NOT NULL,          -- and the event it ended with
    created_us   BIGINT NOT NULL,
    PRIMARY KEY (organization, key)
);

CREATE INDEX receipts_by_age ON receipts (created_us);

ALTER TABLE receipts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON receipts
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Webhooks in: what vendors told, as it came, and what came of it. Only what was genuine is here.

CREATE TABLE inbound_deliveries (
    id           UUID   PRIMARY KEY,
    organization TEXT   NOT NULL,
    config       UUID   NOT NULL,             -- the provider configuration that it was addressed to
    provider     TEXT   NOT NULL,
    scheme       TEXT   NOT NULL,             -- by which it was held genuine,
    trust        TEXT   NOT NULL,             -- and how far that goes
    identity     BYTEA,                       -- by which a repeat is known; NULL for a replay, and once erased
    digest       BYTEA,                       -- SHA-256 of the body; NULL once erased
    bytes        BIGINT NOT NULL,             -- its length
    content_type TEXT,
    data_key     BYTEA,                       -- wrapped; NULL once erased
    body         BYTEA,                       -- encrypted with it; NULL once erased
    stamped_us   BIGINT,                      -- when the vendor stamped it, if the stamp covers that
    received_us  BIGINT NOT NULL,
    repeats      BIGINT NOT NULL DEFAULT 0,   -- how often it came again
    repeated_us  BIGINT,                      -- and when last
    replay_of    UUID,                        -- the delivery that this is once more
    document     TEXT,                        -- what was read in it: the vendor's reference,
    told         TEXT,                        -- what happened,
    word         TEXT,                        -- and the vendor's word for it
    request      UUID,                        -- whose document it is
    state        TEXT   NOT NULL,             -- pending, settled, dead
    verdict      TEXT,
    reason       TEXT,                        -- why that is the verdict, or why it is still pending
    attempts     BIGINT NOT NULL DEFAULT 0,
    due_us       BIGINT,                      -- when it is to be applied; while somebody does, until when
    epoch        BIGINT NOT NULL DEFAULT 0,   -- fencing number: goes up when it is claimed or put off
    settled_us   BIGINT,
    UNIQUE (config, identity)
);

CREATE INDEX inbound_due ON inbound_deliveries (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX inbound_by_age ON inbound_deliveries (organization, received_us, id);
CREATE INDEX inbound_old ON inbound_deliveries (received_us);
CREATE INDEX inbound_of_request ON inbound_deliveries (request) WHERE request IS NOT NULL;

ALTER TABLE inbound_deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON inbound_deliveries
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

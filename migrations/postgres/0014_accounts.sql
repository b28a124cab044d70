-- Accounts at vendors: which requests name which, what is kept of what their hooks told, and how that is erased.

-- Which requests are, or are to be, collected by which account: none is taken away from under them.
CREATE TABLE provider_uses (
    organization TEXT NOT NULL,
    config       UUID NOT NULL REFERENCES provider_configs (id),
    request      UUID NOT NULL,
    PRIMARY KEY (config, request)
);

ALTER TABLE provider_uses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON provider_uses
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Configurations of one account share its quota.
CREATE INDEX provider_configs_of_account ON provider_configs (account);

-- Digest of what a stamp covers that does not cover the body: of one stamp so much is kept and no more.
ALTER TABLE inbound_deliveries ADD COLUMN covered BYTEA;

CREATE INDEX inbound_of_stamp ON inbound_deliveries (config, covered, received_us) WHERE covered IS NOT NULL;

-- What was told of a document before it was known whose it is, is erased with its request as well.
CREATE INDEX inbound_of_document ON inbound_deliveries (config, document) WHERE document IS NOT NULL;
CREATE INDEX provider_envelopes_of_request ON provider_envelopes (request);

-- What signers prove: how often they tried, and the files that they gave.

-- Codes that were wrong, and checks that failed, since the last ten minutes without one.
CREATE TABLE tries (
    organization TEXT    NOT NULL,
    request      UUID    NOT NULL,
    signer       UUID    NOT NULL,
    method       TEXT    NOT NULL,
    taken        BIGINT  NOT NULL,
    until_us     BIGINT  NOT NULL,             -- when they are forgotten
    PRIMARY KEY (request, signer, method)
);

CREATE INDEX tries_by_end ON tries (until_us);

ALTER TABLE tries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON tries
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Photos, selfies, videos, attachments: each request's own, never shared between requests.
CREATE TABLE proof_files (
    organization TEXT    NOT NULL,
    request      UUID    NOT NULL,
    digest       BYTEA   NOT NULL,
    blob         UUID    NOT NULL,             -- name of the stored object
    bytes        BIGINT  NOT NULL,
    media_type   TEXT    NOT NULL,
    data_key     BYTEA   NOT NULL,             -- wrapped
    created_us   BIGINT  NOT NULL,
    PRIMARY KEY (request, digest)
);

ALTER TABLE proof_files ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON proof_files
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

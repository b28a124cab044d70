-- The installation; keys, documents, files and templates.

-- API credentials. An organization exists from its first key.
CREATE TABLE keys (
    id           UUID   PRIMARY KEY,
    organization TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    hash         BYTEA  NOT NULL UNIQUE,   -- SHA-256 of the secret
    hint         TEXT   NOT NULL,          -- prefix and last four characters
    permissions  TEXT   NOT NULL,          -- separated by commas
    created_us   BIGINT NOT NULL,
    revoked_us   BIGINT
);

ALTER TABLE keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON keys
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Documents by digest: inspected once, stored once for each organization, encrypted.
CREATE TABLE documents (
    organization TEXT   NOT NULL,
    digest       BYTEA  NOT NULL,
    blob         UUID   NOT NULL,          -- name of the stored object
    bytes        BIGINT NOT NULL,
    pages        TEXT   NOT NULL,          -- JSON: width and height of each page in points
    data_key     BYTEA  NOT NULL,          -- wrapped
    created_us   BIGINT NOT NULL,
    PRIMARY KEY (organization, digest)
);

ALTER TABLE documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON documents
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Who uses a document: a request, a file or a template. With the last use it is erased. The foreign
-- key decides between a new use and the end of the last one when two processes write them at once.
CREATE TABLE document_uses (
    organization TEXT  NOT NULL,
    digest       BYTEA NOT NULL,
    subject      TEXT  NOT NULL,
    PRIMARY KEY (organization, digest, subject),
    FOREIGN KEY (organization, digest) REFERENCES documents
);

ALTER TABLE document_uses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON document_uses
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Uploaded files, to be named by `fileId`.
CREATE TABLE files (
    id           UUID   PRIMARY KEY,
    organization TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    digest       BYTEA  NOT NULL,
    created_us   BIGINT NOT NULL
);

ALTER TABLE files ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON files
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

CREATE TABLE templates (
    organization TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    file_name    TEXT   NOT NULL,
    digest       BYTEA  NOT NULL,
    widgets      TEXT   NOT NULL,          -- JSON
    created_us   BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);

ALTER TABLE templates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON templates
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Stored objects that nobody uses any more: to be deleted, then forgotten.
CREATE TABLE orphans (
    path TEXT PRIMARY KEY
);

ALTER TABLE orphans ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON orphans
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

-- What the processes of an installation have in common, written down by the first of them: how its
-- secrets and the place of its documents are known again.
CREATE TABLE installation (
    name  TEXT  PRIMARY KEY,
    value BYTEA NOT NULL
);

ALTER TABLE installation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON installation
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

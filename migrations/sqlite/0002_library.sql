-- The installation; keys, documents, files and templates.

-- API credentials. An organization exists from its first key.
CREATE TABLE keys (
    id           BLOB    PRIMARY KEY,
    organization TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE,  -- SHA-256 of the secret
    hint         TEXT    NOT NULL,         -- prefix and last four characters
    permissions  TEXT    NOT NULL,         -- separated by commas
    created_us   INTEGER NOT NULL,
    revoked_us   INTEGER
) STRICT, WITHOUT ROWID;

-- Documents by digest: inspected once, stored once for each organization, encrypted.
CREATE TABLE documents (
    organization TEXT    NOT NULL,
    digest       BLOB    NOT NULL,
    blob         BLOB    NOT NULL,         -- name of the stored object
    bytes        INTEGER NOT NULL,
    pages        TEXT    NOT NULL,         -- JSON: width and height of each page in points
    data_key     BLOB    NOT NULL,         -- wrapped
    created_us   INTEGER NOT NULL,
    PRIMARY KEY (organization, digest)
) STRICT, WITHOUT ROWID;

-- Who uses a document: a request, a file or a template. With the last use it is erased.
CREATE TABLE document_uses (
    organization TEXT NOT NULL,
    digest       BLOB NOT NULL,
    subject      TEXT NOT NULL,
    PRIMARY KEY (organization, digest, subject)
) STRICT, WITHOUT ROWID;

-- Uploaded files, to be named by `fileId`.
CREATE TABLE files (
    id           BLOB    PRIMARY KEY,
    organization TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    digest       BLOB    NOT NULL,
    created_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE templates (
    organization TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    file_name    TEXT    NOT NULL,
    digest       BLOB    NOT NULL,
    widgets      TEXT    NOT NULL,         -- JSON
    created_us   INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

-- Stored objects that nobody uses any more: to be deleted, then forgotten.
CREATE TABLE orphans (
    path TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What the processes of an installation have in common, written down by the first of them: how its
-- secrets and the place of its documents are known again.
CREATE TABLE installation (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

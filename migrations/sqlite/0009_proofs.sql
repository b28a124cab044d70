-- What signers prove: how often they tried, and the files that they gave.

-- Codes that were wrong, and checks that failed, since the last ten minutes without one.
CREATE TABLE tries (
    organization TEXT    NOT NULL,
    request      BLOB    NOT NULL,
    signer       BLOB    NOT NULL,
    method       TEXT    NOT NULL,
    taken        INTEGER NOT NULL,
    until_us     INTEGER NOT NULL,             -- when they are forgotten
    PRIMARY KEY (request, signer, method)
) STRICT, WITHOUT ROWID;

CREATE INDEX tries_by_end ON tries (until_us);

-- Photos, selfies, videos, attachments: each request's own, never shared between requests.
CREATE TABLE proof_files (
    organization TEXT    NOT NULL,
    request      BLOB    NOT NULL,
    digest       BLOB    NOT NULL,
    blob         BLOB    NOT NULL,             -- name of the stored object
    bytes        INTEGER NOT NULL,
    media_type   TEXT    NOT NULL,
    data_key     BLOB    NOT NULL,             -- wrapped
    created_us   INTEGER NOT NULL,
    PRIMARY KEY (request, digest)
) STRICT, WITHOUT ROWID;

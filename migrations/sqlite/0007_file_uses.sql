-- Which request names which upload: what is signed, or was, is not deleted from under it.
CREATE TABLE file_uses (
    organization TEXT NOT NULL,
    file         BLOB NOT NULL,
    request      BLOB NOT NULL,
    PRIMARY KEY (organization, file, request)
) STRICT, WITHOUT ROWID;

-- Lists of uploads, newest first.
CREATE INDEX files_by_age ON files (organization, created_us, id);

-- Which request names which upload: what is signed, or was, is not deleted from under it.
CREATE TABLE file_uses (
    organization TEXT NOT NULL,
    file         UUID NOT NULL,
    request      UUID NOT NULL,
    PRIMARY KEY (organization, file, request)
);

ALTER TABLE file_uses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON file_uses
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

-- Lists of uploads, newest first.
CREATE INDEX files_by_age ON files (organization, created_us, id);

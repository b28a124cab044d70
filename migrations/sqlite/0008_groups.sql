-- Signing groups: people of whom any one acts for all of them.
CREATE TABLE signing_groups (
    id           BLOB    PRIMARY KEY,
    organization TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    members      BLOB    NOT NULL,  -- JSON: names and addresses, encrypted
    created_us   INTEGER NOT NULL,
    updated_us   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX signing_groups_by_age ON signing_groups (organization, created_us, id);

-- Signing groups: people of whom any one acts for all of them.
CREATE TABLE signing_groups (
    id           UUID   PRIMARY KEY,
    organization TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    members      BYTEA  NOT NULL,  -- JSON: names and addresses, encrypted
    created_us   BIGINT NOT NULL,
    updated_us   BIGINT NOT NULL
);

CREATE INDEX signing_groups_by_age ON signing_groups (organization, created_us, id);

ALTER TABLE signing_groups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON signing_groups
    USING ((SELECT current_setting('countersign.organization', true)) IN ('*', organization));

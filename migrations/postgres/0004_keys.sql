-- Keys of the test world, when a key was last used, and what it may still call.

ALTER TABLE keys ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';  -- or 'test': works in the test world only
ALTER TABLE keys ADD COLUMN last_used_us BIGINT;                -- to the minute; NULL = never

CREATE INDEX keys_by_age ON keys (organization, created_us);

-- What is left of each key's rate. Not logged: it changes with the calls, and after a crash of the server
-- every key simply begins anew.
CREATE UNLOGGED TABLE rates (
    key   UUID PRIMARY KEY,
    state TEXT NOT NULL  -- JSON
) WITH (fillfactor = 50);

ALTER TABLE rates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY engine ON rates
    USING ((SELECT current_setting('countersign.organization', true)) = '*');

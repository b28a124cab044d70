-- Keys of the test world, when a key was last used, and what it may still call.

ALTER TABLE keys ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';  -- or 'test': works in the test world only
ALTER TABLE keys ADD COLUMN last_used_us INTEGER;               -- to the minute; NULL = never

CREATE INDEX keys_by_age ON keys (organization, created_us);

-- What is left of each key's rate, for processes that share it. The one process that answers calls on a file
-- keeps it in memory.
CREATE TABLE rates (
    key   BLOB PRIMARY KEY,
    state TEXT NOT NULL  -- JSON
) STRICT, WITHOUT ROWID;

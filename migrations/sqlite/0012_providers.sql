-- Providers: with which account at a vendor an organization has signatures collected, what stands there for
-- which request, and how often each account was called.

-- An account at a vendor, and how it does.
CREATE TABLE provider_configs (
    id            BLOB    PRIMARY KEY,
    organization  TEXT    NOT NULL,
    provider      TEXT    NOT NULL,           -- native, d4sign, certyneo
    name          TEXT    NOT NULL,
    is_default    INTEGER NOT NULL,           -- 1 for one of an organization at most
    fallback      BLOB,                       -- which to go to while nobody was invited
    settings      TEXT    NOT NULL,           -- JSON: where the vendor answers, and what it must be told that is no secret
    credentials   BLOB    NOT NULL,           -- encrypted
    hook_secrets  BLOB    NOT NULL,           -- what its hooks are stamped with, and were until when; encrypted
    sealed_with   TEXT    NOT NULL,           -- id of the installation key that encrypted both
    account       BLOB    NOT NULL,           -- stamp of the credentials: who shares a quota
    calls_an_hour INTEGER NOT NULL,           -- the quota of that account
    lane          TEXT    NOT NULL UNIQUE,    -- where its effects are filed
    created_us    INTEGER NOT NULL,
    updated_us    INTEGER NOT NULL,
    stand         TEXT    NOT NULL,           -- JSON: how its calls went of late
    rest_us       INTEGER NOT NULL DEFAULT 0, -- not to be called before
    lease_us      INTEGER NOT NULL DEFAULT 0, -- until when an agent holds it
    epoch         INTEGER NOT NULL DEFAULT 0  -- fencing number: goes up when it is held or let go
) STRICT, WITHOUT ROWID;

CREATE INDEX provider_configs_by_age ON provider_configs (organization, created_us, id);
CREATE UNIQUE INDEX provider_configs_default ON provider_configs (organization) WHERE is_default = 1;

-- What stands at a vendor for a request, and how far that has come.
CREATE TABLE provider_envelopes (
    config     BLOB    NOT NULL,
    request    BLOB    NOT NULL,
    reference  TEXT,                               -- the vendor's id of it, once known
    note       TEXT    NOT NULL,                   -- JSON: the steps that were asked for, and those that are done
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (config, request)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX provider_envelopes_by_reference ON provider_envelopes (config, reference);

-- The accounts at vendors, by their stamps; a row is held while a call of it is counted.
CREATE TABLE provider_accounts (
    account BLOB    PRIMARY KEY,
    calls   INTEGER NOT NULL                       -- so many ever
) STRICT, WITHOUT ROWID;

-- The calls that still count against an account's quota.
CREATE TABLE provider_calls (
    account BLOB    NOT NULL,
    number  INTEGER NOT NULL,
    at_us   INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

-- Master keys are replaced: what is encrypted says itself with which of them, and nothing that lasts is derived from one.

ALTER TABLE provider_configs DROP COLUMN sealed_with;
-- What the webhooks of an API key's documents are stamped with, encrypted; NULL until it is first asked for.
ALTER TABLE keys ADD COLUMN mac_secret BYTEA;

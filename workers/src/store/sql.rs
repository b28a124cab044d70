//! The statements that both databases understand. `$1` placeholders, plain upserts, no dialect.

use super::many::Many;

/// The organizations that keep for a time only, with their days; `$1` are those of the setting. A test world is
/// an organization of its own here as everywhere.
macro_rules! retentions {
    () => {
        "SELECT organization, days FROM retention WHERE days IS NOT NULL \
         UNION ALL SELECT world, $1 FROM (SELECT DISTINCT organization || CASE mode WHEN 'test' THEN '~test' ELSE '' END \
         AS world FROM keys) AS worlds WHERE $1 IS NOT NULL AND world NOT IN (SELECT organization FROM retention)"
    };
}
pub(super) use retentions;

/// Most events and effects have no trace: a column less to write for each of them.
pub(super) static INSERT_EVENTS: Many<5> = Many::new("INSERT INTO events (request, seq, body, disclosure, hash)", "");
pub(super) static INSERT_TRACED_EVENTS: Many<6> =
    Many::new("INSERT INTO events (request, seq, body, disclosure, hash, trace)", "");

pub(super) const EVENTS_OF: &str = "SELECT request, seq, body, disclosure, hash, trace FROM events WHERE request = $1 \
     AND ($2 = '*' OR $2 = (SELECT organization FROM requests WHERE id = $1)) ORDER BY seq";
pub(super) const STRAY_EVENTS: &str = "SELECT DISTINCT request FROM events WHERE NOT EXISTS \
     (SELECT 1 FROM requests WHERE requests.id = events.request) LIMIT $1";

pub(super) const OPEN_REQUESTS: &str = "SELECT status, count(*) AS requests FROM requests WHERE deleted_us IS NULL \
     AND status IN ('DRAFT', 'SENT', 'VIEWED', 'PARTIALLY_SIGNED') GROUP BY status ORDER BY status";
pub(super) const COUNT_EVENTS: &str = "SELECT count(*) FROM events";
pub(super) const COUNT_REQUESTS: &str = "SELECT count(*) FROM requests";

pub(super) const REQUEST: &str = "SELECT id, organization, status, seq, head, business_id, created_us, updated_us, \
     expires_us, wake_us, retained_us, purged_us, deleted_us, data_key FROM requests WHERE id = $1 AND $2 IN ('*', organization)";
pub(super) const REQUESTS_AFTER: &str = "SELECT id, organization, status, seq, head, business_id, created_us, \
     updated_us, expires_us, wake_us, retained_us, purged_us, deleted_us, data_key FROM requests WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const OPEN_REQUESTS_AFTER: &str = "SELECT id, organization, status, seq, head, business_id, created_us, \
     updated_us, expires_us, wake_us, retained_us, purged_us, deleted_us, data_key FROM requests WHERE id > $1 \
     AND data_key IS NOT NULL AND status IN ('DRAFT', 'SENT', 'VIEWED', 'PARTIALLY_SIGNED') ORDER BY id LIMIT $2";
pub(super) static UPSERT_REQUESTS: Many<14> = Many::new(
    "INSERT INTO requests (id, organization, status, seq, head, business_id, created_us, updated_us, expires_us, \
     wake_us, retained_us, purged_us, deleted_us, data_key)",
    "ON CONFLICT (id) DO UPDATE SET status = excluded.status, seq = excluded.seq, head = excluded.head, \
     updated_us = excluded.updated_us, expires_us = excluded.expires_us, wake_us = excluded.wake_us, \
     retained_us = excluded.retained_us, lease_us = 0",
);
pub(super) const ERASE_REQUEST: &str =
    "UPDATE requests SET purged_us = $2, deleted_us = $3, business_id = $4, data_key = NULL WHERE id = $1";
pub(super) const LIST_REQUESTS: &str = "SELECT id, organization, status, seq, head, business_id, created_us, updated_us, \
     expires_us, wake_us, retained_us, purged_us, deleted_us, data_key FROM requests WHERE ";
pub(super) const NEXT_WAKE: &str = "SELECT min(wake_us) FROM requests WHERE wake_us IS NOT NULL";
pub(super) const NEXT_TIMER: &str = "SELECT min(wake_us) FROM requests WHERE wake_us IS NOT NULL AND lease_us <= $1";

pub(super) static INSERT_EFFECTS: Many<4> = Many::new("INSERT INTO effects (key, lane, filed_us, due_us)", "");
pub(super) static INSERT_TRACED_EFFECTS: Many<5> =
    Many::new("INSERT INTO effects (key, lane, filed_us, due_us, trace)", "");
pub(super) const EFFECTS_OF: &str = "SELECT key FROM effects WHERE key >= $1 AND key < $2 ORDER BY key";
pub(super) const DEFER_EFFECT: &str = "UPDATE effects SET epoch = epoch + 1, due_us = $3, attempts = attempts + 1, \
     error = $4 WHERE key = $1 AND epoch = $2";
pub(super) const NEXT_EFFECT: &str = "SELECT min(due_us) FROM effects WHERE lane = $1";

/// A receipt is replaced only once its 24 hours are over; a younger one was somebody else's answer.
pub(super) static INSERT_RECEIPTS: Many<6> = Many::new(
    "INSERT INTO receipts (organization, key, fingerprint, subject, seq, created_us)",
    "ON CONFLICT (organization, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
     subject = excluded.subject, seq = excluded.seq, created_us = excluded.created_us \
     WHERE receipts.created_us <= excluded.created_us - 86400000000",
);
pub(super) const RECEIPT: &str = "SELECT organization, key, fingerprint, subject, seq, created_us FROM receipts \
     WHERE organization = $1 AND key = $2";
pub(super) const DELETE_OLD_RECEIPTS: &str =
    "DELETE FROM receipts WHERE created_us < $1 AND substr(key, 1, 3) <> 'ce:'";

pub(super) static INSERT_USES: Many<3> = Many::new("INSERT INTO document_uses (organization, digest, subject)", "");
pub(super) const ADD_USE: &str = "INSERT INTO document_uses (organization, digest, subject) VALUES ($1, $2, $3) \
     ON CONFLICT (organization, digest, subject) DO NOTHING";
pub(super) const DROP_USES: &str = "DELETE FROM document_uses WHERE organization = $1 AND digest = $2 AND subject = $3";
pub(super) const DROP_UNUSED_DOCUMENT: &str = "DELETE FROM documents WHERE organization = $1 AND digest = $2 \
     AND NOT EXISTS (SELECT 1 FROM document_uses WHERE organization = $1 AND digest = $2) RETURNING blob";
/// Uploads of a document that nothing but uploads uses any more, made up to an instant.
pub(super) const DROP_SPENT_FILES: &str = "DELETE FROM files WHERE organization = $1 AND digest = $2 \
     AND created_us <= $3 AND NOT EXISTS (SELECT 1 FROM document_uses WHERE organization = $1 AND digest = $2 \
     AND substr(subject, 1, 5) <> 'file:') RETURNING id";
pub(super) const DOCUMENT: &str = "SELECT organization, digest, blob, bytes, pages, data_key, created_us \
     FROM documents WHERE organization = $1 AND digest = $2";
pub(super) const INSERT_DOCUMENT: &str = "INSERT INTO documents (organization, digest, blob, bytes, pages, data_key, \
     created_us) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization, digest) DO NOTHING";
pub(super) const INSERT_ORPHAN: &str = "INSERT INTO orphans (path) VALUES ($1) ON CONFLICT (path) DO NOTHING";
pub(super) const ORPHANS: &str = "SELECT path FROM orphans ORDER BY path LIMIT $1";
pub(super) const DELETE_ORPHAN: &str = "DELETE FROM orphans WHERE path = $1";
pub(super) const UNUSED_DOCUMENTS: &str = "SELECT organization, digest FROM documents WHERE created_us < $1 AND NOT \
     EXISTS (SELECT 1 FROM document_uses u WHERE u.organization = documents.organization AND u.digest = documents.digest) \
     LIMIT $2";

pub(super) const INSERT_FILE: &str =
    "INSERT INTO files (id, organization, name, digest, created_us) VALUES ($1, $2, $3, $4, $5)";
pub(super) const FILE: &str =
    "SELECT id, organization, name, digest, created_us FROM files WHERE organization = $1 AND id = $2";
pub(super) const DELETE_FILE: &str = "DELETE FROM files WHERE organization = $1 AND id = $2";
pub(super) const UPLOADS: &str = "SELECT f.id, f.organization, f.name, f.digest, f.created_us, d.bytes, d.pages FROM files f \
     JOIN documents d ON d.organization = f.organization AND d.digest = f.digest WHERE f.organization = $1 \
     ORDER BY f.created_us DESC, f.id DESC LIMIT $2 OFFSET $3";
pub(super) const COUNT_FILES: &str = "SELECT count(*) FROM files WHERE organization = $1";
pub(super) static INSERT_FILE_USES: Many<3> = Many::new(
    "INSERT INTO file_uses (organization, file, request)",
    "ON CONFLICT (organization, file, request) DO NOTHING",
);
pub(super) const DROP_FILE_USE: &str = "DELETE FROM file_uses WHERE organization = $1 AND file = $2 AND request = $3";
pub(super) const ANY_FILE_USE: &str =
    "SELECT count(*) FROM (SELECT 1 FROM file_uses WHERE organization = $1 AND file = $2 LIMIT 1) AS first";
pub(super) const COUNT_FILE_USES: &str = "SELECT count(*) FROM (SELECT 1 FROM file_uses u JOIN requests r \
     ON r.id = u.request WHERE u.organization = $1 AND u.file = $2 AND r.status <> 'DRAFT' AND r.deleted_us IS NULL AND r.purged_us IS NULL \
     LIMIT 1) AS used";
pub(super) const INSERT_TEMPLATE: &str = "INSERT INTO templates (organization, id, name, file_name, digest, widgets, \
     created_us) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization, id) DO NOTHING";
pub(super) const TEMPLATE: &str = "SELECT organization, id, name, file_name, digest, widgets, created_us FROM templates \
     WHERE organization = $1 AND id = $2";
pub(super) const TEMPLATES: &str = "SELECT organization, id, name, file_name, digest, widgets, created_us FROM templates \
     WHERE organization = $1 ORDER BY created_us DESC, id LIMIT $2 OFFSET $3";
pub(super) const COUNT_TEMPLATES: &str = "SELECT count(*) FROM templates WHERE organization = $1";
pub(super) const DELETE_TEMPLATE: &str = "DELETE FROM templates WHERE organization = $1 AND id = $2";

pub(super) const GROUP: &str = "SELECT id, organization, name, members, created_us, updated_us FROM signing_groups \
     WHERE organization = $1 AND id = $2";
pub(super) const GROUPS: &str = "SELECT id, organization, name, members, created_us, updated_us FROM signing_groups \
     WHERE organization = $1 ORDER BY created_us DESC, id DESC LIMIT $2 OFFSET $3";
pub(super) const COUNT_GROUPS: &str = "SELECT count(*) FROM signing_groups WHERE organization = $1";
pub(super) const INSERT_GROUP: &str = "INSERT INTO signing_groups (id, organization, name, members, created_us, \
     updated_us) VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const UPDATE_GROUP: &str = "UPDATE signing_groups SET name = $3, members = $4, updated_us = $5 \
     WHERE organization = $1 AND id = $2";
pub(super) const DELETE_GROUP: &str = "DELETE FROM signing_groups WHERE organization = $1 AND id = $2";

pub(super) const INSERT_KEY: &str = "INSERT INTO keys (id, organization, name, hash, hint, permissions, created_us, \
     revoked_us, mode, last_used_us, crypt_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
pub(super) const KEY_BY_HASH: &str = "SELECT id, organization, name, hash, hint, permissions, created_us, revoked_us, \
     mode, last_used_us, crypt_hash FROM keys WHERE hash = $1";
pub(super) const KEY: &str = "SELECT id, organization, name, hash, hint, permissions, created_us, revoked_us, mode, \
     last_used_us, crypt_hash FROM keys WHERE organization = $1 AND id = $2";
pub(super) const KEYS: &str = "SELECT id, organization, name, hash, hint, permissions, created_us, revoked_us, mode, \
     last_used_us, crypt_hash FROM keys WHERE $1 IN ('*', organization) ORDER BY created_us, id";
pub(super) const ANY_KEY: &str = "SELECT count(*) FROM (SELECT 1 FROM keys WHERE organization = $1 LIMIT 1) AS first";
/// `*` is every mode.
pub(super) const KEYS_PAGE: &str = "SELECT id, organization, name, hash, hint, permissions, created_us, revoked_us, mode, \
     last_used_us, crypt_hash FROM keys WHERE organization = $1 AND $2 IN ('*', mode) ORDER BY created_us DESC, id DESC LIMIT $3 \
     OFFSET $4";
pub(super) const COUNT_KEYS: &str = "SELECT count(*) FROM keys WHERE organization = $1 AND $2 IN ('*', mode)";
pub(super) const REVOKE_KEY: &str = "UPDATE keys SET revoked_us = $3 WHERE organization = $1 AND id = $2 \
     AND revoked_us IS NULL";
pub(super) const MAC_SECRET: &str = "SELECT mac_secret FROM keys WHERE id = $1";
pub(super) const GIVE_MAC_SECRET: &str = "UPDATE keys SET mac_secret = $2 WHERE id = $1 AND mac_secret IS NULL";
pub(super) const USE_KEY: &str = "UPDATE keys SET last_used_us = $2 WHERE id = $1 AND coalesce(last_used_us, 0) < $3";

pub(super) static ADD_RATES: Many<2> = Many::new("INSERT INTO rates (key, state)", "ON CONFLICT (key) DO NOTHING");
pub(super) static PUT_RATES: Many<2> =
    Many::new("INSERT INTO rates (key, state)", "ON CONFLICT (key) DO UPDATE SET state = excluded.state");

pub(super) const RETENTION: &str = "SELECT days, updated_us FROM retention WHERE organization = $1";
pub(super) const SET_RETENTION: &str = "INSERT INTO retention (organization, days, updated_us) VALUES ($1, $2, $3) \
     ON CONFLICT (organization) DO UPDATE SET days = excluded.days, updated_us = excluded.updated_us";
pub(super) const FORGET_RETENTION: &str = "DELETE FROM retention WHERE organization = $1";
/// Whoever keeps for a time, and for how many days. An organization exists from its first key.
pub(super) const RETENTIONS: &str = retentions!();

pub(super) const AGREED: &str = "SELECT value FROM installation WHERE name = $1";
pub(super) const AGREE: &str = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
pub(super) const AGREEMENTS: &str = "SELECT name, value FROM installation ORDER BY name";
pub(super) const COPY_AGREEMENT: &str = "INSERT INTO installation (name, value) SELECT $2, value FROM installation \
     WHERE name = $1 ON CONFLICT (name) DO NOTHING";
pub(super) const FORGET_AGREEMENT: &str = "DELETE FROM installation WHERE name = $1";

pub(super) const TAKE_PLACE: &str = "INSERT INTO places (name, holder, epoch, lease_us) VALUES ($1, $2, 1, $4) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = places.epoch + 1, lease_us = excluded.lease_us \
     WHERE places.lease_us <= $3 \
     RETURNING epoch, at_transaction, at_position, stream_created_us, stream_sequence";
pub(super) const MOVE_PLACE: &str = "UPDATE places SET lease_us = $3, at_transaction = $4, at_position = $5, \
     stream_created_us = $6, stream_sequence = $7 WHERE name = $1 AND epoch = $2";
pub(super) const PLACE: &str =
    "SELECT epoch, at_transaction, at_position, stream_created_us, stream_sequence FROM places WHERE name = $1";

pub(super) const INSERT_DEAD_LETTER: &str = "INSERT INTO dead_letters (id, organization, digest, subject, sequence, \
     letter, source, event, reasons, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
     ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, letter = excluded.letter, \
     reasons = excluded.reasons, created_us = excluded.created_us";
pub(super) const DEAD_LETTERS: &str = "SELECT id, organization, digest, subject, sequence, letter, source, event, \
     reasons, created_us FROM dead_letters WHERE $1 IN ('*', organization) ORDER BY created_us DESC, id LIMIT $2 \
     OFFSET $3";
pub(super) const COUNT_DEAD_LETTERS: &str = "SELECT count(*) FROM dead_letters WHERE organization = $1";
pub(super) const DEAD_LETTER: &str = "SELECT id, organization, digest, subject, sequence, letter, source, event, \
     reasons, created_us FROM dead_letters WHERE id = $1 AND $2 IN ('*', organization)";
pub(super) const FORGET_DEAD_LETTER: &str = "DELETE FROM dead_letters WHERE id = $1";
pub(super) const TIDY_DEAD_LETTERS: &str = "DELETE FROM dead_letters WHERE created_us < $1";
pub(super) const COUNT_ATTEMPT: &str = "INSERT INTO attempts (digest, attempts, updated_us) VALUES ($1, 1, $2) \
     ON CONFLICT (digest) DO UPDATE SET attempts = attempts.attempts + 1, updated_us = excluded.updated_us \
     RETURNING attempts";
pub(super) const ATTEMPTS: &str = "SELECT coalesce(max(attempts), 0) FROM attempts WHERE digest = $1";
pub(super) const FORGET_ATTEMPTS: &str = "DELETE FROM attempts WHERE digest = $1";

/// Counts before anything is compared: whoever is behind the last try gets no row, however many ask at once.
pub(super) const TAKE_TRY: &str = "INSERT INTO tries (organization, request, signer, method, taken, until_us) \
     VALUES ($1, $2, $3, $4, 1, $5) ON CONFLICT (request, signer, method) DO UPDATE SET \
     taken = CASE WHEN tries.until_us <= $6 THEN 1 ELSE tries.taken + 1 END, until_us = excluded.until_us \
     WHERE tries.until_us <= $6 OR tries.taken < $7 RETURNING taken";
pub(super) const TRIES: &str = "SELECT taken, until_us FROM tries WHERE request = $1 AND signer = $2 AND method = $3 \
     AND $4 IN ('*', organization)";
pub(super) const FORGET_TRIES: &str = "DELETE FROM tries WHERE request = $1 AND signer = $2 AND method = $3";
pub(super) const DROP_TRIES: &str = "DELETE FROM tries WHERE request = $1";
pub(super) const TIDY_TRIES: &str = "DELETE FROM tries WHERE until_us < $1";
pub(super) const INSERT_PROOF_FILE: &str = "INSERT INTO proof_files (organization, request, digest, blob, bytes, \
     media_type, data_key, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (request, digest) DO NOTHING";
pub(super) const PROOF_FILE: &str = "SELECT organization, request, digest, blob, bytes, media_type, data_key, created_us \
     FROM proof_files WHERE request = $1 AND digest = $2 AND $3 IN ('*', organization)";
pub(super) const DROP_PROOF_FILES: &str = "DELETE FROM proof_files WHERE request = $1 RETURNING blob";

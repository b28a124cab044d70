//! SQLite: one writer, WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`, readers beside it.
//!
//! A deferred `BEGIN` that reads and then writes fails when another process wrote in between, in
//! spite of any busy timeout; `BEGIN IMMEDIATE` waits its turn instead. `secure_delete` overwrites
//! what is deleted, because destroying a data key is how personal data is erased.

use std::path::Path;
use std::time::Duration;

use countersign_engine::ids::{Digest, KeyId, OrganizationId, RequestId};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use uuid::Uuid;

use super::rows::{EventColumns, ReceiptColumns};
use super::sql::retentions;
use super::writer::Writer;
use super::{Claim, StoreError, migrator};

/// How long a writer waits for another process's transaction to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// Most statements that stay prepared on a connection: more than there are.
const STATEMENTS_MAX: usize = 200;
/// Most connections that read at once.
const READERS_MAX: u32 = 6;
/// Pages of the WAL after which it is folded into the database file (4 KiB each).
const CHECKPOINT_PAGES: &str = "4000";
/// SQLite's own page cache in KiB (negative, as its pragma wants it). The system caches the file too,
/// and SQLite walks its whole cache in a commit that split pages in the middle of a tree.
const PAGE_CACHE: &str = "-16384";
pub(super) const MIGRATIONS: [(i64, &str, &str); 15] = [
    (1, "requests", include_str!("../../../migrations/sqlite/0001_requests.sql")),
    (2, "library", include_str!("../../../migrations/sqlite/0002_library.sql")),
    (3, "bus", include_str!("../../../migrations/sqlite/0003_bus.sql")),
    (4, "keys", include_str!("../../../migrations/sqlite/0004_keys.sql")),
    (5, "retention", include_str!("../../../migrations/sqlite/0005_retention.sql")),
    (6, "webhooks", include_str!("../../../migrations/sqlite/0006_webhooks.sql")),
    (7, "file_uses", include_str!("../../../migrations/sqlite/0007_file_uses.sql")),
    (8, "groups", include_str!("../../../migrations/sqlite/0008_groups.sql")),
    (9, "proofs", include_str!("../../../migrations/sqlite/0009_proofs.sql")),
    (10, "d4sign", include_str!("../../../migrations/sqlite/0010_d4sign.sql")),
    (11, "inbound", include_str!("../../../migrations/sqlite/0011_inbound.sql")),
    (12, "providers", include_str!("../../../migrations/sqlite/0012_providers.sql")),
    (13, "master_keys", include_str!("../../../migrations/sqlite/0013_master_keys.sql")),
    (14, "accounts", include_str!("../../../migrations/sqlite/0014_accounts.sql")),
    (15, "account_uses", include_str!("../../../migrations/sqlite/0015_account_uses.sql")),
];

/// Look-ups of many things at once; `CROSS JOIN` has SQLite go through what is wanted, not the table.
const CHANGED_SINCE: &str = "SELECT requests.id, requests.data_key FROM json_each($1) AS known \
     CROSS JOIN requests ON requests.id = unhex(known.key) WHERE requests.seq <> known.value";
const EVENTS_OF_ALL: &str = "SELECT request, seq, body, disclosure, hash, trace FROM events \
     WHERE request IN (SELECT unhex(value) FROM json_each($1)) ORDER BY request, seq";
const RECEIPTS_OF: &str = "SELECT receipts.organization, receipts.key, fingerprint, subject, seq, created_us FROM \
     json_each($1) AS wanted CROSS JOIN receipts ON receipts.organization = wanted.value ->> 0 \
     AND receipts.key = wanted.value ->> 1";
const DOCUMENTS_OF: &str = "SELECT documents.organization, documents.digest FROM json_each($1) AS wanted \
     CROSS JOIN documents ON documents.organization = wanted.value ->> 0 \
     AND documents.digest = unhex(wanted.value ->> 1)";
pub(super) const LOG_AFTER: &str = "SELECT 0, position, request, seq, body, disclosure, hash, trace FROM events \
     WHERE position > $2 AND $1 = $1 ORDER BY position LIMIT $3";
pub(super) const STRETCH_END: &str = "SELECT 0, position FROM (SELECT position FROM events \
     WHERE position > $2 AND $1 = $1 ORDER BY position LIMIT $3) AS stretch ORDER BY position DESC LIMIT 1";
// CROSS JOIN keeps the order of reading: along the log, never along all requests of the organization.
pub(super) const EVENTS_OF_ORGANIZATION: &str = "SELECT 0, e.position, e.request, e.seq, e.body, e.disclosure, e.hash, e.trace \
     FROM events e CROSS JOIN requests r WHERE e.position > $2 AND e.position <= $4 AND $1 = $1 AND $3 = $3 \
     AND r.id = e.request AND r.organization = $5 ORDER BY e.position LIMIT $6";
pub(super) const OUTBOX: &str = "SELECT count(*), (SELECT body FROM events WHERE position > $2 ORDER BY position LIMIT 1) \
     FROM (SELECT 1 FROM events WHERE position > $2 AND $1 = $1 LIMIT $3) AS behind";
pub(super) const OWED: &str = "SELECT coalesce(('[\"' || replace(key, '.', '\",\"') || '\"]') ->> 2, '') AS kind, count(*), \
     min(filed_us) FROM (SELECT key, filed_us FROM effects ORDER BY key LIMIT $1) AS first GROUP BY kind";
pub(super) const CLAIM_EFFECTS: &str = "UPDATE effects SET epoch = epoch + 1, due_us = $3 WHERE key IN \
     (SELECT key FROM effects WHERE lane = $1 AND due_us <= $2 ORDER BY due_us LIMIT $4) \
     RETURNING key, epoch, attempts, trace";
pub(super) const CLAIM_TIMERS: &str = "UPDATE requests SET lease_us = $2 WHERE id IN \
     (SELECT id FROM requests WHERE wake_us <= $1 AND lease_us <= $1 ORDER BY wake_us LIMIT $3) \
     RETURNING id, organization, wake_us";
// CROSS JOIN has SQLite go from the organizations into the index, not through all requests.
pub(super) const CLAIM_SPENT: &str = concat!(
    "UPDATE requests SET lease_us = $3 WHERE id IN (SELECT r.id FROM (",
    retentions!(),
    ") AS keeping CROSS JOIN requests r WHERE r.organization = keeping.organization \
     AND r.retained_us <= $2 - keeping.days * 86400000000 AND r.lease_us <= $2 LIMIT $4) RETURNING id, organization"
);

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    pub(super) writer: Writer,
    pub(super) readers: SqlitePool,
}

impl Sqlite {
    /// Opens a database file, making it and bringing its schema up to date where needed.
    pub(super) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("secure_delete", "ON")
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("cache_size", PAGE_CACHE)
            .pragma("temp_store", "MEMORY");
        let writer = Writer::open(options.clone()).await?;
        let migrate = async |db: &mut SqliteConnection| Ok(migrator(&MIGRATIONS).run(db).await?);
        writer.alone(migrate).await?;
        // A connection to a file in this process does not go away by itself: asking before each use
        // whether it is there would cost as much as a look-up.
        let readers = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .max_connections(READERS_MAX)
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"));
        Ok(Self { writer, readers })
    }

    /// Folds the write-ahead log into the database file and empties it, so that nothing erased
    /// stays behind in it. Gives up at once while readers are at work: the next time will do.
    pub(super) async fn checkpoint(&self) -> Result<(), StoreError> {
        let timeout = |wait: Duration| AssertSqlSafe(format!("PRAGMA busy_timeout = {}", wait.as_millis()));
        let fold = async |db: &mut SqliteConnection| {
            sqlx::query(timeout(Duration::ZERO)).execute(&mut *db).await?;
            let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *db).await;
            sqlx::query(timeout(BUSY_TIMEOUT)).execute(&mut *db).await?;
            done?;
            Ok(())
        };
        self.writer.alone(fold).await
    }
}

pub(super) async fn changed(
    db: &mut SqliteConnection,
    known: &[(RequestId, u64)],
) -> Result<Vec<(Uuid, Option<Vec<u8>>)>, StoreError> {
    let known: Vec<String> = known.iter().map(|(id, seq)| format!("\"{}\":{seq}", id.0.simple())).collect();
    Ok(sqlx::query_as(CHANGED_SINCE).bind(format!("{{{}}}", known.join(","))).fetch_all(db).await?)
}

pub(super) async fn events_of_all(
    db: &mut SqliteConnection,
    requests: &[RequestId],
) -> Result<Vec<EventColumns>, StoreError> {
    let ids: Vec<String> = requests.iter().map(|id| id.0.simple().to_string()).collect();
    Ok(sqlx::query_as(EVENTS_OF_ALL).bind(json_list(&ids)).fetch_all(db).await?)
}

pub(super) async fn receipts(
    db: &mut SqliteConnection,
    wanted: &[(&OrganizationId, &str)],
) -> Result<Vec<ReceiptColumns>, StoreError> {
    let pairs: Vec<[&str; 2]> = wanted.iter().map(|(organization, key)| [organization.as_str(), key]).collect();
    Ok(sqlx::query_as(RECEIPTS_OF).bind(json_list(&pairs)).fetch_all(db).await?)
}

pub(super) async fn epochs(db: &mut SqliteConnection, keys: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let text = "SELECT key, epoch FROM effects WHERE key IN (SELECT value FROM json_each($1))";
    Ok(sqlx::query_as(text).bind(json_list(keys)).fetch_all(db).await?)
}

pub(super) async fn documents_present(
    db: &mut SqliteConnection,
    wanted: &[(OrganizationId, Digest)],
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let pairs: Vec<[String; 2]> =
        wanted.iter().map(|(organization, digest)| [organization.to_string(), digest.to_string()]).collect();
    Ok(sqlx::query_as(DOCUMENTS_OF).bind(json_list(&pairs)).fetch_all(db).await?)
}

pub(super) async fn renew(db: &mut SqliteConnection, claims: &[Claim], lease_us: i64) -> Result<u64, StoreError> {
    let text = "UPDATE effects SET due_us = $2 WHERE (key, epoch) IN \
         (SELECT value ->> 0, value ->> 1 FROM json_each($1))";
    let held: Vec<(&str, i64)> = claims.iter().map(|claim| (claim.key.as_str(), claim.epoch)).collect();
    Ok(sqlx::query(text).bind(json_list(&held)).bind(lease_us).execute(db).await?.rows_affected())
}

pub(super) async fn rates(db: &mut SqliteConnection, keys: &[KeyId]) -> Result<Vec<(Uuid, String)>, StoreError> {
    let text = "SELECT key, state FROM rates WHERE key IN (SELECT unhex(value) FROM json_each($1))";
    let ids: Vec<String> = keys.iter().map(|key| key.0.simple().to_string()).collect();
    Ok(sqlx::query_as(text).bind(json_list(&ids)).fetch_all(db).await?)
}

pub(super) async fn delete_effects(db: &mut SqliteConnection, keys: &[String]) -> Result<(), StoreError> {
    if !keys.is_empty() {
        let text = "DELETE FROM effects WHERE key IN (SELECT value FROM json_each($1))";
        sqlx::query(text).bind(json_list(keys)).execute(db).await?;
    }
    Ok(())
}

/// SQLite has no arrays: a list goes in as JSON.
fn json_list<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::json!(list).to_string()
}

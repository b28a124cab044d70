//! SQLite: one writer, WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`, readers beside it.
//!
//! A deferred `BEGIN` that reads and then writes fails when another process wrote in between, in
//! spite of any busy timeout; `BEGIN IMMEDIATE` waits its turn instead. `secure_delete` overwrites
//! what is deleted, because destroying a data key is how personal data is erased.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use countersign_engine::ids::{OrganizationId, RequestId};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, QueryBuilder, Row as _, SqlSafeStr as _};
use uuid::Uuid;

use super::rows::{event_row, organization, request_row};
use super::{Claim, EventRow, Lane, Listing, RequestRow, Sort, StoreError, Transaction, sql};

/// How long a writer waits for another process's transaction to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// Most statements that stay prepared on a connection: more than there are.
const STATEMENTS_MAX: usize = 200;
/// Most connections that read at once.
const READERS_MAX: u32 = 4;
/// Pages of the WAL after which it is folded into the database file (4 KiB each).
const CHECKPOINT_PAGES: &str = "4000";
/// SQLite's own page cache in KiB (negative, as its pragma wants it). The system caches the file too,
/// and SQLite walks its whole cache in a commit that split pages in the middle of a tree.
const PAGE_CACHE: &str = "-16384";
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "requests", include_str!("../../../migrations/sqlite/0001_requests.sql")),
    (2, "library", include_str!("../../../migrations/sqlite/0002_library.sql")),
    (3, "bus", include_str!("../../../migrations/sqlite/0003_bus.sql")),
];

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
}

impl Sqlite {
    /// Opens a database file, making it and bringing its schema up to date where needed.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
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
        // A connection to a file in this process does not go away by itself: asking before each use
        // whether it is there would cost as much as a look-up.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        let readers = pool()
            .max_connections(READERS_MAX)
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"));
        let store = Self { writer, readers };
        migrator().run(&store.writer).await?;
        Ok(store)
    }

    /// Names of the migrations and whether this database has them; changes nothing.
    pub async fn schema(&self) -> Result<Vec<(i64, &'static str)>, StoreError> {
        let applied: Vec<i64> =
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
                .fetch_all(&self.readers)
                .await?;
        Ok(MIGRATIONS
            .iter()
            .filter(|(version, ..)| applied.contains(version))
            .map(|(v, name, _)| (*v, *name))
            .collect())
    }

    /// The version of the SQLite library in this program.
    pub async fn version(&self) -> Result<String, StoreError> {
        Ok(sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&self.readers).await?)
    }

    /// Whether the database can be read and takes a write transaction.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        transaction.inner.rollback().await?;
        Ok(())
    }

    /// Begins the one write transaction, waiting for its turn.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let inner = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Transaction { inner })
    }

    /// Folds the write-ahead log into the database file and empties it, so that nothing erased
    /// stays behind in it. Gives up at once while readers are at work: the next time will do.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut connection = self.writer.acquire().await?;
        let timeout = |wait: Duration| AssertSqlSafe(format!("PRAGMA busy_timeout = {}", wait.as_millis()));
        sqlx::query(timeout(Duration::ZERO)).execute(&mut *connection).await?;
        let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await;
        sqlx::query(timeout(BUSY_TIMEOUT)).execute(&mut *connection).await?;
        done?;
        Ok(())
    }

    /// Closes the database in good order.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A request's events, in order.
    pub async fn events_of(&self, request: RequestId) -> Result<Vec<EventRow>, StoreError> {
        let rows = sqlx::query(sql::EVENTS_OF).bind(request.0).fetch_all(&self.readers).await?;
        rows.iter().map(event_row).collect()
    }

    /// The events of some requests, each request's in order.
    pub async fn events_of_all(&self, requests: &[RequestId]) -> Result<Vec<EventRow>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        events_of_all(&mut connection, requests).await
    }

    /// Events of all requests behind a position, in the order of commits.
    pub async fn events_after(&self, position: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
        let rows = sqlx::query(sql::EVENTS_AFTER).bind(position).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(event_row).collect()
    }

    /// Requests that have events but no row: there must be none.
    pub async fn stray_events(&self, limit: i64) -> Result<Vec<RequestId>, StoreError> {
        let ids: Vec<Uuid> = sqlx::query_scalar(sql::STRAY_EVENTS).bind(limit).fetch_all(&self.readers).await?;
        Ok(ids.into_iter().map(RequestId).collect())
    }

    /// A request's narrow row.
    pub async fn request(&self, id: RequestId) -> Result<Option<RequestRow>, StoreError> {
        let row = sqlx::query(sql::REQUEST).bind(id.0).fetch_optional(&self.readers).await?;
        row.as_ref().map(request_row).transpose()
    }

    /// Narrow rows of all organizations behind an id, by id.
    pub async fn requests_after(&self, id: Uuid, limit: i64) -> Result<Vec<RequestRow>, StoreError> {
        let rows = sqlx::query(sql::REQUESTS_AFTER).bind(id).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(request_row).collect()
    }

    /// One page of an organization's requests, and how many there are on all pages.
    pub async fn list(
        &self,
        organization: &OrganizationId,
        listing: &Listing,
    ) -> Result<(Vec<RequestRow>, i64), StoreError> {
        let mut count = QueryBuilder::new("SELECT count(*) FROM requests WHERE ");
        filter(&mut count, organization, listing);
        let total = count.build_query_scalar().fetch_one(&self.readers).await?;

        let mut page = QueryBuilder::new(
            "SELECT id, organization, status, seq, head, business_id, created_us, updated_us, expires_us, wake_us, \
             deleted_us, data_key FROM requests WHERE ",
        );
        filter(&mut page, organization, listing);
        let direction = if listing.descending { "DESC" } else { "ASC" };
        let column = match listing.sort {
            Sort::CreatedAt => "created_us",
            Sort::UpdatedAt => "updated_us",
            Sort::ExpiresAt => "expires_us IS NULL, expires_us",
        };
        page.push(format!(" ORDER BY {column} {direction}, id {direction} LIMIT "));
        page.push_bind(listing.limit).push(" OFFSET ").push_bind(listing.offset);
        let rows = page.build().fetch_all(&self.readers).await?;
        Ok((rows.iter().map(request_row).collect::<Result<_, _>>()?, total))
    }

    /// Requests with a timer due at or before an instant.
    pub async fn due_requests(&self, now_us: i64, limit: i64) -> Result<Vec<(RequestId, OrganizationId)>, StoreError> {
        let rows = sqlx::query(sql::DUE_REQUESTS).bind(now_us).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((RequestId(row.try_get("id")?), organization(row)?))).collect()
    }

    /// When the next timer is due.
    pub async fn next_wake(&self) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar(sql::NEXT_WAKE).fetch_one(&self.readers).await?)
    }

    /// Keys of the effects filed for a request.
    pub async fn effects_of(&self, request: RequestId) -> Result<Vec<String>, StoreError> {
        let from = format!("{request}.");
        let to = format!("{request}/");
        Ok(sqlx::query_scalar(sql::EFFECTS_OF).bind(from).bind(to).fetch_all(&self.readers).await?)
    }

    /// Claims effects that are due, until `lease_us`. A claim is fenced by its epoch.
    pub async fn claim(&self, lane: Lane, now_us: i64, lease_us: i64, limit: i64) -> Result<Vec<Claim>, StoreError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query(sql::CLAIM_EFFECTS)
            .bind(lane.as_str())
            .bind(now_us)
            .bind(lease_us)
            .bind(limit)
            .fetch_all(&mut *transaction.inner)
            .await?;
        transaction.commit().await?;
        let claim = |row: &SqliteRow| {
            Ok(Claim { key: row.try_get("key")?, epoch: row.try_get("epoch")?, attempts: row.try_get("attempts")? })
        };
        rows.iter().map(claim).collect()
    }

    /// Puts a claimed effect off after a failure. Does nothing if the claim is no longer held.
    pub async fn defer(&self, claim: &Claim, due_us: i64, error: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql::DEFER_EFFECT)
            .bind(&claim.key)
            .bind(claim.epoch)
            .bind(due_us)
            .bind(error)
            .execute(&mut *transaction.inner)
            .await?;
        transaction.commit().await
    }

    /// When the next effect of a lane is due.
    pub async fn next_effect(&self, lane: Lane) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar(sql::NEXT_EFFECT).bind(lane.as_str()).fetch_one(&self.readers).await?)
    }
}

fn filter(query: &mut QueryBuilder<sqlx::Sqlite>, organization: &OrganizationId, listing: &Listing) {
    query.push("deleted_us IS NULL AND organization = ").push_bind(organization.to_string());
    if let Some(status) = listing.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(business_id) = &listing.business_id {
        query.push(" AND business_id = ").push_bind(business_id.clone());
    }
    if let Some(after) = listing.created_after_us {
        query.push(" AND created_us > ").push_bind(after);
    }
    if let Some(before) = listing.created_before_us {
        query.push(" AND created_us < ").push_bind(before);
    }
}

fn migrator() -> Migrator {
    let migration = |(version, name, text): (i64, &'static str, &'static str)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.map(migration).into())
}

pub(super) async fn events_of_all(
    connection: &mut SqliteConnection,
    requests: &[RequestId],
) -> Result<Vec<EventRow>, StoreError> {
    let text = format!(
        "SELECT {} FROM events WHERE request IN (SELECT unhex(value) FROM json_each($1)) ORDER BY request, seq",
        sql::EVENT_COLUMNS
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(hex_list(requests)).fetch_all(connection).await?;
    rows.iter().map(event_row).collect()
}

pub(super) fn hex_list(ids: &[RequestId]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("\"{}\"", id.0.simple())).collect();
    format!("[{}]", quoted.join(","))
}

//! PostgreSQL: any number of processes, each with one batch in flight.
//!
//! Nothing is locked before it is written. A batch reads what it decides on and then writes; if another
//! process was first, a unique or foreign key says so, the transaction ends with
//! [`StoreError::Conflict`], and the batch is decided again on what there is now. So a transaction gets
//! its number only after it has read, and its events come after those they follow in the order of
//! transactions, which is the order the outbox is read in.
//!
//! Row-level security is the second wall between organizations. The engine's own connections see every
//! row; what is done for a caller goes over connections that see nothing until a transaction names the
//! caller's organization, and nothing again when it ends.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use countersign_engine::ids::{Digest, KeyId, OrganizationId, RequestId};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _};
use uuid::Uuid;

use super::rows::{EventColumns, ReceiptColumns};
use super::sql::retentions;
use super::{Claim, Scope, StoreError, TRUSTED, migrator};

/// Most connections of one process for the engine's own work, and as many again for what callers read.
const CONNECTIONS_MAX: u32 = 8;
/// What a connection names here is whose rows it sees; `*` is everybody's (see the migrations).
const ORGANIZATION: &str = "countersign.organization";
/// Everything is found along an index, whatever the planner knows of a table; and no plan is worth compiling.
const PLANS: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];
/// How long to wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);
/// Most statements that stay prepared on a connection: more than there are.
const STATEMENTS_MAX: usize = 200;
pub(super) const MIGRATIONS: [(i64, &str, &str); 15] = [
    (1, "requests", include_str!("../../../migrations/postgres/0001_requests.sql")),
    (2, "library", include_str!("../../../migrations/postgres/0002_library.sql")),
    (3, "bus", include_str!("../../../migrations/postgres/0003_bus.sql")),
    (4, "keys", include_str!("../../../migrations/postgres/0004_keys.sql")),
    (5, "retention", include_str!("../../../migrations/postgres/0005_retention.sql")),
    (6, "webhooks", include_str!("../../../migrations/postgres/0006_webhooks.sql")),
    (7, "file_uses", include_str!("../../../migrations/postgres/0007_file_uses.sql")),
    (8, "groups", include_str!("../../../migrations/postgres/0008_groups.sql")),
    (9, "proofs", include_str!("../../../migrations/postgres/0009_proofs.sql")),
    (10, "d4sign", include_str!("../../../migrations/postgres/0010_d4sign.sql")),
    (11, "inbound", include_str!("../../../migrations/postgres/0011_inbound.sql")),
    (12, "providers", include_str!("../../../migrations/postgres/0012_providers.sql")),
    (13, "master_keys", include_str!("../../../migrations/postgres/0013_master_keys.sql")),
    (14, "accounts", include_str!("../../../migrations/postgres/0014_accounts.sql")),
    (15, "account_uses", include_str!("../../../migrations/postgres/0015_account_uses.sql")),
];

// Look-ups of many things at once go through what is wanted, never through the table: a plan is made while a
// table is small, or before anybody counted what is in it, and then it stays. `OFFSET 0` and an array keep the
// planner from turning a look-up into a join of its own order.
const CHANGED_SINCE: &str = "SELECT known.id, found.data_key FROM unnest($1::uuid[], $2::bigint[]) AS known (id, seq) \
     CROSS JOIN LATERAL (SELECT seq, data_key FROM requests WHERE id = known.id OFFSET 0) AS found \
     WHERE found.seq <> known.seq";
const EVENTS_OF_ALL: &str = "SELECT request, seq, body, disclosure, hash, trace FROM events \
     WHERE request = ANY($1) ORDER BY request, seq";
const RECEIPTS_OF: &str = "SELECT found.* FROM unnest($1::text[], $2::text[]) AS wanted (organization, key) \
     CROSS JOIN LATERAL (SELECT organization, key, fingerprint, subject, seq, created_us FROM receipts \
     WHERE organization = wanted.organization AND key = wanted.key OFFSET 0) AS found";
const DOCUMENTS_OF: &str = "SELECT found.* FROM unnest($1::text[], $2::bytea[]) AS wanted (organization, digest) \
     CROSS JOIN LATERAL (SELECT organization, digest FROM documents \
     WHERE organization = wanted.organization AND digest = wanted.digest OFFSET 0) AS found";
pub(super) const LOG_AFTER: &str = "SELECT transaction, position, request, seq, body, disclosure, hash, trace FROM events \
     WHERE (transaction, position) > ($1, $2) AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
     ORDER BY transaction, position LIMIT $3";
pub(super) const STRETCH_END: &str = "SELECT transaction, position FROM (SELECT transaction, position FROM events \
     WHERE (transaction, position) > ($1, $2) AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
     ORDER BY transaction, position LIMIT $3) AS stretch ORDER BY transaction DESC, position DESC LIMIT 1";
// No join: it could be planned as a walk over all requests of the organization instead of along the log.
pub(super) const EVENTS_OF_ORGANIZATION: &str = "SELECT transaction, position, request, seq, body, disclosure, hash, \
     trace FROM events WHERE (transaction, position) > ($1, $2) AND (transaction, position) <= ($3, $4) \
     AND $5 = (SELECT organization FROM requests WHERE id = events.request) ORDER BY transaction, position LIMIT $6";
pub(super) const OUTBOX: &str = "SELECT count(*), (SELECT body FROM events WHERE (transaction, position) > ($1, $2) \
     ORDER BY transaction, position LIMIT 1) \
     FROM (SELECT 1 FROM events WHERE (transaction, position) > ($1, $2) LIMIT $3) AS behind";
pub(super) const OWED: &str = "SELECT split_part(key, '.', 3) AS kind, count(*), min(filed_us) \
     FROM (SELECT key, filed_us FROM effects ORDER BY key LIMIT $1) AS first GROUP BY kind";
pub(super) const CLAIM_EFFECTS: &str = "UPDATE effects SET epoch = epoch + 1, due_us = $3 WHERE key = ANY(ARRAY\
     (SELECT key FROM effects WHERE lane = $1 AND due_us <= $2 ORDER BY due_us LIMIT $4 FOR UPDATE SKIP LOCKED)) \
     RETURNING key, epoch, attempts, trace";
pub(super) const CLAIM_TIMERS: &str = "UPDATE requests SET lease_us = $2 WHERE id = ANY(ARRAY\
     (SELECT id FROM requests WHERE wake_us <= $1 AND lease_us <= $1 ORDER BY wake_us LIMIT $3 FOR UPDATE SKIP LOCKED)) \
     RETURNING id, organization, wake_us";
// LATERAL goes from the organizations into the index, and shares a batch out among them.
pub(super) const CLAIM_SPENT: &str = concat!(
    "UPDATE requests SET lease_us = $3 WHERE id = ANY(ARRAY(SELECT due.id FROM (",
    retentions!(),
    ") AS keeping (organization, days) CROSS JOIN LATERAL (SELECT r.id FROM requests r \
     WHERE r.organization = keeping.organization AND r.retained_us <= $2 - keeping.days * 86400000000 \
     AND r.lease_us <= $2 ORDER BY r.retained_us LIMIT $4 FOR UPDATE SKIP LOCKED) AS due LIMIT $4)) \
     RETURNING id, organization"
);

/// Skips what a batch is settling: waiting for it could lock both in a circle.
const RENEW_EFFECTS: &str = "UPDATE effects SET due_us = $3 WHERE key = ANY(ARRAY(SELECT found.key FROM \
     unnest($1::text[], $2::bigint[]) AS held (key, epoch) CROSS JOIN LATERAL (SELECT key FROM effects \
     WHERE key = held.key AND epoch = held.epoch FOR UPDATE SKIP LOCKED) AS found))";

/// What another transaction did first: a number or a key taken, a document gone, a deadlock lost.
const CONFLICTS: [&str; 4] = ["23505", "23503", "40001", "40P01"];

/// A store in a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// For the engine's own work: every organization's rows.
    pub(super) pool: PgPool,
    /// For what callers read: no rows, until a transaction names an organization.
    callers: PgPool,
}

/// A connection that sees what a scope allows. Where that is one organization, the setting ends with its
/// transaction, whichever way that ends: the connection's next user sees nothing of it.
pub(super) enum Reader {
    All(PoolConnection<sqlx::Postgres>),
    One(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Postgres {
    /// Connects to a database and brings its schema up to date where needed. Refuses a server that
    /// answers before it has written.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("countersign").statement_cache_capacity(STATEMENTS_MAX).options(PLANS);
        let callers = connections().connect_lazy_with(options.clone());
        let pool = connections().connect_with(options.options([(ORGANIZATION, "*")])).await?;
        refuse_unsafe(&pool).await?;
        look_at_wall(&pool).await?;
        migrator(&MIGRATIONS).run(&pool).await?;
        Ok(Self { pool, callers })
    }

    /// A connection that sees what a scope allows.
    pub(super) async fn reader(&self, scope: Scope<'_>) -> Result<Reader, StoreError> {
        Ok(match scope {
            Scope::All => Reader::All(self.pool.acquire().await?),
            Scope::Of(organization) => {
                // An organization is letters, digits, '-', '_' and '~'. One text, so that it is one round trip.
                let begin = format!("BEGIN READ ONLY; SET LOCAL {ORGANIZATION} = '{organization}'");
                Reader::One(self.callers.begin_with(AssertSqlSafe(begin)).await?)
            }
        })
    }

    pub(super) async fn close(&self) {
        self.callers.close().await;
        self.pool.close().await;
    }
}

impl Deref for Reader {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        match self {
            Reader::All(connection) => connection,
            Reader::One(transaction) => transaction,
        }
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Reader::All(connection) => connection,
            Reader::One(transaction) => transaction,
        }
    }
}

fn connections() -> PgPoolOptions {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
    options.test_before_acquire(false).before_acquire(|connection, meta| {
        Box::pin(async move {
            if meta.idle_for > TRUSTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    })
}

/// Whether an error says that another transaction was first.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| CONFLICTS.contains(&&*code))
}

async fn refuse_unsafe(pool: &PgPool) -> Result<(), StoreError> {
    for (setting, why) in [
        ("fsync", "a crash of the machine would lose what was promised"),
        ("full_page_writes", "a crash of the machine could tear pages"),
        ("synchronous_commit", "a crash of the server would lose what was promised"),
    ] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(pool).await?;
        if value == "off" {
            return Err(StoreError::Setting(format!("PostgreSQL runs with {setting}=off: {why}; turn it on")));
        }
    }
    Ok(())
}

/// Refuses a way to the server that loses settings, which would leave the engine blind. Says so if the
/// role stands above row-level security: everything works, with one wall less.
async fn look_at_wall(pool: &PgPool) -> Result<(), StoreError> {
    let text = "SELECT current_setting($1, true) IS NOT DISTINCT FROM '*', rolsuper OR rolbypassrls FROM pg_roles \
         WHERE rolname = current_user";
    let (sees, above): (bool, bool) = sqlx::query_as(text).bind(ORGANIZATION).fetch_one(pool).await?;
    if !sees {
        let reason = "PostgreSQL does not keep the settings of a connection: connect directly, not through a pooler";
        return Err(StoreError::Setting(reason.to_owned()));
    }
    if above {
        tracing::warn!(
            "the PostgreSQL role is a superuser or has BYPASSRLS: row-level security between organizations does \
             not bind it; give the engine a plain role"
        );
    }
    Ok(())
}

pub(super) async fn changed(
    db: &mut PgConnection,
    known: &[(RequestId, u64)],
) -> Result<Vec<(Uuid, Option<Vec<u8>>)>, StoreError> {
    let (ids, numbers): (Vec<Uuid>, Vec<i64>) = known.iter().map(|(id, seq)| (id.0, *seq as i64)).unzip();
    Ok(sqlx::query_as(CHANGED_SINCE).bind(ids).bind(numbers).fetch_all(db).await?)
}

pub(super) async fn events_of_all(
    db: &mut PgConnection,
    requests: &[RequestId],
) -> Result<Vec<EventColumns>, StoreError> {
    let ids: Vec<Uuid> = requests.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as(EVENTS_OF_ALL).bind(ids).fetch_all(db).await?)
}

pub(super) async fn receipts(
    db: &mut PgConnection,
    wanted: &[(&OrganizationId, &str)],
) -> Result<Vec<ReceiptColumns>, StoreError> {
    let (organizations, keys): (Vec<String>, Vec<String>) =
        wanted.iter().map(|(organization, key)| (organization.to_string(), (*key).to_owned())).unzip();
    Ok(sqlx::query_as(RECEIPTS_OF).bind(organizations).bind(keys).fetch_all(db).await?)
}

pub(super) async fn epochs(db: &mut PgConnection, keys: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let text = "SELECT key, epoch FROM effects WHERE key = ANY($1)";
    Ok(sqlx::query_as(text).bind(keys).fetch_all(db).await?)
}

pub(super) async fn documents_present(
    db: &mut PgConnection,
    wanted: &[(OrganizationId, Digest)],
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let (organizations, digests): (Vec<String>, Vec<Vec<u8>>) =
        wanted.iter().map(|(organization, digest)| (organization.to_string(), digest.0.to_vec())).unzip();
    Ok(sqlx::query_as(DOCUMENTS_OF).bind(organizations).bind(digests).fetch_all(db).await?)
}

pub(super) async fn renew(db: &mut PgConnection, claims: &[Claim], lease_us: i64) -> Result<u64, StoreError> {
    let (keys, epochs): (Vec<String>, Vec<i64>) = claims.iter().map(|claim| (claim.key.clone(), claim.epoch)).unzip();
    Ok(sqlx::query(RENEW_EFFECTS).bind(keys).bind(epochs).bind(lease_us).execute(db).await?.rows_affected())
}

/// In the order of the keys, so that no two processes wait for each other.
pub(super) async fn rates(db: &mut PgConnection, keys: &[KeyId]) -> Result<Vec<(Uuid, String)>, StoreError> {
    let text = "SELECT key, state FROM rates WHERE key = ANY($1) ORDER BY key FOR UPDATE";
    let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
    Ok(sqlx::query_as(text).bind(ids).fetch_all(db).await?)
}

pub(super) async fn delete_effects(db: &mut PgConnection, keys: &[String]) -> Result<(), StoreError> {
    if !keys.is_empty() {
        sqlx::query("DELETE FROM effects WHERE key = ANY($1)").bind(keys).execute(db).await?;
    }
    Ok(())
}

//! The store: the only truth. Rows in, rows out; it knows nothing of what a request may do, and
//! decides nothing. Every write of a request goes through [`crate::commit`].
//!
//! `sql` holds the statements of the write path, `sqlite` and `postgres` what differs; `either` runs one statement on
//! both, `many` one over many rows. Whatever stands beside the requests has its statements with it. `reads` and `log` read, `effects` is what is owed,
//! `transaction` writes, `writer` is SQLite's one connection for that, `rows` checks what comes back; `library` is what
//! stands beside the requests, `files` the uploads, `groups` who acts for whom, `keys` the credentials, `rates` what they
//! may still call, `seat` keeps a connection for what is looked up all the time, `installation` what processes agree on, `places` what
//! the bus remembers, `feed` one organization's stretch of the log, `stand` how things stand, `retention` how long is
//! kept what has ended, `webhooks` who hears what and what is owed to them, `inbound` what vendors told, `providers` who
//! collects signatures for whom, `proofs` what signers prove, `wrapped` what the master keys encrypt.

mod effects;
mod either;
mod feed;
mod files;
mod groups;
mod inbound;
mod installation;
mod keys;
mod library;
mod log;
mod many;
mod places;
mod postgres;
mod proofs;
mod providers;
mod rates;
mod reads;
mod retention;
mod rows;
mod seat;
mod sql;
mod sqlite;
mod stand;
mod transaction;
mod webhooks;
mod wrapped;
mod writer;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use countersign_engine::request::Status;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::trace::TraceParent;

pub use effects::{Claim, EffectRow, Lane};
pub use feed::Stretch;
pub use files::{FileRow, FileUse, UploadRow};
pub use groups::GroupRow;
pub use inbound::{InboundBody, InboundClaim, InboundListing, InboundRow, InboundState, Settled, Share, Taken};
pub use keys::{KeyRow, Mode};
pub use library::{DocumentRow, TemplateRow, document_path, sealed_path};
pub use log::{BadCursor, Cursor};
pub use places::{COURIER, DeadLetterRow, Place, RELAY};
pub use postgres::Postgres;
pub use proofs::{ProofFileRow, Trial, proof_path};
pub use providers::{Account, AccountUse, Begun, EnvelopeRow, ProviderLease, ProviderRow, StandRow};
pub use reads::{Due, Listing, Sort};
pub use retention::{Retention, Spent};
pub use seat::Seat;
pub use sqlite::Sqlite;
pub use stand::{Outbox, Owed};
pub use transaction::{ReceiptRow, Transaction};
pub use webhooks::{
    AttemptRow, Backlog, DeliveryRow, DeliveryState, Due as DueDelivery, EndpointLease, EndpointRow, Locked, ReplayRow,
};
pub use wrapped::{Wrapped, WrappedRow};
pub use writer::Writing;

/// How long a connection that just answered is taken to be there still.
const TRUSTED: Duration = Duration::from_millis(500);

/// A request that is not as it was remembered: its data key, wrapped; `None` once erased.
pub type Changed = Option<Vec<u8>>;

/// The truth: everything that must not be lost. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file, one process that writes: the embedded default.
    Sqlite(Sqlite),
    /// A server, any number of processes.
    Postgres(Postgres),
}

impl Store {
    /// Opens a database file, making it and bringing its schema up to date where needed.
    pub async fn open_file(file: &Path) -> Result<Self, StoreError> {
        Ok(Store::Sqlite(Sqlite::open(file).await?))
    }

    /// Connects to a database by its URL (`postgres://…`), bringing its schema up to date where needed.
    pub async fn open_url(url: &str) -> Result<Self, StoreError> {
        Ok(Store::Postgres(Postgres::open(url).await?))
    }

    /// Begins a write transaction. SQLite has one at a time: this waits for its turn.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        match self {
            Store::Sqlite(store) => Ok(Transaction::Sqlite(store.writer.begin().await?)),
            Store::Postgres(store) => Ok(Transaction::Postgres(store.pool.begin().await?)),
        }
    }

    /// Whether the database can be read and takes a write transaction.
    pub async fn ping(&self) -> Result<(), StoreError> {
        drop(self.begin().await?);
        Ok(())
    }

    /// What makes erased data leave the disk soon: SQLite folds its write-ahead log into the file and
    /// empties it, unless readers are at work; PostgreSQL sees to it by itself.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        match self {
            Store::Sqlite(store) => store.checkpoint().await,
            Store::Postgres(_) => Ok(()),
        }
    }

    /// Closes the database in good order.
    pub async fn close(&self) {
        match self {
            Store::Sqlite(store) => {
                store.readers.close().await;
                store.writer.close().await;
            }
            Store::Postgres(store) => store.close().await,
        }
    }
}

/// Whose rows a read may see. PostgreSQL guards it with row-level security too.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// Every organization's: the engine's own work, and links, which name none.
    All,
    /// One organization's: whatever is done for its callers.
    Of(&'a OrganizationId),
}

impl<'a> Scope<'a> {
    /// Whether an organization's rows are within it.
    pub fn sees(self, organization: &OrganizationId) -> bool {
        match self {
            Scope::All => true,
            Scope::Of(mine) => mine == organization,
        }
    }

    /// As statements know it: no organization is called `*`.
    fn as_str(self) -> &'a str {
        match self {
            Scope::All => "*",
            Scope::Of(organization) => organization.as_str(),
        }
    }
}

fn migrator(known: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |(version, name, text): &(i64, &'static str, &'static str)| {
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(known.iter().map(migration).collect())
}

/// Why the store did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no, or is away.
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// Another process wrote first; nothing of this was written. Worth another try.
    #[error("another process wrote first")]
    Conflict,
    /// The schema could not be brought up to date, or is not ours.
    #[error("the schema cannot be used: {0}")]
    Schema(Arc<MigrateError>),
    /// What is stored cannot be what was written.
    #[error("the stored {what} cannot be read")]
    Corrupt {
        /// What kind of row.
        what: &'static str,
    },
    /// The database file could not be made ready.
    #[error("{0}")]
    Setting(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if postgres::is_conflict(&error) { StoreError::Conflict } else { StoreError::Database(error.into()) }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        StoreError::Schema(error.into())
    }
}

/// A stored event. `disclosure` is encrypted.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Which request.
    pub request: RequestId,
    /// Its number there.
    pub seq: u64,
    /// Canonical JSON.
    pub body: String,
    /// The personal part, encrypted.
    pub disclosure: Option<Vec<u8>>,
    /// Its hash.
    pub hash: Digest,
    /// What caused it, where that is known. Not hashed: it is no part of what happened.
    pub trace: Option<TraceParent>,
}

/// The narrow row of a request; times in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRow {
    /// Which.
    pub id: RequestId,
    /// Whose.
    pub organization: OrganizationId,
    /// Where it stands.
    pub status: Status,
    /// How many events it has.
    pub seq: u64,
    /// Hash of the last.
    pub head: Digest,
    /// The sender's reference.
    pub business_id: Option<String>,
    /// When it was made.
    pub created_us: i64,
    /// When it last changed.
    pub updated_us: i64,
    /// When its links stop working.
    pub expires_us: Option<i64>,
    /// When a timer of it is next due.
    pub wake_us: Option<i64>,
    /// From when its organization's retention counts; `None` while it runs or is held, and once erased.
    pub retained_us: Option<i64>,
    /// When its personal data and documents were erased by the retention.
    pub purged_us: Option<i64>,
    /// When it was erased because that was asked for.
    pub deleted_us: Option<i64>,
    /// Its data key, wrapped; `None` once erased.
    pub data_key: Option<Vec<u8>>,
}

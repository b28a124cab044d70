//! The store: the only truth. Rows in, rows out; it knows nothing of what a request may do, and
//! decides nothing. Every write of a request goes through [`crate::commit`].
//!
//! `sql` holds the statements of the write path, `sqlite` and `postgres` what differs; `either` runs one statement on
//! both, `many` one over many rows. Whatever stands beside the requests has its statements with it. `reads` and `log` read,
//! `transaction` writes, `writer` is SQLite's one connection for that, `rows` checks what comes back; `library` is what
//! stands beside the requests, `files` the uploads, `groups` who acts for whom, `keys` the credentials, `rates` what they
//! may still call, `seat` keeps a connection for what is looked up all the time, `installation` what processes agree on, `places` what
//! the bus remembers, `feed` one organization's stretch of the log, `stand` how things stand, `retention` how long is
//! kept what has ended, `webhooks` who hears what and what is owed to them, `inbound` what vendors told, `providers` who
//! collects signatures for whom, `proofs` what signers prove.

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
mod writer;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_engine::effect::EffectKind;
use countersign_engine::ids::{ConfigId, Digest, KeyId, OrganizationId, RequestId};
use countersign_engine::request::Status;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use uuid::Uuid;

use crate::trace::TraceParent;

pub use feed::Stretch;
pub use files::FileUse;
pub use groups::GroupRow;
pub use inbound::{InboundBody, InboundClaim, InboundListing, InboundRow, InboundState, Settled, Taken};
pub use log::{BadCursor, Cursor};
pub use places::{COURIER, DeadLetterRow, Place, RELAY};
pub use postgres::Postgres;
pub use proofs::{ProofFileRow, Trial, proof_path};
pub use providers::{Account, Begun, EnvelopeRow, ProviderHold, ProviderRow};
pub use reads::Due;
pub use retention::{Retention, Spent};
pub use seat::Seat;
pub use sqlite::Sqlite;
pub use stand::{Outbox, Owed};
pub use transaction::Transaction;
pub use webhooks::{
    AttemptRow, Backlog, DeliveryRow, DeliveryState, Due as DueDelivery, EndpointRow, Hold, Locked, ReplayRow,
};
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

/// Which role does an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The notifier: letters to people.
    Mail,
    /// The notifier too: text messages, by the gateway. An outage of the one holds up none of the other.
    Text,
    /// The sealer.
    Seal,
    /// The agent: calls to vendors, those with one configuration.
    Agent(Uuid),
}

impl Lane {
    /// The agent's, whatever the configuration: one bell wakes it.
    pub const AGENT: Lane = Lane::Agent(Uuid::nil());

    /// Which role does effects of a kind; `config` is that of the request's provider, if it has one.
    pub fn of(kind: EffectKind, config: Option<ConfigId>) -> Self {
        match kind {
            EffectKind::Seal => Lane::Seal,
            EffectKind::SmsCode | EffectKind::WhatsappCode => Lane::Text,
            kind if kind.is_at_vendor() => Lane::Agent(config.map_or(Uuid::nil(), |config| config.0)),
            _ => Lane::Mail,
        }
    }

    /// What the lane is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::Mail => "mail",
            Lane::Text => "text",
            Lane::Seal => "seal",
            Lane::Agent(_) => "agent",
        }
    }

    /// As effects name their lane.
    fn stored(self) -> String {
        match self {
            Lane::Agent(config) => ProviderRow::lane_of(config),
            lane => lane.as_str().to_owned(),
        }
    }
}

/// An effect to be filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRow {
    /// Its idempotency key.
    pub key: String,
    /// Who does it.
    pub lane: Lane,
    /// Since when it is owed, and not before, in microseconds.
    pub due_us: i64,
    /// What caused its event.
    pub trace: Option<TraceParent>,
}

/// An effect that a worker holds until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The effect's key.
    pub key: String,
    /// The fencing number: a completion with an older one is refused.
    pub epoch: i64,
    /// How often it failed before.
    pub attempts: i64,
    /// What caused its event.
    pub trace: Option<TraceParent>,
}

/// The first answer to a command that carried an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Whose.
    pub organization: OrganizationId,
    /// The key.
    pub key: String,
    /// SHA-256 of what was asked.
    pub fingerprint: Digest,
    /// What it made or changed.
    pub subject: String,
    /// The event it ended with.
    pub seq: u64,
    /// When, in microseconds.
    pub created_us: i64,
}

/// How to list requests.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only with one of these statuses; with any if there is none.
    pub statuses: Vec<Status>,
    /// Only with this reference.
    pub business_id: Option<String>,
    /// Only made after this instant, in microseconds.
    pub created_after_us: Option<i64>,
    /// Only made before this instant.
    pub created_before_us: Option<i64>,
    /// In which order.
    pub sort: Sort,
    /// The other way round: greatest first.
    pub descending: bool,
    /// At most so many.
    pub limit: i64,
    /// Behind so many.
    pub offset: i64,
}

/// What requests may be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// When it was made.
    #[default]
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// When it expires; never is last.
    ExpiresAt,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What counts.
    #[default]
    Live,
    /// The organization's test world.
    Test,
}

impl Mode {
    /// The mode's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Live => "live",
            Mode::Test => "test",
        }
    }

    /// The mode of a stored name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Mode> {
        [Mode::Live, Mode::Test].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// An API credential, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Which.
    pub id: KeyId,
    /// Whose.
    pub organization: OrganizationId,
    /// What it is called.
    pub name: String,
    /// SHA-256 of the secret.
    pub hash: Digest,
    /// Prefix and last four characters of the secret.
    pub hint: String,
    /// What it may do, separated by commas.
    pub permissions: String,
    /// When it was made, in microseconds.
    pub created_us: i64,
    /// When it was revoked.
    pub revoked_us: Option<i64>,
    /// Whether it works on what counts or in the test world.
    pub mode: Mode,
    /// When it was last used, to the minute; `None` = never.
    pub last_used_us: Option<i64>,
    /// SHA-256 of the second secret that must come with it; `None` = it has none.
    pub crypt_hash: Option<Digest>,
}

impl KeyRow {
    /// The world that the key works in.
    pub fn world(&self) -> OrganizationId {
        match self.mode {
            Mode::Live => self.organization.clone(),
            Mode::Test => self.organization.test_world(),
        }
    }
}

/// A stored document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Whose.
    pub organization: OrganizationId,
    /// SHA-256 of it.
    pub digest: Digest,
    /// Name of the stored object.
    pub blob: Uuid,
    /// Its length in bytes.
    pub bytes: i64,
    /// JSON: its pages' sizes.
    pub pages: String,
    /// Its data key, wrapped.
    pub data_key: Vec<u8>,
    /// When it was stored, in microseconds.
    pub created_us: i64,
}

/// The path of a sealed PDF's object among the blobs.
pub fn sealed_path(request: RequestId, digest: Digest) -> String {
    format!("sealed/{request}/{digest}")
}

/// The path of a document's object among the blobs.
pub fn document_path(blob: Uuid) -> String {
    format!("documents/{blob}")
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// What it is called.
    pub name: String,
    /// The document in it.
    pub digest: Digest,
    /// When it was uploaded, in microseconds.
    pub created_us: i64,
}

/// An uploaded file with the measures of its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// The file.
    pub file: FileRow,
    /// Its length in bytes.
    pub bytes: i64,
    /// JSON: its pages' sizes.
    pub pages: String,
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    /// Whose.
    pub organization: OrganizationId,
    /// Which.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its document's file name.
    pub file_name: String,
    /// Its document.
    pub digest: Digest,
    /// JSON: its widgets.
    pub widgets: String,
    /// When it was made, in microseconds.
    pub created_us: i64,
}

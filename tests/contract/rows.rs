//! An empty store on either database, and rows to put in it.

use std::time::{Duration, Instant};

use countersign::store::{
    Cursor, DeadLetterRow, DocumentRow, EffectRow, EventRow, Lane, ReceiptRow, RequestRow, Store, StoreError,
};
use countersign::trace::TraceParent;
use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use countersign_engine::request::Status;
use countersign_tests::servers::{Database, connect_as};
use sqlx::Connection as _;
use tempfile::TempDir;
use uuid::Uuid;

/// A store and where it lies.
pub(super) struct Shelf {
    pub(super) store: Store,
    pub(super) place: Place,
}

/// Longest time anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// Name of the database file.
const FILE: &str = "store.db";

/// Where a store lies.
pub(super) enum Place {
    File(TempDir),
    Url(String),
}

impl Place {
    /// A process's store there.
    pub(super) async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    /// A process's store there, or why not.
    pub(super) async fn try_open(&self) -> Result<Store, StoreError> {
        match self {
            Place::File(folder) => Store::open_file(&folder.path().join(FILE)).await,
            Place::Url(url) => Store::open_url(url).await,
        }
    }
}

impl Shelf {
    /// An empty store.
    pub(super) async fn on(database: Database) -> Self {
        let place = match database.url().await {
            Some(url) => Place::Url(url),
            None => Place::File(TempDir::new().unwrap()),
        };
        Self { store: place.open().await, place }
    }

    /// Another process's store in the same place.
    pub(super) async fn second(&self) -> Store {
        self.place.open().await
    }

    /// Does something to the database behind the store's back.
    pub(super) async fn execute(&self, text: &'static str) {
        match &self.place {
            Place::File(folder) => {
                let file = format!("sqlite://{}", folder.path().join(FILE).display());
                let mut database = sqlx::SqliteConnection::connect(&file).await.unwrap();
                sqlx::raw_sql(text).execute(&mut database).await.unwrap();
            }
            Place::Url(url) => {
                let mut database = connect_as("*", url).await;
                sqlx::raw_sql(text).execute(&mut database).await.unwrap();
            }
        }
    }

    /// The log once it has so many events: on PostgreSQL an older transaction, in whatever database of
    /// the server, holds it back.
    pub(super) async fn log(&self, count: usize) -> Vec<(Cursor, EventRow)> {
        let started = Instant::now();
        loop {
            let log = self.store.log_after(Cursor::default(), 1000).await.unwrap();
            if log.len() >= count {
                return log;
            }
            assert!(started.elapsed() < PATIENCE, "{} events of {count}", log.len());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Writes requests with one event each.
    pub(super) async fn file(&self, rows: &[RequestRow]) {
        let mut transaction = self.store.begin().await.unwrap();
        let events: Vec<EventRow> = rows.iter().map(|row| event(row.id, 1)).collect();
        transaction.insert_events(events.clone()).await.unwrap();
        transaction.upsert_requests(rows.to_vec()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Files mail effects that are due at these instants, named `e0`, `e1` …
    pub(super) async fn owe(&self, due: &[i64]) {
        let effects: Vec<EffectRow> = (0..)
            .zip(due)
            .map(|(n, due_us)| EffectRow { key: format!("e{n}"), lane: Lane::Mail, due_us: *due_us, trace: trace(n) })
            .collect();
        let mut transaction = self.store.begin().await.unwrap();
        transaction.insert_effects(effects.clone()).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

pub(super) fn acme() -> OrganizationId {
    "acme".parse().unwrap()
}

pub(super) fn other() -> OrganizationId {
    "other".parse().unwrap()
}

pub(super) fn id(number: u128) -> RequestId {
    RequestId(Uuid::from_u128(number))
}

/// What caused the event or effect of a number, which is known of every second.
pub(super) fn trace(number: u64) -> Option<TraceParent> {
    let text = format!("00-{:032x}-{number:016x}-01", 7);
    (number % 2 == 1).then(|| text.parse().unwrap())
}

pub(super) fn event(request: RequestId, seq: u64) -> EventRow {
    let body = format!("{{\"seq\":{seq}}}");
    let hash = Digest::of(body.as_bytes());
    EventRow { request, seq, body, disclosure: Some(vec![1, 2, 3]), hash, trace: trace(seq) }
}

pub(super) fn request(number: u128) -> RequestRow {
    RequestRow {
        id: id(number),
        organization: acme(),
        status: Status::Sent,
        seq: 1,
        head: Digest::ZERO,
        business_id: None,
        created_us: i64::try_from(number).unwrap(),
        updated_us: 0,
        expires_us: None,
        wake_us: None,
        retained_us: None,
        purged_us: None,
        deleted_us: None,
        data_key: Some(vec![9]),
    }
}

pub(crate) fn document(text: &str) -> DocumentRow {
    DocumentRow {
        organization: acme(),
        digest: Digest::of(text.as_bytes()),
        blob: Uuid::new_v4(),
        bytes: 3,
        pages: "[]".into(),
        data_key: vec![7],
        created_us: 10,
    }
}

pub(super) fn receipt(key: &str, created_us: i64) -> ReceiptRow {
    let (fingerprint, subject) = (Digest::of(key.as_bytes()), "subject".to_owned());
    ReceiptRow { organization: acme(), key: key.into(), fingerprint, subject, seq: 3, created_us }
}

/// A message of `acme` that could never work.
pub(super) fn dead_letter() -> DeadLetterRow {
    DeadLetterRow {
        id: Uuid::from_u128(1),
        organization: Some(acme()),
        digest: Digest::of(b"message"),
        subject: "sign.requests.acme".to_owned(),
        sequence: 3,
        letter: 7,
        source: "/billing".to_owned(),
        event: "contract-4711".to_owned(),
        reasons: "[]".to_owned(),
        created_us: 10,
    }
}

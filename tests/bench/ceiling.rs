//! The ceiling: a bare program that writes the rows of real workflows, the same tables, columns
//! and bytes, in transactions of a hundred workflow steps, with nothing to decide, hash or encrypt.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::house::House;
use crate::plan::Plan;

/// Workflow steps in one transaction.
pub(crate) const BATCH: usize = 100;
/// Steps of a workflow.
pub(crate) const STEPS: usize = 5;
/// Where a request stands after each of them.
pub(crate) const STATUSES: [&str; STEPS] = ["SENT", "VIEWED", "PARTIALLY_SIGNED", "PARTIALLY_SIGNED", "COMPLETED"];
/// Single-row commits timed in one go.
const COMMITS: usize = 50;

const SCHEMA: [&str; 2] = [
    include_str!("../../migrations/sqlite/0001_requests.sql"),
    include_str!("../../migrations/sqlite/0002_library.sql"),
];
const INSERT_EVENTS: &str = "INSERT INTO events (request, seq, body, disclosure, hash) VALUES ";
const INSERT_REQUESTS: &str = "INSERT INTO requests (id, organization, status, seq, head, business_id, created_us, \
     updated_us, expires_us, wake_us, deleted_us, data_key) VALUES ";
const INSERT_USES: &str = "INSERT INTO document_uses (organization, digest, subject) VALUES ";
const INSERT_EFFECTS: &str = "INSERT INTO effects (key, lane, filed_us, due_us) VALUES ";

/// The rows of one workflow.
pub(crate) struct Workflow {
    pub(crate) request: Vec<u8>,
    pub(crate) organization: String,
    pub(crate) created_us: i64,
    pub(crate) updated_us: i64,
    pub(crate) expires_us: Option<i64>,
    pub(crate) wake_us: Option<i64>,
    pub(crate) data_key: Vec<u8>,
    pub(crate) document: Vec<u8>,
    pub(crate) subject: String,
    pub(crate) steps: [Vec<EventRow>; STEPS],
    pub(crate) filed: [Vec<(String, &'static str)>; STEPS],
    pub(crate) settled: [Vec<String>; STEPS],
}

/// A row of an event.
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    pub(crate) body: String,
    pub(crate) disclosure: Option<Vec<u8>>,
    pub(crate) hash: Vec<u8>,
}

/// Completes workflows through the engine and takes their rows from its database.
pub(crate) async fn take_rows(plan: &Plan) -> Vec<Workflow> {
    let house = House::open().await;
    house.complete(plan.bare_workflows, 512).await;
    let folder = house.close().await.unwrap();
    let mut database = connect(&folder.path().join("data/countersign.db")).await;
    let document: Vec<u8> = sqlx::query_scalar("SELECT digest FROM documents").fetch_one(&mut database).await.unwrap();
    let rows = sqlx::query("SELECT id, organization, created_us, updated_us, data_key FROM requests ORDER BY id");
    let mut workflows = Vec::new();
    for row in rows.fetch_all(&mut database).await.unwrap() {
        workflows.push(workflow(&mut database, &row, &document).await);
    }
    workflows
}

async fn workflow(database: &mut SqliteConnection, row: &SqliteRow, document: &[u8]) -> Workflow {
    let request: Vec<u8> = row.get("id");
    let events = sqlx::query("SELECT seq, body, disclosure, hash FROM events WHERE request = $1 ORDER BY seq");
    let events = events.bind(&request).fetch_all(&mut *database).await.unwrap();
    let mut steps: [Vec<EventRow>; STEPS] = Default::default();
    let mut filed: [Vec<(String, &str)>; STEPS] = Default::default();
    let mut settled: [Vec<String>; STEPS] = Default::default();
    let name = Uuid::from_slice(&request).unwrap();
    let (mut step, mut expires_us, mut wake_us) = (0, None, None);
    for event in &events {
        let (seq, body): (i64, String) = (event.get("seq"), event.get("body"));
        let line: serde_json::Value = serde_json::from_str(&body).unwrap();
        let fact = &line["fact"];
        let signer = fact["with"]["signer"].as_str().unwrap_or_default();
        let micros =
            |at: &str| fact["with"][at].as_str().map(|at| at.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        match fact["name"].as_str().unwrap() {
            "request.sent" => (expires_us, wake_us) = (micros("expires_at"), micros("warn_at")),
            "signer.invited" => filed[step].push((format!("{name}.{seq}.invitation.{signer}"), "mail")),
            "signer.viewed" => step += 1,
            "signer.signed" => {
                let invitation = filed[step - 1].last().map(|(key, _)| key.clone());
                step += 1;
                settled[step].extend(invitation);
            }
            "request.completed" => {
                filed[step].push((format!("{name}.{seq}.seal"), "seal"));
                let to = ["00000000-0000-7000-8000-000000000000", signer];
                filed[step].extend(to.map(|signer| (format!("{name}.{seq}.completed.{signer}"), "mail")));
            }
            _ => {}
        }
        steps[step].push(EventRow { seq, body, disclosure: event.get("disclosure"), hash: event.get("hash") });
    }
    Workflow {
        request,
        organization: row.get("organization"),
        created_us: row.get("created_us"),
        updated_us: row.get("updated_us"),
        expires_us,
        wake_us,
        data_key: row.get("data_key"),
        document: document.to_vec(),
        subject: format!("request:{name}"),
        steps,
        filed,
        settled,
    }
}

/// The bare program with a database of its own.
pub(crate) struct Bare {
    database: SqliteConnection,
    _folder: TempDir,
}

impl Bare {
    /// An empty database.
    pub(crate) async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let mut database = connect(&folder.path().join("bare.db")).await;
        for schema in SCHEMA {
            sqlx::raw_sql(schema).execute(&mut database).await.unwrap();
        }
        sqlx::raw_sql("CREATE TABLE bare (id INTEGER PRIMARY KEY, at INTEGER)").execute(&mut database).await.unwrap();
        Self { database, _folder: folder }
    }

    /// Writes every workflow; how many per second.
    pub(crate) async fn write(&mut self, workflows: &[Workflow]) -> f64 {
        let whole = workflows.len() / BATCH * BATCH;
        let texts = Texts::default();
        let started = Instant::now();
        for batch in workflows[..whole].chunks(BATCH) {
            for step in 0..STEPS {
                self.write_step(batch, step, &texts).await;
            }
        }
        whole as f64 / started.elapsed().as_secs_f64()
    }

    async fn write_step(&mut self, batch: &[Workflow], step: usize, texts: &Texts) {
        let mut transaction = self.database.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let mut events = texts.rows(INSERT_EVENTS, 5, batch.iter().map(|one| one.steps[step].len()).sum());
        for (one, event) in batch.iter().flat_map(|one| one.steps[step].iter().map(move |event| (one, event))) {
            let query = events.bind(&one.request[..]).bind(event.seq).bind(&event.body[..]);
            events = query.bind(event.disclosure.as_deref()).bind(&event.hash[..]);
        }
        events.execute(&mut *transaction).await.unwrap();
        match step {
            0 => {
                let mut requests = texts.rows(INSERT_REQUESTS, 12, batch.len());
                let mut uses = texts.rows(INSERT_USES, 3, batch.len());
                for one in batch {
                    let last = one.steps[0].last().unwrap();
                    let query = requests.bind(&one.request[..]).bind(&one.organization[..]).bind(STATUSES[0]);
                    let query = query.bind(last.seq).bind(&last.hash[..]).bind(None::<&str>).bind(one.created_us);
                    let query = query.bind(one.updated_us).bind(one.expires_us).bind(one.wake_us).bind(None::<i64>);
                    requests = query.bind(&one.data_key[..]);
                    uses = uses.bind(&one.organization[..]).bind(&one.document[..]).bind(&one.subject[..]);
                }
                requests.execute(&mut *transaction).await.unwrap();
                uses.execute(&mut *transaction).await.unwrap();
            }
            _ => {
                let mut update = sqlx::query(AssertSqlSafe(Arc::clone(&texts.update)));
                for one in batch {
                    let last = one.steps[step].last().unwrap();
                    let query = update.bind(&one.request[..]).bind(STATUSES[step]).bind(last.seq).bind(&last.hash[..]);
                    let wake = one.wake_us.filter(|_| step + 1 < STEPS);
                    update = query.bind(one.updated_us).bind(one.expires_us).bind(wake);
                }
                update.execute(&mut *transaction).await.unwrap();
            }
        }
        let settled: Vec<&String> = batch.iter().flat_map(|one| &one.settled[step]).collect();
        if !settled.is_empty() {
            let delete = sqlx::query("DELETE FROM effects WHERE key IN (SELECT value FROM json_each($1))");
            delete.bind(serde_json::json!(settled).to_string()).execute(&mut *transaction).await.unwrap();
        }
        let filed: Vec<&(String, &str)> = batch.iter().flat_map(|one| &one.filed[step]).collect();
        if !filed.is_empty() {
            let mut effects = texts.rows(INSERT_EFFECTS, 4, filed.len());
            for (key, lane) in filed {
                effects = effects.bind(&key[..]).bind(*lane).bind(batch[0].updated_us).bind(batch[0].updated_us);
            }
            effects.execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// How long commits of a single row take, one after another.
    pub(crate) async fn commits(&mut self) -> Vec<Duration> {
        let mut taken = Vec::with_capacity(COMMITS);
        for at in 0..COMMITS as i64 {
            let started = Instant::now();
            let mut transaction = self.database.begin_with("BEGIN IMMEDIATE").await.unwrap();
            sqlx::query("INSERT INTO bare (at) VALUES ($1)").bind(at).execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
            taken.push(started.elapsed());
        }
        taken
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

/// Statements over many rows, put together once.
struct Texts {
    known: std::cell::RefCell<std::collections::HashMap<(&'static str, usize), Arc<str>>>,
    update: Arc<str>,
}

impl Default for Texts {
    fn default() -> Self {
        let update = format!(
            "WITH step (id, status, seq, head, updated_us, expires_us, wake_us) AS (VALUES {}) UPDATE requests SET \
             status = step.status, seq = step.seq, head = step.head, updated_us = step.updated_us, \
             expires_us = step.expires_us, wake_us = step.wake_us FROM step WHERE requests.id = step.id",
            places(7, BATCH)
        );
        Self { known: Default::default(), update: update.into() }
    }
}

impl Texts {
    fn rows<'q>(&self, insert: &'static str, columns: usize, rows: usize) -> Query<'q> {
        let mut known = self.known.borrow_mut();
        let text = known.entry((insert, rows)).or_insert_with(|| format!("{insert}{}", places(columns, rows)).into());
        sqlx::query(AssertSqlSafe(Arc::clone(text)))
    }
}

fn places(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", "-16384");
    SqliteConnection::connect_with(&options).await.unwrap()
}

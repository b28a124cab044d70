//! The ceiling on PostgreSQL: a bare program on one connection that writes the rows of real workflows,
//! the same tables, columns and bytes, in transactions of a hundred workflow steps.

use std::time::Instant;

use countersign_tests::servers::connect_as;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::ceiling::{BATCH, STATUSES, STEPS, Workflow};

const SCHEMA: [&str; 2] = [
    include_str!("../../../migrations/postgres/0001_requests.sql"),
    include_str!("../../../migrations/postgres/0002_library.sql"),
];
const EVENTS: &str = "INSERT INTO events (request, seq, body, disclosure, hash) \
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])";
const REQUESTS: &str = "INSERT INTO requests (id, organization, status, seq, head, created_us, updated_us, expires_us, \
     wake_us, data_key) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], \
     $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bytea[])";
const USES: &str = "INSERT INTO document_uses (organization, digest, subject) \
     SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[])";
const STEP: &str = "UPDATE requests SET status = $2, seq = step.seq, head = step.head, updated_us = step.updated_us, \
     wake_us = step.wake_us FROM unnest($1::uuid[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[]) AS \
     step (id, seq, head, updated_us, wake_us) WHERE requests.id = step.id";
const SETTLED: &str = "DELETE FROM effects WHERE key = ANY($1)";
const FILED: &str = "INSERT INTO effects (key, lane, filed_us, due_us) SELECT key, lane, $3, $3 FROM \
     unnest($1::text[], $2::text[]) AS filed (key, lane)";
const DOCUMENT: &str = "INSERT INTO documents (organization, digest, blob, bytes, pages, data_key, created_us) \
     VALUES ($1, $2, $3, 0, '[]', '', 0)";

/// The bare program with a database of its own.
pub(crate) struct Bare {
    database: PgConnection,
}

impl Bare {
    /// An empty database at this URL.
    pub(crate) async fn open(url: &str, copy: &[Workflow]) -> Self {
        let mut database = connect_as("*", url).await;
        for schema in SCHEMA {
            sqlx::raw_sql(schema).execute(&mut database).await.unwrap();
        }
        sqlx::raw_sql("SET countersign.organization = '*'").execute(&mut database).await.unwrap();
        let document = sqlx::query(DOCUMENT).bind(&copy[0].organization).bind(&copy[0].document).bind(Uuid::nil());
        document.execute(&mut database).await.unwrap();
        Self { database }
    }

    /// Writes every workflow; how many per second. Empties the tables first.
    pub(crate) async fn write(&mut self, workflows: &[Workflow]) -> f64 {
        self.empty().await;
        let whole = workflows.len() / BATCH * BATCH;
        let started = Instant::now();
        for batch in workflows[..whole].chunks(BATCH) {
            for step in 0..STEPS {
                self.step(batch, step).await;
            }
        }
        whole as f64 / started.elapsed().as_secs_f64()
    }

    /// Removes all rows but the document.
    pub(crate) async fn empty(&mut self) {
        let text = "TRUNCATE events, requests, effects, document_uses";
        sqlx::raw_sql(text).execute(&mut self.database).await.unwrap();
    }

    /// One step of some workflows, in one transaction.
    pub(crate) async fn step(&mut self, batch: &[Workflow], step: usize) {
        let mut transaction = self.database.begin().await.unwrap();
        let ids: Vec<Uuid> = batch.iter().map(|one| Uuid::from_slice(&one.request).unwrap()).collect();
        let events = || batch.iter().zip(&ids).flat_map(|(one, id)| one.steps[step].iter().map(move |row| (id, row)));
        let query = sqlx::query(EVENTS).bind(events().map(|(id, _)| *id).collect::<Vec<_>>());
        let query = query.bind(events().map(|(_, row)| row.seq).collect::<Vec<_>>());
        let query = query.bind(events().map(|(_, row)| &*row.body).collect::<Vec<_>>());
        let query = query.bind(events().map(|(_, row)| row.disclosure.as_deref()).collect::<Vec<_>>());
        let query = query.bind(events().map(|(_, row)| &*row.hash).collect::<Vec<_>>());
        query.execute(&mut *transaction).await.unwrap();

        let last = |one: &Workflow| one.steps[step].last().map(|row| (row.seq, row.hash.clone())).unwrap();
        let (numbers, heads): (Vec<i64>, Vec<Vec<u8>>) = batch.iter().map(last).unzip();
        let updated: Vec<i64> = batch.iter().map(|one| one.updated_us).collect();
        let wake: Vec<Option<i64>> = batch.iter().map(|one| one.wake_us.filter(|_| step + 1 < STEPS)).collect();
        if step == 0 {
            let organizations: Vec<&str> = batch.iter().map(|one| &*one.organization).collect();
            let query = sqlx::query(REQUESTS).bind(&ids).bind(&organizations).bind(vec![STATUSES[0]; batch.len()]);
            let query = query.bind(&numbers).bind(&heads);
            let query = query.bind(batch.iter().map(|one| one.created_us).collect::<Vec<_>>()).bind(&updated);
            let query = query.bind(batch.iter().map(|one| one.expires_us).collect::<Vec<_>>()).bind(&wake);
            let query = query.bind(batch.iter().map(|one| &*one.data_key).collect::<Vec<_>>());
            query.execute(&mut *transaction).await.unwrap();
            let query = sqlx::query(USES).bind(&organizations);
            let query = query.bind(batch.iter().map(|one| &*one.document).collect::<Vec<_>>());
            let query = query.bind(batch.iter().map(|one| &*one.subject).collect::<Vec<_>>());
            query.execute(&mut *transaction).await.unwrap();
        } else {
            let query = sqlx::query(STEP).bind(&ids).bind(STATUSES[step]).bind(&numbers).bind(&heads);
            query.bind(&updated).bind(&wake).execute(&mut *transaction).await.unwrap();
        }
        let settled: Vec<&str> = batch.iter().flat_map(|one| &one.settled[step]).map(|key| &**key).collect();
        if !settled.is_empty() {
            sqlx::query(SETTLED).bind(settled).execute(&mut *transaction).await.unwrap();
        }
        let filed = || batch.iter().flat_map(|one| &one.filed[step]);
        if filed().next().is_some() {
            let query = sqlx::query(FILED).bind(filed().map(|(key, _)| &**key).collect::<Vec<_>>());
            let query = query.bind(filed().map(|(_, lane)| *lane).collect::<Vec<_>>()).bind(updated[0]);
            query.execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
}

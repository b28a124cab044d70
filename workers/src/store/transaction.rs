//! The one write transaction: few statements, many rows each. Only look-ups of many things at once
//! differ between the databases; those are in `sqlite` and `postgres`.

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use uuid::Uuid;

use super::either::within;
use super::files::file_subject;
use super::many::Value;
use super::rows::{self, EventColumns, ReceiptColumns, digest, organization};
use super::{EffectRow, EventRow, RequestRow, StoreError, Writing, document_path, postgres, sql, sqlite};
use crate::trace::TraceParent;

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

/// The one write transaction of the moment. Dropped without [`Transaction::commit`], it never was.
#[derive(Debug)]
pub enum Transaction {
    /// In a SQLite file; there is only one at a time.
    Sqlite(Writing),
    /// In a PostgreSQL database, beside others: what another committed first ends this one with
    /// [`StoreError::Conflict`].
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Transaction {
    /// Makes everything in this transaction durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Transaction::Sqlite(transaction) => transaction.commit().await,
            Transaction::Postgres(transaction) => Ok(transaction.commit().await?),
        }
    }

    /// Those requests whose last event has another number than the given one, with their wrapped
    /// data keys. Few rows come back when most of what is remembered is how it still stands.
    pub async fn changed(
        &mut self,
        known: &[(RequestId, u64)],
    ) -> Result<Vec<(RequestId, Option<Vec<u8>>)>, StoreError> {
        let rows: Vec<(Uuid, Option<Vec<u8>>)> = match self {
            Transaction::Sqlite(db) => sqlite::changed(db, known).await?,
            Transaction::Postgres(db) => postgres::changed(db, known).await?,
        };
        Ok(rows.into_iter().map(|(id, key)| (RequestId(id), key)).collect())
    }

    /// The events of some requests, each request's in order.
    pub async fn events_of_all(&mut self, requests: &[RequestId]) -> Result<Vec<EventRow>, StoreError> {
        let rows: Vec<EventColumns> = match self {
            Transaction::Sqlite(db) => sqlite::events_of_all(db, requests).await?,
            Transaction::Postgres(db) => postgres::events_of_all(db, requests).await?,
        };
        rows::all(rows)
    }

    /// The receipts of some idempotency keys.
    pub async fn receipts(&mut self, wanted: &[(&OrganizationId, &str)]) -> Result<Vec<ReceiptRow>, StoreError> {
        let rows: Vec<ReceiptColumns> = match self {
            Transaction::Sqlite(db) => sqlite::receipts(db, wanted).await?,
            Transaction::Postgres(db) => postgres::receipts(db, wanted).await?,
        };
        rows::all(rows)
    }

    /// The fencing numbers of some effects.
    pub async fn epochs(&mut self, keys: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
        match self {
            Transaction::Sqlite(db) => sqlite::epochs(db, keys).await,
            Transaction::Postgres(db) => postgres::epochs(db, keys).await,
        }
    }

    /// Which of these documents are stored.
    pub async fn documents_present(
        &mut self,
        wanted: &[(OrganizationId, Digest)],
    ) -> Result<Vec<(OrganizationId, Digest)>, StoreError> {
        let rows = match self {
            Transaction::Sqlite(db) => sqlite::documents_present(db, wanted).await?,
            Transaction::Postgres(db) => postgres::documents_present(db, wanted).await?,
        };
        rows.iter().map(|(owner, hash)| Ok((organization(owner)?, digest(hash)?))).collect()
    }

    /// Appends events. A second event with the same request and number is an error.
    pub async fn insert_events(&mut self, events: Vec<EventRow>) -> Result<(), StoreError> {
        let values = |event: EventRow| -> [Value; 5] {
            let (request, seq) = (event.request.0.into(), (event.seq as i64).into());
            [request, seq, event.body.into(), event.disclosure.into(), event.hash.into()]
        };
        // All in one form: the order in which they are written is the order of the log.
        if events.iter().all(|event| event.trace.is_none()) {
            sql::INSERT_EVENTS.execute(self, events.into_iter().map(values)).await?;
        } else {
            let traced = events.into_iter().map(|event| traced(event.trace, values(event)));
            sql::INSERT_TRACED_EVENTS.execute(self, traced).await?;
        }
        Ok(())
    }

    /// Writes the narrow rows of new requests and brings those of known ones up to date. A request that
    /// is erased loses its data key.
    pub async fn upsert_requests(&mut self, requests: Vec<RequestRow>) -> Result<(), StoreError> {
        let is_erased = |request: &&RequestRow| request.purged_us.is_some() || request.deleted_us.is_some();
        let erased: Vec<RequestRow> = requests.iter().filter(is_erased).cloned().collect();
        let values = |request: RequestRow| -> [Value; 14] {
            [
                request.id.0.into(),
                request.organization.as_str().into(),
                request.status.as_str().into(),
                (request.seq as i64).into(),
                request.head.into(),
                request.business_id.into(),
                request.created_us.into(),
                request.updated_us.into(),
                request.expires_us.into(),
                request.wake_us.into(),
                request.retained_us.into(),
                request.purged_us.into(),
                request.deleted_us.into(),
                request.data_key.into(),
            ]
        };
        sql::UPSERT_REQUESTS.execute(self, requests.into_iter().map(values)).await?;
        for row in erased {
            within!(self, |db| {
                let query = sqlx::query(sql::ERASE_REQUEST).bind(row.id.0).bind(row.purged_us);
                query.bind(row.deleted_us).bind(&row.business_id).execute(db).await.map(drop)
            })?;
            self.erase_inbound(row.id).await?;
        }
        Ok(())
    }

    /// Files effects.
    pub async fn insert_effects(&mut self, effects: Vec<EffectRow>) -> Result<(), StoreError> {
        let values = |effect: EffectRow| -> [Value; 4] {
            [effect.key.into(), effect.lane.stored().into(), effect.due_us.into(), effect.due_us.into()]
        };
        if effects.iter().all(|effect| effect.trace.is_none()) {
            sql::INSERT_EFFECTS.execute(self, effects.into_iter().map(values)).await?;
        } else {
            let traced = effects.into_iter().map(|effect| traced(effect.trace, values(effect)));
            sql::INSERT_TRACED_EFFECTS.execute(self, traced).await?;
        }
        Ok(())
    }

    /// Takes effects away that are owed no longer.
    pub async fn delete_effects(&mut self, keys: &[String]) -> Result<(), StoreError> {
        match self {
            Transaction::Sqlite(db) => sqlite::delete_effects(db, keys).await,
            Transaction::Postgres(db) => postgres::delete_effects(db, keys).await,
        }
    }

    /// Remembers first answers. A key that another process remembered first is a conflict.
    pub async fn insert_receipts(&mut self, receipts: Vec<ReceiptRow>) -> Result<(), StoreError> {
        let count = receipts.len() as u64;
        let values = |receipt: ReceiptRow| -> [Value; 6] {
            let (organization, key) = (receipt.organization.as_str().into(), receipt.key.into());
            let (fingerprint, subject) = (receipt.fingerprint.into(), receipt.subject.into());
            [organization, key, fingerprint, subject, (receipt.seq as i64).into(), receipt.created_us.into()]
        };
        match sql::INSERT_RECEIPTS.execute(self, receipts.into_iter().map(values)).await? {
            written if written == count => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    /// Forgets first answers older than an instant.
    pub(super) async fn delete_old_receipts(&mut self, before_us: i64) -> Result<(), StoreError> {
        Ok(within!(self, |db| sqlx::query(sql::DELETE_OLD_RECEIPTS).bind(before_us).execute(db).await.map(drop))?)
    }

    /// Notes that requests use documents.
    pub async fn insert_uses(&mut self, uses: Vec<(OrganizationId, Digest, String)>) -> Result<(), StoreError> {
        let values = |(organization, digest, subject): (OrganizationId, Digest, String)| -> [Value; 3] {
            [organization.as_str().into(), digest.into(), subject.into()]
        };
        sql::INSERT_USES.execute(self, uses.into_iter().map(values)).await?;
        Ok(())
    }

    /// Takes a use back; with the last one the document's row and key go, and its object is orphaned.
    pub async fn drop_use(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
        subject: &str,
    ) -> Result<(), StoreError> {
        within!(self, |db| {
            let query = sqlx::query(sql::DROP_USES).bind(organization.as_str()).bind(digest.0.as_slice());
            query.bind(subject).execute(db).await.map(drop)
        })?;
        self.drop_unused_document(organization, digest).await
    }

    /// Takes a document away if nobody uses it.
    pub async fn drop_unused_document(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
    ) -> Result<(), StoreError> {
        let blob: Option<Uuid> = within!(self, |db| {
            let query = sqlx::query_scalar(sql::DROP_UNUSED_DOCUMENT).bind(organization.as_str());
            query.bind(digest.0.as_slice()).fetch_optional(db).await?
        });
        match blob {
            Some(blob) => self.orphan(&document_path(blob)).await,
            None => Ok(()),
        }
    }

    /// Takes away what was uploaded of a document up to an instant, and so the document, if nothing else
    /// uses it.
    pub async fn drop_spent_files(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
        until_us: i64,
    ) -> Result<(), StoreError> {
        let spent: Vec<Uuid> = within!(self, |db| {
            let query = sqlx::query_scalar(sql::DROP_SPENT_FILES).bind(organization.as_str());
            query.bind(digest.0.as_slice()).bind(until_us).fetch_all(db).await?
        });
        for file in spent {
            self.drop_use(organization, digest, &file_subject(file)).await?;
        }
        Ok(())
    }

    /// Queues a stored object for deletion.
    pub async fn orphan(&mut self, path: &str) -> Result<(), StoreError> {
        Ok(within!(self, |db| sqlx::query(sql::INSERT_ORPHAN).bind(path).execute(db).await.map(drop))?)
    }
}

/// The values of a row, and last of all what caused it.
fn traced<const COLUMNS: usize, const TRACED: usize>(
    trace: Option<TraceParent>,
    values: [Value; COLUMNS],
) -> [Value; TRACED] {
    let mut values = values.into_iter().chain([trace.map(|trace| trace.to_string()).into()]);
    std::array::from_fn(|_| values.next().unwrap_or_else(|| None::<String>.into()))
}

//! The one write transaction: few statements, many rows each.

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::rows::{digest, organization, receipt_row, unsigned};
use super::sqlite::{events_of_all, hex_list};
use super::{EffectRow, EventRow, ReceiptRow, RequestRow, StoreError, document_path, sql};

/// Row counts of multi-row statements: powers of two, so that few statements write any number of
/// rows and each of them stays prepared.
const CHUNKS: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// Look-ups of many pairs at once; `CROSS JOIN` has SQLite go through the pairs, not the table.
const RECEIPTS_OF: &str = "SELECT receipts.organization, receipts.key, fingerprint, subject, seq, created_us FROM \
     json_each($1) AS wanted CROSS JOIN receipts ON receipts.organization = wanted.value ->> 0 \
     AND receipts.key = wanted.value ->> 1";
const DOCUMENTS_OF: &str = "SELECT documents.organization, documents.digest FROM json_each($1) AS wanted \
     CROSS JOIN documents ON documents.organization = wanted.value ->> 0 \
     AND documents.digest = unhex(wanted.value ->> 1)";

/// The one write transaction of the moment. Dropped without [`Transaction::commit`], it never was.
pub struct Transaction {
    pub(super) inner: sqlx::Transaction<'static, sqlx::Sqlite>,
}

impl Transaction {
    /// Makes everything in this transaction durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// The last sequence number of each of these requests that exists, and its wrapped data key.
    pub async fn heads(&mut self, ids: &[RequestId]) -> Result<Vec<(RequestId, u64, Option<Vec<u8>>)>, StoreError> {
        let rows =
            sqlx::query("SELECT id, seq, data_key FROM requests WHERE id IN (SELECT unhex(value) FROM json_each($1))")
                .bind(hex_list(ids))
                .fetch_all(&mut *self.inner)
                .await?;
        rows.iter()
            .map(|row| Ok((RequestId(row.try_get("id")?), unsigned(row, "seq")?, row.try_get("data_key")?)))
            .collect()
    }

    /// The events of some requests, each request's in order.
    pub async fn events_of_all(&mut self, requests: &[RequestId]) -> Result<Vec<EventRow>, StoreError> {
        events_of_all(&mut self.inner, requests).await
    }

    /// The receipts of some idempotency keys.
    pub async fn receipts(&mut self, wanted: &[(&OrganizationId, &str)]) -> Result<Vec<ReceiptRow>, StoreError> {
        let pairs: Vec<[&str; 2]> = wanted.iter().map(|(organization, key)| [organization.as_str(), key]).collect();
        let rows = sqlx::query(RECEIPTS_OF).bind(pair_list(&pairs)).fetch_all(&mut *self.inner).await?;
        rows.iter().map(receipt_row).collect()
    }

    /// The fencing numbers of some effects.
    pub async fn epochs(&mut self, keys: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = sqlx::query("SELECT key, epoch FROM effects WHERE key IN (SELECT value FROM json_each($1))")
            .bind(text_list(keys))
            .fetch_all(&mut *self.inner)
            .await?;
        rows.iter().map(|row| Ok((row.try_get("key")?, row.try_get("epoch")?))).collect()
    }

    /// Appends events. A second event with the same request and number is an error.
    pub async fn insert_events(&mut self, events: &[EventRow]) -> Result<(), StoreError> {
        for chunk in chunked(events) {
            let mut query = QueryBuilder::new(sql::INSERT_EVENTS);
            query.push_values(chunk, |mut row, event| {
                row.push_bind(event.request.0)
                    .push_bind(event.seq as i64)
                    .push_bind(event.body.as_str())
                    .push_bind(event.disclosure.as_deref())
                    .push_bind(event.hash.0.as_slice());
            });
            query.build().execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Writes the narrow rows of new requests.
    pub async fn insert_requests(&mut self, requests: &[RequestRow]) -> Result<(), StoreError> {
        for chunk in chunked(requests) {
            let mut query = QueryBuilder::new(sql::INSERT_REQUESTS);
            query.push_values(chunk, |mut row, request| {
                row.push_bind(request.id.0)
                    .push_bind(request.organization.as_str())
                    .push_bind(request.status.as_str())
                    .push_bind(request.seq as i64)
                    .push_bind(request.head.0.as_slice())
                    .push_bind(request.business_id.as_deref())
                    .push_bind(request.created_us)
                    .push_bind(request.updated_us)
                    .push_bind(request.expires_us)
                    .push_bind(request.wake_us)
                    .push_bind(request.deleted_us)
                    .push_bind(request.data_key.as_deref());
            });
            query.build().execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Brings the narrow rows of existing requests up to date.
    pub async fn update_requests(&mut self, requests: &[RequestRow]) -> Result<(), StoreError> {
        for chunk in chunked(requests) {
            let mut query = QueryBuilder::new(sql::UPDATE_REQUESTS_FROM);
            query.push_values(chunk, |mut row, request| {
                row.push_bind(request.id.0)
                    .push_bind(request.status.as_str())
                    .push_bind(request.seq as i64)
                    .push_bind(request.head.0.as_slice())
                    .push_bind(request.updated_us)
                    .push_bind(request.expires_us)
                    .push_bind(request.wake_us);
            });
            query.push(sql::UPDATE_REQUESTS_SET);
            query.build().execute(&mut *self.inner).await?;
        }
        for request in requests.iter().filter(|request| request.deleted_us.is_some()) {
            sqlx::query(sql::ERASE_REQUEST)
                .bind(request.id.0)
                .bind(request.deleted_us)
                .execute(&mut *self.inner)
                .await?;
        }
        Ok(())
    }

    /// Files effects.
    pub async fn insert_effects(&mut self, effects: &[EffectRow]) -> Result<(), StoreError> {
        for chunk in chunked(effects) {
            let mut query = QueryBuilder::new(sql::INSERT_EFFECTS);
            query.push_values(chunk, |mut row, effect| {
                row.push_bind(effect.key.as_str()).push_bind(effect.lane.as_str()).push_bind(effect.due_us);
            });
            query.build().execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Takes effects away that are done, given up or no longer owed.
    pub async fn delete_effects(&mut self, keys: &[String]) -> Result<(), StoreError> {
        if !keys.is_empty() {
            sqlx::query("DELETE FROM effects WHERE key IN (SELECT value FROM json_each($1))")
                .bind(text_list(keys))
                .execute(&mut *self.inner)
                .await?;
        }
        Ok(())
    }

    /// Remembers first answers.
    pub async fn insert_receipts(&mut self, receipts: &[ReceiptRow]) -> Result<(), StoreError> {
        for chunk in chunked(receipts) {
            let mut query = QueryBuilder::new(sql::INSERT_RECEIPTS);
            query.push_values(chunk, |mut row, receipt| {
                row.push_bind(receipt.organization.as_str())
                    .push_bind(receipt.key.as_str())
                    .push_bind(receipt.fingerprint.0.as_slice())
                    .push_bind(receipt.subject.as_str())
                    .push_bind(receipt.seq as i64)
                    .push_bind(receipt.created_us);
            });
            query.push(sql::REPLACE_RECEIPTS);
            query.build().execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Forgets first answers older than an instant.
    pub(super) async fn delete_old_receipts(&mut self, before_us: i64) -> Result<(), StoreError> {
        sqlx::query(sql::DELETE_OLD_RECEIPTS).bind(before_us).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Notes that requests use documents.
    pub async fn insert_uses(&mut self, uses: &[(OrganizationId, Digest, String)]) -> Result<(), StoreError> {
        for chunk in chunked(uses) {
            let mut query = QueryBuilder::new(sql::INSERT_USES);
            query.push_values(chunk, |mut row, (organization, digest, subject)| {
                row.push_bind(organization.as_str()).push_bind(digest.0.as_slice()).push_bind(subject.as_str());
            });
            query.build().execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Takes a use back; with the last one the document's row and key go, and its object is orphaned.
    pub async fn drop_use(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
        subject: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::DROP_USES)
            .bind(organization.as_str())
            .bind(digest.0.as_slice())
            .bind(subject)
            .execute(&mut *self.inner)
            .await?;
        self.drop_unused_document(organization, digest).await
    }

    /// Takes a document away if nobody uses it.
    pub async fn drop_unused_document(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
    ) -> Result<(), StoreError> {
        let blob: Option<Uuid> = sqlx::query_scalar(sql::DROP_UNUSED_DOCUMENT)
            .bind(organization.as_str())
            .bind(digest.0.as_slice())
            .fetch_optional(&mut *self.inner)
            .await?;
        if let Some(blob) = blob {
            sqlx::query(sql::INSERT_ORPHAN).bind(document_path(blob)).execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Which of these documents are stored.
    pub async fn documents_present(
        &mut self,
        wanted: &[(OrganizationId, Digest)],
    ) -> Result<Vec<(OrganizationId, Digest)>, StoreError> {
        let digests: Vec<String> = wanted.iter().map(|(_, digest)| digest.to_string()).collect();
        let pairs: Vec<[&str; 2]> =
            wanted.iter().zip(&digests).map(|((organization, _), digest)| [organization.as_str(), digest]).collect();
        let rows = sqlx::query(DOCUMENTS_OF).bind(pair_list(&pairs)).fetch_all(&mut *self.inner).await?;
        rows.iter().map(|row| Ok((organization(row)?, digest(row, "digest")?))).collect()
    }
}

/// Slices of a few fixed lengths, largest first.
fn chunked<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

fn pair_list(pairs: &[[&str; 2]]) -> String {
    serde_json::json!(pairs).to_string()
}

fn text_list(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

//! The one write transaction: few statements, many rows each.

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;

use super::many::Rows;
use super::rows::{digest, organization, receipt_row};
use super::sqlite::events_of_all;
use super::{EffectRow, EventRow, ReceiptRow, RequestRow, StoreError, document_path, sql};

/// Look-ups of many pairs at once; `CROSS JOIN` has SQLite go through the pairs, not the table.
const CHANGED_SINCE: &str = "SELECT requests.id, requests.data_key FROM json_each($1) AS known \
     CROSS JOIN requests ON requests.id = unhex(known.key) WHERE requests.seq <> known.value";
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

    /// Those requests whose last event has another number than the given one, with their wrapped
    /// data keys. Few rows come back when most of what is remembered is how it still stands.
    pub async fn changed(
        &mut self,
        known: &[(RequestId, u64)],
    ) -> Result<Vec<(RequestId, Option<Vec<u8>>)>, StoreError> {
        let known: Vec<String> = known.iter().map(|(id, seq)| format!("\"{}\":{seq}", id.0.simple())).collect();
        let rows =
            sqlx::query(CHANGED_SINCE).bind(format!("{{{}}}", known.join(","))).fetch_all(&mut *self.inner).await?;
        rows.iter().map(|row| Ok((RequestId(row.try_get("id")?), row.try_get("data_key")?))).collect()
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
    pub async fn insert_events(&mut self, events: Vec<EventRow>) -> Result<(), StoreError> {
        let bind = |query: Rows, event: EventRow| {
            let query = query.bind(event.request.0).bind(event.seq as i64).bind(event.body);
            query.bind(event.disclosure).bind(event.hash.0.as_slice())
        };
        sql::INSERT_EVENTS.execute(&mut self.inner, events, bind).await
    }

    /// Writes the narrow rows of new requests and brings those of known ones up to date. A request that
    /// is erased loses its data key and its reference.
    pub async fn upsert_requests(&mut self, requests: Vec<RequestRow>) -> Result<(), StoreError> {
        let bind = |query: Rows, request: RequestRow| {
            let query = query.bind(request.id.0).bind(request.organization.as_str()).bind(request.status.as_str());
            let query = query.bind(request.seq as i64).bind(request.head.0.as_slice()).bind(request.business_id);
            let query = query.bind(request.created_us).bind(request.updated_us).bind(request.expires_us);
            query.bind(request.wake_us).bind(request.deleted_us).bind(request.data_key)
        };
        let erased = |request: &RequestRow| request.deleted_us.map(|deleted_us| (request.id, deleted_us));
        let erased: Vec<(RequestId, i64)> = requests.iter().filter_map(erased).collect();
        sql::UPSERT_REQUESTS.execute(&mut self.inner, requests, bind).await?;
        for (id, deleted_us) in erased {
            sqlx::query(sql::ERASE_REQUEST).bind(id.0).bind(deleted_us).execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    /// Files effects.
    pub async fn insert_effects(&mut self, effects: Vec<EffectRow>) -> Result<(), StoreError> {
        let bind =
            |query: Rows, effect: EffectRow| query.bind(effect.key).bind(effect.lane.as_str()).bind(effect.due_us);
        sql::INSERT_EFFECTS.execute(&mut self.inner, effects, bind).await
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
    pub async fn insert_receipts(&mut self, receipts: Vec<ReceiptRow>) -> Result<(), StoreError> {
        let bind = |query: Rows, receipt: ReceiptRow| {
            let query = query.bind(receipt.organization.as_str()).bind(receipt.key);
            let query = query.bind(receipt.fingerprint.0.as_slice()).bind(receipt.subject);
            query.bind(receipt.seq as i64).bind(receipt.created_us)
        };
        sql::INSERT_RECEIPTS.execute(&mut self.inner, receipts, bind).await
    }

    /// Forgets first answers older than an instant.
    pub(super) async fn delete_old_receipts(&mut self, before_us: i64) -> Result<(), StoreError> {
        sqlx::query(sql::DELETE_OLD_RECEIPTS).bind(before_us).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Notes that requests use documents.
    pub async fn insert_uses(&mut self, uses: Vec<(OrganizationId, Digest, String)>) -> Result<(), StoreError> {
        let bind = |query: Rows, (organization, digest, subject): (OrganizationId, Digest, String)| {
            query.bind(organization.to_string()).bind(digest.0.to_vec()).bind(subject)
        };
        sql::INSERT_USES.execute(&mut self.inner, uses, bind).await
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

fn pair_list(pairs: &[[&str; 2]]) -> String {
    serde_json::json!(pairs).to_string()
}

fn text_list(texts: &[String]) -> String {
    Value::from(texts).to_string()
}

//! Rows beside the requests: documents and templates.

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use uuid::Uuid;

use super::either::{read, within};
use super::rows::{self, DocumentColumns, ReceiptColumns, TemplateColumns, digest, organization};
use super::{ReceiptRow, Scope, Store, StoreError, Transaction, sql};

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

impl Store {
    /// A stored document.
    pub async fn document(
        &self,
        organization: &OrganizationId,
        digest: Digest,
    ) -> Result<Option<DocumentRow>, StoreError> {
        let row: Option<DocumentColumns> = read!(self, Scope::Of(organization), |db| sqlx::query_as(sql::DOCUMENT)
            .bind(organization.as_str())
            .bind(digest.0.as_slice())
            .fetch_optional(db)
            .await?);
        row.map(DocumentRow::try_from).transpose()
    }

    /// Files a document; false if it was there already, under another object's name.
    pub async fn insert_document(&self, document: &DocumentRow) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = within!(&mut transaction, |db| sqlx::query(sql::INSERT_DOCUMENT)
            .bind(document.organization.as_str())
            .bind(document.digest.0.as_slice())
            .bind(document.blob)
            .bind(document.bytes)
            .bind(&document.pages)
            .bind(&document.data_key)
            .bind(document.created_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(done > 0)
    }

    /// Documents stored before an instant that nobody uses.
    async fn unused_documents(&self, before_us: i64, limit: i64) -> Result<Vec<(OrganizationId, Digest)>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = read!(self, |db| {
            sqlx::query_as(sql::UNUSED_DOCUMENTS).bind(before_us).bind(limit).fetch_all(db).await?
        });
        rows.iter().map(|(owner, hash)| Ok((organization(owner)?, digest(hash)?))).collect()
    }

    /// A template.
    pub async fn template(&self, organization: &OrganizationId, id: &str) -> Result<Option<TemplateRow>, StoreError> {
        let row: Option<TemplateColumns> = read!(self, Scope::Of(organization), |db| sqlx::query_as(sql::TEMPLATE)
            .bind(organization.as_str())
            .bind(id)
            .fetch_optional(db)
            .await?);
        row.map(TemplateRow::try_from).transpose()
    }

    /// One page of an organization's templates, newest first, and how many there are.
    pub async fn templates(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<TemplateRow>, i64), StoreError> {
        let (rows, total): (Vec<TemplateColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = sqlx::query_scalar(sql::COUNT_TEMPLATES).bind(organization.as_str());
            let total = counting.fetch_one(&mut *db).await?;
            let query = sqlx::query_as(sql::TEMPLATES).bind(organization.as_str());
            (query.bind(limit).bind(offset).fetch_all(db).await?, total)
        });
        Ok((rows::all(rows)?, total))
    }

    /// Files a template; false if the organization has one of this id.
    pub async fn insert_template(
        &self,
        template: &TemplateRow,
        receipt: Option<&ReceiptRow>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = within!(&mut transaction, |db| sqlx::query(sql::INSERT_TEMPLATE)
            .bind(template.organization.as_str())
            .bind(&template.id)
            .bind(&template.name)
            .bind(&template.file_name)
            .bind(template.digest.0.as_slice())
            .bind(&template.widgets)
            .bind(template.created_us)
            .execute(db)
            .await?
            .rows_affected());
        if done == 0 {
            return Ok(false);
        }
        transaction.add_use(&template.organization, template.digest, &template_subject(&template.id)).await?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes a template away, and its document if nobody else uses it.
    pub async fn delete_template(&self, template: &TemplateRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(sql::DELETE_TEMPLATE)
            .bind(template.organization.as_str())
            .bind(&template.id)
            .execute(db)
            .await?
            .rows_affected());
        let subject = template_subject(&template.id);
        transaction.drop_use(&template.organization, template.digest, &subject).await?;
        transaction.commit().await
    }

    /// Paths of stored objects that nobody uses any more.
    pub async fn orphans(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(read!(self, |db| sqlx::query_scalar(sql::ORPHANS).bind(limit).fetch_all(db).await?))
    }

    /// Forgets an orphan that was deleted.
    pub async fn forget_orphan(&self, path: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(sql::DELETE_ORPHAN).bind(path).execute(db).await?.rows_affected());
        transaction.commit().await
    }

    /// The first answer to an idempotency key, outside the write path.
    pub async fn receipt(&self, organization: &OrganizationId, key: &str) -> Result<Option<ReceiptRow>, StoreError> {
        let row: Option<ReceiptColumns> = read!(self, Scope::Of(organization), |db| sqlx::query_as(sql::RECEIPT)
            .bind(organization.as_str())
            .bind(key)
            .fetch_optional(db)
            .await?);
        row.map(ReceiptRow::try_from).transpose()
    }

    /// Forgets what has grown old: receipts, tries, and documents that no request, file or template came to use.
    pub async fn tidy(&self, receipts_before_us: i64, documents_before_us: i64, limit: i64) -> Result<(), StoreError> {
        let unused = self.unused_documents(documents_before_us, limit).await?;
        let mut transaction = self.begin().await?;
        transaction.delete_old_receipts(receipts_before_us).await?;
        transaction.forget_old_tries(receipts_before_us).await?;
        for (organization, digest) in unused {
            transaction.drop_unused_document(&organization, digest).await?;
        }
        transaction.commit().await
    }
}

impl Transaction {
    /// Notes that something uses a document.
    pub(super) async fn add_use(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
        subject: &str,
    ) -> Result<(), StoreError> {
        within!(self, |db| sqlx::query(sql::ADD_USE)
            .bind(organization.as_str())
            .bind(digest.0.as_slice())
            .bind(subject)
            .execute(db)
            .await?
            .rows_affected());
        Ok(())
    }
}

fn template_subject(id: &str) -> String {
    format!("template:{id}")
}

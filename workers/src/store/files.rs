//! Uploaded files: named by requests and templates, and by which requests.

use countersign_engine::ids::{Digest, FileId, OrganizationId, RequestId};
use uuid::Uuid;

use super::either::{read, within};
use super::many::Value;
use super::rows::{self, FileColumns, UploadColumns};
use super::{ReceiptRow, Scope, Store, StoreError, Transaction, sql};

/// That a request names a file.
pub type FileUse = (OrganizationId, FileId, RequestId);

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

impl Store {
    /// An uploaded file.
    pub async fn file(&self, organization: &OrganizationId, id: Uuid) -> Result<Option<FileRow>, StoreError> {
        let row: Option<FileColumns> = read!(self, Scope::Of(organization), |db| sqlx::query_as(sql::FILE)
            .bind(organization.as_str())
            .bind(id)
            .fetch_optional(db)
            .await?);
        row.map(FileRow::try_from).transpose()
    }

    /// Files an upload, its use of the document, and the receipt it was asked for with.
    pub async fn insert_file(&self, file: &FileRow, receipt: Option<&ReceiptRow>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        within!(&mut transaction, |db| sqlx::query(sql::INSERT_FILE)
            .bind(file.id)
            .bind(file.organization.as_str())
            .bind(&file.name)
            .bind(file.digest.0.as_slice())
            .bind(file.created_us)
            .execute(db)
            .await?
            .rows_affected());
        transaction.add_use(&file.organization, file.digest, &file_subject(file.id)).await?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// One page of an organization's uploads, newest first, and how many there are.
    pub async fn uploads(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<UploadRow>, i64), StoreError> {
        let (rows, total): (Vec<UploadColumns>, i64) = read!(self, Scope::Of(organization), |db| {
            let counting = sqlx::query_scalar(sql::COUNT_FILES).bind(organization.as_str());
            let total = counting.fetch_one(&mut *db).await?;
            let query = sqlx::query_as(sql::UPLOADS).bind(organization.as_str());
            (query.bind(limit).bind(offset).fetch_all(db).await?, total)
        });
        Ok((rows::all(rows)?, total))
    }

    /// Whether any request names an uploaded file.
    pub async fn is_file_used(&self, organization: &OrganizationId, id: Uuid) -> Result<bool, StoreError> {
        let uses: i64 = read!(self, Scope::Of(organization), |db| {
            sqlx::query_scalar(sql::ANY_FILE_USE).bind(organization.as_str()).bind(id).fetch_one(db).await?
        });
        Ok(uses > 0)
    }

    /// Takes an uploaded file away, and its document if nobody else uses it.
    pub async fn delete_file(&self, file: &FileRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.take_file(file).await?;
        transaction.commit().await
    }

    /// Takes an uploaded file away like [`Self::delete_file`], unless a request that is no draft names it;
    /// false if so.
    pub async fn delete_unused_file(&self, file: &FileRow) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let uses: i64 = within!(&mut transaction, |db| sqlx::query_scalar(sql::COUNT_FILE_USES)
            .bind(file.organization.as_str())
            .bind(file.id)
            .fetch_one(db)
            .await?);
        if uses > 0 {
            return Ok(false);
        }
        transaction.take_file(file).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl Transaction {
    async fn take_file(&mut self, file: &FileRow) -> Result<(), StoreError> {
        within!(self, |db| sqlx::query(sql::DELETE_FILE)
            .bind(file.organization.as_str())
            .bind(file.id)
            .execute(db)
            .await?
            .rows_affected());
        self.drop_use(&file.organization, file.digest, &file_subject(file.id)).await
    }

    /// Notes that requests name files.
    pub async fn insert_file_uses(&mut self, uses: Vec<FileUse>) -> Result<(), StoreError> {
        let values = |(organization, file, request): FileUse| -> [Value; 3] {
            [organization.as_str().into(), file.0.into(), request.0.into()]
        };
        sql::INSERT_FILE_USES.execute(self, uses.into_iter().map(values)).await?;
        Ok(())
    }

    /// Notes that a request names a file no longer.
    pub async fn drop_file_use(&mut self, (organization, file, request): &FileUse) -> Result<(), StoreError> {
        Ok(within!(self, |db| {
            let query = sqlx::query(sql::DROP_FILE_USE).bind(organization.as_str());
            query.bind(file.0).bind(request.0).execute(db).await.map(drop)
        })?)
    }
}

/// The name under which an uploaded file uses its document.
pub(super) fn file_subject(id: Uuid) -> String {
    format!("file:{id}")
}

//! Rows beside the requests: keys, documents, files and templates.

use countersign_engine::ids::{Digest, KeyId, OrganizationId};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::rows::{digest, organization, receipt_row};
use super::{DocumentRow, FileRow, KeyRow, ReceiptRow, Store, StoreError, TemplateRow, Transaction, sql};

impl Store {
    /// Files an API credential.
    pub async fn insert_key(&self, key: &KeyRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql::INSERT_KEY)
            .bind(key.id.0)
            .bind(key.organization.as_str())
            .bind(&key.name)
            .bind(key.hash.0.as_slice())
            .bind(&key.hint)
            .bind(&key.permissions)
            .bind(key.created_us)
            .bind(key.revoked_us)
            .execute(&mut *transaction.inner)
            .await?;
        transaction.commit().await
    }

    /// The credential with this secret's digest.
    pub async fn key_by_hash(&self, hash: Digest) -> Result<Option<KeyRow>, StoreError> {
        let row = sqlx::query(sql::KEY_BY_HASH).bind(hash.0.as_slice()).fetch_optional(&self.readers).await?;
        row.as_ref().map(key_row).transpose()
    }

    /// An organization's credentials; all organizations' if none is named.
    pub async fn keys(&self, organization: Option<&OrganizationId>) -> Result<Vec<KeyRow>, StoreError> {
        let name = organization.map_or("", OrganizationId::as_str);
        let rows = sqlx::query(sql::KEYS).bind(name).fetch_all(&self.readers).await?;
        rows.iter().map(key_row).collect()
    }

    /// Revokes a credential; false if there is none of that id that still works.
    pub async fn revoke_key(&self, organization: &OrganizationId, id: KeyId, now_us: i64) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(sql::REVOKE_KEY)
            .bind(organization.as_str())
            .bind(id.0)
            .bind(now_us)
            .execute(&mut *transaction.inner)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// A stored document.
    pub async fn document(
        &self,
        organization: &OrganizationId,
        digest: Digest,
    ) -> Result<Option<DocumentRow>, StoreError> {
        let row = sqlx::query(sql::DOCUMENT)
            .bind(organization.as_str())
            .bind(digest.0.as_slice())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(document_row).transpose()
    }

    /// Files a document; false if it was there already, under another object's name.
    pub async fn insert_document(&self, document: &DocumentRow) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(sql::INSERT_DOCUMENT)
            .bind(document.organization.as_str())
            .bind(document.digest.0.as_slice())
            .bind(document.blob)
            .bind(document.bytes)
            .bind(&document.pages)
            .bind(&document.data_key)
            .bind(document.created_us)
            .execute(&mut *transaction.inner)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Documents stored before an instant that nobody uses.
    async fn unused_documents(&self, before_us: i64, limit: i64) -> Result<Vec<(OrganizationId, Digest)>, StoreError> {
        let rows = sqlx::query(sql::UNUSED_DOCUMENTS).bind(before_us).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((organization(row)?, digest(row, "digest")?))).collect()
    }

    /// An uploaded file.
    pub async fn file(&self, organization: &OrganizationId, id: Uuid) -> Result<Option<FileRow>, StoreError> {
        let row = sqlx::query(sql::FILE).bind(organization.as_str()).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(file_row).transpose()
    }

    /// Files an upload, its use of the document, and the receipt it was asked for with.
    pub async fn insert_file(&self, file: &FileRow, receipt: Option<&ReceiptRow>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql::INSERT_FILE)
            .bind(file.id)
            .bind(file.organization.as_str())
            .bind(&file.name)
            .bind(file.digest.0.as_slice())
            .bind(file.created_us)
            .execute(&mut *transaction.inner)
            .await?;
        transaction.add_use(&file.organization, file.digest, &file_subject(file.id)).await?;
        transaction.insert_receipts(receipt.cloned().into_iter().collect()).await?;
        transaction.commit().await
    }

    /// A template.
    pub async fn template(&self, organization: &OrganizationId, id: &str) -> Result<Option<TemplateRow>, StoreError> {
        let row = sqlx::query(sql::TEMPLATE).bind(organization.as_str()).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(template_row).transpose()
    }

    /// One page of an organization's templates, newest first, and how many there are.
    pub async fn templates(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<TemplateRow>, i64), StoreError> {
        let total =
            sqlx::query_scalar(sql::COUNT_TEMPLATES).bind(organization.as_str()).fetch_one(&self.readers).await?;
        let rows = sqlx::query(sql::TEMPLATES)
            .bind(organization.as_str())
            .bind(limit)
            .bind(offset)
            .fetch_all(&self.readers)
            .await?;
        Ok((rows.iter().map(template_row).collect::<Result<_, _>>()?, total))
    }

    /// Files a template; false if the organization has one of this id.
    pub async fn insert_template(
        &self,
        template: &TemplateRow,
        receipt: Option<&ReceiptRow>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(sql::INSERT_TEMPLATE)
            .bind(template.organization.as_str())
            .bind(&template.id)
            .bind(&template.name)
            .bind(&template.file_name)
            .bind(template.digest.0.as_slice())
            .bind(&template.widgets)
            .bind(template.created_us)
            .execute(&mut *transaction.inner)
            .await?;
        if done.rows_affected() == 0 {
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
        sqlx::query(sql::DELETE_TEMPLATE)
            .bind(template.organization.as_str())
            .bind(&template.id)
            .execute(&mut *transaction.inner)
            .await?;
        let subject = template_subject(&template.id);
        transaction.drop_use(&template.organization, template.digest, &subject).await?;
        transaction.commit().await
    }

    /// Takes an uploaded file away, and its document if nobody else uses it.
    pub async fn delete_file(&self, file: &FileRow) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql::DELETE_FILE)
            .bind(file.organization.as_str())
            .bind(file.id)
            .execute(&mut *transaction.inner)
            .await?;
        transaction.drop_use(&file.organization, file.digest, &file_subject(file.id)).await?;
        transaction.commit().await
    }

    /// Paths of stored objects that nobody uses any more.
    pub async fn orphans(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(sql::ORPHANS).bind(limit).fetch_all(&self.readers).await?)
    }

    /// Forgets an orphan that was deleted.
    pub async fn forget_orphan(&self, path: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql::DELETE_ORPHAN).bind(path).execute(&mut *transaction.inner).await?;
        transaction.commit().await
    }

    /// The first answer to an idempotency key, outside the write path.
    pub async fn receipt(&self, organization: &OrganizationId, key: &str) -> Result<Option<ReceiptRow>, StoreError> {
        let row = sqlx::query(sql::RECEIPT).bind(organization.as_str()).bind(key).fetch_optional(&self.readers).await?;
        row.as_ref().map(receipt_row).transpose()
    }

    /// Forgets what has grown old: receipts, and documents that no request, file or template came to use.
    pub async fn tidy(&self, receipts_before_us: i64, documents_before_us: i64, limit: i64) -> Result<(), StoreError> {
        let unused = self.unused_documents(documents_before_us, limit).await?;
        let mut transaction = self.begin().await?;
        transaction.delete_old_receipts(receipts_before_us).await?;
        for (organization, digest) in unused {
            transaction.drop_unused_document(&organization, digest).await?;
        }
        transaction.commit().await
    }
}

impl Transaction {
    async fn add_use(
        &mut self,
        organization: &OrganizationId,
        digest: Digest,
        subject: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(sql::ADD_USE)
            .bind(organization.as_str())
            .bind(digest.0.as_slice())
            .bind(subject)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}

fn file_subject(id: Uuid) -> String {
    format!("file:{id}")
}

fn template_subject(id: &str) -> String {
    format!("template:{id}")
}

fn key_row(row: &SqliteRow) -> Result<KeyRow, StoreError> {
    Ok(KeyRow {
        id: KeyId(row.try_get("id")?),
        organization: organization(row)?,
        name: row.try_get("name")?,
        hash: digest(row, "hash")?,
        hint: row.try_get("hint")?,
        permissions: row.try_get("permissions")?,
        created_us: row.try_get("created_us")?,
        revoked_us: row.try_get("revoked_us")?,
    })
}

fn document_row(row: &SqliteRow) -> Result<DocumentRow, StoreError> {
    Ok(DocumentRow {
        organization: organization(row)?,
        digest: digest(row, "digest")?,
        blob: row.try_get("blob")?,
        bytes: row.try_get("bytes")?,
        pages: row.try_get("pages")?,
        data_key: row.try_get("data_key")?,
        created_us: row.try_get("created_us")?,
    })
}

fn file_row(row: &SqliteRow) -> Result<FileRow, StoreError> {
    Ok(FileRow {
        id: row.try_get("id")?,
        organization: organization(row)?,
        name: row.try_get("name")?,
        digest: digest(row, "digest")?,
        created_us: row.try_get("created_us")?,
    })
}

fn template_row(row: &SqliteRow) -> Result<TemplateRow, StoreError> {
    Ok(TemplateRow {
        organization: organization(row)?,
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        file_name: row.try_get("file_name")?,
        digest: digest(row, "digest")?,
        widgets: row.try_get("widgets")?,
        created_us: row.try_get("created_us")?,
    })
}

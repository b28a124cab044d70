//! Uploads: documents that are taken in ahead, to be named by requests and templates. Every dialect takes
//! them in here, so what was uploaded through one can be named in another.

use countersign_engine::ids::{FileId, OrganizationId};
use uuid::Uuid;

use super::documents::{Admitted, NotAdmitted};
use super::{Service, ServiceError};
use crate::commit::{Failure, Receipt};
use crate::store::{FileRow, StoreError, UploadRow};

/// An uploaded file with its document.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// Its name, and when it came.
    pub row: FileRow,
    /// What is in it.
    pub document: Admitted,
}

impl Upload {
    /// Its id, as requests name it.
    pub fn id(&self) -> FileId {
        FileId(self.row.id)
    }
}

impl Service {
    /// Takes a document in under a name. A repeat, known by its receipt, finds what the first one made, or
    /// `None` if that was deleted since.
    pub async fn upload(
        &self,
        organization: &OrganizationId,
        name: String,
        bytes: Vec<u8>,
        receipt: Option<Receipt>,
    ) -> Result<Option<Upload>, NotAdmitted> {
        if let Some(before) = self.receipt_before(organization, receipt.as_ref()).await? {
            let id = before.subject.parse().map_err(|_| ServiceError::Commit(Failure::KeyReused))?;
            return Ok(self.uploaded(organization, id).await?);
        }
        let document = self.documents.admit(organization, bytes).await?;
        let row = FileRow {
            id: Uuid::now_v7(),
            organization: organization.clone(),
            name,
            digest: document.digest,
            created_us: self.clock.now().as_microsecond(),
        };
        let receipt = receipt.map(|receipt| receipt.row(organization, row.id.to_string(), row.created_us));
        self.store.insert_file(&row, receipt.as_ref()).await.map_err(ServiceError::from)?;
        Ok(Some(Upload { row, document }))
    }

    /// A file that was uploaded before; `None` if the organization has none of this id.
    pub async fn uploaded(&self, organization: &OrganizationId, id: Uuid) -> Result<Option<Upload>, ServiceError> {
        let Some(row) = self.store.file(organization, id).await? else { return Ok(None) };
        let document = self.documents.find(organization, row.digest).await?;
        let document = document.ok_or(ServiceError::Missing { what: "document" })?;
        Ok(Some(Upload { row, document }))
    }

    /// One page of an organization's uploads, newest first, and how many there are.
    pub async fn uploads(
        &self,
        organization: &OrganizationId,
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<Upload>, i64), ServiceError> {
        let (rows, total) = self.store.uploads(organization, limit, offset).await?;
        let upload = |row: UploadRow| {
            let pages = serde_json::from_str(&row.pages).map_err(|_| StoreError::Corrupt { what: "page sizes" })?;
            let bytes = u64::try_from(row.bytes).unwrap_or(0);
            Ok(Upload { document: Admitted { digest: row.file.digest, bytes, pages }, row: row.file })
        };
        Ok((rows.into_iter().map(upload).collect::<Result<_, StoreError>>()?, total))
    }
}

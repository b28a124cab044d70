//! Originals by digest: inspected once, encrypted, and stored once for each organization.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use countersign_engine::event;
use countersign_engine::ids::{Digest, FileId, OrganizationId};
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::ServiceError;
use crate::batching::{Batch, Batching};
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::ledger::LedgerError;
use crate::seal::{self, Inspection, PageSize, Unsignable};
use crate::store::{DocumentRow, Seat, Store, StoreError, document_path};
use crate::vault::{DataKey, Vault};

/// Most documents inspected at once: each takes a process of its own.
const INSPECTIONS_MAX: usize = 4;
/// Most documents whose page sizes are kept in memory.
const KNOWN_MAX: usize = 10_000;

/// The argument that makes the program an inspector.
pub const INSPECT_COMMAND: &str = "inspect-pdf";

/// A document that may be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    /// SHA-256 of it.
    pub digest: Digest,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its pages as displayed.
    pub pages: Arc<Vec<PageSize>>,
}

impl Admitted {
    /// How a request names it that it came along with.
    pub fn reference(&self) -> event::Document {
        let pages = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        event::Document { digest: self.digest, bytes: self.bytes, file: None, pages }
    }
}

/// A document with the name it goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The upload it was, if it was uploaded ahead.
    pub id: Option<FileId>,
    /// Its file name.
    pub name: String,
    /// It.
    pub document: Admitted,
}

impl File {
    /// How a request names it.
    pub fn reference(&self) -> event::Document {
        event::Document { file: self.id, ..self.document.reference() }
    }
}

/// Why a document was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// It may not be signed.
    #[error(transparent)]
    Unsignable(#[from] Unsignable),
    /// It could not be stored.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Looks whether documents that are remembered are still stored: many at once in one query, since every
/// request that brings a known document begins with it.
#[derive(Debug)]
struct Glances(Seat);

impl Batch for Glances {
    type Asked = (OrganizationId, Digest);
    type Answer = Result<bool, StoreError>;
    const MAX: usize = 256;

    async fn answer(&mut self, asked: Vec<Self::Asked>) -> Vec<Self::Answer> {
        match self.0.documents_present(&asked).await {
            Ok(present) => {
                let present: HashSet<Self::Asked> = present.into_iter().collect();
                asked.iter().map(|document| Ok(present.contains(document))).collect()
            }
            Err(error) => vec![Err(error); asked.len()],
        }
    }
}

/// The originals of an installation.
#[derive(Debug)]
pub struct Documents {
    store: Store,
    blobs: Blobs,
    vault: Vault,
    clock: Clock,
    inspector: PathBuf,
    inspections: Semaphore,
    known: Cache<(OrganizationId, Digest), Admitted>,
    glances: Batching<Glances>,
}

impl Documents {
    pub(super) fn new(store: Store, blobs: Blobs, vault: Vault, clock: Clock, inspector: PathBuf) -> Self {
        let known = Cache::new(KNOWN_MAX);
        let inspections = Semaphore::new(INSPECTIONS_MAX);
        let (glances, _) = Batching::start(Glances(Seat::new(store.clone())));
        Self { store, blobs, vault, clock, inspector, inspections, known, glances }
    }

    /// Takes a document in: inspected, encrypted, durable. One that is there already costs a look-up.
    pub async fn admit(&self, organization: &OrganizationId, bytes: Vec<u8>) -> Result<Admitted, NotAdmitted> {
        let digest = Digest::of(&bytes);
        if let Some(known) = self.find(organization, digest).await? {
            return Ok(known);
        }
        let bytes: Arc<[u8]> = bytes.into();
        let inspection = self.inspect(Arc::clone(&bytes)).await?;
        Ok(self.keep(organization, digest, &bytes, inspection.pages).await?)
    }

    /// Looks into a PDF, in a process of its own: what it is made of, or why it is not taken.
    pub(super) async fn inspect(&self, bytes: Arc<[u8]>) -> Result<Inspection, Unsignable> {
        // The semaphore is never closed; were it, inspecting without a permit would still be right.
        let _permit = self.inspections.acquire().await;
        seal::inspect_in_child(&self.inspector, &[INSPECT_COMMAND], bytes).await
    }

    /// A document that is stored already.
    pub async fn find(&self, organization: &OrganizationId, digest: Digest) -> Result<Option<Admitted>, ServiceError> {
        let known = (organization.clone(), digest);
        if let Some(admitted) = self.known.get(&known) {
            if self.glances.ask(known.clone()).await.ok_or(LedgerError::Stopping)?? {
                return Ok(Some(admitted));
            }
            self.known.remove(&known);
            return Ok(None);
        }
        let Some(row) = self.row(organization, digest).await? else { return Ok(None) };
        let pages = serde_json::from_str(&row.pages).map_err(|_| StoreError::Corrupt { what: "page sizes" })?;
        let admitted = Admitted { digest, bytes: u64::try_from(row.bytes).unwrap_or(0), pages: Arc::new(pages) };
        self.known.insert(known, admitted.clone());
        Ok(Some(admitted))
    }

    /// A file that was uploaded before; `None` if the organization has none of this id.
    pub async fn file(&self, organization: &OrganizationId, id: Uuid) -> Result<Option<File>, ServiceError> {
        let Some(row) = self.store.file(organization, id).await? else { return Ok(None) };
        let document = self.find(organization, row.digest).await?;
        Ok(document.map(|document| File { id: Some(FileId(id)), name: row.name, document }))
    }

    /// The bytes of an original, proven to be the ones that were taken in.
    pub async fn read(&self, organization: &OrganizationId, digest: Digest) -> Result<Vec<u8>, ServiceError> {
        let missing = ServiceError::Missing { what: "document" };
        let Some(row) = self.row(organization, digest).await? else { return Err(missing) };
        let key = self.vault.unwrap(row.blob.as_bytes(), &row.data_key)?;
        let Some(sealed) = self.blobs.get(&document_path(row.blob)).await? else { return Err(missing) };
        let bytes = key.open(&digest.0, &sealed)?;
        if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(missing) }
    }

    /// The page sizes of several documents of an organization. What a digest names never changes: those
    /// in memory need no look whether the document is still stored.
    pub async fn pages(
        &self,
        organization: &OrganizationId,
        digests: &[Digest],
    ) -> Result<HashMap<Digest, Arc<Vec<PageSize>>>, ServiceError> {
        let mut pages = HashMap::new();
        for digest in digests {
            let found = match self.known.get(&(organization.clone(), *digest)) {
                Some(known) => Some(known),
                None => self.find(organization, *digest).await?,
            };
            if let Some(found) = found {
                pages.insert(*digest, found.pages);
            }
        }
        Ok(pages)
    }

    async fn row(&self, organization: &OrganizationId, digest: Digest) -> Result<Option<DocumentRow>, ServiceError> {
        Ok(self.store.document(organization, digest).await?)
    }

    async fn keep(
        &self,
        organization: &OrganizationId,
        digest: Digest,
        bytes: &[u8],
        pages: Vec<PageSize>,
    ) -> Result<Admitted, ServiceError> {
        let blob = Uuid::new_v4();
        let key = DataKey::generate()?;
        let row = DocumentRow {
            organization: organization.clone(),
            digest,
            blob,
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            pages: serde_json::to_string(&pages).map_err(|_| StoreError::Corrupt { what: "page sizes" })?,
            data_key: self.vault.wrap(blob.as_bytes(), &key)?,
            created_us: self.clock.now().as_microsecond(),
        };
        // The object first: a row without its object would be a document that cannot be read.
        self.blobs.put(&document_path(blob), key.seal(&digest.0, bytes)?).await?;
        if !self.store.insert_document(&row).await? {
            self.blobs.delete(&document_path(blob)).await?;
        }
        let admitted = Admitted { digest, bytes: bytes.len() as u64, pages: Arc::new(pages) };
        self.known.insert((organization.clone(), digest), admitted.clone());
        Ok(admitted)
    }
}

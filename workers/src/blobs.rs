//! Blobs: whole objects by name. They are encrypted before they come here; this room knows neither
//! keys nor what is inside.

use std::path::Path;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use uuid::Uuid;

/// Why an object could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The object store failed.
    #[error("the document store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The folder could not be made.
    #[error("the document folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
}

/// Where documents lie.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Objects as files in a folder; each write is fsynced before it is acknowledged.
    pub fn folder(path: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(path)?;
        Ok(Self { store: Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true)) })
    }

    /// Whether objects can be stored and deleted.
    pub async fn probe(&self) -> Result<(), BlobError> {
        let name = format!("probe/{}", Uuid::new_v4());
        self.put(&name, Vec::new()).await?;
        self.delete(&name).await
    }

    /// Stores an object, replacing one of the same name.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        self.store.put(&Name::from(name), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// An object's bytes; `None` if there is none of that name.
    pub async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BlobError> {
        match self.store.get(&Name::from(name)).await {
            Ok(found) => Ok(Some(found.bytes().await?.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, name: &str) -> Result<(), BlobError> {
        match self.store.delete(&Name::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

//! Blobs: whole objects by name. They are encrypted before they come here; this room knows neither
//! keys nor what is inside.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig};
use uuid::Uuid;

use crate::tls;

/// How often a bucket is asked again before it counts as away.
const RETRIES_MAX: usize = 4;
/// For how long: whoever uploads or downloads waits for it.
const RETRY_FOR: Duration = Duration::from_secs(15);

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

/// A bucket of S3, or of a server that speaks its language, and what the names of objects there begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    bucket: String,
    prefix: Name,
}

/// A text that names no bucket.
#[derive(Debug, thiserror::Error)]
#[error("must be s3://bucket or s3://bucket/prefix")]
pub struct BadBucketUrl;

impl FromStr for BucketUrl {
    type Err = BadBucketUrl;
    fn from_str(text: &str) -> Result<Self, BadBucketUrl> {
        let place = text.strip_prefix("s3://").ok_or(BadBucketUrl)?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        // Stricter than any server: no room for a port, a user or a password.
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(legal) {
            return Err(BadBucketUrl);
        }
        let prefix = Name::parse(prefix.trim_end_matches('/')).map_err(|_| BadBucketUrl)?;
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
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

    /// Objects in a bucket. Which server, with what credentials: the usual `AWS_*` variables.
    pub fn bucket(url: &BucketUrl) -> Result<Self, BlobError> {
        tls::choose_ring();
        let retry = RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
        let store = AmazonS3Builder::from_env().with_bucket_name(&url.bucket).with_retry(retry).build()?;
        Ok(Self { store: Arc::new(PrefixStore::new(store, url.prefix.clone())) })
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

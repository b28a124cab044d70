//! An installation is one whichever machines its processes run on: one database, the same master keys, one
//! place of documents, one sealing key. The first process writes down what the others are known by; one
//! that brings something else is refused, before it encrypts what nobody else can read.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::ServiceError;
use super::master_keys::master_keys;
use crate::blobs::Blobs;
use crate::config::Settings;
use crate::keyring::{Keyring, MasterKeyId};
use crate::seal::{Authority, KEY_FILE};
use crate::store::Store;

/// Folder of the master keys and the sealing key, where they are not given otherwise.
const SECRETS: &str = "secrets";
/// File of the master keys there.
const MASTER_FILE: &str = "master.key";
/// Folder of the documents, where they do not lie in a bucket.
const DOCUMENTS: &str = "documents";

/// Why a process may not take part in an installation.
#[derive(Debug, thiserror::Error)]
pub enum Stranger {
    /// It lacks master keys that something is encrypted with.
    #[error(
        "master_key: this database needs another master key, {0}; give every process all that are in use, the one that \
         encrypts first (master_key_file, or COUNTERSIGN_MASTER_KEY)"
    )]
    MasterKey(String),
    /// It would encrypt with a master key that was replaced for good.
    #[error("master_key: the first one, {0}, was replaced and is retired; put the present one in front of it")]
    RetiredMasterKey(MasterKeyId),
    /// It has none.
    #[error(
        "master_key: there is none at {0}, and this database was made with one; put it there, or give it \
         (master_key_file, or COUNTERSIGN_MASTER_KEY)"
    )]
    NoMasterKey(PathBuf),
    /// It would encrypt anew with a master key that another was put in front of.
    #[error("master_key: {0} was put in front by another process; put it in front here as well")]
    FormerMasterKey(MasterKeyId),
    /// It would seal with a key that it made itself.
    #[error(
        "seal_key: other processes on this database seal with a key that is not in {0}; put theirs there, or \
         configure one for all (seal_key and seal_certificate)"
    )]
    SealingKey(PathBuf),
    /// It would look for documents where there are none, and store them where nobody looks.
    #[error("documents: those of this database do not lie in {0}; give every process the same place (documents_url)")]
    Documents(String),
}

/// Opens the database and the master keys of an installation: what the commands beside `serve` need.
pub async fn open_installation(settings: &Settings) -> Result<(Store, Keyring), ServiceError> {
    make_private(&settings.data)?;
    let store = match &settings.database_url {
        Some(url) => Store::open_url(url).await?,
        None => Store::open_file(&settings.data.join("countersign.db")).await?,
    };
    let masters = master_keys(settings, &store).await?;
    Ok((store, masters))
}

/// Where the master keys are, if they are not given otherwise.
pub(super) fn master_file(settings: &Settings) -> io::Result<PathBuf> {
    Ok(secrets(settings)?.join(MASTER_FILE))
}

/// The sealing key: the configured one, or one that is made on first start, for all processes.
pub(super) async fn sealing_key(settings: &Settings, store: &Store) -> Result<Authority, ServiceError> {
    const NAME: &str = "made sealing key";
    if let Some((key, chain)) = &settings.seal {
        return Ok(Authority::from_pem(&std::fs::read_to_string(key)?, &std::fs::read_to_string(chain)?)?);
    }
    let folder = secrets(settings)?;
    if store.agreed(NAME).await?.is_some() && !folder.join(KEY_FILE).exists() {
        return Err(Stranger::SealingKey(folder).into());
    }
    let authority = Authority::load_or_create(&folder, &settings.seal_name)?;
    let fingerprint = authority.fingerprint().as_bytes();
    match store.agree(NAME, fingerprint).await? == fingerprint {
        true => Ok(authority),
        false => Err(Stranger::SealingKey(folder).into()),
    }
}

/// Where the documents lie, proven to be where the others' lie: by an object that the first process put
/// there. Each process names its object anew, so that none overwrites another's.
pub(super) async fn documents(settings: &Settings, store: &Store) -> Result<Blobs, ServiceError> {
    const NAME: &str = "documents";
    let (blobs, place) = match &settings.documents_url {
        Some(url) => (Blobs::bucket(url)?, url.to_string()),
        None => {
            let folder = settings.data.join(DOCUMENTS);
            (Blobs::folder(&folder)?, folder.display().to_string())
        }
    };
    let path = |mark: &[u8]| format!("installation/{}", String::from_utf8_lossy(mark));
    let stands = match store.agreed(NAME).await? {
        Some(mark) => mark,
        None => {
            let mark = Uuid::new_v4().to_string().into_bytes();
            blobs.put(&path(&mark), mark.clone()).await?;
            let stands = store.agree(NAME, &mark).await?;
            if stands != mark {
                blobs.delete(&path(&mark)).await?;
            }
            stands
        }
    };
    match blobs.get(&path(&stands)).await? {
        Some(_) => Ok(blobs),
        None => Err(Stranger::Documents(place).into()),
    }
}

fn secrets(settings: &Settings) -> io::Result<PathBuf> {
    let folder = settings.data.join(SECRETS);
    make_private(&folder)?;
    Ok(folder)
}

/// Makes a folder that nobody but the owner gets into.
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

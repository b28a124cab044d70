//! Which master keys an installation uses. Each that ever encrypted is written down, by its proof, for as long as
//! something needs it: a process that was not given one of them is refused before it meets what it cannot read. Once
//! nothing needs it, it is written down as retired, and a process that would encrypt with it again is refused as well.

use crate::config::{MasterKeys, Settings};
use crate::keyring::{BadKeyring, Keyring, MasterKeyId};
use crate::stamp::StampKey;
use crate::store::Store;
use crate::vault::{Vault, VaultError};

use super::ServiceError;
use super::installation::{self, Stranger, open_installation};

/// Under what the first master key is written down; behind it stand the numbers and ids of those that followed.
const IN_USE: &str = "master key";
/// The same of those that nothing needs any more.
const RETIRED: &str = "retired master key";
/// Under what the key is kept by which accounts at providers are told apart. It must outlast master keys: an account
/// that got another stamp would get another quota.
const ACCOUNTS: &str = "key of accounts at providers";

/// The master keys that are written down.
#[derive(Debug)]
pub(super) struct Known {
    /// Those in use, with the names that they stand under; the one that was put in front last is last.
    in_use: Vec<(String, Vec<u8>)>,
    retired: Vec<MasterKeyId>,
}

impl Known {
    pub(super) async fn of(store: &Store) -> Result<Self, ServiceError> {
        let mut known = Self { in_use: Vec::new(), retired: Vec::new() };
        for (name, proof) in store.agreements().await? {
            if name.starts_with(IN_USE) {
                known.in_use.push((name, proof));
            } else if name.starts_with(RETIRED) {
                known.retired.extend(MasterKeyId::of_proof(&proof));
            }
        }
        known.in_use.sort();
        Ok(known)
    }

    /// The one that was put in front last, if it is another than this.
    pub(super) fn later_than(&self, id: MasterKeyId) -> Option<MasterKeyId> {
        self.in_use().last().filter(|last| *last != id)
    }

    /// Whether there is none: nothing was ever encrypted here.
    pub(super) fn is_empty(&self) -> bool {
        self.in_use.is_empty() && self.retired.is_empty()
    }

    /// The ids of those in use.
    pub(super) fn in_use(&self) -> impl Iterator<Item = MasterKeyId> {
        self.in_use.iter().filter_map(|(_, proof)| MasterKeyId::of_proof(proof))
    }

    /// Whether something was encrypted with it, and nothing is any more.
    pub(super) fn is_retired(&self, id: MasterKeyId) -> bool {
        self.retired.contains(&id)
    }

    /// Those in use that a ring has not.
    fn missing(&self, masters: &Keyring) -> Vec<MasterKeyId> {
        let missing = self.in_use.iter().filter(|(_, proof)| !masters.has(proof));
        missing.filter_map(|(_, proof)| MasterKeyId::of_proof(proof)).collect()
    }
}

/// The master keys that this process was given, or makes where there are none; proven to be those that the database
/// needs. The primary one is in use from then on.
pub(super) async fn master_keys(settings: &Settings, store: &Store) -> Result<Keyring, ServiceError> {
    let known = Known::of(store).await?;
    let masters = match &settings.master_keys {
        MasterKeys::Given(masters) => masters.clone(),
        MasterKeys::File(file) => Keyring::load(file)?.ok_or_else(|| Stranger::NoMasterKey(file.clone()))?,
        MasterKeys::InData => {
            let file = installation::master_file(settings)?;
            match Keyring::load(&file)? {
                Some(masters) => masters,
                None if known.is_empty() => Keyring::create(&file)?,
                None => return Err(Stranger::NoMasterKey(file).into()),
            }
        }
    };
    admit(store, known, &masters).await?;
    Ok(masters)
}

async fn admit(store: &Store, mut known: Known, masters: &Keyring) -> Result<(), ServiceError> {
    let primary = masters.primary_id();
    let proof = masters.proof();
    if known.is_empty() {
        // Whichever process is first decides; the others are held against its key.
        store.agree(IN_USE, &proof).await?;
        known = Known::of(store).await?;
    }
    let missing = known.missing(masters);
    if !missing.is_empty() {
        return Err(Stranger::MasterKey(listed(&missing)).into());
    }
    if known.is_retired(primary) {
        return Err(Stranger::RetiredMasterKey(primary).into());
    }
    if !known.in_use().any(|id| id == primary) {
        let number = known.in_use.len() + known.retired.len();
        store.agree(&format!("{IN_USE} {number:03} {primary}"), &proof).await?;
        tracing::info!(key = %primary, "another master key encrypts from now on");
    }
    Ok(())
}

fn listed(ids: &[MasterKeyId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Writes down that nothing needs a master key any more.
pub(super) async fn retire(store: &Store, known: &Known, id: MasterKeyId) -> Result<(), ServiceError> {
    let is_it = |(_, proof): &&(String, Vec<u8>)| MasterKeyId::of_proof(proof) == Some(id);
    if let Some((name, _)) = known.in_use.iter().find(is_it) {
        store.rename_agreement(name, &format!("{RETIRED} {id}")).await?;
    }
    Ok(())
}

/// The key by which accounts at providers are told apart: kept, and encrypted like everything else. Before it was kept it
/// was derived from the first master key, and is so still where it is made.
pub(super) async fn accounts_key(store: &Store, masters: &Keyring, vault: &Vault) -> Result<StampKey, ServiceError> {
    let sealed = match store.agreed(ACCOUNTS).await? {
        Some(sealed) => sealed,
        None => {
            let known = Known::of(store).await?;
            let first = known.in_use.iter().find(|(name, _)| name == IN_USE);
            let first = first.and_then(|(_, proof)| MasterKeyId::of_proof(proof)).unwrap_or(masters.primary_id());
            let key = masters.with_primary(first).derive("accounts at providers");
            store.agree(ACCOUNTS, &vault.seal(ACCOUNTS.as_bytes(), key.primary().bytes())?).await?
        }
    };
    let bytes = vault.open(ACCOUNTS.as_bytes(), &sealed)?;
    Ok(StampKey::new(bytes.try_into().map_err(|_| VaultError::Cipher)?))
}

/// Why the master keys in the data folder were not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// They are not there.
    #[error("master_key: is given by master_key_file or COUNTERSIGN_MASTER_KEY; change it there")]
    Elsewhere,
    /// There is no room for another.
    #[error("master_key: the file {0}; drop those that are retired")]
    Keyring(#[from] BadKeyring),
    /// Our own trouble.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Puts another master key in front of the ring in the data folder: the one that was prepared, or a fresh one. It
/// encrypts in every process that is started from then on. The ring as it was, and as it is.
pub async fn rotate(settings: &Settings) -> Result<(Keyring, Keyring), NotChanged> {
    change(settings, |masters, known| match prepared(masters, known) {
        Some(id) => Ok(masters.with_primary(id)),
        None => masters.with_another(true),
    })
    .await
}

/// Puts a fresh master key behind the others, unless one is there that was never used: so that every process can be
/// given it before any encrypts with it.
pub async fn prepare(settings: &Settings) -> Result<(Keyring, Keyring), NotChanged> {
    change(settings, |masters, known| match prepared(masters, known) {
        Some(_) => Ok(masters.clone()),
        None => masters.with_another(false),
    })
    .await
}

/// Takes retired master keys out of the data folder.
pub async fn drop_retired(settings: &Settings) -> Result<(Keyring, Keyring), NotChanged> {
    change(settings, |masters, known| masters.without(|id| known.is_retired(id))).await
}

async fn change(
    settings: &Settings,
    next: impl FnOnce(&Keyring, &Known) -> Result<Keyring, BadKeyring>,
) -> Result<(Keyring, Keyring), NotChanged> {
    if !matches!(settings.master_keys, MasterKeys::InData) {
        return Err(NotChanged::Elsewhere);
    }
    let (store, masters) = open_installation(settings).await?;
    let known = Known::of(&store).await?;
    store.close().await;
    let next = next(&masters, &known)?;
    if !next.ids().eq(masters.ids()) {
        let saved = installation::master_file(settings).and_then(|file| next.save(&file));
        saved.map_err(ServiceError::from)?;
    }
    Ok((masters, next))
}

/// A key of the ring that nothing was encrypted with.
fn prepared(masters: &Keyring, known: &Known) -> Option<MasterKeyId> {
    masters.ids().find(|id| !known.is_retired(*id) && !known.in_use().any(|used| used == *id))
}

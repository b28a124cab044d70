//! What the webhooks of documents are stamped with: each API key has one secret for all of its documents (D4Sign's
//! "secret key MAC"). It is made when it is first asked for, and stays the same for as long as the key works.

use countersign_engine::ids::KeyId;

use super::{Service, ServiceError};
use crate::store::Store;
use crate::vault::Vault;
use crate::webhooks::Secret;

/// The secret of an API key.
///
/// # Errors
/// [`ServiceError::Missing`] if there is no such key.
pub async fn mac_secret(store: &Store, vault: &Vault, key: KeyId) -> Result<Secret, ServiceError> {
    let sealed = match store.mac_secret(key).await? {
        Some(sealed) => sealed,
        None => {
            let fresh = Secret::generate().seal(key.0, vault)?;
            store.give_mac_secret(key, &fresh).await?.ok_or(ServiceError::Missing { what: "API key" })?
        }
    };
    Ok(Secret::open(&sealed, key.0, vault)?)
}

impl Service {
    /// What the webhooks of an API key's documents are stamped with.
    pub async fn mac_secret(&self, key: KeyId) -> Result<Secret, ServiceError> {
        mac_secret(&self.store, &self.vault, key).await
    }
}

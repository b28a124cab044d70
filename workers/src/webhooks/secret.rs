//! Secrets of webhooks: `whsec_` and 32 random bytes in base64, as Standard Webhooks has them. Encrypted wherever
//! they are stored, and shown when they are made. Those of documents' webhooks are their API key's.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_engine::ids::KeyId;
use uuid::Uuid;

use crate::stamp::{self, KEY_BYTES, StampKey};
use crate::vault::{Vault, VaultError};

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";

/// What an endpoint's messages are stamped with. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; KEY_BYTES]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A fresh one.
    pub fn generate() -> Self {
        Self(stamp::random())
    }

    /// The one that an API key's webhooks of documents share (D4Sign's "secret key MAC"): derived, so that it can be
    /// told with the key and be used for every document without being stored with the key.
    pub fn of_key(minting: &StampKey, key: KeyId) -> Self {
        Self(minting.stamp(&[b"webhooks of documents", key.0.as_bytes()]))
    }

    /// The bytes, which the standard stamp is made with.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as it is shown, which the other stamps are made with.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The secret as it is stored, bound to its endpoint.
    pub fn seal(&self, endpoint: Uuid, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        vault.seal(endpoint.as_bytes(), &self.0)
    }

    /// A stored secret.
    pub fn open(sealed: &[u8], endpoint: Uuid, vault: &Vault) -> Result<Self, VaultError> {
        let bytes = vault.open(endpoint.as_bytes(), sealed)?;
        bytes.try_into().map(Self).map_err(|_| VaultError::Cipher)
    }
}

//! Secrets of webhooks: `whsec_` and 32 random bytes in base64, as Standard Webhooks has them. Encrypted wherever
//! they are stored, and shown when they are made.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::stamp::{self, KEY_BYTES};
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

    /// The bytes, which the standard stamp is made with.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as it is shown, which the other stamps are made with.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The secret as it is stored, bound to whose it is: an endpoint's, or an API key's.
    pub fn seal(&self, owner: Uuid, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        vault.seal(owner.as_bytes(), &self.0)
    }

    /// A stored secret.
    pub fn open(sealed: &[u8], owner: Uuid, vault: &Vault) -> Result<Self, VaultError> {
        let bytes = vault.open(owner.as_bytes(), sealed)?;
        bytes.try_into().map(Self).map_err(|_| VaultError::Cipher)
    }
}

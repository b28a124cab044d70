//! What a vendor knows an organization by. Encrypted wherever it is stored, never printed, never given out again.

use std::fmt;

use countersign_engine::ids::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Vendor;
use crate::stamp::StampKey;
use crate::vault::{Vault, VaultError};

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret of a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The credentials of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
pub enum Credentials {
    /// None: it is ourselves.
    Native,
    /// D4Sign's `tokenAPI` and `cryptKey`.
    D4sign {
        /// `tokenAPI`.
        token: Secret,
        /// `cryptKey`, where the account has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crypt_key: Option<Secret>,
    },
    /// Certyneo's API key.
    Certyneo {
        /// `sk_…`.
        key: Secret,
    },
}

impl Credentials {
    /// Whose they are.
    pub fn vendor(&self) -> Vendor {
        match self {
            Credentials::Native => Vendor::Native,
            Credentials::D4sign { .. } => Vendor::D4sign,
            Credentials::Certyneo { .. } => Vendor::Certyneo,
        }
    }

    /// By what the account's calls are counted: configurations with the same credentials at the same host share a
    /// quota, whosever they are and whatever path they call. It tells nothing of the credentials.
    pub fn account(&self, host: &str, key: &StampKey) -> Digest {
        let known_by = match self {
            Credentials::Native => "",
            Credentials::D4sign { token, .. } => token.expose(),
            Credentials::Certyneo { key } => key.expose(),
        };
        let parts = [b"account".as_slice(), self.vendor().as_str().as_bytes(), host.as_bytes(), known_by.as_bytes()];
        Digest(key.stamp(&parts))
    }

    /// The credentials as they are stored, bound to their configuration.
    pub fn seal(&self, config: Uuid, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        let plain = serde_json::to_vec(self).map_err(|_| VaultError::Cipher)?;
        vault.seal(&Self::subject(config.as_bytes()), &plain)
    }

    /// Stored credentials.
    pub fn open(sealed: &[u8], config: Uuid, vault: &Vault) -> Result<Self, VaultError> {
        let plain = vault.open(&Self::subject(config.as_bytes()), sealed)?;
        serde_json::from_slice(&plain).map_err(|_| VaultError::Cipher)
    }

    /// What the encryption is bound to, for a configuration's id: another one's credentials do not open there.
    pub fn subject(config: &[u8]) -> Vec<u8> {
        [b"credentials of ".as_slice(), config].concat()
    }
}

//! An organization's account at a vendor, ready to be called.

use countersign_engine::ids::OrganizationId;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Credentials, Stand, Vendor};
use crate::store::{ProviderRow, StoreError};
use crate::vault::{Vault, VaultError};

/// Where a vendor answers, and what it must be told that is no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigSettings {
    /// Where it answers: scheme, host, port, and a path where the API does not lie at the root.
    pub base_url: String,
    /// D4Sign: the safe that documents are put into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<String>,
}

impl ConfigSettings {
    /// Stored ones.
    pub fn read(stored: &str) -> Result<Self, StoreError> {
        serde_json::from_str(stored).map_err(|_| StoreError::Corrupt { what: "provider configuration" })
    }

    /// Scheme, host and port of where it answers, written in the one way there is for them; `None` if it is no address.
    pub fn host(&self) -> Option<String> {
        Url::parse(&self.base_url).ok().map(|url| url.origin().ascii_serialization())
    }
}

/// An account at a vendor.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// At whom.
    pub vendor: Vendor,
    /// Where it answers, and what it must be told.
    pub settings: ConfigSettings,
    /// What the vendor knows it by.
    pub credentials: Credentials,
    /// How its calls went of late.
    pub stand: Stand,
    /// Its row.
    pub row: ProviderRow,
}

impl Config {
    /// The account of a row.
    pub fn open(row: ProviderRow, vault: &Vault) -> Result<Self, NotOpened> {
        let corrupt = StoreError::Corrupt { what: "provider configuration" };
        let vendor = Vendor::parse(&row.provider).ok_or(corrupt)?;
        let settings = ConfigSettings::read(&row.settings)?;
        let stand = Stand::read(&row.stand)?;
        let credentials = Credentials::open(&row.credentials, row.id, vault)?;
        Ok(Self { id: row.id, organization: row.organization.clone(), vendor, settings, credentials, stand, row })
    }

    /// The address of something of the vendor's API; `None` if the base URL is none.
    pub fn url(&self, path: &str) -> Option<Url> {
        let (base, api) = (self.settings.base_url.trim_end_matches('/'), Vendor::API_PATH);
        Url::parse(&format!("{base}{api}{path}")).ok()
    }
}

/// Why an account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// What is encrypted cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// What is stored cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

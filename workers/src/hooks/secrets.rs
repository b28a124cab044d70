//! What a configuration's hooks are held against: its scheme and its secrets, sealed together, because the scheme says how
//! a secret is read. Two are live while one is replaced.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BadSecret, HookSecret, Scheme};
use crate::vault::{Vault, VaultError};

/// Longest time that a former secret stays live beside the new one.
pub const FORMER_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The scheme and the secrets of a configuration. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookSecrets {
    scheme: String,
    current: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<Former>,
}

/// The secret before the current one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Former {
    secret: String,
    /// Until when it is live, in microseconds.
    until_us: i64,
}

impl std::fmt::Debug for HookSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookSecrets").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl HookSecrets {
    /// A scheme with its first secret.
    pub fn new(scheme: &Scheme, secret: &str) -> Result<Self, BadSecret> {
        HookSecret::read(scheme, secret)?;
        Ok(Self { scheme: scheme.name.to_owned(), current: secret.to_owned(), former: None })
    }

    /// The scheme with another secret; the one before stays live until an instant, at most [`FORMER_MAX`] from `now`. The
    /// same secret again changes nothing: who repeats a call does not end what the first one began.
    pub fn rotated(&self, scheme: &Scheme, secret: &str, until: Timestamp, now: Timestamp) -> Result<Self, BadSecret> {
        let next = Self::new(scheme, secret)?;
        if next.scheme != self.scheme {
            return Ok(next);
        }
        if next.current == self.current {
            return Ok(self.clone());
        }
        let until_us = until.min(now + FORMER_MAX).as_microsecond();
        Ok(Self { former: Some(Former { secret: self.current.clone(), until_us }), ..next })
    }

    /// The same secret by another scheme; the one before it is live no longer.
    pub fn by(self, scheme: &Scheme) -> Result<Self, BadSecret> {
        if scheme.name == self.scheme { Ok(self) } else { Self::new(scheme, &self.current) }
    }

    /// The scheme.
    pub fn scheme(&self) -> Option<&'static Scheme> {
        Scheme::named(&self.scheme)
    }

    /// Until when the former secret is live; `None` if there is none, or it is live no longer.
    pub fn former_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until_us = self.former.as_ref()?.until_us;
        Timestamp::from_microsecond(until_us).ok().filter(|until| *until > now)
    }

    /// The secrets that are live at an instant, the current one first; none if what is stored is none.
    pub fn live(&self, now: Timestamp) -> Vec<HookSecret> {
        let Some(scheme) = self.scheme() else { return Vec::new() };
        let former = self.former.as_ref().filter(|former| now.as_microsecond() < former.until_us);
        let texts = [Some(&self.current), former.map(|former| &former.secret)];
        texts.into_iter().flatten().filter_map(|text| HookSecret::read(scheme, text).ok()).collect()
    }

    /// As they are stored, bound to their configuration.
    pub fn seal(&self, config: Uuid, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        let json = serde_json::to_vec(self).map_err(|_| VaultError::Cipher)?;
        vault.seal(config.as_bytes(), &json)
    }

    /// Stored ones; `None` if there are none.
    pub fn open(sealed: &[u8], config: Uuid, vault: &Vault) -> Result<Option<Self>, VaultError> {
        if sealed.is_empty() {
            return Ok(None);
        }
        let json = vault.open(config.as_bytes(), sealed)?;
        serde_json::from_slice(&json).map(Some).map_err(|_| VaultError::Cipher)
    }
}

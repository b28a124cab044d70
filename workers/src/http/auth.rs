//! API credentials: a Bearer key, known by the SHA-256 of its secret, with permissions.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use countersign_engine::ids::{Digest, KeyId, OrganizationId};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::fault::Fault;
use crate::stamp;
use crate::store::{KeyRow, Store, StoreError};

/// How long a key is remembered; a revoked one stops working within this time everywhere.
const REMEMBERED: Duration = Duration::from_millis(500);
/// Most keys remembered.
const REMEMBERED_MAX: usize = 10_000;
/// What every secret begins with.
pub const PREFIX: &str = "sk_live_";

/// What a key may do (seed 002).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Create, cancel, resend.
    Create,
    /// List, read, download.
    Read,
    /// Delete.
    Delete,
    /// Manage keys and provider configurations.
    Admin,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Permission; 4] = [Permission::Create, Permission::Read, Permission::Delete, Permission::Admin];

    /// The permission's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Create => "ESIGNATURE_CREATE",
            Permission::Read => "ESIGNATURE_READ",
            Permission::Delete => "ESIGNATURE_DELETE",
            Permission::Admin => "ESIGNATURE_ADMIN",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Permission::ALL.into_iter().find(|permission| permission.as_str() == text);
        found.ok_or_else(|| format!("{text}: permissions are {}", Permission::ALL.map(Permission::as_str).join(", ")))
    }
}

/// A caller with a key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose key it is.
    pub organization: OrganizationId,
    /// Which key.
    pub key: KeyId,
    permissions: Vec<Permission>,
}

/// Knows keys.
#[derive(Clone, Debug)]
pub struct Keys {
    store: Store,
    known: Arc<Cache<Digest, (Instant, Option<KeyRow>)>>,
}

impl Keys {
    /// The keys of a store.
    pub fn new(store: Store) -> Self {
        Self { store, known: Arc::new(Cache::new(REMEMBERED_MAX)) }
    }

    /// Who calls, if they may do this.
    pub async fn admit(&self, headers: &HeaderMap, needed: Permission) -> Result<Caller, Fault> {
        let caller = self.identify(headers).await?;
        if caller.permissions.contains(&needed) {
            return Ok(caller);
        }
        Err(Fault::header(
            StatusCode::FORBIDDEN,
            "Authorization",
            "permission_denied",
            format!("This key does not have the permission {needed}."),
        ))
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Caller, Fault> {
        let unauthorized = |code, detail| Fault::header(StatusCode::UNAUTHORIZED, "Authorization", code, detail);
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(secret) = header.and_then(bearer) else {
            return Err(unauthorized("key_missing", "Send your API key as: Authorization: Bearer <key>."));
        };
        match self.find(secret).await.map_err(|error| Fault::internal(&error))? {
            Some(key) if key.revoked_us.is_none() => {
                Ok(Caller { permissions: permissions_of(&key), organization: key.organization, key: key.id })
            }
            _ => Err(unauthorized("key_unknown", "This API key is unknown or was revoked.")),
        }
    }

    async fn find(&self, secret: &str) -> Result<Option<KeyRow>, StoreError> {
        let hash = Digest::of(secret.as_bytes());
        if let Some((at, known)) = self.known.get(&hash)
            && at.elapsed() < REMEMBERED
        {
            return Ok(known);
        }
        let found = self.store.key_by_hash(hash).await?;
        self.known.insert(hash, (Instant::now(), found.clone()));
        Ok(found)
    }
}

/// A fresh key: its row, and the secret that is shown this once.
pub fn new_key(
    organization: OrganizationId,
    name: String,
    permissions: &[Permission],
    now: Timestamp,
) -> (KeyRow, String) {
    let secret = format!("{PREFIX}{}", stamp::encode(&stamp::random::<32>()));
    let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
    let row = KeyRow {
        id: KeyId(Uuid::now_v7()),
        organization,
        name,
        hash: Digest::of(secret.as_bytes()),
        hint: format!("{PREFIX}…{}", &secret[secret.len() - 4..]),
        permissions: names.join(","),
        created_us: now.as_microsecond(),
        revoked_us: None,
    };
    (row, secret)
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

fn permissions_of(key: &KeyRow) -> Vec<Permission> {
    key.permissions.split(',').filter_map(|name| name.parse().ok()).collect()
}

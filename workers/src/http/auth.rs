//! API credentials: who calls, known by the SHA-256 of their key's secret, and how keys are made.
//!
//! A key may have a second secret (seed 001's `cryptKey`), which must then come along with every call, in every
//! dialect: in the header `cryptKey`, unless the dialect has another place for it.
//!
//! Whoever is admitted has paid for the call with one of their key's tokens ([`super::limit`]), and their
//! key is noted as used, beside the call and at most once a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::{Digest, KeyId, OrganizationId, RequestId};
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::fault::{Fault, Source};
use super::limit::Limits;
pub use super::permission::Permission;
use crate::clock::Clock;
use crate::commit::{Order, Receipt};
use crate::service::Service;
use crate::stamp;
use crate::store::{KeyRow, Mode, Store, StoreError};

/// How long a key is remembered; a revoked one stops working within this time everywhere, and at once in
/// the process that revoked it.
const REMEMBERED: Duration = Duration::from_millis(500);
/// Most keys remembered.
const REMEMBERED_MAX: usize = 10_000;
/// How exactly it is known when a key was last used.
const USE_GRAIN: SignedDuration = SignedDuration::from_mins(1);
/// What every secret of a live key begins with.
pub const PREFIX: &str = "sk_live_";
/// What every secret of a test key begins with.
pub const TEST_PREFIX: &str = "sk_test_";
/// What every second secret begins with.
const CRYPT_PREFIX: &str = "crypt_";
/// The header with a key's second secret.
pub const CRYPT_HEADER: &str = "cryptkey";
/// Between the prefix and the last four characters in a key's hint.
const HIDDEN: char = '…';

/// A caller with a key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Where they work: the key's organization, or its test world.
    pub organization: OrganizationId,
    /// Which key.
    pub key: KeyId,
    permissions: Vec<Permission>,
}

impl Caller {
    /// Whether they may do what needs this permission.
    pub fn may(&self, needed: Permission) -> bool {
        self.permissions.iter().any(|held| held.lets(needed))
    }

    /// What they wish of a request, once if there is a receipt.
    pub fn order(&self, request: RequestId, wish: Wish, receipt: Option<Receipt>) -> Order {
        let command = Command { request, wish };
        Order { receipt, ..Order::by(Actor::Key(self.key), self.organization.clone(), command) }
    }
}

/// What a caller shows. Never printed.
#[derive(Clone)]
pub struct Credentials {
    /// The key's secret.
    pub secret: String,
    /// Its second one.
    pub crypt: Option<String>,
    /// Where a fault of either is told to be.
    pub source: Source,
}

impl Credentials {
    /// Those in the headers of a call: `Authorization: Bearer …`, and `cryptKey`.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let secret = bearer(text(AUTHORIZATION)?)?.to_owned();
        let crypt = text(HeaderName::from_static(CRYPT_HEADER)).map(|crypt| crypt.trim().to_owned());
        Some(Self { secret, crypt, source: Source::Header("Authorization") })
    }
}

/// Knows keys. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keys {
    store: Store,
    clock: Clock,
    limits: Limits,
    known: Arc<Cache<Digest, (Instant, Option<KeyRow>)>>,
    /// When each key's use was last noted here, in microseconds.
    noted: Arc<Cache<KeyId, i64>>,
    /// Counts what was forgotten: a look that began before is not remembered.
    forgotten: Arc<AtomicU64>,
}

impl Keys {
    /// The keys of an installation.
    pub fn new(service: &Service) -> Self {
        Self {
            store: service.store.clone(),
            clock: service.clock.clone(),
            limits: Limits::new(service),
            known: Arc::new(Cache::new(REMEMBERED_MAX)),
            noted: Arc::new(Cache::new(REMEMBERED_MAX)),
            forgotten: Arc::default(),
        }
    }

    /// Who calls, if they may do this and their key may call now.
    pub async fn admit(&self, headers: &HeaderMap, needed: Permission) -> Result<Caller, Fault> {
        self.admit_with(shown(headers)?, needed).await
    }

    /// Who shows this, if they may do this and their key may call now.
    pub async fn admit_with(&self, shown: Credentials, needed: Permission) -> Result<Caller, Fault> {
        let key = self.identify(&shown).await?;
        self.limits.charge(key.id).await?;
        self.note_use(&key);
        permitted(key, needed, shown.source)
    }

    /// Who called and is still being answered, if they still may. Costs nothing.
    pub async fn still_admits(&self, headers: &HeaderMap, needed: Permission) -> Result<Caller, Fault> {
        let shown = shown(headers)?;
        permitted(self.identify(&shown).await?, needed, shown.source)
    }

    /// Revokes a key of an organization: false if it has none of this id that still works. Here the key's next
    /// call fails.
    pub async fn revoke(&self, organization: &OrganizationId, id: KeyId) -> Result<bool, StoreError> {
        let done = self.store.revoke_key(organization, id, self.clock.now().as_microsecond()).await?;
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.clear();
        Ok(done)
    }

    async fn identify(&self, shown: &Credentials) -> Result<KeyRow, Fault> {
        let unauthorized = |code, detail| Err(unauthorized(shown.source.clone(), code, detail));
        match self.find(&shown.secret).await.map_err(|error| Fault::internal(&error))? {
            Some(key) if key.revoked_us.is_none() => match (key.crypt_hash, &shown.crypt) {
                (None, _) => Ok(key),
                (Some(hash), Some(crypt)) if stamp::same(&hash.0, &Digest::of(crypt.as_bytes()).0) => Ok(key),
                (Some(_), None) => unauthorized("crypt_key_missing", "This API key needs its cryptKey as well."),
                (Some(_), Some(_)) => unauthorized("crypt_key_wrong", "The cryptKey is not this API key's."),
            },
            _ => unauthorized("key_unknown", "This API key is unknown or was revoked."),
        }
    }

    async fn find(&self, secret: &str) -> Result<Option<KeyRow>, StoreError> {
        let hash = Digest::of(secret.as_bytes());
        if let Some((at, known)) = self.known.get(&hash)
            && at.elapsed() < REMEMBERED
        {
            return Ok(known);
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let found = self.store.key_by_hash(hash).await?;
        self.known.insert(hash, (Instant::now(), found.clone()));
        if self.forgotten.load(Ordering::SeqCst) != before {
            self.known.remove(&hash);
        }
        Ok(found)
    }

    /// Writes down when the key was used, beside the call, unless that was done a moment ago.
    fn note_use(&self, key: &KeyRow) {
        let now_us = self.clock.now().as_microsecond();
        let since_us = now_us - i64::try_from(USE_GRAIN.as_micros()).unwrap_or(i64::MAX);
        let id = key.id;
        let noted = self.noted.get(&id).max(key.last_used_us);
        if noted.is_some_and(|noted| noted > since_us) {
            return;
        }
        self.noted.insert(id, now_us);
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.use_key(id, now_us, since_us).await {
                tracing::warn!(%error, key = %id, "the use of a key was not noted");
            }
        });
    }
}

fn shown(headers: &HeaderMap) -> Result<Credentials, Fault> {
    let detail = "Send your API key as: Authorization: Bearer <key>.";
    Credentials::of(headers).ok_or_else(|| unauthorized(Source::Header("Authorization"), "key_missing", detail))
}

fn unauthorized(source: Source, code: &str, detail: &str) -> Fault {
    Fault { source, ..Fault::new(StatusCode::UNAUTHORIZED, code, detail) }
}

fn permitted(key: KeyRow, needed: Permission, source: Source) -> Result<Caller, Fault> {
    let caller = Caller { organization: key.world(), key: key.id, permissions: permissions_of(&key) };
    if caller.may(needed) {
        return Ok(caller);
    }
    let enough = needed.enough().join(" or ");
    let detail = format!("This key does not have the permission {enough}.");
    Err(Fault { source, ..Fault::new(StatusCode::FORBIDDEN, "permission_denied", detail) })
}

/// A fresh key: its row, and the secret that is shown this once. One for a test world is a test key of the
/// organization that the world belongs to.
pub fn new_key(world: OrganizationId, name: String, permissions: &[Permission], now: Timestamp) -> (KeyRow, String) {
    key_of(KeyId(Uuid::now_v7()), &stamp::random(), (world, name, permissions), now)
}

/// A key of this id whose secret is made of these 256 bits.
pub fn key_of(
    id: KeyId,
    bits: &[u8; 32],
    (world, name, permissions): (OrganizationId, String, &[Permission]),
    now: Timestamp,
) -> (KeyRow, String) {
    let (mode, prefix) = match world.is_test_world() {
        true => (Mode::Test, TEST_PREFIX),
        false => (Mode::Live, PREFIX),
    };
    let secret = format!("{prefix}{}", stamp::encode(bits));
    let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
    let row = KeyRow {
        id,
        organization: world.owner(),
        name,
        hash: Digest::of(secret.as_bytes()),
        hint: format!("{prefix}{HIDDEN}{}", &secret[secret.len() - 4..]),
        permissions: names.join(","),
        created_us: now.as_microsecond(),
        revoked_us: None,
        mode,
        last_used_us: None,
        crypt_hash: None,
    };
    (row, secret)
}

/// Gives a key that is not filed yet a second secret, made of these 256 bits.
pub fn give_crypt(row: &mut KeyRow, bits: &[u8; 32]) -> String {
    let crypt = format!("{CRYPT_PREFIX}{}", stamp::encode(bits));
    row.crypt_hash = Some(Digest::of(crypt.as_bytes()));
    crypt
}

/// A key's prefix and last four characters.
pub fn shown_of(key: &KeyRow) -> (&str, &str) {
    key.hint.split_once(HIDDEN).unwrap_or((&key.hint, ""))
}

/// What a key may do.
pub fn permissions_of(key: &KeyRow) -> Vec<Permission> {
    key.permissions.split(',').filter_map(|name| name.parse().ok()).collect()
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

//! What vendors told: taken in, kept as it came and encrypted, read again, filed once more. What it means and what it does
//! is for others.

use std::sync::Arc;

use countersign_engine::ids::{Digest, OrganizationId};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::ServiceError;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::commit::Receipt;
use crate::hooks::{Genuine, HookSecret, HookSecrets, Scheme, Trust};
use crate::store::{InboundBody, InboundRow, InboundState, Scope, Share, Store, Taken};
use crate::vault::{DataKey, Vault};

/// How long it is kept once it has its verdict, and so how long it can be replayed.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long what says neither when it was sent nor which message it is, is taken for a repeat of the same: D4Sign tries
/// for 27 hours. Later, the same thing may have happened again.
const REPEATED: SignedDuration = SignedDuration::from_hours(48);

/// Most messages that are kept under one stamp that does not cover what they say: a document of a hundred signers has
/// fewer.
const OF_STAMP_MAX: i64 = 512;
/// And most bytes of them.
const OF_STAMP_MAX_BYTES: i64 = 4 * 1024 * 1024;

/// Knows what vendors told.
#[derive(Clone, Debug)]
pub struct Inbound {
    store: Store,
    vault: Vault,
    clock: Clock,
    bus: Arc<Bus>,
}

/// A configuration that a message is addressed to.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// Which.
    pub config: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// Which vendor's.
    pub provider: String,
    /// What its messages are held against; `None` if it hears nothing.
    pub scheme: Option<&'static Scheme>,
    /// With which secrets.
    pub secrets: Vec<HookSecret>,
}

/// A genuine message.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'l> {
    /// By what it was held genuine.
    pub scheme: &'static Scheme,
    /// What that showed.
    pub genuine: &'l Genuine,
    /// Its type, as it was given.
    pub content_type: Option<&'l str>,
    /// Its bytes.
    pub body: &'l [u8],
}

/// What became of asking for something once more.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// It was filed.
    Filed(Box<InboundRow>),
    /// There is no such delivery.
    Unknown,
    /// It is still to be applied.
    Pending,
    /// Its body was erased.
    Erased,
}

impl Inbound {
    /// What vendors told, in a store.
    pub fn new(store: Store, vault: Vault, clock: Clock, bus: Arc<Bus>) -> Self {
        Self { store, vault, clock, bus }
    }

    /// The configuration of a vendor that a message is addressed to; `None` if there is none. It takes as long either way.
    pub async fn addressee(&self, provider: &str, config: Uuid) -> Result<Option<Addressee>, ServiceError> {
        let row = self.store.provider_config(Scope::All, config).await?;
        let Some(row) = row.filter(|row| row.provider == provider) else { return Ok(None) };
        let secrets = HookSecrets::open(&row.hook_secrets, row.id, &self.vault)?;
        Ok(Some(Addressee {
            config: row.id,
            organization: row.organization,
            provider: row.provider,
            scheme: secrets.as_ref().and_then(HookSecrets::scheme),
            secrets: secrets.map(|secrets| secrets.live(self.clock.now())).unwrap_or_default(),
        }))
    }

    /// Keeps a genuine message. It is durable when this returns, and is applied by a clerk.
    pub async fn take(&self, to: &Addressee, letter: Letter<'_>) -> Result<Taken, ServiceError> {
        let (id, now) = (Uuid::now_v7(), self.clock.now());
        let (organization, provider) = (to.organization.clone(), to.provider.clone());
        let row = InboundRow {
            scheme: letter.scheme.name.to_owned(),
            trust: letter.genuine.trust.as_str().to_owned(),
            digest: Some(Digest::of(letter.body)),
            bytes: letter.body.len() as i64,
            content_type: letter.content_type.map(str::to_owned),
            stamped_us: letter.genuine.stamped_at.map(Timestamp::as_microsecond),
            ..InboundRow::new(id, organization, to.config, provider, now.as_microsecond())
        };
        let since_us = match letter.genuine.trust {
            Trust::None | Trust::Origin => (now - REPEATED).as_microsecond(),
            Trust::Body | Trust::BodyAndTime => i64::MIN,
        };
        let body = self.seal(id, letter.body)?;
        let share = |covered| Share { covered, most: OF_STAMP_MAX, most_bytes: OF_STAMP_MAX_BYTES };
        let share = letter.genuine.covered.map(share);
        let taken = self.store.take_inbound(&row, letter.genuine.identity, &body, since_us, share).await?;
        if !matches!(taken, Taken::Repeat(_)) {
            self.bus.inbound_due();
        }
        Ok(taken)
    }

    /// The bytes of something that a vendor told, as they came; `None` once erased.
    pub async fn body(&self, scope: Scope<'_>, id: Uuid) -> Result<Option<Vec<u8>>, ServiceError> {
        let Some(body) = self.store.inbound_body(scope, id).await? else { return Ok(None) };
        let key = self.vault.unwrap(id.as_bytes(), &body.data_key)?;
        Ok(Some(key.open(id.as_bytes(), &body.sealed)?))
    }

    /// Files something that a vendor told once more, as it came. What came of it before stays as it was.
    pub async fn replay(
        &self,
        organization: &OrganizationId,
        id: Uuid,
        receipt: Option<Receipt>,
    ) -> Result<Again, ServiceError> {
        let scope = Scope::Of(organization);
        let Some(before) = self.store.inbound(scope, id).await? else { return Ok(Again::Unknown) };
        if before.state == InboundState::Pending {
            return Ok(Again::Pending);
        }
        let Some(bytes) = self.body(scope, id).await? else { return Ok(Again::Erased) };
        let (id, now_us) = (Uuid::now_v7(), self.clock.now().as_microsecond());
        let row = InboundRow {
            scheme: before.scheme,
            trust: before.trust,
            digest: before.digest,
            bytes: before.bytes,
            content_type: before.content_type,
            stamped_us: before.stamped_us,
            replay_of: Some(before.replay_of.unwrap_or(before.id)),
            ..InboundRow::new(id, before.organization, before.config, before.provider, now_us)
        };
        let receipt = receipt.map(|receipt| receipt.row(organization, id.to_string(), now_us));
        self.store.replay_inbound(&row, &self.seal(id, &bytes)?, receipt.as_ref()).await?;
        self.bus.inbound_due();
        Ok(Again::Filed(Box::new(row)))
    }

    fn seal(&self, id: Uuid, bytes: &[u8]) -> Result<InboundBody, ServiceError> {
        let key = DataKey::generate()?;
        Ok(InboundBody { data_key: self.vault.wrap(id.as_bytes(), &key)?, sealed: key.seal(id.as_bytes(), bytes)? })
    }
}

//! Endpoints of webhooks: made, changed, given another secret, tested, and told again what they missed. What is due to
//! them is for the courier.

use std::sync::Arc;

use countersign_engine::ids::{OrganizationId, RequestId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::{ServiceError, receipts};
use crate::bus::Bus;
use crate::clock::Clock;
use crate::commit::Receipt;
use crate::config::WebhookSettings;
use crate::outbound::{Forbidden, Guard};
use crate::store::{DeliveryRow, DeliveryState, EndpointRow, ReceiptRow, ReplayRow, Scope, Store};
use crate::vault::{Vault, VaultError};
use crate::webhooks::{Endpoint, Extra, Format, PING, Secret};

pub use crate::config::OVERLAP_HOURS_MAX;
pub use crate::outbound::URL_MAX;

/// How long a delivery is kept once it has ended, and how far back a range may begin (RELIABILITY P8).
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Most endpoints of an organization.
pub const ENDPOINTS_MAX: i64 = 200;
/// By how much processes' clocks may differ: a range begins so much earlier in the log.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);
/// Why an endpoint is disabled that was so by hand.
pub const BY_HAND: &str = "by_hand";

/// What an endpoint is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where messages go.
    pub url: String,
    /// What it hears.
    pub events: Vec<String>,
    /// In whose words.
    pub format: Format,
    /// Stamps beside the standard one.
    pub extras: Vec<Extra>,
}

/// Knows endpoints.
#[derive(Clone, Debug)]
pub struct Webhooks {
    store: Store,
    vault: Vault,
    clock: Clock,
    bus: Arc<Bus>,
    guard: Guard,
    overlap: SignedDuration,
}

/// What became of asking for a message again.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// It was filed.
    Filed(Box<DeliveryRow>),
    /// There is no such delivery.
    Unknown,
    /// It is still to be sent.
    Pending,
    /// The endpoint is disabled.
    Disabled,
}

impl Webhooks {
    /// The endpoints of a store.
    pub fn new(store: Store, vault: Vault, clock: Clock, bus: Arc<Bus>, settings: &WebhookSettings) -> Self {
        let guard = Guard::new(settings.names.clone(), settings.allow_loopback);
        Self { store, vault, clock, bus, guard, overlap: settings.overlap }
    }

    /// What may be called.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Whether a URL may be an endpoint's, as far as that can be seen now.
    pub async fn judge(&self, url: &str) -> Result<(), Forbidden> {
        let url = self.guard.read(url)?;
        self.guard.look(&url).await
    }

    /// What a call with this receipt made before; `None` if there was none.
    pub async fn made_before(
        &self,
        organization: &OrganizationId,
        receipt: Option<&Receipt>,
    ) -> Result<Option<Uuid>, ServiceError> {
        let before = receipts::before(&self.store, self.clock.now(), organization, receipt).await?;
        let subject = before.map(|before| before.subject.parse());
        subject.transpose().map_err(|_| ServiceError::Missing { what: "what a receipt stands for" })
    }

    /// Makes an endpoint. Its secret can be read from it, and is to be shown this once.
    pub async fn register(
        &self,
        organization: &OrganizationId,
        wanted: Wanted,
        receipt: Option<Receipt>,
    ) -> Result<EndpointRow, ServiceError> {
        let row = self.row(organization, None, wanted, &Secret::generate())?;
        let receipt = receipt.map(|receipt| receipt.row(organization, row.id.to_string(), row.created_us));
        self.store.insert_endpoint(&row, receipt.as_ref()).await?;
        self.bus.listeners_changed();
        Ok(row)
    }

    /// Has what happens to one request told somewhere: from now on, or somewhere else than until now.
    pub async fn register_of(
        &self,
        organization: &OrganizationId,
        request: RequestId,
        (wanted, secret): (Wanted, &Secret),
        receipt: Option<Receipt>,
    ) -> Result<EndpointRow, ServiceError> {
        let now = self.clock.now().as_microsecond();
        let receipt_of = |row: &EndpointRow| receipt.map(|receipt| receipt.row(organization, row.id.to_string(), now));
        let Some(row) = self.of(organization, request).await? else {
            let row = self.row(organization, Some(request), wanted, secret)?;
            self.store.insert_endpoint(&row, receipt_of(&row).as_ref()).await?;
            self.bus.listeners_changed();
            return Ok(row);
        };
        if Secret::open(&row.secret, row.id, &self.vault)? != *secret {
            let row = EndpointRow { updated_us: now, ..row.clone() };
            self.store.rotate_secret(&row, &secret.seal(row.id, &self.vault)?, row.updated_us, None).await?;
        }
        let receipt = receipt_of(&row);
        let changed = self.apply(row, wanted, Some(true), receipt.as_ref()).await?;
        changed.ok_or(ServiceError::Missing { what: "webhook" })
    }

    /// The endpoint that hears of one request of an organization only.
    pub async fn of(
        &self,
        organization: &OrganizationId,
        request: RequestId,
    ) -> Result<Option<EndpointRow>, ServiceError> {
        Ok(self.store.endpoint_of(Scope::Of(organization), request).await?)
    }

    fn row(
        &self,
        organization: &OrganizationId,
        request: Option<RequestId>,
        wanted: Wanted,
        secret: &Secret,
    ) -> Result<EndpointRow, ServiceError> {
        let (id, now) = (Uuid::now_v7(), self.clock.now().as_microsecond());
        Ok(EndpointRow {
            id,
            organization: organization.clone(),
            request,
            url: wanted.url,
            events: wanted.events.join(","),
            format: wanted.format.as_str().to_owned(),
            stamps: names(&wanted.extras),
            secret: secret.seal(id, &self.vault)?,
            former_secret: None,
            created_us: now,
            updated_us: now,
            from: Default::default(),
            failing_us: None,
            disabled: None,
        })
    }

    /// The newest secret of an endpoint, to be shown.
    pub fn secret(&self, row: &EndpointRow) -> Result<String, ServiceError> {
        Ok(Secret::open(&row.secret, row.id, &self.vault)?.text())
    }

    /// An endpoint with its secrets, ready to be told.
    pub fn ready(&self, row: &EndpointRow) -> Result<Endpoint, ServiceError> {
        Ok(Endpoint::open(row, &self.vault, self.clock.now())?)
    }

    /// An organization's endpoint.
    pub async fn find(&self, organization: &OrganizationId, id: Uuid) -> Result<Option<EndpointRow>, ServiceError> {
        Ok(self.store.endpoint(Scope::Of(organization), id).await?)
    }

    /// Changes an endpoint; `None` if it is gone. One that is made active hears what is committed from now on; what was
    /// pending for one that is disabled is given up.
    pub async fn change(
        &self,
        row: EndpointRow,
        wanted: Wanted,
        active: Option<bool>,
    ) -> Result<Option<EndpointRow>, ServiceError> {
        self.apply(row, wanted, active, None).await
    }

    async fn apply(
        &self,
        row: EndpointRow,
        wanted: Wanted,
        active: Option<bool>,
        receipt: Option<&ReceiptRow>,
    ) -> Result<Option<EndpointRow>, ServiceError> {
        let now = self.clock.now().as_microsecond();
        let (url, events) = (wanted.url, wanted.events.join(","));
        let (format, stamps) = (wanted.format.as_str().to_owned(), names(&wanted.extras));
        let row = EndpointRow { url, events, format, stamps, updated_us: now, ..row };
        if !self.store.change_endpoint(&row, receipt).await? {
            return Ok(None);
        }
        match active {
            Some(true) => {
                self.store.activate_endpoint(&row.organization, row.id, now).await?;
                self.bus.listeners_changed();
            }
            Some(false) => self.store.deactivate_endpoint(row.id, BY_HAND, now).await?,
            None => {}
        }
        self.find(&row.organization, row.id).await
    }

    /// Gives an endpoint another secret; `None` if it is gone. The one until now stamps too, for so long.
    pub async fn rotate(
        &self,
        row: EndpointRow,
        overlap: Option<SignedDuration>,
        receipt: Option<Receipt>,
    ) -> Result<Option<EndpointRow>, ServiceError> {
        let now = self.clock.now();
        let until = now + overlap.unwrap_or(self.overlap);
        let secret = Secret::generate().seal(row.id, &self.vault)?;
        let row = EndpointRow { updated_us: now.as_microsecond(), ..row };
        let receipt = receipt.map(|receipt| receipt.row(&row.organization, row.id.to_string(), row.updated_us));
        if !self.store.rotate_secret(&row, &secret, until.as_microsecond(), receipt.as_ref()).await? {
            return Ok(None);
        }
        self.find(&row.organization, row.id).await
    }

    /// Sends an endpoint a message that says nothing, once.
    pub async fn ping(&self, row: &EndpointRow, receipt: Option<Receipt>) -> Result<Again, ServiceError> {
        let note = json!({ "webhook": row.id }).to_string();
        let ping = DeliveryRow { note: Some(note), ..self.message(row, PING) };
        self.file(ping, receipt).await
    }

    /// Sends an endpoint a message again, with the same `webhook-id`.
    pub async fn replay(
        &self,
        row: &EndpointRow,
        delivery: Uuid,
        receipt: Option<Receipt>,
    ) -> Result<Again, ServiceError> {
        let Some(before) = self.store.delivery(Scope::Of(&row.organization), row.id, delivery).await? else {
            return Ok(Again::Unknown);
        };
        if before.state == DeliveryState::Pending {
            return Ok(Again::Pending);
        }
        let DeliveryRow { event, about, name, note, .. } = before;
        let again = DeliveryRow { event, about, note, replay: true, ..self.message(row, name) };
        self.file(again, receipt).await
    }

    /// Sends an endpoint everything again that happened between two instants and that it hears.
    pub async fn replay_range(
        &self,
        row: &EndpointRow,
        (after, before): (Timestamp, Timestamp),
        receipt: Option<Receipt>,
    ) -> Result<Uuid, ServiceError> {
        let (id, created_us) = (Uuid::now_v7(), self.clock.now().as_microsecond());
        let from = after.checked_sub(CLOCKS).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = self.store.log_since(from.as_microsecond()).await?;
        let (after_us, before_us) = (after.as_microsecond(), before.as_microsecond());
        let replay = ReplayRow { id, endpoint: row.id, after_us, before_us, at, created_us };
        let receipt = receipt.map(|receipt| receipt.row(&row.organization, id.to_string(), created_us));
        self.store.insert_replay(&replay, receipt.as_ref()).await?;
        self.bus.listeners_changed();
        Ok(id)
    }

    /// Encrypts what belongs to a delivery that is about no request.
    pub(super) fn seal(&self, delivery: Uuid, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.vault.seal(delivery.as_bytes(), plain)
    }

    /// Decrypts what [`Self::seal`] made.
    pub(super) fn open(&self, delivery: Uuid, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.vault.open(delivery.as_bytes(), sealed)
    }

    /// A message that is filed now.
    fn message(&self, to: &EndpointRow, name: impl Into<String>) -> DeliveryRow {
        DeliveryRow::new(Uuid::now_v7(), to, name, self.clock.now().as_microsecond())
    }

    async fn file(&self, delivery: DeliveryRow, receipt: Option<Receipt>) -> Result<Again, ServiceError> {
        let (organization, now) = (delivery.organization.clone(), delivery.created_us);
        let receipt = receipt.map(|receipt| receipt.row(&organization, delivery.id.to_string(), now));
        let (endpoint, id) = (delivery.endpoint, delivery.id);
        if self.store.file_deliveries(vec![delivery], receipt.as_ref(), now).await? == 0 {
            return Ok(Again::Disabled);
        }
        self.bus.webhooks_due();
        let filed = self.store.delivery(Scope::Of(&organization), endpoint, id).await?;
        Ok(filed.map_or(Again::Unknown, |row| Again::Filed(Box::new(row))))
    }
}

fn names(extras: &[Extra]) -> String {
    extras.iter().map(|extra| extra.as_str()).collect::<Vec<_>>().join(",")
}

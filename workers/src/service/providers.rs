//! Accounts at providers: made, changed, chosen, tried out. What is done with them is for the agent.

use std::sync::Arc;

use countersign_engine::effect::EffectKind;
use countersign_engine::event::Collector;
use countersign_engine::ids::{ConfigId, Digest, OrganizationId, RequestId};
use countersign_engine::request::Request;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::bus::Bus;
use crate::clock::Clock;
use crate::commit::Receipt;
use crate::config::WebhookSettings;
use crate::hooks::HookSecrets;
use crate::outbound::{Forbidden, Guard, Sender};
use crate::providers::{
    CALL_MAX, Circuit, Config, ConfigSettings, Credentials, Line, NotOpened, PdfForm, Stand, Stop, Vendor, WINDOW,
    Wires, Worth,
};
use crate::stamp::StampKey;
use crate::store::{Lane, ProviderRow, Scope, StandRow, Store, StoreError};
use crate::vault::Vault;

/// Most configurations of an organization.
pub const CONFIGS_MAX: i64 = 100;

/// Most configurations that are counted for those who watch.
const COUNTED_MAX: i64 = 10_000;

/// What a configuration is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is called.
    pub name: String,
    /// Where the vendor answers, and what it must be told.
    pub settings: ConfigSettings,
    /// What the vendor knows it by.
    pub credentials: Credentials,
    /// What the vendor's hooks are held against.
    pub hook_secrets: Option<HookSecrets>,
    /// Most calls in an hour.
    pub calls_an_hour: i64,
    /// Which to go to when it cannot be used.
    pub fallback: Option<Uuid>,
}

/// Why a vendor is not called at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    /// It may not be called there.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Everybody on the way would read the credentials.
    #[error("The base URL must begin with https://.")]
    Plain,
    /// It is not only where the API begins.
    #[error("The base URL has no query and no fragment.")]
    Query,
}

/// What is left of an account's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Most calls in an hour, by the configuration of the account that allows the least.
    pub most: i64,
    /// How many of them count at this moment.
    pub used: i64,
}

/// Knows accounts at providers.
#[derive(Clone, Debug)]
pub struct Providers {
    store: Store,
    vault: Vault,
    clock: Clock,
    bus: Arc<Bus>,
    guard: Guard,
    sender: Sender,
    accounts: StampKey,
    overlap: SignedDuration,
    is_development: bool,
}

impl Providers {
    /// The accounts of a store.
    pub fn new(
        store: Store,
        (vault, accounts): (Vault, StampKey),
        clock: Clock,
        bus: Arc<Bus>,
        settings: &WebhookSettings,
    ) -> Result<Self, ServiceError> {
        let guard = Guard::new(settings.names.clone(), settings.allow_loopback);
        let sender = Sender::new("providers", guard.clone(), std::time::Duration::from_secs(CALL_MAX))?;
        let (overlap, is_development) = (settings.overlap, settings.allow_loopback);
        Ok(Self { store, vault, clock, bus, guard, sender, accounts, overlap, is_development })
    }

    /// What makes calls to vendors.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The address of a vendor's API as it is stored, written in the one way there is for it, if it may be called there
    /// as far as that can be seen now; `/api/v1` at its end, which every call has, is left out. Credentials go there, so without TLS only in development.
    pub async fn base_url(&self, text: &str) -> Result<String, BadBaseUrl> {
        let mut url = self.guard.read(text)?;
        if url.scheme() != "https" && !self.is_development {
            return Err(BadBaseUrl::Plain);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadBaseUrl::Query);
        }
        self.guard.look(&url).await?;
        // A name that ends at the root is the same name.
        let name = url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned);
        if let Some(name) = name {
            url.set_host(Some(&name)).map_err(|_| Forbidden::NotAUrl)?;
        }
        let url = url.as_str().trim_end_matches('/');
        Ok(url.strip_suffix(Vendor::API_PATH).unwrap_or(url).to_owned())
    }

    /// How long a former hook secret stays live beside the new one.
    pub fn overlap_end(&self) -> Timestamp {
        self.clock.now() + self.overlap
    }

    /// An account, ready to be called.
    pub fn open(&self, row: ProviderRow) -> Result<Config, NotOpened> {
        Config::open(row, &self.vault)
    }

    /// What a vendor knows an account by.
    pub fn credentials(&self, row: &ProviderRow) -> Result<Credentials, ServiceError> {
        Ok(Credentials::open(&row.credentials, row.id, &self.vault)?)
    }

    /// What an account's hooks are held against; `None` if it hears none.
    pub fn hook_secrets(&self, row: &ProviderRow) -> Result<Option<HookSecrets>, ServiceError> {
        Ok(HookSecrets::open(&row.hook_secrets, row.id, &self.vault)?)
    }

    /// An organization's configuration.
    pub async fn find(&self, organization: &OrganizationId, id: Uuid) -> Result<Option<ProviderRow>, ServiceError> {
        Ok(self.store.provider_config(Scope::Of(organization), id).await?)
    }

    /// Who collects the signatures of a new request: whom the call names, or the organization's default. The outer
    /// `None` is a configuration that there is not, the inner one ourselves.
    pub async fn collector(
        &self,
        organization: &OrganizationId,
        named: Option<Uuid>,
    ) -> Result<Option<Option<Collector>>, ServiceError> {
        let row = match named {
            Some(id) => match self.find(organization, id).await? {
                Some(row) => Some(row),
                None => return Ok(None),
            },
            None => self.store.default_provider_config(organization).await?,
        };
        Ok(Some(row.map(|row| Collector { config: ConfigId(row.id), provider: row.provider })))
    }

    /// Makes a configuration.
    pub async fn register(
        &self,
        organization: &OrganizationId,
        wanted: Wanted,
        is_default: bool,
        receipt: Option<Receipt>,
    ) -> Result<ProviderRow, ServiceError> {
        let (id, now) = (Uuid::now_v7(), self.clock.now().as_microsecond());
        let blank = ProviderRow {
            id,
            organization: organization.clone(),
            provider: wanted.credentials.vendor().as_str().to_owned(),
            name: String::new(),
            is_default,
            fallback: None,
            settings: String::new(),
            credentials: Vec::new(),
            hook_secrets: Vec::new(),
            account: Digest::ZERO,
            calls_an_hour: 1,
            created_us: now,
            updated_us: now,
            stand: Stand::BLANK.to_owned(),
            rest_us: 0,
        };
        let row = self.row(blank, wanted)?;
        let receipt = receipt.map(|receipt| receipt.row(organization, id.to_string(), now));
        self.store.insert_provider_config(&row, receipt.as_ref()).await?;
        Ok(row)
    }

    /// Changes a configuration; `None` if it is gone or was changed at the same time. How its calls went was of what it
    /// was, readable or not: it begins anew, and what is to be done at the vendor is tried again at once.
    pub async fn change(&self, row: &ProviderRow, wanted: Wanted) -> Result<Option<ProviderRow>, ServiceError> {
        let known_us = row.updated_us;
        let updated_us = self.clock.now().as_microsecond().max(known_us + 1);
        let anew = ProviderRow { updated_us, stand: Stand::BLANK.to_owned(), rest_us: 0, ..row.clone() };
        let next = self.row(anew, wanted)?;
        if !self.store.change_provider_config(&next, known_us).await? {
            return Ok(None);
        }
        self.try_at_once(row.id).await?;
        Ok(Some(next))
    }

    /// What is wanted, encrypted, in a row.
    fn row(&self, row: ProviderRow, wanted: Wanted) -> Result<ProviderRow, ServiceError> {
        let account = wanted.credentials.account(&wanted.settings.host().unwrap_or_default(), &self.accounts);
        Ok(ProviderRow {
            name: wanted.name,
            fallback: wanted.fallback,
            settings: serde_json::to_string(&wanted.settings).map_err(std::io::Error::from)?,
            credentials: wanted.credentials.seal(row.id, &self.vault)?,
            hook_secrets: match wanted.hook_secrets {
                Some(secrets) => secrets.seal(row.id, &self.vault)?,
                None => Vec::new(),
            },
            account,
            calls_an_hour: wanted.calls_an_hour,
            ..row
        })
    }

    /// By what it is known again that a vendor was told this of somebody. It tells nothing of it itself.
    pub fn told(&self, what: &[u8]) -> Digest {
        Digest(self.accounts.stamp(&[b"told", what]))
    }

    /// What is left of an account's calls.
    pub async fn quota(&self, row: &ProviderRow) -> Result<Quota, ServiceError> {
        if row.provider == Vendor::Native.as_str() {
            return Ok(Quota { most: row.calls_an_hour, used: 0 });
        }
        let since = (self.clock.now() - WINDOW).as_microsecond();
        let used = self.store.calls_since(row.account, since).await?;
        let most = self.store.least_calls_an_hour(row.account).await?.unwrap_or(row.calls_an_hour);
        Ok(Quota { most, used })
    }

    /// The line by which an account is tried out. It is for no request: no lease is needed, only a call of the quota.
    pub async fn line<'c>(&'c self, config: &'c Config) -> Result<Line<'c>, ServiceError> {
        let wires = Wires { store: &self.store, sender: &self.sender, clock: &self.clock };
        Ok(Line::open(wires, config, None, RequestId(Uuid::nil()), Worth::Test).await?)
    }

    /// Writes down how trying out an account went; if it went well, the circuit closes and what is to be
    /// done at the vendor is tried again at once.
    pub async fn tried(&self, config: &Config, tried: &Result<(), Stop>) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let (stand, rest_us) = match tried {
            Ok(()) => (config.stand.succeeded(now), 0),
            Err(Stop::Denied(code)) => {
                let (stand, rest) = config.stand.failed(code, true, None, now);
                (stand, rest.as_microsecond())
            }
            Err(_) => return Ok(()),
        };
        let stand = serde_json::to_string(&stand).map_err(std::io::Error::from)?;
        self.store.set_provider_stand(config.id, &stand, rest_us).await?;
        if tried.is_ok() {
            self.try_at_once(config.id).await?;
        }
        Ok(())
    }

    /// Has what was put off at a vendor be done now: what it failed by may be mended.
    async fn try_at_once(&self, config: Uuid) -> Result<(), ServiceError> {
        self.store.hasten_provider(config, self.clock.now().as_microsecond()).await?;
        self.bus.ring(Lane::AGENT);
        Ok(())
    }

    /// How many accounts of all organizations are in each state of their circuit; at most so many are counted.
    pub async fn circuits(&self) -> Result<[(Circuit, usize); Circuit::ALL.len()], StoreError> {
        let (rows, now) = (self.store.provider_stands(COUNTED_MAX).await?, self.clock.now());
        // Whose stand cannot be read is not called, and blinds nobody to the others.
        let circuit =
            |row: &StandRow| Stand::read(&row.stand).map_or(Circuit::Open, |stand| stand.circuit(row.rest_us, now));
        let circuits: Vec<Circuit> = rows.iter().map(circuit).collect();
        Ok(Circuit::ALL.map(|state| (state, circuits.iter().filter(|circuit| **circuit == state).count())))
    }
}

impl Service {
    /// A document of a request as a form for its vendor, under a name. It is not read before there is room for it.
    pub async fn form_of(
        &self,
        line: &Line<'_>,
        request: &Request,
        place: u32,
        file_name: &str,
    ) -> Result<PdfForm, Stop> {
        let document = request.terms.documents.get(place as usize);
        let document = document.ok_or_else(|| Stop::Own("no_document".to_owned()))?;
        let room = line.room_for(document).await?;
        let pdf = self.documents.read(&request.organization, document.digest).await;
        let pdf = pdf.map_err(|error| Stop::Own(error.to_string()))?;
        Ok(PdfForm::around(pdf, file_name, room))
    }

    /// A request that is being handed over, as it stands at this moment: looked at once more before its provider writes
    /// to anybody. Moot if it was called off, or its time has run out, since it was begun.
    pub async fn still_to_submit(&self, request: &Request) -> Result<Arc<Request>, Stop> {
        let loaded = self.ledger.load(Scope::Of(&request.organization), request.id).await;
        let now = loaded.map_err(|error| Stop::Own(error.to_string()))?.ok_or(Stop::Moot)?;
        let owed = now.request.owed.iter().any(|effect| effect.kind == EffectKind::Submit);
        match owed && !now.request.is_past_expiry(self.clock.now()) {
            true => Ok(Arc::clone(&now.request)),
            false => Err(Stop::Moot),
        }
    }
}

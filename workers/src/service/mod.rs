//! What every door and every role shares: requests, documents, links, the write path. It translates
//! nothing and shows nothing; that is the business of whoever calls it.

mod access;
mod certifying;
pub mod corrections;
pub mod dead_letters;
pub mod documents;
pub mod download;
pub mod drafting;
mod evidence;
mod excerpts;
pub mod groups;
pub mod inbound;
mod installation;
pub mod links;
pub mod mac_secrets;
pub mod master_keys;
pub mod organizations;
pub mod placing;
pub mod proofs;
pub mod providers;
pub mod proving;
pub mod receipts;
pub mod replay;
pub mod reports;
mod revising;
pub mod rewrapping;
mod sealing;
pub mod signed;
mod trail;
pub mod uploads;
pub mod webhooks;

use std::sync::Arc;

use countersign_engine::event::Event;
use countersign_engine::ids::{OrganizationId, RequestId};
use countersign_engine::request::Request;
use countersign_engine::trail::Line;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::blobs::{BlobError, Blobs};
use crate::bus::{Bus, BusError};
use crate::clock::Clock;
use crate::commit::{Commit, Done, Failure, Order, Outside};
use crate::config::Settings;
use crate::gateway::{BadGateway, Gateway};
use crate::keyring::Keyring;
use crate::ledger::{Ledger, LedgerError, Loaded};
use crate::meters::Meters;
use crate::providers::NotOpened;
use crate::pulse::Pulses;
use crate::seal::{Authority, AuthorityError, SealError};
use crate::store::{Scope, Store, StoreError};
use crate::trace::{BadTraceSetting, Traces};
use crate::vault::{Vault, VaultError};

pub use installation::{Stranger, open_installation};

use documents::Documents;
use inbound::Inbound;
use links::Links;
use organizations::Organizations;
use proofs::Proofs;
use providers::Providers;
use webhooks::Webhooks;

/// Why something could not be done, through no fault of who asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A request's history.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The document store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Encryption at rest.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Secrets or folders of the installation.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// This process does not belong to the installation.
    #[error(transparent)]
    Stranger(#[from] Stranger),
    /// The sealing key.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// Sealing.
    #[error("the document could not be sealed: {0}")]
    Seal(#[from] SealError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] BadGateway),
    /// A setting of the traces.
    #[error(transparent)]
    Trace(#[from] BadTraceSetting),
    /// An account at a provider.
    #[error("the account cannot be used: {0}")]
    Account(#[from] NotOpened),
    /// The client of calls to providers.
    #[error("providers cannot be called: {0}")]
    Client(#[from] reqwest::Error),
    /// The write path.
    #[error(transparent)]
    Commit(#[from] Failure),
    /// A stored object is not there, or is not what its row says.
    #[error("the stored {what} is missing or altered")]
    Missing {
        /// What kind of object.
        what: &'static str,
    },
}

/// The engine of one process, ready for work.
#[derive(Debug)]
pub struct Service {
    /// Settings in force.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// The truth.
    pub store: Store,
    /// Requests, folded.
    pub ledger: Ledger,
    /// The doorbell.
    pub bus: Arc<Bus>,
    /// The write path.
    pub commit: Commit,
    /// Originals by digest.
    pub documents: Documents,
    /// What small secrets are encrypted with.
    vault: Vault,
    /// Which organizations exist.
    pub organizations: Organizations,
    /// Links and other stamped addresses.
    pub links: Links,
    /// Endpoints, and what was filed for them.
    pub webhooks: Webhooks,
    /// What vendors told.
    pub inbound: Inbound,
    /// Accounts at providers.
    pub providers: Providers,
    /// The sealing key.
    pub authority: Arc<Authority>,
    /// What is counted.
    pub meters: Meters,
    /// Which roles come round.
    pub pulses: Pulses,
    /// Makes spans.
    pub traces: Traces,
    /// Where documents lie.
    pub blobs: Blobs,
    /// Who sends text messages and makes checks of identity, if anybody does.
    pub gateway: Option<Gateway>,
    /// What signers gave as proof.
    pub proofs: Proofs,
    /// What one-time codes are made with.
    codes: Keyring,
    /// What the secrets of API keys are made with that are told again.
    pub minting: Keyring,
}

impl Service {
    /// Opens an installation, making it on first start. The handle ends when the write path has
    /// drained after the service was dropped.
    pub async fn open(settings: Settings, clock: Clock) -> Result<(Arc<Self>, JoinHandle<()>), ServiceError> {
        let (store, masters) = open_installation(&settings).await?;
        let vault = Vault::new(&masters)?;
        let authority = installation::sealing_key(&settings, &store).await?;
        let blobs = installation::documents(&settings, &store).await?;
        let links = Links::new(&masters, settings.public_url.clone());
        let ledger = Ledger::new(store.clone(), vault.clone());
        let bus = Arc::new(Bus::open(settings.nats.as_ref()).await?);
        let meters = Meters::default();
        let pulses = Pulses::new(clock.clone());
        let traces = Traces::from_variables()?;
        let (commit, writing) = Commit::start(
            store.clone(),
            ledger.clone(),
            Arc::clone(&bus),
            clock.clone(),
            Outside { link: links.digests(), gateway: settings.gateway.is_some() },
            meters.clone(),
            traces.clone(),
        );
        let inspector = settings.inspector.clone();
        let webhooks = Webhooks::new(store.clone(), vault.clone(), clock.clone(), Arc::clone(&bus), &settings.webhooks);
        let inbound = Inbound::new(store.clone(), vault.clone(), clock.clone(), Arc::clone(&bus));
        let documents = Documents::new(store.clone(), blobs.clone(), vault.clone(), clock.clone(), inspector);
        let accounts = (vault.clone(), master_keys::accounts_key(&store, &masters, &vault).await?);
        let providers = Providers::new(store.clone(), accounts, clock.clone(), Arc::clone(&bus), &settings.webhooks)?;
        let proofs = Proofs::new(store.clone(), blobs.clone(), vault.clone(), clock.clone());
        let gateway = settings.gateway.as_ref();
        let development = settings.webhooks.allow_loopback;
        let gateway =
            gateway.map(|gateway| Gateway::new(gateway, webhooks.guard().clone(), development)).transpose()?;
        let authority = Arc::new(authority);
        let service = Self {
            organizations: Organizations::new(store.clone()),
            settings,
            clock,
            store,
            ledger,
            bus,
            commit,
            documents,
            vault,
            links,
            webhooks,
            inbound,
            providers,
            authority,
            meters,
            pulses,
            traces,
            blobs,
            gateway,
            proofs,
            codes: masters.derive("one-time codes"),
            minting: masters.derive("secrets of keys"),
        };
        Ok((Arc::new(service), writing))
    }

    /// An organization's request as it stands; `None` if it has none of this id, or erased it.
    pub async fn find(
        &self,
        organization: &OrganizationId,
        id: RequestId,
    ) -> Result<Option<Arc<Request>>, ServiceError> {
        let loaded = self.ledger.load(Scope::Of(organization), id).await?;
        Ok(loaded.map(|loaded| Arc::clone(&loaded.request)).filter(|request| request.deleted_at.is_none()))
    }

    /// The request that a link leads to. Links name no organization: whoever asks proves with the link's
    /// own token, on the request, that they may see it.
    pub async fn behind_link(&self, id: RequestId) -> Result<Option<Arc<Loaded>>, ServiceError> {
        Ok(self.ledger.load(Scope::All, id).await?)
    }

    /// A request's history, proven whole; empty if the scope may not see it.
    pub async fn history(&self, scope: Scope<'_>, id: RequestId) -> Result<Vec<(Event, Line)>, ServiceError> {
        Ok(self.ledger.history(scope, id).await?)
    }

    /// A request as it stood after its event number `seq`.
    pub async fn as_of_seq(
        &self,
        organization: &OrganizationId,
        id: RequestId,
        seq: u64,
    ) -> Result<Option<Request>, ServiceError> {
        self.as_of(organization, id, |event| event.seq <= seq).await
    }

    /// A request as it stood at an instant.
    pub async fn as_of_time(
        &self,
        organization: &OrganizationId,
        id: RequestId,
        at: Timestamp,
    ) -> Result<Option<Request>, ServiceError> {
        self.as_of(organization, id, |event| event.time <= at).await
    }

    async fn as_of(
        &self,
        organization: &OrganizationId,
        id: RequestId,
        counts: impl Fn(&Event) -> bool,
    ) -> Result<Option<Request>, ServiceError> {
        let history = self.history(Scope::Of(organization), id).await?;
        let events = history.iter().map(|(event, _)| event).take_while(|event| counts(event));
        Request::fold(events).map_err(|refusal| ServiceError::Commit(Failure::Refused(refusal)))
    }

    /// Commits an order and returns the request as it left it, also when it had been committed before.
    pub async fn submit(&self, order: Order) -> Result<Arc<Request>, ServiceError> {
        let organization = order.organization.clone();
        match self.commit.submit(order).await? {
            Done::Committed { request, .. } => Ok(request),
            Done::Before { request, seq } => {
                let then = self
                    .as_of_seq(&organization, request, seq)
                    .await?
                    .ok_or(ServiceError::Missing { what: "request" })?;
                Ok(Arc::new(then))
            }
        }
    }

    /// Deletes stored objects that nobody uses any more. A failure is only logged: the rows stay,
    /// and the timekeeper tries again.
    pub async fn sweep_orphans(&self) {
        if let Err(error) = self.try_sweep().await {
            tracing::error!(%error, "orphaned objects could not be deleted; it will be tried again");
        }
    }

    async fn try_sweep(&self) -> Result<(), ServiceError> {
        loop {
            let paths = self.store.orphans(ORPHANS_AT_ONCE).await?;
            for path in &paths {
                self.blobs.delete(path).await?;
                self.store.forget_orphan(path).await?;
            }
            if (paths.len() as i64) < ORPHANS_AT_ONCE {
                return Ok(());
            }
        }
    }
}

/// Most orphaned objects looked up in one go.
const ORPHANS_AT_ONCE: i64 = 500;

//! From the log to deliveries: one process at a time goes through the events, files what endpoints hear, and moves its
//! place in the same transaction. Ranges that are to be heard again are filed in the same way, each with a place of
//! its own. As long as no endpoint listens, the log is not even looked at.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_engine::event::Event;
use countersign_engine::ids::{OrganizationId, RequestId};
use countersign_engine::trail::{self, Broken, Line};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::Role;
use crate::dialects::certyneo::notice;
use crate::dialects::d4sign;
use crate::roles::waiting::pause;
use crate::roles::{LEASE, POLL};
use crate::service::{Service, ServiceError};
use crate::store::{COURIER, Cursor, DeliveryRow, EndpointRow, EventRow, Place, ReplayRow, Scope, StoreError};
use crate::webhooks::{Format, format_of, hears};

/// Most events filed in one go.
const WINDOW: i64 = 256;
/// Events of the log that a range is looked for in, in one go.
const STRETCH: i64 = 5_000;
/// How soon the log is looked at again after a ring, and then half as often each time: on PostgreSQL a fact can be
/// read once no older transaction runs, which may be a moment after its commit.
const AGAIN: Duration = Duration::from_millis(10);
/// How long is waited after some events were filed: those of a moment share a transaction, so that commits have the
/// database to themselves.
const GATHER: Duration = Duration::from_millis(20);
/// How long a failure waits.
const RETRY: Duration = Duration::from_millis(500);
/// How often the place is written down where nothing was to be filed. A crash looks through what came since again.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// Why filing was interrupted.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("an event cannot be read: {0}")]
    Unreadable(#[from] Broken),
    #[error("another process has the place")]
    Lost,
}

/// Runs until told to stop.
pub(super) async fn run(service: Arc<Service>, stop: CancellationToken) {
    let holder = Uuid::new_v4().to_string();
    let bell = service.bus.subscribe_to_all();
    let mut filing = Filing { service, bell, place: Place::default(), saved: Place::default(), at: Instant::now() };
    while !stop.is_cancelled() {
        match filing.take(&holder).await {
            Ok(true) => filing.hold(&stop).await,
            Ok(false) => pause(&stop, POLL).await,
            Err(error) => {
                tracing::error!(%error, "the couriers' place could not be taken");
                pause(&stop, POLL).await;
            }
        }
    }
    // Another process may go on at once.
    if let Err(error) = filing.service.store.move_place(COURIER, &filing.place, 0).await {
        tracing::warn!(%error, "the couriers' place could not be released; it will be free in a moment");
    }
}

struct Filing {
    service: Arc<Service>,
    bell: broadcast::Receiver<OrganizationId>,
    place: Place,
    /// As it was last written down, and when.
    saved: Place,
    at: Instant,
}

impl Filing {
    async fn take(&mut self, holder: &str) -> Result<bool, StoreError> {
        let now = self.service.clock.now();
        let (now_us, until_us) = (now.as_microsecond(), (now + LEASE).as_microsecond());
        let taken = self.service.store.take_place(COURIER, holder, now_us, until_us).await?;
        if let Some(place) = taken {
            (self.place, self.saved, self.at) = (place, place, Instant::now());
        }
        Ok(taken.is_some())
    }

    /// Files until told to stop or until another process has the place.
    async fn hold(&mut self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            match self.file(stop).await {
                Ok(()) => return,
                Err(Interrupted::Lost) => {
                    tracing::warn!("{}", Interrupted::Lost);
                    return;
                }
                Err(error) => tracing::error!(%error, "filing for endpoints is interrupted; it goes on by itself"),
            }
            pause(stop, RETRY).await;
        }
    }

    async fn file(&mut self, stop: &CancellationToken) -> Result<(), Interrupted> {
        let mut patience = POLL;
        while !stop.is_cancelled() {
            let Some(from) = self.service.store.listening_from().await? else {
                // As long as nobody listens, commits are nothing to wake up for.
                self.save(Duration::ZERO).await?;
                self.wait(stop, POLL, false).await;
                continue;
            };
            // What is before that was nobody's to hear.
            self.place.at = self.place.at.max(from);
            let rows = self.service.store.log_after(self.place.at, WINDOW).await?;
            if !rows.is_empty() {
                let is_all = rows.len() < WINDOW as usize;
                self.window(rows).await?;
                self.save(SAVE_EVERY).await?;
                if is_all {
                    tokio::time::sleep(GATHER).await;
                }
                continue;
            }
            if self.replay().await? {
                continue;
            }
            self.save(if patience == POLL { Duration::ZERO } else { SAVE_EVERY }).await?;
            patience = match self.wait(stop, patience, true).await {
                true => AGAIN,
                false => (patience * 2).min(POLL),
            };
        }
        self.save(Duration::ZERO).await
    }

    /// Waits until there may be something to file, at most so long; whether facts were committed.
    async fn wait(&mut self, stop: &CancellationToken, patience: Duration, by_facts: bool) -> bool {
        let service = Arc::clone(&self.service);
        tokio::select! {
            () = stop.cancelled() => false,
            () = rung(&mut self.bell), if by_facts => true,
            () = service.bus.listeners_rung() => false,
            () = tokio::time::sleep(patience) => false,
        }
    }

    async fn window(&mut self, rows: Vec<(Cursor, EventRow)>) -> Result<(), Interrupted> {
        let Some((end, _)) = rows.last() else { return Ok(()) };
        let end = *end;
        let events = rows.into_iter().map(|(at, row)| Ok((at, read(row)?))).collect::<Result<Vec<_>, Broken>>()?;
        let organizations: BTreeSet<OrganizationId> =
            events.iter().map(|(_, event)| event.organization.clone()).collect();
        let requests: BTreeSet<RequestId> = events.iter().map(|(_, event)| event.request).collect();
        let endpoints = self.service.store.listening(&organizations, &requests).await?;
        let mut deliveries = Vec::new();
        for (at, event) in &events {
            let theirs = |row: &&EndpointRow| row.organization == event.organization && *at > row.from;
            for endpoint in endpoints.iter().filter(theirs) {
                deliveries.extend(self.delivery(endpoint, event, false).await?);
            }
        }
        self.place.at = end;
        if !deliveries.is_empty() {
            let now = self.service.clock.now();
            let mut transaction = self.service.store.begin().await?;
            if !transaction.move_place(COURIER, &self.place, (now + LEASE).as_microsecond()).await? {
                return Err(Interrupted::Lost);
            }
            let filed = transaction.file_deliveries(deliveries, now.as_microsecond()).await?;
            transaction.commit().await?;
            (self.saved, self.at) = (self.place, Instant::now());
            self.told(filed);
        }
        Ok(())
    }

    /// Files some of a range that is to be heard again; false if there is none.
    async fn replay(&mut self) -> Result<bool, Interrupted> {
        let store = &self.service.store;
        let Some(replay) = store.next_replay().await? else { return Ok(false) };
        let endpoint = store.endpoint(Scope::All, replay.endpoint).await?.filter(|row| row.disabled.is_none());
        let (deliveries, reached) = match &endpoint {
            Some(endpoint) => self.stretch(&replay, endpoint).await?,
            None => (Vec::new(), None),
        };
        let now = self.service.clock.now();
        let mut transaction = store.begin().await?;
        if !transaction.move_place(COURIER, &self.place, (now + LEASE).as_microsecond()).await? {
            return Err(Interrupted::Lost);
        }
        match reached {
            Some(at) => transaction.move_replay(replay.id, at).await?,
            None => transaction.delete_replay(replay.id).await?,
        }
        let filed = transaction.file_deliveries(deliveries, now.as_microsecond()).await?;
        transaction.commit().await?;
        (self.saved, self.at) = (self.place, Instant::now());
        self.told(filed);
        Ok(true)
    }

    /// What is to be heard again in the next stretch of the log, and how far that reaches; `None` at the end.
    async fn stretch(
        &self,
        replay: &ReplayRow,
        endpoint: &EndpointRow,
    ) -> Result<(Vec<DeliveryRow>, Option<Cursor>), Interrupted> {
        let store = &self.service.store;
        let found = store.events_of_organization(&endpoint.organization, replay.at, STRETCH, WINDOW).await?;
        let mut deliveries = Vec::new();
        let mut latest_us = i64::MIN;
        for (_, row) in found.events {
            let event = read(row)?;
            latest_us = event.time.as_microsecond();
            if (replay.after_us..replay.before_us).contains(&latest_us) {
                deliveries.extend(self.delivery(endpoint, &event, true).await?);
            }
        }
        // Nothing that was committed since it was asked for is within it, whatever the clocks say.
        let over = found.reached == replay.at || found.reached >= self.place.at || latest_us > replay.created_us;
        Ok((deliveries, (!over).then_some(found.reached)))
    }

    /// What an endpoint is to be told of an event, if it hears it.
    async fn delivery(
        &self,
        endpoint: &EndpointRow,
        event: &Event,
        replay: bool,
    ) -> Result<Option<DeliveryRow>, Interrupted> {
        if endpoint.request.is_some_and(|request| request != event.request) {
            return Ok(None);
        }
        let name = match format_of(endpoint) {
            Format::D4Sign => d4sign::notice::name(&event.fact),
            Format::Native => Some(event.fact.name()),
            Format::Envelopes => self.name_of_envelopes(event).await?,
        };
        let Some(name) = name.filter(|name| hears(endpoint, name)) else { return Ok(None) };
        let now_us = self.service.clock.now().as_microsecond();
        Ok(Some(DeliveryRow {
            event: event.id.0,
            about: Some((event.request, event.seq)),
            replay,
            ..DeliveryRow::new(Uuid::now_v7(), endpoint, name, now_us)
        }))
    }

    async fn name_of_envelopes(&self, event: &Event) -> Result<Option<&'static str>, Interrupted> {
        let role = match notice::actor(&event.fact) {
            None => None,
            // Who has acted is neither changed nor removed any more.
            Some(signer) => {
                let loaded = self.service.ledger.load(Scope::All, event.request).await.map_err(ServiceError::from)?;
                loaded.and_then(|loaded| loaded.request.signer(signer).map(|signer| signer.terms.role))
            }
        };
        Ok(notice::name(&event.fact, role))
    }

    fn told(&self, filed: usize) {
        if filed > 0 {
            self.service.meters.webhooks_filed(filed);
            self.service.bus.webhooks_due();
        }
    }

    /// Writes the place down and holds it for longer, if it was not for so long.
    async fn save(&mut self, every: Duration) -> Result<(), Interrupted> {
        self.service.pulses.beat(Role::Courier);
        let age = self.at.elapsed();
        if age < POLL && (self.place == self.saved || age < every) {
            return Ok(());
        }
        let until = self.service.clock.now() + LEASE;
        if !self.service.store.move_place(COURIER, &self.place, until.as_microsecond()).await? {
            return Err(Interrupted::Lost);
        }
        (self.saved, self.at) = (self.place, Instant::now());
        Ok(())
    }
}

fn read(row: EventRow) -> Result<Event, Broken> {
    trail::read(&Line { body: row.body, disclosure: None, hash: row.hash })
}

/// Waits until facts were committed, by whichever process.
async fn rung(bell: &mut broadcast::Receiver<OrganizationId>) {
    if let Err(RecvError::Closed) = bell.recv().await {
        std::future::pending().await
    }
    while bell.try_recv().is_ok() {}
}

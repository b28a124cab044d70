//! How things stand outside this process's memory, brought to the meters for `/metrics`: what is owed and
//! overdue, what is not published, how far the intake is behind. Each look is bounded in rows and time,
//! and made at most so often, however many ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_engine::effect::EffectKind;
use countersign_engine::request::Status;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::bus::JetStream;
use crate::clock::Clock;
use crate::service::Service;
use crate::store::{COURIER, RELAY, Store, StoreError};

/// How long what was seen is not looked at again.
const STAND_LIFE: Duration = Duration::from_secs(1);
/// Longest time that a look may take: whoever scrapes does not wait for long.
const LOOK_MAX: Duration = Duration::from_secs(2);
/// How long requests are not counted again.
const CENSUS_LIFE: Duration = Duration::from_secs(60);
/// Counting requests goes through all of them: it rests for so many times as long as it took.
const CENSUS_REST: u32 = 100;

/// Most pending messages for endpoints that are counted.
const COUNTED_MAX: i64 = 50_000;
/// How an endpoint may be.
const ENDPOINT_STATES: [&str; 3] = ["active", "failing", "disabled"];

/// When what was last looked at. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Stand {
    /// Held while looking, so that one asker looks for all.
    looked: Arc<Mutex<Option<Instant>>>,
    /// When to count again; held while counting.
    census: Arc<Mutex<Option<Instant>>>,
}

impl Stand {
    /// Brings the meters up to date.
    pub(super) async fn show(&self, service: &Service) {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|at| at.elapsed() < STAND_LIFE) {
            return;
        }
        let answered = timeout(LOOK_MAX, look(service)).await;
        match &answered {
            Ok(Ok(())) => {}
            // What the process itself counted is told all the same: that is when it is wanted most.
            Ok(Err(error)) => tracing::error!(%error, "how things stand could not be read"),
            Err(_) => tracing::error!("how things stand could not be read in time"),
        }
        for (role, silence) in service.pulses.silences() {
            service.meters.silence(role.as_str(), silence);
        }
        service.meters.database_up(matches!(answered, Ok(Ok(()))));
        if let Some(jetstream) = service.bus.jetstream() {
            show_nats(service, jetstream).await;
        }
        self.take_census(service).await;
        *looked = Some(Instant::now());
    }

    /// Counts requests beside the scrape, which waits a moment for it and no longer.
    async fn take_census(&self, service: &Service) {
        let Ok(mut next) = Arc::clone(&self.census).try_lock_owned() else { return };
        if next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        let (store, meters) = (service.store.clone(), service.meters.clone());
        let counting = tokio::spawn(async move {
            let started = Instant::now();
            match store.open_requests().await {
                Ok(counted) => {
                    for status in Status::ALL.into_iter().filter(|status| !status.is_terminal()) {
                        let found = counted.iter().find(|(name, _)| name == status.as_str());
                        meters.open(status.as_str(), found.map_or(0, |(_, requests)| *requests));
                    }
                }
                Err(error) => tracing::error!(%error, "open requests could not be counted"),
            }
            *next = Some(Instant::now() + CENSUS_LIFE.max(started.elapsed() * CENSUS_REST));
        });
        // It goes on by itself where it takes longer.
        let _ = timeout(LOOK_MAX, counting).await;
    }
}

async fn look(service: &Service) -> Result<(), StoreError> {
    let Service { store, meters, clock, .. } = service;
    let owed = store.owed().await?;
    for kind in EffectKind::ALL {
        let found = owed.iter().find(|owed| owed.kind == kind);
        let (effects, age) = found.map_or((0, 0.0), |owed| (owed.effects, seconds_since(clock, owed.since_us)));
        meters.owed(kind, effects, age);
    }
    let overdue = store.next_wake().await?.map_or(0.0, |wake_us| seconds_since(clock, wake_us));
    meters.timer_lag(overdue);
    show_webhooks(service).await?;
    for (circuit, configs) in service.providers.circuits().await? {
        meters.providers(circuit.as_str(), configs);
    }
    let (pending, due_us) = store.inbound_waiting().await?;
    meters.hooks(pending, due_us.map_or(0.0, |due_us| seconds_since(clock, due_us)));
    if service.bus.jetstream().is_some() {
        show_outbox(store, service).await?;
    }
    Ok(())
}

async fn show_outbox(store: &Store, service: &Service) -> Result<(), StoreError> {
    // Before a relay first ran, everything is unpublished.
    let place = store.place(RELAY).await?.unwrap_or_default();
    let outbox = store.outbox(place.at).await?;
    let age = outbox.since_us.map_or(0.0, |since_us| seconds_since(&service.clock, since_us));
    service.meters.outbox(outbox.events, age);
    Ok(())
}

async fn show_webhooks(service: &Service) -> Result<(), StoreError> {
    let Service { store, meters, clock, .. } = service;
    let backlog = store.backlog(clock.now().as_microsecond(), COUNTED_MAX).await?;
    let lag = backlog.due_us.map_or(0.0, |due_us| seconds_since(clock, due_us));
    // Where nobody listens, nothing is to be filed.
    let since_us = match store.listening_from().await? {
        Some(from) => {
            let place = store.place(COURIER).await?.unwrap_or_default();
            store.outbox(place.at.max(from)).await?.since_us
        }
        None => None,
    };
    meters.webhooks(backlog.pending, lag, since_us.map_or(0.0, |since_us| seconds_since(clock, since_us)));
    for state in ENDPOINT_STATES {
        let found = backlog.endpoints.iter().find(|(name, _)| name == state);
        meters.endpoints(state, found.map_or(0, |(_, endpoints)| *endpoints));
    }
    Ok(())
}

async fn show_nats(service: &Service, jetstream: &JetStream) {
    let up = jetstream.is_connected();
    let lag = match up {
        true => timeout(LOOK_MAX, jetstream.intake_lag()).await.ok().and_then(Result::ok),
        false => None,
    };
    service.meters.nats(up, lag);
}

/// Seconds since an instant; 0 if it is still to come.
fn seconds_since(clock: &Clock, micros: i64) -> f64 {
    let since = clock.now().as_microsecond().saturating_sub(micros);
    Duration::from_micros(u64::try_from(since).unwrap_or(0)).as_secs_f64()
}

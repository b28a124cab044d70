//! The timekeeper: expiry, its warning, reminders; the purge of what was kept for as long as its organization
//! says; and the housekeeping that comes with time.
//!
//! It decides nothing. It claims requests whose `wake` has come and wishes a `Tick`, or whose retention is over and
//! wishes a `Purge`; the engine says what is due. A claim keeps several timekeepers from doing the same work and
//! needs no fence: the second tick finds nothing due.

use std::sync::Arc;
use std::time::Duration;

use countersign_engine::command::{Command, Wish};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::LEASE;
use super::waiting::rest;
use crate::commit::{Failure, Order, RECEIPT_LIFE};
use crate::config::Role;
use crate::service::webhooks::KEPT;
use crate::service::{Service, ServiceError, inbound};
use crate::store::Due;

/// Most requests claimed in one go: as many as share a transaction of the write path.
const AT_ONCE: i64 = 512;
/// How often old receipts, unused documents and orphaned objects are looked for.
const HOUSEKEEPING: SignedDuration = SignedDuration::from_mins(10);
/// How often requests are looked for whose retention is over: it counts in days.
const PURGE: SignedDuration = SignedDuration::from_mins(1);
/// How long a document may wait for the request, file or template it was sent for.
const UNUSED_DOCUMENT_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Runs until told to stop.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let (mut tidied, mut purged, mut again) = (Timestamp::MIN, Timestamp::MIN, false);
    while !stop.is_cancelled() {
        service.pulses.beat(Role::Timekeeper);
        let now = service.clock.now();
        if now.duration_since(tidied) >= HOUSEKEEPING {
            tidied = now;
            if let Err(error) = tidy(&service, now).await {
                tracing::error!(%error, "housekeeping failed");
            }
        }
        let mut behind = false;
        let due = now.duration_since(purged) >= PURGE;
        if due || again {
            // Once more in the next round: what another transaction held is passed over.
            again = due;
            behind = purge(&service, now).await;
            if !behind {
                purged = now;
            }
        }
        let until = now + LEASE;
        match service.store.claim_timers(now.as_microsecond(), until.as_microsecond(), AT_ONCE).await {
            Ok(due) if due.is_empty() && behind => {}
            Ok(due) if due.is_empty() => wait(&service, &stop, purged + PURGE).await,
            Ok(due) => {
                let ticks = due.into_iter().map(|due| tick(&service, due));
                if !join_all(ticks).await.into_iter().all(|settled| settled) {
                    wait(&service, &stop, purged + PURGE).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "timers could not be claimed");
                wait(&service, &stop, purged + PURGE).await;
            }
        }
    }
}

/// Wishes a tick; whether that settled it. A refusal does too: the request changed meanwhile, or
/// nothing was due any more.
async fn tick(service: &Service, due: Due) -> bool {
    let order = Order::system(due.organization, Command { request: due.request, wish: Wish::Tick });
    match service.submit(order).await {
        Ok(_) => {
            let late = service.clock.now().as_microsecond().saturating_sub(due.since_us);
            service.meters.timer_handled(Duration::from_micros(u64::try_from(late).unwrap_or(0)));
            true
        }
        Err(ServiceError::Commit(Failure::Refused(_))) => true,
        Err(error) => {
            tracing::error!(%error, "a tick failed");
            false
        }
    }
}

/// Purges some of what was kept long enough; whether there may be more.
async fn purge(service: &Service, now: Timestamp) -> bool {
    let (now_us, until_us) = (now.as_microsecond(), (now + LEASE).as_microsecond());
    let spent = service.store.claim_spent(now_us, until_us, service.settings.retention_days, AT_ONCE).await;
    let spent = match spent {
        Ok(spent) if spent.is_empty() => return false,
        Ok(spent) => spent,
        Err(error) => {
            tracing::error!(%error, "requests to be purged could not be claimed");
            return false;
        }
    };
    let more = spent.len() as i64 == AT_ONCE;
    let purges = spent.into_iter().map(|spent| {
        let wish = Wish::Purge { days: spent.days };
        service.submit(Order::system(spent.organization, Command { request: spent.request, wish }))
    });
    let mut failed = false;
    for done in join_all(purges).await {
        match done {
            // Refused: held, deleted or purged meanwhile.
            Ok(_) | Err(ServiceError::Commit(Failure::Refused(_))) => {}
            Err(error) => {
                failed = true;
                tracing::error!(%error, "a purge failed; it will be tried again");
            }
        }
    }
    service.sweep_orphans().await;
    more && !failed
}

async fn tidy(service: &Service, now: Timestamp) -> Result<(), ServiceError> {
    let receipts_before = (now - RECEIPT_LIFE).as_microsecond();
    let documents_before = (now - UNUSED_DOCUMENT_LIFE).as_microsecond();
    service.store.tidy(receipts_before, documents_before, AT_ONCE).await?;
    if let Some(nats) = &service.settings.nats {
        let letters_before = now.checked_sub(nats.dead_letter_life).unwrap_or(Timestamp::MIN);
        service.store.tidy_dead_letters(letters_before.as_microsecond()).await?;
    }
    let deliveries_before = (now - KEPT).as_microsecond();
    while service.store.tidy_deliveries(deliveries_before, AT_ONCE).await? == AT_ONCE as usize {}
    let inbound_before = (now - inbound::KEPT).as_microsecond();
    while service.store.tidy_inbound(inbound_before, AT_ONCE).await? == AT_ONCE as u64 {}
    while service.store.tidy_endpoints(deliveries_before, AT_ONCE).await? == AT_ONCE as usize {}
    service.sweep_orphans().await;
    service.store.checkpoint().await?;
    Ok(())
}

/// Waits for a timer, a bell, or `at` at the latest.
async fn wait(service: &Service, stop: &CancellationToken, at: Timestamp) {
    let next = service.store.next_timer(service.clock.now().as_microsecond()).await.ok().flatten();
    let at = at.as_microsecond();
    rest(&service.clock, stop, service.bus.timers_rung(), Some(next.map_or(at, |next| next.min(at)))).await;
}

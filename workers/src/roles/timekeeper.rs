//! The timekeeper: expiry, its warning, reminders; and the housekeeping that comes with time.
//!
//! It decides nothing. It claims requests whose `wake` has come and wishes a `Tick`; the engine says
//! what is due. A claim keeps several timekeepers from doing the same work and needs no fence: the
//! second tick finds nothing due.

use std::sync::Arc;
use std::time::Duration;

use countersign_engine::command::{Command, Wish};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{LEASE, POLL};
use crate::clock::from_micros;
use crate::commit::{Failure, Order, RECEIPT_LIFE};
use crate::config::Role;
use crate::service::webhooks::KEPT;
use crate::service::{Service, ServiceError};
use crate::store::Due;

/// Most requests claimed in one go: as many as share a transaction of the write path.
const AT_ONCE: i64 = 512;
/// How often old receipts, unused documents and orphaned objects are looked for.
const HOUSEKEEPING: SignedDuration = SignedDuration::from_mins(10);
/// How long a document may wait for the request, file or template it was sent for.
const UNUSED_DOCUMENT_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Runs until told to stop.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let mut tidied = Timestamp::MIN;
    while !stop.is_cancelled() {
        service.pulses.beat(Role::Timekeeper);
        let now = service.clock.now();
        if now.duration_since(tidied) >= HOUSEKEEPING {
            tidied = now;
            if let Err(error) = tidy(&service, now).await {
                tracing::error!(%error, "housekeeping failed");
            }
        }
        let until = now + LEASE;
        match service.store.claim_timers(now.as_microsecond(), until.as_microsecond(), AT_ONCE).await {
            Ok(due) if due.is_empty() => wait(&service, &stop).await,
            Ok(due) => {
                let ticks = due.into_iter().map(|due| tick(&service, due));
                if !join_all(ticks).await.into_iter().all(|settled| settled) {
                    wait(&service, &stop).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "timers could not be claimed");
                wait(&service, &stop).await;
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
    service.sweep_orphans().await;
    service.store.checkpoint().await?;
    Ok(())
}

async fn wait(service: &Service, stop: &CancellationToken) {
    let next = service.store.next_timer(service.clock.now().as_microsecond()).await.ok().flatten();
    let due = async {
        match next {
            Some(micros) => service.clock.sleep_until(from_micros(micros)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = service.bus.timers_rung() => {}
        () = due => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

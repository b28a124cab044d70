//! The loop that every role over effects runs: claim what is due, do it, wait to be rung. A claim is
//! short and renewed while the work goes on: after a crash another process has it within seconds, and
//! slow work is not done twice.

use std::future::Future;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::waiting::rest;
use super::{LEASE, RENEW};
use crate::config::Role;
use crate::service::Service;
use crate::store::{Claim, Lane};

/// Runs `work` on the effects of a lane, at most `at_once` at a time, until told to stop. The role is told to come
/// round; without one, another loop of it is what is listened to.
/// What is claimed when the stop comes is finished first.
pub(super) async fn run<W, F>(
    service: Arc<Service>,
    stop: CancellationToken,
    (role, lane): (Option<Role>, Lane),
    at_once: i64,
    work: W,
) where
    W: Fn(Arc<Service>, Vec<Claim>) -> F,
    F: Future<Output = ()>,
{
    while !stop.is_cancelled() {
        role.into_iter().for_each(|role| service.pulses.beat(role));
        let now = service.clock.now();
        let until = now + LEASE;
        match service.store.claim(lane, now.as_microsecond(), until.as_microsecond(), at_once).await {
            Ok(claims) if claims.is_empty() => wait(&service, &stop, lane).await,
            Ok(claims) => tokio::select! {
                () = work(Arc::clone(&service), claims.clone()) => {}
                () = renew(&service, &claims) => {}
            },
            Err(error) => {
                tracing::error!(%error, lane = lane.as_str(), "effects could not be claimed");
                wait(&service, &stop, lane).await;
            }
        }
    }
}

/// Renews claims for as long as it is not dropped. A failure is only logged: who loses a claim by it
/// learns so from the fence, when the result is to be written.
async fn renew(service: &Service, claims: &[Claim]) {
    loop {
        service.clock.sleep_until(service.clock.now() + RENEW).await;
        let until = service.clock.now() + LEASE;
        if let Err(error) = service.store.renew(claims, until.as_microsecond()).await {
            tracing::warn!(%error, "claims could not be renewed; another process may take their work over");
        }
    }
}

async fn wait(service: &Service, stop: &CancellationToken, lane: Lane) {
    let next = service.store.next_effect(lane).await.ok().flatten();
    rest(&service.clock, stop, service.bus.rung(lane), next).await;
}

//! The agent: does at vendors what requests owe there.
//!
//! An agent has an account by a lease with a fencing number, does what is due there, the most worth first, one call at
//! a time, and lets it go after a turn; whoever had no turn for the longest comes first. So what a request owes never
//! overtakes what it owed before, an account's calls are counted by one at a time, and a vendor that is slow or away
//! keeps nobody waiting but those who use it. `effects` does one of them, `endings` is what becomes of it.

mod effects;
mod endings;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use countersign_engine::effect::Effect;
use countersign_engine::ids::RequestId;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::LEASE;
use super::waiting::rest;
use crate::config::Role;
use crate::outbound::Sender;
use crate::providers::Worth;
use crate::service::{Service, ServiceError};
use crate::store::{Claim, Lane, ProviderLease, Scope};

/// Most accounts that a process has.
const LEASES_MAX: usize = 64;
/// How long a turn begins anything new.
const TURN: Duration = Duration::from_secs(5);
/// Effects looked at in one go, of which the one that is worth most is done.
const LOOK_MAX: i64 = 500;
/// How long an account is left alone of which nothing can be done, such as one whose secrets another key encrypted.
const UNUSABLE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);
/// How long an effect is claimed; within its account it is nobody else's anyway.
const CLAIM: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Runs until told to stop. What is being done then is finished first.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let sender = service.providers.sender().clone();
    let (turns, freed, room) = (TaskTracker::new(), Arc::new(Notify::new()), Arc::new(Semaphore::new(LEASES_MAX)));
    while !stop.is_cancelled() {
        service.pulses.beat(Role::Agent);
        let now = service.clock.now();
        let times = (now.as_microsecond(), (now + LEASE).as_microsecond());
        let free = room.available_permits();
        let leases = match free {
            0 => Ok(Vec::new()),
            free => service.store.lease_providers(times.0, times.1, free as i64).await,
        };
        match leases {
            Ok(leases) if leases.is_empty() => wait(&service, &stop, &freed).await,
            Ok(leases) => {
                for lease in leases {
                    // There is room for each that was leased, and the semaphore is never closed.
                    let permit = Arc::clone(&room).acquire_owned().await.ok();
                    let agent = Agent { service: Arc::clone(&service), sender: sender.clone(), lease };
                    let (stop, freed) = (stop.clone(), Arc::clone(&freed));
                    turns.spawn(async move {
                        agent.turn(&stop).await;
                        drop(permit);
                        freed.notify_one();
                    });
                }
            }
            Err(error) => {
                tracing::error!(%error, "accounts at vendors could not be leased");
                wait(&service, &stop, &freed).await;
            }
        }
    }
    turns.close();
    turns.wait().await;
}

/// Rests until something may be done; also once an account was let go. What is due already is another's at this moment.
async fn wait(service: &Service, stop: &CancellationToken, freed: &Notify) {
    let next = service.store.next_provider().await.ok().flatten();
    let next = next.filter(|next| *next > service.clock.now().as_microsecond());
    let bell = async {
        tokio::select! {
            () = service.bus.rung(Lane::AGENT) => {}
            () = freed.notified() => {}
        }
    };
    rest(&service.clock, stop, bell, next).await;
}

/// Somebody who has an account.
struct Agent {
    service: Arc<Service>,
    sender: Sender,
    lease: ProviderLease,
}

impl Agent {
    /// One account's turn.
    async fn turn(&self, stop: &CancellationToken) {
        let began = Instant::now();
        let mut alone = jiff::SignedDuration::ZERO;
        while began.elapsed() < TURN && !stop.is_cancelled() {
            match self.next().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(%error, config = %self.lease.config, "nothing can be done at a vendor");
                    alone = UNUSABLE;
                    break;
                }
            }
        }
        let free = self.service.clock.now() + alone;
        if let Err(error) = self.service.store.release_provider(self.lease, free.as_microsecond()).await {
            tracing::warn!(%error, config = %self.lease.config, "an account could not be let go; its lease will end");
        }
    }

    /// Does the effect that is worth most; whether to look for another.
    async fn next(&self) -> Result<bool, ServiceError> {
        let store = &self.service.store;
        let now = self.service.clock.now();
        let Some(row) = store.provider_config(Scope::All, self.lease.config).await? else { return Ok(false) };
        if row.rest_us > now.as_microsecond() {
            return Ok(false);
        }
        let config = self.service.providers.open(row)?;
        let due = store.due_at_provider(config.id, now.as_microsecond(), LOOK_MAX).await?;
        let Some((effect, found)) = worthiest(due) else { return Ok(false) };
        let Some(claim) = store.claim_due(&found, (now + CLAIM).as_microsecond()).await? else { return Ok(true) };
        self.carry_out(&config, effect, &claim).await
    }
}

/// The effect that is worth most, and of those the first that was due. Those of one request keep their order, but for
/// questions: they change nothing, and whatever is worth more does not wait for them.
fn worthiest(due: Vec<Claim>) -> Option<(Effect, Claim)> {
    let mut due: Vec<(Effect, Claim)> =
        due.into_iter().filter_map(|claim| Some((claim.key.parse::<Effect>().ok()?, claim))).collect();
    due.sort_by_key(|(effect, _)| (effect.request, effect.seq));
    let mut seen: HashSet<RequestId> = HashSet::new();
    due.retain(|(effect, _)| effect.kind.is_question() || seen.insert(effect.request));
    due.into_iter().min_by_key(|(effect, _)| (Worth::of(effect.kind), effect.request))
}

//! Couriers' rounds: lease endpoints to which something is due, send it, let them go. Who had no turn for the longest
//! comes first, and a turn is short, so that everybody gets one, whatever the others do.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_engine::ids::OrganizationId;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::body::body;
use super::records::{Kept, Record, Records, Tried, What};
use super::verdict::{Outcome, judge};
use crate::batching::Batching;
use crate::config::Role;
use crate::outbound::{Reply, Sender, Unsent};
use crate::roles::waiting::rest;
use crate::roles::{LEASE, RENEW, backoff};
use crate::service::{Service, ServiceError};
use crate::store::{AttemptRow, DueDelivery, EndpointLease};
use crate::trace::{self, Part};
use crate::webhooks::{Endpoint, Message, message_id, stamped};

/// Most endpoints that a process has.
const LEASES_MAX: usize = 128;
/// And of one organization. Those that took nothing of late have half of that: whoever is slow or gone keeps nobody of
/// the same organization waiting.
const SHARE_MAX: usize = 32;
/// Most calls to one endpoint in flight.
const CALLS_MAX: usize = 4;
/// Deliveries to one endpoint read in one go.
const READ_MAX: i64 = 64;
/// How long an endpoint is left alone of which nothing can be read, such as one whose secrets another key encrypted.
const UNREADABLE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);
/// How long a turn begins new calls.
const TURN: Duration = Duration::from_secs(5);

/// Runs until told to stop.
pub(super) async fn run(service: Arc<Service>, sender: Sender, stop: CancellationToken) {
    let (records, writing) = Batching::start(Records { service: Arc::clone(&service) });
    let rounds = Rounds { service, sender, records, stop, leases: Mutex::default(), freed: Notify::new() };
    let rounds = Arc::new(rounds);
    let turns = TaskTracker::new();
    tokio::select! {
        () = rounds.lease_all(&turns) => {}
        () = rounds.renew() => {}
    }
    turns.close();
    // What is in flight is leased until it has ended.
    tokio::select! {
        () = turns.wait() => {}
        () = rounds.renew() => {}
    }
    drop(rounds);
    if let Err(error) = writing.await {
        tracing::error!(%error, "what became of webhooks could not be written down to the end");
    }
}

/// An endpoint, and what is due to it.
type Due = (Endpoint, VecDeque<DueDelivery>);

struct Rounds {
    service: Arc<Service>,
    sender: Sender,
    records: Batching<Records>,
    stop: CancellationToken,
    leases: Mutex<HashMap<Uuid, EndpointLease>>,
    freed: Notify,
}

impl Rounds {
    fn leases(&self) -> MutexGuard<'_, HashMap<Uuid, EndpointLease>> {
        // Somebody who panicked over it left it as good as it was.
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives everybody their turn until told to stop.
    async fn lease_all(self: &Arc<Self>, turns: &TaskTracker) {
        while !self.stop.is_cancelled() {
            self.service.pulses.beat(Role::Courier);
            let now = self.service.clock.now();
            let (room, sated, failing) = self.room();
            let next = self.service.store.next_turn().await.ok().flatten();
            if room == 0 || next.is_none_or(|next| next > now.as_microsecond()) {
                self.wait(next.filter(|_| room > 0)).await;
                continue;
            }
            let times = (now.as_microsecond(), (now + LEASE).as_microsecond());
            let most = (SHARE_MAX as i64 / 2, room as i64);
            let leases = self.service.store.lease_endpoints(times, &sated, &failing, most).await;
            match leases {
                // What is due is another's at this moment, or of somebody who has their share.
                Ok(leases) if leases.is_empty() => self.wait(None).await,
                Ok(leases) => {
                    for lease in leases {
                        self.leases().insert(lease.endpoint, lease.clone());
                        let rounds = Arc::clone(self);
                        turns.spawn(async move {
                            rounds.turn(&lease).await;
                            rounds.free(&lease);
                        });
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "endpoints could not be leased");
                    self.wait(None).await;
                }
            }
        }
    }

    /// Forgets an endpoint that was let go, unless it is leased anew.
    fn free(&self, lease: &EndpointLease) {
        let mut leases = self.leases();
        if leases.get(&lease.endpoint).is_some_and(|known| known.epoch == lease.epoch) {
            leases.remove(&lease.endpoint);
        }
        self.freed.notify_one();
    }

    /// How many more endpoints may be leased, and of which organizations none, or none that takes nothing.
    fn room(&self) -> (usize, Vec<OrganizationId>, Vec<OrganizationId>) {
        let leases = self.leases();
        let mut shares: HashMap<&OrganizationId, (usize, usize)> = HashMap::new();
        for lease in leases.values() {
            let (all, failing) = shares.entry(&lease.organization).or_default();
            *all += 1;
            *failing += usize::from(lease.failing);
        }
        let those = |full: fn(&(usize, usize)) -> bool| {
            shares.iter().filter(|(_, share)| full(share)).map(|(owner, _)| (*owner).clone()).collect()
        };
        let room = LEASES_MAX.saturating_sub(leases.len());
        (room, those(|(all, _)| *all >= SHARE_MAX), those(|(_, failing)| *failing >= SHARE_MAX / 2))
    }

    async fn wait(&self, next_us: Option<i64>) {
        let bell = async {
            tokio::select! {
                () = self.service.bus.webhooks_rung() => {}
                () = self.freed.notified() => {}
            }
        };
        rest(&self.service.clock, &self.stop, bell, next_us).await;
    }

    /// Renews every lease, for as long as it is not dropped.
    async fn renew(&self) {
        loop {
            self.service.clock.sleep_until(self.service.clock.now() + RENEW).await;
            let leases: Vec<EndpointLease> = self.leases().values().cloned().collect();
            let until = self.service.clock.now() + LEASE;
            if !leases.is_empty()
                && let Err(error) = self.service.store.renew_endpoints(&leases, until.as_microsecond()).await
            {
                tracing::warn!(%error, "leases of endpoints could not be renewed; another process may take them over");
            }
        }
    }

    /// One endpoint's turn.
    async fn turn(&self, lease: &EndpointLease) {
        let began = Instant::now();
        let (mut waiting, mut in_flight) = (VecDeque::<DueDelivery>::new(), HashSet::new());
        let mut calls = FuturesUnordered::new();
        let mut endpoint = None;
        let (mut going, mut alone) = (true, jiff::SignedDuration::ZERO);
        loop {
            going &= began.elapsed() < TURN && !self.stop.is_cancelled();
            if going && waiting.is_empty() && in_flight.len() < CALLS_MAX {
                match self.look(lease, &in_flight).await {
                    Ok(Some((read, found))) => (endpoint, waiting) = (Some(Arc::new(read)), found),
                    Ok(None) => going = false,
                    Err(error) => {
                        tracing::error!(%error, webhook = %lease.endpoint, "what is due to an endpoint could not be read");
                        (going, alone) = (false, UNREADABLE);
                    }
                }
            }
            while going
                && in_flight.len() < CALLS_MAX
                && let (Some(endpoint), Some(due)) = (&endpoint, waiting.pop_front())
            {
                in_flight.insert(due.id);
                let endpoint = Arc::clone(endpoint);
                calls.push(async move { (due.id, self.deliver(lease, &endpoint, due).await) });
            }
            match calls.next().await {
                Some((id, went)) => {
                    in_flight.remove(&id);
                    going &= went;
                }
                None => break,
            }
        }
        let free_us = (self.service.clock.now() + alone).as_microsecond();
        self.records.ask(Record { lease: lease.clone(), what: What::Released { free_us } }).await;
    }

    /// The endpoint as it is now, and what is due to it beside what is in flight; `None` if it is not ours any more.
    async fn look(&self, lease: &EndpointLease, in_flight: &HashSet<Uuid>) -> Result<Option<Due>, ServiceError> {
        let (store, now) = (&self.service.store, self.service.clock.now());
        let Some(row) = store.leased_endpoint(lease).await? else { return Ok(None) };
        let endpoint = self.service.webhooks.ready(&row)?;
        let mut due = store.due_deliveries(lease.endpoint, now.as_microsecond(), READ_MAX).await?;
        due.retain(|due| !in_flight.contains(&due.id));
        Ok(Some((endpoint, due.into())))
    }

    /// Sends one message and writes down what became of it; whether to go on with the endpoint.
    async fn deliver(&self, lease: &EndpointLease, endpoint: &Endpoint, due: DueDelivery) -> Kept {
        let cause = due.line.as_ref().and_then(|line| line.trace);
        let mut span = self.service.traces.span(Part::Client, "webhook", cause);
        if let Some((request, _)) = due.about {
            span.about(request);
        }
        let body = match trace::caused_by(span.traceparent(), body(&self.service, endpoint, &due)).await {
            Ok(body) => body,
            Err(error) => {
                span.fail();
                tracing::error!(%error, webhook = %endpoint.id, delivery = %due.id, "a webhook could not be made; it will be tried again");
                let age = self.service.clock.now().as_microsecond().saturating_sub(due.created_us) / 1_000_000;
                let wait = backoff(i64::from(age.max(1).ilog2()));
                let due_us = (self.service.clock.now() + wait).as_microsecond();
                let what = What::Postponed { delivery: due.id, due_us };
                return self.write(lease, what).await;
            }
        };
        let at = self.service.clock.now();
        let id = message_id(due.event, endpoint.id);
        let message = Message { id: &id, at, body: &body.bytes, subject: body.subject };
        let began = Instant::now();
        let headers = stamped(message, &endpoint.secrets, &endpoint.extras, body.content_type);
        let answer = match (self.service.webhooks.guard().read(&endpoint.url), headers) {
            (Ok(url), Ok(mut headers)) => {
                if let Some(trace) = span.traceparent()
                    && let Ok(value) = trace.to_string().try_into()
                {
                    headers.insert(trace::HEADER, value);
                }
                self.sender.post(&url, headers, body.bytes).await
            }
            _ => Err(Unsent::Forbidden),
        };
        let took = began.elapsed();
        let outcome = judge(&due, &answer, self.service.clock.now());
        self.service.meters.webhook_tried(outcome.counted, took);
        if outcome.error.is_some() {
            span.fail();
        }
        let excerpt = match &answer {
            Ok(reply) => self.excerpt(&due, &reply.excerpt).await,
            Err(_) => None,
        };
        let rests = outcome.rest.is_some();
        let what = tried(lease, &due, &answer, outcome, (at.as_microsecond(), took), excerpt);
        self.write(lease, what).await && !rests
    }

    /// What is kept of an answer; the log of attempts does without it rather than the attempt without the log.
    async fn excerpt(&self, due: &DueDelivery, excerpt: &[u8]) -> Option<Vec<u8>> {
        let request = due.about.map(|(request, _)| request);
        self.service.seal_excerpt(due.id, request, excerpt).await.unwrap_or_else(|error| {
            tracing::warn!(%error, delivery = %due.id, "an answer could not be kept");
            None
        })
    }

    async fn write(&self, lease: &EndpointLease, what: What) -> Kept {
        self.records.ask(Record { lease: lease.clone(), what }).await.unwrap_or(false)
    }
}

fn tried(
    lease: &EndpointLease,
    due: &DueDelivery,
    answer: &Result<Reply, Unsent>,
    outcome: Outcome,
    (at_us, took): (i64, Duration),
    excerpt: Option<Vec<u8>>,
) -> What {
    let attempt = AttemptRow {
        organization: lease.organization.clone(),
        delivery: due.id,
        number: due.attempts + 1,
        at_us,
        took_us: took.as_micros() as i64,
        status: answer.as_ref().ok().map(|reply| reply.status),
        error: outcome.error.map(str::to_owned),
        excerpt,
    };
    What::Tried(Box::new(Tried {
        attempt,
        verdict: outcome.verdict,
        queue: due.about.map_or(due.id, |(request, _)| request.0),
        first_us: due.tried_us.unwrap_or(at_us),
        rest_us: outcome.rest.map(|rest| rest.as_microsecond()),
    }))
}

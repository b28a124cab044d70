//! Couriers' rounds: hold endpoints to which something is due, send it, let them go. Who was not held for the longest
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
use super::records::{Held, Record, Records, Tried, What};
use super::verdict::{Outcome, judge};
use crate::batching::Batching;
use crate::config::Role;
use crate::outbound::{Reply, Sender, Unsent};
use crate::roles::waiting::rest;
use crate::roles::{LEASE, RENEW, backoff};
use crate::service::{Service, ServiceError};
use crate::store::{AttemptRow, DueDelivery, Hold};
use crate::trace::{self, Part};
use crate::webhooks::{Endpoint, Message, message_id, stamped};

/// Most endpoints that a process holds.
const HELD_MAX: usize = 128;
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
    let rounds = Rounds { service, sender, records, stop, held: Mutex::default(), freed: Notify::new() };
    let rounds = Arc::new(rounds);
    let turns = TaskTracker::new();
    tokio::select! {
        () = rounds.hold_all(&turns) => {}
        () = rounds.renew() => {}
    }
    turns.close();
    // What is in flight is held until it has ended.
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
    held: Mutex<HashMap<Uuid, Hold>>,
    freed: Notify,
}

impl Rounds {
    fn held(&self) -> MutexGuard<'_, HashMap<Uuid, Hold>> {
        // Somebody who panicked over it left it as good as it was.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives everybody their turn until told to stop.
    async fn hold_all(self: &Arc<Self>, turns: &TaskTracker) {
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
            let holds = self.service.store.hold_endpoints(times, &sated, &failing, most).await;
            match holds {
                // What is due is another's at this moment, or of somebody who has their share.
                Ok(holds) if holds.is_empty() => self.wait(None).await,
                Ok(holds) => {
                    for hold in holds {
                        self.held().insert(hold.endpoint, hold.clone());
                        let rounds = Arc::clone(self);
                        turns.spawn(async move {
                            rounds.turn(&hold).await;
                            rounds.free(&hold);
                        });
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "endpoints could not be held");
                    self.wait(None).await;
                }
            }
        }
    }

    /// Forgets an endpoint that is not held any more, unless it is held anew.
    fn free(&self, hold: &Hold) {
        let mut held = self.held();
        if held.get(&hold.endpoint).is_some_and(|known| known.epoch == hold.epoch) {
            held.remove(&hold.endpoint);
        }
        self.freed.notify_one();
    }

    /// How many more endpoints may be held, and of which organizations none, or none that takes nothing.
    fn room(&self) -> (usize, Vec<OrganizationId>, Vec<OrganizationId>) {
        let held = self.held();
        let mut shares: HashMap<&OrganizationId, (usize, usize)> = HashMap::new();
        for hold in held.values() {
            let (all, failing) = shares.entry(&hold.organization).or_default();
            *all += 1;
            *failing += usize::from(hold.failing);
        }
        let those = |full: fn(&(usize, usize)) -> bool| {
            shares.iter().filter(|(_, share)| full(share)).map(|(owner, _)| (*owner).clone()).collect()
        };
        let room = HELD_MAX.saturating_sub(held.len());
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

    /// Holds for longer what is held, for as long as it is not dropped.
    async fn renew(&self) {
        loop {
            self.service.clock.sleep_until(self.service.clock.now() + RENEW).await;
            let holds: Vec<Hold> = self.held().values().cloned().collect();
            let until = self.service.clock.now() + LEASE;
            if !holds.is_empty()
                && let Err(error) = self.service.store.hold_longer(&holds, until.as_microsecond()).await
            {
                tracing::warn!(%error, "endpoints could not be held for longer; another process may take them over");
            }
        }
    }

    /// One endpoint's turn.
    async fn turn(&self, hold: &Hold) {
        let began = Instant::now();
        let (mut waiting, mut in_flight) = (VecDeque::<DueDelivery>::new(), HashSet::new());
        let mut calls = FuturesUnordered::new();
        let mut endpoint = None;
        let (mut going, mut alone) = (true, jiff::SignedDuration::ZERO);
        loop {
            going &= began.elapsed() < TURN && !self.stop.is_cancelled();
            if going && waiting.is_empty() && in_flight.len() < CALLS_MAX {
                match self.look(hold, &in_flight).await {
                    Ok(Some((read, found))) => (endpoint, waiting) = (Some(Arc::new(read)), found),
                    Ok(None) => going = false,
                    Err(error) => {
                        tracing::error!(%error, webhook = %hold.endpoint, "what is due to an endpoint could not be read");
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
                calls.push(async move { (due.id, self.deliver(hold, &endpoint, due).await) });
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
        self.records.ask(Record { hold: hold.clone(), what: What::Released { free_us } }).await;
    }

    /// The endpoint as it is now, and what is due to it beside what is in flight; `None` if it is not held any more.
    async fn look(&self, hold: &Hold, in_flight: &HashSet<Uuid>) -> Result<Option<Due>, ServiceError> {
        let (store, now) = (&self.service.store, self.service.clock.now());
        let Some(row) = store.held_endpoint(hold).await? else { return Ok(None) };
        let endpoint = self.service.webhooks.ready(&row)?;
        let mut due = store.due_deliveries(hold.endpoint, now.as_microsecond(), READ_MAX).await?;
        due.retain(|due| !in_flight.contains(&due.id));
        Ok(Some((endpoint, due.into())))
    }

    /// Sends one message and writes down what became of it; whether to go on with the endpoint.
    async fn deliver(&self, hold: &Hold, endpoint: &Endpoint, due: DueDelivery) -> Held {
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
                return self.write(hold, what).await;
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
        let what = tried(hold, &due, &answer, outcome, (at.as_microsecond(), took), excerpt);
        self.write(hold, what).await && !rests
    }

    /// What is kept of an answer; the log of attempts does without it rather than the attempt without the log.
    async fn excerpt(&self, due: &DueDelivery, excerpt: &[u8]) -> Option<Vec<u8>> {
        let request = due.about.map(|(request, _)| request);
        self.service.seal_excerpt(due.id, request, excerpt).await.unwrap_or_else(|error| {
            tracing::warn!(%error, delivery = %due.id, "an answer could not be kept");
            None
        })
    }

    async fn write(&self, hold: &Hold, what: What) -> Held {
        self.records.ask(Record { hold: hold.clone(), what }).await.unwrap_or(false)
    }
}

fn tried(
    hold: &Hold,
    due: &DueDelivery,
    answer: &Result<Reply, Unsent>,
    outcome: Outcome,
    (at_us, took): (i64, Duration),
    excerpt: Option<Vec<u8>>,
) -> What {
    let attempt = AttemptRow {
        organization: hold.organization.clone(),
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
        line: due.about.map_or(due.id, |(request, _)| request.0),
        first_us: due.tried_us.unwrap_or(at_us),
        rest_us: outcome.rest.map(|rest| rest.as_microsecond()),
    }))
}

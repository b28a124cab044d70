//! The relay: the outbox, which is the events themselves, to the stream of facts.
//!
//! It publishes in the order of commits and moves its place only over what was acknowledged, so that
//! the stream has every fact, each request's in order, and some of them twice. Each message but the
//! first of a window names the one before it as the stream's last: when one does not arrive, none
//! behind it does, and the relay goes on with the oldest that was not acknowledged.
//!
//! The stream may lose what it acknowledged, or be made anew. The place remembers when the stream was
//! made and the number of the last fact there; when either goes back, everything is published again.
//! One process relays at a time, by a lease with a fencing number; one that does not know yet that it
//! lost the lease can only repeat what another says too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_engine::trail::{self, Line};
use futures_util::future::join;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::waiting::pause;
use super::{LEASE, POLL};
use crate::bus::{Acknowledged, BusError, EVENTS, JetStream, Message, cloudevent, event_subject};
use crate::config::Role;
use crate::service::Service;
use crate::store::{Cursor, EventRow, Place, RELAY, StoreError};
use crate::trace::{Part, Span};

/// Most facts in flight.
const WINDOW: i64 = 256;
/// How often the place is written down while there is much to do. A crash repeats what came since.
const SAVE_EVERY: Duration = Duration::from_millis(200);
/// How soon the log is looked at again after a ring, and then half as often each time: on PostgreSQL a fact
/// can be read once no older transaction runs, which may be a moment after its commit.
const AGAIN: Duration = Duration::from_millis(10);
/// How often it is tried whether a server has forgotten what was removed from its stream.
const FORGETTING: Duration = Duration::from_secs(2);
/// How long a failure waits.
const RETRY: Duration = Duration::from_millis(500);

/// Some of the log.
type Rows = Vec<(Cursor, EventRow)>;

/// Why relaying was interrupted.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Interrupted {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error("another process has the place")]
    Lost,
    #[error("the stream of facts lost some; it gets all of them again")]
    Rewound,
    #[error("an event cannot be read: {0}")]
    Unreadable(String),
    #[error("the stream has {0} messages")]
    NotEmpty(u64),
    #[error("the server still takes facts for repeats that were removed from its stream")]
    Remembered,
}

/// Publishes every fact again, as if none ever had been, and stops at the end of the log; how many there were.
/// The place is taken from whoever holds it and left where the stream ends, so that a relay goes on there.
/// With `repeat` also into a stream that is not empty, which then has some of them twice.
pub async fn refill(service: Arc<Service>, repeat: bool, mut seen: impl FnMut(u64)) -> Result<u64, Interrupted> {
    let Some(jetstream) = service.bus.jetstream().cloned() else { return Ok(0) };
    let mut relay = Relay::new(service, jetstream);
    relay.jetstream.ensure_streams().await?;
    let stream = relay.jetstream.state(EVENTS).await?;
    if stream.messages > 0 && !repeat {
        return Err(Interrupted::NotEmpty(stream.messages));
    }
    if !relay.take(&Uuid::new_v4().to_string(), Timestamp::MAX).await? {
        return Err(Interrupted::Lost);
    }
    relay.rewind(stream.created_us);
    relay.gone = stream.first_sequence.saturating_sub(1);
    let published = relay.publish_all(&mut seen).await;
    relay.release().await;
    published
}

/// Runs until told to stop. Returns at once without a carrier.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    let Some(jetstream) = service.bus.jetstream().cloned() else { return };
    let holder = Uuid::new_v4().to_string();
    let mut relay = Relay::new(service, jetstream);
    while !stop.is_cancelled() {
        relay.beat();
        let now = relay.service.clock.now();
        let taken = match relay.take(&holder, now).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::error!(%error, "the relay's place could not be taken");
                false
            }
        };
        if taken {
            relay.hold(&stop).await;
        } else {
            pause(&stop, POLL).await;
        }
    }
    relay.release().await;
}

struct Relay {
    service: Arc<Service>,
    jetstream: JetStream,
    place: Place,
    /// As it was last written down, and when.
    saved: Place,
    at: Instant,
    /// Up to here the stream had numbers and holds nothing: a repeat of one of them is not stored.
    gone: u64,
    /// How many facts were acknowledged.
    passed: u64,
}

impl Relay {
    fn beat(&self) {
        self.service.pulses.beat(Role::Relay);
    }

    fn new(service: Arc<Service>, jetstream: JetStream) -> Self {
        let (place, saved, at) = (Place::default(), Place::default(), Instant::now());
        Self { service, jetstream, place, saved, at, gone: 0, passed: 0 }
    }

    /// Takes the place, if nobody's lease lasts beyond an instant.
    async fn take(&mut self, holder: &str, free_at: Timestamp) -> Result<bool, StoreError> {
        let until_us = (self.service.clock.now() + LEASE).as_microsecond();
        let taken = self.service.store.take_place(RELAY, holder, free_at.as_microsecond(), until_us).await?;
        if let Some(place) = taken {
            (self.place, self.saved, self.at) = (place, place, Instant::now());
        }
        Ok(taken.is_some())
    }

    /// Relays for as long as the place is held.
    async fn hold(&mut self, stop: &CancellationToken) {
        let mut told = false;
        while !stop.is_cancelled() {
            self.beat();
            let before = self.place.at;
            match self.relay(stop).await {
                Ok(()) => return,
                Err(Interrupted::Lost) => {
                    tracing::warn!("{}", Interrupted::Lost);
                    return;
                }
                // It is said once, and then not again until it was better in between.
                Err(error) if !told || self.place.at != before => {
                    tracing::warn!(%error, "relaying is interrupted; it goes on by itself")
                }
                Err(error) => tracing::debug!(%error, "relaying is interrupted"),
            }
            told = true;
            pause(stop, RETRY).await;
            if let Err(Interrupted::Lost) = self.save().await {
                return;
            }
        }
    }

    /// Relays until told to stop, or until something goes wrong.
    async fn relay(&mut self, stop: &CancellationToken) -> Result<(), Interrupted> {
        self.look().await?;
        let mut patience = POLL;
        let mut ahead = None;
        while !stop.is_cancelled() {
            self.beat();
            let rows = match ahead.take() {
                Some(rows) => rows,
                None => self.service.store.log_after(self.place.at, WINDOW).await?,
            };
            if rows.is_empty() {
                self.save().await?;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.service.bus.outbox_rung() => patience = AGAIN,
                    () = tokio::time::sleep(patience) => {
                        if patience == POLL {
                            self.look().await?;
                            self.save().await?;
                        }
                        patience = (patience * 2).min(POLL);
                    }
                }
                continue;
            }
            ahead = self.window(rows, WINDOW).await?;
            if self.at.elapsed() >= SAVE_EVERY {
                self.save().await?;
            }
        }
        self.save().await
    }

    /// Publishes everything behind the place, to the end of the log.
    async fn publish_all(&mut self, seen: &mut impl FnMut(u64)) -> Result<u64, Interrupted> {
        // Behind a fact that is taken for a repeat, one that is not could get ahead of it.
        let window = if self.gone > 0 { 1 } else { WINDOW };
        let mut ahead = None;
        loop {
            let rows = match ahead.take() {
                Some(rows) => rows,
                None => self.service.store.log_after(self.place.at, window).await?,
            };
            if rows.is_empty() {
                return Ok(self.passed);
            }
            match self.window(rows, window).await {
                Ok(next) => {
                    ahead = next;
                    seen(self.passed);
                }
                // It forgets in a while, and nothing behind this fact was stored.
                Err(Interrupted::Remembered) => {
                    tracing::warn!("{}; waiting until it forgets them", Interrupted::Remembered);
                    tokio::time::sleep(FORGETTING).await;
                }
                Err(error) => return Err(error),
            }
            if self.at.elapsed() >= SAVE_EVERY {
                self.save().await?;
            }
        }
    }

    /// Publishes some events and moves over those that were acknowledged. Looks meanwhile at what comes behind them,
    /// at most `limit`; `None` if not all of them arrived.
    async fn window(&mut self, rows: Rows, limit: i64) -> Result<Option<Rows>, Interrupted> {
        let Some(end) = rows.last().map(|(cursor, _)| *cursor) else { return Ok(None) };
        let mut waiting = Vec::with_capacity(rows.len());
        let mut after = None;
        let mut failed = None;
        for (cursor, row) in rows {
            // What nobody follows has no span of its own.
            let span = row.trace.map(|cause| self.service.traces.span(Part::Producer, "publish", Some(cause)));
            let trace = span.as_ref().and_then(Span::traceparent);
            let message = Message { trace, ..message(row, after.take())? };
            after = Some(message.id.clone());
            match self.jetstream.send(message).await {
                // The span lasts until it is known to have arrived.
                Ok(acknowledged) => waiting.push((cursor, acknowledged, span)),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let store = self.service.store.clone();
        let settling = async {
            let before = self.place.at;
            for (cursor, acknowledged, _span) in waiting {
                let acknowledged = match acknowledged.await {
                    Ok(acknowledged) => acknowledged,
                    // What arrived before this one counts, and the next window begins with it.
                    Err(_) if self.place.at != before => return Ok(()),
                    Err(error) => return Err(error.into()),
                };
                self.pass(cursor, acknowledged)?;
            }
            failed.map_or(Ok(()), |error| Err(Interrupted::from(error)))
        };
        let (settled, next) = join(settling, store.log_after(end, limit)).await;
        settled?;
        Ok(if self.place.at == end { Some(next?) } else { None })
    }

    /// Moves over an event. One that is new to the stream and yet got a number that another had
    /// before tells that the stream lost its end.
    fn pass(&mut self, cursor: Cursor, acknowledged: Acknowledged) -> Result<(), Interrupted> {
        if acknowledged.repeated && acknowledged.sequence <= self.gone {
            return Err(Interrupted::Remembered);
        }
        if !acknowledged.repeated && acknowledged.sequence <= self.place.stream_sequence {
            self.rewind(self.place.stream_created_us);
            return Err(Interrupted::Rewound);
        }
        self.place.at = cursor;
        self.passed += 1;
        self.place.stream_sequence = self.place.stream_sequence.max(acknowledged.sequence);
        Ok(())
    }

    fn rewind(&mut self, stream_created_us: i64) {
        self.place = Place { epoch: self.place.epoch, stream_created_us, ..Place::default() };
    }

    /// Makes sure that the stream is the one that was published to, and has what it acknowledged.
    async fn look(&mut self) -> Result<(), Interrupted> {
        self.jetstream.ensure_streams().await?;
        let stream = self.jetstream.state(EVENTS).await?;
        let another = self.place.stream_created_us != stream.created_us;
        if another || stream.last_sequence < self.place.stream_sequence {
            if self.place.at != Cursor::default() {
                tracing::warn!("{}", Interrupted::Rewound);
            }
            self.rewind(stream.created_us);
            self.save().await?;
        }
        Ok(())
    }

    /// Writes the place down and holds it for longer.
    async fn save(&mut self) -> Result<(), Interrupted> {
        if self.place == self.saved && self.at.elapsed() < POLL {
            return Ok(());
        }
        let until = self.service.clock.now() + LEASE;
        if !self.service.store.move_place(RELAY, &self.place, until.as_microsecond()).await? {
            return Err(Interrupted::Lost);
        }
        (self.saved, self.at) = (self.place, Instant::now());
        Ok(())
    }

    /// Lets another process take the place at once.
    async fn release(&self) {
        if let Err(error) = self.service.store.move_place(RELAY, &self.place, 0).await {
            tracing::warn!(%error, "the relay's place could not be released; it will be free in a moment");
        }
    }
}

fn message(row: EventRow, after: Option<String>) -> Result<Message, Interrupted> {
    let trace = row.trace;
    let line = Line { body: row.body, disclosure: None, hash: row.hash };
    let event = trail::read(&line).map_err(|error| Interrupted::Unreadable(error.to_string()))?;
    let payload = serde_json::to_vec(&cloudevent::of(&event, trace));
    let payload = payload.map_err(|error| Interrupted::Unreadable(error.to_string()))?;
    Ok(Message { subject: event_subject(&event), id: event.id.to_string(), after, payload, trace })
}

//! Wishes that were published: a durable pull consumer delivers each until it is removed.

use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{self, MessagesError, Stream};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::{self, AckKind, stream};
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::{BusError, JetStream, REQUESTS, kept};
use crate::trace::{self, TraceParent};

/// Name of the consumer that all processes share.
pub(super) const CONSUMER: &str = "countersign-intake";
/// How long a delivery may go without a sign of life before it is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How often whoever works on a delivery gives a sign of life.
const PROGRESS: Duration = Duration::from_secs(10);
/// Most deliveries that all processes together may hold.
const ACK_PENDING_MAX: i64 = 2048;
/// How long one pull waits for messages.
const PULL: Duration = Duration::from_secs(30);
/// How often the server says that a pull is still waiting.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long the silence may last before it is asked whether there is really nothing.
const SILENCE: Duration = Duration::from_secs(12);
/// How often it is asked while there is no silence.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// A wish as it was delivered.
#[derive(Debug)]
pub struct Delivery {
    message: jetstream::Message,
}

impl Delivery {
    /// The subject it was published on.
    pub fn subject(&self) -> &str {
        &self.message.subject
    }

    /// What it says.
    pub fn payload(&self) -> &[u8] {
        &self.message.payload
    }

    /// The trace it was published in.
    pub fn trace(&self) -> Option<TraceParent> {
        self.message.headers.as_ref()?.get(trace::HEADER)?.as_str().parse().ok()
    }

    /// Its number in the stream.
    pub fn sequence(&self) -> u64 {
        self.message.info().map_or(0, |info| info.stream_sequence)
    }

    /// How often it was delivered, this time included, as far as the server knows.
    pub fn delivered(&self) -> i64 {
        self.message.info().map_or(1, |info| info.delivered)
    }

    /// Does some work on it, giving a sign of life while that lasts.
    pub async fn while_working<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(PROGRESS, &mut work).await {
                Ok(done) => return done,
                Err(_) => {
                    if let Err(error) = self.message.ack_with(AckKind::Progress).await {
                        tracing::debug!(%error, "a sign of life could not be given");
                    }
                }
            }
        }
    }

    /// Says that it is done with, and waits until the server has it. It leaves the stream, because it holds
    /// personal data; to the consumer, a message that is gone is one that was acknowledged.
    pub async fn done(&self) {
        match kept::remove(&self.message.context, REQUESTS, self.sequence()).await {
            // Without waiting: what is gone cannot come again.
            Ok(()) => drop(self.message.ack().await),
            Err(error) => {
                let sequence = self.sequence();
                tracing::warn!(%error, sequence, "a message could not be removed; it will come again, and then be");
            }
        }
    }

    /// Asks for it again after a while.
    pub async fn later(&self, delay: Duration) {
        if let Err(error) = self.message.ack_with(AckKind::Nak(Some(delay))).await {
            tracing::warn!(%error, "a message could not be put off; it will come again by itself");
        }
    }
}

/// The wishes that come in.
pub struct Requests {
    stream: stream::Stream<()>,
    consumer: Consumer<pull::Config>,
    messages: Stream,
    /// Since when nothing came.
    silent_since: Instant,
    asked: Instant,
}

impl Requests {
    /// Starts to read, making the consumer where it is not there.
    pub async fn open(jetstream: &JetStream, at_once: usize) -> Result<Self, BusError> {
        let stream = jetstream.context().get_stream_no_info(REQUESTS).await.map_err(|error| away(&error))?;
        let config = pull::Config {
            durable_name: Some(CONSUMER.to_owned()),
            description: Some("Countersign reads what is to be signed".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            // Attempts are counted in the database: here, the last one would leave the message for ever.
            max_deliver: -1,
            max_ack_pending: ACK_PENDING_MAX,
            ..pull::Config::default()
        };
        let consumer = stream.get_or_create_consumer(CONSUMER, config).await.map_err(|error| away(&error))?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(at_once)
            .expires(PULL)
            .heartbeat(HEARTBEAT)
            .messages()
            .await
            .map_err(|error| away(&error))?;
        let now = Instant::now();
        let requests = Self { stream, consumer, messages, silent_since: now, asked: now };
        requests.nothing_was_forgotten().await?;
        Ok(requests)
    }

    /// The next one; may be given up and called again. An error means that reading must begin anew.
    pub async fn next(&mut self) -> Result<Delivery, BusError> {
        let lost = |error: Option<MessagesError>| {
            let reason = error.map_or_else(|| "the subscription ended".to_owned(), |error| error.to_string());
            BusError::Away(reason)
        };
        loop {
            if self.asked.elapsed() >= ASK_EVERY {
                self.nothing_was_forgotten().await?;
                self.asked = Instant::now();
            }
            match tokio::time::timeout_at(self.silent_since + SILENCE, self.messages.next()).await {
                Ok(Some(Ok(message))) => {
                    self.silent_since = Instant::now();
                    return Ok(Delivery { message });
                }
                Ok(Some(Err(error))) => return Err(lost(Some(error))),
                Ok(None) => return Err(lost(None)),
                Err(_) => match self.nothing_was_forgotten().await? {
                    0 => self.silent_since = Instant::now(),
                    waiting => return Err(BusError::Away(format!("silent, although {waiting} messages wait"))),
                },
            }
        }
    }

    /// Whether the consumer is still there and passed over nothing; how many messages wait. What is done
    /// with is removed first and acknowledged afterwards, so one that the consumer has left behind and the
    /// stream still holds was lost by a server that fell: its removal, or what came after the number. A
    /// consumer that is made anew delivers it again, which its receipt makes harmless.
    async fn nothing_was_forgotten(&self) -> Result<u64, BusError> {
        let consumer = self.consumer.get_info().await.map_err(|error| away(&error))?;
        let stream = self.stream.get_info().await.map_err(|error| away(&error))?.state;
        if stream.messages == 0 || stream.first_sequence > consumer.ack_floor.stream_sequence {
            return Ok(consumer.num_pending);
        }
        self.stream.delete_consumer(CONSUMER).await.map_err(|error| away(&error))?;
        Err(BusError::Away("the consumer had passed over messages that are still there".to_owned()))
    }
}

fn away(error: &dyn std::fmt::Display) -> BusError {
    BusError::Away(error.to_string())
}

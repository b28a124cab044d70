//! Wishes that were published: a durable pull consumer that keeps each until it is acknowledged, and
//! confirms that it was.

use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{self, MessagesError, Stream};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::{self, AckKind};
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::{BusError, JetStream, REQUESTS};
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

    /// Says that it is done with, and waits until the server has it: an acknowledgement that is only
    /// sent is lost with whoever dies next.
    pub async fn done(&self) {
        if let Err(error) = self.message.double_ack().await {
            tracing::warn!(%error, "an acknowledgement was not confirmed; the message will come again");
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
    consumer: Consumer<pull::Config>,
    messages: Stream,
    /// Since when nothing came.
    silent_since: Instant,
}

impl Requests {
    /// Starts to read, making the consumer where it is not there.
    pub async fn open(jetstream: &JetStream, at_once: usize) -> Result<Self, BusError> {
        let away = |error: &dyn std::fmt::Display| BusError::Away(error.to_string());
        let stream = jetstream.context().get_stream(REQUESTS).await.map_err(|error| away(&error))?;
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
        Ok(Self { consumer, messages, silent_since: Instant::now() })
    }

    /// The next one; may be given up and called again. An error means that reading must begin anew.
    pub async fn next(&mut self) -> Result<Delivery, BusError> {
        let lost = |error: Option<MessagesError>| {
            let reason = error.map_or_else(|| "the subscription ended".to_owned(), |error| error.to_string());
            BusError::Away(reason)
        };
        loop {
            match tokio::time::timeout_at(self.silent_since + SILENCE, self.messages.next()).await {
                Ok(Some(Ok(message))) => {
                    self.silent_since = Instant::now();
                    return Ok(Delivery { message });
                }
                Ok(Some(Err(error))) => return Err(lost(Some(error))),
                Ok(None) => return Err(lost(None)),
                Err(_) => {
                    self.ask().await?;
                    self.silent_since = Instant::now();
                }
            }
        }
    }

    /// Whether the consumer is still there and has nothing to give.
    async fn ask(&self) -> Result<(), BusError> {
        let info = self.consumer.get_info().await.map_err(|error| BusError::Away(error.to_string()))?;
        match info.num_pending {
            0 => Ok(()),
            waiting => Err(BusError::Away(format!("silent, although {waiting} messages wait"))),
        }
    }
}

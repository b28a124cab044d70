//! JetStream: a carrier between processes, never the truth. It may be away when the engine starts,
//! lose what it acknowledged, or be emptied; whoever uses it must be able to say everything again.
//!
//! Only what nats-server 2.9 can do is needed. What a server has beyond that is not used yet.

use std::error::Error as _;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::connection::State as ConnectionState;
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context, ContextBuilder, ErrorCode, stream};
use async_nats::{Client, Subscriber};
use tokio::sync::watch;
use uuid::Uuid;

use super::connection::{self, ANSWER_MAX};
use super::streams::{self, DEAD};
use crate::config::NatsSettings;
use crate::trace::{self, TraceParent};

/// Most acknowledgements that may be awaited at once.
const IN_FLIGHT_MAX: usize = 4096;
/// Oldest server that has what is needed: major, minor.
const SERVER_MIN: (i64, i64) = (2, 9);
/// What servers have since a later one, for those who read the facts: major, minor, what.
const SINCE: [(i64, i64, &str); 3] = [
    (2, 10, "consumers of several subjects (2.10)"),
    (2, 11, "messages that expire one by one, and consumers that can be paused (2.11)"),
    (2, 12, "several messages stored at once or not at all, and delayed messages (2.12)"),
];
/// Room for headers in the largest message the server takes, in bytes.
const HEADERS_MAX: usize = 1024;

/// Why the bus cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// A setting.
    #[error("{setting}: {reason}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The server is of no use.
    #[error("the NATS server cannot be used: {0}")]
    Server(String),
    /// A stream is there, but not as it must be.
    #[error("the stream {stream} cannot be used: {reason}")]
    Stream {
        /// Which.
        stream: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server does not keep a message.
    #[error("the NATS server keeps nothing more: {0}")]
    Full(String),
    /// The server does not answer, or not yet.
    #[error("the NATS server does not answer: {0}")]
    Away(String),
}

impl BusError {
    /// Whether it may go away by itself.
    pub fn is_transient(&self) -> bool {
        matches!(self, BusError::Away(_) | BusError::Full(_))
    }
}

/// How a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// When it was made, in microseconds: another instant means another stream of the same name.
    pub created_us: i64,
    /// Number of its first message; if it has none, of the next one.
    pub first_sequence: u64,
    /// Number of its last message; 0 if it never had one.
    pub last_sequence: u64,
    /// How many messages it has.
    pub messages: u64,
}

/// A message to a stream.
#[derive(Clone, Debug)]
pub struct Message {
    /// Where to.
    pub subject: String,
    /// By which the server knows a repeat, for a while.
    pub id: String,
    /// The message that must be the stream's last; otherwise this one is refused.
    pub after: Option<String>,
    /// What it says.
    pub payload: Vec<u8>,
    /// The trace it is published in.
    pub trace: Option<TraceParent>,
}

/// What a stream says of a message that it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The message's number in the stream.
    pub sequence: u64,
    /// The stream had it already.
    pub repeated: bool,
}

/// A connection to a server with JetStream.
#[derive(Clone, Debug)]
pub struct JetStream {
    client: Client,
    context: Context,
    connected: watch::Receiver<bool>,
    replicas: usize,
    dead_letter_life: Duration,
    id: String,
    /// The version of the server that was last told of.
    greeted: Arc<Mutex<String>>,
}

impl JetStream {
    /// Connects and makes sure of the streams, if the server answers soon; else goes on trying behind
    /// the scenes.
    pub async fn open(settings: &NatsSettings) -> Result<Self, BusError> {
        let jetstream = Self::connect(settings).await?;
        if !jetstream.is_connected() {
            return Ok(jetstream);
        }
        match jetstream.ensure_streams().await {
            Err(error) if error.is_transient() => tracing::warn!(%error, "the streams could not be looked at yet"),
            checked => checked?,
        }
        Ok(jetstream)
    }

    /// Connects and leaves the streams as they are: for who may only publish.
    pub async fn connect(settings: &NatsSettings) -> Result<Self, BusError> {
        let (client, connected) = connection::connect(settings).await?;
        let context = ContextBuilder::new()
            .timeout(ANSWER_MAX)
            .ack_timeout(ANSWER_MAX)
            .max_ack_inflight(IN_FLIGHT_MAX)
            .backpressure_on_inflight(true)
            .build(client.clone());
        let NatsSettings { replicas, dead_letter_life, .. } = *settings;
        let (id, greeted) = (Uuid::new_v4().to_string(), Arc::default());
        Ok(Self { client, context, connected, replicas, dead_letter_life, id, greeted })
    }

    /// Who this process is among those that ring.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Waits until there is a connection.
    pub async fn until_connected(&self) {
        let mut connected = self.connected.clone();
        // The sender lives as long as the client; were it gone, there would be nothing to wait for.
        let _ = connected.wait_for(|connected| *connected).await;
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == ConnectionState::Connected
    }

    /// The longest message that the server takes, in bytes, with some room for headers.
    pub fn payload_max(&self) -> usize {
        self.client.max_payload().saturating_sub(HEADERS_MAX)
    }

    /// Makes the streams that are not there, and checks those that are.
    pub async fn ensure_streams(&self) -> Result<(), BusError> {
        let Some(server) = self.client.try_server_info() else {
            return Err(BusError::Away("not connected yet".to_owned()));
        };
        let (major, minor) = SERVER_MIN;
        if !self.client.is_server_compatible(major, minor, 0) {
            let reason = format!("version {} is older than {major}.{minor}", server.version);
            return Err(BusError::Server(reason));
        }
        self.greet(server.version);
        for wanted in streams::wanted(self.replicas, self.dead_letter_life) {
            let found = match self.context.get_stream(&wanted.name).await {
                Ok(found) => found.cached_info().config.clone(),
                Err(error) => match error.kind() {
                    GetStreamErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                        self.create_stream(&wanted).await?
                    }
                    GetStreamErrorKind::JetStream(said) => return Err(said_no(&wanted.name, &said)),
                    _ => return Err(BusError::Away(error.to_string())),
                },
            };
            let objections = streams::objections(&found, &wanted);
            if !objections.is_empty() {
                return Err(BusError::Stream { stream: wanted.name, reason: objections.join("; ") });
            }
            if found.num_replicas != wanted.num_replicas {
                let (is, asked) = (found.num_replicas, wanted.num_replicas);
                tracing::warn!(stream = wanted.name, is, asked, "another number of replicas; it is left as it is");
            }
            if wanted.name == DEAD && found.max_age != wanted.max_age {
                self.change_life(found, wanted.max_age).await?;
            }
        }
        Ok(())
    }

    /// Says once what a server of this version lacks.
    fn greet(&self, version: String) {
        let mut greeted = self.greeted.lock().unwrap_or_else(PoisonError::into_inner);
        if *greeted == version {
            return;
        }
        let lacks = SINCE.into_iter().filter(|(major, minor, _)| !self.client.is_server_compatible(*major, *minor, 0));
        let lacks: Vec<&str> = lacks.map(|(.., what)| what).collect();
        match lacks.is_empty() {
            true => tracing::info!(version, "the NATS server"),
            false => {
                let lacks = lacks.join("; ");
                tracing::warn!(version, lacks, "this NATS server is an older one; nothing that is needed is missing");
            }
        }
        *greeted = version;
    }

    async fn create_stream(&self, wanted: &stream::Config) -> Result<stream::Config, BusError> {
        match self.context.create_stream(wanted.clone()).await {
            Ok(made) => {
                tracing::info!(stream = wanted.name, "the stream was made");
                Ok(made.cached_info().config.clone())
            }
            Err(error) => Err(match error.kind() {
                CreateStreamErrorKind::JetStream(said) => said_no(&wanted.name, &said),
                _ => BusError::Away(error.to_string()),
            }),
        }
    }

    /// A dead letter holds personal data: how long it may is the engine's to say.
    async fn change_life(&self, found: stream::Config, max_age: Duration) -> Result<(), BusError> {
        let name = found.name.clone();
        match self.context.update_stream(stream::Config { max_age, ..found }).await {
            Ok(_) => tracing::info!(stream = name, days = max_age.as_secs() / 86_400, "how long it keeps was changed"),
            Err(error) => {
                return Err(match error.kind() {
                    CreateStreamErrorKind::JetStream(said) => said_no(&name, &said),
                    _ => BusError::Away(error.to_string()),
                });
            }
        }
        Ok(())
    }

    /// How a stream stands; an error if it is not there.
    pub async fn state(&self, name: &str) -> Result<StreamState, BusError> {
        let found = self.context.get_stream(name).await.map_err(|error| BusError::Away(error.to_string()))?;
        let info = found.cached_info();
        let created_us = i64::try_from(info.created.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX);
        let stream::State { first_sequence, last_sequence, messages, .. } = info.state;
        Ok(StreamState { created_us, first_sequence, last_sequence, messages })
    }

    /// Sends a message to its stream; what comes back waits for the acknowledgement. Messages arrive in the order in which this was called.
    pub async fn send(
        &self,
        message: Message,
    ) -> Result<impl Future<Output = Result<Acknowledged, BusError>> + use<>, BusError> {
        let mut publish = PublishMessage::build().message_id(&message.id).payload(message.payload.into());
        if let Some(after) = &message.after {
            publish = publish.expected_last_message_id(after);
        }
        if let Some(trace) = message.trace {
            publish = publish.header(trace::HEADER, trace.to_string());
        }
        let sent = self.context.send_publish(message.subject, publish).await.map_err(|error| not_published(&error))?;
        Ok(async move {
            let acknowledged = sent.await.map_err(|error| not_published(&error))?;
            Ok(Acknowledged { sequence: acknowledged.sequence, repeated: acknowledged.duplicate })
        })
    }

    pub(super) async fn tell(&self, subject: String, text: String) {
        // While there is no connection, bells are not kept: they would all ring at once later.
        if self.is_connected()
            && let Err(error) = self.client.publish(subject, text.into()).await
        {
            tracing::debug!(%error, "a bell could not be rung elsewhere");
        }
    }

    pub(super) async fn listen(&self, subject: String) -> Option<Subscriber> {
        self.client.subscribe(subject).await.ok()
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Everything said so far has left this process.
    pub async fn flush(&self) {
        if let Err(error) = self.client.flush().await {
            tracing::debug!(%error, "the connection could not be flushed");
        }
    }
}

fn said_no(stream: &str, said: &async_nats::jetstream::Error) -> BusError {
    match said.error_code() {
        // A cluster without a leader for the moment, or a server that is still starting.
        ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NO_PEERS => BusError::Away(said.to_string()),
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
            BusError::Server("JetStream is not enabled".to_owned())
        }
        _ => BusError::Stream { stream: stream.to_owned(), reason: said.to_string() },
    }
}

fn not_published(error: &async_nats::jetstream::context::PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => BusError::Server(error.to_string()),
        _ => match error.source().and_then(|source| source.downcast_ref::<jetstream::Error>()) {
            Some(said) if said.error_code() == ErrorCode::STREAM_STORE_FAILED => BusError::Full(said.to_string()),
            _ => BusError::Away(error.to_string()),
        },
    }
}

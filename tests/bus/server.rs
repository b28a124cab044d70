//! A real nats-server of one's own: started on a free port over a folder, killed and started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, Context, stream};
use async_nats::{ConnectOptions, HeaderMap};
use countersign::config::{Given, NatsSettings};
use countersign_tests::ports::free_port;
use serde_json::Value;
use tempfile::TempDir;

use crate::deploy::PASSWORDS;
use crate::tools;

/// Names the oldest nats-server that is supported.
const OLDEST: &str = "COUNTERSIGN_TEST_NATS_OLDEST";
/// The consumer with which wishes are read.
pub(crate) const INTAKE: &str = "countersign-intake";
/// Longest time anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Which nats-server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The oldest that is supported, as Debian has it.
    Oldest,
    /// A current one.
    Current,
}

impl Version {
    /// Its program. `tests/run` gets both and says where the older one is.
    pub(crate) fn program(self) -> PathBuf {
        match self {
            Version::Oldest => {
                std::env::var_os(OLDEST).unwrap_or_else(|| panic!("{OLDEST} is not set: tests/run does")).into()
            }
            Version::Current => tools::folder().join("python/bin/nats-server"),
        }
    }
}

/// Runs each rule on the oldest server that is supported, and on a current one.
macro_rules! on_each_server {
    ($($rule:ident),+ $(,)?) => {
        mod on_the_oldest {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(crate::bus::server::Version::Oldest).await;
            })+
        }
        mod on_a_current_one {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(crate::bus::server::Version::Current).await;
            })+
        }
    };
}
pub(crate) use on_each_server;

/// A server, running most of the time.
pub(crate) struct Nats {
    version: Version,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    /// What its configuration says besides where it listens and what it stores.
    config: String,
    /// With what the tests reach it.
    options: ConnectOptions,
}

/// A message in a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) subject: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) json: Value,
}

impl Nats {
    /// A server that answers.
    pub(crate) async fn start(version: Version) -> Self {
        Self::configured(version, "", ConnectOptions::new()).await
    }

    /// A server with more to its configuration, which the tests reach with these options.
    pub(crate) async fn configured(version: Version, config: &str, options: ConnectOptions) -> Self {
        let mut server = Self::unstarted(version, config, options);
        server.run().await;
        server
    }

    /// The same, not there yet.
    pub(crate) fn unstarted(version: Version, config: &str, options: ConnectOptions) -> Self {
        let (folder, port, config) = (TempDir::new().unwrap(), free_port(), config.to_owned());
        Self { version, folder, port, child: None, config, options }
    }

    /// A server that is not there yet.
    pub(crate) fn away(version: Version) -> Self {
        Self::unstarted(version, "", ConnectOptions::new())
    }

    /// Starts it on what its folder holds.
    pub(crate) async fn run(&mut self) {
        self.spawn();
        let context = self.context().await;
        // Any answer will do; asking for the account fails with an older server.
        until("the server has JetStream", async || match context.get_stream("SIGN_DEAD").await {
            Ok(_) => true,
            Err(error) => matches!(error.kind(), GetStreamErrorKind::JetStream(_)),
        })
        .await;
    }

    /// Starts it without waiting for anything.
    pub(crate) fn spawn(&mut self) {
        let listens = format!("listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: {:?} }}\n", self.port, self.store());
        let file = self.folder.path().join("server.conf");
        std::fs::write(&file, listens + &self.config).unwrap();
        let log = std::fs::File::create(self.folder.path().join("server.log")).unwrap();
        let mut command = Command::new(self.version.program());
        command.arg("-c").arg(file).envs(PASSWORDS).stdout(Stdio::null()).stderr(log);
        let started = command.spawn();
        self.child = Some(started.unwrap_or_else(|error| panic!("no nats-server ({error}): tests/run gets it")));
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Removes everything it stored.
    pub(crate) fn forget(&self) {
        assert!(self.child.is_none(), "it would write again");
        std::fs::remove_dir_all(self.store()).unwrap();
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its address with a user.
    pub(crate) fn url_of(&self, user: &str) -> String {
        format!("nats://{user}@127.0.0.1:{}", self.port)
    }

    /// The settings with which the engine uses it.
    pub(crate) fn settings(&self) -> NatsSettings {
        self.settings_with(Given::default())
    }

    /// The same, with more given.
    pub(crate) fn settings_with(&self, given: Given) -> NatsSettings {
        let given = given.or(Given { nats_url: Some(self.url()), ..Given::default() });
        given.settle().unwrap().nats.unwrap()
    }

    /// A client of its JetStream.
    pub(crate) async fn context(&self) -> Context {
        let options = self.options.clone().retry_on_initial_connect();
        jetstream::new(options.connect(self.url()).await.unwrap())
    }

    /// Publishes a message and waits until it is stored.
    pub(crate) async fn publish(&self, subject: &str, payload: Vec<u8>) {
        let context = self.context().await;
        context.publish(subject.to_owned(), payload.into()).await.unwrap().await.unwrap();
    }

    /// Whether a text stands anywhere in the files that it keeps.
    pub(crate) fn keeps(&self, text: &str) -> bool {
        let mut folders = vec![self.store()];
        while let Some(folder) = folders.pop() {
            // A file may go while it is looked at.
            for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read(path)
                    .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
                {
                    return true;
                }
            }
        }
        false
    }

    /// Everything in a stream, in order.
    pub(crate) async fn stored(&self, name: &str) -> Vec<Stored> {
        let context = self.context().await;
        let Ok(mut stream) = context.get_stream(name).await else { return Vec::new() };
        let state = stream.info().await.unwrap().state.clone();
        let mut stored = Vec::new();
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.unwrap();
            let json = serde_json::from_slice(&message.payload).unwrap();
            stored.push(Stored { subject: message.subject.to_string(), headers: headers(&message.headers), json });
        }
        stored
    }

    /// How many messages a stream has.
    pub(crate) async fn count(&self, name: &str) -> u64 {
        let found = self.context().await.get_stream(name).await;
        found.map_or(0, |stream: stream::Stream| stream.cached_info().state.messages)
    }

    /// Waits until the intake is done with everything that was published, and has removed it.
    pub(crate) async fn all_read(&self) {
        let context = self.context().await;
        until("everything is acknowledged", async || {
            let consumer: Result<PullConsumer, _> = context.get_consumer_from_stream(INTAKE, "SIGN_REQUESTS").await;
            let Ok(mut consumer) = consumer else { return false };
            // One that passed over something is made anew.
            let Ok(info) = consumer.info().await else { return false };
            info.num_pending == 0 && info.num_ack_pending == 0 && self.count("SIGN_REQUESTS").await == 0
        })
        .await;
    }

    /// Where its streams lie.
    pub(crate) fn store(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("store")
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended already, which is what is wanted here.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A message's headers, but for the one that says what it must follow: that depends on the relay's window.
fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let each = all.iter().flat_map(|(name, values)| values.iter().map(|value| (name.to_string(), value.to_string())));
    let mut kept: Vec<_> = each.filter(|(name, _)| name != "Nats-Expected-Last-Msg-Id").collect();
    kept.sort();
    kept
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, condition: impl AsyncFnMut() -> bool) {
    until_within(PATIENCE, what, condition).await;
}

/// Waits for a condition that may take longer than usual.
pub(crate) async fn until_within(patience: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(patience, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

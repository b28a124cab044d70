//! What is in force, as the rest of the program reads it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

use super::{RateLimit, Role};
use crate::blobs::BucketUrl;
use crate::keyring::Keyring;
use crate::language::Language;
use crate::outbound::Names;

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of the database, documents, mail and secrets.
    pub data: PathBuf,
    /// PostgreSQL database; `None` = SQLite in the data folder.
    pub database_url: Option<String>,
    /// Bucket of the documents; `None` = in the data folder.
    pub documents_url: Option<BucketUrl>,
    /// Where the master keys are.
    pub master_keys: MasterKeys,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where health and metrics are told apart from everything else.
    pub ops_listen: Option<SocketAddr>,
    /// What links begin with, without a slash at the end.
    pub public_url: String,
    /// Which roles to run.
    pub roles: Vec<Role>,
    /// Mail server, if any.
    pub smtp_url: Option<String>,
    /// Who letters come from.
    pub mail_from: String,
    /// Folder for letters without a mail server.
    pub mail_folder: PathBuf,
    /// Language where a request does not say.
    pub language: Language,
    /// Days until a request expires where it does not say.
    pub expires_in_days: Option<u32>,
    /// Days from a request's end to its purge where its organization has not decided; `None` = never.
    pub retention_days: Option<u32>,
    /// Key and certificate files of the seal, if configured.
    pub seal: Option<(PathBuf, PathBuf)>,
    /// Name on the certificate that is made on first start.
    pub seal_name: String,
    /// How many proxies in front are believed.
    pub trusted_proxies: u32,
    /// What carries the bus between processes, if anything does.
    pub nats: Option<NatsSettings>,
    /// Webhooks out.
    pub webhooks: WebhookSettings,
    /// How often each key may call; `None` = as often as it likes.
    pub rate_limit: Option<RateLimit>,
    /// Who sends text messages and makes the checks that need an outside service, if anybody does.
    pub gateway: Option<GatewaySettings>,
    /// The program that inspects PDFs in a process of its own, when called with `inspect-pdf`.
    pub inspector: PathBuf,
}

/// How to reach the gateway. Holds its secret: never printed.
#[derive(Clone)]
pub struct GatewaySettings {
    /// Its address.
    pub url: String,
    /// What calls are stamped with.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for GatewaySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewaySettings").finish_non_exhaustive()
    }
}

/// Webhooks out.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Whether they may go to this machine's own addresses.
    pub allow_loopback: bool,
    /// How long a former secret stamps beside the new one, where a rotation does not say.
    pub overlap: SignedDuration,
    /// Longest time that an endpoint may take to answer.
    pub answer_max: Duration,
    /// Where names are looked up.
    pub names: Names,
}

/// Where the master keys are.
#[derive(Clone, Debug)]
pub enum MasterKeys {
    /// In the data folder, made on first start.
    InData,
    /// In a file that must be there.
    File(PathBuf),
    /// Here.
    Given(Keyring),
}

/// How to reach NATS. Holds credentials: never printed.
#[derive(Clone)]
pub struct NatsSettings {
    /// Servers, separated by commas.
    pub url: String,
    /// File with the user's credentials.
    pub credentials: Option<PathBuf>,
    /// File with the certificates that the servers' are checked with.
    pub ca: Option<PathBuf>,
    /// Replicas of the streams that are made.
    pub replicas: usize,
    /// What the subjects of answers begin with.
    pub inbox_prefix: String,
    /// How long a dead letter is kept.
    pub dead_letter_life: Duration,
}

impl std::fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsSettings").field("replicas", &self.replicas).finish_non_exhaustive()
    }
}

impl Settings {
    /// Whether this process runs a role. Without NATS there is nothing to take in and nowhere to publish.
    pub fn runs(&self, role: Role) -> bool {
        let idle = self.nats.is_none() && matches!(role, Role::Intake | Role::Relay);
        (self.roles.contains(&Role::All) || self.roles.contains(&role)) && !idle
    }
}

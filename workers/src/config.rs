//! Settings: flags first, then `COUNTERSIGN_*` variables, then a TOML file, then defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::blobs::{BadBucketUrl, BucketUrl};
use crate::keyring::{BadKeyring, Keyring};
use crate::language::Language;
use crate::outbound::Names;

/// Where everything lies unless said otherwise.
pub const DATA_DEFAULT: &str = "countersign-data";
/// Where the service listens unless said otherwise.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
/// Who letters come from unless said otherwise.
pub const MAIL_FROM_DEFAULT: &str = "Countersign <noreply@localhost>";

/// What the subjects of NATS's answers begin with unless said otherwise.
pub const NATS_INBOX_PREFIX_DEFAULT: &str = "_INBOX";
/// How often a key may call unless said otherwise (seed 003).
pub const RATE_LIMIT_DEFAULT: RateLimit = RateLimit { per_minute: 100, burst: 200 };
/// Most calls a minute, and most at once, that a rate limit may allow.
const RATE_LIMIT_MAX: u32 = 1_000_000;
/// Days that a dead letter is kept unless said otherwise.
pub const DEAD_LETTER_DAYS_DEFAULT: u32 = 14;
/// Hours that a webhook's former secret stamps beside the new one unless said otherwise.
const OVERLAP_HOURS_DEFAULT: u32 = 24;
/// And at most.
pub const OVERLAP_HOURS_MAX: u32 = 168;
/// Longest time that an endpoint may take to answer (SPEC §8).
const WEBHOOK_ANSWER_MAX: Duration = Duration::from_secs(15);

/// Shortest secret that anything is stamped with, in bytes (Standard Webhooks).
const SECRET_MIN_BYTES: usize = 24;

/// What may be set from outside. Every field may stand in the TOML file under the same name.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Given {
    /// Folder of the database, documents, mail and secrets [default: countersign-data]
    #[arg(long, env = "COUNTERSIGN_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL database, such as postgres://user:password@host/name; without it SQLite in the data folder
    #[arg(long, env = "COUNTERSIGN_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Bucket for documents, as s3://bucket/prefix, with the usual AWS_* variables; without it the data folder
    #[arg(long, env = "COUNTERSIGN_DOCUMENTS_URL", value_name = "URL")]
    pub documents_url: Option<String>,
    /// File with the master key (43 base64url characters), or several, one a line: the first encrypts, all decrypt
    /// [default: made in the data folder on first start]
    #[arg(long, env = "COUNTERSIGN_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// The master key itself, or several with commas between; better not as a flag: flags are seen by everybody on the
    /// machine
    #[arg(long, env = "COUNTERSIGN_MASTER_KEY", value_name = "KEY", hide_env_values = true)]
    pub master_key: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "COUNTERSIGN_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Second address with nothing but health and metrics, also where the role http does not run [default: none]
    #[arg(long, env = "COUNTERSIGN_OPS_LISTEN", value_name = "ADDR")]
    pub ops_listen: Option<SocketAddr>,
    /// What links begin with, as people reach this service [default: http:// and the listen address]
    #[arg(long, env = "COUNTERSIGN_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Which roles this process runs: all, or some of http, intake, relay, timekeeper, notifier,
    /// sealer, courier, agent, clerk, with commas between [default: all]
    #[arg(long, env = "COUNTERSIGN_ROLES", value_name = "ROLES", value_delimiter = ',')]
    pub roles: Option<Vec<Role>>,
    /// Mail server, such as smtps://user:password@mail.example.com; without it letters land in a folder
    #[arg(long, env = "COUNTERSIGN_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Who letters come from.
    #[arg(
        long,
        env = "COUNTERSIGN_MAIL_FROM",
        value_name = "MAILBOX",
        help = "Who letters come from [default: Countersign <noreply@localhost>]"
    )]
    pub mail_from: Option<String>,
    /// Folder for letters without a mail server [default: mail in the data folder]
    #[arg(long, env = "COUNTERSIGN_MAIL_FOLDER", value_name = "DIR")]
    pub mail_folder: Option<PathBuf>,
    /// Language of letters and pages where a request does not say: en, es or pt-BR [default: en]
    #[arg(long, env = "COUNTERSIGN_LANGUAGE", value_name = "TAG")]
    pub language: Option<String>,
    /// Days until a request expires where it does not say; 0 = never [default: 0]
    #[arg(long, env = "COUNTERSIGN_EXPIRES_IN_DAYS", value_name = "DAYS")]
    pub expires_in_days: Option<u32>,
    /// Days from a request's end to the purge of its personal data and documents, where its organization has not
    /// decided; 0 = never [default: 0]
    #[arg(long, env = "COUNTERSIGN_RETENTION_DAYS", value_name = "DAYS")]
    pub retention_days: Option<u32>,
    /// PEM file with the key that seals documents [default: made on first start]
    #[arg(long, env = "COUNTERSIGN_SEAL_KEY", value_name = "FILE", requires = "seal_certificate")]
    pub seal_key: Option<PathBuf>,
    /// PEM file with that key's certificate chain
    #[arg(long, env = "COUNTERSIGN_SEAL_CERTIFICATE", value_name = "FILE", requires = "seal_key")]
    pub seal_certificate: Option<PathBuf>,
    /// Name on the certificate that is made on first start [default: Countersign]
    #[arg(long, env = "COUNTERSIGN_SEAL_NAME", value_name = "NAME")]
    pub seal_name: Option<String>,
    /// Proxies in front of this service whose X-Forwarded-For is believed: their number [default: 0]
    #[arg(long, env = "COUNTERSIGN_TRUSTED_PROXIES", value_name = "COUNT")]
    pub trusted_proxies: Option<u32>,
    /// NATS servers with JetStream, such as nats://nats.example.com:4222, separated by commas
    #[arg(long, env = "COUNTERSIGN_NATS_URL", value_name = "URL", hide_env_values = true)]
    pub nats_url: Option<String>,
    /// File with the NATS user's credentials
    #[arg(long, env = "COUNTERSIGN_NATS_CREDENTIALS", value_name = "FILE")]
    pub nats_credentials: Option<PathBuf>,
    /// PEM file with the certificates that the NATS servers' are checked with; makes TLS required
    #[arg(long, env = "COUNTERSIGN_NATS_CA", value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// How many NATS servers keep each stream that is made: 1, 3 or 5 [default: 1]
    #[arg(long, env = "COUNTERSIGN_NATS_REPLICAS", value_name = "COUNT")]
    pub nats_replicas: Option<u32>,
    /// What the subjects begin with on which NATS answers this process [default: _INBOX]
    #[arg(long, env = "COUNTERSIGN_NATS_INBOX_PREFIX", value_name = "SUBJECT")]
    pub nats_inbox_prefix: Option<String>,
    /// Days that a dead letter is kept: 1 to 365 [default: 14]
    #[arg(long, env = "COUNTERSIGN_DEAD_LETTER_DAYS", value_name = "DAYS")]
    pub dead_letter_days: Option<u32>,
    /// Lets webhooks and calls to the gateway go to this machine's own addresses, for development [default: no]
    #[arg(long, env = "COUNTERSIGN_ALLOW_LOOPBACK_WEBHOOKS", value_name = "YES", num_args = 0..=1,
          default_missing_value = "1", value_parser = clap::builder::BoolishValueParser::new())]
    pub allow_loopback_webhooks: Option<bool>,
    /// Hours that a webhook's former secret stamps beside the new one: 0 to 168 [default: 24]
    #[arg(long, env = "COUNTERSIGN_WEBHOOK_SECRET_OVERLAP_HOURS", value_name = "HOURS")]
    pub webhook_secret_overlap_hours: Option<u32>,
    /// Calls that each API key may make: PER_MINUTE, or PER_MINUTE:BURST with the most in 10 seconds, or off [default: 100:200]
    #[arg(long, env = "COUNTERSIGN_RATE_LIMIT", value_name = "RATE")]
    pub rate_limit: Option<String>,
    /// Where text messages, PIX, video selfies and scores are asked for (schemas/gateway.json) [default: nowhere]
    #[arg(long, env = "COUNTERSIGN_GATEWAY_URL", value_name = "URL", requires = "gateway_secret")]
    pub gateway_url: Option<String>,
    /// What calls to it are stamped with: whsec_ and at least 24 bytes in base64; better not as a flag
    #[arg(long, env = "COUNTERSIGN_GATEWAY_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub gateway_secret: Option<String>,
}

/// How often a key may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many calls a minute in the long run.
    pub per_minute: u32,
    /// How many at once, and at most in any 10 s.
    pub burst: u32,
}

impl std::str::FromStr for RateLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|number| (1..=RATE_LIMIT_MAX).contains(number));
        let (per_minute, burst) = match text.split_once(':') {
            Some((per_minute, burst)) => (number(per_minute), number(burst)),
            None => (number(text), number(text).map(|rate| rate.saturating_mul(2).min(RATE_LIMIT_MAX))),
        };
        let (Some(per_minute), Some(burst)) = (per_minute, burst) else {
            return Err(format!("is off, or calls a minute and at once such as 100:200, each 1 to {RATE_LIMIT_MAX}"));
        };
        if burst < per_minute.div_ceil(6) {
            return Err(
                "allows more in 10 seconds than at once: the second number is at least a sixth of the first".into()
            );
        }
        Ok(Self { per_minute, burst })
    }
}

/// A loop that a process may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Every role.
    All,
    /// Answers HTTP.
    Http,
    /// Reads what is published to be signed.
    Intake,
    /// Publishes what happened.
    Relay,
    /// Expiry, warnings, reminders, housekeeping.
    Timekeeper,
    /// Letters.
    Notifier,
    /// Sealed PDFs.
    Sealer,
    /// Webhooks.
    Courier,
    /// Calls to vendors that collect signatures.
    Agent,
    /// What vendors told.
    Clerk,
}

impl Role {
    /// The roles that do something.
    pub const EACH: [Role; 9] = [
        Role::Http,
        Role::Intake,
        Role::Relay,
        Role::Timekeeper,
        Role::Notifier,
        Role::Sealer,
        Role::Courier,
        Role::Agent,
        Role::Clerk,
    ];

    /// The role's name, as in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::All => "all",
            Role::Http => "http",
            Role::Intake => "intake",
            Role::Relay => "relay",
            Role::Timekeeper => "timekeeper",
            Role::Notifier => "notifier",
            Role::Sealer => "sealer",
            Role::Courier => "courier",
            Role::Agent => "agent",
            Role::Clerk => "clerk",
        }
    }
}

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

/// Why settings cannot be used. Names the setting.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct BadSetting {
    /// Which setting.
    pub setting: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl BadSetting {
    fn new(setting: &'static str, reason: impl ToString) -> Self {
        Self { setting, reason: reason.to_string() }
    }
}

impl Given {
    /// What a TOML file sets.
    pub fn from_file(path: &Path) -> Result<Self, BadSetting> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| BadSetting::new("config", format!("{}: {error}", path.display())))?;
        toml::from_str(&text).map_err(|error| BadSetting::new("config", format!("{}: {error}", path.display())))
    }

    /// These settings, and another's where these say nothing.
    pub fn or(self, other: Given) -> Given {
        Given {
            data: self.data.or(other.data),
            database_url: self.database_url.or(other.database_url),
            documents_url: self.documents_url.or(other.documents_url),
            master_key_file: self.master_key_file.or(other.master_key_file),
            master_key: self.master_key.or(other.master_key),
            listen: self.listen.or(other.listen),
            ops_listen: self.ops_listen.or(other.ops_listen),
            public_url: self.public_url.or(other.public_url),
            roles: self.roles.or(other.roles),
            smtp_url: self.smtp_url.or(other.smtp_url),
            mail_from: self.mail_from.or(other.mail_from),
            mail_folder: self.mail_folder.or(other.mail_folder),
            language: self.language.or(other.language),
            expires_in_days: self.expires_in_days.or(other.expires_in_days),
            retention_days: self.retention_days.or(other.retention_days),
            seal_key: self.seal_key.or(other.seal_key),
            seal_certificate: self.seal_certificate.or(other.seal_certificate),
            seal_name: self.seal_name.or(other.seal_name),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            nats_url: self.nats_url.or(other.nats_url),
            nats_credentials: self.nats_credentials.or(other.nats_credentials),
            nats_ca: self.nats_ca.or(other.nats_ca),
            nats_replicas: self.nats_replicas.or(other.nats_replicas),
            nats_inbox_prefix: self.nats_inbox_prefix.or(other.nats_inbox_prefix),
            dead_letter_days: self.dead_letter_days.or(other.dead_letter_days),
            allow_loopback_webhooks: self.allow_loopback_webhooks.or(other.allow_loopback_webhooks),
            webhook_secret_overlap_hours: self.webhook_secret_overlap_hours.or(other.webhook_secret_overlap_hours),
            rate_limit: self.rate_limit.or(other.rate_limit),
            gateway_url: self.gateway_url.or(other.gateway_url),
            gateway_secret: self.gateway_secret.or(other.gateway_secret),
        }
    }

    /// The settings in force, defaults filled in and everything checked.
    pub fn settle(self) -> Result<Settings, BadSetting> {
        let data = self.data.unwrap_or_else(|| DATA_DEFAULT.into());
        let listen = match self.listen {
            Some(listen) => listen,
            None => LISTEN_DEFAULT.parse().map_err(|error| BadSetting::new("listen", error))?,
        };
        let public_url = self.public_url.unwrap_or_else(|| format!("http://{listen}"));
        let public_url = public_url.trim_end_matches('/').to_owned();
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(BadSetting::new("public_url", "must begin with http:// or https://"));
        }
        let known = |url: &String| url.starts_with("postgres://") || url.starts_with("postgresql://");
        if self.database_url.as_ref().is_some_and(|url| !known(url)) {
            return Err(BadSetting::new("database_url", "must begin with postgres://"));
        }
        let bucket = |url: String| url.parse().map_err(|error: BadBucketUrl| BadSetting::new("documents_url", error));
        let documents_url = self.documents_url.map(bucket).transpose()?;
        let master_keys = match (self.master_key_file, self.master_key) {
            (None, None) => MasterKeys::InData,
            (Some(file), None) => MasterKeys::File(file),
            (None, Some(text)) => {
                let bad = |error: BadKeyring| BadSetting::new("master_key", error);
                MasterKeys::Given(text.parse().map_err(bad)?)
            }
            (Some(_), Some(_)) => return Err(BadSetting::new("master_key", "is given, and master_key_file too")),
        };
        let language = match &self.language {
            None => Language::default(),
            Some(tag) => Language::parse(tag).ok_or_else(|| BadSetting::new("language", "is en, es or pt-BR"))?,
        };
        let expires_in_days = self.expires_in_days.filter(|days| *days > 0);
        if expires_in_days.is_some_and(|days| days > countersign_engine::schedule::EXPIRES_IN_DAYS_MAX) {
            return Err(BadSetting::new("expires_in_days", "is 0 to 365"));
        }
        let retention_days = self.retention_days.filter(|days| *days > 0);
        if retention_days.is_some_and(|days| days > countersign_engine::schedule::RETENTION_DAYS_MAX) {
            return Err(BadSetting::new("retention_days", "is 0 to 36500"));
        }
        let seal = match (self.seal_key, self.seal_certificate) {
            (Some(key), Some(certificate)) => Some((key, certificate)),
            (None, None) => None,
            (Some(_), None) => return Err(BadSetting::new("seal_certificate", "is needed with seal_key")),
            (None, Some(_)) => return Err(BadSetting::new("seal_key", "is needed with seal_certificate")),
        };
        let replicas = self.nats_replicas.unwrap_or(1);
        if ![1, 3, 5].contains(&replicas) {
            return Err(BadSetting::new("nats_replicas", "is 1, 3 or 5"));
        }
        let inbox_prefix = self.nats_inbox_prefix.unwrap_or_else(|| NATS_INBOX_PREFIX_DEFAULT.to_owned());
        let is_token =
            |token: &str| !token.is_empty() && !token.contains(|c: char| c.is_whitespace() || "*>".contains(c));
        if !inbox_prefix.split('.').all(is_token) {
            return Err(BadSetting::new("nats_inbox_prefix", "is a subject without wildcards, such as _INBOX.workers"));
        }
        let dead_letter_days = self.dead_letter_days.unwrap_or(DEAD_LETTER_DAYS_DEFAULT);
        if !(1..=365).contains(&dead_letter_days) {
            return Err(BadSetting::new("dead_letter_days", "is 1 to 365"));
        }
        let nats = self.nats_url.map(|url| NatsSettings {
            url,
            credentials: self.nats_credentials,
            ca: self.nats_ca,
            replicas: replicas as usize,
            inbox_prefix,
            dead_letter_life: Duration::from_secs(u64::from(dead_letter_days) * 24 * 60 * 60),
        });
        let overlap_hours = self.webhook_secret_overlap_hours.unwrap_or(OVERLAP_HOURS_DEFAULT);
        if overlap_hours > OVERLAP_HOURS_MAX {
            return Err(BadSetting::new("webhook_secret_overlap_hours", "is 0 to 168"));
        }
        let webhooks = WebhookSettings {
            allow_loopback: self.allow_loopback_webhooks.unwrap_or(false),
            overlap: SignedDuration::from_hours(i64::from(overlap_hours)),
            answer_max: WEBHOOK_ANSWER_MAX,
            names: Names::System,
        };
        let rate_limit = rate_limit(self.rate_limit.as_deref())?;
        let gateway = gateway(self.gateway_url, self.gateway_secret.as_deref())?;
        let needs_nats = |role: &Role| matches!(role, Role::Intake | Role::Relay);
        if nats.is_none() && self.roles.iter().flatten().any(needs_nats) {
            return Err(BadSetting::new("nats_url", "is needed by the roles intake and relay"));
        }
        let inspector = std::env::current_exe().map_err(|error| BadSetting::new("inspector", error))?;
        Ok(Settings {
            mail_folder: self.mail_folder.unwrap_or_else(|| data.join("mail")),
            data,
            database_url: self.database_url,
            documents_url,
            master_keys,
            listen,
            ops_listen: self.ops_listen,
            public_url,
            roles: self.roles.unwrap_or_else(|| vec![Role::All]),
            smtp_url: self.smtp_url,
            mail_from: self.mail_from.unwrap_or_else(|| MAIL_FROM_DEFAULT.to_owned()),
            language,
            expires_in_days,
            retention_days,
            seal,
            seal_name: self.seal_name.unwrap_or_else(|| "Countersign".to_owned()),
            trusted_proxies: self.trusted_proxies.unwrap_or(0),
            nats,
            webhooks,
            rate_limit,
            gateway,
            inspector,
        })
    }
}

/// Where the gateway is, if there is one. Never without a secret: what is not stamped could be anybody's.
fn gateway(url: Option<String>, secret: Option<&str>) -> Result<Option<GatewaySettings>, BadSetting> {
    let (url, secret) = match (url, secret) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(BadSetting::new("gateway_secret", "is needed with gateway_url")),
        (None, Some(_)) => return Err(BadSetting::new("gateway_url", "is needed with gateway_secret")),
        (Some(url), Some(secret)) => (url, secret),
    };
    let bytes = secret.trim().strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
    match bytes.filter(|bytes| bytes.len() >= SECRET_MIN_BYTES) {
        Some(secret) => Ok(Some(GatewaySettings { url, secret })),
        None => Err(BadSetting::new("gateway_secret", "is whsec_ and at least 24 bytes in base64")),
    }
}

fn rate_limit(text: Option<&str>) -> Result<Option<RateLimit>, BadSetting> {
    match text.map(str::trim) {
        None => Ok(Some(RATE_LIMIT_DEFAULT)),
        Some("off") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|reason: String| BadSetting::new("rate_limit", reason)),
    }
}

impl Settings {
    /// Whether this process runs a role. Without NATS there is nothing to take in and nowhere to publish.
    pub fn runs(&self, role: Role) -> bool {
        let idle = self.nats.is_none() && matches!(role, Role::Intake | Role::Relay);
        (self.roles.contains(&Role::All) || self.roles.contains(&role)) && !idle
    }
}

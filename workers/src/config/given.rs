//! What may be given: by a flag, a `COUNTERSIGN_*` variable, or the TOML file. Nothing of it is checked yet.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use super::{BadSetting, Role};

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
    /// Which roles this process runs, with commas between [default: all]
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
}

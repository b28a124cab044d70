//! How what was given becomes what is in force: everything checked, and defaults where nothing was said.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_engine::schedule::{EXPIRES_IN_DAYS_MAX, RETENTION_DAYS_MAX};
use jiff::SignedDuration;

use super::{BadSetting, GatewaySettings, Given, MasterKeys, NatsSettings, RateLimit, Role, Settings, WebhookSettings};
use crate::blobs::{BadBucketUrl, BucketUrl};
use crate::keyring::BadKeyring;
use crate::language::Language;
use crate::outbound::Names;

/// Where everything lies unless said otherwise.
const DATA_DEFAULT: &str = "countersign-data";
/// Where the service listens unless said otherwise.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
/// Who letters come from unless said otherwise.
const MAIL_FROM_DEFAULT: &str = "Countersign <noreply@localhost>";
/// Name on the certificate that is made unless said otherwise.
const SEAL_NAME_DEFAULT: &str = "Countersign";

/// How many servers keep a stream unless said otherwise.
const NATS_REPLICAS_DEFAULT: u32 = 1;
/// What the subjects of NATS's answers begin with unless said otherwise.
const NATS_INBOX_PREFIX_DEFAULT: &str = "_INBOX";
/// Days that a dead letter is kept unless said otherwise.
const DEAD_LETTER_DAYS_DEFAULT: u32 = 14;
/// And at most.
const DEAD_LETTER_DAYS_MAX: u32 = 365;

/// Hours that a webhook's former secret stamps beside the new one unless said otherwise.
const OVERLAP_HOURS_DEFAULT: u32 = 24;
/// And at most.
pub const OVERLAP_HOURS_MAX: u32 = 168;
/// Longest time that an endpoint may take to answer (SPEC §8).
const WEBHOOK_ANSWER_MAX: Duration = Duration::from_secs(15);
/// Shortest secret that anything is stamped with, in bytes (Standard Webhooks).
const SECRET_MIN_BYTES: usize = 24;

/// How often a key may call unless said otherwise (seed 003).
const RATE_LIMIT_DEFAULT: RateLimit = RateLimit { per_minute: 100, burst: 200 };

impl Given {
    /// The settings in force, defaults filled in and everything checked.
    pub fn settle(self) -> Result<Settings, BadSetting> {
        let data = self.data.clone().unwrap_or_else(|| DATA_DEFAULT.into());
        let listen = match self.listen {
            Some(listen) => listen,
            None => LISTEN_DEFAULT.parse().map_err(|error| BadSetting::new("listen", error))?,
        };
        Ok(Settings {
            mail_folder: self.mail_folder.clone().unwrap_or_else(|| data.join("mail")),
            data,
            listen,
            ops_listen: self.ops_listen,
            public_url: self.public_url(listen)?,
            database_url: self.database_url()?,
            documents_url: self.documents_url()?,
            master_keys: self.master_keys()?,
            language: self.language()?,
            expires_in_days: days("expires_in_days", self.expires_in_days, EXPIRES_IN_DAYS_MAX)?,
            retention_days: days("retention_days", self.retention_days, RETENTION_DAYS_MAX)?,
            seal: self.seal()?,
            nats: self.nats()?,
            webhooks: self.webhooks()?,
            rate_limit: self.rate_limit()?,
            gateway: self.gateway()?,
            roles: self.roles()?,
            inspector: std::env::current_exe().map_err(|error| BadSetting::new("inspector", error))?,
            smtp_url: self.smtp_url,
            mail_from: self.mail_from.unwrap_or_else(|| MAIL_FROM_DEFAULT.to_owned()),
            seal_name: self.seal_name.unwrap_or_else(|| SEAL_NAME_DEFAULT.to_owned()),
            trusted_proxies: self.trusted_proxies.unwrap_or(0),
        })
    }

    fn public_url(&self, listen: SocketAddr) -> Result<String, BadSetting> {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{listen}"));
        let url = url.trim_end_matches('/');
        match url.starts_with("http://") || url.starts_with("https://") {
            true => Ok(url.to_owned()),
            false => Err(BadSetting::new("public_url", "must begin with http:// or https://")),
        }
    }

    fn database_url(&self) -> Result<Option<String>, BadSetting> {
        let known = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
        match self.database_url.as_deref().is_none_or(known) {
            true => Ok(self.database_url.clone()),
            false => Err(BadSetting::new("database_url", "must begin with postgres://")),
        }
    }

    fn documents_url(&self) -> Result<Option<BucketUrl>, BadSetting> {
        let bucket = |url: &String| url.parse().map_err(|error: BadBucketUrl| BadSetting::new("documents_url", error));
        self.documents_url.as_ref().map(bucket).transpose()
    }

    fn master_keys(&self) -> Result<MasterKeys, BadSetting> {
        match (&self.master_key_file, &self.master_key) {
            (None, None) => Ok(MasterKeys::InData),
            (Some(file), None) => Ok(MasterKeys::File(file.clone())),
            (None, Some(text)) => {
                let keyring = text.parse().map_err(|error: BadKeyring| BadSetting::new("master_key", error))?;
                Ok(MasterKeys::Given(keyring))
            }
            (Some(_), Some(_)) => Err(BadSetting::new("master_key", "is given, and master_key_file too")),
        }
    }

    fn language(&self) -> Result<Language, BadSetting> {
        match &self.language {
            None => Ok(Language::default()),
            Some(tag) => Language::parse(tag).ok_or_else(|| BadSetting::new("language", "is en, es or pt-BR")),
        }
    }

    fn seal(&self) -> Result<Option<(PathBuf, PathBuf)>, BadSetting> {
        match (&self.seal_key, &self.seal_certificate) {
            (Some(key), Some(certificate)) => Ok(Some((key.clone(), certificate.clone()))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(BadSetting::new("seal_certificate", "is needed with seal_key")),
            (None, Some(_)) => Err(BadSetting::new("seal_key", "is needed with seal_certificate")),
        }
    }

    /// How to reach NATS, if there is one. What is said about it is checked also where there is none.
    fn nats(&self) -> Result<Option<NatsSettings>, BadSetting> {
        let replicas = self.nats_replicas.unwrap_or(NATS_REPLICAS_DEFAULT);
        if ![1, 3, 5].contains(&replicas) {
            return Err(BadSetting::new("nats_replicas", "is 1, 3 or 5"));
        }
        let inbox_prefix = self.nats_inbox_prefix.as_deref().unwrap_or(NATS_INBOX_PREFIX_DEFAULT);
        let is_token =
            |token: &str| !token.is_empty() && !token.contains(|c: char| c.is_whitespace() || "*>".contains(c));
        if !inbox_prefix.split('.').all(is_token) {
            return Err(BadSetting::new("nats_inbox_prefix", "is a subject without wildcards, such as _INBOX.workers"));
        }
        let dead_letter_days = self.dead_letter_days.unwrap_or(DEAD_LETTER_DAYS_DEFAULT);
        let dead_letter_days = within("dead_letter_days", dead_letter_days, 1..=DEAD_LETTER_DAYS_MAX)?;
        Ok(self.nats_url.clone().map(|url| NatsSettings {
            url,
            credentials: self.nats_credentials.clone(),
            ca: self.nats_ca.clone(),
            replicas: replicas as usize,
            inbox_prefix: inbox_prefix.to_owned(),
            dead_letter_life: Duration::from_secs(u64::from(dead_letter_days) * 24 * 60 * 60),
        }))
    }

    fn webhooks(&self) -> Result<WebhookSettings, BadSetting> {
        let overlap_hours = self.webhook_secret_overlap_hours.unwrap_or(OVERLAP_HOURS_DEFAULT);
        let overlap_hours = within("webhook_secret_overlap_hours", overlap_hours, 0..=OVERLAP_HOURS_MAX)?;
        Ok(WebhookSettings {
            allow_loopback: self.allow_loopback_webhooks.unwrap_or(false),
            overlap: SignedDuration::from_hours(i64::from(overlap_hours)),
            answer_max: WEBHOOK_ANSWER_MAX,
            names: Names::System,
        })
    }

    fn rate_limit(&self) -> Result<Option<RateLimit>, BadSetting> {
        match self.rate_limit.as_deref().map(str::trim) {
            None => Ok(Some(RATE_LIMIT_DEFAULT)),
            Some("off") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|reason: String| BadSetting::new("rate_limit", reason)),
        }
    }

    /// Where the gateway is, if there is one. Never without a secret: what is not stamped could be anybody's.
    fn gateway(&self) -> Result<Option<GatewaySettings>, BadSetting> {
        let (url, secret) = match (&self.gateway_url, &self.gateway_secret) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(BadSetting::new("gateway_secret", "is needed with gateway_url")),
            (None, Some(_)) => return Err(BadSetting::new("gateway_url", "is needed with gateway_secret")),
            (Some(url), Some(secret)) => (url.clone(), secret),
        };
        let bytes = secret.trim().strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        match bytes.filter(|bytes| bytes.len() >= SECRET_MIN_BYTES) {
            Some(secret) => Ok(Some(GatewaySettings { url, secret })),
            None => {
                let reason = format!("is whsec_ and at least {SECRET_MIN_BYTES} bytes in base64");
                Err(BadSetting::new("gateway_secret", reason))
            }
        }
    }

    fn roles(&self) -> Result<Vec<Role>, BadSetting> {
        let roles = self.roles.clone().unwrap_or_else(|| vec![Role::All]);
        let needs_nats = |role: &Role| matches!(role, Role::Intake | Role::Relay);
        match self.nats_url.is_none() && roles.iter().any(needs_nats) {
            true => Err(BadSetting::new("nats_url", "is needed by the roles intake and relay")),
            false => Ok(roles),
        }
    }
}

/// A number of days, of which none means never.
fn days(setting: &'static str, given: Option<u32>, max: u32) -> Result<Option<u32>, BadSetting> {
    let days = within(setting, given.unwrap_or(0), 0..=max)?;
    Ok(Some(days).filter(|days| *days > 0))
}

/// A number that is in its range.
fn within(setting: &'static str, number: u32, range: RangeInclusive<u32>) -> Result<u32, BadSetting> {
    match range.contains(&number) {
        true => Ok(number),
        false => Err(BadSetting::new(setting, format!("is {} to {}", range.start(), range.end()))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    /// What the help says of a flag's default, if anything.
    fn said(flag: &str) -> Option<String> {
        let command = Given::augment_args(clap::Command::new("serve"));
        let argument = command.get_arguments().find(|argument| argument.get_id() == flag)?;
        let help = argument.get_help()?.to_string();
        Some(help.split_once("[default: ")?.1.strip_suffix(']')?.to_owned())
    }

    #[test]
    fn the_help_says_the_defaults_that_count() {
        let rate = format!("{}:{}", RATE_LIMIT_DEFAULT.per_minute, RATE_LIMIT_DEFAULT.burst);
        for (flag, default) in [
            ("data", DATA_DEFAULT.to_owned()),
            ("listen", LISTEN_DEFAULT.to_owned()),
            ("mail_from", MAIL_FROM_DEFAULT.to_owned()),
            ("seal_name", SEAL_NAME_DEFAULT.to_owned()),
            ("nats_replicas", NATS_REPLICAS_DEFAULT.to_string()),
            ("nats_inbox_prefix", NATS_INBOX_PREFIX_DEFAULT.to_owned()),
            ("dead_letter_days", DEAD_LETTER_DAYS_DEFAULT.to_string()),
            ("webhook_secret_overlap_hours", OVERLAP_HOURS_DEFAULT.to_string()),
            ("rate_limit", rate),
        ] {
            assert_eq!(said(flag), Some(default), "{flag}");
        }
    }

    #[test]
    fn a_number_out_of_its_range_is_refused_with_the_range() {
        let refused = |given: Given| given.settle().unwrap_err().to_string();
        let days = |days| Given { dead_letter_days: Some(days), ..Given::default() };
        assert_eq!(refused(days(0)), "dead_letter_days: is 1 to 365");
        assert!(days(365).settle().is_ok());
        let hours = |hours| Given { webhook_secret_overlap_hours: Some(hours), ..Given::default() };
        assert_eq!(refused(hours(169)), "webhook_secret_overlap_hours: is 0 to 168");
        let expires = |days| Given { expires_in_days: Some(days), ..Given::default() };
        assert_eq!(refused(expires(366)), "expires_in_days: is 0 to 365");
        assert_eq!(expires(0).settle().unwrap().expires_in_days, None);
        let retention = |days| Given { retention_days: Some(days), ..Given::default() };
        assert_eq!(refused(retention(36_501)), "retention_days: is 0 to 36500");
        assert_eq!(retention(36_500).settle().unwrap().retention_days, Some(36_500));
    }
}

//! Settings: flags first, then `COUNTERSIGN_*` variables, then a TOML file, then defaults.
//!
//! `given` is all that may be said from outside, `settling` checks it and fills in what was not said, `settings` is what
//! comes of it and what the rest of the program reads.

mod given;
mod rate;
mod role;
mod settings;
mod settling;

pub use given::Given;
pub use rate::RateLimit;
pub use role::Role;
pub use settings::{GatewaySettings, MasterKeys, NatsSettings, Settings, WebhookSettings};
pub use settling::{LISTEN_DEFAULT, OVERLAP_HOURS_MAX};

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

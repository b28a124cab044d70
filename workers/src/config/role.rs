//! Which roles there are.

use serde::Deserialize;

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

//! What a webhook is, in words of our own: an endpoint with its secrets, in whose words it is written, how it is
//! stamped, and when it is tried again. It sends nothing and stores nothing.

mod retries;
mod secret;
mod stamps;

use std::collections::BTreeSet;

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::store::EndpointRow;
use crate::vault::{Vault, VaultError};

pub use retries::{after, asked_to_wait};
pub use secret::Secret;
pub use stamps::{Extra, Message, stamped, standard};

/// What every endpoint may hear beside the events of its organization's requests.
pub const PING: &str = "endpoint.ping";
/// The same: an endpoint of the organization was disabled.
pub const DISABLED: &str = "endpoint.disabled";
/// Stands for every event.
pub const EVERYTHING: &str = "*";

/// In whose words an endpoint is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Our own: events as CloudEvents.
    Native,
    /// Those of seed 003.
    Envelopes,
    /// Those of D4Sign, of whose vocabulary seed 001 is a part.
    D4Sign,
}

impl Format {
    /// Every format there is.
    pub const ALL: [Format; 3] = [Format::Native, Format::Envelopes, Format::D4Sign];

    /// The format's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Native => "native",
            Format::Envelopes => "envelopes",
            Format::D4Sign => "d4sign",
        }
    }
}

/// Where an organization wants to be told, ready to be told.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub organization: OrganizationId,
    /// Whose events it hears; `None` = every request's.
    pub request: Option<RequestId>,
    /// Where messages go.
    pub url: String,
    /// In whose words.
    pub format: Format,
    /// What it hears.
    pub events: BTreeSet<String>,
    /// Stamps beside the standard one.
    pub extras: Vec<Extra>,
    /// What it is stamped with; the newest first.
    pub secrets: Vec<Secret>,
}

impl Endpoint {
    /// A stored endpoint, with the secrets that are live at an instant.
    pub fn open(row: &EndpointRow, vault: &Vault, now: Timestamp) -> Result<Self, VaultError> {
        let former = row.former_secret.as_ref().filter(|(_, until_us)| now.as_microsecond() < *until_us);
        let sealed = [Some(&row.secret), former.map(|(secret, _)| secret)];
        let secrets = sealed.into_iter().flatten().map(|sealed| Secret::open(sealed, row.id, vault));
        Ok(Self {
            id: row.id,
            organization: row.organization.clone(),
            request: row.request,
            url: row.url.clone(),
            format: format_of(row),
            events: events_of(row),
            extras: extras_of(row),
            secrets: secrets.collect::<Result<_, _>>()?,
        })
    }
}

/// In whose words a stored endpoint is written to.
pub fn format_of(row: &EndpointRow) -> Format {
    Format::ALL.into_iter().find(|format| format.as_str() == row.format).unwrap_or(Format::Native)
}

/// The stamps that a stored endpoint has beside the standard one.
pub fn extras_of(row: &EndpointRow) -> Vec<Extra> {
    row.stamps.split(',').filter_map(Extra::parse).collect()
}

/// What a stored endpoint hears.
pub fn events_of(row: &EndpointRow) -> BTreeSet<String> {
    row.events.split(',').map(str::to_owned).collect()
}

/// Whether a stored endpoint hears an event of this name.
pub fn hears(row: &EndpointRow, name: &str) -> bool {
    row.events.split(',').any(|heard| heard == EVERYTHING || heard == name)
}

/// The `webhook-id` of an event for an endpoint: the same for every attempt and every replay.
pub fn message_id(event: Uuid, endpoint: Uuid) -> String {
    let digest = Digest::of_both(event.as_bytes(), endpoint.as_bytes()).to_string();
    format!("msg_{}", &digest[..32])
}

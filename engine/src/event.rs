//! The stored vocabulary (SPEC §3): facts, who caused them, and their personal part.
//! Additive for ever: a field may be added with a default, never renamed or removed.
//!
//! Fields stand in alphabetical order, tags before contents, numbers are whole, and map keys sort as
//! text: so that serde writes canonical JSON (RFC 8785), which is what [`crate::trail`] hashes.
//!
//! A fact (`fact`) holds ids, digests, numbers and dates only. Whatever tells who a person is stands in its personal
//! part (`personal`); `terms` are what a request is about.

mod fact;
mod personal;
mod terms;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, EventId, KeyId, OrganizationId, RequestId, SignerId};

pub use fact::{Detail, Fact};
pub use personal::Personal;
pub use terms::{Area, Collector, Document, NATIVE, Reminders, TemplateRef, Terms, Value, Widget, WidgetKind};

/// One entry of a request's history, as read back from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Identity, also the `Nats-Msg-Id` and the CloudEvents `id`.
    pub id: EventId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Which request.
    pub request: RequestId,
    /// Place in the request's history: 1, 2, 3 … with no gap.
    pub seq: u64,
    /// When it was committed; never before the event it follows.
    pub time: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What happened.
    pub fact: Fact,
    /// Its personal part; empty where there is none or once erased.
    pub personal: Personal,
    /// SHA-256 of the previous hash and this event's canonical JSON.
    pub hash: Digest,
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "who", rename_all = "snake_case")]
pub enum Actor {
    /// A program with an API credential.
    Key(KeyId),
    /// A person, through their link.
    Signer(SignerId),
    /// A provider, by name.
    Provider(String),
    /// The engine itself: a timer, a worker.
    System,
}

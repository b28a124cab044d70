//! Dead letters, out.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::common::{PageLinks, PageMeta};
use crate::dialects::catalisa::sign_this::Reason;

/// A page of dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterList {
    /// The dead letters, newest first.
    pub data: Vec<DeadLetterObject>,
    /// How many there are.
    pub meta: PageMeta,
    /// Other pages.
    pub links: PageLinks,
}

/// A dead letter as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterObject {
    /// `dead-letter`.
    pub r#type: &'static str,
    /// Which: the same however often the same message is given up.
    pub id: Uuid,
    /// Why, and what it is about.
    pub attributes: DeadLetterAttributes,
}

/// What a dead letter tells. It holds nothing of the message but how its publisher knows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterAttributes {
    /// Every reason why the message can never work.
    pub reasons: Vec<Reason>,
    /// The event's `source`; empty if it does not say.
    pub source: String,
    /// The event's `id`; empty if it does not say.
    pub event_id: String,
    /// Where it was published.
    pub subject: String,
    /// The number that it had in the stream of requests.
    pub sequence: u64,
    /// SHA-256 of the message, in hexadecimal.
    pub sha256: String,
    /// When it was given up.
    pub buried_at: Timestamp,
}

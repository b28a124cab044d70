//! Webhooks and what was delivered to them, as they travel.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Pagination;

/// A webhook to be registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewWebhook {
    /// Where to send messages: a public address, by http or https.
    #[schema(example = "https://example.com/hooks/signatures", max_length = 2048)]
    pub url: String,
    /// What to tell: `*` for everything, `endpoint.disabled`, and, in the format `envelopes`, `envelope.created`, `.sent`,
    /// `.completed`, `.declined`, `.voided`, `.expired`, `recipient.viewed`, `.signed`, `.approved`; in the format `native`
    /// the names of events, such as `request.completed`.
    #[schema(example = json!(["envelope.completed", "envelope.declined"]), min_items = 1)]
    pub events: Vec<String>,
    /// `envelopes` (messages are a `Notice`) or `native` (a `CloudEvent`); `envelopes` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "envelopes")]
    pub format: Option<String>,
    /// Stamps beside the one of Standard Webhooks: `certyneo` (`X-Certyneo-Signature`), `d4sign` (`Content-Hmac`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["certyneo"]))]
    pub stamps: Option<Vec<String>>,
}

/// What is to be changed of a webhook; what is absent stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookChange {
    /// Where to send messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// `envelopes` or `native`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Stamps beside the one of Standard Webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamps: Option<Vec<String>>,
    /// Whether it is told anything. One that is made active hears what happens from now on; what it missed can be replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownWebhook {
    /// Which.
    pub id: Uuid,
    /// Where messages go.
    pub url: String,
    /// What it is told.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub is_active: bool,
    /// `envelopes` or `native`.
    pub format: &'static str,
    /// Stamps beside the one of Standard Webhooks.
    pub stamps: Vec<&'static str>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed or disabled.
    pub updated_at: Timestamp,
    /// Since when it has taken nothing; null if it took what came last.
    pub failing_since: Option<Timestamp>,
    /// Since when it is told nothing.
    pub disabled_at: Option<Timestamp>,
    /// Why: `by_hand`, `gone` (it answered 410), `exhausted` (it took nothing for three days).
    pub disabled_reason: Option<String>,
    /// Until when the secret before this one stamps too.
    pub former_secret_until: Option<Timestamp>,
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: ShownWebhook,
    /// What its messages are stamped with: `whsec_` and base64.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzIPgHJbkdfY=")]
    pub secret: String,
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// The webhooks, by age.
    pub data: Vec<ShownWebhook>,
    /// Which page this is.
    pub pagination: Pagination,
}

/// How a secret is to be replaced.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// Hours that the former secret stamps too: 0 to 168; as the service is configured if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap_hours: Option<u32>,
}

/// A stretch of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Range {
    /// Events of this instant or later, at most 30 days ago.
    pub after: Timestamp,
    /// And before this one; now if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
}

/// A stretch of time that is being told again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replay {
    /// Which.
    pub id: Uuid,
    /// Events of this instant or later.
    pub after: Timestamp,
    /// And before this one.
    pub before: Timestamp,
}

/// One message for one webhook, and what became of it. Kept for 30 days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownDelivery {
    /// Which.
    pub id: Uuid,
    /// What it is about.
    #[schema(example = "envelope.completed")]
    pub event: String,
    /// Its `webhook-id`: the same for every attempt, and for every replay.
    pub message_id: String,
    /// The envelope; null for a message that is about none.
    pub envelope_id: Option<Uuid>,
    /// The event's number in the envelope's history.
    pub sequence: Option<u64>,
    /// `pending`, `delivered` or `dead`.
    pub status: &'static str,
    /// Why it is dead: `gone`, `exhausted`, `endpoint_disabled`.
    pub reason: Option<String>,
    /// Whether it was asked for again.
    pub is_replay: bool,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is sent next; null while an earlier one of its envelope is pending, and at the end.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was filed.
    pub created_at: Timestamp,
    /// When it was taken or given up.
    pub finished_at: Option<Timestamp>,
    /// The attempts.
    pub history: Vec<ShownAttempt>,
}

/// An attempt to deliver a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownAttempt {
    /// Which: 1, 2, 3 …
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// HTTP status of the answer; null if there was none.
    pub status: Option<u16>,
    /// What went wrong: `status`, `redirect`, `timeout`, `connection_refused`, `connection_broken`, `name_unknown`,
    /// `tls_failed`, `address_forbidden`.
    pub error: Option<String>,
    /// The answer's beginning; null once the envelope is erased.
    pub excerpt: Option<String>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The deliveries, the latest first.
    pub data: Vec<ShownDelivery>,
    /// Which page this is.
    pub pagination: Pagination,
}

//! What a webhook in the format `envelopes` is told.

use countersign_engine::ids::{RequestId, SignerId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::dialects::certyneo::vocabulary::{RecipientRole, RecipientStatus};

/// A message to a webhook in the format `envelopes`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notice<'n> {
    /// What happened.
    #[schema(example = "envelope.completed")]
    pub event: &'n str,
    /// To which envelope; null for a message that is about none.
    #[schema(value_type = Option<Uuid>)]
    pub envelope_id: Option<RequestId>,
    /// When.
    pub occurred_at: Timestamp,
    /// The envelope as it was then; of one that is erased by now ids only.
    pub data: NoticeData<'n>,
}

/// What a message says beside what happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum NoticeData<'n> {
    /// About an envelope.
    Envelope(Box<NoticedEnvelope<'n>>),
    /// About a webhook: `webhook`, and the `reason` why it is disabled.
    #[schema(value_type = Object)]
    Webhook(Value),
}

/// An envelope as an event left it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct NoticedEnvelope<'n> {
    /// DRAFT, SENT, DELIVERED, PARTIALLY_SIGNED, COMPLETED, DECLINED, VOIDED, EXPIRED.
    pub status: &'n str,
    /// Its subject.
    pub subject: Option<&'n str>,
    /// Everybody, in the order in which they were named.
    pub recipients: Vec<NoticedRecipient<'n>>,
    /// Who viewed, signed, approved or declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<NoticedRecipient<'n>>,
    /// When the last signature was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Where the signed document is, for whoever has a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_pdf_url: Option<String>,
    /// Why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<&'n str>,
    /// Why it was voided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub void_reason: Option<&'n str>,
    /// Who had not signed when it expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_signers: Option<Vec<NoticedRecipient<'n>>>,
}

/// A recipient as an event left them.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticedRecipient<'n> {
    /// Which.
    #[schema(value_type = Uuid)]
    pub id: SignerId,
    /// Their name.
    pub name: Option<&'n str>,
    /// Their address.
    pub email: Option<&'n str>,
    /// What is asked of them.
    pub role: RecipientRole,
    /// Where they stood.
    pub status: RecipientStatus,
    /// When they signed or approved.
    pub signed_at: Option<Timestamp>,
}

//! Envelopes as they go out.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Pagination, Reminders};
use crate::dialects::certyneo::vocabulary::{EnvelopeStatus, RecipientRole, RecipientStatus};

/// An envelope; fields without a value are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Which.
    pub id: Uuid,
    /// Where it stands.
    pub status: EnvelopeStatus,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Contrat de prestation")]
    pub subject: Option<String>,
    /// Message to the recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The uploads it was made of. A document that came with the request itself has no id.
    pub document_ids: Vec<Uuid>,
    /// Its documents, in the order in which they are read.
    pub documents: Vec<EnvelopeDocument>,
    /// Its recipients, in the order in which they were named.
    pub recipients: Vec<Recipient>,
    /// Language of letters, pages and certificate.
    #[schema(example = "en")]
    pub locale: String,
    /// When its links stop working: once sent, or as it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Days from sending to expiry, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
    /// Automatic reminders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Reminders>,
    /// Whether it was made with a test key: nobody is written to, and what is sealed says so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Its progress page.
    pub view_url: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When the last of the recipients acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Why it was voided or declined, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A document of an envelope.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvelopeDocument {
    /// The upload it was; absent where it came with the request itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its length.
    pub bytes: u64,
    /// Its number of pages.
    pub pages: u32,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// A recipient of an envelope; fields without a value are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// Which.
    pub id: Uuid,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is asked of them.
    pub role: RecipientRole,
    /// Place in the order: equal numbers act in parallel.
    pub order: u32,
    /// Where they stand.
    pub status: RecipientStatus,
    /// Their link, from when it is their turn until they have acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_url: Option<String>,
    /// Where a VIEWER follows the envelope, once it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view_url: Option<String>,
    /// When they were written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When they opened the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewed_at: Option<Timestamp>,
    /// When they signed or approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// When they refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined_at: Option<Timestamp>,
    /// Why they refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<String>,
}

/// A page of envelopes.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnvelopeList {
    /// They.
    pub data: Vec<Envelope>,
    /// Which page.
    pub pagination: Pagination,
}

//! Envelopes as they come in: create, change, void.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dialects::certyneo::vocabulary::RecipientRole;

/// The body of `POST /envelopes`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewEnvelope {
    /// What it is about.
    #[schema(min_length = 1, max_length = 255, example = "Contrat de prestation")]
    pub subject: String,
    /// Message to the recipients.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// Uploaded documents, in the order in which they are read.
    #[schema(min_items = 1, max_items = 20)]
    pub document_ids: Vec<Uuid>,
    /// Who is to do what.
    #[schema(min_items = 1, max_items = 100)]
    pub recipients: Vec<NewRecipient>,
    /// Language of letters, pages and certificate: `en`, `es` or `pt-BR`.
    #[schema(example = "en")]
    pub locale: Option<String>,
    /// The instant at which its links stop working. Not with `expiresInDays`.
    pub expires_at: Option<Timestamp>,
    /// Days from sending to expiry; never if absent and the installation sets no default.
    #[schema(minimum = 1, maximum = 365)]
    pub expires_in_days: Option<u32>,
    /// Automatic reminders; none if absent.
    pub reminders: Option<Reminders>,
}

/// The body of `PATCH /envelopes/{id}`: what is to change. `null` takes away what may be absent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvelopeChange {
    /// What it is about.
    #[schema(min_length = 1, max_length = 255)]
    pub subject: Option<String>,
    /// Message to the recipients.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// Its documents, all of them.
    #[schema(min_items = 1, max_items = 20)]
    pub document_ids: Option<Vec<Uuid>>,
    /// Its recipients, all of them. Whoever has the address of one there was keeps their id.
    #[schema(min_items = 1, max_items = 100)]
    pub recipients: Option<Vec<NewRecipient>>,
    /// Language of letters, pages and certificate.
    pub locale: Option<String>,
    /// The instant at which its links stop working.
    pub expires_at: Option<Timestamp>,
    /// Days from sending to expiry.
    #[schema(minimum = 1, maximum = 365)]
    pub expires_in_days: Option<u32>,
    /// Automatic reminders.
    pub reminders: Option<Reminders>,
}

/// A person who is to do something.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewRecipient {
    /// E-mail address; each only once at the same place of the order.
    #[schema(max_length = 255, example = "client@example.com")]
    pub email: String,
    /// Full name; the address if absent.
    #[schema(max_length = 255, example = "Marie Dubois")]
    pub name: Option<String>,
    /// What is asked of them: SIGNER if absent.
    pub role: Option<RecipientRole>,
    /// Place in the order: equal numbers act in parallel, as all do without one.
    #[schema(default = 1, minimum = 1, maximum = 1000000)]
    pub order: Option<u32>,
}

/// The automatic reminder cadence.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reminders {
    /// Days from somebody's invitation to the first.
    #[schema(minimum = 1, maximum = 365)]
    pub first_after_days: u32,
    /// Days between one and the next.
    #[schema(minimum = 1, maximum = 365)]
    pub every_days: u32,
    /// At most so many.
    #[schema(minimum = 1, maximum = 50)]
    pub max: u32,
}

/// The body of `POST /envelopes/{id}/void`.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidEnvelope {
    /// Why: the recipients are told.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

//! Requests as they come in: create, from-template, cancel, resend.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::signers::SignerRequirements;

/// The body of `POST /requests`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateRequest {
    /// The resource.
    pub data: CreateData,
}

/// The resource of a new request.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateData {
    /// `signature-request`.
    #[schema(example = "signature-request")]
    pub r#type: Option<String>,
    /// What it is about.
    pub attributes: CreateAttributes,
}

/// What a new request is about. Exactly one of `fileId`, `fileBase64` with `fileName`, `fileIds` and `files`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateAttributes {
    /// Title of the request.
    #[schema(min_length = 1, max_length = 255)]
    pub title: String,
    /// Message to the signers.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// Provider configuration; the default one if absent.
    pub config_id: Option<Uuid>,
    /// The sender's own reference.
    #[schema(max_length = 100)]
    pub business_id: Option<String>,
    /// Days until it expires; never if absent and the installation sets no default.
    #[schema(minimum = 1, maximum = 365)]
    pub expires_in_days: Option<u32>,
    /// A file uploaded before.
    pub file_id: Option<Uuid>,
    /// The PDF in base64, at most 50 MB decoded.
    pub file_base64: Option<String>,
    /// Its name; required with `fileBase64`.
    #[schema(max_length = 255)]
    pub file_name: Option<String>,
    /// Several files uploaded before, in the order in which they are read; at most 100 MB together.
    #[schema(min_items = 1, max_items = 20)]
    pub file_ids: Option<Vec<Uuid>>,
    /// Several PDFs, in the order in which they are read.
    #[schema(min_items = 1, max_items = 20)]
    pub files: Option<Vec<NewFile>>,
    /// Who signs.
    #[schema(min_items = 1, max_items = 100)]
    pub signers: Vec<NewSigner>,
    /// Where they fill and sign. A signer without a signature widget on any document signs on a page that is
    /// appended to the last.
    #[schema(max_items = 1000)]
    pub widgets: Option<Vec<NewWidget>>,
    /// Keep it a draft instead of sending it at once.
    #[schema(default = false)]
    pub draft: Option<bool>,
    /// Language of letters, pages and certificate: `en`, `es` or `pt-BR`.
    #[schema(example = "pt-BR")]
    pub language: Option<String>,
    /// Automatic reminders; none if absent.
    pub reminders: Option<NewReminders>,
    /// Hours before expiry at which `request.expiring` is recorded; 0 = not at all.
    #[schema(default = 24, maximum = 720)]
    pub expiry_warning_hours: Option<u32>,
}

/// One of several PDFs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewFile {
    /// The PDF in base64, at most 50 MB decoded.
    pub file_base64: String,
    /// Its name.
    #[schema(max_length = 255)]
    pub file_name: String,
}

/// The body of `POST /requests/from-template`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateFromTemplate {
    /// The resource.
    pub data: CreateFromTemplateData,
}

/// The resource of a new request from a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateFromTemplateData {
    /// `signature-request`.
    #[schema(example = "signature-request")]
    pub r#type: Option<String>,
    /// What it is about.
    pub attributes: FromTemplateAttributes,
}

/// What a new request from a template is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FromTemplateAttributes {
    /// Which template.
    #[schema(example = "tpl_abc123", max_length = 64)]
    pub template_id: String,
    /// Title of the request.
    #[schema(min_length = 1, max_length = 255)]
    pub title: String,
    /// Message to the signers.
    #[schema(max_length = 2000)]
    pub message: Option<String>,
    /// Provider configuration; the default one if absent.
    pub config_id: Option<Uuid>,
    /// The sender's own reference.
    #[schema(max_length = 100)]
    pub business_id: Option<String>,
    /// Days until it expires.
    #[schema(minimum = 1, maximum = 365)]
    pub expires_in_days: Option<u32>,
    /// Who signs, in the order in which the template's widgets count them.
    #[schema(min_items = 1, max_items = 100)]
    pub signers: Vec<NewSigner>,
    /// Values of the template's text, date and checkbox widgets, by name.
    pub field_values: Option<BTreeMap<String, Value>>,
    /// Keep it a draft.
    #[schema(default = false)]
    pub draft: Option<bool>,
    /// Language of letters, pages and certificate.
    pub language: Option<String>,
    /// Automatic reminders.
    pub reminders: Option<NewReminders>,
    /// Hours before expiry at which `request.expiring` is recorded.
    #[schema(default = 24, maximum = 720)]
    pub expiry_warning_hours: Option<u32>,
}

/// A person who is to act, or a signing group of whom one is: `name` and `email`, or `groupId`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSigner {
    /// Full name; left out with `groupId`.
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// E-mail address, each only once at one place in the order; left out with `groupId`.
    #[schema(max_length = 255)]
    pub email: Option<String>,
    /// A signing group: each member becomes a signer, and the first who signs acts for all.
    pub group_id: Option<Uuid>,
    /// Telephone, as +5511953020202: for codes by SMS and WhatsApp.
    pub phone: Option<String>,
    /// CPF or CNPJ.
    pub national_id: Option<String>,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// A code that they must know before they see the document; you tell them another way. It is never told again.
    #[schema(max_length = 100)]
    pub access_code: Option<String>,
    /// What they must prove.
    pub requirements: Option<SignerRequirements>,
    /// Place in the order: equal numbers act in parallel.
    #[schema(default = 1, minimum = 1, maximum = 1000000)]
    pub order: Option<u32>,
    /// What is asked of them.
    pub role: Option<SignerRole>,
    /// A name of yours by which widgets may refer to this signer.
    #[schema(max_length = 64)]
    pub id: Option<String>,
}

/// A place on a page where a signer fills or signs, in points from the top left.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewWidget {
    /// What it collects.
    pub r#type: WidgetType,
    /// Whose it is: a signer's `id`, 1-based place in the list, or e-mail. Signature widgets
    /// without it bind to the signers in order; others to the first.
    pub signer_id: Option<Value>,
    /// Which document it stands on: its 1-based place, the id of its file, or its file name; the first if absent.
    pub document: Option<Value>,
    /// Page of that document, from 1.
    #[schema(minimum = 1)]
    pub page: u32,
    /// From the left edge.
    #[schema(minimum = 0)]
    pub x: f64,
    /// From the top edge.
    #[schema(minimum = 0)]
    pub y: f64,
    /// Width; a usual one for the type if absent.
    pub width: Option<f64>,
    /// Height; a usual one for the type if absent.
    pub height: Option<f64>,
    /// Whether it must be filled; always so for signatures.
    #[schema(default = false)]
    pub required: Option<bool>,
    /// What it is called on the page.
    #[schema(max_length = 255)]
    pub label: Option<String>,
}

/// The automatic reminder cadence.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewReminders {
    /// Days from a signer's invitation to the first.
    #[schema(minimum = 1, maximum = 365)]
    pub first_after_days: u32,
    /// Days between one and the next.
    #[schema(minimum = 1, maximum = 365)]
    pub every_days: u32,
    /// At most so many.
    #[schema(minimum = 1, maximum = 50)]
    pub max: u32,
}

/// The body of `POST /requests/{id}/cancel`; may be empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cancel {
    /// Why.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// The body of `POST /requests/{id}/resend`; may be empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resend {
    /// The resource.
    pub data: Option<ResendData>,
}

/// Whom to write to again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResendData {
    /// Which signer.
    pub attributes: Option<ResendAttributes>,
}

/// Whom to write to again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResendAttributes {
    /// The signer with this address; all whose turn it is if absent.
    pub signer_email: Option<String>,
}

/// What a signer is asked to do.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignerRole {
    /// Signs.
    Signer,
    /// Approves, without a signature.
    Approver,
    /// Acknowledges receipt, without a signature.
    Acknowledger,
    /// Witnesses, with a signature.
    Witness,
    /// Only receives a copy at the end.
    Copied,
    /// Follows the request and reads its documents, and receives a copy at the end.
    Viewer,
}

/// What a widget collects.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WidgetType {
    /// The signer's signature.
    Signature,
    /// A line of text.
    Text,
    /// A date.
    Date,
    /// A box to tick.
    Checkbox,
}

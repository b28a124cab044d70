//! The shapes of seed 002, as they travel. Names and nesting are the seed's; members it does not
//! have are ours and optional.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a request stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestStatus {
    /// Not sent yet.
    Draft,
    /// Sent; nobody has looked.
    Sent,
    /// Somebody has looked.
    Viewed,
    /// Somebody has signed, more are due.
    PartiallySigned,
    /// All have signed.
    Completed,
    /// Somebody refused.
    Declined,
    /// Its time ran out.
    Expired,
    /// It was called off.
    Cancelled,
}

/// Where a signer stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SignerStatus {
    /// An earlier group is still acting.
    Pending,
    /// Invited.
    Sent,
    /// Has opened the document.
    Viewed,
    /// Has acted.
    Signed,
    /// Has refused.
    Declined,
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

/// What a new request is about. Exactly one of `fileId` and `fileBase64` with `fileName`.
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
    /// Who signs.
    #[schema(min_items = 1, max_items = 100)]
    pub signers: Vec<NewSigner>,
    /// Where they fill and sign. A signer without a signature widget signs on an appended page.
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

/// A person who is to act.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSigner {
    /// Full name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// E-mail address; each only once in a group.
    #[schema(max_length = 255)]
    pub email: String,
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
    /// Page, from 1.
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

/// One request.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestAnswer {
    /// The request.
    pub data: RequestObject,
    /// Its address.
    pub links: SelfLink,
}

/// A request as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestObject {
    /// `signature-request`.
    pub r#type: &'static str,
    /// Which.
    pub id: Uuid,
    /// Its address.
    pub links: SelfLink,
    /// What it is.
    pub attributes: RequestAttributes,
    /// Its signers; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relationships: Option<Relationships>,
}

/// A resource's address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SelfLink {
    /// Path.
    #[serde(rename = "self")]
    pub this: String,
}

/// What a request is; members without a value are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestAttributes {
    /// Title of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Message to the signers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where it stands.
    #[schema(value_type = RequestStatus)]
    pub status: &'static str,
    /// The sender's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_id: Option<String>,
    /// The template it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// Its name at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    /// Its progress page.
    pub view_url: String,
    /// When its links stop working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the last signature was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The API key that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Uuid>,
}

/// What a request is related to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relationships {
    /// Its signers.
    pub signers: Signers,
}

/// A request's signers, in the order in which they were named.
#[derive(Debug, Serialize, ToSchema)]
pub struct Signers {
    /// They.
    pub data: Vec<SignerObject>,
}

/// A signer as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignerObject {
    /// `signer`.
    pub r#type: &'static str,
    /// Which.
    pub id: Uuid,
    /// What they are.
    pub attributes: SignerAttributes,
}

/// What a signer is; members without a value are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignerAttributes {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Place in the order.
    pub order: u32,
    /// Where they stand.
    #[schema(value_type = SignerStatus)]
    pub status: &'static str,
    /// What is asked of them.
    #[schema(value_type = SignerRole)]
    pub role: &'static str,
    /// Their link, once they are invited and until they have acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_url: Option<String>,
    /// When they were invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When they opened the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewed_at: Option<Timestamp>,
    /// When they acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// When they refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined_at: Option<Timestamp>,
    /// Why they refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<String>,
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestList {
    /// The requests.
    pub data: Vec<RequestObject>,
    /// Counts.
    pub meta: PageMeta,
    /// The other pages.
    pub links: PageLinks,
}

/// Counts of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageMeta {
    /// On all pages.
    pub total_items: u64,
    /// How many pages.
    pub total_pages: u64,
    /// Which page this is, from 1.
    pub current_page: u64,
    /// Most items on a page.
    pub page_size: u64,
}

/// Addresses of the pages of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageLinks {
    /// This one.
    #[serde(rename = "self")]
    pub this: String,
    /// The first.
    pub first: String,
    /// The last.
    pub last: String,
    /// The one before, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    /// The next, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
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

/// That it was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// One sentence.
    #[schema(example = "Signature request resent successfully")]
    pub message: &'static str,
}

/// Where the sealed PDF can be had.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    /// Address that needs no key.
    pub download_url: String,
    /// Until when it works: 15 minutes.
    pub expires_at: Timestamp,
}

/// A request's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// Its events, in order.
    pub data: Vec<EventObject>,
}

/// An event as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventObject {
    /// `signature-event`.
    pub r#type: &'static str,
    /// Which.
    pub id: Uuid,
    /// What it is.
    pub attributes: EventAttributes,
}

/// What an event is. `hash = SHA-256(hash of the event before ‖ canonical JSON of this one)`.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventAttributes {
    /// Its number in the request's history, from 1.
    pub sequence: u64,
    /// What happened, such as `signer.signed`.
    pub name: &'static str,
    /// When.
    pub time: Timestamp,
    /// Who caused it.
    pub actor: Value,
    /// Ids, digests and numbers.
    pub data: Value,
    /// Names, addresses, reasons; absent once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Value>,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// The body of `POST /files` as JSON; a multipart form with a part `file` does as well.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadFile {
    /// The resource.
    pub data: UploadFileData,
}

/// The resource of a new file.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadFileData {
    /// What it is.
    pub attributes: UploadFileAttributes,
}

/// A new file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadFileAttributes {
    /// The PDF in base64, at most 50 MB decoded.
    pub file_base64: String,
    /// Its name.
    #[schema(max_length = 255)]
    pub file_name: String,
}

/// One file.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileAnswer {
    /// The file.
    pub data: FileObject,
}

/// A file as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileObject {
    /// `file`.
    pub r#type: &'static str,
    /// Which; the `fileId` of a new request.
    pub id: Uuid,
    /// Its address.
    pub links: SelfLink,
    /// What it is.
    pub attributes: FileAttributes,
}

/// What a file is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileAttributes {
    /// Its name.
    pub file_name: String,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its number of pages.
    pub pages: u32,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// The body of `POST /templates`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateTemplate {
    /// The resource.
    pub data: CreateTemplateData,
}

/// The resource of a new template.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateTemplateData {
    /// `signature-template`.
    #[schema(example = "signature-template")]
    pub r#type: Option<String>,
    /// An id of your own: 1 to 64 letters, digits, `-` or `_`.
    #[schema(example = "tpl_abc123", max_length = 64)]
    pub id: Option<String>,
    /// What it is.
    pub attributes: CreateTemplateAttributes,
}

/// A new template. Exactly one of `fileId` and `fileBase64` with `fileName`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateTemplateAttributes {
    /// What it is called.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// A file uploaded before.
    pub file_id: Option<Uuid>,
    /// The PDF in base64.
    pub file_base64: Option<String>,
    /// Its name.
    pub file_name: Option<String>,
    /// Its widgets.
    #[schema(max_items = 1000)]
    pub widgets: Vec<TemplateWidget>,
}

/// A widget of a template.
#[derive(Debug, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateWidget {
    /// Its name: what `fieldValues` fills it by. Required but for signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// What it collects.
    #[schema(value_type = WidgetType)]
    pub r#type: String,
    /// Whose it is: the 1-based place in the signers of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer_id: Option<u32>,
    /// Page, from 1.
    pub page: u32,
    /// From the left edge, in points.
    pub x: f64,
    /// From the top edge, in points.
    pub y: f64,
    /// Width, in points.
    pub width: f64,
    /// Height, in points.
    pub height: f64,
    /// Whether it must be filled.
    pub required: bool,
    /// What it is called on the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// One template.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateAnswer {
    /// The template.
    pub data: TemplateObject,
}

/// A page of templates.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateList {
    /// The templates.
    pub data: Vec<TemplateObject>,
    /// Counts.
    pub meta: PageMeta,
    /// The other pages.
    pub links: PageLinks,
}

/// A template as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateObject {
    /// `signature-template`.
    pub r#type: &'static str,
    /// Which; the `templateId` of a new request.
    pub id: String,
    /// Its address.
    pub links: SelfLink,
    /// What it is.
    pub attributes: TemplateAttributes,
}

/// What a template is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateAttributes {
    /// What it is called.
    pub name: String,
    /// Its document's file name.
    pub file_name: String,
    /// SHA-256 of its document, in hexadecimal.
    pub sha256: String,
    /// Its widgets.
    pub widgets: Vec<TemplateWidget>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What is wrong with a call, all of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Errors {
    /// Never empty.
    pub errors: Vec<ErrorObject>,
}

/// One thing that is wrong (JSON:API 1.1, "Error Objects").
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorObject {
    /// This occurrence.
    pub id: Uuid,
    /// HTTP status.
    pub status: String,
    /// Stable code.
    #[schema(example = "too_long")]
    pub code: String,
    /// The status in words.
    pub title: String,
    /// One sentence.
    pub detail: String,
    /// Which part of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<ErrorSource>,
}

/// Which part of a call is wrong.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ErrorSource {
    /// Member of the body: JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/data/attributes/title")]
    pub pointer: Option<String>,
    /// Query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

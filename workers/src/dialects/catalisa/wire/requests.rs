//! Requests as they go out: one, lists, history, download.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::common::{PageLinks, PageMeta, SelfLink};
use super::new::SignerRole;
use super::signers::{SignerProof, SignerRequirements};

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
    /// What is signed, in order.
    pub documents: Vec<SignedDocument>,
    /// Whether it was made with a test key: nobody is written to, and what is sealed says so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Its progress page.
    pub view_url: String,
    /// When its links stop working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the last signature was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// Since when it is held: neither purged nor deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_at: Option<Timestamp>,
    /// When its personal data and documents were purged by the organization's retention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purged_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The API key that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Uuid>,
}

/// One of the documents of a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedDocument {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its number of pages.
    pub pages: u32,
    /// SHA-256 of its sealed PDF, once that is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed_sha256: Option<String>,
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

/// A request's signers by themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignerList {
    /// They, in the order in which they were named.
    pub data: Vec<SignerObject>,
    /// Where they are.
    pub links: SelfLink,
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
    /// Telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// CPF or CNPJ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub national_id: Option<String>,
    /// Day of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Date>,
    /// The signing group that they came in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<Uuid>,
    /// The signer of their group who signed for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_by: Option<Uuid>,
    /// What they must prove before they act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirements: Option<SignerRequirements>,
    /// What they proved with their current link.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<SignerProof>,
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

/// That it was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// One sentence.
    #[schema(example = "Signature request resent successfully")]
    pub message: &'static str,
}

/// Where the sealed PDF can be had, or a ZIP of them where the request has several documents.
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

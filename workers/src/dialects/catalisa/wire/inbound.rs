//! What vendors told, as it travels: for consoles and auditors. No seed has it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PageLinks, PageMeta, SelfLink};

/// One thing that a vendor told.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundAnswer {
    /// The delivery.
    pub data: InboundObject,
}

/// A page of what vendors told.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundList {
    /// The deliveries.
    pub data: Vec<InboundObject>,
    /// Counts.
    pub meta: PageMeta,
    /// The other pages.
    pub links: PageLinks,
}

/// A delivery as a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundObject {
    /// `inbound-delivery`.
    pub r#type: &'static str,
    /// Which.
    pub id: Uuid,
    /// Its address.
    pub links: SelfLink,
    /// What it is, and what came of it.
    pub attributes: InboundAttributes,
}

/// What a vendor told, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboundAttributes {
    /// Which vendor.
    #[schema(example = "certyneo")]
    pub provider: String,
    /// The provider configuration that it was addressed to.
    pub config_id: Uuid,
    /// By which scheme its stamp was found genuine.
    #[schema(example = "certyneo")]
    pub scheme: String,
    /// How far that goes: `origin` (what it says must be confirmed by asking the vendor), `body`, `body_and_time`.
    #[schema(example = "body")]
    pub trust: String,
    /// The vendor's reference of the document that it is about; null until it was read, or if it is about none.
    pub document: Option<String>,
    /// What happened: `viewed`, `signed`, `declined`, `completed`, `cancelled`, `expired`, `undeliverable`, `other`.
    pub told: Option<String>,
    /// The vendor's own word for it.
    #[schema(example = "recipient.signed")]
    pub word: Option<String>,
    /// The request that it is about.
    pub request_id: Option<Uuid>,
    /// `pending`, `settled`, `dead`.
    pub status: &'static str,
    /// What came of it: `applied`, `confirmed` (the vendor was asked and said the same), `duplicate`, `stale`,
    /// `not_believed`, `unknown_document`, `ignored`, `failed`; null while it is pending.
    pub verdict: Option<String>,
    /// Why, or why it is still pending.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is next tried; null once it has its verdict.
    pub next_attempt_at: Option<Timestamp>,
    /// When it came.
    pub received_at: Timestamp,
    /// When the vendor stamped it, if the stamp covers that.
    pub stamped_at: Option<Timestamp>,
    /// When it got its verdict.
    pub settled_at: Option<Timestamp>,
    /// How often it came again; that changed nothing.
    pub repeats: i64,
    /// When it last came again.
    pub last_repeat_at: Option<Timestamp>,
    /// The delivery that this is once more.
    pub replay_of: Option<Uuid>,
    /// Length of the body, in bytes.
    pub bytes: i64,
    /// SHA-256 of the body, in hexadecimal; null once erased.
    pub sha256: Option<String>,
    /// The body's type, as the vendor gave it.
    pub content_type: Option<String>,
    /// The body as it came, in base64; null once erased. Only where one delivery is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<Option<String>>,
}

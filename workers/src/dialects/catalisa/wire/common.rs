//! What all shapes share: links, pages, errors.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A resource's address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SelfLink {
    /// Path.
    #[serde(rename = "self")]
    pub this: String,
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

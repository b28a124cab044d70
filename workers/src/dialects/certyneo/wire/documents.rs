//! Documents: what is uploaded ahead of envelopes.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Pagination;

/// An uploaded document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its id, to be named in `documentIds`.
    pub id: Uuid,
    /// What it is called.
    #[schema(example = "contrat.pdf")]
    pub file_name: String,
    /// Its length.
    pub bytes: u64,
    /// Its number of pages.
    pub pages: u32,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentList {
    /// They, newest first.
    pub data: Vec<Document>,
    /// Which page.
    pub pagination: Pagination,
}

/// A document in JSON.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewDocument {
    /// The PDF in base64, at most 50 MB decoded.
    #[schema(min_length = 1, content_encoding = "base64", content_media_type = "application/pdf")]
    pub file_base64: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 255, example = "contrat.pdf")]
    pub file_name: String,
}

/// A document in a multipart form.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewDocumentForm {
    /// The PDF with its file name, at most 50 MB.
    #[schema(value_type = String, format = Binary, content_media_type = "application/pdf")]
    pub file: Vec<u8>,
}

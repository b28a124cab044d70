//! Documents and safes.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct D4SignDocument {
    /// Which.
    pub uuid_doc: String,
    /// What it is called.
    #[schema(example = "contrato.pdf")]
    pub name_doc: String,
    /// What it is.
    #[serde(rename = "type")]
    #[schema(example = "application/pdf")]
    pub media_type: &'static str,
    /// Its length in bytes.
    #[schema(example = "118990")]
    pub size: String,
    /// Its number of pages.
    #[schema(example = "6")]
    pub pages: String,
    /// The safe in which it lies.
    pub uuid_safe: String,
    /// What that is called.
    pub safe_name: String,
    /// The number of its phase: 2, 3, 4 or 6.
    #[schema(example = "3")]
    pub status_id: &'static str,
    /// The phase's name.
    #[schema(example = "Aguardando Assinaturas")]
    pub status_name: &'static str,
    /// Why it was cancelled or declined.
    pub status_comment: String,
    /// The address of who declined it.
    pub who_canceled: String,
}

/// Where a list stands: its first item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct D4SignPage {
    /// Documents on all pages.
    #[schema(example = "1")]
    pub total_documents: String,
    /// Documents on this one.
    pub total_in_this_page: String,
    /// Which page this is, from 1.
    pub current_page: String,
    /// How many pages there are.
    pub total_pages: String,
}

/// An item of a list of documents.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum D4SignItem {
    /// The first: where the list stands.
    Page(D4SignPage),
    /// Each other.
    Document(D4SignDocument),
}

/// A safe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct D4SignSafe {
    /// Which.
    pub uuid_safe: Uuid,
    /// The same, as the vendor's documentation spells it.
    #[serde(rename = "uuid-safe")]
    pub also_uuid_safe: Uuid,
    /// What it is called: its organization's name.
    #[serde(rename = "name-safe")]
    pub name: String,
}

/// A document in a form.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignFile {
    /// The PDF with its file name, at most 50 MB.
    #[schema(value_type = String, format = Binary, content_media_type = "application/pdf")]
    pub file: Vec<u8>,
    /// Not supported: blank.
    pub uuid_folder: Option<String>,
}

/// A document in JSON.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignBinary {
    /// The PDF in base64, at most 50 MB decoded.
    #[schema(min_length = 1, content_encoding = "base64", content_media_type = "application/pdf")]
    pub base64_binary_file: String,
    /// `application/pdf`.
    #[schema(example = "application/pdf")]
    pub mime_type: Option<String>,
    /// What it is called; `document.pdf` if absent.
    #[schema(max_length = 255, example = "contrato.pdf")]
    pub name: Option<String>,
    /// Not supported: blank.
    pub uuid_folder: Option<String>,
}

/// An upload that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignUploaded {
    /// `success`.
    pub message: &'static str,
    /// The document's UUID.
    pub uuid: Uuid,
}

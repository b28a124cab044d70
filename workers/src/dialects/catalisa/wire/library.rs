//! Files and templates, in and out.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::common::{PageLinks, PageMeta, SelfLink};
use super::new::WidgetType;

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

//! Documents as they come in: a part of a multipart form, or base64 in JSON. What is in them is not looked at.

use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign_engine::command::{DOCUMENTS_MAX_BYTES, FILE_MAX_BYTES, NAME_MAX};
use serde_json::Value;

use super::fault::Fault;
use super::form::{Faults, Form};

/// Base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A document that came along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What it is called.
    pub name: String,
    /// It.
    pub bytes: Vec<u8>,
}

/// Whether a body is a multipart form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let told = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    told.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
}

/// The document in the part `file` of a multipart form.
pub async fn from_form(request: Request) -> Result<Upload, Fault> {
    let broken = || Fault::new(StatusCode::BAD_REQUEST, "invalid_form", "The body is not a multipart form.");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or("document.pdf").to_owned();
        let bytes = field.bytes().await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large().with_pointer("/file"),
            _ => broken(),
        })?;
        return of_part(name, bytes.to_vec());
    }
    Err(Fault::at("/file", "required", "The form needs a part named file."))
}

/// The document in the part `file`, if it may be one.
pub fn of_part(name: String, bytes: Vec<u8>) -> Result<Upload, Fault> {
    if bytes.len() > FILE_MAX_BYTES {
        return Err(too_large().with_pointer("/file"));
    }
    if name.trim().is_empty() || name.chars().count() > NAME_MAX || name.contains(char::is_control) {
        return Err(Fault::at("/file", "invalid", "A file name is one line of 1 to 255 characters."));
    }
    Ok(Upload { name, bytes })
}

/// The document in `fileBase64` and `fileName` of an object.
pub fn from_fields(form: &Form<'_>, faults: &mut Faults) -> Option<Upload> {
    if !form.is_present() {
        return None;
    }
    let name = form.required_line("fileName", NAME_MAX, faults);
    let bytes = base64(form, "fileBase64", faults)?;
    Some(Upload { name, bytes })
}

/// A document in a field as base64.
pub fn base64(form: &Form<'_>, field: &str, faults: &mut Faults) -> Option<Vec<u8>> {
    let pointer = form.pointer(field);
    let fault = match form.get(field) {
        None => Fault::at(pointer, "required", format!("{field} is required.")),
        Some(Value::String(text)) => match decode(text) {
            None => Fault::at(pointer, "invalid_base64", format!("{field} is not base64.")),
            Some(bytes) if bytes.is_empty() => Fault::at(pointer, "required", "The file is empty."),
            Some(bytes) if bytes.len() > FILE_MAX_BYTES => too_large().with_pointer(pointer),
            Some(bytes) => return Some(bytes),
        },
        Some(_) => Fault::at(pointer, "wrong_type", format!("{field} must be a text.")),
    };
    faults.push(fault);
    None
}

/// The fault of a document that is longer than any may be.
pub fn too_large() -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", "A document has at most 50 MB.")
}

/// Notes that the documents of a request are too large together, at the member that holds them.
pub fn check_together(bytes: u64, pointer: &str, faults: &mut Faults) {
    if bytes > DOCUMENTS_MAX_BYTES {
        let detail = "The documents of a request have at most 100 MB together.";
        let fault = Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "documents_too_large", detail);
        faults.push(fault.with_pointer(pointer));
    }
}

/// Base64 whose line breaks are forgiven.
fn decode(text: &str) -> Option<Vec<u8>> {
    match text.contains(char::is_whitespace) {
        false => LENIENT.decode(text).ok(),
        true => LENIENT.decode(text.split_whitespace().collect::<String>()).ok(),
    }
}

//! Uploads: a PDF becomes a draft that waits for its signers.

use axum::Json;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, Method};
use countersign_engine::command::{NAME_MAX, Wish};
use countersign_engine::ids::RequestId;
use serde_json::Value;
use uuid::Uuid;

use super::BASE;
use super::body::{Body, Parts};
use super::call::Call;
use super::finding::check_safe;
use super::problem::{Id, Problems};
use super::wire::{D4SignBinary, D4SignFile, D4SignMessage, D4SignUploaded};
use crate::http::auth::{Caller, Permission};
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::http::upload::{self, Upload};
use crate::http::{Floor, idempotency};
use crate::service::documents::{File, NotAdmitted};
use crate::service::drafting::Outline;

/// What the only kind of document is.
const PDF: &str = "application/pdf";
/// What a document is called that came without a name.
const UNNAMED: &str = "document.pdf";

/// Uploads a PDF in the part `file` of a form.
#[utoipa::path(
    post, path = "/documents/{id}/upload", tag = "D4Sign",
    request_body(content((D4SignFile = "multipart/form-data"))),
    params(
        ("id" = String, Path, description = "The safe"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignUploaded),
        (status = 413, body = D4SignMessage, description = "More than 50 MB"),
        (status = 422, body = D4SignMessage, description = "No PDF, or one that may not be signed"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn upload(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    request: HttpRequest,
) -> Result<Json<D4SignUploaded>, Problems> {
    let caller = call.admit(&floor, Permission::Create).await?;
    check_safe(&caller, &id)?;
    let Parts { value, file } = Parts::read(request).await?;
    let mut faults = Faults::new();
    refuse_folders(&Form::required(Some(&value), "", &mut faults), &mut faults);
    if file.is_none() {
        faults.push(Fault::at("/file", "required", "The form needs a part named file."));
    }
    match Problems::unless(faults, file)? {
        Some(file) => made(&floor, &caller, &call.headers, (&id, "upload", "/file"), file).await,
        None => Err(Fault::at("/file", "required", "The form needs a part named file.").into()),
    }
}

/// Uploads a PDF as base64.
#[utoipa::path(
    post, path = "/documents/{id}/uploadbinary", tag = "D4Sign", request_body = D4SignBinary,
    params(
        ("id" = String, Path, description = "The safe"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignUploaded),
        (status = 413, body = D4SignMessage, description = "More than 50 MB"),
        (status = 422, body = D4SignMessage, description = "No PDF, or one that may not be signed"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn upload_binary(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    request: HttpRequest,
) -> Result<Json<D4SignUploaded>, Problems> {
    // So large a body is read of those only who may send it.
    let caller = call.admit(&floor, Permission::Create).await?;
    check_safe(&caller, &id)?;
    let body = <Body as axum::extract::FromRequest<()>>::from_request(request, &()).await?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&body.value), "", &mut faults);
    refuse_folders(&form, &mut faults);
    let kind = form.line("mime_type", NAME_MAX, &mut faults);
    if kind.is_some_and(|kind| !["", PDF].contains(&kind.trim().to_ascii_lowercase().as_str())) {
        faults.push(Fault::at(form.pointer("mime_type"), "not_supported", "Only PDFs are signed: application/pdf."));
    }
    let name = form.line("name", NAME_MAX, &mut faults).filter(|name| !name.trim().is_empty());
    let bytes = upload::base64(&form, "base64_binary_file", &mut faults);
    let bytes = Problems::unless(faults, bytes)?.unwrap_or_default();
    let file = Upload { name: name.unwrap_or_else(|| UNNAMED.to_owned()), bytes };
    made(&floor, &caller, &call.headers, (&id, "uploadbinary", "/base64_binary_file"), file).await
}

/// A safe has no folders here: a document that is to lie in one is not taken.
fn refuse_folders(form: &Form<'_>, faults: &mut Faults) {
    if form.get("uuid_folder").is_some_and(|value| *value != Value::String(String::new())) {
        let detail = "A safe has no folders.";
        faults.push(Fault::at(form.pointer("uuid_folder"), "not_supported", detail));
    }
}

/// Makes the draft; a call that was made before has made it.
async fn made(
    floor: &Floor,
    caller: &Caller,
    headers: &HeaderMap,
    (safe, action, pointer): (&str, &str, &str),
    Upload { name, bytes }: Upload,
) -> Result<Json<D4SignUploaded>, Problems> {
    let path = format!("{BASE}/documents/{safe}/{action}");
    let receipt = idempotency::receipt(headers, &Method::POST, &path, &[name.as_bytes(), &bytes].concat())?;
    let service = &floor.service;
    if let Some(before) = service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(uploaded(before.id));
    }
    let admitted = service.documents.admit(&caller.organization, bytes).await.map_err(|error| match error {
        NotAdmitted::Unsignable(reason) => Fault::from(reason).with_pointer(pointer),
        NotAdmitted::Service(error) => error.into(),
    })?;
    let file = File { id: None, name: name.clone(), document: admitted };
    let draft = Box::new(Outline::over(name, vec![file], Vec::new()).draft(&service.settings));
    let id = RequestId(Uuid::now_v7());
    let request = service.submit(caller.order(id, Wish::Create { draft, send: false }, receipt)).await?;
    Ok(uploaded(request.id))
}

fn uploaded(id: RequestId) -> Json<D4SignUploaded> {
    Json(D4SignUploaded { message: "success", uuid: id.0 })
}

//! Files: uploaded once, named by `fileId` in requests and templates.

use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Request as HttpRequest, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::{FILE_MAX_BYTES, NAME_MAX};
use countersign_engine::ids::OrganizationId;
use uuid::Uuid;

use super::BASE;
use super::problem::{Body, Id, Problems};
use super::read::{self, FileSource};
use super::wire::{FileAnswer, FileAttributes, FileObject, SelfLink, UploadFile};
use crate::clock::from_micros;
use crate::commit::{Failure, Receipt, is_honoured};
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::{Floor, idempotency};
use crate::service::documents::Admitted;
use crate::service::{Service, ServiceError};
use crate::store::{FileRow, ReceiptRow};

/// Uploads a PDF: JSON with `fileBase64` and `fileName`, or a multipart form with a part `file`.
#[utoipa::path(
    post, path = "/files", tag = "Files", request_body = UploadFile,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = FileAnswer)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn upload(
    State(floor): State<Floor>,
    headers: HeaderMap,
    request: HttpRequest,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let is_form = |value: &str| value.starts_with("multipart/form-data");
    let multipart = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(is_form);
    let (name, bytes) = if multipart { from_multipart(request).await? } else { from_json(request).await? };
    let path = format!("{BASE}/files");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &[name.as_bytes(), &bytes].concat())?;
    if let Some(id) = uploaded_before(&floor, &caller.organization, receipt.as_ref()).await? {
        return answer(&floor, &caller.organization, id).await;
    }
    let pointer = if multipart { "/file" } else { "/data/attributes/fileBase64" };
    let admitted = floor.service.documents.admit(&caller.organization, bytes).await;
    let document = admitted.map_err(|error| Fault::from(error).with_pointer(pointer))?;
    let now = floor.service.clock.now();
    let row = FileRow {
        id: Uuid::now_v7(),
        organization: caller.organization.clone(),
        name,
        digest: document.digest,
        created_us: now.as_microsecond(),
    };
    let receipt = receipt.map(|receipt| receipt_row(receipt, &caller.organization, row.id.to_string(), row.created_us));
    floor.service.store.insert_file(&row, receipt.as_ref()).await.map_err(Fault::from)?;
    Ok((StatusCode::CREATED, Json(file_answer(&row, &document))).into_response())
}

/// A file's name, length and digest.
#[utoipa::path(
    get, path = "/files/{id}", tag = "Files",
    params(("id" = String, Path, description = "Which file")),
    responses((status = 200, body = FileAnswer)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<FileAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let (row, document) = find(&floor, &caller.organization, &id).await?;
    Ok(Json(file_answer(&row, &document)))
}

/// Deletes a file. Requests and templates made with it keep their document.
#[utoipa::path(
    delete, path = "/files/{id}", tag = "Files",
    params(("id" = String, Path, description = "Which file")),
    responses((status = 204)),
    security(("key" = ["ESIGNATURE_DELETE"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Delete).await?;
    let (row, _) = find(&floor, &caller.organization, &id).await?;
    floor.service.store.delete_file(&row).await.map_err(|error| Fault::internal(&error))?;
    floor.service.sweep_orphans().await;
    Ok(StatusCode::NO_CONTENT)
}

async fn from_json(request: HttpRequest) -> Result<(String, Vec<u8>), Problems> {
    let Body(body) = Body::from_request(request, &()).await?;
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "file", &mut faults);
    let file = read::inline_file(&form, &mut faults);
    match Problems::unless(faults, file)?.map(|file| file.source) {
        Some(FileSource::Inline { name, bytes }) => Ok((name, bytes)),
        _ => Err(Fault::not_found("file").into()),
    }
}

async fn from_multipart(request: HttpRequest) -> Result<(String, Vec<u8>), Problems> {
    let broken = |_| Fault::new(StatusCode::BAD_REQUEST, "invalid_form", "The body is not a multipart form.");
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "invalid_form", "The body is not a multipart form."))?;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or("document.pdf").to_owned();
        let bytes = field.bytes().await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => read::too_large().with_pointer("/file"),
            _ => broken(error),
        })?;
        if bytes.len() > FILE_MAX_BYTES {
            return Err(read::too_large().with_pointer("/file").into());
        }
        if name.chars().count() > NAME_MAX || name.contains(char::is_control) {
            return Err(Fault::at("/file", "invalid", "A file name is one line of at most 255 characters.").into());
        }
        return Ok((name, bytes.to_vec()));
    }
    Err(Fault::at("/file", "required", "The form needs a part named file.").into())
}

async fn find(floor: &Floor, organization: &OrganizationId, id: &str) -> Result<(FileRow, Admitted), Problems> {
    let unknown = || Fault::not_found("file");
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let row = floor.service.store.file(organization, id).await.map_err(|error| Fault::internal(&error))?;
    let row = row.ok_or_else(unknown)?;
    let document = floor.service.documents.find(organization, row.digest).await?;
    let missing = ServiceError::Missing { what: "document" };
    Ok((row, document.ok_or_else(|| Fault::from(missing))?))
}

async fn answer(floor: &Floor, organization: &OrganizationId, id: Uuid) -> Result<Response, Problems> {
    let (row, document) = find(floor, organization, &id.to_string()).await?;
    Ok((StatusCode::CREATED, Json(file_answer(&row, &document))).into_response())
}

async fn uploaded_before(
    floor: &Floor,
    organization: &OrganizationId,
    receipt: Option<&Receipt>,
) -> Result<Option<Uuid>, Problems> {
    Ok(subject_before(floor, organization, receipt).await?.and_then(|subject| subject.parse().ok()))
}

/// What an idempotency key made before, outside the write path of requests.
pub(super) async fn subject_before(
    floor: &Floor,
    organization: &OrganizationId,
    receipt: Option<&Receipt>,
) -> Result<Option<String>, Problems> {
    Ok(receipt_before(floor, organization, receipt).await?.map(|row| row.subject))
}

/// The receipt that an idempotency key got before, while it is honoured.
pub(super) async fn receipt_before(
    floor: &Floor,
    organization: &OrganizationId,
    receipt: Option<&Receipt>,
) -> Result<Option<ReceiptRow>, Problems> {
    let Some(receipt) = receipt else { return Ok(None) };
    match honoured_receipt(&floor.service, organization, receipt).await? {
        Some(row) if row.fingerprint != receipt.fingerprint => Err(Fault::from(Failure::KeyReused).into()),
        row => Ok(row),
    }
}

/// What is stored under an idempotency key, while it is honoured, whatever it was used for.
pub(super) async fn honoured_receipt(
    service: &Service,
    organization: &OrganizationId,
    receipt: &Receipt,
) -> Result<Option<ReceiptRow>, Fault> {
    let row = service.store.receipt(organization, &receipt.key).await;
    let row = row.map_err(|error| Fault::internal(&error))?;
    Ok(row.filter(|row| is_honoured(row, service.clock.now())))
}

pub(super) fn receipt_row(receipt: Receipt, organization: &OrganizationId, subject: String, now_us: i64) -> ReceiptRow {
    ReceiptRow {
        organization: organization.clone(),
        key: receipt.key,
        fingerprint: receipt.fingerprint,
        subject,
        seq: 0,
        created_us: now_us,
    }
}

fn file_answer(row: &FileRow, document: &Admitted) -> FileAnswer {
    let attributes = FileAttributes {
        file_name: row.name.clone(),
        sha256: document.digest.to_string(),
        bytes: document.bytes,
        pages: u32::try_from(document.pages.len()).unwrap_or(u32::MAX),
        created_at: from_micros(row.created_us),
    };
    let links = SelfLink { this: format!("{BASE}/files/{}", row.id) };
    FileAnswer { data: FileObject { r#type: "file", id: row.id, links, attributes } }
}

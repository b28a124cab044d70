//! Files: uploaded once, named by `fileId` in requests and templates.

use axum::Json;
use axum::extract::{FromRequest as _, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::ids::OrganizationId;

use super::problem::{Body, Id, Problems};
use super::wire::{FileAnswer, FileAttributes, FileObject, SelfLink, UploadFile};
use super::{BASE, read};
use crate::clock::from_micros;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::upload::{self, Upload};
use crate::http::{Floor, idempotency};
use crate::service::documents::NotAdmitted;
use crate::service::uploads;

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
    let is_form = upload::is_form(&headers);
    let Upload { name, bytes } = if is_form { upload::from_form(request).await? } else { from_json(request).await? };
    let path = format!("{BASE}/files");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &[name.as_bytes(), &bytes].concat())?;
    let pointer = if is_form { "/file" } else { "/data/attributes/fileBase64" };
    let uploaded = floor.service.upload(&caller.organization, name, bytes, receipt).await;
    let uploaded = uploaded.map_err(|error| not_admitted(error, pointer))?.ok_or_else(unknown)?;
    Ok((StatusCode::CREATED, Json(file_answer(&uploaded))).into_response())
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
    Ok(Json(file_answer(&find(&floor, &caller.organization, &id).await?)))
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
    let file = find(&floor, &caller.organization, &id).await?;
    floor.service.store.delete_file(&file.row).await.map_err(|error| Fault::internal(&error))?;
    floor.service.sweep_orphans().await;
    Ok(StatusCode::NO_CONTENT)
}

async fn from_json(request: HttpRequest) -> Result<Upload, Problems> {
    let Body(body) = Body::from_request(request, &()).await?;
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "file", &mut faults);
    let upload = upload::from_fields(&form, &mut faults);
    Ok(Problems::unless(faults, upload)?.ok_or_else(unknown)?)
}

async fn find(floor: &Floor, organization: &OrganizationId, id: &str) -> Result<uploads::Upload, Problems> {
    let id = id.parse().map_err(|_| unknown())?;
    Ok(floor.service.uploaded(organization, id).await?.ok_or_else(unknown)?)
}

fn unknown() -> Fault {
    Fault::not_found("file")
}

/// What is wrong with a document stands at the member it came in.
fn not_admitted(error: NotAdmitted, pointer: &str) -> Fault {
    match error {
        NotAdmitted::Unsignable(reason) => Fault::from(reason).with_pointer(pointer),
        NotAdmitted::Service(error) => error.into(),
    }
}

fn file_answer(uploads::Upload { row, document }: &uploads::Upload) -> FileAnswer {
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

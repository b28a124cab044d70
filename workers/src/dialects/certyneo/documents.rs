//! Documents: uploaded once, named by `documentIds`. They are the uploads of the native API.

use axum::Json;
use axum::extract::{FromRequest as _, RawQuery, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::ids::OrganizationId;

use super::paging::Page;
use super::problem::{Body, Id, Problems};
use super::wire::{Document, DocumentList, EnvelopesError, NewDocument, NewDocumentForm};
use super::{BASE, show};
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::http::upload::{self, Upload};
use crate::http::{Floor, idempotency};
use crate::service::documents::NotAdmitted;
use crate::service::uploads;

/// Uploads a PDF: a multipart form with a part `file`, or JSON with `fileBase64` and `fileName`.
#[utoipa::path(
    post, path = "/documents", tag = "Documents",
    request_body(content((NewDocumentForm = "multipart/form-data"), (NewDocument = "application/json"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses(
        (status = 201, body = Document),
        (status = 413, body = EnvelopesError, description = "More than 50 MB"),
        (status = 422, body = EnvelopesError, description = "No PDF, or one that may not be signed"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn upload(
    State(floor): State<Floor>,
    headers: HeaderMap,
    request: HttpRequest,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let is_form = upload::is_form(&headers);
    let Upload { name, bytes } = if is_form { upload::from_form(request).await? } else { from_json(request).await? };
    let path = format!("{BASE}/documents");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &[name.as_bytes(), &bytes].concat())?;
    let pointer = if is_form { "/file" } else { "/fileBase64" };
    let uploaded = floor.service.upload(&caller.organization, name, bytes, receipt).await;
    let uploaded = uploaded.map_err(|error| match error {
        NotAdmitted::Unsignable(reason) => Fault::from(reason).with_pointer(pointer),
        NotAdmitted::Service(error) => error.into(),
    })?;
    Ok((StatusCode::CREATED, Json(show::document(&uploaded.ok_or_else(unknown)?))).into_response())
}

/// The organization's documents, newest first.
pub(in crate::dialects) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<DocumentList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(query.as_deref(), &mut faults);
    faults.extend(rest.iter().map(|(name, _)| Fault::parameter(name, format!("There is no parameter {name}."))));
    let page = Problems::unless(faults, page)?;
    let (uploads, total) = floor.service.uploads(&caller.organization, page.limit(), page.offset()).await?;
    Ok(Json(DocumentList { data: uploads.iter().map(show::document).collect(), pagination: page.of(total) }))
}

/// One document.
pub(in crate::dialects) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<Document>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    Ok(Json(show::document(&find(&floor, &caller.organization, &id).await?)))
}

/// Deletes a document that no envelope uses but drafts, which keep their copy.
#[utoipa::path(
    delete, path = "/documents/{id}", tag = "Documents",
    params(("id" = String, Path, description = "Which document")),
    responses(
        (status = 204),
        (status = 404, body = EnvelopesError, description = "There is none"),
        (status = 409, body = EnvelopesError, description = "An envelope that is no draft uses it"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Delete).await?;
    let upload = find(&floor, &caller.organization, &id).await?;
    if !floor.service.store.delete_unused_file(&upload.row).await.map_err(Fault::from)? {
        let detail = "An envelope that was sent uses this document.";
        return Err(Fault::new(StatusCode::CONFLICT, "document_in_use", detail).into());
    }
    floor.service.sweep_orphans().await;
    Ok(StatusCode::NO_CONTENT)
}

async fn from_json(request: HttpRequest) -> Result<Upload, Problems> {
    let json = Body::from_request(request, &()).await?.json()?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&json), "", &mut faults);
    let upload = upload::from_fields(&form, &mut faults);
    Ok(Problems::unless(faults, upload)?.ok_or_else(unknown)?)
}

async fn find(floor: &Floor, organization: &OrganizationId, id: &str) -> Result<uploads::Upload, Problems> {
    let id = id.parse().map_err(|_| unknown())?;
    Ok(floor.service.uploaded(organization, id).await?.ok_or_else(unknown)?)
}

fn unknown() -> Fault {
    Fault::not_found("document")
}

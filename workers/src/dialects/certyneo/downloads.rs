//! What a completed envelope can be downloaded as: its signed documents, and its audit trail.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_engine::ids::FileId;
use countersign_engine::refusal::Refusal;
use countersign_engine::request::{Request, Status};

use super::envelopes::{find, in_the_way};
use super::problem::{Id, Problems};
use super::wire::EnvelopesError;
use crate::http::auth::{Caller, Permission};
use crate::http::fault::Fault;
use crate::http::{Floor, file};
use crate::service::ServiceError;
use crate::service::download::Download;
use crate::store::Scope;

/// The sealed PDF of a COMPLETED envelope; of several documents all in a ZIP, unless one is named.
#[utoipa::path(
    get, path = "/envelopes/{id}/signed-document", tag = "Envelopes",
    params(
        ("id" = String, Path, description = "Which envelope"),
        ("documentId" = Option<String>, Query, description = "Only this document"),
    ),
    responses(
        (status = 200, description = "The sealed PDF, or a ZIP of several", content(
            (String = "application/pdf"), (String = "application/zip"))),
        (status = 404, body = EnvelopesError, description = "There is no such envelope, or no such document in it"),
        (status = 409, body = EnvelopesError, description = "It is not COMPLETED"),
        (status = 410, body = EnvelopesError, description = "Its documents were purged"),
    ),
    security(("key" = ["envelopes:read"]))
)]
pub(super) async fn signed_document(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = completed(&floor, &caller, &id).await?;
    let place = match named(query.as_deref()) {
        Some(document) => Some(place_of(&request, &document).ok_or_else(no_such_document)?),
        None => None,
    };
    let loaded = floor.service.ledger.load(Scope::Of(&caller.organization), request.id).await;
    let loaded = loaded.map_err(ServiceError::from)?.ok_or_else(|| Fault::not_found("envelope"))?;
    let download = floor.service.download(&loaded, place).await?.ok_or_else(no_such_document)?;
    Ok(file::attached(download))
}

/// Every event of a COMPLETED envelope with who, when and how, as a PDF.
#[utoipa::path(
    get, path = "/envelopes/{id}/audit-trail", tag = "Envelopes",
    params(("id" = String, Path, description = "Which envelope")),
    responses(
        (status = 200, description = "The audit trail", content_type = "application/pdf", body = String),
        (status = 404, body = EnvelopesError, description = "There is none"),
        (status = 409, body = EnvelopesError, description = "It is not COMPLETED"),
        (status = 410, body = EnvelopesError, description = "It was purged"),
    ),
    security(("key" = ["envelopes:read"]))
)]
pub(super) async fn audit_trail(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = completed(&floor, &caller, &id).await?;
    let bytes = floor.service.audit_trail_pdf(&caller.organization, request.id).await?;
    let name = format!("{}-audit-trail.pdf", request.id);
    Ok(file::attached(Download { name, media_type: "application/pdf", bytes }))
}

/// The caller's envelope of this id, if it is completed and still there.
async fn completed(floor: &Floor, caller: &Caller, id: &str) -> Result<Arc<Request>, Problems> {
    let request = find(floor, caller, id).await?;
    if request.purged_at.is_some() {
        return Err(Fault::from(Refusal::purged()).into());
    }
    match request.status {
        Status::Completed => Ok(request),
        status => Err(in_the_way(status, "this can be had once it is COMPLETED").into()),
    }
}

/// The value of `documentId`.
fn named(query: Option<&str>) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
    pairs.into_iter().find_map(|(name, value)| (name == "documentId").then_some(value))
}

/// A document's place in an envelope, from 0.
fn place_of(request: &Request, document: &str) -> Option<u32> {
    let wanted = document.parse().ok().map(FileId)?;
    (0..).zip(&request.terms.documents).find_map(|(place, document)| (document.file == Some(wanted)).then_some(place))
}

fn no_such_document() -> Fault {
    let fault = Fault::parameter("documentId", "The envelope has no such document.");
    Fault { status: StatusCode::NOT_FOUND, code: "not_found".to_owned(), ..fault }
}

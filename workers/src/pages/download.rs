//! The sealed PDFs: by a stamped address that works for 15 minutes, or by the one in a signer's letter. One
//! document is a PDF; of several, all are a ZIP, and `document` picks one by its place, from 1.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_engine::ids::{RequestId, SignerId};
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use serde::Deserialize;
use serde_json::json;

use super::floor::{closed, failed, language};
use super::view::{ClosedReason, FileLink};
use crate::commit::Failure;
use crate::http::{Floor, file};
use crate::ledger::Loaded;
use crate::service::ServiceError;

/// What is said of a document that was erased.
const GONE: &str = "This document is not kept any more.";

/// What a download's address carries.
#[derive(Deserialize)]
pub(super) struct Stamped {
    #[serde(default)]
    expires: i64,
    #[serde(default)]
    signature: String,
}

/// Which document is wanted.
#[derive(Default, Deserialize)]
struct Wanted {
    document: Option<String>,
    /// `zip`: as a ZIP, also if there is only one.
    format: Option<String>,
}

/// What is to be had; made now if the sealer has not yet.
pub(super) async fn sealed(State(floor): State<Floor>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let refused = || told(StatusCode::FORBIDDEN, "download_refused", "This download address is not genuine.");
    let stamped = serde_urlencoded::from_str::<Stamped>(query.as_deref().unwrap_or_default());
    let (Ok(id), Ok(stamped)) = (id.parse::<RequestId>(), stamped) else { return refused() };
    let now = floor.service.clock.now();
    match floor.service.links.may_download(id, stamped.expires, &stamped.signature, now) {
        None => return refused(),
        Some(false) => {
            let detail = "This download address has expired; ask for a new one.";
            return told(StatusCode::GONE, "download_expired", detail);
        }
        Some(true) => {}
    }
    match floor.service.behind_link(id).await {
        Ok(Some(loaded)) if loaded.request.purged_at.is_some() => told(StatusCode::GONE, "purged", GONE),
        Ok(Some(loaded)) if loaded.request.status == Status::Completed => send(&floor, &loaded, query.as_deref()).await,
        Ok(_) => told(StatusCode::GONE, "document_gone", GONE),
        Err(error) => unavailable(&error),
    }
}

/// `GET /copy/{request}/{signer}/{token}`: a signer's own copy, from the letter that said it is completed.
pub(super) async fn copy(
    State(floor): State<Floor>,
    Path((id, signer, token)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let unknown = || closed(language(&headers, None), ClosedReason::Unknown, None);
    let (Ok(id), Ok(signer)) = (id.parse::<RequestId>(), signer.parse::<SignerId>()) else { return unknown() };
    if !floor.service.links.may_copy(id, signer, &token) {
        return unknown();
    }
    match floor.service.behind_link(id).await {
        Ok(Some(loaded)) if loaded.request.purged_at.is_some() => {
            closed(language(&headers, Some(&loaded.request)), ClosedReason::Purged, None)
        }
        Ok(Some(loaded)) if loaded.request.status == Status::Completed && loaded.request.signer(signer).is_some() => {
            send(&floor, &loaded, query.as_deref()).await
        }
        Ok(_) => unknown(),
        Err(error) => failed(language(&headers, None), &error),
    }
}

async fn send(floor: &Floor, loaded: &Loaded, query: Option<&str>) -> Response {
    let unknown = || told(StatusCode::NOT_FOUND, "unknown_document", "The request has no such document.");
    let wanted: Wanted = serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default();
    let place = match wanted.document {
        None => None,
        Some(text) => match text.parse::<u32>().ok().and_then(|place| place.checked_sub(1)) {
            None => return unknown(),
            place => place,
        },
    };
    let download = match wanted.format.as_deref() {
        Some("zip") if place.is_none() => floor.service.sealed_zip(loaded).await.map(Some),
        _ => floor.service.download(loaded, place).await,
    };
    match download {
        Ok(Some(download)) => file::attached(download),
        Ok(None) => unknown(),
        // It is at a vendor, and not here yet, or never.
        Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::AtProvider => {
            told(StatusCode::CONFLICT, refusal.code.as_str(), &refusal.detail)
        }
        Err(error) => unavailable(&error),
    }
}

/// The documents of a completed request, each with where its sealed PDF is; none where there is only one, for
/// which the download of the request will do.
pub(super) fn single_links(floor: &Floor, request: &Request) -> Vec<FileLink> {
    let several = request.status == Status::Completed && request.terms.documents.len() > 1;
    let total = if several { request.terms.documents.len() } else { 0 };
    let link = |(at, place)| FileLink {
        name: request.file_name(at).to_owned(),
        url: relative_url(floor, request.id, Some(place)),
    };
    (0..total).zip(1..).map(link).collect()
}

/// A download's address without its host, for our own pages; of one document by its place from 1.
pub(super) fn relative_url(floor: &Floor, request: RequestId, document: Option<u32>) -> String {
    let (url, _) = floor.service.links.download_url(request, document, floor.service.clock.now());
    match url.strip_prefix(&floor.service.settings.public_url) {
        Some(path) => path.to_owned(),
        None => url,
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a download failed");
    told(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The document cannot be had at the moment; try again.")
}

fn told(status: StatusCode, code: &str, detail: &str) -> Response {
    let error = json!({ "status": status.as_str(), "code": code, "detail": detail });
    (status, Json(json!({ "errors": [error] }))).into_response()
}

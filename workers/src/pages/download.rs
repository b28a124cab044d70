//! The sealed PDF: by a stamped address that works for 15 minutes, or by the one in a signer's letter.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_engine::ids::{RequestId, SignerId};
use countersign_engine::request::{Request, Status};
use serde::Deserialize;
use serde_json::json;

use super::floor::{closed, failed, language, pdf};
use super::view::ClosedReason;
use crate::http::Floor;
use crate::ledger::Loaded;

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

/// The sealed PDF; made now if the sealer has not yet.
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
        Ok(Some(loaded)) if loaded.request.status == Status::Completed => send(&floor, &loaded).await,
        Ok(_) => told(StatusCode::GONE, "document_gone", GONE),
        Err(error) => unavailable(&error),
    }
}

/// `GET /copy/{request}/{signer}/{token}`: a signer's own copy, from the letter that said it is completed.
pub(super) async fn copy(
    State(floor): State<Floor>,
    Path((id, signer, token)): Path<(String, String, String)>,
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
            send(&floor, &loaded).await
        }
        Ok(_) => unknown(),
        Err(error) => failed(language(&headers, None), &error),
    }
}

async fn send(floor: &Floor, loaded: &Loaded) -> Response {
    match floor.service.sealed_pdf(loaded).await {
        Ok(bytes) => pdf(bytes, disposition("attachment", &sealed_name(&loaded.request))),
        Err(error) => unavailable(&error),
    }
}

/// A download's address without its host, for our own pages.
pub(super) fn relative_url(floor: &Floor, request: RequestId) -> String {
    let (url, _) = floor.service.links.download_url(request, floor.service.clock.now());
    match url.strip_prefix(&floor.service.settings.public_url) {
        Some(path) => path.to_owned(),
        None => url,
    }
}

/// A `Content-Disposition` with a file name that may hold any letter (RFC 6266).
pub(super) fn disposition(kind: &str, name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%;".contains(c) { c } else { '_' }).collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn sealed_name(request: &Request) -> String {
    let name = request.file_names.first().map_or("document", String::as_str);
    let stem = name.strip_suffix(".pdf").or_else(|| name.strip_suffix(".PDF")).unwrap_or(name);
    format!("{stem}-signed.pdf")
}

fn unavailable(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a download failed");
    told(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The document cannot be had at the moment; try again.")
}

fn told(status: StatusCode, code: &str, detail: &str) -> Response {
    let error = json!({ "status": status.as_str(), "code": code, "detail": detail });
    (status, Json(json!({ "errors": [error] }))).into_response()
}

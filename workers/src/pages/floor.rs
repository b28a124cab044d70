//! What all pages share: headers, the session cookie, the reader's language, assets.

use askama::Template;
use axum::body::Body;
use axum::extract::{OriginalUri, Path};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_engine::ids::RequestId;
use countersign_engine::request::Request;

use super::asset;
use super::view::{self, ClosedPage, ClosedReason, ErrorKind, ErrorPage};
use crate::dialects;
use crate::http::Floor;
use crate::language::Language;
use crate::service::links::{SESSION_LIFE, Session};

/// The cookie that a link is exchanged for; its path is the request's.
const COOKIE_NAME: &str = "countersign_session";

/// A page with the headers that every page has.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, page_headers(), text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn page_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(view::CONTENT_SECURITY_POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}

/// A PDF as an answer.
pub(super) fn pdf(bytes: Vec<u8>, disposition: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CACHE_CONTROL, "private, no-store".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (axum::http::header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, Body::from(bytes)).into_response()
}

/// Who asks, as a person reads it; whoever is asked by a test is told so wherever they are told who asks.
pub(super) fn sender(request: &Request) -> String {
    let owner = request.organization.owner();
    if request.is_test() { format!("{owner} · TEST") } else { owner.to_string() }
}

/// The page of a dead link. Tells nothing of the request where the link was never good.
pub(super) fn closed(language: Language, reason: ClosedReason, request: Option<&Request>) -> Response {
    let page = ClosedPage {
        language,
        reason,
        organization: request.map(sender),
        title: request.and_then(|request| request.title.clone()),
        download_url: None,
    };
    html(StatusCode::from_u16(reason.http_status()).unwrap_or(StatusCode::GONE), &page)
}

/// The page of an error that is ours.
pub(super) fn failed(language: Language, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a page failed");
    html(StatusCode::SERVICE_UNAVAILABLE, &ErrorPage { language, kind: ErrorKind::Busy, reference: None })
}

/// What the reader's browser asks for, else what the request is written in, else English.
pub(super) fn language(headers: &HeaderMap, request: Option<&Request>) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Language::negotiate);
    let written = request.and_then(|request| Language::parse(&request.terms.language));
    written.or(accepted).unwrap_or_default()
}

/// The `Set-Cookie` of a session.
pub(super) fn session_cookie(floor: &Floor, request: RequestId, session: Session) -> String {
    let value = floor.service.links.open_session(request, session, floor.service.clock.now());
    let secure = if floor.service.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let age = SESSION_LIFE.as_secs();
    format!("{COOKIE_NAME}={value}; Path=/sign/{request}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")
}

/// The session of a call to a request's pages.
pub(super) fn session(floor: &Floor, request: RequestId, headers: &HeaderMap) -> Option<Session> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| {
        let ours = name == COOKIE_NAME;
        ours.then(|| floor.service.links.session(request, value, floor.service.clock.now())).flatten()
    })
}

/// Whether a call that changes something comes from our own pages: browsers tell by `Origin`, and
/// programs without one carry no cookie that they were not given.
pub(super) fn is_own_origin(floor: &Floor, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Some(authority) = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest) else {
        return false;
    };
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let public = floor.service.settings.public_url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    Some(authority) == host || Some(authority) == public
}

/// `/assets/…`: embedded files, cached for ever under their version.
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = asset::find(&path) else {
        let page = ErrorPage { language: language(&headers, None), kind: ErrorKind::NotFound, reference: None };
        return html(StatusCode::NOT_FOUND, &page);
    };
    let cache = if asset.immutable { asset::CACHE_FOR_EVER } else { "no-cache" };
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, cache.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, view::CONTENT_SECURITY_POLICY.to_owned()),
    ];
    (headers, Body::from(asset.bytes.into_owned())).into_response()
}

/// What is said where there is nothing: to programs as JSON, to people as a page.
pub(super) async fn nothing_here(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    if uri.path().starts_with("/api/") {
        return dialects::nothing_here(uri.path());
    }
    let page = ErrorPage { language: language(&headers, None), kind: ErrorKind::NotFound, reference: None };
    html(StatusCode::NOT_FOUND, &page)
}

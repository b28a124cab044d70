//! Requests: create, get, send, cancel, resend, download, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_engine::command::{EMAIL_MAX, TEXT_MAX, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::RequestId;
use countersign_engine::refusal::Refusal;
use countersign_engine::request::{Request, Status};
use serde_json::Value;

use super::ordering::{self, Asker};
use super::problem::{Body, Id, Problems};
use super::wire::{Cancel, CreateFromTemplate, CreateRequest, Download, Errors, Message, RequestAnswer, Resend};
use super::{BASE, listing, read, show};
use crate::commit::{Order, Receipt};
use crate::http::auth::{Caller, Permission};
use crate::http::fault::{Fault, Source};
use crate::http::form::{Faults, Form, instant};
use crate::http::{Floor, idempotency};

/// Creates a request and sends it at once, unless `draft` is true.
#[utoipa::path(
    post, path = "/requests", tag = "Requests", request_body = CreateRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = RequestAnswer)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn create(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/requests"), &body)?;
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(shown(&before, &floor));
    }
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "signature-request", &mut faults);
    let order = ordering::create(&floor.service, asker(caller, receipt), &form, faults).await?;
    created(&floor, order).await
}

/// Creates a request from a template and sends it at once, unless `draft` is true.
#[utoipa::path(
    post, path = "/requests/from-template", tag = "Requests", request_body = CreateFromTemplate,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = RequestAnswer)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn create_from_template(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let path = format!("{BASE}/requests/from-template");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &body)?;
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(shown(&before, &floor));
    }
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "signature-request", &mut faults);
    let order = ordering::from_template(&floor.service, asker(caller, receipt), &form, faults).await?;
    created(&floor, order).await
}

fn asker(caller: Caller, receipt: Option<Receipt>) -> Asker {
    Asker { organization: caller.organization, actor: Actor::Key(caller.key), receipt }
}

async fn created(floor: &Floor, order: Order) -> Result<Response, Problems> {
    let request = floor.service.submit(order).await?;
    Ok(shown(&request, floor))
}

fn shown(request: &Request, floor: &Floor) -> Response {
    let answer = show::answer(request, &floor.service.links);
    let mut response = (StatusCode::CREATED, Json(&answer)).into_response();
    if let Ok(location) = HeaderValue::from_str(&answer.links.this) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// One request with its signers, now or as it stood at an instant.
#[utoipa::path(
    get, path = "/requests/{id}", tag = "Requests",
    params(
        ("id" = String, Path, description = "Which request"),
        ("at" = Option<String>, Query, description = "As it stood then: RFC 3339, such as 2026-01-31T12:00:00Z"),
    ),
    responses((status = 200, body = RequestAnswer)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let mut request = find(&floor, &caller, &id).await?;
    for (name, value) in listing::pairs(query.as_deref()) {
        if name == "at" {
            let at = instant(&value).ok_or_else(|| Fault::parameter("at", "at is an instant, as in RFC 3339."))?;
            let then = floor.service.as_of_time(&caller.organization, request.id, at).await?;
            request = then.map(Arc::new).ok_or_else(|| Fault::not_found("request at that time"))?;
        }
    }
    Ok(Json(show::answer(&request, &floor.service.links)))
}

/// Sends a draft.
#[utoipa::path(
    post, path = "/requests/{id}/send", tag = "Requests",
    params(
        ("id" = String, Path, description = "Which request"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = RequestAnswer), (status = 409, body = Errors, description = "Not a draft"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn send(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, request.id, "send", &[])?;
    let request = floor.service.submit(caller.order(request.id, Wish::Send, receipt)).await?;
    Ok(Json(show::answer(&request, &floor.service.links)))
}

/// Cancels a request that is a draft or in flight.
#[utoipa::path(
    post, path = "/requests/{id}/cancel", tag = "Requests", request_body = Option<Cancel>,
    params(
        ("id" = String, Path, description = "Which request"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = RequestAnswer), (status = 409, body = Errors, description = "Ended already"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn cancel(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    Body(body): Body,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, request.id, "cancel", &body)?;
    let json = optional_json(&body)?;
    let mut faults = Faults::new();
    let reason = Form::required(Some(&json), "", &mut faults).text("reason", TEXT_MAX, &mut faults);
    let reason = Problems::unless(faults, reason)?;
    let request = floor.service.submit(caller.order(request.id, Wish::Cancel { reason }, receipt)).await?;
    Ok(Json(show::answer(&request, &floor.service.links)))
}

/// Writes again to the signers whose turn it is, or to one of them.
#[utoipa::path(
    post, path = "/requests/{id}/resend", tag = "Requests", request_body = Option<Resend>,
    params(
        ("id" = String, Path, description = "Which request"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = Message), (status = 409, body = Errors, description = "Not in flight, not that signer's turn, or has acted"), (status = 429, body = Errors, description = "At most once per signer per 10 minutes"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn resend(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    Body(body): Body,
) -> Result<Json<Message>, Problems> {
    const EMAIL: &str = "/data/attributes/signerEmail";
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, request.id, "resend", &body)?;
    let json = optional_json(&body)?;
    let mut faults = Faults::new();
    let top = Form::required(Some(&json), "", &mut faults);
    let inner = |form: &Form<'_>, name: &str, faults: &mut Faults| {
        form.get(name).map(|value| match value.as_object() {
            Some(_) => value.clone(),
            None => {
                faults.push(Fault::at(form.pointer(name), "wrong_type", format!("{name} must be an object.")));
                Value::Null
            }
        })
    };
    let data = inner(&top, "data", &mut faults);
    let data = Form::required(data.as_ref(), "/data", &mut Vec::new());
    let attributes = inner(&data, "attributes", &mut faults);
    let attributes = Form::required(attributes.as_ref(), "/data/attributes", &mut Vec::new());
    let email = attributes.line("signerEmail", EMAIL_MAX, &mut faults).map(|email| email.trim().to_owned());
    let email = Problems::unless(faults, email)?;
    let named = email.is_some();
    floor.service.submit(caller.order(request.id, Wish::Resend { email }, receipt)).await.map_err(|error| {
        let fault = Fault::from(error);
        if named && fault.source == Source::Call { fault.with_pointer(EMAIL) } else { fault }
    })?;
    Ok(Json(Message { message: "Signature request resent successfully" }))
}

/// Where the sealed PDF can be had for the next 15 minutes, or a ZIP of them where there are several documents;
/// only once COMPLETED.
#[utoipa::path(
    get, path = "/requests/{id}/download", tag = "Requests",
    params(
        ("id" = String, Path, description = "Which request"),
        ("document" = Option<u32>, Query, description = "Only this document, by its place, from 1"),
    ),
    responses(
        (status = 200, body = Download), (status = 409, body = Errors, description = "Not COMPLETED yet"),
        (status = 410, body = Errors, description = "Purged by the organization's retention"),
    ),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn download(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<Download>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = find(&floor, &caller, &id).await?;
    if request.purged_at.is_some() {
        return Err(Fault::from(Refusal::purged()).into());
    }
    let document = document_of(&request, query.as_deref())?;
    if request.status != Status::Completed {
        let detail = format!("The request is {}; its document can be had once it is COMPLETED.", request.status);
        return Err(Fault::new(StatusCode::CONFLICT, "not_completed", detail).into());
    }
    let (download_url, expires_at) = floor.service.links.download_url(request.id, document, floor.service.clock.now());
    Ok(Json(Download { download_url, expires_at }))
}

/// The place, from 1, of the one document that is wanted.
fn document_of(request: &Request, query: Option<&str>) -> Result<Option<u32>, Fault> {
    let wanted = listing::pairs(query).into_iter().find(|(name, _)| name == "document");
    let Some((name, value)) = wanted else { return Ok(None) };
    let total = request.terms.documents.len();
    let place = value.parse().ok().filter(|place: &u32| (1..=total).contains(&(*place as usize)));
    let detail = format!("{name} is a whole number from 1 to {total}.");
    Ok(Some(place.ok_or_else(|| Fault::parameter(name, detail))?))
}

/// Deletes a request with its personal data and documents. COMPLETED and DECLINED are kept.
#[utoipa::path(
    delete, path = "/requests/{id}", tag = "Requests",
    params(("id" = String, Path, description = "Which request")),
    responses(
        (status = 204),
        (status = 409, body = Errors, description = "COMPLETED and DECLINED requests are kept, and those that are held"),
    ),
    security(("key" = ["ESIGNATURE_DELETE"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Delete).await?;
    let request = find(&floor, &caller, &id).await?;
    floor.service.submit(caller.order(request.id, Wish::Delete, None)).await?;
    floor.service.sweep_orphans().await;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's request of this id; another organization's is as unknown as none at all.
pub(super) async fn find(floor: &Floor, caller: &Caller, id: &str) -> Result<Arc<Request>, Problems> {
    let unknown = || Fault::not_found("request");
    let id: RequestId = id.parse().map_err(|_| unknown())?;
    Ok(floor.service.find(&caller.organization, id).await?.ok_or_else(unknown)?)
}

/// The receipt that a call about a request asks for, if it does.
pub(super) fn receipt_for(
    headers: &HeaderMap,
    id: RequestId,
    action: &str,
    body: &[u8],
) -> Result<Option<Receipt>, Fault> {
    idempotency::receipt(headers, &Method::POST, &format!("{BASE}/requests/{id}/{action}"), body)
}

/// A body that may be left out.
pub(super) fn optional_json(body: &[u8]) -> Result<Value, Problems> {
    match body.trim_ascii().is_empty() {
        true => Ok(Value::Object(serde_json::Map::new())),
        false => read::json(body),
    }
}

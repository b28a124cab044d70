//! Envelopes: create, get, change, delete, send, void.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::{Draft, Wish};
use countersign_engine::ids::RequestId;
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use uuid::Uuid;

use super::problem::{Body, Id, Problems};
use super::vocabulary::EnvelopeStatus;
use super::wire::{Envelope, EnvelopeChange, EnvelopesError, NewEnvelope, VoidEnvelope};
use super::{BASE, drafting, read, show};
use crate::commit::{Failure, Receipt};
use crate::http::auth::{Caller, Permission};
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::{Floor, idempotency};
use crate::service::ServiceError;

/// How often a change is thought out again because somebody else changed the draft meanwhile.
const CHANGES_MAX: usize = 5;

/// Creates an envelope as a DRAFT.
#[utoipa::path(
    post, path = "/envelopes", tag = "Envelopes", request_body = NewEnvelope,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses(
        (status = 201, body = Envelope, headers(("Location" = String, description = "Its address"))),
        (status = 422, body = EnvelopesError, description = "What is wrong with the body, all of it"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn create(State(floor): State<Floor>, headers: HeaderMap, body: Body) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/envelopes"), &body.0)?;
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(created(&floor, &before));
    }
    let mut faults = Faults::new();
    let wanted = read::envelope(&body.json()?, floor.service.clock.now(), &mut faults);
    let draft = Box::new(drafting::new(&floor.service, &caller.organization, wanted, faults).await?);
    let wish = Wish::Create { draft, send: false };
    let request = floor.service.submit(caller.order(RequestId(Uuid::now_v7()), wish, receipt)).await?;
    Ok(created(&floor, &request))
}

fn created(floor: &Floor, request: &Request) -> Response {
    let location = [(LOCATION, format!("{BASE}/envelopes/{}", request.id))];
    (StatusCode::CREATED, location, shown(floor, request)).into_response()
}

fn shown(floor: &Floor, request: &Request) -> Json<Envelope> {
    Json(show::envelope(request, &floor.service.links))
}

/// One envelope with its recipients.
#[utoipa::path(
    get, path = "/envelopes/{id}", tag = "Envelopes",
    params(("id" = String, Path, description = "Which envelope")),
    responses((status = 200, body = Envelope), (status = 404, body = EnvelopesError, description = "There is none")),
    security(("key" = ["envelopes:read"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<Envelope>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    Ok(shown(&floor, &*find(&floor, &caller, &id).await?))
}

/// Changes a DRAFT: what is not mentioned stays as it is.
#[utoipa::path(
    patch, path = "/envelopes/{id}", tag = "Envelopes", request_body = EnvelopeChange,
    params(("id" = String, Path, description = "Which envelope")),
    responses(
        (status = 200, body = Envelope),
        (status = 404, body = EnvelopesError, description = "There is none"),
        (status = 409, body = EnvelopesError, description = "It is no DRAFT any more"),
        (status = 422, body = EnvelopesError, description = "What is wrong with the body, all of it"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn change(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    body: Body,
) -> Result<Json<Envelope>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let mut tries = CHANGES_MAX;
    loop {
        let request = find(&floor, &caller, &id).await?;
        if request.status != Status::Draft {
            return Err(in_the_way(request.status, "only a DRAFT can be changed").into());
        }
        let mut faults = Faults::new();
        let wanted = read::change(&body.json()?, floor.service.clock.now(), &mut faults);
        let draft = Box::new(drafting::revised(&floor.service, &request, wanted, faults).await?);
        if *draft == Draft::of(&request) {
            return Ok(shown(&floor, &request));
        }
        let wish = Wish::Revise { draft, base: request.seq };
        match floor.service.submit(caller.order(request.id, wish, None)).await {
            // Somebody else's change, or the sending, came first: it is looked at again.
            Err(ServiceError::Commit(Failure::Refused(refusal)))
                if tries > 1 && matches!(refusal.code, Code::Changed | Code::WrongState) =>
            {
                tries -= 1;
            }
            done => return Ok(shown(&floor, &*done?)),
        }
    }
}

/// Deletes a DRAFT. An envelope in flight is voided instead.
#[utoipa::path(
    delete, path = "/envelopes/{id}", tag = "Envelopes",
    params(("id" = String, Path, description = "Which envelope")),
    responses(
        (status = 204),
        (status = 404, body = EnvelopesError, description = "There is none"),
        (status = 409, body = EnvelopesError, description = "It is no DRAFT any more"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Delete).await?;
    let request = find(&floor, &caller, &id).await?;
    wished(&floor, &caller, &request, Wish::Discard, None, "only a DRAFT can be deleted").await?;
    floor.service.sweep_orphans().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a DRAFT: its recipients are written to, in their order.
#[utoipa::path(
    post, path = "/envelopes/{id}/send", tag = "Envelopes",
    params(
        ("id" = String, Path, description = "Which envelope"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = Envelope),
        (status = 404, body = EnvelopesError, description = "There is none"),
        (status = 409, body = EnvelopesError, description = "It is no DRAFT any more, or would expire at once"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn send(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<Envelope>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, request.id, "send", &[])?;
    let sent = wished(&floor, &caller, &request, Wish::Send, receipt, "only a DRAFT can be sent").await?;
    Ok(shown(&floor, &sent))
}

/// Voids an envelope in flight: its links die, and the recipients are told why.
#[utoipa::path(
    post, path = "/envelopes/{id}/void", tag = "Envelopes", request_body = VoidEnvelope,
    params(
        ("id" = String, Path, description = "Which envelope"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = Envelope),
        (status = 404, body = EnvelopesError, description = "There is none"),
        (status = 409, body = EnvelopesError, description = "It is a DRAFT, or has ended"),
        (status = 422, body = EnvelopesError, description = "The reason is missing"),
    ),
    security(("key" = ["envelopes:write"]))
)]
pub(super) async fn void(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    body: Body,
) -> Result<Json<Envelope>, Problems> {
    const NEEDED: &str = "only one in flight can be voided";
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, request.id, "void", &body.0)?;
    let mut faults = Faults::new();
    let reason = read::reason(&body.json()?, &mut faults);
    let reason = Some(Problems::unless(faults, reason)?);
    if request.status == Status::Draft {
        return Err(in_the_way(request.status, NEEDED).into());
    }
    let voided = wished(&floor, &caller, &request, Wish::Cancel { reason }, receipt, NEEDED).await?;
    Ok(shown(&floor, &voided))
}

/// The caller's envelope of this id; another organization's is as unknown as none at all.
pub(super) async fn find(floor: &Floor, caller: &Caller, id: &str) -> Result<Arc<Request>, Problems> {
    let unknown = || Fault::not_found("envelope");
    let id: RequestId = id.parse().map_err(|_| unknown())?;
    Ok(floor.service.find(&caller.organization, id).await?.ok_or_else(unknown)?)
}

/// The fault of what a status does not allow, in this dialect's words.
pub(super) fn in_the_way(status: Status, needed: &str) -> Fault {
    let detail = format!("The envelope is {}: {needed}.", EnvelopeStatus::from(status).as_str());
    Fault::new(StatusCode::CONFLICT, Code::WrongState.as_str(), detail)
}

/// Commits a wish; a status that does not allow it is named as this dialect names it.
async fn wished(
    floor: &Floor,
    caller: &Caller,
    request: &Request,
    wish: Wish,
    receipt: Option<Receipt>,
    needed: &str,
) -> Result<Arc<Request>, Problems> {
    match floor.service.submit(caller.order(request.id, wish, receipt)).await {
        Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::WrongState => {
            let now = find(floor, caller, &request.id.to_string()).await?;
            Err(in_the_way(now.status, needed).into())
        }
        done => Ok(done?),
    }
}

fn receipt_for(headers: &HeaderMap, id: RequestId, action: &str, body: &[u8]) -> Result<Option<Receipt>, Fault> {
    idempotency::receipt(headers, &Method::POST, &format!("{BASE}/envelopes/{id}/{action}"), body)
}

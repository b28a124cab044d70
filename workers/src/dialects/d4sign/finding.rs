//! Documents by their UUID. The vendor's document is our request; one that was uploaded in another dialect and that no
//! request names is a document too, whose request is made when its first signers are named.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use countersign_engine::command::Wish;
use countersign_engine::ids::{OrganizationId, RequestId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use uuid::Uuid;

use super::BASE;
use super::body::Body;
use super::call::Call;
use super::problem::Problems;
use super::vocabulary::{Phase, safe_of};
use crate::commit::{Failure, Receipt};
use crate::http::auth::Caller;
use crate::http::fault::Fault;
use crate::http::{Floor, idempotency};
use crate::service::ServiceError;
use crate::service::uploads::Upload;

/// What is behind a document's UUID.
pub(super) enum Found {
    /// A request.
    Request(Arc<Request>),
    /// An upload that no request names.
    Upload(Upload),
}

/// The caller's document of this UUID; another organization's is as unknown as none at all.
pub(super) async fn find(floor: &Floor, organization: &OrganizationId, id: &str) -> Result<Found, Problems> {
    let id: Uuid = id.trim().parse().map_err(|_| unknown())?;
    if let Some(request) = floor.service.find(organization, RequestId(id)).await? {
        return Ok(Found::Request(request));
    }
    match floor.service.uploaded(organization, id).await? {
        Some(upload) if !floor.service.store.is_file_used(organization, id).await? => Ok(Found::Upload(upload)),
        // Its request may have been made since it was looked for.
        _ => Ok(Found::Request(floor.service.find(organization, RequestId(id)).await?.ok_or_else(unknown)?)),
    }
}

/// The request that a document is; a document without signers is none yet.
pub(super) async fn find_request(floor: &Floor, caller: &Caller, id: &str) -> Result<Arc<Request>, Problems> {
    match find(floor, &caller.organization, id).await? {
        Found::Request(request) => Ok(request),
        Found::Upload(_) => {
            let detail = "The document has no signers yet: name them with createlist.";
            Err(Fault::new(StatusCode::CONFLICT, "no_signers", detail).into())
        }
    }
}

/// The organization's safe has this UUID, or there is none.
pub(super) fn check_safe(caller: &Caller, id: &str) -> Result<(), Problems> {
    let own = safe_of(&caller.organization);
    if id.trim().parse() == Ok(own) {
        return Ok(());
    }
    let detail = format!("There is no such safe; yours is {own}.");
    Err(Fault::new(StatusCode::NOT_FOUND, "not_found", detail).into())
}

fn unknown() -> Fault {
    Fault::not_found("document")
}

/// Commits a wish; a status that does not allow it is named as this dialect names it.
pub(super) async fn wished(
    floor: &Floor,
    caller: &Caller,
    request: RequestId,
    wish: Wish,
    receipt: Option<Receipt>,
) -> Result<Arc<Request>, Problems> {
    let done = floor.service.submit(caller.order(request, wish, receipt)).await;
    answered(floor, caller, request, done).await
}

/// What became of a wish; a status that does not allow it is named as this dialect names it.
pub(super) async fn answered(
    floor: &Floor,
    caller: &Caller,
    request: RequestId,
    done: Result<Arc<Request>, ServiceError>,
) -> Result<Arc<Request>, Problems> {
    match done {
        Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::WrongState => {
            Err(phase_forbids(floor, caller, request, refusal).await)
        }
        done => Ok(done?),
    }
}

/// The refusal of what a document's status does not allow, with its phase's name.
pub(super) async fn phase_forbids(floor: &Floor, caller: &Caller, request: RequestId, refusal: Refusal) -> Problems {
    match floor.service.find(&caller.organization, request).await {
        Ok(Some(request)) => {
            let (_, phase) = Phase::from(request.status).shown();
            let detail = format!("The document's phase is {phase}, which does not allow this.");
            Fault::from(Refusal { detail, ..refusal }).into()
        }
        Ok(None) => unknown().into(),
        Err(error) => error.into(),
    }
}

/// The receipt that a call about a document asks for, if it does.
pub(super) fn receipt_for(call: &Call, id: &str, action: &str, body: &Body) -> Result<Option<Receipt>, Fault> {
    idempotency::receipt(&call.headers, &Method::POST, &format!("{BASE}/documents/{id}/{action}"), &body.bytes)
}

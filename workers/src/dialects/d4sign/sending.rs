//! What is done with a document: sent, cancelled, sent once more to somebody.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use countersign_engine::command::{Draft, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, TEXT_MAX, Wish};
use countersign_engine::refusal::Code;
use countersign_engine::request::Request;
use countersign_engine::signer::{Person, SignerTerms};

use super::body::Body;
use super::call::Call;
use super::finding::{find_request, order, phase_forbids, receipt_for, wished};
use super::problem::{Id, Problems};
use super::show;
use super::vocabulary::switch;
use super::wire::{D4SignCancel, D4SignDocument, D4SignMessage, D4SignResend, D4SignSend};
use crate::commit::{Failure, Receipt};
use crate::http::Floor;
use crate::http::auth::{Caller, Permission};
use crate::http::form::{Faults, Form};
use crate::service::ServiceError;
use crate::service::drafting::Outline;

/// How often a change is thought out again because somebody else changed the draft meanwhile.
const CHANGES_MAX: usize = 5;

/// Sends a document to its signers: all at once, or one after another in the order in which they were named.
#[utoipa::path(
    post, path = "/documents/{id}/sendtosigner", tag = "D4Sign", request_body = Option<D4SignSend>,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignMessage),
        (status = 409, body = D4SignMessage, description = "It was sent already"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn send(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignMessage>, Problems> {
    let caller = call.admit_with(&floor, Permission::Create, &body.value).await?;
    let receipt = receipt_for(&call, &id, "sendtosigner", &body)?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&body.value), "", &mut faults);
    let message = form.text("message", MESSAGE_MAX, &mut faults);
    let in_sequence = switch(&form, "workflow", &mut faults);
    let silently = switch(&form, "skip_email", &mut faults);
    let message = Problems::unless(faults, message)?;
    if floor.service.made_before(&caller.organization, receipt.as_ref()).await?.is_none() {
        let request = find_request(&floor, &caller, &id).await?;
        let change = |outline: Outline| Outline {
            message: message.clone().or(outline.message.clone()),
            people: in_order(outline.people.clone(), in_sequence, silently),
            ..outline
        };
        let request = revise(&floor, &caller, request, None, change).await?;
        wished(&floor, &caller, request.id, Wish::Send, receipt).await?;
    }
    Ok(Json("File sent to successfully signing".into()))
}

/// Cancels a document that is a draft or out: its links die, and its signers are told why.
#[utoipa::path(
    post, path = "/documents/{id}/cancel", tag = "D4Sign", request_body = Option<D4SignCancel>,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = Vec<D4SignDocument>),
        (status = 409, body = D4SignMessage, description = "It has ended already"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn cancel(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<Vec<D4SignDocument>>, Problems> {
    let caller = call.admit_with(&floor, Permission::Create, &body.value).await?;
    let receipt = receipt_for(&call, &id, "cancel", &body)?;
    let mut faults = Faults::new();
    let reason = Form::required(Some(&body.value), "", &mut faults).text("comment", TEXT_MAX, &mut faults);
    let reason = Problems::unless(faults, reason)?.filter(|reason| !reason.trim().is_empty());
    let request = find_request(&floor, &caller, &id).await?;
    let request = wished(&floor, &caller, request.id, Wish::Cancel { reason }, receipt).await?;
    Ok(Json(vec![show::document(&request)]))
}

/// Writes again to a signer whose turn it is.
#[utoipa::path(
    post, path = "/documents/{id}/resend", tag = "D4Sign", request_body = D4SignResend,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignMessage),
        (status = 409, body = D4SignMessage, description = "It is not that signer's turn"),
        (status = 429, body = D4SignMessage, description = "At most once per signer per 10 minutes"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn resend(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignMessage>, Problems> {
    let caller = call.admit_with(&floor, Permission::Create, &body.value).await?;
    let receipt = receipt_for(&call, &id, "resend", &body)?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&body.value), "", &mut faults);
    let email = form.required_line("email", EMAIL_MAX, &mut faults).trim().to_owned();
    let email = Some(Problems::unless(faults, email)?);
    let request = find_request(&floor, &caller, &id).await?;
    wished(&floor, &caller, request.id, Wish::Resend { email }, receipt).await?;
    Ok(Json("E-mail sent".into()))
}

/// The people in the order in which they act: one after another as they were named, or all at once.
fn in_order(
    mut people: Vec<(SignerTerms, Person)>,
    in_sequence: bool,
    _silently: bool,
) -> Vec<(SignerTerms, Person)> {
    for ((terms, _), place) in people.iter_mut().zip(1..) {
        terms.order = if in_sequence { place } else { 1 };
    }
    people
}

/// Changes a draft. If somebody else changed it meanwhile, it is thought out again.
pub(super) async fn revise(
    floor: &Floor,
    caller: &Caller,
    mut request: Arc<Request>,
    receipt: Option<Receipt>,
    change: impl Fn(Outline) -> Outline,
) -> Result<Arc<Request>, Problems> {
    let service = &floor.service;
    for tries in (0..CHANGES_MAX).rev() {
        let draft = Box::new(change(service.outline(&request).await?).draft(&service.settings));
        if receipt.is_none() && *draft == Draft::of(&request) {
            return Ok(request);
        }
        let wish = Wish::Revise { draft, base: request.seq };
        match service.submit(order(caller, request.id, wish, receipt.clone())).await {
            Err(ServiceError::Commit(Failure::Refused(refusal))) if tries > 0 && refusal.code == Code::Changed => {
                request = find_request(floor, caller, &request.id.to_string()).await?;
            }
            Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::WrongState => {
                return Err(phase_forbids(floor, caller, request.id, refusal).await);
            }
            done => return Ok(done?),
        }
    }
    Ok(request)
}

//! What is done with a document: sent, cancelled, sent once more to somebody.

use axum::Json;
use axum::extract::State;
use countersign_engine::command::{MESSAGE_MAX, TEXT_MAX, Wish};

use super::body::Body;
use super::call::Call;
use super::corrections::signer;
use super::finding::{find_request, receipt_for, wished};
use super::problem::{Id, Problems};
use super::revising::{in_order, revise};
use super::show;
use super::vocabulary::switch;
use super::wire::{D4SignCancel, D4SignDocument, D4SignMessage, D4SignResend, D4SignSend};
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::form::{Faults, Form};
use crate::service::drafting::Outline;

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
        let request = revise(&floor, &caller, request, None, |_, outline: Outline| {
            let people = in_order(outline.people.clone(), in_sequence, silently);
            let message = message.clone().filter(|message| !message.trim().is_empty());
            Ok(Outline { message: message.or(outline.message.clone()), ..outline.for_others(people) })
        });
        let request = request.await?;
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
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(Json(vec![show::document(&before)]));
    }
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
    if floor.service.made_before(&caller.organization, receipt.as_ref()).await?.is_none() {
        let mut faults = Faults::new();
        let form = Form::required(Some(&body.value), "", &mut faults);
        let request = find_request(&floor, &caller, &id).await?;
        let key = if form.mentions("key-signer") { "key-signer" } else { "key_signer" };
        let signer = signer(&request, &form, ("email", key), &mut faults);
        let email = Problems::unless(faults, signer)?.map(|signer| signer.email().to_owned());
        wished(&floor, &caller, request.id, Wish::Resend { email }, receipt).await?;
    }
    Ok(Json("E-mail sent".into()))
}

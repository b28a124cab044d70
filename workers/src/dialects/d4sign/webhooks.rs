//! The webhook of a document: where what happens to it is told. It has one at most; another takes its place.

use axum::Json;
use axum::extract::State;
use countersign_engine::ids::RequestId;

use super::body::Body;
use super::call::Call;
use super::finding::{Found, find, receipt_for};
use super::notice::EVENTS;
use super::problem::{Id, Problems};
use super::wire::{D4SignMessage, D4SignNewWebhook, D4SignRegistered, D4SignWebhook};
use crate::http::auth::{Caller, Permission};
use crate::http::form::{Faults, Form};
use crate::http::{Floor, fields};
use crate::service::webhooks::Wanted;
use crate::webhooks::{Extra, Format};

/// Has what happens to a document told somewhere from now on: that it was signed, finished or cancelled, or that an
/// e-mail could not be delivered. Another address takes the place of the one before.
#[utoipa::path(
    post, path = "/documents/{id}/webhooks", tag = "D4Sign", request_body = D4SignNewWebhook,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignRegistered),
        (status = 400, body = D4SignMessage, description = "The address is not public"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn register(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignRegistered>, Problems> {
    let caller = call.admit_with(&floor, Permission::WebhooksWrite, &body.value).await?;
    let receipt = receipt_for(&call, &id, "webhooks", &body)?;
    let (webhooks, organization) = (&floor.service.webhooks, &caller.organization);
    let secret = floor.service.mac_secret(caller.key).await?;
    if webhooks.made_before(organization, receipt.as_ref()).await?.is_none() {
        let mut faults = Faults::new();
        let form = Form::required(Some(&body.value), "", &mut faults);
        let url = fields::address(webhooks, &form, "url", &mut faults).await;
        let url = Problems::unless(faults, url)?;
        let document = document(&floor, &caller, &id).await?;
        let events = EVENTS.map(str::to_owned).to_vec();
        let wanted = Wanted { url, events, format: Format::D4Sign, extras: vec![Extra::D4Sign] };
        webhooks.register_of(organization, document, (wanted, &secret), receipt).await?;
    }
    Ok(Json(D4SignRegistered { message: "Webhook successfully registered", secret: secret.text() }))
}

/// The webhook of a document, in a list.
#[utoipa::path(
    get, path = "/documents/{id}/webhooks", tag = "D4Sign",
    params(("id" = String, Path, description = "Which document")),
    responses((status = 200, body = Vec<D4SignWebhook>)),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn list_webhooks(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
) -> Result<Json<Vec<D4SignWebhook>>, Problems> {
    let caller = call.admit(&floor, Permission::WebhooksWrite).await?;
    let document = document(&floor, &caller, &id).await?;
    let row = floor.service.webhooks.of(&caller.organization, document).await?;
    Ok(Json(row.into_iter().map(|row| D4SignWebhook { id: row.id, url: row.url }).collect()))
}

async fn document(floor: &Floor, caller: &Caller, id: &str) -> Result<RequestId, Problems> {
    Ok(match find(floor, &caller.organization, id).await? {
        Found::Request(request) => request.id,
        Found::Upload(upload) => RequestId(upload.row.id),
    })
}

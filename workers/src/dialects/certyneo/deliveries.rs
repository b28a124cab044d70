//! What was delivered to a webhook and what was not, and the same once more.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::ids::OrganizationId;
use jiff::Timestamp;
use uuid::Uuid;

use super::BASE;
use super::paging::Page;
use super::problem::{Body, Id, Ids, Problems};
use super::webhooks::find;
use super::wire::{DeliveryList, Range, Replay, ShownAttempt, ShownDelivery};
use crate::clock::from_micros;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form, instant};
use crate::http::{Floor, idempotency};
use crate::service::webhooks::{Again, KEPT};
use crate::store::{AttemptRow, DeliveryRow, DeliveryState, EndpointRow, Scope};
use crate::webhooks::message_id;

/// Longest text of an instant, in characters.
const INSTANT_MAX: usize = 64;

/// What was sent to a webhook, or is to be, the latest first, with every attempt.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "Webhooks",
    params(
        ("id" = String, Path, description = "Which webhook"),
        ("status" = Option<String>, Query, description = "Only pending, delivered or dead ones"),
        ("page" = Option<u64>, Query, description = "Which page, from 1"),
        ("pageSize" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
    ),
    responses((status = 200, body = DeliveryList)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn list_deliveries(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<DeliveryList>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(query.as_deref(), &mut faults);
    let mut state = None;
    for (name, value) in rest {
        let known = DeliveryState::ALL.into_iter().find(|state| state.as_str() == value);
        match (name.as_str(), known) {
            ("status", Some(known)) => state = Some(known),
            ("status", None) => faults.push(Fault::parameter(&name, "status is pending, delivered or dead.")),
            _ => faults.push(Fault::parameter(&name, format!("There is no parameter {name}."))),
        }
    }
    let page = Problems::unless(faults, page)?;
    let endpoint = find(&floor, &organization, &id).await?;
    let paging = (page.limit(), page.offset());
    let (rows, total) = floor.service.store.deliveries(&organization, endpoint.id, state, paging).await?;
    let data = show(&floor, &organization, rows).await?;
    Ok(Json(DeliveryList { data, pagination: page.of(total) }))
}

/// One message for a webhook, with every attempt.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries/{delivery}", tag = "Webhooks",
    params(
        ("id" = String, Path, description = "Which webhook"),
        ("delivery" = String, Path, description = "Which delivery"),
    ),
    responses((status = 200, body = ShownDelivery)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn get_delivery(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Ids(id, delivery): Ids,
) -> Result<Json<ShownDelivery>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let endpoint = find(&floor, &organization, &id).await?;
    let delivery = delivery.parse().map_err(|_| unknown())?;
    let row = floor.service.store.delivery(Scope::Of(&organization), endpoint.id, delivery).await?;
    let mut shown = show(&floor, &organization, row.into_iter().collect()).await?;
    Ok(Json(shown.pop().ok_or_else(unknown)?))
}

/// Sends a webhook a message of type `endpoint.ping`, once, whatever it listens to. What became of it is in its deliveries.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", tag = "Webhooks",
    params(
        ("id" = String, Path, description = "Which webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 202, body = ShownDelivery)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn test(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    body: Body,
) -> Result<Response, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let endpoint = find(&floor, &organization, &id).await?;
    let path = format!("{BASE}/webhooks/{id}/test");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &body.0)?;
    if let Some(before) = floor.service.webhooks.made_before(&organization, receipt.as_ref()).await? {
        return filed_before(&floor, &endpoint, before).await;
    }
    let again = floor.service.webhooks.ping(&endpoint, receipt).await?;
    filed(&floor, &organization, again).await
}

/// Sends a message that was taken or given up once more, with the same `webhook-id`.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{delivery}/replay", tag = "Webhooks",
    params(
        ("id" = String, Path, description = "Which webhook"),
        ("delivery" = String, Path, description = "Which delivery"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 202, body = ShownDelivery)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn replay(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Ids(id, delivery): Ids,
    body: Body,
) -> Result<Response, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let endpoint = find(&floor, &organization, &id).await?;
    let path = format!("{BASE}/webhooks/{id}/deliveries/{delivery}/replay");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &body.0)?;
    if let Some(before) = floor.service.webhooks.made_before(&organization, receipt.as_ref()).await? {
        return filed_before(&floor, &endpoint, before).await;
    }
    let delivery = delivery.parse().map_err(|_| unknown())?;
    let again = floor.service.webhooks.replay(&endpoint, delivery, receipt).await?;
    filed(&floor, &organization, again).await
}

/// Sends a webhook everything once more that happened in a stretch of time and that it listens to, whether it was sent
/// before or not, each message with the same `webhook-id`.
#[utoipa::path(
    post, path = "/webhooks/{id}/replay", tag = "Webhooks", request_body = Range,
    params(
        ("id" = String, Path, description = "Which webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 202, body = Replay)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn replay_range(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    body: Body,
) -> Result<Response, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let endpoint = find(&floor, &organization, &id).await?;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/webhooks/{id}/replay"), &body.0)?;
    let json = body.json()?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&json), "", &mut faults);
    let range = range(&form, floor.service.clock.now(), &mut faults);
    let (after, before) = Problems::unless(faults, range)?;
    let webhooks = &floor.service.webhooks;
    let id = match webhooks.made_before(&organization, receipt.as_ref()).await? {
        Some(id) => id,
        None if endpoint.disabled.is_some() => return Err(disabled().into()),
        None => webhooks.replay_range(&endpoint, (after, before), receipt).await?,
    };
    Ok((StatusCode::ACCEPTED, Json(Replay { id, after, before })).into_response())
}

/// A stretch that ends by now and begins within what is kept.
fn range(form: &Form<'_>, now: Timestamp, faults: &mut Faults) -> (Timestamp, Timestamp) {
    let mut at = |name: &str, absent: Option<Timestamp>| match form.line(name, INSTANT_MAX, faults) {
        Some(text) => instant(&text).or_else(|| {
            let detail = format!("{name} is an instant, such as 2026-01-15T10:30:00Z.");
            faults.push(Fault::at(form.pointer(name), "invalid", detail));
            None
        }),
        None if absent.is_none() && form.is_present() && form.get(name).is_none() => {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} is required.")));
            None
        }
        None => absent,
    };
    let (after, before) = (at("after", None), at("before", Some(now)));
    if after.is_some_and(|after| after < now - KEPT) {
        faults.push(Fault::at(form.pointer("after"), "out_of_range", "after is at most 30 days ago."));
    }
    if let (Some(after), Some(before)) = (after, before)
        && after >= before
    {
        faults.push(Fault::at(form.pointer("before"), "out_of_range", "before is later than after."));
    }
    // What is still to come is not to be had again.
    (after.unwrap_or(now), before.unwrap_or(now).min(now))
}

fn unknown() -> Fault {
    Fault::not_found("delivery")
}

fn disabled() -> Fault {
    let detail = "This webhook is disabled: set isActive to true first.";
    Fault::new(StatusCode::CONFLICT, "webhook_disabled", detail)
}

async fn filed(floor: &Floor, organization: &OrganizationId, again: Again) -> Result<Response, Problems> {
    match again {
        Again::Filed(row) => {
            let shown = show(floor, organization, vec![*row]).await?.pop();
            Ok((StatusCode::ACCEPTED, Json(shown)).into_response())
        }
        Again::Unknown => Err(unknown().into()),
        Again::Disabled => Err(disabled().into()),
        Again::Pending => {
            let detail = "This message is still to be sent.";
            Err(Fault::new(StatusCode::CONFLICT, "still_pending", detail).into())
        }
    }
}

async fn filed_before(floor: &Floor, endpoint: &EndpointRow, delivery: Uuid) -> Result<Response, Problems> {
    let scope = Scope::Of(&endpoint.organization);
    let row = floor.service.store.delivery(scope, endpoint.id, delivery).await?;
    filed(floor, &endpoint.organization, row.map_or(Again::Unknown, |row| Again::Filed(Box::new(row)))).await
}

/// Deliveries with their attempts.
async fn show(
    floor: &Floor,
    organization: &OrganizationId,
    rows: Vec<DeliveryRow>,
) -> Result<Vec<ShownDelivery>, Problems> {
    let attempts = floor.service.attempts_at(organization, &rows).await?;
    let shown = rows.iter().map(|row| {
        let theirs = attempts.iter().filter(|(attempt, _)| attempt.delivery == row.id);
        shown_delivery(row, theirs.map(|(attempt, excerpt)| shown_attempt(attempt, excerpt.clone())).collect())
    });
    Ok(shown.collect())
}

fn shown_attempt(row: &AttemptRow, excerpt: Option<String>) -> ShownAttempt {
    ShownAttempt {
        number: row.number,
        at: from_micros(row.at_us),
        duration_ms: row.took_us as f64 / 1000.0,
        status: row.status,
        error: row.error.clone(),
        excerpt,
    }
}

fn shown_delivery(row: &DeliveryRow, history: Vec<ShownAttempt>) -> ShownDelivery {
    ShownDelivery {
        id: row.id,
        event: row.name.clone(),
        message_id: message_id(row.event, row.endpoint),
        envelope_id: row.about.map(|(request, _)| request.0),
        sequence: row.about.map(|(_, seq)| seq),
        status: row.state.as_str(),
        reason: row.reason.clone(),
        is_replay: row.replay,
        attempts: row.attempts,
        next_attempt_at: row.due_us.map(from_micros),
        created_at: from_micros(row.created_us),
        finished_at: row.finished_us.map(from_micros),
        history,
    }
}

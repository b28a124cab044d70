//! How long the organization keeps what has ended, and which requests it keeps longer.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use countersign_engine::command::{TEXT_MAX, Wish};
use countersign_engine::ids::OrganizationId;
use countersign_engine::schedule::RETENTION_DAYS_MAX;

use super::problem::{Body, Id, Problems};
use super::requests::{find, optional_json, receipt_for};
use super::wire::{
    Errors, Hold, RequestAnswer, RetentionAnswer, RetentionAttributes, RetentionObject, RetentionSource, SetRetention,
};
use super::{read, show};
use crate::clock::from_micros;
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::store::Retention;

/// For how many days the organization keeps the personal data and documents of requests that have ended.
#[utoipa::path(
    get, path = "/retention", tag = "Retention",
    responses((status = 200, body = RetentionAnswer)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn get(State(floor): State<Floor>, headers: HeaderMap) -> Result<Json<RetentionAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    answer(&floor, &caller.organization).await
}

/// Says for how many days; `null` is for ever. It counts for what has ended already, too: what is over by now is
/// purged within a minute.
#[utoipa::path(
    put, path = "/retention", tag = "Retention", request_body = SetRetention,
    responses((status = 200, body = RetentionAnswer)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn put(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<RetentionAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, attributes) = read::resource(&json, "retention", &mut faults);
    let days = attributes.whole("days", 1, i64::from(RETENTION_DAYS_MAX), &mut faults);
    // `null` means for ever; leaving it out means nothing.
    if attributes.is_present() && json.pointer("/data/attributes/days").is_none() {
        faults.push(Fault::at("/data/attributes/days", "required", "days is required; null is for ever."));
    }
    let days = Problems::unless(faults, days)?.and_then(|days| u32::try_from(days).ok());
    let retention = Retention { days, updated_us: floor.service.clock.now().as_microsecond() };
    floor.service.store.set_retention(&caller.organization, retention).await?;
    tracing::info!(organization = %caller.organization, key = %caller.key, days, "the retention was set");
    floor.service.bus.timers_changed();
    answer(&floor, &caller.organization).await
}

/// Goes by the installation's setting again.
#[utoipa::path(
    delete, path = "/retention", tag = "Retention",
    responses((status = 204)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    floor.service.store.forget_retention(&caller.organization).await?;
    tracing::info!(organization = %caller.organization, key = %caller.key, "the retention is the setting's again");
    Ok(StatusCode::NO_CONTENT)
}

async fn answer(floor: &Floor, organization: &OrganizationId) -> Result<Json<RetentionAnswer>, Problems> {
    let attributes = match floor.service.store.retention(organization).await? {
        Some(Retention { days, updated_us }) => RetentionAttributes {
            days,
            source: RetentionSource::Organization,
            updated_at: Some(from_micros(updated_us)),
        },
        None => RetentionAttributes {
            days: floor.service.settings.retention_days,
            source: RetentionSource::Installation,
            updated_at: None,
        },
    };
    let data = RetentionObject { r#type: "retention", id: organization.to_string(), attributes };
    Ok(Json(RetentionAnswer { data }))
}

/// Holds a request: it is neither purged nor deleted until it is released, whatever the retention says.
#[utoipa::path(
    post, path = "/requests/{id}/hold", tag = "Retention", request_body = Option<Hold>,
    params(
        ("id" = String, Path, description = "Which request"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = RequestAnswer),
        (status = 409, body = Errors, description = "Held already"),
        (status = 410, body = Errors, description = "Purged by the organization's retention"),
    ),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn hold(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    Body(body): Body,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, request.id, "hold", &body)?;
    let json = optional_json(&body)?;
    let mut faults = Faults::new();
    let reason = Form::required(Some(&json), "", &mut faults).text("reason", TEXT_MAX, &mut faults);
    let reason = Problems::unless(faults, reason)?;
    let request = floor.service.submit(caller.order(request.id, Wish::Hold { reason }, receipt)).await?;
    Ok(Json(show::answer(&request, &floor.service.links)))
}

/// Releases a request that is held. If its time is over by then, it is purged within a minute.
#[utoipa::path(
    delete, path = "/requests/{id}/hold", tag = "Retention",
    params(("id" = String, Path, description = "Which request")),
    responses(
        (status = 200, body = RequestAnswer), (status = 409, body = Errors, description = "Not held"),
    ),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn release(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let request = find(&floor, &caller, &id).await?;
    let request = floor.service.submit(caller.order(request.id, Wish::Release, None)).await?;
    Ok(Json(show::answer(&request, &floor.service.links)))
}

//! A request's history, as its auditors read it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::event::Event;
use countersign_engine::trail::Line;
use serde_json::Value;

use super::problem::{Id, Problems};
use super::requests::find;
use super::wire::{Errors, EventAttributes, EventObject, History};
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::store::Scope;

/// All events of a request, in order, proven to be whole.
#[utoipa::path(
    get, path = "/requests/{id}/events", tag = "History",
    params(("id" = String, Path, description = "Which request")),
    responses((status = 200, body = History)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn events(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<History>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = find(&floor, &caller, &id).await?;
    let history = floor.service.history(Scope::Of(&caller.organization), request.id).await?;
    Ok(Json(History { data: history.iter().map(|(event, line)| object(event, line)).collect() }))
}

/// The audit trail as a sealed PDF: every event with who, when and from where. At any status; for auditors
/// it is of most use while a request runs.
#[utoipa::path(
    get, path = "/requests/{id}/audit-trail", tag = "History",
    params(("id" = String, Path, description = "Which request")),
    responses(
        (status = 200, content_type = "application/pdf", body = Vec<u8>),
        (status = 410, body = Errors, description = "Purged by the organization's retention"),
    ),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn audit_trail(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = find(&floor, &caller, &id).await?;
    let pdf = floor.service.audit_trail_pdf(&caller.organization, request.id).await?;
    Ok(attachment(pdf, "application/pdf", &format!("audit-trail-{}.pdf", request.id)))
}

/// Everything that proves the request, as one zip that `countersign verify` checks offline: originals, sealed PDFs
/// once it is COMPLETED, audit trail, history with what is personal in it, certificate, and a manifest of digests.
#[utoipa::path(
    get, path = "/requests/{id}/evidence", tag = "History",
    params(("id" = String, Path, description = "Which request")),
    responses(
        (status = 200, content_type = "application/zip", body = Vec<u8>),
        (status = 410, body = Errors, description = "Purged by the organization's retention"),
    ),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn evidence(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = find(&floor, &caller, &id).await?;
    let zip = floor.service.evidence(&caller.organization, request.id).await?;
    Ok(attachment(zip, "application/zip", &format!("evidence-{}.zip", request.id)))
}

/// A file to be kept, under a name of ASCII letters.
fn attachment(bytes: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

fn object(event: &Event, line: &Line) -> EventObject {
    let body: Value = serde_json::from_str(&line.body).unwrap_or_default();
    let part = |name: &str| body.get(name).cloned().unwrap_or_default();
    let attributes = EventAttributes {
        sequence: event.seq,
        name: event.fact.name(),
        time: event.time,
        actor: part("actor"),
        data: part("fact").get("with").cloned().unwrap_or_default(),
        personal: line.disclosure.as_deref().and_then(personal),
        hash: line.hash.to_string(),
    };
    EventObject { r#type: "signature-event", id: event.id.0, attributes }
}

/// What a disclosure tells; its salt, and the seal over an access code, are of use only to a verifier.
fn personal(disclosure: &str) -> Option<Value> {
    let mut personal = serde_json::from_str::<Value>(disclosure).ok()?.get("personal").cloned()?;
    let particulars = personal.get_mut("particulars").and_then(Value::as_object_mut);
    for asked in particulars.into_iter().flat_map(|asked| asked.values_mut()).filter_map(Value::as_object_mut) {
        asked.remove("access_code");
    }
    Some(personal)
}

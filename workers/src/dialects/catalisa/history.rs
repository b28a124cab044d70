//! A request's history, as its auditors read it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use countersign_engine::event::Event;
use countersign_engine::trail::Line;
use serde_json::Value;

use super::problem::{Id, Problems};
use super::requests::find;
use super::wire::{EventAttributes, EventObject, History};
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

/// What a disclosure tells; its salt is of use only to a verifier.
fn personal(disclosure: &str) -> Option<Value> {
    serde_json::from_str::<Value>(disclosure).ok()?.get("personal").cloned()
}

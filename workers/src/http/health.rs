//! `/health/live` and `/health/ready`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::Floor;

/// The two health routes.
pub fn routes() -> Router<Floor> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

/// The process answers.
async fn live() -> Response {
    Json(json!({ "status": "live" })).into_response()
}

/// The process can do its work: the database takes a write transaction.
async fn ready(State(floor): State<Floor>) -> Response {
    match floor.service.store.ping().await {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            let missing = json!({ "status": "not_ready", "missing": ["database"] });
            (StatusCode::SERVICE_UNAVAILABLE, Json(missing)).into_response()
        }
    }
}

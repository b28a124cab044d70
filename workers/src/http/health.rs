//! `/health/live` and `/health/ready`. The first is about the process alone. The second says of each thing
//! that the process needs whether it is there, and whether the process can do its work without it:
//!
//! - `not_ready` (503) where it can do none of it: without the database; a process that only reads and
//!   publishes, without NATS.
//! - `degraded` (200) where it can do some of it. A process that answers HTTP is ready as long as it can:
//!   what is missing is missing for every process, and taking all of them out would end what still works.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Serialize;
use tokio::sync::Mutex;

use super::Floor;
use super::checks::{Check, checks};
use crate::config::{Role, Settings};
use crate::service::Service;

/// How long an answer holds, however many ask.
const ANSWER_LIFE: Duration = Duration::from_secs(1);

/// The two health routes.
pub fn routes() -> Router<Floor> {
    let ready = get(ready).layer(Extension(Arc::new(Mutex::new(None::<Looked>))));
    Router::new().route("/health/live", get(live)).route("/health/ready", ready)
}

/// The process answers.
async fn live() -> Response {
    Json(serde_json::json!({ "status": "live" })).into_response()
}

/// Whether a process can do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Readiness {
    Ready,
    Degraded,
    NotReady,
}

/// What was found, and when.
#[derive(Clone, Debug)]
struct Looked {
    at: Instant,
    readiness: Readiness,
    checks: Vec<Check>,
}

async fn ready(State(floor): State<Floor>, Extension(looked): Extension<Arc<Mutex<Option<Looked>>>>) -> Response {
    // Held while looking, so that one asker looks for all.
    let mut looked = looked.lock().await;
    let now = match looked.take().filter(|looked| looked.at.elapsed() < ANSWER_LIFE) {
        Some(still) => still,
        None => look(&floor.service).await,
    };
    let status = match now.readiness {
        Readiness::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        Readiness::Ready | Readiness::Degraded => StatusCode::OK,
    };
    let body = Json(serde_json::json!({ "status": now.readiness, "checks": now.checks }));
    *looked = Some(now);
    (status, body).into_response()
}

async fn look(service: &Service) -> Looked {
    let checks = checks(service).await;
    let readiness = readiness(&service.settings, &checks);
    Looked { at: Instant::now(), readiness, checks }
}

fn readiness(settings: &Settings, checks: &[Check]) -> Readiness {
    let able = |role: Role| !checks.iter().any(|check| check.has_failed() && check.stops.contains(&role));
    let mut roles = Role::EACH.into_iter().filter(|role| settings.runs(*role));
    let ready = if settings.runs(Role::Http) { able(Role::Http) } else { roles.any(able) };
    match ready {
        false => Readiness::NotReady,
        true if checks.iter().any(Check::has_failed) => Readiness::Degraded,
        true => Readiness::Ready,
    }
}

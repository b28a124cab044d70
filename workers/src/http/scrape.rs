//! `/metrics`: what is counted in this process, and how things stand in the store, in Prometheus' text
//! form; and the layer that counts answers. What stands in the store is read at most so often, however
//! many ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use countersign_engine::request::Status;
use tokio::sync::Mutex;

use super::Floor;
use crate::meters::Meters;
use crate::service::Service;
use crate::store::{Lane, StoreError};

/// How long what stands in the store is not read again.
const STAND_LIFE: Duration = Duration::from_secs(1);
/// The same for what takes a look at every request.
const CENSUS_LIFE: Duration = Duration::from_secs(60);
/// The form of the text.
const TEXT_FORM: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Where nothing is.
const NO_ROUTE: &str = "none";

/// When what was last read; held while reading, so that one asker reads for all.
#[derive(Debug, Default)]
struct Looked {
    stand: Option<Instant>,
    census: Option<Instant>,
}

/// The route.
pub fn routes() -> Router<Floor> {
    Router::new().route("/metrics", get(scrape)).layer(Extension(Arc::new(Mutex::new(Looked::default()))))
}

async fn scrape(State(floor): State<Floor>, Extension(looked): Extension<Arc<Mutex<Looked>>>) -> Response {
    if let Err(error) = look(&floor.service, &mut *looked.lock().await).await {
        // What the process itself counted is told all the same: that is when it is wanted most.
        tracing::error!(%error, "how things stand could not be read");
    }
    ([(CONTENT_TYPE, TEXT_FORM)], floor.service.meters.render()).into_response()
}

async fn look(service: &Service, looked: &mut Looked) -> Result<(), StoreError> {
    let (store, meters) = (&service.store, &service.meters);
    if is_over(looked.stand, STAND_LIFE) {
        let now = service.clock.now().as_microsecond();
        let overdue = |due_us: i64| Duration::from_micros(u64::try_from(now - due_us).unwrap_or(0)).as_secs_f64();
        let owed = store.owed().await?;
        for lane in [Lane::Mail, Lane::Seal] {
            let found = owed.iter().find(|owed| owed.lane == lane.as_str());
            let (effects, age) = found.map_or((0, 0.0), |owed| (owed.effects, overdue(owed.first_due_us)));
            meters.owed(lane, effects, age);
        }
        meters.timer_lag(store.next_wake().await?.map_or(0.0, overdue));
        looked.stand = Some(Instant::now());
    }
    if is_over(looked.census, CENSUS_LIFE) {
        let counted = store.open_requests().await?;
        for status in Status::ALL.into_iter().filter(|status| !status.is_terminal()) {
            let found = counted.iter().find(|(name, _)| name == status.as_str());
            meters.open(status.as_str(), found.map_or(0, |(_, requests)| *requests));
        }
        looked.census = Some(Instant::now());
    }
    Ok(())
}

fn is_over(looked: Option<Instant>, life: Duration) -> bool {
    looked.is_none_or(|at| at.elapsed() >= life)
}

/// Counts every answer.
pub async fn measure(State(meters): State<Meters>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    meters.answered(method, route, class(response.status()), started.elapsed());
    response
}

/// A method's name; anybody may make one up, so those that nobody needs share one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

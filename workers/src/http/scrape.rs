//! `/metrics`: what is counted in this process, and how things stand in the store and on the bus, in
//! Prometheus' text form; and the layer that counts answers.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::Floor;
use super::stand::Stand;
use crate::meters::Meters;

/// The form of the text.
const TEXT_FORM: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Where nothing is.
const NO_ROUTE: &str = "none";

/// The route.
pub fn routes() -> Router<Floor> {
    Router::new().route("/metrics", get(scrape)).layer(Extension(Stand::default()))
}

async fn scrape(State(floor): State<Floor>, Extension(stand): Extension<Stand>) -> Response {
    stand.show(&floor.service).await;
    ([(CONTENT_TYPE, TEXT_FORM)], floor.service.meters.render()).into_response()
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
pub(super) fn known(method: &Method) -> &'static str {
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

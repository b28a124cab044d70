//! The layer that makes a call a part of its caller's trace.

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use super::scrape::known;
use crate::trace::{self, TraceParent, Traces};

/// Addresses of those who watch and of what never changes: nobody follows them.
const UNTRACED: [&str; 4] = ["/health/", "/metrics", "/docs", "/openapi.json"];

/// Records a call, and has what it leads to caused by it.
pub async fn follow(State(traces): State<Traces>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let Some(route) = route.as_ref().map(MatchedPath::as_str).filter(|route| is_traced(route)) else {
        return next.run(request).await;
    };
    // Anybody may open a page: their browser does not say whether it is recorded.
    let parent = if route.starts_with("/api/") { given(request.headers()) } else { None };
    if parent.is_none() && !traces.are_on() {
        return next.run(request).await;
    }
    let mut span = traces.call(known(request.method()), route, parent);
    let response = trace::caused_by(span.traceparent(), next.run(request)).await;
    span.count("http.response.status_code", response.status().as_u16().into());
    if response.status().is_server_error() {
        span.fail();
    }
    response
}

/// The trace that a caller names.
pub fn given(headers: &HeaderMap) -> Option<TraceParent> {
    headers.get(trace::HEADER)?.to_str().ok()?.parse().ok()
}

fn is_traced(route: &str) -> bool {
    !UNTRACED.iter().any(|untraced| route.starts_with(untraced))
}

//! `GET /api/v1/events`: an organization's events behind a cursor, as a page or as a stream.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Cursor, Feed, stream};
use crate::bus::cloudevent;
use crate::dialects::catalisa::problem;
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::service::Service;

/// Events on a page unless the caller says.
const LIMIT_DEFAULT: i64 = 100;
/// Most events on a page.
const LIMIT_MAX: i64 = 1_000;
/// Most streams that one process holds open.
const STREAMS_MAX: usize = 1_000;

/// Some events, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// CloudEvents 1.0.
    #[schema(value_type = Vec<CloudEvent>)]
    pub data: Vec<Value>,
    /// Where to read on: send it as `after`. The same as before if there was nothing.
    pub next: String,
    /// Whether to read on at once; otherwise there is nothing more for now.
    pub more: bool,
}

/// An event as it is published (CloudEvents 1.0); each type has a schema in `schemas/events`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CloudEvent {
    /// `1.0`.
    pub specversion: String,
    /// The event's id; the same however often it is read.
    pub id: String,
    /// `/countersign/<organization>`.
    pub source: String,
    /// Such as `countersign.signer.signed.v1`.
    pub r#type: String,
    /// The request.
    pub subject: String,
    /// When it was committed.
    pub time: String,
    /// `application/json`.
    pub datacontenttype: String,
    /// Its number in the request's history.
    pub sequence: String,
    /// The tenant.
    pub organization: String,
    /// W3C trace context of what caused it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who caused it, what happened, and its hash in the request's chain.
    pub data: Value,
}

/// What the readers of a process share: a layer of the routes.
#[derive(Clone, Debug)]
pub struct Desk {
    pub(super) feed: Feed,
    pub(super) stopping: CancellationToken,
    pub(super) streams: Arc<Semaphore>,
}

impl Desk {
    /// A desk over a service's log. Streams end when `stopping` is cancelled.
    pub fn new(service: &Service, stopping: CancellationToken) -> Self {
        let feed = Feed::new(service.store.clone());
        Self { feed, stopping, streams: Arc::new(Semaphore::new(STREAMS_MAX)) }
    }
}

/// The route, with its description; needs a [`Desk`] as its layer.
pub fn routes() -> OpenApiRouter<Floor> {
    OpenApiRouter::new().routes(routes!(read))
}

/// The organization's events behind a cursor, in the order in which they were committed: as a page, or,
/// with `Accept: text/event-stream`, as server-sent events that go on as things happen. A stream's ids
/// are cursors; `Last-Event-ID` resumes it.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "Events",
    params(
        ("after" = Option<String>, Query, description = "A cursor as it was given; from the beginning if absent"),
        ("limit" = Option<i64>, Query, description = "Events on a page: 100, at most 1000"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of a stream's last event; comes before `after`"),
    ),
    responses((status = 200, content((EventPage = "application/json"), (String = "text/event-stream")))),
    security(("key" = ["ESIGNATURE_READ"]))
)]
async fn read(
    State(floor): State<Floor>,
    Extension(desk): Extension<Desk>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    answer(floor, desk, headers, query.as_deref().unwrap_or_default()).await.unwrap_or_else(problem)
}

async fn answer(floor: Floor, desk: Desk, headers: HeaderMap, query: &str) -> Result<Response, Fault> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let (after, limit) = asked(query)?;
    if wants_stream(&headers) {
        let resumed = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
        let after = match resumed.filter(|id| !id.is_empty()) {
            None => after,
            Some(id) => id.parse().map_err(|bad: super::BadCursor| {
                Fault::header(StatusCode::BAD_REQUEST, "Last-Event-ID", "invalid_header", bad.to_string())
            })?,
        };
        return stream::open(floor, desk, headers, caller.organization, after);
    }
    let page = desk.feed.page(&caller.organization, after, limit).await.map_err(|error| Fault::internal(&error))?;
    let data = page.entries.iter().map(|entry| cloudevent::of(&entry.event, entry.trace)).collect();
    Ok(Json(EventPage { data, next: page.next.to_string(), more: page.more }).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
}

fn asked(query: &str) -> Result<(Cursor, i64), Fault> {
    let mut found = (Cursor::default(), LIMIT_DEFAULT);
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be read."))?;
    for (name, value) in pairs {
        match name.as_str() {
            "after" => {
                found.0 = value.parse().map_err(|bad: super::BadCursor| Fault::parameter(&name, bad.to_string()))?
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                found.1 = limit.ok_or_else(|| Fault::parameter(&name, format!("limit is 1 to {LIMIT_MAX}.")))?;
            }
            _ => return Err(Fault::parameter(&name, "There is no such parameter: after and limit are known.")),
        }
    }
    Ok(found)
}

//! Published messages that could never work: which they are and why, and another try for one.
//!
//! What is told of a message holds no personal data. The message itself is taken from the stream of dead
//! letters when it is tried again, and removed from there once it has worked.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_engine::event::Actor;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::{Page, pairs};
use super::problem::{Id, Problems};
use super::sign_this;
use super::wire::{DeadLetterAttributes, DeadLetterList, DeadLetterObject};
use crate::clock::from_micros;
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::service::dead_letters::Exhumed;
use crate::store::{DeadLetterRow, Scope};

/// Where they are.
const PATH: &str = "/api/v1/dead-letters";

/// The routes, under `/api/v1`.
pub fn routes() -> OpenApiRouter<Floor> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry))
}

/// The organization's published messages that could never work, newest first, with every reason.
#[utoipa::path(
    get, path = "/dead-letters", tag = "Events",
    params(
        ("page[number]" = Option<u64>, Query, description = "Which page, from 1"),
        ("page[size]" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
    ),
    responses((status = 200, body = DeadLetterList)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<DeadLetterList>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::Read).await?.organization;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(pairs(query.as_deref()), &mut faults);
    faults.extend(rest.iter().map(|(name, _)| Fault::parameter(name, format!("There is no parameter {name}."))));
    let page = Problems::unless(faults, page)?;
    let store = &floor.service.store;
    let rows = store.dead_letters(Scope::Of(&organization), page.limit(), page.offset()).await?;
    let total = u64::try_from(store.count_dead_letters(&organization).await?).unwrap_or(0);
    let data = rows.into_iter().map(object).collect();
    Ok(Json(DeadLetterList { data, meta: page.meta(total), links: page.links(PATH, &[], total) }))
}

/// Tries a message again as it was published, for instance when the template that it names is there by now. If
/// it works, the dead letter is gone; if not, the answer says why.
#[utoipa::path(
    post, path = "/dead-letters/{id}/retry", tag = "Events",
    params(("id" = String, Path, description = "Which dead letter")),
    responses((status = 202, body = sign_this::Accepted)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
async fn retry(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let unknown = || Fault::not_found("dead letter");
    let id = id.parse().map_err(|_| unknown())?;
    let message = match floor.service.exhume(&caller.organization, id).await? {
        Exhumed::Message(message) => message,
        Exhumed::Unknown => return Err(unknown().into()),
        Exhumed::Gone => {
            let detail = "The message is not kept any more, or was too long to be. Publish it again.";
            return Err(Fault::new(StatusCode::GONE, "message_gone", detail).into());
        }
        Exhumed::NoBus => {
            let detail = "This process has no NATS server, which is where the messages are kept.";
            return Err(Fault::new(StatusCode::CONFLICT, "no_bus", detail).into());
        }
    };
    let request = sign_this::decide(&floor.service, &caller.organization, Actor::Key(caller.key), &message).await?;
    floor.service.forget_dead_letter(&caller.organization, id).await?;
    sign_this::answer(request)
}

fn object(row: DeadLetterRow) -> DeadLetterObject {
    let attributes = DeadLetterAttributes {
        reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
        source: row.source,
        event_id: row.event,
        subject: row.subject,
        sequence: row.sequence,
        sha256: row.digest.to_string(),
        buried_at: from_micros(row.created_us),
    };
    DeadLetterObject { r#type: "dead-letter", id: row.id, attributes }
}

//! What vendors told, for consoles and auditors: listed with what came of it, one with its body as it came, and applied
//! once more.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::BASE;
use super::listing::{Page, pairs};
use super::problem::{Id, Problems};
use super::wire::{Errors, InboundAnswer, InboundAttributes, InboundList, InboundObject, SelfLink};
use crate::clock::from_micros;
use crate::hooks::Verdict;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::{Floor, fields, idempotency};
use crate::service::inbound::Again;
use crate::store::{InboundListing, InboundRow, InboundState, Scope};

/// Longest name of a vendor that is looked for, in characters.
const PROVIDER_MAX: usize = 64;

/// What the organization's vendors told, newest first, with what came of it and why. Bodies hold personal data, so they
/// are not in the list.
#[utoipa::path(
    get, path = "/inbound-deliveries", tag = "Hooks",
    params(
        ("page[number]" = Option<u64>, Query, description = "Which page, from 1"),
        ("page[size]" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
        ("filter[provider]" = Option<String>, Query, description = "Only of this vendor"),
        ("filter[configId]" = Option<Uuid>, Query, description = "Only what was addressed to this configuration"),
        ("filter[requestId]" = Option<Uuid>, Query, description = "Only about this request"),
        ("filter[status]" = Option<String>, Query, description = "pending, settled or dead"),
        ("filter[verdict]" = Option<String>, Query, description = "Only with this verdict"),
        ("filter[receivedAfter]" = Option<String>, Query, description = "Only what came after this instant (RFC 3339)"),
        ("filter[receivedBefore]" = Option<String>, Query, description = "Only what came before this instant"),
        ("sort" = Option<String>, Query, description = "receivedAt, or -receivedAt for the newest first [-receivedAt]"),
    ),
    responses((status = 200, body = InboundList)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<InboundList>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::Read).await?.organization;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(pairs(query.as_deref()), &mut faults);
    let mut listing = InboundListing { limit: page.limit(), offset: page.offset(), ..InboundListing::default() };
    for (name, value) in &rest {
        if let Err(fault) = apply(&mut listing, name, value) {
            faults.push(fault);
        }
    }
    let listing = Problems::unless(faults, listing)?;
    let (rows, total) = floor.service.store.inbound_deliveries(&organization, &listing).await?;
    let data = rows.into_iter().map(|row| object(row, None)).collect();
    let total = u64::try_from(total).unwrap_or(0);
    let path = format!("{BASE}/inbound-deliveries");
    Ok(Json(InboundList { data, meta: page.meta(total), links: page.links(&path, &rest, total) }))
}

fn apply(listing: &mut InboundListing, name: &str, value: &str) -> Result<(), Fault> {
    let id = || value.parse::<Uuid>().map_err(|_| Fault::parameter(name, format!("{name} is a UUID.")));
    let one_of = |names: Vec<&str>| Fault::parameter(name, format!("{name} is one of {}.", names.join(", ")));
    match name {
        "filter[provider]" if value.chars().count() > PROVIDER_MAX => {
            return Err(Fault::parameter(name, format!("{name} has at most {PROVIDER_MAX} characters.")));
        }
        "filter[provider]" => listing.provider = Some(value.to_owned()),
        "filter[configId]" => listing.config = Some(id()?),
        "filter[requestId]" => listing.request = Some(countersign_engine::ids::RequestId(id()?)),
        "filter[status]" => {
            let unknown = || one_of(InboundState::ALL.map(InboundState::as_str).to_vec());
            listing.state = Some(InboundState::parse(value).ok_or_else(unknown)?);
        }
        "filter[verdict]" => {
            let unknown = || one_of(Verdict::ALL.map(Verdict::as_str).to_vec());
            listing.verdict = Some(Verdict::parse(value).ok_or_else(unknown)?.as_str().to_owned());
        }
        "filter[receivedAfter]" => listing.received_after_us = Some(fields::instant(name, value)?),
        "filter[receivedBefore]" => listing.received_before_us = Some(fields::instant(name, value)?),
        "sort" if value == "receivedAt" => listing.ascending = true,
        "sort" if value == "-receivedAt" => listing.ascending = false,
        "sort" => return Err(Fault::parameter("sort", "sort is receivedAt or -receivedAt.")),
        _ if name.starts_with("filter[") || name.starts_with("page[") => {
            return Err(Fault::parameter(name, format!("There is no parameter {name}.")));
        }
        _ => {}
    }
    Ok(())
}

/// One thing that a vendor told, with its body as it came.
#[utoipa::path(
    get, path = "/inbound-deliveries/{id}", tag = "Hooks",
    params(("id" = String, Path, description = "Which delivery")),
    responses((status = 200, body = InboundAnswer)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<InboundAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let id = id.parse().map_err(|_| unknown())?;
    let scope = Scope::Of(&caller.organization);
    let row = floor.service.store.inbound(scope, id).await?.ok_or_else(unknown)?;
    let body = floor.service.inbound.body(scope, id).await?;
    tracing::info!(organization = %caller.organization, key = %caller.key, delivery = %id, "a vendor's message was read");
    Ok(Json(InboundAnswer { data: object(row, Some(body.map(|bytes| STANDARD.encode(bytes)))) }))
}

/// Applies once more what a vendor told, from the form in which it came. That is a delivery of its own; what came of it
/// before stays as it was.
#[utoipa::path(
    post, path = "/inbound-deliveries/{id}/replay", tag = "Hooks",
    params(
        ("id" = String, Path, description = "Which delivery"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 202, body = InboundAnswer),
        (status = 409, body = Errors, description = "It is still to be applied"),
        (status = 410, body = Errors, description = "Its body was erased with the request that it is about"),
    ),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn replay(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let path = format!("{BASE}/inbound-deliveries/{id}/replay");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &[])?;
    let service = &floor.service;
    let before = service.webhooks.made_before(&caller.organization, receipt.as_ref()).await?;
    let again = match before {
        Some(made) => {
            let row = service.store.inbound(Scope::Of(&caller.organization), made).await?;
            row.map_or(Again::Unknown, |row| Again::Filed(Box::new(row)))
        }
        None => service.inbound.replay(&caller.organization, id, receipt).await?,
    };
    match again {
        Again::Filed(row) => {
            tracing::info!(organization = %caller.organization, key = %caller.key, delivery = %id, replay = %row.id,
                "a vendor's message is applied once more");
            Ok((StatusCode::ACCEPTED, Json(InboundAnswer { data: object(*row, None) })).into_response())
        }
        Again::Unknown => Err(unknown().into()),
        Again::Pending => {
            let detail = "This delivery is still to be applied.";
            Err(Fault::new(StatusCode::CONFLICT, "still_pending", detail).into())
        }
        Again::Erased => {
            let detail = "The body of this delivery was erased.";
            Err(Fault::new(StatusCode::GONE, "erased", detail).into())
        }
    }
}

fn unknown() -> Fault {
    Fault::not_found("inbound delivery")
}

/// A delivery as it is shown; `body` where it is shown too.
fn object(row: InboundRow, body: Option<Option<String>>) -> InboundObject {
    let links = SelfLink { this: format!("{BASE}/inbound-deliveries/{}", row.id) };
    let attributes = InboundAttributes {
        provider: row.provider,
        config_id: row.config,
        scheme: row.scheme,
        trust: row.trust,
        document: row.document,
        told: row.told,
        word: row.word,
        request_id: row.request.map(|request| request.0),
        status: row.state.as_str(),
        verdict: row.verdict,
        reason: row.reason,
        attempts: row.attempts,
        next_attempt_at: row.due_us.map(from_micros),
        received_at: from_micros(row.received_us),
        stamped_at: row.stamped_us.map(from_micros),
        settled_at: row.settled_us.map(from_micros),
        repeats: row.repeats,
        last_repeat_at: row.repeated_us.map(from_micros),
        replay_of: row.replay_of,
        bytes: row.bytes,
        sha256: row.digest.map(|digest| digest.to_string()),
        content_type: row.content_type,
        body_base64: body,
    };
    InboundObject { r#type: "inbound-delivery", id: row.id, links, attributes }
}

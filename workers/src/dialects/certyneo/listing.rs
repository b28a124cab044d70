//! Lists of envelopes: pages, filters, order.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use countersign_engine::request::Status;

use super::paging::Page;
use super::problem::Problems;
use super::show;
use super::vocabulary::{self, EnvelopeStatus};
use super::wire::EnvelopeList;
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::Faults;
use crate::store::{Listing, Scope};

/// The organization's envelopes, newest first.
#[utoipa::path(
    get, path = "/envelopes", tag = "Envelopes",
    params(
        ("page" = Option<u64>, Query, minimum = 1, maximum = 1000000, description = "Which page, from 1"),
        ("pageSize" = Option<u64>, Query, minimum = 1, maximum = 100, description = "Items on a page: 20, at most 100"),
        ("status" = Option<EnvelopeStatus>, Query, description = "Only with this status"),
        ("createdAfter" = Option<String>, Query, description = "Only made after this instant (RFC 3339)"),
        ("createdBefore" = Option<String>, Query, description = "Only made before this instant"),
        ("sort" = Option<String>, Query,
            description = "createdAt, updatedAt or expiresAt; with - in front the greatest comes first [-createdAt]"),
    ),
    responses((status = 200, body = EnvelopeList)),
    security(("key" = ["envelopes:read"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<EnvelopeList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(query.as_deref(), &mut faults);
    let mut listing = Listing { descending: true, limit: page.limit(), offset: page.offset(), ..Listing::default() };
    for (name, value) in &rest {
        if let Err(fault) = apply(&mut listing, name, value) {
            faults.push(fault);
        }
    }
    let listing = Problems::unless(faults, listing)?;
    let found = floor.service.store.list(&caller.organization, &listing).await;
    let (rows, total) = found.map_err(|error| Fault::internal(&error))?;
    let loaded = floor.service.ledger.load_rows(Scope::Of(&caller.organization), &rows).await;
    let loaded = loaded.map_err(|error| Fault::internal(&error))?;
    let data = loaded.iter().map(|loaded| show::envelope(&loaded.request, &floor.service.links)).collect();
    Ok(Json(EnvelopeList { data, pagination: page.of(total) }))
}

fn apply(listing: &mut Listing, name: &str, value: &str) -> Result<(), Fault> {
    match name {
        "status" => {
            let unknown = || {
                let names = Status::ALL.map(|status| EnvelopeStatus::from(status).as_str());
                Fault::parameter(name, format!("status is one of {}.", names.join(", ")))
            };
            listing.statuses = vec![vocabulary::status(value).ok_or_else(unknown)?];
        }
        "createdAfter" => listing.created_after_us = Some(fields::instant(name, value)?),
        "createdBefore" => listing.created_before_us = Some(fields::instant(name, value)?),
        "sort" => (listing.sort, listing.descending) = fields::order(value)?,
        _ => return Err(Fault::parameter(name, format!("There is no parameter {name}."))),
    }
    Ok(())
}

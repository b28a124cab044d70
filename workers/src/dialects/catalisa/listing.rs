//! Lists: pages, filters, order.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use countersign_engine::command::BUSINESS_ID_MAX;
use countersign_engine::request::Status;

use super::problem::Problems;
use super::wire::{PageLinks, PageMeta, RequestList};
use super::{BASE, show};
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::Faults;
use crate::store::{Listing, Scope};

const SIZE_DEFAULT: u64 = 20;
const SIZE_MAX: u64 = 100;
const NUMBER_MAX: u64 = 1_000_000;

/// The organization's requests, newest first.
#[utoipa::path(
    get, path = "/requests", tag = "Requests",
    params(
        ("page[number]" = Option<u64>, Query, description = "Which page, from 1"),
        ("page[size]" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
        ("filter[status]" = Option<super::wire::RequestStatus>, Query, description = "Only with this status"),
        ("filter[businessId]" = Option<String>, Query, description = "Only with this reference"),
        ("filter[createdAfter]" = Option<String>, Query, description = "Only made after this instant (RFC 3339)"),
        ("filter[createdBefore]" = Option<String>, Query, description = "Only made before this instant"),
        ("sort" = Option<String>, Query,
            description = "createdAt, updatedAt or expiresAt; with - in front the greatest comes first [-createdAt]"),
    ),
    responses((status = 200, body = RequestList)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<RequestList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(pairs(query.as_deref()), &mut faults);
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
    let data = loaded.iter().map(|loaded| show::object(&loaded.request, &floor.service.links)).collect();
    let total = u64::try_from(total).unwrap_or(0);
    let path = format!("{BASE}/requests");
    Ok(Json(RequestList { data, meta: page.meta(total), links: page.links(&path, &rest, total) }))
}

fn apply(listing: &mut Listing, name: &str, value: &str) -> Result<(), Fault> {
    match name {
        "filter[status]" => {
            let names = Status::ALL.map(Status::as_str).join(", ");
            let unknown = || Fault::parameter(name, format!("{name} is one of {names}."));
            listing.statuses = vec![Status::parse(value).ok_or_else(unknown)?];
        }
        "filter[businessId]" if value.chars().count() > BUSINESS_ID_MAX => {
            return Err(Fault::parameter(name, format!("{name} has at most {BUSINESS_ID_MAX} characters.")));
        }
        "filter[businessId]" => listing.business_id = Some(value.to_owned()),
        "filter[createdAfter]" => listing.created_after_us = Some(fields::instant(name, value)?),
        "filter[createdBefore]" => listing.created_before_us = Some(fields::instant(name, value)?),
        "sort" => (listing.sort, listing.descending) = fields::order(value)?,
        _ if name.starts_with("filter[") || name.starts_with("page[") => {
            return Err(Fault::parameter(name, format!("There is no parameter {name}.")));
        }
        _ => {}
    }
    Ok(())
}

/// A query's pairs, decoded, in order.
pub(super) fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default()
}

/// Which page of a list.
#[derive(Clone, Copy)]
pub(super) struct Page {
    number: u64,
    size: u64,
}

impl Page {
    /// The page that a query asks for, and the query's other pairs.
    pub(super) fn read(pairs: Vec<(String, String)>, faults: &mut Faults) -> (Self, Vec<(String, String)>) {
        let mut page = Self { number: 1, size: SIZE_DEFAULT };
        let mut rest = Vec::new();
        for (name, value) in pairs {
            let (field, max) = match name.as_str() {
                "page[number]" => (&mut page.number, NUMBER_MAX),
                "page[size]" => (&mut page.size, SIZE_MAX),
                _ => {
                    rest.push((name, value));
                    continue;
                }
            };
            match value.parse::<u64>() {
                Ok(number) if (1..=max).contains(&number) => *field = number,
                _ => faults.push(Fault::parameter(&name, format!("{name} is a whole number from 1 to {max}."))),
            }
        }
        (page, rest)
    }

    pub(super) fn limit(self) -> i64 {
        self.size as i64
    }

    pub(super) fn offset(self) -> i64 {
        ((self.number - 1) * self.size) as i64
    }

    pub(super) fn meta(self, total: u64) -> PageMeta {
        PageMeta {
            total_items: total,
            total_pages: total.div_ceil(self.size),
            current_page: self.number,
            page_size: self.size,
        }
    }

    /// Relative addresses, as in seed 002; the query's other pairs stay in them.
    pub(super) fn links(self, path: &str, rest: &[(String, String)], total: u64) -> PageLinks {
        let last = total.div_ceil(self.size).max(1);
        let kept: String = rest.iter().map(|pair| format!("&{}", encode(pair))).collect();
        let link = |number: u64| format!("{path}?page[number]={number}&page[size]={}{kept}", self.size);
        PageLinks {
            this: link(self.number),
            first: link(1),
            last: link(last),
            prev: (self.number > 1).then(|| link((self.number - 1).min(last))),
            next: (self.number < last).then(|| link(self.number + 1)),
        }
    }
}

/// One pair, with the brackets of its name left readable.
fn encode((name, value): &(String, String)) -> String {
    let text = serde_urlencoded::to_string([(name, value)]).unwrap_or_default();
    text.replacen("%5B", "[", 1).replacen("%5D", "]", 1)
}

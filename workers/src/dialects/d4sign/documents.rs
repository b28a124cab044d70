//! Documents and safes, looked at: one, all, those of a phase, those of a safe. Lists come in pages of 500, and their
//! first item tells how many there are, as the vendor's do.

use axum::Json;
use axum::extract::State;
use countersign_engine::request::Status;

use super::call::Call;
use super::finding::{Found, check_safe, find};
use super::problem::{Id, Problems};
use super::show;
use super::vocabulary::{Phase, safe_of};
use super::wire::{D4SignDocument, D4SignItem, D4SignPage, D4SignSafe};
use crate::http::Floor;
use crate::http::auth::{Caller, Permission};
use crate::http::fault::Fault;
use crate::store::{Listing, Scope};

/// Items on a page.
const PAGE: i64 = 500;
/// Highest page that may be asked for.
const PAGES_MAX: i64 = 1_000_000;

/// The organization's documents, newest first.
pub(in crate::dialects) async fn list(
    State(floor): State<Floor>,
    call: Call,
) -> Result<Json<Vec<D4SignItem>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    page(&floor, &call, &caller, Vec::new()).await
}

/// One document, in a list of its own.
pub(in crate::dialects) async fn get(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
) -> Result<Json<Vec<D4SignDocument>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    let document = match find(&floor, &caller.organization, &id).await? {
        Found::Request(request) => show::document(&request),
        Found::Upload(upload) => show::upload(&upload),
    };
    Ok(Json(vec![document]))
}

/// The documents in a phase: 2 waits for signers, 3 for signatures, 4 is finished, 6 cancelled. Nothing is ever in 1, 5
/// or 7.
#[utoipa::path(
    get, path = "/documents/{id}/status", tag = "D4Sign",
    params(
        ("id" = String, Path, description = "The phase: 1 to 7"),
        ("pg" = Option<u64>, Query, minimum = 1, maximum = 1000000, description = "Which page of 500, from 1"),
    ),
    responses((status = 200, body = Vec<D4SignItem>)),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn of_phase(
    State(floor): State<Floor>,
    call: Call,
    Id(phase): Id,
) -> Result<Json<Vec<D4SignItem>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    let statuses = Phase::statuses(&phase);
    let statuses = statuses.ok_or_else(|| Fault::parameter("ID-FASE", "A phase is 1, 2, 3, 4, 5, 6 or 7."))?;
    if statuses.is_empty() {
        let number = page_number(&call)?;
        return Ok(Json(vec![D4SignItem::Page(numbers(0, 0, number))]));
    }
    page(&floor, &call, &caller, statuses).await
}

/// The documents of a safe: an organization has one safe, and all of its documents are there.
#[utoipa::path(
    get, path = "/documents/{id}/safe", tag = "D4Sign",
    params(
        ("id" = String, Path, description = "The safe"),
        ("pg" = Option<u64>, Query, minimum = 1, maximum = 1000000, description = "Which page of 500, from 1"),
    ),
    responses((status = 200, body = Vec<D4SignItem>)),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn of_safe(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
) -> Result<Json<Vec<D4SignItem>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    check_safe(&caller, &id)?;
    page(&floor, &call, &caller, Vec::new()).await
}

/// The organization's safe.
#[utoipa::path(
    get, path = "/safes", tag = "D4Sign",
    responses((status = 200, body = Vec<D4SignSafe>)),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn safes(State(floor): State<Floor>, call: Call) -> Result<Json<Vec<D4SignSafe>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    let id = safe_of(&caller.organization);
    Ok(Json(vec![D4SignSafe { uuid_safe: id, also_uuid_safe: id, name: caller.organization.as_str().to_owned() }]))
}

async fn page(
    floor: &Floor,
    call: &Call,
    caller: &Caller,
    statuses: Vec<Status>,
) -> Result<Json<Vec<D4SignItem>>, Problems> {
    let number = page_number(call)?;
    let listing =
        Listing { statuses, descending: true, limit: PAGE, offset: (number - 1) * PAGE, ..Listing::default() };
    let (rows, total) = floor.service.store.list(&caller.organization, &listing).await?;
    let loaded = floor.service.ledger.load_rows(Scope::Of(&caller.organization), &rows).await;
    let loaded = loaded.map_err(|error| Fault::internal(&error))?;
    let head = D4SignItem::Page(numbers(total, loaded.len(), number));
    let documents = loaded.iter().map(|loaded| D4SignItem::Document(show::document(&loaded.request)));
    Ok(Json(std::iter::once(head).chain(documents).collect()))
}

fn page_number(call: &Call) -> Result<i64, Fault> {
    let mut number = 1;
    for (name, value) in call.parameters() {
        if name != "pg" {
            return Err(Fault::parameter(name, format!("There is no parameter {name}.")));
        }
        let told = value.parse().ok().filter(|number| (1..=PAGES_MAX).contains(number));
        number = told.ok_or_else(|| Fault::parameter(name, format!("pg is a whole number from 1 to {PAGES_MAX}.")))?;
    }
    Ok(number)
}

fn numbers(total: i64, here: usize, number: i64) -> D4SignPage {
    D4SignPage {
        total_documents: total.to_string(),
        total_in_this_page: here.to_string(),
        current_page: number.to_string(),
        total_pages: u64::try_from(total).unwrap_or(0).div_ceil(PAGE as u64).to_string(),
    }
}

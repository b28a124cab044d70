//! Signing groups: people of whom any one acts for all of them, to be named by the signers of a request.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::NAME_MAX;
use countersign_engine::ids::OrganizationId;

use super::listing::{Page, pairs};
use super::problem::{Body, Id, Problems};
use super::wire::{Errors, GroupAnswer, GroupAttributes, GroupList, GroupMember, GroupObject, NewGroup, SelfLink};
use super::{BASE, read};
use crate::clock::from_micros;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::{Faults, Form};
use crate::http::{Floor, idempotency};
use crate::service::groups::{Group, MEMBERS_MAX, Member};

/// Makes a signing group.
#[utoipa::path(
    post, path = "/groups", tag = "Groups", request_body = NewGroup,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = GroupAnswer)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn create(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/groups"), &body)?;
    let (name, members) = wanted(&body)?;
    let group = floor.service.make_group(&caller.organization, name, members, receipt).await?;
    Ok((StatusCode::CREATED, Json(answer(&group.ok_or_else(unknown)?))).into_response())
}

/// The organization's signing groups, newest first.
#[utoipa::path(
    get, path = "/groups", tag = "Groups",
    params(
        ("page[number]" = Option<u64>, Query, description = "Which page, from 1"),
        ("page[size]" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
    ),
    responses((status = 200, body = GroupList)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<GroupList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let mut faults = Faults::new();
    let (page, _) = Page::read(pairs(query.as_deref()), &mut faults);
    let page = Problems::unless(faults, page)?;
    let (groups, total) = floor.service.groups(&caller.organization, page.limit(), page.offset()).await?;
    let total = u64::try_from(total).unwrap_or(0);
    let links = page.links(&format!("{BASE}/groups"), &[], total);
    Ok(Json(GroupList { data: groups.iter().map(object).collect(), meta: page.meta(total), links }))
}

/// One signing group.
#[utoipa::path(
    get, path = "/groups/{id}", tag = "Groups",
    params(("id" = String, Path, description = "Which group")),
    responses((status = 200, body = GroupAnswer)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<GroupAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    Ok(Json(answer(&find(&floor, &caller.organization, &id).await?)))
}

/// Gives a signing group another name and other members. Requests that named it before keep their signers.
#[utoipa::path(
    put, path = "/groups/{id}", tag = "Groups", request_body = NewGroup,
    params(("id" = String, Path, description = "Which group")),
    responses((status = 200, body = GroupAnswer), (status = 404, body = Errors)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn put(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    Body(body): Body,
) -> Result<Json<GroupAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let mut group = find(&floor, &caller.organization, &id).await?;
    (group.name, group.members) = wanted(&body)?;
    match floor.service.change_group(&caller.organization, &mut group).await? {
        true => Ok(Json(answer(&group))),
        false => Err(unknown().into()),
    }
}

/// Deletes a signing group. Requests that named it keep their signers.
#[utoipa::path(
    delete, path = "/groups/{id}", tag = "Groups",
    params(("id" = String, Path, description = "Which group")),
    responses((status = 204)),
    security(("key" = ["ESIGNATURE_DELETE"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Delete).await?;
    let group = find(&floor, &caller.organization, &id).await?;
    floor.service.store.delete_group(&caller.organization, group.id).await.map_err(Fault::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(floor: &Floor, organization: &OrganizationId, id: &str) -> Result<Group, Problems> {
    let id = id.parse().map_err(|_| unknown())?;
    Ok(floor.service.group(organization, id).await?.ok_or_else(unknown)?)
}

fn unknown() -> Fault {
    Fault::not_found("signing group")
}

/// What a body says of a signing group.
fn wanted(body: &[u8]) -> Result<(String, Vec<Member>), Problems> {
    let json = read::json(body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "signing-group", &mut faults);
    let name = form.required_line("name", NAME_MAX, &mut faults).trim().to_owned();
    let items = form.list("members", MEMBERS_MAX, &mut faults);
    if form.is_present() && (form.get("members").is_none() || items.as_ref().is_some_and(Vec::is_empty)) {
        faults.push(Fault::at(form.pointer("members"), "required", "A signing group needs at least one member."));
    }
    let mut members: Vec<Member> = Vec::new();
    for (item, pointer) in items.unwrap_or_default() {
        let form = Form::required(Some(item), pointer, &mut faults);
        let member = Member {
            name: form.required_line("name", NAME_MAX, &mut faults).trim().to_owned(),
            email: fields::email(&form, "email", &mut faults),
        };
        let same = |other: &Member| other.email.eq_ignore_ascii_case(&member.email) && !member.email.is_empty();
        if members.iter().any(same) {
            let detail = "This e-mail address is already in the signing group.";
            faults.push(Fault::at(form.pointer("email"), "duplicate", detail));
        }
        members.push(member);
    }
    Problems::unless(faults, (name, members))
}

fn answer(group: &Group) -> GroupAnswer {
    GroupAnswer { data: object(group) }
}

fn object(group: &Group) -> GroupObject {
    let member = |member: &Member| GroupMember { name: member.name.clone(), email: member.email.clone() };
    GroupObject {
        r#type: "signing-group",
        id: group.id.0,
        links: SelfLink { this: format!("{BASE}/groups/{}", group.id) },
        attributes: GroupAttributes {
            name: group.name.clone(),
            members: group.members.iter().map(member).collect(),
            created_at: from_micros(group.created_us),
            updated_at: from_micros(group.updated_us),
        },
    }
}

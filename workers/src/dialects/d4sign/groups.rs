//! Signing groups: they are made and changed in the native API, and named here by `uuid_grupo`.

use axum::Json;
use axum::extract::State;

use super::call::Call;
use super::finding::check_safe;
use super::problem::{Id, Problems};
use super::wire::D4SignGroup;
use crate::http::Floor;
use crate::http::auth::Permission;

/// Most groups that are listed: the vendor's list has no pages.
const GROUPS_MAX: i64 = 1000;

/// The signing groups of a safe.
#[utoipa::path(
    get, path = "/groups/{id}", tag = "D4Sign",
    params(("id" = String, Path, description = "The safe")),
    responses((status = 200, body = Vec<D4SignGroup>)),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn list_groups(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
) -> Result<Json<Vec<D4SignGroup>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    check_safe(&caller, &id)?;
    let (groups, _) = floor.service.groups(&caller.organization, GROUPS_MAX, 0).await?;
    Ok(Json(groups.into_iter().map(|group| D4SignGroup { uuid_grupo: group.id.0, nome: group.name }).collect()))
}

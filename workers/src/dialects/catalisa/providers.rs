//! Provider configurations: an organization's accounts where signatures are collected. What is secret goes in and never
//! comes out again.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::ids::OrganizationId;
use uuid::Uuid;

use super::BASE;
use super::configuring;
use super::listing::{Page, pairs};
use super::problem::{Body, Id, Problems};
use super::read;
use super::wire::{
    Errors, NewProviderConfig, ProviderConfigAnswer, ProviderConfigAttributes, ProviderConfigList,
    ProviderConfigObject, ProviderState, ProviderTest, ProviderTestAttributes, ProviderTestObject, SelfLink,
};
use crate::clock::from_micros;
use crate::dialects::calling::Adapter;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::{Floor, idempotency};
use crate::providers::{Circuit, ConfigSettings, Stand, Stop, Vendor};
use crate::service::Service;
use crate::service::providers::CONFIGS_MAX;
use crate::store::ProviderRow;

/// Makes a configuration.
#[utoipa::path(
    post, path = "/provider-configs", tag = "Providers", request_body = NewProviderConfig,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = ProviderConfigAnswer)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn create(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/provider-configs"), &body)?;
    if let Some(before) = floor.service.receipt_before(&caller.organization, receipt.as_ref()).await? {
        let row = find(&floor.service, &caller.organization, &before.subject).await?;
        return Ok((StatusCode::CREATED, Json(answer(&floor.service, &row).await?)).into_response());
    }
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "provider-config", &mut faults);
    let is_default = form.boolean("isDefault", &mut faults).unwrap_or(false);
    let wanted = configuring::new(&floor.service, &caller.organization, &form, &mut faults).await?;
    let Some(wanted) = Problems::unless(faults, wanted)? else { return Err(unknown().into()) };
    let (_, known) = floor.service.store.provider_configs(&caller.organization, 1, 0).await.map_err(Fault::from)?;
    if known >= CONFIGS_MAX {
        let detail = format!("An organization has at most {CONFIGS_MAX} provider configurations.");
        return Err(Fault::new(StatusCode::CONFLICT, "too_many", detail).into());
    }
    let row = floor.service.providers.register(&caller.organization, wanted, is_default, receipt).await?;
    Ok((StatusCode::CREATED, Json(answer(&floor.service, &row).await?)).into_response())
}

/// The organization's configurations, by age, with how their providers do.
#[utoipa::path(
    get, path = "/provider-configs", tag = "Providers",
    params(
        ("page[number]" = Option<u64>, Query, description = "Which page, from 1"),
        ("page[size]" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
    ),
    responses((status = 200, body = ProviderConfigList)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<ProviderConfigList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let mut faults = Faults::new();
    let (page, _) = Page::read(pairs(query.as_deref()), &mut faults);
    let page = Problems::unless(faults, page)?;
    let found = floor.service.store.provider_configs(&caller.organization, page.limit(), page.offset()).await;
    let (rows, total) = found.map_err(Fault::from)?;
    let mut data = Vec::with_capacity(rows.len());
    for row in &rows {
        data.push(object(&floor.service, row).await?);
    }
    let total = u64::try_from(total).unwrap_or(0);
    let links = page.links(&format!("{BASE}/provider-configs"), &[], total);
    Ok(Json(ProviderConfigList { data, meta: page.meta(total), links }))
}

/// One configuration, with how its provider does.
#[utoipa::path(
    get, path = "/provider-configs/{id}", tag = "Providers",
    params(("id" = String, Path, description = "Which configuration")),
    responses((status = 200, body = ProviderConfigAnswer)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<ProviderConfigAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let row = find(&floor.service, &caller.organization, &id).await?;
    Ok(Json(answer(&floor.service, &row).await?))
}

/// Changes a configuration: what is not mentioned stays; null takes away what may be absent. The provider is fixed.
#[utoipa::path(
    patch, path = "/provider-configs/{id}", tag = "Providers", request_body = NewProviderConfig,
    params(("id" = String, Path, description = "Which configuration")),
    responses(
        (status = 200, body = ProviderConfigAnswer),
        (status = 409, body = Errors, description = "It was changed at the same time"),
    ),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn change(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    Body(body): Body,
) -> Result<Json<ProviderConfigAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let row = find(&floor.service, &caller.organization, &id).await?;
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, "provider-config", &mut faults);
    let is_default = form.boolean("isDefault", &mut faults);
    let wanted = configuring::changed(&floor.service, &row, &form, &mut faults).await?;
    let Some(wanted) = Problems::unless(faults, wanted)? else { return Err(unknown().into()) };
    let changed = floor.service.providers.change(&row, wanted).await?;
    let mut row = changed.ok_or_else(changed_meanwhile)?;
    if let Some(is_default) = is_default.filter(|is_default| *is_default != row.is_default) {
        let chosen = is_default.then_some(row.id);
        floor.service.store.set_default_provider(&caller.organization, chosen).await.map_err(Fault::from)?;
        row.is_default = is_default;
    }
    Ok(Json(answer(&floor.service, &row).await?))
}

/// Deletes a configuration that nothing stands at.
#[utoipa::path(
    delete, path = "/provider-configs/{id}", tag = "Providers",
    params(("id" = String, Path, description = "Which configuration")),
    responses(
        (status = 204),
        (status = 409, body = Errors, description = "Requests in flight stand there, or another falls back to it"),
    ),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let row = find(&floor.service, &caller.organization, &id).await?;
    let deleted = floor.service.store.delete_provider_config(&caller.organization, row.id).await;
    match deleted.map_err(Fault::from)? {
        Some(true) => Ok(StatusCode::NO_CONTENT),
        Some(false) => {
            let detail = "Requests in flight stand there, or another configuration falls back to it.";
            Err(Fault::new(StatusCode::CONFLICT, "in_use", detail).into())
        }
        None => Err(unknown().into()),
    }
}

/// Has a configuration be used where none is named.
#[utoipa::path(
    post, path = "/provider-configs/{id}/set-default", tag = "Providers",
    params(("id" = String, Path, description = "Which configuration")),
    responses((status = 200, body = ProviderConfigAnswer)),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn set_default(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<ProviderConfigAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let row = find(&floor.service, &caller.organization, &id).await?;
    let set = floor.service.store.set_default_provider(&caller.organization, Some(row.id)).await;
    if !set.map_err(Fault::from)? {
        return Err(unknown().into());
    }
    Ok(Json(answer(&floor.service, &ProviderRow { is_default: true, ..row }).await?))
}

/// Asks a provider whether it is there, knows the credentials and, at D4Sign, has the safe. It costs a call of the quota.
#[utoipa::path(
    post, path = "/provider-configs/{id}/test", tag = "Providers",
    params(("id" = String, Path, description = "Which configuration")),
    responses(
        (status = 200, body = ProviderTest),
        (status = 429, body = Errors, description = "No call is left"),
    ),
    security(("key" = ["ESIGNATURE_ADMIN"]))
)]
pub(super) async fn test(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<ProviderTest>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Admin).await?;
    let row = find(&floor.service, &caller.organization, &id).await?;
    let providers = &floor.service.providers;
    let config = providers.open(row).map_err(|error| Fault::internal(&error))?;
    let tried = match Adapter::of(config.vendor) {
        Some(adapter) => adapter.test(&mut providers.line(&config).await?).await,
        None => Ok(()),
    };
    providers.tried(&config, &tried).await?;
    let code = match tried {
        Ok(()) => None,
        Err(Stop::Wait(until)) => {
            let wait = until.duration_since(floor.service.clock.now()).as_secs();
            let detail = "No call of this hour is left for a test.";
            let fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, "quota_used_up", detail);
            return Err(Fault { retry_after_seconds: Some(u64::try_from(wait).unwrap_or(0) + 1), ..fault }.into());
        }
        Err(Stop::Store(error)) => return Err(Fault::from(error).into()),
        Err(stop) => Some(stop.code()),
    };
    let attributes = ProviderTestAttributes { ok: code.is_none(), code };
    Ok(Json(ProviderTest { data: ProviderTestObject { r#type: "provider-test", id: config.id, attributes } }))
}

async fn find(service: &Service, organization: &OrganizationId, id: &str) -> Result<ProviderRow, Problems> {
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    Ok(service.providers.find(organization, id).await?.ok_or_else(unknown)?)
}

fn unknown() -> Fault {
    Fault::not_found("provider configuration")
}

fn changed_meanwhile() -> Fault {
    Fault::new(StatusCode::CONFLICT, "changed", "The configuration was changed at the same time.")
}

async fn answer(service: &Service, row: &ProviderRow) -> Result<ProviderConfigAnswer, Problems> {
    Ok(ProviderConfigAnswer { data: object(service, row).await? })
}

async fn object(service: &Service, row: &ProviderRow) -> Result<ProviderConfigObject, Problems> {
    let settings = ConfigSettings::read(&row.settings).map_err(Fault::from)?;
    let secrets = service.providers.hook_secrets(row)?;
    let quota = service.providers.quota(row).await?;
    let is_native = row.provider == Vendor::Native.as_str();
    let now = service.clock.now();
    let hook_scheme = secrets.as_ref().and_then(|secrets| secrets.scheme()).map(|scheme| scheme.name.to_owned());
    let attributes = ProviderConfigAttributes {
        provider: row.provider.clone(),
        name: row.name.clone(),
        is_default: row.is_default,
        base_url: Some(settings.base_url).filter(|url| !url.is_empty()),
        safe: settings.safe,
        fallback_config_id: row.fallback,
        hook_url: (!is_native).then(|| service.links.hook_url(&row.provider, row.id)),
        hears_hooks: (!is_native).then_some(hook_scheme.is_some()),
        hook_scheme,
        former_hook_secret_until: secrets.as_ref().and_then(|secrets| secrets.former_until(now)),
        calls_per_hour: row.calls_an_hour,
        calls_left: (quota.most - quota.used).max(0),
        state: state(service, row)?,
        created_at: from_micros(row.created_us),
        updated_at: from_micros(row.updated_us),
    };
    let links = SelfLink { this: format!("{BASE}/provider-configs/{}", row.id) };
    Ok(ProviderConfigObject { r#type: "provider-config", id: row.id, links, attributes })
}

fn state(service: &Service, row: &ProviderRow) -> Result<ProviderState, Fault> {
    let (stand, now) = (Stand::read(&row.stand)?, service.clock.now());
    let circuit = stand.circuit(row.rest_us, now);
    let rests = circuit != Circuit::Closed && row.rest_us > now.as_microsecond();
    Ok(ProviderState {
        status: circuit.as_str(),
        succeeded_at: stand.succeeded_at,
        failing_since: stand.failing_since,
        code: stand.code,
        retry_at: rests.then(|| from_micros(row.rest_us)),
    })
}

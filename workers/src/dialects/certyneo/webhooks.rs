//! Webhooks: registered, changed, given another secret, taken away.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::event::Fact;
use countersign_engine::ids::OrganizationId;
use jiff::SignedDuration;
use serde_json::Value;

use super::BASE;
use super::notice::EVENTS;
use super::paging::Page;
use super::problem::{Body, Id, Problems};
use super::wire::{MadeWebhook, NewWebhook, Rotation, ShownWebhook, WebhookChange, WebhookList};
use crate::clock::from_micros;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::http::{Floor, fields, idempotency};
use crate::service::webhooks::{ENDPOINTS_MAX, OVERLAP_HOURS_MAX, Wanted};
use crate::store::EndpointRow;
use crate::webhooks::{DISABLED, EVERYTHING, Extra, Format, extras_of, format_of};

/// The formats by their names.
const FORMATS: [(&str, Format); 2] = [("envelopes", Format::Envelopes), ("native", Format::Native)];
/// Most events that a body may name: more than there are.
const EVENTS_MAX: usize = 100;

/// Registers a webhook. Its secret is in the answer and never shown again.
#[utoipa::path(
    post, path = "/webhooks", tag = "Webhooks", request_body = NewWebhook,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses((status = 201, body = MadeWebhook)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn create(State(floor): State<Floor>, headers: HeaderMap, body: Body) -> Result<Response, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/webhooks"), &body.0)?;
    let webhooks = &floor.service.webhooks;
    if let Some(id) = webhooks.made_before(&organization, receipt.as_ref()).await? {
        let row = webhooks.find(&organization, id).await?.ok_or_else(unknown)?;
        return made(&floor, row, StatusCode::CREATED);
    }
    let json = body.json()?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&json), "", &mut faults);
    let wanted = wanted(&floor, &form, None, &mut faults).await;
    let wanted = Problems::unless(faults, wanted)?;
    if floor.service.store.endpoints(&organization, 1, 0).await?.1 >= ENDPOINTS_MAX {
        let detail = format!("An organization has at most {ENDPOINTS_MAX} webhooks.");
        return Err(Fault::new(StatusCode::CONFLICT, "too_many_webhooks", detail).into());
    }
    let row = webhooks.register(&organization, wanted, receipt).await?;
    made(&floor, row, StatusCode::CREATED)
}

/// The organization's webhooks, by age.
#[utoipa::path(
    get, path = "/webhooks", tag = "Webhooks",
    params(
        ("page" = Option<u64>, Query, description = "Which page, from 1"),
        ("pageSize" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
    ),
    responses((status = 200, body = WebhookList)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<WebhookList>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let mut faults = Faults::new();
    let (page, rest) = Page::read(query.as_deref(), &mut faults);
    faults.extend(rest.iter().map(|(name, _)| Fault::parameter(name, format!("There is no parameter {name}."))));
    let page = Problems::unless(faults, page)?;
    let (rows, total) = floor.service.store.endpoints(&organization, page.limit(), page.offset()).await?;
    Ok(Json(WebhookList { data: rows.iter().map(shown).collect(), pagination: page.of(total) }))
}

/// A webhook, without its secret.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "Which webhook")),
    responses((status = 200, body = ShownWebhook)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<ShownWebhook>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    Ok(Json(shown(&find(&floor, &organization, &id).await?)))
}

/// Changes a webhook. One that is disabled is given up with everything pending for it; one that is made active again
/// hears what happens from then on.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "Webhooks", request_body = WebhookChange,
    params(("id" = String, Path, description = "Which webhook")),
    responses((status = 200, body = ShownWebhook)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn change(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    body: Body,
) -> Result<Json<ShownWebhook>, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let row = find(&floor, &organization, &id).await?;
    if row.request.is_some() {
        let detail = "This webhook is a document's: it is changed by registering another for the document.";
        return Err(Fault::new(StatusCode::CONFLICT, "webhook_of_a_document", detail).into());
    }
    let json = body.json()?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&json), "", &mut faults);
    let wanted = wanted(&floor, &form, Some(&row), &mut faults).await;
    let active = form.boolean("isActive", &mut faults);
    let wanted = Problems::unless(faults, wanted)?;
    let changed = floor.service.webhooks.change(row, wanted, active).await?.ok_or_else(unknown)?;
    Ok(Json(shown(&changed)))
}

/// Takes a webhook away, with everything that is pending for it and its log.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "Which webhook")),
    responses((status = 204)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let id = id.parse().map_err(|_| unknown())?;
    match floor.service.store.delete_endpoint(&organization, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown().into()),
    }
}

/// Gives a webhook another secret. For some hours the former one stamps too, so that nothing is refused while its
/// receiver is told.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate-secret", tag = "Webhooks", request_body = Rotation,
    params(
        ("id" = String, Path, description = "Which webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 200, body = MadeWebhook)),
    security(("key" = ["ESIGNATURE_ADMIN", "webhooks:write"]))
)]
pub(super) async fn rotate(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    body: Body,
) -> Result<Response, Problems> {
    let organization = floor.keys.admit(&headers, Permission::WebhooksWrite).await?.organization;
    let row = find(&floor, &organization, &id).await?;
    let path = format!("{BASE}/webhooks/{id}/rotate-secret");
    let receipt = idempotency::receipt(&headers, &Method::POST, &path, &body.0)?;
    let webhooks = &floor.service.webhooks;
    if webhooks.made_before(&organization, receipt.as_ref()).await?.is_some() {
        return made(&floor, row, StatusCode::OK);
    }
    let json = optional(&body)?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&json), "", &mut faults);
    let hours = form.whole("overlapHours", 0, i64::from(OVERLAP_HOURS_MAX), &mut faults);
    let hours = Problems::unless(faults, hours)?;
    let row = webhooks.rotate(row, hours.map(SignedDuration::from_hours), receipt).await?;
    made(&floor, row.ok_or_else(unknown)?, StatusCode::OK)
}

/// A body that may be left out.
pub(super) fn optional(body: &Body) -> Result<Value, Problems> {
    if body.0.is_empty() { Ok(Value::Object(Default::default())) } else { body.json() }
}

/// An organization's webhook.
pub(super) async fn find(floor: &Floor, organization: &OrganizationId, id: &str) -> Result<EndpointRow, Problems> {
    let id = id.parse().map_err(|_| unknown())?;
    Ok(floor.service.webhooks.find(organization, id).await?.ok_or_else(unknown)?)
}

fn unknown() -> Fault {
    Fault::not_found("webhook")
}

/// What a webhook is to be, by a body; what that leaves out is as it was.
async fn wanted(floor: &Floor, form: &Form<'_>, before: Option<&EndpointRow>, faults: &mut Faults) -> Wanted {
    let url = match before {
        Some(row) if form.get("url").is_none() => row.url.clone(),
        _ => fields::address(&floor.service.webhooks, form, "url", faults).await,
    };
    let format = form.one_of("format", &FORMATS, faults);
    let format = format.or(before.map(format_of)).unwrap_or(Format::Envelopes);
    let events = match before {
        Some(row) if form.get("events").is_none() => {
            let kept = row.events.split(',').map(str::to_owned).enumerate();
            kept.map(|(place, event)| (event, format!("{}/{place}", form.pointer("events")))).collect()
        }
        _ => required_texts(form, "events", EVENTS_MAX, faults),
    };
    for (event, pointer) in events.iter().filter(|(event, _)| !is_known(format, event)) {
        faults.push(Fault::at(pointer, "unknown_value", unknown_event(format, event)));
    }
    let events = events.into_iter().map(|(event, _)| event).collect();
    let extras = match before {
        Some(row) if form.get("stamps").is_none() => extras_of(row),
        // Who was written for the vendor looks for the vendor's stamp, and does not know that it could be asked for.
        None if form.get("stamps").is_none() && format == Format::Envelopes => vec![Extra::Certyneo],
        _ => extras(form, faults),
    };
    Wanted { url, events, format, extras }
}

/// A list of texts, each of them once and with its pointer.
fn texts(form: &Form<'_>, name: &str, max: usize, faults: &mut Faults) -> Option<Vec<(String, String)>> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (item, pointer) in form.list(name, max, faults)? {
        match item.as_str() {
            Some(text) if texts.iter().any(|(known, _)| known == text) => {}
            Some(text) => texts.push((text.to_owned(), pointer)),
            None => faults.push(Fault::at(pointer, "wrong_type", "This must be a text.")),
        }
    }
    Some(texts)
}

/// The same, of at least one.
fn required_texts(form: &Form<'_>, name: &str, max: usize, faults: &mut Faults) -> Vec<(String, String)> {
    let before = faults.len();
    let texts = texts(form, name, max, faults).unwrap_or_default();
    if texts.is_empty() && faults.len() == before && form.is_present() {
        faults.push(Fault::at(form.pointer(name), "required", format!("{name} names at least one.")));
    }
    texts
}

fn extras(form: &Form<'_>, faults: &mut Faults) -> Vec<Extra> {
    let mut extras = Vec::new();
    for (name, pointer) in texts(form, "stamps", EVENTS_MAX, faults).unwrap_or_default() {
        match Extra::parse(&name) {
            Some(extra) => extras.push(extra),
            None => {
                let known = Extra::ALL.map(Extra::as_str).join(", ");
                faults.push(Fault::at(pointer, "unknown_value", format!("A stamp is one of {known}.")));
            }
        }
    }
    extras
}

fn is_known(format: Format, event: &str) -> bool {
    let own = match format {
        Format::Envelopes => EVENTS.contains(&event),
        Format::Native => Fact::NAMES.contains(&event),
        Format::D4Sign => false,
    };
    own || event == EVERYTHING || event == DISABLED
}

fn unknown_event(format: Format, event: &str) -> String {
    let (other, known) = match format {
        Format::Envelopes => (Format::Native, EVENTS.join(", ")),
        Format::Native | Format::D4Sign => (Format::Envelopes, Fact::NAMES.join(", ")),
    };
    let hint = if is_known(other, event) {
        format!(" With \"format\": \"{}\" it would be one.", other.as_str())
    } else {
        String::new()
    };
    format!("An event is one of {known}, {DISABLED}, or * for all.{hint}")
}

fn made(floor: &Floor, row: EndpointRow, status: StatusCode) -> Result<Response, Problems> {
    let secret = floor.service.webhooks.secret(&row)?;
    Ok((status, Json(MadeWebhook { webhook: shown(&row), secret })).into_response())
}

fn shown(row: &EndpointRow) -> ShownWebhook {
    ShownWebhook {
        id: row.id,
        url: row.url.clone(),
        events: row.events.split(',').map(str::to_owned).collect(),
        is_active: row.disabled.is_none(),
        format: format_of(row).as_str(),
        stamps: extras_of(row).into_iter().map(Extra::as_str).collect(),
        created_at: from_micros(row.created_us),
        updated_at: from_micros(row.updated_us),
        failing_since: row.failing_us.map(from_micros),
        disabled_at: row.disabled.as_ref().map(|(at, _)| from_micros(*at)),
        disabled_reason: row.disabled.as_ref().map(|(_, why)| why.clone()),
        former_secret_until: row.former_secret.as_ref().map(|(_, until)| from_micros(*until)),
    }
}

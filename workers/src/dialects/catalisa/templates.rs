//! Templates: a PDF with named widgets, to be filled and sent again and again.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::{NAME_MAX, SIGNERS_MAX, TEXT_MAX};
use countersign_engine::event::{TemplateRef, Value, Widget, WidgetKind};
use countersign_engine::ids::{OrganizationId, WidgetId};
use uuid::Uuid;

use super::BASE;
use super::casting::Cast;
use super::drafting::{self, Parts};
use super::listing::{Page, pairs};
use super::placing::{Sheaf, area_of, place};
use super::problem::{Body, Id, Problems};
use super::read::{self, Reference, WIDGET_KINDS, Wanted, WantedWidget};
use super::wire::{
    CreateTemplate, Errors, SelfLink, TemplateAnswer, TemplateAttributes, TemplateList, TemplateObject, TemplateWidget,
};
use crate::clock::from_micros;
use crate::http::auth::Permission;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::http::{Floor, idempotency};
use crate::seal::PageSize;
use crate::service::documents::File;
use crate::service::placing::Spot;
use crate::service::{Service, ServiceError};
use crate::store::TemplateRow;

/// Longest id of a template, in characters.
const ID_MAX: usize = 64;

/// Creates a template from a PDF and named widgets.
#[utoipa::path(
    post, path = "/templates", tag = "Templates", request_body = CreateTemplate,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours")),
    responses(
        (status = 201, body = TemplateAnswer), (status = 409, body = Errors, description = "There is a template with this id"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn create(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let receipt = idempotency::receipt(&headers, &Method::POST, &format!("{BASE}/templates"), &body)?;
    if let Some(before) = floor.service.receipt_before(&caller.organization, receipt.as_ref()).await? {
        let row = find(&floor.service, &caller.organization, &before.subject).await?;
        return Ok((StatusCode::CREATED, Json(answer(&row.ok_or_else(unknown)?)?)).into_response());
    }
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (data, form) = read::resource(&json, "signature-template", &mut faults);
    let id = id_of(&data, &mut faults);
    let name = form.required_line("name", NAME_MAX, &mut faults);
    let wanted = read::widgets(&form, &mut faults);
    check_names(&wanted, &mut faults);
    let file = read::file(&form, &mut faults);
    let file = drafting::file(&floor.service, &caller.organization, file, &mut faults).await?;
    let pages = file.as_ref().map(|file| file.document.pages.as_slice()).unwrap_or_default();
    let widgets = normalized(wanted, pages, &mut faults);
    let Some(file) = Problems::unless(faults, file)? else { return Err(unknown().into()) };
    let row = TemplateRow {
        organization: caller.organization.clone(),
        id,
        name,
        file_name: file.name,
        digest: file.document.digest,
        widgets: serde_json::to_string(&widgets).map_err(|error| Fault::internal(&error))?,
        created_us: floor.service.clock.now().as_microsecond(),
    };
    let receipt = receipt.map(|receipt| receipt.row(&row.organization, row.id.clone(), row.created_us));
    let made = floor.service.store.insert_template(&row, receipt.as_ref()).await;
    if !made.map_err(Fault::from)? {
        let fault = Fault::new(StatusCode::CONFLICT, "already_exists", "There is already a template with this id.");
        return Err(fault.with_pointer("/data/id").into());
    }
    Ok((StatusCode::CREATED, Json(answer(&row)?)).into_response())
}

/// The organization's templates, newest first.
#[utoipa::path(
    get, path = "/templates", tag = "Templates",
    params(
        ("page[number]" = Option<u64>, Query, description = "Which page, from 1"),
        ("page[size]" = Option<u64>, Query, description = "Items on a page: 20, at most 100"),
    ),
    responses((status = 200, body = TemplateList)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<TemplateList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let mut faults = Faults::new();
    let (page, _) = Page::read(pairs(query.as_deref()), &mut faults);
    let page = Problems::unless(faults, page)?;
    let found = floor.service.store.templates(&caller.organization, page.limit(), page.offset()).await;
    let (rows, total) = found.map_err(|error| Fault::internal(&error))?;
    let data = rows.iter().map(object).collect::<Result<_, _>>()?;
    let total = u64::try_from(total).unwrap_or(0);
    let links = page.links(&format!("{BASE}/templates"), &[], total);
    Ok(Json(TemplateList { data, meta: page.meta(total), links }))
}

/// One template.
#[utoipa::path(
    get, path = "/templates/{id}", tag = "Templates",
    params(("id" = String, Path, description = "Which template")),
    responses((status = 200, body = TemplateAnswer)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<TemplateAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let row = find(&floor.service, &caller.organization, &id).await?.ok_or_else(unknown)?;
    Ok(Json(answer(&row)?))
}

/// Deletes a template. Requests made from it keep their document.
#[utoipa::path(
    delete, path = "/templates/{id}", tag = "Templates",
    params(("id" = String, Path, description = "Which template")),
    responses((status = 204)),
    security(("key" = ["ESIGNATURE_DELETE"]))
)]
pub(super) async fn delete(State(floor): State<Floor>, headers: HeaderMap, Id(id): Id) -> Result<StatusCode, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Delete).await?;
    let row = find(&floor.service, &caller.organization, &id).await?.ok_or_else(unknown)?;
    floor.service.store.delete_template(&row).await.map_err(|error| Fault::internal(&error))?;
    floor.service.sweep_orphans().await;
    Ok(StatusCode::NO_CONTENT)
}

/// A template with its document, ready to be filled.
pub(super) struct Template {
    reference: TemplateRef,
    file: File,
    widgets: Vec<TemplateWidget>,
}

/// The template that a body names.
pub(super) async fn find_named(
    service: &Service,
    organization: &OrganizationId,
    form: &Form<'_>,
    faults: &mut Faults,
) -> Result<Option<Template>, Problems> {
    let id = form.required_line("templateId", ID_MAX, faults);
    if id.is_empty() {
        return Ok(None);
    }
    let Some(row) = find(service, organization, &id).await? else {
        let detail = "There is no such template.";
        faults.push(Fault::at(form.pointer("templateId"), "unknown_template", detail));
        return Ok(None);
    };
    let document = service.documents.find(organization, row.digest).await?;
    let document = document.ok_or_else(|| Fault::from(ServiceError::Missing { what: "document" }))?;
    let widgets = widgets_of(&row)?;
    let reference = TemplateRef { id: row.id, name: row.name };
    Ok(Some(Template { reference, file: File { id: None, name: row.file_name, document }, widgets }))
}

impl Template {
    /// The request's parts: widgets bound to its signers, and those that the sender fills.
    pub(super) fn fill(self, wanted: Wanted, cast: Cast<'_>, form: &Form<'_>, faults: &mut Faults) -> Option<Parts> {
        let signers = cast.entries();
        let needed = self.widgets.iter().filter_map(|widget| widget.signer_id).max().unwrap_or(0) as usize;
        if needed > signers && signers > 0 {
            let detail = format!("The template needs {needed} signers.");
            faults.push(Fault::at(form.pointer("signers"), "too_few", detail));
        }
        let bound = self.widgets.iter().filter(|widget| widget.signer_id.is_none_or(|at| at as usize <= signers));
        let named = form.pointer("templateId");
        let bound = bound.filter_map(|widget| wanted_widget(widget, &named)).collect();
        let files = [Some(self.file)];
        let mut placed = place(bound, &cast, &Sheaf { files: &files, ids: &[] }, faults);
        let values = prefill(&mut placed.widgets, form, faults);
        let files = files.into_iter().flatten().collect();
        let (people, template) = (cast.into_people(), Some(self.reference));
        Some(Parts { wanted, people, files, template, placed, values, collector: None })
    }
}

/// The sender's values, by the names of the template's widgets.
fn prefill(widgets: &mut [Widget], form: &Form<'_>, faults: &mut Faults) -> BTreeMap<WidgetId, Value> {
    let mut values = BTreeMap::new();
    for (name, value, pointer) in form.entries("fieldValues", faults).unwrap_or_default() {
        let mut found = false;
        let fills = |widget: &&mut Widget| widget.name.as_ref() == Some(name) && widget.kind != WidgetKind::Signature;
        for widget in widgets.iter_mut().filter(fills) {
            found = true;
            match value_for(widget.kind, value) {
                Ok(value) => {
                    widget.prefilled = true;
                    values.insert(widget.id, value);
                }
                Err(detail) => faults.push(Fault::at(&pointer, "wrong_type", detail)),
            }
        }
        if !found {
            faults.push(Fault::at(&pointer, "unknown_field", "The template has no field of this name."));
        }
    }
    values
}

fn value_for(kind: WidgetKind, value: &serde_json::Value) -> Result<Value, &'static str> {
    let text = match value {
        serde_json::Value::Bool(ticked) if kind == WidgetKind::Checkbox => return Ok(Value::Ticked(*ticked)),
        _ if kind == WidgetKind::Checkbox => return Err("This field takes true or false."),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => return Err("This field takes a text."),
    };
    let fits = text.chars().count() <= TEXT_MAX && !text.contains(char::is_control);
    fits.then_some(Value::Text(text)).ok_or("This field takes one line of at most 1000 characters.")
}

fn wanted_widget(widget: &TemplateWidget, pointer: &str) -> Option<WantedWidget> {
    let kind = WIDGET_KINDS.iter().find(|(name, _)| *name == widget.r#type).map(|(_, kind)| *kind)?;
    Some(WantedWidget {
        pointer: pointer.to_owned(),
        kind,
        document: None,
        signer: widget.signer_id.map(|place| Reference::Place(place.into())),
        spot: Spot {
            page: widget.page,
            x: widget.x,
            y: widget.y,
            width: Some(widget.width),
            height: Some(widget.height),
        },
        required: widget.required,
        label: widget.label.clone(),
        name: widget.name.clone(),
    })
}

fn check_names(widgets: &[WantedWidget], faults: &mut Faults) {
    for widget in widgets {
        if widget.kind != WidgetKind::Signature && widget.name.as_deref().is_none_or(str::is_empty) {
            let detail = "A field of a template needs a name.";
            faults.push(Fault::at(format!("{}/name", widget.pointer), "required", detail));
        }
    }
}

/// The widgets as they are stored: checked against the pages, sizes filled in.
fn normalized(wanted: Vec<WantedWidget>, pages: &[PageSize], faults: &mut Faults) -> Vec<TemplateWidget> {
    let points = |thousandths: i64| thousandths as f64 / 1000.0;
    let mut widgets = Vec::with_capacity(wanted.len());
    for widget in wanted {
        let place = match &widget.signer {
            None => None,
            Some(Reference::Place(place)) => Some(*place),
            Some(Reference::Text(text)) => Some(text.parse().unwrap_or(0)),
        };
        if place.is_some_and(|place| !(1..=SIGNERS_MAX as u64).contains(&place)) {
            let detail = format!("In a template signerId is a signer's place: 1 to {SIGNERS_MAX}.");
            faults.push(Fault::at(format!("{}/signerId", widget.pointer), "invalid", detail));
        }
        if widget.document.as_ref().is_some_and(|document| !matches!(document, Reference::Place(1))) {
            let detail = "A template has one document: leave document out.";
            faults.push(Fault::at(format!("{}/document", widget.pointer), "unknown_document", detail));
        }
        let signer_id = place.and_then(|place| u32::try_from(place).ok());
        let Some(at) = area_of(&widget, pages, faults) else { continue };
        widgets.push(TemplateWidget {
            name: widget.name,
            r#type: widget.kind.as_str().to_owned(),
            signer_id,
            page: widget.spot.page,
            x: points(at.x),
            y: points(at.y),
            width: points(at.width),
            height: points(at.height),
            required: widget.required || widget.kind == WidgetKind::Signature,
            label: widget.label,
        });
    }
    widgets
}

fn id_of(data: &Form<'_>, faults: &mut Faults) -> String {
    let Some(id) = data.line("id", ID_MAX, faults) else {
        return format!("tpl_{}", Uuid::now_v7().simple());
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || !id.chars().all(legal) {
        let detail = format!("An id is 1 to {ID_MAX} letters, digits, - or _.");
        faults.push(Fault::at(data.pointer("id"), "invalid", detail));
    }
    id
}

async fn find(service: &Service, organization: &OrganizationId, id: &str) -> Result<Option<TemplateRow>, Fault> {
    service.store.template(organization, id).await.map_err(|error| Fault::internal(&error))
}

fn unknown() -> Fault {
    Fault::not_found("template")
}

fn widgets_of(row: &TemplateRow) -> Result<Vec<TemplateWidget>, Fault> {
    serde_json::from_str(&row.widgets).map_err(|error| Fault::internal(&error))
}

fn answer(row: &TemplateRow) -> Result<TemplateAnswer, Fault> {
    Ok(TemplateAnswer { data: object(row)? })
}

fn object(row: &TemplateRow) -> Result<TemplateObject, Fault> {
    let attributes = TemplateAttributes {
        name: row.name.clone(),
        file_name: row.file_name.clone(),
        sha256: row.digest.to_string(),
        widgets: widgets_of(row)?,
        created_at: from_micros(row.created_us),
    };
    let links = SelfLink { this: format!("{BASE}/templates/{}", row.id) };
    Ok(TemplateObject { r#type: "signature-template", id: row.id.clone(), links, attributes })
}

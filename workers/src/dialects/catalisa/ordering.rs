//! From the attributes of a new request to the order that creates it: what the HTTP calls and the
//! published messages share. Finds every fault before it gives up; commits nothing.

use std::sync::Arc;

use countersign_engine::event::Actor;
use countersign_engine::ids::OrganizationId;

use super::drafting::{self, Parts};
use super::placing::{Cast, place};
use super::problem::Problems;
use super::{read, templates};
use crate::commit::{Order, Receipt};
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::service::Service;

/// Who asks for a new request, and how a repeat is known.
pub(super) struct Asker {
    pub(super) organization: OrganizationId,
    pub(super) actor: Actor,
    pub(super) receipt: Option<Receipt>,
}

/// The order for a request over a document of its own.
pub(super) async fn create(
    service: &Arc<Service>,
    asker: Asker,
    form: &Form<'_>,
    mut faults: Faults,
) -> Result<Order, Problems> {
    let wanted = read::wanted(form, &mut faults);
    let widgets = read::widgets(form, &mut faults);
    let file = read::file(form, &mut faults);
    let file = drafting::file(service, &asker.organization, file, form, &mut faults).await?;

    let signers = drafting::terms_of(&wanted.signers);
    let cast = Cast { terms: &signers, wanted: &wanted.signers };
    let pages = file.as_ref().map(|file| file.document.pages.as_slice()).unwrap_or_default();
    let placed = place(widgets, &cast, pages, &mut faults);
    let Some(file) = Problems::unless(faults, file)? else { return Err(Fault::not_found("document").into()) };
    let parts = Parts {
        wanted,
        signers,
        file,
        template: None,
        widgets: placed.widgets,
        labels: placed.labels,
        values: Default::default(),
        appended_pages: placed.appended_pages,
    };
    Ok(drafting::order(service, asker, parts))
}

/// The order for a request made from a template.
pub(super) async fn from_template(
    service: &Arc<Service>,
    asker: Asker,
    form: &Form<'_>,
    mut faults: Faults,
) -> Result<Order, Problems> {
    let wanted = read::wanted(form, &mut faults);
    let template = templates::find_named(service, &asker.organization, form, &mut faults).await?;
    let parts = template.and_then(|template| template.fill(wanted, form, &mut faults));
    let Some(parts) = Problems::unless(faults, parts)? else { return Err(Fault::not_found("template").into()) };
    Ok(drafting::order(service, asker, parts))
}

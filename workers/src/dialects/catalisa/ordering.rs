//! From the attributes of a new request to the order that creates it: what the HTTP calls and the
//! published messages share. Finds every fault before it gives up; commits nothing.

use std::sync::Arc;

use countersign_engine::event::{Actor, Collector, NATIVE};
use countersign_engine::ids::OrganizationId;
use countersign_engine::signer::SignerTerms;

use super::casting::Cast;
use super::configuring;
use super::drafting::{self, Parts};
use super::placing::{Sheaf, place};
use super::problem::Problems;
use super::read::{self, WantedFile};
use super::templates;
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

/// The order for a request over documents of its own.
pub(super) async fn create(
    service: &Arc<Service>,
    asker: Asker,
    form: &Form<'_>,
    mut faults: Faults,
) -> Result<Order, Problems> {
    let mut wanted = read::wanted(form, &mut faults);
    let widgets = read::widgets(form, &mut faults);
    let files = read::files(form, &mut faults);
    let ids: Vec<Option<String>> = files.files.iter().map(WantedFile::id).collect();
    let files = drafting::files(service, &asker.organization, files, &mut faults).await?;

    let signers = std::mem::take(&mut wanted.signers);
    let collector = configuring::collector(service, &asker.organization, form, wanted.config, &mut faults).await?;
    let cast = Cast::of((service, carrier(&collector)), &asker.organization, &signers, &mut faults).await?;
    let placed = place(widgets, &cast, &Sheaf { files: &files, ids: &ids }, &mut faults);
    let people = cast.into_people();
    let terms: Vec<SignerTerms> = people.iter().map(|(terms, _)| terms.clone()).collect();
    configuring::check_fit(collector.as_ref(), form, (&terms, files.len(), &placed.widgets), &mut faults);
    let files = Problems::unless(faults, files)?.into_iter().flatten().collect();
    let parts = Parts { wanted, people, files, template: None, placed, values: Default::default(), collector };
    Ok(drafting::order(service, asker, parts))
}

/// The order for a request made from a template.
pub(super) async fn from_template(
    service: &Arc<Service>,
    asker: Asker,
    form: &Form<'_>,
    mut faults: Faults,
) -> Result<Order, Problems> {
    let mut wanted = read::wanted(form, &mut faults);
    let signers = std::mem::take(&mut wanted.signers);
    let collector = configuring::collector(service, &asker.organization, form, wanted.config, &mut faults).await?;
    let cast = Cast::of((service, carrier(&collector)), &asker.organization, &signers, &mut faults).await?;
    let template = templates::find_named(service, &asker.organization, form, &mut faults).await?;
    let mut parts = template.and_then(|template| template.fill(wanted, cast, form, &mut faults));
    if let Some(parts) = &mut parts {
        let signers: Vec<SignerTerms> = parts.people.iter().map(|(terms, _)| terms.clone()).collect();
        let made_of = (signers.as_slice(), parts.files.len(), parts.placed.widgets.as_slice());
        configuring::check_fit(collector.as_ref(), form, made_of, &mut faults);
        parts.collector = collector;
    }
    let Some(parts) = Problems::unless(faults, parts)? else { return Err(Fault::not_found("template").into()) };
    Ok(drafting::order(service, asker, parts))
}

/// Who carries what is asked of the signers.
fn carrier(collector: &Option<Collector>) -> &str {
    collector.as_ref().map_or(NATIVE, |collector| &collector.provider)
}

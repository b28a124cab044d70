//! From what is wanted to an order: finds or takes in the documents.

use std::collections::BTreeMap;

use countersign_engine::command::{Command, Profile, Wish};
use countersign_engine::event::{Collector, TemplateRef, Value};
use countersign_engine::ids::{OrganizationId, RequestId, WidgetId};
use countersign_engine::signer::SignerTerms;
use futures_util::future::join_all;
use uuid::Uuid;

use super::ordering::Asker;
use super::read::{FileSource, Wanted, WantedFile, WantedFiles};
use crate::commit::Order;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::upload;
use crate::service::Service;
use crate::service::documents::{File, NotAdmitted};
use crate::service::drafting::Outline;
use crate::service::placing::Placed;

/// A document of a body, stored; a fault is noted at the member it came from.
pub(super) async fn file(
    service: &Service,
    organization: &OrganizationId,
    wanted: Option<WantedFile>,
    faults: &mut Faults,
) -> Result<Option<File>, Fault> {
    let Some(wanted) = wanted else { return Ok(None) };
    let found = match wanted.source {
        FileSource::Inline { name, bytes } => match service.documents.admit(organization, bytes).await {
            Ok(document) => return Ok(Some(File { id: None, name, document })),
            Err(NotAdmitted::Unsignable(reason)) => Fault::from(reason).with_pointer(wanted.pointer),
            Err(NotAdmitted::Service(error)) => return Err(error.into()),
        },
        FileSource::Stored(id) => match service.documents.file(organization, id).await? {
            Some(file) => return Ok(Some(file)),
            None => Fault::at(wanted.pointer, "unknown_file", format!("There is no file {id}.")),
        },
    };
    faults.push(found);
    Ok(None)
}

/// The documents of a body, in their order, each stored; those that were not taken are `None`.
pub(super) async fn files(
    service: &Service,
    organization: &OrganizationId,
    wanted: WantedFiles,
    faults: &mut Faults,
) -> Result<Vec<Option<File>>, Fault> {
    let taken = join_all(wanted.files.into_iter().map(async |wanted| {
        let mut faults = Faults::new();
        (file(service, organization, Some(wanted), &mut faults).await, faults)
    }));
    let mut files = Vec::new();
    for (file, mut found) in taken.await {
        files.push(file?);
        faults.append(&mut found);
    }
    upload::check_together(files.iter().flatten().map(|file| file.document.bytes).sum(), &wanted.pointer, faults);
    Ok(files)
}

/// Everything an order is made of.
pub(super) struct Parts {
    pub(super) wanted: Wanted,
    pub(super) people: Vec<(SignerTerms, Profile)>,
    pub(super) files: Vec<File>,
    pub(super) template: Option<TemplateRef>,
    pub(super) placed: Placed,
    pub(super) values: BTreeMap<WidgetId, Value>,
    /// Who collects the signatures; ourselves if absent.
    pub(super) collector: Option<Collector>,
}

/// The order that creates a request.
pub(super) fn order(service: &Service, asker: Asker, parts: Parts) -> Order {
    let Parts { wanted, people, files, template, placed, values, collector } = parts;
    let outline = Outline {
        message: wanted.message,
        business_id: wanted.business_id,
        placed,
        values,
        template,
        expires_in_days: wanted.expires_in_days,
        warn_hours: wanted.warn_hours,
        reminders: wanted.reminders,
        language: wanted.language,
        collector,
        ..Outline::over(wanted.title, files, people)
    };
    let draft = Box::new(outline.draft(&service.settings));
    let wish = Wish::Create { draft, send: !wanted.keep_draft };
    let command = Command { request: RequestId(Uuid::now_v7()), wish };
    Order { receipt: asker.receipt, ..Order::by(asker.actor, asker.organization, command) }
}

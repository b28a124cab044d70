//! From what is wanted to a draft: finds or takes in the document, gives the signers their ids and
//! the widgets their places.

use std::collections::BTreeMap;

use countersign_engine::command::{Command, Draft, Wish};
use countersign_engine::event::{Personal, TemplateRef, Terms, Value, Widget};
use countersign_engine::ids::{OrganizationId, RequestId, SignerId, WidgetId};
use countersign_engine::signer::{Person, SignerTerms};
use uuid::Uuid;

use super::ordering::Asker;
use super::read::{Wanted, WantedFile, WantedSigner};
use crate::commit::Order;
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};
use crate::service::Service;
use crate::service::documents::{Admitted, NotAdmitted};

/// A document at hand.
pub(super) struct File {
    pub(super) name: String,
    pub(super) document: Admitted,
}

/// The document of a body, stored; faults are noted at the member it came from.
pub(super) async fn file(
    service: &Service,
    organization: &OrganizationId,
    wanted: Option<WantedFile>,
    form: &Form<'_>,
    faults: &mut Faults,
) -> Result<Option<File>, Fault> {
    match wanted {
        None => Ok(None),
        Some(WantedFile::Inline { name, bytes }) => match service.documents.admit(organization, bytes).await {
            Ok(document) => Ok(Some(File { name, document })),
            Err(NotAdmitted::Unsignable(reason)) => {
                faults.push(Fault::from(reason).with_pointer(form.pointer("fileBase64")));
                Ok(None)
            }
            Err(NotAdmitted::Service(error)) => Err(error.into()),
        },
        Some(WantedFile::Stored(id)) => {
            let found = stored(service, organization, id).await?;
            if found.is_none() {
                let detail = format!("There is no file {id}.");
                faults.push(Fault::at(form.pointer("fileId"), "unknown_file", detail));
            }
            Ok(found)
        }
    }
}

async fn stored(service: &Service, organization: &OrganizationId, id: Uuid) -> Result<Option<File>, Fault> {
    let row = service.store.file(organization, id).await.map_err(|error| Fault::internal(&error))?;
    let Some(row) = row else { return Ok(None) };
    let document = service.documents.find(organization, row.digest).await?;
    Ok(document.map(|document| File { name: row.name, document }))
}

/// Ids, order and roles of the signers.
pub(super) fn terms_of(signers: &[WantedSigner]) -> Vec<SignerTerms> {
    let terms = |signer: &WantedSigner| SignerTerms {
        id: SignerId(Uuid::now_v7()),
        order: signer.order,
        role: signer.role,
        capacity: None,
    };
    signers.iter().map(terms).collect()
}

/// Everything a draft is made of.
pub(super) struct Parts {
    pub(super) wanted: Wanted,
    pub(super) signers: Vec<SignerTerms>,
    pub(super) file: File,
    pub(super) template: Option<TemplateRef>,
    pub(super) widgets: Vec<Widget>,
    pub(super) labels: BTreeMap<WidgetId, String>,
    pub(super) values: BTreeMap<WidgetId, Value>,
    pub(super) appended_pages: u32,
}

/// The order that creates a request.
pub(super) fn order(service: &Service, asker: Asker, parts: Parts) -> Order {
    let Parts { wanted, signers, file, template, widgets, labels, values, appended_pages } = parts;
    let people = signers
        .iter()
        .zip(&wanted.signers)
        .map(|(terms, signer)| (terms.id, Person { name: signer.name.clone(), email: signer.email.clone() }));
    let personal = Personal {
        title: Some(wanted.title),
        message: wanted.message.filter(|message| !message.trim().is_empty()),
        file_names: vec![file.name],
        people: people.collect(),
        labels,
        values,
        ..Personal::default()
    };
    let terms = Terms {
        business_id: wanted.business_id,
        template,
        documents: vec![file.document.reference()],
        appended_pages,
        signers,
        widgets,
        expires_at: None,
        expires_in_days: wanted.expires_in_days.or(service.settings.expires_in_days),
        warn_hours: wanted.warn_hours,
        reminders: wanted.reminders,
        language: wanted.language.unwrap_or(service.settings.language).tag().to_owned(),
        provider: "native".to_owned(),
    };
    let wish = Wish::Create { draft: Box::new(Draft { terms, personal }), send: !wanted.keep_draft };
    Order {
        organization: asker.organization,
        command: Command { request: RequestId(Uuid::now_v7()), wish },
        actor: asker.actor,
        ip: None,
        user_agent: None,
        receipt: asker.receipt,
        fence: None,
    }
}

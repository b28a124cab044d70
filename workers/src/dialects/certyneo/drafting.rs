//! From what is wanted to a draft, new or revised: finds the documents and gives the recipients their ids.

use std::sync::Arc;

use countersign_engine::command::{Draft, Profile};
use countersign_engine::ids::{OrganizationId, SignerId};
use countersign_engine::person::Person;
use countersign_engine::request::Request;
use countersign_engine::signer::{Signer, SignerTerms};
use uuid::Uuid;

use super::problem::Problems;
use super::read::{Wanted, WantedDocument, WantedRecipient};
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::http::upload;
use crate::service::Service;
use crate::service::documents::File;
use crate::service::drafting::Outline;

/// The draft of a new envelope; every fault, if it cannot be one.
pub(super) async fn new(
    service: &Service,
    organization: &OrganizationId,
    mut wanted: Wanted,
    mut faults: Faults,
) -> Result<Draft, Problems> {
    let documents = wanted.documents.take().unwrap_or_default();
    let documents = found(service, organization, documents, &mut faults).await?;
    let people = people(wanted.recipients.take().unwrap_or_default(), &[]);
    let outline = Outline::over(wanted.subject.take().unwrap_or_default(), documents, people);
    Problems::unless(faults, outline.with(wanted).draft(&service.settings))
}

/// A draft with some changes; every fault, if they cannot be made.
pub(super) async fn revised(
    service: &Service,
    request: &Request,
    mut wanted: Wanted,
    mut faults: Faults,
) -> Result<Draft, Problems> {
    let mut outline = service.outline(request).await?;
    if let Some(documents) = wanted.documents.take() {
        outline = outline.over_others(found(service, &request.organization, documents, &mut faults).await?);
    }
    if let Some(recipients) = wanted.recipients.take() {
        outline = outline.for_others(people(recipients, &request.signers));
    }
    Problems::unless(faults, outline.with(wanted).draft(&service.settings))
}

impl Outline {
    /// The outline with what else is said.
    fn with(mut self, wanted: Wanted) -> Self {
        if let Some(subject) = wanted.subject {
            self.title = subject;
        }
        if let Some(message) = wanted.message {
            self.message = message;
        }
        if let Some(language) = wanted.language {
            self.language = language;
        }
        if let Some(expiry) = wanted.expiry {
            (self.expires_at, self.expires_in_days) = (expiry.at, expiry.in_days);
        }
        if let Some(reminders) = wanted.reminders {
            self.reminders = reminders;
        }
        self
    }
}

/// The documents that are named; those that there are not are faults.
async fn found(
    service: &Service,
    organization: &OrganizationId,
    wanted: Vec<WantedDocument>,
    faults: &mut Faults,
) -> Result<Vec<File>, Fault> {
    let mut files = Vec::new();
    for WantedDocument { pointer, id } in wanted {
        let file = match id {
            Some(id) => service.documents.file(organization, id).await?,
            None => None,
        };
        match file {
            Some(file) => files.push(file),
            None => faults.push(Fault::at(pointer, "unknown_document", "There is no such document.")),
        }
    }
    upload::check_together(files.iter().map(|file| file.document.bytes).sum(), "/documentIds", faults);
    Ok(files)
}

/// The recipients with their ids: whoever has the address of somebody who was there is the same person.
fn people(wanted: Vec<WantedRecipient>, before: &[Arc<Signer>]) -> Vec<(SignerTerms, Profile)> {
    let mut known: Vec<&Signer> = before.iter().map(AsRef::as_ref).collect();
    let mut identified = |email: &str| {
        let place = known.iter().position(|signer| signer.email().eq_ignore_ascii_case(email));
        place.map(|place| known.swap_remove(place))
    };
    let person = |WantedRecipient { name, email, role, order }: WantedRecipient| {
        // What this dialect has no words for stays as it was.
        match identified(&email) {
            Some(known) => {
                let person = known.person.clone().unwrap_or_else(|| Person::new("", ""));
                let profile =
                    Profile { person: Person { email, name, ..person }, particulars: known.particulars.clone() };
                (SignerTerms { order, role, ..known.terms.clone() }, profile)
            }
            None => (SignerTerms::new(SignerId(Uuid::now_v7()), order, role), Person::new(name, email).into()),
        }
    };
    wanted.into_iter().map(person).collect()
}

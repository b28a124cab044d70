//! From a draft as it stands back to what it is made of, so that some of it can be changed and the rest stays.

use std::collections::BTreeMap;

use countersign_engine::command::Profile;
use countersign_engine::event::Widget;
use countersign_engine::person::Person;
use countersign_engine::request::Request;
use countersign_engine::signer::{Signer, SignerTerms};

use super::documents::File;
use super::drafting::Outline;
use super::placing::Placed;
use super::{Service, ServiceError};
use crate::language::Language;

impl Service {
    /// What a draft is made of. Signatures that were given a place on an appended page are left out: they get
    /// one again.
    pub async fn outline(&self, request: &Request) -> Result<Outline, ServiceError> {
        let mut documents = Vec::new();
        for (place, reference) in request.terms.documents.iter().enumerate() {
            let document = self.documents.find(&request.organization, reference.digest).await?;
            let document = document.ok_or(ServiceError::Missing { what: "document" })?;
            documents.push(File { id: reference.file, name: request.file_name(place).to_owned(), document });
        }
        let profile = |signer: &Signer| Profile {
            person: signer.person.clone().unwrap_or_else(|| Person::new("", "")),
            particulars: signer.particulars.clone(),
        };
        let outline = Outline {
            message: request.message.clone(),
            business_id: request.terms.business_id.clone(),
            template: request.terms.template.clone(),
            expires_at: request.terms.expires_at,
            expires_in_days: request.terms.expires_in_days,
            warn_hours: request.terms.warn_hours,
            reminders: request.terms.reminders,
            language: Language::parse(&request.terms.language),
            collector: request.terms.collector(),
            ..Outline::over(
                request.title.clone().unwrap_or_default(),
                documents,
                request.signers.iter().map(|signer| (signer.terms.clone(), profile(signer))).collect(),
            )
        };
        Ok(outline.with_boxes_of(request))
    }
}

impl Outline {
    /// The same request over other documents: what stood on those there were is gone.
    pub fn over_others(self, documents: Vec<File>) -> Self {
        Self { documents, placed: Placed::default(), values: BTreeMap::new(), ..self }
    }

    /// The same request for other people: the boxes of those who left go with them.
    pub fn for_others(self, people: Vec<(SignerTerms, Profile)>) -> Self {
        let Self { placed: Placed { widgets, mut labels, .. }, mut values, .. } = self;
        let mut outline = Self { people, placed: Placed::default(), values: BTreeMap::new(), ..self };
        let stays = |widget: &Widget| outline.people.iter().any(|(terms, _)| terms.id == widget.signer);
        for widget in widgets.into_iter().filter(stays) {
            let (label, value) = (labels.remove(&widget.id), values.remove(&widget.id));
            let id = outline.placed.put(widget, label);
            outline.values.extend(value.map(|value| (id, value)));
        }
        outline
    }

    fn with_boxes_of(mut self, request: &Request) -> Self {
        for widget in &request.terms.widgets {
            let document = self.documents.get(widget.document as usize);
            if document.is_none_or(|file| widget.page > file.document.reference().pages) {
                continue;
            }
            let id = self.placed.put(widget.clone(), request.labels.get(&widget.id).cloned());
            self.values.extend(request.values.get(&widget.id).map(|value| (id, value.clone())));
        }
        self
    }
}

//! From documents at hand, people and boxes to the draft of a request: what every dialect's create ends
//! in. Commits nothing, and finds no faults: what it is given was checked by who read the call.

use std::collections::BTreeMap;

use countersign_engine::command::{Draft, Profile};
use countersign_engine::event::{Collector, Personal, Reminders, TemplateRef, Terms, Value};
use countersign_engine::ids::WidgetId;
use countersign_engine::provider::NATIVE;
use countersign_engine::schedule::WARN_HOURS_DEFAULT;
use countersign_engine::signer::SignerTerms;
use jiff::Timestamp;

use super::documents::File;
use super::placing::Placed;
use crate::config::Settings;
use crate::language::Language;

/// Everything a request is made of.
#[derive(Debug)]
pub struct Outline {
    /// Title of the request.
    pub title: String,
    /// Message to the signers.
    pub message: Option<String>,
    /// The sender's own reference.
    pub business_id: Option<String>,
    /// What is signed, in the order in which it is read; never empty.
    pub documents: Vec<File>,
    /// Who acts, in the order given.
    pub people: Vec<(SignerTerms, Profile)>,
    /// Where they fill and sign. Who signs and has no place for it gets one on an appended page.
    pub placed: Placed,
    /// What the sender filled in.
    pub values: BTreeMap<WidgetId, Value>,
    /// The template it is made from.
    pub template: Option<TemplateRef>,
    /// The instant of expiry, if that is what was asked for.
    pub expires_at: Option<Timestamp>,
    /// Days from sending to expiry; without either the installation's default.
    pub expires_in_days: Option<u32>,
    /// Hours before expiry at which `request.expiring` is due; 0 = not at all.
    pub warn_hours: u32,
    /// Automatic reminders.
    pub reminders: Option<Reminders>,
    /// The language of letters, pages and certificates; the installation's if absent.
    pub language: Option<Language>,
    /// Who collects the signatures; ourselves if absent.
    pub collector: Option<Collector>,
}

impl Outline {
    /// A request over some documents for some people, and the usual of everything else.
    pub fn over(title: String, documents: Vec<File>, people: Vec<(SignerTerms, Profile)>) -> Self {
        Self {
            title,
            message: None,
            business_id: None,
            documents,
            people,
            placed: Placed::default(),
            values: BTreeMap::new(),
            template: None,
            expires_at: None,
            expires_in_days: None,
            warn_hours: WARN_HOURS_DEFAULT,
            reminders: None,
            language: None,
            collector: None,
        }
    }

    /// The draft, with the settings' word where nothing is said.
    pub fn draft(mut self, settings: &Settings) -> Draft {
        self.placed.append(self.people.iter().map(|(terms, _)| terms), &self.documents);
        let terms = Terms {
            appended_pages: self.placed.appended_pages,
            business_id: self.business_id,
            documents: self.documents.iter().map(File::reference).collect(),
            expires_at: self.expires_at,
            expires_in_days: self.expires_in_days.or(settings.expires_in_days.filter(|_| self.expires_at.is_none())),
            language: self.language.unwrap_or(settings.language).tag().to_owned(),
            provider: self.collector.as_ref().map_or(NATIVE, |collector| &collector.provider).to_owned(),
            provider_config: self.collector.map(|collector| collector.config),
            reminders: self.reminders,
            signers: self.people.iter().map(|(terms, _)| terms.clone()).collect(),
            template: self.template,
            warn_hours: self.warn_hours,
            widgets: self.placed.widgets,
        };
        let asked = self.people.iter().filter(|(_, profile)| !profile.particulars.is_empty());
        let personal = Personal {
            particulars: asked.map(|(terms, profile)| (terms.id, profile.particulars.clone())).collect(),
            file_names: self.documents.into_iter().map(|file| file.name).collect(),
            labels: self.placed.labels,
            message: self.message.filter(|message| !message.trim().is_empty()),
            people: self.people.into_iter().map(|(terms, profile)| (terms.id, profile.person)).collect(),
            title: Some(self.title),
            values: self.values,
            ..Personal::default()
        };
        Draft { terms, personal }
    }
}

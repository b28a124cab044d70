//! Bodies in: JSON to what is wanted, with every fault at once. Nothing is looked up here.
//!
//! A new envelope and a change of one have the same fields. In a change a field that is not mentioned stays
//! as it is, and `null` takes it away.

use countersign_engine::command::{DOCUMENTS_MAX, MESSAGE_MAX, NAME_MAX, ORDER_MAX, SIGNERS_MAX, TEXT_MAX, TITLE_MAX};
use countersign_engine::event::Reminders;
use countersign_engine::schedule::{self, EXPIRES_IN_DAYS_MAX};
use countersign_engine::signer::Role;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::vocabulary::{self, ROLES};
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::{Faults, Form, instant};
use crate::language::Language;

/// Longest name of a language, in characters.
const LOCALE_MAX: usize = 35;

/// What an envelope is to be, as far as that is said.
pub(super) struct Wanted {
    pub(super) subject: Option<String>,
    pub(super) message: Option<Option<String>>,
    pub(super) documents: Option<Vec<WantedDocument>>,
    pub(super) recipients: Option<Vec<WantedRecipient>>,
    pub(super) language: Option<Option<Language>>,
    pub(super) expiry: Option<Expiry>,
    pub(super) reminders: Option<Option<Reminders>>,
}

/// A document that is named, and where.
pub(super) struct WantedDocument {
    pub(super) pointer: String,
    /// `None` if what is named cannot be the id of any.
    pub(super) id: Option<Uuid>,
}

pub(super) struct WantedRecipient {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) order: u32,
}

/// When the links stop working; neither = as the installation has it.
pub(super) struct Expiry {
    pub(super) at: Option<Timestamp>,
    pub(super) in_days: Option<u32>,
}

/// A new envelope.
pub(super) fn envelope(body: &Value, now: Timestamp, faults: &mut Faults) -> Wanted {
    let form = Form::required(Some(body), "", faults);
    for name in ["subject", "documentIds", "recipients"] {
        if form.is_present() && form.get(name).is_none() {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} is required.")));
        }
    }
    fields(&form, now, faults)
}

/// A change of a draft.
pub(super) fn change(body: &Value, now: Timestamp, faults: &mut Faults) -> Wanted {
    let form = Form::required(Some(body), "", faults);
    for name in ["subject", "documentIds", "recipients"] {
        if form.mentions(name) && form.get(name).is_none() {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} cannot be taken away.")));
        }
    }
    fields(&form, now, faults)
}

/// Why an envelope is voided.
pub(super) fn reason(body: &Value, faults: &mut Faults) -> String {
    Form::required(Some(body), "", faults).required_text("reason", TEXT_MAX, faults)
}

fn fields(form: &Form<'_>, now: Timestamp, faults: &mut Faults) -> Wanted {
    refuse_what_we_lack(form, faults);
    let said = |name: &str| form.mentions(name);
    Wanted {
        subject: form.get("subject").map(|_| form.required_line("subject", TITLE_MAX, faults)),
        message: said("message").then(|| form.text("message", MESSAGE_MAX, faults)),
        documents: form.get("documentIds").map(|_| documents(form, faults)),
        recipients: form.get("recipients").map(|_| recipients(form, faults)),
        language: said("locale").then(|| locale(form, faults)),
        expiry: expiry(form, now, faults),
        reminders: said("reminders").then(|| fields::reminders(form, "reminders", faults)),
    }
}

/// What their API does and this one does not is refused: it must not seem to have been done.
fn refuse_what_we_lack(form: &Form<'_>, faults: &mut Faults) {
    let instead = [
        ("templateId", "Templates are the native API's: POST /api/v1/esignature/requests/from-template."),
        ("redirectUrl", "Recipients stay on the page that tells them what they did."),
        ("requireSmsOtp", "No gateway for text messages is configured."),
    ];
    for (name, detail) in instead {
        if form.get(name).is_some_and(|value| *value != Value::Bool(false)) {
            faults.push(Fault::at(form.pointer(name), "not_supported", detail));
        }
    }
}

fn documents(form: &Form<'_>, faults: &mut Faults) -> Vec<WantedDocument> {
    let items = form.list("documentIds", DOCUMENTS_MAX, faults);
    if items.as_ref().is_some_and(Vec::is_empty) {
        let detail = "An envelope needs at least one document.";
        faults.push(Fault::at(form.pointer("documentIds"), "required", detail));
    }
    let mut documents: Vec<WantedDocument> = Vec::new();
    for (item, pointer) in items.unwrap_or_default() {
        let Some(text) = item.as_str() else {
            faults.push(Fault::at(pointer, "wrong_type", "The id of a document is a text."));
            continue;
        };
        let id = text.trim().parse().ok();
        if id.is_some() && documents.iter().any(|other| other.id == id) {
            faults.push(Fault::at(&pointer, "duplicate", "This document is in the envelope already."));
        }
        documents.push(WantedDocument { pointer, id });
    }
    documents
}

fn recipients(form: &Form<'_>, faults: &mut Faults) -> Vec<WantedRecipient> {
    let pointer = form.pointer("recipients");
    let items = form.list("recipients", SIGNERS_MAX, faults);
    if items.as_ref().is_some_and(Vec::is_empty) {
        faults.push(Fault::at(&pointer, "required", "An envelope needs at least one recipient."));
    }
    let mut recipients: Vec<WantedRecipient> = Vec::new();
    for (item, pointer) in items.unwrap_or_default() {
        let recipient = recipient(item, &pointer, faults);
        let same = |other: &WantedRecipient| {
            other.order == recipient.order && other.email.eq_ignore_ascii_case(&recipient.email)
        };
        if !recipient.email.is_empty() && recipients.iter().any(same) {
            let detail = "This e-mail address is already at the same place of the order.";
            faults.push(Fault::at(format!("{pointer}/email"), "duplicate", detail));
        }
        recipients.push(recipient);
    }
    if !recipients.is_empty() && !recipients.iter().any(|recipient| recipient.role.acts()) {
        faults.push(Fault::at(&pointer, "nobody_acts", "At least one recipient must be a SIGNER or an APPROVER."));
    }
    recipients
}

fn recipient(item: &Value, pointer: &str, faults: &mut Faults) -> WantedRecipient {
    let form = Form::required(Some(item), pointer, faults);
    let email = fields::email(&form, "email", faults);
    let name = form.line("name", NAME_MAX, faults).map(|name| name.trim().to_owned());
    WantedRecipient {
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| email.clone()),
        email,
        role: form.one_of("role", &ROLES, faults).unwrap_or_default(),
        order: fields::whole(&form, "order", 1, ORDER_MAX, faults).unwrap_or(1),
    }
}

fn locale(form: &Form<'_>, faults: &mut Faults) -> Option<Language> {
    let text = form.line("locale", LOCALE_MAX, faults)?;
    let language = vocabulary::language(&text);
    if language.is_none() {
        let spoken = Language::ALL.map(Language::tag).join(", ");
        let detail = format!("locale is one of {spoken}.");
        faults.push(Fault::at(form.pointer("locale"), "unknown_value", detail));
    }
    language
}

fn expiry(form: &Form<'_>, now: Timestamp, faults: &mut Faults) -> Option<Expiry> {
    if !form.mentions("expiresAt") && !form.mentions("expiresInDays") {
        return None;
    }
    if form.get("expiresAt").is_some() && form.get("expiresInDays").is_some() {
        let detail = "Send either expiresAt or expiresInDays, not both.";
        faults.push(Fault::at(form.pointer("expiresAt"), "conflict", detail));
    }
    let in_days = fields::whole(form, "expiresInDays", 1, EXPIRES_IN_DAYS_MAX, faults);
    Some(Expiry { at: expires_at(form, now, faults), in_days })
}

fn expires_at(form: &Form<'_>, now: Timestamp, faults: &mut Faults) -> Option<Timestamp> {
    let text = form.line("expiresAt", TITLE_MAX, faults)?;
    let latest = schedule::expiry(now, Some(EXPIRES_IN_DAYS_MAX));
    let (code, detail) = match instant(&text) {
        Some(at) if at <= now => ("in_the_past", "expiresAt is over already.".to_owned()),
        Some(at) if latest.is_some_and(|latest| at > latest) => {
            ("out_of_range", format!("expiresAt is at most {EXPIRES_IN_DAYS_MAX} days ahead."))
        }
        Some(at) => return Some(at),
        None => ("invalid", "expiresAt is an instant, as in RFC 3339.".to_owned()),
    };
    faults.push(Fault::at(form.pointer("expiresAt"), code, detail));
    None
}

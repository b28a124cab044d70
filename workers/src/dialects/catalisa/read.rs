//! Bodies in: JSON to what is wanted, with every fault at once. Nothing is looked up here.

use std::collections::BTreeSet;

use countersign_engine::command::{
    BUSINESS_ID_MAX, DOCUMENTS_MAX, MESSAGE_MAX, NAME_MAX, SIGNERS_MAX, TEXT_MAX, TITLE_MAX, WIDGETS_MAX,
};
use countersign_engine::event::{Reminders, WidgetKind};
use countersign_engine::schedule::{EXPIRES_IN_DAYS_MAX, WARN_HOURS_DEFAULT};
use serde_json::Value;
use uuid::Uuid;

use super::people::{self, WantedSigner};
use super::problem::Problems;
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::{self, Faults, Form};
use crate::http::upload::{self, Upload};
use crate::language::Language;
use crate::service::placing::Spot;

/// Most hours before expiry at which a warning may be due.
const WARN_HOURS_MAX: u32 = 720;
/// Where the attributes of every body are.
const ATTRIBUTES: &str = "/data/attributes";

pub(super) const WIDGET_KINDS: [(&str, WidgetKind); 4] = [
    ("signature", WidgetKind::Signature),
    ("text", WidgetKind::Text),
    ("date", WidgetKind::Date),
    ("checkbox", WidgetKind::Checkbox),
];

pub(super) const LANGUAGES: [(&str, Language); 3] =
    [("en", Language::English), ("es", Language::Spanish), ("pt-BR", Language::Portuguese)];

/// What both kinds of new request have in common.
pub(super) struct Wanted {
    /// Who collects the signatures, if one is named.
    pub(super) config: Option<Uuid>,
    pub(super) title: String,
    pub(super) message: Option<String>,
    pub(super) business_id: Option<String>,
    pub(super) expires_in_days: Option<u32>,
    pub(super) warn_hours: u32,
    pub(super) reminders: Option<Reminders>,
    pub(super) language: Option<Language>,
    pub(super) signers: Vec<WantedSigner>,
    pub(super) keep_draft: bool,
}

/// A document that is wanted, and the member that holds or names it.
pub(super) struct WantedFile {
    pub(super) pointer: String,
    pub(super) source: FileSource,
}

/// Where a document comes from.
pub(super) enum FileSource {
    Stored(Uuid),
    Inline { name: String, bytes: Vec<u8> },
}

impl WantedFile {
    /// The id under which it was uploaded before.
    pub(super) fn id(&self) -> Option<String> {
        match self.source {
            FileSource::Stored(id) => Some(id.to_string()),
            FileSource::Inline { .. } => None,
        }
    }
}

/// The documents of a request, and the member that they came in.
pub(super) struct WantedFiles {
    pub(super) files: Vec<WantedFile>,
    pub(super) pointer: String,
}

pub(super) struct WantedWidget {
    pub(super) pointer: String,
    pub(super) kind: WidgetKind,
    pub(super) document: Option<Reference>,
    pub(super) signer: Option<Reference>,
    pub(super) spot: Spot,
    pub(super) required: bool,
    pub(super) label: Option<String>,
    pub(super) name: Option<String>,
}

/// How a widget names its signer or its document.
pub(super) enum Reference {
    Place(u64),
    Text(String),
}

impl Reference {
    /// Which it is, from 0: what is called so comes before a place, should a name be a number.
    pub(super) fn place(&self, called: impl Fn(&str) -> Option<usize>) -> Option<usize> {
        let counted = |place: u64| usize::try_from(place).ok()?.checked_sub(1);
        match self {
            Reference::Place(place) => counted(*place),
            Reference::Text(text) => called(text).or_else(|| counted(text.parse().ok()?)),
        }
    }
}

/// The body as JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, Problems> {
    Ok(form::json(body)?)
}

/// The resource and its attributes.
pub(super) fn resource<'v>(body: &'v Value, kind: &str, faults: &mut Faults) -> (Form<'v>, Form<'v>) {
    let top = Form::required(Some(body), "", faults);
    if !top.is_present() {
        return (Form::required(None, "/data", &mut Vec::new()), Form::required(None, ATTRIBUTES, &mut Vec::new()));
    }
    let data = Form::required(top.get("data"), "/data", faults);
    if !data.is_present() {
        return (data, Form::required(None, ATTRIBUTES, &mut Vec::new()));
    }
    data.one_of("type", &[(kind, ())], faults);
    let attributes = Form::required(data.get("attributes"), ATTRIBUTES, faults);
    (data, attributes)
}

pub(super) fn wanted(form: &Form<'_>, faults: &mut Faults) -> Wanted {
    Wanted {
        config: form.uuid("configId", faults),
        title: form.required_line("title", TITLE_MAX, faults),
        message: form.text("message", MESSAGE_MAX, faults),
        business_id: form.line("businessId", BUSINESS_ID_MAX, faults),
        expires_in_days: fields::whole(form, "expiresInDays", 1, EXPIRES_IN_DAYS_MAX, faults),
        warn_hours: fields::whole(form, "expiryWarningHours", 0, WARN_HOURS_MAX, faults).unwrap_or(WARN_HOURS_DEFAULT),
        reminders: fields::reminders(form, "reminders", faults),
        language: form.one_of("language", &LANGUAGES, faults),
        signers: signers(form, faults),
        keep_draft: form.boolean("draft", faults).unwrap_or(false),
    }
}

fn signers(form: &Form<'_>, faults: &mut Faults) -> Vec<WantedSigner> {
    let pointer = form.pointer("signers");
    let items = form.list("signers", SIGNERS_MAX, faults);
    if form.is_present() && (form.get("signers").is_none() || items.as_ref().is_some_and(Vec::is_empty)) {
        faults.push(Fault::at(&pointer, "required", "A request needs at least one signer."));
    }
    let mut signers: Vec<WantedSigner> = Vec::new();
    for (item, pointer) in items.unwrap_or_default() {
        signers.push(people::signer(&Form::required(Some(item), &pointer, faults), faults));
    }
    if !signers.is_empty() && !signers.iter().any(|signer| signer.role.acts()) {
        faults.push(Fault::at(&pointer, "nobody_acts", "At least one signer must act, not only receive a copy."));
    }
    signers
}

/// Exactly one of `fileId` and `fileBase64` with `fileName`.
pub(super) fn file(form: &Form<'_>, faults: &mut Faults) -> Option<WantedFile> {
    match only_one(form, &["fileId", "fileBase64"], "fileId, or fileBase64 with fileName", faults)? {
        "fileId" => stored_file(form, faults),
        _ => inline_file(form, faults),
    }
}

/// Exactly one of `fileId`, `fileBase64` with `fileName`, `fileIds` and `files`.
pub(super) fn files(form: &Form<'_>, faults: &mut Faults) -> WantedFiles {
    let forms = ["fileId", "fileIds", "files", "fileBase64"];
    let told = "fileId, fileBase64 with fileName, fileIds, or files";
    let member = only_one(form, &forms, told, faults);
    let files = match member {
        None => Vec::new(),
        Some("fileId") => stored_file(form, faults).into_iter().collect(),
        Some("fileBase64") => inline_file(form, faults).into_iter().collect(),
        Some(several) => several_files(form, several, faults),
    };
    WantedFiles { files, pointer: form.pointer(member.unwrap_or_default()) }
}

/// The one of some members that is there; none or several is a fault.
fn only_one(form: &Form<'_>, forms: &[&'static str], told: &str, faults: &mut Faults) -> Option<&'static str> {
    if !form.is_present() {
        return None;
    }
    let mut given = forms.iter().copied().filter(|name| form.get(name).is_some());
    let first = given.next();
    match (first, given.next()) {
        (None, _) => {
            let detail = format!("A document is required: {told}.");
            faults.push(Fault::at(form.pointer("fileBase64"), "required", detail));
            None
        }
        (Some(first), Some(_)) => {
            let detail = format!("Send exactly one of {told}.");
            faults.push(Fault::at(form.pointer(first), "conflict", detail));
            None
        }
        (only, None) => only,
    }
}

fn stored_file(form: &Form<'_>, faults: &mut Faults) -> Option<WantedFile> {
    let source = FileSource::Stored(form.uuid("fileId", faults)?);
    Some(WantedFile { pointer: form.pointer("fileId"), source })
}

/// The items of `fileIds` or `files`.
fn several_files(form: &Form<'_>, member: &str, faults: &mut Faults) -> Vec<WantedFile> {
    let items = form.list(member, DOCUMENTS_MAX, faults).unwrap_or_default();
    if form.get(member).and_then(Value::as_array).is_some_and(Vec::is_empty) {
        faults.push(Fault::at(form.pointer(member), "required", format!("{member} names at least one document.")));
    }
    if member == "files" {
        let inline = |(item, pointer)| inline_file(&Form::required(Some(item), pointer, faults), faults);
        return items.into_iter().filter_map(inline).collect();
    }
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for (item, pointer) in items {
        match item.as_str().and_then(|text| Uuid::parse_str(text).ok()) {
            None => faults.push(Fault::at(pointer, "wrong_type", "The id of a file is a UUID.")),
            Some(id) if !seen.insert(id) => {
                faults.push(Fault::at(pointer, "duplicate", "This file is in the list already."));
            }
            Some(id) => files.push(WantedFile { pointer, source: FileSource::Stored(id) }),
        }
    }
    files
}

pub(super) fn inline_file(form: &Form<'_>, faults: &mut Faults) -> Option<WantedFile> {
    let Upload { name, bytes } = upload::from_fields(form, faults)?;
    Some(WantedFile { pointer: form.pointer("fileBase64"), source: FileSource::Inline { name, bytes } })
}

pub(super) fn widgets(form: &Form<'_>, faults: &mut Faults) -> Vec<WantedWidget> {
    let items = form.list("widgets", WIDGETS_MAX, faults).unwrap_or_default();
    items.into_iter().filter_map(|(item, pointer)| widget(item, pointer, faults)).collect()
}

fn widget(item: &Value, pointer: String, faults: &mut Faults) -> Option<WantedWidget> {
    let form = Form::required(Some(item), pointer.clone(), faults);
    for name in ["type", "page", "x", "y"] {
        if form.is_present() && form.get(name).is_none() {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} is required.")));
        }
    }
    let kind = form.one_of("type", &WIDGET_KINDS, faults);
    let page = fields::whole(&form, "page", 1, u32::MAX, faults);
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| form.number(name, faults));
    let required = form.boolean("required", faults);
    let label = form.line("label", NAME_MAX, faults);
    let name = form.line("name", TEXT_MAX.min(100), faults);
    let document = reference(&form, "document", "a 1-based place, a file's id or its name", faults);
    let signer = reference(&form, "signerId", "a signer's id, 1-based place or e-mail address", faults);
    Some(WantedWidget {
        pointer,
        kind: kind?,
        document,
        signer,
        spot: Spot { page: page?, x: x?, y: y?, width, height },
        required: required.unwrap_or(false),
        label,
        name,
    })
}

fn reference(form: &Form<'_>, name: &str, told: &str, faults: &mut Faults) -> Option<Reference> {
    match form.get(name)? {
        Value::Number(number) if number.as_u64().is_some() => number.as_u64().map(Reference::Place),
        Value::String(text) => Some(Reference::Text(text.clone())),
        _ => {
            faults.push(Fault::at(form.pointer(name), "wrong_type", format!("{name} is {told}.")));
            None
        }
    }
}

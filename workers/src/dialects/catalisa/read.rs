//! Bodies in: JSON to what is wanted, with every fault at once. Nothing is looked up here.

use axum::http::StatusCode;
use countersign_engine::command::{
    BUSINESS_ID_MAX, EMAIL_MAX, FILE_MAX_BYTES, MESSAGE_MAX, NAME_MAX, ORDER_MAX, SIGNERS_MAX, TEXT_MAX, TITLE_MAX,
    WIDGETS_MAX,
};
use countersign_engine::event::{Reminders, WidgetKind};
use countersign_engine::schedule::{EXPIRES_IN_DAYS_MAX, REMINDER_DAYS_MAX, REMINDERS_MAX, WARN_HOURS_DEFAULT};
use countersign_engine::signer::Role;
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problems;
use crate::http::fault::Fault;
use crate::http::form::{self, Faults, Form, is_email};
use crate::language::Language;

/// Longest name by which a widget refers to a signer.
const REFERENCE_MAX: usize = 64;
/// Most hours before expiry at which a warning may be due.
const WARN_HOURS_MAX: i64 = 720;
/// Where the attributes of every body are.
const ATTRIBUTES: &str = "/data/attributes";

pub(super) const WIDGET_KINDS: [(&str, WidgetKind); 4] = [
    ("signature", WidgetKind::Signature),
    ("text", WidgetKind::Text),
    ("date", WidgetKind::Date),
    ("checkbox", WidgetKind::Checkbox),
];

const ROLES: [(&str, Role); 5] = [
    ("signer", Role::Signer),
    ("approver", Role::Approver),
    ("acknowledger", Role::Acknowledger),
    ("witness", Role::Witness),
    ("copied", Role::Copied),
];

/// What both kinds of new request have in common.
pub(super) struct Wanted {
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

pub(super) struct WantedSigner {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) order: u32,
    pub(super) role: Role,
    pub(super) reference: Option<String>,
}

/// Which document is wanted.
pub(super) enum WantedFile {
    Stored(Uuid),
    Inline { name: String, bytes: Vec<u8> },
}

pub(super) struct WantedWidget {
    pub(super) pointer: String,
    pub(super) kind: WidgetKind,
    pub(super) signer: Option<Reference>,
    pub(super) page: u32,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: Option<f64>,
    pub(super) height: Option<f64>,
    pub(super) required: bool,
    pub(super) label: Option<String>,
    pub(super) name: Option<String>,
}

/// How a widget names its signer.
pub(super) enum Reference {
    Place(u64),
    Text(String),
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
    if let Some(id) = form.uuid("configId", faults) {
        let detail = format!("There is no provider configuration {id}.");
        faults.push(Fault::at(form.pointer("configId"), "unknown_config", detail));
    }
    let languages = [("en", Language::English), ("es", Language::Spanish), ("pt-BR", Language::Portuguese)];
    Wanted {
        title: form.required_line("title", TITLE_MAX, faults),
        message: form.text("message", MESSAGE_MAX, faults),
        business_id: form.line("businessId", BUSINESS_ID_MAX, faults),
        expires_in_days: whole(form, "expiresInDays", 1, EXPIRES_IN_DAYS_MAX.into(), faults),
        warn_hours: whole(form, "expiryWarningHours", 0, WARN_HOURS_MAX, faults).unwrap_or(WARN_HOURS_DEFAULT),
        reminders: reminders(form, faults),
        language: form.one_of("language", &languages, faults),
        signers: signers(form, faults),
        keep_draft: form.boolean("draft", faults).unwrap_or(false),
    }
}

fn whole(form: &Form<'_>, name: &str, from: i64, to: i64, faults: &mut Faults) -> Option<u32> {
    form.whole(name, from, to, faults).and_then(|number| u32::try_from(number).ok())
}

fn reminders(form: &Form<'_>, faults: &mut Faults) -> Option<Reminders> {
    let value = form.get("reminders")?;
    let form = Form::required(Some(value), form.pointer("reminders"), faults);
    let mut field = |name: &str, to: u32| {
        if form.is_present() && form.get(name).is_none() {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} is required.")));
        }
        whole(&form, name, 1, to.into(), faults)
    };
    Some(Reminders {
        first_after_days: field("firstAfterDays", REMINDER_DAYS_MAX)?,
        every_days: field("everyDays", REMINDER_DAYS_MAX)?,
        at_most: field("max", REMINDERS_MAX)?,
    })
}

fn signers(form: &Form<'_>, faults: &mut Faults) -> Vec<WantedSigner> {
    let pointer = form.pointer("signers");
    let items = form.list("signers", SIGNERS_MAX, faults);
    if form.is_present() && (form.get("signers").is_none() || items.as_ref().is_some_and(Vec::is_empty)) {
        faults.push(Fault::at(&pointer, "required", "A request needs at least one signer."));
    }
    let mut signers: Vec<WantedSigner> = Vec::new();
    for (item, pointer) in items.unwrap_or_default() {
        let signer = signer(item, &pointer, faults);
        let same = |other: &WantedSigner| {
            other.order == signer.order && other.email.eq_ignore_ascii_case(&signer.email) && !signer.email.is_empty()
        };
        if signers.iter().any(same) {
            let detail = "This e-mail address is already in the same group of signers.";
            faults.push(Fault::at(format!("{pointer}/email"), "duplicate", detail));
        }
        signers.push(signer);
    }
    if !signers.is_empty() && !signers.iter().any(|signer| signer.role.acts()) {
        faults.push(Fault::at(&pointer, "nobody_acts", "At least one signer must act, not only receive a copy."));
    }
    signers
}

fn signer(item: &Value, pointer: &str, faults: &mut Faults) -> WantedSigner {
    let form = Form::required(Some(item), pointer, faults);
    let email = form.required_line("email", EMAIL_MAX, faults).trim().to_owned();
    if !email.is_empty() && !is_email(&email) {
        faults.push(Fault::at(form.pointer("email"), "invalid_email", "This is not an e-mail address."));
    }
    WantedSigner {
        name: form.required_line("name", NAME_MAX, faults).trim().to_owned(),
        email,
        order: whole(&form, "order", 1, ORDER_MAX.into(), faults).unwrap_or(1),
        role: form.one_of("role", &ROLES, faults).unwrap_or_default(),
        reference: form.line("id", REFERENCE_MAX, faults),
    }
}

/// Exactly one of `fileId` and `fileBase64` with `fileName`.
pub(super) fn file(form: &Form<'_>, faults: &mut Faults) -> Option<WantedFile> {
    if !form.is_present() {
        return None;
    }
    match (form.get("fileId").is_some(), form.get("fileBase64").is_some()) {
        (true, false) => form.uuid("fileId", faults).map(WantedFile::Stored),
        (false, true) => inline_file(form, faults),
        (true, true) => {
            let detail = "Send either fileId or fileBase64 with fileName, not both.";
            faults.push(Fault::at(form.pointer("fileId"), "conflict", detail));
            None
        }
        (false, false) => {
            let detail = "A document is required: fileId, or fileBase64 with fileName.";
            faults.push(Fault::at(form.pointer("fileBase64"), "required", detail));
            None
        }
    }
}

pub(super) fn inline_file(form: &Form<'_>, faults: &mut Faults) -> Option<WantedFile> {
    let name = form.required_line("fileName", NAME_MAX, faults);
    let pointer = form.pointer("fileBase64");
    let Some(text) = form.get("fileBase64").and_then(Value::as_str) else {
        faults.push(Fault::at(pointer, "wrong_type", "fileBase64 must be a text."));
        return None;
    };
    match decode_base64(text) {
        None => faults.push(Fault::at(pointer, "invalid_base64", "fileBase64 is not base64.")),
        Some(bytes) if bytes.is_empty() => faults.push(Fault::at(pointer, "required", "The file is empty.")),
        Some(bytes) if bytes.len() > FILE_MAX_BYTES => faults.push(too_large().with_pointer(pointer)),
        Some(bytes) => return Some(WantedFile::Inline { name, bytes }),
    }
    None
}

pub(super) fn too_large() -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", "A document has at most 50 MB.")
}

/// Base64 with or without padding; line breaks are forgiven.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    match text.contains(char::is_whitespace) {
        false => LENIENT.decode(text).ok(),
        true => LENIENT.decode(text.split_whitespace().collect::<String>()).ok(),
    }
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
    let page = whole(&form, "page", 1, i64::from(u32::MAX), faults);
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| form.number(name, faults));
    let required = form.boolean("required", faults);
    let label = form.line("label", NAME_MAX, faults);
    let name = form.line("name", TEXT_MAX.min(100), faults);
    let signer = reference(&form, faults);
    Some(WantedWidget {
        pointer,
        kind: kind?,
        signer,
        page: page?,
        x: x?,
        y: y?,
        width,
        height,
        required: required.unwrap_or(false),
        label,
        name,
    })
}

fn reference(form: &Form<'_>, faults: &mut Faults) -> Option<Reference> {
    match form.get("signerId")? {
        Value::Number(number) if number.as_u64().is_some() => number.as_u64().map(Reference::Place),
        Value::String(text) => Some(Reference::Text(text.clone())),
        _ => {
            let detail = "signerId is a signer's id, 1-based place or e-mail address.";
            faults.push(Fault::at(form.pointer("signerId"), "wrong_type", detail));
            None
        }
    }
}

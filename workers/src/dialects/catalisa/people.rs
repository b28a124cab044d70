//! Signers as bodies tell of them: who they are, what they must prove, what is to be put right about them.
//! Nothing is looked up here.

use countersign_engine::command::{self, Change, Correction, EMAIL_MAX, NAME_MAX, ORDER_MAX, Position};
use countersign_engine::ids::GroupId;
use countersign_engine::person::Person;
use countersign_engine::requirement::{
    ACCESS_CODE_MAX, ATTACHMENTS_MAX, CertificateKind, Holder, Particulars, Requirements, SCORE,
};
use countersign_engine::signer::Role;
use serde_json::Value;

use super::read::LANGUAGES;
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::{Faults, Form, is_email};

/// Longest name by which a widget refers to a signer.
const REFERENCE_MAX: usize = 64;

const ROLES: [(&str, Role); 6] = [
    ("signer", Role::Signer),
    ("approver", Role::Approver),
    ("acknowledger", Role::Acknowledger),
    ("witness", Role::Witness),
    ("copied", Role::Copied),
    ("viewer", Role::Viewer),
];

const CERTIFICATES: [(&str, CertificateKind); 3] =
    [("any", CertificateKind::Any), ("e_cpf", CertificateKind::ECpf), ("e_cnpj", CertificateKind::ECnpj)];

/// Members of `requirements`; another is refused, since who asks for it counts on it.
const REQUIREMENTS: [&str; 16] = [
    "accessCode",
    "attachments",
    "certificate",
    "emailCode",
    "foreign",
    "identity",
    "inPerson",
    "language",
    "photo",
    "pix",
    "score",
    "selfie",
    "silent",
    "sms",
    "video",
    "whatsapp",
];

/// A signer, or all members of a signing group.
pub(super) struct WantedSigner {
    pub(super) pointer: String,
    pub(super) person: Person,
    pub(super) group: Option<GroupId>,
    pub(super) order: Option<u32>,
    pub(super) role: Role,
    pub(super) reference: Option<String>,
    pub(super) asked: Asked,
}

/// What a signer must prove. The access code is not sealed yet; it stands in no `Debug`.
pub(super) struct Asked {
    pub(super) requirements: Requirements,
    pub(super) particulars: Particulars,
    pub(super) access_code: Option<String>,
    /// Whether the body says anything of requirements beside the access code.
    pub(super) is_told: bool,
}

pub(super) fn signer(form: &Form<'_>, faults: &mut Faults) -> WantedSigner {
    let group = form.uuid("groupId", faults).map(GroupId);
    let person = if form.get("groupId").is_some() { nobody(form, faults) } else { person(form, faults) };
    let role = form.one_of("role", &ROLES, faults).unwrap_or_default();
    if group.is_some() && !role.acts() {
        faults.push(Fault::at(form.pointer("role"), "conflict", "The members of a signing group act."));
    }
    WantedSigner {
        pointer: form.pointer("").trim_end_matches('/').to_owned(),
        person,
        group,
        order: fields::whole(form, "order", 1, ORDER_MAX, faults),
        role,
        reference: form.line("id", REFERENCE_MAX, faults),
        asked: asked(form, faults),
    }
}

/// Who somebody is.
pub(super) fn person(form: &Form<'_>, faults: &mut Faults) -> Person {
    Person {
        birthday: fields::day(form, "birthday", faults),
        email: fields::email(form, "email", faults),
        name: form.required_line("name", NAME_MAX, faults).trim().to_owned(),
        national_id: fields::national_id(form, "nationalId", faults),
        phone: fields::phone(form, "phone", faults),
    }
}

/// The members of a group say for themselves who they are.
fn nobody(form: &Form<'_>, faults: &mut Faults) -> Person {
    for name in ["name", "email", "phone", "nationalId", "birthday"].into_iter().filter(|name| form.get(name).is_some())
    {
        let detail = format!("groupId names people with names and addresses of their own: leave {name} out.");
        faults.push(Fault::at(form.pointer(name), "conflict", detail));
    }
    Person::new("", "")
}

/// What is asked of somebody.
pub(super) fn asked(form: &Form<'_>, faults: &mut Faults) -> Asked {
    let access_code = access_code(form, faults);
    let mut asked = requirements(form, faults);
    asked.requirements.access_code |= access_code.is_some();
    asked.access_code = access_code;
    asked
}

fn access_code(form: &Form<'_>, faults: &mut Faults) -> Option<String> {
    form.line("accessCode", ACCESS_CODE_MAX, faults).filter(|code| !code.trim().is_empty())
}

fn requirements(form: &Form<'_>, faults: &mut Faults) -> Asked {
    match form.get("requirements") {
        None => Asked {
            requirements: Requirements::default(),
            particulars: Particulars::default(),
            access_code: None,
            is_told: false,
        },
        Some(value) => told(&Form::required(Some(value), form.pointer("requirements"), faults), faults),
    }
}

fn told(form: &Form<'_>, faults: &mut Faults) -> Asked {
    for name in form.names().filter(|name| !REQUIREMENTS.contains(&name.as_str())) {
        let detail = format!("There is no such requirement; there are {}.", REQUIREMENTS.join(", "));
        faults.push(Fault::at(form.pointer(name), "unknown_requirement", detail));
    }
    let mut is = |name| form.boolean(name, faults).unwrap_or(false);
    let mut requirements = Requirements {
        access_code: is("accessCode"),
        email_code: is("emailCode"),
        foreign: is("foreign"),
        identity: is("identity"),
        in_person: is("inPerson"),
        photo: is("photo"),
        selfie: is("selfie"),
        silent: is("silent"),
        sms: is("sms"),
        video: is("video"),
        whatsapp: is("whatsapp"),
        ..Requirements::default()
    };
    let mut particulars = Particulars::default();
    match form.get("attachments") {
        Some(Value::Bool(asked)) => requirements.attachments = *asked,
        _ => {
            particulars.attachments =
                form.text("attachments", ATTACHMENTS_MAX, faults).filter(|text| !text.trim().is_empty());
            requirements.attachments = particulars.attachments.is_some();
        }
    }
    if let Some(form) = inner(form, "certificate", faults) {
        requirements.certificate = Some(form.one_of("kind", &CERTIFICATES, faults).unwrap_or(CertificateKind::Any));
        particulars.certificate_holder = fields::national_id(&form, "nationalId", faults);
    }
    requirements.language = form.one_of("language", &LANGUAGES, faults).map(|language| language.tag().to_owned());
    if let Some(form) = inner(form, "pix", faults) {
        requirements.pix = true;
        particulars.pix = holder(&form, faults);
    }
    if let Some(form) = inner(form, "score", faults) {
        let similarity = form.whole("similarity", (*SCORE.start()).into(), (*SCORE.end()).into(), faults);
        requirements.score = similarity.and_then(|similarity| u8::try_from(similarity).ok());
        if form.get("similarity").is_none() {
            faults.push(Fault::at(form.pointer("similarity"), "required", "similarity is required."));
        }
        particulars.score = holder(&form, faults).filter(|_| requirements.score.is_some());
    }
    Asked { requirements, particulars, access_code: None, is_told: true }
}

/// An object within; `false` is as good as none.
fn inner<'v>(form: &Form<'v>, name: &str, faults: &mut Faults) -> Option<Form<'v>> {
    let value = form.get(name).filter(|value| **value != Value::Bool(false))?;
    let form = Form::required(Some(value), form.pointer(name), faults);
    form.is_present().then_some(form)
}

/// Whose account or licence it must be: a person's.
fn holder(form: &Form<'_>, faults: &mut Faults) -> Option<Holder> {
    let name = form.required_line("name", NAME_MAX, faults).trim().to_owned();
    let national_id = fields::cpf(form, "nationalId", faults);
    if form.get("nationalId").is_none() {
        faults.push(Fault::at(form.pointer("nationalId"), "required", "nationalId is required."));
    }
    Some(Holder { name, national_id: national_id? })
}

/// Where somebody joins: `afterPosition`, or `order` with or without `pushBack`, or neither.
pub(super) fn position(form: &Form<'_>, order: Option<u32>, faults: &mut Faults) -> Position {
    let after = fields::whole(form, "afterPosition", 0, ORDER_MAX, faults);
    let push = form.boolean("pushBack", faults).unwrap_or(false);
    if form.get("afterPosition").is_some() && form.get("order").is_some() {
        faults.push(Fault::at(form.pointer("afterPosition"), "conflict", "Send afterPosition or order, not both."));
    }
    match (after, order) {
        (Some(after), _) => Position::After(after),
        (None, Some(_)) if push => Position::Before,
        (None, Some(_)) => Position::Beside,
        (None, None) => Position::Last,
    }
}

/// What is to be put right. A member that is left out stays, one that is null goes.
pub(super) struct WantedCorrection {
    pub(super) correction: Correction,
    /// The access code, if it is to be another: `Some(None)` = none any more.
    pub(super) access_code: Option<Option<String>>,
}

pub(super) fn correction(form: &Form<'_>, faults: &mut Faults) -> WantedCorrection {
    let email = form.line("email", EMAIL_MAX, faults).map(|email| email.trim().to_owned());
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        faults.push(Fault::at(form.pointer("email"), "invalid_email", "This is not an e-mail address."));
    }
    let name = form.line("name", NAME_MAX, faults).map(|name| name.trim().to_owned());
    if name.as_deref().is_some_and(str::is_empty) {
        faults.push(Fault::at(form.pointer("name"), "required", "name is required."));
    }
    for name in ["name", "email"].into_iter().filter(|name| form.mentions(name) && form.get(name).is_none()) {
        faults.push(Fault::at(form.pointer(name), "required", format!("{name} cannot be taken away.")));
    }
    for name in ["order", "role", "groupId"].into_iter().filter(|name| form.mentions(name)) {
        let detail = format!("{name} cannot be changed in flight: remove the signer, or replace them.");
        faults.push(Fault::at(form.pointer(name), "not_supported", detail));
    }
    let code = access_code(form, faults);
    let asked = form.mentions("requirements").then(|| requirements(form, faults));
    WantedCorrection {
        correction: Correction {
            birthday: change(form, "birthday", fields::day(form, "birthday", faults)),
            email,
            name,
            national_id: change(form, "nationalId", fields::national_id(form, "nationalId", faults)),
            phone: change(form, "phone", fields::phone(form, "phone", faults)),
            requirements: asked
                .map(|Asked { requirements, particulars, .. }| command::Asked { requirements, particulars }),
            ..Default::default()
        },
        access_code: form.mentions("accessCode").then_some(code),
    }
}

fn change<T>(form: &Form<'_>, name: &str, value: Option<T>) -> Change<T> {
    match value {
        Some(value) => Change::Set(value),
        None if form.mentions(name) => Change::Clear,
        None => Change::Keep,
    }
}

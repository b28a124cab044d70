//! Signers in: what `createlist` is sent, field by field, with every fault at once. What belongs to a switch that is off
//! is not looked at: seed 001's own body names the owner of an account that nobody is asked for.

use countersign_engine::command::{EMAIL_MAX, NAME_MAX, SIGNERS_MAX, TEXT_MAX};
use countersign_engine::national_id::{NationalId, NationalIdKind};
use countersign_engine::person::{Person, Phone};
use countersign_engine::requirement::{ACCESS_CODE_MAX, ATTACHMENTS_MAX, Holder, Particulars, Requirements, SCORE};
use countersign_engine::signer::Role;
use serde_json::Value;
use uuid::Uuid;

use super::vocabulary::{Code, role_of, switch};
use crate::http::fault::Fault;
use crate::http::form::{Faults, Form, is_email};

/// Ways in which a one-time code reaches a signer, as the vendor names them.
const CODES: [(&str, Option<Code>); 4] =
    [("", None), ("email", Some(Code::Email)), ("sms", Some(Code::Sms)), ("whats", Some(Code::Whatsapp))];
/// Languages of foreigners, and ours.
const LANGUAGES: [(&str, Option<&str>); 4] =
    [("", None), ("en", Some("en")), ("es", Some("es")), ("ptBR", Some("pt-BR"))];
/// Kinds of certificates.
const CERTIFICATES: [&str; 4] = ["", "1", "2", "3"];

/// A signer who is to join.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Where in the body they stand.
    pub(super) pointer: String,
    /// The vendor's code for what they do.
    pub(super) act: u8,
    /// What that is here.
    pub(super) role: Role,
    /// The signing group that signs in their place.
    pub(super) group: Option<Uuid>,
    /// Who it is.
    pub(super) person: Person,
    /// What they must prove, but for the access code.
    pub(super) requirements: Requirements,
    /// What is personal about that.
    pub(super) particulars: Particulars,
    /// Which documents they may hand in, as it came; blank if it did not.
    pub(super) upload_obs: String,
    /// The access code, as it came.
    pub(super) access_code: Option<String>,
    /// Behind the how manieth signer they act.
    pub(super) after: Option<u32>,
}

impl Wanted {
    /// The pointer of one of their fields.
    pub(super) fn at(&self, field: &str) -> String {
        format!("{}/{field}", self.pointer)
    }
}

/// The signers of a body. `has_means` = whether there is somebody for what needs an outside service.
pub(super) fn signers(body: &Value, has_means: bool, faults: &mut Faults) -> Vec<Wanted> {
    let form = Form::required(Some(body), "", faults);
    let before = faults.len();
    let items = form.list("signers", SIGNERS_MAX, faults).unwrap_or_default();
    if items.is_empty() && faults.len() == before {
        faults.push(Fault::at(form.pointer("signers"), "required", "signers names at least one."));
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    for (item, pointer) in items {
        let signer = signer(item, pointer, has_means, faults);
        let same =
            |other: &Wanted| other.act == signer.act && other.person.email.eq_ignore_ascii_case(&signer.person.email);
        if !signer.person.email.is_empty() && wanted.iter().any(same) {
            let detail = "This e-mail address is there already, for the same act.";
            faults.push(Fault::at(signer.at("email"), "duplicate", detail));
        }
        wanted.push(signer);
    }
    wanted
}

fn signer(item: &Value, pointer: String, has_means: bool, faults: &mut Faults) -> Wanted {
    let form = Form::required(Some(item), &pointer, faults);
    required(&form, &["act", "foreign", "certificadoicpbr", "assinatura_presencial"], faults);
    let group = group(&form, faults);
    let email = email(&form, group.is_some(), faults);
    let act = act(&form, faults);
    let (requirements, particulars) = asked(&form, has_means, faults);
    let phone = phone(&form, &requirements, faults);
    let named = particulars.pix.as_ref().or(particulars.score.as_ref()).map(|holder| holder.name.clone());
    let access_code = form.line("password_code", ACCESS_CODE_MAX, faults).filter(|code| !code.trim().is_empty());
    let after = after(&form, faults);
    let person = Person { phone, ..Person::new(named.unwrap_or_else(|| email.clone()), email) };
    let upload_obs = form.get("upload_obs").and_then(Value::as_str).unwrap_or_default().to_owned();
    let role = role_of(act);
    Wanted { act, role, group, person, requirements, particulars, upload_obs, access_code, after, pointer }
}

fn required(form: &Form<'_>, names: &[&str], faults: &mut Faults) {
    for name in names.iter().filter(|_| form.is_present()) {
        if form.get(name).is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty())) {
            faults.push(Fault::at(form.pointer(name), "required", format!("{name} is required.")));
        }
    }
}

/// A field that is blank or a text on one line.
fn line(form: &Form<'_>, name: &str, max: usize, faults: &mut Faults) -> Option<String> {
    let text = form.line(name, max, faults)?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn email(form: &Form<'_>, may_be_blank: bool, faults: &mut Faults) -> String {
    let email = line(form, "email", EMAIL_MAX, faults).unwrap_or_default();
    // What is no text, or too long a one, has a fault already.
    let is_told = form.get("email").is_some_and(|value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
    let fault = match email.is_empty() {
        true if may_be_blank || is_told => return email,
        true => ("required", "email is required."),
        false if is_email(&email) => return email,
        false => ("invalid_email", "This is not an e-mail address."),
    };
    if form.is_present() {
        faults.push(Fault::at(form.pointer("email"), fault.0, fault.1));
    }
    email
}

fn act(form: &Form<'_>, faults: &mut Faults) -> u8 {
    let Some(value) = form.get("act").filter(|value| **value != Value::String(String::new())) else { return 1 };
    let act = value.as_str().and_then(|text| text.trim().parse().ok()).filter(|act| (1..=13).contains(act));
    act.unwrap_or_else(|| {
        faults.push(Fault::at(form.pointer("act"), "unknown_value", "act is 1 to 13."));
        1
    })
}

fn group(form: &Form<'_>, faults: &mut Faults) -> Option<Uuid> {
    let text = line(form, "uuid_grupo", NAME_MAX, faults)?;
    let group = text.parse().ok();
    if group.is_none() {
        faults.push(Fault::at(form.pointer("uuid_grupo"), "wrong_type", "uuid_grupo must be a UUID."));
    }
    group
}

fn after(form: &Form<'_>, faults: &mut Faults) -> Option<u32> {
    let text = line(form, "after_position", NAME_MAX, faults)?;
    match text.parse() {
        // Clients send 0 for "nowhere in particular".
        Ok(0) => None,
        Ok(place) => Some(place),
        Err(_) => {
            let detail = "after_position is a whole number: behind the how manieth signer.";
            faults.push(Fault::at(form.pointer("after_position"), "wrong_type", detail));
            None
        }
    }
}

/// What a signer must prove, and what is personal about it. The vendor has every signer say who they are when they sign:
/// `foreign` says of whom "o CPF não será exigido", and `addinfo` is there for what they then need not write.
fn asked(form: &Form<'_>, has_means: bool, faults: &mut Faults) -> (Requirements, Particulars) {
    let foreign = switch(form, "foreign", faults);
    let selfie = switch(form, "docauthandselfie", faults);
    let code = code(form, faults);
    let whatsapp = form.get("whatsapp_number").is_some_and(|value| *value != Value::String(String::new()));
    let (attachments, which) = attachments(form, faults);
    let pix = switch(form, "auth_pix", faults).then(|| holder(form, "auth_pix", faults));
    let video = switch(form, "videoselfie", faults);
    let score = score(form, selfie || video, faults);
    certificate(form, faults);
    let requirements = Requirements {
        attachments,
        email_code: code == Some(Code::Email),
        foreign,
        identity: true,
        in_person: switch(form, "assinatura_presencial", faults),
        language: language(form, foreign, faults),
        photo: selfie || switch(form, "docauth", faults),
        pix: pix.is_some(),
        score: score.as_ref().map(|(similarity, _)| *similarity),
        selfie,
        silent: switch(form, "skipemail", faults),
        sms: code == Some(Code::Sms),
        video,
        whatsapp: whatsapp || code == Some(Code::Whatsapp),
        ..Requirements::default()
    };
    if !has_means {
        refuse_outside(form, &requirements, faults);
    }
    let score = score.and_then(|(_, holder)| holder);
    (requirements, Particulars { attachments: which, pix: pix.flatten(), score, ..Particulars::default() })
}

/// What needs an outside service is refused where none is configured: it must not seem to have been asked.
fn refuse_outside(form: &Form<'_>, asked: &Requirements, faults: &mut Faults) {
    let by_number = form.get("whatsapp_number").is_some_and(|value| *value != Value::String(String::new()));
    let code = if by_number && !asked.sms { "whatsapp_number" } else { "embed_methodauth" };
    let needed = [
        (asked.sms || asked.whatsapp, code),
        (asked.pix, "auth_pix"),
        (asked.video, "videoselfie"),
        (asked.score.is_some(), "d4sign_score"),
    ];
    for (_, name) in needed.iter().filter(|(asked, _)| *asked) {
        let detail = "This needs a gateway for identity checks, and none is configured.";
        faults.push(Fault::at(form.pointer(name), "gateway_needed", detail));
    }
}

fn code(form: &Form<'_>, faults: &mut Faults) -> Option<Code> {
    if form.get("embed_methodauth").and_then(Value::as_str) == Some("password") {
        let detail = "Signers have no accounts here: email, sms or whats.";
        faults.push(Fault::at(form.pointer("embed_methodauth"), "not_supported", detail));
        return None;
    }
    form.one_of("embed_methodauth", &CODES, faults).flatten()
}

fn language(form: &Form<'_>, foreign: bool, faults: &mut Faults) -> Option<String> {
    let language = form.one_of("foreign_lang", &LANGUAGES, faults).flatten()?;
    if !foreign && language != "pt-BR" {
        let detail = "Only a foreigner has another language: foreign must be 1.";
        faults.push(Fault::at(form.pointer("foreign_lang"), "conflict", detail));
    }
    Some(language.to_owned())
}

fn attachments(form: &Form<'_>, faults: &mut Faults) -> (bool, Option<String>) {
    if !switch(form, "upload_allow", faults) {
        return (false, None);
    }
    let which = form.text("upload_obs", ATTACHMENTS_MAX.min(TEXT_MAX), faults).filter(|text| !text.trim().is_empty());
    if which.is_none() && form.get("upload_obs").is_none_or(Value::is_string) {
        let detail = "upload_obs says which documents are to be handed in, as upload_allow is 1.";
        faults.push(Fault::at(form.pointer("upload_obs"), "required", detail));
    }
    (true, which)
}

/// The similarity and whose licence; `None` if none is asked for.
fn score(form: &Form<'_>, has_face: bool, faults: &mut Faults) -> Option<(u8, Option<Holder>)> {
    if !switch(form, "d4sign_score", faults) {
        return None;
    }
    if !has_face {
        let detail = "d4sign_score needs docauthandselfie or videoselfie.";
        faults.push(Fault::at(form.pointer("d4sign_score"), "conflict", detail));
    }
    let name = "d4sign_score_similarity";
    let similarity = line(form, name, NAME_MAX, faults);
    let told = similarity.as_deref().and_then(|text| text.parse().ok()).filter(|told| SCORE.contains(told));
    if told.is_none() {
        let code = if similarity.is_none() { "required" } else { "out_of_range" };
        faults.push(Fault::at(form.pointer(name), code, format!("{name} is a whole number from 70 to 90.")));
    }
    Some((told.unwrap_or(*SCORE.end()), holder(form, "d4sign_score", faults)))
}

/// The name and the CPF that a switch which is on needs.
fn holder(form: &Form<'_>, of: &str, faults: &mut Faults) -> Option<Holder> {
    let (name, cpf) = (format!("{of}_nome"), format!("{of}_cpf"));
    let called = line(form, &name, NAME_MAX, faults);
    if called.is_none() {
        faults.push(Fault::at(form.pointer(&name), "required", format!("{name} is required, as {of} is 1.")));
    }
    if line(form, &cpf, NAME_MAX, faults).is_none() {
        faults.push(Fault::at(form.pointer(&cpf), "required", format!("{cpf} is required, as {of} is 1.")));
    }
    let national_id = national_id(form, &cpf, NationalIdKind::Cpf, faults)?;
    Some(Holder { name: called?, national_id })
}

/// A taxpayer's number whose check digits are right; `None` if it is blank.
pub(super) fn national_id(
    form: &Form<'_>,
    name: &str,
    kind: NationalIdKind,
    faults: &mut Faults,
) -> Option<NationalId> {
    let text = line(form, name, NAME_MAX, faults)?;
    let wanted = if kind == NationalIdKind::Cpf { "CPF" } else { "CNPJ" };
    let detail = match NationalId::parse(&text) {
        Ok(id) if id.kind() == kind => return Some(id),
        Ok(_) => format!("{name} is a {wanted}."),
        Err(error) => error.to_string(),
    };
    faults.push(Fault::at(form.pointer(name), "invalid", detail));
    None
}

/// Whether a certificate is asked for, and everything that is wrong with how.
fn certificate(form: &Form<'_>, faults: &mut Faults) {
    if !switch(form, "certificadoicpbr", faults) {
        return;
    }
    let kind = form.get("certificadoicpbr_tipo").and_then(Value::as_str).unwrap_or_default();
    if !CERTIFICATES.contains(&kind) {
        let detail = "certificadoicpbr_tipo is 1, 2 or 3.";
        faults.push(Fault::at(form.pointer("certificadoicpbr_tipo"), "unknown_value", detail));
    }
    let holders =
        [("certificadoicpbr_cpf", NationalIdKind::Cpf, "2"), ("certificadoicpbr_cnpj", NationalIdKind::Cnpj, "3")];
    for (name, whose, needed) in holders {
        if national_id(form, name, whose, faults).is_some() && kind != needed {
            let detail = format!("{name} needs certificadoicpbr_tipo {needed}.");
            faults.push(Fault::at(form.pointer(name), "conflict", detail));
        }
    }
    let detail = "Our own pages cannot take a signature with a certificate.";
    faults.push(Fault::at(form.pointer("certificadoicpbr"), "not_supported", detail));
}

/// The telephone: a signer has one, whatever it is for.
fn phone(form: &Form<'_>, asked: &Requirements, faults: &mut Faults) -> Option<Phone> {
    let sms = number(form, "embed_smsnumber", faults);
    let whatsapp = number(form, "whatsapp_number", faults);
    if let (Some(sms), Some(whatsapp)) = (&sms, &whatsapp)
        && sms != whatsapp
    {
        let detail = "A signer has one telephone number: leave this out, or make it the same as embed_smsnumber.";
        faults.push(Fault::at(form.pointer("whatsapp_number"), "conflict", detail));
    }
    let blank = |name: &str| form.get(name).is_none_or(|value| *value == Value::String(String::new()));
    if (asked.sms || asked.whatsapp) && blank("embed_smsnumber") && blank("whatsapp_number") {
        let detail = "A code by SMS or WhatsApp needs a telephone number.";
        faults.push(Fault::at(form.pointer("embed_smsnumber"), "required", detail));
    }
    sms.or(whatsapp)
}

/// A telephone number; `None` if it is blank.
pub(super) fn number(form: &Form<'_>, name: &str, faults: &mut Faults) -> Option<Phone> {
    let text = line(form, name, NAME_MAX, faults)?;
    let phone = text.parse();
    if let Err(error) = &phone {
        faults.push(Fault::at(form.pointer(name), "invalid", format!("{error}")));
    }
    phone.ok()
}

//! A signer in the vendor's words: the fields of `createlist`, and those of `addinfo`.

use countersign_engine::national_id::NationalIdKind;
use countersign_engine::requirement::CertificateKind;
use countersign_engine::signer::{Role, Signer};
use serde_json::{Value, json};

use crate::dialects::d4sign::vocabulary::DAY;

/// The item of `createlist` for a signer. `access_code` is the code in clear, where one is asked for.
pub(super) fn item(signer: &Signer, access_code: Option<&str>) -> Value {
    let asked = &signer.terms.requirements;
    let particulars = &signer.particulars;
    let phone = signer.person.as_ref().and_then(|person| person.phone.as_ref()).map(|phone| phone.as_str());
    let phone = phone.unwrap_or_default();
    let mut item = json!({
        "email": signer.email(),
        "act": act(signer),
        "foreign": digit(asked.foreign),
        "certificadoicpbr": digit(asked.certificate.is_some()),
        "assinatura_presencial": digit(asked.in_person),
        "docauth": digit(asked.photo),
        "docauthandselfie": digit(asked.selfie),
        "videoselfie": digit(asked.video),
        "skipemail": digit(asked.silent),
        "upload_allow": digit(asked.attachments),
    });
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            item[name] = Value::String(value);
        }
    };
    // Whoever is asked for no code is dealt with as the vendor deals with its signers by itself.
    let code = if asked.sms { Some("sms") } else { asked.email_code.then_some("email") };
    put("embed_methodauth", code.map(str::to_owned));
    put("embed_smsnumber", asked.sms.then(|| phone.to_owned()));
    put("foreign_lang", asked.language.as_deref().filter(|_| asked.foreign).map(language));
    put("upload_obs", particulars.attachments.clone());
    put("whatsapp_number", asked.whatsapp.then(|| phone.to_owned()));
    put("password_code", access_code.map(str::to_owned));
    if let Some(kind) = asked.certificate {
        let (code, holder) = match kind {
            CertificateKind::Any => ("1", None),
            CertificateKind::ECpf => ("2", Some("certificadoicpbr_cpf")),
            CertificateKind::ECnpj => ("3", Some("certificadoicpbr_cnpj")),
        };
        put("certificadoicpbr_tipo", Some(code.to_owned()));
        if let Some(name) = holder {
            put(name, particulars.certificate_holder.as_ref().map(|id| id.bare().to_owned()));
        }
    }
    if let Some(holder) = particulars.pix.as_ref().filter(|_| asked.pix) {
        put("auth_pix", Some("1".to_owned()));
        put("auth_pix_nome", Some(holder.name.clone()));
        put("auth_pix_cpf", Some(holder.national_id.bare().to_owned()));
    }
    if let (Some(similarity), Some(holder)) = (asked.score, &particulars.score) {
        put("d4sign_score", Some("1".to_owned()));
        put("d4sign_score_nome", Some(holder.name.clone()));
        put("d4sign_score_cpf", Some(holder.national_id.bare().to_owned()));
        put("d4sign_score_similarity", Some(similarity.to_string()));
    }
    item
}

/// Who somebody is who signs in person, as the sender knows them: of nobody else the vendor takes it. `None` if nothing is
/// known that the vendor asks for.
pub(super) fn info(signer: &Signer, key: &str) -> Option<Value> {
    let person = signer.as_named().filter(|_| signer.terms.requirements.in_person)?;
    let cpf = person.national_id.as_ref().filter(|id| id.kind() == NationalIdKind::Cpf);
    let known = [
        ("display_name", Some(person.name.clone()).filter(|name| *name != person.email)),
        ("documentation", cpf.map(|cpf| cpf.bare().to_owned())),
        ("birthday", person.birthday.map(|day| day.strftime(DAY).to_string())),
    ];
    let mut info = json!({});
    for (name, value) in known {
        if let Some(value) = value {
            info[name] = Value::String(value);
        }
    }
    if info.as_object().is_none_or(|known| known.is_empty()) {
        return None;
    }
    info["email"] = json!(signer.email());
    info["key_signer"] = json!(key);
    Some(info)
}

/// The vendor's code of what somebody does: the one that they came with, or that of their role.
fn act(signer: &Signer) -> String {
    let code = signer.terms.capacity.filter(|code| (1..=13).contains(code)).unwrap_or(match signer.terms.role {
        Role::Approver => 2,
        Role::Acknowledger => 7,
        Role::Witness => 5,
        Role::Signer | Role::Copied | Role::Viewer => 1,
    });
    code.to_string()
}

fn language(tag: &str) -> String {
    match tag.split('-').next() {
        Some("pt") => "ptBR".to_owned(),
        Some(other) => other.to_owned(),
        None => "en".to_owned(),
    }
}

fn digit(on: bool) -> &'static str {
    if on { "1" } else { "0" }
}

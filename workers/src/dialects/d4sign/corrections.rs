//! What is put right about a signer: address, telephone, access code, who they are; and that one leaves. Whoever has
//! acted stays as they are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_engine::command::{Change, Correction, EMAIL_MAX, NAME_MAX, Wish};
use countersign_engine::event::Actor;
use countersign_engine::national_id::NationalIdKind;
use countersign_engine::refusal::Code;
use countersign_engine::request::Request;
use countersign_engine::requirement::ACCESS_CODE_MAX;
use countersign_engine::signer::Signer;
use jiff::civil::Date;
use serde_json::Value;

use super::body::Body;
use super::call::Call;
use super::finding::{answered, find_request, receipt_for, wished};
use super::problem::{Id, Problems};
use super::read::{national_id, number};
use super::vocabulary::{DAY, signer_of};
use super::wire::{
    D4SignChangeCode, D4SignChangeEmail, D4SignChangeSms, D4SignInfo, D4SignInfoChanged, D4SignMessage, D4SignRemove,
};
use crate::commit::{Failure, Receipt};
use crate::http::Floor;
use crate::http::auth::{Caller, Permission};
use crate::http::fault::Fault;
use crate::http::fields;
use crate::http::form::{Faults, Form, is_email};
use crate::service::ServiceError;
use crate::service::corrections::Corrector;

/// A call that puts something right, as far as it is read.
struct Asked {
    caller: Caller,
    /// The document; where the call is a repeat, as the first one left it.
    request: Arc<Request>,
    receipt: Option<Receipt>,
    is_repeat: bool,
}

impl Asked {
    async fn of(floor: &Floor, call: &Call, (id, action): (&str, &str), body: &Body) -> Result<Self, Problems> {
        let caller = call.admit_with(floor, Permission::Create, &body.value).await?;
        let receipt = receipt_for(call, id, action, body)?;
        let before = floor.service.made_before(&caller.organization, receipt.as_ref()).await?;
        let is_repeat = before.is_some();
        let request = match before {
            Some(before) => Arc::new(before),
            None => find_request(floor, &caller, id).await?,
        };
        Ok(Self { caller, request, receipt, is_repeat })
    }

    async fn correct(self, floor: &Floor, signer: &Signer, correction: Correction) -> Result<Arc<Request>, Problems> {
        let Self { caller, request, receipt, .. } = self;
        let (organization, actor) = (caller.organization.clone(), Actor::Key(caller.key));
        let by = Corrector { organization, request: request.id, actor, receipt };
        match floor.service.correct(by, signer.id(), correction).await {
            Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::Duplicate => {
                Err(Fault::from(refusal).with_pointer("/email-after").into())
            }
            done => answered(floor, &caller, request.id, done).await,
        }
    }
}

/// Gives a signer another address, or, where the old one was their telephone number, another number. Their link dies and
/// they are written to anew.
#[utoipa::path(
    post, path = "/documents/{id}/changeemail", tag = "D4Sign", request_body = D4SignChangeEmail,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 200, body = D4SignMessage), (status = 409, body = D4SignMessage, description = "They have acted")),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn change_email(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignMessage>, Problems> {
    let asked = Asked::of(&floor, &call, (&id, "changeemail"), &body).await?;
    if !asked.is_repeat {
        let mut faults = Faults::new();
        let form = Form::required(Some(&body.value), "", &mut faults);
        let request = Arc::clone(&asked.request);
        let signer = signer(&request, &form, ("email-before", "key-signer"), &mut faults);
        let correction = other_address(signer, &form, &mut faults);
        if let Some(signer) = Problems::unless(faults, signer)? {
            asked.correct(&floor, signer, correction).await?;
        }
    }
    Ok(Json("E-mail changed".into()))
}

/// What `email-after` puts right. A number takes the place of a number only: letters go to the e-mail address, and one that
/// was to be given up would still get them.
fn other_address(signer: Option<&Signer>, form: &Form<'_>, faults: &mut Faults) -> Correction {
    let after = form.required_line("email-after", EMAIL_MAX, faults).trim().to_owned();
    let is_number = |text: &str| text.trim().starts_with('+') && !text.contains('@');
    if is_number(&after) {
        if !form.get("email-before").and_then(Value::as_str).is_some_and(is_number) {
            let detail = "A number takes the place of a number, and email-before is none; or changesmsnumber.";
            faults.push(Fault::at(form.pointer("email-after"), "not_an_email", detail));
        }
        let phone = number(form, "email-after", faults).map_or(Change::Keep, Change::Set);
        return Correction { phone, ..Correction::default() };
    }
    if !after.is_empty() && !is_email(&after) {
        faults.push(Fault::at(form.pointer("email-after"), "invalid_email", "This is not an e-mail address."));
    }
    // Who is only known by their address is still only known by it.
    let unnamed = signer.and_then(Signer::as_named).is_some_and(|named| named.name == named.email);
    Correction { name: unnamed.then(|| after.clone()), email: Some(after), ..Correction::default() }
}

/// Gives a signer another telephone number.
#[utoipa::path(
    post, path = "/documents/{id}/changesmsnumber", tag = "D4Sign", request_body = D4SignChangeSms,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 200, body = D4SignMessage), (status = 409, body = D4SignMessage, description = "They have acted")),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn change_sms(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignMessage>, Problems> {
    let asked = Asked::of(&floor, &call, (&id, "changesmsnumber"), &body).await?;
    if !asked.is_repeat {
        let mut faults = Faults::new();
        let form = Form::required(Some(&body.value), "", &mut faults);
        let request = Arc::clone(&asked.request);
        let signer = signer(&request, &form, ("email", "key-signer"), &mut faults);
        form.required_line("sms-number", NAME_MAX, &mut faults);
        let phone = number(&form, "sms-number", &mut faults);
        if let (Some(signer), Some(phone)) = Problems::unless(faults, (signer, phone))? {
            asked.correct(&floor, signer, Correction { phone: Change::Set(phone), ..Correction::default() }).await?;
        }
    }
    Ok(Json("SMS number changed".into()))
}

/// Gives a signer another code that they must know; a blank one takes the present one away.
#[utoipa::path(
    post, path = "/documents/{id}/changepasswordcode", tag = "D4Sign", request_body = D4SignChangeCode,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 200, body = D4SignMessage), (status = 409, body = D4SignMessage, description = "They have acted")),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn change_code(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignMessage>, Problems> {
    let asked = Asked::of(&floor, &call, (&id, "changepasswordcode"), &body).await?;
    if !asked.is_repeat {
        let mut faults = Faults::new();
        let form = Form::required(Some(&body.value), "", &mut faults);
        let request = Arc::clone(&asked.request);
        let signer = signer(&request, &form, ("email", "key-signer"), &mut faults);
        let code = form.line("password-code", ACCESS_CODE_MAX, &mut faults).filter(|code| !code.trim().is_empty());
        if let Some(signer) = Problems::unless(faults, signer)? {
            let access_code = floor.service.access_code_change(signer, code.as_deref())?;
            asked.correct(&floor, signer, Correction { access_code, ..Correction::default() }).await?;
        }
    }
    Ok(Json("Password code changed".into()))
}

/// Takes a signer out of the document; their link dies.
#[utoipa::path(
    post, path = "/documents/{id}/removeemaillist", tag = "D4Sign", request_body = D4SignRemove,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses((status = 200, body = D4SignMessage), (status = 409, body = D4SignMessage, description = "They have acted")),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn remove(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignMessage>, Problems> {
    let asked = Asked::of(&floor, &call, (&id, "removeemaillist"), &body).await?;
    let Asked { caller, request, receipt, is_repeat } = asked;
    if !is_repeat {
        let mut faults = Faults::new();
        let form = Form::required(Some(&body.value), "", &mut faults);
        form.required_line("key-signer", NAME_MAX, &mut faults);
        let signer = signer(&request, &form, ("email-signer", "key-signer"), &mut faults);
        if let Some(signer) = Problems::unless(faults, signer)? {
            wished(&floor, &caller, request.id, Wish::Remove { signer: signer.id() }, receipt).await?;
        }
    }
    Ok(Json("E-mail has removed".into()))
}

/// Writes down who a signer is who signs in person, so that they need not say it.
#[utoipa::path(
    post, path = "/documents/{id}/addinfo", tag = "D4Sign", request_body = D4SignInfo,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignInfoChanged),
        (status = 422, body = D4SignMessage, description = "They do not sign in person"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn add_info(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignInfoChanged>, Problems> {
    let asked = Asked::of(&floor, &call, (&id, "addinfo"), &body).await?;
    let mut faults = Faults::new();
    let form = Form::required(Some(&body.value), "", &mut faults);
    let request = Arc::clone(&asked.request);
    let signer = signer(&request, &form, ("email", "key_signer"), &mut faults);
    if signer.is_some_and(|signer| !signer.terms.requirements.in_person) {
        let detail = "Only of somebody who signs in person (assinatura_presencial) this is written down.";
        faults.push(Fault::at(form.pointer("email"), "not_in_person", detail));
    }
    let name = form.line("display_name", NAME_MAX, &mut faults).filter(|name| !name.trim().is_empty());
    let cpf = national_id(&form, "documentation", NationalIdKind::Cpf, &mut faults);
    let birthday = birthday(&form, floor.service.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date(), &mut faults);
    let Some(signer) = Problems::unless(faults, signer)? else { return Err(Fault::not_found("signer").into()) };
    let correction = Correction {
        name: name.map(|name| name.trim().to_owned()),
        national_id: cpf.map_or(Change::Keep, Change::Set),
        birthday: birthday.map_or(Change::Keep, Change::Set),
        ..Correction::default()
    };
    let document = request.id.0;
    let after = if asked.is_repeat { Arc::clone(&request) } else { asked.correct(&floor, signer, correction).await? };
    let person = after.signer(signer.id()).and_then(|signer| signer.person.clone());
    let person = person.ok_or_else(|| Fault::not_found("signer"))?;
    // What the call says is answered as it was written.
    let told = |name| Some(form.get(name)?.as_str()?.trim().to_owned()).filter(|text| !text.is_empty());
    let national_id = person.national_id.map(|id| id.bare().to_owned());
    let birthday = person.birthday.map(|day| day.strftime(DAY).to_string());
    Ok(Json(D4SignInfoChanged {
        uuid_doc: document,
        email: person.email,
        name: person.name,
        documentation: told("documentation").or(national_id).unwrap_or_default(),
        birthday: told("birthday").or(birthday).unwrap_or_default(),
        status: "changed",
    }))
}

/// The signer with an address, or with a telephone number, and with a key if one is named.
pub(super) fn signer<'r>(
    request: &'r Request,
    form: &Form<'_>,
    (email, key): (&str, &str),
    faults: &mut Faults,
) -> Option<&'r Signer> {
    let address = form.required_line(email, EMAIL_MAX, faults).trim().to_owned();
    let told = form.line(key, NAME_MAX, faults).filter(|key| !key.trim().is_empty());
    if address.is_empty() {
        return None;
    }
    let has_address = |signer: &&Signer| {
        let phone = signer.person.as_ref().and_then(|person| person.phone.as_ref());
        signer.email().eq_ignore_ascii_case(&address) || phone.is_some_and(|phone| phone.as_str() == address)
    };
    let acting = request.signers.iter().map(AsRef::as_ref).filter(|signer: &&Signer| signer.terms.role.acts());
    let mut found: Vec<&Signer> = acting.filter(has_address).collect();
    let not_found = |pointer: String, detail: &str| Fault {
        status: StatusCode::NOT_FOUND,
        ..Fault::at(pointer, "signer_not_found", detail)
    };
    if found.is_empty() {
        faults.push(not_found(form.pointer(email), "The document has no such signer."));
        return None;
    }
    if let Some(told) = &told {
        let id = signer_of(told);
        found.retain(|signer| id == Some(signer.id()));
        if found.is_empty() {
            faults.push(not_found(form.pointer(key), "This is not the key of that signer."));
        }
    } else if found.len() > 1 {
        let detail = "Two signers have this address: name the key of one.";
        faults.push(Fault::at(form.pointer(key), "ambiguous", detail));
        return None;
    }
    found.first().copied()
}

/// A day of birth that is over, as `1990-12-31` or `31/12/1990`; `None` if it is blank.
fn birthday(form: &Form<'_>, today: Date, faults: &mut Faults) -> Option<Date> {
    let text = form.line("birthday", NAME_MAX, faults)?.trim().to_owned();
    if text.is_empty() {
        return None;
    }
    let day = fields::birthday(&text, today);
    if day.is_none() {
        let detail = "A day of birth is written as 1990-12-31 or 31/12/1990.";
        faults.push(Fault::at(form.pointer("birthday"), "invalid", detail));
    }
    day
}

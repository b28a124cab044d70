//! The steps before a signature: what a signer is asked to prove, one after the other, each a page with a plain form.
//! What is typed or taken there goes to `service::proving`; here it is read, and told how it went.
//!
//! Nothing of a document is shown before every code that is asked for was given ([`Signer::may_look`]). What is handed
//! in after that may be thought over with the document at hand: its links stand below.

use std::collections::BTreeMap;

use axum::extract::{FromRequest as _, Multipart, Path, Request as HttpRequest, State};
use axum::http::header::REFERRER_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use countersign_engine::command::{NAME_MAX, Wish};
use countersign_engine::national_id::{NationalId, NationalIdKind};
use countersign_engine::person::Person;
use countersign_engine::refusal::Code;
use countersign_engine::requirement::Method;
use countersign_engine::signer::Signer;
use jiff::tz::TimeZone;

use super::floor::{closed, failed, html, is_own_origin, sender};
use super::text::words;
use super::told::{self, Told, told};
use super::view::{ClosedReason, FileLink, Payment, Step, StepFault, StepPage};
use super::visit::Visit;
use crate::commit::Failure;
use crate::http::{Floor, fields, upload};
use crate::service::ServiceError;
use crate::service::proofs::{ATTACHMENTS_MAX, FILE_MAX_BYTES, Handed};
use crate::service::proving::{NotProved, Prover};

/// Largest form of a step, in bytes: as many attachments as are taken, which are more than a video.
pub(super) const FORM_MAX_BYTES: usize = ATTACHMENTS_MAX * FILE_MAX_BYTES + 1024 * 1024;
/// Largest form without files.
const FIELDS_MAX_BYTES: usize = 16 * 1024;

/// What was typed into a form, by the fields' names.
type Fields = BTreeMap<String, String>;

/// What came in a form.
#[derive(Debug, Default)]
struct Form {
    fields: Fields,
    files: Vec<Handed>,
}

/// The page of the step that is next; `None` if everything was proved.
pub(super) async fn next(floor: &Floor, visit: &Visit) -> Option<Response> {
    let method = visit.signer().unproved().next()?;
    Some(page(floor, visit, method, None, &Fields::new()).await)
}

/// `POST /sign/{request}/steps/{method}`: proves something.
pub(super) async fn prove(
    State(floor): State<Floor>,
    Path((_, method)): Path<(String, String)>,
    visit: Visit,
    request: HttpRequest,
) -> Response {
    let (method, Form { fields, files }) = match entered(&floor, &visit, &method, request).await {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    let prover = visit.prover(&floor);
    let code = || fields.get("code").map_or("", String::as_str);
    let proved = match method {
        Method::AccessCode => prover.access_code(code()).await,
        Method::EmailCode | Method::SmsCode | Method::WhatsappCode => prover.code(method, code()).await,
        Method::Identity | Method::InPerson => match person(&floor, &visit, &fields) {
            Ok(person) => prover.statement(method, person).await,
            Err(faults) => {
                let told = Told { status: StatusCode::UNPROCESSABLE_ENTITY, faults };
                return page(&floor, &visit, method, Some(told), &fields).await;
            }
        },
        Method::Photo | Method::Selfie | Method::VideoSelfie | Method::Attachments => prover.files(method, files).await,
        // Asking how it stands is what the page does: whoever presses is told if nothing came.
        Method::Pix => {
            let told = told::pending(words(visit.language).steps.pix_pending);
            return page(&floor, &visit, method, Some(told), &fields).await;
        }
        Method::Score => score(&floor, &visit, prover, files).await,
    };
    concluded(&floor, &visit, method, proved, &fields).await
}

/// `POST /sign/{request}/steps/{method}/send`: asks for a code, or a payment.
pub(super) async fn send(
    State(floor): State<Floor>,
    Path((_, method)): Path<(String, String)>,
    visit: Visit,
    request: HttpRequest,
) -> Response {
    let (method, form) = match entered(&floor, &visit, &method, request).await {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    let asked = visit.prover(&floor).challenge(method).await;
    concluded(&floor, &visit, method, asked, &form.fields).await
}

/// `POST /sign/{request}/steps/decline`: refuses, without having proved everything.
pub(super) async fn decline(State(floor): State<Floor>, visit: Visit, request: HttpRequest) -> Response {
    if let Some(response) = turned_away(&floor, &visit, &request) {
        return response;
    }
    let form = read(request).await.unwrap_or_default();
    let reason = form.fields.get("reason").cloned().unwrap_or_default();
    let wish = Wish::Decline { signer: visit.session.signer, round: visit.session.round, reason };
    match floor.service.submit(visit.order(wish)).await {
        Ok(_) => visit.to("/done"),
        Err(ServiceError::Commit(Failure::Refused(_))) => visit.to(""),
        Err(error) => failed(visit.language, &error),
    }
}

/// The step that is meant and what came with it, if it is the one that is next.
async fn entered(
    floor: &Floor,
    visit: &Visit,
    method: &str,
    request: HttpRequest,
) -> Result<(Method, Form), Box<Response>> {
    if let Some(response) = turned_away(floor, visit, &request) {
        return Err(response.into());
    }
    let next = visit.signer().unproved().next();
    let Some(method) = next.filter(|next| next.as_str() == method) else { return Err(visit.to("").into()) };
    match read(request).await {
        Ok(form) => Ok((method, form)),
        Err(TooLarge) => {
            let text = words(visit.language).step_faults.form_large.to_owned();
            let told = Told { status: StatusCode::PAYLOAD_TOO_LARGE, faults: vec![StepFault { field: "file", text }] };
            Err(page(floor, visit, method, Some(told), &Fields::new()).await.into())
        }
    }
}

/// Why nothing is taken from this call, if so.
fn turned_away(floor: &Floor, visit: &Visit, request: &HttpRequest) -> Option<Response> {
    if !is_own_origin(floor, request.headers()) {
        return Some(closed(visit.language, ClosedReason::Unknown, None));
    }
    if visit.signer().has_acted() {
        return Some(visit.to("/done"));
    }
    visit.closed_because(floor).map(|reason| closed(visit.language, reason, Some(&visit.request)))
}

/// A form that is larger than any may be.
#[derive(Debug)]
struct TooLarge;

/// A form of either kind, as far as it can be read: what is missing is told like what was left empty.
async fn read(request: HttpRequest) -> Result<Form, TooLarge> {
    let mut form = Form::default();
    if !upload::is_form(request.headers()) {
        let body = axum::body::to_bytes(request.into_body(), FIELDS_MAX_BYTES).await.map_err(|_| TooLarge)?;
        form.fields = serde_urlencoded::from_bytes(&body).unwrap_or_default();
        return Ok(form);
    }
    let Ok(mut parts) = Multipart::from_request(request, &()).await else { return Ok(form) };
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(TooLarge),
            Ok(None) | Err(_) => return Ok(form),
        };
        let (name, file) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(str::to_owned));
        let bytes = match part.bytes().await {
            Ok(bytes) => bytes,
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Err(TooLarge),
            Err(_) => return Ok(Form::default()),
        };
        match file {
            // A field for a file that stays empty comes along without a name.
            Some(file) if file.is_empty() && bytes.is_empty() => {}
            Some(name) => form.files.push(Handed { name, bytes: bytes.into() }),
            None => drop(form.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}

/// Compares faces, with a picture or video that is given once more, if there is one.
async fn score(floor: &Floor, visit: &Visit, prover: Prover<'_>, again: Vec<Handed>) -> Result<(), NotProved> {
    if again.is_empty() {
        return prover.score().await;
    }
    prover.files(retaken(visit), again).await?;
    // What was just given is compared: the request as it is now.
    let Some(loaded) = floor.service.behind_link(visit.request.id).await? else { return Err(NotProved::CodeGone) };
    match loaded.request.signer(visit.session.signer) {
        Some(signer) => Prover { request: &loaded.request, signer, ..prover }.score().await,
        None => Err(NotProved::CodeGone),
    }
}

/// What shows the face that is compared.
fn retaken(visit: &Visit) -> Method {
    if visit.signer().terms.requirements.video { Method::VideoSelfie } else { Method::Selfie }
}

/// Who they say they are, or all that is wrong with it; what is known of them otherwise stays.
fn person(floor: &Floor, visit: &Visit, typed: &Fields) -> Result<Person, Vec<StepFault>> {
    let told = &words(visit.language).step_faults;
    let field = |name: &str| typed.get(name).map(|value| value.trim()).unwrap_or_default();
    let signer = visit.signer();
    let known = signer.person.clone().unwrap_or_else(|| Person::new("", ""));

    let name = field("name");
    let is_name = !name.is_empty() && name.chars().count() <= NAME_MAX && !name.contains(char::is_control);
    let national_id = match signer.terms.requirements.foreign {
        true => Ok(known.national_id),
        false => NationalId::cpf(field("cpf")).map(Some),
    };
    let today = floor.service.clock.now().to_zoned(TimeZone::UTC).date();
    let birthday = fields::birthday(field("birthday"), today);

    let faults = [
        (!is_name, "name", told.bad_name),
        (national_id.is_err(), "cpf", told.bad_cpf),
        (birthday.is_none(), "birthday", told.bad_birthday),
    ];
    match (national_id, birthday) {
        (Ok(national_id), Some(_)) if is_name => Ok(Person { name: name.to_owned(), national_id, birthday, ..known }),
        _ => {
            let wrong = faults.into_iter().filter(|(is_wrong, ..)| *is_wrong);
            Err(wrong.map(|(_, field, text)| StepFault { field, text: text.to_owned() }).collect())
        }
    }
}

/// What follows a try: the next page, or the same with what is wrong.
async fn concluded(
    floor: &Floor,
    visit: &Visit,
    method: Method,
    result: Result<(), NotProved>,
    typed: &Fields,
) -> Response {
    match result {
        Ok(()) => visit.to(""),
        Err(NotProved::Service(error)) => failed(visit.language, &error),
        // The state of things is another than the page showed: it is shown again as it is.
        Err(NotProved::Refused(refusal)) if !is_told(refusal.code) => visit.to(""),
        Err(error) => page(floor, visit, method, Some(told(&error, visit.language)), typed).await,
    }
}

/// Whether a refusal is about what was just asked, and not about how the request stands.
fn is_told(code: Code) -> bool {
    matches!(code, Code::TooSoon | Code::TooManyChallenges)
}

async fn page(floor: &Floor, visit: &Visit, method: Method, told: Option<Told>, typed: &Fields) -> Response {
    let (step, told) = match step(floor, visit, method, typed).await {
        Ok(step) => (step, told),
        // Paid, meanwhile.
        Err(Unshown::Proved) => return visit.to(""),
        Err(Unshown::Failed(error)) => return failed(visit.language, &error),
        Err(Unshown::NotPaid(step, why)) => (step, told.filter(|told| !told.is_pending()).or(Some(why))),
    };
    let signer = visit.signer();
    let asked: Vec<Method> = signer.terms.requirements.methods().collect();
    let pending = told.as_ref().is_some_and(Told::is_pending);
    let Told { status, faults } = told.unwrap_or(Told { status: StatusCode::OK, faults: Vec::new() });
    let page = StepPage {
        language: visit.language,
        organization: sender(&visit.request),
        title: visit.request.title.clone().filter(|_| signer.may_look()),
        request: visit.request.id.to_string(),
        number: asked.iter().position(|other| *other == method).unwrap_or(0) + 1,
        total: asked.len(),
        step,
        faults,
        pending,
        documents: documents(visit),
    };
    let mut response = html(status, &page);
    // A form's `Origin` is hidden with the referrer; the page's own address holds no secret, its link was exchanged.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// The documents, once they may be read.
fn documents(visit: &Visit) -> Vec<FileLink> {
    if !visit.signer().may_look() {
        return Vec::new();
    }
    let request = &visit.request;
    let link = |place: usize| FileLink {
        name: request.file_name(place).to_owned(),
        url: format!("/sign/{}/documents/{place}", request.id),
    };
    (0..request.terms.documents.len()).map(link).collect()
}

/// Why a step is not shown as it was asked for.
enum Unshown {
    /// It turned out to be done.
    Proved,
    /// The payment is to be asked for again.
    NotPaid(Step, Told),
    /// Our own trouble.
    Failed(ServiceError),
}

async fn step(floor: &Floor, visit: &Visit, method: Method, typed: &Fields) -> Result<Step, Unshown> {
    let signer = visit.signer();
    let prover = visit.prover(floor);
    let asked = &signer.particulars;
    let person = signer.person.as_ref();
    Ok(match method {
        Method::AccessCode => Step::AccessCode,
        Method::EmailCode | Method::SmsCode | Method::WhatsappCode => {
            let challenge = prover.live_challenge(method);
            let test = challenge.filter(|_| visit.request.is_test());
            let code = |seq| floor.service.one_time_code(visit.request.id, signer.id(), method, seq);
            let phone = person.and_then(|person| person.phone.as_ref());
            let to = match method {
                Method::EmailCode => masked_email(signer.email()),
                _ => phone.map(|phone| masked_phone(phone.as_str())).unwrap_or_default(),
            };
            let test_code = test.map(|challenge| code(challenge.seq));
            Step::Code { method, to, sent: challenge.is_some(), test_code }
        }
        Method::Identity | Method::InPerson => statement(signer, method, typed),
        Method::Photo | Method::Selfie | Method::VideoSelfie => Step::Files { method, asked: None },
        Method::Attachments => Step::Files { method, asked: asked.attachments.clone() },
        Method::Pix => return payment(visit, prover).await,
        Method::Score => {
            let (name, cpf) = holder(asked.score.as_ref());
            let failed = prover.has_failed(Method::Score).await.map_err(Unshown::Failed)?;
            Step::Score { name, cpf, retake: failed.then(|| retaken(visit)) }
        }
    })
}

/// The form of who somebody is, with what they typed, or else what is known of them.
fn statement(signer: &Signer, method: Method, typed: &Fields) -> Step {
    let typed = |name: &str| typed.get(name).cloned();
    let person = signer.person.as_ref();
    // Who is only known by their address is called by it: that is nobody's name.
    let name = Some(signer.name()).filter(|name| *name != signer.email()).map(str::to_owned);
    let cpf = person.and_then(|person| person.national_id.as_ref()).filter(|id| id.kind() == NationalIdKind::Cpf);
    let born = person.and_then(|person| person.birthday.map(|date| date.to_string()));
    Step::Statement {
        method,
        name: typed("name").or(name).unwrap_or_default(),
        cpf: (!signer.terms.requirements.foreign)
            .then(|| typed("cpf").or(cpf.map(NationalId::punctuated)).unwrap_or_default()),
        birthday: typed("birthday").or(born).unwrap_or_default(),
    }
}

async fn payment(visit: &Visit, prover: Prover<'_>) -> Result<Step, Unshown> {
    let (name, cpf) = holder(visit.signer().particulars.pix.as_ref());
    let step = |payment| Step::Pix { name, cpf, payment };
    if prover.live_challenge(Method::Pix).is_none() {
        return Ok(step(None));
    }
    match prover.payment().await {
        Ok(Some(due)) => Ok(step(Some(Payment { text: due.text, amount: due.amount }))),
        Ok(None) => Err(Unshown::Proved),
        Err(NotProved::Service(error)) => Err(Unshown::Failed(error)),
        Err(error) => Err(Unshown::NotPaid(step(None), told(&error, visit.language))),
    }
}

/// Whose account or licence it must be, and their number, mostly hidden.
fn holder(holder: Option<&countersign_engine::requirement::Holder>) -> (String, String) {
    holder.map(|holder| (holder.name.clone(), holder.national_id.masked())).unwrap_or_default()
}

/// An address of which its owner knows the rest.
fn masked_email(email: &str) -> String {
    match email.split_once('@') {
        Some((user, host)) => format!("{}•••@{host}", user.chars().take(1).collect::<String>()),
        None => "•••".to_owned(),
    }
}

/// The last four digits.
fn masked_phone(phone: &str) -> String {
    format!("•••{}", phone.get(phone.len().saturating_sub(4)..).unwrap_or_default())
}

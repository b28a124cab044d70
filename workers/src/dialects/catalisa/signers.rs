//! Corrections in flight (SPEC §2): somebody joins, leaves, is replaced or put right. Old links die at once.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::{Correction, Newcomers, Profile};
use countersign_engine::event::Actor;
use countersign_engine::ids::SignerId;
use countersign_engine::refusal::Code;
use countersign_engine::request::Request;
use countersign_engine::requirement::Requirements;
use countersign_engine::signer::Signer;
use serde_json::Value;
use uuid::Uuid;

use super::casting::{self, Cast};
use super::people::{self, WantedCorrection, WantedSigner};
use super::problem::{Body, Id, Problems};
use super::requests::find;
use super::wire::{AddSigner, CorrectSigner, Errors, ReplaceSigner, RequestAnswer, SignerList};
use super::{BASE, read, show};
use crate::commit::{Failure, Receipt};
use crate::http::auth::{Caller, Permission};
use crate::http::fault::{Fault, Source};
use crate::http::form::{Faults, Form};
use crate::http::{Floor, idempotency};
use crate::service::corrections::Corrector;
use crate::service::{Service, ServiceError};

/// What a body of this dialect calls its signer.
const KIND: &str = "signer";

/// Which signer of which request, in an address.
pub(super) struct SignerIds {
    request: String,
    signer: String,
}

impl<S: Send + Sync> FromRequestParts<S> for SignerIds {
    type Rejection = Problems;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problems> {
        let nothing = |_| Fault::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.");
        let Path((request, signer)) =
            Path::<(String, String)>::from_request_parts(parts, state).await.map_err(nothing)?;
        Ok(Self { request, signer })
    }
}

/// The signers of a request, as its own answer has them.
#[utoipa::path(
    get, path = "/requests/{id}/signers", tag = "Signers",
    params(("id" = String, Path, description = "Which request")),
    responses((status = 200, body = SignerList)),
    security(("key" = ["ESIGNATURE_READ"]))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Json<SignerList>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Read).await?;
    let request = find(&floor, &caller, &id).await?;
    Ok(Json(show::signers(&request, &floor.service.links)))
}

/// Lets somebody join a request: a draft, or one in flight. A signing group joins with all of its members.
#[utoipa::path(
    post, path = "/requests/{id}/signers", tag = "Signers", request_body = AddSigner,
    params(
        ("id" = String, Path, description = "Which request"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 201, body = RequestAnswer), (status = 409, body = Errors, description = "Ended already"),
        (status = 422, body = Errors, description = "A fault of the body, or there is no such place in the order"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn add(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Id(id): Id,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &id).await?;
    let receipt = receipt_for(&headers, &format!("{}/signers", request.id), &body)?;
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(made(&before, &floor));
    }
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, KIND, &mut faults);
    let wanted = people::signer(&form, &mut faults);
    let at = people::position(&form, wanted.order, &mut faults);
    let carrier = (&*floor.service, request.terms.provider.as_str());
    let cast = Cast::of(carrier, &caller.organization, std::slice::from_ref(&wanted), &mut faults).await?;
    let newcomers = Problems::unless(faults, Newcomers { people: cast.into_people(), at })?;
    let added = floor.service.add_signers(corrector(caller, &request, receipt), vec![newcomers]).await;
    let place = if form.get("order").is_some() { "order" } else { "afterPosition" };
    let person = if wanted.group.is_some() { "groupId" } else { "email" };
    let members = [(Code::NoSuchPosition, place), (Code::Duplicate, person)];
    let request = added.map_err(|error| pointed(error, &members, &form))?;
    Ok(made(&request, &floor))
}

/// Puts right what is known of a signer who has not acted, and what is asked of them. Whoever was invited gets a new link,
/// their old one dies, and everything is to be proved with the new one; an address that is no longer theirs is told so.
/// What is so already changes nothing.
#[utoipa::path(
    patch, path = "/requests/{id}/signers/{signer}", tag = "Signers", request_body = CorrectSigner,
    params(
        ("id" = String, Path, description = "Which request"), ("signer" = String, Path, description = "Which signer"),
    ),
    responses(
        (status = 200, body = RequestAnswer),
        (status = 409, body = Errors, description = "Has acted, the request has ended, or its provider cannot do that"),
        (status = 422, body = Errors, description = "A fault of the body"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn correct(
    State(floor): State<Floor>,
    headers: HeaderMap,
    ids: SignerIds,
    Body(body): Body,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &ids.request).await?;
    let signer = signer_of(&request, &ids.signer)?;
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, KIND, &mut faults);
    let WantedCorrection { mut correction, access_code } = people::correction(&form, &mut faults);
    if let Some(code) = &access_code {
        correction.access_code = floor.service.access_code_change(signer, code.as_deref())?;
    }
    check_asked((&floor.service, &request.terms.provider), signer, &correction, &form, &mut faults);
    let correction = Problems::unless(faults, correction)?;
    let corrected = floor.service.correct(corrector(caller, &request, None), signer.id(), correction).await;
    let members = [(Code::Invalid, "phone"), (Code::Duplicate, "email"), (Code::NotSupported, "requirements")];
    let members = if form.mentions("requirements") { &members[..] } else { &members[..2] };
    let request = corrected.map_err(|error| pointed(error, members, &form))?;
    Ok(Json(show::answer(&request, &floor.service.links)))
}

/// Notes what would not fit together in what is asked of a signer from now on, if that is to be something else.
fn check_asked(
    carrier: (&Service, &str),
    signer: &Signer,
    correction: &Correction,
    form: &Form<'_>,
    faults: &mut Faults,
) {
    let Some(person) = signer.person.clone().filter(|_| correction.requirements.is_some()) else { return };
    let mut profile = Profile { person, particulars: signer.particulars.clone() };
    let mut asked = signer.terms.requirements.clone();
    correction.apply(&mut profile, &mut asked);
    casting::check(carrier, form.pointer("").trim_end_matches('/'), (&asked, &profile), faults);
    let told = form.get("requirements").and_then(|requirements| requirements.get("accessCode"));
    if told.and_then(Value::as_bool).is_some_and(|told| told != asked.access_code) {
        let detail = "accessCode, beside the requirements, sets the code and takes it away.";
        faults.push(Fault::at(format!("{}/accessCode", form.pointer("requirements")), "conflict", detail));
    }
}

/// Lets a signer leave who has not acted. With the last one whom the request waited for it is COMPLETED.
#[utoipa::path(
    delete, path = "/requests/{id}/signers/{signer}", tag = "Signers",
    params(
        ("id" = String, Path, description = "Which request"), ("signer" = String, Path, description = "Which signer"),
    ),
    responses(
        (status = 200, body = RequestAnswer),
        (status = 409, body = Errors, description = "Has acted, or the request has ended"),
        (status = 422, body = Errors, description = "Nobody would be left who acts"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn remove(
    State(floor): State<Floor>,
    headers: HeaderMap,
    ids: SignerIds,
) -> Result<Json<RequestAnswer>, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &ids.request).await?;
    let signer = signer_of(&request, &ids.signer)?.id();
    let request = floor.service.remove_signer(corrector(caller, &request, None), signer).await?;
    Ok(Json(show::answer(&request, &floor.service.links)))
}

/// Lets somebody else act in a signer's place: with their order, role and fields, and a link of their own.
/// Without `requirements` they must prove what the other had to.
#[utoipa::path(
    post, path = "/requests/{id}/signers/{signer}/replace", tag = "Signers", request_body = ReplaceSigner,
    params(
        ("id" = String, Path, description = "Which request"), ("signer" = String, Path, description = "Who leaves"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 201, body = RequestAnswer),
        (status = 409, body = Errors, description = "Has acted, or the request has ended"),
    ),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn replace(
    State(floor): State<Floor>,
    headers: HeaderMap,
    ids: SignerIds,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let request = find(&floor, &caller, &ids.request).await?;
    let receipt = receipt_for(&headers, &format!("{}/signers/{}/replace", request.id, ids.signer), &body)?;
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(made(&before, &floor));
    }
    let signer = signer_of(&request, &ids.signer)?;
    let json = read::json(&body)?;
    let mut faults = Faults::new();
    let (_, form) = read::resource(&json, KIND, &mut faults);
    let wanted = heir(signer, &form, &mut faults);
    let id = SignerId(Uuid::now_v7());
    let profile = casting::profile(&floor.service, id, &wanted.asked, wanted.person.clone())?;
    let requirements = wanted.asked.requirements.clone();
    let carrier = (&*floor.service, request.terms.provider.as_str());
    casting::check(carrier, &wanted.pointer, (&requirements, &profile), &mut faults);
    let heir = Problems::unless(faults, (id, profile))?;
    let by = corrector(caller, &request, receipt);
    let replaced = floor.service.replace_signer(by, signer.id(), heir, Some(requirements)).await;
    let request = replaced.map_err(|error| pointed(error, &[(Code::Duplicate, "email")], &form))?;
    Ok(made(&request, &floor))
}

/// Who takes over: what was asked of who leaves is asked of them, unless the body says what is. Which papers are
/// wanted is no secret of either; a code, an account or a licence is.
fn heir(leaving: &Signer, form: &Form<'_>, faults: &mut Faults) -> WantedSigner {
    let mut asked = people::asked(form, faults);
    if !asked.is_told {
        let access_code = asked.access_code.is_some() || leaving.terms.requirements.access_code;
        asked.requirements = Requirements { access_code, ..leaving.terms.requirements.clone() };
        asked.particulars.attachments = leaving.particulars.attachments.clone();
    }
    WantedSigner {
        pointer: "/data/attributes".to_owned(),
        person: people::person(form, faults),
        group: leaving.terms.group,
        order: Some(leaving.terms.order),
        role: leaving.terms.role,
        reference: None,
        asked,
    }
}

/// The signer of this id; one of another request is as unknown as none at all.
fn signer_of<'r>(request: &'r Request, id: &str) -> Result<&'r Signer, Fault> {
    let found = id.parse().ok().and_then(|id| request.signer(id));
    found.ok_or_else(|| Fault::not_found("signer"))
}

fn corrector(caller: Caller, request: &Request, receipt: Option<Receipt>) -> Corrector {
    Corrector { organization: caller.organization, request: request.id, actor: Actor::Key(caller.key), receipt }
}

fn receipt_for(headers: &HeaderMap, path: &str, body: &[u8]) -> Result<Option<Receipt>, Fault> {
    idempotency::receipt(headers, &Method::POST, &format!("{BASE}/requests/{path}"), body)
}

/// A refusal at the member that it is about, by its code.
fn pointed(error: ServiceError, members: &[(Code, &str)], form: &Form<'_>) -> Fault {
    let code = match &error {
        ServiceError::Commit(Failure::Refused(refusal)) => Some(refusal.code),
        _ => None,
    };
    let member = members.iter().find(|(about, _)| Some(*about) == code);
    let fault = Fault::from(error);
    match member.filter(|_| fault.source == Source::Call) {
        Some((_, member)) => fault.with_pointer(form.pointer(member)),
        None => fault,
    }
}

fn made(request: &Request, floor: &Floor) -> Response {
    (StatusCode::CREATED, Json(show::answer(request, &floor.service.links))).into_response()
}

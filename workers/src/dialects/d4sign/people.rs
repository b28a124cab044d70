//! Signers out: as `createlist` answers and as `list` lists them. Whoever only receives a copy or looks on is none of the
//! vendor's signers, and is not among them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::{GroupId, SignerId};
use countersign_engine::national_id::NationalId;
use countersign_engine::person::Phone;
use countersign_engine::request::Request;
use countersign_engine::requirement::{Method, Requirements};
use countersign_engine::signer::{Signer, SignerStatus, SignerTerms};
use jiff::Timestamp;

use super::call::Call;
use super::finding::{Found, find};
use super::problem::{Id, Problems};
use super::read::Wanted;
use super::show;
use super::vocabulary::{act_of, atom, code_of, digit, key_of, time};
use super::wire::{D4SignCreated, D4SignCreatedSigner, D4SignSignInfo, D4SignSigner, D4SignSigners};
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::service::{Service, ServiceError};
use crate::store::Scope;

/// A document with its signers.
#[utoipa::path(
    get, path = "/documents/{id}/list", tag = "D4Sign",
    params(("id" = String, Path, description = "Which document")),
    responses((status = 200, body = Vec<D4SignSigners>)),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn list_signers(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
) -> Result<Json<Vec<D4SignSigners>>, Problems> {
    let caller = call.admit(&floor, Permission::Read).await?;
    let request = match find(&floor, &caller.organization, &id).await? {
        Found::Request(request) => request,
        Found::Upload(upload) => {
            return Ok(Json(vec![D4SignSigners { document: show::upload(&upload), list: Vec::new() }]));
        }
    };
    let history = floor.service.history(Scope::Of(&caller.organization), request.id).await?;
    let told: Told = Told::of(history.iter().map(|(event, _)| event));
    let list = acting(&request).map(|signer| listed(&floor.service, &request, signer, &told));
    let list = list.collect::<Result<_, ServiceError>>()?;
    Ok(Json(vec![D4SignSigners { document: show::document(&request), list }]))
}

/// Those whom a request waits for or waited for, in their order.
fn acting(request: &Request) -> impl Iterator<Item = &Signer> {
    let mut signers: Vec<&Signer> =
        request.signers.iter().map(AsRef::as_ref).filter(|signer| signer.terms.role.acts()).collect();
    signers.sort_by_key(|signer| signer.terms.order);
    signers.into_iter()
}

/// The signers that a signer of a `createlist` is: one, or the members of a signing group.
pub(super) fn named<'r>(request: &'r Request, wanted: &'r Wanted) -> impl Iterator<Item = &'r Signer> {
    request.signers.iter().map(AsRef::as_ref).filter(|signer| match wanted.group {
        Some(group) => signer.terms.group == Some(GroupId(group)),
        None => {
            signer.terms.group.is_none()
                && act_of(&signer.terms) == wanted.act
                && signer.email().eq_ignore_ascii_case(&wanted.person.email)
        }
    })
}

/// The answer to a `createlist`.
pub(super) fn created(service: &Service, request: &Request, wanted: &[Wanted]) -> Result<D4SignCreated, ServiceError> {
    let signers = wanted.iter().flat_map(|wanted| named(request, wanted).map(move |signer| (wanted, signer)));
    let joined = |(wanted, signer)| joined(service, request, wanted, signer);
    let message: Vec<_> = signers.map(joined).collect::<Result<_, _>>()?;
    Ok(D4SignCreated { first: message.first().cloned(), message })
}

fn joined(
    service: &Service,
    request: &Request,
    wanted: &Wanted,
    signer: &Signer,
) -> Result<D4SignCreatedSigner, ServiceError> {
    let asked = &signer.terms.requirements;
    Ok(D4SignCreatedSigner {
        key_signer: key_of(signer.id()),
        email: signer.email().to_owned(),
        act: act_of(&signer.terms).to_string(),
        foreign: digit(asked.foreign),
        certificadoicpbr: digit(asked.certificate.is_some()),
        assinatura_presencial: digit(asked.in_person),
        assinatura_presencial_link: link(service, request, signer),
        doc_auth: digit(shows_document_only(asked)),
        embed_methodauth: code_of(asked).to_owned(),
        embed_smsnumber: phone(signer),
        upload_allow: digit(asked.attachments),
        // As it was sent, also where nothing is to be handed in.
        upload_obs: wanted.upload_obs.clone(),
        docauthandselfie: digit(asked.selfie),
        skipemail: digit(asked.silent),
        whatsapp: if asked.whatsapp { phone(signer) } else { String::new() },
        password_code: service.access_code(signer)?.unwrap_or_default(),
        status: "created",
    })
}

fn listed(service: &Service, request: &Request, signer: &Signer, told: &Told) -> Result<D4SignSigner, ServiceError> {
    let asked = &signer.terms.requirements;
    let (status, message) = told.letter(signer);
    let attached = signer.proofs.get(&Method::Attachments).map(|proof| &proof.files);
    let attached: Vec<String> = attached.into_iter().flatten().map(|file| file.digest.to_string()).collect();
    let name = signer.person.as_ref().map(|person| person.name.as_str()).filter(|name| *name != signer.email());
    Ok(D4SignSigner {
        key_signer: key_of(signer.id()),
        user_name: name.unwrap_or_default().to_owned(),
        user_document: signer
            .person
            .as_ref()
            .and_then(|person| person.national_id.as_ref())
            .map_or_else(String::new, taxpayer),
        email: signer.email().to_owned(),
        signed: digit(signer.status == SignerStatus::Signed),
        sign_info: signer.signed_at.map(|at| sign_info(signer, at)),
        act: act_of(&signer.terms).to_string(),
        foreign: digit(asked.foreign),
        certificadoicpbr: digit(asked.certificate.is_some()),
        assinatura_presencial: digit(asked.in_person),
        assinatura_presencial_link: link(service, request, signer),
        embed_methodauth: code_of(asked).to_owned(),
        embed_smsnumber: phone(signer),
        email_sent: digit(signer.sent_at.is_some() && !(asked.silent || asked.in_person)),
        email_sent_status: status,
        email_sent_message: message,
        upload_allowed: digit(asked.attachments),
        upload_obs: signer.particulars.attachments.clone().unwrap_or_default(),
        documents_attached: serde_json::json!(attached).to_string(),
        date: time(told.named.get(&signer.id()).copied().unwrap_or(request.created_at)),
        docauth: digit(shows_document_only(asked)),
        docauthandselfie: digit(asked.selfie),
        docauth_text: "",
        videoselfie: digit(asked.video),
        auth_pix: digit(asked.pix),
        d4sign_score: digit(asked.score.is_some()),
        skipemail: digit(asked.silent),
        uuid_grupo: signer.terms.group.map(|group| group.to_string()).unwrap_or_default(),
        password_code: service.access_code_once(request, signer)?.unwrap_or_default(),
    })
}

/// Whether a document with a photo is all that they show: with a selfie the vendor has another word for both.
fn shows_document_only(asked: &Requirements) -> bool {
    asked.photo && !asked.selfie
}

/// Where somebody signs in person, as long as it is their turn.
fn link(service: &Service, request: &Request, signer: &Signer) -> String {
    let may_act = signer.terms.requirements.in_person && request.status.is_out() && signer.is_invited();
    service.links.signing_url(request, signer).filter(|_| may_act).unwrap_or_default()
}

fn phone(signer: &Signer) -> String {
    let phone = signer.person.as_ref().and_then(|person| person.phone.as_ref());
    phone.map(Phone::as_str).unwrap_or_default().to_owned()
}

fn taxpayer(id: &NationalId) -> String {
    format!("{} ({})", id.bare(), id.kind().as_str())
}

fn sign_info(signer: &Signer, at: Timestamp) -> D4SignSignInfo {
    D4SignSignInfo {
        ip: signer.ip.clone().unwrap_or_default(),
        ip_reverser: "",
        geolocation: "",
        user_agent: signer.user_agent.clone().unwrap_or_default(),
        date_signed: time(at),
        date_signed_atom: atom(at),
    }
}

/// What a history tells of signers beyond what became of them.
struct Told {
    /// When they were named.
    named: BTreeMap<SignerId, Timestamp>,
    /// Whether the last letter to them was delivered.
    letters: BTreeMap<SignerId, bool>,
}

impl Told {
    fn of<'e>(history: impl Iterator<Item = &'e Event>) -> Self {
        let (mut named, mut letters) = (BTreeMap::new(), BTreeMap::new());
        for event in history {
            let mut note = |terms: &SignerTerms| {
                named.entry(terms.id).or_insert(event.time);
            };
            match &event.fact {
                Fact::Created(terms) | Fact::Revised(terms) => terms.signers.iter().for_each(note),
                Fact::Added { signer, .. } => note(signer),
                Fact::Replaced { by, .. } => note(by),
                Fact::DeliverySent { effect } => letters.extend(addressee(effect).map(|signer| (signer, true))),
                Fact::DeliveryFailed { effect, .. } => {
                    letters.extend(addressee(effect).map(|signer| (signer, false)));
                }
                _ => {}
            }
        }
        Self { named, letters }
    }

    fn letter(&self, signer: &Signer) -> (&'static str, &'static str) {
        match self.letters.get(&signer.id()) {
            Some(true) => ("Delivery", "Mensagem entregue com sucesso."),
            Some(false) => ("Bounce", "A mensagem não pôde ser entregue."),
            None => ("", ""),
        }
    }
}

/// Whom a letter asked to sign.
fn addressee(effect: &str) -> Option<SignerId> {
    let effect: Effect = effect.parse().ok()?;
    effect.signer.filter(|_| matches!(effect.kind, EffectKind::Invitation | EffectKind::Reminder))
}

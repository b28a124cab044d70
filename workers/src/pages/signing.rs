//! The ceremony: a link is exchanged for a session; the session views, signs or declines.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_engine::command::Wish;
use countersign_engine::event::Value;
use countersign_engine::ids::WidgetId;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Status;
use countersign_engine::signer::{Mark, SignerStatus};
use serde::Deserialize;
use serde_json::json;

use super::floor::{closed, failed, html, language, sender, session_cookie};
use super::text::words;
use super::view::{ClosedReason, DonePage, Outcome};
use super::visit::{Sent, Visit, faults, request_of};
use super::{ceremony, download, steps};
use crate::commit::Failure;
use crate::http::{Floor, file};
use crate::language::Language;
use crate::service::ServiceError;
use crate::service::links::Session;

/// `GET /sign/{request}/{token}`: exchanges a link for a session.
pub(super) async fn open_link(
    State(floor): State<Floor>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let spoken = language(&headers, None);
    let request = match request_of(&floor, &id).await {
        Ok(Some(request)) => request,
        Ok(None) => return closed(spoken, ClosedReason::Unknown, None),
        Err(error) => return failed(spoken, &error),
    };
    let spoken = language(&headers, Some(&request));
    match floor.service.links.admit(&request, &token) {
        Some(signer) => {
            let cookie = session_cookie(&floor, request.id, Session { signer: signer.id(), round: signer.round });
            let location = format!("/sign/{}", request.id);
            let headers = [
                (LOCATION, location.as_str()),
                (SET_COOKIE, cookie.as_str()),
                (CACHE_CONTROL, "no-store"),
                (REFERRER_POLICY, "no-referrer"),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        None if floor.service.links.was_covered(&request, &token) => {
            closed(spoken, ClosedReason::GroupSigned, Some(&request))
        }
        None if floor.service.links.was_withdrawn(&request, &token) => {
            closed(spoken, ClosedReason::Withdrawn, Some(&request))
        }
        None if floor.service.links.was_link(&request, &token) => {
            closed(spoken, ClosedReason::Replaced, Some(&request))
        }
        None => closed(spoken, ClosedReason::Unknown, None),
    }
}

/// `GET /sign/{request}`: the signing page, or before it what is to be proved. The first time a signer sees the
/// document is recorded.
pub(super) async fn page(State(floor): State<Floor>, method: Method, visit: Visit) -> Response {
    if visit.signer().has_acted() {
        return visit.to("/done");
    }
    if let Some(reason) = visit.closed_because(&floor) {
        return closed(visit.language, reason, Some(&visit.request));
    }
    if let Some(step) = steps::next(&floor, &visit).await {
        return step;
    }
    if method == Method::GET
        && let Err(error) = record_view(&floor, &visit).await
    {
        return failed(visit.language, &error);
    }
    let digests: Vec<_> = visit.request.terms.documents.iter().map(|document| document.digest).collect();
    match floor.service.documents.pages(&visit.request.organization, &digests).await {
        Ok(pages) => html(StatusCode::OK, &ceremony::page(&visit.request, visit.signer(), &pages, visit.language)),
        Err(error) => failed(visit.language, &error),
    }
}

async fn record_view(floor: &Floor, visit: &Visit) -> Result<(), ServiceError> {
    if visit.signer().status != SignerStatus::Sent {
        return Ok(());
    }
    let wish = Wish::View { signer: visit.session.signer, round: visit.session.round };
    match floor.service.submit(visit.order(wish)).await {
        // Somebody else's command came first: the page shows what is, whatever that is.
        Ok(_) | Err(ServiceError::Commit(Failure::Refused(_))) => Ok(()),
        Err(error) => Err(error),
    }
}

/// `GET /sign/{request}/documents/{number}`: an original, from 0. It may be read before everything is proved, but
/// not before the codes are.
pub(super) async fn document(
    State(floor): State<Floor>,
    Path((_, number)): Path<(String, usize)>,
    visit: Visit,
) -> Response {
    let mine = visit.closed_because(&floor).is_none() && visit.signer().may_look();
    let open = mine || visit.signer().has_acted();
    if mine && let Err(error) = record_view(&floor, &visit).await {
        return failed(visit.language, &error);
    }
    let Some(reference) = visit.request.terms.documents.get(number).filter(|_| open) else {
        return closed(visit.language, ClosedReason::Unknown, None);
    };
    match floor.service.documents.read(&visit.request.organization, reference.digest).await {
        Ok(bytes) => {
            let name = visit.request.file_names.get(number).map_or("document.pdf", String::as_str);
            file::shown(bytes, name)
        }
        Err(error) => failed(visit.language, &error),
    }
}

/// What a browser sends to sign.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    #[serde(default)]
    consent: bool,
    signature: Option<Signature>,
    #[serde(default)]
    fields: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Signature {
    Typed { text: String },
    Drawn { aspect: f64, strokes: Vec<Vec<[f64; 2]>> },
}

/// What a browser sends to decline.
#[derive(Deserialize)]
pub(super) struct Refused {
    #[serde(default)]
    reason: String,
}

/// `POST /sign/{request}/sign`.
pub(super) async fn sign(State(floor): State<Floor>, Sent { visit, answer }: Sent<Answer>) -> Response {
    let text = words(visit.language);
    let mut values = BTreeMap::new();
    for (id, value) in answer.fields {
        match id.parse() {
            Ok(number) => drop(values.insert(WidgetId(number), value)),
            Err(_) => return faults(StatusCode::UNPROCESSABLE_ENTITY, &[("unknown", text.answers.not_read, Some(id))]),
        }
    }
    let wish = Wish::Sign {
        signer: visit.session.signer,
        round: visit.session.round,
        consent: answer.consent,
        mark: answer.signature.map(mark),
        values,
    };
    conclude(&floor, &visit, wish).await
}

/// `POST /sign/{request}/decline`.
pub(super) async fn decline(State(floor): State<Floor>, Sent { visit, answer }: Sent<Refused>) -> Response {
    let Session { signer, round } = visit.session;
    let wish = Wish::Decline { signer, round, reason: answer.reason };
    conclude(&floor, &visit, wish).await
}

/// `GET /sign/{request}/done`: what the signer did, and what happens next.
pub(super) async fn done(State(floor): State<Floor>, visit: Visit) -> Response {
    let (request, signer) = (&visit.request, visit.signer());
    let outcome = match signer.status {
        SignerStatus::Signed => Outcome::Acted,
        SignerStatus::Declined => Outcome::Declined { reason: signer.decline_reason.clone().unwrap_or_default() },
        SignerStatus::Pending | SignerStatus::Sent | SignerStatus::Viewed => {
            return visit.to("");
        }
    };
    let completed = request.status == Status::Completed;
    let page = DonePage {
        language: visit.language,
        organization: sender(request),
        title: request.title.clone().unwrap_or_default(),
        role: signer.terms.role,
        outcome,
        at: signer.signed_at.or(signer.declined_at),
        completed,
        download_url: completed.then(|| download::relative_url(&floor, request.id, None)),
        files: download::single_links(&floor, request),
        email: signer.person.as_ref().map(|person| person.email.clone()),
    };
    html(StatusCode::OK, &page)
}

async fn conclude(floor: &Floor, visit: &Visit, wish: Wish) -> Response {
    match floor.service.submit(visit.order(wish)).await {
        Ok(request) => Json(json!({ "next": format!("/sign/{}/done", request.id) })).into_response(),
        Err(ServiceError::Commit(Failure::Refused(refusal))) => refused(&refusal, visit.language),
        Err(error) => {
            tracing::error!(%error, "a signer's answer failed");
            faults(StatusCode::SERVICE_UNAVAILABLE, &[("unavailable", words(visit.language).answers.busy, None)])
        }
    }
}

fn refused(refusal: &Refusal, language: Language) -> Response {
    let text = &words(language).answers;
    let code = refusal.code.as_str();
    let (status, detail, field) = match refusal.code {
        Code::ConsentRequired => (StatusCode::UNPROCESSABLE_ENTITY, text.consent_required, Some("consent")),
        Code::SignatureRequired => (StatusCode::UNPROCESSABLE_ENTITY, text.signature_required, Some("signature")),
        Code::ReasonRequired => (StatusCode::UNPROCESSABLE_ENTITY, text.reason_required, Some("reason")),
        Code::InvalidFields => {
            let told: Vec<_> = refusal
                .fields
                .iter()
                .map(|fault| {
                    let detail = match fault.code {
                        "required" => text.field_required,
                        "not_a_date" => text.not_a_date,
                        "too_long" => text.too_long,
                        _ => text.not_read,
                    };
                    (fault.code, detail, Some(fault.widget.to_string()))
                })
                .collect();
            return faults(StatusCode::UNPROCESSABLE_ENTITY, &told);
        }
        Code::AuthenticationRequired => (StatusCode::CONFLICT, words(language).step_faults.started_over, None),
        Code::LinkDead | Code::Deleted | Code::NotFound => (StatusCode::GONE, text.link_dead, None),
        _ => (StatusCode::CONFLICT, text.ended, None),
    };
    faults(status, &[(code, detail, field.map(str::to_owned))])
}

/// The engine's whole numbers for what the pad measured; what is out of range stays so, and is refused.
fn mark(signature: Signature) -> Mark {
    let part = |share: f64| (share * 10_000.0).round().clamp(0.0, f64::from(u16::MAX)) as u16;
    match signature {
        Signature::Typed { text } => Mark::Typed { text },
        Signature::Drawn { aspect, strokes } => Mark::Drawn {
            ratio_milli: (aspect * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32,
            strokes: strokes
                .into_iter()
                .map(|line| line.into_iter().map(|[x, y]| [part(x), part(y)]).collect())
                .collect(),
        },
    }
}

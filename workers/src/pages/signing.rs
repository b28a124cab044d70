//! The ceremony: a link is exchanged for a session; the session views, signs or declines.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::{Actor, Value};
use countersign_engine::ids::{RequestId, WidgetId};
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Mark, Signer, SignerStatus};
use serde::Deserialize;
use serde_json::json;

use super::floor::{closed, failed, html, is_own_origin, language, pdf, session, session_cookie};
use super::text::words;
use super::view::{ClosedReason, DonePage, Outcome};
use super::{ceremony, download};
use crate::commit::{Failure, Order};
use crate::http::Floor;
use crate::http::caller::Origin;
use crate::language::Language;
use crate::service::ServiceError;
use crate::service::links::Session;

/// Largest answer of a signer's browser, in bytes: 5,000 points of a drawing and every field.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

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
        None if floor.service.links.was_link(&request, &token) => {
            closed(spoken, ClosedReason::Replaced, Some(&request))
        }
        None => closed(spoken, ClosedReason::Unknown, None),
    }
}

/// `GET /sign/{request}`: the signing page. The first time a signer sees it is recorded.
pub(super) async fn page(
    State(floor): State<Floor>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::open(&floor, &id, &headers).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    if visit.signer().has_acted() {
        return (StatusCode::SEE_OTHER, [(LOCATION, format!("/sign/{id}/done"))]).into_response();
    }
    if let Some(reason) = visit.closed_because(&floor) {
        return closed(visit.language, reason, Some(&visit.request));
    }
    if visit.signer().status == SignerStatus::Sent && method == Method::GET {
        let wish = Wish::View { signer: visit.session.signer, round: visit.session.round };
        match floor.service.submit(visit.order(&floor, peer, &headers, wish)).await {
            Ok(_) => {}
            // Somebody else's command came first: the page shows what is, whatever that is.
            Err(ServiceError::Commit(Failure::Refused(_))) => {}
            Err(error) => return failed(visit.language, &error),
        }
    }
    let digests: Vec<_> = visit.request.terms.documents.iter().map(|document| document.digest).collect();
    match floor.service.documents.pages(&visit.request.organization, &digests).await {
        Ok(pages) => html(StatusCode::OK, &ceremony::page(&visit.request, visit.signer(), &pages, visit.language)),
        Err(error) => failed(visit.language, &error),
    }
}

/// `GET /sign/{request}/documents/{number}`: an original, from 0.
pub(super) async fn document(
    State(floor): State<Floor>,
    Path((id, number)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::open(&floor, &id, &headers).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let open = visit.closed_because(&floor).is_none() || visit.signer().has_acted();
    let Some(reference) = visit.request.terms.documents.get(number).filter(|_| open) else {
        return closed(visit.language, ClosedReason::Unknown, None);
    };
    match floor.service.documents.read(&visit.request.organization, reference.digest).await {
        Ok(bytes) => {
            let name = visit.request.file_names.get(number).map_or("document.pdf", String::as_str);
            pdf(bytes, download::disposition("inline", name))
        }
        Err(error) => failed(visit.language, &error),
    }
}

/// What a browser sends to sign.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
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
struct Refused {
    #[serde(default)]
    reason: String,
}

/// `POST /sign/{request}/sign`.
pub(super) async fn sign(
    State(floor): State<Floor>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (visit, answer) = match received::<Answer>(&floor, &id, &headers, &body).await {
        Ok(received) => received,
        Err(answer) => return answer,
    };
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
    conclude(&floor, &visit, visit.order(&floor, peer, &headers, wish)).await
}

/// `POST /sign/{request}/decline`.
pub(super) async fn decline(
    State(floor): State<Floor>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (visit, answer) = match received::<Refused>(&floor, &id, &headers, &body).await {
        Ok(received) => received,
        Err(answer) => return answer,
    };
    let Session { signer, round } = visit.session;
    let wish = Wish::Decline { signer, round, reason: answer.reason };
    conclude(&floor, &visit, visit.order(&floor, peer, &headers, wish)).await
}

/// `GET /sign/{request}/done`: what the signer did, and what happens next.
pub(super) async fn done(State(floor): State<Floor>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let visit = match Visit::open(&floor, &id, &headers).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let (request, signer) = (&visit.request, visit.signer());
    let outcome = match signer.status {
        SignerStatus::Signed => Outcome::Acted,
        SignerStatus::Declined => Outcome::Declined { reason: signer.decline_reason.clone().unwrap_or_default() },
        SignerStatus::Pending | SignerStatus::Sent | SignerStatus::Viewed => {
            return (StatusCode::SEE_OTHER, [(LOCATION, format!("/sign/{id}"))]).into_response();
        }
    };
    let completed = request.status == Status::Completed;
    let page = DonePage {
        language: visit.language,
        organization: request.organization.to_string(),
        title: request.title.clone().unwrap_or_default(),
        role: signer.terms.role,
        outcome,
        at: signer.signed_at.or(signer.declined_at),
        completed,
        download_url: completed.then(|| download::relative_url(&floor, request.id)),
        email: signer.person.as_ref().map(|person| person.email.clone()),
    };
    html(StatusCode::OK, &page)
}

/// A signer with a session on a request.
struct Visit {
    request: Arc<Request>,
    session: Session,
    language: Language,
    place: usize,
}

impl Visit {
    async fn open(floor: &Floor, id: &str, headers: &HeaderMap) -> Result<Self, Response> {
        let unknown = |language| closed(language, ClosedReason::Unknown, None);
        let spoken = language(headers, None);
        let request = request_of(floor, id).await.map_err(|error| failed(spoken, &error))?;
        let request = request.ok_or_else(|| unknown(spoken))?;
        let session = session(floor, request.id, headers).ok_or_else(|| unknown(spoken))?;
        let language = language(headers, Some(&request));
        match request.signers.iter().position(|signer| signer.id() == session.signer) {
            None => Err(unknown(language)),
            Some(place) if request.signers[place].round != session.round => {
                Err(closed(language, ClosedReason::Replaced, Some(&request)))
            }
            Some(place) => Ok(Self { request, session, language, place }),
        }
    }

    fn signer(&self) -> &Signer {
        &self.request.signers[self.place]
    }

    /// Why this signer cannot act now, if so.
    fn closed_because(&self, floor: &Floor) -> Option<ClosedReason> {
        match self.request.status {
            Status::Completed => Some(ClosedReason::Completed),
            Status::Declined => Some(ClosedReason::Declined),
            Status::Cancelled => Some(ClosedReason::Cancelled),
            Status::Expired => Some(ClosedReason::Expired),
            _ if self.request.is_past_expiry(floor.service.clock.now()) => Some(ClosedReason::Expired),
            _ if self.signer().has_acted() => Some(ClosedReason::AlreadySigned),
            _ if !self.signer().is_invited() => Some(ClosedReason::NotYourTurn),
            _ => None,
        }
    }

    fn order(&self, floor: &Floor, peer: SocketAddr, headers: &HeaderMap, wish: Wish) -> Order {
        let origin = Origin::of(peer, headers, floor.service.settings.trusted_proxies);
        Order {
            organization: self.request.organization.clone(),
            command: Command { request: self.request.id, wish },
            actor: Actor::Signer(self.session.signer),
            ip: Some(origin.ip),
            user_agent: origin.user_agent,
            receipt: None,
            fence: None,
        }
    }
}

async fn request_of(floor: &Floor, id: &str) -> Result<Option<Arc<Request>>, ServiceError> {
    let Ok(id) = id.parse::<RequestId>() else { return Ok(None) };
    let loaded = floor.service.ledger.load(id).await?;
    Ok(loaded.map(|loaded| Arc::clone(&loaded.request)).filter(|request| request.deleted_at.is_none()))
}

/// The visit and the answer of a call that changes something.
async fn received<T: for<'a> Deserialize<'a>>(
    floor: &Floor,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Visit, T), Response> {
    let spoken = language(headers, None);
    let told = |status, code, detail| faults(status, &[(code, detail, None)]);
    if !is_own_origin(floor, headers) {
        return Err(told(StatusCode::FORBIDDEN, "foreign_origin", words(spoken).answers.not_read));
    }
    if body.len() > ANSWER_MAX_BYTES {
        return Err(told(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words(spoken).answers.too_large));
    }
    let visit = Visit::open(floor, id, headers).await.map_err(|page| {
        let status = page.status();
        faults(status, &[("link_dead", words(spoken).answers.link_dead, None)])
    })?;
    match serde_json::from_slice(body) {
        Ok(answer) => Ok((visit, answer)),
        Err(_) => Err(told(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words(visit.language).answers.not_read)),
    }
}

async fn conclude(floor: &Floor, visit: &Visit, order: Order) -> Response {
    match floor.service.submit(order).await {
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
        Code::LinkDead | Code::Deleted | Code::NotFound => (StatusCode::GONE, text.link_dead, None),
        _ => (StatusCode::CONFLICT, text.ended, None),
    };
    faults(status, &[(code, detail, field.map(str::to_owned))])
}

fn faults(status: StatusCode, faults: &[(&str, &str, Option<String>)]) -> Response {
    let error = |(code, detail, field): &(&str, &str, Option<String>)| match field {
        Some(field) => json!({ "code": code, "detail": detail, "field": field }),
        None => json!({ "code": code, "detail": detail }),
    };
    let errors: Vec<_> = faults.iter().map(error).collect();
    (status, Json(json!({ "errors": errors }))).into_response()
}

/// The engine's whole numbers for what the pad measured; what is out of range stays so, and is refused.
fn mark(signature: Signature) -> Mark {
    let part = |share: f64| (share * 10_000.0).round().clamp(0.0, f64::from(u16::MAX)) as u16;
    match signature {
        Signature::Typed { text } => Mark::Typed { text },
        Signature::Drawn { aspect, strokes } => Mark::Drawn {
            aspect_milli: (aspect * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32,
            strokes: strokes
                .into_iter()
                .map(|line| line.into_iter().map(|[x, y]| [part(x), part(y)]).collect())
                .collect(),
        },
    }
}

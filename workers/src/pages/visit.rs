//! A visit: a signer's browser with the session that their link was exchanged for, and what it sends.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Request as HttpRequest};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::RequestId;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::Signer;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::floor::{closed, failed, is_own_origin, language, session};
use super::text::words;
use super::view::ClosedReason;
use crate::commit::Order;
use crate::http::Floor;
use crate::http::caller::Origin;
use crate::language::Language;
use crate::service::ServiceError;
use crate::service::links::Session;
use crate::service::proving::Prover;

/// Largest answer of a signer's browser, in bytes: 5,000 points of a drawing and every field.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// A signer with a session on a request. Where there is none, the page of a dead link is the answer.
pub(super) struct Visit {
    pub(super) request: Arc<Request>,
    pub(super) session: Session,
    pub(super) language: Language,
    place: usize,
    origin: Origin,
}

impl FromRequestParts<Floor> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, floor: &Floor) -> Result<Self, Response> {
        let spoken = language(&parts.headers, None);
        let unknown = || closed(spoken, ClosedReason::Unknown, None);
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, floor).await;
        let ConnectInfo(peer) = peer.map_err(|error| failed(spoken, &error))?;
        let path: HashMap<String, String> = match Path::from_request_parts(parts, floor).await {
            Ok(Path(path)) => path,
            Err(_) => return Err(unknown()),
        };
        let id = path.get("request").map_or("", String::as_str);
        let request = request_of(floor, id).await.map_err(|error| failed(spoken, &error))?;
        let request = request.ok_or_else(unknown)?;
        let session = session(floor, request.id, &parts.headers).ok_or_else(unknown)?;
        let language = language(&parts.headers, Some(&request));
        let origin = Origin::of(peer, &parts.headers, floor.service.settings.trusted_proxies);
        match request.signers.iter().position(|signer| signer.id() == session.signer) {
            None if request.departed.contains_key(&session.signer) => {
                Err(closed(language, ClosedReason::Withdrawn, Some(&request)))
            }
            None => Err(unknown()),
            Some(place) if request.signers[place].round != session.round => {
                Err(closed(language, ClosedReason::Replaced, Some(&request)))
            }
            Some(place) => {
                let written = Language::parse(request.language_of(&request.signers[place]));
                Ok(Self { language: written.unwrap_or(language), request, session, place, origin })
            }
        }
    }
}

/// What a signer's browser sends, with whose it is. Faults are answered as the page's script reads them.
pub(super) struct Sent<T> {
    pub(super) visit: Visit,
    pub(super) answer: T,
}

impl<T: DeserializeOwned> FromRequest<Floor> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: HttpRequest, floor: &Floor) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let text = &words(language(&parts.headers, None)).answers;
        let told = |status, code, detail| faults(status, &[(code, detail, None)]);
        if !is_own_origin(floor, &parts.headers) {
            return Err(told(StatusCode::FORBIDDEN, "foreign_origin", text.not_read));
        }
        let visit = Visit::from_request_parts(&mut parts, floor).await;
        let visit = visit.map_err(|page| told(page.status(), "link_dead", text.link_dead))?;
        let text = &words(visit.language).answers;
        let body = to_bytes(body, ANSWER_MAX_BYTES).await;
        let body = body.map_err(|_| told(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text.too_large))?;
        let answer = serde_json::from_slice(&body);
        let answer = answer.map_err(|_| told(StatusCode::UNPROCESSABLE_ENTITY, "invalid", text.not_read))?;
        Ok(Self { visit, answer })
    }
}

impl Visit {
    pub(super) fn signer(&self) -> &Signer {
        &self.request.signers[self.place]
    }

    /// Why this signer cannot act now, if so.
    pub(super) fn closed_because(&self, floor: &Floor) -> Option<ClosedReason> {
        match self.request.status {
            Status::Completed => Some(ClosedReason::Completed),
            Status::Declined => Some(ClosedReason::Declined),
            Status::Cancelled => Some(ClosedReason::Cancelled),
            Status::Expired => Some(ClosedReason::Expired),
            _ if self.request.is_past_expiry(floor.service.clock.now()) => Some(ClosedReason::Expired),
            _ if self.signer().has_acted() => Some(ClosedReason::AlreadySigned),
            _ if self.signer().covered_by.is_some() => Some(ClosedReason::GroupSigned),
            _ if !self.signer().is_invited() => Some(ClosedReason::NotYourTurn),
            _ => None,
        }
    }

    /// The signer as one who proves something here.
    pub(super) fn prover<'a>(&'a self, floor: &'a Floor) -> Prover<'a> {
        let (ip, user_agent) = (self.origin.ip.as_str(), self.origin.user_agent.as_deref());
        Prover { service: &floor.service, request: &self.request, signer: self.signer(), ip, user_agent }
    }

    pub(super) fn order(&self, wish: Wish) -> Order {
        let (organization, request) = (self.request.organization.clone(), self.request.id);
        Order {
            ip: Some(self.origin.ip.clone()),
            user_agent: self.origin.user_agent.clone(),
            ..Order::by(Actor::Signer(self.session.signer), organization, Command { request, wish })
        }
    }

    /// Sends the browser to another page of the same request.
    pub(super) fn to(&self, page: &str) -> Response {
        (StatusCode::SEE_OTHER, [(LOCATION, format!("/sign/{}{page}", self.request.id))]).into_response()
    }
}

pub(super) async fn request_of(floor: &Floor, id: &str) -> Result<Option<Arc<Request>>, ServiceError> {
    let Ok(id) = id.parse::<RequestId>() else { return Ok(None) };
    let loaded = floor.service.behind_link(id).await?;
    Ok(loaded.map(|loaded| Arc::clone(&loaded.request)).filter(|request| !request.is_erased()))
}

/// Faults as the page's script reads them.
pub(super) fn faults(status: StatusCode, faults: &[(&str, &str, Option<String>)]) -> Response {
    let error = |(code, detail, field): &(&str, &str, Option<String>)| match field {
        Some(field) => json!({ "code": code, "detail": detail, "field": field }),
        None => json!({ "code": code, "detail": detail }),
    };
    let errors: Vec<_> = faults.iter().map(error).collect();
    (status, Json(json!({ "errors": errors }))).into_response()
}

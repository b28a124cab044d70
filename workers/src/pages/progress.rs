//! `GET /view/{request}/{token}`: how a request stands, for whoever sent it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_engine::ids::RequestId;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::Signer;

use super::download;
use super::floor::{closed, failed, html, language, sender};
use super::view::{ClosedReason, Person, ProgressPage, ViewDocument};
use crate::http::Floor;

/// The progress page.
pub(super) async fn page(
    State(floor): State<Floor>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let unknown = || closed(language(&headers, None), ClosedReason::Unknown, None);
    let Ok(id) = id.parse::<RequestId>() else { return unknown() };
    if !floor.service.links.may_view(id, &token) {
        return unknown();
    }
    match floor.service.behind_link(id).await {
        Ok(Some(loaded)) if loaded.request.deleted_at.is_none() => {
            html(StatusCode::OK, &progress(&floor, &loaded.request, &headers))
        }
        Ok(_) => unknown(),
        Err(error) => failed(language(&headers, None), &error),
    }
}

fn progress(floor: &Floor, request: &Request, headers: &HeaderMap) -> ProgressPage {
    let mut people: Vec<Person> = request.signers.iter().map(|signer| person(signer)).collect();
    people.sort_by_key(|person| person.order);
    let document = |(at, name): (usize, &String)| ViewDocument {
        name: name.clone(),
        pages: request.terms.documents.get(at).map(|document| document.pages),
        url: None,
    };
    let completed = request.status == Status::Completed;
    ProgressPage {
        language: language(headers, Some(request)),
        organization: sender(request),
        title: request.title.clone().unwrap_or_default(),
        status: request.status,
        created_at: request.created_at,
        sent_at: request.sent_at,
        expires_at: request.expires_at,
        ended_at: request.completed_at.or(request.status.is_terminal().then_some(request.updated_at)),
        people,
        documents: request.file_names.iter().enumerate().map(document).collect(),
        download_url: completed.then(|| download::relative_url(floor, request.id)),
    }
}

fn person(signer: &Signer) -> Person {
    Person {
        name: signer.name().to_owned(),
        email: signer.person.as_ref().map(|person| person.email.clone()),
        role: signer.terms.role,
        order: signer.terms.order,
        status: signer.status,
        sent_at: signer.sent_at,
        viewed_at: signer.viewed_at,
        signed_at: signer.signed_at,
        declined_at: signer.declined_at,
        decline_reason: signer.decline_reason.clone(),
    }
}

//! `GET /view/{request}/{token}`: how a request stands, for whoever sent it and for those whose role is to
//! view. A viewer reads the documents as well, and does not learn the addresses of the others.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_engine::event::Document;
use countersign_engine::ids::RequestId;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::Signer;

use super::download;
use super::floor::{closed, failed, html, language, sender};
use super::view::{ClosedReason, Person, ProgressPage, ViewDocument};
use crate::http::{Floor, file};
use crate::service::ServiceError;
use crate::service::links::Reader;

/// The progress page.
pub(super) async fn page(
    State(floor): State<Floor>,
    Path((id, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let request = match request_of(&floor, &id).await {
        Ok(request) => request,
        Err(error) => return failed(language(&headers, None), &error),
    };
    let reader = request.as_deref().and_then(|request| Some((request, floor.service.links.reader(request, &token)?)));
    match reader {
        Some((request, _)) if request.purged_at.is_some() => {
            closed(language(&headers, Some(request)), ClosedReason::Purged, None)
        }
        Some((request, reader)) => html(StatusCode::OK, &progress(&floor, request, reader, &token, &headers)),
        None => closed(language(&headers, None), ClosedReason::Unknown, None),
    }
}

/// `GET /view/{request}/{token}/documents/{number}`: an original, from 0, for a viewer.
pub(super) async fn document(
    State(floor): State<Floor>,
    Path((id, token, number)): Path<(String, String, usize)>,
    headers: HeaderMap,
) -> Response {
    let unknown = || closed(language(&headers, None), ClosedReason::Unknown, None);
    let request = match request_of(&floor, &id).await {
        Ok(Some(request)) => request,
        Ok(None) => return unknown(),
        Err(error) => return failed(language(&headers, None), &error),
    };
    let reader = floor.service.links.reader(&request, &token);
    let Some(reference) = request.terms.documents.get(number).filter(|_| may_read(&request, reader)) else {
        return unknown();
    };
    match floor.service.documents.read(&request.organization, reference.digest).await {
        Ok(bytes) => {
            let name = request.file_names.get(number).map_or("document.pdf", String::as_str);
            file::shown(bytes, name)
        }
        Err(error) => failed(language(&headers, None), &error),
    }
}

async fn request_of(floor: &Floor, id: &str) -> Result<Option<Arc<Request>>, ServiceError> {
    let Ok(id) = id.parse::<RequestId>() else { return Ok(None) };
    let loaded = floor.service.behind_link(id).await?;
    Ok(loaded.map(|loaded| Arc::clone(&loaded.request)).filter(|request| request.deleted_at.is_none()))
}

/// Whether a reader may read the originals: a viewer, while the others may act and once all have.
fn may_read(request: &Request, reader: Option<Reader<'_>>) -> bool {
    matches!(reader, Some(Reader::Viewer(_))) && (request.status.is_out() || request.status == Status::Completed)
}

fn progress(floor: &Floor, request: &Request, reader: Reader<'_>, token: &str, headers: &HeaderMap) -> ProgressPage {
    let mut people: Vec<Person> = request.signers.iter().map(|signer| person(signer, reader)).collect();
    people.sort_by_key(|person| person.order);
    let readable = may_read(request, Some(reader));
    let mut links = download::single_links(floor, request).into_iter();
    let document = |(at, document): (usize, &Document)| ViewDocument {
        name: request.file_name(at).to_owned(),
        pages: document.pages,
        // The sealed PDF once there is one, and for a viewer the original until then.
        url: links
            .next()
            .map(|link| link.url)
            .or_else(|| readable.then(|| format!("/view/{}/{token}/documents/{at}", request.id))),
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
        ended_at: request.ended_at,
        people,
        documents: request.terms.documents.iter().enumerate().map(document).collect(),
        download_url: completed.then(|| download::relative_url(floor, request.id, None)),
    }
}

fn person(signer: &Signer, reader: Reader<'_>) -> Person {
    let sender = reader == Reader::Sender;
    Person {
        name: signer.name().to_owned(),
        email: signer.person.as_ref().filter(|_| sender).map(|person| person.email.clone()),
        role: signer.terms.role,
        order: signer.terms.order,
        status: signer.status,
        covered: signer.covered_by.is_some(),
        sent_at: signer.sent_at,
        viewed_at: signer.viewed_at,
        signed_at: signer.signed_at,
        declined_at: signer.declined_at,
        decline_reason: signer.decline_reason.clone().filter(|_| sender),
    }
}

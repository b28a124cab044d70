//! The two addresses that two dialects have: `GET /documents` and `GET /documents/{id}`. A call that shows a `tokenAPI` is
//! in D4Sign's words, any other in those of the envelopes dialect.

use axum::extract::{OriginalUri, Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::certyneo::wire::{Document, DocumentList, EnvelopesError};
use super::d4sign::wire::{D4SignDocument, D4SignItem, D4SignMessage};
use super::{certyneo, d4sign};
use crate::http::Floor;

/// The routes, with their description.
pub fn routes() -> OpenApiRouter<Floor> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// Documents, as either dialect lists them.
#[derive(ToSchema)]
#[schema(title = "ListOfDocuments")]
#[serde(untagged)]
pub enum ListedDocuments {
    /// With an API key: a page of uploads.
    Envelopes(DocumentList),
    /// With a `tokenAPI`: where the list stands, then documents.
    D4Sign(Vec<D4SignItem>),
}

/// A document, as either dialect shows it.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum ShownDocument {
    /// With an API key: an upload.
    Envelopes(Document),
    /// With a `tokenAPI`: a list of one.
    D4Sign(Vec<D4SignDocument>),
}

/// What is wrong with a call, as either dialect says it.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum DocumentsError {
    /// With an API key.
    Envelopes(EnvelopesError),
    /// With a `tokenAPI`.
    D4Sign(D4SignMessage),
}

/// The organization's documents, newest first: with an API key its uploads, with a `tokenAPI` its documents as D4Sign has
/// them, which are its requests.
#[utoipa::path(
    get, path = "/documents", tag = "Documents",
    params(
        ("page" = Option<u64>, Query, minimum = 1, maximum = 1000000, description = "Which page, from 1"),
        ("pageSize" = Option<u64>, Query, minimum = 1, maximum = 100, description = "Items on a page: 20, at most 100"),
        ("pg" = Option<u64>, Query, minimum = 1, maximum = 1000000,
            description = "With a tokenAPI: which page of 500, from 1"),
    ),
    responses((status = 200, body = ListedDocuments)),
    security(("key" = ["envelopes:read"]), ("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn list(
    State(floor): State<Floor>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if d4sign::speaks(&uri, &headers) {
        return d4sign::documents::list(State(floor), d4sign::Call::of(&uri, &headers)).await.into_response();
    }
    certyneo::documents::list(State(floor), headers, RawQuery(query)).await.into_response()
}

/// One document: with an API key an upload, with a `tokenAPI` a document as D4Sign has it, in a list of its own.
#[utoipa::path(
    get, path = "/documents/{id}", tag = "Documents",
    params(("id" = String, Path, description = "Which document")),
    responses(
        (status = 200, body = ShownDocument),
        (status = 404, body = DocumentsError, description = "There is none"),
    ),
    security(("key" = ["envelopes:read"]), ("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn get(
    State(floor): State<Floor>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if d4sign::speaks(&uri, &headers) {
        let call = d4sign::Call::of(&uri, &headers);
        return d4sign::documents::get(State(floor), call, d4sign::Id(id)).await.into_response();
    }
    certyneo::documents::get(State(floor), headers, certyneo::Id(id)).await.into_response()
}

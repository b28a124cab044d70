//! The envelopes dialect: seed 003 (Certyneo public API v1), under `/api/v1/{documents,envelopes,webhooks,keys}`.
//!
//! `wire` holds the shapes, `vocabulary` says which word of theirs is which of ours, `read` turns bodies into what is
//! wanted with every fault at once, `drafting` that into drafts, `show` requests into envelopes; `problem` writes faults
//! as `{error, code}`, `paging` lists as `{data, pagination}`, `notice` what endpoints are told; the rest are the handlers.

mod deliveries;
pub(super) mod documents;
mod downloads;
mod drafting;
mod envelopes;
mod keys;
mod listing;
pub mod notice;
mod paging;
mod problem;
mod read;
mod show;
mod vocabulary;
mod webhooks;
pub mod wire;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::FILE_MAX_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::Floor;
use crate::http::fault::Fault;
use problem::Problems;

pub(super) use problem::Id;

/// Where the dialect lives.
pub const BASE: &str = "/api/v1";
/// What its addresses begin with there.
const ROOMS: [&str; 4] = ["documents", "envelopes", "webhooks", "keys"];
/// Largest body that holds a document: one of the largest size in base64, and room for the rest of it.
const DOCUMENT_BODY_MAX_BYTES: usize = FILE_MAX_BYTES / 3 * 4 + 1024 * 1024;
/// Largest body that holds no document, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The dialect's routes, with their description.
pub fn routes() -> OpenApiRouter<Floor> {
    let with_documents =
        OpenApiRouter::new().routes(routes!(documents::upload)).layer(DefaultBodyLimit::max(DOCUMENT_BODY_MAX_BYTES));
    OpenApiRouter::new()
        .routes(routes!(documents::delete))
        .routes(routes!(envelopes::create, listing::list))
        .routes(routes!(envelopes::get, envelopes::change, envelopes::delete))
        .routes(routes!(envelopes::send))
        .routes(routes!(envelopes::void))
        .routes(routes!(downloads::audit_trail))
        .routes(routes!(downloads::signed_document))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::revoke))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::get, webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(deliveries::test))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(deliveries::get_delivery))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::replay_range))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .merge(with_documents)
}

/// Whether an address is this dialect's.
pub fn owns(path: &str) -> bool {
    let room = path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/'));
    room.and_then(|rest| rest.split('/').next()).is_some_and(|room| ROOMS.contains(&room))
}

/// A fault as this dialect writes it.
pub fn problem(fault: Fault) -> Response {
    Problems::from(fault).into_response()
}

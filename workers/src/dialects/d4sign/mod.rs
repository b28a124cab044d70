//! The D4Sign dialect: seed 001, the signers of a document, and what a signer flow needs of the vendor's other endpoints
//! (docapi.d4sign.com.br), under `/api/v1/{documents/{id}/…,groups,safes}`.
//!
//! The vendor's document is our request: its upload makes a draft. `wire` holds the shapes, `vocabulary` says which word
//! of theirs is which of ours, `call` finds whose a call is, `body` reads what comes as JSON or as a form, `finding` looks
//! documents up, `read` turns bodies into signers, `revising` changes drafts, `show` writes requests as documents and
//! `people` their signers, `problem` writes faults as `{"message"}`, `notice` is what a document's webhook is told; the
//! rest are the handlers. `hook` reads what the vendor tells us, `calling` asks it.

mod body;
mod call;
pub mod calling;
mod corrections;
pub(super) mod documents;
mod downloads;
mod finding;
mod groups;
pub mod hook;
mod joining;
pub mod notice;
mod people;
mod problem;
mod read;
mod revising;
mod sending;
mod show;
mod uploads;
mod vocabulary;
mod webhooks;
pub mod wire;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use countersign_engine::command::FILE_MAX_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::Floor;
use crate::http::fault::Fault;
use problem::Problems;

pub(super) use call::{Call, speaks};
pub(super) use problem::Id;

/// Where the dialect lives.
pub const BASE: &str = "/api/v1";
/// Largest body that holds a document: one of the largest size in base64, and room for the rest of it.
const DOCUMENT_BODY_MAX_BYTES: usize = FILE_MAX_BYTES / 3 * 4 + 1024 * 1024;
/// Largest body that holds no document, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The dialect's routes, with their description; but for those that it shares with another dialect.
pub fn routes() -> OpenApiRouter<Floor> {
    let with_documents = OpenApiRouter::new()
        .routes(routes!(uploads::upload))
        .routes(routes!(uploads::upload_binary))
        .layer(DefaultBodyLimit::max(DOCUMENT_BODY_MAX_BYTES));
    OpenApiRouter::new()
        .routes(routes!(documents::safes))
        .routes(routes!(documents::of_safe))
        .routes(routes!(documents::of_phase))
        .routes(routes!(groups::list_groups))
        .routes(routes!(people::list_signers))
        .routes(routes!(joining::create))
        .routes(routes!(corrections::change_email))
        .routes(routes!(corrections::change_sms))
        .routes(routes!(corrections::change_code))
        .routes(routes!(corrections::remove))
        .routes(routes!(corrections::add_info))
        .routes(routes!(sending::send))
        .routes(routes!(sending::cancel))
        .routes(routes!(sending::resend))
        .routes(routes!(downloads::download))
        .routes(routes!(webhooks::register, webhooks::list_webhooks))
        // As the vendor's own PHP client spells them.
        .route("/documents/", get(documents::list))
        .route("/documents/{id}/safe/", get(documents::of_safe))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .merge(with_documents)
}

/// Whether an address is this dialect's alone.
pub fn owns(path: &str) -> bool {
    let Some(rest) = path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/')) else { return false };
    let mut parts = rest.split('/');
    match parts.next() {
        Some("safes" | "groups") => true,
        Some("documents") => parts.nth(1).is_some(),
        _ => false,
    }
}

/// A fault as this dialect writes it.
pub fn problem(fault: Fault) -> Response {
    Problems::from(fault).into_response()
}

//! The native API: seed 002 (Catalisa "Signature Requests"), JSON:API, under `/api/v1/esignature`.
//!
//! `wire` holds the shapes, `read` turns bodies into drafts with every fault at once, `show` turns
//! requests into answers, `problem` writes faults as JSON:API errors; the rest are the handlers.

mod casting;
mod configuring;
pub mod dead_letters;
mod drafting;
mod files;
mod groups;
mod history;
mod inbound;
mod listing;
mod ordering;
mod people;
mod placing;
mod problem;
mod providers;
mod read;
mod requests;
mod retention;
mod show;
pub mod sign_this;
mod signers;
mod templates;
pub mod wire;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use countersign_engine::command::FILE_MAX_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::Floor;
use crate::http::fault::Fault;
use problem::Problems;

/// Where the dialect lives.
pub const BASE: &str = "/api/v1/esignature";
/// Largest body: a document of the largest size in base64, and room for the rest of it.
pub const BODY_MAX_BYTES: usize = FILE_MAX_BYTES / 3 * 4 + 4 * 1024 * 1024;

/// The dialect's routes, with their description.
pub fn routes() -> OpenApiRouter<Floor> {
    OpenApiRouter::new()
        .routes(routes!(requests::create, listing::list))
        .routes(routes!(requests::create_from_template))
        .routes(routes!(requests::get, requests::delete))
        .routes(routes!(requests::send))
        .routes(routes!(requests::cancel))
        .routes(routes!(requests::resend))
        .routes(routes!(requests::download))
        .routes(routes!(signers::add, signers::list))
        .routes(routes!(signers::correct, signers::remove))
        .routes(routes!(signers::replace))
        .routes(routes!(retention::get, retention::put, retention::delete))
        .routes(routes!(retention::hold, retention::release))
        .routes(routes!(history::events))
        .routes(routes!(history::audit_trail))
        .routes(routes!(history::evidence))
        .routes(routes!(files::upload))
        .routes(routes!(files::get, files::delete))
        .routes(routes!(groups::create, groups::list))
        .routes(routes!(groups::get, groups::put, groups::delete))
        .routes(routes!(providers::create, providers::list))
        .routes(routes!(providers::get, providers::change, providers::delete))
        .routes(routes!(providers::set_default))
        .routes(routes!(providers::test))
        .routes(routes!(templates::create, templates::list))
        .routes(routes!(templates::get, templates::delete))
        .routes(routes!(inbound::list))
        .routes(routes!(inbound::get))
        .routes(routes!(inbound::replay))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

/// A fault as this dialect writes it, for the doors beside it that have no words of their own.
pub fn problem(fault: Fault) -> Response {
    Problems::from(fault).into_response()
}

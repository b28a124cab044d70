//! The signer's browser: the pages of a ceremony, the sender's progress page, downloads.
//!
//! `view` holds what the pages show and `text` their words; `ceremony` turns a request into a page;
//! the handlers know links, cookies and statuses. Nothing on these pages asks another host.

mod asset;
mod ceremony;
mod download;
mod floor;
mod progress;
mod signing;
mod steps;
pub mod text;
mod told;
pub mod view;
mod visit;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::http::Floor;

/// The pages' routes.
pub fn routes() -> Router<Floor> {
    Router::new()
        .route("/sign/{request}/{token}", get(signing::open_link))
        .route("/sign/{request}", get(signing::page))
        .route("/sign/{request}/documents/{number}", get(signing::document))
        .route("/sign/{request}/sign", post(signing::sign))
        .route("/sign/{request}/decline", post(signing::decline))
        .route("/sign/{request}/steps/decline", post(steps::decline))
        .route("/sign/{request}/steps/{method}", post(steps::prove).layer(DefaultBodyLimit::max(steps::FORM_MAX_BYTES)))
        .route("/sign/{request}/steps/{method}/send", post(steps::send))
        .route("/sign/{request}/done", get(signing::done))
        .route("/view/{request}/{token}", get(progress::page))
        .route("/view/{request}/{token}/documents/{number}", get(progress::document))
        .route("/download/{request}", get(download::sealed))
        .route("/copy/{request}/{signer}/{token}", get(download::copy))
        .route("/assets/{*path}", get(floor::asset))
        .fallback(floor::nothing_here)
}

//! Dialects: vendors' vocabularies over the one engine. Each reads its own JSON into the engine's
//! words, and writes the engine's words as its own JSON; none knows another. What is said where no
//! dialect answers is said here, in the words of the one whose address it is; which vendor's dialect a hook is in
//! `hooks` knows, and which one calls a vendor `calling`.

pub mod calling;
pub mod catalisa;
pub mod certyneo;
pub mod d4sign;
pub mod documents;
pub mod hooks;

use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::response::Response;

use crate::http::fault::Fault;

/// A fault in the words of the dialect that an address belongs to; the native API's, if to none.
fn problem(path: &str, fault: Fault) -> Response {
    match path {
        path if d4sign::owns(path) => d4sign::problem(fault),
        path if certyneo::owns(path) => certyneo::problem(fault),
        _ => catalisa::problem(fault),
    }
}

/// The answer to a method that an address of the API does not take.
pub async fn method_not_allowed(OriginalUri(uri): OriginalUri) -> Response {
    let detail = "This address does not take this method.";
    problem(uri.path(), Fault::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail))
}

/// The answer where there is nothing under the API's addresses.
pub fn nothing_here(path: &str) -> Response {
    problem(path, Fault::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address."))
}

//! The native API against its contract: shapes, permissions, limits, documents, erasure.

mod access;
mod answers;
mod asking;
mod bodies;
pub(crate) mod deleting;
pub(crate) mod documents;
mod groups;
mod lists;
mod requirements;
mod resending;
mod several;
mod signers;
mod templates;
mod widgets;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{Answer, World};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The errors of an answer as (code, pointer), in their order; checks that each is whole.
pub(crate) fn faults(answer: &Answer) -> Vec<(String, String)> {
    let errors = answer.json["errors"].as_array().unwrap_or_else(|| panic!("no errors in {:#}", answer.json));
    assert!(!errors.is_empty());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors
        .iter()
        .map(|error| {
            for member in ["id", "status", "code", "title", "detail"] {
                assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {error:#}");
            }
            (text(&error["code"]), text(&error["source"]["pointer"]))
        })
        .collect()
}

/// The only error of an answer with this status.
pub(crate) fn fault(answer: &Answer, status: u16) -> (String, String) {
    assert_eq!(answer.status.as_u16(), status, "{:#}", answer.json);
    let mut faults = faults(answer);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

/// Asserts one 422 with a code at an attribute.
pub(crate) fn refused(answer: &Answer, code: &str, pointer: &str) {
    assert_eq!(fault(answer, 422), (code.to_owned(), format!("/data/attributes{pointer}")));
}

/// A request that its only signer has signed.
pub(crate) async fn completed(world: &World) -> String {
    let id = world.created(json!({ "signers": [{ "name": "João", "email": "joao@empresa.com" }] })).await;
    world.sign(&id, 0).await;
    assert_eq!(world.status(&id).await, "COMPLETED");
    id
}

/// Uploads a PDF and returns its id.
pub(crate) async fn uploaded(world: &World, bytes: &[u8]) -> Answer {
    let attributes = json!({ "fileBase64": STANDARD.encode(bytes), "fileName": "a.pdf" });
    world.call(Method::POST, "/files", Some(json!({ "data": { "attributes": attributes } }))).await
}

/// A call without a body.
pub(crate) async fn plain(world: &World, method: Method, path: &str) -> Answer {
    world.call(method, path, None).await
}

/// Asserts that it went well.
pub(crate) fn ok(answer: &Answer) -> &Value {
    assert!(answer.status.is_success(), "{} {:#}", answer.status, answer.json);
    assert_ne!(answer.status, StatusCode::ACCEPTED);
    &answer.json
}

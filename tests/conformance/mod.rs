//! The whole API as a stranger reads it: schemathesis makes up calls from the description, right ones and wrong
//! ones. No call may be answered by a 5xx or by anything that the description does not say.
//!
//! `COUNTERSIGN_CASES` makes it longer: calls made up for each operation, beside those that try the bounds of
//! each field.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::config::Role;
use countersign_tests::world::{World, answer, new_request, sample};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::tools;

/// Calls made up for each operation.
const CASES: &str = "8";
/// Longest time that one answer may take, in seconds.
const ANSWER_MAX: &str = "30";
/// What every answer is held against.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
     response_headers_conformance,response_schema_conformance";

/// Makes something, and tells its id.
async fn made(world: &World, path: &str, body: Value) -> String {
    let url = format!("{}{path}", world.app.service.settings.public_url);
    let answer = answer(world.client.post(url).bearer_auth(&world.key).json(&body)).await;
    assert!(answer.status.is_success(), "{path}: {:#}", answer.json);
    let id = answer.json.get("id").unwrap_or(&answer.json["data"]["id"]);
    id.as_str().unwrap().to_owned()
}

/// Something of everything there is, some of it to be deleted on the way.
async fn furnished(world: &World) -> Value {
    let document = STANDARD.encode(sample());
    let upload = json!({ "fileName": "a.pdf", "fileBase64": document });
    let (mut documents, mut spare, mut envelopes, mut requests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        documents.push(made(world, "/api/v1/documents", upload.clone()).await);
        spare.push(made(world, "/api/v1/documents", upload.clone()).await);
    }
    for _ in 0..4 {
        let envelope = json!({ "subject": "S", "documentIds": documents,
            "recipients": [{ "email": "a@example.com" }, { "email": "v@example.com", "role": "VIEWER" }] });
        envelopes.push(made(world, "/api/v1/envelopes", envelope).await);
        requests.push(made(world, "/api/v1/esignature/requests", new_request(json!({}))).await);
    }
    made(world, &format!("/api/v1/envelopes/{}/send", envelopes[0]), json!(null)).await;
    let one = json!({ "signers": [{ "name": "Ana", "email": "ana@example.com" }] });
    let completed = made(world, "/api/v1/esignature/requests", new_request(one)).await;
    world.sign(&completed, 0).await;
    envelopes.push(completed.clone());
    requests.push(completed);
    let template = json!({ "data": { "type": "signature-template", "id": "tpl_1", "attributes": {
        "name": "T", "fileName": "a.pdf", "fileBase64": document, "widgets": [] } } });
    let template = made(world, "/api/v1/esignature/templates", template).await;
    let key = made(world, "/api/v1/keys", json!({ "name": "k", "scopes": ["envelopes:read"] })).await;
    let uploads = [documents.clone(), spare.clone()].concat();
    let safes = format!("{}/api/v1/safes", world.app.service.settings.public_url);
    let safes = answer(world.client.get(safes).bearer_auth(&world.key)).await.json;
    let safe = safes[0]["uuid_safe"].clone();
    let vault = [spare.clone(), envelopes.clone()].concat();
    json!({ "document": document, "documents": documents, "key": world.key, "ids": {
        "/api/v1/documents": uploads,
        "/api/v1/documents/{id}/": vault,
        "/api/v1/documents/{id}/safe": [safe.clone()],
        "/api/v1/documents/{id}/upload": [safe.clone()],
        "/api/v1/documents/{id}/status": ["2", "3", "6"],
        "/api/v1/groups": [safe],
        "/api/v1/envelopes": envelopes,
        "/api/v1/keys": [key],
        "/api/v1/esignature/requests": requests,
        "/api/v1/esignature/files": spare,
        "/api/v1/esignature/templates": [template],
    } })
}

/// How many operations the description has.
fn operations() -> usize {
    let api = serde_json::to_value(countersign::app::openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap().values();
    let methods = ["get", "put", "post", "patch", "delete"];
    paths.map(|path| methods.iter().filter(|method| path.get(*method).is_some()).count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_answered_by_what_the_description_does_not_say() {
    // Nothing but answers: what is made up must reach nobody outside.
    let world = World::changed(|settings| {
        settings.roles = vec![Role::Http];
        settings.rate_limit = None;
    })
    .await;
    let known = furnished(&world).await;
    let url = world.app.service.settings.public_url.clone();
    let cases = std::env::var("COUNTERSIGN_CASES").unwrap_or_else(|_| CASES.to_owned());
    let mut schemathesis = Command::new(tools::folder().join("python/bin/schemathesis"));
    schemathesis
        .args(["run", &format!("{url}/openapi.json"), "--url", &url, "--checks", CHECKS])
        .args(["--header", &format!("Authorization: Bearer {}", world.key)])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", &cases, "--seed", "1"])
        .args(["--request-timeout", ANSWER_MAX, "--continue-on-failure", "--no-shrink", "--no-color"])
        .args(["--warnings", "off", "--generation-database", "none"])
        .current_dir(world.folder())
        .env("SCHEMATHESIS_HOOKS", tools::file("conformance/hooks.py"))
        .env("KNOWN", known.to_string());
    let said = tools::run(&mut schemathesis).await;
    let operations = operations();
    assert!(operations > 40 && said.contains(&format!("Tested: {operations}")), "{operations}: {said}");
    let completed = world.call(Method::GET, "/requests?filter[status]=COMPLETED", None).await;
    assert_eq!(completed.json["meta"]["totalItems"], 1, "what is kept for audit outlives every call");
    world.check().await;
}

//! The envelopes dialect against its contract.

mod keys;
mod worlds;

use countersign_tests::world::{Answer, World, answer};
use reqwest::Method;
use serde_json::Value;

/// Calls the dialect with a key.
pub(crate) async fn call_as(world: &World, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/api/v1{path}", world.app.service.settings.public_url);
    let call = world.client.request(method, url).bearer_auth(key);
    let call = match body {
        Some(body) => call.json(&body),
        None => call,
    };
    answer(call).await
}

/// Calls the dialect with the world's key.
pub(crate) async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    call_as(world, &world.key, method, path, body).await
}

/// The faults of an answer with this status as (code, field), in their order; checks that each is readable.
pub(crate) fn faults(answer: &Answer, status: u16) -> Vec<(String, String)> {
    assert_eq!(answer.status.as_u16(), status, "{:#}", answer.json);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let details = answer.json["details"].as_array().unwrap_or_else(|| panic!("no details in {:#}", answer.json));
    let said = text(&answer.json["error"]);
    assert_eq!(answer.json["code"], details[0]["code"], "{:#}", answer.json);
    for detail in details {
        let sentence = text(&detail["error"]);
        assert!(!sentence.is_empty() && said.contains(&sentence), "{:#}", answer.json);
        assert!(said.contains(detail["field"].as_str().unwrap_or_default()), "{:#}", answer.json);
    }
    details.iter().map(|detail| (text(&detail["code"]), text(&detail["field"]))).collect()
}

//! An account that is configured wrong is said to be, by its test and by its state, and no request suffers from it: what
//! is to go there goes once it is put right.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Pair;

const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// A safe that nobody has.
const NO_SAFE: &str = "01900000-0000-7000-8000-000000000000";

async fn change(pair: &Pair, attributes: Value) {
    let body = json!({ "data": { "type": "provider-config", "attributes": attributes } });
    let path = format!("/provider-configs/{}", pair.config);
    let changed = pair.ours.call(Method::PATCH, &path, Some(body)).await;
    assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
}

/// What a test of the account says: nothing if all is well.
async fn tested(pair: &Pair) -> Value {
    let path = format!("/provider-configs/{}/test", pair.config);
    let tested = pair.ours.call(Method::POST, &path, None).await;
    assert_eq!(tested.status, StatusCode::OK, "{:#}", tested.json);
    let attributes = &tested.json["data"]["attributes"];
    assert_eq!(attributes["ok"], attributes["code"].is_null(), "{attributes:#}");
    attributes["code"].clone()
}

/// Configured wrong, a request waits; put right, it goes.
async fn waits(pair: Pair, wrong: Value, right: Value, by_test: &str, by_upload: &str) {
    assert_eq!(tested(&pair).await, Value::Null);
    change(&pair, wrong).await;
    assert_eq!(tested(&pair).await, by_test);
    let state = pair.shown().await["state"].clone();
    assert_eq!((&state["status"], &state["code"]), (&json!("denied"), &json!(by_test)), "{state:#}");
    // Tried by the request itself, and not for the first time once the account has rested.
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.failed", 1, A_MINUTE).await;
    assert_eq!(pair.shown().await["state"]["code"], by_upload);
    assert!(!pair.ours.events(&request).await.contains(&"delivery.failed".to_owned()), "it is not given up");
    assert_eq!(pair.found(&request).await.len(), 0);

    change(&pair, right).await;
    assert_eq!(tested(&pair).await, Value::Null);
    assert_eq!(pair.shown().await["state"]["status"], "ok");
    pair.until(&request, "provider.submitted", 1, A_MINUTE).await;
    pair.one(&request).await;
    pair.ours.check().await;
}

/// Below an address at which there is nothing.
async fn waits_for_its_address(vendor: &str) {
    let pair = Pair::new(vendor, 100_000).await;
    let right = json!({ "baseUrl": format!("{}/api/v1", pair.line.url()) });
    let wrong = json!({ "baseUrl": format!("{}/elsewhere", pair.line.url()) });
    waits(pair, wrong, right, "http_404", "http_404").await;
}

#[tokio::test]
async fn what_goes_to_another_address_than_d4signs_waits_until_it_is_put_right() {
    waits_for_its_address("d4sign").await;
}

#[tokio::test]
async fn what_goes_to_another_address_than_certyneos_waits_until_it_is_put_right() {
    waits_for_its_address("certyneo").await;
}

#[tokio::test]
async fn what_goes_into_a_safe_that_there_is_not_waits_until_it_is_put_right() {
    let pair = Pair::new("d4sign", 100_000).await;
    let right = json!({ "safe": pair.shown().await["safe"] });
    waits(pair, json!({ "safe": NO_SAFE }), right, "safe_unknown", "http_404").await;
}

//! The circle: a request goes to the vendor, its people sign there, the vendor's hooks come back, and the signed PDF is
//! here in the end. So does what else may be done with a request at a vendor.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Pair;

const SOON: SignedDuration = SignedDuration::from_secs(1);

/// Both people of a request act on their side, one after the other; ours follows, and has the signed PDF in the end.
async fn goes_round(vendor: &str) {
    let pair = Pair::new(vendor, 1000).await;
    let request = pair.ours.created(json!({ "message": "Por favor, assine." })).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    assert_eq!(
        pair.ours.events(&request).await,
        ["request.created", "request.sent", "provider.submitted", "signer.invited"]
    );
    let (first, second) = (pair.ours.signer(&request, 0).await, pair.ours.signer(&request, 1).await);
    assert_eq!((&first["status"], &second["status"]), (&json!("SENT"), &json!("PENDING")));
    assert_eq!(first["signingUrl"], Value::Null, "the link is the vendor's");
    assert!(
        !pair.ours.mail().exists() || pair.ours.mail().read_dir().unwrap().count() == 0,
        "nobody is written to by us"
    );

    pair.theirs.sign(&theirs, 0).await;
    pair.until(&request, "signer.signed", 1, SOON).await;
    assert_eq!(pair.ours.status(&request).await, "PARTIALLY_SIGNED");
    assert_eq!(pair.ours.signer(&request, 1).await["status"], "SENT", "whose turn it is at the vendor");
    pair.theirs.sign(&theirs, 1).await;
    pair.until(&request, "document.sealed", 1, SOON).await;
    assert_eq!(pair.ours.status(&request).await, "COMPLETED");

    let fetched = download(&pair.ours, &request).await;
    assert_eq!(fetched, download(&pair.theirs, &theirs).await, "it is the vendor's own");
    assert!(fetched.starts_with(b"%PDF-"));
    pair.ours.check().await;
    pair.theirs.check().await;
}

pub(super) async fn download(world: &countersign_tests::world::World, id: &str) -> Vec<u8> {
    let answer = world.call(Method::GET, &format!("/requests/{id}/download"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    let url = answer.json["downloadUrl"].as_str().unwrap();
    world.client.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn a_request_goes_round_by_certyneo() {
    goes_round("certyneo").await;
}

#[tokio::test]
async fn a_request_goes_round_by_d4sign() {
    goes_round("d4sign").await;
}

/// What is called off here is called off there, and deleted only then.
async fn is_withdrawn(vendor: &str) {
    let pair = Pair::new(vendor, 1000).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    let early = pair.ours.call(Method::DELETE, &format!("/requests/{request}"), None).await;
    assert_eq!((early.status, &early.json["errors"][0]["code"]), (StatusCode::CONFLICT, &json!("at_provider")));
    let cancelled = pair.ours.call(Method::POST, &format!("/requests/{request}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{:#}", cancelled.json);
    pair.until(&request, "delivery.sent", 1, SOON).await;
    assert_eq!(pair.theirs.status(&theirs).await, "CANCELLED");
    let deleted = pair.ours.call(Method::DELETE, &format!("/requests/{request}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{:#}", deleted.json);
    pair.ours.check().await;
}

#[tokio::test]
async fn what_is_cancelled_is_cancelled_at_certyneo() {
    is_withdrawn("certyneo").await;
}

#[tokio::test]
async fn what_is_cancelled_is_cancelled_at_d4sign() {
    is_withdrawn("d4sign").await;
}

/// A refusal there ends the request here.
async fn is_declined(vendor: &str) {
    let pair = Pair::new(vendor, 1000).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    let declined = pair.theirs.visit(&theirs, 0).await.decline("Valor errado").await;
    assert_eq!(declined.status, StatusCode::OK, "{:#}", declined.json);
    pair.until(&request, "request.declined", 1, SOON).await;
    let first = pair.ours.signer(&request, 0).await;
    assert_eq!((&first["status"], &first["declineReason"]), (&json!("DECLINED"), &json!("Valor errado")));
    pair.ours.check().await;
}

#[tokio::test]
async fn a_refusal_at_certyneo_ends_the_request() {
    is_declined("certyneo").await;
}

#[tokio::test]
async fn a_refusal_at_d4sign_ends_the_request() {
    is_declined("d4sign").await;
}

#[tokio::test]
async fn certyneo_cannot_be_told_to_write_again_and_says_so() {
    let pair = Pair::new("certyneo", 1000).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let resent = pair.ours.call(Method::POST, &format!("/requests/{request}/resend"), Some(json!({}))).await;
    assert_eq!((resent.status, &resent.json["errors"][0]["code"]), (StatusCode::CONFLICT, &json!("not_supported")));
}

#[tokio::test]
async fn d4sign_writes_again_when_it_is_told_to() {
    let pair = Pair::new("d4sign", 1000).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    let resent = pair.ours.call(Method::POST, &format!("/requests/{request}/resend"), Some(json!({}))).await;
    assert_eq!(resent.status, StatusCode::OK, "{:#}", resent.json);
    pair.until(&request, "delivery.sent", 1, SOON).await;
    let invited = pair.theirs.events(&theirs).await.iter().filter(|event| *event == "signer.invited").count();
    assert_eq!(invited, 2, "once when it was sent, once more now");
}

//! CloudEvents by HTTP: the same command without any server for the bus.

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, World, answer};
use reqwest::Method;
use serde_json::{Value, json};

use super::sign_this;
use crate::dialects::catalisa::{fault, faults};

async fn post_as(world: &World, key: &str, content: &str, body: String) -> Answer {
    let url = format!("{}/events", world.api.trim_end_matches("/esignature"));
    answer(world.client.post(url).bearer_auth(key).header("content-type", content).body(body)).await
}

async fn post(world: &World, event: &Value) -> Answer {
    post_as(world, &world.key, "application/cloudevents+json; charset=utf-8", event.to_string()).await
}

#[tokio::test]
async fn a_posted_event_is_accepted_once_and_answered_the_same_again() {
    let world = World::manual().await;
    let first = post(&world, &sign_this("1", json!({}))).await;
    assert_eq!(first.status, 202, "{:#}", first.json);
    let id = first.json["data"]["id"].as_str().unwrap();
    assert_eq!(first.headers["location"], format!("/api/v1/esignature/requests/{id}"));
    world.until(id, "delivery.sent", 1).await;
    world.app.service.clock.advance(jiff::SignedDuration::from_hours(24 * 60));
    let again = post(&world, &sign_this("1", json!({}))).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json), "for ever, not for a day");
    assert_eq!(world.call(Method::GET, "/requests", None).await.json["meta"]["totalItems"], 1);
    let other = post(&world, &sign_this("2", json!({}))).await;
    assert_ne!(other.json["data"]["id"], first.json["data"]["id"]);
}

#[tokio::test]
async fn what_is_asked_of_signers_is_asked_by_an_event_too() {
    let world = World::manual().await;
    let asked = json!({ "identity": true, "foreign": true });
    let signers = json!([{ "name": "Ana", "email": "ana@example.com", "requirements": asked }]);
    let made = post(&world, &sign_this("1", json!({ "signers": signers }))).await;
    assert_eq!(made.status, 202, "{:#}", made.json);
    let id = made.json["data"]["id"].as_str().unwrap();
    assert_eq!(world.signer(id, 0).await["requirements"], asked);
}

#[tokio::test]
async fn a_receipt_of_an_event_outlives_the_tidying() {
    let world = World::manual().await;
    let first = post(&world, &sign_this("1", json!({}))).await;
    let store = &world.app.service.store;
    store.tidy(i64::MAX, 0, 100).await.unwrap();
    assert_eq!(post(&world, &sign_this("1", json!({}))).await.json, first.json);
}

#[tokio::test]
async fn all_faults_are_told_at_once_with_their_places_in_the_event() {
    let world = World::manual().await;
    let mut event = sign_this("1", json!({ "title": "", "fileBase64": "!" }));
    event["specversion"] = "0.3".into();
    event["source"] = "two words".into();
    let answer = post(&world, &event).await;
    assert_eq!(answer.status, 422);
    let expected = [
        ("invalid", "/specversion"),
        ("invalid", "/source"),
        ("required", "/data/title"),
        ("invalid_base64", "/data/fileBase64"),
    ];
    assert_eq!(faults(&answer), expected.map(|(code, at)| (code.to_owned(), at.to_owned())));
    let empty = post(&world, &json!({ "specversion": "1.0", "type": "countersign.sign_this.v1" })).await;
    let expected = ["/source", "/id", "/data"].map(|at| ("required".to_owned(), at.to_owned()));
    assert_eq!(faults(&empty), expected);
}

#[tokio::test]
async fn what_is_no_event_or_comes_from_nobody_is_refused() {
    let world = World::manual().await;
    let event = sign_this("1", json!({}));
    let body = event.to_string();
    let media = "application/cloudevents+json";
    assert_eq!(
        fault(&post_as(&world, &world.key, "application/json", body.clone()).await, 415).0,
        "unsupported_media_type"
    );
    assert_eq!(fault(&post_as(&world, &world.key, media, "{".to_owned()).await, 400).0, "invalid_json");
    assert_eq!(fault(&post_as(&world, "sk_live_no", media, body.clone()).await, 401).0, "key_unknown");
    let reader = world.key("acme", &[Permission::Read]).await;
    assert_eq!(fault(&post_as(&world, &reader, media, body).await, 403).0, "permission_denied");
    post(&world, &event).await;
    let reused = post(&world, &sign_this("1", json!({ "title": "Other" }))).await;
    assert_eq!(fault(&reused, 422), ("event_id_reused".to_owned(), "/id".to_owned()));
}

#[tokio::test]
async fn the_same_source_and_id_of_another_organization_is_another_event() {
    let world = World::manual().await;
    let other = world.key("other", &Permission::ALL).await;
    let event = sign_this("1", json!({}));
    let first = post(&world, &event).await;
    let second = post_as(&world, &other, "application/cloudevents+json", event.to_string()).await;
    assert_eq!(second.status, 202);
    assert_ne!(first.json["data"]["id"], second.json["data"]["id"]);
}

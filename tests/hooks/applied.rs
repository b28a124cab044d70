//! What comes of what vendors told: it is read and settled by a clerk with a reason that is shown, in the order in which it
//! came, once; what cannot be done yet is tried again; one clerk takes over from another.

use countersign::config::Role;
use countersign::hooks::Scheme;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use super::sender::{DOCUMENT, Letter};
use super::{address, configured, post, saying, told, until, until_settled};

/// What is shown of the only delivery.
async fn only(world: &World) -> Value {
    until_settled(world, 1).await.remove(0)["attributes"].clone()
}

#[tokio::test]
async fn what_changes_nothing_or_cannot_be_read_has_its_reason() {
    let cases = [
        (
            "certyneo",
            json!({ "event": "endpoint.ping", "envelope_id": null }).to_string(),
            "ignored",
            "it is about no document",
        ),
        (
            "certyneo",
            json!({ "event": "envelope.sent", "envelope_id": DOCUMENT }).to_string(),
            "ignored",
            "it changes nothing here",
        ),
        ("certyneo", "not JSON".to_owned(), "failed", "the body is not what its type says"),
        ("certyneo", json!({ "event": "a b" }).to_string(), "failed", "event is missing or is not what it must be"),
        ("docusign", "{}".to_owned(), "ignored", "it is about no document"),
    ];
    for (provider, body, verdict, reason) in cases {
        let world = World::manual().await;
        let scheme = Scheme::named(provider).unwrap();
        let config = configured(&world, "acme", provider, scheme).await;
        let answer = post(&world, &address(&world, provider, config), &saying(scheme, &body).sent()).await;
        assert_eq!(answer.status, StatusCode::OK, "it is genuine");
        let attributes = only(&world).await;
        assert_eq!((&attributes["verdict"], &attributes["reason"]), (&json!(verdict), &json!(reason)), "{body}");
        assert_eq!(
            (&attributes["status"], &attributes["settledAt"]),
            (&json!("settled"), &json!("2026-01-15T10:30:00Z"))
        );
    }
}

#[tokio::test]
async fn a_document_that_nobody_knows_is_waited_for_and_then_unknown() {
    let world = World::manual().await;
    for name in ["certyneo", "d4sign"] {
        let scheme = Scheme::named(name).unwrap();
        let config = configured(&world, "acme", name, scheme).await;
        post(&world, &address(&world, name, config), &Letter::of(scheme).sent()).await;
    }
    let tried = |found: &[Value]| found.iter().all(|one| one["attributes"]["attempts"].as_i64() >= Some(1));
    let waiting = until(&world, "tried once", tried).await;
    for one in &waiting {
        let attributes = &one["attributes"];
        assert_eq!((&attributes["status"], &attributes["document"]), (&json!("pending"), &json!(DOCUMENT)));
        assert_eq!(attributes["told"], "signed");
        assert!(attributes["reason"].as_str().unwrap().contains("by that reference"), "{attributes:#}");
        assert_eq!(attributes["nextAttemptAt"], "2026-01-15T10:30:05Z");
    }
    world.app.service.clock.advance(SignedDuration::from_mins(11));
    for one in until_settled(&world, 2).await {
        assert_eq!(one["attributes"]["verdict"], "unknown_document");
        assert_eq!(one["attributes"]["requestId"], Value::Null);
    }
}

#[tokio::test]
async fn what_waits_is_applied_by_whoever_is_there_after_a_crash() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    for number in 0..5 {
        let body = json!({ "event": "envelope.sent", "envelope_id": DOCUMENT, "data": { "number": number } });
        post(&world, &address(&world, "certyneo", config), &saying(certyneo, body).sent()).await;
    }
    assert!(told(&world).await.iter().all(|one| one["attributes"]["status"] == "pending"));
    // A process that claimed all of it and went away.
    let now = world.now();
    let until = (now + SignedDuration::from_secs(15)).as_microsecond();
    let claims = world.app.service.store.claim_inbound(now.as_microsecond(), until, 64).await.unwrap();
    assert_eq!(claims.len(), 5);
    let world = world.restart_changed(|settings| settings.roles = vec![Role::All]).await;
    world.app.service.clock.advance(SignedDuration::from_secs(16));
    let settled = until_settled(&world, 5).await;
    assert!(settled.iter().all(|one| one["attributes"]["verdict"] == "ignored" && one["attributes"]["attempts"] == 1));
}

#[tokio::test]
async fn what_cannot_be_applied_in_all_attempts_is_dead_and_says_so() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    post(&world, &address(&world, "certyneo", config), &Letter::of(certyneo).sent()).await;
    let file = format!("sqlite://{}", world.folder().join("data/countersign.db").display());
    let mut db = SqliteConnection::connect(&file).await.unwrap();
    sqlx::raw_sql("UPDATE inbound_deliveries SET body = x'00'").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let world = world.restart_changed(|settings| settings.roles = vec![Role::All]).await;
    let mut waits = 0;
    for attempts in 1..20 {
        let tried = |found: &[Value]| found[0]["attributes"]["attempts"] == json!(attempts);
        let one = until(&world, "tried once more", tried).await.remove(0)["attributes"].clone();
        assert_eq!((&one["status"], &one["reason"]), (&json!("pending"), &json!("something inside failed")));
        let due: jiff::Timestamp = one["nextAttemptAt"].as_str().unwrap().parse().unwrap();
        let wait = due.duration_since(world.now());
        assert!(wait.is_positive() && wait <= SignedDuration::from_hours(1), "{wait}");
        waits += wait.as_secs();
        world.app.service.clock.advance(wait);
    }
    assert!(waits > 6 * 3600, "about half a day: {waits}");
    let dead = only(&world).await;
    assert_eq!((&dead["status"], &dead["verdict"]), (&json!("dead"), &json!("failed")));
    assert_eq!((&dead["attempts"], &dead["nextAttemptAt"]), (&json!(20), &Value::Null));
}

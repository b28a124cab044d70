//! What an endpoint is told: the seed's words or CloudEvents, made of the facts when it is sent; of what was erased
//! meanwhile ids only; of a completion when its sealed PDF is there.

use countersign::config::Role;
use countersign_tests::world::{World, new_request};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Heard, Receiver, Say};
use super::{hook, open, until_due, until_status, until_tried, world};

/// What was heard of an event, by its name in the seed's words.
fn of(heard: &[Heard], event: &str) -> Option<Value> {
    heard.iter().map(Heard::json).find(|told| told["event"] == event)
}

#[tokio::test]
async fn an_envelopes_life_is_told_in_the_seeds_words() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    hook(&world, &receiver.url(), &["*"], json!({})).await;
    let id = world.created(json!({ "title": "Lease" })).await;
    world.sign(&id, 0).await;
    world.sign(&id, 1).await;
    let heard = receiver.has(7).await;
    let events: Vec<Value> = heard.iter().map(|heard| heard.json()["event"].clone()).collect();
    assert_eq!(
        events,
        [
            "envelope.created",
            "envelope.sent",
            "recipient.viewed",
            "recipient.signed",
            "recipient.viewed",
            "recipient.signed",
            "envelope.completed"
        ]
    );
    let created = of(&heard, "envelope.created").unwrap();
    assert_eq!(created["envelope_id"], json!(id));
    assert_eq!(created["occurred_at"], "2026-01-15T10:30:00Z");
    assert_eq!((&created["data"]["status"], &created["data"]["subject"]), (&json!("DRAFT"), &json!("Lease")));
    // As the event left it, however late it is told.
    let signed = of(&heard, "recipient.signed").unwrap();
    let recipient = json!({ "id": signed["data"]["recipient"]["id"], "name": "João Silva", "email": "joao@empresa.com",
        "role": "SIGNER", "status": "SIGNED", "signed_at": "2026-01-15T10:30:00Z" });
    assert_eq!(signed["data"]["recipient"], recipient);
    assert_eq!(
        (&signed["data"]["status"], &signed["data"]["recipients"][1]["status"]),
        (&json!("PARTIALLY_SIGNED"), &json!("PENDING"))
    );
    let completed = of(&heard, "envelope.completed").unwrap();
    assert_eq!(completed["data"]["status"], "COMPLETED");
    assert!(
        completed["data"]["proof_pdf_url"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/api/v1/envelopes/{id}/signed-document"))
    );
    assert!(heard.iter().all(|heard| heard.headers["content-type"] == "application/json" && heard.path == "/hook"));
}

#[tokio::test]
async fn an_envelopes_other_ends_are_told_too() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    let events = ["envelope.declined", "envelope.voided", "envelope.expired", "recipient.approved"];
    hook(&world, &receiver.url(), &events, json!({})).await;

    let declined = world.created(json!({})).await;
    world.visit(&declined, 0).await.decline("too dear").await;
    let told = receiver.has(1).await.pop().unwrap().json();
    assert_eq!((&told["event"], &told["envelope_id"]), (&json!("envelope.declined"), &json!(declined)));
    assert_eq!(told["data"]["decline_reason"], "too dear");

    let voided = world.created(json!({})).await;
    world.call(Method::POST, &format!("/requests/{voided}/cancel"), None).await;
    let told = receiver.has(2).await.pop().unwrap().json();
    assert_eq!((&told["event"], &told["data"]["status"]), (&json!("envelope.voided"), &json!("VOIDED")));

    let expired = world.created(json!({ "expiresInDays": 1 })).await;
    world.sign(&expired, 0).await;
    world.app.service.clock.advance(SignedDuration::from_hours(25));
    let told = receiver.has(3).await.pop().unwrap().json();
    assert_eq!((&told["event"], &told["data"]["status"]), (&json!("envelope.expired"), &json!("EXPIRED")));
    let missing: Vec<&Value> = told["data"]["missing_signers"].as_array().unwrap().iter().collect();
    assert_eq!(missing.len(), 1, "{told:#}");
    assert_eq!(missing[0]["email"], "maria@cliente.com");
}

#[tokio::test]
async fn the_native_format_is_the_event_as_the_feed_has_it() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    hook(&world, &receiver.url(), &["*"], json!({ "format": "native" })).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let url = format!("{}/requests", world.api);
    let body = new_request(json!({ "draft": true }));
    let call = world.client.post(url).bearer_auth(&world.key).header("traceparent", trace).json(&body);
    assert_eq!(call.send().await.unwrap().status(), 201);
    let heard = receiver.has(1).await.remove(0);
    let feed = format!("{}/api/v1/events", world.app.service.settings.public_url);
    let feed: Value = world.client.get(feed).bearer_auth(&world.key).send().await.unwrap().json().await.unwrap();
    assert_eq!(heard.json(), feed["data"][0]);
    assert_eq!(heard.headers["content-type"], "application/cloudevents+json");
    assert!(heard.headers["traceparent"].starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{:?}", heard.headers);
    assert!(!String::from_utf8_lossy(&heard.body).contains("joao@"));
}

#[tokio::test]
async fn what_was_erased_meanwhile_is_told_by_ids_only_and_answers_go_with_it() {
    let world = world().await;
    let answer = Say::With(500, "x: y".to_owned(), "I heard of joao@empresa.com".to_owned());
    let receiver = Receiver::always(answer).await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    let id = world.created(json!({ "draft": true })).await;
    let tried = until_tried(&world, &hooked, 1).await;
    assert_eq!(tried["history"][0]["excerpt"], "I heard of joao@empresa.com");
    let first = receiver.has(1).await.remove(0);
    assert!(String::from_utf8_lossy(&first.body).contains("joao@empresa.com"));
    world.call(Method::DELETE, &format!("/requests/{id}"), None).await;
    receiver.now_says(|_| Say::Status(200));
    until_due(&world, &hooked).await;
    let delivered = until_status(&world, &hooked, "delivered", 1).await.remove(0);
    assert_eq!(delivered["history"][0]["excerpt"], Value::Null, "the answer is erased too");
    let second = receiver.has(2).await.remove(1);
    let told = second.json();
    assert_eq!((second.id(), &told["envelope_id"], &told["data"]["subject"]), (first.id(), &json!(id), &Value::Null));
    assert!(!String::from_utf8_lossy(&second.body).contains("joao"), "{told:#}");
    world.app.service.store.checkpoint().await.unwrap();
    let folder = world.stop().await;
    for entry in ["countersign.db", "countersign.db-wal"] {
        let stored = std::fs::read(folder.path().join("data").join(entry)).unwrap_or_default();
        assert!(!stored.windows(16).any(|window| window == b"joao@empresa.com"), "{entry}");
    }
}

#[tokio::test]
async fn a_completion_is_told_when_its_sealed_pdf_is_there() {
    for (format, event) in [("envelopes", "envelope.completed"), ("native", "request.completed")] {
        // Nobody else seals.
        let world = World::changed(|settings| {
            open(settings);
            settings.roles = vec![Role::Http, Role::Courier];
        })
        .await;
        let receiver = Receiver::willing().await;
        hook(&world, &receiver.url(), &[event], json!({ "format": format })).await;
        let id = world.created(json!({})).await;
        world.sign(&id, 0).await;
        world.sign(&id, 1).await;
        receiver.has(1).await;
        assert!(world.events(&id).await.contains(&"document.sealed".to_owned()));
        world.check().await;
    }
}

#[tokio::test]
async fn an_approval_is_told_as_one() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    hook(&world, &receiver.url(), &["recipient.approved", "recipient.signed"], json!({})).await;
    let signers = json!([{ "name": "Ana", "email": "ana@example.com", "role": "approver" }]);
    let id = world.created(json!({ "signers": signers })).await;
    world.visit(&id, 0).await.answer("sign", json!({ "consent": true, "fields": {} })).await;
    let told = receiver.has(1).await.remove(0).json();
    assert_eq!(
        (&told["event"], &told["data"]["recipient"]["role"]),
        (&json!("recipient.approved"), &json!("APPROVER"))
    );
}

//! Registration: what is asked for, what is answered, what is wrong, and whose it is.

use countersign::http::auth::Permission;
use countersign_tests::servers::{Database, on_each_database};
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{deliveries, hook, path, shown, until_logged, until_status, world, world_on};
use crate::dialects::certyneo::{call, call_as, faults};

on_each_database! {
    Database:
    a_webhook_is_registered_listed_changed_and_taken_away,
    a_webhook_is_its_organizations_own,
    a_webhook_hears_what_happens_while_it_is_active,
}

async fn a_webhook_is_registered_listed_changed_and_taken_away(database: Database) {
    let world = world_on(database).await;
    let url = "https://hooks.example.com/signatures";
    let made = hook(&world, url, &["envelope.completed", "envelope.declined", "envelope.completed"], json!({})).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 44, "{secret}");
    let expected = json!({ "id": made["id"], "url": url, "events": ["envelope.completed", "envelope.declined"],
        "isActive": true, "format": "envelopes", "stamps": ["certyneo"], "createdAt": "2026-01-15T10:30:00Z",
        "updatedAt": "2026-01-15T10:30:00Z", "failingSince": null, "disabledAt": null, "disabledReason": null,
        "formerSecretUntil": null });
    let mut without = made.clone();
    without.as_object_mut().unwrap().remove("secret");
    assert_eq!(without, expected);
    assert_eq!(shown(&world, &made).await, expected, "the secret is shown once");

    let second = hook(&world, url, &["*"], json!({ "format": "native", "stamps": ["certyneo", "d4sign"] })).await;
    let list = call(&world, Method::GET, "/webhooks?pageSize=1&page=2", None).await.json;
    assert_eq!(list["pagination"], json!({ "total": 2, "page": 2, "pageSize": 1, "pages": 2 }));
    assert_eq!(list["data"][0]["id"], second["id"]);
    assert!(!list.to_string().contains("whsec_"));

    let change = json!({ "url": "https://other.example.com/", "events": ["envelope.sent"], "isActive": false });
    let changed = call(&world, Method::PATCH, &path(&made), Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
    let seen = ["url", "events", "isActive", "disabledReason"].map(|name| changed.json[name].clone());
    assert_eq!(seen, [json!("https://other.example.com/"), json!(["envelope.sent"]), json!(false), json!("by_hand")]);
    let changed = call(&world, Method::PATCH, &path(&made), Some(json!({ "isActive": true }))).await.json;
    assert_eq!((&changed["isActive"], &changed["disabledReason"]), (&json!(true), &Value::Null));

    assert_eq!(call(&world, Method::DELETE, &path(&made), None).await.status, StatusCode::NO_CONTENT);
    for (method, path) in
        [(Method::GET, path(&made)), (Method::DELETE, path(&made)), (Method::GET, "/webhooks/x".into())]
    {
        let gone = call(&world, method, &path, None).await;
        assert_eq!(faults(&gone, 404), [("not_found".to_owned(), String::new())]);
    }
    assert_eq!(call(&world, Method::GET, "/webhooks", None).await.json["pagination"]["total"], 1);
}

async fn a_webhook_is_its_organizations_own(database: Database) {
    let world = world_on(database).await;
    let receiver = Receiver::willing().await;
    let ours = hook(&world, &receiver.url(), &["*"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    let delivered = until_status(&world, &ours, "delivered", 1).await.remove(0);
    let stranger = world.key("stranger", &Permission::ALL).await;
    let (hook, delivery) = (path(&ours), delivered["id"].as_str().unwrap().to_owned());
    for (method, path, body) in [
        (Method::GET, hook.clone(), None),
        (Method::PATCH, hook.clone(), Some(json!({ "isActive": false }))),
        (Method::DELETE, hook.clone(), None),
        (Method::POST, format!("{hook}/rotate-secret"), Some(json!({}))),
        (Method::POST, format!("{hook}/test"), None),
        (Method::GET, format!("{hook}/deliveries"), None),
        (Method::GET, format!("{hook}/deliveries/{delivery}"), None),
        (Method::POST, format!("{hook}/deliveries/{delivery}/replay"), None),
        (Method::POST, format!("{hook}/replay"), Some(json!({ "after": "2026-01-15T00:00:00Z" }))),
    ] {
        let answer = call_as(&world, &stranger, method.clone(), &path, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {:#}", answer.json);
    }
    let theirs = call_as(&world, &stranger, Method::GET, "/webhooks", None).await;
    assert_eq!(theirs.json["pagination"]["total"], 0);
    assert_eq!(shown(&world, &ours).await["isActive"], true);
    let reader = world.key("acme", &[Permission::Read, Permission::Create]).await;
    assert_eq!(call_as(&world, &reader, Method::GET, "/webhooks", None).await.status, StatusCode::FORBIDDEN);
    let scoped = world.key("acme", &[Permission::WebhooksWrite]).await;
    assert_eq!(call_as(&world, &scoped, Method::GET, "/webhooks", None).await.status, StatusCode::OK);
}

async fn a_webhook_hears_what_happens_while_it_is_active(database: Database) {
    let world = world_on(database).await;
    world.created(json!({ "draft": true })).await;
    until_logged(&world, 1).await;
    let receiver = Receiver::willing().await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    let first = world.created(json!({ "draft": true })).await;
    receiver.has(1).await;
    call(&world, Method::PATCH, &path(&hooked), Some(json!({ "isActive": false }))).await;
    world.created(json!({ "draft": true })).await;
    until_logged(&world, 3).await;
    call(&world, Method::PATCH, &path(&hooked), Some(json!({ "isActive": true }))).await;
    let last = world.created(json!({ "draft": true })).await;
    let heard = receiver.has(2).await;
    let told: Vec<Value> = heard.iter().map(|heard| heard.json()["envelope_id"].clone()).collect();
    assert_eq!(told, [json!(first), json!(last)], "neither what was before nor what was between");
    until_status(&world, &hooked, "delivered", 2).await;
    assert_eq!(deliveries(&world, &hooked).await.len(), 2);
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_with_its_field() {
    let world = world().await;
    let pairs = |faults: &[(&str, &str)]| {
        faults.iter().map(|(code, field)| ((*code).to_owned(), (*field).to_owned())).collect::<Vec<_>>()
    };
    for (body, status, expected) in [
        (json!({}), 422, pairs(&[("required", "url"), ("required", "events")])),
        (json!([]), 422, pairs(&[("wrong_type", "")])),
        (json!({ "url": 7, "events": "x" }), 422, pairs(&[("wrong_type", "url"), ("wrong_type", "events")])),
        (json!({ "url": "https://example.com", "events": [] }), 422, pairs(&[("required", "events")])),
        (
            json!({ "url": "https://example.com", "events": ["envelope.eaten", 7] }),
            422,
            pairs(&[("wrong_type", "events[1]"), ("unknown_value", "events[0]")]),
        ),
        (
            json!({ "url": "https://example.com", "events": ["request.completed"] }),
            422,
            pairs(&[("unknown_value", "events[0]")]),
        ),
        (
            json!({ "url": "https://example.com", "events": ["*"], "format": "xml" }),
            422,
            pairs(&[("unknown_value", "format")]),
        ),
        (
            json!({ "url": "https://example.com", "events": ["*"], "stamps": ["stripe"] }),
            422,
            pairs(&[("unknown_value", "stamps[0]")]),
        ),
        (json!({ "url": "ftp://example.com", "events": ["*"] }), 400, pairs(&[("invalid_url", "url")])),
        (json!({ "url": "example.com/hook", "events": ["*"] }), 400, pairs(&[("invalid_url", "url")])),
        (json!({ "url": "https://user:secret@example.com/", "events": ["*"] }), 400, pairs(&[("invalid_url", "url")])),
        (json!({ "url": "https://example.com:22/", "events": ["*"] }), 400, pairs(&[("invalid_url", "url")])),
        (json!({ "url": "http://10.0.0.1/", "events": ["*"] }), 400, pairs(&[("invalid_url", "url")])),
    ] {
        let answer = call(&world, Method::POST, "/webhooks", Some(body.clone())).await;
        assert_eq!(faults(&answer, status), expected, "{body}");
    }
    let native = hook(&world, "https://example.com/", &["request.completed"], json!({ "format": "native" })).await;
    let answer = call(&world, Method::PATCH, &path(&native), Some(json!({ "format": "envelopes" }))).await;
    assert_eq!(
        faults(&answer, 422),
        pairs(&[("unknown_value", "events[0]")]),
        "its events would be none of the format"
    );
    let answer =
        call(&world, Method::POST, &format!("{}/rotate-secret", path(&native)), Some(json!({ "overlapHours": 999 })))
            .await;
    assert_eq!(faults(&answer, 422), pairs(&[("out_of_range", "overlapHours")]));
    for (query, field) in [("?page=0", "page"), ("?colour=red", "colour")] {
        let answer = call(&world, Method::GET, &format!("/webhooks{query}"), None).await;
        assert_eq!(faults(&answer, 400), pairs(&[("invalid_parameter", field)]));
    }
    let answer = call(&world, Method::GET, &format!("{}/deliveries?status=lost", path(&native)), None).await;
    assert_eq!(faults(&answer, 400), pairs(&[("invalid_parameter", "status")]));
}

#[tokio::test]
async fn a_call_that_is_repeated_with_its_key_registers_one_webhook() {
    let world = world().await;
    let body = json!({ "url": "https://example.com/hook", "events": ["*"] });
    let post = async |path: &str, body: &Value| {
        let url = format!("{}/api/v1{path}", world.app.service.settings.public_url);
        let call = world.client.post(url).bearer_auth(&world.key).header("idempotency-key", "once").json(body);
        countersign_tests::world::answer(call).await
    };
    let first = post("/webhooks", &body).await;
    let second = post("/webhooks", &body).await;
    assert_eq!((first.status, &first.json), (StatusCode::CREATED, &second.json), "with the same secret");
    assert_eq!(call(&world, Method::GET, "/webhooks", None).await.json["pagination"]["total"], 1);
    let other = post("/webhooks", &json!({ "url": "https://example.com/other", "events": ["*"] })).await;
    assert_eq!(faults(&other, 422)[0].0, "idempotency_key_reused");
}

#[tokio::test]
async fn a_secret_lies_nowhere_in_clear() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    let made = hook(&world, &receiver.url(), &["*"], json!({})).await;
    world.created(json!({})).await;
    until_status(&world, &made, "delivered", 2).await;
    let folder = World::stop(world).await;
    let secret = made["secret"].as_str().unwrap().trim_start_matches("whsec_");
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, secret).unwrap();
    for name in ["data/countersign.db", "data/countersign.db-wal"] {
        let Ok(stored) = std::fs::read(folder.path().join(name)) else { continue };
        for needle in [secret.as_bytes(), &bytes] {
            assert!(!stored.windows(needle.len()).any(|window| window == needle), "{name}");
        }
    }
}

#[test]
fn every_event_that_there_is_can_be_listened_to() {
    let mut names = countersign_engine::event::Fact::NAMES.to_vec();
    names.sort_unstable();
    assert_eq!(names, countersign_tests::schemas::events().keys().map(String::as_str).collect::<Vec<_>>());
}

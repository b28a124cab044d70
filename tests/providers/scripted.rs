//! A vendor that says what a test has it say: what leaves open whether something was done is looked into, what is refused is
//! refused once, and what matters more is done first.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::http::auth::Permission;
use countersign_tests::world::{World, sample};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{LOOK, PATIENCE, configure};
use crate::webhooks::receiver::{Heard, Receiver, Say};

const SOON: SignedDuration = SignedDuration::from_secs(5);

fn say(status: u16, answer: &Value) -> Say {
    Say::With(status, "Content-Type: application/json".to_owned(), answer.to_string())
}

/// What Certyneo says when all is well.
fn certyneo(heard: &Heard) -> Say {
    match heard.path.trim_start_matches("/api/v1") {
        "/documents" => say(201, &json!({ "id": "doc-1" })),
        "/envelopes" => {
            let envelope = heard.json()["message"].as_str().unwrap().replace("Ref. ", "env-");
            say(201, &json!({ "id": envelope, "status": "DRAFT", "recipients": [] }))
        }
        path if path.starts_with("/envelopes?") => say(200, &json!({ "data": [], "pagination": { "pages": 1 } })),
        _ => say(200, &json!({ "id": "env", "status": "SENT" })),
    }
}

/// A system with an account at a Certyneo that speaks by a script, and the account.
async fn at(calls_per_hour: i64, script: impl FnMut(&Heard) -> Say + Send + 'static) -> (World, Receiver, Value) {
    let vendor = Receiver::saying(script).await;
    let world = World::changed(|settings| settings.webhooks.allow_loopback = true).await;
    let account = json!({ "provider": "certyneo", "name": "Account", "isDefault": true, "callsPerHour": calls_per_hour,
        "credentials": { "apiKey": "sk_live_x" }, "baseUrl": format!("http://127.0.0.1:{}", vendor.port()) });
    let account = configure(&world, account).await;
    (world, vendor, account)
}

/// The paths of the calls that were made, without their queries.
fn paths(vendor: &Receiver) -> Vec<String> {
    let path = |heard: &Heard| heard.path.split('?').next().unwrap().trim_start_matches("/api/v1").to_owned();
    vendor.heard().iter().map(path).collect()
}

/// Lets time pass until something is as it should be.
async fn until(world: &World, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "it did not come to this: {what}");
        tokio::time::sleep(LOOK).await;
        world.app.service.clock.advance(SOON);
    }
}

async fn until_event(world: &World, id: &str, name: &str) {
    until(world, name, async || world.events(id).await.iter().any(|event| event == name)).await;
}

#[tokio::test]
async fn an_answer_that_leaves_it_open_is_looked_into_before_it_is_asked_again() {
    for (status, is_open) in [(408, true), (500, true), (502, true), (504, true), (425, false), (429, false)] {
        let mut failing = vec!["/api/v1/documents", "/api/v1/envelopes"];
        let script = move |heard: &Heard| match failing.iter().position(|path| *path == heard.path) {
            Some(first) => {
                failing.remove(first);
                Say::Status(status)
            }
            None => certyneo(heard),
        };
        let (world, vendor, _) = at(1000, script).await;
        let id = world.created(json!({})).await;
        until_event(&world, &id, "provider.submitted").await;
        let heard = vendor.heard();
        let first = heard.iter().position(|heard| heard.path == "/api/v1/envelopes").unwrap();
        let next = &heard[first + 1].path;
        assert_eq!(next.starts_with("/api/v1/envelopes?createdAfter="), is_open, "after {status}: {next}");
        for path in ["/api/v1/documents", "/api/v1/envelopes"] {
            let made = heard.iter().filter(|heard| heard.path == path);
            let keys: Vec<&String> = made.map(|heard| &heard.headers["idempotency-key"]).collect();
            assert_eq!((keys.len(), keys[0]), (2, keys[1]), "{path} after {status}: the same key");
        }
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_asked_again() {
    let script = |heard: &Heard| match heard.path.as_str() {
        "/api/v1/envelopes" => say(422, &json!({ "message": "no" })),
        _ => certyneo(heard),
    };
    let (world, vendor, account) = at(1000, script).await;
    let id = world.created(json!({})).await;
    until_event(&world, &id, "provider.failed").await;
    let calls = vendor.heard().len();
    // Others are served all the same, and show that time has passed for the agent.
    vendor.now_says(certyneo);
    world.app.service.clock.advance(SignedDuration::from_hours(2));
    let other = world.created(json!({})).await;
    until_event(&world, &other, "provider.submitted").await;
    assert_eq!(vendor.heard().len(), calls + 3, "upload, envelope, send: {:?}", paths(&vendor));
    let path = format!("/provider-configs/{}", account["id"].as_str().unwrap());
    let shown = world.call(Method::GET, &path, None).await.json;
    assert_eq!(shown["data"]["attributes"]["state"]["status"], "ok", "it is not the vendor that fails");
}

#[tokio::test]
async fn some_calls_are_left_for_what_matters_more() {
    let (world, _vendor, account) = at(20, certyneo).await;
    let path = format!("/provider-configs/{}/test", account["id"].as_str().unwrap());
    for number in 0..14 {
        assert_eq!(world.call(Method::POST, &path, None).await.status, StatusCode::OK, "{number}");
    }
    let spared = world.call(Method::POST, &path, None).await;
    assert_eq!(spared.status, StatusCode::TOO_MANY_REQUESTS, "{:#}", spared.json);
    assert_eq!(spared.json["errors"][0]["code"], "quota_used_up");
    assert_eq!(spared.headers["retry-after"], "3661", "an hour, and how much later a vendor may hear a call");
    let id = world.created(json!({})).await;
    world.until(&id, "provider.submitted", 1).await;
}

#[tokio::test]
async fn what_matters_most_is_done_first() {
    let (world, vendor, _) = at(1000, certyneo).await;
    // Made first, so that it would be first if nothing else counted.
    let waiting = world.created(json!({ "draft": true })).await;
    let out = world.created(json!({})).await;
    world.until(&out, "provider.submitted", 1).await;
    let calls = vendor.heard().len();
    vendor.now_says(|_| Say::With(503, "Retry-After: 600".to_owned(), String::new()));
    let sent = world.call(Method::POST, &format!("/requests/{waiting}/send"), None).await;
    assert_eq!(sent.status, StatusCode::OK, "{:#}", sent.json);
    vendor.has(calls + 1).await;
    let cancelled = world.call(Method::POST, &format!("/requests/{out}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{:#}", cancelled.json);
    vendor.now_says(certyneo);
    until_event(&world, &waiting, "provider.submitted").await;
    let after: Vec<String> = paths(&vendor)[calls..].to_vec();
    let void = format!("/envelopes/env-{out}/void");
    assert_eq!(after[..3], ["/documents".to_owned(), void, "/documents".to_owned()], "{after:?}");
}

#[tokio::test]
async fn credentials_that_are_given_anew_are_tried_at_once() {
    let (world, vendor, account) = at(1000, |_| Say::Status(401)).await;
    let id = world.created(json!({})).await;
    world.until(&id, "provider.failed", 1).await;
    let path = format!("/provider-configs/{}", account["id"].as_str().unwrap());
    let state = async || world.call(Method::GET, &path, None).await.json["data"]["attributes"]["state"].clone();
    assert_eq!((&state().await["status"], vendor.heard().len()), (&json!("denied"), 1));
    vendor.now_says(certyneo);
    let change =
        json!({ "data": { "type": "provider-config", "attributes": { "credentials": { "apiKey": "sk_new" } } } });
    assert_eq!(world.call(Method::PATCH, &path, Some(change)).await.status, StatusCode::OK);
    assert_ne!(state().await["status"], "denied", "that was of the old ones");
    vendor.has(2).await;
    assert_eq!(vendor.heard()[1].headers["authorization"], "Bearer sk_new");
    world.until(&id, "provider.submitted", 1).await;
}

#[tokio::test]
async fn a_vendor_that_is_found_well_is_called_at_once() {
    let (world, vendor, account) = at(1000, |_| Say::With(503, "Retry-After: 900".to_owned(), String::new())).await;
    let id = world.created(json!({})).await;
    vendor.has(1).await;
    let path = format!("/provider-configs/{}", account["id"].as_str().unwrap());
    let status = async || {
        let shown = world.call(Method::GET, &path, None).await.json;
        shown["data"]["attributes"]["state"]["status"].as_str().unwrap().to_owned()
    };
    until(&world, "it rests", async || status().await == "away").await;
    vendor.now_says(certyneo);
    let tried = world.call(Method::POST, &format!("{path}/test"), None).await;
    assert_eq!(tried.json["data"]["attributes"], json!({ "ok": true }));
    world.until(&id, "provider.submitted", 1).await;
    assert_eq!(status().await, "ok");
}

#[tokio::test]
async fn accounts_are_made_changed_and_listed_by_who_administers() {
    let (world, _vendor, account) = at(1000, certyneo).await;
    let others: Vec<Permission> = Permission::ALL.into_iter().filter(|one| *one != Permission::Admin).collect();
    let (other, stranger) = (world.key("acme", &others).await, world.key("other", &Permission::ALL).await);
    let path = format!("/provider-configs/{}", account["id"].as_str().unwrap());
    let body = json!({ "data": { "type": "provider-config", "attributes": { "provider": "native", "name": "x" } } });
    for (method, path) in
        [(Method::POST, "/provider-configs"), (Method::GET, "/provider-configs"), (Method::PATCH, &path)]
    {
        let refused = world.call_as(&other, method.clone(), path, Some(body.clone())).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    let theirs = world.call_as(&stranger, Method::PATCH, &path, Some(body)).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let listed = world.call_as(&stranger, Method::GET, "/provider-configs", None).await;
    assert_eq!(listed.json["meta"]["totalItems"], 0);
    assert_eq!(world.call(Method::GET, &path, None).await.json["data"]["attributes"]["name"], "Account");
}

#[tokio::test]
async fn what_a_vendor_would_leave_out_is_refused() {
    let (world, _vendor, _) = at(1000, certyneo).await;
    let d4sign = json!({ "provider": "d4sign", "name": "vault", "safe": "06b3ddb1-abc9-4ab8-b944-0d7c940486af",
        "credentials": { "tokenAPI": "live_token" } });
    let d4sign = configure(&world, d4sign).await["id"].clone();
    let members = json!([{ "name": "Ana", "email": "ana@example.com" }, { "name": "Bia", "email": "bia@example.com" }]);
    let group = json!({ "data": { "type": "signing-group", "attributes": { "name": "Grupo", "members": members } } });
    let group = world.call(Method::POST, "/groups", Some(group)).await.json["data"]["id"].clone();
    let asked = |requirements: Value| json!({ "name": "A", "email": "a@example.com", "requirements": requirements });
    let file = json!({ "fileName": "a.pdf", "fileBase64": STANDARD.encode(sample()) });
    let two = json!({ "fileBase64": null, "fileName": null, "files": [file, file] });
    for (mut attributes, at, vendors) in [
        (json!({ "signers": [{ "groupId": group }] }), "/signers/0", vec![&Value::Null, &d4sign]),
        (json!({ "signers": [asked(json!({ "photo": true }))] }), "/signers/0", vec![&Value::Null]),
        (json!({ "signers": [asked(json!({ "silent": true }))] }), "/signers/0", vec![&Value::Null]),
        (two, "/files", vec![&d4sign]),
    ] {
        for vendor in vendors {
            if vendor.is_string() {
                attributes["configId"] = vendor.clone();
            }
            let answer = world.create(attributes.clone()).await;
            let fault = &answer.json["errors"][0];
            let told = (fault["code"].as_str(), fault["source"]["pointer"].as_str());
            let pointer = format!("/data/attributes{at}");
            assert_eq!(told, (Some("not_supported"), Some(pointer.as_str())), "{attributes}: {:#}", answer.json);
        }
    }
}

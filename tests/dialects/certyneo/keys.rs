//! Keys by the envelopes dialect: made once in clear, listed without their secrets, revoked at once; who
//! may make which, and what scopes let be done.

use std::collections::BTreeSet;

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, World, answer, new_request};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{call, call_as, faults};

/// Makes a key and returns the answer.
async fn made(world: &World, body: Value) -> Answer {
    let answer = call(world, Method::POST, "/keys", Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    answer
}

fn secret(answer: &Answer) -> String {
    answer.json["key"].as_str().unwrap().to_owned()
}

/// The keys as the world's key lists them.
async fn listed(world: &World, query: &str) -> Value {
    let answer = call(world, Method::GET, &format!("/keys{query}"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    answer.json
}

/// The listed key of a name.
async fn found(world: &World, name: &str) -> Value {
    let list = listed(world, "?pageSize=100").await;
    let keys = list["data"].as_array().unwrap();
    keys.iter().find(|key| key["name"] == name).unwrap_or_else(|| panic!("no {name} in {list:#}")).clone()
}

/// Waits until a key is noted as used; that happens beside the call.
async fn used_at(world: &World, name: &str, at: &str) {
    while found(world, name).await["lastUsedAt"] != at {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_key_is_shown_once_and_works() {
    let world = World::manual().await;
    let scopes = ["envelopes:write", "envelopes:read", "envelopes:read"];
    let made = made(&world, json!({ "name": "payroll", "scopes": scopes })).await;
    let key = secret(&made);
    assert!(key.starts_with("sk_live_") && key.len() == "sk_live_".len() + 43, "{key}");
    let expected = json!({ "id": made.json["id"], "name": "payroll", "key": key, "prefix": "sk_live_",
        "lastFour": key[key.len() - 4..], "mode": "live", "scopes": ["envelopes:read", "envelopes:write"],
        "createdAt": "2026-01-15T10:30:00Z" });
    assert_eq!(made.json, expected);

    let shown = found(&world, "payroll").await;
    let expected = json!({ "id": made.json["id"], "name": "payroll", "prefix": "sk_live_",
        "lastFour": key[key.len() - 4..], "mode": "live", "scopes": ["envelopes:read", "envelopes:write"],
        "isActive": true, "createdAt": "2026-01-15T10:30:00Z", "lastUsedAt": null, "revokedAt": null });
    assert_eq!(shown, expected, "the list has no secret");
    assert_eq!(world.call_as(&key, Method::GET, "/requests", None).await.status, StatusCode::OK);
    used_at(&world, "payroll", "2026-01-15T10:30:00Z").await;
}

#[tokio::test]
async fn what_a_body_lacks_is_told_field_by_field() {
    let world = World::manual().await;
    let refused = async |body: Value| faults(&call(&world, Method::POST, "/keys", Some(body)).await, 422);
    let told = |code: &str, field: &str| (code.to_owned(), field.to_owned());
    assert_eq!(refused(json!({})).await, [told("required", "name"), told("required", "scopes")]);
    assert_eq!(
        refused(json!({ "name": " ", "scopes": [] })).await,
        [told("required", "name"), told("required", "scopes")]
    );
    let odd = json!({ "name": "two\nlines", "scopes": ["envelopes:read", "envelopes:sign", 7], "mode": "prod" });
    let expected = [
        told("invalid", "name"),
        told("unknown_value", "scopes[1]"),
        told("wrong_type", "scopes[2]"),
        told("unknown_value", "mode"),
    ];
    assert_eq!(refused(odd).await, expected);
    assert_eq!(
        refused(json!({ "name": "n".repeat(256), "scopes": "all" })).await,
        [told("too_long", "name"), told("wrong_type", "scopes")]
    );
    assert_eq!(refused(json!([])).await, [told("wrong_type", "")]);
    let url = format!("{}/api/v1/keys", world.app.service.settings.public_url);
    let broken = answer(world.client.post(&url).bearer_auth(&world.key).body("{")).await;
    assert_eq!(faults(&broken, 400), [told("invalid_json", "")]);
    let long = answer(world.client.post(&url).bearer_auth(&world.key).body(vec![b' '; 1024 * 1024 + 1])).await;
    assert_eq!(faults(&long, 413), [told("too_large", "")]);
    assert_eq!(listed(&world, "").await["pagination"]["total"], 1, "none was made");
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let world = World::manual().await;
    for number in 0..4 {
        world.app.service.clock.advance(SignedDuration::from_secs(1));
        let mode = if number == 3 { "test" } else { "live" };
        made(&world, json!({ "name": format!("key {number}"), "scopes": ["envelopes:read"], "mode": mode })).await;
    }
    let list = listed(&world, "?page=2&pageSize=2").await;
    assert_eq!(list["pagination"], json!({ "total": 5, "page": 2, "pageSize": 2, "pages": 3 }));
    let names: Vec<&str> = list["data"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["key 1", "key 0"], "newest first");
    assert_eq!(listed(&world, "?page=9").await["data"], json!([]));
    assert_eq!(listed(&world, "?mode=test").await["pagination"]["total"], 1);
    for query in ["?page=0", "?pageSize=101", "?pageSize=x", "?mode=prod", "?sort=name"] {
        let refused = call(&world, Method::GET, &format!("/keys{query}"), None).await;
        let name = query[1..].split('=').next().unwrap().to_owned();
        assert_eq!(faults(&refused, 400), [("invalid_parameter".to_owned(), name)], "{query}");
    }
}

#[tokio::test]
async fn a_revoked_key_fails_on_its_next_call() {
    let world = World::manual().await;
    let made = made(&world, json!({ "name": "short-lived", "scopes": ["envelopes:read"] })).await;
    let (key, path) = (secret(&made), format!("/keys/{}", made.json["id"].as_str().unwrap()));
    assert_eq!(world.call_as(&key, Method::GET, "/requests", None).await.status, StatusCode::OK);
    world.app.service.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(call(&world, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let refused = world.call_as(&key, Method::GET, "/requests", None).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "at once, although it was remembered");
    let refused = call_as(&world, &key, Method::GET, "/keys", None).await;
    assert_eq!(faults(&refused, 401), [("key_unknown".to_owned(), "Authorization".to_owned())]);
    let shown = found(&world, "short-lived").await;
    assert_eq!((&shown["isActive"], &shown["revokedAt"]), (&json!(false), &json!("2026-01-15T10:35:00Z")));
    assert_eq!(
        call(&world, Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT,
        "as the caller wants it"
    );
    assert_eq!(found(&world, "short-lived").await["revokedAt"], "2026-01-15T10:35:00Z", "it stays revoked then");
}

#[tokio::test]
async fn a_key_revoked_elsewhere_stops_working_within_a_second() {
    let world = World::manual().await;
    let made = made(&world, json!({ "name": "elsewhere", "scopes": ["envelopes:read"] })).await;
    let (key, id) = (secret(&made), made.json["id"].as_str().unwrap().parse().unwrap());
    assert_eq!(world.call_as(&key, Method::GET, "/requests", None).await.status, StatusCode::OK);
    let owner = "acme".parse().unwrap();
    assert!(world.app.service.store.revoke_key(&owner, id, world.now().as_microsecond()).await.unwrap());
    let revoked = std::time::Instant::now();
    while world.call_as(&key, Method::GET, "/requests", None).await.status != StatusCode::UNAUTHORIZED {
        assert!(revoked.elapsed() < std::time::Duration::from_secs(1), "it still works");
    }
}

#[tokio::test]
async fn only_who_administers_an_organization_manages_its_keys() {
    let world = World::manual().await;
    let made = made(&world, json!({ "name": "theirs", "scopes": ["envelopes:read"] })).await;
    let path = format!("/keys/{}", made.json["id"].as_str().unwrap());
    let others: Vec<Permission> = Permission::words().filter(|word| *word != Permission::Admin).collect();
    let plain = world.key("acme", &others).await;
    let stranger = world.key("rival", &Permission::ALL).await;
    let body = || Some(json!({ "name": "x", "scopes": ["envelopes:read"] }));
    let operations =
        [(Method::POST, "/keys", body()), (Method::GET, "/keys", None), (Method::DELETE, path.as_str(), None)];
    for (method, path, body) in operations {
        let refused = call_as(&world, &plain, method.clone(), path, body.clone()).await;
        assert_eq!(faults(&refused, 403), [("permission_denied".to_owned(), "Authorization".to_owned())]);
        assert!(refused.json["error"].as_str().unwrap().contains("ESIGNATURE_ADMIN"));
        let url = format!("{}/api/v1{path}", world.app.service.settings.public_url);
        let refused = answer(world.client.request(method, url)).await;
        assert_eq!(faults(&refused, 401)[0].0, "key_missing");
    }
    for id in [path.as_str(), "/keys/01990000-0000-7000-8000-000000000000", "/keys/none"] {
        let refused = call_as(&world, &stranger, Method::DELETE, id, None).await;
        assert_eq!(faults(&refused, 404), [("not_found".to_owned(), String::new())], "{id}");
    }
    assert_eq!(call_as(&world, &stranger, Method::GET, "/keys", None).await.json["pagination"]["total"], 1, "its own");
    assert_eq!(found(&world, "theirs").await["isActive"], true);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_key_and_tells_it_again() {
    let world = World::manual().await;
    let url = format!("{}/api/v1/keys", world.app.service.settings.public_url);
    let post = async |token: &str, body: Value| {
        answer(world.client.post(&url).bearer_auth(&world.key).header("Idempotency-Key", token).json(&body)).await
    };
    let body = json!({ "name": "once", "scopes": ["envelopes:read"] });
    let first = post("a", body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{:#}", first.json);
    world.app.service.clock.advance(SignedDuration::from_hours(23));
    let again = post("a", body.clone()).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json), "the first answer, the secret too");
    assert_eq!(listed(&world, "").await["pagination"]["total"], 2);
    assert_eq!(world.call_as(&secret(&again), Method::GET, "/requests", None).await.status, StatusCode::OK);
    let other = post("a", json!({ "name": "other", "scopes": ["envelopes:read"] })).await;
    assert_eq!(faults(&other, 422)[0].0, "idempotency_key_reused");
    assert_ne!(post("b", body).await.json["key"], first.json["key"]);
}

#[tokio::test]
async fn a_scope_lets_the_same_be_done_in_every_dialect() {
    let world = World::manual().await;
    let key = async |scope: &str| secret(&made(&world, json!({ "name": scope, "scopes": [scope] })).await);
    let (reader, writer, hooks) =
        (key("envelopes:read").await, key("envelopes:write").await, key("webhooks:write").await);
    let made = world.call_as(&writer, Method::POST, "/requests", Some(new_request(json!({ "draft": true })))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    let path = format!("/requests/{}", made.json["data"]["id"].as_str().unwrap());
    let status = async |key: &str, method: Method, path: &str| world.call_as(key, method, path, None).await.status;
    assert_eq!(status(&writer, Method::GET, &path).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&reader, Method::GET, &path).await, StatusCode::OK);
    assert_eq!(status(&reader, Method::DELETE, &path).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&hooks, Method::GET, &path).await, StatusCode::FORBIDDEN);
    assert_eq!(status(&writer, Method::DELETE, &path).await, StatusCode::NO_CONTENT);
}

#[test]
fn every_word_lets_what_it_says() {
    use Permission::{Admin, Create, Delete, EnvelopesRead, EnvelopesWrite, Read, WebhooksWrite};
    let lets = |held: Permission| {
        let needed = [Create, Read, Delete, Admin, WebhooksWrite];
        needed.into_iter().filter(|needed| held.lets(*needed)).collect::<BTreeSet<_>>()
    };
    let set = |words: &[Permission]| words.iter().copied().collect::<BTreeSet<_>>();
    for (held, expected) in [
        (Create, set(&[Create])),
        (Read, set(&[Read])),
        (Delete, set(&[Delete])),
        (Admin, set(&[Admin, WebhooksWrite])),
        (EnvelopesRead, set(&[Read])),
        (EnvelopesWrite, set(&[Create, Delete])),
        (WebhooksWrite, set(&[WebhooksWrite])),
    ] {
        assert_eq!(lets(held), expected, "{held}");
        assert_eq!(held.as_str().parse::<Permission>().unwrap(), held);
    }
    assert_eq!(lets(EnvelopesWrite).len() + lets(EnvelopesRead).len() + lets(Admin).len(), 5, "nothing twice");
}

#[tokio::test]
async fn addresses_of_the_dialect_are_answered_in_its_words() {
    let world = World::manual().await;
    let refused = call(&world, Method::PUT, "/keys", None).await;
    assert_eq!(faults(&refused, 405), [("method_not_allowed".to_owned(), String::new())]);
    let refused = call(&world, Method::GET, "/keys/a/b", None).await;
    assert_eq!(faults(&refused, 404), [("not_found".to_owned(), String::new())]);
}

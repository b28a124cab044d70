//! The feed a page at a time.

use std::collections::HashMap;

use countersign::http::auth::Permission;
use countersign_tests::world::{World, new_request};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{page, places};

/// Everything in the feed of a key, `limit` events at a time; the events and the last cursor.
async fn walk(world: &World, key: &str, limit: usize) -> (Vec<Value>, String) {
    let (mut events, mut query) = (Vec::new(), format!("?limit={limit}"));
    loop {
        let answer = page(world, key, &query).await;
        assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
        let found = answer.json["data"].as_array().unwrap();
        assert!(found.len() <= limit);
        events.extend(found.iter().cloned());
        let next = answer.json["next"].as_str().unwrap().to_owned();
        if answer.json["more"] == json!(false) {
            return (events, next);
        }
        query = format!("?limit={limit}&after={next}");
    }
}

#[tokio::test]
async fn pages_of_any_size_give_every_event_once_and_each_requests_in_order() {
    let world = World::manual().await;
    for _ in 0..3 {
        let id = world.created(json!({ "draft": true })).await;
        assert_eq!(world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await.status, StatusCode::OK);
    }
    let (all, end) = walk(&world, &world.key, 1000).await;
    assert_eq!(all.len(), 6);
    let mut next: HashMap<&str, u64> = HashMap::new();
    for event in &all {
        let expected = next.entry(event["subject"].as_str().unwrap()).or_insert(0);
        *expected += 1;
        assert_eq!(event["sequence"], expected.to_string());
        assert_eq!((&event["specversion"], &event["organization"]), (&json!("1.0"), &json!("acme")));
    }
    for limit in 1..=7 {
        assert_eq!(walk(&world, &world.key, limit).await, (all.clone(), end.clone()), "by {limit}");
    }
}

#[tokio::test]
async fn an_empty_page_gives_its_cursor_back_and_reads_on_from_there() {
    let world = World::manual().await;
    let stranger = world.key("stranger", &Permission::ALL).await;
    let id = world.created(json!({ "draft": true })).await;
    let (_, end) = walk(&world, &world.key, 10).await;
    // What others do moves nobody's cursor.
    for _ in 0..3 {
        let body = new_request(json!({ "draft": true }));
        assert_eq!(world.call_as(&stranger, Method::POST, "/requests", Some(body)).await.status, StatusCode::CREATED);
        let empty = page(&world, &world.key, &format!("?after={end}")).await.json;
        assert_eq!(empty, json!({ "data": [], "next": end, "more": false }));
    }
    world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await;
    let page = page(&world, &world.key, &format!("?after={end}")).await.json;
    assert_eq!(places(&page["data"]), [(id, "2".to_owned())]);
    assert_eq!(page["data"][0]["type"], "countersign.request.cancelled.v1");
}

#[tokio::test]
async fn a_key_reads_its_own_organizations_events_only() {
    let world = World::manual().await;
    let stranger = world.key("stranger", &Permission::ALL).await;
    let mine = world.created(json!({ "draft": true })).await;
    let body = new_request(json!({ "draft": true }));
    let theirs = world.call_as(&stranger, Method::POST, "/requests", Some(body)).await.json["data"]["id"].clone();
    let subjects = |events: Vec<Value>| events.iter().map(|event| event["subject"].clone()).collect::<Vec<_>>();
    assert_eq!(subjects(walk(&world, &world.key, 1).await.0), [json!(mine)]);
    assert_eq!(subjects(walk(&world, &stranger, 1).await.0), [theirs]);
    let nobody = world.key("nobody", &Permission::ALL).await;
    assert_eq!(page(&world, &nobody, "").await.json["data"], json!([]));
}

#[tokio::test]
async fn nothing_personal_is_in_the_feed() {
    let world = World::manual().await;
    world.created(json!({ "message": "Uma mensagem" })).await;
    let (events, _) = walk(&world, &world.key, 100).await;
    let text = Value::from(events).to_string();
    for secret in ["João", "Maria", "empresa.com", "Contrato", "contrato.pdf", "Uma mensagem"] {
        assert!(!text.contains(secret), "{secret} is in the feed");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_name() {
    let world = World::manual().await;
    for (query, parameter) in [
        ("?after=nonsense", "after"),
        ("?after=1", "after"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?limit=many", "limit"),
        ("?before=x", "before"),
    ] {
        let answer = page(&world, &world.key, query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json["errors"][0]["source"]["parameter"], parameter, "{query}");
        assert_eq!(answer.json["errors"][0]["code"], "invalid_parameter", "{query}");
    }
    assert_eq!(page(&world, "sk_live_unknown", "").await.status, StatusCode::UNAUTHORIZED);
    let writer = world.key("acme", &[Permission::Create]).await;
    let refused = page(&world, &writer, "").await;
    assert_eq!(
        (refused.status, &refused.json["errors"][0]["code"]),
        (StatusCode::FORBIDDEN, &json!("permission_denied"))
    );
}

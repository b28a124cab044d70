//! Signing groups: made, changed, named by requests, and signed for by one.

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, Browser, World, answer};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{fault, faults, ok, plain, refused};

fn group(name: &str, members: &[&str]) -> Value {
    let member = |name: &&str| json!({ "name": name, "email": format!("{name}@x.com") });
    let members: Vec<Value> = members.iter().map(member).collect();
    json!({ "data": { "type": "signing-group", "attributes": { "name": name, "members": members } } })
}

async fn made(world: &World, members: &[&str]) -> String {
    let answer = world.call(Method::POST, "/groups", Some(group("Jurídico", members))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    answer.json["data"]["id"].as_str().unwrap().to_owned()
}

async fn signers(world: &World, id: &str) -> Vec<Value> {
    let request = world.get(id).await;
    let signers = request["relationships"]["signers"]["data"].as_array().unwrap();
    signers.iter().map(|signer| signer["attributes"].clone()).collect()
}

#[tokio::test]
async fn groups_are_made_read_changed_and_deleted() {
    let world = World::manual().await;
    let id = made(&world, &["ana", "bob"]).await;
    let path = format!("/groups/{id}");
    let shown = plain(&world, Method::GET, &path).await;
    let attributes = &ok(&shown)["data"]["attributes"];
    assert_eq!(attributes["name"], "Jurídico");
    assert_eq!(
        attributes["members"],
        json!([{ "name": "ana", "email": "ana@x.com" }, { "name": "bob", "email": "bob@x.com" }])
    );
    ok(&world.call(Method::PUT, &path, Some(group("Compras", &["eva"]))).await);
    let list = plain(&world, Method::GET, "/groups").await;
    assert_eq!(
        (&list.json["meta"]["totalItems"], &list.json["data"][0]["attributes"]["name"]),
        (&json!(1), &json!("Compras"))
    );
    let stranger = world.key("other", &[countersign::http::auth::Permission::Read]).await;
    assert_eq!(world.call_as(&stranger, Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(plain(&world, Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(fault(&plain(&world, Method::GET, &path).await, 404).0, "not_found");
    assert_eq!(fault(&plain(&world, Method::GET, "/groups/none").await, 404).0, "not_found");
}

#[tokio::test]
async fn a_group_is_for_who_may_and_for_its_own_organization() {
    let world = World::manual().await;
    let id = made(&world, &["ana"]).await;
    let path = format!("/groups/{id}");
    let calls = [
        (Method::GET, "/groups", Permission::Read),
        (Method::POST, "/groups", Permission::Create),
        (Method::GET, &path, Permission::Read),
        (Method::PUT, &path, Permission::Create),
        (Method::DELETE, &path, Permission::Delete),
    ];
    let stranger = world.key("other", &Permission::ALL).await;
    for (method, at, needed) in calls {
        let others: Vec<Permission> = Permission::ALL.into_iter().filter(|one| *one != needed).collect();
        let key = world.key("acme", &others).await;
        let body = || Some(group("Alheio", &["eva"]));
        assert_eq!(
            world.call_as(&key, method.clone(), at, body()).await.status,
            StatusCode::FORBIDDEN,
            "{method} {at}"
        );
        if at != "/groups" {
            let theirs = world.call_as(&stranger, method.clone(), at, body()).await;
            assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{method} {at}");
        }
    }
    assert_eq!(world.call_as(&stranger, Method::GET, "/groups", None).await.json["meta"]["totalItems"], 0);
    assert_eq!(plain(&world, Method::GET, &path).await.json["data"]["attributes"]["name"], "Jurídico");
}

#[tokio::test]
async fn a_repeated_call_makes_no_second_group_and_a_change_is_dated() {
    let world = World::manual().await;
    let once = || {
        let call = world.client.post(format!("{}/groups", world.api)).bearer_auth(&world.key);
        answer(call.header("Idempotency-Key", "g-1").json(&group("Jurídico", &["ana"])))
    };
    let (first, second) = (once().await, once().await);
    assert_eq!((first.status, &first.json), (StatusCode::CREATED, &second.json));
    assert_eq!(plain(&world, Method::GET, "/groups").await.json["meta"]["totalItems"], 1);
    let path = format!("/groups/{}", first.json["data"]["id"].as_str().unwrap());
    world.app.service.clock.advance(SignedDuration::from_mins(1));
    let changed = world.call(Method::PUT, &path, Some(group("Compras", &["ana"]))).await;
    let attributes = &ok(&changed)["data"]["attributes"];
    assert_eq!(
        (&attributes["createdAt"], &attributes["updatedAt"]),
        (&json!("2026-01-15T10:30:00Z"), &json!("2026-01-15T10:31:00Z"))
    );
    ok(&plain(&world, Method::DELETE, &path).await);
    assert_eq!(fault(&once().await, 404).0, "not_found", "what it made is there no more");
}

#[tokio::test]
async fn faults_of_a_group_are_told_together() {
    let world = World::manual().await;
    let mut body = group("", &["ana", "ANA"]);
    body["data"]["attributes"]["members"][0]["email"] = "ana@x.com".into();
    body["data"]["attributes"]["members"][1]["email"] = "ANA@x.com".into();
    let answer = world.call(Method::POST, "/groups", Some(body)).await;
    let told = [("required", "/name"), ("duplicate", "/members/1/email")];
    assert_eq!(faults(&answer), told.map(|(code, at)| (code.to_owned(), format!("/data/attributes{at}"))));
    let empty = world.call(Method::POST, "/groups", Some(group("X", &[]))).await;
    refused(&empty, "required", "/members");
}

#[tokio::test]
async fn one_member_signs_for_all_and_the_others_links_die() {
    let world = World::manual().await;
    let group = made(&world, &["ana", "bob", "eva"]).await;
    let id = world
        .created(json!({ "signers": [
        { "groupId": group, "order": 1 }, { "name": "Zoe", "email": "zoe@x.com", "order": 2 },
    ] }))
        .await;
    let before = signers(&world, &id).await;
    assert_eq!(before.len(), 4);
    assert!(before[..3].iter().all(|signer| signer["status"] == "SENT" && signer["groupId"] == group.as_str()));
    world.until(&id, "delivery.sent", 3).await;
    let ana = world.link(&id, 0).await;
    let open = Browser::open(&ana).await;
    world.sign(&id, 1).await;
    let after = signers(&world, &id).await;
    assert_eq!((&after[1]["status"], &after[3]["status"]), (&json!("SIGNED"), &json!("SENT")));
    assert!(after[0].get("signingUrl").is_none() && after[0]["coveredBy"].is_string());
    assert_eq!(open.sign(json!({})).await.status, StatusCode::CONFLICT);
    let dead = reqwest::get(&ana).await.unwrap();
    assert_eq!(dead.status(), StatusCode::GONE);
    assert!(dead.text().await.unwrap().contains("Somebody else of your group has signed"));
    world.until(&id, "delivery.sent", 4).await;
    world.sign(&id, 3).await;
    assert_eq!(world.status(&id).await, "COMPLETED");
    world.until(&id, "document.sealed", 1).await;
    world.until(&id, "delivery.sent", 8).await;
    let report = world.check().await;
    assert_eq!(report.owed, 0, "all four are told of the end, and nobody is invited any more");
}

#[tokio::test]
async fn a_group_has_one_place_to_sign_and_its_members_share_its_fields() {
    let world = World::manual().await;
    let group = made(&world, &["ana", "bob"]).await;
    let widgets = json!([
        { "type": "signature", "page": 1, "x": 50, "y": 50, "signerId": 1 },
        { "type": "text", "page": 1, "x": 50, "y": 150, "signerId": "bob@x.com", "required": true },
    ]);
    let id = world.created(json!({ "signers": [{ "groupId": group }], "widgets": widgets })).await;
    for place in [0, 1] {
        let ceremony = world.visit(&id, place).await.ceremony();
        assert_eq!(ceremony["documents"][0]["fields"].as_array().unwrap().len(), 2, "{ceremony:#}");
    }
    let appended = world.created(json!({ "signers": [{ "groupId": group }] })).await;
    let request = world.app.service.behind_link(World::id(&appended)).await.unwrap().unwrap();
    assert_eq!(request.request.terms.widgets.len(), 1);
}

#[tokio::test]
async fn what_a_body_says_of_a_group_is_checked() {
    let world = World::manual().await;
    let group = made(&world, &["ana", "bob"]).await;
    let create = |signers: Value| {
        let world = &world;
        async move { world.create(json!({ "signers": signers })).await }
    };
    let at = |answer: &Answer| -> Vec<(String, String)> {
        faults(answer).into_iter().map(|(code, at)| (code, at.replace("/data/attributes/signers", ""))).collect()
    };
    let one = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
    assert_eq!(at(&create(json!([{ "groupId": uuid::Uuid::nil() }])).await), one("unknown_group", "/0/groupId"));
    assert_eq!(at(&create(json!([{ "groupId": group, "name": "X" }])).await), one("conflict", "/0/name"));
    assert_eq!(
        at(&create(json!([{ "groupId": group, "role": "copied" }, { "name": "A", "email": "a@x.com" }])).await),
        one("conflict", "/0/role")
    );
    let twice = create(json!([{ "groupId": group }, { "groupId": group, "order": 2 }])).await;
    assert_eq!(at(&twice), one("duplicate", "/1/groupId"));
    let beside = create(json!([{ "groupId": group }, { "name": "Ana", "email": "ana@x.com" }])).await;
    assert_eq!(at(&beside), one("duplicate", "/1/email"));
}

#[tokio::test]
async fn a_group_joins_in_flight() {
    let world = World::manual().await;
    let group = made(&world, &["ana", "bob"]).await;
    let id = world.created(json!({})).await;
    let body = json!({ "data": { "type": "signer", "attributes": { "groupId": group, "afterPosition": 1 } } });
    ok(&world.call(Method::POST, &format!("/requests/{id}/signers"), Some(body)).await);
    let orders: Vec<_> = signers(&world, &id).await.iter().map(|signer| signer["order"].as_u64().unwrap()).collect();
    assert_eq!(orders, [1, 3, 2, 2]);
    world.sign(&id, 0).await;
    world.sign(&id, 3).await;
    world.sign(&id, 1).await;
    assert_eq!(world.status(&id).await, "COMPLETED");
    world.check().await;
}

//! Test keys: nobody is written to, the links are in the answers, what is sealed says that it is a test,
//! and neither world sees anything of the other.

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, World, new_request, sample};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{call_as, faults};
use crate::dialects::catalisa::{ok, uploaded};
use crate::tools;

/// A system whose own key is a test key, and a live key of the same organization.
async fn testing() -> (World, String) {
    let mut world = World::manual().await;
    let test = world.key("acme~test", &Permission::ALL).await;
    assert!(test.starts_with("sk_test_"), "{test}");
    let live = std::mem::replace(&mut world.key, test);
    (world, live)
}

async fn events(world: &World, key: &str) -> Vec<Value> {
    let url = format!("{}/api/v1/events?limit=1000", world.app.service.settings.public_url);
    let answer = countersign_tests::world::answer(world.client.get(url).bearer_auth(key)).await;
    answer.json["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_test_request_writes_to_nobody_and_shows_every_active_link() {
    let (world, _) = testing().await;
    let signers = json!([
        { "name": "Ana", "email": "ana@example.com", "order": 1 },
        { "name": "Bruno", "email": "bruno@example.com", "order": 1 },
        { "name": "Carla", "email": "carla@example.com", "order": 2 },
    ]);
    let attributes = json!({ "signers": signers, "expiresInDays": 5,
        "reminders": { "firstAfterDays": 1, "everyDays": 1, "max": 2 } });
    let made = world.create(attributes).await;
    assert_eq!(made.json["data"]["attributes"]["test"], true);
    let shown = made.json["data"]["relationships"]["signers"]["data"].as_array().unwrap();
    let linked: Vec<bool> = shown.iter().map(|signer| signer["attributes"]["signingUrl"].is_string()).collect();
    assert_eq!(linked, [true, true, false], "everyone whose turn it is has a link in the answer");
    let id = made.json["data"]["id"].as_str().unwrap().to_owned();

    world.app.service.clock.advance(SignedDuration::from_hours(25));
    world.until(&id, "signer.reminded", 2).await;
    let resent = world.call(Method::POST, &format!("/requests/{id}/resend"), None).await;
    assert_eq!(resent.status, StatusCode::OK, "{:#}", resent.json);
    for place in 0..3 {
        world.sign(&id, place).await;
    }
    world.until(&id, "document.sealed", 1).await;
    assert_eq!(world.status(&id).await, "COMPLETED");
    let declined = world.created(json!({})).await;
    let link = world.visit(&declined, 0).await;
    assert!(link.html.contains("acme · TEST"), "the page says so");
    assert_eq!(link.decline("no").await.status, StatusCode::OK);
    let cancelled = world.created(json!({})).await;
    ok(&world.call(Method::POST, &format!("/requests/{cancelled}/cancel"), None).await);

    let effects = async |id: &str| world.app.service.store.effects_of(World::id(id)).await.unwrap();
    for id in [&id, &declined, &cancelled] {
        assert_eq!(effects(id).await, Vec::<String>::new(), "nothing is owed");
        assert!(!world.events(id).await.iter().any(|name| name.starts_with("delivery.")), "nothing was delivered");
    }
    let letters = std::fs::read_dir(world.mail()).map_or(0, Iterator::count);
    assert_eq!(letters, 0, "there is no letter");
    world.check().await;
}

#[tokio::test]
async fn the_certificate_of_a_test_says_so_and_a_live_one_does_not() {
    let (mut world, live) = testing().await;
    for (language, mark, method) in [
        ("en", "TEST — without legal effect", "Typed signature, link handed out for a test"),
        ("es", "PRUEBA — sin efecto legal", "Firma escrita, enlace entregado para una prueba"),
        ("pt-BR", "TESTE — sem efeito legal", "Assinatura digitada, link entregue para um teste"),
    ] {
        let signers = json!([{ "name": "Ana", "email": "ana@example.com" }]);
        let id = world.created(json!({ "signers": signers, "language": language })).await;
        world.sign(&id, 0).await;
        let pdf = tools::sealed(&world, &id).await;
        assert!(countersign::seal::verify(&pdf).is_ok());
        let text = tools::text_of(&pdf).await;
        assert!(text.contains(mark) && text.contains(method) && !text.contains("acme~test"), "{text}");
    }
    world.key = live;
    let id = world.created(json!({ "signers": [{ "name": "Ana", "email": "ana@example.com" }] })).await;
    world.sign(&id, 0).await;
    let text = tools::text_of(&tools::sealed(&world, &id).await).await;
    assert!(!text.contains("TEST") && text.contains("Typed signature, link sent by e-mail"), "{text}");
    assert_eq!(world.get(&id).await["attributes"].get("test"), None);
}

#[tokio::test]
async fn neither_world_sees_the_other() {
    let (world, live) = testing().await;
    let tested = world.created(json!({ "businessId": "t" })).await;
    let made = world.call_as(&live, Method::POST, "/requests", Some(new_request(json!({ "businessId": "l" })))).await;
    let counts = ok(&made)["data"]["id"].as_str().unwrap().to_owned();
    let file = ok(&uploaded(&world, &sample()).await)["data"]["id"].as_str().unwrap().to_owned();
    for (key, own, others) in [(&world.key, &tested, &counts), (&live, &counts, &tested)] {
        let read = async |path: String| world.call_as(key, Method::GET, &path, None).await;
        assert_eq!(read(format!("/requests/{own}")).await.status, StatusCode::OK);
        for (method, path) in [(Method::GET, ""), (Method::POST, "/cancel"), (Method::DELETE, "")] {
            let path = format!("/requests/{others}{path}");
            assert_eq!(world.call_as(key, method, &path, None).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let list = read("/requests".to_owned()).await;
        assert_eq!(ok(&list)["meta"]["totalItems"], 1);
        assert_eq!(list.json["data"][0]["id"], own.as_str());
        let events = events(&world, key).await;
        assert!(!events.is_empty() && events.iter().all(|event| event["subject"] == own.as_str()));
    }
    let found = world.call_as(&live, Method::GET, &format!("/files/{file}"), None).await;
    assert_eq!(found.status, StatusCode::NOT_FOUND, "a file of the test world is not there for what counts");
    let told = &events(&world, &world.key).await[0];
    assert_eq!((&told["organization"], &told["source"]), (&json!("acme~test"), &json!("/countersign/acme~test")));
}

#[tokio::test]
async fn a_test_key_manages_test_keys_only() {
    let (world, live) = testing().await;
    let keys = async |key: &str, query: &str| call_as(&world, key, Method::GET, &format!("/keys{query}"), None).await;
    let names = |answer: &Answer| {
        let data = answer.json["data"].as_array().unwrap();
        data.iter().map(|key| key["mode"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let body = |mode: &str| Some(json!({ "name": "made", "scopes": ["envelopes:read"], "mode": mode }));
    let refused = call_as(&world, &world.key, Method::POST, "/keys", body("live")).await;
    assert_eq!(faults(&refused, 422), [("live_key_needed".to_owned(), "mode".to_owned())]);
    let without = Some(json!({ "name": "made", "scopes": ["envelopes:read"] }));
    let made = call_as(&world, &world.key, Method::POST, "/keys", without).await;
    assert_eq!((made.status, &made.json["mode"]), (StatusCode::CREATED, &json!("test")), "as the key that calls");
    assert!(made.json["key"].as_str().unwrap().starts_with("sk_test_"));
    assert_eq!(names(&keys(&world.key, "").await), ["test", "test"]);
    assert_eq!(keys(&world.key, "?mode=live").await.json["pagination"]["total"], 0);
    let all = keys(&live, "").await;
    assert_eq!(all.json["pagination"]["total"], 3, "a live key sees both: {:#}", all.json);

    let of_mode = |mode: &str| {
        let data = all.json["data"].as_array().unwrap();
        data.iter().find(|key| key["mode"] == mode).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let revoke = async |key: &str, id: &str| call_as(&world, key, Method::DELETE, &format!("/keys/{id}"), None).await;
    assert_eq!(faults(&revoke(&world.key, &of_mode("live")).await, 404)[0].0, "not_found");
    assert_eq!(revoke(&live, made.json["id"].as_str().unwrap()).await.status, StatusCode::NO_CONTENT);
    let made = call_as(&world, &live, Method::POST, "/keys", body("test")).await;
    let key = made.json["key"].as_str().unwrap();
    assert_eq!(world.call_as(key, Method::GET, "/requests", None).await.status, StatusCode::OK);
}

//! Dead letters by HTTP: which there are, and another try.

use countersign::http::auth::Permission;
use countersign::store::Scope;
use countersign_tests::world::{Answer, World, answer};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::server::{Nats, Version, on_each_server, until};
use super::{sign_this, world};
use crate::dialects::catalisa::fault;

on_each_server!(
    a_dead_letter_is_listed_without_what_it_says_of_people,
    a_message_that_works_later_is_tried_again_by_hand,
    what_still_cannot_work_stays_and_says_why,
    a_dead_letter_is_forgotten_after_a_while,
    how_long_dead_letters_are_kept_follows_the_setting,
);

pub(super) async fn call(world: &World, key: &str, method: Method, path: &str) -> Answer {
    let url = format!("{}/dead-letters{path}", world.api.trim_end_matches("/esignature"));
    answer(world.client.request(method, url).bearer_auth(key)).await
}

/// Publishes a message that names a template which is not there, and waits until it is buried.
async fn buried(nats: &Nats, world: &World) -> String {
    let data = json!({
        "templateId": "lease",
        "title": "Lease",
        "signers": [{ "name": "Ana", "email": "ana@example.com" }],
    });
    let mut message = sign_this("contract-4711", json!({}));
    message["data"] = data;
    nats.publish("sign.requests.acme", message.to_string().into_bytes()).await;
    nats.all_read().await;
    let listed = call(world, &world.key, Method::GET, "").await;
    listed.json["data"][0]["id"].as_str().unwrap_or_else(|| panic!("not buried: {:#}", listed.json)).to_owned()
}

pub(super) async fn template(world: &World) {
    let mut template = countersign_tests::world::new_request(json!({ "name": "Lease" }));
    template["data"]["type"] = "signature-template".into();
    template["data"]["id"] = "lease".into();
    template["data"]["attributes"]["widgets"] =
        json!([{ "type": "signature", "signerId": 1, "page": 1, "x": 50, "y": 150 }]);
    let made = world.call(Method::POST, "/templates", Some(template)).await;
    assert_eq!(made.status, 201, "{:#}", made.json);
}

async fn a_dead_letter_is_listed_without_what_it_says_of_people(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let id = buried(&nats, &world).await;
    let listed = call(&world, &world.key, Method::GET, "?page[size]=5").await;
    assert_eq!(listed.json["meta"]["totalItems"], 1);
    let letter = &listed.json["data"][0];
    assert_eq!((&letter["type"], &letter["id"]), (&json!("dead-letter"), &json!(id)));
    let told = &letter["attributes"];
    assert_eq!((&told["source"], &told["eventId"]), (&json!("/billing"), &json!("contract-4711")));
    assert_eq!((&told["subject"], &told["sequence"]), (&json!("sign.requests.acme"), &json!(1)));
    assert_eq!(told["reasons"][0]["code"], "unknown_template");
    assert_eq!(told["reasons"][0]["pointer"], "/data/templateId");
    assert_eq!(told["buriedAt"], countersign_tests::world::START);
    assert!(!listed.json.to_string().contains("Ana"), "{:#}", listed.json);

    let stranger = world.key("stranger", &Permission::ALL).await;
    assert_eq!(call(&world, &stranger, Method::GET, "").await.json["data"], json!([]));
    let foreign = call(&world, &stranger, Method::POST, &format!("/{id}/retry")).await;
    assert_eq!(fault(&foreign, 404).0, "not_found");
    let reader = world.key("acme", &[Permission::Read]).await;
    let denied = call(&world, &reader, Method::POST, &format!("/{id}/retry")).await;
    assert_eq!(fault(&denied, 403).0, "permission_denied");
    assert_eq!(fault(&call(&world, &world.key, Method::POST, "/none/retry").await, 404).0, "not_found");
    assert_eq!(fault(&call(&world, &world.key, Method::GET, "?sort=id").await, 400).0, "invalid_parameter");
}

async fn a_message_that_works_later_is_tried_again_by_hand(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let id = buried(&nats, &world).await;
    template(&world).await;
    let granted = call(&world, &world.key, Method::POST, &format!("/{id}/retry")).await;
    assert_eq!(granted.status, 202, "{:#}", granted.json);
    let request = granted.json["data"]["id"].as_str().unwrap();
    world.until(request, "delivery.sent", 1).await;
    assert_eq!(call(&world, &world.key, Method::GET, "").await.json["data"], json!([]));
    assert_eq!(nats.count("SIGN_DEAD").await, 0, "what it held is gone with it");
    assert!(!nats.keeps("ana@example.com"), "also from the disk");
    assert_eq!(call(&world, &world.key, Method::POST, &format!("/{id}/retry")).await.status, 404);
    world.check().await;
}

async fn what_still_cannot_work_stays_and_says_why(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let id = buried(&nats, &world).await;
    let again = call(&world, &world.key, Method::POST, &format!("/{id}/retry")).await;
    assert_eq!(fault(&again, 422), ("unknown_template".to_owned(), "/data/templateId".to_owned()));
    assert_eq!(nats.count("SIGN_DEAD").await, 1);
    // Somebody emptied the stream: the reasons are still there, the message is not.
    nats.context().await.get_stream("SIGN_DEAD").await.unwrap().purge().await.unwrap();
    let gone = call(&world, &world.key, Method::POST, &format!("/{id}/retry")).await;
    assert_eq!(fault(&gone, 410).0, "message_gone");
    assert_eq!(call(&world, &world.key, Method::GET, "").await.json["meta"]["totalItems"], 1);
}

async fn a_dead_letter_is_forgotten_after_a_while(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    buried(&nats, &world).await;
    let store = &world.app.service.store;
    world.app.service.clock.advance(SignedDuration::from_hours(24 * 14 + 2));
    until("it is forgotten", async || store.dead_letters(Scope::All, 9, 0).await.unwrap().is_empty()).await;
}

async fn how_long_dead_letters_are_kept_follows_the_setting(version: Version) {
    let nats = Nats::start(version).await;
    let days = async || {
        let stream = nats.context().await.get_stream("SIGN_DEAD").await.unwrap();
        stream.cached_info().config.max_age.as_secs() / 86_400
    };
    let first = world(&nats).await;
    assert_eq!(days().await, 14);
    let _folder = first.stop().await;
    let mut settings = nats.settings();
    settings.dead_letter_life = std::time::Duration::from_secs(3 * 86_400);
    let _second = World::changed(|world| world.nats = Some(settings)).await;
    assert_eq!(days().await, 3);
}

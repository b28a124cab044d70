//! Webhooks of documents, in D4Sign's words: a form that tells what happened to one document, stamped over its UUID with
//! what the key that registered it shares with all its documents.

use std::collections::BTreeMap;

use countersign::commit::Order;
use countersign::config::Role;
use countersign_engine::command::{Command, Wish};
use countersign_engine::effect::EffectKind;
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::receiver::{Heard, Receiver, Say};
use super::stamps::verified;
use super::{open, world};
use crate::bus::server::until;
use crate::dialects::certyneo::call;
use crate::dialects::d4sign::{Desk, ok, signer, text, wrong};

/// The fields of a form in parts.
fn fields(heard: &Heard) -> BTreeMap<String, String> {
    let kind = &heard.headers["content-type"];
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap_or_else(|| panic!("{kind}"));
    let body = String::from_utf8(heard.body.clone()).unwrap();
    let between = format!("--{boundary}\r\n");
    let parts = body.split(&between).skip(1);
    parts
        .map(|part| {
            let (head, rest) = part.split_once("\r\n\r\n").unwrap();
            let name = head.strip_prefix("Content-Disposition: form-data; name=\"").unwrap().strip_suffix('"').unwrap();
            (name.to_owned(), rest.split_once("\r\n").unwrap().0.to_owned())
        })
        .collect()
}

fn told(heard: &Heard) -> Value {
    json!(fields(heard))
}

async fn register(desk: &Desk, id: &str, url: &str) -> String {
    let registered = desk.post(id, "webhooks", json!({ "url": url })).await;
    assert_eq!(ok(&registered)["message"], "Webhook successfully registered");
    text(&registered.json["secret"])
}

#[tokio::test]
async fn what_happens_to_a_document_is_told_in_its_vendors_words() {
    let desk = Desk::over(world().await);
    let receiver = Receiver::willing().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({})), signer("bia@example.com", json!({}))])).await;
    let (other, _) = desk.draft(json!([signer("eva@example.com", json!({}))])).await;
    let secret = register(&desk, &id, &receiver.url()).await;
    for document in [&id, &other] {
        ok(&desk.post(document, "sendtosigner", json!({})).await);
    }
    desk.world.sign(&other, 0).await;
    desk.world.sign(&id, 1).await;
    desk.world.sign(&id, 0).await;
    let heard = receiver.has(3).await;
    let expected = [
        json!({ "uuid": id, "type_post": "4", "message": "Signed", "email": "bia@example.com" }),
        json!({ "uuid": id, "type_post": "4", "message": "Signed", "email": "ana@example.com" }),
        json!({ "uuid": id, "type_post": "1", "message": "Finished document" }),
    ];
    assert_eq!(heard.iter().map(told).collect::<Vec<_>>(), expected);
    for message in &heard {
        assert_eq!(verified(message, &secret, &id).await["d4sign"], json!(true), "{:?}", message.headers);
        assert_ne!(verified(message, &secret, &other).await["d4sign"], json!(true));
    }
    desk.world.check().await;
}

#[tokio::test]
async fn a_document_that_is_cancelled_or_declined_is_told_of_once() {
    let desk = Desk::over(world().await);
    let receiver = Receiver::willing().await;
    let mut secrets = Vec::new();
    let mut documents = Vec::new();
    for _ in 0..2 {
        let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
        secrets.push(register(&desk, &id, &receiver.url()).await);
        ok(&desk.post(&id, "sendtosigner", json!({})).await);
        documents.push(id);
    }
    assert_eq!(secrets[0], secrets[1], "one secret for all documents of a key");
    ok(&desk.post(&documents[0], "cancel", json!({ "comment": "fim" })).await);
    receiver.has(1).await;
    desk.world.visit(&documents[1], 0).await.decline("Não").await;
    let heard = receiver.has(2).await;
    let cancelled = |id: &str| json!({ "uuid": id, "type_post": "3", "message": "Cancelled document" });
    assert_eq!(heard.iter().map(told).collect::<Vec<_>>(), [cancelled(&documents[0]), cancelled(&documents[1])]);
}

#[tokio::test]
async fn an_e_mail_that_does_not_arrive_is_told_of() {
    let world = World::changed(|settings| {
        open(settings);
        // Nobody sends the letter: the test says what became of it.
        settings.roles = vec![Role::Http, Role::Courier];
    })
    .await;
    let desk = Desk::over(world);
    let receiver = Receiver::willing().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    register(&desk, &id, &receiver.url()).await;
    ok(&desk.post(&id, "sendtosigner", json!({})).await);
    let service = &desk.world.app.service;
    let loaded = service.behind_link(World::id(&id)).await.unwrap().unwrap();
    let effect = *loaded.request.owed.iter().find(|effect| effect.kind == EffectKind::Invitation).unwrap();
    let wish = Wish::Undeliverable { effect, code: "refused".into() };
    let order = Order::system("acme".parse().unwrap(), Command { request: World::id(&id), wish });
    service.submit(order).await.unwrap();
    let heard = receiver.has(1).await;
    assert_eq!(
        told(&heard[0]),
        json!({ "uuid": id, "type_post": "2", "message": "E-mail not sent", "email": "ana@example.com" })
    );
    let listed = desk.listed(&id).await["list"][0].clone();
    assert_eq!((&listed["email_sent_status"], &listed["email_sent"]), (&json!("Bounce"), &json!("1")));
}

#[tokio::test]
async fn a_document_has_one_webhook_and_another_takes_its_place() {
    let desk = Desk::over(world().await);
    let (first, second) = (Receiver::willing().await, Receiver::willing().await);
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    assert_eq!(desk.look(&format!("/documents/{id}/webhooks")).await, json!([]));
    register(&desk, &id, &first.url()).await;
    register(&desk, &id, &second.url()).await;
    let listed = desk.look(&format!("/documents/{id}/webhooks")).await;
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["url"]), (1, &json!(second.url())));
    ok(&desk.post(&id, "cancel", json!({})).await);
    second.has(1).await;
    assert!(first.heard().is_empty());
    // It is none of the organization's webhooks, but what was delivered can be looked at, and had again.
    let hook = text(&listed[0]["id"]);
    assert_eq!(call(&desk.world, Method::GET, "/webhooks", None).await.json["pagination"]["total"], 0);
    let deliveries = format!("/webhooks/{hook}/deliveries?status=delivered");
    until("the delivery is done", async || {
        call(&desk.world, Method::GET, &deliveries, None).await.json["pagination"]["total"] == 1
    })
    .await;
    let deliveries = call(&desk.world, Method::GET, &deliveries, None).await.json;
    assert_eq!(deliveries["data"][0]["event"], "document.cancelled");
    let again = format!("/webhooks/{hook}/deliveries/{}/replay", text(&deliveries["data"][0]["id"]));
    let answer = call(&desk.world, Method::POST, &again, None).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:#}", answer.json);
    let heard = second.has(2).await;
    assert_eq!((heard[0].id(), &heard[0].body), (heard[1].id(), &heard[1].body));
    let changed =
        call(&desk.world, Method::PATCH, &format!("/webhooks/{hook}"), Some(json!({ "events": ["*"] }))).await;
    assert_eq!(changed.status, StatusCode::CONFLICT, "{:#}", changed.json);
}

#[tokio::test]
async fn a_webhook_leads_to_public_addresses_only() {
    let desk = Desk::new().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    for url in ["http://127.0.0.1/hook", "http://10.0.0.1/hook", "ftp://example.com/", "nowhere"] {
        assert!(wrong(&desk.post(&id, "webhooks", json!({ "url": url })).await, 400).starts_with("url: "), "{url}");
    }
    assert!(wrong(&desk.post(&id, "webhooks", json!({})).await, 422).starts_with("url: "));
    assert_eq!(desk.look(&format!("/documents/{id}/webhooks")).await, json!([]));
}

#[tokio::test]
async fn who_gave_up_on_a_document_is_heard_again_when_registered_again() {
    let desk = Desk::over(world().await);
    let gone = Receiver::always(Say::Status(410)).await;
    let (id, _) = desk.draft(json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))])).await;
    register(&desk, &id, &gone.url()).await;
    ok(&desk.post(&id, "sendtosigner", json!({})).await);
    desk.world.sign(&id, 0).await;
    gone.has(1).await;
    let willing = Receiver::willing().await;
    register(&desk, &id, &willing.url()).await;
    desk.world.sign(&id, 1).await;
    let heard = willing.has(2).await;
    assert_eq!(fields(&heard[1])["type_post"], "1");
}

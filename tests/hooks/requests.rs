//! What hooks do to a request: what a covering stamp says is in its history once, in whatever order and however often it
//! comes, and nothing goes back; what a stamp does not cover does nothing to it before the vendor was asked.

use std::collections::BTreeMap;

use countersign::commit::Order;
use countersign::config::Role;
use countersign::hooks::Scheme;
use countersign::store::{Account, Begun, EnvelopeRow};
use countersign_engine::command::{Command, Wish};
use countersign_engine::ids::{ConfigId, Digest, RequestId, SignerId};
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::sender::{DOCUMENT, Letter, secret};
use super::{address, post, saying, told, until_settled};

/// A request that stands at a vendor, as far as we know, and the configuration that it was sent with. Nobody calls the
/// vendor.
pub(super) async fn at_vendor(provider: &'static str) -> (World, Uuid, String) {
    let (world, config, id) = on_its_way(provider, json!({})).await;
    submitted(&world, config, &id).await;
    (world, config, id)
}

/// The same before the vendor's answer has arrived: it knows the request, and may tell of it.
pub(super) async fn on_its_way(provider: &'static str, mut request: Value) -> (World, Uuid, String) {
    let world = World::changed(|settings| {
        settings.webhooks.allow_loopback = true;
        settings.roles = vec![Role::Http, Role::Clerk];
    })
    .await;
    let credentials = match provider {
        "d4sign" => json!({ "tokenAPI": "live_token" }),
        _ => json!({ "apiKey": "sk_live_of_the_vendor" }),
    };
    let attributes = json!({ "provider": provider, "name": "Account", "baseUrl": "http://127.0.0.1:9443",
        "safe": "06b3ddb1-abc9-4ab8-b944-0d7c940486af", "credentials": credentials,
        "hookSecret": secret(Scheme::named(provider).unwrap(), 1) });
    let body = json!({ "data": { "type": "provider-config", "attributes": attributes } });
    let config = world.call(Method::POST, "/provider-configs", Some(body)).await;
    assert_eq!(config.status, StatusCode::CREATED, "{:#}", config.json);
    let config: Uuid = config.json["data"]["id"].as_str().unwrap().parse().unwrap();
    request["configId"] = json!(config);
    let id = world.created(request).await;
    known(&world, config, &id).await;
    (world, config, id)
}

/// Notes by what the vendor knows the request.
async fn known(world: &World, config: Uuid, id: &str) {
    let (store, now) = (&world.app.service.store, world.now().as_microsecond());
    let request: RequestId = id.parse().unwrap();
    let hold = store.hold_providers(now, now + 1_000_000, 1).await.unwrap()[0];
    let account = Account { stamp: Digest::of(b"account"), most: 10, window_us: 1 };
    let reference = Some(DOCUMENT.to_owned());
    let envelope = EnvelopeRow { config, request, reference, note: "{}".to_owned() };
    assert_eq!(store.begin_call(Some(hold), account, Some(&envelope), (now, now + 1)).await.unwrap(), Begun::Go);
}

/// Writes down that the vendor has the request.
pub(super) async fn submitted(world: &World, config: Uuid, id: &str) {
    let shown = world.get(id).await;
    let signers = shown["relationships"]["signers"]["data"].as_array().unwrap();
    let signers: BTreeMap<SignerId, String> = signers
        .iter()
        .zip(1..)
        .map(|(one, n)| (one["id"].as_str().unwrap().parse().unwrap(), format!("r-{n}")))
        .collect();
    let wish = Wish::Submitted { config: ConfigId(config), reference: DOCUMENT.to_owned(), signers };
    let order = Order::system("acme".parse().unwrap(), Command { request: World::id(id), wish });
    world.app.service.submit(order).await.unwrap();
}

/// What Certyneo tells of a recipient, or of the envelope.
pub(super) fn notice(event: &str, recipient: Option<u8>, at: &str) -> Value {
    let emails = ["joao@empresa.com", "maria@cliente.com"];
    let recipient = recipient.map(
        |number| json!({ "id": format!("r-{number}"), "email": emails[usize::from(number) - 1], "status": "SIGNED" }),
    );
    json!({ "event": event, "envelope_id": DOCUMENT, "occurred_at": at, "data": { "recipient": recipient } })
}

/// The facts about what signers did and how it ended.
pub(super) async fn done(world: &World, id: &str) -> Vec<String> {
    let events = world.events(id).await;
    let counts = ["signer.viewed", "signer.signed", "request.completed", "request.cancelled", "request.declined"];
    events.into_iter().filter(|name| counts.contains(&name.as_str())).collect()
}

#[tokio::test]
async fn what_comes_twice_or_late_or_in_another_order_is_in_the_history_once() {
    let (world, config, id) = at_vendor("certyneo").await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let url = address(&world, "certyneo", config);
    let messages = [
        (notice("recipient.viewed", Some(1), "2026-01-15T10:29:00Z"), "applied"),
        (notice("recipient.signed", Some(1), "2026-01-15T10:29:10Z"), "applied"),
        // The same in other bytes, and what was before it.
        (notice("recipient.signed", Some(1), "2026-01-15T10:29:11Z"), "duplicate"),
        (notice("recipient.viewed", Some(1), "2026-01-15T10:29:01Z"), "duplicate"),
        // The end before the last signature.
        (notice("envelope.completed", None, "2026-01-15T10:29:30Z"), "applied"),
        (notice("recipient.signed", Some(2), "2026-01-15T10:29:20Z"), "duplicate"),
        (notice("envelope.voided", None, "2026-01-15T10:29:40Z"), "stale"),
        (notice("recipient.viewed", Some(1), "2026-01-15T10:29:00Z"), "applied"),
    ];
    for (count, (message, _)) in messages.iter().enumerate() {
        let sent = saying(certyneo, message).sent();
        assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
        until_settled(&world, (count + 1).min(messages.len() - 1)).await;
    }
    let verdicts: Vec<Value> = told(&world).await.iter().map(|one| one["attributes"]["verdict"].clone()).collect();
    let expected: Vec<&str> = messages[..messages.len() - 1].iter().map(|(_, verdict)| *verdict).collect();
    assert_eq!(verdicts, expected);
    assert_eq!(told(&world).await[0]["attributes"]["repeats"], 1, "the last message was the first again");
    assert!(told(&world).await.iter().all(|one| one["attributes"]["requestId"] == json!(id)));
    let facts = ["signer.viewed", "signer.signed", "signer.viewed", "signer.signed", "request.completed"];
    assert_eq!(done(&world, &id).await, facts);
    assert_eq!(world.status(&id).await, "COMPLETED");
    // Nor does a replay of any of it do anything.
    for one in told(&world).await {
        let path = format!("/inbound-deliveries/{}/replay", one["id"].as_str().unwrap());
        assert_eq!(world.call(Method::POST, &path, None).await.status, StatusCode::ACCEPTED);
    }
    let all = until_settled(&world, 14).await;
    assert!(
        all[7..].iter().all(|one| ["duplicate", "stale"].contains(&one["attributes"]["verdict"].as_str().unwrap()))
    );
    assert_eq!(done(&world, &id).await, facts);
    world.check().await;
}

#[tokio::test]
async fn a_genuine_stamp_with_a_rewritten_type_does_nothing_until_the_vendor_was_asked() {
    let (world, config, id) = at_vendor("d4sign").await;
    let d4sign = Scheme::named("d4sign").unwrap();
    let url = address(&world, "d4sign", config);
    let letter = Letter::of(d4sign);
    for kind in ["1", "3", "4", "99"] {
        let body = format!("uuid={DOCUMENT}&type_post={kind}&message=x&email=joao%40empresa.com");
        assert_eq!(
            post(&world, &url, &letter.sent().saying(body)).await.status,
            StatusCode::OK,
            "{kind}: it is genuine"
        );
    }
    until_settled(&world, 1).await;
    for _ in 0..3 {
        world.app.service.clock.advance(SignedDuration::from_secs(6));
        let waiting = told(&world).await;
        let pending = waiting.iter().filter(|one| one["attributes"]["status"] == "pending").count();
        assert_eq!(pending, 3, "what is unknown changes nothing; the rest waits for the vendor: {waiting:#?}");
    }
    assert_eq!(done(&world, &id).await, Vec::<String>::new());
    assert_eq!(world.status(&id).await, "SENT");
    world.check().await;
}

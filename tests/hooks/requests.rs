//! What hooks do to a request: what a covering stamp says is in its history once, in whatever order and however often it
//! comes, and nothing goes back; what a stamp does not cover does nothing to it before the vendor was asked.

use std::collections::BTreeMap;

use countersign::commit::Order;
use countersign::config::Role;
use countersign::hooks::Scheme;
use countersign::store::{Account, Begun, EnvelopeRow, Scope};
use countersign_engine::command::{Command, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::Collector;
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
pub(super) async fn on_its_way(provider: &'static str, request: Value) -> (World, Uuid, String) {
    let (world, config, id) = to_vendor(provider, request).await;
    known(&world, config, &id).await;
    (world, config, id)
}

/// The same before the vendor has heard of it.
async fn to_vendor(provider: &'static str, mut request: Value) -> (World, Uuid, String) {
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
    (world, config, id)
}

/// Notes by what the vendor knows the request.
async fn known(world: &World, config: Uuid, id: &str) {
    let (store, now) = (&world.app.service.store, world.now().as_microsecond());
    let request: RequestId = id.parse().unwrap();
    let lease = store.lease_providers(now, now + 1_000_000, 1).await.unwrap()[0];
    let account = Account { stamp: Digest::of(b"account"), most: 10, window_us: 1 };
    let reference = Some(DOCUMENT.to_owned());
    let envelope = EnvelopeRow { config, request, reference, note: "{}".to_owned() };
    assert_eq!(store.begin_call(Some(lease), account, Some(&envelope), (now, now + 1)).await.unwrap(), Begun::Go);
}

async fn wished(world: &World, id: &str, wish: Wish) {
    let order = Order::system("acme".parse().unwrap(), Command { request: World::id(id), wish });
    world.app.service.submit(order).await.unwrap();
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
    wished(world, id, Wish::Submitted { config: ConfigId(config), reference: DOCUMENT.to_owned(), signers }).await;
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

#[tokio::test]
async fn what_a_provider_tells_that_was_passed_over_is_stale_at_once() {
    let (world, config, id) = on_its_way("certyneo", json!({})).await;
    let native =
        json!({ "data": { "type": "provider-config", "attributes": { "provider": "native", "name": "ours" } } });
    let native = world.call(Method::POST, "/provider-configs", Some(native)).await.json["data"]["id"].clone();
    let next = Collector { config: ConfigId(native.as_str().unwrap().parse().unwrap()), provider: "native".to_owned() };
    let failed = Wish::SubmitFailed { config: ConfigId(config), code: "http_401".to_owned(), next: Some(next) };
    wished(&world, &id, failed).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let message = notice("recipient.signed", Some(1), "2026-01-15T10:29:10Z");
    let sent = saying(certyneo, message).sent();
    assert_eq!(post(&world, &address(&world, "certyneo", config), &sent).await.status, StatusCode::OK);
    let told = until_settled(&world, 1).await.remove(0);
    assert_eq!(told["attributes"]["verdict"], "stale", "{told:#}");
    assert_eq!(world.status(&id).await, "SENT", "ours is the one that counts");
}

#[tokio::test]
async fn what_changes_nothing_is_erased_with_its_request_whenever_it_came() {
    let (world, config, id) = to_vendor("certyneo", json!({})).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let url = address(&world, "certyneo", config);
    let tell = async |message: Value, count: usize| {
        assert_eq!(post(&world, &url, &saying(certyneo, message).sent()).await.status, StatusCode::OK);
        until_settled(&world, count).await
    };
    // Before anybody knows whose document it is, while it is out, and when the request is erased.
    tell(notice("envelope.created", Some(1), "2026-01-15T10:28:00Z"), 1).await;
    known(&world, config, &id).await;
    submitted(&world, config, &id).await;
    let told = tell(notice("envelope.sent", Some(1), "2026-01-15T10:29:00Z"), 2).await;
    assert_eq!(told[1]["attributes"]["verdict"], "ignored");
    assert_eq!(told[1]["attributes"]["requestId"], json!(id));
    tell(notice("envelope.completed", None, "2026-01-15T10:29:10Z"), 3).await;
    world.app.service.clock.advance(SignedDuration::from_hours(25));
    wished(&world, &id, Wish::Purge { days: 1 }).await;
    tell(notice("envelope.sent", Some(2), "2026-01-15T10:29:50Z"), 4).await;
    for one in super::told(&world).await {
        let path = format!("/inbound-deliveries/{}", one["id"].as_str().unwrap());
        let shown = world.call(Method::GET, &path, None).await.json;
        let attributes = &shown["data"]["attributes"];
        assert_eq!((attributes.get("bodyBase64"), attributes.get("sha256")), (Some(&Value::Null), Some(&Value::Null)));
    }
}

#[tokio::test]
async fn what_is_told_beyond_what_is_kept_has_the_vendor_asked_again() {
    let (world, config, id) = at_vendor("d4sign").await;
    let letter = Letter::of(Scheme::named("d4sign").unwrap());
    let url = address(&world, "d4sign", config);
    let tell = async |number: u32| {
        let long = "x".repeat(900_000);
        let body = format!("uuid={DOCUMENT}&type_post=4&email=joao%40empresa.com&number={number}&message={long}");
        assert_eq!(post(&world, &url, &letter.sent().saying(body)).await.status, StatusCode::OK);
    };
    for number in 0..4 {
        tell(number).await;
    }
    world.until(&id, "provider.reported", 1).await;
    // The vendor, when asked, knows of nothing.
    let owed = world.app.service.ledger.load(Scope::All, World::id(&id)).await.unwrap().unwrap().request.owed.clone();
    let effect = *owed.iter().find(|effect| effect.kind == EffectKind::Confirm).unwrap();
    wished(&world, &id, Wish::Delivered { effect }).await;
    world.app.service.clock.advance(SignedDuration::from_mins(1));
    let settled = until_settled(&world, 4).await;
    assert!(settled.iter().all(|one| one["attributes"]["verdict"] == "not_believed"), "{settled:#?}");
    tell(4).await;
    world.until(&id, "provider.reported", 2).await;
    assert_eq!(told(&world).await.len(), 4, "and is not kept");
}

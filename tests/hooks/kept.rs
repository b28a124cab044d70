//! What is kept of a message: once however often it comes, as it came, encrypted, until its request is erased or its time
//! is over; what is shown of it, to whom; and how it is applied once more.

use countersign::config::Role;
use countersign::hooks::Scheme;
use countersign::http::auth::Permission;
use countersign_tests::world::World;
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::sender::{DOCUMENT, Letter, Sent};
use super::{address, configured, post, saying, told, until_settled};

fn notice(event: &str, document: &str, at: &str) -> Value {
    json!({ "event": event, "envelope_id": document, "occurred_at": at,
        "data": { "recipient": { "id": "r-1", "name": "João Silva", "email": "joao@empresa.com" } } })
}

#[tokio::test]
async fn what_comes_again_is_counted_and_kept_once() {
    let world = World::of_roles(&[Role::Http]).await;
    for name in ["certyneo", "standard_webhooks", "docusign"] {
        let scheme = Scheme::named(name).unwrap();
        let config = configured(&world, "acme", name, scheme).await;
        let (url, before) = (address(&world, name, config), told(&world).await.len());
        let sent = Letter::of(scheme).sent();
        // At the same time, and again.
        let answers = join_all((0..8).map(|_| post(&world, &url, &sent))).await;
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "a repeat is as welcome");
        assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
        let kept = told(&world).await;
        assert_eq!(kept.len(), before + 1, "{name}");
        let one = kept.iter().find(|one| one["attributes"]["configId"] == json!(config)).unwrap();
        assert_eq!(one["attributes"]["repeats"], 8);
        assert_eq!(one["attributes"]["lastRepeatAt"], "2026-01-15T10:30:00Z");
    }
}

#[tokio::test]
async fn a_vendors_next_attempt_with_a_stamp_of_its_own_is_a_repeat() {
    let world = World::of_roles(&[Role::Http]).await;
    for name in ["standard_webhooks", "stripe", "docuseal"] {
        let scheme = Scheme::named(name).unwrap();
        let config = configured(&world, "acme", name, scheme).await;
        let url = address(&world, name, config);
        let attempt = || Letter { time: world.now().as_second().to_string(), ..Letter::of(scheme) }.sent();
        assert_eq!(post(&world, &url, &attempt()).await.status, StatusCode::OK);
        world.app.service.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(post(&world, &url, &attempt()).await.status, StatusCode::OK);
    }
    assert!(told(&world).await.iter().all(|one| one["attributes"]["repeats"] == 1));
    assert_eq!(told(&world).await.len(), 3);
}

#[tokio::test]
async fn what_names_no_time_is_a_repeat_for_two_days_and_news_afterwards() {
    let world = World::of_roles(&[Role::Http]).await;
    let d4sign = Scheme::named("d4sign").unwrap();
    let config = configured(&world, "acme", "d4sign", d4sign).await;
    let (url, sent) = (address(&world, "d4sign", config), Letter::of(d4sign).sent());
    assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
    for (hours, kept) in [(27, 1), (20, 1), (2, 2)] {
        world.app.service.clock.advance(SignedDuration::from_hours(hours));
        assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
        assert_eq!(told(&world).await.len(), kept, "after {hours} hours more");
    }
    // A body that is covered tells itself from others: the same one is the same news for as long as it is known.
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let (url, sent) = (address(&world, "certyneo", config), Letter::of(certyneo).sent());
    assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
    world.app.service.clock.advance(SignedDuration::from_hours(20 * 24));
    assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
    assert_eq!(told(&world).await.len(), 3);
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged() {
    let world = World::manual().await;
    let (certyneo, d4sign) = (Scheme::named("certyneo").unwrap(), Scheme::named("d4sign").unwrap());
    let first = configured(&world, "acme", "certyneo", certyneo).await;
    let second = configured(&world, "acme", "d4sign", d4sign).await;
    for (minute, event) in ["endpoint.ping", "envelope.sent", "envelope.created"].into_iter().enumerate() {
        let document = if event == "endpoint.ping" { Value::Null } else { json!(DOCUMENT) };
        let body = json!({ "event": event, "envelope_id": document, "data": {} });
        post(&world, &address(&world, "certyneo", first), &saying(certyneo, body).sent()).await;
        until_settled(&world, minute + 1).await;
        world.app.service.clock.advance(SignedDuration::from_mins(1));
    }
    post(&world, &address(&world, "d4sign", second), &Letter::of(d4sign).sent()).await;
    let list = async |query: &str| world.call(Method::GET, &format!("/inbound-deliveries{query}"), None).await;
    let words = async |query: &str| -> Vec<Value> {
        let found = list(query).await;
        assert_eq!(found.status, StatusCode::OK, "{query}: {:#}", found.json);
        found.json["data"].as_array().unwrap().iter().map(|one| one["attributes"]["word"].clone()).collect()
    };
    assert_eq!(
        words("?filter[provider]=certyneo").await,
        [json!("envelope.created"), json!("envelope.sent"), Value::Null]
    );
    assert_eq!(
        words(&format!("?filter[configId]={first}&sort=receivedAt&page[size]=1&page[number]=2")).await,
        [json!("envelope.sent")]
    );
    assert_eq!(words("?filter[verdict]=ignored&filter[receivedAfter]=2026-01-15T10:30:30Z").await.len(), 2);
    assert_eq!(words("?filter[receivedBefore]=2026-01-15T10:30:30Z").await, [Value::Null]);
    assert_eq!(words("?filter[status]=dead").await.len(), 0);
    assert_eq!(words(&format!("?filter[requestId]={}", Uuid::now_v7())).await.len(), 0);
    let page = list("?filter[provider]=certyneo&page[size]=2").await.json;
    assert_eq!(page["meta"], json!({ "totalItems": 3, "totalPages": 2, "currentPage": 1, "pageSize": 2 }));
    let next = page["links"]["next"].as_str().unwrap();
    assert!(next.starts_with("/api/v1/esignature/inbound-deliveries?"), "{next}");
    for bad in [
        "filter[verdict]=believed",
        "filter[status]=open",
        "filter[configId]=1",
        "filter[requestId]=x",
        "filter[receivedAfter]=yesterday",
        "filter[colour]=red",
        "sort=bytes",
        "page[size]=101",
    ] {
        let answer = list(&format!("?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        let name = bad.split('=').next().unwrap();
        assert_eq!(answer.json["errors"][0]["source"]["parameter"], name, "{bad}");
    }
}

#[tokio::test]
async fn a_body_is_shown_to_administrators_only() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    post(&world, &address(&world, "certyneo", config), &Letter::of(certyneo).sent()).await;
    let listed = told(&world).await.remove(0);
    assert!(!listed.to_string().contains("joao") && listed["attributes"].get("bodyBase64").is_none(), "{listed:#}");
    let one = format!("/inbound-deliveries/{}", listed["id"].as_str().unwrap());
    let reader = world.key("acme", &[Permission::Read]).await;
    assert_eq!(world.call_as(&reader, Method::GET, "/inbound-deliveries", None).await.status, StatusCode::OK);
    assert_eq!(world.call_as(&reader, Method::GET, &one, None).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        world.call_as(&reader, Method::POST, &format!("{one}/replay"), None).await.status,
        StatusCode::FORBIDDEN
    );
    let writer = world.key("acme", &[Permission::Create]).await;
    assert_eq!(world.call_as(&writer, Method::GET, "/inbound-deliveries", None).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.call(Method::GET, "/inbound-deliveries/none", None).await.status, StatusCode::NOT_FOUND);
    let unknown = format!("/inbound-deliveries/{}", Uuid::now_v7());
    assert_eq!(world.call(Method::GET, &unknown, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_of_a_person_lies_in_the_database_unencrypted() {
    let world = World::manual().await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let sent = saying(certyneo, notice("envelope.sent", DOCUMENT, "2026-01-15T10:29:00Z")).sent();
    post(&world, &address(&world, "certyneo", config), &sent).await;
    until_settled(&world, 1).await;
    world.app.service.store.checkpoint().await.unwrap();
    let secret = super::secret(certyneo, 1);
    let folder = world.stop().await;
    for entry in ["countersign.db", "countersign.db-wal"] {
        let stored = std::fs::read(folder.path().join("data").join(entry)).unwrap_or_default();
        for text in ["joao@empresa.com", "João Silva", &secret] {
            assert!(!stored.windows(text.len()).any(|window| window == text.as_bytes()), "{text} in {entry}");
        }
    }
}

#[tokio::test]
async fn a_replay_is_a_delivery_of_its_own_and_leaves_the_verdict_before() {
    let world = World::of_roles(&[Role::Http]).await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let sent = saying(certyneo, notice("envelope.sent", DOCUMENT, "2026-01-15T10:29:00Z")).sent();
    post(&world, &address(&world, "certyneo", config), &sent).await;
    let first = told(&world).await.remove(0);
    let replay = format!("/inbound-deliveries/{}/replay", first["id"].as_str().unwrap());
    let early = world.call(Method::POST, &replay, None).await;
    assert_eq!((early.status, &early.json["errors"][0]["code"]), (StatusCode::CONFLICT, &json!("still_pending")));

    let world = world.restart_changed(|settings| settings.roles = vec![Role::All]).await;
    let settled = until_settled(&world, 1).await.remove(0);
    assert_eq!(settled["attributes"]["verdict"], "ignored");
    let call = world.client.post(format!("{}{replay}", world.api)).bearer_auth(&world.key);
    let again = countersign_tests::world::answer(call.header("Idempotency-Key", "once")).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{:#}", again.json);
    assert_eq!(again.json["data"]["attributes"]["replayOf"], first["id"]);
    assert_eq!(again.json["data"]["attributes"]["sha256"], first["attributes"]["sha256"]);
    let call = world.client.post(format!("{}{replay}", world.api)).bearer_auth(&world.key);
    let repeated = countersign_tests::world::answer(call.header("Idempotency-Key", "once")).await;
    assert_eq!(repeated.json["data"]["id"], again.json["data"]["id"], "the same call, the same replay");
    let both = until_settled(&world, 2).await;
    assert_eq!(both.len(), 2);
    assert_eq!(both[0]["attributes"], settled["attributes"], "what came of it before stays");
    assert_eq!(both[1]["attributes"]["verdict"], "ignored");
    // The vendor's own repeat is one of the first; so is what is applied a third time.
    post(&world, &address(&world, "certyneo", config), &sent).await;
    let replay = format!("/inbound-deliveries/{}/replay", both[1]["id"].as_str().unwrap());
    let third = world.call(Method::POST, &replay, None).await;
    assert_eq!(third.json["data"]["attributes"]["replayOf"], first["id"], "{:#}", third.json);
    let kept = told(&world).await;
    assert_eq!((kept.len(), &kept[0]["attributes"]["repeats"]), (3, &json!(1)));
}

#[tokio::test]
async fn what_has_its_verdict_is_kept_for_thirty_days() {
    let world = World::manual().await;
    let certyneo = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", certyneo).await;
    let sent: Sent = saying(certyneo, notice("envelope.sent", DOCUMENT, "2026-01-15T10:29:00Z")).sent();
    post(&world, &address(&world, "certyneo", config), &sent).await;
    until_settled(&world, 1).await;
    world.app.service.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
    world.app.service.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(told(&world).await.len(), 1);
    world.app.service.clock.advance(SignedDuration::from_hours(2));
    super::until(&world, "it is forgotten", <[Value]>::is_empty).await;
}

#[tokio::test]
async fn with_one_stamp_that_covers_no_body_so_much_is_kept_and_the_vendor_is_asked_for_the_rest() {
    let world = World::manual().await;
    let d4sign = Scheme::named("d4sign").unwrap();
    let config = configured(&world, "acme", "d4sign", d4sign).await;
    let url = address(&world, "d4sign", config);
    let letter = Letter::of(d4sign);
    let message = |number: u32| {
        let email = format!("somebody{number}%40example.com");
        format!("uuid={DOCUMENT}&type_post=4&email={email}&message={}", "x".repeat(900_000))
    };
    for number in 0..4 {
        let sent = letter.sent().saying(message(number));
        assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK);
    }
    world.app.service.clock.advance(SignedDuration::from_mins(11));
    let before = until_settled(&world, 4).await;
    assert_eq!(before[3]["attributes"]["verdict"], "unknown_document");
    world.app.service.clock.advance(SignedDuration::from_mins(1));
    for number in 4..9 {
        let sent = letter.sent().saying(message(number));
        assert_eq!(post(&world, &url, &sent).await.status, StatusCode::OK, "a vendor is not told to come again");
    }
    // One that is kept is still known when it comes again.
    assert_eq!(post(&world, &url, &letter.sent().saying(message(1))).await.status, StatusCode::OK);
    let kept = until_settled(&world, 4).await;
    assert_eq!(kept.len(), 4, "what is kept is bounded");
    let repeats: Vec<&Value> = kept.iter().map(|one| &one["attributes"]["repeats"]).collect();
    assert_eq!(repeats, [&json!(0), &json!(1), &json!(0), &json!(5)], "the newest stands for the rest");
    let settled = |found: &[Value]| found[3]["attributes"]["settledAt"].as_str().unwrap().to_owned();
    assert!(settled(&kept) > settled(&before), "and was applied again");
    // Another document has its own share.
    let other = Letter { document: super::sender::OTHER_DOCUMENT.to_owned(), ..Letter::of(d4sign) };
    let body = message(1).replace(DOCUMENT, super::sender::OTHER_DOCUMENT);
    assert_eq!(post(&world, &url, &other.sent().saying(body)).await.status, StatusCode::OK);
    assert_eq!(told(&world).await.len(), 5);
}

//! What an endpoint answers, and what follows: only 2xx is success; no redirect is followed; who is slow, hangs up or
//! says no is tried again for three days; who asks to be left alone is; who is gone is told nothing more.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Receiver, Say};
use super::{deliveries, hook, open, path, shown, until, until_due, until_status, until_tried, world, world_on};
use crate::dialects::certyneo::{call, call_as};
use countersign::http::auth::Permission;
use countersign_tests::servers::{Database, on_each_database};
use countersign_tests::world::{World, new_request};

/// The waits of SPEC §8, and by how much each may be longer.
const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const JITTER: f64 = 0.1;

on_each_database! {
    Database:
    what_is_not_taken_is_sent_again_for_three_days_and_then_given_up,
    an_endpoint_that_is_gone_is_told_nothing_more_and_the_others_of_it,
}

async fn what_is_not_taken_is_sent_again_for_three_days_and_then_given_up(database: Database) {
    let world = world_on(database).await;
    let receiver = Receiver::always(Say::Status(500)).await;
    let failing = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    let started = world.now();
    world.created(json!({ "draft": true })).await;
    let mut bodies = Vec::new();
    for (attempt, wait) in (1..).zip(WAITS) {
        let last = until_tried(&world, &failing, attempt).await;
        assert_eq!(last["status"], "pending");
        let waited = until_due(&world, &failing).await.as_secs_f64();
        assert!((wait as f64..=wait as f64 * (1.0 + JITTER)).contains(&waited), "{attempt}: {waited} s");
        bodies = receiver.has(attempt as usize).await;
    }
    let last = until_status(&world, &failing, "dead", 1).await.pop().unwrap();
    assert_eq!((&last["attempts"], &last["reason"]), (&json!(10), &json!("exhausted")));
    assert!(world.now().duration_since(started) >= SignedDuration::from_hours(72));
    let history = last["history"].as_array().unwrap();
    assert_eq!(history.len(), 10);
    assert!(history.iter().all(|attempt| attempt["status"] == 500 && attempt["error"] == "status"), "{history:#?}");
    assert!(history.iter().all(|attempt| attempt["excerpt"] == "ok"), "{history:#?}");
    // Every attempt had the same id and the same bytes.
    assert!(bodies.iter().all(|heard| heard.id() == bodies[0].id() && heard.body == bodies[0].body));
    let now = shown(&world, &failing).await;
    assert_eq!((&now["isActive"], &now["disabledReason"]), (&json!(false), &json!("exhausted")));
    world.created(json!({ "draft": true })).await;
    world.app.service.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(receiver.heard().len(), 10, "it is told nothing more");
}

async fn an_endpoint_that_is_gone_is_told_nothing_more_and_the_others_of_it(database: Database) {
    let world = world_on(database).await;
    let (gone, other) = (Receiver::always(Say::Status(410)).await, Receiver::willing().await);
    let native = Receiver::willing().await;
    let ended = hook(&world, &gone.url(), &["*"], json!({})).await;
    let others = [
        hook(&world, &other.url(), &["endpoint.disabled"], json!({})).await,
        hook(&world, &native.url(), &["endpoint.disabled"], json!({ "format": "native" })).await,
    ];
    world.created(json!({})).await;
    let told = other.has(1).await.remove(0).json();
    assert_eq!(told["event"], "endpoint.disabled");
    assert_eq!(told["data"], json!({ "webhook": ended["id"], "reason": "gone" }));
    let told = native.has(1).await.remove(0).json();
    assert_eq!(told["type"], "countersign.endpoint.disabled.v1");
    assert_eq!(told["data"]["webhook"], ended["id"]);
    let now = shown(&world, &ended).await;
    assert_eq!((&now["isActive"], &now["disabledReason"]), (&json!(false), &json!("gone")));
    // What else was pending for it is given up, and it was called once.
    let found = deliveries(&world, &ended).await;
    assert!(found.iter().all(|delivery| delivery["status"] == "dead"), "{found:#?}");
    assert_eq!((found[0]["reason"].as_str(), gone.heard().len()), (Some("gone"), 1));
    for other in &others {
        until_status(&world, other, "delivered", 1).await;
    }
    let metrics = world.metrics().await;
    for line in [
        r#"countersign_endpoints_disabled_total{reason="gone"} 1"#,
        r#"countersign_endpoints{state="disabled"} 1"#,
        r#"countersign_endpoints{state="active"} 2"#,
        r#"countersign_webhook_attempts_total{outcome="delivered"} 2"#,
        r#"countersign_webhook_attempts_total{outcome="client_error"} 1"#,
        "countersign_webhooks_pending 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

/// One attempt at a receiver that does this: what is written down of it.
async fn attempt(say: Say) -> (Value, Receiver) {
    let world = world().await;
    let receiver = Receiver::always(say).await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    let tried = until(&world, &hooked, "an attempt", |found| found.first().is_some_and(|one| one["attempts"] == 1));
    let tried = tried.await.remove(0);
    let mut history = tried["history"][0].clone();
    history["delivery"] = tried["status"].clone();
    (history, receiver)
}

#[tokio::test]
async fn only_2xx_is_success() {
    for (status, taken) in
        [(200, true), (201, true), (204, true), (299, true), (400, false), (404, false), (502, false)]
    {
        let (tried, _) = attempt(Say::Status(status)).await;
        assert_eq!(tried["status"], status);
        assert_eq!(tried["delivery"], if taken { "delivered" } else { "pending" }, "{tried:#}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Receiver::willing().await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}", elsewhere.url());
        let (tried, _) = attempt(Say::With(status, location, String::new())).await;
        assert_eq!((&tried["delivery"], &tried["error"]), (&json!("pending"), &json!("redirect")), "{tried:#}");
    }
    assert_eq!(elsewhere.heard().len(), 0);
}

#[tokio::test]
async fn who_is_slow_hangs_up_or_answers_nonsense_is_tried_again() {
    for (say, error) in [
        (Say::Nothing, "timeout"),
        (Say::HangUp, "connection_broken"),
        (Say::Bytes("HTTP/1.1 20"), "connection_broken"),
        (Say::Bytes("SSH-2.0-OpenSSH_9.6\r\n"), "connection_broken"),
    ] {
        let (tried, _) = attempt(say.clone()).await;
        let seen = (&tried["delivery"], &tried["status"], &tried["error"]);
        assert_eq!(seen, (&json!("pending"), &Value::Null, &json!(error)), "{say:?}: {tried:#}");
    }
    // The head of an answer is one: what it says counts, whether or not the rest arrives.
    let (tried, _) = attempt(Say::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")).await;
    assert_eq!((&tried["delivery"], &tried["excerpt"]), (&json!("delivered"), &json!("half")));
}

#[tokio::test]
async fn who_is_down_is_tried_again_until_it_is_up() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    let url = receiver.url();
    drop(receiver);
    let hooked = hook(&world, &url, &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    let tried = until_tried(&world, &hooked, 1).await;
    assert_eq!(tried["history"][0]["error"], "connection_refused");
    assert_ne!(shown(&world, &hooked).await["failingSince"], Value::Null);
    let receiver = Receiver::willing().await;
    let moved = call(&world, Method::PATCH, &path(&hooked), Some(json!({ "url": receiver.url() }))).await;
    assert_eq!(moved.json["url"], json!(receiver.url()));
    until_due(&world, &hooked).await;
    until_status(&world, &hooked, "delivered", 1).await;
    assert_eq!(shown(&world, &hooked).await["failingSince"], Value::Null);
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_for_all_messages() {
    for status in [429, 503] {
        let world = world().await;
        let busy = Say::With(status, "retry-after: 60".to_owned(), String::new());
        let receiver = Receiver::always(busy).await;
        let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
        world.created(json!({ "draft": true })).await;
        until_tried(&world, &hooked, 1).await;
        // Another envelope's message waits too, although it is due.
        world.created(json!({ "draft": true })).await;
        until(&world, &hooked, "two are filed", |found| found.len() == 2).await;
        receiver.now_says(|_| Say::Status(200));
        world.app.service.clock.advance(SignedDuration::from_secs(59));
        let other = Receiver::willing().await;
        hook(&world, &other.url(), &["envelope.created"], json!({})).await;
        world.created(json!({ "draft": true })).await;
        other.has(1).await;
        assert_eq!(receiver.heard().len(), 1, "{status}: it was called while it rested");
        world.app.service.clock.advance(SignedDuration::from_secs(1));
        until_status(&world, &hooked, "delivered", 3).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_takes_the_others_is_kept_although_it_never_takes_one() {
    let world = world().await;
    let receiver = Receiver::saying(|heard| match heard.json()["data"]["subject"] == "poison" {
        true => Say::Status(400),
        false => Say::Status(200),
    })
    .await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true, "title": "poison" })).await;
    for attempt in 1..=9 {
        let found = until(&world, &hooked, "an attempt", |found| {
            found[..].first().is_some_and(|one| one["attempts"] == attempt)
        })
        .await;
        world.created(json!({ "draft": true })).await;
        until_status(&world, &hooked, "delivered", attempt as usize).await;
        let due: jiff::Timestamp = found[0]["nextAttemptAt"].as_str().unwrap().parse().unwrap();
        world.app.service.clock.advance(due.duration_since(world.now()));
    }
    let found = until_status(&world, &hooked, "dead", 1).await;
    assert_eq!((&found[0]["reason"], found.len()), (&json!("exhausted"), 10));
    assert_eq!(shown(&world, &hooked).await["isActive"], true, "it took nine others meanwhile");
}

#[tokio::test]
async fn one_bad_endpoint_does_not_slow_the_others() {
    let world = World::changed(|settings| {
        open(settings);
        settings.webhooks.answer_max = Duration::from_secs(15);
    })
    .await;
    let (bad, good) = (Receiver::always(Say::Nothing).await, Receiver::willing().await);
    hook(&world, &bad.url(), &["*"], json!({})).await;
    hook(&world, &good.url(), &["envelope.created"], json!({})).await;
    let started = Instant::now();
    for _ in 0..30 {
        world.created(json!({ "draft": true })).await;
    }
    good.has(30).await;
    assert!(started.elapsed() < Duration::from_secs(14), "{:?}", started.elapsed());
    assert!(bad.heard().len() <= 4, "few calls to an endpoint are in flight");
}

#[tokio::test]
async fn an_organization_full_of_bad_endpoints_does_not_slow_the_others() {
    let world = World::changed(|settings| {
        open(settings);
        settings.webhooks.answer_max = Duration::from_secs(15);
    })
    .await;
    let (bad, good) = (Receiver::always(Say::Nothing).await, Receiver::willing().await);
    for _ in 0..40 {
        hook(&world, &bad.url(), &["*"], json!({})).await;
    }
    let neighbour = world.key("neighbour", &Permission::ALL).await;
    let body = json!({ "url": good.url(), "events": ["envelope.created"] });
    assert_eq!(call_as(&world, &neighbour, Method::POST, "/webhooks", Some(body)).await.status, 201);
    for _ in 0..8 {
        world.created(json!({ "draft": true })).await;
    }
    bad.has(32).await;
    let started = Instant::now();
    for _ in 0..8 {
        let made =
            world.call_as(&neighbour, Method::POST, "/requests", Some(new_request(json!({ "draft": true })))).await;
        assert_eq!(made.status, 201);
    }
    good.has(8).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

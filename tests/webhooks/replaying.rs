//! What was missed can be had again: one message, a range of time; and a ping to try an endpoint with.

use countersign_tests::servers::{Database, on_each_database};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::receiver::{Heard, Receiver, Say};
use super::{hook, path, until, until_logged, until_status, until_tried, world, world_on};
use crate::dialects::certyneo::{call, faults};

on_each_database! {
    Database:
    a_message_is_had_again_with_the_same_id_and_the_same_bytes,
    a_range_is_had_again_in_order_whether_it_was_sent_before_or_not,
}

/// What each message was about, as (envelope, sequence).
fn told(heard: &[Heard]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    heard.iter().map(|heard| heard.json()).map(|told| (text(&told["subject"]), text(&told["sequence"]))).collect()
}

async fn a_message_is_had_again_with_the_same_id_and_the_same_bytes(database: Database) {
    let world = world_on(database).await;
    let receiver = Receiver::always(Say::Status(500)).await;
    let hooked = hook(&world, &receiver.url(), &["envelope.sent"], json!({})).await;
    world.created(json!({})).await;
    let tried = until_tried(&world, &hooked, 1).await;
    let again = format!("{}/deliveries/{}/replay", path(&hooked), tried["id"].as_str().unwrap());
    let answer = call(&world, Method::POST, &again, None).await;
    assert_eq!(faults(&answer, 409)[0].0, "still_pending");
    receiver.now_says(|_| Say::Status(200));
    super::until_due(&world, &hooked).await;
    until_status(&world, &hooked, "delivered", 1).await;
    let answer = call(&world, Method::POST, &again, None).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:#}", answer.json);
    assert_eq!((&answer.json["isReplay"], &answer.json["messageId"]), (&json!(true), &tried["messageId"]));
    until_status(&world, &hooked, "delivered", 2).await;
    let heard = receiver.has(3).await;
    assert!(heard.iter().all(|one| one.id() == tried["messageId"].as_str().unwrap() && one.body == heard[0].body));
    let one = call(
        &world,
        Method::GET,
        &format!("{}/deliveries/{}", path(&hooked), answer.json["id"].as_str().unwrap()),
        None,
    )
    .await;
    assert_eq!((&one.json["status"], &one.json["attempts"]), (&json!("delivered"), &json!(1)));
}

async fn a_range_is_had_again_in_order_whether_it_was_sent_before_or_not(database: Database) {
    let world = world_on(database).await;
    let receiver = Receiver::willing().await;
    let minute = SignedDuration::from_mins(1);
    let early = world.created(json!({ "draft": true })).await;
    until_logged(&world, 1).await;
    world.app.service.clock.advance(minute);
    let after = world.now();
    let names = ["request.created", "request.sent"];
    let hooked = hook(&world, &receiver.url(), &names, json!({ "format": "native" })).await;
    let heard = world.created(json!({})).await;
    // Told, and written down as told: what is pending when an endpoint is disabled is dead.
    until_status(&world, &hooked, "delivered", 2).await;
    call(&world, Method::PATCH, &path(&hooked), Some(json!({ "isActive": false }))).await;
    let missed = world.created(json!({})).await;
    world.app.service.clock.advance(minute);
    let before = world.now();
    let late = world.created(json!({ "draft": true })).await;
    world.app.service.clock.advance(minute);
    let events = [&early, &heard, &missed, &late].map(|id| world.events(id));
    let events: usize = futures_util::future::join_all(events).await.iter().map(Vec::len).sum();
    until_logged(&world, events).await;
    let range = json!({ "after": after, "before": before });
    let answer = call(&world, Method::POST, &format!("{}/replay", path(&hooked)), Some(range.clone())).await;
    assert_eq!(faults(&answer, 409)[0].0, "webhook_disabled");
    call(&world, Method::PATCH, &path(&hooked), Some(json!({ "isActive": true }))).await;
    let answer = call(&world, Method::POST, &format!("{}/replay", path(&hooked)), Some(range)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:#}", answer.json);
    let found = until_status(&world, &hooked, "delivered", 6).await;
    assert_eq!(found.iter().filter(|one| one["isReplay"] == true).count(), 4);
    let all = receiver.has(6).await;
    let told = told(&all);
    for id in [&heard, &missed] {
        let theirs: Vec<&str> =
            told[2..].iter().filter(|(envelope, _)| envelope == id).map(|(_, seq)| seq.as_str()).collect();
        assert_eq!(theirs, ["1", "2"], "{id} in order");
    }
    assert!(!told.iter().any(|(envelope, _)| *envelope == early || *envelope == late), "{told:?}");
    let ids = |heard: &[Heard]| heard.iter().map(|one| one.id().to_owned()).collect::<Vec<_>>();
    assert!(ids(&all[..2]).iter().all(|id| ids(&all[2..]).contains(id)), "a repeat has the id of the first");
}

#[tokio::test]
async fn a_range_ends_by_now_and_begins_within_thirty_days() {
    let world = world().await;
    let hooked = hook(&world, "https://example.com/", &["*"], json!({})).await;
    let range = format!("{}/replay", path(&hooked));
    for (body, expected) in [
        (json!({}), ("required", "after")),
        (json!({ "after": "yesterday" }), ("invalid", "after")),
        (json!({ "after": "2025-12-16T10:29:59Z" }), ("out_of_range", "after")),
        (json!({ "after": "2026-01-15T10:00:00Z", "before": "2026-01-15T10:00:00Z" }), ("out_of_range", "before")),
        (json!({ "after": "2026-01-15T11:00:00Z" }), ("out_of_range", "before")),
    ] {
        let answer = call(&world, Method::POST, &range, Some(body.clone())).await;
        assert_eq!(faults(&answer, 422), [(expected.0.to_owned(), expected.1.to_owned())], "{body}");
    }
    let answer =
        call(&world, Method::POST, &range, Some(json!({ "after": "2026-01-14", "before": "2027-01-01" }))).await;
    assert_eq!((answer.status, &answer.json["before"]), (StatusCode::ACCEPTED, &json!("2026-01-15T10:30:00Z")));
}

#[tokio::test]
async fn a_ping_is_sent_once_whatever_the_endpoint_listens_to() {
    let world = world().await;
    let receiver = Receiver::always(Say::With(500, "x: y".to_owned(), "not today".to_owned())).await;
    for (format, told) in [("envelopes", json!("endpoint.ping")), ("native", json!("countersign.endpoint.ping.v1"))] {
        let events = ["endpoint.disabled"];
        let hooked = hook(&world, &receiver.url(), &events, json!({ "format": format })).await;
        let ping = call(&world, Method::POST, &format!("{}/test", path(&hooked)), None).await;
        assert_eq!(ping.status, StatusCode::ACCEPTED, "{:#}", ping.json);
        let dead = until_status(&world, &hooked, "dead", 1).await.remove(0);
        assert_eq!(
            (&dead["id"], &dead["event"], &dead["attempts"]),
            (&ping.json["id"], &json!("endpoint.ping"), &json!(1))
        );
        assert_eq!(dead["history"][0]["excerpt"], "not today");
        let heard = receiver.heard().pop().unwrap().json();
        assert_eq!(if format == "native" { &heard["type"] } else { &heard["event"] }, &told);
    }
}

#[tokio::test]
async fn what_is_older_than_thirty_days_is_forgotten_unless_it_is_pending() {
    let world = world().await;
    let receiver = Receiver::willing().await;
    let hooked = hook(&world, &receiver.url(), &["envelope.created"], json!({})).await;
    world.created(json!({ "draft": true })).await;
    until_status(&world, &hooked, "delivered", 1).await;
    world.app.service.clock.advance(SignedDuration::from_hours(30 * 24 + 1));
    until(&world, &hooked, "nothing is left", <[Value]>::is_empty).await;
}

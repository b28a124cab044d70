//! Order: what happens to an envelope is told in its order, whatever fails on the way, and one envelope does not wait
//! for another.

use std::collections::BTreeMap;

use countersign_tests::servers::{Database, on_each_database};
use serde_json::{Value, json};

use super::receiver::{Receiver, Say};
use super::{hook, until_status, world_on};

on_each_database! {
    Database:
    an_envelopes_events_arrive_in_their_order_although_some_fail,
    an_envelope_does_not_wait_for_another,
}

async fn an_envelopes_events_arrive_in_their_order_although_some_fail(database: Database) {
    let world = world_on(database).await;
    // Each message is refused the first time.
    let mut seen = Vec::new();
    let receiver = Receiver::saying(move |heard| match seen.contains(&heard.id().to_owned()) {
        true => Say::Status(200),
        false => {
            seen.push(heard.id().to_owned());
            Say::Status(500)
        }
    })
    .await;
    let hooked = hook(&world, &receiver.url(), &["*"], json!({ "format": "native" })).await;
    let id = world.created(json!({})).await;
    world.sign(&id, 0).await;
    world.until(&id, "delivery.sent", 2).await;
    let told = world.events(&id).await.len();
    for taken in 0..told {
        until_status(&world, &hooked, "delivered", taken).await;
        let waiting = super::until(&world, &hooked, "the next is tried", |found| {
            found.len() == told && found[taken]["attempts"] == 1
        });
        let waiting = waiting.await;
        assert!(waiting[taken + 1..].iter().all(|later| later["attempts"] == 0), "they wait: {waiting:#?}");
        assert!(waiting[taken + 1..].iter().all(|later| later["nextAttemptAt"] == Value::Null), "{waiting:#?}");
        let due: jiff::Timestamp = waiting[taken]["nextAttemptAt"].as_str().unwrap().parse().unwrap();
        world.app.service.clock.advance(due.duration_since(world.now()));
    }
    until_status(&world, &hooked, "delivered", told).await;
    let heard: Vec<u64> =
        receiver.heard().iter().map(|heard| heard.json()["sequence"].as_str().unwrap().parse().unwrap()).collect();
    let expected: Vec<u64> = (1..=told as u64).flat_map(|seq| [seq, seq]).collect();
    assert_eq!(heard, expected, "each twice, in order");
}

async fn an_envelope_does_not_wait_for_another(database: Database) {
    let world = world_on(database).await;
    let receiver = Receiver::saying(|heard| match heard.json()["data"]["subject"] == "stuck" {
        true => Say::Status(500),
        false => Say::Status(200),
    })
    .await;
    let hooked = hook(&world, &receiver.url(), &["*"], json!({})).await;
    let stuck = world.created(json!({ "title": "stuck" })).await;
    until_tried_first(&world, &hooked).await;
    let free = world.created(json!({})).await;
    until_status(&world, &hooked, "delivered", 2).await;
    let mut by_envelope: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for heard in receiver.heard() {
        let told = heard.json();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        by_envelope.entry(text("envelope_id")).or_default().push(text("event"));
    }
    assert_eq!(by_envelope[&stuck], ["envelope.created"]);
    assert_eq!(by_envelope[&free], ["envelope.created", "envelope.sent"]);
    receiver.now_says(|_| Say::Status(200));
    let waiting = super::deliveries(&world, &hooked).await;
    let due: jiff::Timestamp = waiting[0]["nextAttemptAt"].as_str().unwrap().parse().unwrap();
    world.app.service.clock.advance(due.duration_since(world.now()));
    until_status(&world, &hooked, "delivered", 4).await;
}

async fn until_tried_first(world: &countersign_tests::world::World, hooked: &Value) {
    super::until(world, hooked, "the first is tried", |found| {
        found.len() == 2 && found[0]["attempts"] == 1 && found[1]["attempts"] == 0
    })
    .await;
}

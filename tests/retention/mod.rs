//! Proves: what has ended is kept for as long as its organization says, purged then and not before, and held for
//! longer where that is asked for. What is purged leaves nothing of a person, and a history that still verifies.

mod due;
mod erased;
mod settings;

use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::dialects::catalisa::ok;

/// Has the world's organization keep for so many days; `None` = for ever.
async fn keep(world: &World, days: Option<u32>) {
    let body = json!({ "data": { "type": "retention", "attributes": { "days": days } } });
    let answer = world.call(Method::PUT, "/retention", Some(body)).await;
    assert_eq!(ok(&answer)["data"]["attributes"]["days"], json!(days));
}

fn pass(world: &World, days: i64, seconds: i64) {
    world.app.service.clock.advance(SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(seconds));
}

/// Waits until the timekeeper has looked at the present: something that has just come due is purged.
async fn looked(world: &World, days: u32) {
    let id = world.created(json!({})).await;
    ok(&world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await);
    pass(world, i64::from(days), 0);
    world.until(&id, "request.purged", 1).await;
}

async fn purges(world: &World, id: &str) -> usize {
    world.events(id).await.iter().filter(|name| *name == "request.purged").count()
}

async fn hold(world: &World, id: &str, body: Option<Value>) -> Value {
    let answer = world.call(Method::POST, &format!("/requests/{id}/hold"), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    answer.json["data"]["attributes"].clone()
}

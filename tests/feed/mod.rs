//! Proves: `GET /api/v1/events` gives an organization every event of its own, in order, a page at a time
//! or as they happen, and nothing of anybody else; `countersign export` gives everything.

mod export;
mod pages;
pub(crate) mod streams;

use countersign_tests::world::{Answer, World, answer};
use serde_json::Value;

/// Where the feed lives.
fn address(world: &World) -> String {
    format!("{}/api/v1/events", world.app.service.settings.public_url)
}

/// A page of the feed.
async fn page(world: &World, key: &str, query: &str) -> Answer {
    answer(world.client.get(format!("{}{query}", address(world))).bearer_auth(key)).await
}

/// Which event of which request.
fn places(events: &Value) -> Vec<(String, String)> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    events.as_array().unwrap().iter().map(|event| (text(event, "subject"), text(event, "sequence"))).collect()
}

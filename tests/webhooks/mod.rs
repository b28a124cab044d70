//! Webhooks out: who is told what, in order, with which stamps, how often, and what can be had again; whom the
//! courier never calls; and that nothing is lost on the way.

mod addresses;
mod answers;
mod bodies;
mod documents;
mod load;
mod order;
pub(crate) mod receiver;
mod registering;
mod replaying;
mod stamps;

use std::time::{Duration, Instant};

use countersign::config::Settings;
use countersign::outbound::Names;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::dialects::certyneo::call;
use receiver::PATIENCE;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A world whose webhooks may go to this machine.
async fn world() -> World {
    world_on(Database::Sqlite).await
}

/// The same, on a database.
async fn world_on(database: Database) -> World {
    let url = database.url().await;
    World::changed(|settings| {
        settings.database_url = url;
        open(settings);
    })
    .await
}

/// Lets webhooks go to this machine, and waits for answers only as long as a test does.
fn open(settings: &mut Settings) {
    settings.webhooks.allow_loopback = true;
    settings.webhooks.answer_max = Duration::from_millis(500);
    // No name is known, and none is asked for.
    settings.webhooks.names = Names::manual([]);
}

/// Waits until the log shows so many events of the world: on PostgreSQL that is when no older transaction runs, and who
/// listens from now on does not hear them.
async fn until_logged(world: &World, count: usize) {
    let url = format!("{}/api/v1/events?limit=1000", world.app.service.settings.public_url);
    let started = Instant::now();
    loop {
        let page: Value = world.client.get(&url).bearer_auth(&world.key).send().await.unwrap().json().await.unwrap();
        if page["data"].as_array().unwrap().len() >= count {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{count} events do not come: {page:#}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Registers a webhook for some events; what else it is to be goes on top.
async fn hook(world: &World, url: &str, events: &[&str], more: Value) -> Value {
    let mut body = json!({ "url": url, "events": events });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = call(world, Method::POST, "/webhooks", Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    answer.json
}

/// The path of a webhook.
fn path(hook: &Value) -> String {
    format!("/webhooks/{}", hook["id"].as_str().unwrap())
}

/// A webhook as it is now.
async fn shown(world: &World, hook: &Value) -> Value {
    call(world, Method::GET, &path(hook), None).await.json
}

/// The deliveries of a webhook, the earliest first.
async fn deliveries(world: &World, hook: &Value) -> Vec<Value> {
    let answer = call(world, Method::GET, &format!("{}/deliveries?pageSize=100", path(hook)), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    answer.json["data"].as_array().unwrap().iter().rev().cloned().collect()
}

/// Waits until the deliveries of a webhook are as they should be.
async fn until(world: &World, hook: &Value, what: &str, condition: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let found = deliveries(world, hook).await;
        if condition(&found) {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "it did not come to this: {what}: {found:#?}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until so many of a webhook's deliveries have a status.
async fn until_status(world: &World, hook: &Value, status: &str, count: usize) -> Vec<Value> {
    let many = |found: &[Value]| found.iter().filter(|delivery| delivery["status"] == status).count() >= count;
    until(world, hook, &format!("{count} {status}"), many).await
}

/// Waits until the last delivery of a webhook was tried so often.
async fn until_tried(world: &World, hook: &Value, attempts: i64) -> Value {
    let tried = |found: &[Value]| found.last().is_some_and(|last| last["attempts"] == attempts);
    until(world, hook, &format!("{attempts} attempts"), tried).await.pop().unwrap()
}

/// Moves the clock to when a webhook's last delivery is due again.
async fn until_due(world: &World, hook: &Value) -> SignedDuration {
    let last = deliveries(world, hook).await.pop().unwrap();
    let due: jiff::Timestamp = last["nextAttemptAt"].as_str().unwrap_or_else(|| panic!("{last:#}")).parse().unwrap();
    let wait = due.duration_since(world.now());
    world.app.service.clock.advance(wait);
    wait
}

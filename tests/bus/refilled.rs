//! `countersign export --refill`: a stream of facts that was emptied is as it was.

use std::process::Output;
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use countersign_tests::world::{World, binary};
use serde_json::json;
use tokio::process::Command;

use super::server::{Nats, Stored, Version, on_each_server, until};
use super::world;
use crate::tools;

on_each_server!(
    a_stream_that_was_deleted_is_as_it_was,
    a_stream_that_was_purged_is_as_it_was,
    a_stream_that_holds_something_is_refilled_only_if_asked,
    a_relay_that_runs_goes_on_behind_the_refill,
);

async fn refill(world: &std::path::Path, nats: &Nats, more: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(["export", "--refill", "--nats-url", &nats.url(), "--data"]).arg(world.join("data")).args(more);
    tools::output(&mut command).await
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Some facts that were relayed, and the relay gone.
async fn published(nats: &Nats) -> (tempfile::TempDir, Vec<Stored>) {
    let world = world(nats).await;
    for _ in 0..3 {
        let id = world.created(json!({})).await;
        world.until(&id, "delivery.sent", 1).await;
        world.sign(&id, 0).await;
        world.until(&id, "delivery.sent", 2).await;
    }
    let facts = facts(&world).await;
    until("all are out", async || nats.count("SIGN_EVENTS").await == facts).await;
    let stored = nats.stored("SIGN_EVENTS").await;
    (world.stop().await, stored)
}

async fn facts(world: &World) -> u64 {
    u64::try_from(world.app.service.store.count_events().await.unwrap()).unwrap()
}

async fn a_stream_that_was_deleted_is_as_it_was(version: Version) {
    let nats = Nats::start(version).await;
    let (folder, before) = published(&nats).await;
    nats.context().await.delete_stream("SIGN_EVENTS").await.unwrap();
    assert_eq!(said(&refill(folder.path(), &nats, &[]).await), format!("{} facts published\n", before.len()));
    assert_eq!(nats.stored("SIGN_EVENTS").await, before, "subjects, headers, texts and order");
}

async fn a_stream_that_was_purged_is_as_it_was(version: Version) {
    let nats = Nats::start(version).await;
    let (folder, before) = published(&nats).await;
    let context = nats.context().await;
    let stream = context.get_stream("SIGN_EVENTS").await.unwrap();
    // The server takes facts for repeats for a while, although they were removed: two minutes, if it is not told.
    let forgetful = Config { duplicate_window: Duration::from_secs(3), ..stream.cached_info().config.clone() };
    context.update_stream(forgetful).await.unwrap();
    stream.purge().await.unwrap();
    let output = refill(folder.path(), &nats, &[]).await;
    assert_eq!(said(&output), format!("{} facts published\n", before.len()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("takes facts for repeats"), "{output:?}");
    assert_eq!(nats.stored("SIGN_EVENTS").await, before);
}

async fn a_stream_that_holds_something_is_refilled_only_if_asked(version: Version) {
    let nats = Nats::start(version).await;
    let (folder, before) = published(&nats).await;
    let refused = refill(folder.path(), &nats, &[]).await;
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains(&format!("the stream has {} messages", before.len())) && told.contains("--repeat"), "{told}");
    assert_eq!(said(&refill(folder.path(), &nats, &["--repeat"]).await), format!("{} facts published\n", before.len()));
    assert_eq!(nats.stored("SIGN_EVENTS").await, before, "the server knows them");
    let nowhere =
        Command::new(binary()).args(["export", "--refill", "--data"]).arg(folder.path()).output().await.unwrap();
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("nats_url"), "{nowhere:?}");
}

async fn a_relay_that_runs_goes_on_behind_the_refill(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    world.created(json!({ "draft": true })).await;
    let stands = async || {
        let all = facts(&world).await;
        until("all are out", async || nats.count("SIGN_EVENTS").await == all).await;
    };
    stands().await;
    let context = nats.context().await;
    let stream = context.get_stream("SIGN_EVENTS").await.unwrap();
    let forgetful = Config { duplicate_window: Duration::from_millis(100), ..stream.cached_info().config.clone() };
    context.update_stream(forgetful).await.unwrap();
    stream.purge().await.unwrap();
    said(&refill(world.folder(), &nats, &[]).await);
    stands().await;
    world.created(json!({ "draft": true })).await;
    stands().await;
    let place = async || world.app.service.store.place("relay").await.unwrap().unwrap();
    until("it took its place back", async || place().await.epoch == 3).await;
}

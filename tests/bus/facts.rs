//! Facts out: all of them, each request's in order, again after whatever the server forgot.

use std::collections::{BTreeMap, BTreeSet};

use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::NatsSettings;
use countersign_tests::world::{World, settings};
use serde_json::json;
use tempfile::TempDir;

use super::server::{Nats, Stored, Version, on_each_server, until};
use super::{beside, world};

on_each_server!(
    every_fact_gets_out_in_order_and_without_gaps,
    a_stream_that_was_deleted_gets_everything_again,
    an_idle_relay_notices_that_the_stream_was_made_anew,
    a_server_that_is_killed_and_loses_its_store_loses_nothing,
    a_server_that_is_killed_and_comes_back_gets_what_is_missing_and_no_more,
    a_server_that_falls_again_and_again_in_the_middle_of_it_gets_everything,
    of_two_processes_one_relays,
    a_process_that_stops_hands_its_place_to_the_one_that_stands_by,
    a_server_that_is_away_at_the_start_is_no_hindrance,
    after_a_restart_the_relay_goes_on_where_it_was,
    a_stream_that_may_lose_is_refused_at_the_start,
    settings_that_cannot_work_are_told_at_the_start,
    bells_ring_in_other_processes,
);

/// Numbers of the events of each request, in the order in which they first came.
pub(super) fn first_seen(stored: &[Stored]) -> BTreeMap<String, Vec<u64>> {
    let mut seen = BTreeSet::new();
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for message in stored {
        let event = &message.json;
        if seen.insert(event["id"].to_string()) {
            let request = event["subject"].as_str().unwrap().to_owned();
            numbers.entry(request).or_default().push(event["sequence"].as_str().unwrap().parse().unwrap());
        }
    }
    numbers
}

/// Waits until the stream has every event of these requests, and asserts that each came in its turn.
async fn complete(nats: &Nats, world: &World, ids: &[String]) -> Vec<Stored> {
    let mut wanted = BTreeMap::new();
    for id in ids {
        let count = world.events(id).await.len() as u64;
        wanted.insert(id.clone(), (1..=count).collect::<Vec<u64>>());
    }
    until("the stream has every event", async || {
        let seen = first_seen(&nats.stored("SIGN_EVENTS").await);
        wanted.iter().all(|(id, numbers)| seen.get(id).is_some_and(|seen| seen.len() >= numbers.len()))
    })
    .await;
    let stored = nats.stored("SIGN_EVENTS").await;
    assert_eq!(first_seen(&stored), wanted, "in order and without gaps");
    stored
}

async fn signed(world: &World, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let id = world.created(json!({ "title": format!("Lease {number}") })).await;
        // An invitation that is still unsent when its signer signs is no longer owed.
        world.until(&id, "delivery.sent", 1).await;
        world.sign(&id, 0).await;
        world.until(&id, "delivery.sent", 2).await;
        world.sign(&id, 1).await;
        world.until(&id, "document.sealed", 1).await;
        world.until(&id, "delivery.sent", 4).await;
        ids.push(id);
    }
    ids
}

async fn every_fact_gets_out_in_order_and_without_gaps(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let ids = signed(&world, 3).await;
    let stored = complete(&nats, &world, &ids).await;
    assert_eq!(stored.len(), stored.iter().map(|one| one.json["id"].to_string()).collect::<BTreeSet<_>>().len());
    let first = &stored[0];
    assert_eq!(first.subject, format!("sign.events.acme.{}.request.created", ids[0]));
    assert_eq!(first.json["specversion"], "1.0");
    assert_eq!(first.json["type"], "countersign.request.created.v1");
    assert!(stored.iter().all(|one| !one.json.to_string().contains("joao@")), "no personal data leaves this way");
    world.check().await;
}

async fn a_stream_that_was_deleted_gets_everything_again(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let mut ids = signed(&world, 2).await;
    complete(&nats, &world, &ids).await;
    nats.context().await.delete_stream("SIGN_EVENTS").await.unwrap();
    ids.extend(signed(&world, 1).await);
    complete(&nats, &world, &ids).await;
}

async fn an_idle_relay_notices_that_the_stream_was_made_anew(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let ids = signed(&world, 1).await;
    complete(&nats, &world, &ids).await;
    let context = nats.context().await;
    let config = context.get_stream("SIGN_EVENTS").await.unwrap().cached_info().config.clone();
    context.delete_stream("SIGN_EVENTS").await.unwrap();
    context.create_stream(config).await.unwrap();
    complete(&nats, &world, &ids).await;
}

async fn a_server_that_is_killed_and_loses_its_store_loses_nothing(version: Version) {
    let mut nats = Nats::start(version).await;
    let world = world(&nats).await;
    let mut ids = signed(&world, 2).await;
    complete(&nats, &world, &ids).await;
    nats.kill();
    nats.forget();
    // The service goes on, and so does what is owed to people.
    ids.extend(signed(&world, 1).await);
    nats.run().await;
    complete(&nats, &world, &ids).await;
    world.check().await;
}

async fn a_server_that_is_killed_and_comes_back_gets_what_is_missing_and_no_more(version: Version) {
    let mut nats = Nats::start(version).await;
    let world = world(&nats).await;
    let mut ids = signed(&world, 1).await;
    let before = complete(&nats, &world, &ids).await.len();
    nats.kill();
    ids.extend(signed(&world, 1).await);
    nats.run().await;
    let after = complete(&nats, &world, &ids).await.len();
    assert_eq!(after, before * 2, "nothing was said twice");
}

async fn a_server_that_falls_again_and_again_in_the_middle_of_it_gets_everything(version: Version) {
    let mut nats = Nats::start(version).await;
    let world = world(&nats).await;
    let mut ids = Vec::new();
    for fall in 0..4 {
        let burst = (0..25).map(|_| world.created(json!({ "draft": true })));
        ids.extend(futures_util::future::join_all(burst).await);
        // Whatever is in flight at this moment is cut off.
        nats.kill();
        if fall % 2 == 1 {
            nats.forget();
        }
        ids.push(world.created(json!({ "draft": true })).await);
        nats.run().await;
    }
    complete(&nats, &world, &ids).await;
    world.check().await;
}

async fn of_two_processes_one_relays(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let place = async || world.app.service.store.place("relay").await.unwrap();
    until("the place is taken", async || place().await.is_some()).await;
    let second = beside(&world).await;
    let mut ids = signed(&world, 1).await;
    complete(&nats, &world, &ids).await;
    assert_eq!(place().await.unwrap().epoch, 1, "the second one stands by");
    second.stop().await;
    ids.extend(signed(&world, 1).await);
    let stored = complete(&nats, &world, &ids).await;
    let different: BTreeSet<String> = stored.iter().map(|one| one.json["id"].to_string()).collect();
    assert_eq!(stored.len(), different.len(), "nothing was said twice");
}

async fn a_process_that_stops_hands_its_place_to_the_one_that_stands_by(version: Version) {
    let nats = Nats::start(version).await;
    let first = world(&nats).await;
    let place = first.app.service.store.clone();
    until("the place is taken", async || place.place("relay").await.unwrap().is_some()).await;
    let second = beside(&first).await;
    let ids = signed(&first, 1).await;
    complete(&nats, &first, &ids).await;
    let after = second.service.store.clone();
    let _folder = first.stop().await;
    until("the other one has it", async || after.place("relay").await.unwrap().unwrap().epoch == 2).await;
    second.stop().await;
}

async fn a_server_that_is_away_at_the_start_is_no_hindrance(version: Version) {
    let mut nats = Nats::away(version);
    let world = world(&nats).await;
    let ids = signed(&world, 1).await;
    nats.run().await;
    complete(&nats, &world, &ids).await;
}

async fn after_a_restart_the_relay_goes_on_where_it_was(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let mut ids = signed(&world, 1).await;
    let before = complete(&nats, &world, &ids).await.len();
    let world = world.restart().await;
    ids.extend(signed(&world, 1).await);
    assert_eq!(complete(&nats, &world, &ids).await.len(), before * 2);
    let place = world.app.service.store.place("relay").await.unwrap().unwrap();
    assert_eq!(place.epoch, 2, "two processes, one after the other");
}

async fn a_stream_that_may_lose_is_refused_at_the_start(version: Version) {
    let nats = Nats::start(version).await;
    let context = nats.context().await;
    let lossy = async_nats::jetstream::stream::Config {
        name: "SIGN_EVENTS".to_owned(),
        subjects: vec!["sign.events.>".to_owned()],
        max_messages_per_subject: 1,
        ..Default::default()
    };
    context.create_stream(lossy).await.unwrap();
    let error = start(Some(nats.settings())).await;
    assert!(error.contains("SIGN_EVENTS") && error.contains("discards old"), "{error}");
    assert!(error.contains("limits the messages of a subject"), "{error}");
}

async fn settings_that_cannot_work_are_told_at_the_start(version: Version) {
    let nats = Nats::start(version).await;
    let missing = TempDir::new().unwrap().path().join("missing");
    let settings = nats.settings();
    let wrong = [
        ("nats_url", NatsSettings { url: "no address at all".to_owned(), ..settings.clone() }),
        ("nats_ca", NatsSettings { ca: Some(missing.clone()), ..settings.clone() }),
        ("nats_credentials", NatsSettings { credentials: Some(missing), ..settings }),
    ];
    for (name, settings) in wrong {
        let error = start(Some(settings)).await;
        assert!(error.contains(name), "{name}: {error}");
    }
}

pub(super) async fn start(nats: Option<NatsSettings>) -> String {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.nats = nats;
    App::start(settings, Clock::System).await.err().map_or_else(|| panic!("it started"), |error| error.to_string())
}

async fn bells_ring_in_other_processes(version: Version) {
    let nats = Nats::start(version).await;
    let world = world(&nats).await;
    let context = nats.context().await;
    let mut bells = context.client().subscribe("sign.bell.*").await.unwrap();
    context.client().flush().await.unwrap();
    world.created(json!({})).await;
    let mut rung: BTreeSet<String> = BTreeSet::new();
    let hear = async {
        while !["sign.bell.mail", "sign.bell.outbox"].iter().all(|bell| rung.contains(*bell)) {
            let message = futures_util::StreamExt::next(&mut bells).await.unwrap();
            rung.insert(message.subject.to_string());
        }
    };
    tokio::time::timeout(super::server::PATIENCE, hear).await.unwrap();
}

//! What waits is seen waiting: letters, timers, facts to be published, wishes to be taken in.

use std::collections::BTreeMap;

use countersign::config::Role;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::metrics::scrape;
use super::{base, beside, with_http_only};
use crate::bus::server::{Nats, Version, until};
use crate::bus::{sign_this, world};

/// Waits until a sample has a value; everything that is told then.
async fn shown(world: &World, base: &str, sample: &str, value: f64) -> BTreeMap<String, f64> {
    let mut seen = BTreeMap::new();
    until(&format!("{sample} is {value}"), async || {
        seen = scrape(world, base).await;
        seen.get(sample) == Some(&value)
    })
    .await;
    seen
}

#[tokio::test]
async fn what_is_owed_is_seen_growing_old() {
    let world = World::of_roles(&[Role::Http]).await;
    world.created(json!({ "expiresInDays": 1 })).await;
    world.app.service.clock.advance(SignedDuration::from_hours(25));
    let seen = scrape(&world, &base(&world)).await;
    let invitation = r#"{lane="mail",kind="invitation"}"#;
    assert_eq!(seen[&format!("countersign_effects_owed{invitation}")], 1.0, "nobody sends letters here");
    assert_eq!(seen[&format!("countersign_effect_age_seconds{invitation}")], 90_000.0);
    assert_eq!(seen[r#"countersign_effects_owed{lane="mail",kind="expired"}"#], 0.0);
    assert_eq!(seen[r#"countersign_requests_open{status="SENT"}"#], 1.0);
    assert_eq!(seen["countersign_timer_lag_seconds"], 3_600.0, "nor does anybody keep the time");

    let (timekeeper, ops) = beside(&world, &[Role::Timekeeper]).await;
    let seen = shown(&world, &ops, "countersign_timer_delay_seconds_count", 1.0).await;
    assert_eq!(seen["countersign_timer_delay_seconds_sum"], 3_600.0);
    assert_eq!(seen[r#"countersign_timer_delay_seconds_bucket{le="300"}"#], 0.0);
    assert_eq!(seen[r#"countersign_timer_delay_seconds_bucket{le="3600"}"#], 1.0);
    timekeeper.stop().await;
}

#[tokio::test]
async fn a_letter_that_is_put_off_again_and_again_grows_old_all_the_same() {
    let world = World::on(Database::Postgres).await;
    std::fs::remove_dir(world.mail()).unwrap();
    std::fs::write(world.mail(), "a file where a folder must be").unwrap();
    world.created(json!({})).await;
    let attempts =
        |how| format!(r#"countersign_effect_attempts_total{{lane="mail",kind="invitation",outcome="{how}"}}"#);
    shown(&world, &base(&world), &attempts("transient"), 1.0).await;
    world.app.service.clock.advance(SignedDuration::from_hours(2));
    let seen = shown(&world, &base(&world), &attempts("transient"), 2.0).await;
    assert_eq!(seen[r#"countersign_effects_owed{lane="mail",kind="invitation"}"#], 1.0);
    let age = r#"countersign_effect_age_seconds{lane="mail",kind="invitation"}"#;
    shown(&world, &base(&world), age, 7_200.0).await;

    std::fs::remove_file(world.mail()).unwrap();
    std::fs::create_dir(world.mail()).unwrap();
    world.app.service.clock.advance(SignedDuration::from_hours(2));
    shown(&world, &base(&world), &attempts("done"), 1.0).await;
    shown(&world, &base(&world), age, 0.0).await;
}

#[tokio::test]
async fn what_is_not_published_is_seen_growing_old_until_the_server_is_back() {
    let mut nats = Nats::start(Version::Current).await;
    let world = world(&nats).await;
    let id = world.created(json!({})).await;
    world.until(&id, "delivery.sent", 1).await;
    let base = base(&world);
    let seen = shown(&world, &base, "countersign_outbox_events", 0.0).await;
    assert_eq!(seen["countersign_outbox_age_seconds"], 0.0);
    assert_eq!(seen["countersign_nats_up"], 1.0);

    nats.kill();
    world.created(json!({ "draft": true })).await;
    world.app.service.clock.advance(SignedDuration::from_secs(90));
    let seen = shown(&world, &base, "countersign_outbox_age_seconds", 90.0).await;
    assert_eq!(seen["countersign_outbox_events"], 1.0);
    let seen = shown(&world, &base, "countersign_nats_up", 0.0).await;
    assert!(seen["countersign_intake_pending_messages"].is_nan(), "what cannot be known is no number");

    nats.run().await;
    let seen = shown(&world, &base, "countersign_outbox_events", 0.0).await;
    assert_eq!(seen["countersign_outbox_age_seconds"], 0.0);
    shown(&world, &base, "countersign_nats_up", 1.0).await;
}

#[tokio::test]
async fn what_is_not_taken_in_is_seen_waiting_and_how_it_ended_is_counted() {
    let nats = Nats::start(Version::Current).await;
    let world = with_http_only(&nats).await;
    let base = base(&world);
    let seen = scrape(&world, &base).await;
    assert!(seen["countersign_intake_pending_messages"].is_nan(), "nobody has read yet");
    let (intake, ops) = beside(&world, &[Role::Intake]).await;
    shown(&world, &ops, "countersign_intake_pending_messages", 0.0).await;
    intake.stop().await;

    let context = nats.context().await;
    let publish = async |message: Value| {
        let payload = message.to_string().into_bytes();
        context.publish("sign.requests.acme", payload.into()).await.unwrap().await.unwrap();
    };
    publish(json!("nothing to be signed")).await;
    shown(&world, &base, "countersign_intake_pending_messages", 1.0).await;
    let (intake, ops) = beside(&world, &[Role::Intake]).await;
    let outcome = |how| format!(r#"countersign_intake_messages_total{{outcome="{how}"}}"#);
    shown(&world, &ops, &outcome("dead_letter"), 1.0).await;

    // Documents cannot be stored for a while.
    let (documents, aside) = (world.folder().join("data/documents"), world.folder().join("aside"));
    std::fs::rename(&documents, &aside).unwrap();
    std::fs::write(&documents, "a file where a folder must be").unwrap();
    publish(sign_this("later", json!({}))).await;
    until("it waits and comes again", async || {
        let seen = scrape(&world, &ops).await;
        seen[&outcome("later")] >= 1.0
            && seen["countersign_intake_redeliveries_total"] >= 1.0
            && seen["countersign_intake_redelivered_messages"] == 1.0
            && seen["countersign_intake_unacknowledged_messages"] == 1.0
    })
    .await;
    std::fs::remove_file(&documents).unwrap();
    std::fs::rename(&aside, &documents).unwrap();
    shown(&world, &ops, &outcome("accepted"), 1.0).await;
    shown(&world, &base, "countersign_intake_unacknowledged_messages", 0.0).await;
    intake.stop().await;
}

#[tokio::test]
async fn a_transaction_that_another_process_made_void_is_counted() {
    let world = World::on(Database::Postgres).await;
    let (other, ops) = beside(&world, &[Role::Http]).await;
    let theirs = format!("http://{}/api/v1/esignature", other.address.unwrap());
    let body = countersign_tests::world::new_request(json!({ "draft": true }));
    for round in 0.. {
        // The same Idempotency-Key at two processes at once: one of them writes first.
        let key = Uuid::new_v4().to_string();
        let create = |api: &str| {
            let call =
                world.client.post(format!("{api}/requests")).bearer_auth(&world.key).header("Idempotency-Key", &key);
            call.json(&body).send()
        };
        let (ours, at_theirs) = (create(&world.api), create(&theirs));
        let (ours, at_theirs) = tokio::join!(ours, at_theirs);
        assert!(ours.unwrap().status().is_success() && at_theirs.unwrap().status().is_success());
        let (mine, other) = (scrape(&world, &base(&world)).await, scrape(&world, &ops).await);
        if mine["countersign_commit_conflicts_total"] + other["countersign_commit_conflicts_total"] > 0.0 {
            break;
        }
        assert!(round < 200, "two processes never met");
    }
    other.stop().await;
}

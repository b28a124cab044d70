//! `/health/ready` says what is missing and what that means for the process; no name of a host or a user.

use std::path::PathBuf;
use std::process::Command;

use countersign::config::Role;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::wire::Wire;
use super::{base, beside, with_http_only};
use crate::bus;
use crate::bus::server::{Nats, Version, until};

/// What is said of a process's readiness.
#[derive(Debug)]
struct Told {
    status: StatusCode,
    json: Value,
}

impl Told {
    async fn by(world: &World, base: &str) -> Self {
        let answer = world.client.get(format!("{base}/health/ready")).send().await.unwrap();
        let status = answer.status();
        Self { status, json: answer.json().await.unwrap() }
    }

    /// The check of a name.
    fn check(&self, name: &str) -> &Value {
        let checks = self.json["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {self:#?}"))
    }

    /// Names of the checks that failed.
    fn failed(&self) -> Vec<&str> {
        let checks = self.json["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["status"] == "failed").map(|check| check["name"].as_str().unwrap()).collect()
    }
}

/// Waits until these checks fail and no other; what is said then.
async fn until_failed(world: &World, base: &str, failed: &[&str]) -> Told {
    let mut told = Told::by(world, base).await;
    until(&format!("{failed:?} fail"), async || {
        told = Told::by(world, base).await;
        told.failed() == failed
    })
    .await;
    told
}

#[tokio::test]
async fn a_process_that_has_all_it_needs_is_ready_and_says_what_that_is() {
    let nats = Nats::start(Version::Current).await;
    let world = bus::world(&nats).await;
    let told = until_failed(&world, &base(&world), &[]).await;
    assert_eq!((told.status, &told.json["status"]), (StatusCode::OK, &json!("ready")));
    let names: Vec<&str> =
        told.json["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    let loops = ["intake", "relay", "timekeeper", "notifier", "sealer", "courier", "agent", "clerk"];
    assert_eq!(names[..6], ["database", "documents", "nats", "streams", "intake_consumer", "mail"]);
    assert_eq!(names[6..], loops);
    assert_eq!(told.check("nats")["stops"], json!(["intake", "relay"]));
}

#[tokio::test]
async fn without_nats_calls_go_on_and_a_process_that_only_reads_and_publishes_is_not_ready() {
    let mut nats = Nats::start(Version::Current).await;
    let world = bus::world(&nats).await;
    let (between, ops) = beside(&world, &[Role::Intake, Role::Relay]).await;
    until_failed(&world, &ops, &[]).await;

    nats.kill();
    let told = until_failed(&world, &base(&world), &["nats"]).await;
    assert_eq!((told.status, &told.json["status"]), (StatusCode::OK, &json!("degraded")));
    world.created(json!({})).await;
    let told = until_failed(&world, &ops, &["nats"]).await;
    assert_eq!((told.status, &told.json["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_ready")));
    assert!(!told.json.to_string().contains("127.0.0.1"), "{told:#?}");
    let live = world.client.get(format!("{ops}/health/live")).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK, "the process itself is well");

    nats.run().await;
    for base in [base(&world), ops] {
        let told = until_failed(&world, &base, &[]).await;
        assert_eq!((told.status, &told.json["status"]), (StatusCode::OK, &json!("ready")));
    }
    between.stop().await;
}

#[tokio::test]
async fn streams_that_are_gone_are_named() {
    let nats = Nats::start(Version::Current).await;
    let world = with_http_only(&nats).await;
    until_failed(&world, &base(&world), &[]).await;
    nats.context().await.delete_stream("SIGN_DEAD").await.unwrap();
    let told = until_failed(&world, &base(&world), &["streams"]).await;
    assert_eq!(told.check("streams")["reason"], "Missing: SIGN_DEAD.");
    assert_eq!(told.json["status"], "degraded");
}

#[tokio::test]
async fn without_the_database_no_process_is_ready_until_it_is_back() {
    let direct: reqwest::Url = Database::Postgres.url().await.unwrap().parse().unwrap();
    let wire = Wire::to(direct.host_str().unwrap(), direct.port().unwrap()).await;
    let mut url = direct.clone();
    url.set_port(Some(wire.port())).unwrap();
    url.set_password(Some("sesame")).unwrap();
    let world = World::changed(|world| world.database_url = Some(url.to_string())).await;
    until_failed(&world, &base(&world), &[]).await;

    wire.cut();
    let told = until_failed(&world, &base(&world), &["database"]).await;
    assert_eq!((told.status, &told.json["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_ready")));
    for secret in ["sesame", "127.0.0.1", "countersign:", &wire.port().to_string(), direct.path()] {
        assert!(!told.json.to_string().contains(secret), "{secret} in {told:#?}");
    }
    wire.mend();
    let told = until_failed(&world, &base(&world), &[]).await;
    assert_eq!(told.status, StatusCode::OK);
    world.created(json!({})).await;
}

#[tokio::test]
async fn without_documents_a_sealer_is_not_ready_and_the_pages_are() {
    let world = World::manual().await;
    let (sealer, ops) = beside(&world, &[Role::Sealer]).await;
    until_failed(&world, &ops, &[]).await;
    let (documents, aside) = (world.folder().join("data/documents"), world.folder().join("aside"));
    std::fs::rename(&documents, &aside).unwrap();
    std::fs::write(&documents, "a file where a folder must be").unwrap();
    let told = until_failed(&world, &base(&world), &["documents"]).await;
    assert_eq!((told.status, &told.json["status"]), (StatusCode::OK, &json!("degraded")));
    let told = until_failed(&world, &ops, &["documents"]).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    std::fs::remove_file(&documents).unwrap();
    std::fs::rename(&aside, &documents).unwrap();
    until_failed(&world, &ops, &[]).await;
    let left: Vec<_> = std::fs::read_dir(documents.join("probe")).unwrap().collect();
    assert!(left.is_empty(), "a look leaves nothing behind: {left:?}");
    sealer.stop().await;
}

/// The stored document of a world with one.
fn document(world: &World) -> PathBuf {
    let folder = world.folder().join("data/documents/documents");
    let mut found = std::fs::read_dir(folder).unwrap();
    found.next().unwrap().unwrap().path()
}

#[tokio::test]
async fn a_role_that_does_not_come_round_is_named() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    world.sign(&id, 0).await;
    // Whoever reads it waits for somebody to write.
    let document = document(&world);
    std::fs::remove_file(&document).unwrap();
    assert!(Command::new("mkfifo").arg(&document).status().unwrap().success());
    world.sign(&id, 1).await;
    world.app.service.clock.advance(SignedDuration::from_secs(601));
    let told = until_failed(&world, &base(&world), &["sealer"]).await;
    assert_eq!((told.status, &told.json["status"]), (StatusCode::OK, &json!("degraded")));
    assert_eq!(told.check("sealer")["reason"], "It has not come round for 601 s.");
    let silences = super::metrics::scrape(&world, &base(&world)).await;
    assert_eq!(silences[r#"countersign_role_silence_seconds{role="sealer"}"#], 601.0);

    drop(std::fs::OpenOptions::new().write(true).open(&document).unwrap());
    until_failed(&world, &base(&world), &[]).await;
}

//! Sealing: tried again until it works, never in the way, and made by the download if need be.

use countersign::config::Role;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn download(world: &World, id: &str) -> reqwest::Response {
    let answer = world.call(Method::GET, &format!("/requests/{id}/download"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "COMPLETED means downloadable: {:#}", answer.json);
    world.client.get(answer.json["downloadUrl"].as_str().unwrap()).send().await.unwrap()
}

async fn created(world: &World) -> String {
    world.created(json!({ "signers": [{ "name": "A", "email": "a@x.com" }] })).await
}

#[tokio::test]
async fn a_completed_request_is_sealed_by_itself() {
    let world = World::manual().await;
    let id = created(&world).await;
    world.sign(&id, 0).await;
    world.until(&id, "document.sealed", 1).await;
    let pdf = download(&world, &id).await.bytes().await.unwrap();
    assert!(countersign::seal::verify(&pdf).is_ok());
    let events = world.call(Method::GET, &format!("/requests/{id}/events"), None).await;
    let sealed = events.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["attributes"]["name"] == "document.sealed")
        .unwrap()
        .clone();
    let digest = countersign_engine::ids::Digest::of(&pdf).to_string();
    assert_eq!(sealed["attributes"]["data"]["digest"], digest.as_str(), "what is had is what the history names");
}

#[tokio::test]
async fn a_download_makes_the_seal_that_nobody_made() {
    let world = World::of_roles(&[Role::Http]).await;
    let id = created(&world).await;
    world.sign(&id, 0).await;
    assert!(!world.events(&id).await.contains(&"document.sealed".to_owned()));
    let first = download(&world, &id).await.bytes().await.unwrap();
    assert!(countersign::seal::verify(&first).is_ok());
    assert_eq!(download(&world, &id).await.bytes().await.unwrap(), first, "made once");
    assert_eq!(world.events(&id).await.iter().filter(|name| *name == "document.sealed").count(), 1);
    world.check().await;
}

#[tokio::test]
async fn a_store_that_fails_is_loud_and_holds_nothing_back() {
    let world = World::manual().await;
    let id = created(&world).await;
    // An invitation that is still unsent when its signer signs is no longer owed.
    world.until(&id, "delivery.sent", 1).await;
    let folder = world.folder().join("data/documents/sealed");
    std::fs::write(&folder, "a file where a folder must be").unwrap();
    world.sign(&id, 0).await;
    world.until(&id, "document.seal_failed", 1).await;
    assert_eq!(world.status(&id).await, "COMPLETED");
    assert_eq!(download(&world, &id).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    std::fs::remove_file(&folder).unwrap();
    let advance = async {
        loop {
            world.app.service.clock.advance(SignedDuration::from_mins(3));
            tokio::task::yield_now().await;
            if world.events(&id).await.contains(&"document.sealed".to_owned()) {
                break;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), advance).await.unwrap();
    assert_eq!(download(&world, &id).await.status(), StatusCode::OK);
    world.until(&id, "delivery.sent", 2).await;
    assert_eq!(world.check().await.owed, 0);
}

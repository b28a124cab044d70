//! Sealing: tried again until it works, never in the way, each document by itself, and made by the download if
//! need be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::config::Role;
use countersign_tests::world::{World, sample};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn download(world: &World, id: &str) -> reqwest::Response {
    let answer = world.call(Method::GET, &format!("/requests/{id}/download"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "COMPLETED means downloadable: {:#}", answer.json);
    world.client.get(answer.json["downloadUrl"].as_str().unwrap()).send().await.unwrap()
}

/// A completed request over three documents, each of them the sample.
async fn three_completed(world: &World) -> String {
    let file = |name: &str| json!({ "fileName": name, "fileBase64": STANDARD.encode(sample()) });
    let attributes = json!({ "fileBase64": null, "fileName": null, "files": [file("a.pdf"), file("b.pdf"), file("c.pdf")],
        "signers": [{ "name": "A", "email": "a@x.com" }] });
    let id = world.created(attributes).await;
    world.sign(&id, 0).await;
    assert_eq!(world.status(&id).await, "COMPLETED", "before anything is sealed");
    id
}

/// Which documents the events of a name are about, in the order of the history.
async fn about(world: &World, id: &str, name: &str) -> Vec<u64> {
    let events = world.call(Method::GET, &format!("/requests/{id}/events"), None).await;
    let named = events.json["data"].as_array().unwrap().iter().filter(|event| event["attributes"]["name"] == name);
    named.map(|event| event["attributes"]["data"]["document"].as_u64().unwrap_or(0)).collect()
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
async fn a_crash_between_two_seals_leaves_the_others_to_be_made() {
    let world = World::of_roles(&[Role::Http]).await;
    let id = three_completed(&world).await;
    let answer = world.call(Method::GET, &format!("/requests/{id}/download?document=2"), None).await;
    let second = world.client.get(answer.json["downloadUrl"].as_str().unwrap()).send().await.unwrap();
    let second = second.bytes().await.unwrap();
    assert_eq!(about(&world, &id, "document.sealed").await, [1]);
    let world = world.restart_changed(|settings| settings.roles = vec![Role::All]).await;
    world.until(&id, "document.sealed", 3).await;
    assert_eq!(about(&world, &id, "document.sealed").await, [1, 0, 2], "each once");
    let loaded = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    assert_eq!(world.app.service.sealed_pdf(&loaded, 1).await.unwrap(), second, "what was made stays");
    let mut digests: Vec<_> = loaded.request.sealed.values().map(|sealed| sealed.digest).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 3, "each says which one it is, though the originals are alike");
    world.until(&id, "delivery.sent", 1).await;
    assert_eq!(world.check().await.owed, 0);
}

#[tokio::test]
async fn one_document_that_cannot_be_sealed_keeps_no_other_from_it() {
    let world = World::of_roles(&[Role::Http]).await;
    let file = |name: &str, bytes: Vec<u8>| json!({ "fileName": name, "fileBase64": STANDARD.encode(bytes) });
    // The first document has an object of its own in the store.
    let mut other = sample();
    other.extend(b"\n");
    let files = json!([file("a.pdf", sample()), file("b.pdf", other), file("c.pdf", sample())]);
    let id = world
        .created(json!({ "fileBase64": null, "fileName": null, "files": files,
            "signers": [{ "name": "A", "email": "a@x.com" }] }))
        .await;
    world.sign(&id, 0).await;
    let originals = world.folder().join("data/documents/documents");
    let lost = std::fs::read_dir(&originals).unwrap().map(|entry| entry.unwrap().path());
    let lost = lost.max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
    let kept = world.folder().join("kept");
    std::fs::rename(&lost, &kept).unwrap();
    let world = world.restart_changed(|settings| settings.roles = vec![Role::All]).await;
    world.until(&id, "document.seal_failed", 1).await;
    assert_eq!(about(&world, &id, "document.sealed").await, [0, 2]);
    assert_eq!(about(&world, &id, "document.seal_failed").await, [1]);
    assert_eq!(download(&world, &id).await.status(), StatusCode::SERVICE_UNAVAILABLE, "not all of them are there");
    std::fs::rename(&kept, &lost).unwrap();
    assert_eq!(download(&world, &id).await.status(), StatusCode::OK);
    assert_eq!(about(&world, &id, "document.sealed").await, [0, 2, 1]);
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

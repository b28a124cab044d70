//! A request of several documents, on either database: one history, one use of each document, all of which
//! go with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::store::Scope;
use countersign_engine::ids::Digest;
use countersign_tests::servers::on_each_database;
use countersign_tests::world::{World, sample};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_each_database! {
    World:
    the_seals_of_several_documents_stand_in_one_history_that_replays,
    every_documents_use_is_dropped_when_the_request_is_deleted,
}

/// The sample, told apart by what follows its end.
fn document(number: usize) -> Vec<u8> {
    [sample(), vec![b'\n'; number]].concat()
}

fn attributes(numbers: &[usize]) -> Value {
    let file = |number: &usize| json!({ "fileName": format!("{number}.pdf"), "fileBase64": STANDARD.encode(document(*number)) });
    let files: Vec<Value> = numbers.iter().map(file).collect();
    let signers = json!([{ "name": "Ana", "email": "ana@x.com" }]);
    json!({ "fileBase64": null, "fileName": null, "files": files, "signers": signers })
}

async fn the_seals_of_several_documents_stand_in_one_history_that_replays(world: World) {
    let id = world.created(attributes(&[1, 2, 3])).await;
    world.sign(&id, 0).await;
    world.until(&id, "document.sealed", 3).await;
    world.until(&id, "delivery.sent", 1).await;
    let history = world.app.service.history(Scope::All, World::id(&id)).await.unwrap();
    let facts = history.iter().map(|(event, _)| serde_json::to_value(&event.fact).unwrap());
    let sealed: Vec<Value> = facts.filter(|fact| fact["name"] == "document.sealed").collect();
    let places: Vec<Option<u64>> = sealed.iter().map(|fact| fact["with"]["document"].as_u64()).collect();
    assert_eq!(places, [None, Some(1), Some(2)], "the first is left unsaid");
    let loaded = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    for (place, sealed) in &loaded.request.sealed {
        let pdf = world.app.service.sealed_pdf(&loaded, *place).await.unwrap();
        assert_eq!((Digest::of(&pdf), pdf.len() as u64), (sealed.digest, sealed.bytes));
        assert!(pdf.starts_with(&document(*place as usize + 1)));
    }
    assert_eq!(world.check().await.owed, 0);
    let world = world.restart().await;
    let again = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    assert_eq!(again.request, loaded.request, "folded anew it is the same");
}

async fn every_documents_use_is_dropped_when_the_request_is_deleted(world: World) {
    let stored = async |number: usize| {
        let digest = Digest::of(&document(number));
        world.app.service.documents.find(&"acme".parse().unwrap(), digest).await.unwrap().is_some()
    };
    let id = world.created(attributes(&[1, 2, 3])).await;
    let other = world.created(attributes(&[3, 3])).await;
    assert!(stored(1).await && stored(2).await && stored(3).await);
    let delete = async |id: &str| world.call(Method::DELETE, &format!("/requests/{id}"), None).await.status;
    assert_eq!(delete(&id).await, StatusCode::NO_CONTENT);
    assert!(!stored(1).await && !stored(2).await, "with their last use");
    assert!(stored(3).await, "the other request uses it");
    assert_eq!(delete(&other).await, StatusCode::NO_CONTENT);
    assert!(!stored(3).await);
    let left = std::fs::read_dir(world.folder().join("data/documents/documents")).unwrap().count();
    assert_eq!(left, 0);
    world.check().await;
}

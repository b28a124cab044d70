//! Deleting: what is kept for audit, and that the rest is really gone.

use std::path::Path;

use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{completed, fault, ok, plain};

async fn delete(world: &World, id: &str) -> StatusCode {
    plain(world, Method::DELETE, &format!("/requests/{id}")).await.status
}

#[tokio::test]
async fn completed_and_declined_are_kept() {
    let world = World::manual().await;
    let declined = world.created(json!({})).await;
    assert!(world.visit(&declined, 0).await.decline("Não").await.status.is_success());
    for id in [completed(&world).await, declined] {
        let answer = plain(&world, Method::DELETE, &format!("/requests/{id}")).await;
        assert_eq!(fault(&answer, 409).0, "retained_for_audit");
        ok(&plain(&world, Method::GET, &format!("/requests/{id}")).await);
    }
}

#[tokio::test]
async fn every_other_status_is_deleted() {
    let world = World::manual().await;
    let viewed = world.created(json!({})).await;
    world.visit(&viewed, 0).await;
    let partly = world.created(json!({})).await;
    world.sign(&partly, 0).await;
    let cancelled = world.created(json!({})).await;
    ok(&plain(&world, Method::POST, &format!("/requests/{cancelled}/cancel")).await);
    let expired = world.created(json!({ "expiresInDays": 1 })).await;
    world.app.service.clock.advance(SignedDuration::from_hours(24));
    world.until(&expired, "request.expired", 1).await;
    let (draft, sent) = (world.created(json!({ "draft": true })).await, world.created(json!({})).await);
    for id in [draft, sent, viewed, partly, cancelled, expired] {
        assert_eq!(delete(&world, &id).await, StatusCode::NO_CONTENT);
        for path in ["", "/events", "/download", "?at=2026-01-15T10:30:00Z"] {
            let gone = plain(&world, Method::GET, &format!("/requests/{id}{path}")).await;
            assert_eq!(fault(&gone, 404).0, "not_found");
        }
        assert_eq!(delete(&world, &id).await, StatusCode::NOT_FOUND);
    }
    world.check().await;
}

#[tokio::test]
async fn a_link_of_a_deleted_request_is_dead_and_nobody_is_written_to() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    world.until(&id, "delivery.sent", 1).await;
    let browser = world.visit(&id, 0).await;
    let (link, view) = (world.link(&id, 0).await, world.get(&id).await["attributes"]["viewUrl"].clone());
    let letters = || std::fs::read_dir(world.mail()).unwrap().count();
    let before = letters();
    assert_eq!(delete(&world, &id).await, StatusCode::NO_CONTENT);
    for url in [link.as_str(), view.as_str().unwrap(), browser.page.as_str()] {
        assert!(browser.client.get(url).send().await.unwrap().status().is_client_error());
    }
    assert!(browser.sign(json!({})).await.status.is_client_error());
    assert_eq!(letters(), before);
}

#[tokio::test]
async fn nothing_of_a_person_stays_in_database_or_folder() {
    let world = World::manual().await;
    let secrets = [
        "Zuleica Quixote",
        "zuleica@segredo.example",
        "Titulo Sigiloso",
        "Mensagem Sigilosa",
        "sigiloso.pdf",
        "Etiqueta Sigilosa",
        "Valor Sigiloso",
        "Motivo Sigiloso",
    ];
    let id = world
        .created(json!({
            "title": "Titulo Sigiloso", "message": "Mensagem Sigilosa", "fileName": "sigiloso.pdf",
            "signers": [{ "name": "Zuleica Quixote", "email": "zuleica@segredo.example" }, { "name": "B", "email": "b@x.com" }],
            "widgets": [{ "type": "text", "page": 1, "x": 1, "y": 1, "label": "Etiqueta Sigilosa" }],
        }))
        .await;
    assert!(world.visit(&id, 0).await.sign(json!({ "1": "Valor Sigiloso" })).await.status.is_success());
    let cancel = Some(json!({ "reason": "Motivo Sigiloso" }));
    ok(&world.call(Method::POST, &format!("/requests/{id}/cancel"), cancel).await);
    world.until(&id, "delivery.sent", 2).await;
    assert_eq!(delete(&world, &id).await, StatusCode::NO_CONTENT);
    world.app.service.store.checkpoint().await.unwrap();
    let data = world.folder().join("data");
    assert_eq!(hits(&data, &secrets), Vec::<String>::new());
    assert_eq!(hits(&data, &["request.deleted"]).len(), 1, "the scan finds what is there");
    let report = world.check().await;
    assert_eq!(report.requests, 1, "the history still verifies");
    assert!(report.events >= 8);
}

/// Files below a folder that hold one of these texts, plain or in UTF-16.
pub(crate) fn hits(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(hits(&path, texts));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for text in texts {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            if [text.as_bytes(), &wide].iter().any(|needle| bytes.windows(needle.len()).any(|window| window == *needle))
            {
                found.push(format!("{} holds {text}", path.display()));
            }
        }
    }
    found
}

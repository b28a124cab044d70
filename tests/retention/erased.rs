//! What is left of a purged request.

use countersign_tests::on_each_database;
use countersign_tests::servers::connect_as;
use countersign_tests::world::{Browser, World, sample};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::{keep, pass};
use crate::dialects::catalisa::deleting::hits;
use crate::dialects::catalisa::{completed, fault, ok, plain, uploaded};

on_each_database!(World:
    nothing_of_a_person_and_no_document_stays,
    what_it_came_to_can_be_read_and_nothing_else_can,
);

const SECRETS: [&str; 8] = [
    "Zuleica Quixote",
    "zuleica@segredo.example",
    "Titulo Sigiloso",
    "Mensagem Sigilosa",
    "sigiloso.pdf",
    "Etiqueta Sigilosa",
    "Valor Sigiloso",
    "Processo Sigiloso",
];

async fn nothing_of_a_person_and_no_document_stays(world: World) {
    keep(&world, Some(90)).await;
    let file = uploaded(&world, &sample()).await.json["data"]["id"].clone();
    let attributes = json!({
        "title": "Titulo Sigiloso", "message": "Mensagem Sigilosa",
        "signers": [{ "name": "Zuleica Quixote", "email": "zuleica@segredo.example" }],
        "widgets": [{ "type": "text", "page": 1, "x": 1, "y": 1, "label": "Etiqueta Sigilosa" }],
    });
    let inline = json!({ "fileName": "sigiloso.pdf" });
    let stored = json!({ "fileId": file, "fileBase64": null, "fileName": null });
    let mut ids = Vec::new();
    for document in [inline, stored] {
        let mut attributes = attributes.clone();
        attributes.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
        let id = world.created(attributes).await;
        let answer = world.visit(&id, 0).await.sign(json!({ "1": "Valor Sigiloso" })).await;
        assert!(answer.status.is_success(), "{:#}", answer.json);
        super::hold(&world, &id, Some(json!({ "reason": "Processo Sigiloso" }))).await;
        ok(&plain(&world, Method::DELETE, &format!("/requests/{id}/hold")).await);
        world.until(&id, "document.sealed", 1).await;
        world.until(&id, "delivery.sent", 1).await;
        ids.push(id);
    }
    let documents = || objects(&world, "documents") + objects(&world, "sealed");
    assert_eq!(documents(), 3, "an original, and two sealed PDFs");
    pass(&world, 90, 0);
    for id in &ids {
        world.until(id, "request.purged", 1).await;
    }
    world.app.service.sweep_orphans().await;
    assert_eq!(documents(), 0);
    let path = format!("/files/{}", file.as_str().unwrap());
    assert_eq!(plain(&world, Method::GET, &path).await.status, StatusCode::NOT_FOUND, "the upload is gone too");
    world.app.service.store.checkpoint().await.unwrap();
    let data = world.folder().join("data");
    assert_eq!(hits(&data, &SECRETS), Vec::<String>::new());
    if let Some(url) = &world.app.service.settings.database_url {
        let rows = every_row(url).await;
        assert!(rows.contains("request.purged"), "the scan finds what is there");
        for secret in SECRETS {
            let bytes = hex::encode(secret);
            assert!(!rows.contains(secret) && !rows.contains(&bytes), "{secret} stayed in the database");
        }
    } else {
        assert_eq!(hits(&data, &["request.purged"]).len(), 1, "the scan finds what is there");
    }
    let keys = world.app.service.store.request(countersign::store::Scope::All, World::id(&ids[0])).await.unwrap();
    assert_eq!(keys.unwrap().data_key, None, "the key is destroyed");
    assert_eq!(world.check().await.requests, 2, "the histories still verify");
}

/// How many objects there are in a folder of the document store, at any depth.
fn objects(world: &World, folder: &str) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&world.folder().join("data/documents").join(folder))
}

/// Every row of a PostgreSQL database as text, bytes in hexadecimal.
async fn every_row(url: &str) -> String {
    let mut database = connect_as("*", url).await;
    let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut database).await.unwrap();
    let mut text = String::new();
    for table in tables {
        let rows = AssertSqlSafe(format!("SELECT row_to_json(t)::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut database).await.unwrap();
        text.extend(rows);
    }
    text
}

async fn what_it_came_to_can_be_read_and_nothing_else_can(world: World) {
    keep(&world, Some(1)).await;
    let id = world
        .created(json!({ "businessId": "case-7", "signers": [{ "name": "João", "email": "joao@empresa.com" }] }))
        .await;
    world.until(&id, "delivery.sent", 1).await;
    world.sign(&id, 0).await;
    world.until(&id, "delivery.sent", 2).await;
    let before = world.get(&id).await;
    let url = |path: &str| format!("/requests/{id}{path}");
    let download = ok(&plain(&world, Method::GET, &url("/download")).await)["downloadUrl"].clone();
    let copy = copy_link(&world);
    pass(&world, 1, 0);
    world.until(&id, "request.purged", 1).await;

    let after = world.get(&id).await;
    for kept in ["status", "businessId", "createdAt", "completedAt", "viewUrl"] {
        assert_eq!(after["attributes"][kept], before["attributes"][kept], "{kept}");
    }
    assert_eq!(after["attributes"]["purgedAt"], world.now().to_string());
    assert_eq!(after["attributes"]["title"], Value::Null);
    let signer = &after["relationships"]["signers"]["data"][0]["attributes"];
    assert_eq!((&signer["status"], &signer["name"], &signer["email"]), (&json!("SIGNED"), &Value::Null, &Value::Null));
    let listed = plain(&world, Method::GET, "/requests?filter[businessId]=case-7").await;
    assert_eq!(ok(&listed)["data"][0]["id"], json!(id));
    let events = plain(&world, Method::GET, &url("/events")).await;
    let events = ok(&events)["data"].as_array().unwrap();
    assert!(events.iter().all(|event| event["attributes"]["personal"] == Value::Null));
    assert!(events[0]["attributes"]["data"]["documents"][0]["digest"].is_string(), "digests stay");
    ok(&plain(&world, Method::GET, &url("?at=2026-01-15T10:30:00Z")).await);

    for path in ["/download", "/audit-trail", "/evidence"] {
        assert_eq!(fault(&plain(&world, Method::GET, &url(path)).await, 410).0, "purged", "{path}");
    }
    for path in ["/cancel", "/resend", "/send"] {
        assert_eq!(fault(&plain(&world, Method::POST, &url(path)).await, 410).0, "purged", "{path}");
    }
    assert_eq!(fault(&plain(&world, Method::DELETE, &url("")).await, 409).0, "retained_for_audit");
    for link in [&copy, after["attributes"]["viewUrl"].as_str().unwrap()] {
        let page = Browser::open(link).await;
        assert_eq!(page.status, StatusCode::GONE, "{link}");
        assert!(page.html.contains("not kept any more") && !page.html.contains("João"), "{}", page.html);
    }
    let gone = world.client.get(download.as_str().unwrap()).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::GONE);

    // What may be deleted may be so afterwards, too.
    let cancelled = world.created(json!({})).await;
    ok(&plain(&world, Method::POST, &format!("/requests/{cancelled}/cancel")).await);
    pass(&world, 1, 0);
    world.until(&cancelled, "request.purged", 1).await;
    assert_eq!(plain(&world, Method::DELETE, &format!("/requests/{cancelled}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(plain(&world, Method::GET, &format!("/requests/{cancelled}")).await.status, StatusCode::NOT_FOUND);
    world.check().await;
}

/// The link to the sealed PDF in the letter that says a request is completed.
fn copy_link(world: &World) -> String {
    let letters =
        std::fs::read_dir(world.mail()).unwrap().map(|letter| std::fs::read_to_string(letter.unwrap().path()));
    let texts = letters.map(|letter| letter.unwrap().replace("=\r\n", "").replace("=3D", "="));
    let begin = format!("{}/copy/", world.app.service.settings.public_url);
    let link = |text: String| {
        let from = text.find(&begin)?;
        Some(text[from..].split(|c: char| c.is_whitespace() || "\"<>".contains(c)).next()?.to_owned())
    };
    texts.filter_map(link).next().unwrap()
}

#[tokio::test]
async fn a_document_that_others_use_stays_for_them() {
    let world = World::manual().await;
    keep(&world, Some(1)).await;
    let template = json!({ "data": { "type": "signature-template", "attributes": { "id": "t", "name": "T",
        "fileName": "t.pdf", "fileBase64": countersign_tests::world::new_request(json!({}))["data"]["attributes"]["fileBase64"] } } });
    let id = completed(&world).await;
    let open = world.created(json!({})).await;
    let made = world.call(Method::POST, "/templates", Some(template)).await;
    assert!(made.status.is_success(), "{:#}", made.json);
    pass(&world, 1, 0);
    world.until(&id, "request.purged", 1).await;
    world.app.service.sweep_orphans().await;
    assert_eq!(objects(&world, "documents"), 1);
    world.sign(&open, 0).await;
    world.sign(&open, 1).await;
    ok(&plain(&world, Method::GET, &format!("/requests/{open}/evidence")).await);
}

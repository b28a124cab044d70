//! Documents: both ways in, lists, what holds one, and that the native API knows them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{answer, new_request, sample};
use jiff::SignedDuration;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, fault, faults, ok, text, told};

#[tokio::test]
async fn a_document_comes_as_a_form_or_as_json() {
    let desk = Desk::new().await;
    let form = desk.upload("contrat.pdf", sample()).await;
    assert_eq!(form.status, StatusCode::CREATED);
    let body = json!({ "fileBase64": STANDARD.encode(sample()), "fileName": "contrat.pdf" });
    let plain = desk.call(Method::POST, "/documents", Some(body)).await;
    assert_eq!(plain.status, StatusCode::CREATED);
    for made in [&form.json, &plain.json] {
        assert_eq!((&made["fileName"], &made["pages"]), (&json!("contrat.pdf"), &json!(1)));
        assert_eq!(made["bytes"], sample().len());
        assert_eq!(made["createdAt"], "2026-01-15T10:30:00Z");
        assert_eq!(text(&made["sha256"]).len(), 64);
        let got = desk.call(Method::GET, &format!("/documents/{}", text(&made["id"])), None).await;
        assert_eq!(ok(&got), made);
    }
    assert_ne!(form.json["id"], plain.json["id"], "each upload is a document of its own");
}

#[tokio::test]
async fn what_is_no_document_is_refused_by_name() {
    let desk = Desk::new().await;
    assert_eq!(fault(&desk.upload("a.pdf", b"no".to_vec()).await, 422), told("not_a_pdf", "file"));
    let post = |body: Value| desk.call(Method::POST, "/documents", Some(body));
    let both = post(json!({})).await;
    assert_eq!(faults(&both, 422), [told("required", "fileName"), told("required", "fileBase64")]);
    let bad = post(json!({ "fileName": "a.pdf", "fileBase64": "###" })).await;
    assert_eq!(fault(&bad, 422), told("invalid_base64", "fileBase64"));
    let bad = post(json!({ "fileName": "a.pdf", "fileBase64": 7 })).await;
    assert_eq!(fault(&bad, 422), told("wrong_type", "fileBase64"));
    let bad = post(json!({ "fileName": "a.pdf", "fileBase64": STANDARD.encode("no") })).await;
    assert_eq!(fault(&bad, 422), told("not_a_pdf", "fileBase64"));
    let bad = post(json!({ "fileName": "x".repeat(256), "fileBase64": STANDARD.encode(sample()) })).await;
    assert_eq!(fault(&bad, 422), told("too_long", "fileName"));
    assert_eq!(fault(&post(json!([])).await, 422), told("wrong_type", ""));

    let send = |form: Form| {
        let call = desk.world.client.post(format!("{}/documents", desk.base)).bearer_auth(&desk.world.key);
        answer(call.multipart(form))
    };
    assert_eq!(fault(&send(Form::new().text("other", "x")).await, 422), told("required", "file"));
    let large = Part::bytes(vec![b' '; 50 * 1024 * 1024 + 1]).file_name("a.pdf");
    assert_eq!(fault(&send(Form::new().part("file", large)).await, 413), told("file_too_large", "file"));
    let call = desk.world.client.post(format!("{}/documents", desk.base)).bearer_auth(&desk.world.key);
    assert_eq!(fault(&answer(call.body("{")).await, 400).0, "invalid_json");
}

#[tokio::test]
async fn a_repeated_upload_is_the_first_one() {
    let desk = Desk::new().await;
    let body = json!({ "fileName": "a.pdf", "fileBase64": STANDARD.encode(sample()) });
    let first = desk.once("k1", "/documents", body.clone()).await;
    let again = desk.once("k1", "/documents", body).await;
    assert_eq!((first.status, ok(&first)), (again.status, ok(&again)));
    let other = json!({ "fileName": "b.pdf", "fileBase64": STANDARD.encode(sample()) });
    assert_eq!(fault(&desk.once("k1", "/documents", other).await, 422).0, "idempotency_key_reused");
}

#[tokio::test]
async fn documents_are_listed_newest_first() {
    let desk = Desk::new().await;
    for name in ["1.pdf", "2.pdf", "3.pdf"] {
        ok(&desk.upload(name, sample()).await);
        desk.world.app.service.clock.advance(SignedDuration::from_secs(1));
    }
    let page = desk.call(Method::GET, "/documents?page=2&pageSize=2", None).await;
    assert_eq!(ok(&page)["pagination"], json!({ "total": 3, "page": 2, "pageSize": 2, "pages": 2 }));
    assert_eq!(page.json["data"][0]["fileName"], "1.pdf");
    let all = desk.call(Method::GET, "/documents", None).await;
    let names: Vec<_> = ok(&all)["data"].as_array().unwrap().iter().map(|one| one["fileName"].clone()).collect();
    assert_eq!(names, ["3.pdf", "2.pdf", "1.pdf"]);
    let bad = desk.call(Method::GET, "/documents?page=0&pageSize=101&x=1", None).await;
    assert_eq!(
        faults(&bad, 400),
        [told("invalid_parameter", "page"), told("invalid_parameter", "pageSize"), told("invalid_parameter", "x")]
    );
}

#[tokio::test]
async fn a_document_is_deleted_unless_something_that_was_sent_uses_it() {
    let desk = Desk::new().await;
    let (used, twin) = (desk.document().await, desk.document().await);
    let draft = desk.draft(json!({ "documentIds": [used] })).await;
    let path = |id: String| format!("/documents/{id}");
    ok(&desk.post(&draft, "send", None).await);
    let refused = desk.call(Method::DELETE, &path(used.clone()), None).await;
    assert_eq!(fault(&refused, 409), told("document_in_use", ""));
    let deleted = desk.call(Method::DELETE, &path(twin.clone()), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "another upload of the same bytes is not in use");
    assert_eq!(fault(&desk.call(Method::GET, &path(twin), None).await, 404).0, "not_found");

    ok(&desk.post(&draft, "void", Some(json!({ "reason": "Erreur" }))).await);
    let refused = desk.call(Method::DELETE, &path(used), None).await;
    assert_eq!(fault(&refused, 409).0, "document_in_use", "what was sent keeps its document to its end");
}

#[tokio::test]
async fn a_draft_keeps_its_copy_of_a_document_that_is_deleted() {
    let desk = Desk::new().await;
    let document = desk.document().await;
    let draft = desk.draft(json!({ "documentIds": [document] })).await;
    let deleted = desk.call(Method::DELETE, &format!("/documents/{document}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    ok(&desk.patch(&draft, json!({ "subject": "Autre" })).await);
    let gone = desk.patch(&draft, json!({ "documentIds": [document] })).await;
    assert_eq!(fault(&gone, 422), told("unknown_document", "documentIds[0]"));
    ok(&desk.post(&draft, "send", None).await);
    desk.sign(&draft, 0).await;
    assert_eq!(desk.get(&draft).await["status"], "COMPLETED");
}

#[tokio::test]
async fn the_native_api_knows_the_same_uploads() {
    let desk = Desk::new().await;
    let here = desk.document().await;
    let there = desk.world.call(Method::GET, &format!("/files/{here}"), None).await;
    assert_eq!(ok(&there)["data"]["attributes"]["fileName"], "contrat.pdf");
    let native = new_request(json!({ "fileId": here, "fileBase64": null, "fileName": null }));
    let native = text(&ok(&desk.world.call(Method::POST, "/requests", Some(native)).await)["data"]["id"]);
    let shown = desk.get(&native).await;
    assert_eq!((&shown["documentIds"], &shown["status"]), (&json!([here]), &json!("SENT")));
    let refused = desk.call(Method::DELETE, &format!("/documents/{here}"), None).await;
    assert_eq!(fault(&refused, 409).0, "document_in_use");
    let inline = desk.world.created(json!({})).await;
    assert_eq!(desk.get(&inline).await["documentIds"], json!([]), "what came along was never uploaded");
}

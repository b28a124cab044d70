//! The signed documents: only of what is COMPLETED, one of them or all.

use std::collections::BTreeSet;

use countersign::commit::Order;
use countersign_engine::command::{Command, Wish};
use countersign_tests::world::{World, sample};
use jiff::SignedDuration;
use reqwest::{Method, Response};
use serde_json::json;

use super::{Desk, fault, text, told};

async fn download(desk: &Desk, path: &str) -> Response {
    let call = desk.world.client.get(format!("{}/envelopes/{path}", desk.base)).bearer_auth(&desk.world.key);
    call.send().await.unwrap()
}

#[tokio::test]
async fn the_signed_document_is_had_once_all_have_signed() {
    let desk = Desk::new().await;
    let id = desk.sent(json!({})).await;
    let early = desk.call(Method::GET, &format!("/envelopes/{id}/signed-document"), None).await;
    assert_eq!(fault(&early, 409).0, "wrong_state");
    assert!(text(&early.json["error"]).contains("SENT"));
    desk.sign(&id, 0).await;
    let response = download(&desk, &format!("{id}/signed-document")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/pdf".parse().unwrap())
    );
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"contrat-signed.pdf\""), "{disposition}");
    let pdf = response.bytes().await.unwrap();
    assert!(pdf.starts_with(&sample()));
    countersign::seal::verify(&pdf).unwrap();
}

#[tokio::test]
async fn the_audit_trail_is_had_once_all_have_signed() {
    let desk = Desk::new().await;
    let id = desk.sent(json!({})).await;
    let path = format!("/envelopes/{id}/audit-trail");
    assert_eq!(fault(&desk.call(Method::GET, &path, None).await, 409).0, "wrong_state");
    desk.sign(&id, 0).await;
    let response = download(&desk, &format!("{id}/audit-trail")).await;
    assert_eq!(response.headers()["content-type"], "application/pdf");
    assert!(response.bytes().await.unwrap().starts_with(b"%PDF"));
}

#[tokio::test]
async fn what_was_purged_is_gone_and_told_so() {
    let desk = Desk::new().await;
    let document = desk.document().await;
    let id = desk.completed(json!({ "documentIds": [document] })).await;
    let (request, days) = (World::id(&id), 30);
    desk.world.app.service.clock.advance(SignedDuration::from_hours(24 * i64::from(days)));
    let command = Command { request, wish: Wish::Purge { days } };
    desk.world.app.service.submit(Order::system("acme".parse().unwrap(), command)).await.unwrap();
    for what in ["audit-trail", "signed-document"] {
        let gone = desk.call(Method::GET, &format!("/envelopes/{id}/{what}"), None).await;
        assert_eq!(fault(&gone, 410).0, "purged");
    }
    let left = desk.get(&id).await;
    assert_eq!((&left["status"], left.get("subject")), (&json!("COMPLETED"), None), "what it came to stays");
    assert_eq!(left["recipients"][0].get("email"), None);
    desk.world.check().await;
}

#[tokio::test]
async fn of_several_documents_one_is_named_or_all_come_in_a_zip() {
    let desk = Desk::new().await;
    let (one, two) = (desk.document().await, text(&desk.upload("annexe.pdf", sample()).await.json["id"]));
    let id = desk.completed(json!({ "documentIds": [one, two] })).await;
    let zip = download(&desk, &format!("{id}/signed-document")).await;
    assert_eq!(zip.headers()["content-type"], "application/zip");
    let zip = zip.bytes().await.unwrap();
    for name in ["contrat-signed.pdf", "annexe-signed.pdf"] {
        assert!(zip.windows(name.len()).any(|part| part == name.as_bytes()), "{name}");
    }
    let mut seen = BTreeSet::new();
    for document in [&one, &two] {
        let response = download(&desk, &format!("{id}/signed-document?documentId={document}")).await;
        assert_eq!(response.headers()["content-type"], "application/pdf");
        seen.insert(response.headers()["content-disposition"].to_str().unwrap().to_owned());
        countersign::seal::verify(&response.bytes().await.unwrap()).unwrap();
    }
    assert_eq!(seen.len(), 2);
    for unknown in ["x", "01990000-0000-7000-8000-000000000000"] {
        let path = format!("/envelopes/{id}/signed-document?documentId={unknown}");
        assert_eq!(fault(&desk.call(Method::GET, &path, None).await, 404), told("not_found", "documentId"));
    }
}

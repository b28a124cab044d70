//! Calls with an `Idempotency-Key`: a repeat does nothing and is answered as the first was, whatever has changed since.

use countersign_tests::world::{Answer, World, answer};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, groups, ok, signer, text, wrong};

async fn with_key(desk: &Desk, id: &str, key: &str, action: &str, body: &Value) -> Answer {
    let call = desk.world.client.post(desk.address(&format!("/documents/{id}/{action}")));
    answer(call.header("Idempotency-Key", key).json(body)).await
}

#[tokio::test]
async fn every_call_about_a_document_may_be_repeated() {
    let desk = Desk::new().await;
    let group = groups::group(&desk).await;
    let id = desk.upload().await;
    let first = json!({ "signers": [
        signer("lia@example.com", json!({})),
        signer("eva@example.com", json!({ "assinatura_presencial": "1" })),
        signer("", json!({ "uuid_grupo": group })),
    ] });
    let named = ok(&with_key(&desk, &id, "k-0", "createlist", &first).await).clone();
    let key = |at: usize| named["message"][at]["key_signer"].clone();
    let more = |email: &str| json!({ "signers": [signer(email, json!({}))] });
    let behind = |email: &str, place: u32| signer(email, json!({ "after_position": place }));
    // Each of them takes away what the one before named.
    let calls = [
        ("createlist", first),
        ("changeemail", json!({ "email-before": "lia@example.com", "email-after": "bia@example.org" })),
        ("changesmsnumber", json!({ "email": "bia@example.org", "sms-number": "+5511953874555" })),
        ("changepasswordcode", json!({ "email": "bia@example.org", "password-code": "caneta azul" })),
        ("changeemail", json!({ "email-before": "+5511953874555", "email-after": "+5511953874556" })),
        ("addinfo", json!({ "email": "eva@example.com", "display_name": "Eva", "birthday": "31/12/1990" })),
        ("removeemaillist", json!({ "email-signer": "eva@example.com", "key-signer": key(1) })),
        ("sendtosigner", json!({ "workflow": "1" })),
        ("resend", json!({ "email": "bia@example.org" })),
        ("createlist", more("dora@example.com")),
        ("createlist", json!({ "signers": [behind("x@example.com", 1), behind("y@example.com", 2)] })),
        ("changeemail", json!({ "email-before": "bia@example.org", "email-after": "fim@example.org" })),
        ("cancel", json!({ "comment": "Valor errado" })),
    ];
    let mut answers = Vec::new();
    for (at, (action, body)) in calls.iter().enumerate() {
        let first = with_key(&desk, &id, &format!("k-{at}"), action, body).await;
        let events = desk.world.events(&id).await;
        let again = with_key(&desk, &id, &format!("k-{at}"), action, body).await;
        assert_eq!(ok(&again), ok(&first), "{action} {body}");
        assert_eq!(without_letters(desk.world.events(&id).await), without_letters(events), "{action} {body}");
        answers.push(first.json);
    }
    assert_eq!(desk.world.call(Method::DELETE, &format!("/groups/{group}"), None).await.status.as_u16(), 204);
    let before = without_letters(desk.world.events(&id).await);
    for (at, ((action, body), first)) in calls.iter().zip(&answers).enumerate() {
        assert_eq!(ok(&with_key(&desk, &id, &format!("k-{at}"), action, body).await), first, "{action} {body}");
    }
    assert_eq!(without_letters(desk.world.events(&id).await), before, "nothing was done again");
    desk.world.check().await;
}

/// What happened but for letters, which go out whenever they do.
fn without_letters(mut events: Vec<String>) -> Vec<String> {
    events.retain(|event| !event.starts_with("delivery."));
    events
}

#[tokio::test]
async fn a_key_is_for_one_call() {
    let desk = Desk::new().await;
    let (id, keys) = desk.draft(json!([signer("ana@example.com", json!({ "assinatura_presencial": "1" }))])).await;
    let calls = [
        ("createlist", json!({ "signers": [signer("bia@example.com", json!({}))] })),
        ("changeemail", json!({ "email-before": "bia@example.com", "email-after": "caio@example.com" })),
        ("changesmsnumber", json!({ "email": "ana@example.com", "sms-number": "+5511953874555" })),
        ("changepasswordcode", json!({ "email": "ana@example.com", "password-code": "1" })),
        ("addinfo", json!({ "email": "ana@example.com", "display_name": "Ana" })),
        ("removeemaillist", json!({ "email-signer": "ana@example.com", "key-signer": keys[0] })),
        ("sendtosigner", json!({})),
        ("resend", json!({ "email": "caio@example.com" })),
        ("cancel", json!({})),
    ];
    for (action, body) in &calls {
        ok(&with_key(&desk, &id, action, action, body).await);
        let mut other = body.clone();
        other["more"] = json!("x");
        let said = wrong(&with_key(&desk, &id, action, action, &other).await, 422);
        assert!(said.starts_with("Idempotency-Key: This Idempotency-Key was used with another request"), "{said}");
        let said = wrong(&with_key(&desk, &id, &" ".repeat(3), action, body).await, 400);
        assert!(said.starts_with("Idempotency-Key: "), "{action} {said}");
    }
    assert_eq!(text(&desk.look(&format!("/documents/{id}")).await[0]["statusId"]), "6");
}

/// The webhook of a document as it is listed.
async fn hook(desk: &Desk, id: &str) -> Value {
    let listed = desk.look(&format!("/documents/{id}/webhooks")).await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
    listed[0].clone()
}

#[tokio::test]
async fn a_webhook_that_is_registered_again_is_one() {
    let desk = Desk::over(World::changed(|settings| settings.webhooks.allow_loopback = true).await);
    let id = desk.upload().await;
    let [first, second] =
        [json!({ "url": "http://127.0.0.1:9009/first" }), json!({ "url": "http://127.0.0.1:9009/second" })];
    let made = ok(&with_key(&desk, &id, "k-1", "webhooks", &first).await).clone();
    let known = hook(&desk, &id).await;
    // With a key and without one.
    assert_eq!(ok(&with_key(&desk, &id, "k-1", "webhooks", &first).await), &made);
    assert_eq!(ok(&desk.post(&id, "webhooks", first.clone()).await), &made);
    assert_eq!(hook(&desk, &id).await, known);
    let moved = ok(&with_key(&desk, &id, "k-2", "webhooks", &second).await).clone();
    assert_eq!(hook(&desk, &id).await, json!({ "id": known["id"], "url": second["url"] }), "it is the same webhook");
    assert_eq!(ok(&with_key(&desk, &id, "k-1", "webhooks", &first).await), &made, "answered as the first was");
    assert_eq!(hook(&desk, &id).await["url"], second["url"], "and what came later stays");
    assert_eq!(ok(&with_key(&desk, &id, "k-2", "webhooks", &second).await), &moved);
    let said = wrong(&with_key(&desk, &id, "k-1", "webhooks", &second).await, 422);
    assert!(said.starts_with("Idempotency-Key: This Idempotency-Key was used with another request"), "{said}");
}

#[tokio::test]
async fn a_download_changes_nothing_however_often_it_is_asked_for() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    desk.world.sign(&id, 0).await;
    desk.world.until(&id, "document.sealed", 1).await;
    let events = without_letters(desk.world.events(&id).await);
    let mut had = Vec::new();
    for key in ["k-1", "k-1", "k-2"] {
        let answer = with_key(&desk, &id, key, "download", &json!({ "type": "pdf" })).await;
        let url = text(&ok(&answer)["url"]);
        had.push(desk.world.client.get(url).send().await.unwrap().bytes().await.unwrap());
    }
    assert!(had[0].starts_with(b"%PDF-") && had.iter().all(|pdf| *pdf == had[0]));
    assert_eq!(without_letters(desk.world.events(&id).await), events);
}

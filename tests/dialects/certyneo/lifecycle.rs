//! An envelope's life: a draft, sent, delivered, signed in order or side by side, declined, voided, expired.

use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, fault, faults, ok, person, text, told};

fn statuses(envelope: &Value) -> Vec<String> {
    envelope["recipients"].as_array().unwrap().iter().map(|recipient| text(&recipient["status"])).collect()
}

#[tokio::test]
async fn a_new_envelope_is_a_draft_and_nobody_is_written_to() {
    let desk = Desk::new().await;
    let document = desk.document().await;
    let made = desk
        .create(json!({ "documentIds": [document], "message": "Merci de signer.", "locale": "es-419",
            "expiresInDays": 7, "reminders": { "firstAfterDays": 2, "everyDays": 3, "max": 4 } }))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let id = text(&made.json["id"]);
    assert_eq!(made.headers["location"], format!("/api/v1/envelopes/{id}"));
    assert_eq!(desk.get(&id).await, made.json);
    let envelope = &made.json;
    assert_eq!((&envelope["status"], &envelope["subject"]), (&json!("DRAFT"), &json!("Contrat de prestation")));
    assert_eq!((&envelope["message"], &envelope["locale"]), (&json!("Merci de signer."), &json!("es")));
    assert_eq!(envelope["reminders"], json!({ "firstAfterDays": 2, "everyDays": 3, "max": 4 }));
    assert_eq!((&envelope["expiresInDays"], envelope.get("expiresAt")), (&json!(7), None));
    assert_eq!((&envelope["createdAt"], envelope.get("sentAt")), (&json!("2026-01-15T10:30:00Z"), None));
    assert_eq!(envelope["documentIds"], json!([document]));
    assert_eq!(envelope["documents"][0]["fileName"], "contrat.pdf");
    let recipient = &envelope["recipients"][0];
    assert_eq!((&recipient["status"], &recipient["order"]), (&json!("PENDING"), &json!(1)));
    assert_eq!((recipient.get("signUrl"), recipient.get("sentAt")), (None, None));
    assert_eq!(desk.world.events(&id).await, ["request.created"]);
}

#[tokio::test]
async fn all_act_side_by_side_unless_an_order_is_given() {
    let desk = Desk::new().await;
    let two = json!([{ "email": "a@example.com" }, { "email": "b@example.com", "role": "APPROVER" }]);
    let id = desk.sent(json!({ "recipients": two })).await;
    let envelope = desk.get(&id).await;
    assert_eq!((&envelope["status"], statuses(&envelope)), (&json!("SENT"), vec!["SENT".into(), "SENT".into()]));
    assert_eq!(envelope["recipients"][0]["name"], "a@example.com", "who has no name is called by the address");
    assert_eq!(desk.visit(&id, 1).await.status, StatusCode::OK);
    assert_eq!(desk.get(&id).await["status"], "DELIVERED");
    let approved = desk.visit(&id, 1).await.answer("sign", json!({ "consent": true, "fields": {} })).await;
    assert_eq!(approved.status, StatusCode::OK, "{:#}", approved.json);
    let envelope = desk.get(&id).await;
    assert_eq!((&envelope["status"], statuses(&envelope)[1].as_str()), (&json!("PARTIALLY_SIGNED"), "APPROVED"));
    assert_eq!(envelope["recipients"][1].get("signUrl"), None, "who has acted has no link any more");
    desk.sign(&id, 0).await;
    let envelope = desk.get(&id).await;
    assert_eq!((&envelope["status"], &envelope["completedAt"]), (&json!("COMPLETED"), &json!("2026-01-15T10:30:00Z")));
    desk.world.check().await;
}

#[tokio::test]
async fn in_order_the_second_gets_a_link_once_the_first_has_signed() {
    let desk = Desk::new().await;
    let id = desk.sent(json!({ "recipients": [person("b", "SIGNER", 2), person("a", "SIGNER", 1)] })).await;
    let envelope = desk.get(&id).await;
    assert_eq!(statuses(&envelope), ["PENDING", "SENT"]);
    assert_eq!(envelope["recipients"][0].get("signUrl"), None);
    desk.sign(&id, 1).await;
    assert_eq!(statuses(&desk.get(&id).await), ["SENT", "SIGNED"]);
    desk.sign(&id, 0).await;
    assert_eq!(desk.get(&id).await["status"], "COMPLETED");
}

#[tokio::test]
async fn a_refusal_ends_it_and_is_told() {
    let desk = Desk::new().await;
    let id = desk.sent(json!({})).await;
    desk.visit(&id, 0).await.decline("Le prix est faux.").await;
    let envelope = desk.get(&id).await;
    assert_eq!((&envelope["status"], &envelope["reason"]), (&json!("DECLINED"), &json!("Le prix est faux.")));
    let recipient = &envelope["recipients"][0];
    assert_eq!((&recipient["status"], &recipient["declineReason"]), (&json!("DECLINED"), &json!("Le prix est faux.")));
}

#[tokio::test]
async fn one_in_flight_is_voided_with_a_reason_and_only_so() {
    let desk = Desk::new().await;
    let id = desk.sent(json!({})).await;
    assert_eq!(fault(&desk.post(&id, "void", Some(json!({}))).await, 422), told("required", "reason"));
    assert_eq!(fault(&desk.post(&id, "void", Some(json!({ "reason": " " }))).await, 422), told("required", "reason"));
    assert_eq!(fault(&desk.post(&id, "void", None).await, 400).0, "invalid_json");
    let link = text(&desk.get(&id).await["recipients"][0]["signUrl"]);
    let voided = desk.post(&id, "void", Some(json!({ "reason": "Erreur" }))).await;
    assert_eq!((&ok(&voided)["status"], &voided.json["reason"]), (&json!("VOIDED"), &json!("Erreur")));
    assert_ne!(desk.world.client.get(link).send().await.unwrap().status(), StatusCode::OK, "its links are dead");
    desk.world.until(&id, "delivery.sent", 1).await;
}

#[tokio::test]
async fn its_time_runs_out_at_the_instant_that_was_named() {
    let desk = Desk::new().await;
    let at = "2026-01-17T08:00:00Z";
    let id = desk.draft(json!({ "expiresAt": at })).await;
    assert_eq!(desk.get(&id).await["expiresAt"], at);
    desk.world.app.service.clock.advance(SignedDuration::from_hours(20));
    ok(&desk.post(&id, "send", None).await);
    assert_eq!(desk.get(&id).await["expiresAt"], at, "however late it was sent");
    desk.world.app.service.clock.advance(SignedDuration::from_hours(26));
    desk.world.until(&id, "request.expired", 1).await;
    assert_eq!(desk.get(&id).await["status"], "EXPIRED");

    let late = desk.draft(json!({ "expiresAt": "2026-01-18T00:00:00Z" })).await;
    desk.world.app.service.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(fault(&desk.post(&late, "send", None).await, 409).0, "expired");
    ok(&desk.patch(&late, json!({ "expiresAt": null })).await);
    ok(&desk.post(&late, "send", None).await);
    assert_eq!(desk.get(&late).await.get("expiresAt"), None);
}

/// What each status refuses, in words of this dialect.
#[tokio::test]
async fn every_conflict_is_a_409_that_names_the_status() {
    let desk = Desk::new().await;
    let (draft, sent) = (desk.draft(json!({})).await, desk.sent(json!({})).await);
    let seen = desk.sent(json!({})).await;
    desk.visit(&seen, 0).await;
    let half = desk.sent(json!({ "recipients": [person("a", "SIGNER", 1), person("b", "SIGNER", 1)] })).await;
    desk.sign(&half, 0).await;
    let completed = desk.completed(json!({})).await;
    let declined = desk.sent(json!({})).await;
    desk.visit(&declined, 0).await.decline("Non.").await;
    let voided = desk.sent(json!({})).await;
    ok(&desk.post(&voided, "void", Some(json!({ "reason": "Erreur" }))).await);
    let in_flight = [("SENT", &sent), ("DELIVERED", &seen), ("PARTIALLY_SIGNED", &half)];
    let ended = [("COMPLETED", &completed), ("DECLINED", &declined), ("VOIDED", &voided)];
    let reason = || Some(json!({ "reason": "Erreur" }));
    for (status, id) in in_flight.into_iter().chain(ended) {
        let answers = [
            desk.patch(id, json!({ "subject": "Autre" })).await,
            desk.delete(id).await,
            desk.post(id, "send", None).await,
        ];
        for answer in &answers {
            assert_eq!(fault(answer, 409).0, "wrong_state");
            assert!(text(&answer.json["error"]).contains(status), "{:#}", answer.json);
        }
        assert_eq!(desk.get(id).await["status"], status, "nothing has changed");
    }
    for (status, id) in ended.into_iter().chain([("DRAFT", &draft)]) {
        let answer = desk.post(id, "void", reason()).await;
        assert_eq!(fault(&answer, 409).0, "wrong_state");
        assert!(text(&answer.json["error"]).contains(status), "{:#}", answer.json);
    }
    for (_, id) in in_flight {
        ok(&desk.post(id, "void", reason()).await);
    }
    desk.world.check().await;
}

#[tokio::test]
async fn a_repeat_is_told_what_the_first_was_told() {
    let desk = Desk::new().await;
    let body = json!({ "subject": "S", "documentIds": [desk.document().await],
        "recipients": [person("a", "SIGNER", 1)] });
    let (first, again) = (desk.once("c", "/envelopes", body.clone()).await, desk.once("c", "/envelopes", body).await);
    assert_eq!((first.status, &again.json), (StatusCode::CREATED, &first.json));
    let id = text(&first.json["id"]);
    for (action, body, status) in [("send", json!(null), "SENT"), ("void", json!({ "reason": "E" }), "VOIDED")] {
        let path = format!("/envelopes/{id}/{action}");
        let first = desk.once(action, &path, body.clone()).await;
        let again = desk.once(action, &path, body).await;
        assert_eq!((&ok(&first)["status"], &first.json), (&json!(status), ok(&again)));
    }
    let other = desk.once("c", "/envelopes", json!({ "subject": "T" })).await;
    assert_eq!(fault(&other, 422), told("idempotency_key_reused", "Idempotency-Key"));
    assert_eq!(desk.call(Method::GET, "/envelopes", None).await.json["pagination"]["total"], 1);
}

#[tokio::test]
async fn every_fault_of_a_new_envelope_is_named() {
    let desk = Desk::new().await;
    let post = |body: Value| desk.call(Method::POST, "/envelopes", Some(body));
    assert_eq!(
        faults(&post(json!({})).await, 422),
        [told("required", "subject"), told("required", "documentIds"), told("required", "recipients")]
    );
    let all = json!({
        "subject": "x".repeat(256), "message": 7, "documentIds": [], "recipients": [
            { "email": "nobody" }, { "name": "N" }, { "email": "a@b.c", "role": "BOSS" },
            { "email": "A@b.c", "order": 0 }, { "email": "c@b.c", "name": "x".repeat(256) }, 3 ],
        "locale": "de", "expiresAt": "soon", "reminders": { "max": 51 },
    });
    assert_eq!(
        faults(&post(all).await, 422),
        [
            told("too_long", "subject"),
            told("wrong_type", "message"),
            told("required", "documentIds"),
            told("invalid_email", "recipients[0].email"),
            told("required", "recipients[1].email"),
            told("unknown_value", "recipients[2].role"),
            told("out_of_range", "recipients[3].order"),
            told("duplicate", "recipients[3].email"),
            told("too_long", "recipients[4].name"),
            told("wrong_type", "recipients[5]"),
            told("unknown_value", "locale"),
            told("invalid", "expiresAt"),
            told("required", "reminders.firstAfterDays"),
            told("required", "reminders.everyDays"),
            told("out_of_range", "reminders.max"),
        ]
    );
    let document = desk.document().await;
    for (fields, code, field) in [
        (json!({ "recipients": [] }), "required", "recipients"),
        (json!({ "recipients": {} }), "wrong_type", "recipients"),
        (
            json!({ "recipients": [person("a", "VIEWER", 1), person("b", "CARBON_COPY", 1)] }),
            "nobody_acts",
            "recipients",
        ),
        (json!({ "documentIds": ["x"] }), "unknown_document", "documentIds[0]"),
        (json!({ "documentIds": [document, document] }), "duplicate", "documentIds[1]"),
        (json!({ "documentIds": [7] }), "wrong_type", "documentIds[0]"),
        (json!({ "documentIds": vec![&document; 21] }), "too_many", "documentIds"),
        (json!({ "expiresAt": "2026-01-15T10:30:00Z" }), "in_the_past", "expiresAt"),
        (json!({ "expiresAt": "2027-01-16T10:30:00Z" }), "out_of_range", "expiresAt"),
        (json!({ "expiresAt": "2026-02-01", "expiresInDays": 3 }), "conflict", "expiresAt"),
        (json!({ "expiresInDays": 366 }), "out_of_range", "expiresInDays"),
        (json!({ "templateId": "tpl_1" }), "not_supported", "templateId"),
        (json!({ "requireSmsOtp": true }), "not_supported", "requireSmsOtp"),
        (json!({ "redirectUrl": "https://example.com" }), "not_supported", "redirectUrl"),
    ] {
        assert_eq!(fault(&desk.create(fields).await, 422), told(code, field));
    }
    ok(&desk.create(json!({ "requireSmsOtp": false, "templateId": null })).await);
    assert_eq!(fault(&post(json!("x")).await, 422), told("wrong_type", ""));
}

#[tokio::test]
async fn test_keys_write_to_nobody_and_show_the_links() {
    let desk = Desk::over(World::manual().await);
    let made = json!({ "name": "ci", "scopes": ["envelopes:read", "envelopes:write"], "mode": "test" });
    let made = desk.call(Method::POST, "/keys", Some(made)).await;
    let key = text(&ok(&made)["key"]);
    assert!(key.starts_with("sk_test_"));
    let call = |method: Method, path: String, body| {
        let key = key.clone();
        let desk = &desk;
        async move { desk.call_as(&key, method, &path, body).await }
    };
    let upload = json!({ "fileName": "a.pdf", "fileBase64": super::base64(&countersign_tests::world::sample()) });
    let document = text(&ok(&call(Method::POST, "/documents".into(), Some(upload)).await)["id"]);
    let body = json!({ "subject": "S", "documentIds": [document], "recipients": [person("a", "SIGNER", 1)] });
    let id = text(&ok(&call(Method::POST, "/envelopes".into(), Some(body)).await)["id"]);
    let sent = call(Method::POST, format!("/envelopes/{id}/send"), None).await;
    assert_eq!(ok(&sent)["test"], true);
    let link = text(&sent.json["recipients"][0]["signUrl"]);
    assert!(desk.world.app.service.store.effects_of(World::id(&id)).await.unwrap().is_empty(), "no letter is owed");
    countersign_tests::world::Browser::open(&link).await.sign(json!({})).await;
    let done = call(Method::GET, format!("/envelopes/{id}"), None).await;
    assert_eq!(ok(&done)["status"], "COMPLETED");
    let live = desk.call(Method::GET, &format!("/envelopes/{id}"), None).await;
    assert_eq!(live.status, StatusCode::NOT_FOUND, "a test is not seen by live keys");
    assert!(!desk.world.mail().exists() || std::fs::read_dir(desk.world.mail()).unwrap().count() == 0);
}

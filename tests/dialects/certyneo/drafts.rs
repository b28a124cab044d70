//! PATCH and DELETE of a draft: what changes, what stays, and what happens when two change it at once.

use countersign_tests::world::new_request;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, fault, faults, ok, person, text, told};

fn without(mut envelope: Value, fields: &[&str]) -> Value {
    for field in fields {
        envelope.as_object_mut().unwrap().remove(*field);
    }
    envelope
}

#[tokio::test]
async fn what_is_not_mentioned_stays() {
    let desk = Desk::new().await;
    let id = desk
        .draft(json!({ "message": "M", "locale": "pt-BR", "expiresInDays": 9,
            "reminders": { "firstAfterDays": 1, "everyDays": 1, "max": 1 } }))
        .await;
    let before = desk.get(&id).await;
    let changed = desk.patch(&id, json!({ "subject": "Autre" })).await;
    assert_eq!(ok(&changed)["subject"], "Autre");
    let stays = |envelope: Value| without(envelope, &["subject", "updatedAt"]);
    assert_eq!(stays(changed.json.clone()), stays(before));
    assert_eq!(desk.get(&id).await, changed.json);
    assert_eq!(desk.world.events(&id).await, ["request.created", "request.revised"]);
    let same = desk.patch(&id, json!({})).await;
    assert_eq!(ok(&same), &changed.json);
    assert_eq!(desk.world.events(&id).await.len(), 2, "nothing was changed by nothing");
}

#[tokio::test]
async fn null_takes_away_what_may_be_absent() {
    let desk = Desk::new().await;
    let id = desk
        .draft(json!({ "message": "M", "locale": "es", "expiresInDays": 9,
            "reminders": { "firstAfterDays": 1, "everyDays": 1, "max": 1 } }))
        .await;
    let bare =
        desk.patch(&id, json!({ "message": null, "locale": null, "expiresInDays": null, "reminders": null })).await;
    for field in ["message", "expiresInDays", "reminders"] {
        assert_eq!(ok(&bare).get(field), None, "{field}");
    }
    assert_eq!(bare.json["locale"], "en");
    let refused = desk.patch(&id, json!({ "subject": null, "documentIds": null, "recipients": null })).await;
    let required = |field| told("required", field);
    assert_eq!(faults(&refused, 422), [required("subject"), required("documentIds"), required("recipients")]);
    let at = desk.patch(&id, json!({ "expiresAt": "2026-03-01" })).await;
    assert_eq!(ok(&at)["expiresAt"], "2026-03-01T00:00:00Z");
    let days = desk.patch(&id, json!({ "expiresInDays": 4 })).await;
    assert_eq!((&ok(&days)["expiresInDays"], days.json.get("expiresAt")), (&json!(4), None));
}

#[tokio::test]
async fn recipients_are_replaced_and_whoever_stays_keeps_their_id() {
    let desk = Desk::new().await;
    let id = desk.draft(json!({ "recipients": [person("a", "SIGNER", 1), person("b", "SIGNER", 1)] })).await;
    let before = desk.get(&id).await["recipients"].clone();
    let change = json!({ "recipients": [person("c", "SIGNER", 1), person("b", "APPROVER", 2)] });
    let after = ok(&desk.patch(&id, change).await)["recipients"].clone();
    assert_eq!(after[1]["id"], before[1]["id"]);
    assert!(after[0]["id"] != before[0]["id"] && after[0]["id"] != before[1]["id"]);
    assert_eq!((&after[1]["role"], &after[1]["order"]), (&json!("APPROVER"), &json!(2)));
    ok(&desk.post(&id, "send", None).await);
    // One page for signatures is appended, and only c signs there.
    let ceremony = desk.visit(&id, 0).await.ceremony();
    let fields = ceremony["documents"][0]["fields"].as_array().unwrap();
    assert_eq!((fields.len(), &fields[0]["kind"], &fields[0]["page"]), (1, &json!("signature"), &json!(2)));
    desk.sign(&id, 0).await;
    let approved = desk.visit(&id, 1).await.answer("sign", json!({ "consent": true, "fields": {} })).await;
    assert_eq!(approved.status, StatusCode::OK, "{:#}", approved.json);
    assert_eq!(desk.get(&id).await["status"], "COMPLETED");
    desk.world.check().await;
}

#[tokio::test]
async fn documents_are_replaced_and_the_old_ones_let_go() {
    let desk = Desk::new().await;
    let (old, one, two) = (desk.document().await, desk.document().await, desk.document().await);
    let id = desk.draft(json!({ "documentIds": [old] })).await;
    let changed = desk.patch(&id, json!({ "documentIds": [two, one] })).await;
    assert_eq!(ok(&changed)["documentIds"], json!([two, one]));
    ok(&desk.post(&id, "send", None).await);
    let path = |id: &str| format!("/documents/{id}");
    assert_eq!(desk.call(Method::DELETE, &path(&old), None).await.status, StatusCode::NO_CONTENT);
    for used in [&one, &two] {
        assert_eq!(fault(&desk.call(Method::DELETE, &path(used), None).await, 409).0, "document_in_use");
    }
}

#[tokio::test]
async fn boxes_of_a_draft_made_elsewhere_stay_for_those_who_stay() {
    let desk = Desk::new().await;
    let widgets = json!([
        { "type": "signature", "signerId": 1, "page": 1, "x": 72, "y": 600, "width": 200, "height": 40 },
        { "type": "signature", "signerId": 2, "page": 1, "x": 300, "y": 600, "width": 200, "height": 40 },
        { "type": "text", "signerId": 2, "page": 1, "x": 72, "y": 500, "label": "Cargo" },
    ]);
    let native = new_request(json!({ "draft": true, "businessId": "b-1", "widgets": widgets }));
    let id = text(&ok(&desk.world.call(Method::POST, "/requests", Some(native)).await)["data"]["id"]);
    let stays = json!({ "email": "maria@cliente.com", "name": "Maria" });
    ok(&desk.patch(&id, json!({ "recipients": [stays, person("new", "SIGNER", 1)] })).await);
    ok(&desk.post(&id, "send", None).await);
    let shape = |page: Value| {
        let fields = page["documents"][0]["fields"].as_array().unwrap().clone();
        fields.iter().map(|field| (text(&field["kind"]), field["page"].clone())).collect::<Vec<_>>()
    };
    let marias = desk.visit(&id, 0).await.ceremony();
    assert_eq!(shape(marias.clone()), [("signature".into(), json!(1)), ("text".into(), json!(1))]);
    assert_eq!(marias["documents"][0]["fields"][1]["label"], "Cargo");
    assert_eq!(shape(desk.visit(&id, 1).await.ceremony()), [("signature".into(), json!(2))]);
    assert_eq!(desk.world.get(&id).await["attributes"]["businessId"], "b-1", "what it is known by there stays");
}

#[tokio::test]
async fn of_changes_at_once_none_is_lost() {
    let desk = Desk::new().await;
    let id = desk.draft(json!({})).await;
    let (subject, message, locale) = tokio::join!(
        desk.patch(&id, json!({ "subject": "Autre" })),
        desk.patch(&id, json!({ "message": "Vite" })),
        desk.patch(&id, json!({ "locale": "es" })),
    );
    for answer in [&subject, &message, &locale] {
        ok(answer);
    }
    let envelope = desk.get(&id).await;
    assert_eq!(
        (&envelope["subject"], &envelope["message"], &envelope["locale"]),
        (&json!("Autre"), &json!("Vite"), &json!("es"))
    );
    desk.world.check().await;
}

#[tokio::test]
async fn a_draft_is_deleted_with_everything_in_it() {
    let desk = Desk::new().await;
    let document = desk.document().await;
    let id = desk.draft(json!({ "documentIds": [document] })).await;
    assert_eq!(desk.delete(&id).await.status, StatusCode::NO_CONTENT);
    assert_eq!(fault(&desk.delete(&id).await, 404).0, "not_found");
    assert_eq!(desk.call(Method::GET, "/envelopes", None).await.json["pagination"]["total"], 0);
    let path = format!("/documents/{document}");
    assert_eq!(desk.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let left = std::fs::read_dir(desk.world.folder().join("data/documents/documents")).unwrap().count();
    assert_eq!(left, 0, "the document went with its last use");
    desk.world.check().await;
}

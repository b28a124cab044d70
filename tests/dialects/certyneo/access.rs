//! Who may do what, and that another organization's is as unknown as none.

use countersign::http::auth::Permission;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, fault, ok, person, text};

/// Every operation on an envelope and a document that there is, with a body that would do.
fn operations(envelope: &str, document: &str) -> Vec<(Method, String, Option<Value>, Permission)> {
    let on = |action: &str| format!("/envelopes/{envelope}{action}");
    vec![
        (Method::GET, on(""), None, Permission::Read),
        (Method::PATCH, on(""), Some(json!({ "subject": "S" })), Permission::Create),
        (Method::POST, on("/send"), None, Permission::Create),
        (Method::POST, on("/void"), Some(json!({ "reason": "R" })), Permission::Create),
        (Method::GET, on("/audit-trail"), None, Permission::Read),
        (Method::GET, on("/signed-document"), None, Permission::Read),
        (Method::DELETE, on(""), None, Permission::Delete),
        (Method::GET, format!("/documents/{document}"), None, Permission::Read),
        (Method::DELETE, format!("/documents/{document}"), None, Permission::Delete),
    ]
}

#[tokio::test]
async fn another_organizations_is_as_unknown_as_none() {
    let desk = Desk::new().await;
    let document = desk.document().await;
    let envelope = desk.draft(json!({ "documentIds": [document] })).await;
    let theirs = desk.world.key("other", &Permission::ALL).await;
    let nothing = "01990000-0000-7000-8000-000000000000";
    for (method, path, body, _) in operations(&envelope, &document) {
        let answer = desk.call_as(&theirs, method.clone(), &path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        let none = path.replace(&envelope, nothing).replace(&document, nothing);
        assert_eq!(desk.call_as(&theirs, method.clone(), &none, body.clone()).await.json, answer.json);
        let odd = path.replace(&envelope, "x").replace(&document, "x");
        assert_eq!(desk.call(method, &odd, body).await.json, answer.json, "an id that cannot be is as unknown");
    }
    let body = json!({ "subject": "S", "documentIds": [document], "recipients": [person("a", "SIGNER", 1)] });
    let taken = desk.call_as(&theirs, Method::POST, "/envelopes", Some(body)).await;
    assert_eq!(fault(&taken, 422), ("unknown_document".into(), "documentIds[0]".into()));
    for list in ["/envelopes", "/documents"] {
        let answer = desk.call_as(&theirs, Method::GET, list, None).await;
        assert_eq!(ok(&answer)["pagination"]["total"], 0);
    }
    assert_eq!(desk.get(&envelope).await["status"], "DRAFT");
}

#[tokio::test]
async fn each_operation_needs_its_scope() {
    let desk = Desk::new().await;
    let document = desk.document().await;
    let envelope = desk.draft(json!({ "documentIds": [document] })).await;
    let reads = desk.world.key("acme", &[Permission::EnvelopesRead]).await;
    let writes = desk.world.key("acme", &[Permission::EnvelopesWrite]).await;
    let mut operations = operations(&envelope, &document);
    operations.push((Method::GET, "/envelopes".into(), None, Permission::Read));
    operations.push((Method::GET, "/documents".into(), None, Permission::Read));
    operations.push((Method::POST, "/envelopes".into(), Some(json!({})), Permission::Create));
    operations.push((Method::POST, "/documents".into(), Some(json!({})), Permission::Create));
    for (method, path, body, needed) in operations {
        let (may, may_not) = if needed == Permission::Read { (&reads, &writes) } else { (&writes, &reads) };
        let refused = desk.call_as(may_not, method.clone(), &path, body.clone()).await;
        assert_eq!(fault(&refused, 403).0, "permission_denied", "{method} {path}");
        let allowed = desk.call_as(may, method.clone(), &path, body.clone()).await;
        assert!(![401, 403].contains(&allowed.status.as_u16()), "{method} {path}: {:#}", allowed.json);
        let unknown = desk.call_as("sk_live_nobody", method, &path, body).await;
        assert_eq!(fault(&unknown, 401), ("key_unknown".into(), "Authorization".into()));
    }
}

#[tokio::test]
async fn what_there_is_not_is_told_in_this_dialect() {
    let desk = Desk::new().await;
    assert_eq!(fault(&desk.call(Method::GET, "/envelopes/x/y/z", None).await, 404).0, "not_found");
    assert_eq!(fault(&desk.call(Method::PUT, "/envelopes", None).await, 405).0, "method_not_allowed");
    let id = text(&desk.create(json!({})).await.json["id"]);
    assert_eq!(
        fault(&desk.call(Method::GET, &format!("/envelopes/{id}/send"), None).await, 405).0,
        "method_not_allowed"
    );
}

//! What else must hold: when a link for signing in person is told, who an unnamed signer is after another address, a group's
//! one place, a repeat while the document is out, and whose safe and key an upload needs.

use countersign::http::auth::Permission;
use countersign_tests::world::{answer, sample};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, ok, signer, text, wrong};
use countersign::service::groups::Member;
use countersign_engine::ids::OrganizationId;

/// The links for signing in person, in the order of the signers.
async fn links(desk: &Desk, id: &str) -> Vec<bool> {
    let listed = desk.listed(id).await["list"].clone();
    let link = |signer: &Value| !text(&signer["assinatura_presencial_link"]).is_empty();
    listed.as_array().unwrap().iter().map(link).collect()
}

#[tokio::test]
async fn a_link_for_signing_in_person_is_told_while_it_is_that_signers_turn() {
    let desk = Desk::new().await;
    let in_person = |email: &str| signer(email, json!({ "assinatura_presencial": "1" }));
    let both = || json!([in_person("ana@example.com"), in_person("bia@example.com")]);
    let (id, _) = desk.draft(both()).await;
    assert_eq!(links(&desk, &id).await, [false, false], "before it is sent");
    ok(&desk.post(&id, "sendtosigner", json!({ "workflow": "1" })).await);
    assert_eq!(links(&desk, &id).await, [true, false], "one after another");
    let key = text(&desk.listed(&id).await["list"][0]["key_signer"]);
    let left = json!({ "email-signer": "ana@example.com", "key-signer": key });
    ok(&desk.post(&id, "removeemaillist", left).await);
    assert_eq!(links(&desk, &id).await, [true]);
    ok(&desk.post(&id, "cancel", json!({})).await);
    assert_eq!(links(&desk, &id).await, [false], "after the end");
}

#[tokio::test]
async fn who_is_only_known_by_their_address_still_is_by_another() {
    let desk = Desk::new().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    let body = json!({ "email-before": "ana@example.com", "email-after": "ana@example.org" });
    ok(&desk.post(&id, "changeemail", body).await);
    assert_eq!(desk.listed(&id).await["list"][0]["user_name"], "", "the old address is no name");
    assert_eq!(desk.world.signer(&id, 0).await["name"], "ana@example.org");
}

#[tokio::test]
async fn a_signing_group_alone_has_one_place_behind_which_others_may_stand() {
    let desk = Desk::new().await;
    let members = ["caio", "dora"].map(|name| Member { name: name.into(), email: format!("{name}@example.com") });
    let acme: OrganizationId = "acme".parse().unwrap();
    let made = desk.world.app.service.make_group(&acme, "Grupo".into(), members.into(), None).await.unwrap().unwrap();
    let group = json!([signer("", json!({ "uuid_grupo": made.id.to_string() }))]);
    let (id, _) = desk.sent(group, json!({ "workflow": "1" })).await;
    let behind = json!({ "signers": [signer("ana@example.com", json!({ "after_position": "1" }))] });
    ok(&desk.post(&id, "createlist", behind).await);
    assert_eq!(desk.world.signer(&id, 2).await["status"], "PENDING");
    desk.world.sign(&id, 1).await;
    assert_eq!(desk.world.signer(&id, 2).await["status"], "SENT", "one signature of the group is enough");
}

#[tokio::test]
async fn a_repeat_is_known_while_the_document_is_out() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    let once = || {
        let url = desk.address(&format!("/documents/{id}/createlist"));
        let body = json!({ "signers": [signer("bia@example.com", json!({}))] });
        answer(desk.world.client.post(url).header("Idempotency-Key", "c-2").json(&body))
    };
    let (first, second) = (once().await, once().await);
    assert_eq!(ok(&first), ok(&second));
    assert_eq!(desk.emails(&id).await, ["ana@example.com", "bia@example.com"]);
}

#[tokio::test]
async fn an_upload_needs_a_safe_of_ones_own_and_a_key_that_may_write() {
    let desk = Desk::new().await;
    let other = "06b3ddb1-abc9-4ab8-b944-0d7c940486af";
    let binary = json!({ "base64_binary_file": "JVBERi0=", "name": "a.pdf" });
    wrong(&desk.post(other, "uploadbinary", binary.clone()).await, 404);
    let (safe, reads) = (desk.safe().await, desk.world.key("acme", &[Permission::EnvelopesRead]).await);
    let address = |action: &str| format!("{}/documents/{safe}/{action}?tokenAPI={reads}", desk.base);
    let form = Form::new().part("file", Part::bytes(sample()).file_name("a.pdf"));
    wrong(&answer(desk.world.client.post(address("upload")).multipart(form)).await, 403);
    wrong(&answer(desk.world.client.post(address("uploadbinary")).json(&binary)).await, 403);
    let stranger = desk.world.key("other", &Permission::ALL).await;
    for path in ["safe", "upload", "uploadbinary"] {
        let method = if path == "safe" { Method::GET } else { Method::POST };
        let url = format!("{}/documents/{safe}/{path}?tokenAPI={stranger}", desk.base);
        let found = answer(desk.world.client.request(method, url)).await;
        assert_eq!(found.status, StatusCode::NOT_FOUND, "{path}: {:#}", found.json);
    }
}

//! In which forms a call may come: JSON with or without its type, a form, a form in parts, fields as the vendor's PHP client
//! writes them; and what is none of these.

use countersign_tests::world::answer;
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use serde_json::json;

use super::{Desk, ok, signer, wrong};

/// A call with a form, as browsers and `curl -d` send one.
fn with_form(call: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let url = reqwest::Url::parse_with_params("http://form/", fields).unwrap();
    let body = url.query().unwrap_or_default().to_owned();
    call.header("content-type", "application/x-www-form-urlencoded").body(body)
}

#[tokio::test]
async fn the_same_call_may_come_in_every_form() {
    let desk = Desk::new().await;
    let address = |id: &str| desk.address(&format!("/documents/{id}/createlist"));
    let signers = json!([signer("ana@example.com", json!({}))]);
    let post = |id: &str| desk.world.client.post(address(id));
    let (json_id, form, parts, brackets, untyped) =
        (desk.upload().await, desk.upload().await, desk.upload().await, desk.upload().await, desk.upload().await);
    ok(&answer(post(&json_id).json(&json!({ "signers": signers }))).await);
    ok(&answer(with_form(post(&form), &[("signers", &signers.to_string())])).await);
    ok(&answer(post(&parts).multipart(Form::new().text("signers", signers.to_string()))).await);
    let fields = [
        ("email", "ana@example.com"),
        ("act", "1"),
        ("foreign", "0"),
        ("certificadoicpbr", "0"),
        ("assinatura_presencial", "0"),
    ];
    let names: Vec<String> = fields.iter().map(|(name, _)| format!("signers[0][{name}]")).collect();
    let fields: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(fields.iter().map(|(_, value)| *value)).collect();
    ok(&answer(with_form(post(&brackets), &fields)).await);
    let body = json!({ "signers": signers }).to_string();
    ok(&answer(post(&untyped).header("content-type", "application/x-www-form-urlencoded").body(body)).await);
    for id in [&json_id, &form, &parts, &brackets, &untyped] {
        assert_eq!(desk.emails(id).await, ["ana@example.com"]);
    }
    // As the vendor's PHP client sends it: each field of a form in parts as JSON.
    let sent = Form::new().text("message", "\"Prezados\"").text("workflow", "\"0\"").text("skip_email", "false");
    let sent = desk.world.client.post(desk.address(&format!("/documents/{parts}/sendtosigner"))).multipart(sent);
    ok(&answer(sent).await);
    assert_eq!(desk.world.get(&parts).await["attributes"]["message"], "Prezados");
    let changed = Form::new()
        .text("email-before", "\"ana@example.com\"")
        .text("email-after", "\"bia@example.com\"")
        .text("key-signer", "\"\"");
    let changed = desk.world.client.post(desk.address(&format!("/documents/{parts}/changeemail"))).multipart(changed);
    ok(&answer(changed).await);
    assert_eq!(desk.emails(&parts).await, ["bia@example.com"]);
}

#[tokio::test]
async fn what_is_no_body_is_told_so() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let post = || desk.world.client.post(desk.address(&format!("/documents/{id}/createlist")));
    assert!(wrong(&answer(post().body("{ no JSON")).await, 400).contains("not JSON"));
    assert!(
        wrong(&answer(post().header("content-type", "multipart/form-data").body("x")).await, 400).contains("multipart")
    );
    assert!(wrong(&answer(post().json(&json!("text"))).await, 422).contains("object"));
    assert!(wrong(&answer(post().body(vec![b' '; 2 * 1024 * 1024])).await, 413).contains("too large"));
    let deep = "signers[0]".to_owned() + &"[x]".repeat(50);
    assert!(wrong(&answer(with_form(post(), &[(&deep, "1")])).await, 400).contains("brackets"));
    wrong(&answer(with_form(post(), &[("signers[9999999]", "x"), ("signers[x", "y"), ("[", "z")])).await, 422);
}

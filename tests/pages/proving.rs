//! What is left of tries, what a page shows before them, and that a test world asks nobody.

use countersign::config::GatewaySettings;
use countersign::http::auth::Permission;
use countersign_tests::world::{Browser, World, new_request};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::steps::{asked, look, step};
use crate::webhooks::receiver::{Receiver, Say};

const WRONG: &[(&str, &str)] = &[("code", "x2")];
const RIGHT: &[(&str, &str)] = &[("code", "x1")];

#[tokio::test]
async fn after_five_wrong_tries_the_right_one_is_not_looked_at() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "x1" })).await;
    let browser = world.visit(&id, 0).await;
    for left in ["4 tries left", "3 tries left", "2 tries left", "one try left"] {
        let wrong = step(&browser, "access_code", WRONG).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.says(left);
    }
    assert_eq!(step(&browser, "access_code", WRONG).await.status, StatusCode::TOO_MANY_REQUESTS);
    let sixth = step(&browser, "access_code", RIGHT).await;
    assert_eq!(sixth.status, StatusCode::TOO_MANY_REQUESTS);
    sixth.is_step("access_code").says("in 10 minutes");
    assert!(!world.events(&id).await.contains(&"signer.authenticated".to_owned()));
}

#[tokio::test]
async fn who_succeeded_has_all_tries_again() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "x1" })).await;
    let browser = world.visit(&id, 0).await;
    for _ in 0..4 {
        assert_eq!(step(&browser, "access_code", WRONG).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    step(&browser, "access_code", RIGHT).await.is_document();
    let resent = world.call(Method::POST, &format!("/requests/{id}/resend"), None).await;
    assert_eq!(resent.status, StatusCode::OK, "{:#}", resent.json);
    let again = world.visit(&id, 0).await;
    step(&again, "access_code", WRONG).await.is_step("access_code").says("4 tries left");
}

#[tokio::test]
async fn before_the_code_no_document_is_named() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "x1", "requirements": { "photo": true } })).await;
    let browser = world.visit(&id, 0).await;
    let before = look(&browser).await;
    before.is_step("access_code");
    assert!(!before.html.contains("/documents/") && !before.html.contains("contrato.pdf"), "{}", before.html);
    step(&browser, "access_code", RIGHT).await.is_step("photo").says("/documents/0").says("contrato.pdf");
}

#[tokio::test]
async fn in_a_test_world_no_check_is_asked_of_anybody() {
    let gateway = Receiver::always(Say::Status(500)).await;
    let url = gateway.url();
    let world = World::changed(|settings| {
        settings.webhooks.allow_loopback = true;
        settings.gateway = Some(GatewaySettings { url, secret: vec![7; 32] });
    })
    .await;
    let key = world.key("acme~test", &Permission::ALL).await;
    let holder = json!({ "name": "A", "nationalId": "111.444.777-35" });
    let signers = json!([{ "name": "A", "email": "a@x.com", "requirements": { "pix": holder } }]);
    let body = new_request(json!({ "signers": signers, "language": "en" }));
    let made = world.call_as(&key, Method::POST, "/requests", Some(body)).await;
    let link = made.json["data"]["relationships"]["signers"]["data"][0]["attributes"]["signingUrl"].clone();
    let browser = Browser::open(link.as_str().unwrap()).await;
    step(&browser, "pix/send", &[]).await.is_document();
    assert_eq!(gateway.heard().len(), 0);
}

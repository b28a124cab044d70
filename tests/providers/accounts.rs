//! An account is one, however it is written: its credentials go nowhere else, its quota is one, and what its hooks need is
//! said.

use countersign::outbound::Names;
use countersign_tests::world::{Answer, World};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::configure;
use super::line::Line;

/// A system that may call this machine, and two lines to nobody who collects signatures.
async fn between_two_lines() -> (World, Line, Line) {
    let world = World::changed(|settings| settings.webhooks.allow_loopback = true).await;
    let (url, clock) = (world.app.service.settings.public_url.clone(), world.app.service.clock.clone());
    let lines = (Line::to(&url, clock.clone()).await, Line::to(&url, clock).await);
    (world, lines.0, lines.1)
}

/// A system that looks up no names.
async fn offline() -> World {
    World::changed(|settings| settings.webhooks.names = Names::manual([])).await
}

fn at(url: &str) -> Value {
    json!({ "provider": "certyneo", "name": "there", "baseUrl": url, "credentials": { "apiKey": "sk_live_of_there" } })
}

async fn change(world: &World, config: &Value, attributes: Value) -> Answer {
    let body = json!({ "data": { "type": "provider-config", "attributes": attributes } });
    world.call(Method::PATCH, &format!("/provider-configs/{}", config["id"].as_str().unwrap()), Some(body)).await
}

async fn test(world: &World, config: &Value) -> Answer {
    world.call(Method::POST, &format!("/provider-configs/{}/test", config["id"].as_str().unwrap()), None).await
}

/// The place of the only fault, and its code.
fn fault(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 1, "{:#}", answer.json);
    let fault = &answer.json["errors"][0];
    let pointer = fault["source"]["pointer"].as_str().unwrap();
    (pointer.strip_prefix("/data/attributes/").unwrap(), fault["code"].as_str().unwrap())
}

#[tokio::test]
async fn credentials_go_to_the_host_that_they_were_given_for() {
    let (world, here, elsewhere) = between_two_lines().await;
    let config = configure(&world, at(here.url())).await;
    let moved = change(&world, &config, json!({ "baseUrl": elsewhere.url() })).await;
    assert_eq!(fault(&moved), ("credentials", "required"));
    assert_eq!(test(&world, &config).await.status, StatusCode::OK);
    assert_eq!((here.made().len(), elsewhere.made().len()), (1, 0), "it is called where it was");
    // Another path at the same host is nobody else's.
    let path = change(&world, &config, json!({ "baseUrl": format!("{}/tenant/", here.url()) })).await;
    assert_eq!(path.json["data"]["attributes"]["baseUrl"], format!("{}/tenant", here.url()), "{:#}", path.json);
    let given = json!({ "baseUrl": elsewhere.url(), "credentials": { "apiKey": "sk_live_of_elsewhere" } });
    assert_eq!(change(&world, &config, given).await.status, StatusCode::OK);
    assert_eq!(test(&world, &config).await.status, StatusCode::OK);
    assert_eq!((here.made().len(), elsewhere.made().len()), (1, 1));
}

#[tokio::test]
async fn credentials_are_not_sent_for_everybody_to_read() {
    let world = offline().await;
    let body = |url: &str| Some(json!({ "data": { "type": "provider-config", "attributes": at(url) } }));
    let plain = world.call(Method::POST, "/provider-configs", body("http://certyneo.com")).await;
    assert_eq!(fault(&plain), ("baseUrl", "invalid_url"));
    let made = world.call(Method::POST, "/provider-configs", body("https://certyneo.com")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
}

#[tokio::test]
async fn an_address_is_stored_in_one_way() {
    let world = offline().await;
    for written in [
        "https://CERTYNEO.com",
        "https://certyneo.com:443/",
        "https://certyneo.com./.",
        "https://certyneo.com/a/..",
        "https://certyneo.com/api/v1/",
    ] {
        let made = configure(&world, at(written)).await;
        assert_eq!(made["attributes"]["baseUrl"], "https://certyneo.com", "{written}");
    }
}

#[tokio::test]
async fn an_account_has_one_quota_however_often_it_is_configured() {
    let (world, line, _) = between_two_lines().await;
    let port = line.url().rsplit(':').next().unwrap().to_owned();
    let written = [line.url().to_owned(), format!("HTTP://127.1:{port}/."), format!("{}/tenant", line.url())];
    let mut configs = Vec::new();
    for (url, most) in written.iter().zip([100, 3, 100]) {
        let mut attributes = at(url);
        attributes["callsPerHour"] = json!(most);
        configs.push(configure(&world, attributes).await);
    }
    let mut answers = Vec::new();
    for config in configs.iter().cycle().take(9) {
        answers.push(test(&world, config).await.status);
    }
    assert_eq!(line.made().len(), 3, "as many as the least of its configurations allows: {answers:?}");
    assert_eq!(answers[3..], [StatusCode::TOO_MANY_REQUESTS; 6]);
    let listed = world.call(Method::GET, "/provider-configs", None).await.json;
    let shown = listed["data"].as_array().unwrap().iter().map(|config| &config["attributes"]);
    let left: Vec<(&Value, &Value)> = shown.map(|shown| (&shown["callsPerHour"], &shown["callsLeft"])).collect();
    assert_eq!(left, [(&json!(100), &json!(0)), (&json!(3), &json!(0)), (&json!(100), &json!(0))]);
}

#[tokio::test]
async fn what_hears_no_hooks_says_so_and_a_scheme_without_a_secret_is_a_fault() {
    let world = offline().await;
    let silent = configure(&world, at("https://certyneo.com")).await;
    assert_eq!(silent["attributes"]["hearsHooks"], false);
    let native = configure(&world, json!({ "provider": "native", "name": "ours" })).await;
    assert_eq!(native["attributes"].get("hearsHooks"), None);
    let scheme = json!({ "hookScheme": "standard_webhooks" });
    assert_eq!(fault(&change(&world, &silent, scheme.clone()).await), ("hookSecret", "required"));
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
    let heard = change(&world, &silent, json!({ "hookSecret": secret })).await;
    let shown = |answer: &Answer| {
        let attributes = &answer.json["data"]["attributes"];
        (attributes["hearsHooks"].clone(), attributes["hookScheme"].clone())
    };
    assert_eq!(shown(&heard), (json!(true), json!("certyneo")), "{:#}", heard.json);
    let other = change(&world, &silent, scheme).await;
    assert_eq!(shown(&other), (json!(true), json!("standard_webhooks")), "the secret that there is: {:#}", other.json);
    let unfit = change(&world, &silent, json!({ "hookSecret": "no-base64,but-long-enough-for-a-text" })).await;
    assert_eq!(fault(&unfit), ("hookSecret", "invalid"));
    let text = change(
        &world,
        &silent,
        json!({ "hookSecret": "no-base64,but-long-enough-for-a-text", "hookScheme": "certyneo" }),
    )
    .await;
    assert_eq!(text.status, StatusCode::OK, "{:#}", text.json);
    let unfit = change(&world, &silent, json!({ "hookScheme": "standard_webhooks" })).await;
    assert_eq!(fault(&unfit), ("hookScheme", "invalid"));
    let taken = change(&world, &silent, json!({ "hookSecret": null, "hookScheme": "certyneo" })).await;
    assert_eq!(fault(&taken), ("hookSecret", "required"));
    let gone = change(&world, &silent, json!({ "hookSecret": null })).await;
    assert_eq!(shown(&gone), (json!(false), Value::Null), "{:#}", gone.json);
}

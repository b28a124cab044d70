//! What is stored of a configuration and cannot be read any more: how its calls went begins anew with the next change,
//! everything else must be given anew, and nothing of it is dropped without a word.

use countersign::outbound::Names;
use countersign::store::{ProviderRow, Scope};
use countersign_tests::world::{Answer, World};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::configure;

const SAFE: &str = "06b3ddb1-abc9-4ab8-b944-0d7c940486af";

/// A system with a configuration that hears hooks, and its id.
async fn hearing() -> (World, Uuid) {
    let world = World::changed(|settings| settings.webhooks.names = Names::manual([])).await;
    let attributes = json!({ "provider": "d4sign", "name": "there", "safe": SAFE, "hookSecret": "the_secret_of_the_hooks_of_there",
        "credentials": { "tokenAPI": "live_token_of_there" } });
    let config = configure(&world, attributes).await["id"].as_str().unwrap().parse().unwrap();
    (world, config)
}

/// Has a configuration's row be otherwise, as nobody would write it.
async fn spoil(world: &World, config: Uuid, spoil: impl FnOnce(ProviderRow) -> ProviderRow) {
    let store = &world.app.service.store;
    let row = store.provider_config(Scope::All, config).await.unwrap().unwrap();
    let known_us = row.updated_us;
    let spoilt = spoil(ProviderRow { updated_us: known_us + 1, ..row });
    assert!(store.change_provider_config(&spoilt, known_us).await.unwrap());
}

async fn change(world: &World, config: Uuid, attributes: Value) -> Answer {
    let body = json!({ "data": { "type": "provider-config", "attributes": attributes } });
    world.call(Method::PATCH, &format!("/provider-configs/{config}"), Some(body)).await
}

/// Where the only fault of an answer is, that it is for want of something, and what it says.
fn lost(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 1, "{:#}", answer.json);
    let fault = &answer.json["errors"][0];
    assert_eq!(fault["code"], "required", "{fault:#}");
    let pointer = fault["source"]["pointer"].as_str().unwrap();
    (pointer.strip_prefix("/data/attributes/").unwrap(), fault["detail"].as_str().unwrap())
}

#[tokio::test]
async fn a_stand_that_cannot_be_read_begins_anew_with_a_change() {
    let (world, config) = hearing().await;
    world.app.service.store.set_provider_stand(config, "unreadable", 0).await.unwrap();
    let changed = change(&world, config, json!({ "name": "still there" })).await;
    assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
    let shown = world.call(Method::GET, &format!("/provider-configs/{config}"), None).await;
    assert_eq!(shown.status, StatusCode::OK, "{:#}", shown.json);
    for answer in [&changed, &shown] {
        let attributes = &answer.json["data"]["attributes"];
        assert_eq!((&attributes["name"], &attributes["state"]["status"]), (&json!("still there"), &json!("ok")));
        assert_eq!(attributes["hearsHooks"], true, "what can be read stays");
    }
    assert!(world.app.service.providers.credentials(&row(&world, config).await).is_ok());
}

async fn row(world: &World, config: Uuid) -> ProviderRow {
    world.app.service.store.provider_config(Scope::All, config).await.unwrap().unwrap()
}

#[tokio::test]
async fn hook_secrets_that_do_not_open_are_not_dropped_without_a_word() {
    for given in [json!("another_secret_of_the_hooks_of_there"), Value::Null] {
        let (world, config) = hearing().await;
        spoil(&world, config, |row| ProviderRow { hook_secrets: b"not what was sealed".to_vec(), ..row }).await;
        for unsaid in [json!({ "name": "other" }), json!({ "hookScheme": "standard_webhooks" })] {
            let refused = change(&world, config, unsaid).await;
            let (at, detail) = lost(&refused);
            assert_eq!(at, "hookSecret");
            assert!(detail.contains("lost"), "{detail}");
        }
        assert_eq!(row(&world, config).await.hook_secrets, b"not what was sealed", "nothing was changed");
        let changed = change(&world, config, json!({ "hookSecret": given })).await;
        assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
        let attributes = &changed.json["data"]["attributes"];
        assert_eq!(attributes["hearsHooks"], given.is_string());
        assert_eq!(attributes["formerHookSecretUntil"], Value::Null, "there is nothing beside it");
    }
}

#[tokio::test]
async fn credentials_and_settings_that_cannot_be_read_are_given_anew() {
    let (world, config) = hearing().await;
    spoil(&world, config, |row| ProviderRow { credentials: b"not what was sealed".to_vec(), ..row }).await;
    assert_eq!(lost(&change(&world, config, json!({ "name": "other" })).await).0, "credentials");
    let given = json!({ "credentials": { "tokenAPI": "live_token_of_there" } });
    assert_eq!(change(&world, config, given.clone()).await.status, StatusCode::OK);
    spoil(&world, config, |row| ProviderRow { settings: "unreadable".to_owned(), ..row }).await;
    assert_eq!(lost(&change(&world, config, json!({ "safe": SAFE })).await).0, "baseUrl");
    // For which host the credentials were given is lost as well.
    let mut all = json!({ "safe": SAFE, "baseUrl": "https://d4sign.example.com" });
    assert_eq!(lost(&change(&world, config, all.clone()).await).0, "credentials");
    all["credentials"] = given["credentials"].clone();
    let changed = change(&world, config, all).await;
    assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
}

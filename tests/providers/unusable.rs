//! What cannot be used is left alone for a while, and said: an account whose secrets do not open, an endpoint's that are none,
//! a stand that cannot be read. Nobody tries again without pause.

use countersign::config::Role;
use countersign::store::{ProviderRow, Scope};
use countersign_tests::logbook::Logbook;
use countersign_tests::rows::endpoint;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::line::Line;
use super::{LOOK, PATIENCE, configure};

/// Calls that are answered meanwhile: time enough for a role that does not rest to try again many times.
const MEANWHILE: usize = 40;
const A_MINUTE: SignedDuration = SignedDuration::from_secs(61);

/// Waits until something was said so often, and that it is not said any more often at this instant.
async fn said(world: &World, log: &Logbook, what: &str, times: usize) {
    let count = || log.lines().iter().filter(|line| line["fields"]["message"] == what).count();
    let told = async {
        while count() < times {
            tokio::time::sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{what}: {}", log.text()));
    for _ in 0..MEANWHILE {
        world.call(Method::GET, "/requests", None).await;
    }
    assert_eq!(count(), times, "{what}: once in a minute");
}

#[tokio::test]
async fn an_account_that_does_not_open_is_left_alone_until_its_credentials_are_given_anew() {
    let world = World::changed(|settings| {
        settings.webhooks.allow_loopback = true;
        settings.roles = vec![Role::Http];
    })
    .await;
    let line = Line::to(&world.app.service.settings.public_url, world.app.service.clock.clone()).await;
    let attributes = json!({ "provider": "certyneo", "name": "there", "baseUrl": line.url(),
        "credentials": { "apiKey": "sk_live_there" } });
    let config: Uuid = configure(&world, attributes).await["id"].as_str().unwrap().parse().unwrap();
    world.created(json!({ "configId": config })).await;
    let store = &world.app.service.store;
    let row = store.provider_config(Scope::All, config).await.unwrap().unwrap();
    let known_us = row.updated_us;
    let lost = ProviderRow { credentials: b"not what was sealed".to_vec(), updated_us: known_us + 1, ..row };
    assert!(store.change_provider_config(&lost, known_us).await.unwrap());

    let (log, _written) = Logbook::open();
    let world = world.restart_changed(|settings| settings.roles = vec![Role::All]).await;
    let what = "nothing can be done at a vendor";
    said(&world, &log, what, 1).await;
    world.app.service.clock.advance(A_MINUTE);
    said(&world, &log, what, 2).await;

    let given = json!({ "data": { "type": "provider-config", "attributes": { "credentials": { "apiKey": "sk_live_there" } } } });
    let changed = world.call(Method::PATCH, &format!("/provider-configs/{config}"), Some(given)).await;
    assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
    let called = async {
        while line.made().is_empty() {
            world.app.service.clock.advance(SignedDuration::from_secs(5));
            tokio::time::sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, called).await.expect("the vendor is called");
}

#[tokio::test]
async fn an_endpoint_whose_secret_is_none_is_left_alone() {
    let (log, _written) = Logbook::open();
    let world = World::manual().await;
    let now = world.now().as_microsecond();
    let row = endpoint(Uuid::now_v7(), "acme".parse().unwrap(), now);
    world.app.service.store.insert_endpoint(&row, None).await.unwrap();
    world.created(json!({})).await;
    let what = "what is due to an endpoint could not be read";
    said(&world, &log, what, 1).await;
    world.app.service.clock.advance(A_MINUTE);
    said(&world, &log, what, 2).await;
}

#[tokio::test]
async fn a_stand_that_cannot_be_read_is_not_shown_as_well() {
    let world = World::manual().await;
    let attributes = json!({ "provider": "certyneo", "name": "there", "credentials": { "apiKey": "sk_live_there" } });
    let config = configure(&world, attributes).await;
    let path = format!("/provider-configs/{}", config["id"].as_str().unwrap());
    // How things stand is looked at now and then, whoever asks.
    let until = async |status: &str| {
        let base = &world.app.service.settings.public_url;
        let told = async {
            loop {
                let told = world.client.get(format!("{base}/health/ready")).send().await.unwrap();
                let told: serde_json::Value = told.json().await.unwrap();
                let mut checks = told["checks"].as_array().unwrap().iter();
                if checks.any(|check| check["name"] == "providers" && check["status"] == status) {
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("the accounts are not {status}"));
    };
    until("ok").await;
    let id: Uuid = config["id"].as_str().unwrap().parse().unwrap();
    world.app.service.store.set_provider_stand(id, "unreadable", 0).await.unwrap();
    until("failed").await;
    assert_eq!(world.call(Method::GET, &path, None).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

//! Webhooks in: which messages are a vendor's and which are only like them, what is kept of them, what comes of them, and
//! that nobody else changes anything.
//!
//! `sender` stamps as vendors do, `mutations` is the one table of ways in which a message is not genuine; both are used
//! against the verification alone (`schemes`), through the door (`door`) and for the fuzzing (`fuzz`). `vectors` are
//! published ones, `reading` what vendors' bodies say, `kept` what is stored and shown, `logged` what the log tells,
//! `applied` what comes of it, `requests` what that does to a request, `answers` what comes of it once the vendor was asked,
//! `strangers` what the door does for who has no secret, `secrets` how secrets replace each other, `edges` where strictness
//! ends, `counted` what the meters tell.

mod answers;
mod applied;
mod counted;
mod door;
mod edges;
mod fuzz;
mod kept;
mod logged;
mod mutations;
mod reading;
mod requests;
mod schemes;
mod secrets;
mod sender;
mod strangers;
mod vectors;

use std::time::{Duration, Instant};

use countersign::hooks::{HookSecrets, Scheme};
use countersign::store::ProviderRow;
use countersign::vault::Vault;
use countersign_engine::ids::Digest;
use countersign_tests::world::{Answer, World, answer};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use sender::{Letter, Sent, secret};

/// Longest time anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The vault of a world.
fn vault(world: &World) -> Vault {
    Vault::new(&world.masters()).unwrap()
}

/// A provider configuration of an organization whose hooks are stamped by a scheme with its first secret.
async fn configured(world: &World, organization: &str, provider: &str, scheme: &Scheme) -> Uuid {
    let secrets = HookSecrets::new(scheme, &secret(scheme, 1)).unwrap();
    configured_with(world, organization, provider, |id| secrets.seal(id, &vault(world)).unwrap()).await
}

/// The same with whatever secrets are stored.
async fn configured_with(
    world: &World,
    organization: &str,
    provider: &str,
    secrets: impl FnOnce(Uuid) -> Vec<u8>,
) -> Uuid {
    let id = Uuid::now_v7();
    let row = ProviderRow {
        id,
        organization: organization.parse().unwrap(),
        provider: provider.to_owned(),
        name: "Account".to_owned(),
        is_default: false,
        fallback: None,
        settings: "{}".to_owned(),
        credentials: Vec::new(),
        hook_secrets: secrets(id),
        account: Digest::of(id.as_bytes()),
        calls_an_hour: 10,
        created_us: 1,
        updated_us: 1,
        stand: "{}".to_owned(),
        rest_us: 0,
    };
    world.app.service.store.insert_provider_config(&row, None).await.unwrap();
    id
}

/// Where a configuration hears.
fn address(world: &World, provider: &str, config: impl std::fmt::Display) -> String {
    format!("{}/hooks/{provider}/{config}", world.app.service.settings.public_url)
}

/// Posts a message as it is.
async fn post(world: &World, url: &str, sent: &Sent) -> Answer {
    answer(world.client.post(url).headers(sent.header_map()).body(sent.body.clone())).await
}

/// A letter that says something else.
fn saying(scheme: &'static Scheme, body: impl ToString) -> Letter {
    Letter { body: body.to_string().into_bytes(), ..Letter::of(scheme) }
}

/// What the world's organization was told, the oldest first.
async fn told(world: &World) -> Vec<Value> {
    let answer = world.call(Method::GET, "/inbound-deliveries?sort=receivedAt&page[size]=100", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    answer.json["data"].as_array().unwrap().clone()
}

/// Waits until what the organization was told is as it should be.
async fn until(world: &World, what: &str, condition: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let found = told(world).await;
        if condition(&found) {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "it did not come to this: {what}: {found:#?}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until so many have their verdict.
async fn until_settled(world: &World, count: usize) -> Vec<Value> {
    let settled =
        |found: &[Value]| found.iter().filter(|one| one["attributes"]["status"] != "pending").count() >= count;
    until(world, &format!("{count} settled"), settled).await
}

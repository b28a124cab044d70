//! `/metrics`: what is counted adds up, and names nobody.

use std::collections::BTreeMap;

use countersign::config::Role;
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::base;

/// Every sample by its name and labels.
pub(super) async fn scrape(world: &World, base: &str) -> BTreeMap<String, f64> {
    let response = world.client.get(format!("{base}/metrics")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
    };
    samples.map(sample).collect()
}

#[tokio::test]
async fn the_main_job_is_counted() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    // An invitation that is not yet sent when the request ends is owed no longer.
    world.until(&id, "delivery.sent", 1).await;
    world.sign(&id, 0).await;
    world.until(&id, "delivery.sent", 2).await;
    world.sign(&id, 1).await;
    world.until(&id, "delivery.sent", 4).await;
    world.until(&id, "document.sealed", 1).await;
    assert_eq!(world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await.status, StatusCode::CONFLICT);
    world.created(json!({ "draft": true })).await;

    let seen = scrape(&world, &base(&world)).await;
    for (sample, expected) in [
        (r#"countersign_commands_total{wish="create",outcome="committed"}"#, 2.0),
        (r#"countersign_commands_total{wish="sign",outcome="committed"}"#, 2.0),
        (r#"countersign_commands_total{wish="delivered",outcome="committed"}"#, 4.0),
        (r#"countersign_commands_total{wish="cancel",outcome="refused"}"#, 1.0),
        (r#"countersign_refusals_total{code="wrong_state"}"#, 1.0),
        (r#"countersign_commit_conflicts_total"#, 0.0),
        (r#"countersign_effects_filed_total{lane="mail",kind="invitation"}"#, 2.0),
        (r#"countersign_effects_filed_total{lane="mail",kind="completed"}"#, 2.0),
        (r#"countersign_effects_filed_total{lane="seal",kind="seal"}"#, 1.0),
        (r#"countersign_effect_attempts_total{lane="mail",kind="invitation",outcome="done"}"#, 2.0),
        (r#"countersign_effect_attempts_total{lane="seal",kind="seal",outcome="done"}"#, 1.0),
        (r#"countersign_effect_attempts_total{lane="mail",kind="invitation",outcome="permanent"}"#, 0.0),
        (r#"countersign_effects_owed{lane="mail",kind="invitation"}"#, 0.0),
        (r#"countersign_effect_age_seconds{lane="seal",kind="seal"}"#, 0.0),
        (r#"countersign_database_up"#, 1.0),
        (r#"countersign_timer_lag_seconds"#, 0.0),
        (r#"countersign_requests_open{status="DRAFT"}"#, 1.0),
        (r#"countersign_requests_open{status="SENT"}"#, 0.0),
        (r#"countersign_http_requests_total{method="POST",route="/api/v1/esignature/requests",status="2xx"}"#, 2.0),
        (
            r#"countersign_http_requests_total{method="POST",route="/api/v1/esignature/requests/{id}/cancel",status="4xx"}"#,
            1.0,
        ),
        (r#"countersign_http_request_seconds_count{method="POST",route="/api/v1/esignature/requests"}"#, 2.0),
    ] {
        assert_eq!(seen.get(sample), Some(&expected), "{sample} in {seen:#?}");
    }
    let batches = seen["countersign_commit_seconds_count"];
    assert!(batches >= 1.0 && seen["countersign_commit_batch_orders_count"] == batches);
    let orders = seen.iter().filter(|(name, _)| name.starts_with("countersign_commands_total"));
    let orders: f64 = orders.map(|(_, count)| count).sum();
    assert_eq!(seen["countersign_commit_batch_orders_sum"], orders, "every command is in one batch");
}

#[tokio::test]
async fn labels_name_nobody_and_do_not_grow_with_what_is_asked() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let link = world.link(&id, 0).await;
    world.sign(&id, 0).await;
    let method = Method::from_bytes(b"INVENTED").unwrap();
    for address in [format!("{}/nothing/{}", base(&world), Uuid::new_v4()), format!("{link}x")] {
        world.client.get(&address).send().await.unwrap();
        world.client.request(method.clone(), &address).send().await.unwrap();
    }
    let token = link.rsplit('/').next().unwrap().to_owned();
    for name in scrape(&world, &base(&world)).await.into_keys() {
        for word in name.split(['"', '/', '{', '}', '=', ',']) {
            assert!(Uuid::parse_str(word).is_err(), "{name} has an id");
        }
        for secret in [token.as_str(), world.key.as_str(), "acme", "joao", "INVENTED", "nothing"] {
            assert!(!name.contains(secret), "{name} has {secret}");
        }
    }
}

#[tokio::test]
async fn a_process_without_http_tells_health_and_metrics_at_a_door_of_its_own() {
    let world = World::changed(|settings| {
        settings.roles = vec![Role::Timekeeper, Role::Notifier, Role::Sealer];
        settings.ops_listen = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    assert_eq!(world.app.address, None);
    let ops = format!("http://{}", world.app.ops_address.unwrap());
    assert!(scrape(&world, &ops).await.contains_key("countersign_timer_lag_seconds"));
    for (path, status) in [("/health/live", 200), ("/health/ready", 200), ("/api/v1/events", 404), ("/docs", 404)] {
        assert_eq!(world.client.get(format!("{ops}{path}")).send().await.unwrap().status(), status, "{path}");
    }
}

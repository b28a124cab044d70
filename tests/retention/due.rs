//! When a purge is due, and of what.

use countersign::config::Role;
use countersign::http::auth::Permission;
use countersign_tests::on_each_database;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::Connection as _;

use super::{hold, keep, looked, pass, purges};
use crate::dialects::catalisa::{completed, fault, ok, plain};

on_each_database!(World:
    a_purge_is_never_early_and_happens_once,
    what_was_due_while_nobody_looked_is_caught_up_with,
    whatever_end_a_request_came_to_it_is_purged_and_what_goes_on_is_not,
    a_held_request_is_kept_until_it_is_released,
    what_ended_before_retention_existed_is_purged_too,
);

async fn a_purge_is_never_early_and_happens_once(world: World) {
    keep(&world, Some(30)).await;
    let first = completed(&world).await;
    pass(&world, 0, 2);
    let second = completed(&world).await;
    // The first is due at this very instant, the second in two seconds.
    pass(&world, 30, -2);
    world.until(&first, "request.purged", 1).await;
    assert_eq!(purges(&world, &second).await, 0);
    pass(&world, 0, 120);
    world.until(&second, "request.purged", 1).await;
    let event = plain(&world, Method::GET, &format!("/requests/{first}/events")).await.json;
    let event = event["data"].as_array().unwrap().last().unwrap()["attributes"].clone();
    assert_eq!((&event["name"], &event["data"]), (&json!("request.purged"), &json!({ "days": 30 })));
    assert_eq!(event["actor"]["kind"], "system");
    assert_eq!(event["time"], "2026-02-14T10:30:00Z");
    looked(&world, 30).await;
    for id in [first, second] {
        assert_eq!(purges(&world, &id).await, 1);
    }
    world.check().await;
}

async fn what_was_due_while_nobody_looked_is_caught_up_with(world: World) {
    let (one, two) = (completed(&world).await, completed(&world).await);
    pass(&world, 400, 0);
    looked_at_nothing(&world).await;
    for id in [&one, &two] {
        assert_eq!(purges(&world, id).await, 0, "nobody has said how long");
    }
    keep(&world, Some(365)).await;
    // It is looked once a minute.
    pass(&world, 0, 60);
    for id in [&one, &two] {
        world.until(id, "request.purged", 1).await;
    }
    world.check().await;
}

/// Waits until the timekeeper has come round once more.
async fn looked_at_nothing(world: &World) {
    let id = world.created(json!({ "expiresInDays": 1 })).await;
    pass(world, 1, 0);
    world.until(&id, "request.expired", 1).await;
}

async fn whatever_end_a_request_came_to_it_is_purged_and_what_goes_on_is_not(world: World) {
    keep(&world, Some(10)).await;
    let expired = world.created(json!({ "expiresInDays": 1 })).await;
    pass(&world, 1, 0);
    world.until(&expired, "request.expired", 1).await;
    let completed = completed(&world).await;
    let declined = world.created(json!({})).await;
    assert!(world.visit(&declined, 0).await.decline("Não").await.status.is_success());
    let cancelled = world.created(json!({})).await;
    ok(&plain(&world, Method::POST, &format!("/requests/{cancelled}/cancel")).await);
    let (draft, sent) = (world.created(json!({ "draft": true })).await, world.created(json!({})).await);
    let foreign = world.key("other", &Permission::ALL).await;
    let theirs =
        world.call_as(&foreign, Method::POST, "/requests", Some(countersign_tests::world::new_request(json!({}))));
    let theirs = ok(&theirs.await)["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/requests/{theirs}");
    ok(&world.call_as(&foreign, Method::POST, &format!("{path}/cancel"), None).await);
    pass(&world, 100, 0);
    for (id, status) in
        [(&completed, "COMPLETED"), (&declined, "DECLINED"), (&expired, "EXPIRED"), (&cancelled, "CANCELLED")]
    {
        world.until(id, "request.purged", 1).await;
        assert_eq!(world.status(id).await, status, "the status stays");
    }
    for id in [&draft, &sent] {
        assert_eq!(purges(&world, id).await, 0);
    }
    let theirs = world.call_as(&foreign, Method::GET, &path, None).await;
    assert_eq!(ok(&theirs)["data"]["attributes"]["purgedAt"], json!(null), "another organization keeps as it says");
    world.check().await;
}

async fn a_held_request_is_kept_until_it_is_released(world: World) {
    keep(&world, Some(5)).await;
    let (held, cancelled) = (completed(&world).await, world.created(json!({})).await);
    ok(&plain(&world, Method::POST, &format!("/requests/{cancelled}/cancel")).await);
    let told = hold(&world, &held, Some(json!({ "reason": "Processo 4711" }))).await;
    assert_eq!(told["heldAt"], world.now().to_string());
    hold(&world, &cancelled, None).await;
    let path = format!("/requests/{held}/hold");
    assert_eq!(fault(&plain(&world, Method::POST, &path).await, 409).0, "held");
    assert_eq!(fault(&plain(&world, Method::DELETE, &format!("/requests/{cancelled}")).await, 409).0, "held");
    pass(&world, 50, 0);
    looked(&world, 5).await;
    assert_eq!(purges(&world, &held).await, 0);
    let events = plain(&world, Method::GET, &format!("/requests/{held}/events")).await.json.to_string();
    assert!(events.contains("Processo 4711"), "an auditor reads why");
    for id in [&held, &cancelled] {
        let released = ok(&plain(&world, Method::DELETE, &format!("/requests/{id}/hold")).await).clone();
        assert_eq!(released["data"]["attributes"]["heldAt"], json!(null));
    }
    assert_eq!(fault(&plain(&world, Method::DELETE, &path).await, 409).0, "not_held");
    let deleted = plain(&world, Method::DELETE, &format!("/requests/{cancelled}")).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    pass(&world, 0, 60);
    world.until(&held, "request.purged", 1).await;
    assert_eq!(fault(&plain(&world, Method::POST, &path).await, 410).0, "purged");
    world.check().await;
}

#[tokio::test]
async fn holding_is_an_administrators_business() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let clerk = world.key("acme", &[Permission::Create, Permission::Read, Permission::Delete]).await;
    let foreign = world.key("other", &Permission::ALL).await;
    for method in [Method::POST, Method::DELETE] {
        let path = format!("/requests/{id}/hold");
        assert_eq!(fault(&world.call_as(&clerk, method.clone(), &path, None).await, 403).0, "permission_denied");
        assert_eq!(fault(&world.call_as(&foreign, method, &path, None).await, 404).0, "not_found");
    }
    let long = json!({ "reason": "x".repeat(1001) });
    let answer = world.call(Method::POST, &format!("/requests/{id}/hold"), Some(long)).await;
    assert_eq!(fault(&answer, 422), ("too_long".to_owned(), "/reason".to_owned()));
}

/// A database as it was before there was retention: nothing says when requests ended but their histories.
const BEFORE: &str = "DROP TABLE retention; DROP INDEX requests_to_purge; ALTER TABLE requests DROP COLUMN retained_us; \
     ALTER TABLE requests DROP COLUMN purged_us; DELETE FROM _sqlx_migrations WHERE version = 5";

async fn what_ended_before_retention_existed_is_purged_too(world: World) {
    let mut ended = Vec::new();
    for micros in [0, 1, 999_999, 1_234_560] {
        world.app.service.clock.advance(SignedDuration::from_micros(micros));
        ended.push(completed(&world).await);
    }
    let open = world.created(json!({})).await;
    let cancelled = world.created(json!({})).await;
    let path = format!("/requests/{cancelled}");
    ok(&plain(&world, Method::POST, &format!("{path}/cancel")).await);
    assert_eq!(plain(&world, Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    let settings = &world.app.service.settings;
    match &settings.database_url {
        Some(url) => {
            let mut database = countersign_tests::servers::connect_as("*", url).await;
            sqlx::raw_sql(BEFORE).execute(&mut database).await.unwrap();
        }
        None => {
            let file = format!("sqlite://{}", settings.data.join("countersign.db").display());
            let mut database = sqlx::SqliteConnection::connect(&file).await.unwrap();
            sqlx::raw_sql(BEFORE).execute(&mut database).await.unwrap();
        }
    }
    let world = world.restart().await;
    world.check().await;
    keep(&world, Some(3)).await;
    pass(&world, 3, 0);
    for id in &ended {
        world.until(id, "request.purged", 1).await;
    }
    assert_eq!(purges(&world, &open).await, 0);
    world.check().await;
}

#[tokio::test]
async fn what_a_purged_request_still_owed_is_owed_no_longer() {
    for database in [Database::Sqlite, Database::Postgres] {
        let world = World::of_roles_on(database, &[Role::Http, Role::Timekeeper]).await;
        keep(&world, Some(1)).await;
        let id = completed(&world).await;
        let store = &world.app.service.store;
        assert_eq!(store.effects_of(World::id(&id)).await.unwrap().len(), 2, "a seal and a letter are owed");
        pass(&world, 1, 0);
        world.until(&id, "request.purged", 1).await;
        assert_eq!(store.effects_of(World::id(&id)).await.unwrap(), Vec::<String>::new());
        world.check().await;
    }
}

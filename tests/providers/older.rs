//! Requests that are older than the table of which account they use: the migration finds it in their histories.

use std::collections::BTreeSet;

use countersign::commit::Order;
use countersign::config::Role;
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::Collector;
use countersign_engine::ids::ConfigId;
use countersign_tests::servers::{Database, connect_as};
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection as _;

use super::{configure, their};

/// A database as it was when nothing was noted of the requests in it.
const BEFORE: &str = "DELETE FROM provider_uses; DELETE FROM _sqlx_migrations WHERE version = 15";
/// Each account and a request that uses it.
const USES_SQLITE: &str = "SELECT lower(hex(config) || ' ' || hex(request)) FROM provider_uses";
const USES_POSTGRES: &str = "SELECT replace(config || ' ' || request, '-', '') FROM provider_uses";

async fn uses(world: &World) -> BTreeSet<String> {
    let settings = &world.app.service.settings;
    let found: Vec<String> = match &settings.database_url {
        Some(url) => sqlx::query_scalar(USES_POSTGRES).fetch_all(&mut connect_as("*", url).await).await.unwrap(),
        None => sqlx::query_scalar(USES_SQLITE).fetch_all(&mut sqlite(world).await).await.unwrap(),
    };
    found.into_iter().collect()
}

async fn forget(world: &World) {
    match &world.app.service.settings.database_url {
        Some(url) => drop(sqlx::raw_sql(BEFORE).execute(&mut connect_as("*", url).await).await.unwrap()),
        None => drop(sqlx::raw_sql(BEFORE).execute(&mut sqlite(world).await).await.unwrap()),
    }
}

async fn sqlite(world: &World) -> sqlx::SqliteConnection {
    let file = world.app.service.settings.data.join("countersign.db");
    sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap()
}

fn used(config: &str, request: &str) -> String {
    format!("{config} {request}").replace('-', "")
}

#[tokio::test]
async fn what_is_older_than_the_note_of_its_account_uses_it_too() {
    for database in [Database::Sqlite, Database::Postgres] {
        // Nobody calls a vendor.
        uses_it_too(World::of_roles_on(database, &[Role::Http]).await).await;
    }
}

async fn uses_it_too(world: World) {
    let account = async |name: &str, mut fields: Value| {
        fields["name"] = json!(name);
        configure(&world, fields).await["id"].as_str().unwrap().to_owned()
    };
    let certyneo = json!({ "provider": "certyneo", "credentials": { "apiKey": "sk_live_there" } });
    let vault = json!({ "provider": "d4sign", "credentials": { "tokenAPI": "live_token" },
        "safe": "06b3ddb1-abc9-4ab8-b944-0d7c940486af" });
    let (first, second) = (account("first", certyneo).await, account("second", vault).await);
    let own = account("own", json!({ "provider": "native" })).await;
    let draft = world.created(json!({ "draft": true, "configId": first })).await;
    let out = world.created(json!({ "configId": first })).await;
    world.created(json!({ "configId": own })).await;
    world.created(json!({})).await;
    let revised = world.created(json!({ "draft": true, "configId": second })).await;
    let ana = json!({ "email": "ana.lima@x.com", "act": "1", "foreign": "0", "certificadoicpbr": "0",
        "assinatura_presencial": "0" });
    let path = format!("/documents/{revised}/createlist");
    let named = their(&world, Method::POST, &path, Some(json!({ "signers": [ana] }))).await;
    assert_eq!(named.status, StatusCode::OK, "{:#}", named.json);
    // One that its provider did not take.
    let moved = world.created(json!({ "configId": first })).await;
    let config = |id: &str| ConfigId(id.parse().unwrap());
    let next = Some(Collector { config: config(&second), provider: "d4sign".to_owned() });
    let wish = Wish::SubmitFailed { config: config(&first), code: "http_401".to_owned(), next };
    let command = Command { request: World::id(&moved), wish };
    world.app.service.submit(Order::system("acme".parse().unwrap(), command)).await.unwrap();
    let ended = world.created(json!({ "configId": first })).await;
    let cancelled = world.call(Method::POST, &format!("/requests/{ended}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{:#}", cancelled.json);

    let mut known = uses(&world).await;
    assert!(known.remove(&used(&first, &ended)), "what has ended keeps no account");
    let expected = [(&first, &draft), (&first, &out), (&second, &revised), (&second, &moved)];
    assert_eq!(known, expected.map(|(config, request)| used(config, request)).into());
    forget(&world).await;
    assert_eq!(uses(&world).await, BTreeSet::new());
    let world = world.restart().await;
    assert_eq!(uses(&world).await, known);
    world.check().await;
}

//! Encrypting anew is killed in the middle: everything can be read, by a process that has both keys, and running it again
//! does the rest.

use std::process::Stdio;

use countersign::vault::Vault;
use countersign_tests::on_each_database;
use countersign_tests::servers::{Database, connect_as};
use countersign_tests::world::World;
use reqwest::Method;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::{command, master_key};
use crate::bus::server::until;

/// Enough groups for a kill to come between two pages of them.
const GROUPS: usize = 4_000;
const INSERT: &str = "INSERT INTO signing_groups (id, organization, name, members, created_us, updated_us) \
     VALUES ($1, 'acme', 'many', $2, 1, 1)";
const COUNT: &str = "SELECT count(*) FROM signing_groups WHERE substr(members, 1, 8) = $1";

/// A connection beside the engine's.
enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Beside {
    async fn of(world: &World) -> Self {
        match &world.app.service.settings.database_url {
            Some(url) => Self::Postgres(connect_as("*", url).await),
            None => {
                let file = world.folder().join("data/countersign.db");
                Self::Sqlite(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap())
            }
        }
    }

    async fn insert(&mut self, rows: &[(Uuid, Vec<u8>)]) {
        match self {
            Self::Sqlite(db) => {
                let mut transaction = db.begin().await.unwrap();
                for (id, members) in rows {
                    sqlx::query(INSERT).bind(id).bind(members).execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
            Self::Postgres(db) => {
                let mut transaction = db.begin().await.unwrap();
                for (id, members) in rows {
                    sqlx::query(INSERT).bind(id).bind(members).execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
        }
    }

    /// How many groups are encrypted with a key.
    async fn count(&mut self, key: [u8; 8]) -> usize {
        let count: i64 = match self {
            Self::Sqlite(db) => sqlx::query_scalar(COUNT).bind(key.as_slice()).fetch_one(db).await.unwrap(),
            Self::Postgres(db) => sqlx::query_scalar(COUNT).bind(key.as_slice()).fetch_one(db).await.unwrap(),
        };
        count as usize
    }
}

on_each_database! {
    Database:
    what_was_killed_in_the_middle_is_done_by_the_next,
}

async fn what_was_killed_in_the_middle_is_done_by_the_next(database: Database) {
    let world = World::on(database).await;
    let request = world.created(serde_json::json!({})).await;
    let vault = Vault::new(&world.masters()).unwrap();
    let groups: Vec<(Uuid, Vec<u8>)> = (0..GROUPS)
        .map(|_| Uuid::now_v7())
        .map(|id| (id, vault.seal(id.as_bytes(), br#"[{"name":"Ana","email":"ana@x.com"}]"#).unwrap()))
        .collect();
    let mut beside = Beside::of(&world).await;
    beside.insert(&groups).await;
    let old = world.masters().primary_id();
    master_key(&world, &["rotate"]).await;
    let new = world.masters().primary_id();
    let world = world.restart().await;

    let mut rewrap = command(&world, &["rewrap"]).stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    until("some are encrypted anew", async || beside.count(new.0).await > 0).await;
    rewrap.kill().await.unwrap();
    let done = beside.count(new.0).await;
    let left = beside.count(old.0).await;
    assert!(done > 0 && left > 0, "it was killed in the middle: {done} done, {left} left");
    assert_eq!(done + left, GROUPS);
    for (id, _) in [groups.first().unwrap(), groups.last().unwrap()] {
        let group = world.call(Method::GET, &format!("/groups/{id}"), None).await;
        assert_eq!(group.json["data"]["attributes"]["members"][0]["name"], "Ana", "{:#}", group.json);
    }
    world.check().await;

    // Another takes its place beside a third, while the engine goes on writing.
    let both = futures_util::future::join(master_key(&world, &["rewrap"]), master_key(&world, &["rewrap"]));
    let ((one, other), ()) = futures_util::future::join(both, async {
        for place in [0, 1] {
            world.sign(&request, place).await;
        }
    })
    .await;
    let retired = format!("{old} may be dropped");
    assert!(one.contains(&retired) || other.contains(&retired), "{one}\n{other}");
    assert_eq!((beside.count(new.0).await, beside.count(old.0).await), (GROUPS, 0));
    master_key(&world, &["drop"]).await;
    let world = world.restart().await;
    let group = world.call(Method::GET, &format!("/groups/{}", groups[GROUPS / 2].0), None).await;
    assert_eq!(group.json["data"]["attributes"]["members"][0]["name"], "Ana", "{:#}", group.json);
    world.check().await;
}

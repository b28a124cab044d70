//! What whoever has a copy of the database and a master key can read in it: every value of every column of bytes is tried
//! with that key, bound to everything that it could be bound to, with an id in front and without one.

use std::collections::BTreeSet;

use countersign::keyring::Keyring;
use countersign::vault::Vault;
use countersign_tests::servers::connect_as;
use countersign_tests::world::World;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

/// Length of the id in front of what a master key encrypted.
const ID: usize = 8;

/// How many values of a world's database the primary key of this ring opens, and no other.
pub(super) async fn read(world: &World, masters: &Keyring) -> usize {
    let (values, ids) = match &world.app.service.settings.database_url {
        Some(url) => of_postgres(url).await,
        None => of_sqlite(&world.folder().join("data/countersign.db")).await,
    };
    assert!(values.len() > 20 && ids.len() > 10, "there is something: {} and {}", values.len(), ids.len());
    let vault = Vault::new(&masters.without(|id| id != masters.primary_id()).unwrap()).unwrap();
    let named = [b"key of accounts at providers".to_vec()];
    let bound = ids.iter().flat_map(|id| [id.clone(), [b"credentials of ".as_slice(), id].concat()]).chain(named);
    let bound: Vec<Vec<u8>> = bound.collect();
    let opens = |value: &[u8]| bound.iter().any(|subject| vault.open(subject, value).is_ok());
    values.iter().filter(|value| opens(value) || value.get(ID..).is_some_and(opens)).count()
}

/// Every value of every column of bytes, and every id.
async fn of_sqlite(file: &std::path::Path) -> (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) {
    let mut db = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
    let columns = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND c.type = 'BLOB'";
    let columns: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&mut db).await.unwrap();
    let mut values = BTreeSet::new();
    for (table, column) in columns {
        let text = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
        let found: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut db).await.unwrap();
        values.extend(found);
    }
    let ids = values.iter().filter(|value| value.len() == 16).cloned().collect();
    (values, ids)
}

async fn of_postgres(url: &str) -> (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) {
    let mut db = connect_as("*", url).await;
    let columns = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
         WHERE table_schema = 'public' AND data_type IN ('bytea', 'uuid') AND table_name <> '_sqlx_migrations'";
    let columns: Vec<(String, String, String)> = sqlx::query_as(columns).fetch_all(&mut db).await.unwrap();
    let (mut values, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for (table, column, kind) in columns {
        let bytes = if kind == "uuid" { format!("uuid_send({column})") } else { column.clone() };
        let text = format!("SELECT {bytes} FROM {table} WHERE {column} IS NOT NULL");
        let found: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut db).await.unwrap();
        if kind == "uuid" { ids.extend(found) } else { values.extend(found) }
    }
    (values, ids)
}

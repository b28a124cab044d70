//! Durable, shared, and on a library without known faults.

use countersign::store::{Scope, StoreError};
use countersign_tests::servers::{Database, on_each_database};

use super::rows::{Shelf, event, id, request};

on_each_database! {
    Shelf:
    what_was_committed_is_there_after_reopening,
    two_processes_see_each_others_writes,
    of_two_processes_that_write_the_same_number_one_does,
    many_writers_of_two_processes_lose_nothing,
    the_database_says_whether_it_takes_writes,
    a_schema_newer_than_the_program_is_refused,
    somebody_elses_schema_is_refused,
}

async fn what_was_committed_is_there_after_reopening(shelf: Shelf) {
    shelf.file(&[request(1)]).await;
    shelf.owe(&[5]).await;
    shelf.store.close().await;
    let again = shelf.place.open().await;
    assert_eq!(again.request(Scope::All, id(1)).await.unwrap(), Some(request(1)));
    assert_eq!(again.events_of(Scope::All, id(1)).await.unwrap().len(), 1);
    assert_eq!(again.schema().await.unwrap().len(), 5);
}

async fn two_processes_see_each_others_writes(shelf: Shelf) {
    let second = shelf.second().await;
    shelf.file(&[request(1)]).await;
    assert!(second.request(Scope::All, id(1)).await.unwrap().is_some());
    let mut transaction = second.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 2)]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.events_of(Scope::All, id(1)).await.unwrap().len(), 2);
}

async fn of_two_processes_that_write_the_same_number_one_does(shelf: Shelf) {
    let second = shelf.second().await;
    shelf.file(&[request(1)]).await;
    let mut ours = shelf.store.begin().await.unwrap();
    ours.insert_events(vec![event(id(1), 2)]).await.unwrap();
    let theirs = tokio::spawn(async move {
        let mut transaction = second.begin().await.unwrap();
        transaction.insert_events(vec![event(id(1), 2)]).await
    });
    ours.commit().await.unwrap();
    assert!(theirs.await.unwrap().is_err());
    assert_eq!(shelf.store.events_of(Scope::All, id(1)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn on_sqlite_a_writer_waits_for_the_other_process_and_then_reads_what_it_wrote() {
    let shelf = Shelf::on(Database::Sqlite).await;
    let second = shelf.second().await;
    shelf.file(&[request(1)]).await;
    let mut ours = shelf.store.begin().await.unwrap();
    let theirs = tokio::spawn(async move {
        let mut transaction = second.begin().await.unwrap();
        let changed = transaction.changed(&[(id(1), 1)]).await.unwrap();
        (changed.len(), transaction.changed(&[(id(1), 2)]).await.unwrap().len())
    });
    ours.insert_events(vec![event(id(1), 2)]).await.unwrap();
    ours.upsert_requests(vec![countersign::store::RequestRow { seq: 2, ..request(1) }]).await.unwrap();
    ours.commit().await.unwrap();
    assert_eq!(theirs.await.unwrap(), (1, 0), "never a stale head inside a write transaction");
}

async fn many_writers_of_two_processes_lose_nothing(shelf: Shelf) {
    let second = shelf.second().await;
    let writes = (1..=40_u128).map(|number| {
        let store = if number % 2 == 0 { shelf.store.clone() } else { second.clone() };
        async move {
            let mut transaction = store.begin().await.unwrap();
            transaction.insert_events(vec![event(id(number), 1)]).await.unwrap();
            transaction.upsert_requests(vec![request(number)]).await.unwrap();
            transaction.commit().await.unwrap();
        }
    });
    futures_util::future::join_all(writes).await;
    assert_eq!(shelf.log(40).await.len(), 40);
}

#[tokio::test]
async fn sqlite_is_one_without_the_wal_reset_fault() {
    let shelf = Shelf::on(Database::Sqlite).await;
    let version = shelf.store.version().await.unwrap();
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "SQLite {version}");
}

async fn the_database_says_whether_it_takes_writes(shelf: Shelf) {
    shelf.store.ping().await.unwrap();
    shelf.store.close().await;
    assert!(shelf.store.ping().await.is_err());
}

async fn a_schema_newer_than_the_program_is_refused(shelf: Shelf) {
    shelf.execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2").await;
    let error = shelf.place.try_open().await.unwrap_err();
    assert!(matches!(error, StoreError::Schema(_)), "{error}");
}

async fn somebody_elses_schema_is_refused(shelf: Shelf) {
    shelf.execute("DROP TABLE _sqlx_migrations").await;
    assert!(shelf.place.try_open().await.is_err());
}

#[tokio::test]
async fn a_server_that_answers_before_it_has_written_is_refused() {
    let shelf = Shelf::on(Database::Postgres).await;
    shelf
        .execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
        )
        .await;
    let error = shelf.place.try_open().await.unwrap_err();
    assert!(error.to_string().contains("synchronous_commit=off"), "{error}");
}

//! Durable, shared, and on a library without known faults.

use countersign::store::Store;

use super::rows::{Shelf, event, id, request};

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let shelf = Shelf::new().await;
    shelf.file(&[request(1)]).await;
    shelf.owe(&[5]).await;
    let file = shelf.folder.path().join("store.db");
    shelf.store.close().await;
    let again = Store::open(&file).await.unwrap();
    assert_eq!(again.request(id(1)).await.unwrap(), Some(request(1)));
    assert_eq!(again.events_of(id(1)).await.unwrap().len(), 1);
    assert_eq!(again.schema().await.unwrap().len(), 3);
}

#[tokio::test]
async fn two_processes_see_each_others_writes() {
    let shelf = Shelf::new().await;
    let second = shelf.second().await;
    shelf.file(&[request(1)]).await;
    assert!(second.request(id(1)).await.unwrap().is_some());
    let mut transaction = second.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 2)]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.events_of(id(1)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_writer_waits_for_the_other_process_and_then_reads_what_it_wrote() {
    let shelf = Shelf::new().await;
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

#[tokio::test]
async fn many_writers_of_two_processes_lose_nothing() {
    let shelf = Shelf::new().await;
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
    assert_eq!(shelf.store.events_after(0, 100).await.unwrap().len(), 40);
}

#[tokio::test]
async fn the_library_is_one_without_the_wal_reset_fault() {
    let shelf = Shelf::new().await;
    let version = shelf.store.version().await.unwrap();
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "SQLite {version}");
}

#[tokio::test]
async fn the_database_says_whether_it_takes_writes() {
    let shelf = Shelf::new().await;
    shelf.store.ping().await.unwrap();
    shelf.store.close().await;
    assert!(shelf.store.ping().await.is_err());
}

//! Events: unique, in order, whole.

use countersign::store::RequestRow;

use super::rows::{Shelf, acme, event, id, other, request};

#[tokio::test]
async fn an_event_is_unique_by_request_and_number() {
    let shelf = Shelf::new().await;
    shelf.file(&[request(1)]).await;
    let mut transaction = shelf.store.begin().await.unwrap();
    assert!(transaction.insert_events(vec![event(id(1), 1)]).await.is_err());
    drop(transaction);
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 2), event(id(2), 1)]).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn events_come_back_in_order_however_they_were_written() {
    let shelf = Shelf::new().await;
    let mut transaction = shelf.store.begin().await.unwrap();
    let events: Vec<_> = [3, 1, 2].into_iter().map(|seq| event(id(1), seq)).collect();
    transaction.insert_events(events.clone()).await.unwrap();
    transaction.insert_events((1..=300).map(|seq| event(id(2), seq)).collect::<Vec<_>>()).await.unwrap();
    transaction.commit().await.unwrap();
    let seqs: Vec<u64> = shelf.store.events_of(id(1)).await.unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    let both = shelf.store.events_of_all(&[id(2), id(1), id(3)]).await.unwrap();
    let told: Vec<_> = both.iter().map(|row| (row.request, row.seq)).collect();
    assert!(told.is_sorted() && told.len() == 303);
}

#[tokio::test]
async fn what_was_written_comes_back_byte_for_byte() {
    let shelf = Shelf::new().await;
    shelf.file(&[request(1)]).await;
    let (stored, written) = (&shelf.store.events_of(id(1)).await.unwrap()[0], event(id(1), 1));
    assert_eq!((&stored.body, &stored.disclosure, stored.hash), (&written.body, &written.disclosure, written.hash));
    assert_eq!(shelf.store.request(id(1)).await.unwrap(), Some(request(1)));
    assert_eq!(shelf.store.request(id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn all_events_are_read_in_the_order_of_commits() {
    let shelf = Shelf::new().await;
    for number in [5, 3, 4] {
        shelf.file(&[request(number)]).await;
    }
    let first = shelf.store.events_after(0, 2).await.unwrap();
    let rest = shelf.store.events_after(first[1].position, 10).await.unwrap();
    let order: Vec<_> = first.iter().chain(&rest).map(|row| row.request).collect();
    assert_eq!(order, [id(5), id(3), id(4)]);
    assert!(first[0].position < first[1].position && first[1].position < rest[0].position);
}

#[tokio::test]
async fn an_organization_reads_its_own_events_and_looks_no_further_than_it_was_told() {
    let shelf = Shelf::new().await;
    for number in 1..=6 {
        let organization = if number % 3 == 0 { acme() } else { other() };
        shelf.file(&[RequestRow { organization, ..request(number) }]).await;
    }
    let all: Vec<i64> = shelf.store.events_after(0, 10).await.unwrap().iter().map(|row| row.position).collect();
    let read = async |organization, after, length, limit| {
        let stretch = shelf.store.events_of_organization(&organization, after, length, limit).await.unwrap();
        (stretch.events.iter().map(|row| row.request).collect::<Vec<_>>(), stretch.reached)
    };
    assert_eq!(read(acme(), 0, 100, 100).await, (vec![id(3), id(6)], all[5]));
    assert_eq!(read(acme(), 0, 2, 100).await, (vec![], all[1]), "nothing of theirs in the first two");
    assert_eq!(read(acme(), all[1], 2, 100).await, (vec![id(3)], all[3]));
    assert_eq!(read(acme(), 0, 100, 1).await, (vec![id(3)], all[2]), "a full page ends at its last event");
    assert_eq!(read(acme(), all[5], 100, 100).await, (vec![], all[5]), "nothing behind the end");
    assert_eq!(read(other(), 0, 100, 100).await.0, [id(1), id(2), id(4), id(5)]);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_never_was() {
    let shelf = Shelf::new().await;
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 1)]).await.unwrap();
    transaction.upsert_requests(vec![request(1)]).await.unwrap();
    drop(transaction);
    assert!(shelf.store.events_of(id(1)).await.unwrap().is_empty());
    assert_eq!(shelf.store.request(id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn events_without_a_row_are_found() {
    let shelf = Shelf::new().await;
    shelf.file(&[request(1)]).await;
    assert!(shelf.store.stray_events(10).await.unwrap().is_empty());
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(2), 1)]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.stray_events(10).await.unwrap(), [id(2)]);
}

#[tokio::test]
async fn a_row_is_brought_up_to_date_and_erased_for_good() {
    let shelf = Shelf::new().await;
    let mut row = request(1);
    row.business_id = Some("case-7".into());
    shelf.file(&[row.clone(), request(2)]).await;
    row.seq = 4;
    row.updated_us = 99;
    row.status = countersign_engine::request::Status::Cancelled;
    row.deleted_us = Some(99);
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.upsert_requests(vec![row.clone()]).await.unwrap();
    transaction.commit().await.unwrap();
    (row.data_key, row.business_id) = (None, None);
    assert_eq!(shelf.store.request(id(1)).await.unwrap(), Some(row), "the key goes with the deletion");
    assert_eq!(shelf.store.request(id(2)).await.unwrap(), Some(request(2)), "its neighbour is untouched");
}

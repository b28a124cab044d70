//! Events: unique, in order, whole.

use countersign::store::{Cursor, RequestRow, Scope};
use countersign_tests::servers::{Database, on_each_database};

use super::rows::{Shelf, acme, event, id, other, request};

on_each_database! {
    Shelf:
    an_event_is_unique_by_request_and_number,
    events_come_back_in_order_however_they_were_written,
    what_was_written_comes_back_byte_for_byte,
    all_events_are_read_in_the_order_of_commits,
    an_organization_reads_its_own_events_and_looks_no_further_than_it_was_told,
    a_transaction_that_is_dropped_never_was,
    events_without_a_row_are_found,
    a_row_is_brought_up_to_date_and_erased_for_good,
}

async fn an_event_is_unique_by_request_and_number(shelf: Shelf) {
    shelf.file(&[request(1)]).await;
    let mut transaction = shelf.store.begin().await.unwrap();
    assert!(transaction.insert_events(vec![event(id(1), 1)]).await.is_err());
    drop(transaction);
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 2), event(id(2), 1)]).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn events_come_back_in_order_however_they_were_written(shelf: Shelf) {
    let mut transaction = shelf.store.begin().await.unwrap();
    let events: Vec<_> = [3, 1, 2].into_iter().map(|seq| event(id(1), seq)).collect();
    transaction.insert_events(events.clone()).await.unwrap();
    transaction.insert_events((1..=300).map(|seq| event(id(2), seq)).collect::<Vec<_>>()).await.unwrap();
    transaction.commit().await.unwrap();
    let seqs: Vec<u64> = shelf.store.events_of(Scope::All, id(1)).await.unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    let both = shelf.store.events_of_all(Scope::All, &[id(2), id(1), id(3)]).await.unwrap();
    let told: Vec<_> = both.iter().map(|row| (row.request, row.seq)).collect();
    assert!(told.is_sorted() && told.len() == 303);
}

async fn what_was_written_comes_back_byte_for_byte(shelf: Shelf) {
    shelf.file(&[request(1)]).await;
    let (stored, written) = (&shelf.store.events_of(Scope::All, id(1)).await.unwrap()[0], event(id(1), 1));
    assert_eq!((&stored.body, &stored.disclosure, stored.hash), (&written.body, &written.disclosure, written.hash));
    assert!(stored.trace.is_some() && stored.trace == written.trace);
    assert_eq!(shelf.store.request(Scope::All, id(1)).await.unwrap(), Some(request(1)));
    assert_eq!(shelf.store.request(Scope::All, id(2)).await.unwrap(), None);
}

async fn all_events_are_read_in_the_order_of_commits(shelf: Shelf) {
    for number in [5, 3, 4] {
        shelf.file(&[request(number)]).await;
    }
    shelf.log(3).await;
    let first = shelf.store.log_after(Cursor::default(), 2).await.unwrap();
    let rest = shelf.store.log_after(first[1].0, 10).await.unwrap();
    let order: Vec<_> = first.iter().chain(&rest).map(|(_, row)| row.request).collect();
    assert_eq!(order, [id(5), id(3), id(4)]);
    assert!(first[0].0 < first[1].0 && first[1].0 < rest[0].0);
}

#[tokio::test]
async fn on_postgres_nothing_appears_behind_a_reader() {
    let shelf = Shelf::on(Database::Postgres).await;
    let mut early = shelf.store.begin().await.unwrap();
    early.insert_events(vec![event(id(1), 1)]).await.unwrap();
    shelf.file(&[request(2)]).await;
    let log = shelf.store.log_after(Cursor::default(), 10).await.unwrap();
    assert!(log.is_empty(), "an older transaction may still commit");
    early.commit().await.unwrap();
    let all: Vec<_> = shelf.log(2).await.into_iter().map(|(_, row)| row.request).collect();
    assert_eq!(all, [id(1), id(2)]);
}

async fn an_organization_reads_its_own_events_and_looks_no_further_than_it_was_told(shelf: Shelf) {
    for number in 1..=6 {
        let organization = if number % 3 == 0 { acme() } else { other() };
        shelf.file(&[RequestRow { organization, ..request(number) }]).await;
    }
    let all: Vec<Cursor> = shelf.log(6).await.iter().map(|row| row.0).collect();
    let start = Cursor::default();
    let read = async |organization, after, length, limit| {
        let stretch = shelf.store.events_of_organization(&organization, after, length, limit).await.unwrap();
        (stretch.events.iter().map(|(_, row)| row.request).collect::<Vec<_>>(), stretch.reached)
    };
    assert_eq!(read(acme(), start, 100, 100).await, (vec![id(3), id(6)], all[5]));
    assert_eq!(read(acme(), start, 2, 100).await, (vec![], all[1]), "nothing of theirs in the first two");
    assert_eq!(read(acme(), all[1], 2, 100).await, (vec![id(3)], all[3]));
    assert_eq!(read(acme(), start, 100, 1).await, (vec![id(3)], all[2]), "a full page ends at its last event");
    assert_eq!(read(acme(), all[5], 100, 100).await, (vec![], all[5]), "nothing behind the end");
    assert_eq!(read(other(), start, 100, 100).await.0, [id(1), id(2), id(4), id(5)]);
}

async fn a_transaction_that_is_dropped_never_was(shelf: Shelf) {
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 1)]).await.unwrap();
    transaction.upsert_requests(vec![request(1)]).await.unwrap();
    drop(transaction);
    assert!(shelf.store.events_of(Scope::All, id(1)).await.unwrap().is_empty());
    assert_eq!(shelf.store.request(Scope::All, id(1)).await.unwrap(), None);
}

async fn events_without_a_row_are_found(shelf: Shelf) {
    shelf.file(&[request(1)]).await;
    assert!(shelf.store.stray_events(10).await.unwrap().is_empty());
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(2), 1)]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.stray_events(10).await.unwrap(), [id(2)]);
}

async fn a_row_is_brought_up_to_date_and_erased_for_good(shelf: Shelf) {
    let mut row = request(1);
    row.business_id = Some("case-7".into());
    shelf.file(&[row.clone(), request(2)]).await;
    row.seq = 4;
    row.updated_us = 99;
    row.status = countersign_engine::request::Status::Cancelled;
    (row.deleted_us, row.business_id) = (Some(99), None);
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.upsert_requests(vec![row.clone()]).await.unwrap();
    transaction.commit().await.unwrap();
    row.data_key = None;
    assert_eq!(shelf.store.request(Scope::All, id(1)).await.unwrap(), Some(row), "the key goes with the deletion");
    assert_eq!(shelf.store.request(Scope::All, id(2)).await.unwrap(), Some(request(2)), "its neighbour is untouched");
}

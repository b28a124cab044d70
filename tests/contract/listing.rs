//! Lists and timers: filters, order, pages, and what is due.

use countersign::store::{Listing, RequestRow, Sort};
use countersign_engine::ids::RequestId;
use countersign_engine::request::Status;
use uuid::Uuid;

use countersign_tests::servers::on_each_database;

use super::rows::{Shelf, acme, id, other, request};

on_each_database! {
    Shelf:
    an_organization_sees_its_own_and_nothing_deleted,
    filters_narrow_the_page_and_the_count,
    sorted_both_ways_and_never_expiring_is_last,
    every_request_is_walked_by_id,
    pages_cover_everything_once,
    timers_that_are_due_are_claimed_once_the_longest_due_first,
}

fn all() -> Listing {
    Listing { limit: 100, ..Listing::default() }
}

async fn listed(shelf: &Shelf, listing: Listing) -> (Vec<RequestId>, i64) {
    let (rows, total) = shelf.store.list(&acme(), &listing).await.unwrap();
    (rows.iter().map(|row| row.id).collect(), total)
}

async fn fill(shelf: &Shelf) {
    let row = |number: u128, change: fn(&mut RequestRow)| {
        let mut row = request(number);
        change(&mut row);
        row
    };
    let rows = [
        row(10, |row| row.status = Status::Draft),
        row(20, |row| (row.business_id, row.expires_us) = (Some("b".into()), Some(7))),
        row(30, |row| (row.business_id, row.updated_us) = (Some("B".into()), 5)),
        row(40, |row| (row.status, row.expires_us) = (Status::Draft, Some(3))),
        row(50, |row| row.organization = other()),
        row(60, |row| (row.deleted_us, row.data_key) = (Some(1), None)),
    ];
    shelf.file(&rows).await;
}

async fn an_organization_sees_its_own_and_nothing_deleted(shelf: Shelf) {
    fill(&shelf).await;
    assert_eq!(listed(&shelf, all()).await, ([10, 20, 30, 40].map(id).to_vec(), 4));
    let theirs = shelf.store.list(&other(), &all()).await.unwrap();
    assert_eq!((theirs.0[0].id, theirs.1), (id(50), 1));
}

async fn filters_narrow_the_page_and_the_count(shelf: Shelf) {
    fill(&shelf).await;
    let drafts = Listing { statuses: vec![Status::Draft], ..all() };
    assert_eq!(listed(&shelf, drafts).await, ([10, 40].map(id).to_vec(), 2));
    let several = Listing { statuses: vec![Status::Draft, Status::Cancelled], ..all() };
    let (found, total) = listed(&shelf, several).await;
    assert!(found.len() >= 2 && total == found.len() as i64, "{found:?}");
    let business = Listing { business_id: Some("b".into()), ..all() };
    assert_eq!(listed(&shelf, business).await, (vec![id(20)], 1), "exactly, case included");
    let between = Listing { created_after_us: Some(10), created_before_us: Some(40), ..all() };
    assert_eq!(listed(&shelf, between).await, ([20, 30].map(id).to_vec(), 2), "both bounds excluded");
    let odd = Listing { business_id: Some("' OR 1=1 --".into()), ..all() };
    assert_eq!(listed(&shelf, odd).await, (vec![], 0));
}

async fn sorted_both_ways_and_never_expiring_is_last(shelf: Shelf) {
    fill(&shelf).await;
    let by = |sort, descending| Listing { sort, descending, ..all() };
    assert_eq!(listed(&shelf, by(Sort::CreatedAt, true)).await.0, [40, 30, 20, 10].map(id));
    assert_eq!(listed(&shelf, by(Sort::UpdatedAt, true)).await.0, [30, 40, 20, 10].map(id));
    assert_eq!(listed(&shelf, by(Sort::ExpiresAt, false)).await.0, [40, 20, 10, 30].map(id));
    assert_eq!(listed(&shelf, by(Sort::ExpiresAt, true)).await.0, [20, 40, 30, 10].map(id));
}

async fn pages_cover_everything_once(shelf: Shelf) {
    shelf.file(&(1..=23).map(request).collect::<Vec<_>>()).await;
    let mut seen = Vec::new();
    for page in 0..4 {
        let (ids, total) = listed(&shelf, Listing { limit: 7, offset: page * 7, ..Listing::default() }).await;
        assert_eq!(total, 23);
        seen.extend(ids);
    }
    assert_eq!(seen, (1..=23).map(id).collect::<Vec<_>>());
}

async fn timers_that_are_due_are_claimed_once_the_longest_due_first(shelf: Shelf) {
    let waking = |number: u128, wake_us: Option<i64>| RequestRow { wake_us, ..request(number) };
    shelf.file(&[waking(1, Some(30)), waking(2, None), waking(3, Some(10)), waking(4, Some(31))]).await;
    let claimed = async |now_us: i64, limit: i64| -> Vec<RequestId> {
        let due = shelf.store.claim_timers(now_us, now_us + 5, limit).await.unwrap();
        due.into_iter().map(|due| due.request).collect()
    };
    let next = async |now_us: i64| shelf.store.next_timer(now_us).await.unwrap();
    assert_eq!(claimed(30, 1).await, [id(3)]);
    assert_eq!(next(30).await, Some(30), "the next that nobody has");
    assert_eq!(claimed(30, 9).await, [id(1)]);
    assert_eq!(claimed(34, 9).await, [id(4)], "the others are held");
    assert_eq!(next(34).await, None);
    assert_eq!(next(35).await, Some(10));
    assert_eq!(claimed(35, 9).await.len(), 2, "held no longer");
    assert_eq!(shelf.store.next_wake().await.unwrap(), Some(10), "claimed or not");
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.upsert_requests(vec![waking(3, Some(32))]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(claimed(36, 9).await, [id(3)], "a change ends the claim");
}

async fn every_request_is_walked_by_id(shelf: Shelf) {
    fill(&shelf).await;
    let first = shelf.store.requests_after(Uuid::nil(), 4).await.unwrap();
    let rest = shelf.store.requests_after(first[3].id.0, 4).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&rest).map(|row| row.id).collect();
    assert_eq!(ids, [10, 20, 30, 40, 50, 60].map(id), "all organizations', deleted ones too");
}

//! What was kept for long enough: claimed when its organization says, by one process at a time.

use countersign::store::{RequestRow, Retention, Spent};
use countersign_engine::ids::{KeyId, OrganizationId};
use countersign_tests::servers::on_each_database;
use uuid::Uuid;

use super::rows::{Shelf, acme, id, other, request};

on_each_database! {
    Shelf:
    each_organization_keeps_as_long_as_it_says,
    those_that_say_nothing_keep_as_the_setting_says,
    what_one_process_has_claimed_another_does_not_get_until_the_lease_ends,
    what_runs_is_held_or_is_erased_is_never_claimed,
    a_decision_replaces_the_one_before_and_can_be_forgotten,
}

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// Most that is claimed in one go.
const LIMIT: i64 = 10;

fn ended(number: u128, organization: OrganizationId, retained_us: i64) -> RequestRow {
    RequestRow { organization, retained_us: Some(retained_us), ..request(number) }
}

async fn decide(shelf: &Shelf, organization: &OrganizationId, days: Option<u32>) {
    shelf.store.set_retention(organization, Retention { days, updated_us: 1 }).await.unwrap();
}

async fn claimed(shelf: &Shelf, now_us: i64, default_days: Option<u32>) -> Vec<(u128, u32)> {
    let spent = shelf.store.claim_spent(now_us, now_us + 1, default_days, LIMIT).await.unwrap();
    let mut told: Vec<_> = spent.iter().map(|Spent { request, days, .. }| (request.0.as_u128(), *days)).collect();
    told.sort_unstable();
    told
}

/// An organization exists from its first key.
async fn exists(shelf: &Shelf, organization: OrganizationId) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let (mut key, _) = countersign::http::auth::new_key(organization, "k".into(), &[], now);
    key.id = KeyId(Uuid::new_v4());
    shelf.store.insert_key(&key).await.unwrap();
}

async fn each_organization_keeps_as_long_as_it_says(shelf: Shelf) {
    shelf.file(&[ended(1, acme(), 0), ended(2, acme(), 5), ended(3, other(), 0)]).await;
    assert_eq!(claimed(&shelf, 1000 * DAY, None).await, []);
    decide(&shelf, &acme(), Some(2)).await;
    decide(&shelf, &other(), Some(7)).await;
    assert_eq!(claimed(&shelf, 2 * DAY - 1, None).await, []);
    assert_eq!(claimed(&shelf, 2 * DAY, None).await, [(1, 2)]);
    assert_eq!(claimed(&shelf, 7 * DAY, None).await, [(1, 2), (2, 2), (3, 7)]);
}

async fn those_that_say_nothing_keep_as_the_setting_says(shelf: Shelf) {
    let tests = acme().test_world();
    shelf.file(&[ended(1, acme(), 0), ended(2, other(), 0), ended(3, tests.clone(), 0)]).await;
    for organization in [acme(), acme(), other(), tests] {
        exists(&shelf, organization).await;
    }
    decide(&shelf, &other(), None).await;
    assert_eq!(claimed(&shelf, 1000 * DAY, None).await, []);
    assert_eq!(claimed(&shelf, 1000 * DAY, Some(3)).await, [(1, 3), (3, 3)], "what is kept for ever is kept");
}

async fn what_one_process_has_claimed_another_does_not_get_until_the_lease_ends(shelf: Shelf) {
    let rows: Vec<RequestRow> = (1..=25).map(|number| ended(number, acme(), 0)).collect();
    shelf.file(&rows).await;
    decide(&shelf, &acme(), Some(1)).await;
    let second = shelf.second().await;
    let claim = async |store: &countersign::store::Store, now_us: i64| {
        store.claim_spent(now_us, now_us + 100, None, LIMIT).await.unwrap()
    };
    let mut seen = Vec::new();
    for store in [&shelf.store, &second, &shelf.store, &second] {
        seen.extend(claim(store, DAY).await.into_iter().map(|spent| spent.request));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=25).map(id).collect::<Vec<_>>(), "each once");
    assert_eq!(claim(&second, DAY + 100).await.len(), LIMIT as usize, "a claim that ran out is anybody's");
}

async fn what_runs_is_held_or_is_erased_is_never_claimed(shelf: Shelf) {
    shelf.file(&[request(1), ended(2, acme(), 0)]).await;
    decide(&shelf, &acme(), Some(1)).await;
    let purged = RequestRow { retained_us: None, purged_us: Some(9), business_id: Some("b".into()), ..request(2) };
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.upsert_requests(vec![purged]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(claimed(&shelf, 1000 * DAY, None).await, []);
    let row = shelf.store.request(countersign::store::Scope::All, id(2)).await.unwrap().unwrap();
    assert_eq!((row.data_key, row.purged_us, row.deleted_us), (None, Some(9), None), "its key is destroyed");
    assert_eq!(row.business_id.as_deref(), Some("b"), "what it was called stays");
}

async fn a_decision_replaces_the_one_before_and_can_be_forgotten(shelf: Shelf) {
    assert_eq!(shelf.store.retention(&acme()).await.unwrap(), None);
    for days in [Some(1), None, Some(36_500)] {
        decide(&shelf, &acme(), days).await;
        assert_eq!(shelf.store.retention(&acme()).await.unwrap(), Some(Retention { days, updated_us: 1 }));
    }
    assert_eq!(shelf.store.retention(&other()).await.unwrap(), None);
    shelf.store.forget_retention(&acme()).await.unwrap();
    assert_eq!(shelf.store.retention(&acme()).await.unwrap(), None);
}

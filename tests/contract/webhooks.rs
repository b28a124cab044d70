//! Webhooks: an endpoint is heard by one at a time, of each queue exactly the first that is pending is due, what
//! is written with an old number does not count, and nothing is left of an endpoint that is taken away.

use std::collections::BTreeSet;

use countersign::store::{
    AttemptRow, COURIER, Cursor, DeliveryRow, DeliveryState, EndpointLease, EndpointRow, ReplayRow, RequestRow, Scope,
    Store,
};
use countersign_engine::ids::OrganizationId;
use countersign_engine::request::Status;
use countersign_tests::rows;
use countersign_tests::servers::on_each_database;
use uuid::Uuid;

use super::rows::{Shelf, acme, id, other, request};

on_each_database! {
    Shelf:
    an_endpoint_is_leased_by_one_until_its_lease_ends_and_each_has_a_turn,
    an_organization_has_its_share_and_no_more,
    of_each_queue_the_first_that_is_pending_is_due,
    what_is_filed_while_another_is_finished_is_never_forgotten,
    a_delivery_ends_once_and_the_next_is_due,
    nothing_is_filed_for_who_is_disabled_and_what_was_pending_is_dead,
    an_endpoint_hears_what_is_committed_after_it_was_made,
    a_request_has_one_endpoint_of_its_own_which_hears_nothing_else,
    filing_and_the_place_are_one,
    nothing_is_left_of_an_endpoint_that_is_taken_away,
    old_deliveries_are_forgotten_with_their_attempts,
    an_endpoint_of_a_request_goes_with_what_was_told_of_it,
    a_place_in_the_log_is_found_by_time,
}

pub(super) fn endpoint(number: u128, organization: OrganizationId) -> EndpointRow {
    rows::endpoint(Uuid::from_u128(number), organization, 1)
}

/// The event of a number of a request, for an endpoint.
pub(super) fn delivery(number: u128, to: &EndpointRow, about: u128, seq: u64) -> DeliveryRow {
    DeliveryRow {
        event: Uuid::from_u128(1000 + number),
        about: Some((id(about), seq)),
        ..DeliveryRow::new(Uuid::from_u128(number), to, "request.created", 5)
    }
}

/// The first attempt at a delivery of `acme`.
pub(super) fn attempt(delivery: Uuid) -> AttemptRow {
    let (status, excerpt) = (Some(200), Some(vec![7]));
    AttemptRow { organization: acme(), delivery, number: 1, at_us: 20, took_us: 3, status, error: None, excerpt }
}

async fn filed(store: &Store, rows: Vec<DeliveryRow>, now_us: i64) -> usize {
    store.file_deliveries(rows, None, now_us).await.unwrap()
}

async fn lease(store: &Store, now_us: i64, lease_us: i64, limit: i64) -> Vec<EndpointLease> {
    store.lease_endpoints((now_us, lease_us), &[], &[], (100, limit)).await.unwrap()
}

/// Ids of what is due to an endpoint.
async fn due(store: &Store, to: &EndpointRow, now_us: i64) -> Vec<u128> {
    let due = store.due_deliveries(to.id, now_us, 100).await.unwrap();
    due.into_iter().map(|due| due.id.as_u128()).collect()
}

async fn deliver(store: &Store, row: &DeliveryRow, now_us: i64) {
    let mut transaction = store.begin().await.unwrap();
    transaction.lock_endpoints([row.endpoint]).await.unwrap();
    transaction.mark_delivered(vec![row.id], now_us).await.unwrap();
    transaction.promote(BTreeSet::from([(row.endpoint, row.queue())]), now_us).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn an_endpoint_is_leased_by_one_until_its_lease_ends_and_each_has_a_turn(shelf: Shelf) {
    let second = shelf.second().await;
    let (one, two, idle) = (endpoint(1, acme()), endpoint(2, acme()), endpoint(3, acme()));
    for row in [&one, &two, &idle] {
        shelf.store.insert_endpoint(row, None).await.unwrap();
    }
    filed(&shelf.store, vec![delivery(1, &one, 7, 1), delivery(2, &two, 7, 1)], 10).await;
    assert!(lease(&shelf.store, 9, 100, 9).await.is_empty(), "not due yet");
    let leased = lease(&shelf.store, 10, 100, 1).await;
    assert_eq!((leased.len(), leased[0].epoch), (1, 1));
    let rest = lease(&second, 10, 100, 9).await;
    assert_eq!(rest.len(), 1, "one has its courier, one has nothing");
    assert_ne!(rest[0].endpoint, leased[0].endpoint);
    assert!(lease(&second, 99, 200, 9).await.is_empty());
    shelf.store.renew_endpoints(&leased, 150).await.unwrap();
    let taken = lease(&second, 149, 300, 9).await;
    assert_eq!(taken.len(), 1, "the other's lease was not renewed");
    assert_eq!((taken[0].endpoint, taken[0].epoch), (rest[0].endpoint, 2));
    shelf.store.renew_endpoints(&rest, 900).await.unwrap();
    assert_eq!(second.leased_endpoint(&rest[0]).await.unwrap(), None, "the number is an older one");
    assert!(second.leased_endpoint(&taken[0]).await.unwrap().is_some());

    // Who was let go last has the last turn.
    for (lease, at) in [(&taken[0], 160), (&leased[0], 161)] {
        let mut transaction = second.begin().await.unwrap();
        transaction.lock_endpoints([lease.endpoint]).await.unwrap();
        transaction.release_endpoint(lease, at).await.unwrap();
        transaction.commit().await.unwrap();
    }
    second.renew_endpoints(&leased, 900).await.unwrap();
    assert_eq!(shelf.store.next_turn().await.unwrap(), Some(160), "who let go renews nothing");
    assert_eq!(lease(&shelf.store, 170, 300, 1).await[0].endpoint, taken[0].endpoint);
    assert_eq!(shelf.store.next_turn().await.unwrap(), Some(161), "a lease is waited for as well");
}

async fn an_organization_has_its_share_and_no_more(shelf: Shelf) {
    let many: Vec<EndpointRow> = (1..=6).map(|number| endpoint(number, acme())).collect();
    let theirs = endpoint(7, other());
    for row in many.iter().chain([&theirs]) {
        shelf.store.insert_endpoint(row, None).await.unwrap();
        filed(&shelf.store, vec![delivery(row.id.as_u128(), row, 7, 1)], 10).await;
    }
    let leased = shelf.store.lease_endpoints((20, 100), &[], &[], (2, 9)).await.unwrap();
    let of_acme = leased.iter().filter(|lease| lease.organization == acme()).count();
    assert_eq!((leased.len(), of_acme), (3, 2));
    let leased = shelf.store.lease_endpoints((20, 100), &[acme()], &[], (2, 9)).await.unwrap();
    assert!(leased.is_empty(), "who has had theirs gets none: {leased:?}");
    // Whoever takes nothing has a share of its own, so that it keeps no other of the organization waiting.
    let mut transaction = shelf.store.begin().await.unwrap();
    let failing: BTreeSet<Uuid> = (1..=3).map(Uuid::from_u128).collect();
    transaction.note_failure(failing.clone(), 50).await.unwrap();
    transaction.commit().await.unwrap();
    let leased = shelf.store.lease_endpoints((200, 300), &[], &[acme()], (9, 9)).await.unwrap();
    assert!(leased.iter().all(|lease| !failing.contains(&lease.endpoint) && !lease.failing), "{leased:?}");
    assert_eq!(leased.len(), 4);
    let leased = shelf.store.lease_endpoints((200, 300), &[], &[], (2, 9)).await.unwrap();
    assert_eq!(leased.iter().filter(|lease| lease.failing).count(), 2, "{leased:?}");
}

async fn of_each_queue_the_first_that_is_pending_is_due(shelf: Shelf) {
    let (one, two) = (endpoint(1, acme()), endpoint(2, acme()));
    for row in [&one, &two] {
        shelf.store.insert_endpoint(row, None).await.unwrap();
    }
    let rows = vec![
        delivery(1, &one, 7, 1),
        delivery(2, &one, 7, 2),
        delivery(3, &one, 8, 1),
        delivery(4, &two, 7, 2),
        delivery(5, &one, 7, 3),
    ];
    assert_eq!(filed(&shelf.store, rows.clone(), 10).await, 5);
    assert_eq!(due(&shelf.store, &one, 10).await, [1, 3]);
    assert_eq!(due(&shelf.store, &two, 10).await, [4]);
    filed(&shelf.store, vec![delivery(6, &one, 8, 2)], 11).await;
    assert_eq!(due(&shelf.store, &one, 99).await, [1, 3], "it waits for what is pending already");
    deliver(&shelf.store, &rows[0], 20).await;
    assert_eq!(due(&shelf.store, &one, 99).await, [3, 2]);
    deliver(&shelf.store, &rows[2], 21).await;
    assert_eq!(due(&shelf.store, &one, 99).await, [2, 6]);
    let (all, total) = shelf.store.deliveries(&acme(), one.id, None, (100, 0)).await.unwrap();
    assert_eq!((all.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), total), (vec![6, 5, 3, 2, 1], 5));
    let (pending, total) = shelf.store.deliveries(&acme(), one.id, Some(DeliveryState::Pending), (1, 1)).await.unwrap();
    assert_eq!((pending[0].id.as_u128(), total), (5, 3));
}

async fn what_is_filed_while_another_is_finished_is_never_forgotten(shelf: Shelf) {
    let second = shelf.second().await;
    let one = endpoint(1, acme());
    shelf.store.insert_endpoint(&one, None).await.unwrap();
    for round in 0..20_u64 {
        let before = delivery(u128::from(2 * round + 1), &one, 7, 2 * round + 1);
        let after = delivery(u128::from(2 * round + 2), &one, 7, 2 * round + 2);
        filed(&shelf.store, vec![before.clone()], 10).await;
        let filing = filed(&second, vec![after.clone()], 10);
        tokio::join!(deliver(&shelf.store, &before, 11), filing);
        assert_eq!(due(&shelf.store, &one, 99).await, [after.id.as_u128()], "round {round}");
        deliver(&shelf.store, &after, 12).await;
    }
}

async fn a_delivery_ends_once_and_the_next_is_due(shelf: Shelf) {
    let one = endpoint(1, acme());
    shelf.store.insert_endpoint(&one, None).await.unwrap();
    let rows = vec![delivery(1, &one, 7, 1), delivery(2, &one, 7, 2)];
    filed(&shelf.store, rows.clone(), 10).await;
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.put_off_delivery(rows[0].id, 500, 20).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(due(&shelf.store, &one, 499).await.is_empty(), "the second waits for the first");
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.bury_delivery(rows[0].id, "exhausted", 600).await.unwrap();
    transaction.mark_delivered(vec![rows[0].id], 700).await.unwrap();
    transaction.promote(BTreeSet::from([(one.id, id(7).0)]), 600).await.unwrap();
    transaction.commit().await.unwrap();
    let row = shelf.store.delivery(Scope::Of(&acme()), one.id, rows[0].id).await.unwrap().unwrap();
    assert_eq!((row.state, row.reason.as_deref(), row.attempts), (DeliveryState::Dead, Some("exhausted"), 2));
    assert_eq!((row.tried_us, row.finished_us, row.due_us), (Some(20), Some(600), None));
    assert_eq!(due(&shelf.store, &one, 600).await, [2]);
    assert_eq!(shelf.store.delivery(Scope::Of(&other()), one.id, rows[0].id).await.unwrap(), None);
}

async fn nothing_is_filed_for_who_is_disabled_and_what_was_pending_is_dead(shelf: Shelf) {
    let one = endpoint(1, acme());
    shelf.store.insert_endpoint(&one, None).await.unwrap();
    filed(&shelf.store, vec![delivery(1, &one, 7, 1)], 10).await;
    let leased = lease(&shelf.store, 10, 100, 9).await;
    shelf.store.deactivate_endpoint(one.id, "gone", 20).await.unwrap();
    assert_eq!(shelf.store.leased_endpoint(&leased[0]).await.unwrap(), None);
    assert_eq!(filed(&shelf.store, vec![delivery(2, &one, 7, 2)], 30).await, 0);
    assert!(lease(&shelf.store, 900, 999, 9).await.is_empty());
    let row = shelf.store.delivery(Scope::All, one.id, Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((row.state, row.reason.as_deref()), (DeliveryState::Dead, Some("endpoint_disabled")));
    let now = shelf.store.endpoint(Scope::Of(&acme()), one.id).await.unwrap().unwrap();
    assert_eq!(now.disabled, Some((20, "gone".into())));
    assert_eq!(shelf.store.listening_from().await.unwrap(), None);
    shelf.store.activate_endpoint(&acme(), one.id, 40).await.unwrap();
    assert_eq!(filed(&shelf.store, vec![delivery(2, &one, 7, 2)], 50).await, 1);
    assert_eq!(lease(&shelf.store, 50, 51, 9).await.len(), 1, "nobody has it from before");
    let backlog = shelf.store.backlog(60, 100).await.unwrap();
    assert_eq!((backlog.pending, backlog.endpoints), (1, vec![("active".into(), 1)]));
}

async fn an_endpoint_hears_what_is_committed_after_it_was_made(shelf: Shelf) {
    shelf.file(&[request(1)]).await;
    shelf.log(1).await;
    let one = endpoint(1, acme());
    shelf.store.insert_endpoint(&one, None).await.unwrap();
    shelf.file(&[request(2)]).await;
    let log = shelf.log(2).await;
    let row = shelf.store.endpoint(Scope::All, one.id).await.unwrap().unwrap();
    assert!(log[0].0 <= row.from && log[1].0 > row.from, "{:?} {:?}", log, row.from);
    assert_eq!(shelf.store.listening_from().await.unwrap(), Some(row.from));
    let listening = shelf.store.listening(&BTreeSet::from([acme(), other()]), &BTreeSet::new()).await.unwrap();
    assert_eq!(listening, [row]);
    assert!(shelf.store.listening(&BTreeSet::from([other()]), &BTreeSet::new()).await.unwrap().is_empty());
}

async fn a_request_has_one_endpoint_of_its_own_which_hears_nothing_else(shelf: Shelf) {
    let general = endpoint(1, acme());
    let of = |number, about| EndpointRow { request: Some(id(about)), ..endpoint(number, acme()) };
    for row in [&general, &of(2, 7), &of(3, 8)] {
        shelf.store.insert_endpoint(row, None).await.unwrap();
    }
    assert!(shelf.store.insert_endpoint(&of(4, 7), None).await.is_err(), "one only");
    let acme = acme();
    let found = shelf.store.endpoint_of(Scope::Of(&acme), id(7)).await.unwrap().unwrap();
    assert_eq!((found.id, found.request), (Uuid::from_u128(2), Some(id(7))));
    assert_eq!(shelf.store.endpoint_of(Scope::Of(&other()), id(7)).await.unwrap(), None);
    let listed = shelf.store.endpoints(&acme, 9, 0).await.unwrap();
    assert_eq!((listed.0.len(), listed.1, listed.0[0].id), (1, 1, general.id), "it is none of the organization's");
    let heard = shelf.store.listening(&BTreeSet::from([acme.clone()]), &BTreeSet::from([id(7), id(9)])).await.unwrap();
    assert_eq!(heard.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), [1, 2]);
    shelf.store.deactivate_endpoint(Uuid::from_u128(2), "gone", 5).await.unwrap();
    let heard = shelf.store.listening(&BTreeSet::new(), &BTreeSet::from([id(7)])).await.unwrap();
    assert_eq!(heard, []);
}

async fn filing_and_the_place_are_one(shelf: Shelf) {
    let second = shelf.second().await;
    let one = endpoint(1, acme());
    shelf.store.insert_endpoint(&one, None).await.unwrap();
    let old = shelf.store.take_place(COURIER, "one", 0, 100).await.unwrap().unwrap();
    second.take_place(COURIER, "two", 100, 200).await.unwrap().unwrap();
    let mut transaction = shelf.store.begin().await.unwrap();
    assert!(!transaction.move_place(COURIER, &old, 300).await.unwrap(), "who lost the place files nothing");
    transaction.file_deliveries(vec![delivery(1, &one, 7, 1)], 10).await.unwrap();
    drop(transaction);
    assert!(due(&second, &one, 99).await.is_empty());
}

async fn nothing_is_left_of_an_endpoint_that_is_taken_away(shelf: Shelf) {
    let (one, two) = (endpoint(1, acme()), endpoint(2, acme()));
    for row in [&one, &two] {
        shelf.store.insert_endpoint(row, None).await.unwrap();
        filed(&shelf.store, vec![delivery(row.id.as_u128(), row, 7, 1)], 10).await;
    }
    let replay = ReplayRow {
        id: Uuid::from_u128(9),
        endpoint: one.id,
        after_us: 1,
        before_us: 2,
        at: Cursor::default(),
        created_us: 3,
    };
    shelf.store.insert_replay(&replay, None).await.unwrap();
    assert_eq!(shelf.store.next_replay().await.unwrap(), Some(replay));
    assert!(!shelf.store.delete_endpoint(&other(), one.id).await.unwrap(), "another organization cannot");
    assert!(shelf.store.delete_endpoint(&acme(), one.id).await.unwrap());
    assert!(!shelf.store.delete_endpoint(&acme(), one.id).await.unwrap());
    assert_eq!(shelf.store.delivery(Scope::All, one.id, Uuid::from_u128(1)).await.unwrap(), None);
    assert_eq!(shelf.store.next_replay().await.unwrap(), None);
    assert_eq!(filed(&shelf.store, vec![delivery(3, &one, 7, 2)], 20).await, 0);
    assert_eq!(due(&shelf.store, &two, 99).await, [2]);
}

async fn old_deliveries_are_forgotten_with_their_attempts(shelf: Shelf) {
    let one = endpoint(1, acme());
    shelf.store.insert_endpoint(&one, None).await.unwrap();
    let rows = [delivery(1, &one, 7, 1), delivery(2, &one, 8, 1), delivery(3, &one, 9, 1)];
    let mut young = rows[2].clone();
    young.created_us = 100;
    filed(&shelf.store, vec![rows[0].clone(), rows[1].clone(), young], 10).await;
    deliver(&shelf.store, &rows[0], 20).await;
    deliver(&shelf.store, &rows[2], 20).await;
    let attempt = attempt(rows[0].id);
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_attempts(vec![attempt.clone(), attempt.clone()]).await.unwrap();
    transaction.commit().await.unwrap();
    let attempts =
        async |of: OrganizationId| shelf.store.attempts_at(&of, rows.iter().map(|row| row.id)).await.unwrap();
    assert_eq!(attempts(acme()).await, [attempt]);
    assert!(attempts(other()).await.is_empty());
    assert_eq!(shelf.store.tidy_deliveries(50, 100).await.unwrap(), 1, "neither what is pending nor what is young");
    assert!(attempts(acme()).await.is_empty());
    assert_eq!(shelf.store.deliveries(&acme(), one.id, None, (9, 0)).await.unwrap().1, 2);
}

async fn an_endpoint_of_a_request_goes_with_what_was_told_of_it(shelf: Shelf) {
    let ended = |number| RequestRow { status: Status::Completed, updated_us: 10, ..request(number) };
    shelf.file(&[ended(7), ended(8), request(9)]).await;
    let of = |number, about| EndpointRow { request: Some(id(about)), ..endpoint(number, acme()) };
    let rows = [endpoint(1, acme()), of(2, 7), of(3, 8), of(4, 9)];
    for row in &rows {
        shelf.store.insert_endpoint(row, None).await.unwrap();
    }
    filed(&shelf.store, vec![delivery(1, &rows[2], 8, 1)], 10).await;
    assert_eq!(shelf.store.tidy_endpoints(10, 100).await.unwrap(), 0, "none of them is old");
    assert_eq!(shelf.store.tidy_endpoints(11, 100).await.unwrap(), 1, "of another something is still to be told");
    for (row, stays) in rows.iter().zip([true, false, true, true]) {
        assert_eq!(shelf.store.endpoint(Scope::All, row.id).await.unwrap().is_some(), stays, "{}", row.id);
    }
}

async fn a_place_in_the_log_is_found_by_time(shelf: Shelf) {
    // Events as they are stored, a second apart.
    let event = |number: u64| {
        let body = serde_json::json!({ "actor": { "kind": "system" }, "fact": { "name": "request.deleted", "with": {} },
            "id": Uuid::from_u128(u128::from(number)), "organization": "acme", "request": id(1), "seq": number,
            "time": jiff::Timestamp::from_second(number as i64).unwrap() });
        countersign::store::EventRow { body: body.to_string(), ..super::rows::event(id(1), number) }
    };
    assert_eq!(shelf.store.log_since(5).await.unwrap(), Cursor::default());
    for number in 1..=20 {
        let mut transaction = shelf.store.begin().await.unwrap();
        transaction.insert_events(vec![event(number)]).await.unwrap();
        transaction.commit().await.unwrap();
    }
    shelf.log(20).await;
    for (second, first) in [(0, 1), (1, 1), (7, 7), (20, 20)] {
        let at = shelf.store.log_since(second * 1_000_000).await.unwrap();
        let found = shelf.store.log_after(at, 1).await.unwrap();
        assert_eq!(found[0].1.seq, first, "since second {second}");
    }
    let at = shelf.store.log_since(21_000_000).await.unwrap();
    assert!(shelf.store.log_after(at, 1).await.unwrap().is_empty());
}

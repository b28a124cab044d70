//! Webhooks in: what comes is kept once however often and wherever it comes, applied by one at a time, settled once, and
//! erased with the request that it is about.

use countersign::store::{
    InboundBody, InboundListing, InboundRow, InboundState, RequestRow, Scope, Settled, Share, Store, StoreError, Taken,
};
use countersign_engine::ids::{Digest, OrganizationId};
use countersign_tests::servers::on_each_database;
use futures_util::future::join_all;
use uuid::Uuid;

use super::rows::{Shelf, acme, id, other, receipt, request};

on_each_database! {
    Shelf:
    what_comes_again_is_a_repeat_for_as_long_as_that_counts,
    of_many_at_once_one_is_news,
    of_one_stamp_so_much_is_kept_and_the_newest_stands_for_the_rest,
    a_claim_is_one_processes_until_its_lease_ends,
    what_is_put_off_is_due_later_and_knows_what_was_read,
    what_is_settled_is_settled_once,
    a_replay_is_news_with_its_receipt_or_not_at_all,
    what_was_told_of_a_request_is_erased_with_it,
    what_has_its_verdict_is_forgotten_and_what_is_pending_is_not,
}

pub(super) fn inbound(number: u128, organization: OrganizationId) -> InboundRow {
    InboundRow {
        scheme: "certyneo".into(),
        trust: "body".into(),
        digest: Some(Digest::of(b"body")),
        bytes: 4,
        content_type: Some("application/json".into()),
        ..InboundRow::new(Uuid::from_u128(number), organization, Uuid::from_u128(7), "certyneo".into(), 10)
    }
}

pub(super) fn body() -> InboundBody {
    InboundBody { data_key: vec![1, 2], sealed: vec![3, 4] }
}

fn identity(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

async fn taken(store: &Store, row: &InboundRow, of: &str, since_us: i64) -> Taken {
    store.take_inbound(row, identity(of), &body(), since_us, None).await.unwrap()
}

async fn listed(store: &Store) -> Vec<InboundRow> {
    let listing = InboundListing { ascending: true, limit: 100, ..InboundListing::default() };
    store.inbound_deliveries(&acme(), &listing).await.unwrap().0
}

fn applied(to: u128) -> Settled {
    let read = Some(("d-1".to_owned(), "signed", "recipient.signed".to_owned()));
    Settled { verdict: Some("applied"), reason: Some("believed".into()), request: Some(id(to)), read }
}

async fn what_comes_again_is_a_repeat_for_as_long_as_that_counts(shelf: Shelf) {
    let (store, second) = (&shelf.store, shelf.second().await);
    let first = inbound(1, acme());
    assert_eq!(taken(store, &first, "a", i64::MIN).await, Taken::New);
    let again = InboundRow { received_us: 20, ..inbound(2, acme()) };
    assert_eq!(taken(&second, &again, "a", i64::MIN).await, Taken::Repeat(first.id));
    assert_eq!(taken(store, &again, "a", 10).await, Taken::Repeat(first.id), "what came at that instant counts");
    let elsewhere = InboundRow { config: Uuid::from_u128(8), ..inbound(3, acme()) };
    assert_eq!(taken(store, &elsewhere, "a", i64::MIN).await, Taken::New, "another configuration's");
    let kept = store.inbound(Scope::Of(&acme()), first.id).await.unwrap().unwrap();
    assert_eq!(kept, InboundRow { repeats: 2, repeated_us: Some(20), ..first });
    assert_eq!(store.inbound_body(Scope::Of(&acme()), kept.id).await.unwrap(), Some(body()));
    let late = InboundRow { received_us: 30, ..inbound(4, acme()) };
    assert_eq!(taken(store, &late, "a", 11).await, Taken::New, "so late it is news");
    assert_eq!(taken(store, &again, "a", 11).await, Taken::Repeat(late.id));
    assert_eq!(store.inbound(Scope::Of(&other()), late.id).await.unwrap(), None);
}

async fn of_many_at_once_one_is_news(shelf: Shelf) {
    let second = shelf.second().await;
    let rows: Vec<InboundRow> = (1..=12).map(|number| inbound(number, acme())).collect();
    let stores = [&shelf.store, &second];
    let all =
        join_all(rows.iter().zip(stores.iter().cycle()).map(|(row, store)| taken(store, row, "a", i64::MIN))).await;
    assert_eq!(all.iter().filter(|taken| **taken == Taken::New).count(), 1);
    let kept = listed(&shelf.store).await;
    assert_eq!((kept.len(), kept[0].repeats), (1, 11));
    assert!(all.iter().all(|taken| matches!(taken, Taken::New) || *taken == Taken::Repeat(kept[0].id)));
}

async fn of_one_stamp_so_much_is_kept_and_the_newest_stands_for_the_rest(shelf: Shelf) {
    let store = &shelf.store;
    let share = |of: &str, most, most_bytes| Some(Share { covered: identity(of), most, most_bytes });
    let take = async |number: u128, at: i64, share| {
        let row = InboundRow { received_us: at, ..inbound(number, acme()) };
        store.take_inbound(&row, identity(&number.to_string()), &body(), i64::MIN, share).await.unwrap()
    };
    assert_eq!(take(1, 10, share("a", 2, 100)).await, Taken::New);
    assert_eq!(take(2, 11, share("a", 2, 100)).await, Taken::New);
    let (oldest, newest) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let claims = store.claim_inbound(12, 100, 9).await.unwrap();
    // Whoever applies the newest at this moment has not heard of the rest.
    assert_eq!(take(3, 20, share("a", 2, 100)).await, Taken::Crowded(newest));
    assert!(!store.settle_inbound(&claims[1], &applied(1), InboundState::Settled, 21).await.unwrap());
    assert!(store.settle_inbound(&claims[0], &applied(1), InboundState::Settled, 21).await.unwrap());
    let again = store.claim_inbound(20, 100, 9).await.unwrap().remove(0);
    assert_eq!((again.row.id, again.row.repeats, again.row.repeated_us), (newest, 1, Some(20)));
    let read = Some(("d-1".to_owned(), "other", "99".to_owned()));
    let ignored = Settled { verdict: Some("ignored"), read, ..Settled::default() };
    store.settle_inbound(&again, &ignored, InboundState::Settled, 22).await.unwrap();
    // One that says something stands for it sooner than one that says nothing.
    assert_eq!(take(4, 30, share("a", 2, 100)).await, Taken::Crowded(oldest));
    let row = store.inbound(Scope::All, oldest).await.unwrap().unwrap();
    assert_eq!((row.state, row.verdict, row.due_us), (InboundState::Pending, None, Some(30)));
    // What is kept is known when it comes again, and each stamp has its own share.
    assert_eq!(take(1, 31, share("a", 2, 100)).await, Taken::Repeat(Uuid::from_u128(1)));
    assert_eq!(take(5, 32, share("b", 9, 6)).await, Taken::New);
    assert_eq!(take(6, 33, share("b", 9, 6)).await, Taken::Crowded(Uuid::from_u128(5)), "four bytes and four");
    assert_eq!(take(7, 34, None).await, Taken::New);
}

async fn a_claim_is_one_processes_until_its_lease_ends(shelf: Shelf) {
    let second = shelf.second().await;
    for (number, at) in [(1, 12), (2, 10), (3, 11)] {
        let row = InboundRow { received_us: at, ..inbound(number, acme()) };
        taken(&shelf.store, &row, &number.to_string(), i64::MIN).await;
    }
    assert_eq!(shelf.store.next_inbound().await.unwrap(), Some(10));
    assert_eq!(shelf.store.inbound_waiting().await.unwrap(), (3, Some(10)));
    assert!(shelf.store.claim_inbound(9, 100, 9).await.unwrap().is_empty(), "not due yet");
    let held = shelf.store.claim_inbound(12, 100, 9).await.unwrap();
    let order: Vec<u128> = held.iter().map(|claim| claim.row.id.as_u128()).collect();
    assert_eq!(order, [2, 3, 1], "as it came");
    assert!(second.claim_inbound(99, 200, 9).await.unwrap().is_empty());
    shelf.store.renew_inbound(&held[..1], 300).await.unwrap();
    let over = second.claim_inbound(100, 400, 9).await.unwrap();
    assert_eq!(over.len(), 2, "one was renewed");
    shelf.store.renew_inbound(&held, 900).await.unwrap();
    assert_eq!(second.claim_inbound(400, 500, 9).await.unwrap().len(), 2, "an old number renews nothing");
}

async fn what_is_put_off_is_due_later_and_knows_what_was_read(shelf: Shelf) {
    let store = &shelf.store;
    taken(store, &inbound(1, acme()), "a", i64::MIN).await;
    let claim = store.claim_inbound(10, 100, 9).await.unwrap().remove(0);
    let so_far = Settled { verdict: None, reason: Some("not known".into()), request: None, ..applied(1) };
    assert!(store.put_inbound_off(&claim, &so_far, 50, true).await.unwrap());
    store.renew_inbound(std::slice::from_ref(&claim), 900).await.unwrap();
    assert!(!store.put_inbound_off(&claim, &so_far, 60, true).await.unwrap(), "it was let go");
    let row = listed(store).await.remove(0);
    assert_eq!((row.due_us, row.attempts, row.reason.as_deref()), (Some(50), 1, Some("not known")));
    assert_eq!(
        (row.document.as_deref(), row.told.as_deref(), row.state),
        (Some("d-1"), Some("signed"), InboundState::Pending)
    );
    let claim = store.claim_inbound(50, 100, 9).await.unwrap().remove(0);
    assert!(store.put_inbound_off(&claim, &Settled::default(), 70, false).await.unwrap());
    let row = listed(store).await.remove(0);
    assert_eq!((row.attempts, row.document.as_deref()), (1, Some("d-1")), "that was no attempt");
}

async fn what_is_settled_is_settled_once(shelf: Shelf) {
    let (store, second) = (&shelf.store, shelf.second().await);
    taken(store, &inbound(1, acme()), "a", i64::MIN).await;
    let zombie = store.claim_inbound(10, 20, 9).await.unwrap().remove(0);
    let claim = second.claim_inbound(20, 40, 9).await.unwrap().remove(0);
    assert!(!store.settle_inbound(&zombie, &applied(1), InboundState::Settled, 21).await.unwrap(), "it was taken over");
    assert!(second.settle_inbound(&claim, &applied(2), InboundState::Settled, 22).await.unwrap());
    assert!(!second.settle_inbound(&claim, &applied(3), InboundState::Dead, 23).await.unwrap());
    let row = listed(store).await.remove(0);
    assert_eq!((row.state, row.verdict.as_deref(), row.request), (InboundState::Settled, Some("applied"), Some(id(2))));
    assert_eq!((row.settled_us, row.due_us, row.attempts), (Some(22), None, 1));
    assert_eq!((row.word.as_deref(), store.next_inbound().await.unwrap()), (Some("recipient.signed"), None));
    let of = |request| InboundListing { request: Some(id(request)), limit: 9, ..InboundListing::default() };
    assert_eq!(store.inbound_deliveries(&acme(), &of(2)).await.unwrap().1, 1);
    assert_eq!(store.inbound_deliveries(&acme(), &of(1)).await.unwrap().1, 0);
}

async fn a_replay_is_news_with_its_receipt_or_not_at_all(shelf: Shelf) {
    let store = &shelf.store;
    let first = inbound(1, acme());
    taken(store, &first, "a", i64::MIN).await;
    let replay = |number| InboundRow { replay_of: Some(first.id), ..inbound(number, acme()) };
    let once = receipt("http:once", 5);
    store.replay_inbound(&replay(2), &body(), Some(&once)).await.unwrap();
    let refused = store.replay_inbound(&replay(3), &body(), Some(&once)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    store.replay_inbound(&replay(4), &body(), None).await.unwrap();
    let kept: Vec<u128> = listed(store).await.iter().map(|row| row.id.as_u128()).collect();
    assert_eq!(kept, [1, 2, 4]);
}

async fn what_was_told_of_a_request_is_erased_with_it(shelf: Shelf) {
    let store = &shelf.store;
    shelf.file(&[request(1), request(2)]).await;
    for number in [1, 2] {
        taken(store, &inbound(number, acme()), &number.to_string(), i64::MIN).await;
        let claim = store.claim_inbound(10, 100, 9).await.unwrap().remove(0);
        store.settle_inbound(&claim, &applied(number), InboundState::Settled, 20).await.unwrap();
    }
    let mut transaction = store.begin().await.unwrap();
    transaction.upsert_requests(vec![RequestRow { deleted_us: Some(30), seq: 2, ..request(1) }]).await.unwrap();
    transaction.commit().await.unwrap();
    let erased = |number| store.inbound_body(Scope::All, Uuid::from_u128(number));
    assert_eq!((erased(1).await.unwrap(), erased(2).await.unwrap()), (None, Some(body())));
    let row = store.inbound(Scope::All, Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((row.digest, row.verdict.as_deref()), (None, Some("applied")), "what came of it stays");
    // What is settled afterwards leaves nothing either.
    taken(store, &inbound(3, acme()), "3", i64::MIN).await;
    let claim = store.claim_inbound(10, 100, 9).await.unwrap().remove(0);
    store.settle_inbound(&claim, &applied(1), InboundState::Settled, 40).await.unwrap();
    assert_eq!(erased(3).await.unwrap(), None);
}

async fn what_has_its_verdict_is_forgotten_and_what_is_pending_is_not(shelf: Shelf) {
    let store = &shelf.store;
    for number in 1..=3 {
        taken(store, &inbound(number, acme()), &number.to_string(), i64::MIN).await;
    }
    let claims = store.claim_inbound(10, 100, 2).await.unwrap();
    for (claim, state) in claims.iter().zip([InboundState::Settled, InboundState::Dead]) {
        store.settle_inbound(claim, &applied(1), state, 20).await.unwrap();
    }
    assert_eq!(store.tidy_inbound(10, 9).await.unwrap(), 0, "none is that old");
    assert_eq!(store.tidy_inbound(11, 1).await.unwrap(), 1);
    assert_eq!(store.tidy_inbound(11, 9).await.unwrap(), 1);
    let kept = listed(store).await;
    assert_eq!((kept.len(), kept[0].state), (1, InboundState::Pending));
}

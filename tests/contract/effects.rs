//! Effects: claimed by one at a time, fenced, put off, settled.

use std::collections::BTreeSet;

use countersign::store::{Claim, EffectRow, Lane};

use countersign_tests::servers::on_each_database;

use super::rows::{Shelf, id, request, trace};

on_each_database! {
    Shelf:
    what_is_due_is_claimed_earliest_first_and_nothing_else,
    a_lease_that_ran_out_is_claimed_with_a_higher_number,
    a_renewed_claim_stays_and_another_holders_is_not_renewed,
    only_who_holds_the_claim_puts_it_off,
    many_claimers_share_the_work_without_a_double,
    an_effect_is_filed_once_and_goes_when_settled,
    a_requests_effects_are_its_own,
}

async fn what_is_due_is_claimed_earliest_first_and_nothing_else(shelf: Shelf) {
    shelf.owe(&[30, 10, 20, 99]).await;
    let keys = |claims: Vec<Claim>| claims.into_iter().map(|claim| claim.key).collect::<BTreeSet<_>>();
    let first = shelf.store.claim(Lane::Mail, 50, 1000, 2).await.unwrap();
    assert_eq!(keys(first), BTreeSet::from(["e1".into(), "e2".into()]));
    assert_eq!(keys(shelf.store.claim(Lane::Mail, 50, 1000, 9).await.unwrap()), BTreeSet::from(["e0".into()]));
    assert!(shelf.store.claim(Lane::Mail, 50, 1000, 9).await.unwrap().is_empty(), "a lease excludes others");
    assert!(shelf.store.claim(Lane::Seal, 5000, 9000, 9).await.unwrap().is_empty(), "another lane's are not ours");
    assert_eq!(shelf.store.next_effect(Lane::Mail).await.unwrap(), Some(99));
    assert_eq!(shelf.store.next_effect(Lane::Seal).await.unwrap(), None);
}

async fn a_lease_that_ran_out_is_claimed_with_a_higher_number(shelf: Shelf) {
    shelf.owe(&[10]).await;
    let first = shelf.store.claim(Lane::Mail, 10, 100, 1).await.unwrap().remove(0);
    assert!(shelf.store.claim(Lane::Mail, 99, 200, 1).await.unwrap().is_empty());
    let second = shelf.store.claim(Lane::Mail, 100, 200, 1).await.unwrap().remove(0);
    assert_eq!((first.epoch, second.epoch), (1, 2));
    assert_eq!((first.trace, second.trace), (trace(0), trace(0)));
    let mut transaction = shelf.store.begin().await.unwrap();
    assert_eq!(transaction.epochs(&["e0".into(), "nothing".into()]).await.unwrap(), [("e0".into(), 2)]);
}

async fn a_renewed_claim_stays_and_another_holders_is_not_renewed(shelf: Shelf) {
    shelf.owe(&[10, 10]).await;
    let mut claims = shelf.store.claim(Lane::Mail, 10, 100, 2).await.unwrap();
    assert_eq!(shelf.store.renew(&claims, 200).await.unwrap(), 2);
    assert!(shelf.store.claim(Lane::Mail, 199, 300, 9).await.unwrap().is_empty(), "renewed in time");
    let taken = shelf.store.claim(Lane::Mail, 200, 300, 1).await.unwrap().remove(0);
    assert_eq!(shelf.store.renew(&claims, 900).await.unwrap(), 1, "only the other one is still ours");
    claims.retain(|claim| claim.key != taken.key);
    shelf.store.defer(&claims[0], 400, "transient").await.unwrap();
    assert_eq!(shelf.store.renew(&claims, 900).await.unwrap(), 0, "what was put off was given up");
    assert_eq!(shelf.store.next_effect(Lane::Mail).await.unwrap(), Some(300));
}

async fn only_who_holds_the_claim_puts_it_off(shelf: Shelf) {
    shelf.owe(&[10]).await;
    let old = shelf.store.claim(Lane::Mail, 10, 20, 1).await.unwrap().remove(0);
    let held = shelf.store.claim(Lane::Mail, 20, 30, 1).await.unwrap().remove(0);
    shelf.store.defer(&old, 5000, "late").await.unwrap();
    assert_eq!(shelf.store.next_effect(Lane::Mail).await.unwrap(), Some(30), "the late one changes nothing");
    shelf.store.defer(&held, 500, "transient").await.unwrap();
    assert_eq!(shelf.store.next_effect(Lane::Mail).await.unwrap(), Some(500));
    assert_eq!(shelf.store.claim(Lane::Mail, 500, 600, 1).await.unwrap()[0].attempts, 1);
}

async fn many_claimers_share_the_work_without_a_double(shelf: Shelf) {
    let second = shelf.second().await;
    shelf.owe(&[1; 60]).await;
    let claims = (0..12).map(|n| {
        let store = if n % 2 == 0 { shelf.store.clone() } else { second.clone() };
        async move { store.claim(Lane::Mail, 5, 1000, 7).await.unwrap() }
    });
    let claimed: Vec<String> =
        futures_util::future::join_all(claims).await.into_iter().flatten().map(|claim| claim.key).collect();
    assert_eq!(claimed.len(), 60);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 60);
}

async fn an_effect_is_filed_once_and_goes_when_settled(shelf: Shelf) {
    shelf.owe(&[1]).await;
    let mut transaction = shelf.store.begin().await.unwrap();
    let twice = EffectRow { key: "e0".into(), lane: Lane::Mail, due_us: 5, trace: None };
    assert!(transaction.insert_effects(vec![twice]).await.is_err());
    drop(transaction);
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.delete_effects(&["e0".into(), "unknown".into()]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.next_effect(Lane::Mail).await.unwrap(), None);
}

async fn a_requests_effects_are_its_own(shelf: Shelf) {
    shelf.file(&[request(1), request(2)]).await;
    let key = |number: u128, rest: &str| format!("{}.{rest}", id(number));
    let row = |key: String| EffectRow { key, lane: Lane::Mail, due_us: 0, trace: None };
    let mut transaction = shelf.store.begin().await.unwrap();
    let rows = [row(key(1, "3.invitation.x")), row(key(2, "3.invitation.y")), row(key(1, "10.seal"))];
    transaction.insert_effects(rows.to_vec()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.effects_of(id(1)).await.unwrap(), [key(1, "10.seal"), key(1, "3.invitation.x")]);
    assert_eq!(shelf.store.effects_of(id(3)).await.unwrap(), Vec::<String>::new());
}

//! Keys, and what is left of their rates.

use countersign::http::auth::{Permission, give_crypt, new_key};
use countersign::store::{KeyRow, Mode, Scope, StoreError};
use countersign_engine::ids::{Digest, KeyId, OrganizationId};
use countersign_tests::servers::on_each_database;
use futures_util::future::join_all;
use jiff::Timestamp;
use uuid::Uuid;

use super::rows::{Shelf, acme, other, receipt};

on_each_database! {
    Shelf:
    a_key_is_found_by_its_digest_and_revoked_once,
    a_test_key_is_its_organizations_and_works_in_its_test_world,
    a_keys_second_secret_is_kept_as_a_digest,
    an_organization_exists_from_its_first_key_and_its_test_world_with_it,
    keys_are_listed_in_pages_newest_first,
    a_key_is_made_once_for_an_idempotency_key,
    the_use_of_a_key_is_noted_now_and_then,
    rates_are_changed_by_one_at_a_time,
}

fn key_of(organization: OrganizationId, second: i64) -> (KeyRow, String) {
    new_key(organization, "ci".into(), &[Permission::Read], Timestamp::from_second(second).unwrap())
}

async fn a_key_is_found_by_its_digest_and_revoked_once(shelf: Shelf) {
    let (row, secret) = key_of(acme(), 0);
    shelf.store.insert_key(&row).await.unwrap();
    assert_eq!(shelf.store.key_by_hash(Digest::of(secret.as_bytes())).await.unwrap(), Some(row.clone()));
    assert_eq!(shelf.store.key_by_hash(Digest::of(b"guess")).await.unwrap(), None);
    assert!(!shelf.store.revoke_key(&other(), row.id, 5).await.unwrap(), "another organization cannot");
    assert!(shelf.store.revoke_key(&acme(), row.id, 5).await.unwrap());
    assert!(!shelf.store.revoke_key(&acme(), row.id, 6).await.unwrap());
    assert_eq!(shelf.store.keys(Scope::Of(&acme())).await.unwrap()[0].revoked_us, Some(5));
    assert!(shelf.store.keys(Scope::Of(&other())).await.unwrap().is_empty());
    assert!(!format!("{:?}", shelf.store.keys(Scope::All).await.unwrap()).contains(&secret), "the secret is not kept");
}

async fn a_test_key_is_its_organizations_and_works_in_its_test_world(shelf: Shelf) {
    let (row, secret) = key_of(acme().test_world(), 0);
    shelf.store.insert_key(&row).await.unwrap();
    let found = shelf.store.key(&acme(), row.id).await.unwrap().unwrap();
    assert_eq!((found.mode, &found.organization), (Mode::Test, &acme()));
    assert_eq!(found.world().as_str(), "acme~test");
    assert!(secret.starts_with("sk_test_") && found.hint.starts_with("sk_test_"), "{}", found.hint);
    assert_eq!(shelf.store.key(&other(), row.id).await.unwrap(), None);
}

async fn a_keys_second_secret_is_kept_as_a_digest(shelf: Shelf) {
    let (mut row, _) = key_of(acme(), 0);
    let crypt = give_crypt(&mut row, &[7; 32]);
    shelf.store.insert_key(&row).await.unwrap();
    let found = shelf.store.key_by_hash(row.hash).await.unwrap().unwrap();
    assert_eq!(found.crypt_hash, Some(Digest::of(crypt.as_bytes())));
    assert_eq!(shelf.store.keys(Scope::Of(&acme())).await.unwrap(), [row]);
    assert_eq!(shelf.store.keys_page(&acme(), None, 9, 0).await.unwrap().0[0].crypt_hash, found.crypt_hash);
}

async fn an_organization_exists_from_its_first_key_and_its_test_world_with_it(shelf: Shelf) {
    assert!(!shelf.store.is_known(&acme()).await.unwrap());
    shelf.store.insert_key(&key_of(acme(), 0).0).await.unwrap();
    assert!(shelf.store.is_known(&acme()).await.unwrap());
    assert!(shelf.store.is_known(&acme().test_world()).await.unwrap());
    assert!(!shelf.store.is_known(&other()).await.unwrap());
}

async fn keys_are_listed_in_pages_newest_first(shelf: Shelf) {
    for second in 1..=3 {
        shelf.store.insert_key(&key_of(acme(), second).0).await.unwrap();
    }
    shelf.store.insert_key(&key_of(acme().test_world(), 4).0).await.unwrap();
    shelf.store.insert_key(&key_of(other(), 5).0).await.unwrap();
    let page = async |mode, limit, offset| {
        let (rows, total) = shelf.store.keys_page(&acme(), mode, limit, offset).await.unwrap();
        (rows.iter().map(|row| row.created_us / 1_000_000).collect::<Vec<_>>(), total)
    };
    assert_eq!(page(None, 3, 0).await, (vec![4, 3, 2], 4));
    assert_eq!(page(None, 3, 3).await, (vec![1], 4));
    assert_eq!(page(Some(Mode::Live), 10, 0).await, (vec![3, 2, 1], 3));
    assert_eq!(page(Some(Mode::Test), 10, 0).await, (vec![4], 1));
}

async fn a_key_is_made_once_for_an_idempotency_key(shelf: Shelf) {
    shelf.store.insert_key_once(&key_of(acme(), 0).0, Some(&receipt("k", 10))).await.unwrap();
    let again = shelf.store.insert_key_once(&key_of(acme(), 0).0, Some(&receipt("k", 11))).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(shelf.store.keys(Scope::All).await.unwrap().len(), 1, "nothing of it was written");
}

async fn the_use_of_a_key_is_noted_now_and_then(shelf: Shelf) {
    let (row, _) = key_of(acme(), 0);
    shelf.store.insert_key(&row).await.unwrap();
    let used = async || shelf.store.key(&acme(), row.id).await.unwrap().unwrap().last_used_us;
    assert_eq!(used().await, None);
    for (now, since, noted) in [(100, 40, 100), (130, 70, 100), (161, 101, 161)] {
        shelf.store.use_key(row.id, now, since).await.unwrap();
        assert_eq!(used().await, Some(noted));
    }
}

async fn rates_are_changed_by_one_at_a_time(shelf: Shelf) {
    let keys: Vec<KeyId> = (1..=3).map(|number| KeyId(Uuid::from_u128(number))).collect();
    // Each adds one to what it finds; they know the keys for the first time, all at once.
    let add = async |keys: &[KeyId]| {
        let changed = shelf.store.change_rates(keys, |states| {
            let next = |state: Option<String>| state.map_or(1, |state| state.parse::<u32>().unwrap() + 1);
            (states.into_iter().map(|state| next(state).to_string()).collect(), ())
        });
        changed.await.unwrap();
    };
    join_all((0..40_usize).map(|turn| add(&keys[turn % 2..]))).await;
    let counted = shelf.store.change_rates(&keys, |states| (vec!["0".into(); 3], states)).await.unwrap();
    let counted: Vec<u32> = counted.into_iter().map(|state| state.unwrap().parse().unwrap()).collect();
    assert_eq!(counted, [20, 40, 40]);
}

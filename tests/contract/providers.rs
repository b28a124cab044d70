//! Providers: one default for each organization, a configuration leased by one at a time, each call counted by
//! whoever still has it, and never more of them than the quota, whoever counts.

use std::sync::atomic::{AtomicI64, Ordering};

use countersign::store::{Account, Begun, EnvelopeRow, ProviderLease, ProviderRow, Scope, Store, StoreError};
use countersign_engine::ids::{Digest, OrganizationId};
use countersign_tests::servers::on_each_database;
use uuid::Uuid;

use super::rows::{Shelf, acme, id, other};

on_each_database! {
    Shelf:
    an_organization_has_one_default_or_none,
    what_was_changed_since_is_not_overwritten,
    a_call_is_counted_by_whoever_has_the_lease_and_by_nobody_else,
    the_quota_holds_in_any_window_whoever_counts,
    an_envelope_is_found_by_the_vendors_id,
}

pub(super) fn config(number: u128, organization: OrganizationId) -> ProviderRow {
    ProviderRow {
        id: Uuid::from_u128(number),
        organization,
        provider: "d4sign".into(),
        name: "main".into(),
        is_default: true,
        fallback: None,
        settings: "{}".into(),
        credentials: vec![1],
        hook_secrets: vec![2],
        account: Digest::of(b"account"),
        calls_an_hour: 10,
        created_us: 1,
        updated_us: 1,
        stand: "{}".into(),
        rest_us: 0,
    }
}

async fn an_organization_has_one_default_or_none(shelf: Shelf) {
    let store = &shelf.store;
    for row in [config(1, acme()), config(2, acme()), config(3, other())] {
        store.insert_provider_config(&row, None).await.unwrap();
    }
    let default = async |whose| store.default_provider_config(&whose).await.unwrap().map(|row| row.id.as_u128());
    assert_eq!((default(acme()).await, default(other()).await), (Some(2), Some(3)));
    assert!(store.set_default_provider(&acme(), Some(Uuid::from_u128(1))).await.unwrap());
    assert!(!store.set_default_provider(&acme(), Some(Uuid::from_u128(3))).await.unwrap(), "another's");
    assert_eq!((default(acme()).await, default(other()).await), (Some(1), Some(3)));
    assert!(store.set_default_provider(&acme(), None).await.unwrap());
    assert_eq!((default(acme()).await, default(other()).await), (None, Some(3)));
    assert_eq!(store.delete_provider_config(&acme(), Uuid::from_u128(3)).await.unwrap(), None, "another's");
    assert_eq!(store.delete_provider_config(&other(), Uuid::from_u128(3)).await.unwrap(), Some(true));
    assert_eq!(store.provider_configs(&acme(), 1, 1).await.unwrap().0[0].id.as_u128(), 2);
}

async fn what_was_changed_since_is_not_overwritten(shelf: Shelf) {
    let row = config(1, acme());
    shelf.store.insert_provider_config(&row, None).await.unwrap();
    let changed = ProviderRow { name: "other".into(), updated_us: 2, ..row.clone() };
    assert!(shelf.store.change_provider_config(&changed, 1).await.unwrap());
    assert!(!shelf.store.change_provider_config(&ProviderRow { updated_us: 3, ..row }, 1).await.unwrap());
    assert_eq!(shelf.store.provider_config(Scope::All, Uuid::from_u128(1)).await.unwrap().unwrap().name, "other");
}

fn account(most: i64) -> Account {
    Account { stamp: Digest::of(b"account"), most, window_us: 100 }
}

async fn leased(shelf: &Shelf, now_us: i64) -> Vec<ProviderLease> {
    shelf.store.lease_providers(now_us, now_us + 10, 9).await.unwrap()
}

async fn owe(shelf: &Shelf, number: u128) {
    let text = match number {
        1 => {
            "INSERT INTO effects (key, lane, filed_us, due_us) VALUES ('a', 'agent:00000000-0000-0000-0000-000000000001', 5, 5)"
        }
        _ => {
            "INSERT INTO effects (key, lane, filed_us, due_us) VALUES ('b', 'agent:00000000-0000-0000-0000-000000000002', 5, 5)"
        }
    };
    shelf.execute(text).await;
}

async fn a_call_is_counted_by_whoever_has_the_lease_and_by_nobody_else(shelf: Shelf) {
    let store = &shelf.store;
    store.insert_provider_config(&config(1, acme()), None).await.unwrap();
    assert!(leased(&shelf, 10).await.is_empty(), "nothing is due");
    owe(&shelf, 1).await;
    let first = leased(&shelf, 10).await[0];
    assert!(leased(&shelf, 19).await.is_empty(), "it is leased");
    let second = leased(&shelf, 20).await[0];
    assert_eq!(store.begin_call(Some(first), account(9), None, (20, 30)).await.unwrap(), Begun::Lost);
    assert_eq!(store.begin_call(Some(second), account(9), None, (20, 40)).await.unwrap(), Begun::Go);
    assert!(leased(&shelf, 39).await.is_empty(), "the call renews the lease");
    assert_eq!(store.calls_since(Digest::of(b"account"), 0).await.unwrap(), 1);
    assert!(store.note_provider(second, "{}", 60).await.unwrap());
    store.release_provider(second, 21).await.unwrap();
    assert!(!store.note_provider(second, "{}", 0).await.unwrap(), "let go");
    assert!(leased(&shelf, 59).await.is_empty(), "the vendor rests");
    assert_eq!(store.next_provider().await.unwrap(), Some(60));
    let found = store.due_at_provider(Uuid::from_u128(1), 60, 9).await.unwrap();
    let claim = store.claim_due(&found[0], 70).await.unwrap().unwrap();
    assert_eq!(store.claim_due(&found[0], 70).await.unwrap(), None, "claimed already");
    store.put_back(&claim, 65).await.unwrap();
    assert_eq!(store.due_at_provider(Uuid::from_u128(1), 65, 9).await.unwrap()[0].attempts, 0);
}

/// Counts calls in one process as fast as it may, by a clock that all processes look at, and says when.
async fn calls(store: Store, lease: ProviderLease, clock: &AtomicI64) -> Vec<i64> {
    let mut made = Vec::new();
    for _ in 0..200 {
        let now_us = clock.fetch_add(1, Ordering::Relaxed);
        match store.begin_call(Some(lease), account(7), None, (now_us, now_us + 10)).await {
            Ok(Begun::Go) => made.push(now_us),
            // The others may have counted calls since this one looked at the clock.
            Ok(Begun::Wait(until_us)) => {
                assert!(until_us > now_us && until_us <= clock.load(Ordering::Relaxed) + 101);
            }
            Ok(Begun::Lost) => panic!("nobody else has it"),
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error}"),
        }
    }
    made
}

async fn the_quota_holds_in_any_window_whoever_counts(shelf: Shelf) {
    for number in [1, 2] {
        let row = ProviderRow { is_default: false, ..config(number, acme()) };
        shelf.store.insert_provider_config(&row, None).await.unwrap();
        owe(&shelf, number).await;
    }
    let (leases, clock) = (leased(&shelf, 10).await, AtomicI64::new(1000));
    let second = shelf.second().await;
    let (mut made, others) =
        tokio::join!(calls(shelf.store.clone(), leases[0], &clock), calls(second, leases[1], &clock));
    made.extend(others);
    made.sort_unstable();
    assert!(made.len() >= 7, "{made:?}");
    for (first, eighth) in made.iter().zip(made.iter().skip(7)) {
        assert!(eighth - first >= 100, "eight calls from {first} to {eighth}");
    }
}

async fn an_envelope_is_found_by_the_vendors_id(shelf: Shelf) {
    shelf.store.insert_provider_config(&config(1, acme()), None).await.unwrap();
    owe(&shelf, 1).await;
    let lease = leased(&shelf, 10).await[0];
    let config = Uuid::from_u128(1);
    let asked = EnvelopeRow { config, request: id(7), reference: None, note: "{}".into() };
    assert_eq!(shelf.store.begin_call(Some(lease), account(9), Some(&asked), (10, 20)).await.unwrap(), Begun::Go);
    assert_eq!(shelf.store.provider_envelope(config, id(7)).await.unwrap(), Some(asked.clone()));
    let known = EnvelopeRow { reference: Some("there".into()), ..asked };
    assert!(shelf.store.end_call(lease, &known, (11, 21)).await.unwrap());
    assert_eq!(shelf.store.provider_envelope_by(config, "there").await.unwrap(), Some(known.clone()));
    assert_eq!(shelf.store.provider_envelope_by(Uuid::from_u128(2), "there").await.unwrap(), None);
    shelf.store.release_provider(lease, 12).await.unwrap();
    assert!(!shelf.store.end_call(lease, &known, (13, 23)).await.unwrap(), "let go");
}

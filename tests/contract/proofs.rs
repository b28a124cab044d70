//! Tries and proof files: five tries whoever takes them, and files that are their request's own.

use countersign::store::{ProofFileRow, Store, Trial, proof_path};
use countersign_engine::ids::{Digest, RequestId, SignerId};
use countersign_engine::requirement::Method;
use countersign_tests::servers::Database;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::rows::{Shelf, acme, other};

const MOST: u32 = 5;
const LATER: i64 = 1000;

fn trial(method: Method) -> Trial {
    let (request, signer) = (RequestId(Uuid::from_u128(1)), SignerId(Uuid::from_u128(2)));
    Trial { organization: acme(), request, signer, method }
}

async fn take(store: &Store, trial: &Trial, now_us: i64) -> Option<u32> {
    store.take_try(trial, now_us, now_us + LATER, MOST).await.unwrap()
}

async fn tries_are_taken_one_at_a_time(database: Database) {
    let shelf = Shelf::on(database).await;
    let another = shelf.place.open().await;
    let code = trial(Method::EmailCode);
    let mut racing = JoinSet::new();
    for turn in 0..40 {
        let (store, code) = (if turn % 2 == 0 { shelf.store.clone() } else { another.clone() }, code.clone());
        racing.spawn(async move { take(&store, &code, 10).await });
    }
    let mut taken: Vec<u32> = racing.join_all().await.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3, 4, 5], "forty at once, in two processes");
    assert_eq!(take(&shelf.store, &code, 10 + LATER - 1).await, None);
    assert_eq!(take(&shelf.store, &trial(Method::AccessCode), 10).await, Some(1), "another way has its own");
    assert_eq!(shelf.store.tries(&code).await.unwrap(), Some((MOST, 10 + LATER)));
    assert_eq!(shelf.store.tries(&Trial { organization: other(), ..code.clone() }).await.unwrap(), None);
    assert_eq!(take(&shelf.store, &code, 10 + LATER).await, Some(1), "forgotten in time");
    shelf.store.forget_tries(&code).await.unwrap();
    assert_eq!(shelf.store.tries(&code).await.unwrap(), None);
    assert_eq!(take(&shelf.store, &code, 2000).await, Some(1));
    shelf.store.tidy(2000 + LATER, 0, 10).await.unwrap();
    assert!(shelf.store.tries(&code).await.unwrap().is_some());
    shelf.store.tidy(2001 + LATER, 0, 10).await.unwrap();
    assert_eq!(shelf.store.tries(&code).await.unwrap(), None, "tidied once nobody can mean it");
}

async fn a_proof_is_its_requests_own_and_goes_with_it(database: Database) {
    let shelf = Shelf::on(database).await;
    let request = |number| RequestId(Uuid::from_u128(number));
    let row = |number: u128, blob: u128| ProofFileRow {
        organization: acme(),
        request: request(number),
        digest: Digest::of(b"a photo"),
        blob: Uuid::from_u128(blob),
        bytes: 7,
        media_type: "image/png".into(),
        data_key: vec![1, 2],
        created_us: 5,
    };
    assert!(shelf.store.insert_proof_file(&row(1, 11)).await.unwrap());
    assert!(!shelf.store.insert_proof_file(&row(1, 12)).await.unwrap(), "the same file again");
    assert!(shelf.store.insert_proof_file(&row(2, 13)).await.unwrap(), "in another request it is another");
    let digest = Digest::of(b"a photo");
    assert_eq!(shelf.store.proof_file(&acme(), request(1), digest).await.unwrap(), Some(row(1, 11)));
    assert_eq!(shelf.store.proof_file(&other(), request(1), digest).await.unwrap(), None);
    take(&shelf.store, &trial(Method::Photo), 1).await;
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.drop_proofs(request(1)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.proof_file(&acme(), request(1), digest).await.unwrap(), None);
    assert!(shelf.store.proof_file(&acme(), request(2), digest).await.unwrap().is_some());
    assert_eq!(shelf.store.tries(&trial(Method::Photo)).await.unwrap(), None);
    assert_eq!(shelf.store.orphans(9).await.unwrap(), [proof_path(Uuid::from_u128(11))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_taken_one_at_a_time_on_sqlite() {
    tries_are_taken_one_at_a_time(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_taken_one_at_a_time_on_postgres() {
    tries_are_taken_one_at_a_time(Database::Postgres).await;
}

#[tokio::test]
async fn proofs_on_sqlite() {
    a_proof_is_its_requests_own_and_goes_with_it(Database::Sqlite).await;
}

#[tokio::test]
async fn proofs_on_postgres() {
    a_proof_is_its_requests_own_and_goes_with_it(Database::Postgres).await;
}

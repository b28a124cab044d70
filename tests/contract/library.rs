//! Documents by use, files, templates and receipts.

use countersign::store::{DocumentRow, FileRow, RequestRow, StoreError, TemplateRow, document_path};
use countersign_engine::ids::{Digest, FileId};
use countersign_engine::request::Status;
use uuid::Uuid;

use countersign_tests::servers::on_each_database;

use super::rows::{Shelf, acme, document, event, id, other, receipt, request};

on_each_database! {
    Shelf:
    a_document_is_stored_once_for_each_organization,
    a_document_goes_with_its_last_use,
    a_file_uses_its_document_until_deleted,
    a_file_that_a_request_names_stays_unless_that_is_a_draft,
    uploads_are_listed_newest_first,
    a_templates_id_is_its_organizations_own,
    the_first_answer_is_remembered_and_an_old_one_replaced,
    a_document_nobody_came_to_use_is_tidied_away,
}

async fn a_document_is_stored_once_for_each_organization(shelf: Shelf) {
    let first = document("a");
    assert!(shelf.store.insert_document(&first).await.unwrap());
    assert!(!shelf.store.insert_document(&document("a")).await.unwrap(), "there already");
    assert_eq!(shelf.store.document(&acme(), first.digest).await.unwrap(), Some(first.clone()));
    assert_eq!(shelf.store.document(&other(), first.digest).await.unwrap(), None);
}

async fn a_document_goes_with_its_last_use(shelf: Shelf) {
    let row = document("a");
    shelf.store.insert_document(&row).await.unwrap();
    let uses = ["request:1", "request:2"].map(|subject| (acme(), row.digest, subject.to_owned()));
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_uses(uses.to_vec()).await.unwrap();
    transaction.drop_use(&acme(), row.digest, "request:1").await.unwrap();
    transaction.commit().await.unwrap();
    assert!(shelf.store.document(&acme(), row.digest).await.unwrap().is_some(), "one use is left");
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.drop_use(&acme(), row.digest, "request:2").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shelf.store.document(&acme(), row.digest).await.unwrap(), None, "with its key");
    assert_eq!(shelf.store.orphans(10).await.unwrap(), [document_path(row.blob)]);
    shelf.store.forget_orphan(&document_path(row.blob)).await.unwrap();
    assert!(shelf.store.orphans(10).await.unwrap().is_empty());
}

async fn a_file_uses_its_document_until_deleted(shelf: Shelf) {
    let row = document("a");
    shelf.store.insert_document(&row).await.unwrap();
    let file = FileRow {
        id: Uuid::from_u128(1),
        organization: acme(),
        name: "a.pdf".into(),
        digest: row.digest,
        created_us: 1,
    };
    shelf.store.insert_file(&file, Some(&receipt("k", 1))).await.unwrap();
    assert_eq!(shelf.store.file(&acme(), file.id).await.unwrap(), Some(file.clone()));
    assert_eq!(shelf.store.file(&other(), file.id).await.unwrap(), None);
    assert!(shelf.store.receipt(&acme(), "k").await.unwrap().is_some());
    shelf.store.delete_file(&file).await.unwrap();
    assert_eq!(shelf.store.file(&acme(), file.id).await.unwrap(), None);
    assert_eq!(shelf.store.document(&acme(), row.digest).await.unwrap(), None);
}

async fn a_file_that_a_request_names_stays_unless_that_is_a_draft(shelf: Shelf) {
    let (draft, sent) = (RequestRow { status: Status::Draft, ..request(1) }, request(2));
    shelf.file(&[draft, sent]).await;
    let row = document("a");
    shelf.store.insert_document(&row).await.unwrap();
    let file = |number| FileRow {
        id: Uuid::from_u128(number),
        organization: acme(),
        name: "a.pdf".into(),
        digest: row.digest,
        created_us: 1,
    };
    let names = |number: u128, request| (acme(), FileId(Uuid::from_u128(number)), request);
    for number in 1..=3 {
        shelf.store.insert_file(&file(number), None).await.unwrap();
    }
    let mut transaction = shelf.store.begin().await.unwrap();
    let uses = vec![names(1, id(1)), names(2, id(1)), names(2, id(2)), (other(), FileId(Uuid::from_u128(3)), id(2))];
    transaction.insert_file_uses(uses.clone()).await.unwrap();
    transaction.insert_file_uses(uses).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(shelf.store.is_file_used(&acme(), file(1).id).await.unwrap(), "by a draft");
    assert!(!shelf.store.is_file_used(&acme(), file(3).id).await.unwrap(), "not by another organization's");
    assert!(shelf.store.delete_unused_file(&file(1)).await.unwrap(), "a draft does not hold it");
    assert!(!shelf.store.delete_unused_file(&file(2)).await.unwrap(), "what was sent does");
    assert!(shelf.store.delete_unused_file(&file(3)).await.unwrap(), "another organization's word does not count");
    assert!(shelf.store.file(&acme(), file(2).id).await.unwrap().is_some());
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.drop_file_use(&names(2, id(2))).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(shelf.store.delete_unused_file(&file(2)).await.unwrap());
    assert_eq!(shelf.store.document(&acme(), row.digest).await.unwrap(), None, "with its last use");
}

async fn uploads_are_listed_newest_first(shelf: Shelf) {
    let row = document("a");
    shelf.store.insert_document(&row).await.unwrap();
    for number in 1..=3 {
        let (organization, name) = (acme(), format!("{number}.pdf"));
        let id = Uuid::from_u128(number);
        let file = FileRow { id, organization, name, digest: row.digest, created_us: number as i64 };
        shelf.store.insert_file(&file, None).await.unwrap();
    }
    let (page, total) = shelf.store.uploads(&acme(), 2, 1).await.unwrap();
    let names: Vec<_> = page.iter().map(|upload| upload.file.name.as_str()).collect();
    assert_eq!((names.as_slice(), total), (["2.pdf", "1.pdf"].as_slice(), 3));
    assert_eq!((page[0].bytes, page[0].pages.as_str()), (row.bytes, row.pages.as_str()));
    assert_eq!(shelf.store.uploads(&other(), 2, 0).await.unwrap(), (Vec::new(), 0));
}

async fn a_templates_id_is_its_organizations_own(shelf: Shelf) {
    let template = |organization| TemplateRow {
        organization,
        id: "tpl".into(),
        name: "T".into(),
        file_name: "t.pdf".into(),
        digest: Digest::of(b"t"),
        widgets: "[]".into(),
        created_us: 1,
    };
    for organization in [acme(), other()] {
        shelf.store.insert_document(&DocumentRow { organization, ..document("t") }).await.unwrap();
    }
    assert!(shelf.store.insert_template(&template(acme()), None).await.unwrap());
    assert!(!shelf.store.insert_template(&template(acme()), None).await.unwrap());
    assert!(shelf.store.insert_template(&template(other()), None).await.unwrap());
    assert_eq!(shelf.store.templates(&acme(), 10, 0).await.unwrap().1, 1);
    shelf.store.delete_template(&template(acme())).await.unwrap();
    assert_eq!(shelf.store.template(&acme(), "tpl").await.unwrap(), None);
    assert!(shelf.store.template(&other(), "tpl").await.unwrap().is_some());
}

async fn the_first_answer_is_remembered_and_an_old_one_replaced(shelf: Shelf) {
    let mut transaction = shelf.store.begin().await.unwrap();
    let day = 24 * 3600 * 1_000_000;
    transaction.insert_receipts(vec![receipt("k", 10), receipt("l", 20)]).await.unwrap();
    transaction.insert_receipts(vec![receipt("k", day + 10)]).await.unwrap();
    let found = transaction.receipts(&[(&acme(), "k"), (&other(), "k")]).await.unwrap();
    assert_eq!(found, [receipt("k", day + 10)]);
    let younger = transaction.insert_receipts(vec![receipt("k", day + 20)]).await;
    assert!(matches!(younger, Err(StoreError::Conflict)), "the first answer counts for a day");
    transaction.commit().await.unwrap();
    shelf.store.tidy(30, 0, 10).await.unwrap();
    assert_eq!(shelf.store.receipt(&acme(), "l").await.unwrap(), None, "grown old");
    assert!(shelf.store.receipt(&acme(), "k").await.unwrap().is_some());
}

async fn a_document_nobody_came_to_use_is_tidied_away(shelf: Shelf) {
    let (used, unused) = (document("used"), document("unused"));
    shelf.store.insert_document(&used).await.unwrap();
    shelf.store.insert_document(&unused).await.unwrap();
    let mut transaction = shelf.store.begin().await.unwrap();
    transaction.insert_events(vec![event(id(1), 1)]).await.unwrap();
    transaction.upsert_requests(vec![request(1)]).await.unwrap();
    transaction.insert_uses(vec![(acme(), used.digest, "request:1".into())]).await.unwrap();
    transaction.commit().await.unwrap();
    shelf.store.tidy(0, 10, 10).await.unwrap();
    assert!(shelf.store.document(&acme(), unused.digest).await.unwrap().is_some(), "not before its time");
    shelf.store.tidy(0, 11, 10).await.unwrap();
    assert_eq!(shelf.store.document(&acme(), unused.digest).await.unwrap(), None);
    assert!(shelf.store.document(&acme(), used.digest).await.unwrap().is_some());
}

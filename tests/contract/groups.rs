//! Signing groups in the store: each its organization's own, listed newest first, changed and taken away.

use countersign::store::GroupRow;
use countersign_engine::ids::GroupId;
use uuid::Uuid;

use countersign_tests::servers::on_each_database;

use super::rows::{Shelf, acme, other, receipt};

on_each_database! {
    Shelf:
    a_group_is_its_organizations_own,
    groups_are_listed_newest_first_and_a_page_at_a_time,
    a_group_is_changed_and_taken_away_by_its_owner,
}

fn row(number: u128) -> GroupRow {
    GroupRow {
        id: GroupId(Uuid::from_u128(number)),
        organization: acme(),
        name: format!("Group {number}"),
        members: vec![1, 2, 3],
        created_us: number as i64,
        updated_us: number as i64,
    }
}

async fn a_group_is_its_organizations_own(shelf: Shelf) {
    let group = row(1);
    shelf.store.insert_group(&group, Some(&receipt("http:k", 1))).await.unwrap();
    assert_eq!(shelf.store.group(&acme(), group.id).await.unwrap(), Some(group.clone()));
    assert_eq!(shelf.store.group(&other(), group.id).await.unwrap(), None);
    assert!(shelf.store.receipt(&acme(), "http:k").await.unwrap().is_some(), "with its receipt");
}

async fn groups_are_listed_newest_first_and_a_page_at_a_time(shelf: Shelf) {
    for number in 1..=3 {
        shelf.store.insert_group(&row(number), None).await.unwrap();
    }
    let (page, total) = shelf.store.groups(&acme(), 2, 1).await.unwrap();
    assert_eq!((page, total), (vec![row(2), row(1)], 3));
    assert_eq!(shelf.store.groups(&other(), 2, 0).await.unwrap(), (Vec::new(), 0));
}

async fn a_group_is_changed_and_taken_away_by_its_owner(shelf: Shelf) {
    shelf.store.insert_group(&row(1), None).await.unwrap();
    let changed = GroupRow { name: "Another".into(), members: vec![4], updated_us: 9, ..row(1) };
    let foreign = GroupRow { organization: other(), ..changed.clone() };
    assert!(!shelf.store.update_group(&foreign).await.unwrap());
    assert!(shelf.store.update_group(&changed).await.unwrap());
    assert_eq!(shelf.store.group(&acme(), changed.id).await.unwrap(), Some(changed.clone()));
    assert!(!shelf.store.delete_group(&other(), changed.id).await.unwrap());
    assert!(shelf.store.delete_group(&acme(), changed.id).await.unwrap());
    assert!(!shelf.store.delete_group(&acme(), changed.id).await.unwrap(), "once");
    assert_eq!(shelf.store.group(&acme(), changed.id).await.unwrap(), None);
}

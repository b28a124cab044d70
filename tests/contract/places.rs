//! What the bus remembers: a place is held by one at a time, the outbox has every event in order,
//! a message is buried once, and attempts are counted.

use countersign::store::{Cursor, DeadLetterRow, Place, Scope};
use countersign_engine::ids::Digest;
use countersign_tests::servers::on_each_database;
use uuid::Uuid;

use super::rows::{Shelf, acme, dead_letter, request};

on_each_database! {
    Shelf:
    a_place_is_held_by_one_until_its_lease_ends,
    the_outbox_is_every_event_in_the_order_of_commits,
    a_message_is_buried_once_and_found_by_its_organization,
    attempts_are_counted_for_each_message_until_it_is_done_with,
}

async fn a_place_is_held_by_one_until_its_lease_ends(shelf: Shelf) {
    let other = shelf.second().await;
    let first = shelf.store.take_place("relay", "one", 0, 100).await.unwrap().unwrap();
    assert_eq!(first, Place { epoch: 1, ..Place::default() });
    assert_eq!(other.take_place("relay", "two", 99, 200).await.unwrap(), None);
    assert!(other.take_place("another", "two", 0, 100).await.unwrap().is_some(), "another place is another's");

    let at = Cursor { transaction: 0, position: 7 };
    let moved = Place { at, stream_created_us: 5, stream_sequence: 9, ..first };
    assert!(shelf.store.move_place("relay", &moved, 300).await.unwrap());
    assert_eq!(other.take_place("relay", "two", 299, 400).await.unwrap(), None, "a move holds it for longer");
    let second = other.take_place("relay", "two", 300, 400).await.unwrap().unwrap();
    assert_eq!(second, Place { epoch: 2, ..moved });
    let back = Place { at: Cursor::default(), ..moved };
    assert!(!shelf.store.move_place("relay", &back, 500).await.unwrap(), "the number is an older one");
    assert_eq!(shelf.store.place("relay").await.unwrap(), Some(second));
    assert_eq!(shelf.store.place("nobody's").await.unwrap(), None);
}

async fn the_outbox_is_every_event_in_the_order_of_commits(shelf: Shelf) {
    let rows: Vec<_> = (1..=5).map(request).collect();
    for row in &rows {
        shelf.file(std::slice::from_ref(row)).await;
    }
    shelf.log(5).await;
    let mut at = Cursor::default();
    let mut seen = Vec::new();
    loop {
        let some = shelf.store.log_after(at, 2).await.unwrap();
        let Some((last, _)) = some.last() else { break };
        assert!(*last > at);
        at = *last;
        seen.extend(some.into_iter().map(|(_, event)| event.request));
    }
    assert_eq!(seen, rows.iter().map(|row| row.id).collect::<Vec<_>>());
    shelf.file(&[request(9)]).await;
    shelf.log(6).await;
    assert_eq!(shelf.store.log_after(at, 9).await.unwrap().len(), 1, "what comes later is behind");
}

async fn a_message_is_buried_once_and_found_by_its_organization(shelf: Shelf) {
    let row = dead_letter();
    let nobodys = DeadLetterRow { id: Uuid::from_u128(2), organization: None, created_us: 20, ..row.clone() };
    for row in [&row, &nobodys, &row] {
        shelf.store.insert_dead_letter(row).await.unwrap();
    }
    assert_eq!(shelf.store.dead_letters(Scope::Of(&acme()), 9, 0).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(shelf.store.dead_letters(Scope::All, 9, 0).await.unwrap(), [nobodys.clone(), row]);
    assert_eq!(shelf.store.dead_letters(Scope::All, 1, 0).await.unwrap(), [nobodys]);
}

async fn attempts_are_counted_for_each_message_until_it_is_done_with(shelf: Shelf) {
    let [one, two] = [Digest::of(b"one"), Digest::of(b"two")];
    for count in 1..=3 {
        assert_eq!(shelf.store.count_attempt(one, count).await.unwrap(), count);
    }
    assert_eq!(shelf.store.count_attempt(two, 1).await.unwrap(), 1);
    shelf.store.forget_attempts(one).await.unwrap();
    assert_eq!(shelf.store.attempts(one).await.unwrap(), 0);
    assert_eq!(shelf.store.attempts(two).await.unwrap(), 1);
}

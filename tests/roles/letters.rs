//! Letters: who gets which, when, and how often.

use countersign::config::Role;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Kind and addressee of every letter so far, sorted; asserts that no key was used twice.
fn letters(world: &World) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(world.mail()).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let header = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.trim_start_matches(name).trim().to_owned()
        };
        let key = header("X-Countersign-Key:");
        let to = header("To:");
        let to = to.rsplit(['<', ' ']).next().unwrap_or_default().trim_end_matches('>').to_owned();
        found.push((key.split('.').nth(2).unwrap_or_default().to_owned(), to));
    }
    found.sort();
    found
}

fn expected(letters: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut letters: Vec<_> = letters.iter().map(|(kind, to)| ((*kind).to_owned(), format!("{to}@x.com"))).collect();
    letters.sort();
    letters
}

fn people(list: &[(&str, u32)]) -> Value {
    list.iter().map(|(name, order)| json!({ "name": name, "email": format!("{name}@x.com"), "order": order })).collect()
}

#[tokio::test]
async fn each_group_is_invited_when_its_turn_comes_and_all_are_told_at_the_end() {
    let world = World::manual().await;
    let id = world.created(json!({ "signers": people(&[("ana", 1), ("bob", 1), ("eva", 2)]) })).await;
    world.until(&id, "delivery.sent", 2).await;
    let first = [("invitation", "ana"), ("invitation", "bob")];
    assert_eq!(letters(&world), expected(&first), "nothing to a later group");
    world.sign(&id, 0).await;
    world.sign(&id, 1).await;
    world.until(&id, "delivery.sent", 3).await;
    world.sign(&id, 2).await;
    world.until(&id, "delivery.sent", 6).await;
    let rest = [("invitation", "eva"), ("completed", "ana"), ("completed", "bob"), ("completed", "eva")];
    assert_eq!(letters(&world), expected(&[&first[..], &rest[..]].concat()));
    world.until(&id, "document.sealed", 1).await;
    assert_eq!(world.check().await.owed, 0);
}

#[tokio::test]
async fn who_is_corrected_away_replaced_or_removed_is_told_at_the_address_they_had() {
    let world = World::manual().await;
    let id = world.created(json!({ "signers": people(&[("ana", 1), ("bob", 1), ("eva", 1), ("zoe", 2)]) })).await;
    world.until(&id, "delivery.sent", 3).await;
    let signers = world.get(&id).await["relationships"]["signers"]["data"].clone();
    let path = |place: usize| format!("/requests/{id}/signers/{}", signers[place]["id"].as_str().unwrap());
    let body = |attributes: Value| Some(json!({ "data": { "type": "signer", "attributes": attributes } }));
    world.call(Method::PATCH, &path(0), body(json!({ "email": "anna@x.com" }))).await;
    let heir = json!({ "name": "Bea", "email": "bea@x.com" });
    world.call(Method::POST, &format!("{}/replace", path(1)), body(heir)).await;
    world.call(Method::DELETE, &path(2), None).await;
    world.call(Method::PATCH, &path(3), body(json!({ "email": "zora@x.com" }))).await;
    world.until(&id, "delivery.sent", 8).await;
    let told = [
        ("invitation", "ana"),
        ("invitation", "bob"),
        ("invitation", "eva"),
        ("withdrawn", "ana"),
        ("invitation", "anna"),
        ("withdrawn", "bob"),
        ("invitation", "bea"),
        ("withdrawn", "eva"),
    ];
    assert_eq!(letters(&world), expected(&told), "and nobody who was never written to");
    assert_eq!(world.check().await.owed, 0);
}

#[tokio::test]
async fn the_others_are_told_of_a_decline_and_of_a_cancellation() {
    let world = World::manual().await;
    let signers = || json!({ "signers": people(&[("ana", 1), ("bob", 1), ("eva", 2)]) });
    let declined = world.created(signers()).await;
    world.until(&declined, "delivery.sent", 2).await;
    assert!(world.visit(&declined, 0).await.decline("Não").await.status.is_success());
    world.until(&declined, "delivery.sent", 3).await;
    let invited = [("invitation", "ana"), ("invitation", "bob")];
    let told = [&invited[..], &[("declined", "bob")]].concat();
    assert_eq!(letters(&world), expected(&told));
    let cancelled = world.created(signers()).await;
    world.until(&cancelled, "delivery.sent", 2).await;
    world.call(Method::POST, &format!("/requests/{cancelled}/cancel"), None).await;
    world.until(&cancelled, "delivery.sent", 4).await;
    assert_eq!(
        letters(&world),
        expected(&[&told[..], &invited[..], &[("cancelled", "ana"), ("cancelled", "bob")]].concat())
    );
}

#[tokio::test]
async fn reminders_come_in_their_cadence_then_the_warning_then_the_end() {
    let world = World::manual().await;
    let reminders = json!({ "firstAfterDays": 2, "everyDays": 1, "max": 2 });
    let id = world
        .created(json!({ "signers": people(&[("ana", 1), ("eva", 2)]), "expiresInDays": 7, "reminders": reminders }))
        .await;
    world.until(&id, "delivery.sent", 1).await;
    let clock = &world.app.service.clock;
    for (days, sent) in [(2, 2), (1, 3)] {
        clock.advance(DAY * days);
        world.until(&id, "signer.reminded", sent - 1).await;
        world.until(&id, "delivery.sent", sent).await;
    }
    clock.advance(DAY * 3);
    world.until(&id, "request.expiring", 1).await;
    clock.advance(DAY);
    world.until(&id, "request.expired", 1).await;
    world.until(&id, "delivery.sent", 4).await;
    assert_eq!(world.events(&id).await.iter().filter(|name| *name == "signer.reminded").count(), 2);
    let all = [("invitation", "ana"), ("reminder", "ana"), ("reminder", "ana"), ("expired", "ana")];
    assert_eq!(letters(&world), expected(&all));
    assert_eq!(world.check().await.owed, 0);
}

#[tokio::test]
async fn a_letter_that_makes_no_sense_any_more_is_not_sent() {
    let world = World::of_roles(&[Role::Http]).await;
    let id = world.created(json!({ "signers": people(&[("ana", 1)]) })).await;
    world.call(Method::POST, &format!("/requests/{id}/cancel"), None).await;
    let owed = world.app.service.store.effects_of(World::id(&id)).await.unwrap();
    assert!(owed.len() == 1 && owed[0].contains(".cancelled."), "the invitation is owed no longer: {owed:?}");
}

#[tokio::test]
async fn a_resend_writes_again_with_a_key_of_its_own() {
    let world = World::manual().await;
    let id = world.created(json!({ "signers": people(&[("ana", 1)]) })).await;
    world.until(&id, "delivery.sent", 1).await;
    world.call(Method::POST, &format!("/requests/{id}/resend"), None).await;
    world.until(&id, "delivery.sent", 2).await;
    assert_eq!(letters(&world), expected(&[("invitation", "ana"), ("invitation", "ana")]));
}

#[tokio::test]
async fn what_was_owed_at_the_stop_is_done_after_the_start_and_once() {
    let world = World::manual().await;
    let id = world.created(json!({ "signers": people(&[("ana", 1)]) })).await;
    world.until(&id, "delivery.sent", 1).await;
    let second = world.created(json!({ "signers": people(&[("bob", 1)]), "expiresInDays": 1 })).await;
    let world = world.restart().await;
    world.until(&second, "delivery.sent", 1).await;
    assert_eq!(letters(&world), expected(&[("invitation", "ana"), ("invitation", "bob")]));
    world.app.service.clock.advance(DAY);
    world.until(&second, "request.expired", 1).await;
    world.sign(&id, 0).await;
    world.until(&id, "document.sealed", 1).await;
    world.check().await;
}

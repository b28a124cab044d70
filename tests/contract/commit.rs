//! The write path under many at once: one end, nothing lost, nobody's refusal another's trouble.

use std::collections::BTreeMap;

use countersign::commit::{Done, Failure, Fence, Order};
use countersign::config::Role;
use countersign::store::Lane;
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::SignerId;
use countersign_engine::refusal::Code;
use countersign_engine::signer::Mark;
use countersign_tests::servers::{Database, on_each_database};
use countersign_tests::world::{World, new_request};
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

on_each_database! {
    World:
    sixty_four_sign_at_once,
    the_same_signature_many_times_at_once_counts_once,
    a_refusal_does_not_fail_its_neighbours,
    one_key_at_once_makes_one_request,
    one_key_at_once_makes_one_file,
    the_first_answer_is_given_again_even_when_the_request_has_moved_on,
    a_key_with_another_body_is_refused_until_a_day_has_passed,
    a_refused_call_leaves_its_key_free,
    the_first_answer_does_not_depend_on_what_was_deleted_since,
}

mod quiet {
    use super::*;

    on_each_database! {
        Quiet:
        signatures_race_every_other_end,
        the_last_signature_and_a_cancellation_cannot_both_win,
        members_of_a_group_at_once_and_one_signature_counts,
        a_claim_that_was_taken_over_cannot_settle,
        two_engines_on_one_folder_never_trample_each_other,
    }
}

/// A world in which only HTTP is answered: nothing is sent and no timer runs.
struct Quiet(World);

impl Quiet {
    async fn on(database: Database) -> Self {
        Self(World::of_roles_on(database, &[Role::Http]).await)
    }
}

fn crowd(count: usize) -> Value {
    let signers: Vec<Value> =
        (0..count).map(|n| json!({ "name": format!("Signer {n}"), "email": format!("s{n}@example.com") })).collect();
    json!({ "signers": signers, "expiresInDays": 1 })
}

async fn signers(world: &World, id: &str) -> Vec<SignerId> {
    let request = world.get(id).await;
    let signers = request["relationships"]["signers"]["data"].as_array().unwrap();
    signers.iter().map(|signer| signer["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn order(id: &str, wish: Wish) -> Order {
    Order::system("acme".parse().unwrap(), Command { request: World::id(id), wish })
}

fn sign(id: &str, signer: SignerId) -> Order {
    let mark = Some(Mark::Typed { text: "Somebody".into() });
    let wish = Wish::Sign { signer, round: 1, consent: true, mark, values: BTreeMap::new() };
    Order { actor: Actor::Signer(signer), ..order(id, wish) }
}

async fn all(world: &World, orders: Vec<Order>) -> Vec<Result<Done, Failure>> {
    join_all(orders.into_iter().map(|order| world.app.service.commit.submit(order))).await
}

fn refused(answer: &Result<Done, Failure>) -> Option<Code> {
    match answer {
        Err(Failure::Refused(refusal)) => Some(refusal.code),
        _ => None,
    }
}

async fn count(world: &World, id: &str, name: &str) -> usize {
    world.events(id).await.iter().filter(|event| *event == name).count()
}

async fn sixty_four_sign_at_once(world: World) {
    let id = world.created(crowd(64)).await;
    let orders = signers(&world, &id).await.into_iter().map(|signer| sign(&id, signer)).collect();
    let answers = all(&world, orders).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.status(&id).await, "COMPLETED");
    assert_eq!(count(&world, &id, "signer.signed").await, 64);
    assert_eq!(count(&world, &id, "request.completed").await, 1);
    world.check().await;
}

async fn the_same_signature_many_times_at_once_counts_once(world: World) {
    let id = world.created(crowd(2)).await;
    let signer = signers(&world, &id).await[0];
    let answers = all(&world, (0..32).map(|_| sign(&id, signer)).collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().filter_map(refused).all(|code| code == Code::SignerAlreadyActed));
    assert_eq!(count(&world, &id, "signer.signed").await, 1);
    world.check().await;
}

/// Every signer signs while somebody ends the request: what was answered with yes is in the history.
async fn race(world: &World, end: impl Fn(SignerId) -> Wish, expired: bool) {
    let id = world.created(crowd(8)).await;
    let signers = signers(world, &id).await;
    let mut orders: Vec<Order> = signers[..7].iter().map(|signer| sign(&id, *signer)).collect();
    orders.insert(3, order(&id, end(signers[7])));
    if expired {
        world.app.service.clock.advance(SignedDuration::from_hours(24));
    }
    let answers = all(world, orders).await;
    let accepted = answers.iter().enumerate().filter(|(place, answer)| *place != 3 && answer.is_ok()).count();
    assert_eq!(count(world, &id, "signer.signed").await, accepted, "no signature lost, none made up");
    let ends = ["request.completed", "request.declined", "request.expired", "request.cancelled"];
    let events = world.events(&id).await;
    assert_eq!(events.iter().filter(|event| ends.contains(&event.as_str())).count(), 1, "one end: {events:?}");
    assert!(answers.iter().filter(|answer| answer.is_err()).all(|answer| refused(answer).is_some()));
}

async fn signatures_race_every_other_end(quiet: Quiet) {
    let world = quiet.0;
    race(&world, |_| Wish::Cancel { reason: None }, false).await;
    race(&world, |signer| Wish::Decline { signer, round: 1, reason: "No".into() }, false).await;
    race(&world, |_| Wish::Tick, true).await;
    world.check().await;
}

async fn members_of_a_group_at_once_and_one_signature_counts(quiet: Quiet) {
    let world = quiet.0;
    let member = |n: u32| json!({ "name": format!("Member {n}"), "email": format!("m{n}@example.com") });
    let members: Vec<Value> = (0..8).map(member).collect();
    let body = json!({ "data": { "type": "signing-group", "attributes": { "name": "Board", "members": members } } });
    let group = world.call(Method::POST, "/groups", Some(body)).await.json["data"]["id"].clone();
    for _ in 0..6 {
        let last = json!({ "name": "Last", "email": "last@example.com", "order": 2 });
        let id = world.created(json!({ "signers": [{ "groupId": group }, last] })).await;
        let signers = signers(&world, &id).await;
        let answers = all(&world, signers[..8].iter().map(|signer| sign(&id, *signer)).collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(answers.iter().filter_map(refused).all(|code| code == Code::GroupSigned), "{answers:?}");
        assert_eq!(count(&world, &id, "signer.signed").await, 1);
        assert_eq!(count(&world, &id, "signer.invited").await, 9, "the next is invited once");
        let done = world.app.service.commit.submit(sign(&id, signers[8])).await;
        assert!(done.is_ok());
        assert_eq!(world.status(&id).await, "COMPLETED");
    }
    world.check().await;
}

async fn the_last_signature_and_a_cancellation_cannot_both_win(quiet: Quiet) {
    let world = quiet.0;
    for turn in 0..6 {
        let id = world.created(crowd(1)).await;
        let signer = signers(&world, &id).await[0];
        let mut orders = vec![sign(&id, signer), order(&id, Wish::Cancel { reason: None })];
        orders.rotate_left(turn % 2);
        let answers = all(&world, orders).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(["COMPLETED", "CANCELLED"].contains(&world.status(&id).await.as_str()));
    }
    world.check().await;
}

async fn a_refusal_does_not_fail_its_neighbours(world: World) {
    let (one, two) = (world.created(crowd(1)).await, world.created(crowd(1)).await);
    let (first, second) = (signers(&world, &one).await[0], signers(&world, &two).await[0]);
    let stranger = Order { organization: "other".parse().unwrap(), ..sign(&two, second) };
    let nowhere = order("0199aaaa-0000-7000-8000-000000000000", Wish::Tick);
    let answers = all(&world, vec![stranger, sign(&one, first), nowhere, sign(&two, first), sign(&two, second)]).await;
    let told: Vec<_> = answers.iter().map(refused).collect();
    assert_eq!(told, [Some(Code::NotFound), None, Some(Code::NotFound), Some(Code::LinkDead), None]);
    assert!(answers[1].is_ok() && answers[4].is_ok());
    world.check().await;
}

async fn keyed(world: &World, key: &str, body: &Value) -> (StatusCode, Value) {
    let call = world.client.post(format!("{}/requests", world.api)).bearer_auth(&world.key);
    let answer = countersign_tests::world::answer(call.header("Idempotency-Key", key).json(body)).await;
    (answer.status, answer.json)
}

async fn one_key_at_once_makes_one_request(world: World) {
    let body = new_request(json!({}));
    let answers = join_all((0..12).map(|_| keyed(&world, "k-1", &body))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "all are given the first answer");
    assert_eq!(answers[0].0, StatusCode::CREATED);
    let list = world.call(reqwest::Method::GET, "/requests", None).await;
    assert_eq!(list.json["meta"]["totalItems"], 1);
}

async fn one_key_at_once_makes_one_file(world: World) {
    let body = json!({ "data": { "type": "file", "attributes": {
        "fileBase64": new_request(json!({}))["data"]["attributes"]["fileBase64"], "fileName": "a.pdf" } } });
    let upload = async || {
        let call = world.client.post(format!("{}/files", world.api)).bearer_auth(&world.key);
        countersign_tests::world::answer(call.header("Idempotency-Key", "f-1").json(&body)).await
    };
    let answers = join_all((0..12).map(|_| upload())).await;
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        assert_eq!((answer.status, &answer.json["errors"][0]["code"]), (StatusCode::CONFLICT, &json!("in_progress")));
        assert_eq!(answer.headers["retry-after"], "1");
    }
    let again = upload().await;
    let made = answers.iter().filter(|answer| answer.status == StatusCode::CREATED);
    assert!(made.map(|answer| &answer.json).all(|file| *file == again.json), "one file");
}

async fn the_first_answer_is_given_again_even_when_the_request_has_moved_on(world: World) {
    let body = new_request(json!({}));
    let first = keyed(&world, "k-2", &body).await;
    let id = first.1["data"]["id"].as_str().unwrap().to_owned();
    world.sign(&id, 0).await;
    assert_eq!(keyed(&world, "k-2", &body).await, first);
}

async fn a_key_with_another_body_is_refused_until_a_day_has_passed(world: World) {
    let (body, other) = (new_request(json!({})), new_request(json!({ "title": "Another" })));
    let first = keyed(&world, "k-3", &body).await;
    world.app.service.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    let refused = keyed(&world, "k-3", &other).await;
    assert_eq!(
        (refused.0, &refused.1["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
    assert_eq!(refused.1["errors"][0]["source"]["header"], "Idempotency-Key");
    world.app.service.clock.advance(SignedDuration::from_secs(1));
    let fresh = keyed(&world, "k-3", &other).await;
    assert_eq!(fresh.0, StatusCode::CREATED);
    assert_ne!(fresh.1["data"]["id"], first.1["data"]["id"]);
}

async fn a_refused_call_leaves_its_key_free(world: World) {
    assert_eq!(keyed(&world, "k-4", &new_request(json!({ "title": "" }))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(keyed(&world, "k-4", &new_request(json!({}))).await.0, StatusCode::CREATED);
}

async fn the_first_answer_does_not_depend_on_what_was_deleted_since(world: World) {
    let mut upload = new_request(json!({}));
    let file = world
        .call(
            reqwest::Method::POST,
            "/files",
            Some(json!({ "data": { "attributes": {
        "fileBase64": upload["data"]["attributes"]["fileBase64"], "fileName": "a.pdf" } } })),
        )
        .await;
    let file = file.json["data"]["id"].as_str().unwrap().to_owned();
    let attributes = upload["data"]["attributes"].as_object_mut().unwrap();
    attributes.remove("fileBase64");
    attributes.remove("fileName");
    attributes.insert("fileId".into(), json!(file));
    let first = keyed(&world, "k-5", &upload).await;
    assert_eq!(first.0, StatusCode::CREATED);
    let gone = world.call(reqwest::Method::DELETE, &format!("/files/{file}"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(keyed(&world, "k-5", &upload).await, first);
}

async fn a_claim_that_was_taken_over_cannot_settle(quiet: Quiet) {
    let world = quiet.0;
    let id = world.created(crowd(1)).await;
    let store = &world.app.service.store;
    let now = world.now().as_microsecond();
    let old = store.claim(Lane::Mail, now, now + 1, 9).await.unwrap().remove(0);
    let held = store.claim(Lane::Mail, now + 1, now + 100, 9).await.unwrap().remove(0);
    assert_eq!(old.key, held.key);
    let settle = |epoch: i64| {
        let wish = Wish::Delivered { effect: held.key.parse().unwrap() };
        Order { fence: Some(Fence { key: held.key.clone(), epoch }), ..order(&id, wish) }
    };
    let answers = all(&world, vec![settle(old.epoch), settle(held.epoch), settle(held.epoch)]).await;
    assert_eq!(refused(&answers[0]), Some(Code::NotOwed));
    assert!(answers[1].is_ok());
    assert_eq!(refused(&answers[2]), Some(Code::NotOwed));
    assert_eq!(count(&world, &id, "delivery.sent").await, 1);
    assert_eq!(store.next_effect(Lane::Mail).await.unwrap(), None);
    world.check().await;
}

async fn two_engines_on_one_folder_never_trample_each_other(quiet: Quiet) {
    let world = quiet.0;
    let id = world.created(crowd(40)).await;
    let (second, _writing) =
        countersign::service::Service::open(world.app.service.settings.clone(), world.app.service.clock.clone())
            .await
            .unwrap();
    let signers = signers(&world, &id).await;
    let signing = signers.iter().enumerate().map(|(n, signer)| {
        let commit = if n % 2 == 0 { &world.app.service.commit } else { &second.commit };
        commit.submit(sign(&id, *signer))
    });
    let answers = join_all(signing).await;
    assert!(answers.iter().all(Result::is_ok), "{:?}", answers.iter().find(|answer| answer.is_err()));
    assert_eq!(world.status(&id).await, "COMPLETED");
    assert_eq!(count(&world, &id, "signer.signed").await, 40);
    world.check().await;
}

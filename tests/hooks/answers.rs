//! What comes of a message that is not enough by itself: the vendor is asked, and what it answers counts. So it is with what
//! the stamp does not cover, with what is out of turn, and with whoever cannot be told from another.

use countersign::commit::Order;
use countersign::hooks::Scheme;
use countersign_engine::command::{Command, Outcome, Report, Step, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::Actor;
use countersign_engine::ids::ConfigId;
use countersign_engine::request::Status;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::requests::{at_vendor, done, notice, on_its_way, submitted};
use super::sender::{DOCUMENT, Letter};
use super::{address, post, saying, until, until_settled};

/// A vendor is looked at again after five seconds.
const SOON: SignedDuration = SignedDuration::from_secs(6);

/// What D4Sign tells; `said` makes it another message of the same kind.
async fn d4sign_tells(world: &World, config: Uuid, kind: u8, said: &str) {
    let letter = Letter::of(Scheme::named("d4sign").unwrap());
    let body = format!("uuid={DOCUMENT}&type_post={kind}&message={said}&email=joao%40empresa.com");
    assert_eq!(
        post(world, &address(world, "d4sign", config), &letter.sent().saying(body)).await.status,
        StatusCode::OK
    );
}

async fn certyneo_tells(world: &World, config: Uuid, message: &Value) {
    let sent = saying(Scheme::named("certyneo").unwrap(), message).sent();
    assert_eq!(post(world, &address(world, "certyneo", config), &sent).await.status, StatusCode::OK);
}

/// The vendor, when asked, says this: as whoever asked it writes it down.
async fn answers(world: &World, (config, id): (Uuid, &str), steps: &[(usize, Step)], outcome: Option<Outcome>) {
    let request = world.app.service.behind_link(World::id(id)).await.unwrap().unwrap().request.clone();
    let asked =
        request.owed.iter().find(|effect| effect.kind == EffectKind::Confirm).expect("the vendor is to be asked");
    let steps = steps.iter().map(|(place, step)| (request.signers[*place].id(), *step)).collect();
    let report = Report { config: ConfigId(config), word: "4".into(), steps, outcome, reason: None, is_answer: true };
    for wish in [Wish::Report(Box::new(report)), Wish::Delivered { effect: *asked }] {
        let vendor = Actor::Provider(request.terms.provider.clone());
        let order = Order::by(vendor, "acme".parse().unwrap(), Command { request: request.id, wish });
        // What is known already, and what is owed no more because the request has ended, is refused.
        let _ = world.app.service.submit(order).await;
    }
    world.app.service.clock.advance(SOON);
}

/// What came of so many messages.
async fn verdicts(world: &World, count: usize) -> Vec<String> {
    let settled = until_settled(world, count).await;
    settled.iter().map(|one| one["attributes"]["verdict"].as_str().unwrap_or("none").to_owned()).collect()
}

#[tokio::test]
async fn what_the_stamp_does_not_cover_is_what_the_vendor_says_of_it() {
    let (world, config, id) = at_vendor("d4sign").await;
    d4sign_tells(&world, config, 4, "first").await;
    world.until(&id, "provider.reported", 1).await;
    answers(&world, (config, &id), &[], None).await;
    assert_eq!(verdicts(&world, 1).await, ["not_believed"], "asked at the very instant at which it came");
    assert_eq!(done(&world, &id).await, Vec::<String>::new());

    d4sign_tells(&world, config, 4, "second").await;
    world.until(&id, "provider.reported", 2).await;
    answers(&world, (config, &id), &[(0, Step::Signed)], None).await;
    assert_eq!(verdicts(&world, 2).await, ["not_believed", "confirmed"]);
    assert_eq!(done(&world, &id).await, ["signer.viewed", "signer.signed"]);

    d4sign_tells(&world, config, 3, "third").await;
    world.until(&id, "provider.reported", 3).await;
    answers(&world, (config, &id), &[], Some(Outcome::Cancelled)).await;
    assert_eq!(verdicts(&world, 3).await[2], "confirmed", "it ended because it was told so");
    assert_eq!(world.status(&id).await, "CANCELLED");
    d4sign_tells(&world, config, 3, "fourth").await;
    d4sign_tells(&world, config, 1, "fifth").await;
    assert_eq!(verdicts(&world, 5).await[3..], ["duplicate", "stale"], "it had ended before");
    world.check().await;
}

#[tokio::test]
async fn many_messages_are_one_question() {
    let (world, config, id) = at_vendor("d4sign").await;
    for said in ["first", "second", "third"] {
        d4sign_tells(&world, config, 4, said).await;
    }
    let heard = |found: &[Value]| found.len() == 3 && found.iter().all(|one| one["attributes"]["told"] == "signed");
    until(&world, "all are read", heard).await;
    answers(&world, (config, &id), &[(0, Step::Signed)], None).await;
    assert_eq!(verdicts(&world, 3).await, ["confirmed"; 3]);
    assert_eq!(world.events(&id).await.iter().filter(|name| *name == "provider.reported").count(), 1);
}

#[tokio::test]
async fn what_a_vendor_tells_before_its_own_answer_is_applied_after_it() {
    let (world, config, id) = on_its_way("certyneo", json!({})).await;
    certyneo_tells(&world, config, &notice("recipient.signed", Some(1), "2026-01-15T10:29:00Z")).await;
    let read = |found: &[Value]| found.iter().any(|one| one["attributes"]["told"] == "signed");
    let waiting = until(&world, "it is read", read).await.remove(0)["attributes"].clone();
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("pending"), &json!(0)), "nobody's fault");
    submitted(&world, config, &id).await;
    world.app.service.clock.advance(SOON);
    assert_eq!(verdicts(&world, 1).await, ["applied"]);
    assert_eq!(done(&world, &id).await, ["signer.viewed", "signer.signed"]);
}

#[tokio::test]
async fn out_of_turn_the_vendor_is_asked() {
    let (world, config, id) = at_vendor("certyneo").await;
    certyneo_tells(&world, config, &notice("recipient.signed", Some(2), "2026-01-15T10:29:00Z")).await;
    world.until(&id, "provider.reported", 1).await;
    assert_eq!(done(&world, &id).await, Vec::<String>::new());
    answers(&world, (config, &id), &[(0, Step::Signed), (1, Step::Signed)], Some(Outcome::Completed)).await;
    until_settled(&world, 1).await;
    assert_eq!(world.status(&id).await, "COMPLETED", "both had signed, and one message was lost");
}

#[tokio::test]
async fn whom_a_message_is_about_is_known_by_the_vendors_key_or_by_an_address_of_their_own() {
    let same = json!({ "signers": [
        { "name": "Ana", "email": "ana@example.com", "order": 1 }, { "name": "Ana", "email": "ana@example.com", "order": 2 },
    ] });
    let (world, config, id) = on_its_way("certyneo", same).await;
    submitted(&world, config, &id).await;
    let about = |recipient: Value| {
        let mut notice = notice("recipient.signed", None, "2026-01-15T10:29:00Z");
        notice["data"]["recipient"] = recipient;
        notice
    };
    certyneo_tells(&world, config, &about(json!({ "email": "ana@example.com" }))).await;
    world.until(&id, "provider.reported", 1).await;
    assert_eq!(done(&world, &id).await, Vec::<String>::new(), "which of the two is not said");
    certyneo_tells(&world, config, &about(json!({ "id": "r-1", "email": "elsewhere@example.com" }))).await;
    let signed = |found: &[Value]| found.iter().any(|one| one["attributes"]["verdict"] == "applied");
    until(&world, "the key says it", signed).await;
    assert_eq!(done(&world, &id).await, ["signer.viewed", "signer.signed"]);
    assert_eq!(world.signer(&id, 0).await["status"], "SIGNED");
}

#[tokio::test]
async fn why_somebody_refused_is_known() {
    let (world, config, id) = at_vendor("certyneo").await;
    let mut declined = notice("envelope.declined", Some(1), "2026-01-15T10:29:00Z");
    declined["data"]["decline_reason"] = json!("Valor errado");
    certyneo_tells(&world, config, &declined).await;
    assert_eq!(verdicts(&world, 1).await, ["applied"]);
    let first = world.signer(&id, 0).await;
    assert_eq!((&first["status"], &first["declineReason"]), (&json!("DECLINED"), &json!("Valor errado")));
}

#[tokio::test]
async fn what_the_vendor_called_off_itself_is_not_called_off_there() {
    let (world, config, id) = at_vendor("certyneo").await;
    certyneo_tells(&world, config, &notice("envelope.voided", None, "2026-01-15T10:29:00Z")).await;
    assert_eq!(verdicts(&world, 1).await, ["applied"]);
    let request = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap().request.clone();
    assert_eq!((request.status, request.owed.len()), (Status::Cancelled, 0), "{:?}", request.owed);
}

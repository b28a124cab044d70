//! What the list of signers tells beyond what became of them: since when each is named, whether they could be written to,
//! and who is on it at all.

use countersign::commit::Order;
use countersign::config::Role;
use countersign_engine::command::{Command, Wish};
use countersign_engine::effect::EffectKind;
use countersign_tests::world::World;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::{Desk, ok, signer, text, wrong};

/// A field of every signer, in their order.
async fn each(desk: &Desk, id: &str, field: &str) -> Vec<String> {
    let list = desk.listed(id).await["list"].clone();
    list.as_array().unwrap().iter().map(|signer| text(&signer[field])).collect()
}

/// The day after, somebody else is named.
async fn joins_a_day_later(desk: &Desk, id: &str, email: &str) {
    desk.world.app.service.clock.advance(SignedDuration::from_hours(24));
    ok(&desk.post(id, "createlist", json!({ "signers": [signer(email, json!({}))] })).await);
}

#[tokio::test]
async fn each_signer_is_named_since_a_day_of_their_own() {
    let desk = Desk::new().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    joins_a_day_later(&desk, &id, "bia@example.com").await;
    ok(&desk.post(&id, "sendtosigner", json!({ "workflow": "1" })).await);
    joins_a_day_later(&desk, &id, "caio@example.com").await;
    let days = ["2026-01-15 07:30:00", "2026-01-16 07:30:00", "2026-01-17 07:30:00"];
    assert_eq!(each(&desk, &id, "date").await, days, "whatever was changed since");
    // Who takes over for somebody was named when they did.
    desk.world.app.service.clock.advance(SignedDuration::from_hours(24));
    let leaving = desk.world.get(&id).await["relationships"]["signers"]["data"][1]["id"].clone();
    let heir = json!({ "data": { "type": "signer", "attributes": { "name": "Dora", "email": "dora@example.com" } } });
    let path = format!("/requests/{id}/signers/{}/replace", text(&leaving));
    let replaced = desk.world.call(Method::POST, &path, Some(heir)).await;
    assert!(replaced.status.is_success(), "{:#}", replaced.json);
    assert_eq!(each(&desk, &id, "date").await, [days[0], "2026-01-18 07:30:00", days[2]]);
}

/// What became of a letter, where nobody sends any.
async fn became(desk: &Desk, id: &str, kind: EffectKind, arrived: bool) {
    let service = &desk.world.app.service;
    let loaded = service.behind_link(World::id(id)).await.unwrap().unwrap();
    let effect = *loaded.request.owed.iter().find(|effect| effect.kind == kind).unwrap();
    let wish = match arrived {
        true => Wish::Delivered { effect },
        false => Wish::Undeliverable { effect, code: "refused".into() },
    };
    let order = Order::system("acme".parse().unwrap(), Command { request: World::id(id), wish });
    service.submit(order).await.unwrap();
}

#[tokio::test]
async fn who_could_not_be_asked_by_letter_is_told_of_whatever_else_they_were_sent() {
    let desk = Desk::over(World::of_roles(&[Role::Http]).await);
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    assert_eq!(each(&desk, &id, "email_sent_status").await, [""]);
    became(&desk, &id, EffectKind::Invitation, false).await;
    let bounced = |told: Vec<String>| assert_eq!(told, ["Bounce"], "of the letter that asked them");
    bounced(each(&desk, &id, "email_sent_status").await);
    assert_eq!(each(&desk, &id, "email_sent_message").await, ["A mensagem não pôde ser entregue."]);
    desk.world.sign(&id, 0).await;
    became(&desk, &id, EffectKind::CompletedNotice, true).await;
    bounced(each(&desk, &id, "email_sent_status").await);
}

#[tokio::test]
async fn who_only_gets_a_copy_is_none_of_the_signers() {
    let desk = Desk::new().await;
    let people = json!([{ "name": "Ana", "email": "ana@example.com" },
        { "name": "Bia", "email": "bia@example.com", "role": "copied" }]);
    let id = desk.world.created(json!({ "signers": people })).await;
    assert_eq!(desk.emails(&id).await, ["ana@example.com"]);
    let change = json!({ "email-before": "bia@example.com", "email-after": "eva@example.com" });
    assert!(wrong(&desk.post(&id, "changeemail", change).await, 404).starts_with("email-before: "));
}

#[tokio::test]
async fn the_same_address_joins_for_another_act() {
    let desk = Desk::new().await;
    let (draft, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    let (sent, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({ "workflow": "1" })).await;
    for id in [draft, sent] {
        let joins = async |act: &str| {
            let witness = signer("ANA@example.com", json!({ "act": act }));
            desk.post(&id, "createlist", json!({ "signers": [witness] })).await
        };
        let said = wrong(&joins("1").await, 422);
        assert_eq!(said, "signers[0].email: This e-mail address is in the document already, for the same act.");
        assert_eq!(ok(&joins("5").await)["message"].as_array().unwrap().len(), 1, "they are answered alone");
        assert_eq!(each(&desk, &id, "type").await, ["1", "5"]);
    }
}

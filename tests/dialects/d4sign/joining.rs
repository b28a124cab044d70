//! Signers who join a document: before it is sent, and while it is out, each where they belong.

use std::sync::Arc;

use countersign_tests::world::{answer, sample};
use futures_util::future::join_all;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{Desk, ok, signer, text, wrong};

#[tokio::test]
async fn letters_are_told_of_in_the_list() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    desk.world.until(&id, "delivery.sent", 1).await;
    let listed = desk.listed(&id).await["list"][0].clone();
    let told = ["email_sent", "email_sent_status", "email_sent_message"].map(|member| text(&listed[member]));
    assert_eq!(told, ["1", "Delivery", "Mensagem entregue com sucesso."]);
}

#[tokio::test]
async fn the_link_for_signing_in_person_appears_when_the_document_is_sent() {
    let desk = Desk::new().await;
    let signers = json!([
        signer("ana@example.com", json!({ "assinatura_presencial": "1" })),
        signer("bia@example.com", json!({}))
    ]);
    let (id, _) = desk.draft(signers).await;
    assert_eq!(desk.listed(&id).await["list"][0]["assinatura_presencial_link"], "");
    ok(&desk.post(&id, "sendtosigner", json!({})).await);
    let listed = desk.listed(&id).await["list"].clone();
    assert!(text(&listed[0]["assinatura_presencial_link"]).contains("/sign/"), "{listed:#}");
    assert_eq!(listed[1]["assinatura_presencial_link"], "", "only of who signs in person");
}

#[tokio::test]
async fn who_joins_a_sequence_is_put_behind_the_position() {
    let desk = Desk::new().await;
    let named =
        |letters: &[&str]| -> Vec<String> { letters.iter().map(|letter| format!("{letter}@example.com")).collect() };
    let three = json!([
        signer("a@example.com", json!({})),
        signer("b@example.com", json!({})),
        signer("c@example.com", json!({}))
    ]);
    let (id, _) = desk.sent(three, json!({ "workflow": "1" })).await;
    let join = async |signers: Value| desk.post(&id, "createlist", json!({ "signers": signers })).await;
    ok(&join(json!([signer("d@example.com", json!({ "after_position": "1" }))])).await);
    assert_eq!(desk.emails(&id).await, named(&["a", "d", "b", "c"]), "behind the first, as the seed has it");
    ok(&join(json!([signer("e@example.com", json!({}))])).await);
    assert_eq!(desk.emails(&id).await, named(&["a", "d", "b", "c", "e"]));
    let beyond = join(json!([signer("f@example.com", json!({ "after_position": "6" }))])).await;
    assert_eq!(wrong(&beyond, 422), "signers[0].after_position: The document has 5 positions.");
    let several = json!([
        signer("f@example.com", json!({ "after_position": "2" })),
        signer("g@example.com", json!({ "after_position": "2" })),
        signer("h@example.com", json!({ "after_position": "5" })),
        signer("i@example.com", json!({})),
    ]);
    ok(&join(several).await);
    assert_eq!(desk.emails(&id).await, named(&["a", "d", "f", "g", "b", "c", "e", "h", "i"]));
    let known = join(json!([signer("a@example.com", json!({}))])).await;
    assert!(wrong(&known, 422).starts_with("signers[0].email: "), "{:#}", known.json);
    // They act one after another.
    for email in named(&["a", "d", "f", "g", "b", "c", "e", "h", "i"]) {
        let signers = desk.world.get(&id).await["relationships"]["signers"]["data"].clone();
        let invited: Vec<&Value> =
            signers.as_array().unwrap().iter().filter(|signer| signer["attributes"]["status"] == "SENT").collect();
        assert_eq!(invited.len(), 1);
        assert_eq!(invited[0]["attributes"]["email"], email);
        let place =
            signers.as_array().unwrap().iter().position(|signer| signer["attributes"]["email"] == email).unwrap();
        desk.world.sign(&id, place).await;
    }
    assert_eq!(desk.phase(&id).await, "4");
    let late = join(json!([signer("z@example.com", json!({}))])).await;
    assert!(wrong(&late, 409).contains("Finalizado"));
    desk.world.check().await;
}

#[tokio::test]
async fn who_is_named_later_acts_later() {
    let desk = Desk::new().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    for email in ["bia@example.com", "caio@example.com"] {
        ok(&desk.post(&id, "createlist", json!({ "signers": [signer(email, json!({}))] })).await);
    }
    ok(&desk.post(&id, "sendtosigner", json!({ "workflow": "1" })).await);
    for place in 0..3 {
        for later in place + 1..3 {
            assert_eq!(
                desk.world.signer(&id, later).await["status"],
                "PENDING",
                "{later} while it is the turn of {place}"
            );
        }
        desk.world.sign(&id, place).await;
    }
    assert_eq!(desk.phase(&id).await, "4");
}

#[tokio::test]
async fn nobody_joins_before_those_who_are_invited() {
    let desk = Desk::new().await;
    let two = json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]);
    let (id, _) = desk.sent(two, json!({ "workflow": "1" })).await;
    desk.world.sign(&id, 0).await;
    let between = json!({ "signers": [signer("c@example.com", json!({ "after_position": "1" }))] });
    let refused = desk.post(&id, "createlist", between).await;
    assert_eq!(wrong(&refused, 422), "signers[0].after_position: Those behind that position are invited already.");
    let behind = json!({ "signers": [signer("c@example.com", json!({ "after_position": "2" }))] });
    ok(&desk.post(&id, "createlist", behind).await);
    assert_eq!(desk.emails(&id).await, ["a@example.com", "b@example.com", "c@example.com"]);
    // Of a document with one signer the position says that there is an order.
    let (alone, _) = desk.sent(json!([signer("a@example.com", json!({}))]), json!({ "workflow": "1" })).await;
    let behind = json!({ "signers": [signer("b@example.com", json!({ "after_position": "1" }))] });
    ok(&desk.post(&alone, "createlist", behind).await);
    assert_eq!(desk.world.signer(&alone, 1).await["status"], "PENDING");
}

#[tokio::test]
async fn who_joins_where_nobody_waits_is_invited_at_once() {
    let desk = Desk::new().await;
    let two = json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]);
    let (id, _) = desk.sent(two, json!({ "workflow": "0" })).await;
    let refused = json!({ "signers": [signer("c@example.com", json!({ "after_position": "1" }))] });
    assert!(wrong(&desk.post(&id, "createlist", refused).await, 422).contains("all at once"));
    let more =
        json!({ "signers": [signer("c@example.com", json!({})), signer("d@example.com", json!({ "act": "2" }))] });
    ok(&desk.post(&id, "createlist", more).await);
    let signers = desk.world.get(&id).await["relationships"]["signers"]["data"].clone();
    assert!(signers.as_array().unwrap().iter().all(|signer| signer["attributes"]["status"] == "SENT"), "{signers:#}");
    let nobody = desk
        .call(
            reqwest::Method::POST,
            "/documents/06b3ddb1-abc9-4ab8-b944-0d7c940486af/createlist",
            Some(json!({ "signers": [signer("a@example.com", json!({}))] })),
        )
        .await;
    wrong(&nobody, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn none_is_lost_of_many_who_are_named_at_once() {
    let desk = Arc::new(Desk::new().await);
    let id = desk.upload().await;
    let naming = (0..5).map(|at| {
        let (desk, id) = (Arc::clone(&desk), id.clone());
        async move {
            let signers = json!({ "signers": [signer(&format!("s{at}@example.com"), json!({}))] });
            let mut tries = 0;
            // A call that met others too often says so, and may be repeated.
            while desk.post(&id, "createlist", signers.clone()).await.status.as_u16() == 409 {
                tries += 1;
                assert!(tries < 10);
            }
        }
    });
    join_all(naming).await;
    let mut emails = desk.emails(&id).await;
    emails.sort();
    assert_eq!(emails, (0..5).map(|at| format!("s{at}@example.com")).collect::<Vec<_>>());
}

#[tokio::test]
async fn all_who_are_named_for_a_document_that_is_out_join_it_or_nobody_does() {
    let desk = Desk::new().await;
    let many: Vec<Value> = (0..98).map(|at| signer(&format!("s{at}@example.com"), json!({}))).collect();
    let (id, _) = desk.sent(json!(many), json!({ "workflow": "1" })).await;
    let named = |from: usize, to: usize| -> Value {
        let after = |at: usize| if at.is_multiple_of(2) { json!({ "after_position": "50" }) } else { json!({}) };
        json!({ "signers": (from..to).map(|at| signer(&format!("n{at}@example.com"), after(at))).collect::<Vec<_>>() })
    };
    let refused = desk.post(&id, "createlist", named(0, 3)).await;
    assert!(wrong(&refused, 422).contains("at most 100 signers"), "{:#}", refused.json);
    assert_eq!(desk.emails(&id).await.len(), 98, "nobody of them");
    assert!(!desk.world.events(&id).await.contains(&"signer.added".to_owned()));
    ok(&desk.post(&id, "createlist", named(0, 2)).await);
    let emails = desk.emails(&id).await;
    assert_eq!((emails.len(), emails[50].as_str(), emails[99].as_str()), (100, "n0@example.com", "n1@example.com"));
    desk.world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_together_stays_together_whoever_else_is_named() {
    let desk = Arc::new(Desk::new().await);
    let two = json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]);
    let (id, _) = desk.sent(two, json!({ "workflow": "1" })).await;
    let naming = (0..4).map(|at| {
        let (desk, id) = (Arc::clone(&desk), id.clone());
        async move {
            let behind = |letter: &str| signer(&format!("{letter}{at}@example.com"), json!({ "after_position": "1" }));
            let body = json!({ "signers": [behind("x"), behind("y"), behind("z")] });
            ok(&desk.post(&id, "createlist", body).await);
        }
    });
    join_all(naming).await;
    let emails = desk.emails(&id).await;
    assert_eq!((emails.len(), emails[0].as_str(), emails[13].as_str()), (14, "a@example.com", "b@example.com"));
    for three in emails[1..13].chunks(3) {
        let number = &three[0][1..];
        assert_eq!(three, [format!("x{number}"), format!("y{number}"), format!("z{number}")], "{emails:?}");
    }
    // The same person by several calls at once is named once.
    let (same, _) = desk.sent(json!([signer("a@example.com", json!({}))]), json!({ "workflow": "1" })).await;
    let body = json!({ "signers": [signer("twin@example.com", json!({}))] });
    let calls = join_all((0..4).map(|_| desk.post(&same, "createlist", body.clone()))).await;
    let (named, refused): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.status.as_u16() == 200);
    assert_eq!(named.len(), 1);
    assert!(refused.iter().all(|call| wrong(call, 422).starts_with("signers")), "{refused:?}");
    assert_eq!(desk.emails(&same).await, ["a@example.com", "twin@example.com"]);
    desk.world.check().await;
}

/// The UUID of a document that was uploaded in another dialect: there is no request of it yet.
async fn uploaded_elsewhere(desk: &Desk) -> String {
    let form = Form::new().part("file", Part::bytes(sample()).file_name("contrato.pdf"));
    let url = format!("{}/documents", desk.base);
    let uploaded = answer(desk.world.client.post(url).bearer_auth(&desk.world.key).multipart(form)).await;
    text(&uploaded.json["id"])
}

#[tokio::test]
async fn who_is_named_first_makes_the_request_once_and_has_no_place_before() {
    let desk = Desk::new().await;
    let id = uploaded_elsewhere(&desk).await;
    let early = json!({ "signers": [signer("ana@example.com", json!({ "after_position": "1" }))] });
    let said = wrong(&desk.post(&id, "createlist", early).await, 422);
    assert!(said.starts_with("signers[0].after_position: Only a document that was sent"), "{said}");
    let once = async || {
        let call = desk.world.client.post(desk.address(&format!("/documents/{id}/createlist")));
        let body = json!({ "signers": [signer("ana@example.com", json!({}))] });
        answer(call.header("Idempotency-Key", "first").json(&body)).await
    };
    let first = ok(&once().await).clone();
    ok(&desk.post(&id, "createlist", json!({ "signers": [signer("bia@example.com", json!({}))] })).await);
    let events = desk.world.events(&id).await;
    assert_eq!(ok(&once().await), &first, "a repeat, although others joined since");
    assert_eq!(desk.world.events(&id).await, events);
    assert_eq!(desk.emails(&id).await, ["ana@example.com", "bia@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_are_named_first_at_once_are_in_one_request() {
    let desk = Arc::new(Desk::new().await);
    for round in 0..4 {
        let id = uploaded_elsewhere(&desk).await;
        let naming = (0..4).map(|at| {
            let (desk, id) = (Arc::clone(&desk), id.clone());
            async move {
                let body = json!({ "signers": [signer(&format!("s{at}@example.com"), json!({}))] });
                ok(&desk.post(&id, "createlist", body).await);
            }
        });
        join_all(naming).await;
        let mut emails = desk.emails(&id).await;
        emails.sort();
        assert_eq!(emails, (0..4).map(|at| format!("s{at}@example.com")).collect::<Vec<_>>(), "round {round}");
    }
    desk.world.check().await;
}

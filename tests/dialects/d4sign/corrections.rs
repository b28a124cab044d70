//! What is put right about signers, before and after the document is sent; old links die, and who has acted stays.

use countersign_tests::world::Browser;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Desk, ok, signer, wrong};

/// The calls that name a signer, with bodies for one that there is not.
fn strangers() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("changeemail", json!({ "email-before": "x@example.com", "email-after": "y@example.com" }), "email-before: "),
        ("changesmsnumber", json!({ "email": "x@example.com", "sms-number": "+5511953874555" }), "email: "),
        ("changepasswordcode", json!({ "email": "x@example.com", "password-code": "1" }), "email: "),
        ("removeemaillist", json!({ "email-signer": "x@example.com", "key-signer": "NwYj=" }), "email-signer: "),
        ("addinfo", json!({ "email": "x@example.com" }), "email: "),
    ]
}

#[tokio::test]
async fn an_address_is_changed_and_the_old_link_dies() {
    let desk = Desk::new().await;
    let (id, keys) =
        desk.sent(json!([signer("ana@example.com", json!({})), signer("bia@example.com", json!({}))]), json!({})).await;
    let old = desk.world.link(&id, 0).await;
    let body = json!({ "email-before": "ana@example.com", "email-after": "ana@example.org", "key-signer": keys[0] });
    assert_eq!(ok(&desk.post(&id, "changeemail", body.clone()).await), &json!({ "message": "E-mail changed" }));
    assert_eq!(desk.emails(&id).await, ["ana@example.org", "bia@example.com"]);
    assert_eq!(Browser::open(&old).await.status, StatusCode::GONE);
    desk.world.sign(&id, 0).await;
    let acted = json!({ "email-before": "ana@example.org", "email-after": "ana@example.net" });
    assert_eq!(wrong(&desk.post(&id, "changeemail", acted).await, 409), "That signer has already acted.");
    for (body, field) in [
        (json!({ "email-after": "x@example.com" }), "email-before: "),
        (json!({ "email-before": "bia@example.com" }), "email-after: "),
        (json!({ "email-before": "bia@example.com", "email-after": "bia" }), "email-after: "),
        (json!({ "email-before": "bia@example.com", "email-after": "+12" }), "email-after: "),
        (json!({ "email-before": "bia@example.com", "email-after": "+5511953020202" }), "email-after: A number takes"),
    ] {
        assert!(wrong(&desk.post(&id, "changeemail", body.clone()).await, 422).starts_with(field), "{body}");
    }
    let wrong_key = json!({ "email-before": "bia@example.com", "email-after": "b@example.com", "key-signer": keys[0] });
    assert!(wrong(&desk.post(&id, "changeemail", wrong_key).await, 404).starts_with("key-signer: "));
    desk.world.check().await;
}

#[tokio::test]
async fn a_telephone_number_is_changed() {
    let desk = Desk::new().await;
    let (id, keys) =
        desk.draft(json!([signer("ana@example.com", json!({ "embed_smsnumber": "+5511953020202" }))])).await;
    // The seed's own number.
    let body = json!({ "email": "ana@example.com", "sms-number": "+5511953874555", "key-signer": keys[0] });
    assert_eq!(ok(&desk.post(&id, "changesmsnumber", body).await), &json!({ "message": "SMS number changed" }));
    assert_eq!(desk.listed(&id).await["list"][0]["embed_smsnumber"], "+5511953874555");
    // Whoever is known by a number may be named by it.
    let body = json!({ "email-before": "+5511953874555", "email-after": "+5511953874556" });
    ok(&desk.post(&id, "changeemail", body).await);
    assert_eq!(desk.listed(&id).await["list"][0]["embed_smsnumber"], "+5511953874556");
    // An address takes a number's place too: letters go there from then on.
    let body = json!({ "email-before": "+5511953874556", "email-after": "bia@example.com" });
    ok(&desk.post(&id, "changeemail", body).await);
    assert_eq!(desk.emails(&id).await, ["bia@example.com"]);
    let body = json!({ "email-before": "bia@example.com", "email-after": "+5511953020202" });
    let said = wrong(&desk.post(&id, "changeemail", body).await, 422);
    assert!(said.starts_with("email-after: A number takes the place of a number"), "{said}");
    assert_eq!(desk.listed(&id).await["list"][0]["embed_smsnumber"], "+5511953874556", "nothing of it was done");
    for number in ["11953874555", "", "+55 11 95387"] {
        let body = json!({ "email": "bia@example.com", "sms-number": number });
        assert!(wrong(&desk.post(&id, "changesmsnumber", body).await, 422).starts_with("sms-number: "), "{number}");
    }
}

#[tokio::test]
async fn an_access_code_is_changed_and_taken_away() {
    let desk = Desk::new().await;
    let (id, keys) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    let body = json!({ "email": "ana@example.com", "password-code": "caneta azul", "key-signer": keys[0] });
    let changed = desk.post(&id, "changepasswordcode", body.clone()).await;
    assert_eq!(ok(&changed), &json!({ "message": "Password code changed" }));
    assert_eq!(desk.listed(&id).await["list"][0]["password_code"], "caneta azul");
    let barred = desk.world.visit(&id, 0).await;
    assert!(barred.html.contains("data-method=\"access_code\""), "{}", barred.html);
    assert_ne!(barred.sign(json!({})).await.status, StatusCode::OK, "who must know a code does not sign without it");
    for blank in [json!({}), json!({ "password-code": "  " })] {
        ok(&desk.post(&id, "changepasswordcode", body.clone()).await);
        let mut body = blank;
        body["email"] = json!("ana@example.com");
        ok(&desk.post(&id, "changepasswordcode", body).await);
        assert_eq!(desk.listed(&id).await["list"][0]["password_code"], "");
    }
    desk.world.sign(&id, 0).await;
    let long = json!({ "email": "ana@example.com", "password-code": "x".repeat(101) });
    assert!(wrong(&desk.post(&id, "changepasswordcode", long).await, 422).starts_with("password-code: "));
    desk.world.check().await;
}

#[tokio::test]
async fn a_signer_is_removed_and_the_next_is_invited() {
    let desk = Desk::new().await;
    let (id, keys) = desk
        .sent(
            json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]),
            json!({ "workflow": "1" }),
        )
        .await;
    let old = desk.world.link(&id, 0).await;
    let body = json!({ "email-signer": "a@example.com", "key-signer": keys[0] });
    for (missing, field) in [("email-signer", "email-signer: "), ("key-signer", "key-signer: ")] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert!(wrong(&desk.post(&id, "removeemaillist", body).await, 422).starts_with(field));
    }
    assert_eq!(ok(&desk.post(&id, "removeemaillist", body).await), &json!({ "message": "E-mail has removed" }));
    assert_eq!(Browser::open(&old).await.status, StatusCode::GONE);
    assert_eq!(desk.emails(&id).await, ["b@example.com"]);
    let last = json!({ "email-signer": "b@example.com", "key-signer": keys[1] });
    assert_eq!(wrong(&desk.post(&id, "removeemaillist", last).await, 422), "A request needs somebody who acts.");
    desk.world.sign(&id, 0).await;
    // Before it is sent, a document may be left without any.
    let (draft, keys) = desk.draft(json!([signer("a@example.com", json!({}))])).await;
    ok(&desk.post(&draft, "removeemaillist", json!({ "email-signer": "a@example.com", "key-signer": keys[0] })).await);
    assert_eq!(desk.emails(&draft).await, Vec::<String>::new());
    desk.world.check().await;
}

#[tokio::test]
async fn what_is_known_of_who_signs_in_person_is_written_down() {
    let desk = Desk::new().await;
    let signers = json!([
        signer("ana@example.com", json!({ "assinatura_presencial": "1" })),
        signer("bia@example.com", json!({}))
    ]);
    let (id, keys) = desk.draft(signers).await;
    // The seed's own body, which names a token too.
    let body = json!({ "key_signer": keys[0], "email": "ana@example.com", "display_name": "Ana Souza",
        "documentation": "111.444.777-35", "birthday": "31/12/1990", "tokenAPI": "{token-user}" });
    let changed = ok(&desk.post(&id, "addinfo", body).await).clone();
    assert_eq!(
        changed,
        json!({ "uuid-doc": id, "email": "ana@example.com", "name": "Ana Souza",
        "documentation": "111.444.777-35", "birthday": "31/12/1990", "status": "changed" })
    );
    let listed = desk.listed(&id).await["list"][0].clone();
    assert_eq!((&listed["user_name"], &listed["user_document"]), (&json!("Ana Souza"), &json!("11144477735 (CPF)")));
    let other = json!({ "email": "bia@example.com", "display_name": "Bia" });
    assert!(
        wrong(&desk.post(&id, "addinfo", other).await, 422).starts_with("email: Only of somebody who signs in person")
    );
    for (field, value) in [
        ("documentation", "11144477734"),
        ("documentation", "11444777000161"),
        ("birthday", "ontem"),
        ("birthday", "2999-01-01"),
        ("birthday", "1899-12-31"),
        ("display_name", &"x".repeat(256)),
    ] {
        let body = json!({ "email": "ana@example.com", field: value });
        assert!(
            wrong(&desk.post(&id, "addinfo", body).await, 422).starts_with(&format!("{field}: ")),
            "{field} {value}"
        );
    }
    // Nothing to be written down is nothing to be changed, and what is known is told.
    let known = ok(&desk.post(&id, "addinfo", json!({ "email": "ana@example.com" })).await).clone();
    let told = ["name", "documentation", "birthday"].map(|field| known[field].clone());
    assert_eq!(told, ["Ana Souza", "11144477735", "31/12/1990"].map(Value::from));
    let body = json!({ "email": "ana@example.com", "birthday": "1990-12-30" });
    assert_eq!(ok(&desk.post(&id, "addinfo", body).await)["birthday"], "1990-12-30", "as it was written");
}

/// Every correction of Ana, whose key this is.
fn corrections(key: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("changeemail", json!({ "email-before": "ana@example.com", "email-after": "y@example.com" })),
        ("changesmsnumber", json!({ "email": "ana@example.com", "sms-number": "+5511953874555" })),
        ("changepasswordcode", json!({ "email": "ana@example.com", "password-code": "1" })),
        ("removeemaillist", json!({ "email-signer": "ana@example.com", "key-signer": key })),
        ("addinfo", json!({ "email": "ana@example.com", "display_name": "Outra" })),
    ]
}

/// Ana, who signs in person, and Bia.
fn ana_and_bia() -> Value {
    json!([signer("ana@example.com", json!({ "assinatura_presencial": "1" })), signer("bia@example.com", json!({}))])
}

/// The first signer signs in person: they say who they are before.
async fn sign_in_person(desk: &Desk, id: &str) {
    let browser = desk.world.visit(id, 0).await;
    let url = browser.page.join(&format!("{}/steps/in_person", browser.page.path())).unwrap();
    let form = "name=Ana&cpf=529.982.247-25&birthday=1990-02-28";
    let call = browser.client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(call.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_else_is_changed() {
    let desk = Desk::new().await;
    let (id, keys) = desk.sent(ana_and_bia(), json!({})).await;
    for (action, body, field) in strangers() {
        assert!(wrong(&desk.post(&id, action, body).await, 404).starts_with(field), "{action}");
    }
    // Nor is Ana by a key that is not hers.
    for (action, mut body) in corrections(&keys[1]) {
        let name = if action == "addinfo" { "key_signer" } else { "key-signer" };
        for key in [keys[1].as_str(), "NwYj="] {
            body[name] = key.into();
            let said = wrong(&desk.post(&id, action, body.clone()).await, 404);
            assert_eq!(said, format!("{name}: This is not the key of that signer."), "{action}");
        }
    }
    assert_eq!(desk.emails(&id).await, ["ana@example.com", "bia@example.com"]);
}

#[tokio::test]
async fn who_has_acted_stays_and_so_does_everybody_after_the_end() {
    let desk = Desk::new().await;
    let (signed, keys) = desk.sent(ana_and_bia(), json!({})).await;
    sign_in_person(&desk, &signed).await;
    let before = desk.listed(&signed).await;
    assert_eq!(before["list"][0]["assinatura_presencial_link"], "", "there is nothing more to sign");
    for (action, body) in corrections(&keys[0]) {
        assert_eq!(wrong(&desk.post(&signed, action, body).await, 409), "That signer has already acted.", "{action}");
    }
    assert_eq!(desk.listed(&signed).await, before);
    desk.world.sign(&signed, 1).await;
    let (cancelled, others) = desk.sent(ana_and_bia(), json!({})).await;
    ok(&desk.post(&cancelled, "cancel", json!({})).await);
    for (id, key, phase) in [(signed, &keys[0], "Finalizado"), (cancelled, &others[0], "Cancelado")] {
        let before = desk.listed(&id).await;
        for (action, body) in corrections(key) {
            assert!(wrong(&desk.post(&id, action, body).await, 409).contains(phase), "{action}");
        }
        assert_eq!(desk.listed(&id).await, before);
    }
    desk.world.check().await;
}

#[tokio::test]
async fn nobody_gets_an_address_that_is_asked_for_the_same_act() {
    let desk = Desk::new().await;
    let signers = || {
        json!([
            signer("ana@example.com", json!({})),
            signer("bia@example.com", json!({})),
            signer("caio@example.com", json!({ "act": "5" }))
        ])
    };
    let (draft, _) = desk.draft(signers()).await;
    let (in_sequence, _) = desk.sent(signers(), json!({ "workflow": "1" })).await;
    let (at_once, _) = desk.sent(signers(), json!({ "workflow": "0" })).await;
    for id in [draft, in_sequence, at_once] {
        let change = async |before: &str, after: &str| {
            desk.post(&id, "changeemail", json!({ "email-before": before, "email-after": after })).await
        };
        let said = wrong(&change("bia@example.com", "ANA@example.com").await, 422);
        assert_eq!(said, "email-after: A signer with this e-mail address is asked for the same already.");
        ok(&change("caio@example.com", "ana@example.com").await);
        assert_eq!(desk.emails(&id).await, ["ana@example.com", "bia@example.com", "ana@example.com"]);
        let said = wrong(&change("ana@example.com", "eva@example.com").await, 422);
        assert!(said.starts_with("key-signer: Two signers have this address"), "{said}");
    }
    desk.world.check().await;
}

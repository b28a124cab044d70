//! What signers must prove, as the native API takes and shows it; and where an access code never stands.

use countersign::config::GatewaySettings;
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{faults, ok, plain};

const CODE: &str = "Geheim-4711";

fn signer(more: Value) -> Value {
    let mut signer = json!({ "name": "Ana", "email": "ana@x.com" });
    signer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "signers": [signer, { "name": "Bob", "email": "bob@x.com", "order": 2 }] })
}

async fn refusals(world: &World, more: Value) -> Vec<(String, String)> {
    let answer = world.create(signer(more)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
    let strip = |at: String| at.replace("/data/attributes/signers/0/", "");
    faults(&answer).into_iter().map(|(code, at)| (code, strip(at))).collect()
}

#[tokio::test]
async fn what_is_asked_is_shown_again_but_for_the_code() {
    let world = World::manual().await;
    let asked = json!({
        "phone": "+5511953020202", "nationalId": "52998224725", "birthday": "1990-12-31", "accessCode": CODE,
        "requirements": { "attachments": "Contrato Social", "emailCode": true, "inPerson": true, "photo": true,
            "selfie": true, "foreign": true, "identity": true, "silent": true, "language": "es" },
    });
    let id = world.created(signer(asked)).await;
    let shown = world.signer(&id, 0).await;
    assert_eq!(
        shown["requirements"],
        json!({ "accessCode": true, "attachments": "Contrato Social", "emailCode": true, "inPerson": true,
            "photo": true, "selfie": true, "foreign": true, "identity": true, "silent": true, "language": "es" })
    );
    assert_eq!((&shown["phone"], &shown["nationalId"]), (&json!("+5511953020202"), &json!("52998224725")));
    assert!(shown.get("accessCode").is_none());
    assert!(world.signer(&id, 1).await.get("requirements").is_none(), "nothing asked, nothing shown");
}

#[tokio::test]
async fn nobody_signs_unproved() {
    let world = World::manual().await;
    let id = world.created(signer(json!({ "requirements": { "emailCode": true } }))).await;
    let answer = world.visit(&id, 0).await.sign(json!({})).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(!world.events(&id).await.contains(&"signer.signed".to_owned()));
}

#[tokio::test]
async fn what_does_not_fit_together_is_told_where_it_stands() {
    let url = "https://gateway.example.com".to_owned();
    let gateway = GatewaySettings { url, secret: vec![7; 32] };
    let world = World::changed(|settings| settings.gateway = Some(gateway)).await;
    let at = |code: &str, pointer: &str| (code.to_owned(), pointer.to_owned());
    let holder = || json!({ "name": "Ana", "nationalId": "529.982.247-25" });
    for (asked, expected) in [
        (json!({ "accessCode": true }), at("requirement_incomplete", "accessCode")),
        (json!({ "sms": true }), at("requirement_incomplete", "phone")),
        (json!({ "whatsapp": true }), at("requirement_incomplete", "phone")),
        (json!({ "certificate": { "kind": "e_cpf" } }), at("not_supported", "requirements/certificate")),
        (json!({ "telepathy": true }), at("unknown_requirement", "requirements/telepathy")),
        (json!({ "photo": "yes" }), at("wrong_type", "requirements/photo")),
        (json!({ "identity": { "cpf": true } }), at("wrong_type", "requirements/identity")),
        (json!({ "language": "fr" }), at("unknown_value", "requirements/language")),
        (json!({ "pix": { "name": "Ana" } }), at("required", "requirements/pix/nationalId")),
        (
            json!({ "pix": { "name": "Ana", "nationalId": "1" } }),
            at("invalid_national_id", "requirements/pix/nationalId"),
        ),
        (json!({ "pix": true }), at("wrong_type", "requirements/pix")),
    ] {
        let found = refusals(&world, json!({ "requirements": asked })).await;
        assert_eq!(found, [expected], "{asked}");
    }
    let mut score = holder();
    score["similarity"] = 91.into();
    let found = refusals(&world, json!({ "requirements": { "score": score, "selfie": true } })).await;
    assert_eq!(found, [at("out_of_range", "requirements/score/similarity")]);
    let mut score = holder();
    score["similarity"] = 80.into();
    let found = refusals(&world, json!({ "requirements": { "score": score } })).await;
    assert_eq!(found, [at("requirement_incomplete", "requirements/score")], "without a selfie");
    let long = "x".repeat(101);
    assert_eq!(refusals(&world, json!({ "accessCode": long })).await, [at("too_long", "accessCode")]);
}

#[tokio::test]
async fn who_takes_over_is_asked_the_same_and_needs_a_code_of_their_own() {
    let world = World::manual().await;
    let asked = json!({ "accessCode": CODE, "requirements": { "attachments": "Conta de Luz", "photo": true } });
    let id = world.created(signer(asked)).await;
    let ana = world.get(&id).await["relationships"]["signers"]["data"][0]["id"].as_str().unwrap().to_owned();
    let replace = |more: Value| {
        let mut heir = json!({ "name": "Zoe", "email": "zoe@x.com" });
        heir.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({ "data": { "type": "signer", "attributes": heir } });
        let path = format!("/requests/{id}/signers/{ana}/replace");
        let world = &world;
        async move { world.call(Method::POST, &path, Some(body)).await }
    };
    let without = replace(json!({})).await;
    assert_eq!(faults(&without), [("requirement_incomplete".to_owned(), "/data/attributes/accessCode".to_owned())]);
    ok(&replace(json!({ "accessCode": "another" })).await);
    assert_eq!(
        world.signer(&id, 0).await["requirements"],
        json!({ "accessCode": true, "attachments": "Conta de Luz", "photo": true })
    );
}

#[tokio::test]
async fn an_access_code_stands_nowhere_but_sealed() {
    let world = World::manual().await;
    let id = world.created(signer(json!({ "accessCode": CODE }))).await;
    let ana = world.get(&id).await["relationships"]["signers"]["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/requests/{id}/signers/{ana}");
    let change = |code: Value| json!({ "data": { "type": "signer", "attributes": { "accessCode": code } } });
    ok(&world.call(Method::PATCH, &path, Some(change(format!("{CODE}-2").into()))).await);
    let rounds = world.events(&id).await.iter().filter(|event| *event == "signer.invited").count();
    ok(&world.call(Method::PATCH, &path, Some(change(format!("{CODE}-2").into()))).await);
    assert_eq!(
        world.events(&id).await.iter().filter(|event| *event == "signer.invited").count(),
        rounds,
        "the same code"
    );
    let request = world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    let known = world.app.service.access_code(&request.request.signers[0]).unwrap();
    assert_eq!(known.as_deref(), Some(format!("{CODE}-2").as_str()), "whoever compares it can read it");
    let answers = [
        plain(&world, Method::GET, &format!("/requests/{id}")).await.json.to_string(),
        plain(&world, Method::GET, &format!("/requests/{id}/events")).await.json.to_string(),
        world
            .client
            .get(world.api.replace("/esignature", "/events"))
            .bearer_auth(&world.key)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
    ];
    for answer in &answers {
        assert!(answer.contains("signer.invited") || answer.contains("ana@x.com"), "{answer}");
        assert!(!answer.contains(CODE), "{answer}");
        assert!(!answer.contains("\"access_code\":\""), "not even sealed: {answer}");
    }
    let zip = world.client.get(format!("{}/requests/{id}/evidence", world.api)).bearer_auth(&world.key);
    let zip = zip.send().await.unwrap().bytes().await.unwrap();
    for lines in world.app.service.history(countersign::store::Scope::All, World::id(&id)).await.unwrap() {
        let disclosure = lines.1.disclosure.unwrap_or_default();
        assert!(!lines.1.body.contains(CODE) && !disclosure.contains(CODE));
    }
    let files = countersign::zipping::unpack(&zip).unwrap();
    assert!(files.iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains(CODE)));
    ok(&world.call(Method::PATCH, &path, Some(change(Value::Null))).await);
    assert!(world.signer(&id, 0).await.get("requirements").is_none(), "none is asked any more");
    world.sign(&id, 0).await;
    world.check().await;
}

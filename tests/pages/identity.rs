//! Signers who say who they are: what the page asks and fills in, what is wrong told at its field, where it stands
//! afterwards, and who does not get to see it.

use countersign::zipping::unpack;
use countersign_tests::world::{Browser, IDENTITY, World};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::steps::{MAILED, asked, code_in_letter, letters, look, step};
use crate::evidence::bundle::evidence;
use crate::tools;

/// A request with one signer who says who they are, of whom more is known.
async fn stating(world: &World, more: Value) -> String {
    let mut signer = json!({ "requirements": { "identity": true } });
    signer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked(world, signer).await
}

/// The form as somebody fills it in.
fn fields<'a>(name: &'a str, cpf: &'a str, birthday: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("cpf", cpf), ("birthday", birthday)]
}

#[tokio::test]
async fn who_says_who_they_are_is_that_from_then_on() {
    let world = World::manual().await;
    let id = stating(&world, json!({})).await;
    let browser = world.visit(&id, 0).await;
    look(&browser).await.is_step("identity").says("Your details").says("value=\"João Silva\"");
    assert_eq!(browser.sign(json!({})).await.json["errors"][0]["code"], "authentication_required");
    step(&browser, "identity", &IDENTITY).await.is_document();
    let signer = world.signer(&id, 0).await;
    let said = ["name", "nationalId", "birthday", "email"].map(|name| signer[name].clone());
    assert_eq!(said, ["João da Silva", "52998224725", "1990-02-28", MAILED].map(Value::from));
    assert_eq!(signer["proofs"][0]["method"], "identity");
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);

    let certificate = tools::text_of(&tools::sealed(&world, &id).await).await;
    assert!(certificate.contains("João da Silva"), "{certificate}");
    let line = "Statement of who they are · 2026-01-15 10:30:00 UTC · CPF 529.982.247-25";
    assert!(certificate.contains(line), "{certificate}");
    assert!(!certificate.contains("1990-02-28"), "everybody who has the document reads its certificate");
    let files = unpack(&evidence(&world, &id).await).unwrap();
    let trail = tools::text_of(&files["audit-trail.pdf"]).await;
    for told in ["name: João da Silva", "CPF: 529.982.247-25", "date of birth: 1990-02-28"] {
        assert!(trail.contains(told), "{told}: {trail}");
    }
    assert_eq!(countersign::evidence::check(&files).faults, Vec::<String>::new());
    let history = world.call(Method::GET, &format!("/requests/{id}/events"), None).await.json.to_string();
    assert!(history.contains("email_link+identity"), "{history}");
    world.check().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_its_field() {
    let world = World::manual().await;
    let id = stating(&world, json!({})).await;
    let browser = world.visit(&id, 0).await;
    for (name, cpf, birthday, wrong) in [
        ("", "", "", &["name", "cpf", "birthday"][..]),
        ("João", "529.982.247-26", "1990-02-28", &["cpf"]),
        ("João", "11.444.777/0001-61", "1990-02-28", &["cpf"]),
        ("João", "529.982.247-25", "1990-02-30", &["birthday"]),
        ("João", "529.982.247-25", "2026-01-15", &["birthday"]),
        ("João", "529.982.247-25", "1899-12-31", &["birthday"]),
        ("  ", "52998224725", "28/02/1990", &["name"]),
    ] {
        let page = step(&browser, "identity", &fields(name, cpf, birthday)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.is_step("identity");
        for field in ["name", "cpf", "birthday"] {
            let told = page.html.contains(&format!("id=\"{field}-fault\""));
            assert_eq!(told, wrong.contains(&field), "{name}, {cpf}, {birthday}: {field}");
        }
        assert_eq!(page.html.matches("aria-invalid=\"true\"").count(), wrong.len());
        if !name.trim().is_empty() {
            page.says(&format!("value=\"{name}\"")).says(&format!("value=\"{cpf}\""));
        }
    }
    assert!(!world.events(&id).await.contains(&"signer.authenticated".to_owned()));
    let brazilian = fields("João da Silva", " 52998224725 ", "28/02/1990");
    step(&browser, "identity", &brazilian).await.is_document();
    assert_eq!(world.signer(&id, 0).await["birthday"], "1990-02-28");
}

#[tokio::test]
async fn what_is_known_is_filled_in_and_needs_only_a_yes() {
    let world = World::manual().await;
    let id = stating(&world, json!({ "nationalId": "111.444.777-35", "birthday": "1980-05-04" })).await;
    let browser = world.visit(&id, 0).await;
    let page = look(&browser).await;
    for known in ["João Silva", "111.444.777-35", "1980-05-04"] {
        page.says(&format!("value=\"{known}\""));
    }
    assert!(!world.events(&id).await.contains(&"signer.authenticated".to_owned()), "they have said nothing yet");
    step(&browser, "identity", &fields("João Silva", "111.444.777-35", "1980-05-04")).await.is_document();
    // A company's number is nobody's CPF.
    let id = stating(&world, json!({ "nationalId": "11.444.777/0001-61" })).await;
    look(&world.visit(&id, 0).await)
        .await
        .says("name=\"cpf\"")
        .says("maxlength=\"20\" autocomplete=\"off\" value=\"\"");
}

#[tokio::test]
async fn it_comes_after_the_codes_and_before_what_is_handed_in() {
    let world = World::manual().await;
    let requirements = json!({ "identity": true, "photo": true });
    let id = asked(&world, json!({ "accessCode": "x1", "requirements": requirements })).await;
    let browser = world.visit(&id, 0).await;
    let hidden = look(&browser).await;
    assert!(!hidden.is_step("access_code").html.contains("João"), "nobody is named before the code");
    step(&browser, "identity", &IDENTITY).await.is_step("access_code");
    step(&browser, "access_code", &[("code", "x1")]).await.is_step("identity").says("Step 2 of 3");
    step(&browser, "identity", &IDENTITY).await.is_step("photo");
}

#[tokio::test]
async fn whoever_signs_in_person_says_it_there_and_is_sent_no_link() {
    let world = World::manual().await;
    let requirements = json!({ "inPerson": true, "identity": true });
    let id = asked(&world, json!({ "nationalId": "111.444.777-35", "requirements": requirements })).await;
    let browser = world.visit(&id, 0).await;
    look(&browser).await.is_step("in_person").says("Step 1 of 1").says("João Silva").says("111.444.777-35");
    let wrong = step(&browser, "in_person", &fields("João da Silva", "111.444.777-36", "1990-02-28")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.is_step("in_person").says("not a valid CPF").says("João da Silva");
    step(&browser, "in_person", &IDENTITY).await.is_document();
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
    assert_eq!(world.signer(&id, 0).await["name"], "João da Silva");
    world.until(&id, "delivery.sent", 1).await;
    let letters = letters(&world);
    assert!(letters.iter().all(|letter| !letter.contains(".invitation.")), "the link is the host's");
    let certificate = tools::text_of(&tools::sealed(&world, &id).await).await;
    assert!(certificate.contains("In person, with a statement of who they are"), "{certificate}");
}

#[tokio::test]
async fn a_foreign_signer_is_asked_no_cpf_and_is_spoken_to_in_their_language() {
    let world = World::manual().await;
    for (method, requirement) in [("identity", "identity"), ("in_person", "inPerson")] {
        let requirements = json!({ requirement: true, "emailCode": true, "foreign": true, "language": "es" });
        let id = asked(&world, json!({ "requirements": requirements })).await;
        let before = letters(&world).len();
        let browser = world.visit(&id, 0).await;
        look(&browser).await.is_step("email_code").says("Código por correo").says("lang=\"es\"");
        step(&browser, "email_code/send", &[]).await;
        world.until(&id, "delivery.sent", if requirement == "inPerson" { 1 } else { 2 }).await;
        assert!(letters(&world)[before..].iter().any(|letter| letter.contains("Sirve durante 10 minutos")));
        let next = step(&browser, "email_code", &[("code", &code_in_letter(&world))]).await;
        assert!(!next.is_step(method).html.contains("CPF"));
        let said = step(&browser, method, &[("name", "Ana"), ("birthday", "1990-02-28")]).await;
        said.says("lang=\"es\"").is_document();
    }
}

#[tokio::test]
async fn what_somebody_said_is_not_shown_to_who_reads_at_another_address() {
    let world = World::manual().await;
    let id = stating(&world, json!({})).await;
    let signer = world.get(&id).await["relationships"]["signers"]["data"][0]["id"].as_str().unwrap().to_owned();
    let correct = async |attributes: Value| {
        let body = json!({ "data": { "type": "signer", "attributes": attributes } });
        let answer = world.call(Method::PATCH, &format!("/requests/{id}/signers/{signer}"), Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    };
    step(&world.visit(&id, 0).await, "identity", &IDENTITY).await.is_document();
    correct(json!({ "phone": "+5511953020202" })).await;
    let same: Browser = world.visit(&id, 0).await;
    look(&same).await.is_step("identity").says("529.982.247-25").says("1990-02-28");
    correct(json!({ "email": "other@example.com" })).await;
    let page = look(&world.visit(&id, 0).await).await;
    page.is_step("identity").says("value=\"João Silva\"");
    assert!(!page.html.contains("529.982.247-25") && !page.html.contains("1990-02-28"), "{}", page.html);
    let known = world.signer(&id, 0).await;
    assert_eq!((&known["nationalId"], &known["phone"]), (&Value::Null, &json!("+5511953020202")));
    world.check().await;
}

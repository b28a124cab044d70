//! Who signs says who they are, as at the vendor: seed 001 asks for no CPF only of foreigners, and has `addinfo` for what
//! they then need not write.

use countersign_tests::world::{Browser, IDENTITY, form};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Desk, ok, signer};

/// Sends the form of the step, and returns the page that follows.
async fn say(browser: &Browser, method: &str, fields: &[(&str, &str)]) -> String {
    let url = browser.page.join(&format!("{}/steps/{method}", browser.page.path())).unwrap();
    form(browser.client.post(url), fields).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn every_signer_says_who_they_are_and_the_list_tells_it() {
    let desk = Desk::new().await;
    let signers = json!([signer("ana@example.com", json!({})), signer("bob@example.com", json!({ "foreign": "1" }))]);
    let (id, _) = desk.sent(signers, json!({})).await;
    let named = async |place: usize| {
        let listed = desk.listed(&id).await["list"][place].clone();
        [listed["user_name"].clone(), listed["user_document"].clone()]
    };
    assert_eq!(named(0).await, ["", ""].map(Value::from), "an address is no name");
    let ana = desk.world.visit(&id, 0).await;
    for part in ["data-method=\"identity\"", "name=\"cpf\"", "autocapitalize=\"words\" value=\"\""] {
        assert!(ana.html.contains(part), "{part}: {}", ana.html);
    }
    assert_eq!(ana.sign(json!({})).await.status, StatusCode::CONFLICT, "nobody signs unnamed");
    ana.identified().await;
    assert_eq!(named(0).await, ["João da Silva", "52998224725 (CPF)"].map(Value::from));

    let bob = desk.world.visit(&id, 1).await;
    assert!(!bob.html.contains("name=\"cpf\""), "o CPF não será exigido");
    say(&bob, "identity", &[("name", "Bob Jones"), ("birthday", "1980-01-02")]).await;
    assert_eq!(bob.sign(json!({})).await.status, StatusCode::OK);
    assert_eq!(named(1).await, ["Bob Jones", ""].map(Value::from));
    assert_eq!(desk.listed(&id).await["list"][1]["email"], "bob@example.com", "the address stays");
    desk.world.check().await;
}

#[tokio::test]
async fn what_addinfo_told_is_filled_in() {
    let desk = Desk::new().await;
    let in_person = signer("ana@example.com", json!({ "assinatura_presencial": "1" }));
    let (id, _) = desk.draft(json!([in_person])).await;
    let info = json!({ "email": "ana@example.com", "display_name": "Ana Souza", "documentation": "111.444.777-35",
        "birthday": "31/12/1990" });
    ok(&desk.post(&id, "addinfo", info).await);
    ok(&desk.post(&id, "sendtosigner", json!({})).await);
    let listed = desk.listed(&id).await["list"][0].clone();
    let browser = Browser::open(listed["assinatura_presencial_link"].as_str().unwrap()).await;
    for known in
        ["data-method=\"in_person\"", "value=\"Ana Souza\"", "value=\"111.444.777-35\"", "value=\"1990-12-31\""]
    {
        assert!(browser.html.contains(known), "{known}: {}", browser.html);
    }
    let refused = browser.sign(json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "it is the signer who says it");
    let told = [("name", "Ana Souza"), ("cpf", "111.444.777-35"), ("birthday", "1990-12-31")];
    assert!(say(&browser, "in_person", &told).await.contains("id=\"ceremony\""));
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
    desk.world.check().await;
}

#[tokio::test]
async fn another_address_is_another_person() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    let said = say(&desk.world.visit(&id, 0).await, "identity", &IDENTITY).await;
    assert!(said.contains("id=\"ceremony\""), "{said}");
    let change = json!({ "email-before": "ana@example.com", "email-after": "bia@example.com" });
    ok(&desk.post(&id, "changeemail", change).await);
    let listed = desk.listed(&id).await["list"][0].clone();
    assert_eq!((&listed["user_name"], &listed["user_document"]), (&json!(""), &json!("")));
    let page = desk.world.visit(&id, 0).await.html;
    assert!(page.contains("data-method=\"identity\"") && !page.contains("529.982.247-25"), "{page}");
    desk.world.check().await;
}

//! Templates: made from a PDF with named widgets, filled as the contract's sample does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{Answer, World, new_request, sample};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{fault, faults, ok, plain, refused};

async fn template(world: &World, id: &str) -> Answer {
    let field = |name: &str, y: u32| json!({ "name": name, "type": "text", "page": 1, "x": 72, "y": y, "signerId": 1 });
    let widgets = json!([
        field("nome_funcionario", 100), field("cpf", 130), field("cargo", 160), field("salario", 190),
        { "name": "data_inicio", "type": "date", "page": 1, "x": 72, "y": 220 },
        { "name": "aceite", "type": "checkbox", "page": 1, "x": 72, "y": 250 },
        { "type": "signature", "page": 1, "x": 72, "y": 640, "signerId": 1 },
        { "type": "signature", "page": 1, "x": 320, "y": 640, "signerId": 2 },
    ]);
    let attributes = json!({ "name": "Contrato de Trabalho", "fileBase64": STANDARD.encode(sample()), "fileName": "t.pdf",
        "widgets": widgets });
    let body = json!({ "data": { "type": "signature-template", "id": id, "attributes": attributes } });
    world.call(Method::POST, "/templates", Some(body)).await
}

async fn from(world: &World, changes: Value) -> Answer {
    let mut body = new_request(json!({
        "templateId": "tpl_abc123", "title": "Contrato de Trabalho - João Silva", "message": "Segue o contrato.",
        "businessId": "employee-2024-001", "expiresInDays": 5,
        "signers": [{ "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
                    { "name": "RH Empresa", "email": "rh@empresa.com", "order": 2 }],
        "fieldValues": { "nome_funcionario": "João Silva", "cpf": "123.456.789-00", "cargo": "Desenvolvedor Senior",
                         "salario": "R$ 15.000,00", "data_inicio": "01/02/2024" },
    }));
    let attributes = body["data"]["attributes"].as_object_mut().unwrap();
    attributes.remove("fileBase64");
    attributes.remove("fileName");
    attributes.extend(changes.as_object().unwrap().clone());
    world.call(Method::POST, "/requests/from-template", Some(body)).await
}

#[tokio::test]
async fn the_contracts_own_sample_works() {
    let world = World::manual().await;
    assert_eq!(template(&world, "tpl_abc123").await.status, StatusCode::CREATED);
    let answer = from(&world, json!({})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    let told = &answer.json["data"]["attributes"];
    assert_eq!((&told["templateId"], &told["templateName"]), (&json!("tpl_abc123"), &json!("Contrato de Trabalho")));
    assert_eq!((&told["status"], &told["expiresAt"]), (&json!("SENT"), &json!("2026-01-20T10:30:00Z")));
    let id = answer.json["data"]["id"].as_str().unwrap();
    let ceremony = world.visit(id, 0).await.ceremony().to_string();
    assert!(ceremony.contains("R$ 15.000,00"), "the sender's values are on the page");
    world.sign(id, 0).await;
    world.sign(id, 1).await;
    assert_eq!(world.status(id).await, "COMPLETED");
    world.check().await;
}

#[tokio::test]
async fn what_is_asked_of_signers_is_asked_of_those_of_a_template_too() {
    let world = World::manual().await;
    assert_eq!(template(&world, "tpl_abc123").await.status, StatusCode::CREATED);
    let asked = json!({ "identity": true });
    let signers = json!([{ "name": "João Silva", "email": "joao@empresa.com", "requirements": asked },
        { "name": "RH Empresa", "email": "rh@empresa.com", "order": 2 }]);
    let answer = from(&world, json!({ "signers": signers })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
    let id = answer.json["data"]["id"].as_str().unwrap();
    assert_eq!(world.signer(id, 0).await["requirements"], asked);
    world.sign(id, 0).await;
    assert_eq!(world.signer(id, 0).await["nationalId"], "52998224725");
}

#[tokio::test]
async fn values_must_fit_the_templates_fields() {
    let world = World::manual().await;
    template(&world, "tpl_abc123").await;
    for (values, code, pointer) in [
        (json!({ "unknown": "x" }), "unknown_field", "/fieldValues/unknown"),
        (json!({ "a/b~c": "x" }), "unknown_field", "/fieldValues/a~1b~0c"),
        (json!({ "cargo": ["x"] }), "wrong_type", "/fieldValues/cargo"),
        (json!({ "cargo": "x\ny" }), "wrong_type", "/fieldValues/cargo"),
        (json!({ "aceite": "yes" }), "wrong_type", "/fieldValues/aceite"),
    ] {
        refused(&from(&world, json!({ "fieldValues": values })).await, code, pointer);
    }
    ok(&from(&world, json!({ "fieldValues": { "salario": 15000, "aceite": true } })).await);
    let lone = json!({ "signers": [{ "name": "A", "email": "a@x.com" }] });
    refused(&from(&world, lone).await, "too_few", "/signers");
    refused(&from(&world, json!({ "templateId": "tpl_none" })).await, "unknown_template", "/templateId");
    refused(&from(&world, json!({ "templateId": null })).await, "required", "/templateId");
    let two = faults(&from(&world, json!({ "fieldValues": { "x": 1, "y": 2 }, "title": "" })).await);
    assert_eq!(two.len(), 3, "all at once: {two:?}");
}

#[tokio::test]
async fn a_template_is_listed_shown_and_deleted() {
    let world = World::manual().await;
    let made = template(&world, "tpl_abc123").await;
    let shown = plain(&world, Method::GET, "/templates/tpl_abc123").await;
    assert_eq!(ok(&shown), &made.json);
    assert_eq!(shown.json["data"]["attributes"]["widgets"].as_array().unwrap().len(), 8);
    assert_eq!(fault(&template(&world, "tpl_abc123").await, 409), ("already_exists".into(), "/data/id".into()));
    assert_eq!(fault(&template(&world, "no spaces").await, 422), ("invalid".into(), "/data/id".into()));
    let list = plain(&world, Method::GET, "/templates?page[size]=1").await;
    assert_eq!((&ok(&list)["meta"]["totalItems"], &list.json["data"][0]), (&json!(1), &made.json["data"]));
    let request = from(&world, json!({})).await.json["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(plain(&world, Method::DELETE, "/templates/tpl_abc123").await.status, StatusCode::NO_CONTENT);
    assert_eq!(fault(&plain(&world, Method::GET, "/templates/tpl_abc123").await, 404).0, "not_found");
    world.sign(&request, 0).await;
    world.sign(&request, 1).await;
    assert_eq!(world.status(&request).await, "COMPLETED", "requests made from it keep their document");
}

//! What is asked of a signer from now on: changed in flight, told where it stands if it cannot be; and the list of a
//! request's signers by themselves.

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, Browser, World};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{faults, ok};

/// A request with one signer of whom a photo is asked, and their id.
async fn photographed(world: &World, more: Value) -> (String, String) {
    let mut attributes = json!({ "signers": [
        { "name": "Ana", "email": "ana@x.com", "requirements": { "photo": true } },
        { "name": "Bob", "email": "bob@x.com", "order": 2 },
    ] });
    attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = world.created(attributes).await;
    let signer = world.get(&id).await["relationships"]["signers"]["data"][0]["id"].as_str().unwrap().to_owned();
    (id, signer)
}

async fn correct(world: &World, (id, signer): &(String, String), attributes: Value) -> Answer {
    let body = json!({ "data": { "type": "signer", "attributes": attributes } });
    world.call(Method::PATCH, &format!("/requests/{id}/signers/{signer}"), Some(body)).await
}

#[tokio::test]
async fn the_signers_are_listed_as_the_request_has_them() {
    let world = World::manual().await;
    let (id, _) = photographed(&world, json!({})).await;
    let path = format!("/requests/{id}/signers");
    let listed = world.call(Method::GET, &path, None).await;
    assert_eq!(ok(&listed)["data"], world.get(&id).await["relationships"]["signers"]["data"]);
    assert_eq!(listed.json["data"].as_array().unwrap().len(), 2);
    assert_eq!(listed.json["links"]["self"], format!("/api/v1/esignature{path}"));
    assert_eq!(listed.json["data"][0]["attributes"]["requirements"], json!({ "photo": true }));
    let writer = world.key("acme", &[Permission::Create]).await;
    assert_eq!(world.call_as(&writer, Method::GET, &path, None).await.status, StatusCode::FORBIDDEN);
    let stranger = world.key("other", &Permission::ALL).await;
    assert_eq!(world.call_as(&stranger, Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn something_else_is_asked_and_the_old_link_is_dead() {
    let world = World::manual().await;
    let who = photographed(&world, json!({})).await;
    let old = world.link(&who.0, 0).await;
    let asked = json!({ "identity": true, "attachments": "Contrato social", "language": "es" });
    let answer = correct(&world, &who, json!({ "requirements": asked, "name": "Ana Souza" })).await;
    let shown = &ok(&answer)["data"]["relationships"]["signers"]["data"][0]["attributes"];
    assert_eq!((&shown["requirements"], &shown["name"]), (&asked, &json!("Ana Souza")), "all of it, and nothing else");
    assert_eq!(Browser::open(&old).await.status, StatusCode::GONE);
    let page = world.visit(&who.0, 0).await.html;
    assert!(page.contains("data-method=\"identity\"") && page.contains("lang=\"es\""), "{page}");
    let rounds = async || world.events(&who.0).await.iter().filter(|event| *event == "signer.invited").count();
    let before = rounds().await;
    ok(&correct(&world, &who, json!({ "requirements": asked })).await);
    assert_eq!(rounds().await, before, "what is so already changes nothing");
    ok(&correct(&world, &who, json!({ "requirements": null })).await);
    assert!(world.signer(&who.0, 0).await.get("requirements").is_none());
    world.sign(&who.0, 0).await;
    let acted = correct(&world, &who, json!({ "requirements": asked })).await;
    assert_eq!((acted.status, faults(&acted)[0].0.as_str()), (StatusCode::CONFLICT, "signer_already_acted"));
    world.check().await;
}

#[tokio::test]
async fn the_access_code_goes_by_itself() {
    let world = World::manual().await;
    let who = photographed(&world, json!({})).await;
    let asked = async || world.signer(&who.0, 0).await["requirements"].clone();
    ok(&correct(&world, &who, json!({ "accessCode": "Rosa12" })).await);
    ok(&correct(&world, &who, json!({ "requirements": { "selfie": true } })).await);
    assert_eq!(asked().await, json!({ "accessCode": true, "selfie": true }), "it stays");
    ok(&correct(&world, &who, json!({ "requirements": { "accessCode": true, "photo": true } })).await);
    let wrong = async |attributes: Value, code: &str, at: &str| {
        let answer = correct(&world, &who, attributes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
        assert_eq!(faults(&answer), [(code.to_owned(), format!("/data/attributes/{at}"))]);
    };
    wrong(json!({ "requirements": { "accessCode": false } }), "conflict", "requirements/accessCode").await;
    ok(&correct(&world, &who, json!({ "accessCode": null, "requirements": { "identity": true } })).await);
    assert_eq!(asked().await, json!({ "identity": true }));
    wrong(json!({ "requirements": { "accessCode": true } }), "conflict", "requirements/accessCode").await;
    wrong(json!({ "requirements": { "telepathy": true } }), "unknown_requirement", "requirements/telepathy").await;
    wrong(json!({ "requirements": { "video": true } }), "gateway_missing", "requirements/video").await;
    let certificate = json!({ "requirements": { "certificate": { "kind": "any" } } });
    wrong(certificate, "not_supported", "requirements/certificate").await;
    wrong(json!({ "role": "witness" }), "not_supported", "role").await;
    world.check().await;
}

#[tokio::test]
async fn a_provider_that_cannot_ask_for_something_else_is_not_asked_to() {
    // Nobody listens there: the request stays on its way.
    let world = World::changed(|settings| settings.webhooks.allow_loopback = true).await;
    let config = json!({ "provider": "d4sign", "name": "vault", "safe": "06b3ddb1-abc9-4ab8-b944-0d7c940486af",
        "credentials": { "tokenAPI": "t" }, "baseUrl": "http://127.0.0.1:1024" });
    let body = json!({ "data": { "type": "provider-config", "attributes": config } });
    let made = world.call(Method::POST, "/provider-configs", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    let there = json!({ "configId": made.json["data"]["id"] });
    let who = photographed(&world, there.clone()).await;
    let answer = correct(&world, &who, json!({ "requirements": { "selfie": true } })).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{:#}", answer.json);
    assert_eq!(faults(&answer), [("not_supported".to_owned(), "/data/attributes/requirements".to_owned())]);
    assert_eq!(world.signer(&who.0, 0).await["requirements"], json!({ "photo": true }));
    ok(&correct(&world, &who, json!({ "requirements": { "photo": true }, "name": "Ana Souza" })).await);
    let mut drafted = there;
    drafted["draft"] = true.into();
    let who = photographed(&world, drafted).await;
    ok(&correct(&world, &who, json!({ "requirements": { "selfie": true } })).await);
}

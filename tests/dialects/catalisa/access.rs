//! Who may do what: keys, permissions, and the wall between organizations.

use countersign::http::auth::Permission;
use countersign::store::Scope;
use countersign_tests::world::{Answer, World, answer, new_request};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{fault, ok, uploaded};

/// Every operation on `{id}`-s of a request, a file and a template, with the permission it needs.
fn operations() -> Vec<(Method, &'static str, Permission)> {
    use Permission::{Create, Delete, Read};
    vec![
        (Method::GET, "/requests/{request}", Read),
        (Method::GET, "/requests/{request}?at=2030-01-01", Read),
        (Method::POST, "/requests/{request}/send", Create),
        (Method::POST, "/requests/{request}/cancel", Create),
        (Method::POST, "/requests/{request}/resend", Create),
        (Method::GET, "/requests/{request}/download", Read),
        (Method::GET, "/requests/{request}/events", Read),
        (Method::DELETE, "/requests/{request}", Delete),
        (Method::GET, "/files/{file}", Read),
        (Method::DELETE, "/files/{file}", Delete),
        (Method::GET, "/templates/{template}", Read),
        (Method::DELETE, "/templates/{template}", Delete),
    ]
}

/// Every operation on a collection.
fn collections() -> Vec<(Method, &'static str, Permission)> {
    use Permission::{Create, Read};
    vec![
        (Method::POST, "/requests", Create),
        (Method::POST, "/requests/from-template", Create),
        (Method::GET, "/requests", Read),
        (Method::POST, "/files", Create),
        (Method::POST, "/templates", Create),
        (Method::GET, "/templates", Read),
    ]
}

struct Ids {
    request: String,
    file: String,
    template: String,
}

impl Ids {
    async fn of(world: &World) -> Self {
        let request = world.created(json!({})).await;
        let file = uploaded(world, &countersign_tests::world::sample()).await;
        let attributes = json!({ "name": "T", "fileId": file.json["data"]["id"], "widgets": [] });
        let body = json!({ "data": { "type": "signature-template", "id": "tpl_theirs", "attributes": attributes } });
        ok(&world.call(Method::POST, "/templates", Some(body)).await);
        Self { request, file: file.json["data"]["id"].as_str().unwrap().into(), template: "tpl_theirs".into() }
    }

    fn unknown() -> Self {
        let nobody = "01990000-0000-7000-8000-000000000000".to_owned();
        Self { request: nobody.clone(), file: nobody, template: "tpl_unknown".into() }
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{request}", &self.request).replace("{file}", &self.file).replace("{template}", &self.template)
    }
}

fn without_id(answer: Answer) -> (StatusCode, Value) {
    let mut json = answer.json;
    json["errors"][0]["id"] = Value::Null;
    (answer.status, json)
}

#[tokio::test]
async fn a_key_without_the_permission_is_refused_everywhere() {
    let world = World::manual().await;
    let ids = Ids::of(&world).await;
    for (method, path, needed) in operations().into_iter().chain(collections()) {
        let others: Vec<Permission> = Permission::ALL.into_iter().filter(|one| *one != needed).collect();
        let key = world.key("acme", &others).await;
        let refused = world.call_as(&key, method.clone(), &ids.fill(path), Some(json!({}))).await;
        assert_eq!(fault(&refused, 403).0, "permission_denied", "{method} {path}");
    }
    assert_eq!(world.status(&ids.request).await, "SENT", "nothing was done");
}

#[tokio::test]
async fn a_permission_is_enough() {
    let world = World::manual().await;
    let key = world.key("acme", &[Permission::Create]).await;
    let made = world.call_as(&key, Method::POST, "/requests", Some(new_request(json!({})))).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!("/requests/{}", made.json["data"]["id"].as_str().unwrap());
    assert_eq!(world.call_as(&key, Method::GET, &path, None).await.status, StatusCode::FORBIDDEN);
    let key = world.key("acme", &[Permission::Read]).await;
    assert_eq!(world.call_as(&key, Method::GET, &path, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_good_key_there_is_nothing() {
    let world = World::manual().await;
    let ids = Ids::of(&world).await;
    for (method, path, _) in operations().into_iter().chain(collections()) {
        let url = format!("{}{}", world.api, ids.fill(path));
        let call = || world.client.request(method.clone(), &url);
        assert_eq!(fault(&answer(call()).await, 401).0, "key_missing", "{method} {path}");
        assert_eq!(fault(&answer(call().bearer_auth("sk_live_guess")).await, 401).0, "key_unknown", "{method} {path}");
    }
    for header in ["", "Bearer", "Bearer ", "Basic abc", "Token x"] {
        let call = world.client.get(format!("{}/requests", world.api)).header("Authorization", header);
        assert_eq!(fault(&answer(call).await, 401).0, "key_missing", "{header:?}");
    }
    let call =
        world.client.get(format!("{}/requests", world.api)).header("Authorization", format!("bearer {}", world.key));
    assert_eq!(answer(call).await.status, StatusCode::OK, "the scheme's case does not matter");
}

#[tokio::test]
async fn a_revoked_key_stops_working() {
    let world = World::manual().await;
    let store = &world.app.service.store;
    let key = world.key("acme", &[Permission::Read]).await;
    let row = store
        .keys(Scope::All)
        .await
        .unwrap()
        .into_iter()
        .find(|row| key.ends_with(&row.hint[row.hint.len() - 4..]))
        .unwrap();
    assert!(store.revoke_key(&row.organization, row.id, world.now().as_microsecond()).await.unwrap());
    let refused = world.call_as(&key, Method::GET, "/requests", None).await;
    assert_eq!(fault(&refused, 401).0, "key_unknown");
}

#[tokio::test]
async fn another_organizations_ids_are_as_unknown_as_none() {
    let world = World::manual().await;
    let (ids, nobody) = (Ids::of(&world).await, Ids::unknown());
    let before = world.events(&ids.request).await;
    let stranger = world.key("rival", &Permission::ALL).await;
    for (method, path, _) in operations() {
        let theirs = world.call_as(&stranger, method.clone(), &ids.fill(path), None).await;
        let unknown = world.call_as(&stranger, method.clone(), &nobody.fill(path), None).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(without_id(theirs), without_id(unknown), "{method} {path}");
    }
    let events = world.events(&ids.request).await;
    assert!(
        events
            .iter()
            .filter(|name| !name.starts_with("delivery."))
            .eq(before.iter().filter(|name| !name.starts_with("delivery."))),
        "nothing was done"
    );
}

#[tokio::test]
async fn another_organizations_file_and_template_cannot_be_used() {
    let world = World::manual().await;
    let ids = Ids::of(&world).await;
    let stranger = world.key("rival", &Permission::ALL).await;
    let mut body = new_request(json!({ "fileId": ids.file }));
    for inline in ["fileBase64", "fileName"] {
        body["data"]["attributes"].as_object_mut().unwrap().remove(inline);
    }
    let refused = world.call_as(&stranger, Method::POST, "/requests", Some(body.clone())).await;
    assert_eq!(fault(&refused, 422).0, "unknown_file");
    body["data"]["attributes"].as_object_mut().unwrap().remove("fileId");
    body["data"]["attributes"]["templateId"] = json!(ids.template);
    let refused = world.call_as(&stranger, Method::POST, "/requests/from-template", Some(body)).await;
    assert_eq!(fault(&refused, 422).0, "unknown_template");
    for path in ["/requests", "/templates"] {
        let list = world.call_as(&stranger, Method::GET, path, None).await;
        assert_eq!(ok(&list)["meta"]["totalItems"], 0);
    }
}

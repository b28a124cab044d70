//! Provider configurations through the API: what they may be, who may see them, and that no secret comes out again.

use countersign::http::auth::Permission;
use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::configure;

const SECRET: &str = "sk_live_nobody_may_ever_read_this_again";

fn body(attributes: Value) -> Option<Value> {
    Some(json!({ "data": { "type": "provider-config", "attributes": attributes } }))
}

fn usual() -> Value {
    json!({
        "provider": "d4sign", "name": "vault", "safe": "06b3ddb1-abc9-4ab8-b944-0d7c940486af",
        "credentials": { "tokenAPI": SECRET, "cryptKey": "crypt_nobody_may_read" },
        "hookSecret": "hook_secret_that_nobody_may_read",
    })
}

#[tokio::test]
async fn what_is_secret_never_comes_out_again() {
    let world = World::manual().await;
    let made = configure(&world, usual()).await;
    let path = format!("/provider-configs/{}", made["id"].as_str().unwrap());
    let shown = world.call(Method::GET, &path, None).await.json;
    let listed = world.call(Method::GET, "/provider-configs", None).await.json;
    let changed = world.call(Method::PATCH, &path, body(json!({ "name": "other" }))).await.json;
    for answer in [made, shown, listed, changed.clone()] {
        let text = answer.to_string();
        assert!(!text.contains("nobody_may"), "{text}");
    }
    let attributes = &changed["data"]["attributes"];
    assert_eq!(
        (&attributes["name"], &attributes["callsPerHour"], &attributes["hookScheme"]),
        (&json!("other"), &json!(10), &json!("d4sign"))
    );
    assert_eq!(attributes["state"]["status"], "ok");
    let folder = world.stop().await;
    for file in ["countersign.db", "countersign.db-wal"] {
        let bytes = std::fs::read(folder.path().join("data").join(file)).unwrap_or_default();
        assert!(!bytes.windows(10).any(|ten| ten == b"nobody_may"), "{file} holds a secret in clear");
    }
}

#[tokio::test]
async fn every_fault_of_a_body_is_named_at_once() {
    let world = World::manual().await;
    let cases = [
        (json!({ "provider": "docusign" }), "/provider"),
        (json!({ "name": "" }), "/name"),
        (json!({ "credentials": {} }), "/credentials/tokenAPI"),
        (json!({ "credentials": { "tokenAPI": "with space" } }), "/credentials/tokenAPI"),
        (json!({ "baseUrl": "http://127.0.0.1:9999" }), "/baseUrl"),
        (json!({ "baseUrl": "ftp://example.com" }), "/baseUrl"),
        (json!({ "safe": null }), "/safe"),
        (json!({ "safe": "none" }), "/safe"),
        (json!({ "callsPerHour": 0 }), "/callsPerHour"),
        (json!({ "hookSecret": "short" }), "/hookSecret"),
        (json!({ "hookScheme": "none" }), "/hookScheme"),
        (json!({ "fallbackConfigId": "06b3ddb1-abc9-4ab8-b944-0d7c940486af" }), "/fallbackConfigId"),
        (json!({ "isDefault": "yes" }), "/isDefault"),
    ];
    for (fields, pointer) in cases {
        let mut attributes = usual();
        attributes.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = world.call(Method::POST, "/provider-configs", body(attributes)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}: {:#}", answer.json);
        let at = answer.json["errors"][0]["source"]["pointer"].as_str().unwrap_or_default();
        assert_eq!(at, format!("/data/attributes{pointer}"), "{:#}", answer.json);
    }
    let many = world.call(Method::POST, "/provider-configs", body(json!({ "provider": "certyneo" }))).await;
    assert_eq!(many.json["errors"].as_array().unwrap().len(), 2, "{:#}", many.json);
}

#[tokio::test]
async fn one_is_the_default_and_a_request_may_name_another() {
    let world = World::manual().await;
    let first = configure(&world, json!({ "provider": "native", "name": "a", "isDefault": true })).await;
    let second = configure(&world, json!({ "provider": "native", "name": "b" })).await;
    let path = format!("/provider-configs/{}", second["id"].as_str().unwrap());
    let set = world.call(Method::POST, &format!("{path}/set-default"), None).await;
    assert_eq!((set.status, &set.json["data"]["attributes"]["isDefault"]), (StatusCode::OK, &json!(true)));
    let listed = world.call(Method::GET, "/provider-configs", None).await.json;
    let defaults: Vec<&Value> =
        listed["data"].as_array().unwrap().iter().map(|c| &c["attributes"]["isDefault"]).collect();
    assert_eq!(defaults, [&json!(false), &json!(true)]);
    let request = world.created(json!({ "configId": first["id"] })).await;
    assert_eq!(world.status(&request).await, "SENT");
    let unknown = world.create(json!({ "configId": "01990000-0000-7000-8000-000000000000" })).await;
    assert_eq!(
        (unknown.status, &unknown.json["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_config"))
    );
    let tested = world.call(Method::POST, &format!("{path}/test"), None).await;
    assert_eq!(tested.json["data"]["attributes"], json!({ "ok": true }));
    assert_eq!(world.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.call(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_vendor_cannot_carry_is_refused_with_its_place() {
    let world = World::manual().await;
    let vault = configure(&world, usual()).await;
    let date = json!([{ "type": "date", "page": 1, "x": 100, "y": 150 }]);
    let copied =
        json!([{ "name": "A", "email": "a@example.com" }, { "name": "B", "email": "b@example.com", "role": "copied" }]);
    for (fields, pointer) in [(json!({ "widgets": date }), "/widgets"), (json!({ "signers": copied }), "/signers/1")] {
        let mut attributes = json!({ "configId": vault["id"] });
        attributes.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = world.create(attributes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
        let fault = &answer.json["errors"][0];
        assert_eq!(
            (&fault["code"], &fault["source"]["pointer"]),
            (&json!("not_supported"), &json!(format!("/data/attributes{pointer}")))
        );
    }
}

#[tokio::test]
async fn who_signs_at_d4sign_says_who_they_are_there_and_at_certyneo_nobody_is_asked() {
    // Nobody listens there: the request stays on its way.
    let (world, nobody) =
        (World::changed(|settings| settings.webhooks.allow_loopback = true).await, "http://127.0.0.1:1024");
    let certyneo = json!({ "provider": "certyneo", "name": "c", "credentials": { "apiKey": "k" }, "baseUrl": nobody });
    let mut d4sign = usual();
    d4sign["baseUrl"] = nobody.into();
    let (d4sign, certyneo) = (configure(&world, d4sign).await, configure(&world, certyneo).await);
    let signers = json!([{ "name": "A", "email": "a@example.com" },
        { "name": "B", "email": "b@example.com", "requirements": { "identity": true } }]);
    let create = async |config: &Value| world.create(json!({ "configId": config["id"], "signers": signers })).await;
    assert_eq!(create(&d4sign).await.status, StatusCode::CREATED);
    let refused = create(&certyneo).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", refused.json);
    let fault = &refused.json["errors"][0];
    assert_eq!(fault["code"], "not_supported");
    assert_eq!(fault["source"]["pointer"], "/data/attributes/signers/1");
}

#[tokio::test]
async fn configurations_are_for_who_administers_their_organization() {
    let world = World::manual().await;
    let made = configure(&world, usual()).await;
    let path = format!("/provider-configs/{}", made["id"].as_str().unwrap());
    let reader = world.key("acme", &[Permission::Read, Permission::Create, Permission::Delete]).await;
    let stranger = world.key("other", &Permission::ALL).await;
    let calls = [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/test")),
        (Method::POST, format!("{path}/set-default")),
    ];
    for (method, path) in calls {
        let answer = world.call_as(&reader, method.clone(), &path, None).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        let answer = world.call_as(&stranger, method.clone(), &path, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    let named = world
        .call_as(
            &stranger,
            Method::POST,
            "/requests",
            Some(countersign_tests::world::new_request(json!({ "configId": made["id"] }))),
        )
        .await;
    assert_eq!(named.json["errors"][0]["code"], "unknown_config", "{:#}", named.json);
}

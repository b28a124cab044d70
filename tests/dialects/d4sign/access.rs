//! Who may do what: keys by `tokenAPI` and `cryptKey`, wherever they come; what another organization has is unknown.

use countersign::http::auth::Permission;
use countersign_tests::world::{Answer, answer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, ok, signer, text, wrong};

/// A key with a `cryptKey`, as the API makes it.
async fn crypt(desk: &Desk) -> Value {
    let body = json!({ "name": "d4sign", "scopes": ["envelopes:read", "envelopes:write", "webhooks:write"], "cryptKey": true });
    let made =
        answer(desk.world.client.post(format!("{}/keys", desk.base)).bearer_auth(&desk.world.key).json(&body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    made.json
}

async fn safes(desk: &Desk, query: &str) -> Answer {
    answer(desk.world.client.get(format!("{}/safes?{query}", desk.base))).await
}

#[tokio::test]
async fn a_key_comes_in_the_query_in_headers_in_the_body_or_as_elsewhere() {
    let desk = Desk::new().await;
    let (key, id) = (&desk.world.key, desk.upload().await);
    ok(&safes(&desk, &format!("tokenAPI={key}")).await);
    ok(&safes(&desk, &format!("tokenAPI={key}&cryptKey=whatever")).await);
    ok(&answer(desk.world.client.get(format!("{}/safes", desk.base)).header("tokenAPI", key)).await);
    ok(&answer(desk.world.client.get(format!("{}/safes", desk.base)).bearer_auth(key)).await);
    let body = json!({ "signers": [signer("ana@example.com", json!({}))], "tokenAPI": key });
    ok(&answer(desk.world.client.post(format!("{}/documents/{id}/createlist", desk.base)).json(&body)).await);
    for query in ["", "tokenAPI=", "tokenAPI=sk_live_nobody", "cryptKey=x"] {
        assert!(wrong(&safes(&desk, query).await, 401).starts_with("tokenAPI: "), "{query}");
    }
}

#[tokio::test]
async fn a_key_with_a_second_secret_needs_both_in_every_dialect() {
    let desk = Desk::new().await;
    let made = crypt(&desk).await;
    let (key, second) = (text(&made["key"]), text(&made["cryptKey"]));
    assert!(second.starts_with("crypt_") && text(&made["macKey"]).starts_with("whsec_"), "{made:#}");
    ok(&safes(&desk, &format!("tokenAPI={key}&cryptKey={second}")).await);
    for query in [
        format!("tokenAPI={key}"),
        format!("tokenAPI={key}&cryptKey="),
        format!("tokenAPI={key}&cryptKey={second}x"),
        format!("tokenAPI={second}&cryptKey={key}"),
    ] {
        assert!(wrong(&safes(&desk, &query).await, 401).starts_with("tokenAPI: "), "{query}");
    }
    let headers =
        desk.world.client.get(format!("{}/safes", desk.base)).header("tokenAPI", &key).header("cryptKey", &second);
    ok(&answer(headers).await);
    let envelopes = || desk.world.client.get(format!("{}/envelopes", desk.base)).bearer_auth(&key);
    assert_eq!(answer(envelopes()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(envelopes().header("cryptKey", &second)).await.status, StatusCode::OK);
    // A repeat is told the same, which is stored nowhere.
    let once = || {
        let body = json!({ "name": "again", "scopes": ["envelopes:read"], "cryptKey": true });
        desk.world
            .client
            .post(format!("{}/keys", desk.base))
            .bearer_auth(&desk.world.key)
            .header("Idempotency-Key", "k-1")
            .json(&body)
    };
    assert_eq!(answer(once()).await.json, answer(once()).await.json);
}

#[tokio::test]
async fn each_operation_needs_its_permission() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let reads = desk.world.key("acme", &[Permission::EnvelopesRead]).await;
    let writes = desk.world.key("acme", &[Permission::EnvelopesWrite]).await;
    let reading = ["/safes", "/documents", &format!("/documents/{id}"), &format!("/documents/{id}/list")];
    for path in reading {
        let call = |key: &str| desk.world.client.get(format!("{}{path}?tokenAPI={key}", desk.base));
        ok(&answer(call(&reads)).await);
        assert!(wrong(&answer(call(&writes)).await, 403).contains("ESIGNATURE_READ or envelopes:read"), "{path}");
    }
    for action in [
        "createlist",
        "sendtosigner",
        "cancel",
        "resend",
        "changeemail",
        "changesmsnumber",
        "changepasswordcode",
        "removeemaillist",
        "addinfo",
    ] {
        let call = |key: &str| {
            desk.world.client.post(format!("{}/documents/{id}/{action}?tokenAPI={key}", desk.base)).json(&json!({}))
        };
        wrong(&answer(call(&reads)).await, 403);
        assert_ne!(answer(call(&writes)).await.status, StatusCode::FORBIDDEN, "{action}");
    }
    let hook =
        desk.world.client.post(format!("{}/documents/{id}/webhooks?tokenAPI={writes}", desk.base)).json(&json!({}));
    assert!(wrong(&answer(hook).await, 403).contains("webhooks:write"));
}

#[tokio::test]
async fn what_another_organization_has_is_unknown() {
    let desk = Desk::new().await;
    let (id, _) = desk.draft(json!([signer("ana@example.com", json!({}))])).await;
    let other = desk.world.key("other", &Permission::ALL).await;
    let calls = [
        ("", Method::GET),
        ("/list", Method::GET),
        ("/createlist", Method::POST),
        ("/sendtosigner", Method::POST),
        ("/cancel", Method::POST),
        ("/download", Method::POST),
        ("/webhooks", Method::GET),
    ];
    for (path, method) in calls {
        let url = format!("{}/documents/{id}{path}?tokenAPI={other}", desk.base);
        let body = json!({ "signers": [signer("eva@example.com", json!({}))] });
        let found = answer(desk.world.client.request(method, url).json(&body)).await;
        assert_eq!(wrong(&found, 404), "There is no such document.", "{path}");
    }
    let theirs = answer(desk.world.client.get(format!("{}/documents?tokenAPI={other}", desk.base))).await;
    assert_eq!(ok(&theirs)[0]["total_documents"], "0");
    assert_eq!(desk.emails(&id).await, ["ana@example.com"]);
}

#[tokio::test]
async fn what_there_is_not_is_told_in_this_dialect() {
    let desk = Desk::new().await;
    for path in ["/safes/x", "/documents/x/y/z", "/groups"] {
        assert_eq!(
            wrong(&desk.call(Method::GET, path, None).await, 404),
            "There is nothing at this address.",
            "{path}"
        );
    }
    assert_eq!(wrong(&desk.call(Method::PUT, "/safes", None).await, 405), "This address does not take this method.");
    wrong(&desk.call(Method::GET, "/documents/nothing/list", None).await, 404);
}

#[tokio::test]
async fn the_shared_addresses_answer_each_in_its_words() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let envelopes =
        answer(desk.world.client.get(format!("{}/documents", desk.base)).bearer_auth(&desk.world.key)).await;
    assert_eq!(envelopes.json["data"], json!([]), "it is no upload there: {:#}", envelopes.json);
    let one = answer(desk.world.client.get(format!("{}/documents/{id}", desk.base)).bearer_auth(&desk.world.key)).await;
    assert_eq!((one.status, &one.json["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    assert_eq!(desk.look("/documents").await[1]["uuidDoc"], id);
}

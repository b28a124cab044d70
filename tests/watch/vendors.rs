//! What a vendor is shown when it is called, its token first of all, is in no log and in nothing that is said.

use countersign_tests::world::new_request;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::program::Logged;
use crate::webhooks::receiver::{Heard, Receiver, Say};

const SECRET: &str = "live_token_that_nobody_may_read";

fn say(status: u16, answer: &serde_json::Value) -> Say {
    Say::With(status, "Content-Type: application/json".to_owned(), answer.to_string())
}

/// What D4Sign says when all is well, but that it has no list of signers.
fn d4sign(heard: &Heard) -> Say {
    let path = heard.path.split('?').next().unwrap();
    match path.rsplit('/').next().unwrap() {
        "upload" => say(200, &json!({ "message": "success", "uuid": "doc-1" })),
        "createlist" => {
            let keys = [("k1", "joao@empresa.com"), ("k2", "maria@cliente.com")];
            say(200, &json!({ "message": keys.map(|(key, email)| json!({ "key_signer": key, "email": email })) }))
        }
        "sendtosigner" => say(200, &json!({ "message": "File sent to successfully signing" })),
        "safes" => Say::Status(500),
        _ => Say::Status(404),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vendor_is_shown_is_said_nowhere_else() {
    let vendor = Receiver::saying(d4sign).await;
    let program = Logged::start(&[("COUNTERSIGN_ALLOW_LOOPBACK_WEBHOOKS", "1")]);
    let account = json!({ "provider": "d4sign", "name": "Account", "isDefault": true,
        "credentials": { "tokenAPI": SECRET, "cryptKey": SECRET }, "safe": "06b3ddb1-abc9-4ab8-b944-0d7c940486af",
        "baseUrl": format!("http://127.0.0.1:{}", vendor.port()) });
    let body = json!({ "data": { "type": "provider-config", "attributes": account } });
    let made = program.call(Method::POST, "/provider-configs", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    let account = format!("/provider-configs/{}", made.json["data"]["id"].as_str().unwrap());
    let tested = program.call(Method::POST, &format!("{account}/test"), None).await;
    assert_eq!(tested.json["data"]["attributes"], json!({ "ok": false, "code": "http_500" }));
    let created = program.call(Method::POST, "/requests", Some(new_request(json!({})))).await;
    let id = created.json["data"]["id"].as_str().unwrap().to_owned();
    program.until(&id, "provider.submitted", 1).await;
    let signer = created.json["data"]["relationships"]["signers"]["data"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "data": { "type": "signer", "attributes": { "email": "ana@empresa.com" } } });
    let corrected = program.call(Method::PATCH, &format!("/requests/{id}/signers/{signer}"), Some(body)).await;
    assert_eq!(corrected.status, StatusCode::OK, "{:#}", corrected.json);
    program.until(&id, "delivery.failed", 1).await;
    assert!(vendor.heard().iter().all(|heard| heard.path.matches(SECRET).count() == 2), "the vendor is shown both");
    let mut said = String::new();
    for path in [account, "/provider-configs".to_owned(), format!("/requests/{id}"), format!("/requests/{id}/events")] {
        said.push_str(&program.call(Method::GET, &path, None).await.json.to_string());
    }
    assert!(said.contains("gone_there"), "why it failed can be seen: {said}");
    said.push_str(&program.stop().0);
    assert!(said.contains("something at a vendor did not succeed"), "and was logged");
    assert!(!said.contains(SECRET), "{said}");
}

//! `tokenAPI` and `cryptKey` are nowhere but in the call: not in an answer, not in the history, not in the feed, not in
//! what is stored; nor is an access code, but where the vendor tells it again. (That they are in no log and no trace, and
//! neither is what we are known by at vendors: `watch::secrets`.)

use std::path::Path;

use countersign_tests::world::answer;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, ok, signer, text};

/// Everything that lies in a folder, one file after another.
fn stored(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => stored(&path, into),
            false => into.extend(std::fs::read(path).unwrap()),
        }
    }
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn a_calls_secrets_are_kept_nowhere() {
    let desk = Desk::new().await;
    let body = json!({ "name": "d4sign", "scopes": ["envelopes:read", "envelopes:write", "webhooks:write"], "cryptKey": true });
    let made =
        answer(desk.world.client.post(format!("{}/keys", desk.base)).bearer_auth(&desk.world.key).json(&body)).await;
    let (key, second, mac) = (text(&made.json["key"]), text(&made.json["cryptKey"]), text(&made.json["macKey"]));
    let credentials = format!("tokenAPI={key}&cryptKey={second}");
    let id = desk.upload().await;
    let mut said = String::new();
    let calls: [(Method, &str, Value); 8] = [
        (
            Method::POST,
            "/createlist",
            json!({ "signers": [signer("ana@example.com", json!({ "password_code": "caneta-azul-7" }))], "tokenAPI": key, "cryptKey": second }),
        ),
        (Method::POST, "/sendtosigner", json!({ "tokenAPI": key })),
        (Method::POST, "/changepasswordcode", json!({ "email": "nobody@example.com", "tokenAPI": key })),
        (Method::POST, "/webhooks", json!({ "url": "http://127.0.0.1:9/hook" })),
        (Method::POST, "/download", json!({ "type": key })),
        (Method::GET, "", Value::Null),
        (Method::GET, "/webhooks", Value::Null),
        (Method::POST, "/cancel", json!({ "comment": "fim" })),
    ];
    for (method, path, body) in calls {
        let url = format!("{}/documents/{id}{path}?{credentials}", desk.base);
        let call = desk.world.client.request(method.clone(), url);
        let call = if method == Method::GET { call } else { call.json(&body) };
        let response = call.send().await.unwrap();
        said.push_str(&format!("{:?}", response.headers()));
        let body = response.text().await.unwrap();
        // `createlist` tells the code again, as the vendor does.
        said.push_str(&if path == "/createlist" { body.replace("caneta-azul-7", "") } else { body });
    }
    let wrong = answer(desk.world.client.get(format!("{}/safes?tokenAPI={key}&cryptKey=no", desk.base))).await;
    said.push_str(&wrong.json.to_string());
    said.push_str(&desk.world.call(Method::GET, &format!("/requests/{id}/events"), None).await.json.to_string());
    said.push_str(&desk.world.get(&id).await.to_string());
    let feed = desk.world.client.get(format!("{}/events?limit=1000", desk.base)).bearer_auth(&desk.world.key);
    said.push_str(&answer(feed).await.json.to_string());
    let listed = answer(desk.world.client.get(format!("{}/keys", desk.base)).bearer_auth(&desk.world.key)).await;
    said.push_str(&listed.json.to_string());
    ok(&safes(&desk, &credentials).await);
    assert!(said.contains(&id), "something was said");
    let mut kept = Vec::new();
    stored(desk.world.folder(), &mut kept);
    assert!(holds(&kept, "d4sign"), "something is kept: the key's name");
    for secret in [&key, &second, &mac, &"caneta-azul-7".to_owned()] {
        assert!(!said.contains(secret.as_str()), "{secret} was said: {said}");
        assert!(!holds(&kept, secret), "{secret} is kept");
    }
}

async fn safes(desk: &Desk, query: &str) -> countersign_tests::world::Answer {
    answer(desk.world.client.get(format!("{}/safes?{query}", desk.base))).await
}

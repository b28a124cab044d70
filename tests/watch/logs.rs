//! The log of the main job, with all that goes wrong on the way: JSON on demand, and in it no secret, no
//! token and nothing of a person.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{Browser, new_request, sample};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::Logged;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_the_main_job_tells_no_secret_and_nobody() {
    let program = Logged::start(&[]);
    let attributes = json!({ "message": "Mensagem confidencial", "businessId": "caso-4711" });
    let created = program.call(Method::POST, "/requests", Some(new_request(attributes))).await;
    let id = created.json["data"]["id"].as_str().unwrap_or_else(|| panic!("{:#}", created.json)).to_owned();
    let mut secrets: Vec<String> = Vec::new();
    for place in [0, 1] {
        // An invitation that is not yet sent when the request ends is owed no longer.
        program.until(&id, "delivery.sent", place + 1).await;
        let link = program.link(&id, place).await;
        secrets.push(link.rsplit('/').next().unwrap().to_owned());
        let browser = Browser::open(&link).await;
        // A refusal on the way: nothing was consented to.
        let refused = browser.answer("sign", json!({ "consent": false, "fields": {} })).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
    }
    // What goes wrong at the doors: a dead link, a wrong key, a body that is none, a token in a query.
    Browser::open(&format!("{}/sign/{id}/dead-token-of-a-link", program.base)).await;
    for address in ["/api/v1/esignature/requests?token=query-secret", "/api/v1/events?after=query-secret"] {
        program.client.get(format!("{}{address}", program.base)).bearer_auth("sk_live_wrong").send().await.unwrap();
    }
    program.call(Method::POST, "/requests", Some(json!({ "data": "Corpo errado" }))).await;
    // Secrets in a query and in a body: D4Sign's.
    for (token, address) in
        [(program.key.as_str(), "safes"), (program.key.as_str(), "documents"), ("wrong-token-secret", "safes")]
    {
        let url = format!("{}/api/v1/{address}?tokenAPI={token}&cryptKey=crypt-secret", program.base);
        program.client.get(url).send().await.unwrap();
    }
    let url = format!("{}/api/v1/documents/{id}/addinfo", program.base);
    let body = json!({ "email": "joao@empresa.com", "tokenAPI": program.key, "cryptKey": "crypt-secret" });
    let told = program.client.post(url).json(&body).header("tokenAPI", "header-token-secret").send().await.unwrap();
    assert_eq!(told.status(), StatusCode::UNAUTHORIZED);
    let download = program.call(Method::GET, &format!("/requests/{id}/download"), None).await;
    let url = download.json["downloadUrl"].as_str().unwrap_or_else(|| panic!("{:#}", download.json)).to_owned();
    secrets.extend(url.split(['/', '?', '=', '&']).filter(|part| part.len() > 40).map(str::to_owned));
    assert!(program.client.get(&url).send().await.unwrap().status().is_success());

    secrets.extend([program.key.clone(), STANDARD.encode(&sample()[..60])]);
    secrets.extend(
        [
            "João",
            "Maria",
            "joao@",
            "maria@",
            "Ada Lovelace",
            "Contrato",
            "contrato.pdf",
            "Mensagem",
            "caso-4711",
            "dead-token",
            "query-secret",
            "token-secret",
            "crypt-secret",
            "sk_live_",
            "Corpo errado",
            "countersign_session",
            "a test's browser",
        ]
        .map(str::to_owned),
    );
    program.until(&id, "document.sealed", 1).await;
    program.until(&id, "delivery.sent", 4).await;
    let (log, _) = program.stop();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.len() > 20, "the log is written, and as JSON: {log}");
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()), "{log}");
    assert!(log.contains("/api/v1/esignature/requests/{id}"), "calls are told by their route: {log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}

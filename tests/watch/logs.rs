//! The log of the main job, with all that goes wrong on the way: JSON on demand, and in it no secret, no
//! token and nothing of a person.

use std::fs::File;
use std::process::Child;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{Answer, Browser, answer, binary, http, new_request, sample};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;

/// Longest time a start or an orderly stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program with its log in a file.
struct Logged {
    folder: TempDir,
    child: Child,
    base: String,
    key: String,
    client: Client,
}

impl Logged {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut keys = Command::new(binary());
        keys.args(["keys", "create", "--organization", "acme", "--name", "Ada Lovelace", "--data"]).arg(folder.path());
        keys.args(["--permissions", "ESIGNATURE_CREATE,ESIGNATURE_READ,ESIGNATURE_DELETE"]);
        let key = String::from_utf8(keys.output().unwrap().stdout).unwrap().trim().to_owned();
        let mut serve = Command::new(binary());
        serve.args(["--log-format", "json", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
        // More than is written by default: whatever we or the HTTP floor say, down to debug.
        serve.env("COUNTERSIGN_LOG", "info,countersign=debug,tower_http=debug");
        let child = serve.stderr(File::create(folder.path().join("serve.log")).unwrap()).spawn().unwrap();
        let mut program = Self { folder, child, base: String::new(), key, client: http().build().unwrap() };
        program.base = program.until_it_listens();
        program
    }

    /// The address it says it listens on.
    fn until_it_listens(&self) -> String {
        let started = Instant::now();
        loop {
            let log = self.log();
            let told = log.split_whitespace().find(|word| word.starts_with("http://") && !word.ends_with("docs"));
            // Not before the whole line is there.
            if let Some(address) = told.filter(|_| log.contains("/docs\n")) {
                return address.to_owned();
            }
            assert!(started.elapsed() < PATIENCE, "it does not start: {log}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("serve.log")).unwrap()
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let call = self.client.request(method, format!("{}/api/v1/esignature{path}", self.base)).bearer_auth(&self.key);
        answer(match body {
            Some(body) => call.json(&body),
            None => call,
        })
        .await
    }

    /// The link of the n-th signer.
    async fn link(&self, id: &str, place: usize) -> String {
        let request = self.call(Method::GET, &format!("/requests/{id}"), None).await.json;
        let signer = &request["data"]["relationships"]["signers"]["data"][place]["attributes"];
        signer["signingUrl"].as_str().unwrap_or_else(|| panic!("no link: {request:#}")).to_owned()
    }

    /// Waits until so many events of a name have happened.
    async fn until(&self, id: &str, name: &str, count: usize) {
        let started = Instant::now();
        loop {
            let events = self.call(Method::GET, &format!("/requests/{id}/events"), None).await.json.to_string();
            if events.matches(&format!("\"{name}\"")).count() >= count {
                break;
            }
            assert!(started.elapsed() < PATIENCE, "{events}");
        }
    }

    /// Waits until all is done, then stops in good order; the whole log.
    async fn stop(mut self, id: &str) -> String {
        self.until(id, "document.sealed", 1).await;
        self.until(id, "delivery.sent", 4).await;
        assert!(Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.log()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_the_main_job_tells_no_secret_and_nobody() {
    let program = Logged::start().await;
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
            "sk_live_",
            "Corpo errado",
            "countersign_session",
            "a test's browser",
        ]
        .map(str::to_owned),
    );
    let log = program.stop(&id).await;
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.len() > 20, "the log is written, and as JSON: {log}");
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()), "{log}");
    assert!(log.contains("/api/v1/esignature/requests/{id}"), "calls are told by their route: {log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}

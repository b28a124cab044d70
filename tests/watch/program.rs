//! The program itself with its log in a file.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use countersign_tests::world::{Answer, answer, binary, http};
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;

/// Longest time a start or an orderly stop may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The program with its log in a file.
pub(super) struct Logged {
    folder: TempDir,
    child: Child,
    pub(super) base: String,
    pub(super) key: String,
    pub(super) client: Client,
}

impl Logged {
    /// The program with these variables set.
    pub(super) fn start(variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut keys = Command::new(binary());
        keys.args(["keys", "create", "--organization", "acme", "--name", "Ada Lovelace", "--data"]).arg(folder.path());
        keys.args(["--permissions", "ESIGNATURE_CREATE,ESIGNATURE_READ,ESIGNATURE_DELETE,ESIGNATURE_ADMIN"]);
        keys.envs(variables.iter().copied());
        let key = String::from_utf8(keys.output().unwrap().stdout).unwrap().trim().to_owned();
        let mut serve = Command::new(binary());
        serve.args(["--log-format", "json", "serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
        serve.env("COUNTERSIGN_RATE_LIMIT", "off");
        // More than is written by default: whatever we or the HTTP floor say, down to debug.
        serve.env("COUNTERSIGN_LOG", "info,countersign=debug,tower_http=debug");
        serve.envs(variables.iter().copied());
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

    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let call = self.client.request(method, format!("{}/api/v1/esignature{path}", self.base)).bearer_auth(&self.key);
        answer(match body {
            Some(body) => call.json(&body),
            None => call,
        })
        .await
    }

    /// The link of the n-th signer.
    pub(super) async fn link(&self, id: &str, place: usize) -> String {
        let request = self.call(Method::GET, &format!("/requests/{id}"), None).await.json;
        let signer = &request["data"]["relationships"]["signers"]["data"][place]["attributes"];
        signer["signingUrl"].as_str().unwrap_or_else(|| panic!("no link: {request:#}")).to_owned()
    }

    /// Waits until so many events of a name have happened.
    pub(super) async fn until(&self, id: &str, name: &str, count: usize) {
        let started = Instant::now();
        loop {
            let events = self.call(Method::GET, &format!("/requests/{id}/events"), None).await.json.to_string();
            if events.matches(&format!("\"{name}\"")).count() >= count {
                break;
            }
            assert!(started.elapsed() < PATIENCE, "{events}");
        }
    }

    /// Stops in good order; the whole log, and the folder.
    pub(super) fn stop(mut self) -> (String, TempDir) {
        assert!(Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let log = self.log();
        (log, std::mem::replace(&mut self.folder, TempDir::new().unwrap()))
    }

    /// Where everything lies.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the letters land.
    pub(super) fn mail(&self) -> std::path::PathBuf {
        self.folder().join("mail")
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

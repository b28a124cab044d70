//! A whole system in a variable: a service on a free port over an empty folder, a clock that is
//! moved by hand or the system's, an API key, and people with links.

mod browser;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::{Given, Role, Settings};
use countersign::http::auth::{Permission, new_key};
use countersign::keyring::Keyring;
use countersign::service::replay::{Report, replay};
use countersign::vault::Vault;
use countersign_engine::event::Event;
use countersign_engine::ids::{OrganizationId, RequestId};
use jiff::Timestamp;
use reqwest::{Client, ClientBuilder, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

use crate::schemas;
use crate::servers::Database;

pub use browser::{Browser, IDENTITY, form};

/// Where every manual clock starts.
pub const START: &str = "2026-01-15T10:30:00Z";
/// Longest time anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a history is looked at although nothing rang.
const LOOK: Duration = Duration::from_millis(200);

/// A running system.
pub struct World {
    /// The engine in this process.
    pub app: App,
    /// A key with every permission, of the organization `acme`.
    pub key: String,
    /// Where the API lives.
    pub api: String,
    /// A client without cookies.
    pub client: Client,
    folder: TempDir,
    published: Published,
}

/// What the engine published. When it goes, every event is held against its schema.
struct Published(broadcast::Receiver<Arc<Event>>);

impl Drop for Published {
    fn drop(&mut self) {
        let mut faults = Vec::new();
        loop {
            match self.0.try_recv() {
                Ok(event) => faults.extend(schemas::faults(&event)),
                // More than the bus keeps: those that it still has are as good a sample.
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if !std::thread::panicking() {
            assert_eq!(faults, Vec::<String>::new(), "published events are not as their schemas say");
        }
    }
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body; null if it is not JSON.
    pub json: Value,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
}

impl World {
    /// A system whose clock stands at [`START`] until it is moved.
    pub async fn manual() -> Self {
        Self::changed(|_| {}).await
    }

    /// A system like [`Self::manual`] on a database.
    pub async fn on(database: Database) -> Self {
        Self::of_roles_on(database, &[Role::All]).await
    }

    /// A system like [`Self::manual`] that runs only some roles.
    pub async fn of_roles(roles: &[Role]) -> Self {
        Self::of_roles_on(Database::Sqlite, roles).await
    }

    /// A system like [`Self::manual`] on a database that runs only some roles.
    pub async fn of_roles_on(database: Database, roles: &[Role]) -> Self {
        let url = database.url().await;
        Self::changed(|settings| {
            settings.roles = roles.to_vec();
            settings.database_url = url;
        })
        .await
    }

    /// A system like [`Self::manual`] with some settings changed.
    pub async fn changed(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(Clock::manual(START.parse().unwrap()), change).await
    }

    /// A system with the machine's clock.
    pub async fn system() -> Self {
        Self::start(Clock::System, |_| {}).await
    }

    async fn start(clock: Clock, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings = settings(folder.path());
        change(&mut settings);
        let app = App::start(settings, clock).await.unwrap();
        let api = format!("{}/api/v1/esignature", app.service.settings.public_url);
        let key = make_key(&app, "acme", &Permission::ALL).await;
        let published = Published(app.service.bus.subscribe());
        Self { app, key, api, client: http().build().unwrap(), folder, published }
    }

    /// Stops the engine and starts it again on the same folder and address.
    pub async fn restart(self) -> Self {
        self.restart_changed(|_| {}).await
    }

    /// The same with some settings changed.
    pub async fn restart_changed(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self { app, key, client, folder, published, .. } = self;
        drop(published);
        let (clock, mut settings) = (app.service.clock.clone(), app.service.settings.clone());
        change(&mut settings);
        app.stop().await;
        let app = App::start(settings, clock).await.unwrap();
        let api = format!("{}/api/v1/esignature", app.service.settings.public_url);
        let published = Published(app.service.bus.subscribe());
        Self { app, key, api, client, folder, published }
    }

    /// Stops the engine; the folder stays for as long as what is returned.
    pub async fn stop(self) -> TempDir {
        self.app.stop().await;
        self.folder
    }

    /// Where the letters land.
    pub fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// Where everything lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `/metrics` tells.
    pub async fn metrics(&self) -> String {
        let url = format!("{}/metrics", self.app.service.settings.public_url);
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// The instant of the system's clock.
    pub fn now(&self) -> Timestamp {
        self.app.service.clock.now()
    }

    /// A key of an organization.
    pub async fn key(&self, organization: &str, permissions: &[Permission]) -> String {
        make_key(&self.app, organization, permissions).await
    }

    /// Calls the API with the world's key.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call_as(&self.key, method, path, body).await
    }

    /// Calls the API with a key.
    pub async fn call_as(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let call = self.client.request(method, format!("{}{path}", self.api)).bearer_auth(key);
        let call = match body {
            Some(body) => call.json(&body),
            None => call,
        };
        answer(call).await
    }

    /// Creates a request over the sample document with these attributes on top of usual ones.
    pub async fn create(&self, attributes: Value) -> Answer {
        self.call(Method::POST, "/requests", Some(new_request(attributes))).await
    }

    /// Creates a request and returns its id.
    pub async fn created(&self, attributes: Value) -> String {
        let answer = self.create(attributes).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:#}", answer.json);
        answer.json["data"]["id"].as_str().unwrap().to_owned()
    }

    /// A request as the API shows it.
    pub async fn get(&self, id: &str) -> Value {
        let answer = self.call(Method::GET, &format!("/requests/{id}"), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
        answer.json["data"].clone()
    }

    /// A request's status.
    pub async fn status(&self, id: &str) -> String {
        self.get(id).await["attributes"]["status"].as_str().unwrap().to_owned()
    }

    /// The n-th signer of a request, from 0, as the API shows them.
    pub async fn signer(&self, id: &str, place: usize) -> Value {
        self.get(id).await["relationships"]["signers"]["data"][place]["attributes"].clone()
    }

    /// The link of the n-th signer.
    pub async fn link(&self, id: &str, place: usize) -> String {
        let signer = self.signer(id, place).await;
        signer["signingUrl"].as_str().unwrap_or_else(|| panic!("no link: {signer:#}")).to_owned()
    }

    /// A browser that has followed the n-th signer's link.
    pub async fn visit(&self, id: &str, place: usize) -> Browser {
        Browser::open(&self.link(id, place).await).await
    }

    /// The n-th signer opens their link, says who they are if they are asked, and signs with a typed name.
    pub async fn sign(&self, id: &str, place: usize) {
        let browser = self.visit(id, place).await.identified().await;
        let answer = browser.sign(json!({})).await;
        assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    }

    /// Names of the events of a request so far.
    pub async fn events(&self, id: &str) -> Vec<String> {
        let answer = self.call(Method::GET, &format!("/requests/{id}/events"), None).await;
        let events = answer.json["data"].as_array().unwrap();
        events.iter().map(|event| event["attributes"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a request's history has at least `count` events of a name.
    pub async fn until(&self, id: &str, name: &str, count: usize) {
        let mut heard = self.app.service.bus.subscribe();
        let waiting = async {
            while self.events(id).await.iter().filter(|event| *event == name).count() < count {
                // A fact rings; what it was is read from the history. Another process's is not heard here.
                let _ = tokio::time::timeout(LOOK, heard.recv()).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{name} did not happen {count} times"));
    }

    /// Replays everything and asserts that nothing differs.
    pub async fn check(&self) -> Report {
        let report = self.replay().await;
        assert_eq!(report.differences, Vec::<String>::new());
        report
    }

    /// Replays everything.
    pub async fn replay(&self) -> Report {
        replay(&self.app.service.store, &Vault::new(&self.masters()).unwrap(), |_| {}).await.unwrap()
    }

    /// The master keys in its folder.
    pub fn masters(&self) -> Keyring {
        Keyring::load(&self.folder.path().join("data/secrets/master.key")).unwrap().unwrap()
    }

    /// The id of a request in the engine's words.
    pub fn id(id: &str) -> RequestId {
        id.parse().unwrap()
    }
}

/// The settings of a system in a folder.
pub fn settings(folder: &Path) -> Settings {
    let given = Given {
        data: Some(folder.join("data")),
        mail_folder: Some(folder.join("mail")),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        // Only tests of the rate itself switch it on.
        rate_limit: Some("off".to_owned()),
        ..Given::default()
    };
    Settings { inspector: binary(), ..given.settle().unwrap() }
}

/// The program `countersign`, built beside this one.
pub fn binary() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let binary = folder.join("countersign");
    assert!(binary.exists(), "{} is not there: build the workspace first (tests/run does)", binary.display());
    binary
}

/// The body of a new request over the sample document.
pub fn new_request(attributes: Value) -> Value {
    let mut usual = json!({
        "title": "Contrato de Prestação de Serviços",
        "fileBase64": STANDARD.encode(sample()),
        "fileName": "contrato.pdf",
        "signers": [
            { "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
            { "name": "Maria Santos", "email": "maria@cliente.com", "order": 2 },
        ],
    });
    let (Value::Object(usual_fields), Value::Object(fields)) = (&mut usual, attributes) else {
        panic!("attributes are an object")
    };
    usual_fields.extend(fields);
    json!({ "data": { "type": "signature-request", "attributes": usual } })
}

/// The sample document.
pub fn sample() -> Vec<u8> {
    countersign::seal::sample().unwrap()
}

async fn make_key(app: &App, organization: &str, permissions: &[Permission]) -> String {
    let organization: OrganizationId = organization.parse().unwrap();
    let (row, key) = new_key(organization, "test".to_owned(), permissions, app.service.clock.now());
    app.service.store.insert_key(&row).await.unwrap();
    key
}

/// A client of HTTP, to be built.
pub fn http() -> ClientBuilder {
    countersign::tls::choose_ring();
    Client::builder()
}

/// Sends a call and reads its answer.
pub async fn answer(call: reqwest::RequestBuilder) -> Answer {
    let response = call.timeout(PATIENCE).send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let json = response.json().await.unwrap_or(Value::Null);
    Answer { status, json, headers }
}

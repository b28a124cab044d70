//! What opens an account opens it for who was given it, and is told by nobody else: the key of a client who calls as D4Sign
//! has it (`tokenAPI`, `cryptKey`), by which vendors know us, and what hooks and webhooks are stamped with. The whole program,
//! with everything logged and its spans sent somewhere, makes its calls and hears them, also where they go wrong and where
//! the other side tells again what it was told. Then everything is read that the program said or kept.

mod incoming;
mod outgoing;
mod told;
mod vendor;

use std::time::Instant;

use countersign_tests::servers::Database;
use countersign_tests::world::{answer, binary};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;

use super::program::{Logged, PATIENCE};
use super::receiver::Receiver as Spans;
use crate::bus::server::{Nats, Version};
use crate::bus::sign_this;
use crate::tools;
use crate::webhooks::receiver::Receiver;
use told::Told;

/// By which D4Sign knows us: with signs that are written differently in an address.
const TOKEN: &str = "live_to/ken+of=nobody&else";
const CRYPT_KEY: &str = "live_crypt/key+of=nobody&else";
/// By which Certyneo does.
const API_KEY: &str = "sk_live_ap/i+key=of&nobody_else";
/// What their hooks are stamped with.
const HOOK_SECRET: &str = "hook/secret+of=nobody&else";
const FORMER_HOOK_SECRET: &str = "former/secret+of=nobody&else";
/// What was never right.
const WRONG: &str = "wrong/token+of=nobody&else";

/// The program, and everybody whom it talks with.
struct Scene {
    program: Logged,
    nats: Nats,
    spans: Spans,
    vendor: Receiver,
    listener: Receiver,
    told: Told,
    /// What must stand nowhere, and what it is.
    secrets: Vec<(&'static str, String)>,
}

impl Scene {
    async fn over(database: Option<&str>) -> Self {
        let (nats, spans) = (Nats::start(Version::Current).await, Spans::start().await);
        let (nats_url, spans_url) = (nats.url(), spans.url.clone());
        let mut variables = vec![
            ("COUNTERSIGN_LOG", "trace"),
            ("COUNTERSIGN_ALLOW_LOOPBACK_WEBHOOKS", "1"),
            ("COUNTERSIGN_NATS_URL", nats_url.as_str()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", spans_url.as_str()),
            ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ];
        variables.extend(database.map(|url| ("COUNTERSIGN_DATABASE_URL", url)));
        let program = Logged::start(&variables);
        let given = [
            ("a token at a vendor", TOKEN),
            ("a cryptKey at a vendor", CRYPT_KEY),
            ("an API key at a vendor", API_KEY),
            ("a hook secret", HOOK_SECRET),
            ("a former hook secret", FORMER_HOOK_SECRET),
            ("a wrong token", WRONG),
        ];
        let mut secrets: Vec<_> = given.map(|(what, secret)| (what, secret.to_owned())).into();
        secrets.push(("an administrator's key", program.key.clone()));
        let (vendor, listener) = (Receiver::saying(vendor::answer).await, Receiver::willing().await);
        Self { program, nats, spans, vendor, listener, told: Told::default(), secrets }
    }

    /// An address of the program's API.
    fn address(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.program.base)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.program.client.request(method, self.address(path))
    }

    /// A call by an administrator, who is told nothing that they did not say.
    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Value {
        let call = self.request(method, path).bearer_auth(&self.program.key);
        self.told.call(if let Some(body) = body { call.json(&body) } else { call }).await
    }

    /// A call by an administrator that is answered with secrets, this once.
    async fn given(&mut self, path: &str, body: Value, secrets: &[(&'static str, &str)]) -> Value {
        let made = answer(self.request(Method::POST, path).bearer_auth(&self.program.key).json(&body)).await;
        assert!(made.status.is_success(), "{:#}", made.json);
        let text =
            |name: &str| made.json[name].as_str().unwrap_or_else(|| panic!("no {name}: {:#}", made.json)).to_owned();
        self.secrets.extend(secrets.iter().map(|(what, name)| (*what, text(name))));
        made.json
    }

    /// Waits until one of these addresses tells what it must.
    async fn until(&self, what: &str, paths: &[&str], is_told: impl Fn(&str) -> bool) {
        let started = Instant::now();
        loop {
            let mut told = String::new();
            for path in paths {
                told += &self.program.call(Method::GET, path, None).await.json.to_string();
            }
            if is_told(&told) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "it did not come to this: {what}: {told}");
        }
    }

    /// Reads everything that is told of what happened, to those who may ask.
    async fn is_asked(&mut self) {
        let mut buried = sign_this("poison", json!({}));
        buried["data"]["templateId"] = json!("nothing of that name");
        self.nats.publish("sign.requests.acme", buried.to_string().into_bytes()).await;
        self.nats.all_read().await;
        let listed = self.call(Method::GET, "/dead-letters", None).await;
        assert_eq!(listed["meta"]["totalItems"], 1, "{listed:#}");
        let hooks = self.call(Method::GET, "/webhooks", None).await;
        let hook = hooks["data"][0]["id"].as_str().unwrap_or_else(|| panic!("{hooks:#}"));
        for path in [
            &format!("/webhooks/{hook}/deliveries"),
            "/keys",
            "/events?limit=1000",
            "/esignature/provider-configs?page[size]=100",
            "/esignature/requests?page[size]=100",
        ] {
            self.call(Method::GET, path, None).await;
        }
        for path in ["/metrics", "/health/ready"] {
            let call = self.program.client.get(format!("{}{path}", self.program.base));
            self.told.call(call).await;
        }
        let heard = |receiver: &Receiver| -> String {
            let all = receiver.heard().into_iter();
            all.map(|one| format!("{} {:?} {}\n", one.path, one.headers, String::from_utf8_lossy(&one.body))).collect()
        };
        self.told.at("what endpoints heard", heard(&self.listener).as_bytes());
        let mut vendors = Told::default();
        vendors.at("what vendors were shown", heard(&self.vendor).as_bytes());
        for (what, secret) in self.secrets.iter().filter(|(what, _)| what.ends_with("at a vendor")) {
            assert_eq!(vendors.leaks(secret).len(), 1, "{what} is in use");
        }
        self.spans.span("an errand", |span| span.name == "errand").await;
    }

    /// Reads everything that the program said and kept, while it runs and when it has ended. Each place must have been looked
    /// at, and none may tell a secret.
    async fn search(self, database: Option<&str>) {
        let Self { program, nats, spans, mut told, secrets, .. } = self;
        told.folder("while it runs", program.folder());
        let (log, folder) = program.stop();
        told.at("the log", log.as_bytes());
        told.at("the spans", spans.text().as_bytes());
        told.folder("afterwards", folder.path());
        told.folder("at NATS", &nats.store());
        for stream in ["SIGN_EVENTS", "SIGN_DEAD"] {
            told.at(stream, format!("{:?}", nats.stored(stream).await).as_bytes());
        }
        if let Some(url) = database {
            told.database(url).await;
        }
        for command in ["events", "replay"] {
            let mut run = Command::new(binary());
            run.args([command, "--data"]).arg(folder.path());
            run.envs(database.map(|url| ("COUNTERSIGN_DATABASE_URL", url)));
            told.at(format!("the command {command}"), tools::run(&mut run).await.as_bytes());
        }
        let stored = if database.is_some() { "the table provider_configs" } else { "while it runs" };
        for (place, text) in SAID.into_iter().chain([(stored, "baseUrl")]) {
            assert!(told.tells(place, text), "{place}: nothing of {text}");
        }
        for (what, secret) in secrets {
            assert_eq!(told.leaks(&secret), Vec::<String>::new(), "{what} is told");
        }
    }
}

/// What each place tells, if it was looked at.
const SAID: [(&str, &str); 11] = [
    ("the log", "\"TRACE\""),
    ("the log", "something at a vendor did not succeed"),
    ("the log", "a hook was refused"),
    ("the spans", "countersign.effect"),
    ("the answer of /metrics", "countersign_"),
    ("the answer of /api/v1/events", "provider.failed"),
    ("what endpoints heard", "envelope.voided"),
    ("SIGN_EVENTS", "provider.failed"),
    ("SIGN_DEAD", "sign.requests.acme"),
    ("the command events", "provider.failed"),
    ("the command replay", " 0 differences"),
];

async fn nothing_tells_what_opens_an_account(database: Option<String>) {
    let mut scene = Scene::over(database.as_deref()).await;
    scene.is_called_as_d4sign().await;
    scene.is_configured_wrongly().await;
    scene.fails_at_vendors().await;
    scene.goes_well_at_d4sign().await;
    scene.is_asked().await;
    scene.search(database.as_deref()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_what_opens_an_account_in_a_file() {
    nothing_tells_what_opens_an_account(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_what_opens_an_account_on_postgres() {
    nothing_tells_what_opens_an_account(Database::Postgres.url().await).await;
}

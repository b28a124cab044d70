//! Providers: one Countersign has signatures collected by another, through whose dialects it hands requests over, hears
//! of them by its hooks, and fetches what was signed. Nothing that was written for the tests stands between them, but for
//! a line (`line`) that loses answers, is slow, or says that nobody is there.

mod accounts;
mod api;
mod carried;
mod circle;
mod corrections;
mod deleted;
mod endings;
mod fallback;
mod introduced;
mod killed;
mod leftovers;
mod line;
mod losses;
mod lost;
mod misplaced;
mod older;
mod quota;
mod resting;
mod room;
mod scripted;
mod silence;
mod single;
mod slow;
mod unfit;
mod unusable;

use std::time::{Duration, Instant};

use countersign::clock::from_micros;
use countersign::config::{GatewaySettings, Settings};
use countersign_tests::servers::connect_as;
use countersign_tests::world::{Answer, World, answer};
use jiff::SignedDuration;
use line::{Line, Made};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// Longest time anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long what somebody is at is claimed: what is to be done later is being done by nobody.
const CLAIMED: SignedDuration = SignedDuration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(40);

/// A Countersign that has signatures collected, another that collects them, and the line between them.
struct Pair {
    ours: World,
    theirs: World,
    line: Line,
    /// The configuration by which ours knows theirs.
    config: String,
}

impl Pair {
    /// A pair in the words of a vendor, with so many calls an hour.
    async fn new(vendor: &str, calls_per_hour: i64) -> Self {
        let pair = Self::deaf(vendor, calls_per_hour).await;
        pair.have_hooks(vendor).await;
        pair
    }

    /// A pair of which theirs tells ours nothing by itself.
    async fn deaf(vendor: &str, calls_per_hour: i64) -> Self {
        Self::with(vendor, calls_per_hour, |_| {}).await
    }

    /// The same with some settings of ours changed.
    async fn with(vendor: &str, calls_per_hour: i64, change: impl FnOnce(&mut Settings)) -> Self {
        let usual = |settings: &mut Settings| {
            settings.webhooks.allow_loopback = true;
            // Codes by SMS may be asked for; none is ever sent.
            settings.gateway = Some(GatewaySettings { url: "http://127.0.0.1:9999".to_owned(), secret: vec![7; 32] });
        };
        let ours = World::changed(|settings| {
            usual(settings);
            change(settings);
        });
        let (ours, theirs) = (ours.await, World::changed(usual).await);
        let line = Line::to(&theirs.app.service.settings.public_url, ours.app.service.clock.clone()).await;
        let attributes = json!({ "isDefault": true, "callsPerHour": calls_per_hour });
        let config = account(&ours, &theirs, vendor, line.url(), attributes).await;
        Self { ours, theirs, line, config }
    }

    /// Has theirs tell ours what happens.
    async fn have_hooks(&self, vendor: &str) {
        let url = self.shown().await["hookUrl"].clone();
        let secret = match vendor {
            "certyneo" => {
                let events = [
                    "recipient.viewed",
                    "recipient.signed",
                    "recipient.approved",
                    "envelope.completed",
                    "envelope.declined",
                    "envelope.voided",
                    "envelope.expired",
                ];
                let hook = json!({ "url": url, "events": events });
                let made = their(&self.theirs, Method::POST, "/webhooks", Some(hook)).await;
                assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
                made.json["secret"].clone()
            }
            _ => {
                let document = self.theirs.created(json!({ "draft": true })).await;
                let path = format!("/documents/{document}/webhooks");
                let made = their(&self.theirs, Method::POST, &path, Some(json!({ "url": url }))).await;
                assert_eq!(made.status, StatusCode::OK, "{:#}", made.json);
                made.json["secret"].clone()
            }
        };
        let change = json!({ "data": { "type": "provider-config", "attributes": { "hookSecret": secret } } });
        let changed = self.ours.call(Method::PATCH, &format!("/provider-configs/{}", self.config), Some(change)).await;
        assert_eq!(changed.status, StatusCode::OK, "{:#}", changed.json);
    }

    /// The configuration as it is shown.
    async fn shown(&self) -> Value {
        let shown = self.ours.call(Method::GET, &format!("/provider-configs/{}", self.config), None).await;
        assert_eq!(shown.status, StatusCode::OK, "{:#}", shown.json);
        shown.json["data"]["attributes"].clone()
    }

    /// What theirs has of a request of ours.
    async fn found(&self, request: &str) -> Vec<Value> {
        found(&self.theirs, request).await
    }

    /// Theirs' id of a request of ours, of which it has exactly one.
    async fn one(&self, request: &str) -> String {
        let found = self.found(request).await;
        assert_eq!(found.len(), 1, "exactly one: {found:#?}");
        found[0]["id"].as_str().unwrap().to_owned()
    }

    /// Lets time pass on both sides until a request of ours has so many events of a name: in steps as long as nothing is
    /// to be done at the vendor, slowly while somebody may be at it, so that no call is given up, and no lease ends,
    /// because the test is in a hurry.
    async fn until(&self, request: &str, name: &str, count: usize, step: SignedDuration) {
        let started = Instant::now();
        loop {
            let events = self.ours.events(request).await;
            if events.iter().filter(|event| *event == name).count() >= count {
                return;
            }
            if started.elapsed() >= PATIENCE {
                let told = self.ours.call(Method::GET, "/inbound-deliveries", None).await.json;
                panic!("{count} {name}: {events:?}\n{:#}\n{told:#}", self.shown().await);
            }
            tokio::time::sleep(LOOK).await;
            let now = self.ours.now();
            let next = self.ours.app.service.store.next_provider().await.unwrap();
            self.pass(match next.map(from_micros) {
                _ if self.line.is_busy() => step.min(SignedDuration::from_millis(250)),
                Some(next) if next <= now || next <= now + CLAIMED && self.is_held().await => {
                    step.min(SignedDuration::from_secs(1))
                }
                Some(next) => step.min(next.duration_since(now)),
                None => step,
            });
        }
    }

    /// Whether an agent of ours holds an account, and so is at something there.
    async fn is_held(&self) -> bool {
        let now = self.ours.now().as_microsecond();
        let held = "SELECT count(*) FROM provider_configs WHERE lease_us > $1";
        let held: i64 = match &self.ours.app.service.settings.database_url {
            Some(url) => sqlx::query_scalar(held).bind(now).fetch_one(&mut connect_as("*", url).await).await.unwrap(),
            None => {
                let file = SqliteConnectOptions::new().filename(self.ours.folder().join("data/countersign.db"));
                let mut db = SqliteConnection::connect_with(&file).await.unwrap();
                sqlx::query_scalar(held).bind(now).fetch_one(&mut db).await.unwrap()
            }
        };
        held > 0
    }

    fn pass(&self, step: SignedDuration) {
        self.ours.app.service.clock.advance(step);
        self.theirs.app.service.clock.advance(step);
    }
}

/// Makes a configuration of ours for an account that it has at theirs; its id.
async fn account(ours: &World, theirs: &World, vendor: &str, base_url: &str, mut attributes: Value) -> String {
    attributes["provider"] = json!(vendor);
    attributes["name"] = json!("theirs");
    attributes["baseUrl"] = json!(base_url);
    attributes["credentials"] = match vendor {
        "certyneo" => json!({ "apiKey": theirs.key }),
        _ => json!({ "tokenAPI": theirs.key }),
    };
    if vendor == "d4sign" {
        attributes["safe"] = their(theirs, Method::GET, "/safes", None).await.json[0]["uuid_safe"].clone();
    }
    configure(ours, attributes).await["id"].as_str().unwrap().to_owned()
}

/// What a vendor has of a request of ours.
async fn found(theirs: &World, request: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for page in 1.. {
        let path = format!("/requests?page[size]=100&page[number]={page}");
        let listed = theirs.call(Method::GET, &path, None).await;
        let data = listed.json["data"].as_array().unwrap().clone();
        for item in &data {
            let whole = theirs.get(item["id"].as_str().unwrap()).await;
            let text = |name: &str| whole["attributes"][name].as_str().unwrap_or_default().contains(request);
            if text("message") || text("title") {
                found.push(whole);
            }
        }
        if data.len() < 100 {
            break;
        }
    }
    found
}

/// No window of this length has more calls than are allowed.
fn is_kept(calls: &[Made], allowed: usize, window: SignedDuration) {
    for more in calls.windows(allowed + 1) {
        let took = more[allowed].at.duration_since(more[0].at);
        assert!(took >= window, "{} calls within {took}: {more:#?}", more.len());
    }
}

/// How many letters a world has written.
fn letters(world: &World) -> usize {
    std::fs::read_dir(world.mail()).map_or(0, Iterator::count)
}

/// Makes a configuration.
async fn configure(world: &World, attributes: Value) -> Value {
    let body = json!({ "data": { "type": "provider-config", "attributes": attributes } });
    let made = world.call(Method::POST, "/provider-configs", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    made.json["data"].clone()
}

/// Calls a dialect that stands beside the native API, in the envelopes dialect's way and in D4Sign's.
async fn their(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    let base = format!("{}/api/v1{path}", world.app.service.settings.public_url);
    let call = match path.starts_with("/documents") || path.starts_with("/safes") {
        true => world.client.request(method, format!("{base}?tokenAPI={}", world.key)),
        false => world.client.request(method, base).bearer_auth(&world.key),
    };
    answer(match body {
        Some(body) => call.json(&body),
        None => call,
    })
    .await
}

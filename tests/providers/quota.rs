//! The quota: whatever is to be done, by however many processes, and however often they are killed, no hour has more
//! calls than the vendor allows.

use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::{Role, Settings};
use countersign_tests::servers::Database;
use jiff::SignedDuration;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::line::Fate;
use super::{Pair, account, is_kept};

/// What D4Sign allows an account.
const CALLS: usize = 10;
/// An hour, and how much later than it was counted the vendor may hear a call.
const HOUR: SignedDuration = SignedDuration::from_mins(61);

#[tokio::test]
async fn ten_calls_an_hour_are_ten_calls_an_hour_across_restarts() {
    let mut pair = Pair::new("d4sign", CALLS as i64).await;
    let mut requests = Vec::new();
    for number in 0..6 {
        requests.push(pair.ours.created(json!({ "title": format!("Contrato {number}") })).await);
    }
    for (place, request) in requests.iter().enumerate() {
        pair.until(request, "provider.submitted", 1, SignedDuration::from_secs(90)).await;
        pair.one(request).await;
        if place % 2 == 0 {
            pair.ours = pair.ours.restart().await;
        }
    }
    let calls = pair.line.made();
    assert!(calls.len() >= requests.len() * 4, "{calls:#?}");
    let uploads = calls.iter().filter(|call| call.what.ends_with("/upload")).count();
    assert_eq!(uploads, requests.len(), "and none is made twice");
    is_kept(&calls, CALLS, HOUR);
    assert_eq!(pair.shown().await["callsPerHour"], CALLS);
}

/// An engine on threads and connections of its own that does nothing but call vendors. Where it is killed, nothing of it
/// goes on and nothing is put in order, as with a process.
struct Engine {
    runtime: Option<Runtime>,
    _app: App,
}

impl Engine {
    async fn start(settings: &Settings, clock: Clock) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let settings = Settings { roles: vec![Role::Agent], ..settings.clone() };
        let on = runtime.handle().clone();
        let app = tokio::task::spawn_blocking(move || on.block_on(App::start(settings, clock))).await.unwrap().unwrap();
        Self { runtime: Some(runtime), _app: app }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Two engines over one database, and two configurations with the same credentials: one account at the vendor. Each
/// engine is killed in turn, and both in the middle of a call.
#[tokio::test]
async fn ten_calls_an_hour_are_ten_calls_an_hour_whoever_makes_them() {
    let url = Database::Postgres.url().await;
    let others = Role::EACH.into_iter().filter(|role| *role != Role::Agent).collect();
    let pair = Pair::with("d4sign", CALLS as i64, |settings| {
        settings.database_url = url;
        settings.roles = others;
    });
    let pair = pair.await;
    let same = json!({ "callsPerHour": CALLS });
    let twin = account(&pair.ours, &pair.theirs, "d4sign", pair.line.url(), same).await;
    let (settings, clock) = (&pair.ours.app.service.settings, &pair.ours.app.service.clock);
    let mut engines = Vec::new();
    for _ in 0..2 {
        engines.push(Engine::start(settings, clock.clone()).await);
    }
    let mut requests = Vec::new();
    let mut made = 0;
    pair.line.judge(move |_| {
        made += 1;
        if made == 7 { Fate::Held } else { Fate::Answered }
    });
    for number in 0..10 {
        let by = if number % 2 == 0 { &pair.config } else { &twin };
        let attributes = json!({ "title": format!("Contrato {number}"), "configId": by });
        requests.push(pair.ours.created(attributes).await);
    }
    pair.line.holds().await;
    engines.clear();
    for _ in 0..2 {
        engines.push(Engine::start(settings, clock.clone()).await);
    }
    pair.line.let_go();
    for (place, request) in requests.iter().enumerate() {
        pair.until(request, "provider.submitted", 1, SignedDuration::from_secs(90)).await;
        pair.one(request).await;
        engines.remove(0);
        engines.push(Engine::start(settings, clock.clone()).await);
        assert_eq!(engines.len(), 2, "after request {place}");
    }
    let calls = pair.line.made();
    assert!(calls.len() >= requests.len() * 3, "{calls:#?}");
    is_kept(&calls, CALLS, HOUR);
    pair.ours.check().await;
}

//! Webhooks: how many a courier files, stamps, sends and records in a second, from a backlog to many endpoints, beside a
//! bare client that sends the same bytes to the same receiver and records nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::{Role, Settings};
use countersign::service::webhooks::Wanted;
use countersign::webhooks::Format;
use futures_util::stream::{self, StreamExt as _};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::house::{House, settings};
use crate::plan::Plan;
use crate::report::{Report, median};

/// Events of each request that are told.
const TOLD: [&str; 2] = ["request.created", "request.sent"];
/// Calls that the bare client has in flight: as many as a courier may have.
const IN_FLIGHT: usize = 400;

/// A receiver that takes everything.
#[derive(Clone, Default)]
struct Receiver {
    taken: Arc<AtomicUsize>,
    wanted: Arc<AtomicUsize>,
    done: Arc<Notify>,
    sample: Arc<std::sync::Mutex<Option<(HeaderMap, Bytes)>>>,
}

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/{place}", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (receiver, url)
    }

    /// Begins to count.
    fn expect(&self, count: usize) {
        self.taken.store(0, Ordering::SeqCst);
        self.wanted.store(count, Ordering::SeqCst);
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let taken = receiver.taken.fetch_add(1, Ordering::SeqCst) + 1;
    if taken == 1 {
        *receiver.sample.lock().unwrap() = Some((headers, body));
    }
    if taken == receiver.wanted.load(Ordering::SeqCst) {
        receiver.done.notify_one();
    }
    StatusCode::OK
}

/// Both in turns.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    let (receiver, url) = Receiver::start().await;
    let (mut delivered, mut bare) = (Vec::new(), Vec::new());
    let count = plan.webhook_endpoints * plan.webhook_requests * TOLD.len();
    for _ in 0..plan.rounds {
        let took = courier(plan, &receiver, &url, count).await;
        delivered.push(count as f64 / took.as_secs_f64());
        let took = client(plan, &receiver, &url, count).await;
        bare.push(count as f64 / took.as_secs_f64());
    }
    let (delivered, bare) = (median(&delivered), median(&bare));
    let what = format!("webhooks to {} endpoints", plan.webhook_endpoints);
    report.figure(format!("{what}, a second"), format!("{delivered:.0}"));
    report.figure("the same bytes by bare reqwest, a second", format!("{bare:.0}"));
    report.figure(format!("{what}: share of bare reqwest"), format!("{:.2}", delivered / bare));
}

/// A courier with a backlog: from its start until everything has arrived.
async fn courier(plan: &Plan, receiver: &Receiver, url: &str, count: usize) -> Duration {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.webhooks.allow_loopback = true;
    let house = House::over(settings.clone()).await;
    for place in 0..plan.webhook_endpoints {
        let events = TOLD.map(str::to_owned).to_vec();
        let wanted = Wanted { url: format!("{url}/{place}"), events, format: Format::Native, extras: Vec::new() };
        house.service.webhooks.register(&"acme".parse().unwrap(), wanted, None).await.unwrap();
    }
    house.fill(plan.webhook_requests).await;
    house.close().await;
    receiver.expect(count);
    let started = Instant::now();
    let app = App::start(Settings { roles: vec![Role::Courier], ..settings }, Clock::System).await.unwrap();
    receiver.done.notified().await;
    let took = started.elapsed();
    app.stop().await;
    took
}

/// A client that sends as many.
async fn client(plan: &Plan, receiver: &Receiver, url: &str, count: usize) -> Duration {
    let (headers, body) = receiver.sample.lock().unwrap().clone().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    receiver.expect(count);
    let started = Instant::now();
    let calls = (0..count).map(|number| {
        let url = format!("{url}/{}", number % plan.webhook_endpoints);
        let call = client.post(url).headers(headers.clone()).body(body.clone());
        async move { assert!(call.send().await.unwrap().bytes().await.is_ok()) }
    });
    stream::iter(calls).buffer_unordered(IN_FLIGHT).collect::<()>().await;
    receiver.done.notified().await;
    started.elapsed()
}

//! Timers under load: many requests fall due within a minute, before three engines that share a database and a
//! clock, which goes on by the real time that passes. Each expires once and none early; how late is printed. Then
//! as many fall due while all engines are away, and are caught up with.
//!
//! `COUNTERSIGN_TIMERS` says how many; fewer fall due in less time, so that there are as many a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::app::App;
use countersign::clock::{Clock, from_micros};
use countersign::commit::{Done, Order};
use countersign::config::{Role, Settings};
use countersign::store::{Cursor, EventRow, Store};
use countersign_engine::command::{Command, Wish};
use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::RequestId;
use countersign_engine::signer::Role as SignerRole;
use countersign_engine::trail::{self, Line};
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::contract::rows::document;
use crate::engine::play::draft;

/// Requests that fall due, each of two times.
const TIMERS: usize = 2_000;
/// And how many of them in a second.
const A_SECOND: f64 = 100_000.0 / 60.0;
/// Of so many, one has a warning due at the first time, and expires at the second.
const WARNED: usize = 10;
/// Engines.
const ENGINES: usize = 3;
/// Requests created at one instant.
const AT_ONCE: usize = 100;
/// How often the clock is moved on.
const TICK: Duration = Duration::from_millis(2);
/// How often it is looked whether something is still due.
const LOOK: Duration = Duration::from_millis(20);
/// Longest time that catching up may take.
const PATIENCE: Duration = Duration::from_secs(400);
/// Rows of the log read in one go.
const ROWS: i64 = 10_000;

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_of_many_requests_fire_once_and_never_early_and_a_fleet_that_was_away_catches_up() {
    let timers = std::env::var("COUNTERSIGN_TIMERS").map_or(TIMERS, |timers| timers.parse().unwrap());
    let world = World::of_roles_on(Database::Postgres, &[Role::Http]).await;
    let (clock, store) = (world.app.service.clock.clone(), world.app.service.store.clone());
    let start = clock.now();
    let created = Instant::now();
    let ends = Arc::new(create(&world, timers).await);
    let span = clock.now().duration_since(start);
    println!("{timers} requests for each of two times, within {span:#}, created in {:.1?}", created.elapsed());

    // The first time comes while everything runs.
    let due = start + days(1);
    clock.advance((due - SignedDuration::from_secs(1)).duration_since(clock.now()));
    let fleet = Fleet::start(&world, &ends).await;
    let ticking = tick(clock.clone());
    until_nothing_is_due(&store, due + span).await;
    ticking.abort();
    println!("running: {}", fleet.stop().await.told(timers + timers.div_ceil(WARNED)));

    // The second one while nothing does.
    let due = start + days(2);
    clock.advance((due + span).duration_since(clock.now()));
    let fleet = Fleet::start(&world, &ends).await;
    let ticking = tick(clock.clone());
    until_nothing_is_due(&store, due + span).await;
    ticking.abort();
    println!("after standing still: {}", fleet.stop().await.told(timers + timers.div_ceil(WARNED)));

    each_once_and_none_early(&store, timers).await;
    let report = world.check().await;
    println!("{} requests, {} events replayed without a difference", report.requests, report.events);
}

/// When each request expires.
type Ends = HashMap<RequestId, Timestamp>;

/// Requests that expire after one day, as many that expire after two, and some of those with a warning after one.
async fn create(world: &World, timers: usize) -> Ends {
    let service = &world.app.service;
    service.store.insert_document(&document("a document")).await.unwrap();
    let mut ends = Ends::new();
    let pause = SignedDuration::from_secs_f64(AT_ONCE as f64 / A_SECOND);
    for first in (0..timers).step_by(AT_ONCE) {
        let each = (first..timers.min(first + AT_ONCE)).flat_map(|number| {
            let warned = number.is_multiple_of(WARNED).then_some((2, 24));
            [Some((1, 0)), Some((2, 0)), warned].into_iter().flatten()
        });
        let orders = each.map(|(days, warn_hours)| {
            let mut draft = draft(&[(1, SignerRole::Signer)]);
            (draft.terms.expires_in_days, draft.terms.warn_hours) = (Some(days), warn_hours);
            let wish = Wish::Create { draft: Box::new(draft), send: true };
            service
                .commit
                .submit(Order::system("acme".parse().unwrap(), Command { request: RequestId(Uuid::now_v7()), wish }))
        });
        for done in join_all(orders).await {
            let Ok(Done::Committed { request, .. }) = done else { panic!("not created: {done:?}") };
            ends.insert(request.id, request.expires_at.unwrap());
        }
        service.clock.advance(pause);
    }
    ends
}

/// Moves a clock on by the time that passes.
fn tick(clock: Clock) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut last = Instant::now();
        loop {
            tokio::time::sleep(TICK).await;
            let now = Instant::now();
            clock.advance(SignedDuration::try_from(now - last).unwrap());
            last = now;
        }
    })
}

async fn until_nothing_is_due(store: &Store, at: Timestamp) {
    let started = Instant::now();
    while store.next_wake().await.unwrap().is_some_and(|wake| from_micros(wake) <= at) {
        assert!(started.elapsed() < PATIENCE, "still due after {PATIENCE:?}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Engines with nothing but their timekeepers, and what these did.
struct Fleet {
    apps: Vec<App>,
    seen: Arc<Mutex<Seen>>,
    hearing: Vec<JoinHandle<()>>,
}

/// How late what was due was committed, and when.
#[derive(Default)]
struct Seen {
    lags: Vec<SignedDuration>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Ticks that came after another engine's.
    in_vain: u64,
}

impl Fleet {
    async fn start(world: &World, ends: &Arc<Ends>) -> Self {
        let service = &world.app.service;
        let mut fleet = Self { apps: Vec::new(), seen: Arc::default(), hearing: Vec::new() };
        for _ in 0..ENGINES {
            let settings = Settings { roles: vec![Role::Timekeeper], ..service.settings.clone() };
            let app = App::start(settings, service.clock.clone()).await.unwrap();
            let (mut heard, clock) = (app.service.bus.subscribe(), service.clock.clone());
            let (seen, ends) = (Arc::clone(&fleet.seen), Arc::clone(ends));
            fleet.hearing.push(tokio::spawn(async move {
                while let Ok(event) = heard.recv().await {
                    seen.lock().unwrap().committed(&event, &ends, clock.now());
                }
            }));
            fleet.apps.push(app);
        }
        fleet
    }

    async fn stop(self) -> Seen {
        let mut in_vain = 0;
        for app in self.apps {
            let metrics = app.service.meters.render();
            let refused = metrics.lines().filter(|line| line.contains(r#"wish="tick",outcome="refused""#));
            in_vain += refused.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum::<u64>();
            app.stop().await;
        }
        for hearing in self.hearing {
            hearing.await.unwrap();
        }
        Seen { in_vain, ..std::mem::take(&mut *self.seen.lock().unwrap()) }
    }
}

impl Seen {
    fn committed(&mut self, event: &Event, ends: &Ends, now: Timestamp) {
        let due = match &event.fact {
            Fact::Expired {} => ends[&event.request],
            Fact::Expiring { .. } => ends[&event.request] - days(1),
            _ => return,
        };
        self.lags.push(now.duration_since(due));
        self.first.get_or_insert_with(Instant::now);
        self.last = Some(Instant::now());
    }

    fn told(mut self, wanted: usize) -> String {
        assert_eq!(self.lags.len(), wanted, "each once");
        self.lags.sort_unstable();
        let at = |share: f64| self.lags[((wanted - 1) as f64 * share) as usize].as_secs_f64();
        let took = self.last.zip(self.first).map_or(Duration::ZERO, |(last, first)| last - first).as_secs_f64();
        format!(
            "{wanted} due, fired in {took:.1} s ({:.0} a second); late by {:.3} s in the middle, {:.3} s p99, {:.3} s at most; {} ticks in vain",
            wanted as f64 / took.max(f64::EPSILON),
            at(0.5),
            at(0.99),
            at(1.0),
            self.in_vain,
        )
    }
}

/// What is stored, not only what was heard.
async fn each_once_and_none_early(store: &Store, timers: usize) {
    let (mut ends, mut fired) = (Ends::new(), HashMap::<RequestId, Vec<&str>>::new());
    let (mut warnings, mut at) = (0, Cursor::default());
    loop {
        let rows = store.log_after(at, ROWS).await.unwrap();
        let Some((last, _)) = rows.last() else { break };
        at = *last;
        for (_, row) in rows {
            let EventRow { body, hash, .. } = row;
            let event = trail::read(&Line { body, disclosure: None, hash }).unwrap();
            match &event.fact {
                Fact::Sent { expires_at, .. } => drop(ends.insert(event.request, expires_at.unwrap())),
                Fact::Expiring { .. } => {
                    warnings += 1;
                    assert!(event.time >= ends[&event.request] - days(1), "{} is warned too early", event.request);
                    fired.entry(event.request).or_default().push("warned");
                }
                Fact::Expired {} => {
                    assert!(event.time >= ends[&event.request], "{} expired too early", event.request);
                    fired.entry(event.request).or_default().push("expired");
                }
                _ => {}
            }
        }
    }
    assert_eq!((ends.len(), warnings), (2 * timers + timers.div_ceil(WARNED), timers.div_ceil(WARNED)));
    for request in ends.keys() {
        let fired = fired.get(request).map(Vec::as_slice);
        assert!(matches!(fired, Some(["expired"] | ["warned", "expired"])), "{request}: {fired:?}");
    }
}

//! Nothing accepted is lost, doubled or left undone, however often the program is killed: five
//! hundred requests through HTTP while it is killed with SIGKILL two hundred times; and an orderly
//! stop under load.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::{Given, Settings};
use countersign::service::Service;
use countersign::store::Scope;
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::RequestId;
use countersign_engine::request::{Request, Status};
use countersign_tests::world::{binary, http};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;

use super::Chance;
use super::client::{Client, Promise};
use super::letters::letters;
use super::program::Program;

/// How often the program is killed.
const KILLS: usize = 200;
/// Requests that are taken through their lives meanwhile.
const REQUESTS: usize = 500;
/// Clients at once.
const CLIENTS: usize = 24;
/// Longest time that the program lives between its start and its end, beyond what starting takes.
const LIFE_MAX: Duration = Duration::from_millis(250);
/// Kills of a hundred that do not wait until the program has started.
const EARLY_PERCENT: u64 = 15;
/// Claims of killed processes end by themselves; the clock is set ahead of that.
const BEYOND_LEASES: SignedDuration = SignedDuration::from_mins(5);
/// Longest time that everything owed may take once the claims are free.
const DRAIN_MAX: Duration = Duration::from_secs(60);

/// How a request is taken through its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    TwoSign,
    OneSigns,
    SecondDeclines,
    CancelledBetween,
    ResentThenSigned,
}

impl Life {
    fn of(chance: &mut Chance) -> Self {
        match chance.below(100) {
            0..60 => Life::TwoSign,
            60..70 => Life::OneSigns,
            70..80 => Life::SecondDeclines,
            80..90 => Life::CancelledBetween,
            _ => Life::ResentThenSigned,
        }
    }

    fn ends(self) -> Status {
        match self {
            Life::TwoSign | Life::OneSigns | Life::ResentThenSigned => Status::Completed,
            Life::SecondDeclines => Status::Declined,
            Life::CancelledBetween => Status::Cancelled,
        }
    }

    async fn live(self, client: &mut Client, number: usize) -> String {
        let signers = if self == Life::OneSigns { 1 } else { 2 };
        let id = client.create(number, signers).await;
        if self == Life::ResentThenSigned {
            let dead = client.link(&id, 0).await;
            client.resend(&id).await;
            assert_eq!(client.knock(&dead).await, StatusCode::GONE, "a replaced link still works");
        }
        client.sign(&id, 0).await;
        match self {
            Life::OneSigns => {}
            Life::TwoSign | Life::ResentThenSigned => client.sign(&id, 1).await,
            Life::SecondDeclines => client.decline(&id, 1).await,
            Life::CancelledBetween => client.cancel(&id).await,
        }
        id
    }
}

/// What the clients did.
#[derive(Default)]
struct Outcome {
    /// How each request was meant to end.
    ends: BTreeMap<String, Status>,
    /// Every promise that was answered with 2xx.
    journal: Vec<(String, Promise)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_two_hundred_times_nothing_is_lost_doubled_or_left_undone() {
    static RETRIES: AtomicU64 = AtomicU64::new(0);
    let began = Instant::now();
    let chance = Chance::of_run();
    let mut program = Program::start().await;
    let (kills, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let clients = spawn_clients(&program, &chance, &kills, &RETRIES);
    let killing = tokio::spawn({
        let (kills, over, chance) = (Arc::clone(&kills), Arc::clone(&over), chance.part(REQUESTS));
        async move {
            keep_killing(&mut program, &kills, &over, chance).await;
            program
        }
    });
    let outcome = clients.await.unwrap();
    over.store(true, Ordering::Relaxed);
    let mut program = killing.await.unwrap();
    let lived = began.elapsed();
    assert!(program.stop().await.success(), "{}", program.log());

    let found = settle_and_check(&program, &outcome).await;
    let (content, said) = program.replay();
    assert!(content && said.contains(" 0 effects owed; 0 differences"), "{said}");
    assert!(!program.log().contains("panicked"), "{}", program.log());
    println!(
        "{} kills in {lived:.0?}, {} requests, {} promises kept, {} calls repeated, {} letters, {} sealed, {} events; {:.0?} in all",
        kills.load(Ordering::Relaxed),
        outcome.ends.len(),
        outcome.journal.len(),
        RETRIES.load(Ordering::Relaxed),
        found.letters,
        found.sealed,
        found.events,
        began.elapsed(),
    );
}

/// Clients that share the requests out among themselves, in step with the kills.
fn spawn_clients(
    program: &Program,
    chance: &Chance,
    kills: &Arc<AtomicUsize>,
    retries: &'static AtomicU64,
) -> tokio::task::JoinHandle<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let http = Client::http();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (kills, next, chance) = (Arc::clone(kills), Arc::clone(&next), chance.clone());
            let (http, url, key) = (http.clone(), program.url(), program.key().to_owned());
            tokio::spawn(async move {
                let mut client = Client { http, url, key, chance: chance.clone(), journal: Vec::new(), retries };
                let mut ends = BTreeMap::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= REQUESTS {
                        return Outcome { ends, journal: client.journal };
                    }
                    // The last requests begin shortly before the last kills.
                    while kills.load(Ordering::Relaxed) * REQUESTS < number * (KILLS - 5) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    client.chance = chance.part(number);
                    let life = Life::of(&mut client.chance);
                    let id = life.live(&mut client, number).await;
                    ends.insert(id, life.ends());
                }
            })
        })
        .collect();
    tokio::spawn(async move {
        let mut all = Outcome::default();
        for one in join_all(clients).await {
            let one = one.unwrap();
            all.ends.extend(one.ends);
            all.journal.extend(one.journal);
        }
        all
    })
}

/// Kills the program at moments that leave room for progress, however slowly it starts here.
async fn keep_killing(program: &mut Program, kills: &AtomicUsize, over: &AtomicBool, mut chance: Chance) {
    let mut start = program.until_live().await;
    let mut early_before = false;
    while kills.load(Ordering::Relaxed) < KILLS || !over.load(Ordering::Relaxed) {
        let early = !early_before && chance.percent(EARLY_PERCENT);
        early_before = early;
        let limit = if early { start } else { LIFE_MAX };
        if !early {
            start = program.until_live().await;
        }
        tokio::time::sleep(Duration::from_micros(chance.below(limit.as_micros().max(1) as u64))).await;
        if kills.load(Ordering::Relaxed) < KILLS {
            program.kill_and_start();
            kills.fetch_add(1, Ordering::Relaxed);
        }
    }
    program.until_live().await;
}

struct Found {
    letters: usize,
    sealed: usize,
    events: usize,
}

/// Lets everything owed be done, with the clock set ahead of dead processes' claims, and compares
/// what is there with what was promised.
async fn settle_and_check(program: &Program, outcome: &Outcome) -> Found {
    let given =
        Given { data: Some(program.folder().to_owned()), rate_limit: Some("off".to_owned()), ..Given::default() };
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings = Settings { listen, inspector: binary(), ..given.settle().unwrap() };
    let app = App::start(settings, Clock::manual(Timestamp::now() + BEYOND_LEASES)).await.unwrap();
    let service = Arc::clone(&app.service);
    let all = service.store.requests_after(uuid::Uuid::nil(), 10 * REQUESTS as i64).await.unwrap();
    assert_eq!(all.len(), REQUESTS, "requests and idempotency keys are as many");

    let started = Instant::now();
    for row in &all {
        while !service.store.effects_of(row.id).await.unwrap().is_empty() {
            let left = service.store.effects_of(row.id).await.unwrap();
            assert!(started.elapsed() < DRAIN_MAX, "still owed: {left:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    let letters = letters(program);
    let mut found = Found { letters: letters.len(), sealed: 0, events: 0 };
    let (mut ever_owed, mut must) = (BTreeSet::new(), BTreeSet::new());
    for row in &all {
        let history = service.history(Scope::All, row.id).await.unwrap();
        let events: Vec<Event> = history.into_iter().map(|(event, _)| event).collect();
        found.events += events.len();
        assert_eq!(Some(&row.status), outcome.ends.get(&row.id.to_string()), "request {}", row.id);
        owed(&events, &mut ever_owed, &mut must);
        sealed_once(&events);
        if row.status == Status::Completed {
            verify_sealed(&service, row.id).await;
            found.sealed += 1;
        }
        let promised = outcome.journal.iter().filter(|(id, _)| *id == row.id.to_string());
        promised.for_each(|(_, promise)| kept(*promise, &events));
    }
    let missing: Vec<_> = must.difference(&letters).collect();
    let unexpected: Vec<_> = letters.difference(&ever_owed).collect();
    assert!(missing.is_empty() && unexpected.is_empty(), "missing {missing:?}, unexpected {unexpected:?}");
    drop(service);
    app.stop().await;
    found
}

/// Letters that a history owed at some time, and those that it cannot do without: what was
/// recorded as sent, and every notice. An invitation may be overtaken by its signer.
fn owed(events: &[Event], ever: &mut BTreeSet<String>, must: &mut BTreeSet<String>) {
    let mut request = None;
    for event in events {
        Request::advance(&mut request, event).unwrap();
        let mail = request.iter().flat_map(|request| &request.owed).filter(|effect| effect.kind != EffectKind::Seal);
        for effect in mail {
            ever.insert(effect.key());
            if !effect.kind.is_moot_when_closed() {
                must.insert(effect.key());
            }
        }
        if let Fact::DeliverySent { effect } = &event.fact {
            assert!(must.insert(effect.clone()) || !is_moot(effect), "{effect} was recorded twice");
        }
    }
}

fn is_moot(key: &str) -> bool {
    key.parse::<Effect>().unwrap().kind.is_moot_when_closed()
}

/// That what a 2xx said is in the history, once.
fn kept(promise: Promise, events: &[Event]) {
    let signers: Vec<_> = match &events[0].fact {
        Fact::Created(terms) => terms.signers.iter().map(|signer| signer.id).collect(),
        other => panic!("a history begins with {other:?}"),
    };
    let such = |event: &&Event| match (promise, &event.fact) {
        (Promise::Created, Fact::Created(_)) | (Promise::Cancelled, Fact::Cancelled { .. }) => true,
        (Promise::Resent, Fact::Invited { resent, .. }) => *resent,
        (Promise::Viewed(place), Fact::Viewed { signer })
        | (Promise::Signed(place), Fact::Signed { signer, .. })
        | (Promise::Declined(place), Fact::SignerDeclined { signer }) => *signer == signers[place],
        _ => false,
    };
    assert_eq!(events.iter().filter(such).count(), 1, "{promise:?} of {}", events[0].request);
}

async fn verify_sealed(service: &Service, id: RequestId) {
    let loaded = service.ledger.load(Scope::All, id).await.unwrap().unwrap();
    assert_eq!(loaded.request.unsealed().count(), 0, "request {id} is not sealed");
    for place in loaded.request.sealed.keys() {
        let pdf = service.sealed_pdf(&loaded, *place).await.unwrap();
        countersign::seal::verify(&pdf).unwrap();
    }
}

/// A document is sealed once, however often its sealing was cut off.
fn sealed_once(events: &[Event]) {
    let about = |event: &Event| match event.fact {
        Fact::Sealed { document, .. } => Some(document),
        _ => None,
    };
    let places: Vec<u32> = events.iter().filter_map(about).collect();
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), places.len(), "sealed twice: {places:?}");
}

/// Orderly stops in a row.
const STOPS: usize = 3;
/// How long the load lasts before each.
const LOAD: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_under_load_loses_nothing_and_exits_with_zero() {
    let mut program = Program::start().await;
    let http = http().build().unwrap();
    let mut promised = Vec::new();
    for _ in 0..STOPS {
        let over = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (http, over) = (http.clone(), Arc::clone(&over));
                let address = format!("{}/api/v1/esignature/requests", program.url());
                let key = program.key().to_owned();
                tokio::spawn(async move {
                    let mut created = Vec::new();
                    let body = countersign_tests::world::new_request(serde_json::json!({}));
                    while !over.load(Ordering::Relaxed) {
                        let Ok(response) = http.post(&address).bearer_auth(&key).json(&body).send().await else {
                            break;
                        };
                        assert_eq!(response.status(), StatusCode::CREATED);
                        let answer: serde_json::Value = response.json().await.expect("an answer is cut off");
                        created.push(answer["data"]["id"].as_str().unwrap().to_owned());
                    }
                    created
                })
            })
            .collect();
        tokio::time::sleep(LOAD).await;
        let status = program.stop().await;
        over.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0), "{}", program.log());
        for sender in join_all(senders).await {
            promised.extend(sender.unwrap());
        }
        let (content, said) = program.replay();
        assert!(content, "{said}");
        program.restart().await;
    }
    for id in &promised {
        let address = format!("{}/api/v1/esignature/requests/{id}", program.url());
        let answer = http.get(address).bearer_auth(program.key()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "request {id} was promised");
    }
    println!("{STOPS} orderly stops, {} requests promised and kept", promised.len());
}

//! The quota, kept by two processes of the program that are killed at random: whatever of them is killed, and when, no hour
//! has more calls than the vendor allows, counted at its door, and each request is there once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use countersign_tests::servers::Database;
use countersign_tests::world::{World, answer, new_request};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::line::{Fate, Line};
use super::{LOOK, PATIENCE, found, is_kept, their};
use crate::simulation::Chance;
use crate::simulation::ahead::{self, AHEAD};
use crate::simulation::program::{Program, Servers};

/// What the vendor allows an account in an hour.
const CALLS: usize = 5;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Requests that are handed over, with three calls each if nothing is killed.
const REQUESTS: usize = 4;
/// Most calls between one kill and the next.
const CALLS_BETWEEN: u64 = 4;
/// Longest time between the last of them and a kill, and how long it may take until there is one.
const MOMENT: Duration = Duration::from_millis(60);
const LIFE_MAX: Duration = Duration::from_millis(800);
/// Of a hundred calls so many are cut off on their way back, and so many on their way there.
const HELD_PERCENT: u64 = 20;
const LATE_PERCENT: u64 = 10;
/// Of a hundred kills, those of both processes: only then time passes, so that it is the same for both.
const BOTH_PERCENT: u64 = 70;

/// Two processes of one installation, the vendor, and the line to its door, whose clock goes as theirs.
struct Fleet {
    programs: [Program; 2],
    theirs: World,
    line: Line,
    chance: Chance,
    /// By how much the clock of the processes is ahead of the machine's.
    ahead: SignedDuration,
    /// When the line's clock was last put right.
    seen: Instant,
    /// What was killed how often.
    killed: BTreeMap<&'static str, usize>,
}

impl Fleet {
    async fn start() -> Self {
        let theirs = World::manual().await;
        let line = Line::to(&theirs.app.service.settings.public_url, theirs.app.service.clock.clone()).await;
        let mut by_chance = Chance::of_run();
        let chance = by_chance.part(1);
        // The first of all is made, and whoever made it never hears so.
        let mut is_first = true;
        line.judge(move |_| match by_chance.below(100) {
            percent if percent < HELD_PERCENT || std::mem::take(&mut is_first) => Fate::Held,
            percent if percent < HELD_PERCENT + LATE_PERCENT => Fate::Late,
            _ => Fate::Answered,
        });
        let allowed = ("COUNTERSIGN_ALLOW_LOOPBACK_WEBHOOKS", "1".to_owned());
        let variables = vec![allowed, ahead::preloaded(), (AHEAD, "0".to_owned())];
        let servers = Servers { database: Database::Postgres.url().await, variables, ..Servers::default() };
        let first = Program::start_over(servers).await;
        let programs = [first.beside().await, first];
        let (ahead, killed) = (SignedDuration::ZERO, BTreeMap::new());
        Self { programs, theirs, line, chance, ahead, seen: Instant::now(), killed }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let [program, _] = &self.programs;
        let url = format!("{}/api/v1/esignature{path}", program.url());
        let call = self.theirs.client.request(method, url).bearer_auth(program.key());
        let answer = answer(if let Some(body) = body { call.json(&body) } else { call }).await;
        assert!(answer.status.is_success(), "{:#}", answer.json);
        answer.json
    }

    /// The account at the vendor, and requests that go there.
    async fn requests(&self) -> Vec<String> {
        let safe = their(&self.theirs, Method::GET, "/safes", None).await.json[0]["uuid_safe"].clone();
        let account = json!({ "provider": "d4sign", "name": "theirs", "isDefault": true, "callsPerHour": CALLS,
            "baseUrl": self.line.url(), "safe": safe, "credentials": { "tokenAPI": self.theirs.key } });
        let body = json!({ "data": { "type": "provider-config", "attributes": account } });
        self.call(Method::POST, "/provider-configs", Some(body)).await;
        let mut requests = Vec::new();
        for number in 0..REQUESTS {
            let new = new_request(json!({ "title": format!("Contrato {number}") }));
            let made = self.call(Method::POST, "/requests", Some(new)).await;
            requests.push(made["data"]["id"].as_str().unwrap().to_owned());
        }
        requests
    }

    /// How many requests the vendor is known to have.
    async fn submitted(&self, requests: &[String]) -> usize {
        let mut count = 0;
        for request in requests {
            let events = self.call(Method::GET, &format!("/requests/{request}/events"), None).await;
            count += usize::from(events.to_string().contains("\"provider.submitted\""));
        }
        count
    }

    /// Lets the line's clock go as far as the machine's went.
    fn tick(&mut self) {
        let passed = std::mem::replace(&mut self.seen, Instant::now()).elapsed();
        self.theirs.app.service.clock.advance(SignedDuration::try_from(passed).unwrap());
    }

    /// Lets the processes make some calls, until one is cut off, or for as long as there are none to be made.
    async fn live(&mut self) {
        let calls = self.line.made().len() + 1 + self.chance.below(CALLS_BETWEEN) as usize;
        let began = Instant::now();
        while began.elapsed() < LIFE_MAX && self.line.made().len() < calls && !self.line.is_holding() {
            tokio::time::sleep(LOOK).await;
            self.tick();
        }
        tokio::time::sleep(Duration::from_micros(self.chance.below(MOMENT.as_micros() as u64))).await;
    }

    /// Kills one of the processes or both, and starts them again; where both are gone, some time passes. Whoever is to be cut
    /// off is killed for certain.
    async fn kill(&mut self) {
        let both = self.line.is_holding() || self.chance.percent(BOTH_PERCENT);
        let first = self.chance.below(2) as usize;
        self.programs[first].kill();
        if both {
            self.programs[1 - first].kill();
        }
        *self.killed.entry(if both { "both" } else { "one" }).or_default() += 1;
        // What is on its way arrives, or its answer finds nobody.
        self.line.let_go();
        while both && self.line.is_busy() {
            tokio::time::sleep(LOOK).await;
            self.line.let_go();
        }
        self.tick();
        if both {
            self.pass();
            let ahead = self.ahead.as_secs().to_string();
            for program in &mut self.programs {
                program.set(AHEAD, &ahead);
                program.begin();
            }
        } else {
            self.programs[first].begin();
        }
        for program in &self.programs {
            program.until_live().await;
        }
        self.tick();
    }

    /// Lets some time pass: leases end, and what is in doubt settles; more of it where no call is left, but no whole hour.
    fn pass(&mut self) {
        let now = self.theirs.now();
        let counted = self.line.made().iter().filter(|call| now.duration_since(call.at) < HOUR).count();
        let seconds = match counted >= CALLS {
            true => 900 + self.chance.below(2400) as i64,
            false => [70, 180, 600][self.chance.below(3) as usize],
        };
        let step = SignedDuration::from_secs(seconds);
        self.ahead += step;
        self.theirs.app.service.clock.advance(step);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_are_killed_keep_the_quota_and_hand_over_each_request_once() {
    let began = Instant::now();
    let mut fleet = Fleet::start().await;
    let requests = fleet.requests().await;
    while fleet.submitted(&requests).await < REQUESTS {
        assert!(began.elapsed() < PATIENCE, "{:#?}", fleet.line.made());
        fleet.live().await;
        fleet.kill().await;
    }
    let calls = fleet.line.made();
    is_kept(&calls, CALLS, HOUR);
    for request in &requests {
        let found = found(&fleet.theirs, request).await;
        assert_eq!(found.len(), 1, "{request}: {found:#?}");
        assert_eq!(found[0]["attributes"]["status"], "SENT", "and it is out");
    }
    let took = fleet.theirs.now().duration_since(calls[0].at);
    let full = calls.windows(CALLS).filter(|full| full[CALLS - 1].at.duration_since(full[0].at) < HOUR).count();
    assert!(full > 0, "the quota was used up: {calls:#?}");
    for program in &mut fleet.programs {
        assert_eq!(program.stop().await.code(), Some(0), "{}", program.log());
    }
    let (content, said) = fleet.programs[0].replay();
    assert!(content && said.contains(" 0 differences"), "{said}");
    println!("{} calls in {took:#}, killed {:?}, {:.0?} in all", calls.len(), fleet.killed, began.elapsed());
}

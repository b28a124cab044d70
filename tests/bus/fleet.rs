//! Three processes on one PostgreSQL database and one nats-server, under a load that a program of another language
//! publishes. One of them goes and another comes; or all of them and both servers are killed at random, and the
//! stream is lost once. What was wished is done, once, and nobody repairs anything by hand.
//!
//! `COUNTERSIGN_WISHES` and `COUNTERSIGN_KILLS` say how many messages and kills there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign_tests::postgres::PostgresServer;
use countersign_tests::servers::{Database, new_database};
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use super::load::{Load, Publisher};
use super::outcome::{check, total};
use super::server::{Nats, Version, until};
use crate::simulation::Chance;
use crate::simulation::client::Client;
use crate::simulation::program::{Program, Servers};

/// Processes.
const PROCESSES: usize = 3;
/// Messages.
const WISHES: usize = 300;
/// Kills.
const KILLS: usize = 12;
/// Longest time between the end of one kill and the next.
const LIFE_MAX: Duration = Duration::from_millis(800);
/// Of a hundred kills of a server, those that take a process along while it is down.
const TOGETHER_PERCENT: u64 = 30;
/// Signers at once.
const SIGNERS: usize = 6;

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |number| number.parse().unwrap())
}

/// Processes of one installation.
async fn start(servers: Servers) -> Vec<Program> {
    let mut programs = vec![Program::start_over(servers).await];
    for _ in 1..PROCESSES {
        programs.push(programs[0].beside().await);
    }
    programs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_goes_and_one_that_comes_under_load_lose_nothing() {
    let load = Load::of(number("COUNTERSIGN_WISHES", WISHES));
    let chance = Chance::of_run();
    let nats = Nats::start(Version::Current).await;
    let servers = Servers { nats: Some(nats.url()), database: Database::Postgres.url().await, ..Servers::default() };
    let mut programs = start(servers).await;
    let mut leaving = programs.pop().unwrap();
    let started = Instant::now();
    let mut publisher = Publisher::start(&nats);
    let signing = spawn_signers(&load, &programs, &chance);
    publisher.give(&load.messages).await;

    let all = load.granted.len() as u64;
    let some = async |share: u64| {
        let reached = async || total(&programs[0]).await.is_some_and(|total| total >= all * share / 3);
        until("some are granted", reached).await;
    };
    some(1).await;
    assert!(leaving.stop().await.success(), "{}", leaving.log());
    some(2).await;
    let coming = programs[0].beside().await;
    some(3).await;
    let took = started.elapsed();
    programs.push(coming);
    let published = publisher.finish().await;
    let signed = signing.await.unwrap();
    verify_sealed(&programs[0], &signed).await;
    let found = check(&load, &nats, &mut programs).await;
    let rate = all as f64 / took.as_secs_f64();
    println!("{published}; granted in {took:.1?}, {rate:.0} a second; one process went and one came; {found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_whenever_nothing_is_lost_and_nothing_double() {
    let (load, kills) = (Load::of(number("COUNTERSIGN_WISHES", WISHES)), number("COUNTERSIGN_KILLS", KILLS));
    let chance = Chance::of_run();
    let (nats, postgres) = (Nats::start(Version::Current).await, PostgresServer::start().await);
    let database = Some(new_database(&postgres.url()).await);
    let programs = start(Servers { nats: Some(nats.url()), database, ..Servers::default() }).await;
    let started = Instant::now();
    let mut publisher = Publisher::start(&nats);
    let signing = spawn_signers(&load, &programs, &chance);
    let mut fleet = Fleet { nats, postgres, programs, chance, killed: BTreeMap::new() };
    let (mut given, mut lost) = (0, false);
    while fleet.kills() < kills {
        let share = load.messages.len() * (fleet.kills() + 1) / kills;
        publisher.give(&load.messages[given..share]).await;
        given = share;
        let lose_store = !lost && fleet.kills() >= kills / 2;
        fleet.kill(lose_store).await;
        lost |= lose_store;
    }
    publisher.give(&load.messages[given..]).await;
    let took = started.elapsed();
    fleet.watch_over();
    let published = publisher.finish().await;
    let signed = signing.await.unwrap();
    verify_sealed(&fleet.programs[0], &signed).await;
    let found = check(&load, &fleet.nats, &mut fleet.programs).await;
    let (all, killed) = (fleet.kills(), &fleet.killed);
    println!("{all} kills in {took:.0?}: {killed:?}; {published}; {found}; {:.0?} in all", started.elapsed());
}

/// Everything that may be killed.
struct Fleet {
    nats: Nats,
    postgres: PostgresServer,
    programs: Vec<Program>,
    chance: Chance,
    /// What was killed how often.
    killed: BTreeMap<&'static str, usize>,
}

impl Fleet {
    fn kills(&self) -> usize {
        self.killed.values().sum()
    }

    /// Lets everything live for a moment, and kills something, which is started again at once.
    async fn kill(&mut self, lose_store: bool) {
        self.watch_over();
        tokio::time::sleep(Duration::from_micros(self.chance.below(LIFE_MAX.as_micros() as u64))).await;
        match self.chance.below(PROCESSES as u64 + 2) {
            _ if lose_store => self.kill_nats(true).await,
            0 => self.kill_nats(false).await,
            1 => {
                self.postgres.kill();
                self.killed("PostgreSQL");
                self.kill_along();
                self.postgres.run().await;
            }
            _ => self.kill_program(),
        }
    }

    async fn kill_nats(&mut self, lose_store: bool) {
        self.nats.kill();
        self.killed(if lose_store { "nats-server with its store" } else { "nats-server" });
        if lose_store {
            self.nats.forget();
        }
        self.kill_along();
        self.nats.run().await;
    }

    fn kill_along(&mut self) {
        if self.chance.percent(TOGETHER_PERCENT) {
            self.kill_program();
        }
    }

    fn kill_program(&mut self) {
        let program = &mut self.programs[self.chance.below(PROCESSES as u64) as usize];
        // One that just ended because its database did is started again, which is no kill.
        if !program.revive() {
            program.kill_and_start();
            self.killed("process");
        }
    }

    /// Starts what ended by itself, as a supervisor does: a process that finds no database ends.
    fn watch_over(&mut self) {
        for program in &mut self.programs {
            program.revive();
        }
    }

    fn killed(&mut self, what: &'static str) {
        *self.killed.entry(what).or_default() += 1;
    }
}

/// Signers who open their links as soon as there are any, and sign, however often they must try. Ids of the requests.
fn spawn_signers(load: &Load, programs: &[Program], chance: &Chance) -> JoinHandle<Vec<String>> {
    static RETRIES: AtomicU64 = AtomicU64::new(0);
    let (next, references) = (Arc::new(AtomicUsize::new(0)), Arc::new(load.signed.clone()));
    let http = Client::http();
    let signers: Vec<_> = (0..SIGNERS)
        .map(|number| {
            let program = &programs[number % programs.len()];
            let (url, key, chance) = (program.url(), program.key().to_owned(), chance.part(number));
            let mut client = Client { http: http.clone(), url, key, chance, journal: Vec::new(), retries: &RETRIES };
            let (next, references) = (Arc::clone(&next), Arc::clone(&references));
            tokio::spawn(async move {
                let mut signed = Vec::new();
                while let Some(reference) = references.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let id = client.find(reference).await;
                    client.sign(&id, 0).await;
                    signed.push(id);
                }
                signed
            })
        })
        .collect();
    tokio::spawn(async move { join_all(signers).await.into_iter().flat_map(Result::unwrap).collect() })
}

/// That every signed request has its sealed PDF, and that it is whole.
async fn verify_sealed(program: &Program, signed: &[String]) {
    static RETRIES: AtomicU64 = AtomicU64::new(0);
    let (url, key, chance) = (program.url(), program.key().to_owned(), Chance::of_run());
    let mut client = Client { http: Client::http(), url, key, chance, journal: Vec::new(), retries: &RETRIES };
    for id in signed {
        countersign::seal::verify(&client.sealed(id).await).unwrap();
    }
}

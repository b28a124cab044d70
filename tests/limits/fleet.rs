//! Three real processes over one PostgreSQL database, and 64 callers of one key who never stop asking.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use countersign_tests::servers::Database;
use countersign_tests::world::http;
use futures_util::future::join_all;
use reqwest::StatusCode;

use super::PATH;
use crate::simulation::program::{Program, Servers};

/// Callers of one key.
const CALLERS: usize = 64;
/// How long they call: longer than a burst and what follows it.
const RUN: Duration = Duration::from_secs(24);
/// The window that must not see more than the burst.
const WINDOW: Duration = Duration::from_secs(10);
/// How long a caller who was refused rests; far less than they are told to.
const REST: Duration = Duration::from_millis(50);
/// Calls at once, and a second in the long run.
const BURST: f64 = 200.0;
const PER_SECOND: f64 = 100.0 / 60.0;

#[tokio::test]
async fn sixty_four_callers_through_three_processes_stay_within_the_limit() {
    let servers = Servers {
        database: Database::Postgres.url().await,
        variables: vec![("COUNTERSIGN_RATE_LIMIT", "100:200".to_owned())],
        ..Servers::default()
    };
    let first = Program::start_over(servers).await;
    let programs = [first.beside().await, first.beside().await, first];
    let (client, admitted) = (http().build().unwrap(), Mutex::new(Vec::new()));
    let started = Instant::now();
    let caller = async |place: usize| {
        let program = &programs[place % programs.len()];
        let url = format!("{}{PATH}", program.url());
        while started.elapsed() < RUN {
            let response = client.get(&url).bearer_auth(program.key()).send().await.unwrap();
            match response.status() {
                StatusCode::OK => admitted.lock().unwrap().push(started.elapsed()),
                StatusCode::TOO_MANY_REQUESTS => {
                    let told: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                    assert!(told >= 1);
                    tokio::time::sleep(REST).await;
                }
                status => panic!("{status}"),
            }
        }
    };
    join_all((0..CALLERS).map(caller)).await;

    let admitted = admitted.into_inner().unwrap();
    let expected = BURST + started.elapsed().as_secs_f64() * PER_SECOND;
    let share = admitted.len() as f64 / expected;
    assert!((0.95..=1.05).contains(&share), "{} calls, {expected:.0} expected", admitted.len());
    let most = admitted.iter().map(|from| admitted.iter().filter(|at| *at >= from && **at - *from < WINDOW).count());
    assert!(most.max().unwrap() <= BURST as usize, "no ten seconds see more than the burst");
}

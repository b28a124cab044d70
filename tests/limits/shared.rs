//! Several processes over one PostgreSQL database, by a clock that is moved by hand.

use countersign::app::App;
use countersign_tests::servers::Database;
use countersign_tests::world::World;
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::StatusCode;

use super::{PATH, RATE, call, call_at, number, until_refused_at};
use crate::bus::beside;

/// Processes.
const PROCESSES: usize = 3;
/// Callers of one key.
const CALLERS: usize = 64;
/// What each caller tries at an instant, more than all of them may.
const TRIES: usize = 8;

/// A system, and two more processes over the same database.
async fn fleet() -> (World, Vec<App>) {
    let url = Database::Postgres.url().await;
    let world = World::changed(|settings| (settings.rate_limit, settings.database_url) = (Some(RATE), url)).await;
    let mut others = Vec::new();
    for _ in 1..PROCESSES {
        others.push(beside(&world).await);
    }
    (world, others)
}

fn bases(world: &World, others: &[App]) -> Vec<String> {
    let address = |app: &App| format!("http://{}", app.address.unwrap());
    std::iter::once(&world.app).chain(others).map(address).collect()
}

/// How many of the calls that all callers make at this instant are admitted.
async fn rush(world: &World, bases: &[String]) -> usize {
    let caller = async |place: usize| {
        let mut admitted = 0;
        for _ in 0..TRIES {
            let answer = call_at(world, &bases[place % bases.len()], PATH).await;
            match answer.status {
                StatusCode::OK => admitted += 1,
                StatusCode::TOO_MANY_REQUESTS => assert!(number(&answer, "retry-after") >= 1),
                status => panic!("{status} {:#}", answer.json),
            }
        }
        admitted
    };
    join_all((0..CALLERS).map(caller)).await.into_iter().sum()
}

#[tokio::test]
async fn what_all_processes_admit_is_what_one_would() {
    let (world, others) = fleet().await;
    let bases = bases(&world, &others);
    assert_eq!(rush(&world, &bases).await, 200, "the burst, through three");
    assert_eq!(rush(&world, &bases).await, 0);
    world.app.service.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(rush(&world, &bases).await, 0, "what was taken ahead might have been used as late as now");
    world.app.service.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(rush(&world, &bases).await, 20, "what flowed in since");
    for _ in 0..5 {
        world.app.service.clock.advance(SignedDuration::from_secs(6));
        assert_eq!(rush(&world, &bases).await, 10, "100 a minute, through three");
    }
    for app in others {
        app.stop().await;
    }
}

#[tokio::test]
async fn what_is_taken_ahead_and_not_used_is_put_back() {
    let (world, others) = fleet().await;
    let bases = bases(&world, &others);
    let first = call(&world).await;
    assert_eq!(number(&first, "ratelimit-remaining"), 199);
    let elsewhere = call_at(&world, &bases[1], PATH).await;
    assert_eq!(number(&elsewhere, "ratelimit-remaining"), 189, "the first holds a twentieth of it");
    world.app.service.clock.advance(SignedDuration::from_secs(2));
    // Both put it back, beside the calls; what flows in meanwhile is less than what they held.
    let mut admitted = 0;
    for _ in 0..4 {
        admitted += until_refused_at(&world, &bases[2]).await.0;
        world.app.service.clock.advance(SignedDuration::from_secs(1));
    }
    assert!((195..=198).contains(&admitted), "{admitted}: all of the burst but the two calls, once");
    for app in others {
        app.stop().await;
    }
}

#[tokio::test]
async fn whoever_waits_as_told_is_admitted_by_any_process() {
    let (world, others) = fleet().await;
    let bases = bases(&world, &others);
    rush(&world, &bases).await;
    for turn in 0..6 {
        let refused = call_at(&world, &bases[turn % PROCESSES], PATH).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds = number(&refused, "retry-after");
        world.app.service.clock.advance(SignedDuration::from_secs(seconds as i64));
        let admitted = call_at(&world, &bases[(turn + 1) % PROCESSES], PATH).await;
        assert_eq!(admitted.status, StatusCode::OK, "after {seconds} s");
        rush(&world, &bases).await;
    }
    for app in others {
        app.stop().await;
    }
}

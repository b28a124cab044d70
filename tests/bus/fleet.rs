//! Three processes on one PostgreSQL database and one nats-server. They and the server are killed again and
//! again while wishes are published, a tenth of them twice and some that can never work: each is granted once,
//! each poison is buried, every letter is sent, also those that a killed process held, every fact gets out in
//! order, and replay finds no difference.

use std::collections::BTreeSet;

use countersign_tests::servers::Database;
use serde_json::json;

use super::facts::first_seen;
use super::killed::total;
use super::server::{Nats, until};
use super::sign_this;
use crate::simulation::Chance;
use crate::simulation::program::{Program, Servers};

/// Processes.
const PROCESSES: usize = 3;
/// Rounds, with a kill in each, unless `COUNTERSIGN_KILLS` says more.
const KILLS: usize = 8;
/// Wishes published in a round.
const WISHES: usize = 20;
/// Facts of a request whose signer has their letter: created, sent, invited, delivered.
const FACTS: usize = 4;
/// Which wishes are published twice, and which round's first message is poison: every so many.
const TWICE: usize = 10;

#[tokio::test]
async fn three_processes_share_the_work_and_lose_nothing_however_often_they_are_killed() {
    let kills: usize = std::env::var("COUNTERSIGN_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut chance = Chance::of_run();
    let mut nats = Nats::start().await;
    let servers = Servers { nats: Some(nats.url()), database: Database::Postgres.url().await, ..Servers::default() };
    let mut programs = vec![Program::start_over(servers).await];
    for _ in 1..PROCESSES {
        programs.push(programs[0].beside().await);
    }
    for kill in 0..kills {
        publish(&nats, kill).await;
        let some = (kill * WISHES + 2) as u64;
        let last = &programs[PROCESSES - 1];
        until("some are granted", async || total(last).await.is_some_and(|total| total >= some)).await;
        match chance.below(PROCESSES as u64 + 1) as usize {
            PROCESSES => {
                nats.kill();
                nats.run().await;
            }
            one => {
                programs[one].kill_and_start();
                programs[one].until_live().await;
            }
        }
    }
    let all = (kills * WISHES) as u64;
    until("all are granted", async || total(&programs[0]).await == Some(all)).await;
    nats.all_read().await;
    assert_eq!(total(&programs[0]).await, Some(all), "none was granted twice");
    until("every fact got out", async || {
        let seen = first_seen(&nats.stored("SIGN_EVENTS").await);
        seen.len() as u64 == all && seen.values().all(|numbers| numbers.len() >= FACTS)
    })
    .await;
    let seen = first_seen(&nats.stored("SIGN_EVENTS").await);
    for (request, numbers) in &seen {
        assert_eq!(*numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{request}");
    }
    assert_eq!(buried(&nats).await, (0..kills).map(|kill| format!("poison-{kill}")).collect());
    for program in &mut programs {
        assert!(program.stop().await.success());
    }
    let (content, report) = programs[0].replay();
    assert!(content && report.contains(" 0 effects owed"), "{report}");
    println!("{kills} kills, {all} wishes granted, {kills} buried; {report}");
}

async fn publish(nats: &Nats, kill: usize) {
    let context = nats.context().await;
    let mut messages = vec![sign_this(&format!("poison-{kill}"), json!({ "signers": [] }))];
    for number in 0..WISHES {
        let wish = sign_this(&format!("lease-{kill}-{number}"), json!({}));
        if number % TWICE == 0 {
            messages.push(wish.clone());
        }
        messages.push(wish);
    }
    let mut waiting = Vec::new();
    for message in messages {
        waiting.push(context.publish("sign.requests.acme", message.to_string().into_bytes().into()).await.unwrap());
    }
    for acknowledged in waiting {
        acknowledged.await.unwrap();
    }
}

/// The ids of the messages that were buried.
async fn buried(nats: &Nats) -> BTreeSet<String> {
    let letters = nats.stored("SIGN_DEAD").await;
    letters.iter().map(|letter| letter.json["data"]["message"]["id"].as_str().unwrap_or_default().to_owned()).collect()
}

//! The program is killed again and again while it reads wishes and publishes facts: each wish is
//! granted once, and every fact gets out.

use countersign_tests::world::http;
use serde_json::{Value, json};

use super::facts::first_seen;
use super::server::{Nats, until};
use super::sign_this;
use crate::simulation::program::{Program, Servers};

/// Wishes between two kills.
const WISHES: usize = 12;
/// How often the program is killed.
const KILLS: usize = 5;

pub(super) async fn total(program: &Program) -> Option<u64> {
    let url = format!("{}/api/v1/esignature/requests", program.url());
    let answer = http().build().unwrap().get(url).bearer_auth(program.key()).send().await.ok()?;
    answer.json::<Value>().await.ok()?["meta"]["totalItems"].as_u64()
}

#[tokio::test]
async fn every_wish_is_granted_once_and_every_fact_gets_out_however_often_the_program_is_killed() {
    let nats = Nats::start().await;
    let mut program = Program::start_over(Servers { nats: Some(nats.url()), ..Servers::default() }).await;
    let context = nats.context().await;
    for kill in 0..KILLS {
        let mut waiting = Vec::new();
        for number in 0..WISHES {
            let message = sign_this(&format!("lease-{kill}-{number}"), json!({})).to_string().into_bytes();
            waiting.push(context.publish("sign.requests.acme", message.into()).await.unwrap());
        }
        for acknowledged in waiting {
            acknowledged.await.unwrap();
        }
        // Some are granted by now, some are in the middle of it, some were not read yet.
        let some = (kill * WISHES) as u64 + 2;
        until("some are granted", async || total(&program).await.is_some_and(|total| total >= some)).await;
        program.kill_and_start();
        program.until_live().await;
    }
    let all = (KILLS * WISHES) as u64;
    // What a killed process held comes again when its time is up.
    until("all are granted", async || total(&program).await == Some(all)).await;
    nats.all_read().await;
    assert_eq!(total(&program).await, Some(all), "none was granted twice");
    until("every fact got out", async || {
        let seen = first_seen(&nats.stored("SIGN_EVENTS").await);
        seen.len() as u64 == all && seen.values().all(|numbers| numbers.len() >= 3)
    })
    .await;
    let seen = first_seen(&nats.stored("SIGN_EVENTS").await);
    for (request, numbers) in &seen {
        assert_eq!(*numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "{request}");
    }
    assert!(program.stop().await.success());
    let (content, report) = program.replay();
    assert!(content, "{report}");
}

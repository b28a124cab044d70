//! The program with nothing but a nats-server beside it, killed again and again while it reads wishes and publishes
//! facts: each wish is granted once, and every fact gets out.

use super::load::{Load, Publisher};
use super::outcome::{check, total};
use super::server::{Nats, Version, on_each_server, until};
use crate::simulation::program::{Program, Servers};

on_each_server!(every_wish_is_granted_once_and_every_fact_gets_out_however_often_the_program_is_killed,);

/// Messages.
const WISHES: usize = 60;
/// How often the program is killed.
const KILLS: usize = 5;

async fn every_wish_is_granted_once_and_every_fact_gets_out_however_often_the_program_is_killed(version: Version) {
    let load = Load { signed: Vec::new(), ..Load::of(WISHES) };
    let nats = Nats::start(version).await;
    let mut program = Program::start_over(Servers { nats: Some(nats.url()), ..Servers::default() }).await;
    let mut publisher = Publisher::start(&nats);
    let share = |kill: usize| load.messages.len() * kill / KILLS;
    for kill in 0..KILLS {
        let before = total(&program).await.unwrap();
        publisher.give(&load.messages[share(kill)..share(kill + 1)]).await;
        // Some are granted by now, some are in the middle of it, some were not read yet.
        until("some are granted", async || total(&program).await.is_some_and(|total| total >= before + 2)).await;
        program.kill_and_start();
        program.until_live().await;
    }
    publisher.finish().await;
    println!("{}", check(&load, &nats, &mut [program]).await);
}

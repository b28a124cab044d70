//! PostgreSQL and JetStream: at the engine, through HTTP and through the bus, with one process and with
//! three, beside a bare program that writes the same rows and a bare pipe from stream to stream.

mod bus;
mod crew;
mod http;
mod nats;
mod pipe;
mod rows;

use std::time::Duration;

use countersign_tests::servers::Database;
use tempfile::TempDir;

use crew::{Ground, Hand};
pub(crate) use crew::{WORD, work};
use nats::Nats;
use rows::Bare;

use crate::ceiling::Workflow;
use crate::engine::shares;
use crate::house::House;
use crate::plan::Plan;
use crate::report::{Report, median, spread};

/// Concurrent callers at the engine, of all processes together.
const CALLERS: usize = 512;
/// Processes of a fleet.
const PROCESSES: usize = 3;

/// Measures everything, beside each number of open requests.
pub(crate) async fn measure(plan: &Plan, copy: &[Workflow], report: &mut Report) {
    let (nats, context) = Nats::start().await;
    let mut bare = Bare::open(&database().await, copy).await;
    let folder = TempDir::new().unwrap();
    let ground = Ground { database: database().await, nats: nats.url.clone(), folder: folder.path().to_owned() };
    let house = House::over(ground.settings(&[])).await;
    let wish = bus::Wishes::new(&ground).await;
    let key = http::key(&house).await;
    let (mut filled, mut empty): (usize, Option<[f64; 3]>) = (0, None);
    for open in &plan.fleet_backlogs {
        house.fill(open - filled).await;
        filled = *open;
        let (mut rows, mut one, mut three) = (Vec::new(), Vec::new(), Vec::new());
        let (mut alone, mut served) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..plan.rounds {
            let before = bare.write(copy).await;
            one.push(house.drive(CALLERS, plan.slice).await.rate());
            three.push(together(&ground, plan.slice).await);
            alone.extend(house.drive(1, plan.slice / 3).await.commands);
            let between = bare.write(copy).await;
            rows.push((before + between) / 2.0);
            for (processes, rates) in [1, PROCESSES].into_iter().zip(&mut served) {
                rates.push(http::rate(&ground, &key, processes, plan.slice).await);
            }
        }
        let rate = |rates: &[f64]| format!("{:.0} workflows/s", median(rates));
        report.figure(format!("bare rows, {open} open"), rate(&rows));
        report.figure(format!("engine: one caller, {open} open"), spread(&alone));
        report.figure(format!("engine: 1 process, {open} open"), rate(&one));
        report.figure(format!("engine: {PROCESSES} processes, {open} open"), rate(&three));
        report.at_least(format!("engine: 1 process, {open} open, share of bare rows"), shares(&one, &rows), 0.5);
        report.at_least(format!("engine: {PROCESSES} processes, {open} open, share"), shares(&three, &rows), 0.5);
        for (processes, rates) in [1, PROCESSES].into_iter().zip(&served) {
            report.figure(format!("HTTP: {processes} process(es), {open} open"), rate(rates));
            let figure = format!("HTTP: {processes} process(es), {open} open, share of bare rows");
            report.figure(figure, format!("{:.2}", shares(rates, &rows)));
        }

        bus::begin_here(&ground).await;
        let (mut pipes, mut through) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..plan.rounds {
            let before = pipe::pipe(&mut bare, &context, wish.example(), copy).await;
            for (processes, rates) in [1, PROCESSES].into_iter().zip(&mut through) {
                rates.push(bus::rate(&ground, &wish, processes, plan.published).await);
            }
            pipes.push((before + pipe::pipe(&mut bare, &context, wish.example(), copy).await) / 2.0);
        }
        report.figure(format!("bare pipe, {open} open"), rate(&pipes));
        for (processes, rates) in [1, PROCESSES].into_iter().zip(&through) {
            report.figure(format!("bus: {processes} process(es), {open} open"), rate(rates));
            let figure = format!("bus: {processes} process(es), {open} open, share of the bare pipe");
            report.at_least(figure, shares(rates, &pipes), 0.5);
        }
        bus::begin_here(&ground).await;
        bus::latencies(&ground, &wish, plan.letters, *open, report).await;
        // Each beside the ceiling of its own minutes: what was measured with none lies minutes back.
        let now = [shares(&one, &rows), shares(&served[0], &rows), shares(&through[0], &pipes)];
        match empty {
            None => empty = Some(now),
            Some(empty) => {
                for (what, (now, empty)) in ["engine", "HTTP", "bus"].into_iter().zip(now.into_iter().zip(empty)) {
                    report.at_least(format!("{what}: {open} open, share of its share with none"), now / empty, 0.9);
                }
            }
        }
    }
    house.close().await;
}

async fn database() -> String {
    Database::Postgres.url().await.unwrap()
}

/// What several processes complete together in a second.
async fn together(ground: &Ground, slice: Duration) -> f64 {
    let what = ["callers".to_owned(), (CALLERS / PROCESSES).to_string(), slice.as_millis().to_string()];
    let mut hands = Vec::new();
    for _ in 0..PROCESSES {
        hands.push(Hand::hire(ground, &what).await);
    }
    for hand in &mut hands {
        hand.begin().await;
    }
    let mut rate = 0.0;
    for mut hand in hands {
        rate += hand.told::<f64>().await;
        hand.dismiss().await;
    }
    rate
}

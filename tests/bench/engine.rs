//! The write path without a door: commands through [`countersign::commit::Commit`], beside the
//! ceiling and beside open requests, in turns; replay; and the sealer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::keyring::Keyring;
use countersign::roles::sealer;
use countersign::service::replay::replay;
use countersign::vault::Vault;
use countersign_engine::event::Fact;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::ceiling::{Bare, Workflow};
use crate::house::House;
use crate::plan::Plan;
use crate::report::{Report, median, percentile};

/// Concurrent callers of the figures that have a target.
const MANY: usize = 512;

/// What one number of callers did beside one number of open requests, a value a round.
#[derive(Default)]
struct Series {
    rate: Vec<f64>,
    commands: Vec<f64>,
    p50: Vec<f64>,
    commit: Vec<f64>,
    ceiling: Vec<f64>,
}

/// Measures ceiling and engine in turns.
pub(crate) async fn compare(plan: &Plan, copy: &[Workflow], report: &mut Report) {
    let mut houses = vec![House::open().await];
    for open in &plan.backlogs[1..] {
        let started = Instant::now();
        houses.push(House::with_open(*open).await);
        let rate = *open as f64 / started.elapsed().as_secs_f64();
        report.figure(format!("engine: requests created and sent, {open} of them"), format!("{rate:.0}/s"));
    }
    let (mut ceiling, mut commit) = (Vec::new(), Vec::new());
    let mut series: Vec<Vec<Series>> =
        houses.iter().map(|_| plan.callers.iter().map(|_| Series::default()).collect()).collect();
    for _ in 0..plan.rounds {
        let mut bare = Bare::open().await;
        let mut before = bare.write(copy).await;
        ceiling.push(before);
        for (place, callers) in plan.callers.iter().enumerate() {
            for (house, series) in houses.iter().zip(&mut series) {
                // Bare commits right before and right after: the disk's mood changes by the second.
                let mut commits = bare.commits().await;
                let drive = house.drive(*callers, plan.slice).await;
                commits.extend(bare.commits().await);
                let series = &mut series[place];
                series.rate.push(drive.rate());
                series.commands.push(drive.commands.len() as f64 / drive.elapsed.as_secs_f64());
                series.p50.push(percentile(&drive.commands, 0.5).as_secs_f64());
                series.commit.push(percentile(&commits, 0.5).as_secs_f64());
                commit.extend(series.commit.last());
                if *callers == MANY {
                    let after = Bare::open().await.write(copy).await;
                    series.ceiling.push((before + after) / 2.0);
                    ceiling.push(after);
                    before = after;
                }
            }
        }
    }
    report.figure("ceiling: bare program, batches of 100 steps", format!("{:.0} workflows/s", median(&ceiling)));
    report.figure("bare single-row commit, p50", format!("{:.0} us", median(&commit) * 1e6));
    tell(plan, &series, report);
    replayed(&houses[0], report).await;
    for house in houses {
        house.close().await;
    }
}

fn tell(plan: &Plan, series: &[Vec<Series>], report: &mut Report) {
    for (open, of_house) in plan.backlogs.iter().zip(series) {
        for (callers, one) in plan.callers.iter().zip(of_house) {
            let value = format!(
                "{:.0} workflows/s, {:.0} commands/s, p50 {:.2} ms",
                median(&one.rate),
                median(&one.commands),
                median(&one.p50) * 1000.0
            );
            report.figure(format!("engine: {callers} callers, {open} open"), value);
        }
    }
    for (open, of_house) in plan.backlogs.iter().zip(series) {
        for (place, callers) in plan.callers.iter().enumerate() {
            if *open > 0 {
                let share = shares(&of_house[place].rate, &series[0][place].rate);
                let figure = format!("engine: {callers} callers, {open} open, share of its figure with none");
                if *open >= 100_000 && *callers == MANY {
                    report.at_least(figure, share, 0.9);
                } else {
                    report.figure(figure, format!("{share:.2}"));
                }
            }
            if *callers == MANY {
                let figure = format!("engine: {callers} callers, {open} open, share of the ceiling");
                report.at_least(figure, shares(&of_house[place].rate, &of_house[place].ceiling), 0.5);
            }
            if *callers == 1 {
                let figure = format!("engine: one caller's p50, {open} open, multiple of a bare commit");
                report.at_most(figure, shares(&of_house[place].p50, &of_house[place].commit), 4.0);
            }
        }
    }
}

/// The median of what each round's figure is of the same round's other figure.
pub(crate) fn shares(figure: &[f64], of: &[f64]) -> f64 {
    let each: Vec<f64> = figure.iter().zip(of).map(|(figure, of)| figure / of).collect();
    median(&each)
}

async fn replayed(house: &House, report: &mut Report) {
    let masters = Keyring::load(&house.service.settings.data.join("secrets/master.key")).unwrap().unwrap();
    let started = Instant::now();
    let replayed = replay(&house.service.store, &Vault::new(&masters).unwrap(), |_| {}).await.unwrap();
    let rate = replayed.events as f64 / started.elapsed().as_secs_f64();
    report.figure("replay: events folded and checked", format!("{rate:.0} events/s"));
    report.figure("replay: differences", format!("{} in {} events", replayed.differences.len(), replayed.events));
}

/// Completed and sealed workflows per second, with the sealer running beside the callers.
pub(crate) async fn sealed(plan: &Plan, report: &mut Report) {
    let house = House::open().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let sealer = tokio::spawn(sealer::run(Arc::clone(&house.service), stop.clone()));
    let all = count(&house, plan.sealed, |fact| matches!(fact, Fact::Sealed { .. }));
    let started = Instant::now();
    house.complete(plan.sealed, 64).await;
    let completed = started.elapsed();
    all.await.unwrap();
    let value = |elapsed: Duration| format!("{:.0} workflows/s", plan.sealed as f64 / elapsed.as_secs_f64());
    report.figure("engine: 64 callers beside the sealer, completed", value(completed));
    report.figure("engine: 64 callers beside the sealer, all sealed", value(started.elapsed()));
    stop.cancel();
    sealer.await.unwrap();
    house.close().await;
}

/// Ends when so many such facts were committed.
pub(crate) fn count(house: &House, wanted: usize, such: impl Fn(&Fact) -> bool + Send + 'static) -> JoinHandle<()> {
    let mut heard = house.service.bus.subscribe();
    tokio::spawn(async move {
        let mut found = 0;
        while found < wanted {
            match heard.recv().await {
                Ok(event) => found += usize::from(such(&event.fact)),
                Err(RecvError::Lagged(missed)) => panic!("{missed} events were missed"),
                Err(RecvError::Closed) => break,
            }
        }
    })
}

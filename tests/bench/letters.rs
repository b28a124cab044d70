//! From create to the letter in the mail folder: how long an invitation takes until the history
//! says `delivery.sent`, with one caller and at a moderate open load.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::app::App;
use countersign::clock::Clock;
use countersign::config::{Role, Settings};
use countersign_engine::event::Fact;
use countersign_engine::ids::RequestId;
use tempfile::TempDir;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use crate::house::{Maker, settings};
use crate::plan::Plan;
use crate::report::{Report, spread};

/// Requests created per second at open load.
const LOAD: usize = 200;

/// Both figures.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    let folder = TempDir::new().unwrap();
    let roles = vec![Role::Notifier, Role::Timekeeper];
    let app = App::start(Settings { roles, ..settings(folder.path()) }, Clock::System).await.unwrap();
    let maker = Maker::new(&app.service).await;

    let mut alone = Vec::new();
    let mut heard = app.service.bus.subscribe();
    for _ in 0..plan.letters / 3 {
        let started = Instant::now();
        let request = maker.create(&app.service).await;
        loop {
            let event = heard.recv().await.unwrap();
            if event.request == request.id && matches!(event.fact, Fact::DeliverySent { .. }) {
                break alone.push(started.elapsed());
            }
        }
    }
    report.figure("create to letter filed, one caller", spread(&alone));

    let started = Arc::new(Mutex::new(HashMap::<RequestId, Instant>::new()));
    let mut heard = app.service.bus.subscribe();
    let count = plan.letters;
    let listening = tokio::spawn(async move {
        let mut filed = Vec::new();
        while filed.len() < count {
            match heard.recv().await {
                Ok(event) if matches!(event.fact, Fact::DeliverySent { .. }) => {
                    filed.push((event.request, Instant::now()))
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => panic!("{missed} events were missed"),
                Err(RecvError::Closed) => break,
            }
        }
        filed
    });
    let mut beat = tokio::time::interval(Duration::from_secs(1) / LOAD as u32);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut creating = Vec::new();
    for _ in 0..count {
        beat.tick().await;
        let (maker, service, started) = (maker.clone(), Arc::clone(&app.service), Arc::clone(&started));
        let asked = Instant::now();
        creating.push(tokio::spawn(async move {
            let request = maker.create(&service).await;
            started.lock().unwrap().insert(request.id, asked);
        }));
    }
    for task in creating {
        task.await.unwrap();
    }
    let filed = listening.await.unwrap();
    let started = std::mem::take(&mut *started.lock().unwrap());
    let taken: Vec<Duration> = filed.iter().map(|(request, at)| *at - started[request]).collect();
    report.figure(format!("create to letter filed, {LOAD} requests/s"), spread(&taken));
    app.stop().await;
}

//! `replay`: the checker.

use std::process::ExitCode;

use super::Failed;
use super::bar::Bar;
use crate::config::Settings;
use crate::service::open_installation;
use crate::service::replay::replay;
use crate::vault::Vault;

/// Exits 0 only if nothing differs.
pub(super) async fn run(settings: &Settings) -> Result<ExitCode, Failed> {
    let (store, masters) = open_installation(settings).await?;
    let mut bar = Bar::new(u64::try_from(store.count_requests().await?).unwrap_or(0));
    let report = replay(&store, &Vault::new(&masters)?, |so_far| bar.at(so_far.requests, "requests")).await?;
    bar.end(report.requests, "requests");
    store.close().await;
    for difference in &report.differences {
        println!("{difference}");
    }
    println!(
        "{} requests, {} events replayed; {} effects owed; {} differences",
        report.requests,
        report.events,
        report.owed,
        report.differences.len()
    );
    Ok(if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

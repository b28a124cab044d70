//! `replay`: the checker.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::Failed;
use crate::config::Settings;
use crate::service::open_installation;
use crate::service::replay::replay;
use crate::vault::Vault;

/// Exits 0 only if nothing differs.
pub(super) async fn run(settings: &Settings) -> Result<ExitCode, Failed> {
    let (store, master) = open_installation(settings).await?;
    let watched = std::io::stderr().is_terminal();
    let report = replay(&store, &Vault::new(&master)?, |so_far| {
        if watched {
            eprint!("\r{} requests, {} events", so_far.requests, so_far.events);
        }
    })
    .await?;
    if watched {
        eprintln!();
    }
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

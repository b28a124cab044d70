//! The benchmark: what the write path does, beside what the disk and the database could do at all.
//!
//! Every share is of a ceiling that is measured in the same run, in turns with the figure itself,
//! so that a busy machine slows both. It asserts nothing: it prints figures, targets, and whether
//! they are met. `--quick` takes under two minutes, the full run about ten.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops there")]

mod ceiling;
mod engine;
mod fleet;
mod footprint;
mod generator;
mod house;
mod http;
mod letters;
mod plan;
mod report;
mod webhooks;

use std::process::ExitCode;

use plan::Plan;
use report::Report;

fn main() -> ExitCode {
    // The engine calls its own program to inspect PDFs, and one figure is of the program serving.
    if std::env::args().nth(1).is_some_and(|word| word == "inspect-pdf" || word == "serve") {
        return countersign::cli::main();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if std::env::args().nth(1).is_some_and(|word| word == fleet::WORD) {
        runtime.block_on(fleet::work(&std::env::args().skip(2).collect::<Vec<_>>()));
        return ExitCode::SUCCESS;
    }
    let plan = match Plan::of_arguments(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(&plan));
    ExitCode::SUCCESS
}

async fn run(plan: &Plan) {
    let mut report = Report::default();
    println!("Countersign benchmark, durable to the disk, in {}", std::env::temp_dir().display());
    println!("{} cores, {}", std::thread::available_parallelism().unwrap(), plan.describe());

    if ["engine", "http", "fleet"].iter().any(|part| plan.wants(part)) {
        let copy = ceiling::take_rows(plan).await;
        if plan.wants("engine") {
            engine::compare(plan, &copy, &mut report).await;
        }
        if plan.wants("http") {
            http::measure(plan, &copy, &mut report).await;
        }
        if plan.wants("fleet") {
            fleet::measure(plan, &copy, &mut report).await;
        }
    }
    if plan.wants("sealer") {
        engine::sealed(plan, &mut report).await;
    }
    if plan.wants("letters") {
        letters::measure(plan, &mut report).await;
    }
    if plan.wants("webhooks") {
        webhooks::measure(plan, &mut report).await;
    }
    if plan.wants("footprint") {
        footprint::measure(plan, &mut report).await;
    }
    report.print_table();
}

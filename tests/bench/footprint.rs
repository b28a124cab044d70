//! What the program takes: memory when idle, and bytes on disk for each completed request.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use countersign::mail::Mailer;
use countersign::roles::{notifier, sealer};
use countersign_engine::event::Fact;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::engine::count;
use crate::house::House;
use crate::plan::Plan;
use crate::report::Report;

/// Letters of a completed request: an invitation and a notice for each signer.
const LETTERS: usize = 4;
/// How long the program may settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// Memory and disk.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    report.figure("idle `countersign serve`, resident", format!("{:.1} MB", idle_bytes().await as f64 / 1e6));
    let house = House::open().await;
    let stop = CancellationToken::new();
    let mailer = Mailer::folder(&house.service.settings.mail_folder, "bench@localhost").unwrap();
    let roles = [
        tokio::spawn(notifier::run(Arc::clone(&house.service), mailer, stop.clone())),
        tokio::spawn(sealer::run(Arc::clone(&house.service), stop.clone())),
    ];
    let sealed = count(&house, plan.sealed, |fact| matches!(fact, Fact::Sealed { .. }));
    let notified = count(
        &house,
        plan.sealed * 2,
        |fact| matches!(fact, Fact::DeliverySent { effect } if effect.contains(".completed.")),
    );
    house.complete(plan.sealed, 16).await;
    sealed.await.unwrap();
    notified.await.unwrap();
    stop.cancel();
    for role in roles {
        role.await.unwrap();
    }
    house.service.store.checkpoint().await.unwrap();
    let folder = house.close().await.unwrap();
    let each = |path: &str| {
        let bytes = bytes_on_disk(&folder.path().join(path));
        format!("{:.1} kB", bytes as f64 / plan.sealed as f64 / 1000.0)
    };
    report.figure("disk per completed request: database", each("data/countersign.db"));
    report.figure("disk per completed request: documents, sealed PDFs", each("data/documents"));
    report.figure(format!("disk per completed request: up to {LETTERS} letters"), each("mail"));
}

/// Resident memory of the program after a start on an empty folder.
async fn idle_bytes() -> u64 {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("serve").arg("--data").arg(folder.path()).args(["--listen", "127.0.0.1:0"]);
    let mut serving = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(serving.stderr.take().unwrap()).lines();
    told.find(|line| line.as_ref().is_ok_and(|line| line.contains("listens on"))).unwrap().unwrap();
    tokio::time::sleep(SETTLE).await;
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    serving.kill().unwrap();
    serving.wait().unwrap();
    kilobytes * 1024
}

/// Bytes of the blocks that a file, or everything in a folder, takes.
fn bytes_on_disk(path: &Path) -> u64 {
    let metadata = fs::metadata(path).unwrap();
    match metadata.is_dir() {
        false => metadata.blocks() * 512,
        true => fs::read_dir(path).unwrap().map(|entry| bytes_on_disk(&entry.unwrap().path())).sum(),
    }
}

//! `master-key rotate|rewrap|drop`.

use std::process::ExitCode;

use clap::Subcommand;

use super::Failed;
use crate::config::Settings;
use crate::keyring::{Keyring, MasterKeyId};
use crate::service::master_keys::{drop_retired, prepare, rotate};
use crate::service::open_installation;
use crate::service::rewrapping::{Needs, Report, rewrap};

/// Most requests that are named one by one.
const NAMED_MAX: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Put another master key in front of the one in the data folder: it encrypts in every process that is started from
    /// then on
    Rotate {
        /// Put it behind instead: it is only known, until the next `rotate` puts it in front
        #[arg(long)]
        prepare: bool,
    },
    /// Encrypt with the first master key whatever the others encrypted, and say which of them nothing needs any more.
    /// Start every process with the new key in front before
    Rewrap,
    /// Take master keys out of the data folder that nothing needs any more
    Drop,
}

pub(super) async fn run(action: Action, settings: &Settings) -> Result<ExitCode, Failed> {
    match action {
        Action::Rotate { prepare: false } => {
            let (_, after) = rotate(settings).await?;
            list(&after);
            println!("Start every process again, then run: countersign master-key rewrap");
        }
        Action::Rotate { prepare: true } => {
            let (_, after) = prepare(settings).await?;
            list(&after);
            println!("Start every process again, then run: countersign master-key rotate");
        }
        Action::Drop => {
            let (before, after) = drop_retired(settings).await?;
            list(&after);
            if before.ids().eq(after.ids()) {
                println!("No other is retired");
            }
        }
        Action::Rewrap => return rewrapped(settings).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys of a ring by their ids.
fn list(masters: &Keyring) {
    for (place, id) in masters.ids().enumerate() {
        println!("{id}  {}", if place == 0 { "encrypts and decrypts" } else { "decrypts" });
    }
}

async fn rewrapped(settings: &Settings) -> Result<ExitCode, Failed> {
    let (store, masters) = open_installation(settings).await?;
    list(&masters);
    let report = rewrap(&store, &masters, |column, count| {
        let name = column.name();
        println!("{name}: {} encrypted anew, {} were so already", count.rewrapped, count.as_they_were);
    })
    .await?;
    store.close().await;
    for (column, count) in report.columns.iter().filter(|(_, count)| count.unreadable > 0) {
        println!("{}: {} cannot be read with any of these keys", column.name(), count.unreadable);
    }
    if report.restless {
        println!("A process encrypts with another of these keys: start every process again, and run this again");
    }
    for (id, needs) in &report.needed {
        println!("{id} is still needed: {}", told(needs));
    }
    conclude(&report, masters.primary_id());
    Ok(if report.is_done() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(Needs { links, access_codes, requests }: &Needs) -> String {
    let named: Vec<String> = requests.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = if requests.len() > NAMED_MAX { ", …" } else { "" };
    format!(
        "{links} links and {access_codes} access codes of {} requests in flight ({}{more}), until they end, or their \
         signers get another link and another code",
        requests.len(),
        named.join(", ")
    )
}

fn conclude(report: &Report, primary: MasterKeyId) {
    for id in &report.retired {
        println!("{id} may be dropped: nothing is encrypted with it any more");
    }
    if !report.retired.is_empty() {
        println!(
            "Without it, addresses in letters of before end: copies of completed requests, progress pages; and sessions in \
             which somebody is signing"
        );
    } else if report.is_done() && report.needed.is_empty() {
        println!("Everything is encrypted with {primary}");
    }
}

//! `export`: every event as a CloudEvent, one JSON line each, in order. Where the next export must begin
//! is said on standard error, so that standard output holds events only. With `--refill`, into the stream of
//! facts instead, as the relay publishes them.

use std::io::{BufWriter, Write as _};
use std::process::ExitCode;

use countersign_engine::ids::OrganizationId;

use super::bar::Bar;
use super::{Failed, Nats};
use crate::bus::cloudevent;
use crate::clock::Clock;
use crate::config::{Given, Settings};
use crate::feed::Cursor;
use crate::feed::export::Export as Walk;
use crate::roles::relay::{Interrupted, refill as publish};
use crate::service::{Service, open_installation};

#[derive(Debug, clap::Args)]
// Or it would have the name of the group that the command's own arguments are.
#[group(skip)]
pub(super) struct Export {
    /// Only what came behind the end of an earlier export
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
    /// Only this organization's events
    #[arg(long, value_name = "O")]
    organization: Option<OrganizationId>,
    /// Publish every fact to NATS again instead of printing them: fills an empty stream
    #[arg(long, conflicts_with_all = ["after", "organization"])]
    refill: bool,
    /// Refill also a stream that is not empty: it may then have some facts twice
    #[arg(long, requires = "refill")]
    repeat: bool,
    #[command(flatten)]
    nats: Nats,
}

impl Export {
    /// The settings that its own flags make.
    pub(super) fn given(&self) -> Given {
        self.nats.given()
    }

    pub(super) async fn run(self, settings: Settings) -> Result<ExitCode, Failed> {
        if self.refill { refill(settings, self.repeat).await } else { self.print(&settings).await }
    }

    async fn print(self, settings: &Settings) -> Result<ExitCode, Failed> {
        let (store, _) = open_installation(settings).await?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut walk = Walk::new(store.clone(), self.organization, self.after.unwrap_or_default());
        while let Some(entries) = walk.next().await? {
            for entry in entries {
                writeln!(out, "{}", cloudevent::of(&entry.event, entry.trace))?;
            }
        }
        out.flush()?;
        store.close().await;
        eprintln!("the next export goes on with --after {}", walk.cursor());
        Ok(ExitCode::SUCCESS)
    }
}

async fn refill(settings: Settings, repeat: bool) -> Result<ExitCode, Failed> {
    if settings.nats.is_none() {
        return Err("nats_url: is needed to refill the stream of facts".into());
    }
    let (service, writing) = Service::open(settings, Clock::System).await?;
    let store = service.store.clone();
    let total = u64::try_from(store.count_events().await?).unwrap_or(0);
    let mut bar = Bar::new(total);
    let published = publish(service, repeat, |so_far| bar.at(so_far, "facts")).await;
    writing.await?;
    store.close().await;
    match published {
        Ok(facts) => {
            bar.end(facts, "facts");
            println!("{facts} facts published");
            Ok(ExitCode::SUCCESS)
        }
        Err(full @ Interrupted::NotEmpty(_)) => {
            Err(format!("{full}; --repeat publishes every fact again all the same").into())
        }
        Err(error) => Err(format!("{error}; what was published stays, and a relay goes on from there").into()),
    }
}

//! `export`: every event as a CloudEvent, one JSON line each, in order. Where the next export must begin
//! is said on standard error, so that standard output holds events only.

use std::io::{BufWriter, Write as _};
use std::process::ExitCode;

use countersign_engine::ids::OrganizationId;

use super::Failed;
use crate::bus::cloudevent;
use crate::config::Settings;
use crate::feed::Cursor;
use crate::feed::export::Export as Walk;
use crate::service::open_installation;

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
}

impl Export {
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Failed> {
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

//! `events`: the log, oldest first.

use std::io::Write as _;
use std::process::ExitCode;

use countersign_engine::trail::{self, Line};

use super::Failed;
use crate::bus::cloudevent;
use crate::config::Settings;
use crate::service::open_installation;

/// Events read in one go.
const AT_ONCE: i64 = 1000;

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Events {
    /// Only events behind this position, as printed
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most so many
    #[arg(long)]
    limit: Option<u64>,
}

impl Events {
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Failed> {
        let (store, _) = open_installation(settings).await?;
        let mut out = std::io::stdout().lock();
        let mut position = self.after;
        let mut left = self.limit.unwrap_or(u64::MAX);
        while left > 0 {
            let rows = store.events_after(position, AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            position = last.position;
            for row in rows {
                if left == 0 {
                    break;
                }
                left -= 1;
                let line = Line { body: row.body, disclosure: None, hash: row.hash };
                let mut event = cloudevent::of(&trail::read(&line)?);
                event["position"] = row.position.into();
                writeln!(out, "{event}")?;
            }
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

//! `events`: the log, oldest first.

use std::io::Write as _;
use std::process::ExitCode;

use countersign_engine::trail::{self, Line};

use super::Failed;
use crate::bus::cloudevent;
use crate::config::Settings;
use crate::service::open_installation;
use crate::store::Cursor;

/// Events read in one go.
const AT_ONCE: i64 = 1000;

#[derive(Debug, clap::Args)]
// Or it would have the name of the group that the command's own arguments are.
#[group(skip)]
pub(super) struct Events {
    /// Only events behind this place, as printed with an event
    #[arg(long, value_name = "CURSOR", default_value_t = Cursor::default())]
    after: Cursor,
    /// At most so many
    #[arg(long)]
    limit: Option<u64>,
}

impl Events {
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Failed> {
        let (store, _) = open_installation(settings).await?;
        let mut out = std::io::stdout().lock();
        let mut after = self.after;
        let mut left = self.limit.unwrap_or(u64::MAX);
        while left > 0 {
            let rows = store.log_after(after, AT_ONCE).await?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            for (cursor, row) in rows {
                if left == 0 {
                    break;
                }
                left -= 1;
                let line = Line { body: row.body, disclosure: None, hash: row.hash };
                let mut event = cloudevent::of(&trail::read(&line)?, row.trace);
                event["cursor"] = cursor.to_string().into();
                writeln!(out, "{event}")?;
            }
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

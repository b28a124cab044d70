//! Replay: derives everything that is stored about requests again from their events alone, and
//! reports every difference. Runs beside a working service: what changed between two looks is
//! looked at again.

use countersign_engine::ids::Digest;
use countersign_engine::request::Request;
use countersign_engine::trail;
use uuid::Uuid;

use super::ServiceError;
use crate::commit::row_of;
use crate::ledger::{Ledger, open_line};
use crate::store::{RequestRow, Scope, Store};
use crate::vault::Vault;

/// Requests read in one go.
const AT_ONCE: i64 = 500;
/// How often a request that differs is looked at again before it counts.
const LOOKS: usize = 3;

/// What a replay saw.
#[derive(Debug, Default)]
pub struct Report {
    /// Requests replayed.
    pub requests: u64,
    /// Events folded.
    pub events: u64,
    /// Effects still owed.
    pub owed: u64,
    /// Every difference, one sentence each.
    pub differences: Vec<String>,
}

/// Replays every request; `progress` is told after each batch.
pub async fn replay(store: &Store, vault: &Vault, mut progress: impl FnMut(&Report)) -> Result<Report, ServiceError> {
    let ledger = Ledger::new(store.clone(), vault.clone());
    let mut report = Report::default();
    let mut last = Uuid::nil();
    loop {
        let rows = store.requests_after(last, AT_ONCE).await?;
        let Some(end) = rows.last() else { break };
        last = end.id.0;
        for row in rows {
            replay_one(store, &ledger, row, &mut report).await?;
        }
        progress(&report);
    }
    for request in store.stray_events(AT_ONCE).await? {
        report.differences.push(format!("request {request}: has events but no row"));
    }
    Ok(report)
}

async fn replay_one(store: &Store, ledger: &Ledger, row: RequestRow, report: &mut Report) -> Result<(), ServiceError> {
    let id = row.id;
    let mut row = Some(row);
    let mut found = Found::default();
    for _ in 0..LOOKS {
        let Some(stored) = row else { return Ok(()) };
        found = look(store, ledger, &stored).await?;
        if found.differences.is_empty() {
            break;
        }
        row = store.request(Scope::All, id).await?;
    }
    report.requests += 1;
    report.events += found.events;
    report.owed += found.owed;
    report.differences.append(&mut found.differences);
    Ok(())
}

#[derive(Default)]
struct Found {
    events: u64,
    owed: u64,
    differences: Vec<String>,
}

async fn look(store: &Store, ledger: &Ledger, stored: &RequestRow) -> Result<Found, ServiceError> {
    let id = stored.id;
    let key = ledger.key(id, stored.data_key.as_deref())?;
    let mut found = Found::default();
    let mut request = None;
    let mut previous = Digest::ZERO;
    for row in store.events_of(Scope::All, id).await? {
        let seq = found.events + 1;
        let line = match open_line(&row, key.as_ref()) {
            Ok(line) => line,
            Err(error) => {
                found.differences.push(error.to_string());
                return Ok(found);
            }
        };
        let folded =
            trail::check(&line, id, seq, previous).and_then(|event| Ok(Request::advance(&mut request, &event)?));
        if let Err(error) = folded {
            found.differences.push(format!("request {id}, event {seq}: {error}"));
            return Ok(found);
        }
        previous = line.hash;
        found.events = seq;
    }
    let Some(request) = request else {
        found.differences.push(format!("request {id}: has a row but no events"));
        return Ok(found);
    };
    compare(&request, stored, &mut found.differences);
    let filed = store.effects_of(id).await?;
    let mut owed: Vec<String> = request.owed.iter().map(ToString::to_string).collect();
    owed.sort_unstable();
    if filed != owed {
        found.differences.push(format!("request {id}: effects {filed:?} are filed, its events owe {owed:?}"));
    }
    found.owed = owed.len() as u64;
    Ok(found)
}

fn compare(request: &Request, stored: &RequestRow, differences: &mut Vec<String>) {
    let id = request.id;
    let derived = row_of(request, stored.data_key.clone());
    if derived != *stored {
        differences.push(format!(
            "request {id}: {} at event {} is stored, its events make it {} at event {}",
            stored.status, stored.seq, derived.status, derived.seq
        ));
    }
    if request.is_erased() == stored.data_key.is_some() {
        differences.push(format!("request {id}: the data key is there exactly when it should not be"));
    }
}

//! Encrypts anew, with the primary master key, whatever an earlier one encrypted; says what still needs an earlier one,
//! and retires those that nothing needs.
//!
//! It goes a page at a time beside whoever works, and each secret is written only over what was read. So it may be killed
//! at any point and be run again, and several may run at once.

use std::collections::{BTreeMap, BTreeSet};

use countersign_engine::ids::RequestId;
use countersign_engine::request::Request;
use uuid::Uuid;

use super::access;
use super::links::Links;
use super::master_keys::{self, Known};
use super::{ServiceError, Stranger};
use crate::keyring::{Keyring, MasterKeyId};
use crate::ledger::Ledger;
use crate::providers::Credentials;
use crate::store::{Scope, Store, StoreError, Wrapped, WrappedRow};
use crate::vault::{Vault, VaultError};

/// Secrets encrypted anew in one transaction.
const AT_ONCE: i64 = 200;
/// Requests looked at in one go.
const REQUESTS_AT_ONCE: i64 = 500;
/// How often all columns are gone through at most: in a second round there is what processes wrote meanwhile that still
/// encrypt with an earlier key.
const ROUNDS: usize = 3;

/// What became of the secrets of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Encrypted anew.
    pub rewrapped: u64,
    /// Encrypted with the primary key before.
    pub as_they_were: u64,
    /// Of a key that is not there, or altered.
    pub unreadable: u64,
}

/// What of requests in flight only an earlier master key can do: their histories cannot be written anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Links that it made, which reminders name again.
    pub links: u64,
    /// Access codes that it encrypted.
    pub access_codes: u64,
    /// Whose.
    pub requests: BTreeSet<RequestId>,
}

/// What was done, and what is left.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By column.
    pub columns: BTreeMap<Wrapped, Count>,
    /// What the last round still found to do: a process encrypts with an earlier key.
    pub restless: bool,
    /// What is still needed of earlier keys.
    pub needed: BTreeMap<MasterKeyId, Needs>,
    /// Keys that nothing needs any more.
    pub retired: Vec<MasterKeyId>,
}

impl Report {
    /// Whether everything could be read, and nobody encrypts with an earlier key.
    pub fn is_done(&self) -> bool {
        !self.restless && self.columns.values().all(|count| count.unreadable == 0)
    }
}

/// Encrypts anew whatever needs it; `progress` is told after each column.
///
/// # Errors
/// [`Stranger::FormerMasterKey`] if another process has a newer key in front: this would be the way back.
pub async fn rewrap(
    store: &Store,
    masters: &Keyring,
    mut progress: impl FnMut(Wrapped, Count),
) -> Result<Report, ServiceError> {
    if let Some(later) = Known::of(store).await?.later_than(masters.primary_id()) {
        return Err(Stranger::FormerMasterKey(later).into());
    }
    let vault = Vault::new(masters)?;
    let mut report = Report { restless: true, ..Report::default() };
    for round in 0..ROUNDS {
        let mut found = 0;
        for column in Wrapped::ALL {
            let count = rewrap_column(store, &vault, column).await?;
            found += count.rewrapped;
            if round == 0 {
                progress(column, count);
            }
            let total = report.columns.entry(column).or_default();
            *total = Count { rewrapped: total.rewrapped + count.rewrapped, ..count };
        }
        if found == 0 {
            report.restless = false;
            break;
        }
    }
    report.needed = needed(store, masters, &vault).await?;
    if report.is_done() {
        let known = Known::of(store).await?;
        let idle = |id: &MasterKeyId| *id != masters.primary_id() && !report.needed.contains_key(id);
        report.retired = known.in_use().filter(idle).collect();
        for id in &report.retired {
            master_keys::retire(store, &known, *id).await?;
        }
        store.checkpoint().await?;
    }
    Ok(report)
}

async fn rewrap_column(store: &Store, vault: &Vault, column: Wrapped) -> Result<Count, ServiceError> {
    let mut count = Count::default();
    let mut last: Option<WrappedRow> = None;
    loop {
        let page = store.wrapped(column, last.as_ref(), AT_ONCE).await?;
        let Some(end) = page.last() else { return Ok(count) };
        last = Some(end.clone());
        let mut anew = Vec::new();
        for row in page {
            match vault.rewrap(&subject(column, &row), &row.sealed) {
                Ok(Some(sealed)) => anew.push((row, sealed)),
                Ok(None) => count.as_they_were += 1,
                Err(error) => {
                    tracing::error!(%error, column = column.name(), "a secret cannot be encrypted anew");
                    count.unreadable += 1;
                }
            }
        }
        if !anew.is_empty() {
            count.rewrapped += replace(store, column, anew).await?;
        }
    }
}

/// Another process may be first: then it is tried again, and what was changed meanwhile stays as it is.
async fn replace(store: &Store, column: Wrapped, anew: Vec<(WrappedRow, Vec<u8>)>) -> Result<u64, StoreError> {
    loop {
        match store.rewrap(column, anew.clone()).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
}

/// What the encryption of a secret is bound to.
fn subject(column: Wrapped, row: &WrappedRow) -> Vec<u8> {
    match column {
        Wrapped::Credentials => Credentials::subject(&row.subject),
        _ => row.subject.clone(),
    }
}

/// What of requests in flight needs earlier keys.
async fn needed(store: &Store, masters: &Keyring, vault: &Vault) -> Result<BTreeMap<MasterKeyId, Needs>, ServiceError> {
    let ledger = Ledger::new(store.clone(), vault.clone());
    let links = Links::new(masters, String::new());
    let mut needed = BTreeMap::new();
    let mut last = Uuid::nil();
    loop {
        let rows = store.open_requests_after(last, REQUESTS_AT_ONCE).await?;
        let Some(end) = rows.last() else { break };
        last = end.id.0;
        for loaded in ledger.load_rows(Scope::All, &rows).await? {
            look(&loaded.request, &links, vault, &mut needed)?;
        }
    }
    needed.remove(&masters.primary_id());
    Ok(needed)
}

fn look(
    request: &Request,
    links: &Links,
    vault: &Vault,
    needed: &mut BTreeMap<MasterKeyId, Needs>,
) -> Result<(), VaultError> {
    for signer in &request.signers {
        if signer.is_invited()
            && let Some(id) = links.made_with(request.id, signer)
        {
            let needs: &mut Needs = needed.entry(id).or_default();
            needs.links += 1;
            needs.requests.insert(request.id);
        }
        if !signer.has_acted()
            && let Some(id) = access::sealed_with(vault, signer)?
        {
            let needs = needed.entry(id).or_default();
            needs.access_codes += 1;
            needs.requests.insert(request.id);
        }
    }
    Ok(())
}

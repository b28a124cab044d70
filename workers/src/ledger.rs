//! The ledger: requests between their stored lines and their folded form. It decrypts, folds and
//! keeps recently used requests in memory; a request in memory counts only while its sequence is
//! the stored one, so another process's writes are never missed.

use std::collections::HashMap;
use std::sync::Arc;

use countersign_engine::event::Event;
use countersign_engine::ids::{Digest, RequestId};
use countersign_engine::refusal::Refusal;
use countersign_engine::request::Request;
use countersign_engine::trail::{self, Broken, Line};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};

use crate::batching::{Batch, Batching};
use crate::store::{Changed, EventRow, RequestRow, Scope, Seat, Store, StoreError, Transaction};
use crate::vault::{DataKey, Vault, VaultError};

/// Most requests kept in memory.
const CACHE_MAX: usize = 20_000;
/// Share of them that were asked for again while they were new; the rest are newcomers.
const HOT_SHARE: f64 = 0.5;

/// A request with the key of its personal data.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The request, folded.
    pub request: Arc<Request>,
    /// Its data key; `None` once erased.
    pub key: Option<DataKey>,
}

/// Why a request could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine is stopping.
    #[error("the engine is stopping")]
    Stopping,
    /// Its personal data could not be decrypted.
    #[error("request {request}: {error}")]
    Vault {
        /// Which request.
        request: RequestId,
        /// Why.
        error: VaultError,
    },
    /// Its history is not whole.
    #[error("request {request}, event {seq}: {error}")]
    Broken {
        /// Which request.
        request: RequestId,
        /// At which event.
        seq: u64,
        /// Why.
        error: Broken,
    },
}

/// Reads requests.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Store,
    vault: Vault,
    cache: Arc<Cache<RequestId, Arc<Loaded>>>,
    glances: Batching<Glances>,
}

/// Looks whether requests still stand as they are remembered: many at once in one query, since every
/// call that concerns a request begins with it.
#[derive(Debug)]
struct Glances(Seat);

impl Batch for Glances {
    type Asked = (RequestId, u64);
    type Answer = Result<Option<Changed>, StoreError>;
    const MAX: usize = 256;

    async fn answer(&mut self, asked: Vec<(RequestId, u64)>) -> Vec<Self::Answer> {
        match self.0.changed(&asked).await {
            Ok(changed) => {
                let changed: HashMap<RequestId, Changed> = changed.into_iter().collect();
                asked.iter().map(|(id, _)| Ok(changed.get(id).cloned())).collect()
            }
            Err(error) => vec![Err(error); asked.len()],
        }
    }
}

impl Ledger {
    /// A ledger over a store, within a runtime.
    pub fn new(store: Store, vault: Vault) -> Self {
        let (glances, _) = Batching::start(Glances(Seat::new(store.clone())));
        Self { store, vault, cache: Arc::new(cache()), glances }
    }

    /// A fresh data key for a new request, and its wrapped form.
    pub fn new_key(&self, request: RequestId) -> Result<(DataKey, Vec<u8>), VaultError> {
        let key = DataKey::generate()?;
        let wrapped = self.vault.wrap(request.0.as_bytes(), &key)?;
        Ok((key, wrapped))
    }

    /// Remembers a request as it now is.
    pub fn remember(&self, loaded: Arc<Loaded>) {
        self.cache.insert(loaded.request.id, loaded);
    }

    /// A request as it is remembered, which may be how it was.
    pub fn remembered(&self, id: RequestId) -> Option<Arc<Loaded>> {
        self.cache.get(&id)
    }

    /// A request as it stands, if the scope may see it. The look that callers share names no organization and
    /// tells only whether something changed: what is remembered is held against the scope here, and what
    /// is not is read within it.
    pub async fn load(&self, scope: Scope<'_>, id: RequestId) -> Result<Option<Arc<Loaded>>, LedgerError> {
        let remembered = self.remembered(id);
        let seq = remembered.as_ref().map_or(0, |loaded| loaded.request.seq);
        let Some(wrapped) = self.glances.ask((id, seq)).await.ok_or(LedgerError::Stopping)?? else {
            return Ok(remembered.filter(|loaded| scope.sees(&loaded.request.organization)));
        };
        let key = self.key(id, wrapped.as_deref())?;
        let events = self.store.events_of(scope, id).await?;
        let loaded = fold(id, key, &events)?.map(Arc::new);
        if let Some(loaded) = &loaded {
            self.remember(Arc::clone(loaded));
        }
        Ok(loaded)
    }

    /// Requests as they stand in a transaction; those that do not exist are left out.
    pub async fn load_all(
        &self,
        transaction: &mut Transaction,
        ids: &[RequestId],
    ) -> Result<HashMap<RequestId, Arc<Loaded>>, LedgerError> {
        let mut found: HashMap<RequestId, Arc<Loaded>> =
            ids.iter().filter_map(|id| Some((*id, self.remembered(*id)?))).collect();
        let seq = |id: &RequestId| found.get(id).map_or(0, |loaded| loaded.request.seq);
        let known: Vec<(RequestId, u64)> = ids.iter().map(|id| (*id, seq(id))).collect();
        let cold: HashMap<RequestId, Option<Vec<u8>>> = transaction.changed(&known).await?.into_iter().collect();
        if !cold.is_empty() {
            let wanted: Vec<RequestId> = cold.keys().copied().collect();
            let rows = transaction.events_of_all(&wanted).await?;
            self.fold_all(&rows, |id| cold.get(&id).cloned().flatten(), &mut found)?;
        }
        Ok(found)
    }

    /// The requests of these rows, in their order.
    pub async fn load_rows(&self, scope: Scope<'_>, rows: &[RequestRow]) -> Result<Vec<Arc<Loaded>>, LedgerError> {
        let mut found: HashMap<RequestId, Arc<Loaded>> =
            rows.iter().filter_map(|row| Some((row.id, self.cached(row.id, row.seq)?))).collect();
        let cold: HashMap<RequestId, &RequestRow> =
            rows.iter().filter(|row| !found.contains_key(&row.id)).map(|row| (row.id, row)).collect();
        if !cold.is_empty() {
            let wanted: Vec<RequestId> = cold.keys().copied().collect();
            let events = self.store.events_of_all(scope, &wanted).await?;
            self.fold_all(&events, |id| cold.get(&id).and_then(|row| row.data_key.clone()), &mut found)?;
        }
        Ok(rows.iter().filter_map(|row| found.remove(&row.id)).collect())
    }

    /// A request's whole history, each line proven against the one before.
    pub async fn history(&self, scope: Scope<'_>, id: RequestId) -> Result<Vec<(Event, Line)>, LedgerError> {
        let Some(row) = self.store.request(scope, id).await? else { return Ok(Vec::new()) };
        let key = self.key(id, row.data_key.as_deref())?;
        let mut previous = Digest::ZERO;
        let mut history = Vec::new();
        for row in self.store.events_of(scope, id).await? {
            let seq = history.len() as u64 + 1;
            let line = open_line(&row, key.as_ref())?;
            let event = trail::check(&line, id, seq, previous).map_err(|error| broken(id, seq, error))?;
            previous = line.hash;
            history.push((event, line));
        }
        Ok(history)
    }

    /// The data key of a request from its wrapped form.
    pub fn key(&self, id: RequestId, wrapped: Option<&[u8]>) -> Result<Option<DataKey>, LedgerError> {
        let unwrap = |wrapped| self.vault.unwrap(id.0.as_bytes(), wrapped);
        wrapped.map(unwrap).transpose().map_err(|error| LedgerError::Vault { request: id, error })
    }

    fn cached(&self, id: RequestId, seq: u64) -> Option<Arc<Loaded>> {
        self.cache.get(&id).filter(|loaded| loaded.request.seq == seq)
    }

    fn fold_all(
        &self,
        rows: &[EventRow],
        wrapped: impl Fn(RequestId) -> Option<Vec<u8>>,
        found: &mut HashMap<RequestId, Arc<Loaded>>,
    ) -> Result<(), LedgerError> {
        for events in rows.chunk_by(|left, right| left.request == right.request) {
            let id = events[0].request;
            let key = self.key(id, wrapped(id).as_deref())?;
            if let Some(loaded) = fold(id, key, events)?.map(Arc::new) {
                self.remember(Arc::clone(&loaded));
                found.insert(id, loaded);
            }
        }
        Ok(())
    }
}

/// A cache with room for newcomers: what was just written is what is asked for next. Caches tuned for
/// frequency keep a new request out until it was missed several times.
fn cache() -> Cache<RequestId, Arc<Loaded>> {
    let mut options = OptionsBuilder::new();
    options.estimated_items_capacity(CACHE_MAX).weight_capacity(CACHE_MAX as u64).hot_allocation(HOT_SHARE);
    let options = options.build().expect("the sizes are set");
    Cache::with_options(options, UnitWeighter, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

/// What the personal part of an event is bound to when it is encrypted.
pub fn disclosure_context(request: RequestId, seq: u64) -> [u8; 24] {
    let mut context = [0; 24];
    context[..16].copy_from_slice(request.0.as_bytes());
    context[16..].copy_from_slice(&seq.to_be_bytes());
    context
}

/// A stored line, decrypted; without its personal part if there is no key.
pub fn open_line(row: &EventRow, key: Option<&DataKey>) -> Result<Line, LedgerError> {
    let open = |sealed: &Vec<u8>, key: &DataKey| {
        let plain = key.open(&disclosure_context(row.request, row.seq), sealed)?;
        String::from_utf8(plain).map_err(|_| VaultError::Cipher)
    };
    let disclosure = match (&row.disclosure, key) {
        (Some(sealed), Some(key)) => {
            Some(open(sealed, key).map_err(|error| LedgerError::Vault { request: row.request, error })?)
        }
        _ => None,
    };
    Ok(Line { body: row.body.clone(), disclosure, hash: row.hash })
}

fn fold(id: RequestId, key: Option<DataKey>, rows: &[EventRow]) -> Result<Option<Loaded>, LedgerError> {
    let mut request = None;
    for row in rows {
        let line = open_line(row, key.as_ref())?;
        let event = trail::read(&line).map_err(|error| broken(id, row.seq, error))?;
        Request::advance(&mut request, &event).map_err(|refusal: Refusal| broken(id, row.seq, refusal.into()))?;
    }
    Ok(request.map(|request| Loaded { request: Arc::new(request), key }))
}

fn broken(request: RequestId, seq: u64, error: Broken) -> LedgerError {
    LedgerError::Broken { request, seq, error }
}

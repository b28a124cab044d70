//! The rate of each key where several processes answer calls: one bucket in the database, from which each
//! process takes tokens ahead, so that a call seldom waits for the database.
//!
//! Calls that find nothing at hand share one transaction, which takes what they need and, for the calls to
//! come, a [`SHARE`]th of what is left; near the end that is nothing, and every call is counted where all
//! are. What is not used within [`LEASE_US`] is put back. A process that finds the bucket empty refuses until
//! there is a token again, without asking.
//!
//! So it never gives more than one process would: every token was taken from the one bucket, and the window
//! is longer by the lease. It may give less for as long as a lease: what the other processes hold, at most
//! a [`SHARE`]th of the bucket each.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_engine::ids::KeyId;

use super::bucket::{Bucket, Rule};
use super::{MICROS, Ruling};
use crate::batching::{Batch, Batching};
use crate::clock::{Clock, from_micros};
use crate::config::RateLimit;
use crate::http::fault::Fault;
use crate::store::{Store, StoreError};

/// Which part of what is left a process may take ahead.
const SHARE: u32 = 20;
/// How long tokens that were taken ahead may be used, in microseconds.
const LEASE_US: i64 = 2 * MICROS;
/// How long a bucket that was empty is not asked again: another process may put something back.
const ASK_AGAIN_US: i64 = MICROS;

/// The rates of all keys, shared with other processes.
#[derive(Debug)]
pub(super) struct Shared {
    clock: Clock,
    purses: Purses,
    desk: Batching<Desk>,
}

/// What this process has of each key.
#[derive(Clone, Debug, Default)]
struct Purses(Arc<Mutex<HashMap<KeyId, Purse>>>);

/// What this process has of a key: tokens taken ahead, or the knowledge that there are none.
#[derive(Clone, Copy, Debug)]
struct Purse {
    tokens: u32,
    /// Until when that holds.
    until_us: i64,
    /// When there are tokens again, where there are none.
    free_us: i64,
    /// How the key stood when it was last asked, tokens at hand not counted.
    ruling: Ruling,
}

impl Purses {
    fn lock(&self) -> MutexGuard<'_, HashMap<KeyId, Purse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is ruled on a call without asking; `None` if it must be asked.
    fn rule(&self, key: KeyId, now_us: i64) -> Option<Ruling> {
        let mut purses = self.lock();
        let purse = purses.get_mut(&key).filter(|purse| now_us < purse.until_us)?;
        if purse.tokens == 0 {
            return Some(purse.ruling.refused(purse.free_us - now_us));
        }
        purse.tokens -= 1;
        let ruling = Ruling { left: purse.ruling.left + purse.tokens, ..purse.ruling };
        if purse.tokens == 0 {
            purses.remove(&key);
        }
        Some(ruling)
    }

    /// Puts in what a key was given.
    fn fill(&self, key: KeyId, given: &Given, now_us: i64) {
        let free_us = now_us + given.wait_us;
        let until_us = match given.ahead {
            0 => free_us.min(now_us + ASK_AGAIN_US),
            _ => now_us + LEASE_US,
        };
        if until_us > now_us {
            self.lock().insert(key, Purse { tokens: given.ahead, until_us, free_us, ruling: given.ruling });
        }
    }

    /// Takes out the tokens of a key that were not used.
    fn empty(&self, key: KeyId) -> u32 {
        self.lock().remove(&key).map_or(0, |purse| purse.tokens)
    }

    /// Whether a key has tokens here whose time is over.
    fn are_stale(&self, key: KeyId, now_us: i64) -> bool {
        self.lock().get(&key).is_some_and(|purse| purse.tokens > 0 && purse.until_us <= now_us)
    }
}

impl Shared {
    pub(super) fn new(rate: RateLimit, clock: Clock, store: Store) -> Self {
        let purses = Purses::default();
        let rule = Rule { rate, hold_us: LEASE_US };
        let desk = Desk { rule, clock: clock.clone(), store, purses: purses.clone() };
        Self { clock, purses, desk: Batching::start(desk).0 }
    }

    /// Takes a token of a key.
    pub(super) async fn take(&self, key: KeyId) -> Result<Ruling, Fault> {
        if let Some(ruling) = self.purses.rule(key, self.clock.now().as_microsecond()) {
            return Ok(ruling);
        }
        let answer = self.desk.ask(Asked::Token(key)).await;
        let answer = answer.ok_or_else(|| Fault::internal(&"the rates of keys are not kept any more"))?;
        let answer = answer.map_err(|error| Fault::internal(&error))?;
        if let Some(until_us) = answer.lease_us {
            tokio::spawn(put_back(self.desk.clone(), self.purses.clone(), self.clock.clone(), (key, until_us)));
        }
        Ok(answer.ruling)
    }
}

/// Puts back what was not used of a lease, once it is over.
async fn put_back(desk: Batching<Desk>, purses: Purses, clock: Clock, (key, until_us): (KeyId, i64)) {
    let until = from_micros(until_us);
    while clock.now() < until {
        clock.sleep_until(until).await;
    }
    if purses.are_stale(key, clock.now().as_microsecond())
        && let Some(Err(error)) = desk.ask(Asked::PutBack(key)).await
    {
        tracing::warn!(%error, "tokens that were not used are lost");
    }
}

/// What is asked of the desk.
#[derive(Clone, Copy)]
enum Asked {
    /// A token of a key.
    Token(KeyId),
    /// That what a key has here is put back.
    PutBack(KeyId),
}

impl Asked {
    fn key(self) -> KeyId {
        match self {
            Asked::Token(key) | Asked::PutBack(key) => key,
        }
    }

    fn tokens(self) -> u32 {
        match self {
            Asked::Token(_) => 1,
            Asked::PutBack(_) => 0,
        }
    }
}

/// What the desk answers.
#[derive(Clone, Copy)]
struct Answer {
    ruling: Ruling,
    /// When what was taken ahead is to be put back; one answer of a batch says so.
    lease_us: Option<i64>,
}

/// Where the bucket of all processes is changed, for many calls at once.
struct Desk {
    rule: Rule,
    clock: Clock,
    store: Store,
    purses: Purses,
}

impl Batch for Desk {
    type Asked = Asked;
    type Answer = Result<Answer, StoreError>;
    const MAX: usize = 1024;

    async fn answer(&mut self, asked: Vec<Asked>) -> Vec<Self::Answer> {
        let mut wanted: BTreeMap<KeyId, u32> = BTreeMap::new();
        for ask in &asked {
            *wanted.entry(ask.key()).or_default() += ask.tokens();
        }
        let now_us = self.clock.now().as_microsecond();
        let keys: Vec<KeyId> = wanted.keys().copied().collect();
        let changed = self.store.change_rates(&keys, |states| {
            let given = wanted.iter().zip(states).map(|((key, wanted), state)| self.give(*key, *wanted, state, now_us));
            given.unzip()
        });
        let mut given: BTreeMap<KeyId, Given> = match changed.await {
            Ok(given) => keys.into_iter().zip::<Vec<Given>>(given).collect(),
            Err(error) => return asked.iter().map(|_| Err(error.clone())).collect(),
        };
        for (key, given) in &given {
            self.purses.fill(*key, given, now_us);
        }
        let part = |ask: Asked| given.get_mut(&ask.key()).map(|given| given.part(ask, now_us));
        asked.into_iter().map(part).map(|part| part.ok_or(StoreError::Conflict)).collect()
    }
}

impl Desk {
    /// Takes what is wanted of a key's bucket, and something for the calls to come.
    fn give(&self, key: KeyId, wanted: u32, state: Option<String>, now_us: i64) -> (String, Given) {
        // What cannot be read was written by a program that keeps it otherwise.
        let stored = state.and_then(|state| serde_json::from_str(&state).ok());
        let mut bucket: Bucket = stored.unwrap_or_else(|| Bucket::full(self.rule, now_us));
        bucket.put_back(self.rule, self.purses.empty(key));
        let spare = bucket.left(self.rule, now_us).saturating_sub(wanted);
        let ahead = if wanted == 0 { 0 } else { spare / SHARE };
        let tokens = bucket.take(self.rule, now_us, wanted);
        let ahead = bucket.take(self.rule, now_us, ahead);
        let ruling = Ruling::of(&mut bucket, self.rule, now_us, true);
        let wait_us = bucket.wait_us(self.rule, now_us);
        (serde_json::to_string(&bucket).unwrap_or_default(), Given { tokens, ahead, told: false, ruling, wait_us })
    }
}

/// What a key was given for the calls of a batch.
struct Given {
    /// Tokens for the calls that wait.
    tokens: u32,
    /// Tokens for those to come.
    ahead: u32,
    /// Whether one of those that wait was told of the tokens ahead.
    told: bool,
    /// How the key stands then.
    ruling: Ruling,
    /// How long until the bucket has a token again, in microseconds.
    wait_us: i64,
}

impl Given {
    /// One caller's part of it.
    fn part(&mut self, ask: Asked, now_us: i64) -> Answer {
        let tells = ask.tokens() > 0 && self.ahead > 0 && !self.told;
        self.told |= tells;
        let lease_us = tells.then_some(now_us + LEASE_US);
        if self.tokens == 0 {
            return Answer { ruling: self.ruling.refused(self.wait_us), lease_us };
        }
        self.tokens -= ask.tokens();
        Answer { ruling: Ruling { left: self.ruling.left + self.ahead + self.tokens, ..self.ruling }, lease_us }
    }
}

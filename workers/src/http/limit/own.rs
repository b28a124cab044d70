//! The rate of each key where one process answers all calls: in memory, exact.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use countersign_engine::ids::KeyId;

use super::Ruling;
use super::bucket::{Bucket, Rule};
use crate::clock::Clock;
use crate::config::RateLimit;

/// From how many keys on those that have not called for long are forgotten.
const TIDY_FROM: usize = 10_000;

/// What is left for each key of this process.
#[derive(Debug)]
pub(super) struct Own {
    rule: Rule,
    clock: Clock,
    kept: Mutex<Buckets>,
}

/// Buckets by key.
#[derive(Debug)]
struct Buckets {
    by_key: HashMap<KeyId, Bucket>,
    /// At how many of them the full ones go, which are as good as none.
    tidy_at: usize,
}

impl Own {
    pub(super) fn new(rate: RateLimit, clock: Clock) -> Self {
        let kept = Mutex::new(Buckets { by_key: HashMap::new(), tidy_at: TIDY_FROM });
        Self { rule: Rule { rate, hold_us: 0 }, clock, kept }
    }

    /// Takes a token of a key.
    pub(super) fn take(&self, key: KeyId) -> Ruling {
        // Steady: a clock that is set must neither fill a bucket nor keep it empty.
        let now_us = i64::try_from(self.clock.steady().as_micros()).unwrap_or(i64::MAX);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_key.len() >= kept.tidy_at {
            kept.by_key.retain(|_, bucket| bucket.reset_us(self.rule, now_us) > 0);
            kept.tidy_at = TIDY_FROM.max(2 * kept.by_key.len());
        }
        let bucket = kept.by_key.entry(key).or_insert_with(|| Bucket::full(self.rule, now_us));
        let admitted = bucket.take(self.rule, now_us, 1) == 1;
        Ruling::of(bucket, self.rule, now_us, admitted)
    }
}

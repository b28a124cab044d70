//! A bucket of tokens, one for each call: filled evenly, never above its size, and never giving more than
//! its size in any [`WINDOW_US`]. Pure arithmetic: time is an argument, in microseconds from any instant.
//!
//! The window matters because a full bucket alone would give its size and, while that goes out, what flows
//! in meanwhile. What was taken is counted in grains of [`GRAIN_US`], each as late as its last call, so the
//! window never lets through more than it says, and a little later at most.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::config::RateLimit;

/// Over which time no more than the bucket's size is given, in microseconds.
pub(super) const WINDOW_US: i64 = 10_000_000;
/// How exactly the window is kept, in microseconds.
const GRAIN_US: i64 = 250_000;
/// A token, in the units that a bucket is filled by: `per_minute` of them each microsecond.
const TOKEN: i64 = 60_000_000;
/// By how much the clocks of those who share a bucket may differ, in microseconds.
const SKEW_US: i64 = 5_000_000;

/// How a bucket is filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Its rate and size.
    pub(super) rate: RateLimit,
    /// How long after it was taken a token may be used, in microseconds.
    pub(super) hold_us: i64,
}

impl Rule {
    fn full(self) -> i64 {
        i64::from(self.rate.burst) * TOKEN
    }

    fn per_microsecond(self) -> i64 {
        i64::from(self.rate.per_minute)
    }

    /// How long what was taken counts.
    fn window_us(self) -> i64 {
        WINDOW_US + self.hold_us
    }
}

/// What is left for a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// When it was last looked at.
    at_us: i64,
    /// How full it was then.
    level: i64,
    /// What was taken within the window: when the last of a grain was, and how many.
    taken: VecDeque<(i64, u32)>,
}

impl Bucket {
    /// A full one.
    pub(super) fn full(rule: Rule, now_us: i64) -> Self {
        Self { at_us: now_us, level: rule.full(), taken: VecDeque::new() }
    }

    /// Takes as many tokens as there are now, at most `wanted`.
    pub(super) fn take(&mut self, rule: Rule, now_us: i64, wanted: u32) -> u32 {
        let given = self.left(rule, now_us).min(wanted);
        if given > 0 {
            self.level -= i64::from(given) * TOKEN;
            match self.taken.back_mut() {
                Some((last_us, taken)) if *last_us / GRAIN_US == self.at_us / GRAIN_US => {
                    *last_us = self.at_us;
                    *taken += given;
                }
                _ => self.taken.push_back((self.at_us, given)),
            }
        }
        given
    }

    /// Puts back tokens that were taken and not used, the latest first.
    pub(super) fn put_back(&mut self, rule: Rule, mut tokens: u32) {
        self.level = (self.level + i64::from(tokens) * TOKEN).min(rule.full());
        while tokens > 0
            && let Some((_, taken)) = self.taken.back_mut()
        {
            let back = tokens.min(*taken);
            tokens -= back;
            *taken -= back;
            if *taken == 0 {
                self.taken.pop_back();
            }
        }
    }

    /// How many tokens there are now.
    pub(super) fn left(&mut self, rule: Rule, now_us: i64) -> u32 {
        self.look(rule, now_us);
        let level = u32::try_from(self.level / TOKEN).unwrap_or(0);
        level.min(rule.rate.burst.saturating_sub(self.taken()))
    }

    /// How long until there is a token, in microseconds; 0 if there is one.
    pub(super) fn wait_us(&mut self, rule: Rule, now_us: i64) -> i64 {
        self.look(rule, now_us);
        let missing = (TOKEN - self.level).max(0);
        let filled = (missing + rule.per_microsecond() - 1) / rule.per_microsecond();
        filled.max(self.window_wait_us(rule))
    }

    /// How long until it is full, in microseconds.
    pub(super) fn reset_us(&mut self, rule: Rule, now_us: i64) -> i64 {
        self.look(rule, now_us);
        let filled = (rule.full() - self.level) / rule.per_microsecond();
        let emptied = self.taken.back().map_or(0, |(last_us, _)| last_us + rule.window_us() - self.at_us);
        filled.max(emptied)
    }

    fn window_wait_us(&self, rule: Rule) -> i64 {
        let mut taken = self.taken();
        for (last_us, count) in &self.taken {
            if taken < rule.rate.burst {
                break;
            }
            taken -= count;
            if taken < rule.rate.burst {
                return last_us + rule.window_us() - self.at_us;
            }
        }
        0
    }

    fn taken(&self) -> u32 {
        self.taken.iter().map(|(_, taken)| taken).sum()
    }

    /// Fills it up to now. Whoever else shares it may have a clock that is a little ahead; one that is far
    /// ahead was wrong.
    fn look(&mut self, rule: Rule, now_us: i64) {
        let now_us = if self.at_us - now_us > SKEW_US { now_us } else { now_us.max(self.at_us) };
        let passed = (now_us - self.at_us).clamp(0, rule.full());
        self.level = passed.saturating_mul(rule.per_microsecond()).saturating_add(self.level).min(rule.full());
        self.at_us = now_us;
        while self.taken.front().is_some_and(|(last_us, _)| last_us + rule.window_us() <= now_us) {
            self.taken.pop_front();
        }
    }
}

//! Whole systems under faults: what was promised holds whatever is killed, and when.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

pub(crate) mod ahead;
pub(crate) mod client;
mod kill;
pub(crate) mod letters;
pub(crate) mod program;
mod races;
mod timers;

/// Chance with a seed (SplitMix64): the same seed, the same choices.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed in `SIMULATION_SEED`, or a new one; printed so that a run can be repeated.
    pub(crate) fn of_run() -> Self {
        let given = std::env::var("SIMULATION_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().1);
        println!("SIMULATION_SEED={seed}");
        Self(seed)
    }

    /// The chance of one part of a run, whatever the others draw.
    pub(crate) fn part(&self, number: usize) -> Self {
        let mut part = Self(self.0 ^ (number as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93));
        part.next();
        part
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Whether something of so many percent happens.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

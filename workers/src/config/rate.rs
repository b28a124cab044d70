//! How often a key may call, and how that is written.

use std::str::FromStr;

/// Most calls a minute, and most at once, that a rate limit may allow.
const RATE_LIMIT_MAX: u32 = 1_000_000;

/// How often a key may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many calls a minute in the long run.
    pub per_minute: u32,
    /// How many at once, and at most in any 10 s.
    pub burst: u32,
}

impl FromStr for RateLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|number| (1..=RATE_LIMIT_MAX).contains(number));
        let (per_minute, burst) = match text.split_once(':') {
            Some((per_minute, burst)) => (number(per_minute), number(burst)),
            None => (number(text), number(text).map(|rate| rate.saturating_mul(2).min(RATE_LIMIT_MAX))),
        };
        let (Some(per_minute), Some(burst)) = (per_minute, burst) else {
            return Err(format!("is off, or calls a minute and at once such as 100:200, each 1 to {RATE_LIMIT_MAX}"));
        };
        if burst < per_minute.div_ceil(6) {
            return Err(
                "allows more in 10 seconds than at once: the second number is at least a sixth of the first".into()
            );
        }
        Ok(Self { per_minute, burst })
    }
}

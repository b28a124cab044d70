//! Roles: loops that do what the rows say is due. Each is a reconciler: it can be killed at any
//! point, started again anywhere, run twice, and is woken by the bus but guaranteed by looking
//! again after `POLL`. No role calls another; what one leads to goes through the write path.

pub mod agent;
mod claims;
pub mod clerk;
pub mod courier;
pub mod intake;
pub mod notifier;
pub mod relay;
pub mod sealer;
pub mod timekeeper;
mod waiting;

use std::time::Duration;

use countersign_engine::effect::Effect;
use jiff::SignedDuration;

use crate::store::Claim;

/// Longest time a role trusts that nobody rang.
const POLL: Duration = Duration::from_secs(5);
/// How long what a process claimed stays its own without a word from it: so long after a crash another
/// takes it over. Clocks of machines that share the work must differ by less than [`RENEW`].
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// How often a claim is renewed while the work goes on, however long that takes.
const RENEW: SignedDuration = SignedDuration::from_secs(5);

/// The effect that a claim is for. A key that cannot be read was not written by any engine of this version: nothing is
/// done for it, and it is told again each time its claim runs out.
fn effect_of(claim: &Claim) -> Option<Effect> {
    let effect = claim.key.parse().ok();
    if effect.is_none() {
        tracing::error!(effect = claim.key, "an effect's key cannot be read; nothing is done for it");
    }
    effect
}

/// How long a failed effect waits: 5 s, doubled each time, at most an hour.
fn backoff(attempts: i64) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or(10);
    SignedDuration::from_secs((5_i64 << doublings).min(3600))
}

//! The core, without a clock or a disk: every rule of the lifecycle by example, and random
//! histories against a second derivation of what they must be.

mod answers;
mod corrections;
mod groups;
mod leftovers;
mod lifecycle;
mod order;
pub(crate) mod play;
mod providers;
pub(crate) mod random;
mod requirements;
mod revising;
mod time;
mod trail;
mod watch;

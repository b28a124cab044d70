//! Calls to addresses that others chose. They reach the public internet and nothing else: not this machine, not its
//! network, not what a cloud tells its machines (SSRF), whatever a name says now or later (DNS rebinding).
//!
//! `ranges` is the one table of what is not public, `guard` judges addresses and URLs by it, `names` is where names
//! are looked up, `sender` makes the calls and connects only to addresses that were judged. It knows nothing of what
//! is sent.

mod guard;
mod names;
mod ranges;
mod sender;

pub use guard::{Forbidden, Guard, URL_MAX};
pub use names::Names;
pub use ranges::is_public;
pub use sender::{Answer, Call, Reply, Room, SMALL_MAX, Sender, Unsent};

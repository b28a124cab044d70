//! Webhooks in: what vendors tell us, and how far it can be believed.
//!
//! A vendor stamps what it sends with a secret that it shares with us. How, is a row of one table (`scheme`): where the
//! stamp stands, how it is written, what it covers, how the secret is written, and so how far a message with a genuine
//! stamp can be believed. `stamps` reads stamps strictly, `verify` compares them, `secret` is what is shared, `secrets` those of a configuration; `fields`
//! reads a form or an object flatly, `report` is what a vendor said, in nobody's words in particular, and `verdict` what
//! came of it.
//!
//! Which scheme a message is held against is fixed by the configuration that it is addressed to, and never read from the
//! message. This room reads and compares bytes: it calls nobody, stores nothing, and knows no dialect.

mod fields;
mod report;
mod scheme;
mod secret;
mod secrets;
mod stamps;
mod verdict;
mod verify;

pub use fields::{Fields, Unreadable};
pub use report::{Report, Told, Who};
pub use scheme::{SCHEMES, Scheme, Trust};
pub use secret::{BadSecret, HookSecret, KEY_MAX_BYTES, KEY_MIN_BYTES};
pub use secrets::{FORMER_MAX, HookSecrets};
pub use verdict::Verdict;
pub use verify::{Genuine, Message, Refused, TOLERANCE};

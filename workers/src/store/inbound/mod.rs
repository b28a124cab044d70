//! Webhooks in: `rows` are what vendors told, kept as it came and listed; `applying` is how it is claimed, put off and
//! settled. Bodies are encrypted before they get here.

mod applying;
mod rows;

pub use applying::{InboundClaim, Settled};
pub use rows::{InboundBody, InboundListing, InboundRow, InboundState, Taken};

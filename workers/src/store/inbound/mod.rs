//! Webhooks in: `taking` is how what vendors told is kept, `rows` what is kept and listed; `applying` is how it is
//! claimed, put off and settled. Bodies are encrypted before they get here.

mod applying;
mod rows;
mod taking;

pub use applying::{InboundClaim, Settled};
pub use rows::{InboundBody, InboundListing, InboundRow, InboundState};
pub use taking::{Share, Taken};

//! Providers: `configs` are the accounts at vendors, `calls` how often each may still be called and who does it,
//! `envelopes` what stands at a vendor for a request. What is secret is encrypted before it gets here.

mod calls;
mod configs;
mod envelopes;

pub use calls::{Account, Begun, ProviderHold};
pub use configs::ProviderRow;
pub use envelopes::EnvelopeRow;

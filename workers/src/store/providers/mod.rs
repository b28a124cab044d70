//! Providers: `configs` are the accounts at vendors, `calls` how often each may still be called and who does it,
//! `envelopes` what stands at a vendor for a request, `uses` which requests name which account. What is secret is encrypted before it gets here.

mod calls;
mod configs;
mod envelopes;
mod uses;

pub use calls::{Account, Begun, ProviderLease};
pub use configs::{ProviderRow, StandRow};
pub use envelopes::EnvelopeRow;
pub use uses::AccountUse;

//! The shapes of seed 003, as they travel. Names and nesting are the seed's and its public connector's;
//! members they do not have are ours.

mod common;
mod documents;
mod envelopes;
mod keys;
mod new;
mod notice;
mod webhooks;

pub use common::*;
pub use documents::*;
pub use envelopes::*;
pub use keys::*;
pub use new::*;
pub use notice::*;
pub use webhooks::*;

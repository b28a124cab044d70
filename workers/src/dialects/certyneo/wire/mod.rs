//! The shapes of seed 003, as they travel. Names and nesting are the seed's and its public connector's;
//! members they do not have are ours.

mod common;
mod keys;
mod notice;
mod webhooks;

pub use common::*;
pub use keys::*;
pub use notice::*;
pub use webhooks::*;

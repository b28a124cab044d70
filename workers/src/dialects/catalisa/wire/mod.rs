//! The shapes of seed 002, as they travel. Names and nesting are the seed's; members it does not
//! have are ours and optional.

mod common;
mod dead_letters;
mod groups;
mod inbound;
mod library;
mod new;
mod providers;
mod requests;
mod retention;
mod signers;

pub use common::*;
pub use dead_letters::*;
pub use groups::*;
pub use inbound::*;
pub use library::*;
pub use new::*;
pub use providers::*;
pub use requests::*;
pub use retention::*;
pub use signers::*;

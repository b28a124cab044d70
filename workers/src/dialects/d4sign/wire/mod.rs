//! The vendor's shapes, as they travel: names and nesting are seed 001's and its documentation's. Numbers are texts, and
//! what is absent is an empty one.

mod documents;
mod sending;
mod signers;

pub use documents::*;
pub use sending::*;
pub use signers::*;

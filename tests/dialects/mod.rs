//! The dialects, as their clients see them.

pub(crate) mod catalisa;
mod certyneo;

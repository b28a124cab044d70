//! The dialects, as their clients see them.

pub(crate) mod catalisa;
pub(crate) mod certyneo;
pub(crate) mod d4sign;

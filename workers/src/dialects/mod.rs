//! Dialects: vendors' vocabularies over the one engine. Each reads its own JSON into the engine's
//! words, and writes the engine's words as its own JSON; none knows another.

pub mod catalisa;
pub mod certyneo;

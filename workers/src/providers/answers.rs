//! What adapters answer, in nobody's words in particular.

use std::collections::BTreeMap;

use countersign_engine::command::{Outcome, Step};
use countersign_engine::ids::SignerId;

/// A request that its vendor has taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The vendor's id of it.
    pub reference: String,
    /// The vendor's ids of the signers.
    pub signers: BTreeMap<SignerId, String>,
}

/// How a request stands at its vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What signers have done.
    pub steps: BTreeMap<SignerId, Step>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// Why, where somebody said.
    pub reason: Option<String>,
    /// The vendor's own word for where it stands.
    pub word: String,
}

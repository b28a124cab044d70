//! What a provider told of a request.

use std::collections::BTreeMap;

use crate::ids::{ConfigId, SignerId};

/// How a request stands at its provider, as far as that was told. What is not mentioned is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// With which configuration.
    pub config: ConfigId,
    /// The provider's own word for what happened.
    pub word: String,
    /// What signers have done.
    pub steps: BTreeMap<SignerId, Step>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// Why, where somebody said. What is longer than [`TEXT_MAX`](super::TEXT_MAX) is cut.
    pub reason: Option<String>,
    /// Whether it is the provider's answer to the question how everything stands: there is no more to be learnt.
    pub is_answer: bool,
}

/// What a signer has done at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Opened the document.
    Viewed,
    /// Signed, approved or acknowledged.
    Signed,
    /// Refused.
    Declined,
    /// Nothing, because they could not be written to.
    Undelivered,
}

/// How a request ended at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everybody has acted.
    Completed,
    /// Somebody refused.
    Declined,
    /// It was called off there.
    Cancelled,
    /// Its time ran out there.
    Expired,
}

//! What is known of a request's way to its vendor: which steps are done, and which was asked for and never answered.
//! Kept in the database, so that whoever goes on knows it.

use std::collections::BTreeMap;

use countersign_engine::ids::{Digest, SignerId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The steps of a request's way to its vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The call of which it is not known whether the vendor heard it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// The vendor's ids of the documents that it has, by their place, from 0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<u32, String>,
    /// The vendor's ids of the signers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signers: BTreeMap<SignerId, String>,
    /// The number of the request's event up to which the vendor's list of signers is as ours.
    #[serde(default)]
    pub listed: u64,
    /// Of whom the vendor was told who they are, with a stamp of what was told: another is told again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<SignerId, Digest>,
    /// Further steps that are done, such as `hook`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<String>,
    /// Whether the vendor was told to write to the signers.
    #[serde(default)]
    pub sent: bool,
}

/// A call of which it is not known whether the vendor heard it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Which step.
    pub step: String,
    /// When it was first made.
    pub since: Timestamp,
    /// When it was last made.
    #[serde(default)]
    pub last: Timestamp,
}

impl Note {
    /// Whether a call for this step was made and never answered.
    pub fn doubts(&self, step: &str) -> bool {
        self.doubt.as_ref().is_some_and(|doubt| doubt.step == step)
    }

    /// From when on it is certain that a step which is not found done will not be either: a slow vendor may act on a
    /// call long after nobody waits for its answer. `None` if that is certain.
    pub fn settles(&self, step: &str, now: Timestamp) -> Option<Timestamp> {
        let doubt = self.doubt.as_ref().filter(|doubt| doubt.step == step)?;
        Some(doubt.last + SETTLES).filter(|settles| now < *settles)
    }

    /// Whether the vendor may have written to somebody.
    pub fn may_have_invited(&self) -> bool {
        self.sent || self.doubts(SEND)
    }

    /// Whether a further step is done.
    pub fn has_done(&self, step: &str) -> bool {
        self.done.iter().any(|done| done == step)
    }
}

/// How long after it was made a call may still be acted on.
const SETTLES: SignedDuration = SignedDuration::from_mins(2);

/// The step by which the vendor writes to the signers.
pub const SEND: &str = "send";

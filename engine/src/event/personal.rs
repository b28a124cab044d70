//! Who and what an event is about: the part of it that is erased with the request's data key. The history still
//! verifies, because the fact carries a salted digest of it ([`crate::trail`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::terms::Value;
use crate::ids::{SignerId, WidgetId};
use crate::person::Person;
use crate::requirement::Particulars;
use crate::signer::Mark;

/// The personal part of an event: erased with the request's data key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// The documents' file names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_names: Vec<String>,
    /// Address the person acted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What the widgets are called on the page.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "by_text")]
    pub labels: BTreeMap<WidgetId, String>,
    /// The signature given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// The sender's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What is personal or secret about what signers must prove.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub particulars: BTreeMap<SignerId, Particulars>,
    /// Who the signers are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub people: BTreeMap<SignerId, Person>,
    /// Why: a refusal, a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Browser the person acted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What was filled in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "by_text")]
    pub values: BTreeMap<WidgetId, Value>,
}

/// Writes a map in the order of its keys as text, where 10 comes before 2.
fn by_text<V: Serialize, S: Serializer>(map: &BTreeMap<WidgetId, V>, serializer: S) -> Result<S::Ok, S::Error> {
    let map: BTreeMap<String, &V> = map.iter().map(|(id, value)| (id.to_string(), value)).collect();
    map.serialize(serializer)
}

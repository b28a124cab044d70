//! What is read of D4Sign's answers; whatever else stands in them is left alone. Seed 001 shows objects where the vendor
//! answers lists, numbers as texts, and texts that are missing: all of it is borne.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An uploaded document.
#[derive(Debug, Deserialize)]
pub(super) struct Uploaded {
    pub(super) uuid: String,
}

/// A document with its signers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Document {
    #[serde(deserialize_with = "text")]
    pub(super) uuid_doc: String,
    #[serde(deserialize_with = "text")]
    pub(super) name_doc: String,
    #[serde(deserialize_with = "text")]
    pub(super) status_id: String,
    #[serde(deserialize_with = "text")]
    pub(super) status_comment: String,
    #[serde(deserialize_with = "text")]
    pub(super) who_canceled: String,
    #[serde(deserialize_with = "listed")]
    pub(super) list: Vec<Listed>,
}

/// A signer of a document.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Listed {
    #[serde(deserialize_with = "text")]
    pub(super) key_signer: String,
    #[serde(deserialize_with = "text")]
    pub(super) email: String,
    #[serde(deserialize_with = "text")]
    pub(super) signed: String,
    #[serde(deserialize_with = "text")]
    pub(super) email_sent_status: String,
    #[serde(deserialize_with = "text")]
    pub(super) embed_smsnumber: String,
    #[serde(deserialize_with = "text")]
    pub(super) password_code: String,
}

/// Where a document can be had.
#[derive(Debug, Deserialize)]
pub(super) struct Download {
    pub(super) url: String,
}

/// The UUIDs of a list of safes, in either way that the vendor writes their name.
pub(super) fn safes(answer: &Value) -> Vec<&str> {
    let safes = answer.as_array().into_iter().flatten();
    safes.filter_map(|safe| safe.get("uuid_safe").or_else(|| safe.get("uuid-safe"))?.as_str()).collect()
}

/// The first document of an answer, which is one or a list of one.
pub(super) fn document(body: &[u8]) -> Option<Document> {
    documents(body)?.into_iter().next()
}

/// The documents of an answer; what is none, such as the page numbers in front of a list, is left out.
pub(super) fn documents(body: &[u8]) -> Option<Vec<Document>> {
    let items = match serde_json::from_slice(body).ok()? {
        Value::Array(items) => items,
        Value::Object(object) => vec![Value::Object(object)],
        _ => return None,
    };
    let documents = items.into_iter().filter_map(|item| serde_json::from_value::<Document>(item).ok());
    Some(documents.filter(|document| !document.uuid_doc.is_empty()).collect())
}

/// How many pages a list has, as its first item tells.
pub(super) fn pages(body: &[u8]) -> u64 {
    let first = serde_json::from_slice::<Value>(body).ok().and_then(|list| list.get(0).cloned());
    let pages = first.and_then(|first| first.get("total_pages").cloned());
    pages.map_or(1, |pages| plain(&pages).parse().unwrap_or(1))
}

/// Every key of a signer in an answer, with the address beside it, wherever they stand.
pub(super) fn keys(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        Value::Object(fields) => {
            if let (Some(key), Some(email)) = (fields.get("key_signer"), fields.get("email")) {
                found.push((plain(key), plain(email)));
            }
            fields.values().for_each(|value| keys(value, found));
        }
        _ => {}
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Value::deserialize(deserializer).map(|value| plain(&value))
}

fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Listed>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(items) => items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect(),
        Value::Object(one) => serde_json::from_value(Value::Object(one)).into_iter().collect(),
        _ => Vec::new(),
    })
}

//! A hook's body as names with texts: a form (url-encoded or multipart, RFC 7578) or a flat JSON object. Strict: what
//! could be understood in two ways is not understood at all. A name that stands twice, a name without a value, bytes
//! that are no text, trailing bytes, a type that is none of these: all of it is refused.

use std::collections::BTreeMap;

use countersign_engine::ids::Digest;
use futures_util::FutureExt as _;
use futures_util::stream;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Most fields that a body may have.
const FIELDS_MAX: usize = 64;

/// Why a body cannot be understood. Tells nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its type is neither a form nor JSON.
    #[error("the content type is neither JSON nor a form")]
    Type,
    /// It is not what its type says.
    #[error("the body is not what its type says")]
    Body,
    /// It has too many fields.
    #[error("the body has too many fields")]
    TooMany,
    /// A name stands twice.
    #[error("a field stands twice")]
    Twice,
    /// What must be there is missing, or is no such thing.
    #[error("{0} is missing or is not what it must be")]
    Field(&'static str),
}

/// A body's fields. Numbers of JSON are texts, too; what is nested is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// The fields of a body, as its content type says to read it.
    pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, Unreadable> {
        let content_type = content_type.ok_or(Unreadable::Type)?;
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Self::json(body),
            "application/x-www-form-urlencoded" => Self::urlencoded(body),
            "multipart/form-data" => Self::multipart(content_type, body),
            _ => Err(Unreadable::Type),
        }
    }

    /// A field's text; `None` if it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// One field.
    pub(super) fn single(name: &str, text: impl Into<String>) -> Self {
        Self(BTreeMap::from([(name.to_owned(), text.into())]))
    }

    /// A digest of all of them, in whatever order and form they came.
    pub(super) fn digest(&self) -> Digest {
        let mut whole = Vec::new();
        for text in self.0.iter().flat_map(|(name, text)| [name, text]) {
            whole.extend_from_slice(&(text.len() as u64).to_be_bytes());
            whole.extend_from_slice(text.as_bytes());
        }
        Digest::of(&whole)
    }

    fn json(body: &[u8]) -> Result<Self, Unreadable> {
        let pairs: Pairs = serde_json::from_slice(body).map_err(|_| Unreadable::Body)?;
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            _ => None,
        };
        // Names are counted before anything is left out: a second `uuid` that is null is a second one.
        Ok(Self(unique(pairs.0)?.into_iter().filter_map(text).collect()))
    }

    fn urlencoded(body: &[u8]) -> Result<Self, Unreadable> {
        let body = std::str::from_utf8(body).map_err(|_| Unreadable::Body)?;
        if !body.is_ascii() || !is_percent_encoded(body) {
            return Err(Unreadable::Body);
        }
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(body).map_err(|_| Unreadable::Body)?;
        unique(pairs).map(Self)
    }

    fn multipart(content_type: &str, body: &[u8]) -> Result<Self, Unreadable> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| Unreadable::Type)?;
        let whole = stream::iter([Ok::<_, std::convert::Infallible>(body.to_vec())]);
        let mut parts = multer::Multipart::new(whole, boundary);
        let reading = async {
            let mut pairs = Vec::new();
            while let Some(part) = parts.next_field().await.map_err(|_| Unreadable::Body)? {
                if pairs.len() == FIELDS_MAX {
                    return Err(Unreadable::TooMany);
                }
                let name = part.name().ok_or(Unreadable::Body)?.to_owned();
                let bytes = part.bytes().await.map_err(|_| Unreadable::Body)?;
                pairs.push((name, String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable::Body)?));
            }
            Ok(pairs)
        };
        // The bytes are all here, so nothing is ever waited for.
        let pairs = reading.now_or_never().unwrap_or(Err(Unreadable::Body))?;
        unique(pairs).map(Self)
    }
}

fn unique<V>(pairs: Vec<(String, V)>) -> Result<BTreeMap<String, V>, Unreadable> {
    if pairs.len() > FIELDS_MAX {
        return Err(Unreadable::TooMany);
    }
    let mut fields = BTreeMap::new();
    for (name, value) in pairs {
        if fields.insert(name, value).is_some() {
            return Err(Unreadable::Twice);
        }
    }
    Ok(fields)
}

/// Whether each `%` is followed by two hexadecimal digits, and what they make is text.
fn is_percent_encoded(text: &str) -> bool {
    let mut rest = text.split('%');
    rest.next();
    let whole = rest.all(|after| after.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)));
    whole && percent_encoding::percent_decode_str(text).decode_utf8().is_ok()
}

/// An object's entries as they stand, repeated ones too.
struct Pairs(Vec<(String, Value)>);

impl<'de> de::Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                    if pairs.len() > FIELDS_MAX {
                        return Err(de::Error::custom("too many fields"));
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

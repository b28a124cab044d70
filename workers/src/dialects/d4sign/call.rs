//! Whose a call is: `tokenAPI` is the key's secret, `cryptKey` its second one. They come in the query, as the vendor
//! documents it; in headers of these names, as its own PHP client sends them; in the body, as seed 001's `addinfo` does;
//! or as in every other dialect. They are read here and handed on to nobody but the keys.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;

use super::problem::Problems;
use crate::http::Floor;
use crate::http::auth::{Caller, Credentials, Permission};
use crate::http::fault::{Fault, Source};

const TOKEN: &str = "tokenAPI";
const CRYPT: &str = "cryptKey";

/// Whether a call to an address that dialects share is in this one's words.
pub(in crate::dialects) fn speaks(uri: &Uri, headers: &HeaderMap) -> bool {
    pairs(uri.query()).iter().any(|(name, _)| name == TOKEN) || headers.contains_key(TOKEN)
}

/// A call without its body.
pub(in crate::dialects) struct Call {
    /// Its headers.
    pub(super) headers: HeaderMap,
    query: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Problems;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problems> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

impl Call {
    /// The call to an address with these headers.
    pub(in crate::dialects) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        Self { headers: headers.clone(), query: pairs(uri.query()) }
    }

    /// Who calls, if they may do this and their key may call now.
    pub(super) async fn admit(&self, floor: &Floor, needed: Permission) -> Result<Caller, Problems> {
        self.admit_with(floor, needed, &Value::Null).await
    }

    /// The same, where the body may say who calls.
    pub(super) async fn admit_with(&self, floor: &Floor, needed: Permission, body: &Value) -> Result<Caller, Problems> {
        let missing = || {
            let detail = "Send your API key as tokenAPI in the query, and its cryptKey if it has one.";
            Fault {
                source: Source::Parameter(TOKEN.to_owned()),
                ..Fault::new(StatusCode::UNAUTHORIZED, "key_missing", detail)
            }
        };
        let shown = self.shown(body).or_else(|| Credentials::of(&self.headers)).ok_or_else(missing)?;
        Ok(floor.keys.admit_with(shown, needed).await?)
    }

    /// The parameters of the query that do not say who calls.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| ![TOKEN, CRYPT].contains(name))
    }

    fn shown(&self, body: &Value) -> Option<Credentials> {
        let find = |name| self.in_query(name).or_else(|| self.in_headers(name)).or_else(|| body.get(name)?.as_str());
        let secret = find(TOKEN)?.trim().to_owned();
        let crypt = find(CRYPT).map(|crypt| crypt.trim().to_owned());
        Some(Credentials { secret, crypt, source: Source::Parameter(TOKEN.to_owned()) })
    }

    fn in_query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn in_headers(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    serde_urlencoded::from_str(query.unwrap_or_default()).unwrap_or_default()
}

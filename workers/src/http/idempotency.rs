//! `Idempotency-Key`: makes a repeated POST recognisable for 24 hours (SPEC §4).

use axum::http::{HeaderMap, Method, StatusCode};
use countersign_engine::ids::Digest;

use super::fault::Fault;
use crate::commit::Receipt;

/// Longest key, in characters.
const KEY_MAX: usize = 255;

/// The receipt that a call asks for, if it does. The same key with another body is another request.
pub fn receipt(headers: &HeaderMap, method: &Method, path: &str, body: &[u8]) -> Result<Option<Receipt>, Fault> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > KEY_MAX {
        return Err(Fault::header(
            StatusCode::BAD_REQUEST,
            "Idempotency-Key",
            "invalid_header",
            format!("An Idempotency-Key has 1 to {KEY_MAX} printable ASCII characters."),
        ));
    }
    let asked = format!("{method} {path}\n");
    Ok(Some(Receipt { key: format!("http:{key}"), fingerprint: Digest::of_both(asked.as_bytes(), body) }))
}

//! A file as an answer: what is downloaded, or shown in place.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};

use crate::service::download::Download;

/// A file that is to be saved.
pub fn attached(Download { name, media_type, bytes }: Download) -> Response {
    answer(bytes, media_type, disposition("attachment", &name))
}

/// A PDF that is to be shown.
pub fn shown(bytes: Vec<u8>, name: &str) -> Response {
    answer(bytes, "application/pdf", disposition("inline", name))
}

fn answer(bytes: Vec<u8>, media_type: &str, disposition: String) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CACHE_CONTROL, "private, no-store".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    (headers, Body::from(bytes)).into_response()
}

/// A `Content-Disposition` with a file name that may hold any letter (RFC 6266).
fn disposition(kind: &str, name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%;".contains(c) { c } else { '_' }).collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

//! A form with one file in it (RFC 7578), as bytes: an upload whose length is known, so that it can be sent again.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::stamp;

/// The body of a form whose part `file` is a PDF, and its content type.
pub fn pdf_form(file_name: &str, pdf: &[u8]) -> (HeaderMap, Vec<u8>) {
    // Nobody can have written it into the document.
    let boundary = format!("countersign-{}", hex::encode(stamp::random::<16>()));
    let legal = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
    let name: String = file_name.chars().filter(|c| legal(*c)).collect();
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/pdf\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(pdf);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")) {
        headers.insert(CONTENT_TYPE, value);
    }
    (headers, body)
}

//! A form with one file in it (RFC 7578), as bytes: an upload whose length is known.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::outbound::Room;
use crate::stamp;

/// A form, and the room that it takes for as long as it is there.
#[derive(Debug)]
pub struct PdfForm {
    /// Its content type.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    /// Its room.
    pub room: Room,
}

impl PdfForm {
    /// The form whose part `file` is a PDF, written around it where it lies.
    pub fn around(mut pdf: Vec<u8>, file_name: &str, room: Room) -> Self {
        // Nobody can have written it into the document.
        let boundary = format!("countersign-{}", hex::encode(stamp::random::<16>()));
        let legal = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
        let name: String = file_name.chars().filter(|c| legal(*c)).collect();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/pdf\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        pdf.reserve_exact(head.len() + tail.len());
        drop(pdf.splice(..0, head.into_bytes()));
        pdf.extend_from_slice(tail.as_bytes());
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")) {
            headers.insert(CONTENT_TYPE, value);
        }
        Self { headers, body: pdf, room }
    }
}

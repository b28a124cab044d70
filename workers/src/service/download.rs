//! What a completed request can be downloaded as: a document's sealed PDF, or all of them in one ZIP.

use std::collections::HashSet;
use std::io::{Cursor, Write as _};

use countersign_engine::request::Request;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Service, ServiceError};
use crate::ledger::Loaded;

/// Longest name of a file in a ZIP, in characters, without what makes it unique.
const NAME_MAX: usize = 120;

/// A file to be handed out.
#[derive(Debug)]
pub struct Download {
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// It.
    pub bytes: Vec<u8>,
}

impl Service {
    /// What a completed request is downloaded as: with a place, counted from 0, that document's sealed PDF;
    /// without one, the only document's, or all of them as a ZIP. `None` if there is no such document.
    /// What the sealer has not made yet is made now.
    pub async fn download(&self, loaded: &Loaded, place: Option<u32>) -> Result<Option<Download>, ServiceError> {
        let request = &loaded.request;
        let names = sealed_names(request);
        let place = place.or((names.len() == 1).then_some(0));
        match place.map(|place| (place, names.get(place as usize))) {
            None => Ok(Some(self.sealed_zip(loaded).await?)),
            Some((_, None)) => Ok(None),
            Some((place, Some(name))) => {
                let bytes = self.sealed_pdf(loaded, place).await?;
                Ok(Some(Download { name: name.clone(), media_type: "application/pdf", bytes }))
            }
        }
    }

    /// All sealed PDFs of a completed request in one ZIP. It is the same, byte for byte, however often it is made.
    pub async fn sealed_zip(&self, loaded: &Loaded) -> Result<Download, ServiceError> {
        let request = &loaded.request;
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        // A PDF is compressed already.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o644)
            .last_modified_time(zip_time(request.completed_at.unwrap_or(request.updated_at)));
        for (place, name) in (0..).zip(sealed_names(request)) {
            let pdf = self.sealed_pdf(loaded, place).await?;
            zip.start_file(name, options)?;
            zip.write_all(&pdf).map_err(ZipError::from)?;
        }
        let bytes = zip.finish()?.into_inner();
        let title = file_name(request.title.as_deref().unwrap_or_default(), "documents");
        Ok(Download { name: format!("{title}-signed.zip"), media_type: "application/zip", bytes })
    }
}

/// The file names of a request's sealed PDFs, in the order of its documents, no two alike: two that differ
/// only in the case of letters are the same on many machines.
pub fn sealed_names(request: &Request) -> Vec<String> {
    let mut taken = HashSet::new();
    let unique = |place: usize| {
        let name = request.file_name(place);
        let lower = name.to_ascii_lowercase();
        let stem = if lower.ends_with(".pdf") { &name[..name.len() - 4] } else { name };
        let stem = file_name(stem, "document");
        let numbered = (2..).map(|number: u32| format!("{stem}-signed ({number}).pdf"));
        let mut names = std::iter::once(format!("{stem}-signed.pdf")).chain(numbered);
        names.find(|name| taken.insert(name.to_lowercase())).unwrap_or_default()
    };
    (0..request.terms.documents.len()).map(unique).collect()
}

/// A text as a part of a file name that every system takes: no folder, no character that some refuse.
fn file_name(text: &str, otherwise: &str) -> String {
    let refused = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let name: String = text.chars().map(|c| if refused(c) { '_' } else { c }).take(NAME_MAX).collect();
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

/// A time as a ZIP holds it: in no zone, from 1980 to 2107, in steps of two seconds.
fn zip_time(time: Timestamp) -> DateTime {
    let time = time.to_zoned(TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(time.year()).unwrap_or_default();
    let (month, day) = (part(time.month()), part(time.day()));
    DateTime::from_date_and_time(year, month, day, part(time.hour()), part(time.minute()), part(time.second()))
        .unwrap_or_default()
}

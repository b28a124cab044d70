//! ZIPs in memory: written, the same byte for byte however often; read, within bounds; and names that every
//! system takes.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _, Write as _};

use jiff::Timestamp;
use jiff::tz::Offset;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Longest part of a file's name, in characters.
const NAME_MAX: usize = 120;
/// Most files of a ZIP that is read.
const FILES_MAX: usize = 1000;
/// Most bytes that they may have together: more than the documents of a request and their sealed PDFs.
const BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A ZIP being written.
pub struct Zip {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
}

impl Zip {
    /// An empty one, whose files bear a time.
    pub fn new(time: Timestamp) -> Self {
        let options = SimpleFileOptions::default().unix_permissions(0o644).last_modified_time(time_of(time));
        Self { writer: ZipWriter::new(Cursor::new(Vec::new())), options }
    }

    /// Adds a file. A PDF is compressed already and is only stored.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let stored = name.ends_with(".pdf");
        let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        self.writer.start_file(name, self.options.compression_method(method))?;
        self.writer.write_all(bytes)
    }

    /// The whole ZIP.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        Ok(self.writer.finish()?.into_inner())
    }
}

/// The files of a ZIP by name, or why it cannot be read, in one sentence.
pub fn unpack(zip: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let unreadable = |error: ZipError| format!("this is no zip that can be read: {error}");
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(unreadable)?;
    if archive.len() > FILES_MAX {
        return Err(format!("there are more than {FILES_MAX} files"));
    }
    let mut left = BYTES_MAX;
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).map_err(unreadable)?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_err(unreadable)?.into_owned();
        let mut bytes = Vec::new();
        // One byte more than is left, so that too much is noticed.
        let read = file.by_ref().take(left + 1).read_to_end(&mut bytes);
        let read = read.map_err(|error| format!("{name}: cannot be read: {error}"))? as u64;
        left = left.checked_sub(read).ok_or_else(|| format!("{name}: the files are larger than {BYTES_MAX} bytes"))?;
        if files.insert(name.clone(), bytes).is_some() {
            return Err(format!("{name}: stands in the zip twice"));
        }
    }
    Ok(files)
}

/// A text as a part of a file name that every system takes: no folder, no character that some refuse.
pub fn file_name(text: &str, otherwise: &str) -> String {
    let refused = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let name: String = text.chars().map(|c| if refused(c) { '_' } else { c }).take(NAME_MAX).collect();
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

/// A file's name without the ending of PDFs.
pub fn stem(name: &str) -> &str {
    match name.to_ascii_lowercase().ends_with(".pdf") {
        true => &name[..name.len() - 4],
        false => name,
    }
}

/// A time as a ZIP holds it: in no zone, from 1980 to 2107, in steps of two seconds.
fn time_of(time: Timestamp) -> DateTime {
    let time = Offset::UTC.to_datetime(time);
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(time.year()).unwrap_or_default();
    let (month, day) = (part(time.month()), part(time.day()));
    DateTime::from_date_and_time(year, month, day, part(time.hour()), part(time.minute()), part(time.second()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{file_name, stem};

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(file_name("contrato 2026 (v2)", "x"), "contrato 2026 (v2)");
        assert_eq!(file_name("../../etc/passwd", "x"), "_.._etc_passwd");
        assert_eq!(file_name("a\\b:c*d?", "x"), "a_b_c_d_");
        assert_eq!(file_name(" .. ", "x"), "x");
        assert_eq!(file_name(&"é".repeat(300), "x").chars().count(), 120);
        assert_eq!([stem("a.pdf"), stem("a.PDF"), stem("é"), stem(".pdf")], ["a", "a", "é", ""]);
    }
}

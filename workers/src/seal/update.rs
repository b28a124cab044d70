//! One incremental update: new objects after the untouched bytes of the original, a
//! cross-reference section of the original's own kind, and room for a signature.
//!
//! It writes what it is given. It does not know pages, forms or certificates.

use std::collections::BTreeMap;
use std::io::Write as _;

use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, Writer, dictionary};

use super::SealError;

/// Ten digits each, so that the real numbers fit where the placeholders are.
const RANGE_PLACEHOLDER: &str = "[0 0000000000 0000000000 0000000000]";

/// An update in progress.
pub(super) struct Update<'a> {
    /// The bytes it is appended to.
    pub(super) original: &'a [u8],
    /// The document as it was.
    pub(super) previous: &'a Document,
    objects: BTreeMap<ObjectId, Object>,
    next_number: u32,
}

/// A written update whose signature is still zeros.
pub(super) struct Unsigned {
    /// The whole file.
    pub(super) bytes: Vec<u8>,
    /// Where `/Contents` begins: the position of its `<`.
    gap_start: usize,
    /// Where `/Contents` ends: the position after its `>`.
    gap_end: usize,
}

impl<'a> Update<'a> {
    /// An empty update of a document.
    pub(super) fn new(original: &'a [u8], previous: &'a Document) -> Self {
        Self { original, previous, objects: BTreeMap::new(), next_number: previous.max_id + 1 }
    }

    /// A number for an object that is written later.
    pub(super) fn reserve(&mut self) -> ObjectId {
        let id = (self.next_number, 0);
        self.next_number += 1;
        id
    }

    /// Adds an object.
    pub(super) fn add(&mut self, object: impl Into<Object>) -> ObjectId {
        let id = self.reserve();
        self.objects.insert(id, object.into());
        id
    }

    /// Writes an object under a number, replacing what the original has there.
    pub(super) fn put(&mut self, id: ObjectId, object: impl Into<Object>) {
        self.objects.insert(id, object.into());
    }

    /// A dictionary as it stands: ours if replaced, else the original's.
    pub(super) fn dictionary(&self, id: ObjectId) -> Result<Dictionary, SealError> {
        match self.objects.get(&id) {
            Some(Object::Dictionary(dictionary)) => Ok(dictionary.clone()),
            _ => Ok(self.previous.get_dictionary(id).map_err(|_| SealError::Structure)?.clone()),
        }
    }

    /// Writes original, objects, the signature's dictionary with `reserved` zero bytes in its
    /// `/Contents`, and the cross-reference section.
    pub(super) fn write(mut self, signature: (ObjectId, Dictionary), reserved: usize) -> Result<Unsigned, SealError> {
        let mut bytes = Vec::with_capacity(self.original.len() + 2 * reserved + 256 * 1024);
        bytes.extend_from_slice(self.original);
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let mut offsets = BTreeMap::new();
        for (id, object) in std::mem::take(&mut self.objects) {
            offsets.insert(id, bytes.len());
            writeln!(bytes, "{} {} obj", id.0, id.1)?;
            Writer::write_object(&mut bytes, &object)?;
            bytes.extend_from_slice(b"\nendobj\n");
        }
        offsets.insert(signature.0, bytes.len());
        let (gap_start, gap_end, range_start) = write_signature(&mut bytes, &signature, reserved)?;
        match self.previous.reference_table.cross_reference_type {
            XrefType::CrossReferenceTable => self.write_table(&mut bytes, &offsets)?,
            XrefType::CrossReferenceStream => self.write_stream(&mut bytes, offsets)?,
        }
        let range = format!("[0 {gap_start} {gap_end} {}]", bytes.len() - gap_end);
        let padded = format!("{range:<width$}", width = RANGE_PLACEHOLDER.len());
        bytes[range_start..range_start + padded.len()].copy_from_slice(padded.as_bytes());
        Ok(Unsigned { bytes, gap_start, gap_end })
    }

    fn trailer(&self, size: u32, bytes: &[u8]) -> Dictionary {
        let mut trailer = dictionary! {
            "Size" => i64::from(size),
            "Prev" => self.previous.xref_start as i64,
        };
        for key in [b"Root".as_slice(), b"Info"] {
            if let Ok(value) = self.previous.trailer.get(key) {
                trailer.set(key, value.clone());
            }
        }
        // The first half names the document for ever, the second this revision.
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        let revision = Object::String(digest.as_ref()[..16].to_vec(), StringFormat::Hexadecimal);
        let first = self
            .previous
            .trailer
            .get_deref(b"ID", self.previous)
            .and_then(Object::as_array)
            .ok()
            .and_then(|halves| halves.first().cloned())
            .unwrap_or_else(|| revision.clone());
        trailer.set("ID", vec![first, revision]);
        trailer
    }

    fn write_table(&self, bytes: &mut Vec<u8>, offsets: &BTreeMap<ObjectId, usize>) -> Result<(), SealError> {
        let start = bytes.len();
        let trailer = self.trailer(self.next_number, bytes);
        writeln!(bytes, "xref")?;
        for section in sections(offsets) {
            writeln!(bytes, "{} {}", section[0].0.0, section.len())?;
            for ((_, generation), offset) in section {
                write!(bytes, "{offset:010} {generation:05} n\r\n")?;
            }
        }
        writeln!(bytes, "trailer")?;
        Writer::write_object(bytes, &Object::Dictionary(trailer))?;
        write!(bytes, "\nstartxref\n{start}\n%%EOF\n")?;
        Ok(())
    }

    fn write_stream(&self, bytes: &mut Vec<u8>, mut offsets: BTreeMap<ObjectId, usize>) -> Result<(), SealError> {
        let start = bytes.len();
        let number = self.next_number;
        offsets.insert((number, 0), start);
        let mut dictionary = self.trailer(number + 1, bytes);
        let (mut index, mut table) = (Vec::new(), Vec::new());
        for section in sections(&offsets) {
            index.extend([Object::from(i64::from(section[0].0.0)), Object::from(section.len() as i64)]);
            for ((_, generation), offset) in section {
                let offset = u32::try_from(offset).map_err(|_| SealError::TooLarge)?;
                table.push(1);
                table.extend(offset.to_be_bytes());
                table.extend(generation.to_be_bytes());
            }
        }
        dictionary.set("Type", "XRef");
        dictionary.set("W", vec![Object::from(1), Object::from(4), Object::from(2)]);
        dictionary.set("Index", index);
        writeln!(bytes, "{number} 0 obj")?;
        Writer::write_object(bytes, &Object::Stream(Stream::new(dictionary, table)))?;
        write!(bytes, "\nendobj\nstartxref\n{start}\n%%EOF\n")?;
        Ok(())
    }
}

impl Unsigned {
    /// The two parts that the signature covers: all but `/Contents`.
    pub(super) fn covered(&self) -> [&[u8]; 2] {
        [&self.bytes[..self.gap_start], &self.bytes[self.gap_end..]]
    }

    /// Fills `/Contents`.
    pub(super) fn fill(mut self, contents: &[u8]) -> Result<Vec<u8>, SealError> {
        let digits = hex::encode(contents);
        let start = self.gap_start + 1;
        if start + digits.len() >= self.gap_end {
            return Err(SealError::TooLarge);
        }
        self.bytes[start..start + digits.len()].copy_from_slice(digits.as_bytes());
        Ok(self.bytes)
    }
}

/// Writes a signature dictionary by hand, because its two placeholders must be found again:
/// returns where `/Contents` starts and ends, and where the range starts.
fn write_signature(
    bytes: &mut Vec<u8>,
    ((number, generation), dictionary): &(ObjectId, Dictionary),
    reserved: usize,
) -> Result<(usize, usize, usize), SealError> {
    writeln!(bytes, "{number} {generation} obj")?;
    let mut rest = Vec::new();
    Writer::write_object(&mut rest, &Object::Dictionary(dictionary.clone()))?;
    let entries = rest.strip_suffix(b">>").ok_or(SealError::Write)?;
    bytes.extend_from_slice(entries);
    bytes.extend_from_slice(b"/ByteRange ");
    let range_start = bytes.len();
    bytes.extend_from_slice(RANGE_PLACEHOLDER.as_bytes());
    bytes.extend_from_slice(b"/Contents ");
    let gap_start = bytes.len();
    bytes.push(b'<');
    bytes.resize(bytes.len() + 2 * reserved, b'0');
    bytes.push(b'>');
    let gap_end = bytes.len();
    bytes.extend_from_slice(b">>\nendobj\n");
    Ok((gap_start, gap_end, range_start))
}

/// Groups objects into unbroken series of numbers.
fn sections(offsets: &BTreeMap<ObjectId, usize>) -> Vec<Vec<(ObjectId, usize)>> {
    let mut sections: Vec<Vec<(ObjectId, usize)>> = Vec::new();
    for (&id, &offset) in offsets {
        match sections.last_mut() {
            Some(section) if section.last().is_some_and(|(last, _)| last.0 + 1 == id.0) => section.push((id, offset)),
            _ => sections.push(vec![(id, offset)]),
        }
    }
    sections
}

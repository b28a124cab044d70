//! What may be signed: the verdict on a PDF before anyone is invited to sign it.
//!
//! This file names the limits and the reasons for refusal, and measures pages as a reader
//! shows them. It does not guard the process against a hostile file: see `child`.

use std::io::Read;

use flate2::read::ZlibDecoder;
use lopdf::{Document, LoadOptions, Object, Stream};
use serde::{Deserialize, Serialize};

use super::{pages, search};

/// Largest file that may be signed, in bytes. The caller refuses larger uploads as it reads them.
pub const MAX_FILE_BYTES: usize = 50 * MIB;
/// Most pages a document may have.
pub const MAX_PAGES: usize = 2_000;
/// Most indirect objects a document may have.
pub const MAX_OBJECTS: usize = 200_000;
/// Most bytes that all streams except images may inflate to, together.
pub const MAX_INFLATED_BYTES: u64 = 256 * MIB as u64;
/// Most bytes that all images may inflate to, together: scans are large, and nothing here holds them.
pub const MAX_INFLATED_IMAGE_BYTES: u64 = 1024 * MIB as u64;
/// Most bytes that one stream may inflate to where the parser has to hold it in memory.
pub const MAX_HELD_STREAM_BYTES: usize = 64 * MIB;
/// Most filters on one stream; real files use one or two.
pub const MAX_FILTERS_PER_STREAM: usize = 4;
/// Most levels of the page tree, and of any chain of actions.
pub const MAX_NESTING_LEVELS: usize = 64;

const MIB: usize = 1024 * 1024;

/// Object numbers above this are beyond what ISO 32000-1 Annex C asks of readers.
const MAX_OBJECT_NUMBER: u32 = 8_388_607;

/// What a signable document looks like from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// The pages in order, as a reader displays them.
    pub pages: Vec<PageSize>,
}

/// The size of one page as displayed: cropped, turned and scaled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PageSize {
    /// Width in points (1/72 inch).
    pub width_points: f64,
    /// Height in points (1/72 inch).
    pub height_points: f64,
}

/// Why a document cannot be signed. The message is fit for the person who uploaded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unsignable {
    /// No PDF header.
    #[error("The file is not a PDF.")]
    NotAPdf,
    /// An `/Encrypt` entry, with or without a password needed to read.
    #[error("The PDF is encrypted or protected by a password. Save it without protection.")]
    Encrypted,
    /// File attachments, portfolios and rich media.
    #[error("The PDF carries other files inside. Remove the attachments.")]
    EmbeddedFiles,
    /// Scripts anywhere, including form calculations.
    #[error("The PDF contains JavaScript. Print it to a new PDF, or remove the scripts.")]
    Javascript,
    /// An action that starts a program.
    #[error("The PDF contains an action that starts a program. Remove it.")]
    LaunchAction,
    /// An action other than going to a page that runs without a click.
    #[error("The PDF does something by itself when it or one of its pages is opened. Remove that action.")]
    OpenAction,
    /// An XFA form, whose looks are not in the pages.
    #[error("The PDF is an XFA form, which can change what it shows. Print it to a new PDF.")]
    Xfa,
    /// More than [`MAX_PAGES`].
    #[error("The PDF has more than 2,000 pages.")]
    TooManyPages,
    /// More than [`MAX_OBJECTS`].
    #[error("The PDF has too many internal objects. Print it to a new PDF.")]
    TooManyObjects,
    /// More than [`MAX_INFLATED_BYTES`] or [`MAX_INFLATED_IMAGE_BYTES`].
    #[error("The PDF unpacks to too much data. Print it to a new PDF.")]
    InflatesTooMuch,
    /// Broken so that two readers could understand it differently.
    #[error("The PDF is damaged. Open it in a PDF program and save it again.")]
    Damaged,
    /// A certification signature, which no added page would leave valid.
    #[error("The PDF is certified by a signature that forbids changes. Use the document without it.")]
    ChangesForbidden,
    /// Reading it used up the time or the memory allowed.
    #[error("The PDF takes too long or too much memory to read. Print it to a new PDF.")]
    TooCostly,
}

impl Unsignable {
    /// The stable, machine-readable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAPdf => "not_a_pdf",
            Self::Encrypted => "encrypted",
            Self::EmbeddedFiles => "embedded_files",
            Self::Javascript => "javascript",
            Self::LaunchAction => "launch_action",
            Self::OpenAction => "open_action",
            Self::Xfa => "xfa",
            Self::TooManyPages => "too_many_pages",
            Self::TooManyObjects => "too_many_objects",
            Self::InflatesTooMuch => "inflates_too_much",
            Self::Damaged => "damaged",
            Self::ChangesForbidden => "changes_forbidden",
            Self::TooCostly => "too_costly",
        }
    }
}

/// Reads a document and says what its pages are, or why it may not be signed.
///
/// Run it through [`inspect_in_child`](super::inspect_in_child) on anything from outside.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Unsignable> {
    let document = open(bytes)?;
    check_inflation(&document)?;
    search::refuse_forbidden(&document)?;
    let pages = pages::walk(&document)?;
    search::refuse_openings(&document, &pages)?;
    Ok(Inspection { pages: pages.iter().map(pages::Page::size).collect() })
}

/// Parses a document exactly as written: a file that needs repair is refused, because another
/// reader could repair it into something else.
pub(super) fn open(bytes: &[u8]) -> Result<Document, Unsignable> {
    if !bytes.starts_with(b"%PDF-") {
        let head = &bytes[..bytes.len().min(1024)];
        let late_header = head.windows(5).any(|window| window == b"%PDF-");
        return Err(if late_header { Unsignable::Damaged } else { Unsignable::NotAPdf });
    }
    let options = LoadOptions::with_max_decompressed_size(MAX_HELD_STREAM_BYTES);
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| reason(&error))?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err(Unsignable::Encrypted);
    }
    if document.xref_recovery.is_some() || document.xref_start == 0 {
        return Err(Unsignable::Damaged);
    }
    let entries = document.reference_table.entries.len().max(document.objects.len());
    if entries > MAX_OBJECTS || document.max_id > MAX_OBJECT_NUMBER {
        return Err(Unsignable::TooManyObjects);
    }
    Ok(document)
}

fn reason(error: &lopdf::Error) -> Unsignable {
    match error {
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => Unsignable::InflatesTooMuch,
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => Unsignable::Encrypted,
        _ => Unsignable::Damaged,
    }
}

/// Inflates every stream into nothing, counting.
fn check_inflation(document: &Document) -> Result<(), Unsignable> {
    let (mut rest, mut images_rest) = (MAX_INFLATED_BYTES, MAX_INFLATED_IMAGE_BYTES);
    for object in document.objects.values() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let is_image = stream.dict.get_deref(b"Subtype", document).and_then(Object::as_name).ok() == Some(b"Image");
        let budget = if is_image { &mut images_rest } else { &mut rest };
        let size = inflated_size(document, stream, *budget)?;
        *budget = budget.checked_sub(size).ok_or(Unsignable::InflatesTooMuch)?;
    }
    Ok(())
}

fn inflated_size(document: &Document, stream: &Stream, budget: u64) -> Result<u64, Unsignable> {
    let filters: Vec<&[u8]> = match stream.dict.get_deref(b"Filter", document) {
        Ok(Object::Name(name)) => vec![name.as_slice()],
        Ok(Object::Array(names)) => {
            names.iter().filter_map(|name| document.dereference(name).ok()?.1.as_name().ok()).collect()
        }
        _ => Vec::new(),
    };
    if filters.len() > MAX_FILTERS_PER_STREAM {
        return Err(Unsignable::InflatesTooMuch);
    }
    let flates = filters.iter().take_while(|filter| **filter == b"FlateDecode").count();
    let image_codecs: [&[u8]; 4] = [b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode"];
    if filters.get(flates).is_none_or(|filter| image_codecs.contains(filter)) {
        // Chained readers hold a few kilobytes each, however much flows through them.
        let mut reader: Box<dyn Read + '_> = Box::new(stream.content.as_slice());
        for _ in 0..flates {
            reader = Box::new(ZlibDecoder::new(reader));
        }
        return Ok(count(reader, budget));
    }
    let limit = MAX_HELD_STREAM_BYTES.min(usize::try_from(budget).unwrap_or(usize::MAX));
    match stream.decompressed_content_with_limit(limit) {
        Ok(content) => Ok(content.len() as u64),
        Err(lopdf::Error::Decompress(_)) => Err(Unsignable::InflatesTooMuch),
        // An unknown or broken filter yields nothing here, and nothing in a reader either.
        Err(_) => Ok(0),
    }
}

/// Counts what flows out, up to one byte more than the budget; a broken stream ends where it breaks.
fn count(reader: Box<dyn Read + '_>, budget: u64) -> u64 {
    let mut limited = reader.take(budget.saturating_add(1));
    let mut buffer = [0_u8; 64 * 1024];
    let mut total = 0_u64;
    while let Ok(read) = limited.read(&mut buffer) {
        if read == 0 {
            break;
        }
        total = total.saturating_add(read as u64);
    }
    total
}

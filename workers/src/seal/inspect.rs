//! What may be signed: the verdict on a PDF before anyone is invited to sign it.
//!
//! This file names the limits and the reasons for refusal, and measures pages as a reader
//! shows them. It does not guard the process against a hostile file: see `child`.

use lopdf::{Document, LoadOptions};
use serde::{Deserialize, Serialize};

use super::{inflation, pages, search};

/// Largest file that may be signed, in bytes. The caller refuses larger uploads as it reads them.
pub const MAX_FILE_BYTES: usize = 50 * MIB;
/// Most pages a document may have.
pub const MAX_PAGES: usize = 2_000;
/// Most indirect objects a document may have.
pub const MAX_OBJECTS: usize = 200_000;
/// Most values (numbers, names, lists, …) that all objects may hold together: each takes about a
/// hundred bytes of memory wherever the document is read.
pub const MAX_VALUES: usize = 4_000_000;
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
    /// More than [`MAX_OBJECTS`] or [`MAX_VALUES`].
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
    inflation::check(&document)?;
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
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| reason(&error, bytes))?;
    // The parser itself overlooks a dictionary that stands in the trailer.
    if document.trailer.has(b"Encrypt") || document.was_encrypted() {
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

fn reason(error: &lopdf::Error, bytes: &[u8]) -> Unsignable {
    match error {
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => Unsignable::InflatesTooMuch,
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => Unsignable::Encrypted,
        // What cannot be read and speaks of encryption is most likely encrypted in a way unknown here.
        _ if bytes.windows(9).any(|window| window == b"/Encrypt " || window == b"/Encrypt<") => Unsignable::Encrypted,
        _ => Unsignable::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, dictionary};

    use super::super::testing::Draft;
    use super::*;

    fn action(kind: &str) -> Dictionary {
        dictionary! { "S" => kind, "JS" => Object::string_literal("app.alert(1)") }
    }

    /// Puts a dictionary somewhere in a document and asks for the verdict, as a classic file and
    /// with everything in object streams.
    fn verdict(edit: impl Fn(&mut Draft)) -> Option<Unsignable> {
        let make = || {
            let mut draft = Draft::new();
            edit(&mut draft);
            draft
        };
        let (classic, modern) = (inspect(&make().classic()), inspect(&make().modern()));
        assert_eq!(classic, modern);
        classic.err()
    }

    fn annotated(annotation: Dictionary) -> Option<Unsignable> {
        verdict(|draft| {
            let id = draft.document.add_object(annotation.clone());
            draft.set(draft.page, "Annots", vec![Object::Reference(id)]);
        })
    }

    #[test]
    fn a_plain_document_is_signable() {
        let inspection = inspect(&Draft::new().classic()).unwrap();
        assert_eq!(inspection.pages, [PageSize { width_points: 600.0, height_points: 400.0 }]);
        assert_eq!(inspect(&Draft::new().modern()).unwrap(), inspection);
        let sample = inspect(&super::super::sample().unwrap()).unwrap();
        assert_eq!(sample.pages, [PageSize { width_points: 595.28, height_points: 841.89 }]);
    }

    #[test]
    fn scripts_are_found_everywhere() {
        let script = || action("JavaScript");
        let javascript = Some(Unsignable::Javascript);
        assert_eq!(verdict(|draft| draft.set(draft.catalog, "OpenAction", script())), javascript);
        assert_eq!(verdict(|draft| draft.set(draft.page, "AA", dictionary! { "O" => script() })), javascript);
        assert_eq!(annotated(dictionary! { "Subtype" => "Link", "A" => script() }), javascript);
        assert_eq!(
            annotated(dictionary! { "Subtype" => "Widget", "AA" => dictionary! { "C" => script() } }),
            javascript
        );
        let chain = dictionary! { "S" => "URI", "Next" => vec![Object::Dictionary(script())] };
        assert_eq!(annotated(dictionary! { "Subtype" => "Link", "A" => chain }), javascript);
        let rendition = dictionary! { "S" => "Rendition", "JS" => Object::string_literal("x") };
        assert_eq!(annotated(dictionary! { "A" => rendition }), javascript);
        let tree = || {
            dictionary! { "JavaScript" => dictionary! {
                "Names" => vec![Object::string_literal("a"), script().into()],
            } }
        };
        assert_eq!(verdict(|draft| draft.set(draft.catalog, "Names", tree())), javascript);
        // Reachable from nowhere.
        assert_eq!(verdict(|draft| _ = draft.document.add_object(script())), javascript);
    }

    #[test]
    fn other_dangers_are_named() {
        assert_eq!(annotated(dictionary! { "A" => dictionary! { "S" => "Launch" } }), Some(Unsignable::LaunchAction));
        let attachment = dictionary! { "Subtype" => "FileAttachment" };
        assert_eq!(annotated(attachment), Some(Unsignable::EmbeddedFiles));
        let file = || dictionary! { "Type" => "Filespec", "EF" => dictionary! { "F" => Object::Null } };
        let files = |draft: &mut Draft| draft.set(draft.catalog, "AF", vec![Object::Dictionary(file())]);
        assert_eq!(verdict(files), Some(Unsignable::EmbeddedFiles));
        let portfolio = |draft: &mut Draft| draft.set(draft.catalog, "Collection", dictionary! {});
        assert_eq!(verdict(portfolio), Some(Unsignable::EmbeddedFiles));
        let xfa = |draft: &mut Draft| {
            let form = dictionary! { "Fields" => Vec::<Object>::new(), "XFA" => Object::string_literal("<xdp/>") };
            draft.set(draft.catalog, "AcroForm", form);
        };
        assert_eq!(verdict(xfa), Some(Unsignable::Xfa));
        let opening = |draft: &mut Draft| draft.set(draft.catalog, "OpenAction", dictionary! { "S" => "URI" });
        assert_eq!(verdict(opening), Some(Unsignable::OpenAction));
        let certified = dictionary! { "TransformMethod" => "DocMDP" };
        assert_eq!(annotated(certified), Some(Unsignable::ChangesForbidden));
        let mut draft = Draft::new();
        let key = || Object::string_literal("x".repeat(32));
        let encryption =
            dictionary! { "Filter" => "Standard", "V" => 1, "R" => 2, "O" => key(), "U" => key(), "P" => -4 };
        draft.document.trailer.set("Encrypt", encryption);
        let halves = vec![key(), key()];
        draft.document.trailer.set("ID", halves);
        assert_eq!(inspect(&draft.classic()), Err(Unsignable::Encrypted));
    }

    #[test]
    fn harmless_things_pass() {
        assert_eq!(verdict(|draft| draft.set(draft.catalog, "OpenAction", vec![Object::Null])), None);
        assert_eq!(verdict(|draft| draft.set(draft.catalog, "OpenAction", dictionary! { "S" => "GoTo" })), None);
        assert_eq!(annotated(dictionary! { "Subtype" => "Link", "A" => dictionary! { "S" => "URI" } }), None);
        // A font that happens to be called JS.
        let fonts = || dictionary! { "Font" => dictionary! { "JS" => dictionary! { "Type" => "Font" } } };
        assert_eq!(verdict(|draft| draft.set(draft.page, "Resources", fonts())), None);
    }

    #[test]
    fn too_many_pages_are_refused() {
        let mut draft = Draft::new();
        let pages: Vec<Object> =
            (0..=MAX_PAGES).map(|_| draft.document.add_object(dictionary! { "Type" => "Page" }).into()).collect();
        draft.set(draft.tree, "Kids", pages);
        assert_eq!(inspect(&draft.classic()), Err(Unsignable::TooManyPages));
    }

    #[test]
    fn too_many_values_are_refused() {
        let mut draft = Draft::new();
        for _ in 0..=MAX_VALUES / 1_000_000 {
            draft.document.add_object(vec![Object::Null; 1_000_000]);
        }
        assert_eq!(search::refuse_forbidden(&draft.document), Err(Unsignable::TooManyObjects));
    }

    #[test]
    fn circles_end() {
        // A page tree that holds itself.
        let circle = |draft: &mut Draft| draft.set(draft.tree, "Kids", vec![Object::Reference(draft.tree)]);
        assert_eq!(verdict(circle), Some(Unsignable::Damaged));
        // A parent that is the page itself does not matter: attributes come from above.
        let parent = |draft: &mut Draft| draft.set(draft.page, "Parent", draft.page);
        assert_eq!(verdict(parent), None);
        let next = |draft: &mut Draft| {
            let action = draft.document.new_object_id();
            draft.document.objects.insert(action, dictionary! { "S" => "GoTo", "Next" => action }.into());
            draft.set(draft.catalog, "OpenAction", action);
        };
        assert_eq!(verdict(next), Some(Unsignable::OpenAction));
        let reference = |draft: &mut Draft| {
            let id = draft.document.new_object_id();
            draft.document.objects.insert(id, Object::Reference(id));
            draft.set(draft.page, "Rotate", id);
            draft.set(draft.page, "Annots", id);
            draft.set(draft.catalog, "AcroForm", id);
        };
        assert_eq!(verdict(reference), None);
    }

    #[test]
    fn broken_files_are_refused_and_never_panic() {
        assert_eq!(inspect(b""), Err(Unsignable::NotAPdf));
        assert_eq!(inspect(b"hello"), Err(Unsignable::NotAPdf));
        assert_eq!(inspect(b"%PDF-1.7"), Err(Unsignable::Damaged));
        let whole = Draft::new().classic();
        assert_eq!(inspect(&[b"junk\n".as_slice(), &whole].concat()), Err(Unsignable::Damaged));
        for length in 0..whole.len() - 8 {
            assert!(inspect(&whole[..length]).is_err(), "{length}");
        }
        let modern = Draft::new().modern();
        for place in 0..modern.len() {
            let mut changed = modern.clone();
            changed[place] ^= 0x15;
            let _ = inspect(&changed);
        }
        let deep =
            [b"%PDF-1.7\n1 0 obj\n".as_slice(), &b"[".repeat(100_000), b"\nendobj\ntrailer<</Root 1 0 R>>"].concat();
        assert_eq!(inspect(&deep), Err(Unsignable::Damaged));
        let deep = deep.iter().map(|byte| if *byte == b'[' { b'<' } else { *byte }).collect::<Vec<_>>();
        assert_eq!(inspect(&deep), Err(Unsignable::Damaged));
    }
}

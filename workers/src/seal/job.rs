//! Sealing: from an original and what people did to it, to one signed file.
//!
//! The original's bytes stay as they are; one update is appended and signed. Nothing here
//! decides whether a request is complete.

use jiff::Timestamp;
use lopdf::{Dictionary, Object, ObjectId, dictionary};

use super::authority::Authority;
use super::canvas::Canvas;
use super::certificate::{self, Certificate};
use super::closing::{Closing, SealKind};
use super::fields::Marker;
use super::fonts::Fonts;
use super::inspect::{Unsignable, open};
use super::marks::Mark;
use super::pages::{self, Page};
use super::update::Update;
use super::{SealError, search};
use crate::language::Language;

/// Most blank signature pages that may be appended.
pub const MAX_APPENDED_PAGES: u32 = 100;
/// Most marks in one document.
pub const MAX_MARKS: usize = 10_000;

/// All that goes into one sealed document.
#[derive(Debug, Clone, PartialEq)]
pub struct Job<'a> {
    /// The original file, as it was uploaded.
    pub original: &'a [u8],
    /// What people left on its pages.
    pub marks: Vec<Mark>,
    /// How many blank pages, as large as the last one, come after the original ones; marks
    /// address them with the page numbers that follow.
    pub appended_pages: u32,
    /// What the certificate page says.
    pub certificate: Certificate,
    /// The time of the seal.
    pub sealed_at: Timestamp,
    /// The language of the certificate page.
    pub language: Language,
}

/// Seals a document.
pub fn seal(job: &Job<'_>, authority: &Authority) -> Result<Vec<u8>, SealError> {
    let previous = open(job.original).map_err(SealError::Original)?;
    let mut pages = pages::walk(&previous).map_err(SealError::Original)?;
    check(job, pages.len())?;

    let mut update = Update::new(job.original, &previous);
    let mut fonts = Fonts::new()?;
    let resources = update.reserve();
    let mut marker = Marker::new(&previous, resources, job.sealed_at);
    let mut added: Vec<(ObjectId, Dictionary)> = Vec::new();

    let last = pages.last().map(Page::size).ok_or(SealError::Original(Unsignable::Damaged))?;
    let first_new = pages.len();
    for _ in 0..job.appended_pages {
        let canvas = Canvas::new(last.width_points, last.height_points);
        let page = canvas.into_page(resources, |object| update.add(object))?;
        let id = update.reserve();
        pages.push(Page::upright(id, last));
        added.push((id, page));
    }
    let mut annotations: Vec<Vec<Object>> = vec![Vec::new(); pages.len()];
    for (number, mark) in (1..).zip(&job.marks) {
        let at = mark.page as usize - 1;
        let id = marker.mark(&mut update, &mut fonts, &pages[at], mark, number)?;
        annotations[at].push(Object::Reference(id));
    }
    for (page, ids) in pages.iter().zip(annotations.drain(..first_new)).filter(|(_, ids)| !ids.is_empty()) {
        annotate(&mut update, page.id, ids)?;
    }
    for ((_, page), ids) in added.iter_mut().zip(annotations) {
        page.set("Annots", ids);
    }

    let closing = Closing {
        authority,
        at: job.sealed_at,
        language: job.language,
        reason: job.language.words().reason,
        kind: if search::is_signed(&previous) { SealKind::Approval } else { SealKind::Certification },
        signature: update.reserve(),
    };
    let (drawn, seal_top) = certificate::draw(&mut fonts, &job.certificate, job.language);
    for canvas in drawn {
        let page = canvas.into_page(resources, |object| update.add(object))?;
        added.push((update.reserve(), page));
    }
    if let Some((id, page)) = added.last_mut() {
        let widget = closing.field(&mut update, &mut fonts, &mut marker, *id, seal_top)?;
        page.set("Annots", vec![Object::Reference(widget)]);
    }

    let faces = fonts.embed(|object| update.add(object))?;
    update.put(resources, dictionary! { "Font" => faces.clone() });
    append_pages(&mut update, first_new, added)?;
    closing.close(update, marker, &faces)
}

fn check(job: &Job<'_>, original_pages: usize) -> Result<(), SealError> {
    if job.appended_pages > MAX_APPENDED_PAGES || job.marks.len() > MAX_MARKS {
        return Err(SealError::TooLarge);
    }
    let total = original_pages + job.appended_pages as usize;
    for (number, mark) in (1..).zip(&job.marks) {
        if mark.page == 0 || mark.page as usize > total {
            return Err(SealError::Mark { number, problem: "its page does not exist" });
        }
        if let Some(problem) = mark.content.problem() {
            return Err(SealError::Mark { number, problem });
        }
    }
    Ok(())
}

/// Adds annotations to a page of the original. Its list is copied into the page even if it was
/// an object of its own, because two pages may share such an object.
pub(super) fn annotate(update: &mut Update<'_>, page: ObjectId, ids: Vec<Object>) -> Result<(), SealError> {
    let mut dictionary = update.dictionary(page)?;
    let mut annotations =
        dictionary.get_deref(b"Annots", update.previous).and_then(Object::as_array).cloned().unwrap_or_default();
    annotations.extend(ids);
    dictionary.set("Annots", annotations);
    update.put(page, dictionary);
    Ok(())
}

fn append_pages(
    update: &mut Update<'_>,
    original_pages: usize,
    added: Vec<(ObjectId, Dictionary)>,
) -> Result<(), SealError> {
    let root = pages::root(update.previous).map_err(SealError::Original)?;
    let mut tree = update.dictionary(root)?;
    let mut kids = match tree.get_deref(b"Kids", update.previous).and_then(Object::as_array) {
        Ok(kids) => kids.clone(),
        Err(_) => return Err(SealError::Structure),
    };
    let total = original_pages + added.len();
    for (id, mut page) in added {
        page.set("Parent", root);
        update.put(id, page);
        kids.push(Object::Reference(id));
    }
    tree.set("Kids", kids);
    tree.set("Count", total as i64);
    update.put(root, tree);
    Ok(())
}

#[cfg(test)]
mod tests {
    use lopdf::{Document, text_string};

    use super::super::testing::{Draft, all_marks, authority, certificate, job, mark};
    use super::super::{MarkContent, verify};
    use super::*;

    fn field<'a>(document: &'a Document, kind: &[u8]) -> Vec<&'a Dictionary> {
        let form = document.catalog().unwrap().get_deref(b"AcroForm", document).unwrap().as_dict().unwrap();
        let fields = form.get_deref(b"Fields", document).unwrap().as_array().unwrap();
        let fields = fields.iter().map(|field| document.dereference(field).unwrap().1.as_dict().unwrap());
        fields.filter(|field| field.get(b"FT").and_then(Object::as_name).ok() == Some(kind)).collect()
    }

    #[test]
    fn a_sealed_file_begins_with_the_original_and_verifies() {
        let authority = authority();
        for original in [Draft::new().classic(), Draft::new().modern(), super::super::sample().unwrap()] {
            let job = Job { appended_pages: 2, ..job(&original, all_marks()) };
            let sealed = seal(&job, &authority).unwrap();
            assert!(sealed.starts_with(&original));
            let verdict = verify(&sealed).unwrap();
            assert_eq!(verdict.certificate_sha256, authority.fingerprint());
            assert_eq!(verdict.kind, SealKind::Certification);
            assert!(verdict.certificate_in_force);
            assert_eq!((verdict.earlier_revisions, verdict.earlier_signatures), (1, 0));
            assert_eq!(verdict.original.unwrap().bytes, original.len() as u64);
            assert_eq!(verdict.signed_at.unwrap().as_second(), job.sealed_at.as_second());
            // One page, two appended, one certificate page.
            assert_eq!(open(&sealed).unwrap().get_pages().len(), 4);
        }
    }

    #[test]
    fn values_can_be_read_back() {
        let original = Draft::new().classic();
        let sealed = seal(&job(&original, all_marks()), &authority()).unwrap();
        let document = open(&sealed).unwrap();
        let texts: Vec<String> = field(&document, b"Tx")
            .iter()
            .map(|field| lopdf::decode_text_string(field.get(b"V").unwrap()).unwrap())
            .collect();
        assert_eq!(texts, ["São Paulo, Ελλάδα, Привет, 漢", "2026-11-22"]);
        let states: Vec<&[u8]> =
            field(&document, b"Btn").iter().map(|field| field.get(b"AS").unwrap().as_name().unwrap()).collect();
        assert_eq!(states, [b"Yes".as_slice(), b"Off"]);
        assert_eq!(field(&document, b"Sig").len(), 1);
    }

    #[test]
    fn fields_and_annotations_of_the_original_stay() {
        let mut draft = Draft::new();
        let text = dictionary! { "FT" => "Tx", "T" => text_string("countersign"), "Subtype" => "Widget" };
        let own = draft.document.add_object(text);
        let annotations = draft.document.add_object(vec![Object::Reference(own)]);
        let form = draft.document.add_object(dictionary! { "Fields" => vec![Object::Reference(own)] });
        draft.set(draft.page, "Annots", annotations);
        draft.set(draft.catalog, "AcroForm", form);
        let page = draft.page;
        let original = draft.modern();
        let sealed = seal(&job(&original, all_marks()), &authority()).unwrap();
        let document = open(&sealed).unwrap();
        assert_eq!(field(&document, b"Tx").len(), 3);
        let names = field(&document, b"Tx");
        let ours = lopdf::decode_text_string(names[1].get(b"T").unwrap()).unwrap();
        assert!(ours.starts_with("countersign2-"), "{ours}");
        let list = document.get_dictionary(page).unwrap().get(b"Annots").unwrap().as_array().unwrap();
        assert_eq!(list.len(), 7);
        assert_eq!(list[0], Object::Reference(own));
    }

    #[test]
    fn a_signed_original_gets_an_approval_and_keeps_its_signature() {
        let mut draft = Draft::new();
        let signature = draft.document.add_object(dictionary! {
            "Type" => "Sig",
            "ByteRange" => vec![Object::from(0), 10.into(), 20.into(), 30.into()],
            "Contents" => Object::string_literal("x"),
        });
        let own = draft.document.add_object(dictionary! { "FT" => "Sig", "T" => text_string("a"), "V" => signature });
        draft.set(draft.catalog, "AcroForm", dictionary! { "Fields" => vec![Object::Reference(own)] });
        let original = draft.classic();
        let sealed = seal(&job(&original, vec![]), &authority()).unwrap();
        let verdict = verify(&sealed).unwrap();
        assert_eq!((verdict.kind, verdict.earlier_signatures), (SealKind::Approval, 1));
        assert!(!open(&sealed).unwrap().catalog().unwrap().has(b"Perms"));
        // What certifies forbids a second seal.
        let sealed = seal(&job(&Draft::new().classic(), vec![]), &authority()).unwrap();
        assert_eq!(super::super::inspect(&sealed), Err(Unsignable::ChangesForbidden));
    }

    #[test]
    fn impossible_marks_are_named() {
        let original = Draft::new().classic();
        let authority = authority();
        let text = || mark(MarkContent::Text { value: "a".into() });
        let mut strange = vec![
            Mark { page: 0, ..text() },
            Mark { page: 2, ..text() },
            Mark { x: 601.0, ..text() },
            Mark { y: f64::NAN, ..text() },
            Mark { width: 0.0, ..text() },
            Mark { height: f64::INFINITY, x: f64::NEG_INFINITY, ..text() },
        ];
        for strokes in [vec![], vec![vec![]], vec![vec![[f32::NAN, 0.0]]], vec![vec![[0.0; 2]; 20_001]]] {
            strange.push(mark(MarkContent::Drawn { strokes, aspect: 2.0, caption: String::new() }));
        }
        for mark in strange {
            let error = seal(&job(&original, vec![text(), mark.clone()]), &authority).unwrap_err();
            assert!(matches!(error, SealError::Mark { number: 2, .. }), "{mark:?}: {error}");
        }
        let error = seal(&Job { appended_pages: 101, ..job(&original, vec![]) }, &authority).unwrap_err();
        assert!(matches!(error, SealError::TooLarge));
    }

    #[test]
    fn a_hundred_signers_flow_over_pages() {
        let original = Draft::new().classic();
        let sealed = seal(&Job { certificate: certificate(100), ..job(&original, vec![]) }, &authority()).unwrap();
        assert!(open(&sealed).unwrap().get_pages().len() > 10);
        assert!(verify(&sealed).is_ok());
    }
}

//! The search for what a signed document must not contain, through every object of the file.
//!
//! It looks at objects, not at paths: an action is found in an annotation, a field, an outline,
//! a name tree, a `/Next` chain or nowhere at all, because every object is visited once, those
//! inside object streams included. It does not judge content streams, which cannot act.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::inspect::{MAX_NESTING_LEVELS, MAX_VALUES, Unsignable};
use super::pages::Page;

/// What the walk saw; refusal picks the gravest.
#[derive(Default)]
struct Findings {
    javascript: bool,
    launch: bool,
    embedded: bool,
    xfa: bool,
    certified: bool,
    damaged: bool,
    values: usize,
}

/// Refuses scripts, launches, attachments, XFA, certification, and objects the parser lost.
pub(super) fn refuse_forbidden(document: &Document) -> Result<(), Unsignable> {
    let mut findings = Findings::default();
    for object in document.objects.values() {
        visit(document, object, &mut findings);
        if findings.values > MAX_VALUES {
            return Err(Unsignable::TooManyObjects);
        }
    }
    visit(document, &Object::Dictionary(document.trailer.clone()), &mut findings);
    if let Ok(catalog) = document.catalog() {
        findings.embedded |= present(document, catalog, b"Collection");
        findings.xfa |= catalog
            .get_deref(b"AcroForm", document)
            .and_then(Object::as_dict)
            .is_ok_and(|form| present(document, form, b"XFA"));
    } else {
        findings.damaged = true;
    }
    let verdicts = [
        (findings.javascript, Unsignable::Javascript),
        (findings.launch, Unsignable::LaunchAction),
        (findings.embedded, Unsignable::EmbeddedFiles),
        (findings.xfa, Unsignable::Xfa),
        (findings.certified, Unsignable::ChangesForbidden),
        (findings.damaged, Unsignable::Damaged),
    ];
    match verdicts.into_iter().find(|(found, _)| *found) {
        Some((_, reason)) => Err(reason),
        None => Ok(()),
    }
}

/// Refuses actions that run by themselves, unless all they do is go to a page.
pub(super) fn refuse_openings(document: &Document, pages: &[Page]) -> Result<(), Unsignable> {
    let catalog = document.catalog().map_err(|_| Unsignable::Damaged)?;
    if let Ok(Object::Dictionary(action)) = catalog.get_deref(b"OpenAction", document) {
        refuse_action(document, action)?;
    }
    refuse_additional(document, catalog)?;
    for page in pages {
        let dictionary = document.get_dictionary(page.id).map_err(|_| Unsignable::Damaged)?;
        refuse_additional(document, dictionary)?;
    }
    Ok(())
}

/// Whether the document carries a signature of its own already.
pub(super) fn is_signed(document: &Document) -> bool {
    document.objects.values().any(|object| match object {
        Object::Dictionary(dictionary) => dictionary.has(b"ByteRange") && dictionary.has(b"Contents"),
        _ => false,
    })
}

fn refuse_additional(document: &Document, holder: &Dictionary) -> Result<(), Unsignable> {
    let Ok(Object::Dictionary(additional)) = holder.get_deref(b"AA", document) else {
        return Ok(());
    };
    for (_, action) in additional.iter() {
        if let Ok((_, Object::Dictionary(action))) = document.dereference(action) {
            refuse_action(document, action)?;
        }
    }
    Ok(())
}

fn refuse_action(document: &Document, action: &Dictionary) -> Result<(), Unsignable> {
    let mut waiting = vec![action];
    let mut visited = 0;
    while let Some(action) = waiting.pop() {
        visited += 1;
        if visited > MAX_NESTING_LEVELS || name(document, action, b"S") != Some(b"GoTo") {
            return Err(Unsignable::OpenAction);
        }
        match action.get_deref(b"Next", document) {
            Ok(Object::Dictionary(next)) => waiting.push(next),
            Ok(Object::Array(list)) => {
                waiting.extend(list.iter().filter_map(|next| document.dereference(next).ok()?.1.as_dict().ok()))
            }
            _ => {}
        }
    }
    Ok(())
}

/// Visits one object and all it holds directly, without recursion.
fn visit(document: &Document, object: &Object, findings: &mut Findings) {
    let mut waiting = vec![object];
    let mut lost: HashSet<ObjectId> = HashSet::new();
    while let Some(object) = waiting.pop() {
        findings.values += 1;
        match object {
            Object::Array(items) => waiting.extend(items),
            Object::Dictionary(dictionary) => {
                judge(document, dictionary, findings);
                waiting.extend(dictionary.iter().map(|(_, value)| value));
            }
            Object::Stream(stream) => {
                judge(document, &stream.dict, findings);
                waiting.extend(stream.dict.iter().map(|(_, value)| value));
            }
            // A table entry in use whose object the parser could not read may say something
            // else to another reader.
            Object::Reference(id) if !document.objects.contains_key(id) && !lost.contains(id) => {
                lost.insert(*id);
                let entry = document.reference_table.get(id.0);
                findings.damaged |= entry.is_some_and(|entry| entry.is_normal() || entry.is_compressed());
            }
            _ => {}
        }
    }
}

fn judge(document: &Document, dictionary: &Dictionary, findings: &mut Findings) {
    match name(document, dictionary, b"S") {
        Some(b"JavaScript") => findings.javascript = true,
        Some(b"Launch") => findings.launch = true,
        Some(b"GoToE") => findings.embedded = true,
        _ => {}
    }
    // The type is checked because a resource may bear the same short name.
    if matches!(dictionary.get_deref(b"JS", document), Ok(Object::String(..) | Object::Stream(_))) {
        findings.javascript = true;
    }
    findings.javascript |= present(document, dictionary, b"OnInstantiate");
    if let Ok(Object::Dictionary(files)) = dictionary.get_deref(b"EF", document) {
        let platforms: [&[u8]; 5] = [b"F", b"UF", b"DOS", b"Mac", b"Unix"];
        findings.embedded |= platforms.iter().any(|key| files.has(key));
    }
    findings.embedded |= name(document, dictionary, b"Type") == Some(b"EmbeddedFile");
    let subtype = name(document, dictionary, b"Subtype");
    findings.embedded |= matches!(subtype, Some(b"FileAttachment" | b"RichMedia"));
    findings.certified |= name(document, dictionary, b"TransformMethod") == Some(b"DocMDP");
}

fn name<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
    dictionary.get_deref(key, document).and_then(Object::as_name).ok()
}

fn present(document: &Document, dictionary: &Dictionary, key: &[u8]) -> bool {
    dictionary.get_deref(key, document).is_ok_and(|value| !value.is_null())
}

//! Marks as annotations and form fields, and the form that holds them with the seal's own field.
//!
//! It decides what a mark becomes in the file; how it looks is `marks`' business.

use std::collections::HashSet;

use jiff::Timestamp;
use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat, dictionary, text_string};

use super::SealError;
use super::canvas::{INK, reals};
use super::dates;
use super::fonts::{Face, Fonts};
use super::marks::{self, Mark, MarkContent};
use super::pages::Page;
use super::update::Update;

/// Print (4), locked (128).
const FIELD_FLAGS: i64 = 4 | 128;
/// Print (4), read only (64), locked (128), locked contents (512).
const STAMP_FLAGS: i64 = 4 | 64 | 128 | 512;
/// Field flags: read only, and several lines.
const READ_ONLY: i64 = 1;
const MULTILINE: i64 = 1 << 12;

/// Draws marks and collects what the form has to list.
pub(super) struct Marker {
    /// The shared `/Resources` of all appearances.
    pub(super) resources: ObjectId,
    /// When the seal is made.
    pub(super) sealed_at: Timestamp,
    /// The start of all our field names, used by no field of the original.
    pub(super) prefix: String,
    /// Our fields so far.
    pub(super) fields: Vec<ObjectId>,
}

impl Marker {
    /// A marker for a document.
    pub(super) fn new(previous: &Document, resources: ObjectId, sealed_at: Timestamp) -> Self {
        Self { resources, sealed_at, prefix: free_prefix(previous), fields: Vec::new() }
    }

    /// Adds one mark to a page and returns its annotation.
    pub(super) fn mark(
        &mut self,
        update: &mut Update<'_>,
        fonts: &mut Fonts,
        page: &Page,
        mark: &Mark,
        number: usize,
    ) -> Result<ObjectId, SealError> {
        let [x, y, width, height] =
            clip(page, mark).ok_or(SealError::Mark { number, problem: "it is off the page" })?;
        let mut annotation = dictionary! {
            "Type" => "Annot",
            "Rect" => reals(&page.rectangle(x, y, width, height)),
            "P" => page.id,
        };
        let name = format!("{}-{number}", self.prefix);
        match &mark.content {
            MarkContent::Typed { caption, .. } | MarkContent::Drawn { caption, .. } => {
                let canvas = marks::draw_signature(fonts, &mark.content, width, height)?;
                let look = update.add(canvas.into_form(self.resources, page.turn)?);
                annotation.set("Subtype", "Stamp");
                annotation.set("Name", "CountersignSignature");
                annotation.set("F", STAMP_FLAGS);
                annotation.set("NM", text_string(&name));
                annotation.set("T", text_string(&mark.signer_name));
                annotation.set("Contents", text_string(caption));
                annotation.set("M", dates::written(self.sealed_at));
                annotation.set("AP", dictionary! { "N" => look });
                return Ok(update.add(annotation));
            }
            MarkContent::Text { value } | MarkContent::Date { value } => {
                let (canvas, size, several_lines) = marks::draw_text(fonts, value, width, height);
                let look = update.add(canvas.into_form(self.resources, page.turn)?);
                annotation.set("FT", "Tx");
                annotation.set("Ff", READ_ONLY | if several_lines { MULTILINE } else { 0 });
                annotation.set("V", text_string(value));
                // For readers that draw fields themselves: the face that has the glyphs.
                let [red, green, blue] = INK;
                let style = format!("/{} {size:.2} Tf {red} {green} {blue} rg", Face::Text.resource());
                annotation.set("DA", Object::String(style.into_bytes(), StringFormat::Literal));
                annotation.set("AP", dictionary! { "N" => look });
            }
            MarkContent::Checkbox { checked } => {
                let mut look = |checked: bool| -> Result<ObjectId, SealError> {
                    let canvas = marks::draw_checkbox(checked, width, height);
                    Ok(update.add(canvas.into_form(self.resources, page.turn)?))
                };
                let looks = dictionary! { "Yes" => look(true)?, "Off" => look(false)? };
                let state = if *checked { "Yes" } else { "Off" };
                annotation.set("FT", "Btn");
                annotation.set("Ff", READ_ONLY);
                annotation.set("V", state);
                annotation.set("AS", state);
                annotation.set("AP", dictionary! { "N" => looks });
            }
        }
        annotation.set("Subtype", "Widget");
        annotation.set("F", FIELD_FLAGS);
        annotation.set("T", text_string(&name));
        annotation.set("TU", text_string(&mark.signer_name));
        let mut characteristics = dictionary! { "R" => page.turn };
        if matches!(mark.content, MarkContent::Checkbox { .. }) {
            // Border and tick, again for readers that draw fields themselves.
            characteristics.set("BC", reals(&INK));
            characteristics.set("CA", Object::string_literal("4"));
        }
        annotation.set("MK", characteristics);
        let id = update.add(annotation);
        self.fields.push(id);
        Ok(id)
    }

    /// Lists our fields in the document's form, beside its own, and the face they are set in.
    pub(super) fn complete_form(self, update: &mut Update<'_>, catalog: &mut Dictionary, embedded: &Dictionary) {
        let previous = update.previous;
        let held = catalog.get(b"AcroForm").and_then(Object::as_reference).ok();
        let mut form = catalog.get_deref(b"AcroForm", previous).and_then(Object::as_dict).cloned().unwrap_or_default();
        let mut fields = form.get_deref(b"Fields", previous).and_then(Object::as_array).cloned().unwrap_or_default();
        fields.extend(self.fields.into_iter().map(Object::Reference));
        form.set("Fields", fields);
        if !lacks_appearances(previous) {
            // Every field looks as it was sealed; a reader must not draw it anew.
            form.remove(b"NeedAppearances");
        }
        // Signatures exist; append only.
        form.set("SigFlags", 3);
        let mut resources = form.get_deref(b"DR", previous).and_then(Object::as_dict).cloned().unwrap_or_default();
        let mut faces = resources.get_deref(b"Font", previous).and_then(Object::as_dict).cloned().unwrap_or_default();
        if let Ok(face) = embedded.get(Face::Text.resource().as_bytes()) {
            faces.set(Face::Text.resource(), face.clone());
            resources.set("Font", faces);
            form.set("DR", resources);
        }
        match held {
            Some(id) if previous.has_object(id) => update.put(id, form),
            _ => catalog.set("AcroForm", form),
        }
    }
}

/// The part of a mark that is on its page.
fn clip(page: &Page, mark: &Mark) -> Option<[f64; 4]> {
    let size = page.size();
    let (left, top) = (mark.x.max(0.0), mark.y.max(0.0));
    let right = (mark.x + mark.width).min(size.width_points);
    let bottom = (mark.y + mark.height).min(size.height_points);
    let numbers = [mark.x, mark.y, mark.width, mark.height];
    let usable = numbers.iter().all(|number| number.is_finite()) && right - left >= 1.0 && bottom - top >= 1.0;
    usable.then_some([left, top, right - left, bottom - top])
}

/// Whether a reader has to draw some field of the document itself.
fn lacks_appearances(document: &Document) -> bool {
    document.objects.values().filter_map(|object| object.as_dict().ok()).any(|dictionary| {
        let subtype = dictionary.get_deref(b"Subtype", document).and_then(Object::as_name);
        subtype.ok() == Some(b"Widget") && !dictionary.has(b"AP")
    })
}

/// A start for field names that no field of the document has.
fn free_prefix(document: &Document) -> String {
    let taken: HashSet<&[u8]> = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok()?.get_deref(b"T", document).ok()?.as_str().ok())
        .collect();
    let free = |prefix: &String| !taken.iter().any(|name| name.starts_with(prefix.as_bytes()));
    std::iter::once("countersign".to_owned())
        .chain((2_u32..).map(|round| format!("countersign{round}")))
        .find(free)
        .unwrap_or_default()
}

//! How a document is closed: the seal's box where a reader can click it, its field in the form, and the
//! signature over everything before it. It does not know what stands on the pages.

use jiff::Timestamp;
use lopdf::{Dictionary, Object, ObjectId, dictionary, text_string};
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::canvas::{Canvas, DONE, HAIR, Style, reals};
use super::dates;
use super::fields::Marker;
use super::flow::{HEIGHT, MARGIN, NAME, SMALL, utc};
use super::fonts::{Face, Fonts};
use super::update::Update;
use super::{SealError, cms};
use crate::language::Language;

/// Width and height of the seal's box.
pub(super) const SEAL_SIZE: (f64, f64) = (250.0, 46.0);

/// The key of our own signature dictionaries that holds the length of the original in bytes.
pub(super) const ORIGINAL_LENGTH_KEY: &[u8] = b"CSGN_OriginalLength";

/// How the seal relates to the document, written into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealKind {
    /// The document's first signature: it forbids every later change.
    Certification,
    /// One more signature on a document that had some.
    Approval,
}

/// A seal about to be made.
pub(super) struct Closing<'a> {
    pub(super) authority: &'a Authority,
    /// The time of the seal.
    pub(super) at: Timestamp,
    /// The language its box is written in.
    pub(super) language: Language,
    /// Why, as readers show it.
    pub(super) reason: &'static str,
    /// How it relates to the document.
    pub(super) kind: SealKind,
    /// The number of its dictionary.
    pub(super) signature: ObjectId,
}

impl Closing<'_> {
    /// Puts the seal's box on an A4 page of ours, so far down, and lists its field; returns the annotation.
    pub(super) fn field(
        &self,
        update: &mut Update<'_>,
        fonts: &mut Fonts,
        marker: &mut Marker,
        page: ObjectId,
        top: f64,
    ) -> Result<ObjectId, SealError> {
        let (width, height) = SEAL_SIZE;
        let look = update.add(self.draw(fonts).into_form(marker.resources, 0)?);
        let widget = update.add(dictionary! {
            "Type" => "Annot",
            "Subtype" => "Widget",
            "FT" => "Sig",
            "T" => text_string(&format!("{}-seal", marker.prefix)),
            "V" => self.signature,
            "F" => 4 | 128,
            "Rect" => reals(&[MARGIN, HEIGHT - top - height, MARGIN + width, HEIGHT - top]),
            "P" => page,
            "AP" => dictionary! { "N" => look },
        });
        marker.fields.push(widget);
        Ok(widget)
    }

    fn draw(&self, fonts: &mut Fonts) -> Canvas {
        let (width, height) = SEAL_SIZE;
        let subject = self.authority.subject();
        let mut canvas = Canvas::new(width, height);
        canvas.outline([0.5, 0.5, width - 1.0, height - 1.0], 0.7, HAIR);
        canvas.line((1.4, 0.5), (1.4, height - 0.5), 2.2, DONE);
        let inner = width - 26.0;
        canvas.text(fonts, SMALL, 14.0, 14.5, self.language.words().sealed_by);
        let name = Style { size: fonts.fit(Face::Strong, 10.0, inner, subject), ..NAME };
        canvas.text(fonts, name, 14.0, 27.0, subject);
        canvas.text(fonts, SMALL, 14.0, 38.5, &utc(self.at));
        canvas
    }

    /// Completes the catalog, writes the update, and signs it.
    pub(super) fn close(
        self,
        mut update: Update<'_>,
        marker: Marker,
        faces: &Dictionary,
    ) -> Result<Vec<u8>, SealError> {
        let id =
            update.previous.trailer.get(b"Root").and_then(Object::as_reference).map_err(|_| SealError::Structure)?;
        let mut catalog = update.dictionary(id)?;
        marker.complete_form(&mut update, &mut catalog, faces);
        if self.kind == SealKind::Certification {
            let mut permissions =
                catalog.get_deref(b"Perms", update.previous).and_then(Object::as_dict).cloned().unwrap_or_default();
            permissions.set("DocMDP", self.signature);
            catalog.set("Perms", permissions);
        }
        update.put(id, catalog);
        let dictionary = self.dictionary(update.original.len());
        let unsigned = update.write((self.signature, dictionary), cms::reserve(self.authority))?;
        let contents = cms::sign(self.authority, unsigned.covered())?;
        unsigned.fill(&contents)
    }

    fn dictionary(&self, original_bytes: usize) -> Dictionary {
        let mut signature = dictionary! {
            "Type" => "Sig",
            "Filter" => "Adobe.PPKLite",
            "SubFilter" => "ETSI.CAdES.detached",
            "Name" => text_string(self.authority.subject()),
            "Reason" => text_string(self.reason),
            "M" => dates::written(self.at),
            "Prop_Build" => dictionary! { "App" => dictionary! { "Name" => "Countersign" } },
        };
        signature.set(ORIGINAL_LENGTH_KEY, original_bytes as i64);
        if self.kind == SealKind::Certification {
            let parameters = dictionary! { "Type" => "TransformParams", "P" => 1, "V" => "1.2" };
            let reference = dictionary! {
                "Type" => "SigRef", "TransformMethod" => "DocMDP", "TransformParams" => parameters,
            };
            signature.set("Reference", vec![Object::Dictionary(reference)]);
        }
        signature
    }
}

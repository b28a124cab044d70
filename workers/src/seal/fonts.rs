//! The typefaces: measuring text, encoding it, and embedding only the glyphs that were used.
//!
//! Text is set one glyph per character, composed (NFC), left to right. A character the wanted
//! face lacks is taken from another face; one that all lack shows as an empty box and never
//! fails. There is no shaping: scripts that need it are not covered.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lopdf::{Dictionary, Object, ObjectId, Stream, StringFormat, dictionary};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};
use subsetter::GlyphRemapper;
use unicode_normalization::UnicodeNormalization;

use super::SealError;

/// A typeface by its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// Running text.
    Text,
    /// Titles and names.
    Strong,
    /// Typed signatures.
    Hand,
}

const FACES: [Face; 3] = [Face::Text, Face::Strong, Face::Hand];

/// Glyphs of one face in a row, ready for a content stream.
pub(super) struct Run {
    /// The face they are from.
    pub(super) face: Face,
    /// Two-byte glyph numbers in hexadecimal.
    pub(super) glyphs: String,
}

/// The faces, and what has been used of each.
pub(super) struct Fonts {
    faces: [Used; 3],
}

struct Used {
    name: &'static str,
    data: &'static [u8],
    font: FontRef<'static>,
    charmap: Charmap<'static>,
    advances: GlyphMetrics<'static>,
    units_per_em: f64,
    subset: GlyphRemapper,
    /// Per used glyph, by its new number: its width in thousandths of an em, and its character.
    glyphs: BTreeMap<u16, (f64, Option<char>)>,
}

impl Face {
    /// The name in `/Resources`.
    pub(super) fn resource(self) -> &'static str {
        match self {
            Self::Text => "CsText",
            Self::Strong => "CsStrong",
            Self::Hand => "CsHand",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Text => 0,
            Self::Strong => 1,
            Self::Hand => 2,
        }
    }
}

impl Fonts {
    /// All faces, unused.
    pub(super) fn new() -> Result<Self, SealError> {
        Ok(Self {
            faces: [
                Used::new("Inter-Regular", include_bytes!("../../assets/fonts/Inter-Regular.ttf"))?,
                Used::new("Inter-SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.ttf"))?,
                Used::new("Caveat-Medium", include_bytes!("../../assets/fonts/Caveat-Medium.ttf"))?,
            ],
        })
    }

    /// The width of a line of text, in the unit of `size`.
    pub(super) fn width(&self, face: Face, size: f64, text: &str) -> f64 {
        let thousandths: f64 = characters(text)
            .map(|character| {
                let (face, glyph) = self.find(face, character);
                self.faces[face.index()].advance(glyph)
            })
            .sum();
        thousandths * size / 1000.0
    }

    /// Turns a line of text into runs, remembering the glyphs for [`Fonts::embed`].
    pub(super) fn encode(&mut self, face: Face, text: &str) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for character in characters(text) {
            let (found, glyph) = self.find(face, character);
            let number = self.faces[found.index()].take(glyph, character);
            if runs.last().is_none_or(|run| run.face != found) {
                runs.push(Run { face: found, glyphs: String::new() });
            }
            if let Some(run) = runs.last_mut() {
                let _ = write!(run.glyphs, "{number:04X}");
            }
        }
        runs
    }

    /// The largest size up to `largest` at which the text is no wider than `width`.
    pub(super) fn fit(&self, face: Face, largest: f64, width: f64, text: &str) -> f64 {
        let natural = self.width(face, 1.0, text);
        if natural * largest <= width { largest } else { width / natural }
    }

    /// Breaks text into lines no wider than `width`; a word that is wider is broken anywhere.
    pub(super) fn wrap(&self, face: Face, size: f64, width: f64, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split_whitespace() {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.width(face, size, &longer) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                for character in word.chars() {
                    line.push(character);
                    if line.chars().count() > 1 && self.width(face, size, &line) > width {
                        line.pop();
                        lines.push(std::mem::replace(&mut line, character.to_string()));
                    }
                }
            }
            lines.push(line);
        }
        lines
    }

    /// A text in which characters that no face has are named by their code points, as `[U+6F22 U+5B57]`: on
    /// paper an empty box would tell nobody which they were.
    pub(super) fn legible(&self, text: &str) -> String {
        let lines: Vec<String> = text.lines().map(|line| self.legible_line(line)).collect();
        lines.join("\n")
    }

    fn legible_line(&self, line: &str) -> String {
        let mut legible = String::with_capacity(line.len());
        let mut unknown: Vec<String> = Vec::new();
        for character in characters(line).map(Some).chain([None]) {
            match character {
                Some(character) if self.find(Face::Text, character).1 == 0 => {
                    unknown.push(format!("U+{:04X}", u32::from(character)));
                }
                known => {
                    if !unknown.is_empty() {
                        let _ = write!(legible, "[{}]", std::mem::take(&mut unknown).join(" "));
                    }
                    legible.extend(known);
                }
            }
        }
        legible
    }

    /// Writes what was used as font objects and returns the `/Font` resources.
    pub(super) fn embed(&self, mut add: impl FnMut(Object) -> ObjectId) -> Result<Dictionary, SealError> {
        let mut resources = Dictionary::new();
        for face in FACES {
            let used = &self.faces[face.index()];
            if !used.glyphs.is_empty() {
                resources.set(face.resource(), used.embed(&mut add)?);
            }
        }
        Ok(resources)
    }

    fn find(&self, wanted: Face, character: char) -> (Face, u16) {
        [wanted, Face::Text, Face::Hand]
            .into_iter()
            .find_map(|face| Some((face, self.faces[face.index()].glyph(character)?)))
            .unwrap_or((wanted, 0))
    }
}

impl Used {
    fn new(name: &'static str, data: &'static [u8]) -> Result<Self, SealError> {
        let font = FontRef::new(data).map_err(|_| SealError::Font)?;
        let advances = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units_per_em = f64::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        let charmap = font.charmap();
        let (subset, glyphs) = (GlyphRemapper::new(), BTreeMap::new());
        Ok(Self { name, data, font, charmap, advances, units_per_em, subset, glyphs })
    }

    fn glyph(&self, character: char) -> Option<u16> {
        let glyph = self.charmap.map(character)?;
        u16::try_from(glyph.to_u32()).ok().filter(|glyph| *glyph != 0)
    }

    fn advance(&self, glyph: u16) -> f64 {
        let units = self.advances.advance_width(skrifa::GlyphId::new(u32::from(glyph)));
        f64::from(units.unwrap_or(0.0)) * 1000.0 / self.units_per_em
    }

    fn take(&mut self, glyph: u16, character: char) -> u16 {
        let number = self.subset.remap(glyph);
        let width = self.advance(glyph);
        self.glyphs.entry(number).or_insert((width, (glyph != 0).then_some(character)));
        number
    }

    fn embed(&self, add: &mut impl FnMut(Object) -> ObjectId) -> Result<Object, SealError> {
        let program = subsetter::subset(self.data, 0, &self.subset).map_err(|_| SealError::Font)?;
        let name = format!("{}+{}", tag(&program), self.name);
        let length = program.len() as i64;
        let file = add(compressed(dictionary! { "Length1" => length }, program)?);
        let metrics = self.font.metrics(Size::unscaled(), LocationRef::default());
        let scale = |units: f32| Object::Real(units * 1000.0 / self.units_per_em as f32);
        let bounds = metrics.bounds.unwrap_or_default();
        let descriptor = add(Object::Dictionary(dictionary! {
            "Type" => "FontDescriptor",
            "FontName" => Object::Name(name.clone().into()),
            "Flags" => 4,
            "FontBBox" => vec![scale(bounds.x_min), scale(bounds.y_min), scale(bounds.x_max), scale(bounds.y_max)],
            "ItalicAngle" => 0,
            "Ascent" => scale(metrics.ascent),
            "Descent" => scale(metrics.descent),
            "CapHeight" => scale(metrics.cap_height.unwrap_or(metrics.ascent)),
            "StemV" => 80,
            "FontFile2" => file,
        }));
        let descendant = add(Object::Dictionary(dictionary! {
            "Type" => "Font",
            "Subtype" => "CIDFontType2",
            "BaseFont" => Object::Name(name.clone().into()),
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::String(b"Adobe".to_vec(), StringFormat::Literal),
                "Ordering" => Object::String(b"Identity".to_vec(), StringFormat::Literal),
                "Supplement" => 0,
            },
            "FontDescriptor" => descriptor,
            "DW" => 0,
            "W" => self.widths(),
            "CIDToGIDMap" => "Identity",
        }));
        let to_unicode = add(compressed(Dictionary::new(), self.to_unicode().into_bytes())?);
        let font = add(Object::Dictionary(dictionary! {
            "Type" => "Font",
            "Subtype" => "Type0",
            "BaseFont" => Object::Name(name.into()),
            "Encoding" => "Identity-H",
            "DescendantFonts" => vec![Object::Reference(descendant)],
            "ToUnicode" => to_unicode,
        }));
        Ok(Object::Reference(font))
    }

    /// The `/W` array: one run per unbroken series of glyph numbers.
    fn widths(&self) -> Object {
        let mut runs: Vec<(u16, Vec<Object>)> = Vec::new();
        for (&number, &(width, _)) in &self.glyphs {
            let width = Object::Real(width as f32);
            match runs.last_mut() {
                Some((first, widths)) if usize::from(number) == usize::from(*first) + widths.len() => {
                    widths.push(width);
                }
                _ => runs.push((number, vec![width])),
            }
        }
        let flat = runs.into_iter().flat_map(|(first, widths)| [i64::from(first).into(), Object::Array(widths)]);
        Object::Array(flat.collect())
    }

    /// The map back to text, for searching and copying.
    fn to_unicode(&self) -> String {
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let known: Vec<(u16, char)> =
            self.glyphs.iter().filter_map(|(&number, &(_, character))| Some((number, character?))).collect();
        // The format allows 100 entries a block.
        for block in known.chunks(100) {
            let _ = writeln!(map, "{} beginbfchar", block.len());
            for (number, character) in block {
                let mut units = [0_u16; 2];
                let units: String =
                    character.encode_utf16(&mut units).iter().map(|unit| format!("{unit:04X}")).collect();
                let _ = writeln!(map, "<{number:04X}> <{units}>");
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }
}

/// A stream object, compressed.
pub(super) fn compressed(dictionary: Dictionary, content: Vec<u8>) -> Result<Object, SealError> {
    let mut stream = Stream::new(dictionary, content);
    stream.compress().map_err(|_| SealError::Write)?;
    Ok(Object::Stream(stream))
}

/// Composed characters, with white space and control characters as plain spaces.
fn characters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfc().filter(|character| !matches!(character, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{FE0F}')).map(
        |character| {
            if character.is_whitespace() || character.is_control() { ' ' } else { character }
        },
    )
}

/// Six capital letters that tell this subset from others of the same face.
fn tag(program: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, program);
    digest.as_ref().iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_from_the_face_that_has_them() {
        let mut fonts = Fonts::new().unwrap();
        let faces = |runs: Vec<Run>| runs.iter().map(|run| run.face).collect::<Vec<_>>();
        assert_eq!(faces(fonts.encode(Face::Hand, "João ñ é")), [Face::Hand]);
        assert_eq!(faces(fonts.encode(Face::Hand, "João Ω")), [Face::Hand, Face::Text]);
        // Nobody has it: an empty box in the wanted face.
        assert_eq!(fonts.encode(Face::Strong, "漢")[0].glyphs, "0000");
        let mut added = Vec::new();
        let resources = fonts.embed(|object| {
            added.push(object);
            (added.len() as u32, 0)
        });
        assert_eq!(resources.unwrap().len(), 3);
        // Composed and decomposed accents are the same glyph.
        assert_eq!(fonts.encode(Face::Text, "a\u{303}")[0].glyphs, fonts.encode(Face::Text, "ã")[0].glyphs);
    }

    #[test]
    fn characters_that_no_face_has_are_named() {
        let fonts = Fonts::new().unwrap();
        assert_eq!(fonts.legible("João Ω Привет"), "João Ω Привет");
        assert_eq!(fonts.legible("漢字 x 字"), "[U+6F22 U+5B57] x [U+5B57]");
    }

    #[test]
    fn text_fits_its_width() {
        let fonts = Fonts::new().unwrap();
        let size = fonts.fit(Face::Text, 12.0, 50.0, "a rather long line of text");
        assert!((fonts.width(Face::Text, size, "a rather long line of text") - 50.0).abs() < 1e-6);
        assert_eq!(fonts.fit(Face::Text, 12.0, 50.0, ""), 12.0);
        for line in fonts.wrap(Face::Text, 10.0, 40.0, "some words, and anextremelylongwordwithoutspaces\n\nend") {
            assert!(fonts.width(Face::Text, 10.0, &line) <= 40.0, "{line}");
        }
    }
}

//! A small canvas: a content stream with text, lines, boxes and freehand strokes.
//!
//! Appearances, the certificate and the sample agreement are all drawn with it. Coordinates are
//! points from the top left, as people read a page. It knows nothing of signatures.

use std::fmt::Write as _;

use lopdf::{Dictionary, Object, ObjectId, dictionary};

use super::SealError;
use super::fonts::{Face, Fonts, compressed};

/// A colour as red, green and blue from 0 to 1.
pub(super) type Color = [f64; 3];

/// Near-black blue, for text.
pub(super) const INK: Color = [0.09, 0.12, 0.19];
/// Grey, for labels.
pub(super) const GREY: Color = [0.42, 0.46, 0.53];
/// Light grey, for hairlines.
pub(super) const HAIR: Color = [0.82, 0.84, 0.87];
/// Pen blue, for signatures.
pub(super) const PEN: Color = [0.07, 0.16, 0.45];
/// Green, for what is done.
pub(super) const DONE: Color = [0.05, 0.45, 0.28];
/// Red: what must not be missed.
pub(super) const WARNING: Color = [0.70, 0.13, 0.10];

/// How a line of text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// The typeface.
    pub(super) face: Face,
    /// The size in points.
    pub(super) size: f64,
    /// The colour.
    pub(super) color: Color,
}

/// A drawing in progress.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    content: String,
}

/// A [`Style`].
pub(super) const fn style(face: Face, size: f64, color: Color) -> Style {
    Style { face, size, color }
}

impl Canvas {
    /// An empty canvas of a size in points.
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, content: String::new() }
    }

    /// Text on a baseline.
    pub(super) fn text(&mut self, fonts: &mut Fonts, style: Style, x: f64, baseline: f64, text: &str) {
        self.color(style.color, "rg");
        let _ = writeln!(self.content, "BT {} {} Td", number(x), number(self.height - baseline));
        for run in fonts.encode(style.face, text) {
            let _ = writeln!(self.content, "/{} {} Tf <{}> Tj", run.face.resource(), number(style.size), run.glyphs);
        }
        self.content.push_str("ET\n");
    }

    /// Text that ends at `right`.
    pub(super) fn text_right(&mut self, fonts: &mut Fonts, style: Style, right: f64, baseline: f64, text: &str) {
        let width = fonts.width(style.face, style.size, text);
        self.text(fonts, style, right - width, baseline, text);
    }

    /// Text in as many lines as it needs; returns the baseline after the last one.
    pub(super) fn paragraph(
        &mut self,
        fonts: &mut Fonts,
        style: Style,
        [x, baseline, width, leading]: [f64; 4],
        text: &str,
    ) -> f64 {
        let mut baseline = baseline;
        for line in fonts.wrap(style.face, style.size, width, text) {
            self.text(fonts, style, x, baseline, &line);
            baseline += leading;
        }
        baseline
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, color: Color) {
        self.color(color, "RG");
        let _ = writeln!(
            self.content,
            "{} w {} {} m {} {} l S",
            number(width),
            number(from.0),
            number(self.height - from.1),
            number(to.0),
            number(self.height - to.1)
        );
    }

    /// A horizontal hairline.
    pub(super) fn rule(&mut self, x: f64, y: f64, width: f64) {
        self.line((x, y), (x + width, y), 0.6, HAIR);
    }

    /// A box, outlined.
    pub(super) fn outline(&mut self, [x, y, width, height]: [f64; 4], thickness: f64, color: Color) {
        self.color(color, "RG");
        let _ = writeln!(
            self.content,
            "{} w {} {} {} {} re S",
            number(thickness),
            number(x),
            number(self.height - y - height),
            number(width),
            number(height)
        );
    }

    /// A freehand stroke through points, rounded at the ends and smooth in between.
    pub(super) fn stroke(&mut self, points: &[(f64, f64)], width: f64, color: Color) {
        let Some(&first) = points.first() else { return };
        self.color(color, "RG");
        let _ = write!(self.content, "1 J 1 j {} w ", number(width));
        self.point(first, "m");
        let mut at = first;
        // Each inner point pulls a quadratic curve towards the middle of the next segment.
        for pair in points.windows(2).skip(1) {
            let (control, next) = (pair[0], pair[1]);
            let end = middle(control, next);
            self.curve(at, control, end);
            at = end;
        }
        self.point(points.last().copied().unwrap_or(first), "l");
        self.content.push_str("S\n");
    }

    /// The drawing as an appearance: a form object, turned so that it reads upright on a page
    /// that is displayed turned clockwise by `turn` degrees.
    pub(super) fn into_form(self, resources: ObjectId, turn: i64) -> Result<Object, SealError> {
        let (width, height) = (self.width, self.height);
        let matrix = match turn {
            90 => [0.0, 1.0, -1.0, 0.0, height, 0.0],
            180 => [-1.0, 0.0, 0.0, -1.0, width, height],
            270 => [0.0, -1.0, 1.0, 0.0, 0.0, width],
            _ => [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        };
        let form = dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => reals(&[0.0, 0.0, width, height]),
            "Matrix" => reals(&matrix),
            "Resources" => resources,
        };
        compressed(form, self.content.into_bytes())
    }

    /// The drawing as a page: its content stream, and the page's dictionary without a parent.
    pub(super) fn into_page(
        self,
        resources: ObjectId,
        mut add: impl FnMut(Object) -> ObjectId,
    ) -> Result<Dictionary, SealError> {
        let size = reals(&[0.0, 0.0, self.width, self.height]);
        let content = add(compressed(Dictionary::new(), self.content.into_bytes())?);
        Ok(dictionary! {
            "Type" => "Page",
            "MediaBox" => size.clone(),
            "CropBox" => size,
            "Rotate" => 0,
            "Resources" => resources,
            "Contents" => content,
        })
    }

    fn color(&mut self, [red, green, blue]: Color, operator: &str) {
        let _ = writeln!(self.content, "{} {} {} {operator}", number(red), number(green), number(blue));
    }

    fn point(&mut self, (x, y): (f64, f64), operator: &str) {
        let _ = writeln!(self.content, "{} {} {operator}", number(x), number(self.height - y));
    }

    /// A quadratic curve, written as the cubic one that PDF has.
    fn curve(&mut self, from: (f64, f64), control: (f64, f64), to: (f64, f64)) {
        for end in [from, to] {
            let x = end.0 + 2.0 / 3.0 * (control.0 - end.0);
            let y = end.1 + 2.0 / 3.0 * (control.1 - end.1);
            let _ = write!(self.content, "{} {} ", number(x), number(self.height - y));
        }
        self.point(to, "c");
    }
}

/// Numbers as a PDF array.
pub(super) fn reals(numbers: &[f64]) -> Object {
    Object::Array(numbers.iter().map(|number| Object::Real(*number as f32)).collect())
}

fn middle(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
}

/// A number with as few digits as a page needs.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

//! What signers leave on the pages, and how each mark is drawn.
//!
//! It draws into a canvas of the mark's own size. Where on a page that lands, and whether it is
//! a field or a stamp, is decided in `fields`.

use serde::{Deserialize, Serialize};

use super::SealError;
use super::canvas::{Canvas, GREY, HAIR, INK, PEN, style};
use super::fonts::{Face, Fonts};

/// Most points in one drawn signature; a pad produces a few hundred.
pub const MAX_STROKE_POINTS: usize = 20_000;
/// Most characters in one text.
pub const MAX_TEXT_CHARACTERS: usize = 10_000;

/// The largest size of text in a field, in points.
const FIELD_SIZE: f64 = 11.0;
/// The smallest size at which text is still wrapped; below, one line shrinks.
const SMALLEST_WRAPPED_SIZE: f64 = 5.0;
/// Pen width relative to the height of a drawn signature.
const PEN_SHARE: f64 = 0.035;
/// How much larger than its pad's share of the box a small drawing may become.
const MAX_ENLARGEMENT: f64 = 2.0;

/// One thing a signer left on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The page, counted from 1; appended pages follow the original ones.
    pub page: u32,
    /// Points from the left of the page as displayed.
    pub x: f64,
    /// Points from the top of the page as displayed.
    pub y: f64,
    /// Width in points.
    pub width: f64,
    /// Height in points.
    pub height: f64,
    /// Whose mark it is.
    pub signer_name: String,
    /// What it is.
    pub content: MarkContent,
}

/// The kinds of marks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MarkContent {
    /// A signature typed and set in a handwriting face.
    Typed {
        /// What was typed.
        text: String,
        /// The small line under it, such as the name and the time.
        caption: String,
    },
    /// A signature drawn by hand.
    Drawn {
        /// The strokes, each a list of points from 0 to 1 across and down the pad.
        strokes: Vec<Vec<[f32; 2]>>,
        /// The pad's width divided by its height.
        aspect: f32,
        /// The small line under it.
        caption: String,
    },
    /// Text that was filled in.
    Text {
        /// What was filled in.
        value: String,
    },
    /// A date that was filled in, as it should read.
    Date {
        /// What was filled in.
        value: String,
    },
    /// A box that was ticked or left.
    Checkbox {
        /// Whether it was ticked.
        checked: bool,
    },
}

impl MarkContent {
    /// Why this content cannot be drawn, if it cannot.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let long = |text: &str| text.chars().count() > MAX_TEXT_CHARACTERS;
        match self {
            Self::Typed { text, caption } if long(text) || long(caption) => Some("its text is too long"),
            Self::Text { value } | Self::Date { value } if long(value) => Some("its text is too long"),
            Self::Drawn { strokes, aspect, caption } => {
                let points = strokes.iter().map(Vec::len).sum::<usize>();
                let finite = strokes.iter().flatten().flatten().all(|number| number.is_finite());
                if points == 0 {
                    Some("it has no strokes")
                } else if points > MAX_STROKE_POINTS {
                    Some("it has too many points")
                } else if !finite || !aspect.is_finite() || *aspect <= 0.0 {
                    Some("its strokes are not numbers")
                } else if long(caption) {
                    Some("its text is too long")
                } else {
                    None
                }
            }
            _ => None,
        }
    }
}

/// Draws a signature, typed or drawn, with its line and caption.
pub(super) fn draw_signature(
    fonts: &mut Fonts,
    content: &MarkContent,
    width: f64,
    height: f64,
) -> Result<Canvas, SealError> {
    let mut canvas = Canvas::new(width, height);
    let caption_size = (height * 0.16).clamp(2.0, 7.0);
    let line_at = height - caption_size * 1.5;
    let room = [0.0, 0.0, width, line_at];
    let caption = match content {
        MarkContent::Typed { text, caption } => {
            draw_typed(&mut canvas, fonts, room, text);
            caption
        }
        MarkContent::Drawn { strokes, aspect, caption } => {
            draw_strokes(&mut canvas, room, strokes, f64::from(*aspect));
            caption
        }
        _ => return Err(SealError::Structure),
    };
    canvas.line((0.0, line_at), (width, line_at), 0.5, HAIR);
    let caption_size = fonts.fit(Face::Text, caption_size, width, caption);
    canvas.text(fonts, style(Face::Text, caption_size, GREY), 0.0, height - caption_size * 0.35, caption);
    Ok(canvas)
}

/// Draws text in a field; returns also its size, and whether it took several lines.
pub(super) fn draw_text(fonts: &mut Fonts, text: &str, width: f64, height: f64) -> (Canvas, f64, bool) {
    let mut canvas = Canvas::new(width, height);
    let largest = FIELD_SIZE.min(height * 0.72);
    let natural = fonts.width(Face::Text, largest, text);
    if natural > width || text.contains('\n') {
        let mut size = largest;
        while size >= SMALLEST_WRAPPED_SIZE {
            let lines = fonts.wrap(Face::Text, size, width, text);
            if lines.len() > 1 && lines.len() as f64 * size * 1.25 <= height {
                let area = [0.0, size, width, size * 1.25];
                canvas.paragraph(fonts, style(Face::Text, size, INK), area, text);
                return (canvas, size, true);
            }
            size -= 0.5;
        }
    }
    let size = fonts.fit(Face::Text, largest, width, text);
    canvas.text(fonts, style(Face::Text, size, INK), 0.0, (height + size * 0.73) / 2.0, text);
    (canvas, size, false)
}

/// Draws a box, with a tick if checked.
pub(super) fn draw_checkbox(checked: bool, width: f64, height: f64) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    let side = (width.min(height) - 1.0).max(1.0);
    let (left, top) = ((width - side) / 2.0, (height - side) / 2.0);
    canvas.outline([left, top, side, side], (side / 16.0).clamp(0.4, 1.0), INK);
    if checked {
        let at = |x: f64, y: f64| (left + side * x, top + side * y);
        let pen = side / 8.0;
        canvas.stroke(&[at(0.22, 0.52), at(0.42, 0.74)], pen, INK);
        canvas.stroke(&[at(0.42, 0.74), at(0.80, 0.26)], pen, INK);
    }
    canvas
}

fn draw_typed(canvas: &mut Canvas, fonts: &mut Fonts, [x, y, width, height]: [f64; 4], text: &str) {
    let largest = (height * 0.95).min(40.0);
    let size = fonts.fit(Face::Hand, largest, width * 0.96, text);
    // Leaves room for descenders above the line.
    let baseline = y + height - size * 0.24;
    canvas.text(fonts, style(Face::Hand, size, PEN), x + width * 0.02, baseline, text);
}

fn draw_strokes(canvas: &mut Canvas, [x, y, width, height]: [f64; 4], strokes: &[Vec<[f32; 2]>], aspect: f64) {
    let inked =
        |[across, down]: [f32; 2]| (f64::from(across).clamp(0.0, 1.0) * aspect, f64::from(down).clamp(0.0, 1.0));
    let points = || strokes.iter().flatten().map(|point| inked(*point));
    let (left, right) = extent(points().map(|point| point.0));
    let (top, bottom) = extent(points().map(|point| point.1));
    let (margin_x, margin_y) = (width * 0.02, height * 0.06);
    let (room_x, room_y) = (width - 2.0 * margin_x, height - 2.0 * margin_y);
    let pad_scale = (room_x / aspect).min(room_y);
    let ink_scale = (room_x / (right - left).max(1e-6)).min(room_y / (bottom - top).max(1e-6));
    let scale = ink_scale.min(pad_scale * MAX_ENLARGEMENT);
    let down = y + margin_y + (room_y - (bottom - top) * scale) / 2.0;
    let pen = (height * PEN_SHARE).clamp(0.4, 1.8);
    for stroke in strokes {
        let points: Vec<(f64, f64)> = stroke
            .iter()
            .map(|point| inked(*point))
            .map(|point| (x + margin_x + (point.0 - left) * scale, down + (point.1 - top) * scale))
            .collect();
        canvas.stroke(&points, pen, PEN);
    }
}

fn extent(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)))
}

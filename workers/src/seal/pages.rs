//! The pages of a document in order, and where a displayed point lies on each.
//!
//! It knows boxes, turns and units. It does not know what is drawn.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::inspect::{MAX_NESTING_LEVELS, MAX_PAGES, PageSize, Unsignable};

/// What readers assume for a page without a usable `/MediaBox`: US Letter.
const LETTER: [f64; 4] = [0.0, 0.0, 612.0, 792.0];

/// One page: its object, the visible box in its own coordinates, its turn and its unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// The page object.
    pub(super) id: ObjectId,
    /// Left, bottom, right, top of what is displayed, in page coordinates.
    visible: [f64; 4],
    /// Clockwise turn for display, in degrees: 0, 90, 180 or 270.
    pub(super) turn: i64,
    /// Points per page coordinate.
    unit: f64,
}

/// What a node of the page tree hands down.
#[derive(Clone, Copy, Default)]
struct Inherited {
    media: Option<[f64; 4]>,
    crop: Option<[f64; 4]>,
    turn: i64,
}

impl Page {
    /// A page of our own making, with nothing turned or cropped.
    pub(super) fn upright(id: ObjectId, size: PageSize) -> Self {
        Self { id, visible: [0.0, 0.0, size.width_points, size.height_points], turn: 0, unit: 1.0 }
    }

    /// The size as displayed.
    pub(super) fn size(&self) -> PageSize {
        let [left, bottom, right, top] = self.visible;
        let (width, height) = ((right - left) * self.unit, (top - bottom) * self.unit);
        let lying = self.turn % 180 != 0;
        let (width_points, height_points) = if lying { (height, width) } else { (width, height) };
        PageSize { width_points, height_points }
    }

    /// The page coordinates of a point given from the top left of the page as displayed.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        let (x, y) = (x / self.unit, y / self.unit);
        match self.turn {
            90 => (left + y, bottom + x),
            180 => (right - x, bottom + y),
            270 => (right - y, top - x),
            _ => (left + x, top - y),
        }
    }

    /// The `/Rect` of a box given from the top left of the page as displayed.
    pub(super) fn rectangle(&self, x: f64, y: f64, width: f64, height: f64) -> [f64; 4] {
        let (x1, y1) = self.place(x, y);
        let (x2, y2) = self.place(x + width, y + height);
        [x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)]
    }
}

/// The pages in reading order.
pub(super) fn walk(document: &Document) -> Result<Vec<Page>, Unsignable> {
    let root = root(document)?;
    let mut pages = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![(root, Inherited::default(), 0)];
    while let Some((id, above, level)) = waiting.pop() {
        if level > MAX_NESTING_LEVELS || !seen.insert(id) {
            return Err(Unsignable::Damaged);
        }
        let node = document.get_dictionary(id).map_err(|_| Unsignable::Damaged)?;
        let inherited = inherit(document, node, above);
        if let Ok(kids) = node.get_deref(b"Kids", document) {
            let kids = kids.as_array().map_err(|_| Unsignable::Damaged)?;
            for kid in kids.iter().rev() {
                let id = kid.as_reference().map_err(|_| Unsignable::Damaged)?;
                waiting.push((id, inherited, level + 1));
            }
            if waiting.len() + pages.len() > 2 * MAX_PAGES {
                return Err(Unsignable::TooManyPages);
            }
        } else {
            pages.push(page(document, id, node, inherited)?);
            if pages.len() > MAX_PAGES {
                return Err(Unsignable::TooManyPages);
            }
        }
    }
    if pages.is_empty() { Err(Unsignable::Damaged) } else { Ok(pages) }
}

/// The root of the page tree.
pub(super) fn root(document: &Document) -> Result<ObjectId, Unsignable> {
    document
        .catalog()
        .and_then(|catalog| catalog.get(b"Pages"))
        .and_then(Object::as_reference)
        .map_err(|_| Unsignable::Damaged)
}

fn inherit(document: &Document, node: &Dictionary, above: Inherited) -> Inherited {
    let turn = node.get_deref(b"Rotate", document).and_then(Object::as_float).ok();
    Inherited {
        media: rectangle(document, node, b"MediaBox").or(above.media),
        crop: rectangle(document, node, b"CropBox").or(above.crop),
        turn: turn.map_or(above.turn, |turn| (turn as i64).rem_euclid(360)),
    }
}

fn page(document: &Document, id: ObjectId, node: &Dictionary, inherited: Inherited) -> Result<Page, Unsignable> {
    let media = inherited.media.unwrap_or(LETTER);
    let visible = inherited.crop.and_then(|crop| intersection(crop, media)).unwrap_or(media);
    let unit = node.get_deref(b"UserUnit", document).and_then(Object::as_float).map_or(1.0, f64::from);
    let unit = if unit.is_finite() && unit > 0.0 && unit <= 75_000.0 { unit } else { 1.0 };
    let turn = if inherited.turn % 90 == 0 { inherited.turn } else { 0 };
    let extent = [visible[2] - visible[0], visible[3] - visible[1]];
    if extent.iter().any(|length| !length.is_finite() || *length < 1.0 || *length > 1_000_000.0) {
        return Err(Unsignable::Damaged);
    }
    Ok(Page { id, visible, turn, unit })
}

/// A box with its corners in order, or nothing if it is unusable.
fn rectangle(document: &Document, node: &Dictionary, key: &[u8]) -> Option<[f64; 4]> {
    let array = node.get_deref(key, document).and_then(Object::as_array).ok()?;
    let mut numbers =
        array.iter().map(|number| document.dereference(number).ok().and_then(|(_, number)| decimal(number)));
    let mut next = || numbers.next()?;
    let (x1, y1, x2, y2) = (next()?, next()?, next()?, next()?);
    let corners = [x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)];
    (corners[2] > corners[0] && corners[3] > corners[1]).then_some(corners)
}

/// A finite number with the decimals it was written with, which a detour by `f32` would blur.
fn decimal(number: &Object) -> Option<f64> {
    let value = match number {
        Object::Real(value) => value.to_string().parse().ok()?,
        other => f64::from(other.as_float().ok()?),
    };
    value.is_finite().then_some(value)
}

fn intersection(a: [f64; 4], b: [f64; 4]) -> Option<[f64; 4]> {
    let shared = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    (shared[2] > shared[0] && shared[3] > shared[1]).then_some(shared)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Draft;
    use super::*;

    fn page(turn: i64, crop: [i64; 4], unit: Option<f64>) -> Page {
        let mut draft = Draft::new();
        let crop: Vec<Object> = crop.into_iter().map(Object::from).collect();
        draft.set(draft.tree, "Rotate", turn);
        draft.set(draft.tree, "CropBox", crop);
        if let Some(unit) = unit {
            draft.set(draft.page, "UserUnit", unit);
        }
        walk(&draft.document).unwrap().remove(0)
    }

    #[test]
    fn a_displayed_box_lands_where_it_is_seen() {
        // Visible: 100 to 500 across, 50 to 350 up, and 10 by 20 seen at (30, 40).
        let rectangle = |turn| page(turn, [100, 50, 500, 350], None).rectangle(30.0, 40.0, 10.0, 20.0);
        assert_eq!(rectangle(0), [130.0, 290.0, 140.0, 310.0]);
        assert_eq!(rectangle(90), [140.0, 80.0, 160.0, 90.0]);
        assert_eq!(rectangle(180), [460.0, 90.0, 470.0, 110.0]);
        assert_eq!(rectangle(270), [440.0, 310.0, 460.0, 320.0]);
        assert_eq!(rectangle(-90), rectangle(270));
        assert_eq!(rectangle(45), rectangle(0));
    }

    #[test]
    fn size_follows_crop_turn_and_unit() {
        let size = |page: Page| (page.size().width_points, page.size().height_points);
        assert_eq!(size(page(0, [100, 50, 500, 350], None)), (400.0, 300.0));
        assert_eq!(size(page(90, [100, 50, 500, 350], None)), (300.0, 400.0));
        assert_eq!(size(page(0, [-100, -50, 9000, 9000], None)), (600.0, 400.0));
        assert_eq!(size(page(0, [700, 500, 800, 600], None)), (600.0, 400.0));
        assert_eq!(size(page(0, [0, 0, 600, 400], Some(1.5))), (900.0, 600.0));
    }
}

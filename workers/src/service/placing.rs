//! Boxes on pages: where what a signer fills or signs may stand, and places for signatures that were given
//! none. Whose a box is, and how a caller names that, is each dialect's business.

use std::collections::BTreeMap;

use countersign_engine::event::{Area, Widget, WidgetKind};
use countersign_engine::ids::{SignerId, WidgetId};
use countersign_engine::request::Request;
use countersign_engine::signer::SignerTerms;

use super::documents::File;
use crate::seal::PageSize;

/// How far a box may reach over the edge of its page, in points (an eighth of an inch); it is then
/// trimmed. Editors round boxes to the page, and seed 002's own sample overhangs A4 by 4.7 points.
const OVERHANG_POINTS: f64 = 9.0;
/// Margin of an appended page, in points.
const MARGIN_POINTS: f64 = 56.0;
/// Size of a signature box on an appended page, in points.
const SIGNATURE_POINTS: (f64, f64) = (220.0, 60.0);
/// Room between two of them, in points.
const GAP_POINTS: f64 = 40.0;
/// Pages narrower than this take one column of signatures instead of two.
const TWO_COLUMNS_POINTS: f64 = 540.0;

/// A box that somebody wants, in points from the top left of its page as displayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Page, from 1.
    pub page: u32,
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
    /// Width; a usual one for the kind if absent.
    pub width: Option<f64>,
    /// Height; a usual one for the kind if absent.
    pub height: Option<f64>,
}

/// Why a box cannot stand where it is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Misplaced {
    /// The document has fewer pages.
    NoSuchPage {
        /// So many.
        pages: usize,
    },
    /// It reaches out of its page.
    OutsidePage {
        /// At the left or right.
        across: bool,
        /// At the top or bottom.
        down: bool,
        /// The page.
        page: PageSize,
    },
}

/// The area of a box on a document's pages, trimmed to its page.
pub fn area_on(pages: &[PageSize], kind: WidgetKind, spot: Spot) -> Result<Area, Misplaced> {
    let place = (spot.page as usize).checked_sub(1);
    let Some(&page) = place.and_then(|place| pages.get(place)) else {
        return Err(Misplaced::NoSuchPage { pages: pages.len() });
    };
    let usual = usual_size(kind);
    let (width, height) = (spot.width.unwrap_or(usual.0), spot.height.unwrap_or(usual.1));
    let out = |start: f64, length: f64, edge: f64| {
        let inside = start >= 0.0 && length > 0.0 && start < edge && start + length <= edge + OVERHANG_POINTS;
        !inside
    };
    let across = out(spot.x, width, page.width_points);
    let down = out(spot.y, height, page.height_points);
    if across || down {
        return Err(Misplaced::OutsidePage { across, down, page });
    }
    let (width, height) = (width.min(page.width_points - spot.x), height.min(page.height_points - spot.y));
    Ok(area(spot.x, spot.y, width, height))
}

/// The usual size of a widget, in points.
fn usual_size(kind: WidgetKind) -> (f64, f64) {
    match kind {
        WidgetKind::Signature => (200.0, 50.0),
        WidgetKind::Text => (200.0, 20.0),
        WidgetKind::Date => (100.0, 20.0),
        WidgetKind::Checkbox => (14.0, 14.0),
    }
}

fn area(x: f64, y: f64, width: f64, height: f64) -> Area {
    let thousandths = |points: f64| (points * 1000.0).round() as i64;
    Area { x: thousandths(x), y: thousandths(y), width: thousandths(width), height: thousandths(height) }
}

/// Widgets with their labels, and how many pages they need appended to the last document.
#[derive(Debug, Default)]
pub struct Placed {
    /// The widgets, numbered from 1.
    pub widgets: Vec<Widget>,
    /// What they are called.
    pub labels: BTreeMap<WidgetId, String>,
    /// Pages behind the last document's last.
    pub appended_pages: u32,
}

impl Placed {
    /// Adds a widget; its number is given here.
    pub fn put(&mut self, widget: Widget, label: Option<String>) -> WidgetId {
        let id = WidgetId(u32::try_from(self.widgets.len()).unwrap_or(u32::MAX).saturating_add(1));
        if let Some(label) = label {
            self.labels.insert(id, label);
        }
        self.widgets.push(Widget { id, ..widget });
        id
    }

    /// Gives everyone who signs, but has no place for it on any document, one on a page appended to the
    /// last: that is where they are when they have read everything, and one place a person is what they expect.
    /// A signing group has one: whoever of it signs, signs there.
    pub(super) fn append<'s>(&mut self, signers: impl IntoIterator<Item = &'s SignerTerms>, documents: &[File]) {
        let Some(last) = documents.last() else { return };
        let Some(sheet) = last.document.pages.last() else { return };
        let mut signing: Vec<&SignerTerms> = signers.into_iter().filter(|signer| signer.role.signs()).collect();
        signing.sort_by_key(|signer| signer.order);
        let mut unplaced: Vec<&SignerTerms> = Vec::new();
        for signer in &signing {
            let placed = signing.iter().filter(|other| self.signs(other.id)).chain(&unplaced);
            if !placed.into_iter().any(|other| other.id == signer.id || other.is_fellow_of(signer)) {
                unplaced.push(signer);
            }
        }
        let document = u32::try_from(documents.len() - 1).unwrap_or(u32::MAX);
        let pages = last.document.reference().pages;
        for (signer, (page, at)) in unplaced.into_iter().zip(Grid::on(*sheet).cells()) {
            self.appended_pages = self.appended_pages.max(page + 1);
            self.put(appended(signer.id, document, pages.saturating_add(page + 1), at), None);
        }
    }

    fn signs(&self, signer: SignerId) -> bool {
        self.widgets.iter().any(|widget| widget.signer == signer && widget.kind == WidgetKind::Signature)
    }
}

/// Where those sign who join a request later: each signer, and each signing group, has a place of its own on a
/// page that is appended to the last document, `sheet` its last page.
pub(super) fn places_for(request: &Request, newcomers: &[SignerTerms], sheet: PageSize) -> Vec<Widget> {
    let Some(last) = request.terms.documents.last() else { return Vec::new() };
    let document = u32::try_from(request.terms.documents.len() - 1).unwrap_or(u32::MAX);
    let mut signing: Vec<&SignerTerms> = Vec::new();
    for terms in newcomers.iter().filter(|terms| terms.role.signs()) {
        let known = request.signers.iter().map(|signer| &signer.terms).chain(signing.iter().copied());
        if !known.into_iter().any(|other| other.is_fellow_of(terms)) {
            signing.push(terms);
        }
    }
    let there = |page: u32, at: Area| {
        let mut widgets = request.terms.widgets.iter();
        widgets.any(|widget| (widget.document, widget.page, widget.at) == (document, page, at))
    };
    let cells = Grid::on(sheet).cells().map(|(page, at)| (last.pages.saturating_add(page + 1), at));
    let free = cells.filter(|(page, at)| !there(*page, *at));
    signing.into_iter().zip(free).map(|(terms, (page, at))| appended(terms.id, document, page, at)).collect()
}

/// A place to sign on an appended page.
fn appended(signer: SignerId, document: u32, page: u32, at: Area) -> Widget {
    let kind = WidgetKind::Signature;
    Widget { at, document, id: WidgetId(0), kind, name: None, page, prefilled: false, required: true, signer }
}

/// Places for signatures on appended pages.
struct Grid {
    columns: usize,
    rows: usize,
    width: f64,
    height: f64,
    margin: f64,
}

impl Grid {
    fn on(sheet: PageSize) -> Self {
        let columns: usize = if sheet.width_points >= TWO_COLUMNS_POINTS { 2 } else { 1 };
        let margin = MARGIN_POINTS.min(sheet.width_points / 10.0).min(sheet.height_points / 10.0);
        let free = sheet.width_points - margin * (columns as f64 + 1.0);
        let width = SIGNATURE_POINTS.0.min(free / columns as f64);
        let height = SIGNATURE_POINTS.1.min(sheet.height_points - 2.0 * margin);
        let rows = ((sheet.height_points - 2.0 * margin + GAP_POINTS) / (height + GAP_POINTS)).floor();
        Self { columns, rows: (rows as usize).max(1), width, height, margin }
    }

    /// All of them, one after another, without end.
    fn cells(self) -> impl Iterator<Item = (u32, Area)> {
        (0..).map(move |at| self.cell(at))
    }

    /// The appended page (from 0) and the box of the n-th signature.
    fn cell(&self, at: usize) -> (u32, Area) {
        let on_page = self.columns * self.rows;
        let (page, rest) = (at / on_page, at % on_page);
        let (row, column) = (rest / self.columns, rest % self.columns);
        let x = self.margin + column as f64 * (self.width + self.margin);
        let y = self.margin + row as f64 * (self.height + GAP_POINTS);
        (u32::try_from(page).unwrap_or(u32::MAX), area(x, y, self.width, self.height))
    }
}

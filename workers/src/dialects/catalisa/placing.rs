//! Widgets: whose each is, and where it stands on the pages of the document.

use std::collections::BTreeMap;

use countersign_engine::event::{Area, Widget, WidgetKind};
use countersign_engine::ids::{SignerId, WidgetId};
use countersign_engine::signer::SignerTerms;

use super::read::{Reference, WantedSigner, WantedWidget};
use crate::http::fault::Fault;
use crate::http::form::Faults;
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

/// The signers of a request, with what the widgets may call them.
pub(super) struct Cast<'a> {
    pub(super) terms: &'a [SignerTerms],
    pub(super) wanted: &'a [WantedSigner],
}

impl Cast<'_> {
    /// A signer's own id or e-mail address comes before a place, should somebody's id be a number.
    fn resolve(&self, reference: &Reference) -> Option<SignerId> {
        let called = |text: &str| {
            let is_called = |signer: &WantedSigner| {
                signer.reference.as_deref() == Some(text) || signer.email.eq_ignore_ascii_case(text)
            };
            self.wanted.iter().position(is_called)
        };
        let counted = |place: u64| usize::try_from(place).ok()?.checked_sub(1);
        let place = match reference {
            Reference::Place(place) => counted(*place),
            Reference::Text(text) => called(text).or_else(|| counted(text.parse().ok()?)),
        };
        self.terms.get(place?).map(|terms| terms.id)
    }

    /// Those for whom `fits` holds, in the order in which they act.
    fn in_order(&self, fits: impl Fn(&SignerTerms) -> bool) -> Vec<SignerId> {
        let mut signers: Vec<&SignerTerms> = self.terms.iter().filter(|signer| fits(signer)).collect();
        signers.sort_by_key(|signer| signer.order);
        signers.iter().map(|signer| signer.id).collect()
    }
}

/// Widgets with their labels, and how many pages they need appended.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) widgets: Vec<Widget>,
    pub(super) labels: BTreeMap<WidgetId, String>,
    pub(super) appended_pages: u32,
}

/// Binds widgets to signers and checks their places. Every signer who signs but has no signature
/// widget gets one on a page appended to the document.
pub(super) fn place(wanted: Vec<WantedWidget>, cast: &Cast<'_>, pages: &[PageSize], faults: &mut Faults) -> Placed {
    let signing = cast.in_order(|signer| signer.role.signs());
    let first = cast.in_order(|signer| signer.role.acts()).into_iter().next();
    let mut turn = signing.iter().copied().cycle();
    let mut placed = Placed::default();
    for widget in wanted {
        let area = area_of(&widget, pages, faults);
        let signer = match &widget.signer {
            Some(reference) => {
                let found = cast.resolve(reference);
                if found.is_none() {
                    let detail = "signerId names no signer of this request: use an id, a 1-based place or an e-mail.";
                    faults.push(Fault::at(format!("{}/signerId", widget.pointer), "unknown_signer", detail));
                }
                found
            }
            None if widget.kind == WidgetKind::Signature => turn.next(),
            None => first,
        };
        let (Some(at), Some(signer)) = (area, signer) else { continue };
        placed.push(widget, signer, at);
    }
    if let Some(last) = pages.last() {
        let unplaced = signing.into_iter().filter(|id| !placed.signs(*id)).collect::<Vec<_>>();
        placed.append(&unplaced, pages.len(), *last);
    }
    placed
}

impl Placed {
    fn push(&mut self, wanted: WantedWidget, signer: SignerId, at: Area) {
        let id = self.next_id();
        if let Some(label) = wanted.label {
            self.labels.insert(id, label);
        }
        self.widgets.push(Widget {
            id,
            kind: wanted.kind,
            signer,
            document: 0,
            page: wanted.page,
            at,
            required: wanted.required || wanted.kind == WidgetKind::Signature,
            name: wanted.name,
            prefilled: false,
        });
    }

    fn signs(&self, signer: SignerId) -> bool {
        self.widgets.iter().any(|widget| widget.signer == signer && widget.kind == WidgetKind::Signature)
    }

    fn append(&mut self, signers: &[SignerId], pages: usize, sheet: PageSize) {
        let grid = Grid::on(sheet);
        for (at, signer) in signers.iter().enumerate() {
            let (page, area) = grid.cell(at);
            self.appended_pages = self.appended_pages.max(page + 1);
            let id = self.next_id();
            self.widgets.push(Widget {
                id,
                kind: WidgetKind::Signature,
                signer: *signer,
                document: 0,
                page: u32::try_from(pages).unwrap_or(u32::MAX).saturating_add(page + 1),
                at: area,
                required: true,
                name: None,
                prefilled: false,
            });
        }
    }

    fn next_id(&self) -> WidgetId {
        WidgetId(u32::try_from(self.widgets.len()).unwrap_or(u32::MAX).saturating_add(1))
    }
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

/// The usual size of a widget, in points.
fn usual_size(kind: WidgetKind) -> (f64, f64) {
    match kind {
        WidgetKind::Signature => (200.0, 50.0),
        WidgetKind::Text => (200.0, 20.0),
        WidgetKind::Date => (100.0, 20.0),
        WidgetKind::Checkbox => (14.0, 14.0),
    }
}

/// A widget's box on its page, trimmed to it; faults if it is not there.
pub(super) fn area_of(widget: &WantedWidget, pages: &[PageSize], faults: &mut Faults) -> Option<Area> {
    if pages.is_empty() {
        return None;
    }
    let Some(page) = pages.get(widget.page as usize - 1) else {
        let detail = format!("The document has {} pages.", pages.len());
        faults.push(Fault::at(format!("{}/page", widget.pointer), "page_out_of_range", detail));
        return None;
    };
    let usual = usual_size(widget.kind);
    let (width, height) = (widget.width.unwrap_or(usual.0), widget.height.unwrap_or(usual.1));
    let mut fit = true;
    for (name, start, length, edge) in
        [("x", widget.x, width, page.width_points), ("y", widget.y, height, page.height_points)]
    {
        let inside = start >= 0.0 && length > 0.0 && start < edge && start + length <= edge + OVERHANG_POINTS;
        if !inside {
            let detail = format!(
                "The box is outside its page, which is {:.0} × {:.0} points.",
                page.width_points, page.height_points
            );
            faults.push(Fault::at(format!("{}/{name}", widget.pointer), "outside_page", detail));
            fit = false;
        }
    }
    let (width, height) = (width.min(page.width_points - widget.x), height.min(page.height_points - widget.y));
    fit.then(|| area(widget.x, widget.y, width, height))
}

fn area(x: f64, y: f64, width: f64, height: f64) -> Area {
    let thousandths = |points: f64| (points * 1000.0).round() as i64;
    Area { x: thousandths(x), y: thousandths(y), width: thousandths(width), height: thousandths(height) }
}

//! Widgets: whose each is, and on which document it stands, as this dialect's callers name them.

use countersign_engine::event::{Area, Widget, WidgetKind};
use countersign_engine::ids::WidgetId;

use super::casting::Cast;
use super::read::{Reference, WantedWidget};
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::seal::PageSize;
use crate::service::documents::File;
use crate::service::placing::{Misplaced, Placed, area_on};

/// The documents of a request, with what the widgets may call them; one that was not taken is `None`.
pub(super) struct Sheaf<'a> {
    pub(super) files: &'a [Option<File>],
    /// The ids under which they were uploaded before.
    pub(super) ids: &'a [Option<String>],
}

impl Sheaf<'_> {
    /// The place of the document that a widget names, from 0: the first if it names none.
    fn resolve(&self, widget: &WantedWidget, faults: &mut Faults) -> Option<usize> {
        let Some(reference) = &widget.document else { return Some(0) };
        let pointer = format!("{}/document", widget.pointer);
        let is_called = |text: &str, place: usize| {
            let id = self.ids.get(place).and_then(Option::as_deref);
            id.is_some_and(|id| id.eq_ignore_ascii_case(text))
                || self.files[place].as_ref().is_some_and(|file| file.name == text)
        };
        let called = |text: &str| (0..self.files.len()).filter(|place| is_called(text, *place)).collect::<Vec<_>>();
        if let Reference::Text(text) = reference
            && called(text).len() > 1
        {
            let detail = "Several documents of this request have this name: use the place or the id.";
            faults.push(Fault::at(pointer, "ambiguous_document", detail));
            return None;
        }
        let found = reference.place(|text| called(text).first().copied());
        let found = found.filter(|place| *place < self.files.len());
        // A name may be that of a document that was not taken, whose own fault is told already.
        let known = matches!(reference, Reference::Place(_)) || self.files.iter().all(Option::is_some);
        if found.is_none() && known && !self.files.is_empty() {
            let detail = "document names no document of this request: use a 1-based place, a file's id or its name.";
            faults.push(Fault::at(pointer, "unknown_document", detail));
        }
        found
    }
}

/// Binds widgets to signers and checks their places on the documents.
pub(super) fn place(wanted: Vec<WantedWidget>, cast: &Cast<'_>, sheaf: &Sheaf<'_>, faults: &mut Faults) -> Placed {
    let signing = cast.in_order(|signer| signer.role.signs());
    let first = cast.in_order(|signer| signer.role.acts()).into_iter().next();
    let mut turn = signing.into_iter().cycle();
    let mut placed = Placed::default();
    for widget in wanted {
        let document = sheaf.resolve(&widget, faults);
        let file = document.and_then(|place| sheaf.files.get(place)?.as_ref());
        let area = file.and_then(|file| area_of(&widget, &file.document.pages, faults));
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
        let (Some(document), Some(at), Some(signer)) = (document, area, signer) else { continue };
        let bound = Widget {
            at,
            document: u32::try_from(document).unwrap_or(u32::MAX),
            id: WidgetId(0),
            kind: widget.kind,
            name: widget.name,
            page: widget.spot.page,
            prefilled: false,
            required: widget.required || widget.kind == WidgetKind::Signature,
            signer,
        };
        placed.put(bound, widget.label);
    }
    placed
}

/// A widget's box on its page, trimmed to it; faults if it is not there.
pub(super) fn area_of(widget: &WantedWidget, pages: &[PageSize], faults: &mut Faults) -> Option<Area> {
    // The document was not taken; its own fault is told already.
    if pages.is_empty() {
        return None;
    }
    let told = |name: &str, code: &str, detail: String| Fault::at(format!("{}/{name}", widget.pointer), code, detail);
    match area_on(pages, widget.kind, widget.spot) {
        Ok(area) => return Some(area),
        Err(Misplaced::NoSuchPage { pages }) => {
            faults.push(told("page", "page_out_of_range", format!("The document has {pages} pages.")));
        }
        Err(Misplaced::OutsidePage { across, down, page }) => {
            let PageSize { width_points, height_points } = page;
            let size = format!("{width_points:.0} × {height_points:.0} points");
            for name in [("x", across), ("y", down)].into_iter().filter_map(|(name, out)| out.then_some(name)) {
                faults.push(told(name, "outside_page", format!("The box is outside its page, which is {size}.")));
            }
        }
    }
    None
}

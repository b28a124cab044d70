//! From a request to the page on which one of its signers acts.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use countersign_engine::command::TEXT_MAX;
use countersign_engine::event::{Area, Value, Widget, WidgetKind};
use countersign_engine::ids::Digest;
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;

use super::floor::sender;
use super::view::{Ceremony, Document, Field, FieldKind, OtherBox, PageSize, Place, SignPage};
use crate::language::Language;
use crate::seal;

/// The sizes of the pages of a request's documents.
pub(super) type Pages = HashMap<Digest, Arc<Vec<seal::PageSize>>>;

/// The page for one signer.
pub(super) fn page(request: &Request, signer: &Signer, pages: &Pages, language: Language) -> SignPage {
    let documents = (0..request.terms.documents.len()).map(|number| document(request, signer, pages, number)).collect();
    SignPage {
        language,
        organization: sender(request),
        title: request.title.clone().unwrap_or_default(),
        message: request.message.clone(),
        expires: request.expires_at,
        ceremony: Ceremony {
            request: request.id.to_string(),
            signer_name: signer.name().to_owned(),
            role: signer.terms.role,
            signature_required: signer.terms.role.signs(),
            documents,
        },
    }
}

fn document(request: &Request, signer: &Signer, pages: &Pages, number: usize) -> Document {
    let reference = &request.terms.documents[number];
    let displayed = |size: &seal::PageSize| PageSize { width: size.width_points, height: size.height_points };
    let page_sizes: Vec<PageSize> =
        pages.get(&reference.digest).map(|sizes| sizes.iter().map(displayed).collect()).unwrap_or_default();
    let here: Vec<&Widget> = request.terms.widgets.iter().filter(|widget| widget.document as usize == number).collect();
    let owned: BTreeSet<_> = request.widgets_of(signer.id()).map(|widget| widget.id).collect();
    let mine = |widget: &&&Widget| owned.contains(&widget.id) && !widget.prefilled;
    Document {
        pages: reference.pages,
        name: request.file_name(number).to_owned(),
        sheet: page_sizes.last().copied().unwrap_or_default(),
        page_sizes,
        fields: here.iter().filter(mine).map(|widget| field(request, widget)).collect(),
        others: here.iter().filter(|widget| !mine(widget)).map(|widget| other(request, widget)).collect(),
    }
}

fn field(request: &Request, widget: &Widget) -> Field {
    Field {
        id: widget.id.to_string(),
        kind: kind(widget.kind),
        place: place(widget.page, widget.at),
        required: widget.required,
        label: request.labels.get(&widget.id).cloned(),
        value: None,
        max_length: (widget.kind == WidgetKind::Text).then_some(TEXT_MAX as u32),
    }
}

fn other(request: &Request, widget: &Widget) -> OtherBox {
    let owner = request.signer(widget.signer);
    let value = request.values.get(&widget.id).map(|value| match value {
        Value::Ticked(ticked) => ticked.to_string(),
        Value::Text(text) => text.clone(),
    });
    OtherBox {
        kind: kind(widget.kind),
        place: place(widget.page, widget.at),
        name: owner.map(|owner| owner.name().to_owned()).unwrap_or_default(),
        done: widget.prefilled || owner.is_some_and(Signer::has_acted),
        value,
    }
}

fn kind(kind: WidgetKind) -> FieldKind {
    match kind {
        WidgetKind::Signature => FieldKind::Signature,
        WidgetKind::Text => FieldKind::Text,
        WidgetKind::Date => FieldKind::Date,
        WidgetKind::Checkbox => FieldKind::Checkbox,
    }
}

fn place(page: u32, at: Area) -> Place {
    let points = |thousandths: i64| thousandths as f64 / 1000.0;
    Place { page, x: points(at.x), y: points(at.y), width: points(at.width), height: points(at.height) }
}

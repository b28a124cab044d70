//! Corrections in flight (SPEC §2): correct, replace, add and remove a signer. Old links die, the
//! order is kept, and whoever has acted stays as they are.

use super::{Decision, Given, Proposal, fitting, follow_up, invite_again, providers, refuse_if_expired};
use crate::command::{Correction, Newcomers, ORDER_MAX, Position, Profile, SIGNERS_MAX, WIDGETS_MAX};
use crate::event::{Detail, Fact, Personal, Widget};
use crate::ids::{SignerId, WidgetId};
use crate::provider::Ability;
use crate::refusal::{Code, Refusal};
use crate::request::{Request, Status};
use crate::requirement::Requirements;
use crate::signer::{Signer, SignerTerms};

pub(super) fn correct(request: &Request, id: SignerId, correction: &Correction, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
    // Whoever reads at another address did not say who they are at this one.
    let moves = correction.email.as_ref().is_some_and(|email| email != signer.email());
    let person = if moves { signer.as_named() } else { signer.person.as_ref() };
    let person =
        person.cloned().ok_or_else(|| Refusal::new(Code::Invalid, "Nothing is known of that signer any more."))?;
    let mut profile = Profile { person, particulars: signer.particulars.clone() };
    let mut requirements = signer.terms.requirements.clone();
    let changed = correction.apply(&mut profile, &mut requirements);
    if changed.is_empty() {
        return Err(Refusal::new(Code::NothingChanged, "The signer is so already."));
    }
    if changed.contains(&Detail::Requirements) {
        providers::refuse_unless_able(request, Ability::Require)?;
    }
    let Profile { person, particulars } = profile;
    if changed.contains(&Detail::Email) {
        fitting::refuse_twin(request, id, &signer.terms, &person.email)?;
    }
    fitting::check_asked(&request.terms, &requirements, &person, &particulars, given)?;
    let terms = SignerTerms { requirements: requirements.clone(), ..signer.terms.clone() };
    fitting::check_provider(&request.terms, &terms)?;
    let requirements = (requirements != signer.terms.requirements).then_some(requirements);
    let told = changed.iter().any(|detail| detail.is_asked()) && !particulars.is_empty();
    let personal = Personal {
        particulars: told.then_some((id, particulars)).into_iter().collect(),
        people: [(id, person)].into(),
        ..Personal::default()
    };
    let mut proposals = vec![Proposal { fact: Fact::Corrected { changed, requirements, signer: id }, personal }];
    if signer.is_invited() {
        proposals.push(invite_again(request, signer, given));
    }
    Ok(proposals)
}

/// Who takes over in a signer's place.
pub(super) struct Heir<'a> {
    pub(super) by: SignerId,
    pub(super) requirements: Option<&'a Requirements>,
    pub(super) profile: &'a Profile,
}

pub(super) fn replace(request: &Request, id: SignerId, heir: Heir<'_>, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
    if signer.is_invited() && heir.profile.person.email.eq_ignore_ascii_case(signer.email()) {
        providers::refuse_unless_able(request, Ability::AskAnew)?;
    }
    let requirements = heir.requirements.unwrap_or(&signer.terms.requirements).clone();
    let terms = SignerTerms { id: heir.by, requirements, ..signer.terms.clone() };
    fitting::check_newcomers(request, [(&terms, heir.profile)], false, given)?;
    fitting::refuse_twin(request, id, &terms, &heir.profile.person.email)?;
    let newcomer = Signer::new(terms.clone(), None);
    let mut proposals =
        vec![about(heir.by, heir.profile, Fact::Replaced { signer: id, by: terms, told: signer.sent_at.is_some() })];
    if signer.is_invited() {
        proposals.push(invite_again(request, &newcomer, given));
    }
    Ok(proposals)
}

pub(super) fn add(request: &Request, newcomers: &[Newcomers], widgets: &[Widget], given: &Given<'_>) -> Decision {
    editable(request, given)?;
    let count: usize = newcomers.iter().map(|newcomers| newcomers.people.len()).sum();
    let is_empty = count == 0 || newcomers.iter().any(|newcomers| newcomers.people.is_empty());
    if is_empty || request.signers.len() + count > SIGNERS_MAX {
        return Err(Refusal::new(Code::Invalid, "A request has at most 100 signers, and somebody must join."));
    }
    let mut widgets = numbered(request, newcomers, widgets)?;
    let mut after = request.clone();
    let mut proposals = Vec::new();
    for newcomers in newcomers {
        proposals.extend(join(&mut after, newcomers, &mut widgets, given)?);
    }
    if request.status.is_out() {
        let due: Vec<Signer> = after.due().cloned().collect();
        proposals.extend(follow_up(request, &due, given));
    }
    Ok(proposals)
}

/// Lets people join at one place of a request that is thought ahead, and take the widgets that are theirs.
fn join(
    after: &mut Request,
    Newcomers { people, at }: &Newcomers,
    widgets: &mut Vec<Widget>,
    given: &Given<'_>,
) -> Decision {
    let named = people.first().map_or(0, |(terms, _)| terms.order);
    let (order, shift) = place(after, named, *at)?;
    let joining: Vec<(SignerTerms, &Profile)> =
        people.iter().map(|(terms, profile)| (SignerTerms { order, ..terms.clone() }, profile)).collect();
    fitting::check_newcomers(after, joining.iter().map(|(terms, profile)| (terms, *profile)), shift, given)?;
    refuse_new_line(after, &joining)?;
    let mut proposals = Vec::with_capacity(joining.len());
    for (nth, (signer, profile)) in joining.into_iter().enumerate() {
        let shift = shift && nth == 0;
        let own = widgets.extract_if(.., |widget| widget.signer == signer.id).collect();
        let added = about(signer.id, profile, Fact::Added { shift, signer: signer.clone(), widgets: own });
        after.add(&signer, shift, &added.personal);
        fitting::refuse_twin(after, signer.id, &signer, &profile.person.email)?;
        proposals.push(added);
    }
    if after.status.is_out() && after.due().any(|other| other.is_invited() && other.terms.order > order) {
        return Err(Refusal::new(Code::NoSuchPosition, "Nobody can be added before those who are already invited."));
    }
    Ok(proposals)
}

/// A provider that has all act at once cannot be told otherwise once it has the request.
fn refuse_new_line(request: &Request, joining: &[(SignerTerms, &Profile)]) -> Result<(), Refusal> {
    let orders = request.acting_orders();
    let is_one = orders.first() == orders.last();
    match is_one && joining.iter().any(|(terms, _)| terms.role.acts() && !orders.contains(&terms.order)) {
        true => providers::refuse_unless_able(request, Ability::Line),
        false => Ok(()),
    }
}

/// The widgets of newcomers, numbered behind those there are. They were thought out on what there was, so nothing
/// may have come to stand in their places since.
fn numbered(request: &Request, newcomers: &[Newcomers], widgets: &[Widget]) -> Result<Vec<Widget>, Refusal> {
    let known = &request.terms.widgets;
    let last = known.iter().map(|widget| widget.id.0).max().unwrap_or(0);
    let people = || newcomers.iter().flat_map(|newcomers| &newcomers.people);
    let theirs = |widget: &Widget| people().any(|(terms, _)| terms.id == widget.signer);
    let documents = request.terms.documents.len();
    if !widgets.iter().all(|widget| theirs(widget) && (widget.document as usize) < documents) {
        return Err(Refusal::new(
            Code::Invalid,
            "Widgets must belong to who joins, and stand on documents of the request.",
        ));
    }
    if known.len() + widgets.len() > WIDGETS_MAX + SIGNERS_MAX {
        return Err(Refusal::new(Code::Invalid, "A request has at most 1000 widgets."));
    }
    let place = |widget: &Widget| (widget.document, widget.page, widget.at);
    if widgets.iter().any(|widget| known.iter().any(|other| place(other) == place(widget))) {
        return Err(Refusal::new(Code::Changed, "Something else came to stand there at the same time."));
    }
    Ok((last + 1..).zip(widgets).map(|(id, widget)| Widget { id: WidgetId(id), ..widget.clone() }).collect())
}

/// The order at which somebody joins, and whether whoever is there moves back.
fn place(request: &Request, order: u32, at: Position) -> Result<(u32, bool), Refusal> {
    let orders = request.acting_orders();
    let (order, shift) = match at {
        Position::Beside => (order, false),
        Position::Before => (order, true),
        Position::Last => match (orders.first(), orders.last()) {
            (Some(first), Some(last)) if first == last => (*last, false),
            (_, last) => (last.map_or(1, |last| last + 1), false),
        },
        Position::After(n) => {
            let before = match n.checked_sub(1) {
                None => Some(orders.first().map_or(0, |first| first.saturating_sub(1))),
                Some(index) => orders.get(index as usize).copied(),
            };
            let fewer = || Refusal::new(Code::NoSuchPosition, "Fewer act on the request than that position says.");
            let before = before.ok_or_else(fewer)?;
            (before + 1, orders.contains(&(before + 1)))
        }
    };
    let last = request.signers.iter().map(|signer| signer.terms.order).max().unwrap_or(0);
    if order > ORDER_MAX || (shift && last >= ORDER_MAX) {
        return Err(Refusal::new(Code::NoSuchPosition, "The order of signers ends at 1000000."));
    }
    Ok((order, shift))
}

pub(super) fn remove(request: &Request, id: SignerId, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
    let is_draft = request.status == Status::Draft;
    if !is_draft && !request.signers.iter().any(|signer| signer.id() != id && signer.terms.role.acts()) {
        return Err(Refusal::new(Code::Invalid, "A request needs somebody who acts."));
    }
    let mut proposals = vec![Fact::Removed { signer: id, told: signer.sent_at.is_some() }.into()];
    if request.status.is_out() {
        let due: Vec<Signer> = request.due().filter(|signer| signer.id() != id).cloned().collect();
        proposals.extend(follow_up(request, &due, given));
    }
    Ok(proposals)
}

fn about(id: SignerId, profile: &Profile, fact: Fact) -> Proposal {
    let Profile { person, particulars } = profile.clone();
    let particulars = (!particulars.is_empty()).then_some((id, particulars)).into_iter().collect();
    Proposal { fact, personal: Personal { particulars, people: [(id, person)].into(), ..Personal::default() } }
}

fn editable(request: &Request, given: &Given<'_>) -> Result<(), Refusal> {
    refuse_if_expired(request, given.now)?;
    providers::refuse_unless_able(request, Ability::Correct)?;
    match request.status {
        Status::Draft => Ok(()),
        status if status.is_out() => Ok(()),
        status => Err(Refusal::wrong_state(status, "corrected")),
    }
}

fn correctable<'r>(request: &'r Request, id: SignerId, given: &Given<'_>) -> Result<&'r Signer, Refusal> {
    editable(request, given)?;
    let signer = request.signer(id);
    let signer = signer.ok_or_else(|| Refusal::new(Code::SignerNotFound, "The request has no such signer."))?;
    if signer.has_acted() {
        return Err(Refusal::new(Code::SignerAlreadyActed, "That signer has already acted."));
    }
    if signer.covered_by.is_some() {
        return Err(Refusal::new(Code::GroupSigned, "Somebody of that signing group has signed already."));
    }
    Ok(signer)
}

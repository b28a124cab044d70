//! Corrections in flight (SPEC §2): correct, replace, add and remove a signer. Old links die, the
//! order is kept, and whoever has acted stays as they are.

use super::{Decision, Given, Proposal, fitting, follow_up, invite_again, providers, refuse_if_expired};
use crate::command::{Correction, Newcomers, ORDER_MAX, Position, Profile, SIGNERS_MAX, WIDGETS_MAX};
use crate::event::{Detail, Fact, Personal, Widget};
use crate::ids::{SignerId, WidgetId};
use crate::person::Person;
use crate::provider::Ability;
use crate::refusal::{Code, Refusal};
use crate::request::{Request, Status};
use crate::requirement::{Particulars, Requirements};
use crate::signer::{Signer, SignerTerms};

pub(super) fn correct(request: &Request, id: SignerId, correction: &Correction, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
    let person = signer.person.clone();
    let mut person = person.ok_or_else(|| Refusal::new(Code::Invalid, "Nothing is known of that signer any more."))?;
    let mut particulars = signer.particulars.clone();
    let changed = changed(correction, &mut person, &mut particulars);
    if changed.is_empty() {
        return Err(Refusal::new(Code::NothingChanged, "The signer is so already."));
    }
    if changed.contains(&Detail::Email) {
        fitting::refuse_twin(request, id, &signer.terms, &person.email)?;
    }
    let access_code = particulars.access_code.is_some();
    let requirements = Requirements { access_code, ..signer.terms.requirements.clone() };
    fitting::check_asked(&request.terms, &requirements, &person, &particulars, given)?;
    let requirements = (requirements != signer.terms.requirements).then_some(requirements);
    let secret = changed.contains(&Detail::AccessCode) && !particulars.is_empty();
    let personal = Personal {
        particulars: secret.then_some((id, particulars)).into_iter().collect(),
        people: [(id, person)].into(),
        ..Personal::default()
    };
    let mut proposals = vec![Proposal { fact: Fact::Corrected { changed, requirements, signer: id }, personal }];
    if signer.is_invited() {
        proposals.push(invite_again(request, signer, given));
    }
    Ok(proposals)
}

/// Makes the corrections, and says which of them made a difference.
fn changed(correction: &Correction, person: &mut Person, particulars: &mut Particulars) -> Vec<Detail> {
    let renamed = |to: &mut String, new: &Option<String>| match new {
        Some(new) if new != to => {
            to.clone_from(new);
            true
        }
        _ => false,
    };
    let made = [
        (Detail::AccessCode, correction.access_code.apply(&mut particulars.access_code)),
        (Detail::Birthday, correction.birthday.apply(&mut person.birthday)),
        (Detail::Email, renamed(&mut person.email, &correction.email)),
        (Detail::Name, renamed(&mut person.name, &correction.name)),
        (Detail::NationalId, correction.national_id.apply(&mut person.national_id)),
        (Detail::Phone, correction.phone.apply(&mut person.phone)),
    ];
    made.into_iter().filter_map(|(detail, different)| different.then_some(detail)).collect()
}

/// Who takes over in a signer's place.
pub(super) struct Heir<'a> {
    pub(super) by: SignerId,
    pub(super) requirements: Option<&'a Requirements>,
    pub(super) profile: &'a Profile,
}

pub(super) fn replace(request: &Request, id: SignerId, heir: Heir<'_>, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
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

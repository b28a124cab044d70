//! Corrections in flight (SPEC §2): correct, replace, add and remove a signer. Old links die, the
//! order is kept, and whoever has acted stays as they are.

use std::collections::BTreeSet;

use super::{Decision, Given, Proposal, fitting, follow_up, invite_again, providers, refuse_if_expired};
use crate::command::{Correction, ORDER_MAX, Position, Profile, SIGNERS_MAX, WIDGETS_MAX};
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
    let access_code = particulars.access_code.is_some();
    let requirements = Requirements { access_code, ..signer.terms.requirements.clone() };
    fitting::check_asked(&request.terms, &requirements, &person, &particulars, given)?;
    let terms = SignerTerms { requirements: requirements.clone(), ..signer.terms.clone() };
    fitting::check_provider(&request.terms, &terms)?;
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
    if signer.is_invited() && heir.profile.person.email.eq_ignore_ascii_case(signer.email()) {
        providers::refuse_unless_able(request, Ability::AskAnew)?;
    }
    let requirements = heir.requirements.unwrap_or(&signer.terms.requirements).clone();
    let terms = SignerTerms { id: heir.by, requirements, ..signer.terms.clone() };
    fitting::check_newcomers(request, [(&terms, heir.profile)], false, given)?;
    let newcomer = Signer::new(terms.clone(), None);
    let mut proposals =
        vec![about(heir.by, heir.profile, Fact::Replaced { signer: id, by: terms, told: signer.sent_at.is_some() })];
    if signer.is_invited() {
        proposals.push(invite_again(request, &newcomer, given));
    }
    Ok(proposals)
}

pub(super) fn add(
    request: &Request,
    newcomers: &[(SignerTerms, Profile)],
    at: Position,
    widgets: &[Widget],
    given: &Given<'_>,
) -> Decision {
    editable(request, given)?;
    let named = newcomers.first().map_or(0, |(terms, _)| terms.order);
    if newcomers.is_empty() || request.signers.len() + newcomers.len() > SIGNERS_MAX {
        return Err(Refusal::new(Code::Invalid, "A request has at most 100 signers, and somebody must join."));
    }
    let (order, shift) = place(request, named, at)?;
    let joining: Vec<SignerTerms> = newcomers.iter().map(|(terms, _)| SignerTerms { order, ..terms.clone() }).collect();
    fitting::check_newcomers(request, joining.iter().zip(newcomers.iter().map(|(_, profile)| profile)), shift, given)?;
    refuse_new_line(request, &joining)?;
    let mut widgets = numbered(request, &joining, widgets)?;
    let mut due: Vec<Signer> = request.due().cloned().collect();
    if shift {
        for signer in due.iter_mut().filter(|signer| signer.terms.order >= order) {
            signer.terms.order += 1;
        }
    }
    if request.status.is_out() && due.iter().any(|other| other.is_invited() && other.terms.order > order) {
        return Err(Refusal::new(Code::NoSuchPosition, "Nobody can be added before those who are already invited."));
    }
    due.extend(joining.iter().filter(|terms| terms.role.acts()).map(|terms| Signer::new(terms.clone(), None)));
    let profiles = newcomers.iter().map(|(_, profile)| profile);
    let mut added = |(place, (signer, profile)): (usize, (SignerTerms, &Profile))| {
        let own = widgets.extract_if(.., |widget| widget.signer == signer.id).collect();
        about(signer.id, profile, Fact::Added { shift: shift && place == 0, signer, widgets: own })
    };
    let mut proposals: Vec<Proposal> = joining.into_iter().zip(profiles).enumerate().map(&mut added).collect();
    if request.status.is_out() {
        proposals.extend(follow_up(request, &due, given));
    }
    Ok(proposals)
}

/// A provider that has all act at once cannot be told otherwise once it has the request.
fn refuse_new_line(request: &Request, joining: &[SignerTerms]) -> Result<(), Refusal> {
    let acting = request.signers.iter().map(|signer| &signer.terms).filter(|terms| terms.role.acts());
    let orders: BTreeSet<u32> = acting.map(|terms| terms.order).collect();
    match orders.len() == 1 && joining.iter().any(|terms| terms.role.acts() && !orders.contains(&terms.order)) {
        true => providers::refuse_unless_able(request, Ability::Line),
        false => Ok(()),
    }
}

/// The widgets of newcomers, numbered behind those there are. They were thought out on what there was, so nothing
/// may have come to stand in their places since.
fn numbered(request: &Request, newcomers: &[SignerTerms], widgets: &[Widget]) -> Result<Vec<Widget>, Refusal> {
    let known = &request.terms.widgets;
    let last = known.iter().map(|widget| widget.id.0).max().unwrap_or(0);
    let theirs = |widget: &Widget| newcomers.iter().any(|terms| terms.id == widget.signer);
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
    let (order, shift) = match at {
        Position::Beside => (order, false),
        Position::Before => (order, true),
        Position::Last => {
            let acting = request.signers.iter().filter(|signer| signer.terms.role.acts());
            let orders: BTreeSet<u32> = acting.map(|signer| signer.terms.order).collect();
            match (orders.len(), orders.last()) {
                (_, None) => (1, false),
                (1, Some(only)) => (*only, false),
                (_, Some(last)) => (last + 1, false),
            }
        }
        Position::After(n) => {
            let mut orders: Vec<u32> = request.signers.iter().map(|signer| signer.terms.order).collect();
            orders.sort_unstable();
            let before = match n.checked_sub(1) {
                None => Some(orders.first().map_or(0, |first| first.saturating_sub(1))),
                Some(index) => orders.get(index as usize).copied(),
            };
            let before = before.ok_or_else(|| {
                Refusal::new(Code::NoSuchPosition, "The request has fewer signers than that position.")
            })?;
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

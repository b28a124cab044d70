//! Corrections in flight (SPEC §2): correct, replace, add and remove a signer. Old links die, the
//! order is kept, and whoever has acted stays as they are.

use super::{Decision, Given, Proposal, follow_up, invite_again, providers, refuse_if_expired};
use crate::command::SIGNERS_MAX;
use crate::event::{Fact, Personal};
use crate::ids::SignerId;
use crate::provider::Ability;
use crate::refusal::{Code, Refusal};
use crate::request::{Request, Status};
use crate::signer::{Person, Signer, SignerTerms};

pub(super) fn correct(request: &Request, id: SignerId, person: &Person, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
    let mut proposals = vec![about(id, person, Fact::Corrected { signer: id })];
    if signer.is_invited() {
        proposals.push(invite_again(request, signer, given));
    }
    Ok(proposals)
}

pub(super) fn replace(request: &Request, id: SignerId, by: SignerId, person: &Person, given: &Given<'_>) -> Decision {
    let signer = correctable(request, id, given)?;
    refuse_known(request, by)?;
    let terms = SignerTerms { id: by, ..signer.terms.clone() };
    let newcomer = Signer::new(terms.clone(), None);
    let mut proposals = vec![about(by, person, Fact::Replaced { signer: id, by: terms })];
    if signer.is_invited() {
        proposals.push(invite_again(request, &newcomer, given));
    }
    Ok(proposals)
}

pub(super) fn add(request: &Request, terms: &SignerTerms, shift: bool, person: &Person, given: &Given<'_>) -> Decision {
    editable(request, given)?;
    refuse_known(request, terms.id)?;
    if request.signers.len() >= SIGNERS_MAX {
        return Err(Refusal::new(Code::Invalid, "A request has at most 100 signers."));
    }
    let mut due: Vec<Signer> = request.due().cloned().collect();
    if shift {
        for signer in due.iter_mut().filter(|signer| signer.terms.order >= terms.order) {
            signer.terms.order += 1;
        }
    }
    let newcomer = Signer::new(terms.clone(), None);
    if request.status.is_out() && due.iter().any(|other| other.is_invited() && other.terms.order > terms.order) {
        return Err(Refusal::new(Code::Invalid, "A signer cannot be added before those who are already invited."));
    }
    if terms.role.acts() {
        due.push(newcomer);
    }
    let mut proposals = vec![about(terms.id, person, Fact::Added { signer: terms.clone(), shift })];
    if request.status.is_out() {
        proposals.extend(follow_up(request, &due, given));
    }
    Ok(proposals)
}

pub(super) fn remove(request: &Request, id: SignerId, given: &Given<'_>) -> Decision {
    correctable(request, id, given)?;
    if !request.signers.iter().any(|signer| signer.id() != id && signer.terms.role.acts()) {
        return Err(Refusal::new(Code::Invalid, "A request needs somebody who acts."));
    }
    let mut proposals = vec![Fact::Removed { signer: id }.into()];
    if request.status.is_out() {
        let due: Vec<Signer> = request.due().filter(|signer| signer.id() != id).cloned().collect();
        proposals.extend(follow_up(request, &due, given));
    }
    Ok(proposals)
}

fn about(id: SignerId, person: &Person, fact: Fact) -> Proposal {
    Proposal { fact, personal: Personal { people: [(id, person.clone())].into(), ..Personal::default() } }
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
    Ok(signer)
}

fn refuse_known(request: &Request, id: SignerId) -> Result<(), Refusal> {
    match request.signer(id) {
        Some(_) => Err(Refusal::new(Code::Invalid, "That signer is in the request already.")),
        None => Ok(()),
    }
}

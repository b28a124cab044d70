//! Who is in a request: joining it, leaving it, taking over in it, acting for a signing group, following it.

use std::sync::Arc;

use super::Request;
use crate::effect::EffectKind;
use crate::event::{Event, Personal, Widget};
use crate::ids::SignerId;
use crate::refusal::Refusal;
use crate::signer::{Role, Signer, SignerTerms};

impl Request {
    /// The other members of a signer's signing group.
    pub fn fellows(&self, id: SignerId) -> impl Iterator<Item = &Signer> {
        let one = self.signer(id);
        let fellow = move |signer: &&Signer| one.is_some_and(|one| one.terms.is_fellow_of(&signer.terms));
        self.signers.iter().map(Arc::as_ref).filter(fellow)
    }

    /// What a signer is to fill in or sign: their own, and what belongs to their signing group.
    pub fn widgets_of(&self, id: SignerId) -> impl Iterator<Item = &Widget> {
        let of_group = move |owner: SignerId| self.fellows(id).any(|fellow| fellow.id() == owner);
        self.terms.widgets.iter().filter(move |widget| widget.signer == id || of_group(widget.signer))
    }

    /// Whoever is in a signing group with who signed needs not any more: their links are dead, and what was
    /// to be filled in by any of them was filled in by the one.
    pub(super) fn cover(&mut self, id: SignerId) {
        let fellows: Vec<SignerId> = self.fellows(id).map(Signer::id).collect();
        for fellow in self.signers.iter_mut().filter(|signer| fellows.contains(&signer.id())).map(Arc::make_mut) {
            fellow.covered_by = Some(id);
            fellow.link = None;
        }
        for fellow in fellows {
            self.drop_messages(fellow);
            self.hand_on_widgets(fellow, id);
        }
    }

    /// Owes somebody who was written to a word, at the address they had before this event: their link is dead.
    pub(super) fn withdraw(&mut self, event: &Event, id: SignerId) {
        if self.signer(id).is_some_and(|signer| signer.sent_at.is_some()) {
            self.owe(event, EffectKind::WithdrawnNotice, Some(id));
        }
    }

    fn hand_on_widgets(&mut self, from: SignerId, to: SignerId) {
        if self.terms.widgets.iter().any(|widget| widget.signer == from) {
            let widgets = &mut Arc::make_mut(&mut self.terms).widgets;
            widgets.iter_mut().filter(|widget| widget.signer == from).for_each(|widget| widget.signer = to);
        }
    }

    /// Puts somebody into the order; `shift` = whoever is at their place, or behind it, moves back.
    pub(crate) fn add(&mut self, terms: &SignerTerms, shift: bool, personal: &Personal) {
        if shift {
            for signer in self.signers.iter_mut().filter(|signer| signer.terms.order >= terms.order) {
                Arc::make_mut(signer).terms.order += 1;
            }
        }
        self.signers.push(Arc::new(signer_of(terms, personal)));
    }

    /// Puts widgets on the documents; on pages appended to the last, as many as they need.
    pub(super) fn place(&mut self, widgets: &[Widget]) {
        if widgets.is_empty() {
            return;
        }
        let terms = Arc::make_mut(&mut self.terms);
        let last = terms.documents.len().saturating_sub(1);
        let pages = terms.documents.last().map_or(0, |document| document.pages);
        let behind = widgets.iter().filter(|widget| widget.document as usize == last);
        let needed = behind.map(|widget| widget.page.saturating_sub(pages)).max().unwrap_or(0);
        terms.appended_pages = terms.appended_pages.max(needed);
        terms.widgets.extend(widgets.iter().cloned());
    }

    pub(super) fn remove(&mut self, event: &Event, id: SignerId, told: bool) -> Result<(), Refusal> {
        let rounds = self.signer_mut(id)?.round;
        if told {
            self.withdraw(event, id);
        }
        self.drop_messages(id);
        self.departed.insert(id, rounds);
        let heir = self.fellows(id).next().map(Signer::id);
        self.signers.retain(|signer| signer.id() != id);
        match heir {
            Some(heir) => self.hand_on_widgets(id, heir),
            None => Arc::make_mut(&mut self.terms).widgets.retain(|widget| widget.signer != id),
        }
        Ok(())
    }

    pub(super) fn replace(&mut self, event: &Event, id: SignerId, by: &SignerTerms, told: bool) -> Result<(), Refusal> {
        let rounds = self.signer_mut(id)?.round;
        if told {
            self.withdraw(event, id);
        }
        self.drop_messages(id);
        *self.signer_mut(id)? = signer_of(by, &event.personal);
        self.departed.insert(id, rounds);
        self.hand_on_widgets(id, by.id);
        Ok(())
    }

    pub(super) fn let_viewers_in(&mut self, event: &Event) -> Result<(), Refusal> {
        let viewers: Vec<SignerId> = self.viewers().collect();
        viewers.into_iter().try_for_each(|id| self.let_in(event, id))
    }

    /// Lets a viewer follow the request from now on, by a link of their own; any earlier one is dead.
    pub(super) fn let_in(&mut self, event: &Event, id: SignerId) -> Result<(), Refusal> {
        let signer = self.signer_mut(id)?;
        signer.round += 1;
        signer.sent_at.get_or_insert(event.time);
        self.drop_messages(id);
        self.owe(event, EffectKind::Invitation, Some(id));
        Ok(())
    }

    /// Lets somebody in whom a change of a request in flight made a viewer, or gave another address.
    pub(super) fn let_in_if_viewer(&mut self, event: &Event, id: SignerId) -> Result<(), Refusal> {
        let ours = !self.terms.is_at_vendor();
        if ours && self.status.is_out() && self.viewers().any(|viewer| viewer == id) {
            self.let_in(event, id)?;
        }
        Ok(())
    }

    fn viewers(&self) -> impl Iterator<Item = SignerId> {
        self.signers.iter().filter(|signer| signer.terms.role == Role::Viewer).map(|signer| signer.id())
    }
}

pub(super) fn signer_of(terms: &SignerTerms, personal: &Personal) -> Signer {
    let mut signer = Signer::new(terms.clone(), personal.people.get(&terms.id).cloned());
    signer.particulars = personal.particulars.get(&terms.id).cloned().unwrap_or_default();
    signer
}

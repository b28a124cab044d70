//! What happens to one signer, and what they do.

use super::{Request, no_such_signer};
use crate::effect::EffectKind;
use crate::event::{Detail, Event};
use crate::ids::{Digest, SignerId};
use crate::refusal::{Code, Refusal};
use crate::requirement::{Challenge, Method, Proof, Requirements};
use crate::signer::{Signer, SignerStatus};

impl Request {
    /// Somebody whose turn it is has a link, in this round; what they proved with an earlier one counts no longer.
    pub(super) fn invite(
        &mut self,
        event: &Event,
        id: SignerId,
        (round, link): (u32, Option<Digest>),
        resent: bool,
    ) -> Result<(), Refusal> {
        let signer = self.in_turn(id)?;
        (signer.round, signer.link) = (round, link);
        signer.proofs.clear();
        signer.challenges.clear();
        signer.sent_at.get_or_insert(event.time);
        if resent {
            signer.resent_at = Some(event.time);
        }
        if signer.status == SignerStatus::Pending {
            signer.status = SignerStatus::Sent;
        }
        self.undelivered.remove(&id);
        self.drop_messages(id);
        match self.terms.is_at_vendor() {
            false => self.owe(event, EffectKind::Invitation, Some(id)),
            true if resent => self.owe(event, EffectKind::Nudge, Some(id)),
            // The vendor invites whose turn it is.
            true => {}
        }
        Ok(())
    }

    pub(super) fn view(&mut self, event: &Event, id: SignerId) -> Result<(), Refusal> {
        let signer = self.invited(id)?;
        signer.viewed_at.get_or_insert(event.time);
        signer.status = SignerStatus::Viewed;
        Ok(())
    }

    /// A one-time code or a payment was asked for; of an earlier one of its kind nothing counts any more.
    pub(super) fn challenge(&mut self, event: &Event, id: SignerId, method: Method) -> Result<(), Refusal> {
        let signer = self.invited(id)?;
        let number = signer.challenges.get(&method).map_or(0, |challenge| challenge.number) + 1;
        signer.challenges.insert(method, Challenge { at: event.time, number, seq: event.seq });
        self.drop_code(id, method);
        if let Some(code) = EffectKind::ALL.into_iter().find(|kind| kind.code() == Some(method)) {
            self.owe(event, code, Some(id));
        }
        Ok(())
    }

    pub(super) fn authenticate(
        &mut self,
        event: &Event,
        id: SignerId,
        method: Method,
        proof: Proof,
    ) -> Result<(), Refusal> {
        let signer = self.invited(id)?;
        if let Some(told) = event.personal.people.get(&id) {
            signer.state(told.clone());
        }
        signer.proofs.insert(method, proof);
        self.drop_code(id, method);
        Ok(())
    }

    pub(super) fn sign(&mut self, event: &Event, id: SignerId) -> Result<(), Refusal> {
        let signer = self.acted(event, id)?;
        signer.status = SignerStatus::Signed;
        signer.signed_at = Some(event.time);
        signer.mark = event.personal.mark.clone();
        self.values.extend(event.personal.values.clone());
        self.cover(id);
        Ok(())
    }

    pub(super) fn decline(&mut self, event: &Event, id: SignerId) -> Result<(), Refusal> {
        let signer = self.acted(event, id)?;
        signer.status = SignerStatus::Declined;
        signer.declined_at = Some(event.time);
        signer.decline_reason = event.personal.reason.clone();
        self.reason = event.personal.reason.clone();
        Ok(())
    }

    pub(super) fn remind(&mut self, event: &Event, id: SignerId, number: u32) -> Result<(), Refusal> {
        let signer = self.invited(id)?;
        signer.reminders = number;
        signer.reminded_at = Some(event.time);
        let kind = if self.terms.is_at_vendor() { EffectKind::Nudge } else { EffectKind::Reminder };
        self.owe(event, kind, Some(id));
        Ok(())
    }

    /// What is known of somebody was put right. With another address, nobody has looked yet.
    pub(super) fn correct(
        &mut self,
        event: &Event,
        id: SignerId,
        changed: &[Detail],
        requirements: Option<&Requirements>,
    ) -> Result<(), Refusal> {
        self.signer(id).ok_or_else(no_such_signer)?;
        if changed.contains(&Detail::Email) {
            self.withdraw(event, id);
            self.signer_mut(id)?.forget_view();
        }
        let signer = self.signer_mut(id)?;
        signer.correct(event.personal.people.get(&id).cloned(), changed);
        if let Some(requirements) = requirements {
            signer.terms.requirements = requirements.clone();
        }
        if changed.iter().any(|detail| detail.is_asked()) {
            signer.particulars = event.personal.particulars.get(&id).cloned().unwrap_or_default();
        }
        self.let_in_if_viewer(event, id)
    }

    /// Somebody who signs or declines, with whence they did; they are written to no more.
    fn acted(&mut self, event: &Event, id: SignerId) -> Result<&mut Signer, Refusal> {
        self.invited(id)?;
        self.drop_messages(id);
        let signer = self.invited(id)?;
        signer.ip = event.personal.ip.clone();
        signer.user_agent = event.personal.user_agent.clone();
        Ok(signer)
    }

    /// A signer who has been invited and has not acted.
    fn invited(&mut self, id: SignerId) -> Result<&mut Signer, Refusal> {
        let signer = self.signer_mut(id)?;
        if signer.is_invited() { Ok(signer) } else { Err(not_their_turn()) }
    }

    /// A signer whose turn it is, invited or not.
    fn in_turn(&mut self, id: SignerId) -> Result<&mut Signer, Refusal> {
        let turn = self.active_order();
        let signer = self.signer_mut(id)?;
        if signer.is_due() && Some(signer.terms.order) == turn { Ok(signer) } else { Err(not_their_turn()) }
    }
}

fn not_their_turn() -> Refusal {
    Refusal::new(Code::NotYourTurn, "It is not that signer's turn.")
}

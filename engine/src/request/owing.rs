//! What must be done outside because of a request's events, and what need not be any more.

use super::{Request, Status};
use crate::effect::{Effect, EffectKind};
use crate::event::{Actor, Event, Fact};
use crate::ids::SignerId;
use crate::refusal::{Code, Refusal};
use crate::requirement::Method;
use crate::signer::Signer;

impl Request {
    pub(super) fn owe(&mut self, event: &Event, kind: EffectKind, signer: Option<SignerId>) {
        let link = matches!(kind, EffectKind::Invitation | EffectKind::Reminder | EffectKind::WithdrawnNotice);
        let unwritten = |id: SignerId| {
            let asked = self.signer(id).map(|signer| &signer.terms.requirements);
            asked.is_some_and(|asked| asked.silent && kind.code().is_none() || asked.in_person && link)
        };
        let silent = self.is_test() || self.terms.is_at_vendor() || signer.is_some_and(unwritten);
        if kind.is_letter() && silent {
            return;
        }
        self.owed.insert(Effect { request: self.id, seq: event.seq, kind, signer });
    }

    pub(super) fn owe_everyone(&mut self, event: &Event, kind: EffectKind, who: impl Fn(&Signer) -> bool) {
        let ids: Vec<_> = self.signers.iter().filter(|signer| who(signer)).map(|signer| signer.id()).collect();
        for id in ids {
            self.owe(event, kind, Some(id));
        }
    }

    /// What is to be undone at its provider when it ends here; what the provider told needs no telling.
    pub(super) fn owe_withdrawal(&mut self, event: &Event) {
        if self.terms.is_at_vendor() && self.sent_at.is_some() && !matches!(event.actor, Actor::Provider(_)) {
            self.owe(event, EffectKind::Withdraw, None);
        }
    }

    /// The provider's list of signers is to be as it is here: once, whatever has changed until then.
    pub(super) fn owe_amendment(&mut self, event: &Event) {
        if self.terms.is_at_vendor() && self.status.is_out() {
            self.owed.retain(|effect| effect.kind != EffectKind::Amend);
            self.owe(event, EffectKind::Amend, None);
        }
    }

    /// What makes sense only while the request is out is owed no longer once it has ended. Who was taken out, and by
    /// that completed it, is still to be taken out at its provider.
    pub(super) fn drop_moot(&mut self, ended: Status) {
        let stays = |kind| kind == EffectKind::Amend && ended == Status::Completed;
        self.owed.retain(|effect| !effect.kind.is_moot_when_closed() || stays(effect.kind));
    }

    /// An effect is over, done or given up. A question to a provider is not put again soon, whichever it was.
    pub(super) fn settle(&mut self, event: &Event, key: &str) -> Result<(), Refusal> {
        let effect = key.parse::<Effect>().ok().filter(|effect| self.owed.remove(effect));
        let effect = effect.ok_or_else(|| Refusal::new(Code::NotOwed, "That effect is not owed."))?;
        let is_answered = matches!(event.fact, Fact::DeliverySent { .. });
        if effect.kind == EffectKind::Confirm && is_answered {
            self.confirmed_at = self.asked_at;
        }
        if let Some(envelope) = self.envelope.as_mut().filter(|_| effect.kind.is_question()) {
            envelope.heard_at = event.time;
        }
        Ok(())
    }

    /// What a provider tells by itself ends its silence, and with it the question that was owed because of that.
    pub(super) fn hear(&mut self, event: &Event) {
        let Some(envelope) = &mut self.envelope else { return };
        match &event.fact {
            Fact::DeliverySent { .. } | Fact::DeliveryFailed { .. } => {}
            Fact::ProviderSilent { .. } => envelope.silences += 1,
            _ if matches!(event.actor, Actor::Provider(_)) => {
                (envelope.heard_at, envelope.silences) = (event.time, 0);
                self.owed.retain(|effect| effect.kind != EffectKind::Inquire);
            }
            _ => {}
        }
    }

    /// A code that counts no longer is not sent any more.
    pub(super) fn drop_code(&mut self, id: SignerId, method: Method) {
        self.owed.retain(|effect| effect.signer != Some(id) || effect.kind.code() != Some(method));
    }

    pub(super) fn drop_messages(&mut self, id: SignerId) {
        self.owed.retain(|effect| effect.signer != Some(id) || !effect.kind.is_moot_when_closed());
    }
}

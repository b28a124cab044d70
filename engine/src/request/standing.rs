//! What may be asked of a request; nothing here changes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::Request;
use crate::effect::{Effect, EffectKind};
use crate::event::Reminders;
use crate::ids::{ConfigId, SignerId};
use crate::provider::{Ability, can};
use crate::schedule;
use crate::signer::{Signer, SignerTerms};

impl Request {
    /// Whether it only tries things out: nobody is written to, and what is sealed says so.
    pub fn is_test(&self) -> bool {
        self.organization.is_test_world()
    }

    /// The signer with this id.
    pub fn signer(&self, id: SignerId) -> Option<&Signer> {
        self.signers.iter().map(Arc::as_ref).find(|signer| signer.id() == id)
    }

    /// BCP 47 tag of the language that a signer is written to in.
    pub fn language_of<'r>(&'r self, signer: &'r Signer) -> &'r str {
        signer.terms.requirements.language.as_deref().unwrap_or(&self.terms.language)
    }

    /// The file name of a document, counted from 0; empty once erased.
    pub fn file_name(&self, document: usize) -> &str {
        self.file_names.get(document).map_or("", String::as_str)
    }

    /// The documents, counted from 0, that have no sealed PDF yet.
    pub fn unsealed(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.terms.documents).map(|(place, _)| place).filter(|place| !self.sealed.contains_key(place))
    }

    /// Those the request still waits for.
    pub fn due(&self) -> impl Iterator<Item = &Signer> {
        self.signers.iter().map(Arc::as_ref).filter(|signer| signer.is_due())
    }

    /// The order numbers of those who act or have acted, ascending: one for each of them, and one for each signing group.
    pub fn acting_orders(&self) -> Vec<u32> {
        let mut groups = BTreeSet::new();
        let mut first = |terms: &&SignerTerms| terms.group.is_none_or(|group| groups.insert(group));
        let acting = self.signers.iter().map(|signer| &signer.terms).filter(|terms| terms.role.acts());
        let mut orders: Vec<u32> = acting.filter(|terms| first(terms)).map(|terms| terms.order).collect();
        orders.sort_unstable();
        orders
    }

    /// The order number whose turn it is.
    pub fn active_order(&self) -> Option<u32> {
        self.due().map(|signer| signer.terms.order).min()
    }

    /// Those whose turn it is and who have not acted.
    pub fn active(&self) -> impl Iterator<Item = &Signer> {
        let turn = self.active_order();
        self.due().filter(move |signer| Some(signer.terms.order) == turn)
    }

    /// The account at which an effect is to be done that is something for a vendor.
    pub fn account_of(&self, effect: &Effect) -> Option<ConfigId> {
        match effect.kind {
            EffectKind::Discard => self.passed_over.iter().find(|(_, left)| **left == effect.seq).map(|(id, _)| *id),
            _ => self.terms.provider_config,
        }
    }

    /// Whether its personal data and documents are gone.
    pub fn is_erased(&self) -> bool {
        self.purged_at.is_some() || self.deleted_at.is_some()
    }

    /// From when the organization's retention counts: its end, unless it is held or erased already.
    pub fn retained_since(&self) -> Option<Timestamp> {
        self.ended_at.filter(|_| self.held_at.is_none() && !self.is_erased())
    }

    /// Whether the links have stopped working because of the time, swept or not.
    pub fn is_past_expiry(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| now >= expiry)
    }

    /// The cadence of reminders that are for us to see to; a vendor that cannot be told to remind does so by itself.
    pub fn cadence(&self) -> Option<Reminders> {
        self.terms.reminders.filter(|_| can(&self.terms.provider, Ability::Nudge))
    }

    /// When its provider is to be asked how things stand because it was silent; `None` while it is to be asked anyway.
    pub fn inquiry_at(&self) -> Option<Timestamp> {
        let envelope = self.envelope.as_ref().filter(|_| self.terms.is_at_vendor() && self.status.is_out())?;
        match self.owed.iter().any(|effect| effect.kind.is_question()) {
            true => None,
            false => schedule::inquiry(envelope.heard_at, envelope.silences),
        }
    }

    /// When [`crate::command::Wish::Tick`] is next due: expiry, warning, reminder, or a question to its provider.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if !self.status.is_out() {
            return None;
        }
        let reminder = |signer: &Signer| schedule::reminder(signer, self.cadence(), self.expires_at);
        let reminders = self.signers.iter().map(Arc::as_ref).filter_map(reminder);
        reminders.chain(self.expires_at).chain(self.warn_at).chain(self.inquiry_at()).min()
    }
}

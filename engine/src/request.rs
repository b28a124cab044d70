//! A request: what its events make of it, and nothing else. The only way to change one is
//! [`Request::apply`]; deciding and replaying both go through it, so they cannot disagree.

mod acting;
mod owing;
mod people;
mod standing;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::effect::{Effect, EffectKind};
use crate::event::{Actor, Collector, Event, Fact, Personal, Terms, Value};
use crate::ids::{ConfigId, Digest, OrganizationId, RequestId, SignerId, WidgetId};
use crate::machine;
use crate::refusal::{Code, Refusal};
use crate::requirement::{Particulars, Proof};
use crate::signer::Signer;
use people::signer_of;

pub use status::Status;

/// The sealed PDF of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedDocument {
    /// SHA-256 of it.
    pub digest: Digest,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was made.
    pub at: Timestamp,
}

/// A request as its provider has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// With which configuration.
    pub config: Option<ConfigId>,
    /// The provider's id of it.
    pub reference: Option<String>,
    /// The provider's ids of the signers, as they were when its list of them was last put right.
    pub signers: BTreeMap<SignerId, String>,
    /// When it was last heard how things stand there.
    pub heard_at: Timestamp,
    /// How often the provider was asked since it last told anything.
    pub silences: u32,
}

/// A request as its events left it. The next version shares what its event did not change.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Which.
    pub id: RequestId,
    /// Whose.
    pub organization: OrganizationId,
    /// Where it stands.
    pub status: Status,
    /// How many events it has.
    pub seq: u64,
    /// Hash of the last event.
    pub head: Digest,
    /// What it is about.
    pub terms: Arc<Terms>,
    /// Who made it.
    pub created_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When its links stop working.
    pub expires_at: Option<Timestamp>,
    /// When to warn of that; `None` once warned.
    pub warn_at: Option<Timestamp>,
    /// When the last signature was given.
    pub completed_at: Option<Timestamp>,
    /// When it ended, whichever way.
    pub ended_at: Option<Timestamp>,
    /// Since when it must be kept, whatever the organization's retention says.
    pub held_at: Option<Timestamp>,
    /// When its personal data and documents were erased by the organization's retention.
    pub purged_at: Option<Timestamp>,
    /// When it was erased because that was asked for: nobody is told of it any more.
    pub deleted_at: Option<Timestamp>,
    /// Title; `None` once erased.
    pub title: Option<String>,
    /// Message to the signers.
    pub message: Option<String>,
    /// Why it was declined or cancelled, if that was said.
    pub reason: Option<String>,
    /// File names of the documents, in their order.
    pub file_names: Vec<String>,
    /// What the widgets are called.
    pub labels: BTreeMap<WidgetId, String>,
    /// What was filled in so far.
    pub values: BTreeMap<WidgetId, Value>,
    /// The signers, in the order they were named.
    pub signers: Vec<Arc<Signer>>,
    /// Those who left, or were replaced, with how many links each had: all of them are dead.
    pub departed: BTreeMap<SignerId, u32>,
    /// What must still be done outside.
    pub owed: BTreeSet<Effect>,
    /// The accounts at providers that it left for another because they did not take it, with the event by which it did.
    pub passed_over: BTreeMap<ConfigId, u64>,
    /// Whom its provider could not write to, at the address they have.
    pub undelivered: BTreeSet<SignerId>,
    /// Since when its provider is, or was last, to be asked how things stand.
    pub asked_at: Option<Timestamp>,
    /// Up to when what its provider told is answered for: the provider was asked after that.
    pub confirmed_at: Option<Timestamp>,
    /// What its provider has of it; `None` as long as it was not handed over.
    pub envelope: Option<Envelope>,
    /// The sealed PDFs that were made, by the place of their document, from 0.
    pub sealed: BTreeMap<u32, SealedDocument>,
}

impl Request {
    /// The request that these events made; refuses a history that cannot be.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> Result<Option<Request>, Refusal> {
        let mut request = None;
        for event in events {
            Request::advance(&mut request, event)?;
        }
        Ok(request)
    }

    /// Applies the next event to a request, or starts one.
    pub fn advance(request: &mut Option<Request>, event: &Event) -> Result<(), Refusal> {
        match request {
            Some(request) => request.apply(event),
            None => {
                *request = Some(Request::start(event)?);
                Ok(())
            }
        }
    }

    fn start(event: &Event) -> Result<Request, Refusal> {
        let Fact::Created(terms) = &event.fact else {
            return Err(Refusal::new(Code::NotFound, "A history starts with request.created."));
        };
        if event.seq != 1 {
            return Err(out_of_order(event, 1));
        }
        let signers = signers_of(terms, &event.personal);
        let personal = event.personal.clone();
        Ok(Request {
            id: event.request,
            organization: event.organization.clone(),
            status: Status::Draft,
            seq: event.seq,
            head: event.hash,
            terms: Arc::clone(terms),
            created_by: event.actor.clone(),
            created_at: event.time,
            updated_at: event.time,
            sent_at: None,
            expires_at: None,
            warn_at: None,
            completed_at: None,
            ended_at: None,
            held_at: None,
            purged_at: None,
            deleted_at: None,
            title: personal.title,
            message: personal.message,
            reason: None,
            file_names: personal.file_names,
            labels: personal.labels,
            values: personal.values,
            signers,
            departed: BTreeMap::new(),
            owed: BTreeSet::new(),
            passed_over: BTreeMap::new(),
            undelivered: BTreeSet::new(),
            asked_at: None,
            confirmed_at: None,
            envelope: None,
            sealed: BTreeMap::new(),
        })
    }

    /// Applies the next event. On refusal the request is unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), Refusal> {
        if event.seq != self.seq + 1 {
            return Err(out_of_order(event, self.seq + 1));
        }
        if self.deleted_at.is_some() {
            return Err(Refusal::new(Code::Deleted, "The request was deleted."));
        }
        if self.purged_at.is_some() && !matches!(event.fact, Fact::Deleted {}) {
            return Err(Refusal::purged());
        }
        let status = machine::step(self.status, &event.fact)?;
        if matches!(event.fact, Fact::Completed {}) && self.due().next().is_some() {
            return Err(Refusal::new(Code::NotAccepted, "Somebody who must act has not."));
        }
        self.change(event)?;
        self.hear(event);
        self.status = status;
        self.seq = event.seq;
        self.head = event.hash;
        self.updated_at = event.time;
        if status.is_terminal() {
            self.ended_at.get_or_insert(event.time);
            self.owed.retain(|effect| !effect.kind.is_moot_when_closed());
        }
        Ok(())
    }

    fn change(&mut self, event: &Event) -> Result<(), Refusal> {
        match &event.fact {
            Fact::Created(_) => {}
            Fact::Revised(terms) => self.revise(terms, &event.personal),
            Fact::Sent { expires_at, warn_at } => {
                self.sent_at = Some(event.time);
                self.expires_at = *expires_at;
                self.warn_at = *warn_at;
                if self.terms.is_at_vendor() {
                    self.owe(event, EffectKind::Submit, None);
                } else {
                    self.let_viewers_in(event)?;
                }
            }
            Fact::Expiring { .. } => self.warn_at = None,
            Fact::Completed {} => {
                self.completed_at = Some(event.time);
                let kind = if self.terms.is_at_vendor() { EffectKind::Fetch } else { EffectKind::Seal };
                self.owe(event, kind, None);
                self.owe_everyone(event, EffectKind::CompletedNotice, |_| true);
            }
            Fact::RequestDeclined { signer: decliner } => {
                let decliner = *decliner;
                self.owe_everyone(event, EffectKind::DeclinedNotice, |signer| {
                    signer.sent_at.is_some() && signer.id() != decliner
                });
            }
            Fact::Expired {} => {
                self.owe_withdrawal(event);
                self.owe_everyone(event, EffectKind::ExpiredNotice, |signer| signer.is_invited() || signer.follows())
            }
            Fact::Cancelled { quiet } => {
                self.owe_withdrawal(event);
                self.reason = event.personal.reason.clone();
                if !quiet {
                    self.owe_everyone(event, EffectKind::CancelledNotice, |signer| signer.sent_at.is_some());
                }
            }
            Fact::Deleted {} => {
                self.deleted_at = Some(event.time);
                self.erase();
            }
            Fact::Held {} => self.held_at = Some(event.time),
            Fact::Released {} => self.held_at = None,
            Fact::Purged { .. } => {
                self.purged_at = Some(event.time);
                self.erase();
            }
            Fact::Sealed { bytes, digest, document } => {
                self.known_document(*document)?;
                let sealed = SealedDocument { digest: *digest, bytes: *bytes, at: event.time };
                self.sealed.insert(*document, sealed);
                if self.unsealed().next().is_none() {
                    self.owed.retain(|effect| !matches!(effect.kind, EffectKind::Seal | EffectKind::Fetch));
                }
            }
            Fact::DeliverySent { effect } | Fact::DeliveryFailed { effect, .. } => self.settle(event, effect)?,
            Fact::Added { signer, shift, widgets } => {
                self.owe_amendment(event);
                self.add(signer, *shift, &event.personal);
                self.place(widgets);
                self.let_in_if_viewer(event, signer.id)?;
            }
            Fact::Removed { signer, told } => {
                self.remove(event, *signer, *told)?;
                self.owe_amendment(event);
            }
            Fact::Replaced { signer, by, told } => {
                self.replace(event, *signer, by, *told)?;
                self.owe_amendment(event);
                self.let_in_if_viewer(event, by.id)?;
            }
            Fact::Invited { signer, round, link, resent } => self.invite(event, *signer, (*round, *link), *resent)?,
            Fact::Viewed { signer } => self.view(event, *signer)?,
            Fact::Challenged { signer, method } => self.challenge(event, *signer, *method)?,
            Fact::Authenticated { signer, method, files, reference, score } => {
                let (files, reference) = (files.clone(), reference.clone());
                self.authenticate(event, *signer, *method, Proof { at: event.time, files, reference, score: *score })?;
            }
            Fact::Signed { signer, .. } => self.sign(event, *signer)?,
            Fact::SignerDeclined { signer } => self.decline(event, *signer)?,
            Fact::Reminded { signer, number } => self.remind(event, *signer, *number)?,
            Fact::Corrected { signer, changed, requirements } => {
                self.correct(event, *signer, changed, requirements.as_ref())?;
                self.owe_amendment(event);
            }
            Fact::SealFailed { document, .. } => self.known_document(*document)?,
            Fact::ProviderSubmitted { config, reference, signers, .. } => {
                let (reference, signers) = (reference.clone(), signers.clone());
                let (config, heard_at) = (*config, event.time);
                self.envelope = Some(Envelope { config, reference, signers, heard_at, silences: 0 });
                self.owed.retain(|effect| effect.kind != EffectKind::Submit);
            }
            Fact::ProviderFailed { next: Some(next), .. } => self.hand_over(event, next)?,
            Fact::ProviderReported { unconfirmed: true, .. } => {
                self.asked_at = Some(event.time);
                self.owe(event, EffectKind::Confirm, None);
            }
            Fact::ProviderSilent { .. } => self.owe(event, EffectKind::Inquire, None),
            Fact::ProviderReported { signers, .. } if !signers.is_empty() => {
                if let Some(envelope) = &mut self.envelope {
                    envelope.signers.clone_from(signers);
                }
            }
            Fact::ProviderReported { signer: Some(signer), .. } => drop(self.undelivered.insert(*signer)),
            Fact::ProviderFailed { .. } | Fact::ProviderReported { .. } => {}
        }
        Ok(())
    }

    fn revise(&mut self, terms: &Arc<Terms>, personal: &Personal) {
        self.signers = signers_of(terms, personal);
        self.terms = Arc::clone(terms);
        let Personal { title, message, file_names, labels, values, .. } = personal.clone();
        (self.title, self.message, self.file_names) = (title, message, file_names);
        (self.labels, self.values) = (labels, values);
    }

    /// Forgets whatever tells who a person is; a history whose data key is gone folds to the same.
    fn erase(&mut self) {
        self.title = None;
        self.message = None;
        self.reason = None;
        self.file_names.clear();
        self.labels.clear();
        self.values.clear();
        self.owed.clear();
        for signer in self.signers.iter_mut().map(Arc::make_mut) {
            signer.person = None;
            signer.named = None;
            signer.particulars = Particulars::default();
            signer.decline_reason = None;
            signer.mark = None;
            signer.ip = None;
            signer.user_agent = None;
            signer.link = None;
        }
    }

    /// Somebody else collects the signatures from now on.
    fn hand_over(&mut self, event: &Event, next: &Collector) -> Result<(), Refusal> {
        if self.envelope.is_some() || self.signers.iter().any(|signer| signer.is_invited() || signer.has_acted()) {
            return Err(Refusal::new(Code::NotAccepted, "Somebody was invited already."));
        }
        let terms = Arc::make_mut(&mut self.terms);
        self.passed_over.extend(terms.provider_config.map(|left| (left, event.seq)));
        terms.provider = next.provider.clone();
        terms.provider_config = Some(next.config);
        self.owed.retain(|effect| !effect.kind.is_at_vendor() || effect.kind == EffectKind::Discard);
        self.owe(event, EffectKind::Discard, None);
        if self.terms.is_at_vendor() {
            self.owe(event, EffectKind::Submit, None);
            return Ok(());
        }
        self.let_viewers_in(event)
    }

    fn known_document(&self, document: u32) -> Result<(), Refusal> {
        match self.terms.documents.get(document as usize) {
            Some(_) => Ok(()),
            None => Err(Refusal::new(Code::NotAccepted, "The request has no such document.")),
        }
    }

    fn signer_mut(&mut self, id: SignerId) -> Result<&mut Signer, Refusal> {
        let signer = self.signers.iter_mut().find(|signer| signer.id() == id);
        signer.map(Arc::make_mut).ok_or_else(no_such_signer)
    }
}

fn signers_of(terms: &Terms, personal: &Personal) -> Vec<Arc<Signer>> {
    terms.signers.iter().map(|terms| Arc::new(signer_of(terms, personal))).collect()
}

fn out_of_order(event: &Event, expected: u64) -> Refusal {
    Refusal::new(Code::NotAccepted, format!("Event {} follows where {expected} should.", event.seq))
}

fn no_such_signer() -> Refusal {
    Refusal::new(Code::SignerNotFound, "The request has no such signer.")
}

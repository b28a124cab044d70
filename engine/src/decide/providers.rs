//! What becomes of a request at its provider: it is taken over or refused, and what the provider tells is held
//! against what is known. Stale and repeated reports change nothing, and nothing ever goes back.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::signing::signatures;
use super::{Decision, Given, Proposal, fitting, invite, invite_again};
use crate::command::{Outcome, Report, Step, TEXT_MAX};
use crate::effect::{Effect, EffectKind};
use crate::event::{Collector, Fact, Personal};
use crate::ids::{ConfigId, SignerId};
use crate::provider::{Ability, NATIVE, can};
use crate::refusal::{Code, Refusal};
use crate::request::Request;
use crate::signer::{Signer, SignerStatus};

/// How somebody is known to be themselves whom a provider let sign.
const BY_PROVIDER: &str = "provider";
/// What a provider told whose list of signers was looked at and put right.
const LISTED: &str = "listed";

pub(super) fn submitted(
    request: &Request,
    config: ConfigId,
    reference: &str,
    signers: &BTreeMap<SignerId, String>,
    given: &Given<'_>,
) -> Decision {
    refuse_unless_out(request, config)?;
    if request.envelope.is_some() {
        return Err(Refusal::new(Code::NotOwed, "The provider has the request already."));
    }
    let fact = Fact::ProviderSubmitted {
        config: Some(config),
        provider: request.terms.provider.clone(),
        reference: Some(reference.to_owned()),
        signers: signers.clone(),
    };
    let mut proposals = vec![fact.into()];
    proposals.extend(request.active().map(|signer| invite_again(request, signer, given)));
    Ok(proposals)
}

pub(super) fn failed(
    request: &Request,
    config: ConfigId,
    code: &str,
    next: Option<&Collector>,
    given: &Given<'_>,
) -> Decision {
    refuse_unless_out(request, config)?;
    if request.envelope.is_some() {
        return Err(Refusal::new(Code::NotOwed, "The provider has the request already."));
    }
    if next.is_some_and(|next| next.config == config || request.passed_over.contains_key(&next.config)) {
        return Err(Refusal::new(Code::Invalid, "That provider has refused the request before."));
    }
    if let Some(next) = next {
        fitting::check_carrier(request, &next.provider, given)?;
    }
    let fact = Fact::ProviderFailed {
        code: code.to_owned(),
        config: Some(config),
        next: next.cloned(),
        provider: request.terms.provider.clone(),
    };
    let mut proposals = vec![fact.into()];
    if next.is_some_and(|next| next.provider == NATIVE) {
        let invited = request.active().map(|signer| {
            let round = signer.round + 1;
            invite(signer.id(), round, Some((given.link)(request.id, signer.id(), round)))
        });
        proposals.extend(invited);
    }
    Ok(proposals)
}

/// What cannot be believed by itself is worth one question, however often it is told until that is answered.
pub(super) fn hint(request: &Request, config: ConfigId, word: &str) -> Decision {
    refuse_unless_submitted(request, config)?;
    if request.owed.iter().any(|effect| effect.kind == EffectKind::Confirm) {
        return Err(Refusal::new(Code::NothingDue, "The provider is to be asked already."));
    }
    let provider = request.terms.provider.clone();
    Ok(vec![
        Fact::ProviderReported {
            provider,
            report: word.to_owned(),
            signer: None,
            signers: BTreeMap::new(),
            unconfirmed: true,
        }
        .into(),
    ])
}

/// The provider's list of signers is as it is here, by these ids of its own.
pub(super) fn amended(request: &Request, effect: &Effect, signers: &BTreeMap<SignerId, String>) -> Decision {
    let done = Fact::DeliverySent { effect: effect.key() }.into();
    if request.envelope.as_ref().is_none_or(|envelope| envelope.signers == *signers) {
        return Ok(vec![done]);
    }
    let listed = Fact::ProviderReported {
        provider: request.terms.provider.clone(),
        report: LISTED.to_owned(),
        signer: None,
        signers: signers.clone(),
        unconfirmed: false,
    };
    Ok(vec![listed.into(), done])
}

/// A provider that has told nothing for long is asked, and so is one whose request soon expires: everything that it
/// told may have been lost, and a request that all have signed must not run out.
pub(super) fn silence(request: &Request, expires_soon: bool, now: Timestamp) -> Option<Fact> {
    let due = request.inquiry_at().filter(|at| expires_soon || *at <= now);
    let envelope = due.and(request.envelope.as_ref())?;
    Some(Fact::ProviderSilent { provider: request.terms.provider.clone(), since: envelope.heard_at })
}

/// Takes a request as far as its provider says it has come.
pub(super) fn report(request: &Request, report: &Report, given: &Given<'_>) -> Decision {
    refuse_unless_submitted(request, report.config)?;
    let mut told = Told { request, report, given, due: request.due().cloned().collect(), proposals: Vec::new() };
    while told.goes_on() {}
    told.undelivered();
    if !told.has_ended() {
        told.refuse_if_more_happened()?;
        told.end();
    }
    if told.proposals.is_empty() {
        return Err(Refusal::new(Code::NothingDue, "All of this is known already."));
    }
    Ok(told.proposals)
}

/// A report on its way to facts.
struct Told<'a> {
    request: &'a Request,
    report: &'a Report,
    given: &'a Given<'a>,
    /// Those that are waited for after the proposals.
    due: Vec<Signer>,
    proposals: Vec<Proposal>,
}

impl Told<'_> {
    /// Takes the group whose turn it is as far as it has come; whether the next one's turn has come by it.
    fn goes_on(&mut self) -> bool {
        let Some(turn) = self.due.iter().map(|signer| signer.terms.order).min() else { return false };
        let group: Vec<Signer> = self.due.iter().filter(|signer| signer.terms.order == turn).cloned().collect();
        for signer in &group {
            if !self.due.iter().any(|other| other.id() == signer.id()) {
                continue;
            }
            let step = self.step(signer.id());
            if !signer.is_invited() {
                self.proposals.push(invite_again(self.request, signer, self.given));
            }
            match step {
                Some(Step::Viewed) if signer.status != SignerStatus::Viewed => self.viewed(signer),
                Some(Step::Signed) => self.signed(signer),
                Some(Step::Declined) => return self.declined(signer),
                _ => {}
            }
        }
        match self.due.iter().map(|signer| signer.terms.order).min() {
            None => {
                self.proposals.push(Fact::Completed {}.into());
                false
            }
            Some(next) => next != turn,
        }
    }

    /// What is known of a signer. Who told that it is complete told that everybody has signed who is asked there; that
    /// those are the same people as here is certain only where nobody can be corrected.
    fn step(&self, id: SignerId) -> Option<Step> {
        let is_asked = || {
            let envelope = self.request.envelope.as_ref();
            let provider = &self.request.terms.provider;
            !can(provider, Ability::Correct) && envelope.is_some_and(|envelope| envelope.signers.contains_key(&id))
        };
        match self.report.outcome {
            Some(Outcome::Completed) if is_asked() => Some(Step::Signed),
            _ => self.report.steps.get(&id).copied(),
        }
    }

    /// Whoever tells of a step before it was told how it came to that has not told everything: the provider is asked
    /// then. Nobody is said to have signed, or to have refused, of whom that was not told.
    fn refuse_if_more_happened(&self) -> Result<(), Refusal> {
        let is_ahead =
            |signer: &Signer| matches!(self.report.steps.get(&signer.id()), Some(Step::Signed | Step::Declined));
        let more = match self.report.outcome {
            None => self.due.iter().any(is_ahead),
            Some(Outcome::Completed) => !self.due.is_empty(),
            Some(Outcome::Declined) => !self.report.is_answer,
            Some(Outcome::Cancelled | Outcome::Expired) => false,
        };
        match more {
            true => Err(Refusal::new(Code::NotYourTurn, "The provider did not tell how it came to that.")),
            false => Ok(()),
        }
    }

    fn viewed(&mut self, signer: &Signer) {
        self.proposals.push(Fact::Viewed { signer: signer.id() }.into());
    }

    fn signed(&mut self, signer: &Signer) {
        if signer.status != SignerStatus::Viewed {
            self.viewed(signer);
        }
        // Whoever is in a signing group with them is waited for no longer.
        self.due.retain(|other| other.id() != signer.id() && !signer.terms.is_fellow_of(&other.terms));
        let due = signatures(&self.due);
        let (method, authentication) = (BY_PROVIDER.to_owned(), BY_PROVIDER.to_owned());
        self.proposals.push(Fact::Signed { authentication, due, method, signer: signer.id() }.into());
    }

    /// One refusal ends it, whoever else has done what.
    fn declined(&mut self, signer: &Signer) -> bool {
        if signer.status != SignerStatus::Viewed {
            self.viewed(signer);
        }
        let personal = self.reason();
        self.proposals.push(Proposal { fact: Fact::SignerDeclined { signer: signer.id() }, personal });
        self.proposals.push(Fact::RequestDeclined { signer: signer.id() }.into());
        false
    }

    /// Notes who could not be written to.
    fn undelivered(&mut self) {
        let provider = &self.request.terms.provider;
        let known = &self.request.undelivered;
        let unreached = self.due.iter().filter(|signer| self.step(signer.id()) == Some(Step::Undelivered));
        let unreached = unreached.filter(|signer| !known.contains(&signer.id()));
        let facts = unreached.map(|signer| Fact::ProviderReported {
            provider: provider.clone(),
            report: self.report.word.clone(),
            signer: Some(signer.id()),
            signers: BTreeMap::new(),
            unconfirmed: false,
        });
        let facts: Vec<Proposal> = facts.map(Proposal::from).collect();
        self.proposals.extend(facts);
    }

    fn has_ended(&self) -> bool {
        let last = self.proposals.last().map(|proposal| &proposal.fact);
        matches!(last, Some(Fact::Completed {} | Fact::RequestDeclined { .. }))
    }

    /// What ended it at the provider ends it here.
    fn end(&mut self) {
        match self.report.outcome {
            // Declined by nobody whom we know: by whom is not made up.
            Some(Outcome::Cancelled | Outcome::Declined) => {
                let personal = self.reason();
                self.proposals.push(Proposal { fact: Fact::Cancelled { quiet: false }, personal });
            }
            Some(Outcome::Expired) => self.proposals.push(Fact::Expired {}.into()),
            // Whoever was still due has left.
            Some(Outcome::Completed) => self.proposals.push(Fact::Completed {}.into()),
            None => {}
        }
    }

    /// Why, as far as we keep what others write: one line of at most [`TEXT_MAX`] characters.
    fn reason(&self) -> Personal {
        let plain = |reason: &String| {
            let kept = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_MAX);
            kept.collect::<String>().trim().to_owned()
        };
        let reason = self.report.reason.as_ref().map(plain).filter(|reason| !reason.is_empty());
        Personal { reason, ..Personal::default() }
    }
}

/// Whoever deletes a request that a provider has would leave it standing there: that is undone first.
pub(super) fn refuse_if_untold(request: &Request) -> Result<(), Refusal> {
    let untold = |effect: &Effect| matches!(effect.kind, EffectKind::Withdraw | EffectKind::Discard);
    let standing = request.terms.is_at_vendor() && request.status.is_out();
    if standing || request.owed.iter().any(untold) {
        let detail = "The provider has the request: cancel it, and delete it once the provider was told.";
        return Err(Refusal::new(Code::AtProvider, detail));
    }
    Ok(())
}

/// What a vendor cannot do is refused: it would be true here and nowhere else.
pub(super) fn refuse_unless_able(request: &Request, ability: Ability) -> Result<(), Refusal> {
    match request.status.is_out() && !can(&request.terms.provider, ability) {
        true => Err(Refusal::new(Code::NotSupported, ability.lack())),
        false => Ok(()),
    }
}

fn refuse_unless_out(request: &Request, config: ConfigId) -> Result<(), Refusal> {
    if !request.terms.is_at_vendor() || request.terms.provider_config != Some(config) {
        return Err(Refusal::new(Code::NotOwed, "That provider does not have the request."));
    }
    match request.status.is_out() {
        true => Ok(()),
        false => Err(Refusal::wrong_state(request.status, "told of by its provider")),
    }
}

fn refuse_unless_submitted(request: &Request, config: ConfigId) -> Result<(), Refusal> {
    refuse_unless_out(request, config)?;
    match request.envelope {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Code::NotOwed, "The provider does not have the request yet.")),
    }
}

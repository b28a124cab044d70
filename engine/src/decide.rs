//! Decides: a command, a request and an instant in; proposed facts or a refusal out. Pure: what it
//! needs from outside (the time, who asks, link digests) is given to it.

mod corrections;
mod fitting;
mod providers;
mod retention;
mod signing;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::command::{Command, DOCUMENTS_MAX, DOCUMENTS_MAX_BYTES, Draft, SIGNERS_MAX, WIDGETS_MAX, Wish};
use crate::event::{Actor, Fact, Personal, Terms};
use crate::ids::{Digest, RequestId, SignerId};
use crate::provider::Ability;
use crate::refusal::{Code, Refusal};
use crate::request::{Request, Status};
use crate::schedule;
use crate::signer::{Signer, SignerTerms};

/// What a decision needs from outside.
pub struct Given<'a> {
    /// The instant of the decision.
    pub now: Timestamp,
    /// Who asks.
    pub actor: &'a Actor,
    /// Address they ask from, where a person acts.
    pub ip: Option<&'a str>,
    /// Browser they ask with, where a person acts.
    pub user_agent: Option<&'a str>,
    /// Whether there is a gateway, which our own pages need for some of what may be asked of a signer.
    pub gateway: bool,
    /// SHA-256 of the token of a signer's link in a round.
    pub link: &'a dyn Fn(RequestId, SignerId, u32) -> Digest,
}

/// A fact to be stored, with its personal part.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What happens.
    pub fact: Fact,
    /// Its personal part.
    pub personal: Personal,
}

impl From<Fact> for Proposal {
    fn from(fact: Fact) -> Self {
        Self { fact, personal: Personal::default() }
    }
}

type Decision = Result<Vec<Proposal>, Refusal>;

/// What a command leads to: at least one fact, or a refusal that changes nothing.
pub fn decide(request: Option<&Request>, command: &Command, given: &Given<'_>) -> Decision {
    match (request, &command.wish) {
        (None, Wish::Create { draft, send }) => create(command.request, draft, *send, given),
        (None, _) => Err(Refusal::new(Code::NotFound, "There is no such request.")),
        (Some(request), wish) => go_on(request, wish, given),
    }
}

/// What a command leads to about a request that is there already.
fn go_on(request: &Request, wish: &Wish, given: &Given<'_>) -> Decision {
    let is_create = matches!(wish, Wish::Create { .. });
    if request.deleted_at.is_some() && !is_create {
        return Err(Refusal::new(Code::Deleted, "The request was deleted."));
    }
    if request.purged_at.is_some() && !is_create && !matches!(wish, Wish::Delete) {
        return Err(Refusal::purged());
    }
    let actor = signing::Act { request, given };
    match wish {
        Wish::Create { .. } => Err(Refusal::new(Code::AlreadyExists, "There is already a request with this id.")),
        Wish::Revise { draft, base } => revise(request, draft, *base, given),
        Wish::Send => send(request, given),
        Wish::View { signer, round } => actor.view(*signer, *round),
        Wish::Challenge { signer, round, method } => actor.challenge(*signer, *round, *method),
        Wish::Authenticate { signer, round, proved } => actor.authenticate(*signer, *round, proved),
        Wish::Sign { signer, round, consent, mark, values } => {
            actor.sign(*signer, *round, *consent, mark.as_ref(), values)
        }
        Wish::Decline { signer, round, reason } => actor.decline(*signer, *round, reason),
        Wish::Cancel { reason } => cancel(request, reason.clone()),
        Wish::Delete => delete(request),
        Wish::Discard if request.status == Status::Draft => delete(request),
        Wish::Discard => Err(Refusal::wrong_state(request.status, "discarded")),
        Wish::Hold { reason } => retention::hold(request, reason.clone()),
        Wish::Release => retention::release(request),
        Wish::Purge { days } => retention::purge(request, *days, given.now),
        Wish::Resend { email } => resend(request, email.as_deref(), given),
        Wish::Correct { signer, correction } => corrections::correct(request, *signer, correction, given),
        Wish::Replace { signer, by, profile, requirements } => {
            let requirements = requirements.as_ref();
            corrections::replace(request, *signer, corrections::Heir { by: *by, requirements, profile }, given)
        }
        Wish::Add { newcomers, widgets } => corrections::add(request, newcomers, widgets, given),
        Wish::Remove { signer } => corrections::remove(request, *signer, given),
        Wish::Tick => tick(request, given.now),
        Wish::Delivered { effect } => Ok(vec![Fact::DeliverySent { effect: effect.key() }.into()]),
        Wish::Undeliverable { effect, code } => {
            Ok(vec![Fact::DeliveryFailed { effect: effect.key(), code: code.clone() }.into()])
        }
        Wish::Submitted { config, reference, signers } => {
            providers::submitted(request, *config, reference, signers, given)
        }
        Wish::SubmitFailed { config, code, next } => providers::failed(request, *config, code, next.as_ref(), given),
        Wish::Amended { effect, signers } => providers::amended(request, effect, signers),
        Wish::Report(report) => providers::report(request, report, given),
        Wish::Hint { config, word } => providers::hint(request, *config, word),
        Wish::Seal { document, digest, bytes } => {
            let (document, digest, bytes) = (*document, *digest, *bytes);
            sealing(request, document, Fact::Sealed { bytes, digest, document })
        }
        Wish::SealFailed { document, code } => {
            sealing(request, *document, Fact::SealFailed { code: code.clone(), document: *document })
        }
    }
}

/// What is told of the sealing of a document, as long as it has no sealed PDF.
fn sealing(request: &Request, document: u32, fact: Fact) -> Decision {
    if request.sealed.contains_key(&document) {
        return Err(Refusal::new(Code::AlreadySealed, "The sealed PDF is there already."));
    }
    Ok(vec![fact.into()])
}

fn create(id: RequestId, draft: &Draft, send: bool, given: &Given<'_>) -> Decision {
    check(draft, given)?;
    if send {
        check_somebody_acts(&draft.terms.signers)?;
    }
    let created = Proposal { fact: Fact::Created(Arc::new(draft.terms.clone())), personal: draft.personal.clone() };
    let mut proposals = vec![created];
    if send && draft.terms.is_at_vendor() {
        proposals.push(sent(given.now, &draft.terms)?);
    } else if send {
        let turn = draft.terms.signers.iter().filter(|signer| signer.role.acts()).map(|signer| signer.order).min();
        let first = draft.terms.signers.iter().filter(|signer| signer.role.acts() && Some(signer.order) == turn);
        proposals.push(sent(given.now, &draft.terms)?);
        proposals.extend(first.map(|signer| invite(signer.id, 1, Some((given.link)(id, signer.id, 1)))));
    }
    Ok(proposals)
}

/// What must hold of any request, whoever made it; the dialects say it more kindly, with pointers.
fn check(draft: &Draft, given: &Given<'_>) -> Result<(), Refusal> {
    let terms = &draft.terms;
    let invalid = |detail: &str| Err(Refusal::new(Code::Invalid, detail));
    let ids: BTreeSet<_> = terms.signers.iter().map(|signer| signer.id).collect();
    if terms.documents.is_empty() {
        return invalid("A request needs a document.");
    }
    let bytes: u64 = terms.documents.iter().map(|document| document.bytes).sum();
    if terms.documents.len() > DOCUMENTS_MAX || bytes > DOCUMENTS_MAX_BYTES {
        return invalid("A request has at most 20 documents, of at most 100 MB together.");
    }
    if terms.widgets.iter().any(|widget| widget.document as usize >= terms.documents.len()) {
        return invalid("Widgets must stand on documents of the request.");
    }
    if ids.len() != terms.signers.len() || terms.signers.len() > SIGNERS_MAX {
        return invalid("Signers must be distinct, and at most 100.");
    }
    // Each signer may have been given one more, on an appended page.
    let most = WIDGETS_MAX + terms.signers.len();
    if terms.widgets.len() > most || terms.widgets.iter().any(|widget| !ids.contains(&widget.signer)) {
        return invalid("Widgets must belong to signers of the request, and be at most 1000.");
    }
    if terms.expires_in_days.is_some_and(|days| days == 0 || days > schedule::EXPIRES_IN_DAYS_MAX) {
        return invalid("A request expires in 1 to 365 days, or never.");
    }
    if terms.expires_in_days.is_some() && terms.expires_at.is_some() {
        return invalid("A request expires after some days or at an instant, not both.");
    }
    fitting::check_draft(draft, given)
}

/// What must hold of a request that is sent: a draft may wait for its signers.
fn check_somebody_acts<'s>(signers: impl IntoIterator<Item = &'s SignerTerms>) -> Result<(), Refusal> {
    match signers.into_iter().any(|signer| signer.role.acts()) {
        true => Ok(()),
        false => Err(Refusal::new(Code::Invalid, "A request needs somebody who acts.")),
    }
}

/// A draft may become anything but another's: what it was made from, and the name by which the sender
/// looks for it, stay.
fn revise(request: &Request, draft: &Draft, base: u64, given: &Given<'_>) -> Decision {
    if request.status != Status::Draft {
        return Err(Refusal::wrong_state(request.status, "revised"));
    }
    if request.seq != base {
        return Err(Refusal::new(Code::Changed, "The draft was changed at the same time."));
    }
    check(draft, given)?;
    let (old, new) = (&request.terms, &draft.terms);
    let collector = |terms: &Terms| (terms.provider.clone(), terms.provider_config);
    if (&old.business_id, &old.template, collector(old)) != (&new.business_id, &new.template, collector(new)) {
        return Err(Refusal::new(Code::Invalid, "A draft keeps its reference, template and provider."));
    }
    let fact = Fact::Revised(Arc::new(draft.terms.clone()));
    Ok(vec![Proposal { fact, personal: draft.personal.clone() }])
}

fn send(request: &Request, given: &Given<'_>) -> Decision {
    if request.status != Status::Draft {
        return Err(Refusal::wrong_state(request.status, "sent"));
    }
    check_somebody_acts(request.signers.iter().map(|signer| &signer.terms))?;
    let mut proposals = vec![sent(given.now, &request.terms)?];
    if !request.terms.is_at_vendor() {
        proposals.extend(request.active().map(|signer| invite_again(request, signer, given)));
    }
    Ok(proposals)
}

fn sent(now: Timestamp, terms: &Terms) -> Result<Proposal, Refusal> {
    let expires_at = terms.expires_at.or_else(|| schedule::expiry(now, terms.expires_in_days));
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Refusal::new(Code::Expired, "The request would expire before it is sent."));
    }
    let warn_at = schedule::warning(now, expires_at, terms.warn_hours);
    Ok(Fact::Sent { expires_at, warn_at }.into())
}

fn invite(signer: SignerId, round: u32, link: Option<Digest>) -> Proposal {
    Fact::Invited { signer, round, link, resent: false }.into()
}

/// The link of a signer's round; at a vendor there is none of ours.
fn link(request: &Request, signer: SignerId, round: u32, given: &Given<'_>) -> Option<Digest> {
    (!request.terms.is_at_vendor()).then(|| (given.link)(request.id, signer, round))
}

/// A signer's next link, whether they had one before or not.
fn invite_again(request: &Request, signer: &Signer, given: &Given<'_>) -> Proposal {
    let round = signer.round + 1;
    invite(signer.id(), round, link(request, signer.id(), round, given))
}

fn cancel(request: &Request, reason: Option<String>) -> Decision {
    if request.status.is_terminal() {
        return Err(Refusal::wrong_state(request.status, "cancelled"));
    }
    let personal = Personal { reason, ..Personal::default() };
    Ok(vec![Proposal { fact: Fact::Cancelled { quiet: false }, personal }])
}

fn delete(request: &Request) -> Decision {
    retention::refuse_if_held(request)?;
    providers::refuse_if_untold(request)?;
    match request.status {
        Status::Completed | Status::Declined => Err(Refusal::new(
            Code::RetainedForAudit,
            format!("A request that is {} is kept for audit.", request.status),
        )),
        Status::Draft | Status::Cancelled | Status::Expired => Ok(vec![Fact::Deleted {}.into()]),
        Status::Sent | Status::Viewed | Status::PartiallySigned => {
            Ok(vec![Fact::Cancelled { quiet: true }.into(), Fact::Deleted {}.into()])
        }
    }
}

fn resend(request: &Request, email: Option<&str>, given: &Given<'_>) -> Decision {
    if !request.status.is_out() {
        return Err(Refusal::wrong_state(request.status, "resent"));
    }
    providers::refuse_unless_able(request, Ability::Nudge)?;
    refuse_if_expired(request, given.now)?;
    if request.terms.is_at_vendor() && request.envelope.is_none() {
        return Err(Refusal::new(
            Code::AtProvider,
            "The provider does not have the request yet: nobody was written to.",
        ));
    }
    let mut wanted: Vec<&Signer> = request.active().collect();
    if let Some(email) = email {
        wanted.retain(|signer| signer.email().eq_ignore_ascii_case(email));
        if wanted.is_empty() {
            return Err(why_not_resent(request, email));
        }
    }
    let wait = |signer: &&Signer| schedule::resend_wait(signer, given.now);
    let shortest = wanted.iter().map(wait).min().unwrap_or_default();
    if shortest.is_positive() {
        let mut refusal = Refusal::new(Code::TooSoon, "A resend was asked for less than ten minutes ago.");
        refusal.retry_after_seconds = Some(whole_seconds(shortest));
        return Err(refusal);
    }
    wanted.retain(|signer| !wait(signer).is_positive());
    let again = |signer: &&Signer| {
        let round = signer.round + 1;
        let link = link(request, signer.id(), round, given);
        Fact::Invited { signer: signer.id(), round, link, resent: true }.into()
    };
    Ok(wanted.iter().map(again).collect())
}

fn why_not_resent(request: &Request, email: &str) -> Refusal {
    match request.signers.iter().find(|signer| signer.email().eq_ignore_ascii_case(email)) {
        None => Refusal::new(Code::SignerNotFound, "No signer of the request has this e-mail address."),
        Some(signer) if signer.has_acted() => Refusal::new(Code::SignerAlreadyActed, "That signer has already acted."),
        Some(signer) if !signer.terms.role.acts() => {
            Refusal::new(Code::NobodyPending, "That person only receives a copy at the end.")
        }
        Some(_) => Refusal::new(Code::NotYourTurn, "That signer is not invited yet: an earlier group is still acting."),
    }
}

fn tick(request: &Request, now: Timestamp) -> Decision {
    if !request.status.is_out() {
        return Err(Refusal::new(Code::NothingDue, "The request is not waiting for anything."));
    }
    if request.is_past_expiry(now) {
        return Ok(vec![Fact::Expired {}.into()]);
    }
    let warning = request.expires_at.filter(|_| request.warn_at.is_some_and(|at| at <= now));
    let warning = warning.map(|expires_at| Fact::Expiring { expires_at });
    let reminder = |signer: &Signer| {
        let due = schedule::reminder(signer, request.cadence(), request.expires_at)?;
        (due <= now).then(|| Fact::Reminded { signer: signer.id(), number: signer.reminders + 1 })
    };
    let silence = providers::silence(request, warning.is_some(), now);
    let reminders = request.active().filter_map(reminder);
    let facts: Vec<Proposal> = warning.into_iter().chain(silence).chain(reminders).map(Proposal::from).collect();
    if facts.is_empty() {
        return Err(Refusal::new(Code::NothingDue, "Nothing is due yet."));
    }
    Ok(facts)
}

/// The links of a request stop working at its expiry, whether or not the sweep has run.
fn refuse_if_expired(request: &Request, now: Timestamp) -> Result<(), Refusal> {
    if request.status == Status::Expired || (request.status.is_out() && request.is_past_expiry(now)) {
        return Err(Refusal::new(Code::Expired, "The request has expired."));
    }
    Ok(())
}

/// What follows when signers have changed: the next group is invited, or the request is complete. At a vendor it is
/// complete when the vendor says so, which has yet to be told of the change.
fn follow_up(request: &Request, due: &[Signer], given: &Given<'_>) -> Vec<Proposal> {
    let at_vendor = request.terms.is_at_vendor();
    let Some(turn) = due.iter().map(|signer| signer.terms.order).min() else {
        return if at_vendor { Vec::new() } else { vec![Fact::Completed {}.into()] };
    };
    if at_vendor && request.envelope.is_none() {
        return Vec::new();
    }
    due.iter()
        .filter(|signer| signer.terms.order == turn && !signer.is_invited())
        .map(|signer| invite_again(request, signer, given))
        .collect()
}

/// The personal part of what a person did: where from, and with what.
fn personal_of(given: &Given<'_>) -> Personal {
    Personal { ip: given.ip.map(Into::into), user_agent: given.user_agent.map(Into::into), ..Personal::default() }
}

/// Whole seconds to wait, rounded up: a client that waits so long is let through.
fn whole_seconds(wait: SignedDuration) -> u64 {
    let up = i64::from(wait.subsec_nanos() > 0);
    u64::try_from(wait.as_secs() + up).unwrap_or(0)
}

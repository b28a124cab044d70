//! What a provider told, and what is done with it. What its stamp covers is believed; of anything else the provider is
//! asked how things stand, which is for the agent to do, and only what it answers counts.

use countersign_engine::command::{Command, Outcome, Report, Step, Wish};
use countersign_engine::effect::EffectKind;
use countersign_engine::event::Actor;
use countersign_engine::ids::{ConfigId, SignerId};
use countersign_engine::refusal::Code;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Signer, SignerStatus};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::commit::{Failure, Order};
use crate::hooks::{self, Told};

/// When it is looked again whether the provider has answered: after as long as it has waited already, in these bounds.
const LOOK_AGAIN: [SignedDuration; 2] = [SignedDuration::from_secs(5), SignedDuration::from_mins(10)];

/// What came of something that a provider told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was believed, and is in the history now.
    Applied,
    /// The provider, when asked, said the same.
    Confirmed,
    /// It was in the history already.
    Duplicate,
    /// The request is past it.
    Stale,
    /// The provider, when asked, said otherwise.
    NotBelieved,
    /// It is not known before then.
    Later(Timestamp),
}

/// Something that a provider told, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Word<'w> {
    /// By whom it was told: an account's provider.
    pub config: Uuid,
    /// What.
    pub report: &'w hooks::Report,
    /// Whether the stamp covers it.
    pub covered: bool,
    /// When it came.
    pub received: Timestamp,
}

impl Service {
    /// Acts on what a provider told of a request.
    pub async fn hear(&self, request: &Request, word: Word<'_>) -> Result<Heard, ServiceError> {
        if request.status.is_terminal() {
            return Ok(past(request, word));
        }
        if request.terms.provider_config != Some(ConfigId(word.config)) {
            // It went to another provider: what the one before tells of it changes nothing any more.
            return Ok(Heard::Stale);
        }
        if request.envelope.is_none() {
            // The vendor was faster than its own answer.
            return Ok(self.later(word));
        }
        if word.covered
            && let Some(report) = believed(request, word)
        {
            return match self.told(request, Wish::Report(Box::new(report))).await? {
                Ok(()) => Ok(Heard::Applied),
                Err(Code::NothingDue) => Ok(Heard::Duplicate),
                // Something else came first that we have not heard of: the vendor knows.
                Err(Code::NotYourTurn) => self.ask(request, word).await,
                Err(_) => Ok(Heard::Stale),
            };
        }
        match request.confirmed_at {
            Some(at) if at >= word.received => {
                Ok(if is_so(request, word.report) { Heard::Confirmed } else { Heard::NotBelieved })
            }
            _ => self.ask(request, word).await,
        }
    }

    /// Has the provider asked, once for all that was told until it answers.
    async fn ask(&self, request: &Request, word: Word<'_>) -> Result<Heard, ServiceError> {
        if !request.owed.iter().any(|effect| effect.kind == EffectKind::Confirm) {
            let wish = Wish::Hint { config: ConfigId(word.config), word: word.report.word.clone() };
            // If it is refused, that is for a reason which the next look sees.
            let _ = self.told(request, wish).await?;
        }
        Ok(self.later(word))
    }

    /// Calls are few: an answer may take hours, and whoever looks every few seconds has done nothing but look.
    fn later(&self, word: Word<'_>) -> Heard {
        let (now, [least, most]) = (self.clock.now(), LOOK_AGAIN);
        Heard::Later(now + now.duration_since(word.received).clamp(least, most))
    }

    async fn told(&self, request: &Request, wish: Wish) -> Result<Result<(), Code>, ServiceError> {
        let vendor = Actor::Provider(request.terms.provider.clone());
        let order = Order::by(vendor, request.organization.clone(), Command { request: request.id, wish });
        match self.submit(order).await {
            Ok(_) => Ok(Ok(())),
            Err(ServiceError::Commit(Failure::Refused(refusal))) => Ok(Err(refusal.code)),
            Err(error) => Err(error),
        }
    }
}

/// What came of something about a request that has ended.
fn past(request: &Request, word: Word<'_>) -> Heard {
    match is_so(request, word.report) {
        true if request.ended_at.is_some_and(|at| at >= word.received) && !word.covered => Heard::Confirmed,
        true => Heard::Duplicate,
        false => Heard::Stale,
    }
}

/// What was told, in the engine's words; `None` if it is about a signer whom we do not know by that name.
fn believed(request: &Request, word: Word<'_>) -> Option<Report> {
    let signer = who(request, word.report);
    let step = match word.report.told {
        Told::Viewed => Some(Step::Viewed),
        Told::Signed => Some(Step::Signed),
        Told::Declined => Some(Step::Declined),
        Told::Undeliverable => Some(Step::Undelivered),
        Told::Completed | Told::Cancelled | Told::Expired | Told::Other => None,
    };
    let outcome = match word.report.told {
        Told::Completed => Some(Outcome::Completed),
        Told::Declined => Some(Outcome::Declined),
        Told::Cancelled => Some(Outcome::Cancelled),
        Told::Expired => Some(Outcome::Expired),
        _ => None,
    };
    if step.is_some() && outcome.is_none() && signer.is_none() {
        return None;
    }
    Some(Report {
        config: ConfigId(word.config),
        word: word.report.word.clone(),
        steps: signer.zip(step).into_iter().collect(),
        outcome,
        reason: word.report.reason.clone(),
        is_answer: false,
    })
}

/// Whom something that was told is about: by the provider's key of them, or by their address if it is theirs alone.
fn who(request: &Request, report: &hooks::Report) -> Option<SignerId> {
    let who = report.signer.as_ref()?;
    let envelope = request.envelope.as_ref()?;
    let by_key = who
        .key
        .as_ref()
        .and_then(|key| envelope.signers.iter().find_map(|(signer, known)| (known == key).then_some(*signer)));
    by_key.or_else(|| {
        let email = who.email.as_ref()?;
        let mut same = request.signers.iter().filter(|signer| signer.email().eq_ignore_ascii_case(email));
        let first = same.next().map(|signer| signer.id());
        first.filter(|_| same.next().is_none())
    })
}

/// Whether a request stands as was told.
fn is_so(request: &Request, report: &hooks::Report) -> bool {
    let signer = who(request, report).and_then(|id| request.signer(id));
    let by = |holds: fn(&Signer) -> bool| signer.is_some_and(holds);
    match report.told {
        Told::Viewed => by(|signer| signer.viewed_at.is_some()),
        Told::Signed => by(|signer| signer.status == SignerStatus::Signed),
        Told::Declined => request.status == Status::Declined,
        Told::Completed => request.status == Status::Completed,
        // A refusal is told so by some.
        Told::Cancelled => matches!(request.status, Status::Cancelled | Status::Declined | Status::Expired),
        Told::Expired => request.status == Status::Expired,
        Told::Undeliverable => signer.is_some_and(|signer| request.undelivered.contains(&signer.id())),
        Told::Other => true,
    }
}

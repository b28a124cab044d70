//! The notifier: letters to people, one for each message that is owed; `texts` are those that go by the gateway.
//!
//! A letter's idempotency key is its effect's. What was sent is recorded as `delivery.sent` in the
//! request's history, which is what makes it owed no longer; a crash between the two sends the same
//! letter, with the same key, again. What the mail system refuses for good becomes `delivery.failed`.

use std::sync::Arc;

use countersign_engine::command::{Command, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::request::Request;
use countersign_engine::requirement::CODE_LIFE;
use countersign_engine::signer::{Signer, SignerStatus};
use futures_util::future::{join, join_all};
use tokio_util::sync::CancellationToken;

use super::{backoff, claims, effect_of};
use crate::commit::{Failure, Fence, Order};
use crate::config::Role;
use crate::language::Language;
use crate::mail::{Letter, LetterDocument, LetterKind, MailError, Mailer};
use crate::meters::Attempt;
use crate::service::{Service, ServiceError};
use crate::store::{Claim, Lane, Scope};
use crate::trace::{self, Part, Span};

mod texts;

/// Most letters sent in one go.
const AT_ONCE: i64 = 128;

/// Runs until told to stop.
pub async fn run(service: Arc<Service>, mailer: Mailer, stop: CancellationToken) {
    let post = |service, claims| post(service, mailer.clone(), claims);
    let letters = claims::run(Arc::clone(&service), stop.clone(), (Some(Role::Notifier), Lane::Mail), AT_ONCE, post);
    // Beside the letters: neither waits for the other.
    let texts = claims::run(service, stop, (None, Lane::Text), texts::AT_ONCE, texts::post);
    join(letters, texts).await;
}

/// A message that is owed, with the claim it is sent for.
struct Owed {
    claim: Claim,
    span: Span,
    effect: Effect,
    request: Arc<Request>,
}

impl Owed {
    /// The one-time code that is to be sent, if it is one.
    fn code(&self, service: &Service) -> Option<String> {
        let Effect { request, seq, kind, signer } = self.effect;
        Some(service.one_time_code(request, signer?, kind.code()?, seq))
    }

    /// Whether it is a code that counts no longer.
    fn is_too_late(&self, service: &Service) -> bool {
        let signer = self.effect.signer.and_then(|signer| self.request.signer(signer));
        let asked = signer.zip(self.effect.kind.code()).and_then(|(signer, method)| signer.challenges.get(&method));
        asked.is_some_and(|challenge| service.clock.now() >= challenge.at + CODE_LIFE)
    }
}

/// What is still worth sending; of the rest it is recorded that it was not.
async fn timely(service: &Service, owed: impl Iterator<Item = Owed>) -> Vec<Owed> {
    let (late, timely): (Vec<Owed>, Vec<Owed>) = owed.partition(|owed| owed.is_too_late(service));
    give_up(service, late, "the code counts no longer").await;
    timely
}

/// Records of messages that they are not sent.
async fn give_up(service: &Service, unsent: Vec<Owed>, reason: &str) {
    let refused = || Err(MailError::Permanent(reason.to_owned()));
    join_all(unsent.into_iter().map(|owed| settle(service, owed, refused()))).await;
}

async fn post(service: Arc<Service>, mailer: Mailer, claims: Vec<Claim>) {
    let found = join_all(claims.into_iter().map(|claim| find(&service, claim))).await;
    let (mut owed, mut letters, mut nobodys) = (Vec::new(), Vec::new(), Vec::new());
    for one in timely(&service, found.into_iter().flatten()).await {
        match letter(&service, &one) {
            Some(letter) => {
                owed.push(one);
                letters.push(letter);
            }
            None => nobodys.push(one),
        }
    }
    give_up(&service, nobodys, "nobody to write to").await;
    let sent = mailer.send_all(&letters).await;
    join_all(owed.into_iter().zip(sent).map(|(owed, result)| settle(&service, owed, result))).await;
}

/// The claim with its request, if the effect is still owed.
async fn find(service: &Service, claim: Claim) -> Option<Owed> {
    let effect = effect_of(&claim)?;
    match owing(service, &effect).await {
        Ok(Some(request)) => {
            let mut span = service.traces.span(Part::Client, "letter", claim.trace);
            span.about(effect.request);
            span.note("countersign.effect", effect.kind.as_str());
            Some(Owed { claim, span, effect, request })
        }
        Ok(None) => {
            service.meters.attempted(effect.kind, Attempt::Moot);
            None
        }
        Err(error) => {
            tracing::error!(%error, effect = claim.key, "a request could not be read for its letter");
            None
        }
    }
}

/// The request that the letter tells of, if the effect is still owed. What somebody had is withdrawn at the
/// address that they had it at: of that, the request as it was tells.
async fn owing(service: &Service, effect: &Effect) -> Result<Option<Arc<Request>>, ServiceError> {
    let loaded = service.ledger.load(Scope::All, effect.request).await?;
    let Some(loaded) = loaded.filter(|loaded| loaded.request.owed.contains(effect)) else { return Ok(None) };
    match effect.kind {
        EffectKind::WithdrawnNotice => {
            let before = service.as_of_seq(&loaded.request.organization, effect.request, effect.seq - 1).await?;
            Ok(before.map(Arc::new))
        }
        _ => Ok(Some(Arc::clone(&loaded.request))),
    }
}

fn letter(service: &Service, owed: &Owed) -> Option<Letter> {
    let request = &owed.request;
    let signer = request.signer(owed.effect.signer?)?;
    let kind = match owed.effect.kind {
        EffectKind::Invitation => LetterKind::Invitation,
        EffectKind::Reminder => LetterKind::Reminder,
        EffectKind::WithdrawnNotice => LetterKind::Withdrawn,
        EffectKind::CompletedNotice => LetterKind::Completed,
        EffectKind::DeclinedNotice => LetterKind::Declined,
        EffectKind::CancelledNotice => LetterKind::Cancelled,
        EffectKind::ExpiredNotice => LetterKind::Expired,
        EffectKind::EmailCode => LetterKind::Code,
        _ => return None,
    };
    let link = match kind {
        LetterKind::Invitation if signer.follows() => service.links.viewer_url(request, signer),
        LetterKind::Invitation | LetterKind::Reminder => {
            let link = service.links.signing_url(request, signer);
            if link.is_none() {
                // Another process may have it; until then the letter is owed.
                tracing::error!(effect = owed.claim.key, "a letter cannot name its link: its master key is not here");
                return None;
            }
            link
        }
        LetterKind::Completed => Some(service.links.copy_url(request.id, signer.id(), None)),
        LetterKind::Withdrawn
        | LetterKind::Code
        | LetterKind::Declined
        | LetterKind::Cancelled
        | LetterKind::Expired => None,
    };
    let decliner = request.signers.iter().find(|signer| signer.status == SignerStatus::Declined);
    Some(Letter {
        kind,
        language: Language::from_tag(request.language_of(signer)),
        key: owed.claim.key.clone(),
        to_name: signer.name().to_owned(),
        to_email: signer.email().to_owned(),
        organization: request.organization.to_string(),
        title: request.title.clone().unwrap_or_default(),
        message: request.message.clone(),
        reason: request.reason.clone(),
        actor_name: decliner.map(|signer| signer.name().to_owned()),
        documents: documents(service, request, signer, kind),
        link,
        code: owed.code(service),
        expires_at: request.expires_at,
        role: signer.terms.role,
        trace: owed.span.traceparent(),
    })
}

/// The documents of a request that has several, where the letter asks for something or hands them out.
fn documents(service: &Service, request: &Request, signer: &Signer, kind: LetterKind) -> Vec<LetterDocument> {
    let total = request.terms.documents.len();
    let named = total > 1 && matches!(kind, LetterKind::Invitation | LetterKind::Reminder | LetterKind::Completed);
    let copy = |place| service.links.copy_url(request.id, signer.id(), Some(place));
    let document = |(at, place)| LetterDocument {
        name: request.file_name(at).to_owned(),
        link: (kind == LetterKind::Completed).then(|| copy(place)),
    };
    (0..if named { total } else { 0 }).zip(1..).map(document).collect()
}

async fn settle(service: &Service, mut owed: Owed, result: Result<(), MailError>) {
    if result.is_err() {
        owed.span.fail();
    }
    let effect = owed.effect;
    let wish = match result {
        Ok(()) => {
            service.meters.attempted(effect.kind, Attempt::Done);
            Wish::Delivered { effect }
        }
        Err(MailError::Permanent(reason)) => {
            tracing::warn!(effect = owed.claim.key, reason, "a letter was refused for good");
            service.meters.attempted(effect.kind, Attempt::Permanent);
            Wish::Undeliverable { effect, code: "refused".to_owned() }
        }
        Err(MailError::Transient(reason)) => {
            tracing::warn!(effect = owed.claim.key, reason, "a letter could not be sent; it will be tried again");
            service.meters.attempted(effect.kind, Attempt::Transient);
            let due = service.clock.now() + backoff(owed.claim.attempts);
            if let Err(error) = service.store.defer(&owed.claim, due.as_microsecond(), "transient").await {
                tracing::error!(%error, "a failed letter could not be put off; its claim will run out");
            }
            return;
        }
    };
    let command = Command { request: effect.request, wish };
    let mut order = Order::system(owed.request.organization.clone(), command);
    order.fence = Some(Fence { key: owed.claim.key.clone(), epoch: owed.claim.epoch });
    match trace::caused_by(owed.span.traceparent(), service.submit(order)).await {
        Ok(_) => {}
        // No longer owed, or claimed again since: whoever holds it now settles it.
        Err(ServiceError::Commit(Failure::Refused(_))) => {}
        Err(error) => tracing::error!(%error, effect = owed.claim.key, "a delivery could not be recorded"),
    }
}

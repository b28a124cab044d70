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

use super::{backoff, claims};
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

/// A letter with the claim it is written for.
struct Errand {
    claim: Claim,
    span: Span,
    effect: Effect,
    request: Arc<Request>,
}

impl Errand {
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
async fn timely(service: &Service, errands: impl Iterator<Item = Errand>) -> Vec<Errand> {
    let (late, timely): (Vec<Errand>, Vec<Errand>) = errands.partition(|errand| errand.is_too_late(service));
    let refused = || Err(MailError::Permanent("the code counts no longer".to_owned()));
    join_all(late.into_iter().map(|errand| settle(service, errand, refused()))).await;
    timely
}

async fn post(service: Arc<Service>, mailer: Mailer, claims: Vec<Claim>) {
    let found = join_all(claims.into_iter().map(|claim| find(&service, claim))).await;
    let errands: Vec<(Errand, Letter)> = timely(&service, found.into_iter().flatten())
        .await
        .into_iter()
        .filter_map(|errand| letter(&service, &errand).map(|letter| (errand, letter)))
        .collect();
    let (errands, letters): (Vec<Errand>, Vec<Letter>) = errands.into_iter().unzip();
    let sent = mailer.send_all(&letters).await;
    join_all(errands.into_iter().zip(sent).map(|(errand, result)| settle(&service, errand, result))).await;
}

/// The claim with its request, if the effect is still owed.
async fn find(service: &Service, claim: Claim) -> Option<Errand> {
    let effect: Effect = claim.key.parse().ok()?;
    match owing(service, &effect).await {
        Ok(Some(request)) => {
            let mut span = service.traces.span(Part::Client, "letter", claim.trace);
            span.about(effect.request);
            span.note("countersign.effect", effect.kind.as_str());
            Some(Errand { claim, span, effect, request })
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

fn letter(service: &Service, errand: &Errand) -> Option<Letter> {
    let request = &errand.request;
    let signer = request.signer(errand.effect.signer?)?;
    let kind = match errand.effect.kind {
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
        LetterKind::Invitation | LetterKind::Reminder => service.links.signing_url(request, signer),
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
        key: errand.claim.key.clone(),
        to_name: signer.name().to_owned(),
        to_email: signer.email().to_owned(),
        organization: request.organization.to_string(),
        title: request.title.clone().unwrap_or_default(),
        message: request.message.clone(),
        reason: request.reason.clone(),
        actor_name: decliner.map(|signer| signer.name().to_owned()),
        documents: documents(service, request, signer, kind),
        link,
        code: errand.code(service),
        expires_at: request.expires_at,
        role: signer.terms.role,
        trace: errand.span.traceparent(),
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

async fn settle(service: &Service, mut errand: Errand, result: Result<(), MailError>) {
    if result.is_err() {
        errand.span.fail();
    }
    let effect = errand.effect;
    let wish = match result {
        Ok(()) => {
            service.meters.attempted(effect.kind, Attempt::Done);
            Wish::Delivered { effect }
        }
        Err(MailError::Permanent(reason)) => {
            tracing::warn!(effect = errand.claim.key, reason, "a letter was refused for good");
            service.meters.attempted(effect.kind, Attempt::Permanent);
            Wish::Undeliverable { effect, code: "refused".to_owned() }
        }
        Err(MailError::Transient(reason)) => {
            tracing::warn!(effect = errand.claim.key, reason, "a letter could not be sent; it will be tried again");
            service.meters.attempted(effect.kind, Attempt::Transient);
            let due = service.clock.now() + backoff(errand.claim.attempts);
            if let Err(error) = service.store.defer(&errand.claim, due.as_microsecond(), "transient").await {
                tracing::error!(%error, "a failed letter could not be put off; its claim will run out");
            }
            return;
        }
    };
    let command = Command { request: effect.request, wish };
    let mut order = Order::system(errand.request.organization.clone(), command);
    order.fence = Some(Fence { key: errand.claim.key.clone(), epoch: errand.claim.epoch });
    match trace::caused_by(errand.span.traceparent(), service.submit(order)).await {
        Ok(_) => {}
        // No longer owed, or claimed again since: whoever holds it now settles it.
        Err(ServiceError::Commit(Failure::Refused(_))) => {}
        Err(error) => tracing::error!(%error, effect = errand.claim.key, "a delivery could not be recorded"),
    }
}

//! One effect at a vendor: which calls it asks for, and what is wished when they were answered.

use countersign_engine::command::{Report, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::ids::ConfigId;
use countersign_engine::request::Request;
use jiff::SignedDuration;

use super::Agent;
use super::endings::Ending;
use crate::dialects::calling::Adapter;
use crate::ledger::Loaded;
use crate::meters::Attempt;
use crate::providers::{Config, Found, Line, Stop, Submitted, Wires, Worth};
use crate::service::ServiceError;
use crate::service::signed::NotKept;
use crate::store::{Claim, Scope};
use crate::trace::{self, Part};

/// When it is looked again whether a request was handed over whose signers are to be put right.
const HANDED_OVER_SOON: SignedDuration = SignedDuration::from_mins(1);

impl Agent {
    /// Does an effect and writes down what became of it; whether to go on with the account.
    pub(super) async fn carry_out(&self, config: &Config, effect: Effect, claim: &Claim) -> Result<bool, ServiceError> {
        let mut span = self.service.traces.span(Part::Client, "errand", claim.trace);
        span.about(effect.request);
        span.note("countersign.effect", effect.kind.as_str());
        let loaded = self.service.ledger.load(Scope::All, effect.request).await?;
        let Some(loaded) = loaded.filter(|loaded| loaded.request.owed.contains(&effect)) else {
            self.service.meters.attempted(effect.kind, Attempt::Moot);
            return Ok(true);
        };
        let cause = span.traceparent();
        let ending = trace::caused_by(cause, self.attempt(config, effect, &loaded)).await;
        if matches!(ending, Ending::Stopped { .. }) {
            span.fail();
        }
        trace::caused_by(cause, self.end(config, (effect, claim), &loaded.request, ending)).await
    }

    async fn attempt(&self, config: &Config, effect: Effect, loaded: &Loaded) -> Ending {
        let Self { service, sender, lease } = self;
        let request = &loaded.request;
        let worth = Worth::of(effect.kind).unwrap_or(Worth::Test);
        let wires = Wires { store: &service.store, sender, clock: &service.clock };
        let mut line = match Line::open(wires, config, Some(*lease), request.id, worth).await {
            Ok(line) => line,
            Err(error) => return Ending::Stopped { stop: error.into(), may_have_invited: true },
        };
        let done = self.go(&mut line, effect, loaded).await;
        let (called, may_have_invited) = (line.calls() > 0, line.note.may_have_invited());
        match done {
            Ok(wishes) => Ending::Done { wishes, called },
            Err(stop) => Ending::Stopped { stop, may_have_invited },
        }
    }

    async fn go(&self, line: &mut Line<'_>, effect: Effect, loaded: &Loaded) -> Result<Vec<Wish>, Stop> {
        let (service, request) = (&self.service, &*loaded.request);
        let adapter = Adapter::of(line.config.vendor).ok_or_else(|| Stop::Own("no_vendor".to_owned()))?;
        let delivered = vec![Wish::Delivered { effect }];
        match effect.kind {
            EffectKind::Submit => {
                let submitted = adapter.submit(line, service, request).await?;
                let (config, Submitted { reference, signers }) = (ConfigId(line.config.id), submitted);
                Ok(vec![Wish::Submitted { config, reference, signers }])
            }
            EffectKind::Fetch => self.fetch(adapter, line, loaded).await,
            // The vendor itself is asked: what it says is believed.
            EffectKind::Confirm | EffectKind::Inquire => {
                let found = adapter.look(line, request).await?;
                Ok(vec![Wish::Report(Box::new(report(line, found))), Wish::Delivered { effect }])
            }
            EffectKind::Withdraw | EffectKind::Discard => {
                adapter.withdraw(line, service, request).await.map(|()| delivered)
            }
            EffectKind::Amend => self.amend(adapter, line, (effect, request)).await,
            EffectKind::Nudge => {
                // Whoever has acted or left since needs no reminder.
                let signer = effect.signer.and_then(|id| request.signer(id)).filter(|signer| signer.is_invited());
                if let Some(signer) = signer {
                    adapter.nudge(line, request, signer).await?;
                }
                Ok(delivered)
            }
            _ => Err(Stop::Own("no_errand".to_owned())),
        }
    }

    async fn amend(
        &self,
        adapter: Adapter,
        line: &mut Line<'_>,
        (effect, request): (Effect, &Request),
    ) -> Result<Vec<Wish>, Stop> {
        let mut wishes = Vec::new();
        let begun = line.reference.is_some() || line.note.doubt.is_some();
        match request.envelope {
            // Not yet handed over: what is handed over is as it is then.
            None if !begun => return Ok(vec![Wish::Delivered { effect }]),
            None if request.owed.iter().any(|effect| effect.kind == EffectKind::Submit) => {
                return Err(Stop::Wait(line.now() + HANDED_OVER_SOON));
            }
            None => return Err(Stop::Refused("not_submitted".to_owned())),
            // What was handed over was so already.
            Some(_) if line.note.listed >= effect.seq => {}
            Some(_) => {
                let found = adapter.amend(line, &self.service, request).await?;
                wishes.push(Wish::Report(Box::new(report(line, found))));
            }
        }
        wishes.push(Wish::Amended { effect, signers: line.note.signers.clone() });
        Ok(wishes)
    }

    /// Each signed document that is not there yet is fetched, and stored before the next.
    async fn fetch(&self, adapter: Adapter, line: &mut Line<'_>, loaded: &Loaded) -> Result<Vec<Wish>, Stop> {
        for document in loaded.request.unsealed() {
            let mut answer = adapter.fetch(line, document).await?;
            let provider = line.config.vendor.as_str();
            let pdf = std::mem::take(&mut answer.body);
            let kept = self.service.keep_signed(loaded, document, pdf, provider).await;
            kept.map_err(|error| match error {
                NotKept::Unfit(code) => Stop::hindered(code),
                NotKept::Service(error) => Stop::Own(error.to_string()),
            })?;
        }
        Ok(Vec::new())
    }
}

/// How a request stands, as its vendor answered.
fn report(line: &Line<'_>, found: Found) -> Report {
    let Found { steps, outcome, reason, word } = found;
    Report { config: ConfigId(line.config.id), word, steps, outcome, reason, is_answer: true }
}

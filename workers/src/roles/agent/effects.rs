//! One effect at a vendor: which calls it asks for, and what is wished when they were answered.

use countersign_engine::command::{Report, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::ids::ConfigId;
use countersign_engine::request::Request;
use jiff::SignedDuration;

use super::Agent;
use super::endings::Ending;
use crate::dialects::certyneo::calling as certyneo;
use crate::dialects::d4sign::calling as d4sign;
use crate::ledger::Loaded;
use crate::meters::Attempt;
use crate::providers::{Config, Found, Line, Stop, Vendor, Wires, Worth};
use crate::service::signed::NotKept;
use crate::service::{Service, ServiceError};
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
        let request = &loaded.request;
        let delivered = vec![Wish::Delivered { effect }];
        match effect.kind {
            EffectKind::Submit => self.submit(line, request).await,
            EffectKind::Fetch => self.fetch(line, loaded).await,
            EffectKind::Confirm | EffectKind::Inquire => {
                let report = look(line, request).await?;
                Ok(vec![Wish::Report(Box::new(report)), Wish::Delivered { effect }])
            }
            EffectKind::Withdraw | EffectKind::Discard => {
                withdraw(line, &self.service, request).await.map(|()| delivered)
            }
            EffectKind::Amend => self.amend(line, effect, request).await,
            EffectKind::Nudge => nudge(line, request, effect).await.map(|()| delivered),
            _ => Err(Stop::Own("no_errand".to_owned())),
        }
    }

    async fn submit(&self, line: &mut Line<'_>, request: &Request) -> Result<Vec<Wish>, Stop> {
        let config = ConfigId(line.config.id);
        let submitted = match line.config.vendor {
            Vendor::Certyneo => certyneo::submit(line, &self.service, request).await?,
            Vendor::D4sign => d4sign::submit(line, &self.service, request).await?,
            Vendor::Native => return Err(Stop::Own("no_vendor".to_owned())),
        };
        Ok(vec![Wish::Submitted { config, reference: submitted.reference, signers: submitted.signers }])
    }

    async fn amend(&self, line: &mut Line<'_>, effect: Effect, request: &Request) -> Result<Vec<Wish>, Stop> {
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
            Some(_) if line.config.vendor == Vendor::D4sign => {
                let found = d4sign::amend(line, &self.service, request).await?;
                wishes.push(Wish::Report(Box::new(report(line, found))));
            }
            Some(_) => return Err(Stop::Refused("not_supported".to_owned())),
        }
        wishes.push(Wish::Amended { effect, signers: line.note.signers.clone() });
        Ok(wishes)
    }

    /// Each signed document that is not there yet is fetched, and stored before the next.
    async fn fetch(&self, line: &mut Line<'_>, loaded: &Loaded) -> Result<Vec<Wish>, Stop> {
        for document in loaded.request.unsealed() {
            // As long as the answer is there, it takes room.
            let mut answer = match line.config.vendor {
                Vendor::Certyneo => certyneo::fetch(line, document).await?,
                Vendor::D4sign => d4sign::fetch(line, document).await?,
                Vendor::Native => return Err(Stop::Own("no_vendor".to_owned())),
            };
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

/// How a request stands at its vendor, as a report that is believed: the vendor itself was asked.
async fn look(line: &mut Line<'_>, request: &Request) -> Result<Report, Stop> {
    let found = match line.config.vendor {
        Vendor::Certyneo => certyneo::look(line, request).await?,
        Vendor::D4sign => d4sign::look(line, request).await?,
        Vendor::Native => return Err(Stop::Own("no_vendor".to_owned())),
    };
    Ok(report(line, found))
}

fn report(line: &Line<'_>, found: Found) -> Report {
    let Found { steps, outcome, reason, word } = found;
    Report { config: ConfigId(line.config.id), word, steps, outcome, reason, is_answer: true }
}

async fn withdraw(line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
    match line.config.vendor {
        Vendor::Certyneo => certyneo::withdraw(line, service, request).await,
        Vendor::D4sign => d4sign::withdraw(line, request).await,
        Vendor::Native => Ok(()),
    }
}

async fn nudge(line: &mut Line<'_>, request: &Request, effect: Effect) -> Result<(), Stop> {
    // Whoever has acted or left since needs no reminder.
    let Some(signer) = effect.signer.and_then(|id| request.signer(id)).filter(|signer| signer.is_invited()) else {
        return Ok(());
    };
    match line.config.vendor {
        Vendor::D4sign => d4sign::nudge(line, request, signer).await,
        Vendor::Certyneo | Vendor::Native => Err(Stop::Refused("not_supported".to_owned())),
    }
}

//! What becomes of an effect: it is written into the request's history, put off, or given up; and the account's circuit
//! learns from it.

use countersign_engine::command::{Command, Wish};
use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::{Actor, Collector};
use countersign_engine::ids::ConfigId;
use countersign_engine::request::Request;
use jiff::{SignedDuration, Timestamp};

use super::Agent;
use crate::commit::{Failure, Fence, Order};
use crate::meters::Attempt;
use crate::providers::{Config, Stand, Stop, Vendor};
use crate::roles::backoff;
use crate::service::ServiceError;
use crate::store::{Claim, Scope};

/// How long a vendor must have been away for a request to go to another provider.
const FALL_BACK_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// After how many attempts it is written into the request's history that its vendor does not take it.
const TOLD_AFTER: i64 = 4;
/// After how many attempts a signed document is given up that its vendor refuses to give, and the question how things
/// stand that it refuses to answer: about an hour and a half.
const REFUSALS_MAX: i64 = 10;
/// After how many attempts an effect is given up on which nobody's link depends: about four days.
const TRIES_MAX: i64 = 100;
/// After how many attempts what stands unsent at a vendor is left there: about a day.
const DISCARDS_MAX: i64 = 30;
/// At which attempt what cannot be found at a vendor is given up: looking costs many calls, and time only adds to what is
/// there.
const UNFOUND_AFTER: i64 = 3;
/// A success is noted once in so long: it serves whoever looks.
const SUCCESS_NOTED: SignedDuration = SignedDuration::from_mins(1);

/// How it ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// It is done, and this is wished for it.
    Done {
        wishes: Vec<Wish>,
        /// Whether the vendor was called at all.
        called: bool,
    },
    /// It does not go on.
    Stopped {
        stop: Stop,
        /// Whether the vendor may have written to somebody.
        may_have_invited: bool,
    },
}

impl Agent {
    /// Writes down what became of an effect; whether to go on with the account.
    pub(super) async fn end(
        &self,
        config: &Config,
        (effect, claim): (Effect, &Claim),
        request: &Request,
        ending: Ending,
    ) -> Result<bool, ServiceError> {
        let meters = &self.service.meters;
        let (stop, may_have_invited) = match ending {
            Ending::Done { wishes, called } => {
                meters.attempted(effect.kind, Attempt::Done);
                if called {
                    self.succeeded(config).await?;
                }
                self.wish(config, request, claim, wishes).await;
                return Ok(true);
            }
            Ending::Stopped { stop, may_have_invited } => (stop, may_have_invited),
        };
        match stop {
            Stop::Wait(until) => {
                self.service.store.put_back(claim, until.as_microsecond()).await?;
                return Ok(true);
            }
            Stop::Lost => return Ok(false),
            Stop::Moot => {
                meters.attempted(effect.kind, Attempt::Moot);
                return Ok(true);
            }
            Stop::Store(error) => return Err(error.into()),
            _ => {}
        }
        let failed = Failed::of(stop, claim.attempts);
        tracing::warn!(
            effect = claim.key, config = %config.id, code = failed.code, "something at a vendor did not succeed"
        );
        let rest = self.failed(config, &failed).await?;
        if self.give_up(config, (effect, claim), request, &failed, may_have_invited).await? {
            meters.attempted(effect.kind, Attempt::Permanent);
            return Ok(true);
        }
        meters.attempted(effect.kind, Attempt::Transient);
        let now = self.service.clock.now();
        let asked = failed.asked.unwrap_or_default();
        let due = (now + backoff(claim.attempts).max(asked)).max(rest.unwrap_or(now));
        self.service.store.defer(claim, due.as_microsecond(), &failed.code).await?;
        Ok(rest.is_none_or(|rest| rest <= now))
    }

    /// Has a request go to another provider, or be told that its own does not take it; whether its effect is over by
    /// that.
    async fn give_up(
        &self,
        config: &Config,
        (effect, claim): (Effect, &Claim),
        request: &Request,
        failed: &Failed,
        may_have_invited: bool,
    ) -> Result<bool, ServiceError> {
        let (id, code) = (ConfigId(config.id), failed.code.clone());
        match effect.kind {
            EffectKind::Submit => {
                let next = match !may_have_invited && failed.is_for_another(config, self.service.clock.now()) {
                    true => self.another(config, request).await?,
                    false => None,
                };
                let leaves = next.is_some();
                if leaves || failed.for_good || failed.denied && claim.attempts == 0 || claim.attempts == TOLD_AFTER {
                    let wish = Wish::SubmitFailed { config: id, code: code.clone(), next };
                    self.wish(config, request, claim, vec![wish]).await;
                }
                if failed.for_good && !leaves {
                    self.wish(config, request, claim, vec![Wish::Undeliverable { effect, code }]).await;
                }
                Ok(leaves || failed.for_good)
            }
            EffectKind::Fetch => {
                let over = claim.attempts + 1 >= failed.tries_max();
                let is_news = claim.attempts == TOLD_AFTER || claim.attempts == 0 && !failed.expected;
                let mut wishes = Vec::new();
                if is_news || over {
                    let failed = |document| Wish::SealFailed { document, code: code.clone() };
                    wishes.extend(request.unsealed().map(failed));
                }
                if over {
                    wishes.push(Wish::Undeliverable { effect, code });
                }
                self.wish(config, request, claim, wishes).await;
                Ok(over)
            }
            // What is to be confirmed was told: not to have been heard once is no answer.
            EffectKind::Confirm if claim.attempts + 1 < failed.tries_max() => Ok(false),
            kind if failed.for_good || tries_max(kind).is_some_and(|most| claim.attempts + 1 >= most) => {
                self.wish(config, request, claim, vec![Wish::Undeliverable { effect, code }]).await;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// To whom a request goes whose provider does not take it, if that one can carry it.
    async fn another(&self, config: &Config, request: &Request) -> Result<Option<Collector>, ServiceError> {
        let Some(fallback) = config.row.fallback else { return Ok(None) };
        let row = self.service.store.provider_config(Scope::Of(&config.organization), fallback).await?;
        let Some(row) = row.filter(|row| !request.passed_over.contains_key(&ConfigId(row.id))) else { return Ok(None) };
        let gateway = self.service.gateway.is_some();
        let fits = Vendor::parse(&row.provider).is_some_and(|vendor| vendor.carries(request, gateway));
        Ok(fits.then_some(Collector { config: ConfigId(row.id), provider: row.provider }))
    }

    /// Wishes what an effect led to, as its provider's act, as long as that is still claimed.
    async fn wish(&self, config: &Config, request: &Request, claim: &Claim, wishes: Vec<Wish>) {
        for wish in wishes {
            let name = wish.name();
            let order = Order {
                actor: Actor::Provider(config.vendor.as_str().to_owned()),
                fence: Some(Fence { key: claim.key.clone(), epoch: claim.epoch }),
                ..Order::system(request.organization.clone(), Command { request: request.id, wish })
            };
            match self.service.submit(order).await {
                Ok(_) => {}
                Err(ServiceError::Commit(Failure::Refused(refusal))) => {
                    tracing::debug!(
                        effect = claim.key,
                        wish = name,
                        code = refusal.code.as_str(),
                        "nothing came of it"
                    );
                }
                Err(error) => {
                    tracing::error!(%error, effect = claim.key, "what was done at a vendor could not be recorded");
                }
            }
        }
    }

    async fn succeeded(&self, config: &Config) -> Result<(), ServiceError> {
        let now = self.service.clock.now();
        let stand = &config.stand;
        let noted = stand.failures == 0 && stand.succeeded_at.is_some_and(|at| now.duration_since(at) < SUCCESS_NOTED);
        if !noted {
            self.note(&stand.succeeded(now), 0).await?;
        }
        Ok(())
    }

    /// Until when the vendor rests, if the failure is its own.
    async fn failed(&self, config: &Config, failed: &Failed) -> Result<Option<Timestamp>, ServiceError> {
        if failed.is_shown {
            self.note(&config.stand.hindered(&failed.code), config.row.rest_us).await?;
        }
        if !failed.of_vendor {
            return Ok(None);
        }
        let (stand, rest) = config.stand.failed(&failed.code, failed.denied, failed.asked, self.service.clock.now());
        self.note(&stand, rest.as_microsecond()).await?;
        Ok(Some(rest))
    }

    async fn note(&self, stand: &Stand, rest_us: i64) -> Result<(), ServiceError> {
        let stand = serde_json::to_string(stand).unwrap_or_else(|_| Stand::BLANK.to_owned());
        self.service.store.note_provider(self.lease, &stand, rest_us).await?;
        Ok(())
    }
}

/// After how many attempts an effect is given up, whatever the reason. What hands a request over, puts its signers right
/// or calls it off never is, as long as the vendor is only away: somebody waits for it, or holds a link that is not theirs.
fn tries_max(kind: EffectKind) -> Option<i64> {
    match kind {
        EffectKind::Submit | EffectKind::Amend | EffectKind::Withdraw => None,
        EffectKind::Discard => Some(DISCARDS_MAX),
        _ => Some(TRIES_MAX),
    }
}

/// Why an effect did not succeed, as far as anything follows from it.
struct Failed {
    code: String,
    /// The vendor refuses exactly this, whenever it is asked.
    for_good: bool,
    /// The vendor does not know the credentials.
    denied: bool,
    /// It is the vendor that fails, whatever it is asked.
    of_vendor: bool,
    /// It only takes a while.
    expected: bool,
    /// Whoever has the account can do something about it.
    is_shown: bool,
    /// For how long the vendor wants it left alone.
    asked: Option<SignedDuration>,
}

impl Failed {
    /// Why it did not, after so many attempts before.
    fn of(stop: Stop, attempts: i64) -> Self {
        let with = |code| Self {
            code,
            for_good: false,
            denied: false,
            of_vendor: false,
            expected: false,
            is_shown: false,
            asked: None,
        };
        match stop {
            Stop::Away { code, asked } => Self { of_vendor: true, asked, ..with(code) },
            Stop::Denied(code) => Self { of_vendor: true, denied: true, ..with(code) },
            Stop::Refused(code) => Self { for_good: true, ..with(code) },
            Stop::NotYet(code) => Self { expected: true, ..with(code) },
            Stop::Hindered { code, asked } => Self { asked, ..with(code) },
            Stop::Unfindable(code) => Self { for_good: attempts + 1 >= UNFOUND_AFTER, is_shown: true, ..with(code) },
            Stop::Own(code) => with(code),
            Stop::Wait(_) | Stop::Lost | Stop::Moot | Stop::Store(_) => with("stopped".to_owned()),
        }
    }

    /// After how many attempts what the vendor has told of is not asked for any more.
    fn tries_max(&self) -> i64 {
        if self.for_good { REFUSALS_MAX } else { TRIES_MAX }
    }

    /// Whether it is time to go to another provider.
    fn is_for_another(&self, config: &Config, now: Timestamp) -> bool {
        self.for_good || self.denied || self.of_vendor && config.stand.failing_for(now) >= FALL_BACK_AFTER
    }
}

//! Tries: of everything that can be guessed there are five, whatever processes take them; then none for ten minutes. A
//! try is counted before it is looked at, so that many at once are no more than five.

use countersign_engine::requirement::Method;
use jiff::SignedDuration;

use super::{NotProved, Prover, Proving};
use crate::service::ServiceError;
use crate::store::Trial;

/// How many tries there are.
pub const TRIES_MAX: u32 = 5;
/// How long they are taken.
pub const TRIES_FOR: SignedDuration = SignedDuration::from_mins(10);

impl Prover<'_> {
    /// Whether they tried this and failed, lately.
    pub async fn has_failed(&self, method: Method) -> Result<bool, ServiceError> {
        let tries = self.service.store.tries(&self.trial(method)).await?;
        Ok(tries.is_some_and(|(_, until_us)| self.now_us() < until_us))
    }

    /// Takes a try; how many are taken now.
    pub(super) async fn take_try(&self, method: Method) -> Result<u32, NotProved> {
        let (trial, now_us) = (self.trial(method), self.now_us());
        let until_us = now_us + TRIES_FOR.as_micros() as i64;
        match self.service.store.take_try(&trial, now_us, until_us, TRIES_MAX).await? {
            Some(taken) => Ok(taken),
            None => Err(self.locked(&trial).await?),
        }
    }

    pub(super) async fn refuse_if_locked(&self, method: Method) -> Proving {
        let trial = self.trial(method);
        let tries = self.service.store.tries(&trial).await?;
        match tries {
            Some((taken, until_us)) if taken >= TRIES_MAX && self.now_us() < until_us => {
                Err(self.locked(&trial).await?)
            }
            _ => Ok(()),
        }
    }

    async fn locked(&self, trial: &Trial) -> Result<NotProved, ServiceError> {
        let until_us = self.service.store.tries(trial).await?.map_or(0, |(_, until_us)| until_us);
        Ok(NotProved::Locked { wait: SignedDuration::from_micros((until_us - self.now_us()).max(0)) })
    }

    pub(super) fn trial(&self, method: Method) -> Trial {
        let organization = self.request.organization.clone();
        Trial { organization, request: self.request.id, signer: self.signer.id(), method }
    }

    fn now_us(&self) -> i64 {
        self.service.clock.now().as_microsecond()
    }
}

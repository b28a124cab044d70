//! How a signer proves who they are: `codes` compared, files taken in and `checks` asked of the gateway. What was proved
//! becomes a fact; a try that failed is counted (`tries`), in the database, and is none.

mod checks;
mod codes;
mod tries;

use countersign_engine::command::{Command, Proved, Wish};
use countersign_engine::event::Actor;
use countersign_engine::person::Person;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use countersign_engine::requirement::Method;
use countersign_engine::signer::Signer;
use jiff::SignedDuration;

use super::proofs::BadFile;
use super::{Service, ServiceError};
use crate::commit::{Failure, Order};
use crate::gateway::Reason;
use crate::store::StoreError;

pub use tries::{TRIES_FOR, TRIES_MAX};

/// Why something was not proved.
#[derive(Debug, thiserror::Error)]
pub enum NotProved {
    /// It is not the code; so many tries are left, at least one.
    #[error("not the code")]
    Wrong {
        /// How many.
        left: u32,
    },
    /// No try is left for so long.
    #[error("no try is left")]
    Locked {
        /// How long.
        wait: SignedDuration,
    },
    /// There is no code, or it is too old.
    #[error("there is no code any more")]
    CodeGone,
    /// Nothing was given.
    #[error("nothing was given")]
    Nothing,
    /// More files than are taken.
    #[error("too many files")]
    TooMany {
        /// How many are.
        most: usize,
    },
    /// A file is not taken.
    #[error("a file is not taken")]
    File {
        /// What it is called.
        name: String,
        /// Why.
        why: BadFile,
    },
    /// The check says no.
    #[error("the check failed")]
    Failed(Reason),
    /// The check is not over.
    #[error("the check is not over")]
    Pending,
    /// Whoever makes the check does not answer.
    #[error("the gateway does not answer")]
    Away,
    /// Nobody makes the check here.
    #[error("nobody makes this check here")]
    Unsupported,
    /// The engine said no.
    #[error(transparent)]
    Refused(Refusal),
    /// Our own trouble.
    #[error(transparent)]
    Service(ServiceError),
}

impl From<ServiceError> for NotProved {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Commit(Failure::Refused(refusal)) => NotProved::Refused(refusal),
            error => NotProved::Service(error),
        }
    }
}

impl From<StoreError> for NotProved {
    fn from(error: StoreError) -> Self {
        NotProved::Service(error.into())
    }
}

type Proving = Result<(), NotProved>;

/// A signer at a step, with where they are.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    /// The engine.
    pub service: &'a Service,
    /// The request as they see it.
    pub request: &'a Request,
    /// Who.
    pub signer: &'a Signer,
    /// Address they act from.
    pub ip: &'a str,
    /// Browser they act with.
    pub user_agent: Option<&'a str>,
}

impl Prover<'_> {
    /// Takes who they say they are.
    pub async fn statement(&self, method: Method, told: Person) -> Proving {
        self.prove(Proved { told: Some(told), ..Proved::by(method) }).await
    }

    /// Makes a fact of what was proved.
    async fn prove(&self, proved: Proved) -> Proving {
        let method = proved.method;
        let (signer, round) = (self.signer.id(), self.signer.round);
        match self.submit(Wish::Authenticate { signer, round, proved: Box::new(proved) }).await {
            // Somebody with the same link was faster.
            Err(NotProved::Refused(refusal)) if refusal.code == Code::AlreadyAuthenticated => Ok(()),
            Err(error) => Err(error),
            // What was proved before and is given again goes on being counted.
            Ok(()) if self.signer.proofs.contains_key(&method) => Ok(()),
            Ok(()) => Ok(self.service.store.forget_tries(&self.trial(method)).await?),
        }
    }

    async fn submit(&self, wish: Wish) -> Proving {
        let (organization, request) = (self.request.organization.clone(), self.request.id);
        let order = Order {
            ip: Some(self.ip.to_owned()),
            user_agent: self.user_agent.map(str::to_owned),
            ..Order::by(Actor::Signer(self.signer.id()), organization, Command { request, wish })
        };
        self.service.submit(order).await?;
        Ok(())
    }
}

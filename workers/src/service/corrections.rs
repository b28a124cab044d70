//! Corrections in flight, as the doors wish them (SPEC §2): what is shared by every dialect that changes who
//! acts on a request.

use std::sync::Arc;

use countersign_engine::command::{Command, Correction, Newcomers, Profile, Wish};
use countersign_engine::event::{Actor, Widget};
use countersign_engine::ids::{OrganizationId, RequestId, SignerId};
use countersign_engine::refusal::Code;
use countersign_engine::request::Request;
use countersign_engine::requirement::Requirements;
use countersign_engine::signer::SignerTerms;

use super::{Service, ServiceError, placing};
use crate::commit::{Failure, Order, Receipt};

/// How often a place to sign is thought out before it is given up.
const TRIES_MAX: usize = 20;

/// Who wants signers of a request changed, and how a repeat is known.
#[derive(Clone, Debug)]
pub struct Corrector {
    /// Whose request.
    pub organization: OrganizationId,
    /// Which.
    pub request: RequestId,
    /// Who wants it.
    pub actor: Actor,
    /// How a repeat is known, if it is to be.
    pub receipt: Option<Receipt>,
}

impl Corrector {
    fn order(self, wish: Wish) -> Order {
        let Self { organization, request, actor, receipt } = self;
        Order { receipt, ..Order::by(actor, organization, Command { request, wish }) }
    }
}

impl Service {
    /// Puts right what is known of a signer. What is so already is as good as done: nobody is written to again.
    pub async fn correct(
        &self,
        by: Corrector,
        signer: SignerId,
        correction: Correction,
    ) -> Result<Arc<Request>, ServiceError> {
        let (organization, request) = (by.organization.clone(), by.request);
        let wish = Wish::Correct { signer, correction: Box::new(correction) };
        match self.submit(by.order(wish)).await {
            Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::NothingChanged => {
                self.find(&organization, request).await?.ok_or(ServiceError::Missing { what: "request" })
            }
            answer => answer,
        }
    }

    /// Lets somebody act in a signer's place; `requirements` = what they must prove, if not the same.
    pub async fn replace_signer(
        &self,
        by: Corrector,
        signer: SignerId,
        heir: (SignerId, Profile),
        requirements: Option<Requirements>,
    ) -> Result<Arc<Request>, ServiceError> {
        let (id, profile) = heir;
        let wish = Wish::Replace { signer, by: id, profile: Box::new(profile), requirements };
        self.submit(by.order(wish)).await
    }

    /// Lets people join, all of them or nobody. Who signs gets a place for that on an appended page; where somebody
    /// else got that place at the same time, another is thought out.
    pub async fn add_signers(&self, by: Corrector, newcomers: Vec<Newcomers>) -> Result<Arc<Request>, ServiceError> {
        let mut tries = TRIES_MAX;
        loop {
            let widgets = self.places_for(&by, &newcomers).await?;
            let wish = Wish::Add { newcomers: newcomers.clone(), widgets };
            match self.submit(by.clone().order(wish)).await {
                Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::Changed && tries > 1 => {
                    tries -= 1;
                }
                answer => return answer,
            }
        }
    }

    async fn places_for(&self, by: &Corrector, newcomers: &[Newcomers]) -> Result<Vec<Widget>, ServiceError> {
        let Some(request) = self.find(&by.organization, by.request).await? else { return Ok(Vec::new()) };
        let Some(last) = request.terms.documents.last() else { return Ok(Vec::new()) };
        let document = self.documents.find(&by.organization, last.digest).await?;
        let Some(sheet) = document.and_then(|document| document.pages.last().copied()) else { return Ok(Vec::new()) };
        let people = newcomers.iter().flat_map(|newcomers| &newcomers.people);
        let terms: Vec<SignerTerms> = people.map(|(terms, _)| terms.clone()).collect();
        Ok(placing::places_for(&request, &terms, sheet))
    }

    /// Lets a signer leave. With the last one whom the request waited for it is complete.
    pub async fn remove_signer(&self, by: Corrector, signer: SignerId) -> Result<Arc<Request>, ServiceError> {
        self.submit(by.order(Wish::Remove { signer })).await
    }
}

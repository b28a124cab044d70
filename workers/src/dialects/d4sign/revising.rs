//! Changes of a document that was not sent yet: its draft is thought out anew.

use std::sync::Arc;

use countersign_engine::command::{Draft, Profile, Wish};
use countersign_engine::refusal::Code;
use countersign_engine::request::Request;
use countersign_engine::signer::SignerTerms;

use super::finding::{find_request, phase_forbids};
use super::problem::Problems;
use crate::commit::{Failure, Receipt};
use crate::http::Floor;
use crate::http::auth::Caller;
use crate::service::ServiceError;
use crate::service::drafting::Outline;

/// How often a change is thought out again because somebody else changed the draft meanwhile.
const CHANGES_MAX: usize = 5;

/// Changes a draft. If somebody else changed it meanwhile, it is thought out again.
pub(super) async fn revise(
    floor: &Floor,
    caller: &Caller,
    mut request: Arc<Request>,
    receipt: Option<Receipt>,
    change: impl Fn(&Request, Outline) -> Result<Outline, Problems>,
) -> Result<Arc<Request>, Problems> {
    let service = &floor.service;
    let mut tries = CHANGES_MAX;
    loop {
        let outline = change(&request, service.outline(&request).await?)?;
        let draft = Box::new(outline.draft(&service.settings));
        if receipt.is_none() && *draft == Draft::of(&request) {
            return Ok(request);
        }
        let wish = Wish::Revise { draft, base: request.seq };
        match service.submit(caller.order(request.id, wish, receipt.clone())).await {
            Err(ServiceError::Commit(Failure::Refused(refusal))) if tries > 1 && refusal.code == Code::Changed => {
                tries -= 1;
                request = find_request(floor, caller, &request.id.to_string()).await?;
            }
            Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::WrongState => {
                return Err(phase_forbids(floor, caller, request.id, refusal).await);
            }
            done => return Ok(done?),
        }
    }
}

/// The people in the order in which they act: one after another as they were named, or all at once. The members of a
/// signing group act together. `silently` = nobody is written to.
pub(super) fn in_order(
    mut people: Vec<(SignerTerms, Profile)>,
    in_sequence: bool,
    silently: bool,
) -> Vec<(SignerTerms, Profile)> {
    people.sort_by_key(|(terms, _)| terms.order);
    let (mut place, mut before) = (0, None);
    for (terms, _) in &mut people {
        if before != Some(terms.order) {
            (place, before) = (place + 1, Some(terms.order));
        }
        terms.order = if in_sequence { place } else { 1 };
        terms.requirements.silent |= silently;
    }
    people
}

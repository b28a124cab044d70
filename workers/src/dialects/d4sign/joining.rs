//! Signers who join a document, `createlist`: of one that was not sent yet the draft is thought out anew, of one that is
//! out they join where they belong in the order, and who comes before the others is invited at once.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_engine::command::{Newcomers, Position, Profile, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::{GroupId, OrganizationId, RequestId, SignerId};
use countersign_engine::person::Person;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::{Request, Status};
use countersign_engine::requirement::{Particulars, Requirements};
use countersign_engine::signer::SignerTerms;
use uuid::Uuid;

use super::body::Body;
use super::call::Call;
use super::finding::{Found, answered, find, phase_forbids, receipt_for};
use super::people;
use super::problem::{Id, Problems};
use super::read::{self, Wanted};
use super::revising::revise;
use super::wire::{D4SignCreated, D4SignMessage, D4SignNewSigners};
use crate::commit::{Failure, Receipt};
use crate::http::Floor;
use crate::http::auth::{Caller, Permission};
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::service::corrections::Corrector;
use crate::service::drafting::Outline;
use crate::service::uploads::Upload;
use crate::service::{Service, ServiceError};

/// How often a document is looked up again because its request was made meanwhile.
const TRIES: usize = 3;

/// Somebody who is to join, as the engine has them; the members of a signing group together.
type Joining = Vec<(SignerTerms, Profile)>;

/// Names the signers of a document, or more of them.
#[utoipa::path(
    post, path = "/documents/{id}/createlist", tag = "D4Sign", request_body = D4SignNewSigners,
    params(
        ("id" = String, Path, description = "Which document"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe for 24 hours"),
    ),
    responses(
        (status = 200, body = D4SignCreated),
        (status = 409, body = D4SignMessage, description = "It has ended"),
        (status = 422, body = D4SignMessage, description = "What is wrong with the signers, all of it"),
    ),
    security(("tokenAPI" = [], "cryptKey" = []))
)]
pub(super) async fn create(
    State(floor): State<Floor>,
    call: Call,
    Id(id): Id,
    body: Body,
) -> Result<Json<D4SignCreated>, Problems> {
    let caller = call.admit_with(&floor, Permission::Create, &body.value).await?;
    let receipt = receipt_for(&call, &id, "createlist", &body)?;
    let mut faults = Faults::new();
    let has_means = has_means(&floor.service, &caller.organization, &id).await?;
    let wanted = read::signers(&body.value, has_means, &mut faults);
    if let Some(before) = floor.service.made_before(&caller.organization, receipt.as_ref()).await? {
        return Ok(Json(people::created(&floor.service, &before, &wanted)?));
    }
    let joining = joining(&floor.service, &caller.organization, &wanted, &mut faults).await?;
    let (wanted, joining) = Problems::unless(faults, (wanted, joining))?;
    for _ in 0..TRIES {
        let request = match find(&floor, &caller.organization, &id).await? {
            Found::Upload(upload) => match over(&floor, &caller, upload, (&wanted, &joining), receipt.clone()).await? {
                Some(request) => request,
                // Somebody else named its first signers meanwhile.
                None => continue,
            },
            Found::Request(request) if request.status == Status::Draft => {
                revise(&floor, &caller, request, receipt, |request, outline| more(request, outline, &wanted, &joining))
                    .await?
            }
            Found::Request(request) => in_flight(&floor, &caller, request, (&wanted, &joining), receipt).await?,
        };
        return Ok(Json(people::created(&floor.service, &request, &wanted)?));
    }
    Err(Fault::new(StatusCode::CONFLICT, "changed", "The document was changed at the same time.").into())
}

/// Whether there is somebody for what needs an outside service: our gateway, or the vendor that has the request.
async fn has_means(service: &Service, organization: &OrganizationId, id: &str) -> Result<bool, Problems> {
    if service.gateway.is_some() {
        return Ok(true);
    }
    let Ok(id) = id.trim().parse() else { return Ok(false) };
    Ok(service.find(organization, RequestId(id)).await?.is_some_and(|request| request.terms.is_at_vendor()))
}

/// Those who join, with their ids. A signing group's members join as they are now.
async fn joining(
    service: &Service,
    organization: &OrganizationId,
    wanted: &[Wanted],
    faults: &mut Faults,
) -> Result<Vec<Joining>, Problems> {
    let mut joining = Vec::new();
    for signer in wanted {
        let Some(id) = signer.group.map(GroupId) else {
            joining.push(vec![identified(service, signer, signer.person.clone())?]);
            continue;
        };
        let Some(group) = service.group(organization, id).await? else {
            let detail = "There is no such signing group.";
            faults.push(Fault::at(signer.at("uuid_grupo"), "unknown_group", detail));
            continue;
        };
        let email = &signer.person.email;
        if !email.is_empty() && !group.members.iter().any(|member| member.email.eq_ignore_ascii_case(email)) {
            let detail = "This is no member of the signing group; leave it blank.";
            faults.push(Fault::at(signer.at("email"), "not_a_member", detail));
        }
        let members = group.members.into_iter().map(|member| {
            let person = Person { name: member.name, email: member.email, ..signer.person.clone() };
            identified(service, signer, person)
        });
        joining.push(members.collect::<Result<_, _>>()?);
    }
    Ok(joining)
}

fn identified(service: &Service, wanted: &Wanted, person: Person) -> Result<(SignerTerms, Profile), Problems> {
    let id = SignerId(Uuid::now_v7());
    let code = wanted.access_code.as_deref().map(|code| service.seal_access_code(id, code)).transpose()?;
    let terms = SignerTerms {
        capacity: Some(wanted.act),
        group: wanted.group.map(GroupId),
        requirements: Requirements { access_code: code.is_some(), ..wanted.requirements.clone() },
        ..SignerTerms::new(id, 1, wanted.role)
    };
    let particulars = Particulars { access_code: code, ..wanted.particulars.clone() };
    Ok((terms, Profile { person, particulars }))
}

/// Makes the request of a document that was uploaded in another dialect, under the same UUID; `None` if that was done
/// meanwhile.
async fn over(
    floor: &Floor,
    caller: &Caller,
    upload: Upload,
    (wanted, joining): (&[Wanted], &[Joining]),
    receipt: Option<Receipt>,
) -> Result<Option<Arc<Request>>, Problems> {
    refuse_places(wanted)?;
    let (id, service) = (RequestId(upload.row.id), &floor.service);
    let Some(file) = service.documents.file(&caller.organization, upload.row.id).await? else { return Ok(None) };
    let people = numbered(joining, 1);
    let draft = Box::new(Outline::over(upload.row.name, vec![file], people).draft(&service.settings));
    match service.submit(caller.order(id, Wish::Create { draft, send: false }, receipt)).await {
        Err(ServiceError::Commit(Failure::Refused(refusal))) if refusal.code == Code::AlreadyExists => Ok(None),
        done => Ok(Some(done?)),
    }
}

/// A draft with more signers, behind those there are.
fn more(request: &Request, outline: Outline, wanted: &[Wanted], joining: &[Joining]) -> Result<Outline, Problems> {
    refuse_places(wanted)?;
    refuse_known(request, wanted)?;
    let next = outline.people.iter().map(|(terms, _)| terms.order).max().unwrap_or(0) + 1;
    let people = outline.people.iter().cloned().chain(numbered(joining, next)).collect();
    Ok(outline.for_others(people))
}

/// Those who join with a place each, from a number on; a signing group has one.
fn numbered(joining: &[Joining], from: u32) -> Joining {
    let at = |(place, together): (u32, &Joining)| -> Joining {
        together
            .iter()
            .map(|(terms, profile)| (SignerTerms { order: place, ..terms.clone() }, profile.clone()))
            .collect()
    };
    (from..).zip(joining).flat_map(at).collect()
}

/// Lets them join a document that is out, all of them or nobody.
async fn in_flight(
    floor: &Floor,
    caller: &Caller,
    request: Arc<Request>,
    (wanted, joining): (&[Wanted], &[Joining]),
    receipt: Option<Receipt>,
) -> Result<Arc<Request>, Problems> {
    if !request.status.is_out() {
        let refusal = Refusal::wrong_state(request.status, "changed");
        return Err(phase_forbids(floor, caller, request.id, refusal).await);
    }
    refuse_known(&request, wanted)?;
    Problems::unless(wanted.iter().filter_map(|signer| misplaced(&request, signer)).collect(), ())?;
    let (organization, actor) = (caller.organization.clone(), Actor::Key(caller.key));
    let by = Corrector { organization, request: request.id, actor, receipt };
    match floor.service.add_signers(by, at_places(wanted, joining)).await {
        // Somebody else changed who signs meanwhile.
        Err(ServiceError::Commit(Failure::Refused(refusal)))
            if matches!(refusal.code, Code::Duplicate | Code::NoSuchPosition) =>
        {
            Err(Fault::from(refusal).with_pointer("/signers").into())
        }
        done => answered(floor, caller, request.id, done).await,
    }
}

/// Those who have places of their own, from behind: so nobody's place is moved before they are at it. Then all others,
/// behind everyone, or together with all if all act at once.
fn at_places(wanted: &[Wanted], joining: &[Joining]) -> Vec<Newcomers> {
    let mut placed: Vec<(u32, &Joining)> =
        wanted.iter().zip(joining).rev().filter_map(|(signer, people)| Some((signer.after?, people))).collect();
    placed.sort_by_key(|(place, _)| Reverse(*place));
    let rest = wanted.iter().zip(joining).filter(|(signer, _)| signer.after.is_none());
    let placed = placed.into_iter().map(|(place, people)| (Position::After(place), people));
    let all = placed.chain(rest.map(|(_, people)| (Position::Last, people)));
    all.map(|(at, people)| Newcomers { people: people.clone(), at }).collect()
}

/// What is wrong with the place that somebody is to have in a document that is out.
fn misplaced(request: &Request, signer: &Wanted) -> Option<Fault> {
    let (after, orders) = (signer.after? as usize, request.acting_orders());
    let detail = match orders.get(after - 1) {
        _ if orders.len() > 1 && orders.first() == orders.last() => {
            "The document is signed by all at once: there are no positions.".to_owned()
        }
        None => format!("The document has {} positions.", orders.len()),
        Some(before) if request.active_order().is_some_and(|active| *before < active) => {
            "Those behind that position are invited already.".to_owned()
        }
        Some(_) => return None,
    };
    Some(Fault::at(signer.at("after_position"), "no_such_position", detail))
}

/// Nobody has a place in a document that is not out: they act in the order in which they are named.
fn refuse_places(wanted: &[Wanted]) -> Result<(), Problems> {
    let detail = "Only a document that was sent has positions; until then signers stand in the order of their naming.";
    let fault = |signer: &Wanted| Fault::at(signer.at("after_position"), "not_sent", detail);
    let faults: Faults = wanted.iter().filter(|signer| signer.after.is_some()).map(fault).collect();
    Problems::unless(faults, ())
}

/// Nobody joins twice for the same act, and no signing group twice.
fn refuse_known(request: &Request, wanted: &[Wanted]) -> Result<(), Problems> {
    let fault = |signer: &Wanted| {
        people::named(request, signer).next()?;
        Some(match signer.group {
            Some(_) => {
                Fault::at(signer.at("uuid_grupo"), "duplicate", "This signing group is in the document already.")
            }
            None => {
                let detail = "This e-mail address is in the document already, for the same act.";
                Fault::at(signer.at("email"), "duplicate", detail)
            }
        })
    };
    Problems::unless(wanted.iter().filter_map(fault).collect(), ())
}

//! From the signers of a body to those of a request: ids, the members of signing groups, sealed access codes.

use countersign_engine::command::{Profile, SIGNERS_MAX};
use countersign_engine::ids::{OrganizationId, SignerId};
use countersign_engine::person::Person;
use countersign_engine::provider::lacks;
use countersign_engine::requirement::Requirements;
use countersign_engine::signer::SignerTerms;
use uuid::Uuid;

use super::people::{Asked, WantedSigner};
use super::read::Reference;
use crate::http::fault::Fault;
use crate::http::form::Faults;
use crate::service::groups::Group;
use crate::service::{Service, ServiceError};

/// The signers of a request, with what the widgets may call them.
pub(super) struct Cast<'a> {
    wanted: &'a [WantedSigner],
    parts: Vec<Part>,
}

/// Somebody, and which of those who were wanted brought them in.
struct Part {
    entry: usize,
    terms: SignerTerms,
    profile: Profile,
}

impl<'a> Cast<'a> {
    /// Looks up signing groups, gives everybody an id, and notes what does not fit together, or not to the provider.
    pub(super) async fn of(
        (service, provider): (&Service, &str),
        organization: &OrganizationId,
        wanted: &'a [WantedSigner],
        faults: &mut Faults,
    ) -> Result<Self, Fault> {
        let mut parts: Vec<Part> = Vec::new();
        for (entry, signer) in wanted.iter().enumerate() {
            let people = match signer.group {
                None => vec![signer.person.clone()],
                Some(_) => members(service, organization, signer, faults).await?,
            };
            for person in people {
                let (terms, profile) = part(service, signer, person)?;
                if !parts.iter().any(|part| part.entry == entry) {
                    check((service, provider), &signer.pointer, (&terms.requirements, &profile), faults);
                }
                parts.push(Part { entry, terms, profile });
            }
        }
        let cast = Self { wanted, parts };
        cast.check_distinct(faults);
        Ok(cast)
    }

    fn check_distinct(&self, faults: &mut Faults) {
        for (at, part) in self.parts.iter().enumerate() {
            let email = &part.profile.person.email;
            let twin = |other: &Part| {
                let same = other.terms.order == part.terms.order;
                same && other.profile.person.email.eq_ignore_ascii_case(email) && !email.is_empty()
            };
            if self.parts[..at].iter().any(twin) {
                let signer = &self.wanted[part.entry];
                let member = if signer.group.is_some() { "groupId" } else { "email" };
                let detail = "This e-mail address is already in the same group of signers.";
                faults.push(Fault::at(format!("{}/{member}", signer.pointer), "duplicate", detail));
            }
        }
        for (at, signer) in self.wanted.iter().enumerate().filter(|(_, signer)| signer.group.is_some()) {
            if self.wanted[..at].iter().any(|other| other.group == signer.group) {
                let detail = "A signing group is in a request once.";
                faults.push(Fault::at(format!("{}/groupId", signer.pointer), "duplicate", detail));
            }
        }
        if let Some(last) = self.wanted.last().filter(|_| self.parts.len() > SIGNERS_MAX) {
            let detail =
                format!("A request has at most {SIGNERS_MAX} signers, with all members of its signing groups.");
            faults.push(Fault::at(&last.pointer, "too_many", detail));
        }
    }

    /// How many were wanted: a signing group counts as one.
    pub(super) fn entries(&self) -> usize {
        self.wanted.len()
    }

    /// A signer's own id or e-mail address comes before a place, should somebody's id be a number. Of a signing
    /// group it is the first member: what is theirs is the whole group's.
    pub(super) fn resolve(&self, reference: &Reference) -> Option<SignerId> {
        let called = |text: &str| {
            let named = self.wanted.iter().position(|signer| signer.reference.as_deref() == Some(text));
            let written = |part: &&Part| part.profile.person.email.eq_ignore_ascii_case(text);
            named.or_else(|| self.parts.iter().find(written).map(|part| part.entry))
        };
        let entry = reference.place(called)?;
        self.parts.iter().find(|part| part.entry == entry).map(|part| part.terms.id)
    }

    /// Those for whom `fits` holds, in the order in which they act; of a signing group its first member.
    pub(super) fn in_order(&self, fits: impl Fn(&SignerTerms) -> bool) -> Vec<SignerId> {
        let mut parts: Vec<&Part> = self.parts.iter().filter(|part| fits(&part.terms)).collect();
        parts.sort_by_key(|part| part.terms.order);
        parts.dedup_by_key(|part| part.entry);
        parts.iter().map(|part| part.terms.id).collect()
    }

    /// They, as an outline takes them.
    pub(super) fn into_people(self) -> Vec<(SignerTerms, Profile)> {
        self.parts.into_iter().map(|part| (part.terms, part.profile)).collect()
    }
}

async fn members(
    service: &Service,
    organization: &OrganizationId,
    signer: &WantedSigner,
    faults: &mut Faults,
) -> Result<Vec<Person>, Fault> {
    let group: Option<Group> = match signer.group {
        Some(id) => service.group(organization, id).await?,
        None => None,
    };
    let Some(group) = group else {
        faults.push(Fault::at(
            format!("{}/groupId", signer.pointer),
            "unknown_group",
            "There is no such signing group.",
        ));
        return Ok(Vec::new());
    };
    Ok(group.members.into_iter().map(|member| Person::new(member.name, member.email)).collect())
}

fn part(service: &Service, signer: &WantedSigner, person: Person) -> Result<(SignerTerms, Profile), Fault> {
    let id = SignerId(Uuid::now_v7());
    let profile = profile(service, id, &signer.asked, person)?;
    let terms = SignerTerms {
        group: signer.group,
        requirements: signer.asked.requirements.clone(),
        ..SignerTerms::new(id, signer.order.unwrap_or(1), signer.role)
    };
    Ok((terms, profile))
}

/// All that is personal about somebody, with their access code sealed.
pub(super) fn profile(service: &Service, id: SignerId, asked: &Asked, person: Person) -> Result<Profile, ServiceError> {
    let mut particulars = asked.particulars.clone();
    if let Some(code) = &asked.access_code {
        particulars.access_code = Some(service.seal_access_code(id, code)?);
    }
    Ok(Profile { person, particulars })
}

/// Notes what does not fit together in what is asked of somebody, and what whoever carries the request lacks for it;
/// `signer` is where the body names them.
pub(super) fn check(
    (service, provider): (&Service, &str),
    signer: &str,
    (asked, profile): (&Requirements, &Profile),
    faults: &mut Faults,
) {
    for misfit in asked.misfits(&profile.person, &profile.particulars) {
        let member = match misfit.field {
            "access_code" => "accessCode".to_owned(),
            "phone" => "phone".to_owned(),
            field => format!("requirements/{field}"),
        };
        let pointer = format!("{signer}/{member}");
        // A holder whose CPF is wrong has a fault of their own.
        if !faults.iter().any(|fault| fault.is_within(&pointer)) {
            faults.push(Fault::at(pointer, "requirement_incomplete", misfit.detail));
        }
    }
    for lack in lacks(provider, asked, service.gateway.is_some()) {
        faults.push(Fault::at(format!("{signer}/requirements/{}", lack.field), lack.code.as_str(), lack.detail));
    }
}

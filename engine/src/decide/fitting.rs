//! What must hold of what is asked of signers, whoever asks it: requirements that fit together, signing
//! groups that act as one. The dialects say it more kindly, with pointers ([`Requirements::misfits`]).

use super::Given;
use crate::command::{Draft, Profile};
use crate::event::Terms;
use crate::ids::SignerId;
use crate::person::Person;
use crate::provider;
use crate::refusal::{Code, Refusal};
use crate::request::Request;
use crate::requirement::{Particulars, Requirements};
use crate::signer::SignerTerms;

pub(super) fn check_draft(draft: &Draft, given: &Given<'_>) -> Result<(), Refusal> {
    let (nobody, nothing) = (Person::new("", ""), Particulars::default());
    for terms in &draft.terms.signers {
        let person = draft.personal.people.get(&terms.id).unwrap_or(&nobody);
        let particulars = draft.personal.particulars.get(&terms.id).unwrap_or(&nothing);
        check_asked(&draft.terms, &terms.requirements, person, particulars, given)?;
        check_provider(&draft.terms, terms)?;
        draft.terms.signers.iter().try_for_each(|other| check_fellows(terms, other))?;
    }
    Ok(())
}

/// Whether these may join a request, or take over in it, on these terms; `shift` = whoever is at their place, or
/// behind it, moves back.
pub(super) fn check_newcomers<'a>(
    request: &Request,
    newcomers: impl IntoIterator<Item = (&'a SignerTerms, &'a Profile)>,
    shift: bool,
    given: &Given<'_>,
) -> Result<(), Refusal> {
    let mut known: Vec<SignerTerms> = request.signers.iter().map(|signer| signer.terms.clone()).collect();
    for (terms, Profile { person, particulars }) in newcomers {
        check_asked(&request.terms, &terms.requirements, person, particulars, given)?;
        check_provider(&request.terms, terms)?;
        for other in &known {
            if other.id == terms.id {
                return Err(Refusal::new(Code::Invalid, "That signer is in the request already."));
            }
            check_fellows(terms, other)?;
        }
        if request.signers.iter().any(|other| other.terms.is_fellow_of(terms) && other.has_acted()) {
            return Err(Refusal::new(Code::GroupSigned, "Somebody of that signing group has acted already."));
        }
        if shift && request.signers.iter().any(|other| other.terms.is_fellow_of(terms)) {
            return Err(Refusal::new(Code::Invalid, "Who joins a signing group joins it where it is."));
        }
        known.push(terms.clone());
    }
    Ok(())
}

/// Nobody is asked twice for the same; `except` = whose place it is.
pub(super) fn refuse_twin(
    request: &Request,
    except: SignerId,
    terms: &SignerTerms,
    email: &str,
) -> Result<(), Refusal> {
    let others = request.signers.iter().filter(|other| other.id() != except && other.terms.is_same_act_as(terms));
    if !email.is_empty() && others.into_iter().any(|other| other.email().eq_ignore_ascii_case(email)) {
        let detail = "A signer with this e-mail address is asked for the same already.";
        return Err(Refusal::new(Code::Duplicate, detail));
    }
    Ok(())
}

pub(super) fn check_asked(
    request: &Terms,
    asked: &Requirements,
    person: &Person,
    particulars: &Particulars,
    given: &Given<'_>,
) -> Result<(), Refusal> {
    if let Some(misfit) = asked.misfits(person, particulars).first() {
        return Err(Refusal::new(Code::Invalid, misfit.detail));
    }
    check_able(&request.provider, asked, given)
}

/// Whether a provider can carry all that is asked of a request's signers.
pub(super) fn check_carrier(request: &Request, provider: &str, given: &Given<'_>) -> Result<(), Refusal> {
    request.signers.iter().map(|signer| &signer.terms).try_for_each(|terms| {
        check_able(provider, &terms.requirements, given)?;
        refuse_unfit(provider, terms)
    })
}

fn check_able(provider: &str, asked: &Requirements, given: &Given<'_>) -> Result<(), Refusal> {
    match provider::lacks(provider, asked, given.gateway).into_iter().next() {
        Some(lack) => Err(Refusal::new(lack.code, lack.detail)),
        None => Ok(()),
    }
}

/// What a vendor cannot carry would be left out without a word.
pub(super) fn check_provider(request: &Terms, signer: &SignerTerms) -> Result<(), Refusal> {
    refuse_unfit(&request.provider, signer)
}

fn refuse_unfit(provider: &str, signer: &SignerTerms) -> Result<(), Refusal> {
    match provider::refuses(provider, signer) {
        Some(detail) => Err(Refusal::new(Code::NotSupported, detail)),
        None => Ok(()),
    }
}

fn check_fellows(one: &SignerTerms, other: &SignerTerms) -> Result<(), Refusal> {
    let alike = (one.order, one.role) == (other.order, other.role);
    if one.is_fellow_of(other) && !(alike && one.role.acts()) {
        return Err(Refusal::new(Code::Invalid, "The members of a signing group act together, in the same role."));
    }
    Ok(())
}

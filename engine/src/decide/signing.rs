//! What a signer does with their link: view, prove who they are, sign, decline.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Decision, Given, Proposal, follow_up, personal_of, refuse_if_expired, whole_seconds};
use crate::command::{DRAWN_POINTS_MAX, Proved, TEXT_MAX, TYPED_MARK_MAX};
use crate::event::{Fact, Personal, Value, Widget, WidgetKind};
use crate::ids::{SignerId, WidgetId};
use crate::person::Person;
use crate::refusal::{Code, FieldFault, Refusal};
use crate::request::Request;
use crate::requirement::{CHALLENGES_MAX, CODE_WAIT, Method, PROOF_FILES_MAX, REFERENCE_MAX};
use crate::signer::{Mark, Signer, SignerStatus};

/// A signer acting on a request.
pub(super) struct Act<'a> {
    pub(super) request: &'a Request,
    pub(super) given: &'a Given<'a>,
}

impl Act<'_> {
    pub(super) fn view(&self, id: SignerId, round: u32) -> Decision {
        let signer = self.looking(id, round)?;
        match signer.status {
            SignerStatus::Sent => Ok(vec![self.person_did(Fact::Viewed { signer: id })]),
            _ => Err(Refusal::new(Code::NothingDue, "The view is recorded already.")),
        }
    }

    pub(super) fn challenge(&self, id: SignerId, round: u32, method: Method) -> Decision {
        let signer = self.admitted(id, round)?;
        if !signer.terms.requirements.asks(method) || !(method.is_code() || method == Method::Pix) {
            return Err(Refusal::new(Code::Invalid, format!("{method} is not asked for in this way.")));
        }
        if signer.proofs.contains_key(&method) {
            return Err(Refusal::new(Code::AlreadyAuthenticated, "You have proved this already."));
        }
        refuse_out_of_turn(signer, method)?;
        if let Some(last) = signer.challenges.get(&method) {
            if last.number >= CHALLENGES_MAX {
                return Err(Refusal::new(
                    Code::TooManyChallenges,
                    "No more are made for this link: ask for a new one.",
                ));
            }
            let wait = (last.at + CODE_WAIT).duration_since(self.given.now);
            if method.is_code() && wait.is_positive() {
                let mut refusal = Refusal::new(Code::TooSoon, "A code was asked for less than a minute ago.");
                refusal.retry_after_seconds = Some(whole_seconds(wait));
                return Err(refusal);
            }
        }
        Ok(vec![self.person_did(Fact::Challenged { method, signer: id })])
    }

    pub(super) fn authenticate(&self, id: SignerId, round: u32, proved: &Proved) -> Decision {
        let signer = self.admitted(id, round)?;
        let Proved { method, files, file_names, reference, score, told } = proved;
        let method = *method;
        if !signer.terms.requirements.asks(method) {
            return Err(Refusal::new(Code::Invalid, format!("{method} is not asked of this signer.")));
        }
        if signer.proofs.contains_key(&method) && !may_be_retaken(signer, method) {
            return Err(Refusal::new(Code::AlreadyAuthenticated, "You have proved this already."));
        }
        let legal = files.len() <= PROOF_FILES_MAX
            && (file_names.is_empty() || file_names.len() == files.len())
            && files.is_empty() != method.takes_files()
            && told.is_some() == method.is_stated()
            && told.as_ref().is_none_or(|told| signer.terms.requirements.are_met_by(told))
            && reference.as_ref().is_none_or(|reference| reference.chars().count() <= REFERENCE_MAX)
            && score.is_none_or(|score| score <= 100);
        if !legal {
            return Err(Refusal::new(Code::Invalid, format!("This does not prove {method}.")));
        }
        if method == Method::Score && *score < signer.terms.requirements.score {
            return Err(Refusal::new(Code::Invalid, "The similarity is lower than what is asked for."));
        }
        refuse_out_of_turn(signer, method)?;
        let told = told.clone().map(|told| Person { email: signer.email().to_owned(), ..told });
        let personal = Personal {
            file_names: file_names.clone(),
            people: told.map(|person| (id, person)).into_iter().collect(),
            ..personal_of(self.given)
        };
        let (files, reference, score) = (files.clone(), reference.clone(), *score);
        Ok(vec![Proposal { fact: Fact::Authenticated { files, method, reference, score, signer: id }, personal }])
    }

    pub(super) fn sign(
        &self,
        id: SignerId,
        round: u32,
        consent: bool,
        mark: Option<&Mark>,
        values: &BTreeMap<WidgetId, Value>,
    ) -> Decision {
        let signer = self.looking(id, round)?;
        if signer.unproved().next().is_some() {
            return Err(authentication_required(signer.unproved()));
        }
        if !consent {
            return Err(Refusal::new(Code::ConsentRequired, "Signing needs your consent to sign electronically."));
        }
        let mark = self.checked_mark(signer, mark)?;
        let values = self.checked_values(signer, values)?;
        let others = self.request.due().filter(|other| other.id() != id && !signer.terms.is_fellow_of(&other.terms));
        let due: Vec<Signer> = others.cloned().collect();
        let signed = Fact::Signed {
            signer: id,
            due: signatures(&due),
            method: mark.map_or("consent", Mark::kind).to_owned(),
            authentication: known_by(signer),
        };
        let personal = Personal { mark: mark.cloned(), values, ..personal_of(self.given) };
        let mut proposals = Vec::new();
        if signer.status == SignerStatus::Sent {
            proposals.push(self.person_did(Fact::Viewed { signer: id }));
        }
        proposals.push(Proposal { fact: signed, personal });
        proposals.extend(follow_up(self.request, &due, self.given));
        Ok(proposals)
    }

    pub(super) fn decline(&self, id: SignerId, round: u32, reason: &str) -> Decision {
        let signer = self.looking(id, round)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > TEXT_MAX {
            return Err(Refusal::new(
                Code::ReasonRequired,
                format!("Declining needs a reason of 1 to {TEXT_MAX} characters."),
            ));
        }
        let mut proposals = Vec::new();
        if signer.status == SignerStatus::Sent {
            proposals.push(self.person_did(Fact::Viewed { signer: id }));
        }
        let personal = Personal { reason: Some(reason.to_owned()), ..personal_of(self.given) };
        proposals.push(Proposal { fact: Fact::SignerDeclined { signer: id }, personal });
        proposals.push(Fact::RequestDeclined { signer: id }.into());
        Ok(proposals)
    }

    fn person_did(&self, fact: Fact) -> Proposal {
        Proposal { fact, personal: personal_of(self.given) }
    }

    /// The signer, if their link lets them act now.
    fn admitted(&self, id: SignerId, round: u32) -> Result<&Signer, Refusal> {
        let signer = self.request.signer(id);
        let signer = signer.ok_or_else(|| Refusal::new(Code::LinkDead, "This link is no longer valid."))?;
        if signer.round != round {
            return Err(Refusal::new(Code::LinkDead, "This link was replaced by a newer one."));
        }
        refuse_if_expired(self.request, self.given.now)?;
        if signer.has_acted() {
            return Err(Refusal::new(Code::SignerAlreadyActed, "You have already answered this request."));
        }
        if signer.covered_by.is_some() {
            return Err(Refusal::new(Code::GroupSigned, "Somebody else of your group has already signed."));
        }
        if !self.request.status.is_out() {
            return Err(Refusal::wrong_state(self.request.status, "signed"));
        }
        if !signer.is_invited() {
            return Err(Refusal::new(Code::NotYourTurn, "It is not your turn yet."));
        }
        Ok(signer)
    }

    /// The signer, if they may see the document now, and so do something about it.
    fn looking(&self, id: SignerId, round: u32) -> Result<&Signer, Refusal> {
        let signer = self.admitted(id, round)?;
        if signer.may_look() { Ok(signer) } else { Err(authentication_required(signer.unproved())) }
    }

    fn checked_mark<'m>(&self, signer: &Signer, mark: Option<&'m Mark>) -> Result<Option<&'m Mark>, Refusal> {
        let legal = match mark {
            None => !signer.terms.role.signs(),
            Some(Mark::Typed { text }) => {
                !text.trim().is_empty() && text.chars().count() <= TYPED_MARK_MAX && !text.contains(char::is_control)
            }
            Some(Mark::Drawn { ratio_milli, strokes }) => {
                let points: usize = strokes.iter().map(Vec::len).sum();
                let inside = strokes.iter().flatten().flatten().all(|at| *at <= 10_000);
                (1..=DRAWN_POINTS_MAX).contains(&points) && inside && (100..=20_000).contains(ratio_milli)
            }
        };
        if !legal {
            return Err(Refusal::new(
                Code::SignatureRequired,
                format!(
                    "A signature is a name of 1 to {TYPED_MARK_MAX} characters, or a drawing of 1 to \
                     {DRAWN_POINTS_MAX} points."
                ),
            ));
        }
        Ok(mark)
    }

    /// The values that are kept, or every fault there is in them.
    fn checked_values(
        &self,
        signer: &Signer,
        values: &BTreeMap<WidgetId, Value>,
    ) -> Result<BTreeMap<WidgetId, Value>, Refusal> {
        let fillable = |widget: &&Widget| !widget.prefilled && widget.kind != WidgetKind::Signature;
        let widgets: Vec<&Widget> = self.request.widgets_of(signer.id()).filter(fillable).collect();
        let mut faults: Vec<FieldFault> = widgets
            .iter()
            .filter_map(|widget| fault_of(widget, values.get(&widget.id)))
            .map(|(widget, code, detail)| FieldFault { widget, code, detail: detail.to_owned() })
            .collect();
        for id in values.keys().filter(|id| !widgets.iter().any(|widget| widget.id == **id)) {
            faults.push(FieldFault { widget: *id, code: "unknown", detail: "You have no such field.".to_owned() });
        }
        if faults.is_empty() {
            let blank = |value: &Value| matches!(value, Value::Text(text) if text.trim().is_empty());
            return Ok(values
                .iter()
                .filter(|(_, value)| !blank(value))
                .map(|(id, value)| (*id, value.clone()))
                .collect());
        }
        let mut refusal = Refusal::new(Code::InvalidFields, "Some fields are not filled in as they should be.");
        refusal.fields = faults;
        Err(refusal)
    }
}

/// The access code comes before everything, and every code before what is done with the document at hand.
fn refuse_out_of_turn(signer: &Signer, method: Method) -> Result<(), Refusal> {
    let locked = |other: &Method| *other == Method::AccessCode || other.unlocks() && !method.unlocks();
    let before: Vec<Method> = signer.unproved().filter(|other| *other != method && locked(other)).collect();
    if before.is_empty() { Ok(()) } else { Err(authentication_required(before)) }
}

/// Whether a picture may be given once more: as long as the face on it is still to be compared.
fn may_be_retaken(signer: &Signer, method: Method) -> bool {
    let compared = signer.unproved().any(|other| other == Method::Score);
    compared && matches!(method, Method::Photo | Method::Selfie | Method::VideoSelfie)
}

fn authentication_required(methods: impl IntoIterator<Item = Method>) -> Refusal {
    let missing: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    Refusal::new(Code::AuthenticationRequired, format!("This needs to be proved before: {}.", missing.join(", ")))
}

/// How many signatures are due: one from each signer, and one from each signing group.
pub(super) fn signatures(due: &[Signer]) -> u32 {
    let groups: BTreeSet<_> = due.iter().filter_map(|signer| signer.terms.group).collect();
    let alone = due.iter().filter(|signer| signer.terms.group.is_none()).count();
    u32::try_from(alone + groups.len()).unwrap_or(u32::MAX)
}

/// How a signer was known to be themselves.
fn known_by(signer: &Signer) -> String {
    let asked = &signer.terms.requirements;
    let link = if asked.silent || asked.in_person { "link" } else { "email_link" };
    signer.terms.requirements.methods().fold(link.to_owned(), |known, method| known + "+" + method.as_str())
}

type Fault = (WidgetId, &'static str, &'static str);

fn fault_of(widget: &Widget, value: Option<&Value>) -> Option<Fault> {
    let fault = |code, detail| Some((widget.id, code, detail));
    let blank = match value {
        None => true,
        Some(Value::Ticked(ticked)) => !ticked,
        Some(Value::Text(text)) => text.trim().is_empty(),
    };
    match (widget.kind, value) {
        _ if blank && widget.required => fault("required", "This field is required."),
        (WidgetKind::Checkbox, Some(Value::Text(_))) => fault("wrong_type", "This box is ticked or not."),
        (WidgetKind::Text | WidgetKind::Date, Some(Value::Ticked(_))) => fault("wrong_type", "This field takes text."),
        (_, Some(Value::Text(text))) if text.chars().count() > TEXT_MAX => {
            fault("too_long", "This text is longer than 1000 characters.")
        }
        (WidgetKind::Text, Some(Value::Text(text))) if text.contains(char::is_control) => {
            fault("wrong_type", "This text has characters that cannot be printed.")
        }
        (WidgetKind::Date, Some(Value::Text(text))) if !blank && text.parse::<Date>().is_err() => {
            fault("not_a_date", "A date is written as 2026-12-31.")
        }
        _ => None,
    }
}

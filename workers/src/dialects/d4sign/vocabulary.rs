//! The vendor's words and ours: phases of a document, times, keys of signers, safes, and switches that are 0 or 1.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use countersign_engine::ids::{Digest, OrganizationId, SignerId};
use countersign_engine::request::Status;
use countersign_engine::requirement::Requirements;
use countersign_engine::signer::{Role, SignerTerms};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use uuid::{Builder, Uuid};

use crate::http::fault::Fault;
use crate::http::form::{Faults, Form};

/// Base64 that may stand in an address; its padding is forgiven.
const KEY: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// The vendor's clock: Brasília's, which has had no summer time since 2019.
const BRASILIA: Offset = Offset::constant(-3);
/// How a day is written in Brazil.
pub(super) const DAY: &str = "%d/%m/%Y";

/// A phase of a document. Those that are the vendor's alone (processing, archived, editing) never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its signers are being named.
    Signers,
    /// It is out.
    Signatures,
    /// All have signed.
    Finished,
    /// It was called off, declined, or ran out of time.
    Cancelled,
}

impl Phase {
    /// The phase's number and name.
    pub(super) fn shown(self) -> (&'static str, &'static str) {
        match self {
            Phase::Signers => ("2", "Aguardando Signatários"),
            Phase::Signatures => ("3", "Aguardando Assinaturas"),
            Phase::Finished => ("4", "Finalizado"),
            Phase::Cancelled => ("6", "Cancelado"),
        }
    }

    /// The statuses of a phase's number: none for a phase in which nothing ever is; `None` if there is no such phase.
    pub(super) fn statuses(number: &str) -> Option<Vec<Status>> {
        let known = ["1", "2", "3", "4", "5", "6", "7"].contains(&number);
        known.then(|| Status::ALL.into_iter().filter(|status| Phase::from(*status).shown().0 == number).collect())
    }
}

impl From<Status> for Phase {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Phase::Signers,
            Status::Sent | Status::Viewed | Status::PartiallySigned => Phase::Signatures,
            Status::Completed => Phase::Finished,
            Status::Declined | Status::Expired | Status::Cancelled => Phase::Cancelled,
        }
    }
}

/// The safe of an organization: it has one, whose id is made of its name.
pub(super) fn safe_of(organization: &OrganizationId) -> Uuid {
    let digest = Digest::of_both(b"d4sign safe", organization.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// The key of a signer.
pub(super) fn key_of(signer: SignerId) -> String {
    KEY.encode(signer.0)
}

/// Whose key a text is; `None` if it cannot be anybody's.
pub(super) fn signer_of(key: &str) -> Option<SignerId> {
    Some(SignerId(Uuid::from_slice(&KEY.decode(key.trim()).ok()?).ok()?))
}

/// An instant as the vendor writes it: `2016-04-17 13:56:21`.
pub(super) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(BRASILIA)).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same with its distance from UTC: `2016-04-17T13:56:21-03:00`.
pub(super) fn atom(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(BRASILIA)).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `1` or `0`.
pub(super) fn digit(on: bool) -> String {
    u8::from(on).to_string()
}

/// A field that is 0 or 1; off if it is absent or blank.
pub(super) fn switch(form: &Form<'_>, name: &str, faults: &mut Faults) -> bool {
    match form.get(name).and_then(|value| value.as_str()) {
        Some("1" | "true") => true,
        Some("" | "0" | "false") | None if form.get(name).is_none_or(|value| value.is_string()) => false,
        _ => {
            faults.push(Fault::at(form.pointer(name), "unknown_value", format!("{name} is 0 or 1.")));
            false
        }
    }
}

/// How a one-time code reaches a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// By e-mail.
    Email,
    /// By SMS.
    Sms,
    /// By WhatsApp.
    Whatsapp,
}

/// What somebody does by the vendor's code for it (SPEC §2).
pub(super) fn role_of(act: u8) -> Role {
    match act {
        2 => Role::Approver,
        5 => Role::Witness,
        7 => Role::Acknowledger,
        _ => Role::Signer,
    }
}

/// The vendor's code for what a signer does: the one they were named with, or the nearest.
pub(super) fn act_of(terms: &SignerTerms) -> u8 {
    terms.capacity.unwrap_or(match terms.role {
        Role::Signer | Role::Copied | Role::Viewer => 1,
        Role::Approver => 2,
        Role::Witness => 5,
        Role::Acknowledger => 7,
    })
}

/// How the vendor names the way of a one-time code; blank where none is sent. One by WhatsApp beside another was asked for
/// with a field of its own.
pub(super) fn code_of(asked: &Requirements) -> &'static str {
    match asked {
        Requirements { sms: true, .. } => "sms",
        Requirements { email_code: true, .. } => "email",
        Requirements { whatsapp: true, .. } => "whats",
        _ => "",
    }
}

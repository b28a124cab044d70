//! What a signer must prove before they may sign, beyond having their link (SPEC §7).
//!
//! Three things are kept apart. [`Requirements`] say what is asked for: no personal data, part of the
//! facts, never erased. [`Particulars`] are what is personal or secret about that: they stand beside a
//! fact, in its disclosure, and go with the request's data key. A [`Proof`] is what the fact
//! `signer.authenticated` says of one that was given.
//!
//! Not here: how anything is proved. Whoever wishes `Authenticate` has made sure of it; tries that fail
//! are no facts.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::Digest;
use crate::national_id::{NationalId, NationalIdKind};
use crate::person::Person;

/// Lowest and highest similarity of two faces that may be asked for, in per cent (seed 001).
pub const SCORE: std::ops::RangeInclusive<u8> = 70..=90;
/// Longest access code, in characters.
pub const ACCESS_CODE_MAX: usize = 100;
/// Longest list of the attachments that are asked for, in characters.
pub const ATTACHMENTS_MAX: usize = 1000;
/// Most files that prove one thing.
pub const PROOF_FILES_MAX: usize = 20;
/// How long a one-time code counts (RELIABILITY, "one-time code guessed").
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long after one was asked for another may be.
pub const CODE_WAIT: SignedDuration = SignedDuration::from_secs(60);
/// Most codes, and most payments, that may be asked for with one link.
pub const CHALLENGES_MAX: u32 = 10;
/// Longest reference of a check that somebody else made, in characters.
pub const REFERENCE_MAX: usize = 200;

/// Something that a signer proved, or is asked to prove; a one-time code is named by how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// They know the code that the sender gave them another way.
    AccessCode,
    /// They read the one-time code that went to their e-mail address.
    EmailCode,
    /// They read the one-time code that went to their telephone by SMS.
    SmsCode,
    /// They read the one-time code that went to their telephone by WhatsApp.
    WhatsappCode,
    /// They said who they are: name, date of birth and CPF.
    Identity,
    /// They sign in the presence of whoever asked for it, and said who they are there.
    InPerson,
    /// They showed a document with a photo.
    Photo,
    /// They showed themselves with that document.
    Selfie,
    /// They recorded themselves.
    VideoSelfie,
    /// They paid a symbolic amount by PIX from an account in their name.
    Pix,
    /// Their face is similar enough to the one that the government has.
    Score,
    /// They handed in the documents that were asked for.
    Attachments,
}

impl Method {
    /// Every method, in the order in which a signer goes through them: first who they are, then what they
    /// hand in.
    pub const ALL: [Method; 12] = [
        Method::AccessCode,
        Method::EmailCode,
        Method::SmsCode,
        Method::WhatsappCode,
        Method::Identity,
        Method::InPerson,
        Method::Photo,
        Method::Selfie,
        Method::VideoSelfie,
        Method::Pix,
        Method::Score,
        Method::Attachments,
    ];

    /// The method's stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::AccessCode => "access_code",
            Method::EmailCode => "email_code",
            Method::SmsCode => "sms_code",
            Method::WhatsappCode => "whatsapp_code",
            Method::Identity => "identity",
            Method::InPerson => "in_person",
            Method::Photo => "photo",
            Method::Selfie => "selfie",
            Method::VideoSelfie => "video_selfie",
            Method::Pix => "pix",
            Method::Score => "score",
            Method::Attachments => "attachments",
        }
    }

    /// The field of [`Requirements`] that asks for it.
    pub fn field(self) -> &'static str {
        match self {
            Method::SmsCode => "sms",
            Method::WhatsappCode => "whatsapp",
            Method::VideoSelfie => "video",
            method => method.as_str(),
        }
    }

    /// Whether it is a one-time code.
    pub fn is_code(self) -> bool {
        matches!(self, Method::EmailCode | Method::SmsCode | Method::WhatsappCode)
    }

    /// Whether it is proved before anything of the document is shown: all that can be known and typed in.
    pub fn unlocks(self) -> bool {
        self == Method::AccessCode || self.is_code()
    }

    /// Whether it is proved by a statement: the signer says who they are.
    pub fn is_stated(self) -> bool {
        matches!(self, Method::Identity | Method::InPerson)
    }

    /// Whether our own pages need a gateway for it: somebody who sends text messages and makes checks for us.
    pub fn needs_gateway(self) -> bool {
        use Method::{Pix, Score, SmsCode, VideoSelfie, WhatsappCode};
        matches!(self, SmsCode | WhatsappCode | Pix | VideoSelfie | Score)
    }

    /// Whether it is proved by files that are kept.
    pub fn takes_files(self) -> bool {
        matches!(self, Method::Photo | Method::Selfie | Method::VideoSelfie | Method::Attachments)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which certificate of the ICP-Brasil a signature must be made with (seed 001, `certificadoicpbr_tipo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// Whichever.
    Any,
    /// A person's.
    ECpf,
    /// A company's.
    ECnpj,
}

/// What a signer must prove, and how they are dealt with. Holds no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requirements {
    /// That they know a code, [`Particulars::access_code`]. Before that, and before any one-time code that is asked
    /// of them, they see nothing of the document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub access_code: bool,
    /// That they hand in documents, [`Particulars::attachments`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attachments: bool,
    /// That they sign with a certificate of their own. Only a vendor that has this can carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateKind>,
    /// That they read a one-time code sent to their e-mail address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_code: bool,
    /// They have no CPF: none is asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// That they say who they are: full name, date of birth, and CPF unless they are `foreign`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity: bool,
    /// That they sign in the presence of whoever asked, who opens their link: nobody else is sent it. There they say
    /// who they are as well, so `identity` asks nothing more of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_person: bool,
    /// BCP 47 tag of the language they are written to in, where it is not the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// That they show a document with a photo.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub photo: bool,
    /// That they pay by PIX from an account in the name of [`Particulars::pix`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pix: bool,
    /// That their face is so similar, in per cent, to the one on the licence of [`Particulars::score`]:
    /// 70 to 90. Needs `selfie` or `video`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// That they show themselves with their document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub selfie: bool,
    /// They are never written to, but for a one-time code that they ask for: whoever asked hands on the link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// That they read a one-time code sent by SMS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sms: bool,
    /// That they record themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub video: bool,
    /// That they read a one-time code sent by WhatsApp.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whatsapp: bool,
}

impl Requirements {
    /// Whether nothing is asked for and everything is as usual.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something must be proved in this way.
    pub fn asks(&self, method: Method) -> bool {
        match method {
            Method::AccessCode => self.access_code,
            Method::EmailCode => self.email_code,
            Method::SmsCode => self.sms,
            Method::WhatsappCode => self.whatsapp,
            Method::Identity => self.identity && !self.in_person,
            Method::InPerson => self.in_person,
            Method::Photo => self.photo,
            Method::Selfie => self.selfie,
            Method::VideoSelfie => self.video,
            Method::Pix => self.pix,
            Method::Score => self.score.is_some(),
            Method::Attachments => self.attachments,
        }
    }

    /// What must be proved, in the order in which it is gone through.
    pub fn methods(&self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(|method| self.asks(*method))
    }

    /// Whether somebody said all of who they are that a statement must hold.
    pub fn are_met_by(&self, told: &Person) -> bool {
        let has_cpf = told.national_id.as_ref().is_some_and(|id| id.kind() == NationalIdKind::Cpf);
        !told.name.trim().is_empty() && told.birthday.is_some() && (has_cpf || self.foreign)
    }

    /// Everything that does not fit together in what is asked of a person.
    pub fn misfits(&self, person: &Person, particulars: &Particulars) -> Vec<Misfit> {
        let needs = |asked: bool, given: bool, field, detail| (asked && !given).then_some(Misfit { field, detail });
        let holder = "This needs the name and the CPF of whoever it must be.";
        let phone = "A code by SMS or WhatsApp needs a telephone number.";
        let faces = self.selfie || self.video;
        let similar = self.score.is_none_or(|score| SCORE.contains(&score));
        [
            needs(self.access_code, particulars.access_code.is_some(), "access_code", "An access code is needed."),
            needs(particulars.access_code.is_some(), self.access_code, "access_code", "No access code is asked for."),
            needs(particulars.attachments.is_some(), self.attachments, "attachments", "No attachments are asked for."),
            needs(self.sms || self.whatsapp, person.phone.is_some(), "phone", phone),
            needs(self.pix, particulars.pix.is_some(), "pix", holder),
            needs(particulars.pix.is_some(), self.pix, "pix", "No payment by PIX is asked for."),
            needs(self.score.is_some(), particulars.score.is_some(), "score", holder),
            needs(particulars.score.is_some(), self.score.is_some(), "score", "No similarity is asked for."),
            needs(self.score.is_some(), faces, "score", "A similarity needs a selfie or a video selfie."),
            needs(true, similar, "score", "A similarity is 70 to 90."),
            needs(
                particulars.certificate_holder.is_some(),
                self.certificate.is_some(),
                "certificate",
                "No certificate is asked for.",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Something that does not fit together in what is asked of a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// At which field of [`Requirements`], [`Particulars`] or [`Person`].
    pub field: &'static str,
    /// One sentence.
    pub detail: &'static str,
}

/// A secret as whoever keeps it encrypted it: the engine carries it and cannot read it. So it may stand
/// in a disclosure, which auditors are given, and still tells nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Whose account or licence it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Full name.
    pub name: String,
    /// CPF.
    pub national_id: NationalId,
}

/// What is personal or secret about a signer's [`Requirements`]. Erased with the request's data key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The code that they must know, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_code: Option<Sealed>,
    /// Which documents they are to hand in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<String>,
    /// Whose certificate it must be; `None` = anybody's of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_holder: Option<NationalId>,
    /// From whose account they must pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pix: Option<Holder>,
    /// To whose licence their face must be similar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Holder>,
}

impl Particulars {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A file that was given as proof: held by its digest, encrypted, erased with the request's personal data.
/// What it is called stands in the event's personal part, at the same place in its `file_names`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofFile {
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of it.
    pub digest: Digest,
    /// What it is, such as `image/jpeg`.
    pub media_type: String,
}

/// What was proved in one way, as `signer.authenticated` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When.
    pub at: Timestamp,
    /// What was handed in.
    pub files: Vec<ProofFile>,
    /// What whoever made the check calls it.
    pub reference: Option<String>,
    /// The similarity found, in per cent.
    pub score: Option<u8>,
}

/// What a signer asked for and has not answered: a one-time code, a payment. Counts with their current link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// When the latest was asked for.
    pub at: Timestamp,
    /// How many were asked for by now.
    pub number: u32,
    /// The event by which the latest was asked for.
    pub seq: u64,
}

//! The page of one step: what a signer proves before they sign.

use askama::Template;
use countersign_engine::requirement::Method;

use super::FileLink;
use super::qr::QrDrawing;
use crate::language::Language;
use crate::pages::text::{StepWords, fill};

/// The page of one step: `GET /sign/{request}` while there is something to prove.
#[derive(Template)]
#[template(path = "pages/step.html")]
pub struct StepPage {
    /// The language of the page.
    pub language: Language,
    /// The name of who sends.
    pub organization: String,
    /// The request's title; none before they may look at the documents.
    pub title: Option<String>,
    /// Which request.
    pub request: String,
    /// Which step it is, from 1.
    pub number: usize,
    /// How many there are.
    pub total: usize,
    /// What is asked.
    pub step: Step,
    /// Why the step did not work, if it was tried.
    pub faults: Vec<StepFault>,
    /// Whether it is only not over yet.
    pub pending: bool,
    /// The documents, once they may be read.
    pub documents: Vec<FileLink>,
}

/// What is asked in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The code that the sender gave them.
    AccessCode,
    /// A one-time code.
    Code {
        /// How it comes.
        method: Method,
        /// Where to, mostly hidden.
        to: String,
        /// Whether it was sent, and may still be used.
        sent: bool,
        /// It, in a test world.
        test_code: Option<String>,
    },
    /// Who they are.
    Statement {
        /// Whether at somebody's device or their own.
        method: Method,
        /// Full name, as far as known.
        name: String,
        /// CPF; `None` if none is asked for.
        cpf: Option<String>,
        /// Date of birth, as 1990-12-31.
        birthday: String,
    },
    /// Pictures, a video, attachments.
    Files {
        /// What they prove.
        method: Method,
        /// Which documents are asked for.
        asked: Option<String>,
    },
    /// A payment.
    Pix {
        /// From whose account.
        name: String,
        /// Their CPF, mostly hidden.
        cpf: String,
        /// What is to be paid, once that was asked for.
        payment: Option<Payment>,
    },
    /// A comparison of faces.
    Score {
        /// With whose licence.
        name: String,
        /// Their CPF, mostly hidden.
        cpf: String,
        /// What may be given once more, after a comparison that failed.
        retake: Option<Method>,
    },
}

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The payment as text, to be pasted.
    pub text: String,
    /// The amount, if that is known.
    pub amount: Option<String>,
}

impl Payment {
    /// It as a QR code, for whoever pays with another device than this.
    fn qr(&self) -> Option<QrDrawing> {
        QrDrawing::of(&self.text)
    }
}

/// Why a step did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFault {
    /// At which field.
    pub field: &'static str,
    /// A sentence.
    pub text: String,
}

impl StepPage {
    /// What is proved, as it stands in the form's address.
    fn method(&self) -> Method {
        match &self.step {
            Step::AccessCode => Method::AccessCode,
            Step::Code { method, .. } | Step::Statement { method, .. } | Step::Files { method, .. } => *method,
            Step::Pix { .. } => Method::Pix,
            Step::Score { .. } => Method::Score,
        }
    }

    fn action(&self) -> String {
        format!("/sign/{}/steps/{}", self.request, self.method())
    }

    fn words(&self) -> &'static StepWords {
        &self.t().steps
    }

    fn heading(&self) -> &'static str {
        let words = self.words();
        match self.method() {
            Method::AccessCode => words.access_code,
            Method::EmailCode => words.email_code,
            Method::SmsCode => words.sms_code,
            Method::WhatsappCode => words.whatsapp_code,
            Method::Identity => words.identity,
            Method::InPerson => words.in_person,
            Method::Photo => words.photo,
            Method::Selfie => words.selfie,
            Method::VideoSelfie => words.video_selfie,
            Method::Pix => words.pix,
            Method::Score => words.score,
            Method::Attachments => words.attachments,
        }
    }

    fn detail(&self) -> String {
        let words = self.words();
        let organization = self.organization.as_str();
        match &self.step {
            Step::AccessCode => fill(words.access_code_detail, &[("organization", organization)]),
            Step::Code { to, sent: false, .. } => fill(words.code_detail, &[("to", to)]),
            Step::Code { to, .. } => {
                let minutes = super::code_minutes();
                fill(words.code_sent, &[("to", to), ("minutes", &minutes)])
            }
            Step::Statement { method: Method::InPerson, .. } => {
                fill(words.in_person_detail, &[("organization", organization)])
            }
            Step::Statement { .. } => words.identity_detail.to_owned(),
            Step::Files { method: Method::Photo, .. } => words.photo_detail.to_owned(),
            Step::Files { method: Method::Selfie, .. } => words.selfie_detail.to_owned(),
            Step::Files { method: Method::VideoSelfie, .. } => words.video_selfie_detail.to_owned(),
            Step::Files { .. } => fill(words.attachments_detail, &[("organization", organization)]),
            Step::Pix { name, cpf, .. } => fill(words.pix_detail, &[("name", name), ("cpf", cpf)]),
            Step::Score { name, cpf, .. } => fill(words.score_detail, &[("name", name), ("cpf", cpf)]),
        }
    }

    fn place(&self) -> String {
        let (number, total) = (self.number.to_string(), self.total.to_string());
        fill(self.words().step, &[("number", &number), ("total", &total)])
    }

    fn for_organization(&self, text: &str) -> String {
        fill(text, &[("organization", &self.organization)])
    }

    /// The sentence at a field, if there is a fault in it.
    fn fault_at(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.text.as_str())
    }

    /// What stands over the step: what is not said at a field of its own.
    fn fault(&self) -> Option<&str> {
        let at_fields = matches!(self.step, Step::Statement { .. });
        self.faults.first().filter(|_| !at_fields).map(|fault| fault.text.as_str())
    }

    /// The fields of the files that are handed in.
    fn inputs(&self) -> Vec<FileInput> {
        let (words, method) = (
            self.words(),
            match &self.step {
                Step::Files { method, .. } => Some(*method),
                Step::Score { retake, .. } => *retake,
                _ => None,
            },
        );
        let hint = super::file_hint(words, method.unwrap_or(Method::Photo));
        // Whoever only waits for a comparison gives nothing again.
        let required = !matches!(self.step, Step::Score { .. });
        let input = |name, label| FileInput { required, ..FileInput::new(name, label, hint.clone()) };
        match method {
            Some(Method::Photo) => {
                let back = FileInput { required: false, ..input("back", words.photo_back) };
                vec![input("file", words.photo_front).facing("environment"), back.facing("environment")]
            }
            Some(Method::Selfie) => vec![input("file", words.selfie_label).facing("user")],
            Some(Method::VideoSelfie) => {
                vec![FileInput { accept: "video/*", ..input("file", words.video_selfie_label).facing("user") }]
            }
            Some(Method::Attachments) => {
                let accept = "image/jpeg,image/png,image/webp,image/heic,application/pdf";
                vec![FileInput { accept, several: true, ..input("file", words.attachments_label) }]
            }
            _ => Vec::new(),
        }
    }
}

/// A field for files.
struct FileInput {
    name: &'static str,
    label: &'static str,
    hint: String,
    accept: &'static str,
    capture: Option<&'static str>,
    required: bool,
    several: bool,
}

impl FileInput {
    fn new(name: &'static str, label: &'static str, hint: String) -> Self {
        Self { name, label, hint, accept: "image/*", capture: None, required: true, several: false }
    }

    /// Taken with a phone's camera, the one that faces there.
    fn facing(self, side: &'static str) -> Self {
        Self { capture: Some(side), ..self }
    }
}

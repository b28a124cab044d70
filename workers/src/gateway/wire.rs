//! The gateway's contract on the wire: what we send, what we take for an answer. `schemas/gateway.json` is made of
//! it. Additive for ever: a gateway ignores members that it does not know, and so do we.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_engine::request::Request;
use countersign_engine::requirement::ProofFile;
use countersign_engine::signer::Signer;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// Longest text of a message or a payment that is shown to a person, in characters.
pub const TEXT_MAX: usize = 1000;
/// Longest reference of a check, in characters.
const REFERENCE_MAX: usize = 200;

/// What the gateway is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrandKind {
    /// Send `text` to the telephone number `to` as an SMS.
    SmsCode,
    /// Send `text` to the telephone number `to` by WhatsApp.
    WhatsappCode,
    /// Ask for a symbolic payment by PIX, and say whether it came from an account of `holder`.
    Pix,
    /// Say whether the file `video` shows a living person, and the same one as other files, if there are any.
    VideoSelfie,
    /// Say how similar the person on the files is to the photo that the government has of `holder`.
    Score,
}

/// Whose account or licence it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Full name.
    pub name: String,
    /// CPF, digits only.
    #[schema(example = "11144477735")]
    pub national_id: String,
}

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// A document with a photo.
    Photo,
    /// The person with that document.
    Selfie,
    /// The person, moving.
    Video,
}

/// A file that a signer gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What it shows.
    pub role: FileRole,
    /// What it is.
    #[schema(example = "image/jpeg")]
    pub media_type: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// It, in base64 with padding.
    pub base64: String,
}

/// One errand. Sent as often as needed, always with the same `id` and the same contents.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Errand {
    /// By which a repeat is known; also the header `webhook-id`.
    pub id: String,
    /// What is asked.
    pub kind: ErrandKind,
    /// Whose request it is.
    pub organization: String,
    /// Which request.
    pub request: String,
    /// Which signer of it.
    pub signer: String,
    /// BCP 47 tag of the language that the signer reads.
    pub language: String,
    /// Telephone number in the form of E.164, for messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+5511953020202")]
    pub to: Option<String>,
    /// What the message says, ready to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The code in it, for services that fill a template of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who it must be, for `pix` and `score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// The lowest similarity that counts, in per cent, for `score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<u8>,
    /// What the signer gave, for `video_selfie` and `score`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Evidence>,
}

impl Evidence {
    /// A file with what it shows.
    pub fn new(role: FileRole, file: &ProofFile, bytes: &[u8]) -> Self {
        let (media_type, sha256) = (file.media_type.clone(), file.digest.to_string());
        Self { role, media_type, sha256, base64: STANDARD.encode(bytes) }
    }
}

impl Errand {
    /// An errand about a signer, with nothing in it yet.
    pub fn new(id: String, kind: ErrandKind, request: &Request, signer: &Signer) -> Self {
        Self {
            id,
            kind,
            organization: request.organization.to_string(),
            request: request.id.to_string(),
            signer: signer.id().to_string(),
            language: request.language_of(signer).to_owned(),
            to: None,
            text: None,
            code: None,
            holder: None,
            similarity: None,
            files: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Errand {
    /// All but its name and kind is somebody's secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errand").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// How an errand stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A message was taken over, and will be delivered.
    Accepted,
    /// A payment or a comparison is not over: the same errand is sent again to hear more.
    Pending,
    /// It is who it must be.
    Passed,
    /// It is not, or that cannot be said.
    Failed,
}

/// Why a check failed. What is not listed here counts as `refused`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody else: another account, another face.
    OtherPerson,
    /// Less similar than asked for.
    NotSimilar,
    /// No living person.
    NotLive,
    /// The government has no photo of them.
    NoRecord,
    /// The files show too little.
    Unreadable,
    /// Nothing happened in time.
    Expired,
    /// Anything else.
    #[default]
    #[serde(other)]
    Refused,
}

/// What the signer needs to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The payment in the text form of PIX ("copia e cola"), at most 1000 characters.
    pub text: String,
    /// The amount as a person reads it.
    #[serde(default)]
    #[schema(example = "R$ 0,01")]
    pub amount: Option<String>,
}

/// What the gateway answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// How it stands.
    pub status: Standing,
    /// What the gateway calls the check, at most 200 characters, no personal data: it stands in the history for ever.
    #[serde(default)]
    pub reference: Option<String>,
    /// The similarity found, in per cent, for `score`.
    #[serde(default)]
    pub similarity: Option<u8>,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// What the signer needs to pay, for `pix` that is pending.
    #[serde(default)]
    pub payment: Option<Payment>,
}

impl Answer {
    /// The answer that a check was passed.
    pub fn passed(reference: &str, similarity: Option<u8>) -> Self {
        let reference = Some(reference.to_owned());
        Self { status: Standing::Passed, reference, similarity, reason: None, payment: None }
    }

    /// The answer if it can be one to that errand.
    pub(super) fn checked(self, errand: &Errand) -> Option<Self> {
        let message = matches!(errand.kind, ErrandKind::SmsCode | ErrandKind::WhatsappCode);
        let short = |text: &str, most: usize| text.chars().count() <= most && !text.contains(char::is_control);
        let fits = match self.status {
            Standing::Accepted => message,
            Standing::Failed => true,
            Standing::Pending => match errand.kind {
                ErrandKind::Pix => self.payment.as_ref().is_some_and(|payment| short(&payment.text, TEXT_MAX)),
                kind => kind == ErrandKind::Score,
            },
            Standing::Passed => {
                let least = errand.similarity.filter(|_| errand.kind == ErrandKind::Score);
                !message && self.similarity.is_none_or(|found| found <= 100) && self.similarity >= least
            }
        };
        let named = self.reference.as_deref().is_none_or(|reference| short(reference, REFERENCE_MAX));
        (fits && named).then_some(self)
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign gateway",
        version = "1",
        description = "What Countersign asks of whoever sends text messages and makes checks of identity for it. You \
                       serve this; Countersign calls it (settings `gateway_url` and `gateway_secret`).\n\nEach call is \
                       stamped as Standard Webhooks says, over `webhook-id`, `webhook-timestamp` and the raw body, with \
                       the secret `whsec_…`: check it, in constant time, before you believe anything, and refuse \
                       timestamps more than 5 minutes off.\n\n`id` (the same as `webhook-id`) makes an errand one: asked \
                       again, do nothing again and answer how it stands now. Answer within 20 seconds, in at most 64 KiB; \
                       what takes longer is `pending`, and the same errand comes again when the signer asks. Redirects \
                       are not followed. 400, 404, 410, 413, 415 and 422 refuse the errand for good; any other status \
                       is tried again.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(ask)
)]
struct Contract;

/// Sends a message, or makes a check.
#[utoipa::path(
    post,
    path = "/",
    operation_id = "errand",
    params(
        ("webhook-id" = String, Header, description = "The errand's `id`"),
        ("webhook-timestamp" = i64, Header, description = "When it was sent, in seconds since 1970"),
        ("webhook-signature" = String, Header, description = "`v1,` and the stamp in base64"),
    ),
    request_body = Errand,
    responses(
        (status = 200, description = "How the errand stands", body = Answer),
        (status = 401, description = "The stamp is wrong"),
        (status = 422, description = "This errand cannot be done, now or later"),
        (status = 503, description = "Not now; the same errand comes again"),
    )
)]
#[expect(dead_code, reason = "the contract of a service that others write: only described")]
fn ask() {}

/// The contract as OpenAPI.
pub fn description() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errand(kind: ErrandKind) -> Errand {
        Errand {
            id: "x".into(),
            kind,
            organization: "acme".into(),
            request: "r".into(),
            signer: "s".into(),
            language: "en".into(),
            to: None,
            text: None,
            code: None,
            holder: None,
            similarity: (kind == ErrandKind::Score).then_some(80),
            files: Vec::new(),
        }
    }

    fn read(kind: ErrandKind, text: &str) -> Option<Answer> {
        serde_json::from_str::<Answer>(text).ok()?.checked(&errand(kind))
    }

    #[test]
    fn an_answer_must_be_one_to_what_was_asked() {
        for (kind, text) in [
            (ErrandKind::SmsCode, r#"{"status":"accepted","more":1}"#),
            (ErrandKind::WhatsappCode, r#"{"status":"failed","reason":"a_new_one"}"#),
            (ErrandKind::Pix, r#"{"status":"pending","payment":{"text":"000201"}}"#),
            (ErrandKind::Pix, r#"{"status":"passed","reference":"E1"}"#),
            (ErrandKind::Score, r#"{"status":"pending"}"#),
            (ErrandKind::Score, r#"{"status":"passed","similarity":80}"#),
        ] {
            assert!(read(kind, text).is_some(), "{kind:?} {text}");
        }
        for (kind, text) in [
            (ErrandKind::SmsCode, r#"{"status":"passed"}"#),
            (ErrandKind::SmsCode, r#"{"status":"pending"}"#),
            (ErrandKind::Pix, r#"{"status":"accepted"}"#),
            (ErrandKind::Pix, r#"{"status":"pending"}"#),
            (ErrandKind::VideoSelfie, r#"{"status":"pending"}"#),
            (ErrandKind::Score, r#"{"status":"passed","similarity":79}"#),
            (ErrandKind::Score, r#"{"status":"passed","similarity":101}"#),
            (ErrandKind::Score, r#"{"status":"passed"}"#),
            (ErrandKind::Pix, r#"{"status":"sometimes"}"#),
            (ErrandKind::Pix, r#"{"status":"passed","reference":"a\nb"}"#),
            (ErrandKind::Pix, "[]"),
        ] {
            assert!(read(kind, text).is_none(), "{kind:?} {text}");
        }
        let long = format!(r#"{{"status":"passed","reference":"{}"}}"#, "x".repeat(REFERENCE_MAX + 1));
        assert!(read(ErrandKind::Pix, &long).is_none());
    }
}

//! Signers, as they are named and as they are listed. Switches are `1` or `0`.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::D4SignDocument;

/// Signers who are to join.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignNewSigners {
    /// They, in the order in which they sign if the document is sent to one after another.
    #[schema(min_items = 1, max_items = 100)]
    pub signers: Vec<D4SignNewSigner>,
}

/// A signer who is to join. What belongs to a switch that is off is not looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignNewSigner {
    /// Their address; with `uuid_grupo` it may be blank.
    #[schema(max_length = 255, example = "ana@example.com")]
    pub email: String,
    /// What they do: 1 signs, 2 approves, 3 recognizes, 4 signs as a party, 5 as a witness, 6 as an intervening party,
    /// 7 acknowledges receipt, 8 as issuer, endorser and guarantor, 9 the same and surety, 10 as surety, 11 as party and
    /// surety, 12 as jointly liable, 13 as party and jointly liable.
    #[schema(example = "1")]
    pub act: String,
    /// Whether they have no CPF.
    #[schema(example = "0")]
    pub foreign: String,
    /// A foreigner's language: `en`, `es` or `ptBR`.
    pub foreign_lang: Option<String>,
    /// Whether they must sign with a certificate of ICP-Brasil: not supported, `0`.
    #[schema(example = "0")]
    pub certificadoicpbr: String,
    /// Which: 1 any, 2 e-CPF, 3 e-CNPJ.
    pub certificadoicpbr_tipo: Option<String>,
    /// Whose e-CPF.
    pub certificadoicpbr_cpf: Option<String>,
    /// Whose e-CNPJ.
    pub certificadoicpbr_cnpj: Option<String>,
    /// Whether they sign in the presence of whoever asked.
    #[schema(example = "0")]
    pub assinatura_presencial: String,
    /// Whether they show a document with a photo.
    pub docauth: Option<String>,
    /// Whether they show one and then themselves with it.
    pub docauthandselfie: Option<String>,
    /// How a one-time code reaches them: `email`, `sms` or `whats`; none is sent if it is absent.
    pub embed_methodauth: Option<String>,
    /// The telephone number for it: `+` and digits (E.164).
    pub embed_smsnumber: Option<String>,
    /// Whether they hand in documents.
    pub upload_allow: Option<String>,
    /// Which.
    #[schema(max_length = 1000)]
    pub upload_obs: Option<String>,
    /// Of a document that is out and signed one after another: behind the how manieth signer they act.
    pub after_position: Option<String>,
    /// Whether they are never written to.
    pub skipemail: Option<String>,
    /// A WhatsApp number, to which a one-time code is sent.
    pub whatsapp_number: Option<String>,
    /// The signing group that is to sign: any one of its members does.
    pub uuid_grupo: Option<String>,
    /// A code that they must know.
    #[schema(max_length = 100)]
    pub password_code: Option<String>,
    /// Whether they prove who they are by PIX.
    pub auth_pix: Option<String>,
    /// From whose account: name,
    pub auth_pix_nome: Option<String>,
    /// and CPF.
    pub auth_pix_cpf: Option<String>,
    /// Whether they record themselves.
    pub videoselfie: Option<String>,
    /// Whether their face is compared with the one on their licence; needs `docauthandselfie` or `videoselfie`.
    pub d4sign_score: Option<String>,
    /// Whose licence: name,
    pub d4sign_score_nome: Option<String>,
    /// and CPF.
    pub d4sign_score_cpf: Option<String>,
    /// How similar it must be, in per cent: 70 to 90.
    pub d4sign_score_similarity: Option<String>,
}

/// Signers who joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignCreated {
    /// All of them.
    pub message: Vec<D4SignCreatedSigner>,
    /// The first of them once more, as seed 001 shows one.
    #[serde(flatten)]
    pub first: Option<D4SignCreatedSigner>,
}

/// A signer who joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct D4SignCreatedSigner {
    /// Their key.
    pub key_signer: String,
    /// Their address.
    pub email: String,
    /// What they do.
    pub act: String,
    /// Whether they have no CPF.
    pub foreign: String,
    /// Whether they sign with a certificate.
    pub certificadoicpbr: String,
    /// Whether they sign in the presence of whoever asked.
    pub assinatura_presencial: String,
    /// Where they do, once the document was sent and it is their turn.
    pub assinatura_presencial_link: String,
    /// Whether they show a document with a photo, and no more.
    pub doc_auth: String,
    /// How a one-time code reaches them.
    pub embed_methodauth: String,
    /// The telephone number for it.
    pub embed_smsnumber: String,
    /// Whether they hand in documents.
    pub upload_allow: String,
    /// Which, as it was sent.
    pub upload_obs: String,
    /// Whether they show a document with a photo, and themselves with it.
    pub docauthandselfie: String,
    /// Whether they are never written to.
    pub skipemail: String,
    /// Their WhatsApp number.
    pub whatsapp: String,
    /// The code that they must know.
    pub password_code: String,
    /// `created`.
    pub status: &'static str,
}

/// A document with its signers.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignSigners {
    /// The document.
    #[serde(flatten)]
    pub document: D4SignDocument,
    /// Its signers, in their order.
    pub list: Vec<D4SignSigner>,
}

/// A signer of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignSigner {
    /// Their key.
    pub key_signer: String,
    /// Their name, if it is known.
    pub user_name: String,
    /// Their CPF or CNPJ, if it is known.
    #[schema(example = "11144477735 (CPF)")]
    pub user_document: String,
    /// Their address.
    pub email: String,
    /// Whether they have signed.
    pub signed: String,
    /// How, if they have.
    pub sign_info: Option<D4SignSignInfo>,
    /// What they do, as `act` names it.
    #[serde(rename = "type")]
    pub act: String,
    /// Whether they have no CPF.
    pub foreign: String,
    /// Whether they sign with a certificate.
    pub certificadoicpbr: String,
    /// Whether they sign in the presence of whoever asked.
    pub assinatura_presencial: String,
    /// Where they do, once the document was sent and it is their turn.
    pub assinatura_presencial_link: String,
    /// How a one-time code reaches them.
    pub embed_methodauth: String,
    /// The telephone number for it.
    pub embed_smsnumber: String,
    /// Whether they were written to.
    pub email_sent: String,
    /// What became of the last letter: `Delivery`, `Bounce`, or blank.
    pub email_sent_status: &'static str,
    /// The same in a sentence.
    pub email_sent_message: &'static str,
    /// Whether they hand in documents.
    pub upload_allowed: String,
    /// Which.
    pub upload_obs: String,
    /// What they handed in: SHA-256 digests as JSON.
    pub documents_attached: String,
    /// When they were named.
    #[schema(example = "2016-04-17 13:56:21")]
    pub date: String,
    /// Whether they show a document with a photo, and no more.
    pub docauth: String,
    /// Whether they show one, and themselves with it.
    pub docauthandselfie: String,
    /// What was read from it: nothing is.
    pub docauth_text: &'static str,
    /// Whether they record themselves.
    pub videoselfie: String,
    /// Whether they prove who they are by PIX.
    pub auth_pix: String,
    /// Whether their face is compared with the one on their licence.
    pub d4sign_score: String,
    /// Whether they are never written to.
    pub skipemail: String,
    /// The signing group for which they sign, or blank.
    pub uuid_grupo: String,
    /// The code that they must know.
    pub password_code: String,
}

/// How somebody signed.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignSignInfo {
    /// From which address.
    pub ip: String,
    /// What that is called: it is not looked up.
    pub ip_reverser: &'static str,
    /// Where that is: it is not looked up.
    pub geolocation: &'static str,
    /// With which browser.
    pub user_agent: String,
    /// When, by the clock of Brasília.
    #[schema(example = "2038-03-29 11:05:34")]
    pub date_signed: String,
    /// The same with its distance from UTC.
    #[schema(example = "2038-03-29T11:05:34-03:00")]
    pub date_signed_atom: String,
}

/// A signing group.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignGroup {
    /// Which.
    pub uuid_grupo: Uuid,
    /// What it is called.
    #[schema(example = "Grupo Jurídico")]
    pub nome: String,
}

/// Another address for a signer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct D4SignChangeEmail {
    /// The address, or the telephone number, until now.
    pub email_before: String,
    /// The one from now on.
    pub email_after: String,
    /// The signer's key, where two have the same address.
    pub key_signer: Option<String>,
}

/// Another telephone number for a signer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct D4SignChangeSms {
    /// The signer's address.
    pub email: String,
    /// The number from now on.
    #[schema(example = "+5511953874555")]
    pub sms_number: String,
    /// The signer's key, where two have the same address.
    pub key_signer: Option<String>,
}

/// Another code for a signer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct D4SignChangeCode {
    /// The signer's address.
    pub email: String,
    /// The code from now on; blank takes the present one away.
    #[schema(max_length = 100)]
    pub password_code: Option<String>,
    /// The signer's key, where two have the same address.
    pub key_signer: Option<String>,
}

/// A signer who is to leave.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct D4SignRemove {
    /// The signer's address.
    pub email_signer: String,
    /// The signer's key.
    pub key_signer: String,
}

/// What is known of a signer who signs in person.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignInfo {
    /// The signer's key, where two have the same address.
    pub key_signer: Option<String>,
    /// The signer's address.
    pub email: String,
    /// Their name.
    #[schema(max_length = 255)]
    pub display_name: Option<String>,
    /// Their CPF.
    pub documentation: Option<String>,
    /// When they were born: `1990-12-31` or `31/12/1990`.
    pub birthday: Option<String>,
}

/// What is known of them now.
#[derive(Debug, Serialize, ToSchema)]
pub struct D4SignInfoChanged {
    /// The document.
    #[serde(rename = "uuid-doc")]
    pub uuid_doc: Uuid,
    /// The signer's address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their CPF, as it was sent; if it was not, its digits.
    pub documentation: String,
    /// When they were born, as it was sent; if it was not, as `31/12/1990`.
    pub birthday: String,
    /// `changed`.
    pub status: &'static str,
}

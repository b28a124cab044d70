//! Signers beyond what seed 002 says of them: what they must prove, and corrections in flight.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::new::SignerRole;

/// What a signer must prove before they act, and how they are dealt with. What is left out is not asked for; a member
/// that there is not is refused. `sms`, `whatsapp`, `pix`, `video` and `score` need a gateway, but at
/// D4Sign, which does them itself.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignerRequirements {
    /// That they know the `accessCode`; before that they see nothing of the document. Follows from `accessCode`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub access_code: bool,
    /// That they hand in documents: which, in at most 1000 characters, or just `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Value>,
    /// That they sign with a certificate of the ICP-Brasil. Our own pages cannot; a provider may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<SignerCertificate>,
    /// That they read a one-time code sent to their e-mail address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub email_code: bool,
    /// They have no CPF: none is asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub foreign: bool,
    /// That they say who they are: full name, date of birth, and CPF unless they are `foreign`. What you named is filled in
    /// for them. From then on they are who they said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub identity: bool,
    /// That they sign in the presence of whoever asked, where they say who they are as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub in_person: bool,
    /// Their language, where it is not the request's: `en`, `es` or `pt-BR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// That they show a document with a photo.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub photo: bool,
    /// That they pay a symbolic amount by PIX from this person's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pix: Option<SignerHolder>,
    /// That their face is similar to the one on this person's driving licence. Needs `selfie` or `video`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<SignerScore>,
    /// That they show themselves with their document.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub selfie: bool,
    /// They are never written to: you hand on their `signingUrl`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub silent: bool,
    /// That they read a one-time code sent by SMS. Needs `phone`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub sms: bool,
    /// That they record themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub video: bool,
    /// That they read a one-time code sent by WhatsApp. Needs `phone`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub whatsapp: bool,
}

/// Which certificate a signature must be made with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignerCertificate {
    /// `any`, `e_cpf` or `e_cnpj`.
    #[schema(default = "any")]
    pub kind: &'static str,
    /// Whose: CPF or CNPJ; anybody's if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub national_id: Option<String>,
}

/// Whose account it must be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignerHolder {
    /// Full name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// CPF.
    pub national_id: String,
}

/// To whose licence a face must be similar, and how much.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignerScore {
    /// Full name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// CPF.
    pub national_id: String,
    /// Similarity in per cent.
    #[schema(minimum = 70, maximum = 90)]
    pub similarity: u8,
}

/// Something that a signer proved with their current link.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignerProof {
    /// How, such as `access_code`.
    pub method: &'static str,
    /// When.
    pub at: Timestamp,
    /// The similarity found, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// What whoever made the check calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The body of `POST /requests/{id}/signers`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddSigner {
    /// The resource.
    pub data: AddSignerData,
}

/// A signer who joins.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddSignerData {
    /// `signer`.
    #[schema(example = "signer")]
    pub r#type: Option<String>,
    /// Who, and where.
    pub attributes: AddSignerAttributes,
}

/// Who joins, and where: `afterPosition`, or `order`, or neither, which is together with all if they act together, else
/// behind everyone. Nobody joins before those who are invited already.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddSignerAttributes {
    /// Full name; left out with `groupId`.
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// E-mail address; left out with `groupId`.
    #[schema(max_length = 255)]
    pub email: Option<String>,
    /// A signing group: all of its members join.
    pub group_id: Option<Uuid>,
    /// Behind the n-th of those who act, a signing group counting once, and those who act together with them; whoever is
    /// there moves back.
    #[schema(minimum = 0, maximum = 1000000)]
    pub after_position: Option<u32>,
    /// Place in the order.
    #[schema(minimum = 1, maximum = 1000000)]
    pub order: Option<u32>,
    /// With `order`: everyone at or behind it moves back.
    #[schema(default = false)]
    pub push_back: Option<bool>,
    /// What is asked of them.
    pub role: Option<SignerRole>,
    /// Telephone, as +5511953020202.
    pub phone: Option<String>,
    /// CPF or CNPJ.
    pub national_id: Option<String>,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// A code that they must know; you tell them another way. It is never told again.
    #[schema(max_length = 100)]
    pub access_code: Option<String>,
    /// What they must prove.
    pub requirements: Option<SignerRequirements>,
}

/// The body of `POST /requests/{id}/signers/{signer}/replace`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplaceSigner {
    /// The resource.
    pub data: ReplaceSignerData,
}

/// A signer who takes over.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplaceSignerData {
    /// `signer`.
    #[schema(example = "signer")]
    pub r#type: Option<String>,
    /// Who.
    pub attributes: ReplaceSignerAttributes,
}

/// Who takes over.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplaceSignerAttributes {
    /// Full name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// E-mail address.
    #[schema(max_length = 255)]
    pub email: String,
    /// Telephone, as +5511953020202.
    pub phone: Option<String>,
    /// CPF or CNPJ.
    pub national_id: Option<String>,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// A code that they must know; needed if one was asked of who leaves.
    #[schema(max_length = 100)]
    pub access_code: Option<String>,
    /// What they must prove; what was asked of who leaves, if absent.
    pub requirements: Option<SignerRequirements>,
}

/// The body of `PATCH /requests/{id}/signers/{signer}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectSigner {
    /// The resource.
    pub data: CorrectSignerData,
}

/// A signer who is put right.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectSignerData {
    /// `signer`.
    #[schema(example = "signer")]
    pub r#type: Option<String>,
    /// What is to be different.
    pub attributes: CorrectSignerAttributes,
}

/// What is to be different. What is left out stays; what is null goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorrectSignerAttributes {
    /// Full name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// E-mail address.
    #[schema(max_length = 255)]
    pub email: Option<String>,
    /// Telephone, as +5511953020202.
    pub phone: Option<String>,
    /// CPF or CNPJ.
    pub national_id: Option<String>,
    /// Day of birth.
    pub birthday: Option<Date>,
    /// The code that they must know; null or blank = none any more.
    #[schema(max_length = 100)]
    pub access_code: Option<String>,
    /// What they must prove from now on, all of it but for the access code, which goes by itself; null = nothing.
    pub requirements: Option<SignerRequirements>,
}

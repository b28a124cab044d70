//! The signature itself: CMS signed data as PAdES B-B wants it, made and checked.
//!
//! It signs and checks bytes. It knows nothing of PDF and trusts no certificate: whose
//! signature it is, is for the caller to compare.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode, Sequence, Tag, Tagged};
use ring::digest;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::{Attribute, Attributes};

use super::SealError;
use super::authority::Authority;
use super::verify::NotSealed;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// Bytes for everything in the signature that is not a certificate.
const FRAME_BYTES: usize = 3072;

/// A pair of signature and digest algorithms that this file can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    EcdsaSha256,
    EcdsaSha384,
    RsaSha256,
    RsaSha384,
    RsaSha512,
}

/// RFC 5035, section 4: which certificate signed, inside what is signed.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<CertificateId>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Sequence)]
struct CertificateId {
    /// SHA-256 if absent.
    #[asn1(optional = "true")]
    algorithm: Option<AlgorithmIdentifierOwned>,
    digest: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

impl Scheme {
    fn digest(self) -> (&'static digest::Algorithm, ObjectIdentifier) {
        match self {
            Self::EcdsaSha256 | Self::RsaSha256 => (&digest::SHA256, SHA256),
            Self::EcdsaSha384 | Self::RsaSha384 => (&digest::SHA384, SHA384),
            Self::RsaSha512 => (&digest::SHA512, SHA512),
        }
    }

    fn identifier(self) -> AlgorithmIdentifierOwned {
        let oid = match self {
            Self::EcdsaSha256 => ECDSA_SHA256,
            Self::EcdsaSha384 => ECDSA_SHA384,
            Self::RsaSha256 => RSA_SHA256,
            Self::RsaSha384 => RSA_SHA384,
            Self::RsaSha512 => RSA_SHA512,
        };
        AlgorithmIdentifierOwned { oid, parameters: None }
    }

    /// The scheme that a signer declares; some name only RSA and leave the digest to its own field.
    fn declared(signature: ObjectIdentifier, digest: ObjectIdentifier) -> Option<Self> {
        let scheme = match signature {
            ECDSA_SHA256 => Self::EcdsaSha256,
            ECDSA_SHA384 => Self::EcdsaSha384,
            RSA_SHA256 => Self::RsaSha256,
            RSA_SHA384 => Self::RsaSha384,
            RSA_SHA512 => Self::RsaSha512,
            RSA => match digest {
                SHA256 => Self::RsaSha256,
                SHA384 => Self::RsaSha384,
                SHA512 => Self::RsaSha512,
                _ => return None,
            },
            _ => return None,
        };
        (scheme.digest().1 == digest).then_some(scheme)
    }

    fn verifier(self, certificate: &Certificate) -> Option<&'static dyn VerificationAlgorithm> {
        let key = &certificate.tbs_certificate.subject_public_key_info.algorithm;
        let curve = || key.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
        match self {
            Self::RsaSha256 if key.oid == RSA => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::RsaSha384 if key.oid == RSA => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::RsaSha512 if key.oid == RSA => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::EcdsaSha256 if curve() == Some(P256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
            Self::EcdsaSha256 if curve() == Some(P384) => Some(&signature::ECDSA_P384_SHA256_ASN1),
            Self::EcdsaSha384 if curve() == Some(P256) => Some(&signature::ECDSA_P256_SHA384_ASN1),
            Self::EcdsaSha384 if curve() == Some(P384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
            _ => None,
        }
    }
}

/// How many bytes a signature of this authority may take.
pub(super) fn reserve(authority: &Authority) -> usize {
    let length = |certificate: &Certificate| {
        certificate.encoded_len().map_or(4096, |length| usize::try_from(length).unwrap_or(4096))
    };
    FRAME_BYTES + authority.chain().iter().map(length).sum::<usize>()
}

/// Signs the parts, one after the other, as one message.
pub(super) fn sign(authority: &Authority, parts: [&[u8]; 2]) -> Result<Vec<u8>, SealError> {
    build(authority, parts).map_err(|_| SealError::Signature)?.ok_or(SealError::Signature)
}

fn build(authority: &Authority, parts: [&[u8]; 2]) -> der::Result<Option<Vec<u8>>> {
    let scheme = authority.scheme();
    let (algorithm, digest_oid) = scheme.digest();
    let Some(own) = authority.chain().first() else {
        return Ok(None);
    };
    // Every certificate of the chain is named, so that none can be exchanged afterwards.
    let mut certs = Vec::new();
    for certificate in authority.chain() {
        let digest = digest::digest(&digest::SHA256, &certificate.to_der()?);
        certs.push(CertificateId { algorithm: None, digest: OctetString::new(digest.as_ref())?, issuer_serial: None });
    }
    let attributes: Attributes = SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::from(&DATA))?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest_of(algorithm, parts).as_ref())?)?)?,
        attribute(SIGNING_CERTIFICATE_V2, Any::encode_from(&SigningCertificateV2 { certs, policies: None })?)?,
    ])?;
    let Some(signature) = authority.sign(&attributes.to_der()?) else {
        return Ok(None);
    };
    let digest_alg = AlgorithmIdentifierOwned { oid: digest_oid, parameters: None };
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: own.tbs_certificate.issuer.clone(),
            serial_number: own.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: digest_alg.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: scheme.identifier(),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates: Vec<_> = authority.chain().iter().cloned().map(CertificateChoices::Certificate).collect();
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(certificates)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer])?,
    };
    ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der().map(Some)
}

/// Checks a signature over the parts and returns the certificate it was made with.
///
/// Everything in it must be covered by the signature, be the signature, or be implied by it, so
/// that no byte can be exchanged without a trace.
pub(super) fn check(encoded: &[u8], parts: [&[u8]; 2]) -> Result<Certificate, NotSealed> {
    let outer = ContentInfo::from_der(encoded).map_err(|_| NotSealed::SignatureUnreadable)?;
    let signed: SignedData = outer.content.decode_as().map_err(|_| NotSealed::SignatureUnreadable)?;
    let canonical = Any::encode_from(&signed)
        .and_then(|content| ContentInfo { content_type: SIGNED_DATA, content }.to_der())
        .map_err(|_| NotSealed::SignatureUnreadable)?;
    let signers = signed.signer_infos.0.as_slice();
    let [signer] = signers else {
        return Err(NotSealed::SignatureUnusual);
    };
    let plain = signed.encap_content_info.econtent_type == DATA
        && signed.encap_content_info.econtent.is_none()
        && signed.version == CmsVersion::V1
        && signer.version == CmsVersion::V1
        && signed.digest_algorithms.as_slice() == [signer.digest_alg.clone()];
    if canonical != encoded || !plain {
        return Err(NotSealed::SignatureUnusual);
    }
    let scheme =
        Scheme::declared(signer.signature_algorithm.oid, signer.digest_alg.oid).ok_or(NotSealed::AlgorithmUnknown)?;
    for identifier in [&signer.signature_algorithm, &signer.digest_alg] {
        if identifier.parameters.as_ref().is_some_and(|parameters| parameters.tag() != Tag::Null) {
            return Err(NotSealed::AlgorithmUnknown);
        }
    }
    let attributes = signer.signed_attrs.as_ref().ok_or(NotSealed::SignatureUnusual)?;
    if value::<ObjectIdentifier>(attributes, CONTENT_TYPE)? != DATA {
        return Err(NotSealed::SignatureUnusual);
    }
    let digest: OctetString = value(attributes, MESSAGE_DIGEST)?;
    if digest.as_bytes() != digest_of(scheme.digest().0, parts).as_ref() {
        return Err(NotSealed::Changed);
    }
    let own = signing_certificate(&signed, signer, attributes)?;
    let message = attributes.to_der().map_err(|_| NotSealed::SignatureUnreadable)?;
    if is_signed_by(&own, scheme, &message, signer.signature.as_bytes()) {
        Ok(own)
    } else {
        Err(NotSealed::SignatureInvalid)
    }
}

/// Whether a signature over a message was made with the key of a certificate.
pub(super) fn is_signed_by(certificate: &Certificate, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
    let key = certificate.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
    scheme
        .verifier(certificate)
        .is_some_and(|algorithm| UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok())
}

/// The name a certificate gives: its common name, or its whole subject.
pub(super) fn subject(certificate: &Certificate) -> String {
    let name = &certificate.tbs_certificate.subject;
    let common_name = ObjectIdentifier::new_unwrap("2.5.4.3");
    name.0
        .iter()
        .flat_map(|relative| relative.0.iter())
        .find(|part| part.oid == common_name)
        .and_then(|part| std::str::from_utf8(part.value.value()).ok().map(str::to_owned))
        .unwrap_or_else(|| name.to_string())
}

/// Finds the certificate among those included that the signed attributes and the signer name.
fn signing_certificate(
    signed: &SignedData,
    signer: &SignerInfo,
    attributes: &Attributes,
) -> Result<Certificate, NotSealed> {
    let named: SigningCertificateV2 = value(attributes, SIGNING_CERTIFICATE_V2)?;
    let mut found = None;
    let included = signed.certificates.iter().flat_map(|set| set.0.iter());
    for choice in included {
        let CertificateChoices::Certificate(certificate) = choice else {
            return Err(NotSealed::SignatureUnusual);
        };
        let encoded = certificate.to_der().map_err(|_| NotSealed::SignatureUnreadable)?;
        let place = named.certs.iter().position(|id| id.names(&encoded));
        match place {
            Some(0) => found = Some(certificate.clone()),
            Some(_) => {}
            // With one name only, others may come along unnamed; with more, all must be named.
            None if named.certs.len() == 1 => {}
            None => return Err(NotSealed::CertificateMismatch),
        }
    }
    let own = found.ok_or(NotSealed::CertificateMismatch)?;
    match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(id)
            if id.issuer == own.tbs_certificate.issuer && id.serial_number == own.tbs_certificate.serial_number =>
        {
            Ok(own)
        }
        _ => Err(NotSealed::CertificateMismatch),
    }
}

impl CertificateId {
    fn names(&self, certificate: &[u8]) -> bool {
        let algorithm = match self.algorithm.as_ref().map(|algorithm| algorithm.oid) {
            None | Some(SHA256) => &digest::SHA256,
            Some(SHA384) => &digest::SHA384,
            Some(SHA512) => &digest::SHA512,
            Some(_) => return false,
        };
        self.digest.as_bytes() == digest::digest(algorithm, certificate).as_ref()
    }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// The one value of the one attribute of a kind.
fn value<'a, T: der::Choice<'a> + der::DecodeValue<'a>>(
    attributes: &'a Attributes,
    oid: ObjectIdentifier,
) -> Result<T, NotSealed> {
    let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Err(NotSealed::SignatureUnusual);
    };
    let [value] = attribute.values.as_slice() else {
        return Err(NotSealed::SignatureUnusual);
    };
    value.decode_as().map_err(|_| NotSealed::SignatureUnreadable)
}

fn digest_of(algorithm: &'static digest::Algorithm, parts: [&[u8]; 2]) -> digest::Digest {
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    context.finish()
}

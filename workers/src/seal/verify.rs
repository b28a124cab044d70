//! The check of a sealed file, from its bytes alone.
//!
//! It proves that nothing changed since the last signature and says whose it is. Whether that
//! certificate is to be trusted is for the caller to decide, by its fingerprint.

use der::Encode;
use jiff::Timestamp;
use lopdf::{Dictionary, Document, LoadOptions, Object};
use serde::{Deserialize, Serialize};
use x509_cert::Certificate;

use super::closing::{ORIGINAL_LENGTH_KEY, SealKind};
use super::inspect::{MAX_HELD_STREAM_BYTES, MAX_OBJECTS};
use super::{cms, dates};

/// Largest file that is checked, in bytes: a document of the largest size, its seal and more.
pub const MAX_SEALED_BYTES: usize = 128 * 1024 * 1024;

/// What a sealed file proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The name on the certificate.
    pub subject: String,
    /// The SHA-256 of the certificate, in hexadecimal.
    pub certificate_sha256: String,
    /// The first moment of the certificate's validity.
    pub certificate_not_before: Timestamp,
    /// The last moment of the certificate's validity.
    pub certificate_not_after: Timestamp,
    /// When the signature says it was made.
    pub signed_at: Option<Timestamp>,
    /// Whether the certificate was valid then. It is a statement and not a failure, because the
    /// time is the signer's own word.
    pub certificate_in_force: bool,
    /// Whether it certifies the document or approves it.
    pub kind: SealKind,
    /// The number of revisions of the file before the signed one.
    pub earlier_revisions: usize,
    /// The number of signatures before this one.
    pub earlier_signatures: usize,
    /// The document as it was before our update; absent if another program made the seal.
    pub original: Option<Original>,
    /// The SHA-256 of the whole file, in hexadecimal.
    pub file_sha256: String,
}

/// The unchanged beginning of a sealed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// Why a file does not count as sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotSealed {
    /// Larger than [`MAX_SEALED_BYTES`], or with too many objects.
    #[error("the file is too large to check")]
    TooLarge,
    /// Not a PDF, or not one that can be read as written.
    #[error("the file is not a readable PDF")]
    Unreadable,
    /// No signature in it.
    #[error("the file has no signature")]
    Unsigned,
    /// Bytes outside the last signature.
    #[error("the last signature does not cover the whole file: something was added or cut off")]
    NotCovered,
    /// The gap for the signature holds something else.
    #[error("the place of the signature holds something else")]
    GapMisused,
    /// The bytes differ from what was signed.
    #[error("the file was changed after it was signed")]
    Changed,
    /// The signature is not CMS.
    #[error("the signature cannot be read")]
    SignatureUnreadable,
    /// The signature has parts that PAdES baseline signatures do not have.
    #[error("the signature is not made as a PAdES baseline signature")]
    SignatureUnusual,
    /// An algorithm that is not supported.
    #[error("the signature uses an unknown algorithm")]
    AlgorithmUnknown,
    /// The signature does not fit its certificate's key.
    #[error("the signature is not valid")]
    SignatureInvalid,
    /// The certificate is not the one the signature names.
    #[error("the certificate is not the one that signed")]
    CertificateMismatch,
    /// The recorded length of the original is impossible.
    #[error("the record of the original document is not plausible")]
    OriginalImplausible,
}

impl NotSealed {
    /// The stable, machine-readable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Unreadable => "unreadable",
            Self::Unsigned => "unsigned",
            Self::NotCovered => "not_covered",
            Self::GapMisused => "gap_misused",
            Self::Changed => "changed",
            Self::SignatureUnreadable => "signature_unreadable",
            Self::SignatureUnusual => "signature_unusual",
            Self::AlgorithmUnknown => "algorithm_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::CertificateMismatch => "certificate_mismatch",
            Self::OriginalImplausible => "original_implausible",
        }
    }
}

/// One signature of the file and the bytes it says it covers.
struct Signature<'a> {
    dictionary: &'a Dictionary,
    /// Where the gap starts, where it ends, and where the file ends.
    range: [usize; 3],
}

/// Checks the last signature of a file.
pub fn verify(pdf: &[u8]) -> Result<Verdict, NotSealed> {
    if pdf.len() > MAX_SEALED_BYTES {
        return Err(NotSealed::TooLarge);
    }
    let document = load(pdf)?;
    let signatures = signatures(&document)?;
    let last = signatures.iter().max_by_key(|signature| signature.range[2]).ok_or(NotSealed::Unsigned)?;
    let [gap_start, gap_end, end] = last.range;
    if end != pdf.len() || signatures.iter().filter(|signature| signature.range[2] == end).count() > 1 {
        return Err(NotSealed::NotCovered);
    }
    let contents = contents(pdf, gap_start, gap_end)?;
    if last.dictionary.get(b"Contents").and_then(Object::as_str).ok() != Some(contents.as_slice()) {
        return Err(NotSealed::GapMisused);
    }
    let encoded = trimmed(&contents)?;
    let certificate = cms::check(encoded, [&pdf[..gap_start], &pdf[gap_end..]])?;
    let signed_at = last.dictionary.get(b"M").and_then(Object::as_str).ok().and_then(dates::read);
    let (not_before, not_after) = validity(&certificate).ok_or(NotSealed::SignatureUnreadable)?;
    let encoded = certificate.to_der().map_err(|_| NotSealed::SignatureUnreadable)?;
    Ok(Verdict {
        subject: cms::subject(&certificate),
        certificate_sha256: sha256(&encoded),
        certificate_not_before: not_before,
        certificate_not_after: not_after,
        signed_at,
        certificate_in_force: signed_at.is_some_and(|time| time >= not_before && time <= not_after),
        kind: kind(&document, last.dictionary),
        earlier_revisions: document.revision_count().saturating_sub(1),
        earlier_signatures: signatures.len() - 1,
        original: original(pdf, last.dictionary, gap_start)?,
        file_sha256: sha256(pdf),
    })
}

fn load(pdf: &[u8]) -> Result<Document, NotSealed> {
    if !pdf.starts_with(b"%PDF-") {
        return Err(NotSealed::Unreadable);
    }
    let options = LoadOptions::with_max_decompressed_size(MAX_HELD_STREAM_BYTES);
    let document = Document::load_mem_with_options(pdf, options).map_err(|_| NotSealed::Unreadable)?;
    if document.xref_recovery.is_some() {
        return Err(NotSealed::Unreadable);
    }
    if document.objects.len() > 2 * MAX_OBJECTS { Err(NotSealed::TooLarge) } else { Ok(document) }
}

/// Every signature that a signature field holds.
fn signatures(document: &Document) -> Result<Vec<Signature<'_>>, NotSealed> {
    let mut ids = Vec::new();
    for object in document.objects.values() {
        let Object::Dictionary(field) = object else {
            continue;
        };
        let Ok(Object::Reference(id)) = field.get(b"V") else {
            continue;
        };
        let Ok(dictionary) = document.get_dictionary(*id) else {
            continue;
        };
        if dictionary.has(b"ByteRange") && !ids.contains(id) {
            ids.push(*id);
        }
        if ids.len() > 1000 {
            return Err(NotSealed::TooLarge);
        }
    }
    let signature = |id| {
        let dictionary = document.get_dictionary(id).map_err(|_| NotSealed::Unreadable)?;
        let range = range(document, dictionary).ok_or(NotSealed::NotCovered)?;
        Ok(Signature { dictionary, range })
    };
    ids.into_iter().map(signature).collect()
}

fn range(document: &Document, dictionary: &Dictionary) -> Option<[usize; 3]> {
    let numbers = dictionary.get_deref(b"ByteRange", document).and_then(Object::as_array).ok()?;
    let number = |object: &Object| usize::try_from(object.as_i64().ok()?).ok();
    let [start, first, second, length] = numbers.as_slice() else {
        return None;
    };
    let (first, second, end) = (number(first)?, number(second)?, number(second)?.checked_add(number(length)?)?);
    (number(start)? == 0 && first < second).then_some([first, second, end])
}

/// The bytes in the gap, which must be one hexadecimal string and nothing else. Digits in mixed
/// case mean that one was changed.
fn contents(pdf: &[u8], gap_start: usize, gap_end: usize) -> Result<Vec<u8>, NotSealed> {
    let gap = pdf.get(gap_start..gap_end).ok_or(NotSealed::NotCovered)?;
    let digits = gap.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).ok_or(NotSealed::GapMisused)?;
    let mixed = digits.iter().any(u8::is_ascii_lowercase) && digits.iter().any(u8::is_ascii_uppercase);
    if mixed {
        return Err(NotSealed::GapMisused);
    }
    hex::decode(digits).map_err(|_| NotSealed::GapMisused)
}

/// The signature without the zeros that fill the rest of its place.
fn trimmed(contents: &[u8]) -> Result<&[u8], NotSealed> {
    // A DER sequence says its own length: 30 82 hh ll, or shorter forms.
    let (header, length) = match *contents {
        [0x30, length @ 0..=0x7F, ..] => (2, usize::from(length)),
        [0x30, 0x81, length, ..] => (3, usize::from(length)),
        [0x30, 0x82, high, low, ..] => (4, usize::from(high) << 8 | usize::from(low)),
        [0x30, 0x83, high, middle, low, ..] => {
            (5, usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low))
        }
        _ => return Err(NotSealed::SignatureUnreadable),
    };
    let (encoded, filling) = contents.split_at_checked(header + length).ok_or(NotSealed::SignatureUnreadable)?;
    if filling.iter().any(|byte| *byte != 0) { Err(NotSealed::GapMisused) } else { Ok(encoded) }
}

fn kind(document: &Document, dictionary: &Dictionary) -> SealKind {
    let references = dictionary.get_deref(b"Reference", document).and_then(Object::as_array);
    let certifies = references.is_ok_and(|references| {
        references.iter().any(|reference| {
            let Ok((_, Object::Dictionary(reference))) = document.dereference(reference) else {
                return false;
            };
            reference.get_deref(b"TransformMethod", document).and_then(Object::as_name).ok() == Some(b"DocMDP")
        })
    });
    if certifies { SealKind::Certification } else { SealKind::Approval }
}

fn original(pdf: &[u8], dictionary: &Dictionary, gap_start: usize) -> Result<Option<Original>, NotSealed> {
    let Ok(length) = dictionary.get(ORIGINAL_LENGTH_KEY) else {
        return Ok(None);
    };
    let length = length.as_i64().ok().and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length < gap_start).ok_or(NotSealed::OriginalImplausible)?;
    let original = &pdf[..length];
    // A whole PDF ends with its marker, give or take some white space or filling.
    let tail = &original[length.saturating_sub(1024)..];
    if !tail.windows(5).any(|window| window == b"%%EOF") {
        return Err(NotSealed::OriginalImplausible);
    }
    Ok(Some(Original { bytes: length as u64, sha256: sha256(original) }))
}

fn validity(certificate: &Certificate) -> Option<(Timestamp, Timestamp)> {
    let validity = &certificate.tbs_certificate.validity;
    let time = |time: x509_cert::time::Time| {
        Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
    };
    Some((time(validity.not_before)?, time(validity.not_after)?))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Draft, all_marks, authority, job};
    use super::super::{Authority, seal};
    use super::*;

    fn sealed() -> Vec<u8> {
        seal(&job(&Draft::new().classic(), all_marks()), &authority()).unwrap()
    }

    fn gap(sealed: &[u8]) -> [usize; 3] {
        let document = load(sealed).unwrap();
        signatures(&document).unwrap()[0].range
    }

    #[test]
    fn every_changed_bit_of_the_signature_is_noticed() {
        let sealed = sealed();
        let [start, end, _] = gap(&sealed);
        let contents = contents(&sealed, start, end).unwrap();
        let encoded = trimmed(&contents).unwrap();
        let parts = [&sealed[..start], &sealed[end..]];
        assert!(cms::check(encoded, parts).is_ok());
        for place in 0..encoded.len() {
            for bit in 0..8 {
                let mut changed = encoded.to_vec();
                changed[place] ^= 1 << bit;
                assert!(cms::check(&changed, parts).is_err(), "bit {bit} of byte {place}");
            }
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let sealed = sealed();
        let [start, end, _] = gap(&sealed);
        // Both ends of the gap, all of the update's structure after it, and a sample of the rest.
        let near = (start.saturating_sub(64)..start + 64).chain(end - 64..sealed.len());
        let sample = (0..sealed.len()).step_by(151);
        for place in near.chain(sample) {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = sealed.clone();
                changed[place] ^= flip;
                assert!(verify(&changed).is_err(), "byte {place} of {} with {flip}", sealed.len());
            }
        }
    }

    #[test]
    fn added_and_lost_bytes_are_noticed() {
        let sealed = sealed();
        for more in [b"\n".as_slice(), b" ", b"%%EOF\n", b"\0"] {
            assert!(verify(&[&sealed, more].concat()).is_err());
        }
        for length in (0..sealed.len()).rev().step_by(997).chain(sealed.len() - 40..sealed.len()) {
            assert!(verify(&sealed[..length]).is_err(), "{length}");
        }
        // A whole second update, such as a reader's comment.
        let mut update = lopdf::IncrementalDocument::create_from(sealed.clone(), load(&sealed).unwrap());
        update.new_document.add_object(lopdf::dictionary! { "A" => 1 });
        let mut bytes = Vec::new();
        update.save_to(&mut bytes).unwrap();
        assert_eq!(verify(&bytes), Err(NotSealed::NotCovered));
        // A second range over a file cut into pieces of its own choice.
        let [start, end, _] = gap(&sealed);
        let mut swallowed = sealed.clone();
        swallowed.splice(end..end, *b"           ");
        assert!(verify(&swallowed).is_err());
        swallowed.truncate(start);
        assert!(verify(&swallowed).is_err());
    }

    #[test]
    fn what_was_never_sealed_is_said_to_be_so() {
        assert_eq!(verify(&Draft::new().classic()), Err(NotSealed::Unsigned));
        assert_eq!(verify(b""), Err(NotSealed::Unreadable));
        assert_eq!(verify(b"%PDF-1.7 and then nothing"), Err(NotSealed::Unreadable));
        let mut draft = Draft::new();
        let numbers = |numbers: [i64; 4]| numbers.into_iter().map(Object::from).collect::<Vec<_>>();
        for range in [[0, -1, 5, 5], [0, 5, 5, i64::MAX], [0, 1, i64::MAX, i64::MAX], [1, 2, 3, 4]] {
            let signature = draft.document.add_object(lopdf::dictionary! { "ByteRange" => numbers(range) });
            draft.document.add_object(lopdf::dictionary! { "V" => signature });
        }
        assert!(verify(&draft.classic()).is_err());
    }

    #[test]
    fn a_chain_is_sealed_with_its_key() {
        let issuer_key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let mut issuer = rcgen::CertificateParams::new(Vec::new()).unwrap();
        issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = issuer.self_signed(&issuer_key).unwrap();
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let issuer = rcgen::Issuer::new(issuer, issuer_key);
        let own = rcgen::CertificateParams::new(Vec::new()).unwrap().signed_by(&key, &issuer).unwrap();
        let chain = format!("{}{}", own.pem(), root.pem());
        let authority = Authority::from_pem(&key.serialize_pem(), &chain).unwrap();
        let sealed = seal(&job(&Draft::new().modern(), all_marks()), &authority).unwrap();
        assert_eq!(verify(&sealed).unwrap().certificate_sha256, authority.fingerprint());
    }
}

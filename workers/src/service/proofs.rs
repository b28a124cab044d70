//! Files that signers give as proof: photos, videos, attachments. Judged by what is in them, encrypted, and stored
//! for the one request they were given in. They are erased with it.

use std::sync::Arc;

use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use countersign_engine::requirement::{Method, ProofFile};
use imagesize::{Compression, ImageSize, ImageType};
use uuid::Uuid;

use super::ServiceError;
use super::documents::Documents;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::seal::Unsignable;
use crate::store::{ProofFileRow, Store, proof_path};
use crate::vault::{DataKey, Vault};

/// Largest picture or attachment, in bytes.
pub const FILE_MAX_BYTES: usize = 10 * 1024 * 1024;
/// Largest video, in bytes.
pub const VIDEO_MAX_BYTES: usize = 25 * 1024 * 1024;
/// Most attachments given at once.
pub const ATTACHMENTS_MAX: usize = 5;
/// Longer file names are cut, in characters.
const NAME_MAX: usize = 255;
/// Fewest pixels of a picture's shorter side: less cannot be read.
const SIDE_MIN: usize = 240;
/// Most pixels of a picture's longer side: more is no camera's.
const SIDE_MAX: usize = 20_000;

/// A file that came along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// What it is called there.
    pub name: String,
    /// It.
    pub bytes: Vec<u8>,
}

impl Handed {
    /// What it is called where it is kept: one line that is not too long.
    pub fn title(&self) -> String {
        let title: String = self.name.chars().filter(|char| !char.is_control()).take(NAME_MAX).collect();
        if title.trim().is_empty() { "file".to_owned() } else { title }
    }
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFile {
    /// There is nothing in it.
    Empty,
    /// It is longer than so many bytes.
    TooLarge(usize),
    /// It is not of a kind that proves this.
    Kind,
    /// A picture in which nothing can be read.
    TooSmall,
    /// A PDF that may not be passed on.
    Unsafe(Unsignable),
}

/// The proofs of an installation.
#[derive(Debug)]
pub struct Proofs {
    store: Store,
    blobs: Blobs,
    vault: Vault,
    clock: Clock,
}

impl Proofs {
    pub(super) fn new(store: Store, blobs: Blobs, vault: Vault, clock: Clock) -> Self {
        Self { store, blobs, vault, clock }
    }

    /// Stores a file that was judged for a request; one that it has already is left alone.
    pub async fn keep(
        &self,
        organization: &OrganizationId,
        request: RequestId,
        file: &ProofFile,
        bytes: &[u8],
    ) -> Result<(), ServiceError> {
        let digest = file.digest;
        if self.store.proof_file(organization, request, digest).await?.is_some() {
            return Ok(());
        }
        let blob = Uuid::new_v4();
        let key = DataKey::generate()?;
        let row = ProofFileRow {
            organization: organization.clone(),
            request,
            digest,
            blob,
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            media_type: file.media_type.clone(),
            data_key: self.vault.wrap(blob.as_bytes(), &key)?,
            created_us: self.clock.now().as_microsecond(),
        };
        // The object first: a row without its object would be a proof that cannot be shown.
        self.blobs.put(&proof_path(blob), key.seal(&digest.0, bytes)?).await?;
        if !self.store.insert_proof_file(&row).await? {
            self.blobs.delete(&proof_path(blob)).await?;
        }
        Ok(())
    }

    /// The bytes of a file, proven to be the ones that were given.
    pub async fn read(
        &self,
        organization: &OrganizationId,
        request: RequestId,
        digest: Digest,
    ) -> Result<Vec<u8>, ServiceError> {
        let missing = ServiceError::Missing { what: "proof" };
        let Some(row) = self.store.proof_file(organization, request, digest).await? else { return Err(missing) };
        let key = self.vault.unwrap(row.blob.as_bytes(), &row.data_key)?;
        let Some(sealed) = self.blobs.get(&proof_path(row.blob)).await? else { return Err(missing) };
        let bytes = key.open(&digest.0, &sealed)?;
        if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(missing) }
    }
}

/// How a history names a file of some kind.
pub fn described(bytes: &[u8], media_type: &str) -> ProofFile {
    ProofFile { bytes: bytes.len() as u64, digest: Digest::of(bytes), media_type: media_type.to_owned() }
}

/// What a file is, such as `image/jpeg`, if it can prove what it is given for. What its sender calls it counts for
/// nothing.
pub async fn judge(documents: &Documents, method: Method, bytes: &[u8]) -> Result<&'static str, BadFile> {
    let most = if method == Method::VideoSelfie { VIDEO_MAX_BYTES } else { FILE_MAX_BYTES };
    if bytes.is_empty() {
        return Err(BadFile::Empty);
    }
    if bytes.len() > most {
        return Err(BadFile::TooLarge(most));
    }
    match method {
        Method::VideoSelfie => video(bytes).ok_or(BadFile::Kind),
        Method::Attachments if bytes.starts_with(b"%PDF-") => {
            documents.inspect(Arc::from(bytes)).await.map_err(BadFile::Unsafe)?;
            Ok("application/pdf")
        }
        _ => image(bytes),
    }
}

fn image(bytes: &[u8]) -> Result<&'static str, BadFile> {
    let media_type = match imagesize::image_type(bytes) {
        Ok(ImageType::Jpeg) => "image/jpeg",
        Ok(ImageType::Png) => "image/png",
        Ok(ImageType::Webp) => "image/webp",
        Ok(ImageType::Heif(Compression::Hevc)) => "image/heic",
        _ => return Err(BadFile::Kind),
    };
    let ImageSize { width, height } = imagesize::blob_size(bytes).map_err(|_| BadFile::Kind)?;
    if width.max(height) > SIDE_MAX {
        return Err(BadFile::Kind);
    }
    if width.min(height) < SIDE_MIN { Err(BadFile::TooSmall) } else { Ok(media_type) }
}

/// What phones record: MP4 and QuickTime by their first box (ISO 14496-12), WebM by its header (RFC 8794).
fn video(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        return Some("video/webm");
    }
    let brand = bytes.get(4..12).and_then(|bytes| bytes.strip_prefix(b"ftyp"))?;
    match brand {
        b"qt  " => Some("video/quicktime"),
        // Pictures in the same container.
        b"heic" | b"heix" | b"mif1" | b"msf1" | b"avif" | b"avis" => None,
        _ => Some("video/mp4"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG's signature and header, which is all that is read of it.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0]);
        bytes
    }

    #[test]
    fn pictures_are_known_by_what_is_in_them() {
        assert_eq!(image(&png(640, 480)), Ok("image/png"));
        assert_eq!(image(&png(640, 239)), Err(BadFile::TooSmall));
        assert_eq!(image(&png(20_001, 480)), Err(BadFile::Kind));
        for other in [&b"GIF89a\x01\0\x01\0"[..], b"<svg/>", b"%PDF-1.7", b"BM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8"] {
            assert_eq!(image(other), Err(BadFile::Kind), "{other:?}");
        }
    }

    #[test]
    fn videos_are_known_by_what_is_in_them() {
        assert_eq!(video(b"\0\0\0\x18ftypisom\0\0\0\0"), Some("video/mp4"));
        assert_eq!(video(b"\0\0\0\x14ftypqt  \0\0\0\0"), Some("video/quicktime"));
        assert_eq!(video(b"\x1a\x45\xdf\xa3\x01"), Some("video/webm"));
        for other in [&b"\0\0\0\x18ftypheic\0\0\0\0"[..], b"\0\0\0\x18free", b"ftyp", b""] {
            assert_eq!(video(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_file_keeps_a_name_of_one_line() {
        let named = |name: &str| Handed { name: name.to_owned(), bytes: Vec::new() }.title();
        assert_eq!(named("rg\r\n.jpg"), "rg.jpg");
        assert_eq!(named(" \n"), "file");
        assert_eq!(named(&"x".repeat(300)).len(), NAME_MAX);
    }
}

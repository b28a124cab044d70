//! The files that the pages load: styles, scripts, fonts and the vendored PDF renderer, embedded in the binary.
//!
//! Every address carries one version, a digest over all files, so modules may import each other by relative
//! address and everything may be cached for ever. No HTTP here: the handler turns an [`Asset`] into an answer.

use std::borrow::Cow;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The folder as it was when the binary was built (in debug builds: as it is now).
#[derive(rust_embed::RustEmbed)]
#[folder = "assets/pages"]
struct Folder;

/// How many hexadecimal digits of the digest an address carries.
const VERSION_DIGITS: usize = 12;

/// The digest over the names and contents of all files.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<Cow<'static, str>> = Folder::iter().collect();
    names.sort_unstable();
    let mut digest = Sha256::new();
    for name in names {
        if let Some(file) = Folder::get(&name) {
            digest.update(name.as_bytes());
            digest.update(file.metadata.sha256_hash());
        }
    }
    let mut version = hex::encode(digest.finalize());
    version.truncate(VERSION_DIGITS);
    version
});

/// One file, ready to be answered.
pub(super) struct Asset {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// The value of `Content-Type`.
    pub content_type: String,
    /// Whether the address carried the present version: then it may be cached for ever.
    pub immutable: bool,
}

/// The value of `Cache-Control` for an asset whose address carries the present version.
pub(super) const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The address of a file: `/assets/<version>/<path>`.
pub(super) fn url(path: &str) -> String {
    format!("/assets/{}/{path}", VERSION.as_str())
}

/// The file behind what follows `/assets/`: `<version>/<path>`; nothing when there is none.
///
/// A file of another version is answered as it is now, but must not be cached: an old page may still be open.
pub(super) fn find(version_and_path: &str) -> Option<Asset> {
    let (version, path) = version_and_path.split_once('/')?;
    let file = Folder::get(path)?;
    let content_type = match file.metadata.mimetype() {
        // The guess for modules (`.mjs`) is an outdated name.
        "application/javascript" => "text/javascript; charset=utf-8".to_owned(),
        mime if mime.starts_with("text/") || mime == "image/svg+xml" => {
            format!("{mime}; charset=utf-8")
        }
        mime => mime.to_owned(),
    };
    Some(Asset { bytes: file.data, content_type, immutable: version == VERSION.as_str() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_type(path: &str) -> String {
        let address = url(path);
        let asset = find(address.strip_prefix("/assets/").expect("an asset's address")).expect(path);
        assert!(asset.immutable);
        asset.content_type
    }

    #[test]
    fn a_browser_gets_the_types_it_insists_on() {
        assert_eq!(content_type("js/sign.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("vendor/pdfjs/pdf.worker.min.mjs"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("css/pages.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("vendor/pdfjs/wasm/openjpeg.wasm"), "application/wasm");
        assert_eq!(content_type("icons/mark.svg"), "image/svg+xml; charset=utf-8");
        assert_eq!(content_type("fonts/dancing-script-latin-500-normal.woff2"), "font/woff2");
    }

    #[test]
    fn an_old_version_is_answered_but_not_kept() {
        assert!(!find("000000000000/css/pages.css").expect("the file").immutable);
    }

    #[test]
    fn nothing_outside_the_folder() {
        for path in ["", "x", "x/", "x/../../Cargo.toml", "x//etc/passwd", "x/css"] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}

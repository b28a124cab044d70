//! A text as a QR code (ISO/IEC 18004), to be drawn in the page itself: nothing is fetched for it, and it needs neither
//! style nor script.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// White around a code, in modules: readers find it by that.
const QUIET: i32 = 4;

/// What is drawn of a QR code, in modules.
pub(super) struct QrDrawing {
    /// The side of the square, with the white around it.
    pub(super) side: i32,
    /// The dark modules, as the `d` of an SVG path.
    pub(super) path: String,
}

impl QrDrawing {
    /// The code of a text; `None` if it is longer than any code holds, some 2300 bytes.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
                if run > 0 {
                    // Writing to a string does not fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
                }
                x += run as i32 + 1;
            }
        }
        Some(Self { side: code.size() + 2 * QUIET, path })
    }
}

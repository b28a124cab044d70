//! How long, large and many what is wished may be.

/// Longest title, in characters (SPEC §5).
pub const TITLE_MAX: usize = 255;
/// Longest message, in characters.
pub const MESSAGE_MAX: usize = 2000;
/// Longest sender's reference, in characters.
pub const BUSINESS_ID_MAX: usize = 100;
/// Longest name of a person, in characters.
pub const NAME_MAX: usize = 255;
/// Longest e-mail address, in characters.
pub const EMAIL_MAX: usize = 255;
/// Largest document, in bytes.
pub const FILE_MAX_BYTES: usize = 50 * 1024 * 1024;
/// Most documents of a request.
pub const DOCUMENTS_MAX: usize = 20;
/// Most bytes that the documents of a request have together.
pub const DOCUMENTS_MAX_BYTES: u64 = 100 * 1024 * 1024;
/// Most signers of a request.
pub const SIGNERS_MAX: usize = 100;
/// Most widgets of a request.
pub const WIDGETS_MAX: usize = 1000;
/// Highest place in the order of signers.
pub const ORDER_MAX: u32 = 1_000_000;
/// Longest text in a widget, its label, or a reason, in characters.
pub const TEXT_MAX: usize = 1000;
/// Longest typed signature, in characters.
pub const TYPED_MARK_MAX: usize = 100;
/// Most points of a drawn signature.
pub const DRAWN_POINTS_MAX: usize = 5000;

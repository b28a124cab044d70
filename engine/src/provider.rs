//! Who may collect signatures, and what each of them can do to a request that is out. How they are called is the
//! adapters' business.

/// Ourselves.
pub use crate::event::NATIVE;
/// D4Sign.
pub const D4SIGN: &str = "d4sign";
/// Certyneo.
pub const CERTYNEO: &str = "certyneo";

/// What may be done to a request that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Correct, replace, add and remove signers.
    Correct,
    /// Ask something else of a signer than what was asked of them.
    Require,
    /// Write to a signer again.
    Nudge,
}

/// Whether a provider can do it. Certyneo's envelopes are fixed once they are sent (seed 003), and it reminds by itself.
/// D4Sign has calls for the address, the telephone and the code of a signer, and none for what else is asked (seed 001).
pub fn can(provider: &str, ability: Ability) -> bool {
    match ability {
        Ability::Correct | Ability::Nudge => provider != CERTYNEO,
        Ability::Require => provider == NATIVE,
    }
}

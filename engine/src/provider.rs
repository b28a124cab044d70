//! Who may collect signatures, of whom, and what each of them can do to a request that is out. How they are called is
//! the adapters' business.

use crate::refusal::Code;
use crate::requirement::Requirements;
use crate::signer::{Role, SignerTerms};

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
    /// Have somebody act before or behind others, where all were to act at once.
    Line,
    /// Ask somebody who is asked already for something else.
    AskAnew,
}

impl Ability {
    /// Why a provider that cannot do it does not, in a sentence.
    pub fn lack(self) -> &'static str {
        match self {
            Ability::Correct | Ability::Require | Ability::Nudge => {
                "The request's provider cannot do that once it is sent."
            }
            Ability::Line => {
                "The request's provider has all of them act at once, and nobody can be put before or behind them."
            }
            Ability::AskAnew => {
                "The request's provider cannot ask the same person for something else while it is their turn."
            }
        }
    }
}

/// Whether a provider can do it. Certyneo's envelopes are fixed once they are sent (seed 003), and it reminds by itself.
/// D4Sign is told whether there is an order when a document is sent, and knows a signer by their address; it has calls for
/// the address, the telephone and the code of a signer, and none for what else is asked (seed 001).
pub fn can(provider: &str, ability: Ability) -> bool {
    match ability {
        Ability::Correct | Ability::Nudge => provider != CERTYNEO,
        Ability::Require => provider == NATIVE,
        Ability::Line | Ability::AskAnew => provider != CERTYNEO && provider != D4SIGN,
    }
}

/// Why a provider cannot carry what is asked of a signer, in a sentence; `None` if it can.
pub fn refuses(provider: &str, signer: &SignerTerms) -> Option<String> {
    match provider {
        D4SIGN | CERTYNEO if signer.group.is_some() => Some(format!("{provider} knows nothing of our signing groups.")),
        D4SIGN if !signer.role.acts() => Some(format!("{provider} has no {}s.", signer.role.as_str())),
        CERTYNEO if !signer.requirements.is_usual() => {
            Some(format!("{provider} asks for nothing but the link that its signers have by e-mail."))
        }
        CERTYNEO if matches!(signer.role, Role::Witness | Role::Acknowledger) => {
            Some(format!("{provider} has no role {}.", signer.role.as_str()))
        }
        _ => None,
    }
}

/// Something that a provider lacks for what is asked of a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Which field of [`Requirements`] asks for it.
    pub field: &'static str,
    /// The refusal that it is.
    pub code: Code,
    /// One sentence.
    pub detail: String,
}

/// All that a provider lacks for what is asked of a signer. A vendor sends its codes and makes its checks itself; our own
/// pages need a gateway for some, and take no signature with a certificate. What vendors do not have [`refuses`] says.
pub fn lacks(provider: &str, asked: &Requirements, gateway: bool) -> Vec<Lack> {
    if provider != NATIVE {
        return Vec::new();
    }
    let missing = asked.methods().filter(|method| method.needs_gateway() && !gateway).map(|method| Lack {
        field: method.field(),
        code: Code::GatewayMissing,
        detail: format!("{method} needs a gateway, and none is configured here (gateway_url)."),
    });
    let certificate = asked.certificate.map(|_| Lack {
        field: "certificate",
        code: Code::NotSupported,
        detail: "Our own pages cannot take a signature with a certificate.".to_owned(),
    });
    missing.chain(certificate).collect()
}

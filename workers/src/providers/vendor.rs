//! The providers there are.

use countersign_engine::event::WidgetKind;
use countersign_engine::provider::{CERTYNEO, D4SIGN, NATIVE, lacks, refuses};
use countersign_engine::request::Request;
use countersign_engine::signer::SignerTerms;

/// Most calls an hour that a configuration may allow itself.
pub const CALLS_AN_HOUR_MAX: i64 = 100_000;

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Ourselves: a configuration that others can fall back to.
    Native,
    /// D4Sign (seed 001).
    D4sign,
    /// Certyneo (seed 003).
    Certyneo,
}

impl Vendor {
    /// Every provider there is.
    pub const ALL: [Vendor; 3] = [Vendor::Native, Vendor::D4sign, Vendor::Certyneo];

    /// The provider's name, as requests, configurations and the addresses of hooks have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Vendor::Native => NATIVE,
            Vendor::D4sign => D4SIGN,
            Vendor::Certyneo => CERTYNEO,
        }
    }

    /// The provider of a name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Vendor> {
        Vendor::ALL.into_iter().find(|vendor| vendor.as_str() == name)
    }

    /// Where it answers, if nothing else is said.
    pub fn base_url(self) -> &'static str {
        match self {
            Vendor::Native => "",
            Vendor::D4sign => "https://secure.d4sign.com.br",
            Vendor::Certyneo => "https://certyneo.com",
        }
    }

    /// What the paths of its API begin with, behind [`Self::base_url`].
    pub const API_PATH: &str = "/api/v1";

    /// Most calls in an hour, if nothing else is said: 10 at D4Sign, 100 a minute at Certyneo.
    pub fn calls_an_hour(self) -> i64 {
        match self {
            Vendor::Native => 1,
            Vendor::D4sign => 10,
            Vendor::Certyneo => 6000,
        }
    }

    /// Why it cannot carry what is asked of a signer; `None` if it can.
    pub fn refuses(self, signer: &SignerTerms) -> Option<String> {
        refuses(self.as_str(), signer)
    }

    /// Most documents of a request that it takes. At D4Sign a document is what is signed, and there is one.
    pub fn documents_max(self) -> usize {
        match self {
            Vendor::D4sign => 1,
            Vendor::Native | Vendor::Certyneo => countersign_engine::command::DOCUMENTS_MAX,
        }
    }

    /// Whether signers fill in such a widget there. Vendors place signatures by themselves and fill in nothing else.
    pub fn fills(self, kind: WidgetKind) -> bool {
        self == Vendor::Native || kind == WidgetKind::Signature
    }

    /// Whether it can carry a request: its documents, its widgets, and all that is asked of its signers. `gateway` =
    /// whether there is one, which our own pages need for some of that.
    pub fn carries(self, request: &Request, gateway: bool) -> bool {
        let able = |signer: &SignerTerms| lacks(self.as_str(), &signer.requirements, gateway).is_empty();
        request.terms.documents.len() <= self.documents_max()
            && request.terms.widgets.iter().all(|widget| self.fills(widget.kind))
            && request.signers.iter().all(|signer| self.refuses(&signer.terms).is_none() && able(&signer.terms))
    }
}

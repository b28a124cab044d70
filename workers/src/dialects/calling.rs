//! Who calls which vendor: the one place that knows all adapters. An adapter says what is asked of its vendor in that
//! vendor's words; whoever has something to ask (the agent, who tries an account out) asks here.

use countersign_engine::request::Request;
use countersign_engine::signer::Signer;

use super::certyneo::calling as certyneo;
use super::d4sign::calling as d4sign;
use crate::outbound::Answer;
use crate::providers::{Found, Line, Stop, Submitted, Vendor};
use crate::service::Service;

/// Who calls a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// D4Sign (seed 001).
    D4sign,
    /// Certyneo (seed 003).
    Certyneo,
}

impl Adapter {
    /// The adapter of a vendor; `None` for ourselves, whom nobody calls.
    pub fn of(vendor: Vendor) -> Option<Self> {
        match vendor {
            Vendor::Native => None,
            Vendor::D4sign => Some(Adapter::D4sign),
            Vendor::Certyneo => Some(Adapter::Certyneo),
        }
    }

    /// Whether the vendor is there and knows the credentials.
    pub async fn test(self, line: &mut Line<'_>) -> Result<(), Stop> {
        match self {
            Adapter::D4sign => d4sign::test(line).await,
            Adapter::Certyneo => certyneo::test(line).await,
        }
    }

    /// Hands a request over.
    pub async fn submit(self, line: &mut Line<'_>, service: &Service, request: &Request) -> Result<Submitted, Stop> {
        match self {
            Adapter::D4sign => d4sign::submit(line, service, request).await,
            Adapter::Certyneo => certyneo::submit(line, service, request).await,
        }
    }

    /// Has the vendor's signers be as ours, and says how the request stood there.
    pub async fn amend(self, line: &mut Line<'_>, service: &Service, request: &Request) -> Result<Found, Stop> {
        match self {
            Adapter::D4sign => d4sign::amend(line, service, request).await,
            Adapter::Certyneo => Err(not_supported()),
        }
    }

    /// Writes to a signer again.
    pub async fn nudge(self, line: &mut Line<'_>, request: &Request, signer: &Signer) -> Result<(), Stop> {
        match self {
            Adapter::D4sign => d4sign::nudge(line, request, signer).await,
            Adapter::Certyneo => Err(not_supported()),
        }
    }

    /// Calls a request off, whatever the vendor has of it.
    pub async fn withdraw(self, line: &mut Line<'_>, service: &Service, request: &Request) -> Result<(), Stop> {
        match self {
            Adapter::D4sign => d4sign::withdraw(line, request).await,
            Adapter::Certyneo => certyneo::withdraw(line, service, request).await,
        }
    }

    /// How a request stands.
    pub async fn look(self, line: &mut Line<'_>, request: &Request) -> Result<Found, Stop> {
        match self {
            Adapter::D4sign => d4sign::look(line, request).await,
            Adapter::Certyneo => certyneo::look(line, request).await,
        }
    }

    /// The signed PDF of the document at a place, from 0. As long as the answer is there, it takes room.
    pub async fn fetch(self, line: &mut Line<'_>, place: u32) -> Result<Answer, Stop> {
        match self {
            Adapter::D4sign => d4sign::fetch(line).await,
            Adapter::Certyneo => certyneo::fetch(line, place).await,
        }
    }
}

/// What the vendor has no call for, which is refused before it comes here.
fn not_supported() -> Stop {
    Stop::Refused("not_supported".to_owned())
}

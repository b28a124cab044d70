//! From where and with what a person acts: address and browser, as the audit trail keeps them.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;

/// Longest description of a browser that is kept, in characters.
const USER_AGENT_MAX: usize = 512;

/// Where a call comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Address, as near to the person as the trusted proxies tell.
    pub ip: String,
    /// What the browser says of itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// The origin of a call. `trusted_proxies` addresses at the end of `X-Forwarded-For` were
    /// written by our own proxies; the one before them is the caller's.
    pub fn of(peer: SocketAddr, headers: &HeaderMap, trusted_proxies: u32) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT_MAX).collect());
        Self { ip: address(peer, headers, trusted_proxies).to_string(), user_agent }
    }
}

/// The address that a call comes from, as near to the caller as the trusted proxies tell; one of IPv4 is written as that.
pub fn address(peer: SocketAddr, headers: &HeaderMap, trusted_proxies: u32) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let place = (trusted_proxies as usize).checked_sub(1).and_then(|behind| chain.len().checked_sub(behind + 1));
    let told = place.and_then(|place| chain[place].parse().ok());
    told.unwrap_or(peer.ip()).to_canonical()
}

//! The guard: which URLs may be called. It judges their form and any address in them, and the addresses that a name
//! leads to: when the URL is given, so that a mistake is seen at once, and again, by the resolver of the client, for
//! each connection, which then goes to an address that was judged.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use tokio::time::timeout;

use super::names::Names;
use super::ranges::{is_loopback, is_public};

/// Longest URL, in characters.
pub const URL_MAX: usize = 2048;
/// Longest time that a name is looked up when its URL is given.
const LOOK_UP_MAX: Duration = Duration::from_secs(3);
/// Ports below this are for services that are no web servers, but for the two that are.
const PORTS_FROM: u16 = 1024;
/// Ports above it that browsers do not call either: what listens there takes text for commands (WHATWG Fetch,
/// "port blocking").
const PORTS_BLOCKED: [u16; 16] =
    [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669];

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It cannot be read.
    #[error("This is not a URL.")]
    NotAUrl,
    /// It is too long.
    #[error("A URL has at most {URL_MAX} characters.")]
    TooLong,
    /// It is not for HTTP.
    #[error("The URL must begin with https:// or http://.")]
    Scheme,
    /// It holds a user or password.
    #[error("The URL must not hold a user or password; webhooks are known by their stamp.")]
    UserInfo,
    /// Its port is not for web servers.
    #[error("The port must be 80, 443, or one from 1024 up that browsers call too.")]
    Port,
    /// It leads to an address that is not public.
    #[error("The URL leads to a private, loopback or otherwise not public address.")]
    Address,
}

/// Judges URLs and addresses. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    names: Names,
    loopback: bool,
}

impl Guard {
    /// A guard that lets this machine's own addresses through only if told so.
    pub fn new(names: Names, loopback: bool) -> Self {
        Self { names, loopback }
    }

    /// Whether an address may be called.
    pub fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.loopback && is_loopback(address)
    }

    /// A URL by its text. Whatever form an address in it has (decimal, octal, hexadecimal, mapped …), the parser is
    /// the client's own, so what is judged is what would be called.
    pub fn read(&self, text: &str) -> Result<Url, Forbidden> {
        if text.chars().count() > URL_MAX {
            return Err(Forbidden::TooLong);
        }
        let url = Url::parse(text).map_err(|_| Forbidden::NotAUrl)?;
        self.judge(&url)?;
        Ok(url)
    }

    /// A URL by its form and any address in it.
    pub(super) fn judge(&self, url: &Url) -> Result<(), Forbidden> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::UserInfo);
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if !(port >= PORTS_FROM && !PORTS_BLOCKED.contains(&port) || matches!(port, 80 | 443)) {
            return Err(Forbidden::Port);
        }
        match address(url).ok_or(Forbidden::NotAUrl)? {
            Host::Address(address) if !self.admits(address) => Err(Forbidden::Address),
            Host::Name(name) if !self.loopback && is_local(name) => Err(Forbidden::Address),
            Host::Address(_) | Host::Name(_) => Ok(()),
        }
    }

    /// Whether a name leads only where it may, as far as that can be seen now. One that cannot be looked up at this
    /// moment is let through: what counts is what it says when it is called.
    pub async fn look(&self, url: &Url) -> Result<(), Forbidden> {
        let Some(Host::Name(name)) = address(url) else { return Ok(()) };
        match timeout(LOOK_UP_MAX, self.names.look_up(name)).await {
            Ok(Ok(found)) if !found.iter().all(|address| self.admits(*address)) => Err(Forbidden::Address),
            _ => Ok(()),
        }
    }

    /// The addresses of a name, if all of them may be called.
    pub(super) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let found = self.names.look_up(name).await.map_err(|_| Unresolved::Unknown)?;
        if found.iter().all(|address| self.admits(*address)) { Ok(found) } else { Err(Unresolved::Forbidden) }
    }
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name has no address")]
    Unknown,
    #[error("the name leads to an address that is not public")]
    Forbidden,
}

/// What stands for the host in a URL.
enum Host<'u> {
    Address(IpAddr),
    Name(&'u str),
}

fn address(url: &Url) -> Option<Host<'_>> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(literal.parse().map_or(Host::Name(host), Host::Address))
}

/// Names that are this machine's own wherever they are asked for (RFC 6761).
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

//! Where the mail server is and how it is spoken to, read from one URL.
//!
//! The reading is our own because two defaults matter here: a password never crosses a network
//! in the clear unless the URL says `tls=none`, and an error never repeats the URL.

use lettre::transport::smtp::{
    SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
    authentication::Credentials,
    client::{Tls, TlsParameters},
    extension::ClientId,
};

use super::{MailSettingError, SETTING_SMTP_URL};

/// A mail server.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether and when TLS begins.
    pub tls: Tls,
    /// Who we are to it.
    pub credentials: Option<Credentials>,
    /// The name we greet with.
    pub hello: ClientId,
}

impl Server {
    /// Reads `smtp://` or `smtps://`, `user:password@`, host, `:port`, `/hello`, `?tls=…`.
    pub(super) fn from_url(url: &str) -> Result<Self, MailSettingError> {
        let (scheme, rest) =
            url.trim().split_once("://").ok_or_else(|| wrong("must begin with smtp:// or smtps://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place)?;
        let credentials = user_info.map(credentials).transpose()?;
        let wish = tls_wish(scheme, query, host, credentials.is_some())?;
        let hello = match path.trim_matches('/') {
            "" => ClientId::default(),
            name if name.bytes().all(|b| b.is_ascii_graphic()) => ClientId::Domain(name.to_owned()),
            _ => return Err(wrong("the name to greet with must be plain letters")),
        };
        let parameters =
            || TlsParameters::new(host.to_owned()).map_err(|error| wrong(format!("TLS cannot be set up: {error}")));
        let (tls, usual_port) = match wish {
            TlsWish::None => (Tls::None, SMTP_PORT),
            TlsWish::Opportunistic => (Tls::Opportunistic(parameters()?), SMTP_PORT),
            TlsWish::Required => (Tls::Required(parameters()?), SUBMISSION_PORT),
            TlsWish::Wrapper => (Tls::Wrapper(parameters()?), SUBMISSIONS_PORT),
        };
        Ok(Self { host: host.to_owned(), port: port.unwrap_or(usual_port), tls, credentials, hello })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TlsWish {
    None,
    Opportunistic,
    Required,
    Wrapper,
}

fn wrong(reason: impl std::fmt::Display) -> MailSettingError {
    MailSettingError::new(SETTING_SMTP_URL, reason)
}

fn tls_wish(scheme: &str, query: &str, host: &str, has_password: bool) -> Result<TlsWish, MailSettingError> {
    let mut said = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        said = Some(match pair {
            "tls=none" => TlsWish::None,
            "tls=opportunistic" => TlsWish::Opportunistic,
            "tls=required" => TlsWish::Required,
            _ => {
                return Err(wrong("knows only tls=none, tls=opportunistic, tls=required"));
            }
        });
    }
    match (scheme.to_ascii_lowercase().as_str(), said) {
        ("smtps", None | Some(TlsWish::Required)) => Ok(TlsWish::Wrapper),
        ("smtps", Some(_)) => Err(wrong("smtps:// always uses TLS; write smtp:// for less")),
        ("smtp", Some(said)) => Ok(said),
        ("smtp", None) if is_loopback(host) => Ok(TlsWish::None),
        ("smtp", None) if has_password => Ok(TlsWish::Required),
        ("smtp", None) => Ok(TlsWish::Opportunistic),
        _ => Err(wrong("must begin with smtp:// or smtps://")),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn host_and_port(place: &str) -> Result<(&str, Option<u16>), MailSettingError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or_else(|| wrong("the host's bracket is not closed"))?;
            (host, rest.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(fits) {
        return Err(wrong("the host is missing or not a host name"));
    }
    let port = port
        .map(|port| port.parse::<u16>().ok().filter(|port| *port > 0))
        .map(|port| port.ok_or_else(|| wrong("the port is not a number from 1 to 65535")))
        .transpose()?;
    Ok((host, port))
}

fn credentials(user_info: &str) -> Result<Credentials, MailSettingError> {
    let (user, password) = user_info.split_once(':').ok_or_else(|| wrong("has a user without a password"))?;
    let (user, password) = (percent_decoded(user)?, percent_decoded(password)?);
    if user.is_empty() || password.is_empty() {
        return Err(wrong("the user and the password must not be empty"));
    }
    Ok(Credentials::new(user, password))
}

fn percent_decoded(text: &str) -> Result<String, MailSettingError> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).and_then(|code| hex::decode(code).ok());
        let (Some(code), Some(rest)) = (code, part.get(2..)) else {
            return Err(wrong("a % in the user or the password must be written %25"));
        };
        bytes.extend(code);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| wrong("the user or the password is not UTF-8"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn spoken(tls: &Tls) -> &'static str {
        match tls {
            Tls::None => "none",
            Tls::Opportunistic(_) => "opportunistic",
            Tls::Required(_) => "required",
            Tls::Wrapper(_) => "wrapper",
        }
    }

    #[test]
    fn urls_say_where_and_how() {
        for (url, host, port, tls) in [
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, "none"),
            ("smtp://127.0.0.1:2525?tls=none", "127.0.0.1", 2525, "none"),
            ("smtp://localhost", "localhost", 25, "none"),
            ("smtp://[::1]:2525", "::1", 2525, "none"),
            ("smtp://u:p@mail.example.com:587", "mail.example.com", 587, "required"),
            ("smtp://u:p@mail.example.com", "mail.example.com", 587, "required"),
            ("smtp://u:p@mail.example.com?tls=none", "mail.example.com", 25, "none"),
            ("smtp://relay:25/our.name", "relay", 25, "opportunistic"),
            ("smtp://localhost?tls=required", "localhost", 587, "required"),
            ("smtps://u:p@mail.example.com", "mail.example.com", 465, "wrapper"),
            ("SMTPS://mail.example.com:9465/?tls=required", "mail.example.com", 9465, "wrapper"),
        ] {
            let server = Server::from_url(url).unwrap();
            assert_eq!((server.host.as_str(), server.port, spoken(&server.tls)), (host, port, tls), "{url}");
        }
    }

    #[test]
    fn passwords_may_hold_anything_once_encoded() {
        let server = Server::from_url("smtp://me%40x:p%3Aa%2Fs%C3%A7@relay:587").unwrap();
        let expected = Credentials::new("me@x".into(), "p:a/sç".into());
        assert_eq!(server.credentials, Some(expected));
    }

    #[test]
    fn what_cannot_work_is_refused_and_the_password_is_not_repeated() {
        for url in [
            "",
            "relay:25",
            "http://u:hidden@relay",
            "smtp://",
            "smtp://u:hidden@",
            "smtp://u@relay",
            "smtp://u:hidden%@relay",
            "smtp://u:hidden%zz@relay",
            "smtp://u:hidden%ff@relay",
            "smtp://u:@relay",
            "smtp://u:hidden@relay:0",
            "smtp://u:hidden@relay:70000",
            "smtp://u:hidden@[::1",
            "smtp://u:hidden@re lay",
            "smtp://u:hidden@relay?tls=maybe",
            "smtps://u:hidden@relay?tls=none",
        ] {
            let error = Server::from_url(url).unwrap_err();
            assert_eq!(error.setting, SETTING_SMTP_URL, "{url}");
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}

//! The connection to the NATS servers: who this process is to them, how they are known, and what is told
//! when they cannot be reached. Nothing told holds an address, which may hold a password.

use std::error::Error as _;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr, rustls};
use percent_encoding::percent_decode_str;
use tokio::sync::watch;

use super::BusError;
use crate::config::NatsSettings;

/// How long the start waits for a server before it goes on without.
const START_PATIENCE: Duration = Duration::from_secs(2);
/// Longest time that a server may take to answer.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How often a server is asked whether it is there; one that was not twice is left.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// Longest pause between two attempts to connect.
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// A client, and whether it is connected. Servers that do not answer yet are no failure; one that refuses
/// this process, or that it cannot trust, is.
pub(super) async fn connect(settings: &NatsSettings) -> Result<(Client, watch::Receiver<bool>), BusError> {
    let (addresses, user) = addresses(&settings.url)?;
    let (tell, connected) = watch::channel(false);
    let mut options = match user {
        None => ConnectOptions::new(),
        Some(_) if settings.credentials.is_some() => {
            return Err(wrong("nats_credentials", &"the URL names a user already"));
        }
        Some((token, None)) => ConnectOptions::with_token(token),
        Some((user, Some(password))) => ConnectOptions::with_user_and_password(user, password),
    };
    options = options
        .name("countersign")
        .custom_inbox_prefix(&settings.inbox_prefix)
        .connection_timeout(ANSWER_MAX)
        .ping_interval(ASK_EVERY)
        .reconnect_delay_callback(|attempts| {
            let millis = 100_u64.saturating_mul((1 << attempts.min(10)) >> 1);
            Duration::from_millis(millis).min(RECONNECT_MAX)
        })
        .event_callback(move |event| {
            told(&event);
            match event {
                Event::Connected => drop(tell.send_replace(true)),
                Event::Disconnected | Event::Closed => drop(tell.send_replace(false)),
                _ => {}
            }
            std::future::ready(())
        });
    if let Some(file) = &settings.credentials {
        let read = options.credentials_file(file).await;
        options = read.map_err(|error| wrong_file("nats_credentials", file, &error))?;
    }
    if let Some(file) = &settings.ca {
        let text = std::fs::read_to_string(file).map_err(|error| wrong_file("nats_ca", file, &error))?;
        // Without any, servers would be held against those of the machine.
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(wrong_file("nats_ca", file, &"it holds no certificate"));
        }
        options = options.add_root_certificates(file.clone()).require_tls(true);
    }
    let first = tokio::time::timeout(START_PATIENCE, options.clone().connect(&addresses)).await;
    let client = match first {
        Ok(Ok(client)) => client,
        Ok(Err(error)) if let Some(refused) = refusal(&error, settings) => return Err(refused),
        _ => {
            tracing::warn!("the NATS server does not answer yet; what is to be published waits in the database");
            let trying = options.retry_on_initial_connect().connect(addresses).await;
            trying.map_err(|error| wrong("nats_url", &error))?
        }
    };
    Ok((client, connected))
}

fn told(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to the NATS server"),
        Event::Closed | Event::Draining => tracing::debug!("the connection to the NATS server ends"),
        event => tracing::warn!(%event, "the connection to the NATS server"),
    }
}

/// A user's name and password; a token has no password.
type User = (String, Option<String>);

/// The servers, and who they all know this process as. The client takes no user from an address, but logs
/// addresses as they are; so what it gets has none.
fn addresses(url: &str) -> Result<(Vec<ServerAddr>, Option<User>), BusError> {
    let mut addresses = Vec::new();
    let mut users = Vec::new();
    for address in url.split(',') {
        let address: ServerAddr = address.trim().parse().map_err(|error| wrong("nats_url", &error))?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        users.push(address.username().map(|user| (decoded(user), address.password().map(decoded))));
        let mut bare = address.into_inner();
        bare.set_username("").and_then(|()| bare.set_password(None)).map_err(|()| wrong("nats_url", &"has no host"))?;
        addresses.push(ServerAddr::from_url(bare).map_err(|error| wrong("nats_url", &error))?);
    }
    users.dedup();
    match <[_; 1]>::try_from(users) {
        Ok([user]) => Ok((addresses, user)),
        Err(_) => Err(wrong("nats_url", &"all servers must have the same user and password")),
    }
}

/// Why it is of no use to try again, if it is so.
fn refusal(error: &ConnectError, settings: &NatsSettings) -> Option<BusError> {
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            let setting = if settings.credentials.is_some() { "nats_credentials" } else { "nats_url" };
            Some(wrong(setting, &"the NATS server does not let this user in"))
        }
        ConnectErrorKind::Tls => Some(wrong("nats_ca", error)),
        _ => by_tls(error).map(|reason| wrong("nats_ca", &format!("no TLS with the NATS server: {reason}"))),
    }
}

/// What TLS has against a server that answers: its certificate, or that it speaks none.
fn by_tls(error: &ConnectError) -> Option<&rustls::Error> {
    error.source()?.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()
}

fn wrong(setting: &'static str, reason: &dyn Display) -> BusError {
    BusError::Setting { setting, reason: reason.to_string() }
}

fn wrong_file(setting: &'static str, file: &Path, error: &dyn Display) -> BusError {
    wrong(setting, &format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn a_user_stands_before_every_address_and_in_none_that_is_left() {
        let (servers, user) = addresses("nats://wor%6Bers:p%40ss+@one:4222, nats://workers:p@ss+@two").unwrap();
        assert_eq!(user, Some(("workers".to_owned(), Some("p@ss+".to_owned()))));
        assert_eq!(servers.len(), 2);
        assert!(!format!("{servers:?}").contains("ss+"), "{servers:?}");
        assert_eq!(addresses("nats://one").unwrap().1, None);
        assert_eq!(addresses("nats://secret@one").unwrap().1, Some(("secret".to_owned(), None)));
        for wrong in ["nats://a:b@one,nats://two", "nats://a:secret@one,nats://a:other@two", "http://a:secret@one"] {
            let told = addresses(wrong).unwrap_err().to_string();
            assert!(told.starts_with("nats_url: ") && !told.contains("secret"), "{told}");
        }
    }
}

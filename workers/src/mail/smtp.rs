//! Letters to a mail server, over connections that are kept and shared.
//!
//! The pool is our own, on lettre's connection. Lettre's transport limits only the time to
//! connect, and puts a connection back when a send is cancelled half way: the next letter would
//! then read the last one's answer. Here an exchange owns its connection, has one time limit
//! from connect to the last answer, and gives the connection back only after it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use lettre::{
    Address, Message,
    address::Envelope,
    transport::smtp::{
        Error as SmtpError,
        authentication::DEFAULT_MECHANISMS,
        client::{AsyncSmtpConnection, Tls},
    },
};
use tokio::{sync::Semaphore, time::timeout};

use super::{Letter, MailError, MailSettingError, log_sent, message::Sender, server::Server};

/// The longest one letter may take, from connecting to the server's last answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections to the server at a time, busy and kept together.
const CONNECTIONS: usize = 8;
/// How long an unused connection is kept; servers hang up after a few minutes.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// The longest part of a server's answer we keep, in characters.
const ANSWER_CHARS: usize = 200;

/// A mail server and our connections to it.
#[derive(Clone)]
pub struct Smtp(Arc<Inner>);

struct Inner {
    server: Server,
    sender: Sender,
    /// The longest one exchange may take.
    limit: Duration,
    /// One permit for each exchange that may run.
    turns: Semaphore,
    /// Connections between two letters, the most recently used last.
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Shows the server, never the user or the password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.0.server.host)
            .field("port", &self.0.server.port)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    pub(super) fn new(url: &str, sender: Sender) -> Result<Self, MailSettingError> {
        let server = Server::from_url(url)?;
        Ok(Self(Arc::new(Inner {
            server,
            sender,
            limit: SEND_TIMEOUT,
            turns: Semaphore::new(CONNECTIONS),
            kept: Mutex::new(Vec::new()),
        })))
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = self.0.sender.message(letter)?;
        let closed = |_| MailError::Transient("the mailer is closed".into());
        let _turn = self.0.turns.acquire().await.map_err(closed)?;
        match timeout(self.0.limit, self.0.exchange(&message)).await {
            Ok(Ok(())) => {
                log_sent("smtp", letter);
                Ok(())
            }
            Ok(Err(error)) => Err(classified(&error, message.envelope())),
            Err(_) => Err(MailError::Transient(format!("the mail server did not answer within {:?}", self.0.limit))),
        }
    }

    pub(super) async fn send_all(&self, letters: &[Letter]) -> Vec<Result<(), MailError>> {
        join_all(letters.iter().map(|letter| self.send(letter))).await
    }
}

impl Inner {
    /// One letter over one connection. Dropped half way, it drops the connection too.
    async fn exchange(&self, message: &Message) -> Result<(), SmtpError> {
        let mut connection = self.connection().await?;
        let sent = connection.send(message.envelope(), &message.formatted()).await;
        if !connection.has_broken() {
            self.keep(connection);
        }
        sent.map(|_| ())
    }

    /// A kept connection that still answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        if let Some(mut kept) = self.take()
            && kept.test_connected().await
        {
            return Ok(kept);
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let Server { host, port, tls, credentials, hello } = &self.server;
        let from_the_start = match tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (host.as_str(), *port),
            Some(SEND_TIMEOUT),
            hello,
            from_the_start,
            None,
        )
        .await?;
        match tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), hello).await?,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), hello).await?;
            }
            _ => {}
        }
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// The connection used last, if it is fresh; the ones that have been idle too long go.
    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.since.elapsed() < IDLE_LIMIT);
        kept.pop().map(|kept| kept.connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < CONNECTIONS {
            let since = Instant::now();
            kept.push(Kept { connection, since });
        }
    }
}

/// What a failure means for the letter.
///
/// 5xx is for good, save the answers about our own account (530, 534, 535, 538) and our own
/// welcome (521, 421): a wrong password must not burn every letter. All else may heal.
fn classified(error: &SmtpError, envelope: &Envelope) -> MailError {
    let shown = without_addresses(&error.to_string());
    let about_us = error.status().map(u16::from).is_some_and(|code| matches!(code, 421 | 521 | 530 | 534 | 535 | 538));
    // The one thing the connection refuses by itself that is the letter's fault.
    let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let unsupported_address = error.is_client() && !envelope.to().iter().all(plain);
    if (error.is_permanent() && !about_us) || unsupported_address {
        MailError::Permanent(shown)
    } else {
        MailError::Transient(shown)
    }
}

/// A server's answer often repeats the address; errors are stored and logged, so it must go.
fn without_addresses(answer: &str) -> String {
    let words = answer.split(|c: char| c.is_whitespace() || c.is_control());
    let mut shown = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(if word.contains('@') { "(address)" } else { word });
    }
    shown.chars().take(ANSWER_CHARS).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

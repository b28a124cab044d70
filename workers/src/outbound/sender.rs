//! The sender: a call to a URL that somebody else chose. It follows no redirect, asks no proxy, connects only to
//! addresses that the guard admits, and takes neither long nor much.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::guard::{Guard, Unresolved};
use crate::tls;

/// How calls name their caller, before what they are made for.
const USER_AGENT: &str = concat!("Countersign/", env!("CARGO_PKG_VERSION"));
/// Longest time that making a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a connection is kept that nobody uses.
const IDLE_MAX: Duration = Duration::from_secs(15);
/// Most of an answer that is read, in bytes.
const EXCERPT_MAX: usize = 512;
/// Longest time that an answer's body is waited for once its head has arrived, which is all that counts.
const EXCERPT_WAIT: Duration = Duration::from_secs(1);
/// How much of an answer, or of a body, needs no room, in bytes: nearly all are shorter.
pub const SMALL_MAX: usize = 64 * 1024;
/// Room for the answers of a sender that are longer, in KiB: three signed documents of the largest size. As much is there
/// for long bodies.
const ROOM_KIB: usize = 256 * 1024;
/// How long an answer, or a body, waits for room.
const ROOM_WAIT: Duration = Duration::from_secs(5);

/// Makes calls. Cheap to clone; clones share the room for what is long.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    guard: Guard,
    /// For answers.
    room: Arc<Semaphore>,
    /// For bodies. They keep theirs for as long as whom they are sent to takes, and must keep no answer waiting.
    outgoing: Arc<Semaphore>,
}

/// Room that something takes for as long as this is there.
#[derive(Debug)]
pub struct Room {
    _held: Option<OwnedSemaphorePermit>,
}

/// What was answered, as far as anybody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// When to come again, as it says.
    pub retry_after: Option<String>,
    /// The beginning of its body.
    pub excerpt: Vec<u8>,
}

/// A call whose answer is wanted whole. Its URL and its headers hold credentials: neither is ever printed.
#[derive(Clone)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// With what, credentials included.
    pub headers: HeaderMap,
    /// With which body.
    pub body: Vec<u8>,
    /// Most of the answer's body, in bytes; a longer one is none.
    pub answer_max: usize,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({} {}, {} bytes)", self.method, self.url.host_str().unwrap_or_default(), self.body.len())
    }
}

/// What a call was answered. As long as it is there, a long one takes the room of others.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// When to come again, as it says.
    pub retry_after: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What a vendor answers is about people.
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The URL leads to an address that is not called.
    Forbidden,
    /// Its name has no address.
    UnknownName,
    /// Nobody listens there.
    Refused,
    /// TLS failed: the certificate, most of the time.
    Tls,
    /// It took too long.
    Timeout,
    /// The connection broke off, or what came is no answer.
    Broken,
    /// The answer is longer than anybody reads.
    TooLong,
    /// Others take the room that this needs.
    NoRoom,
}

impl Unsent {
    /// Whether it is certain that nothing was heard of the call.
    pub fn is_unheard(self) -> bool {
        matches!(self, Unsent::Forbidden | Unsent::UnknownName | Unsent::Refused)
    }

    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Unsent::Forbidden => "address_forbidden",
            Unsent::UnknownName => "name_unknown",
            Unsent::Refused => "connection_refused",
            Unsent::Tls => "tls_failed",
            Unsent::Timeout => "timeout",
            Unsent::Broken => "connection_broken",
            Unsent::TooLong => "answer_too_long",
            Unsent::NoRoom => "no_room",
        }
    }
}

impl Sender {
    /// A sender for `purpose`, a word that those who are called read, whose calls take at most so long.
    pub fn new(purpose: &str, guard: Guard, longest: Duration) -> Result<Self, reqwest::Error> {
        tls::choose_ring();
        let client = Client::builder()
            .user_agent(format!("{USER_AGENT} ({purpose})"))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(longest)
            .connect_timeout(CONNECT_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .dns_resolver(Arc::new(Judged(guard.clone())))
            .build()?;
        let room = || Arc::new(Semaphore::new(ROOM_KIB));
        Ok(Self { client, guard, room: room(), outgoing: room() })
    }

    /// Room for a body, to be asked for before it is read.
    pub async fn room_for(&self, bytes: usize) -> Result<Room, Unsent> {
        let held = if bytes > SMALL_MAX { Some(take(&self.outgoing, bytes).await?) } else { None };
        Ok(Room { _held: held })
    }

    /// Sends a body and reads where the answer begins; one of whatever status is one.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Reply, Unsent> {
        let (mut response, retry_after) = self.send(Method::POST, url, headers, body).await?;
        let excerpt = excerpt(&mut response).await;
        Ok(Reply { status: response.status().as_u16(), retry_after, excerpt })
    }

    /// Makes a call and reads the whole answer; one of whatever status is one.
    pub async fn call(&self, call: Call) -> Result<Answer, Unsent> {
        let (mut response, retry_after) = self.send(call.method, &call.url, call.headers, call.body).await?;
        let (body, room) = self.whole(&mut response, call.answer_max).await?;
        Ok(Answer { status: response.status().as_u16(), retry_after, body, _room: room })
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(Response, Option<String>), Unsent> {
        // An address in the URL itself is not asked of the resolver.
        self.guard.judge(url).map_err(|_| Unsent::Forbidden)?;
        let call = self.client.request(method, url.clone()).headers(headers).body(body);
        let response = call.send().await.map_err(|error| why(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((response, retry_after))
    }

    /// The whole of a body, if it is no longer than that, and the room that it takes. Room is asked for once, and only
    /// when there is something to put into it: who is slow to answer keeps nobody waiting.
    async fn whole(
        &self,
        response: &mut Response,
        most: usize,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Unsent> {
        let (mut body, mut room) = (Vec::new(), None);
        while let Some(chunk) = response.chunk().await.map_err(|error| why(&error))? {
            let length = body.len() + chunk.len();
            if length > most {
                return Err(Unsent::TooLong);
            }
            if length > SMALL_MAX && room.is_none() {
                let left = response.content_length().and_then(|left| usize::try_from(left).ok());
                let whole = left.map_or(most, |left| (length + left).min(most));
                room = Some(take(&self.room, whole).await?);
                body.reserve_exact(whole - body.len());
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, room))
    }
}

async fn take(room: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Unsent> {
    let kib = bytes.div_ceil(1024).min(ROOM_KIB) as u32;
    let taken = timeout(ROOM_WAIT, Arc::clone(room).acquire_many_owned(kib)).await;
    taken.ok().and_then(Result::ok).ok_or(Unsent::NoRoom)
}

/// As much of a body as is kept, or as comes at once.
async fn excerpt(response: &mut Response) -> Vec<u8> {
    let mut excerpt = Vec::new();
    let reading = async {
        while excerpt.len() < EXCERPT_MAX
            && let Ok(Some(chunk)) = response.chunk().await
        {
            excerpt.extend_from_slice(&chunk[..chunk.len().min(EXCERPT_MAX - excerpt.len())]);
        }
    };
    // Whatever came until then is what there is.
    let _ = timeout(EXCERPT_WAIT, reading).await;
    excerpt
}

fn why(error: &reqwest::Error) -> Unsent {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(unresolved) = error.downcast_ref::<Unresolved>() {
            return match unresolved {
                Unresolved::Forbidden => Unsent::Forbidden,
                Unresolved::Unknown => Unsent::UnknownName,
            };
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            if error.kind() == io::ErrorKind::ConnectionRefused {
                return Unsent::Refused;
            }
            if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
                return Unsent::Tls;
            }
        }
        cause = error.source();
    }
    if error.is_timeout() { Unsent::Timeout } else { Unsent::Broken }
}

/// The client's resolver: it gives the addresses of a name if all of them may be called, and none otherwise. The
/// client connects to what it was given and does not ask again.
struct Judged(Guard);

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found = guard.resolve(name.as_str()).await?;
            // The port is the URL's.
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

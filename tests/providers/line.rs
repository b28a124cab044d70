//! The line between two Countersigns: it hands calls on, one to a connection, and does with each answer as it is told.
//! It knows when each call was made by the caller's clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use countersign::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{LOOK, PATIENCE};

/// How often a drop of an answer comes that never ends.
const DROP: SignedDuration = SignedDuration::from_secs(1);

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is handed on and answered.
    Answered,
    /// It is handed on, and its answer is lost.
    Lost,
    /// It is not handed on: this is answered, with this `Retry-After`.
    Refused(u16, Option<u64>),
    /// It is not handed on: this is answered.
    Says(&'static str),
    /// It is not handed on, and not answered.
    Away,
    /// It is handed on, and its answer is kept back until the line lets go.
    Held,
    /// It is handed on when the line lets go, and its answer is lost.
    Late,
    /// It is handed on, and its answer comes byte by byte, one for each second of the clock, and then others without end.
    Drips,
    /// It is not handed on: this is answered, as if all were well.
    Instead(&'static [u8]),
    /// It is not handed on: a PDF without an end is answered.
    Endless,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// When.
    pub(super) at: Timestamp,
    /// Method and path, without the query.
    pub(super) what: String,
}

type Judge = Box<dyn FnMut(&str) -> Fate + Send>;

/// A line.
pub(super) struct Line {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    clock: Clock,
    judge: Mutex<Judge>,
    made: Mutex<Vec<Made>>,
    /// How many calls have not ended.
    open: AtomicUsize,
    /// How many of them are kept back.
    held: AtomicUsize,
    /// How often it has let go.
    let_go: watch::Sender<usize>,
}

impl Line {
    /// A line to an address, on which every call is answered.
    pub(super) async fn to(target: &str, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            target: target.strip_prefix("http://").unwrap().to_owned(),
            clock,
            judge: Mutex::new(Box::new(|_| Fate::Answered)),
            made: Mutex::new(Vec::new()),
            open: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            let_go: watch::Sender::new(0),
        });
        let line = Self { url, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    shared.open.fetch_add(1, Ordering::Relaxed);
                    let _ = shared.carry(caller).await;
                    shared.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        line
    }

    /// Where it begins.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Has each call judged from now on, by its method and path.
    pub(super) fn judge(&self, judge: impl FnMut(&str) -> Fate + Send + 'static) {
        *self.shared.judge.lock().unwrap() = Box::new(judge);
    }

    /// The calls that were made.
    pub(super) fn made(&self) -> Vec<Made> {
        self.shared.made.lock().unwrap().clone()
    }

    /// How many calls were made whose method and path end so.
    pub(super) fn count(&self, end: &str) -> usize {
        self.made().iter().filter(|call| call.what.ends_with(end)).count()
    }

    /// Whether somebody waits for an answer.
    pub(super) fn is_busy(&self) -> bool {
        self.shared.open.load(Ordering::Relaxed) > 0
    }

    /// Whether a call is kept back.
    pub(super) fn is_holding(&self) -> bool {
        self.shared.held.load(Ordering::Relaxed) > 0
    }

    /// Waits until a call is kept back.
    pub(super) async fn holds(&self) {
        let started = Instant::now();
        while !self.is_holding() {
            assert!(started.elapsed() < PATIENCE, "a call is kept back: {:?}", self.made());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets the calls go that are kept back.
    pub(super) fn let_go(&self) {
        self.shared.let_go.send_modify(|times| *times += 1);
    }
}

impl Shared {
    async fn carry(&self, mut caller: TcpStream) -> std::io::Result<()> {
        let Some((head, body)) = call(&mut caller).await? else { return Ok(()) };
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let what = format!("{method} {}", path.split('?').next().unwrap_or_default());
        self.made.lock().unwrap().push(Made { at: self.clock.now(), what: what.clone() });
        let fate = {
            let mut judge = self.judge.lock().unwrap();
            (*judge)(&what)
        };
        match fate {
            Fate::Away => return Ok(()),
            Fate::Refused(status, retry_after) => {
                let retry = retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
                let answer = format!("HTTP/1.1 {status} No\r\n{retry}content-length: 0\r\nconnection: close\r\n\r\n");
                return caller.write_all(answer.as_bytes()).await;
            }
            Fate::Instead(body) => {
                caller.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await?;
                caller.write_all(body).await?;
                return caller.shutdown().await;
            }
            Fate::Endless => {
                caller.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n%PDF-1.7").await?;
                loop {
                    caller.write_all(&[b' '; 64 * 1024]).await?;
                }
            }
            Fate::Says(text) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
                return caller.write_all(format!("{head}{text}").as_bytes()).await;
            }
            Fate::Late => self.hold().await,
            Fate::Answered | Fate::Lost | Fate::Held | Fate::Drips => {}
        }
        let answer = self.hand_on(&head, &body).await?;
        match fate {
            Fate::Held => {
                self.hold().await;
                caller.write_all(&answer).await?;
            }
            Fate::Drips => {
                for byte in answer.iter().chain(std::iter::repeat(&b' ')) {
                    caller.write_all(std::slice::from_ref(byte)).await?;
                    self.clock.sleep_until(self.clock.now() + DROP).await;
                }
            }
            Fate::Answered => caller.write_all(&answer).await?,
            _ => {}
        }
        caller.shutdown().await
    }

    /// Keeps a call back until the line lets go.
    async fn hold(&self) {
        let mut let_go = self.let_go.subscribe();
        let before = *let_go.borrow_and_update();
        self.held.fetch_add(1, Ordering::Relaxed);
        let _ = let_go.wait_for(|times| *times > before).await;
        self.held.fetch_sub(1, Ordering::Relaxed);
    }

    /// Makes the call where the line leads; what was answered.
    async fn hand_on(&self, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut there = TcpStream::connect(&self.target).await?;
        let head: String = head
            .split("\r\n")
            .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
            .fold(String::new(), |head, line| if line.is_empty() { head } else { head + line + "\r\n" });
        there.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await?;
        there.write_all(body).await?;
        let mut answer = Vec::new();
        there.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// A call's head and body.
async fn call(caller: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if caller.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = read.split_off(end);
    let head = String::from_utf8_lossy(&read).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while body.len() < length.unwrap_or(0) {
        if caller.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some((head, body)))
}

//! The line between two Countersigns: it hands calls on, one to a connection, and does with each answer as it is told.
//! It knows when each call was made by the caller's clock.

use std::sync::{Arc, Mutex};

use countersign::clock::Clock;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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
    judge: Arc<Mutex<Judge>>,
    made: Arc<Mutex<Vec<Made>>>,
}

impl Line {
    /// A line to an address, on which every call is answered.
    pub(super) async fn to(target: &str, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = target.strip_prefix("http://").unwrap().to_owned();
        let judge: Judge = Box::new(|_| Fate::Answered);
        let (judge, made) = (Arc::new(Mutex::new(judge)), Arc::new(Mutex::new(Vec::new())));
        let line = Self { url, judge: Arc::clone(&judge), made: Arc::clone(&made) };
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let (target, judge, made, clock) =
                    (target.clone(), Arc::clone(&judge), Arc::clone(&made), clock.clone());
                tokio::spawn(async move {
                    let _ = carry(caller, &target, &judge, &made, &clock).await;
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
        *self.judge.lock().unwrap() = Box::new(judge);
    }

    /// The calls that were made.
    pub(super) fn made(&self) -> Vec<Made> {
        self.made.lock().unwrap().clone()
    }
}

async fn carry(
    mut caller: TcpStream,
    target: &str,
    judge: &Mutex<Judge>,
    made: &Mutex<Vec<Made>>,
    clock: &Clock,
) -> std::io::Result<()> {
    let Some((head, body)) = call(&mut caller).await? else { return Ok(()) };
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let what = format!("{method} {}", path.split('?').next().unwrap_or_default());
    made.lock().unwrap().push(Made { at: clock.now(), what: what.clone() });
    let fate = {
        let mut judge = judge.lock().unwrap();
        (*judge)(&what)
    };
    match fate {
        Fate::Away => return Ok(()),
        Fate::Refused(status, retry_after) => {
            let retry = retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
            let answer = format!("HTTP/1.1 {status} No\r\n{retry}content-length: 0\r\nconnection: close\r\n\r\n");
            return caller.write_all(answer.as_bytes()).await;
        }
        Fate::Says(text) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
            return caller.write_all(format!("{head}{text}").as_bytes()).await;
        }
        Fate::Answered | Fate::Lost => {}
    }
    let mut there = TcpStream::connect(target).await?;
    let head: String = head
        .split("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .fold(String::new(), |head, line| if line.is_empty() { head } else { head + line + "\r\n" });
    there.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await?;
    there.write_all(&body).await?;
    let mut answer = Vec::new();
    there.read_to_end(&mut answer).await?;
    if fate == Fate::Answered {
        caller.write_all(&answer).await?;
    }
    caller.shutdown().await
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

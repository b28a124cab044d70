//! A receiver of webhooks that answers as a test wants it to, badly too, and remembers what it heard.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest time anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    /// A status.
    Status(u16),
    /// A status with a header and a body.
    With(u16, String, String),
    /// Nothing, for as long as the connection lasts.
    Nothing,
    /// Nothing: the connection ends.
    HangUp,
    /// These bytes, and the connection ends.
    Bytes(&'static str),
}

/// What was heard.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

type Script = dyn FnMut(&Heard) -> Say + Send;

/// A receiver on a port of its own.
pub(crate) struct Receiver {
    address: std::net::SocketAddr,
    heard: watch::Receiver<Vec<Heard>>,
    script: Arc<Mutex<Box<Script>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Receiver {
    /// One that takes everything.
    pub(crate) async fn willing() -> Self {
        Self::saying(|_| Say::Status(200)).await
    }

    /// One that always says the same.
    pub(crate) async fn always(say: Say) -> Self {
        Self::saying(move |_| say.clone()).await
    }

    /// One that answers by a script.
    pub(crate) async fn saying(script: impl FnMut(&Heard) -> Say + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (telling, heard) = watch::channel(Vec::new());
        let script: Arc<Mutex<Box<Script>>> = Arc::new(Mutex::new(Box::new(script)));
        let asked = Arc::clone(&script);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, telling.clone(), Arc::clone(&asked)));
            }
        });
        Self { address, heard, script, accepting }
    }

    /// Changes what it answers from now on.
    pub(crate) fn now_says(&self, script: impl FnMut(&Heard) -> Say + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.borrow().clone()
    }

    /// Waits until so much was heard.
    pub(crate) async fn has(&self, count: usize) -> Vec<Heard> {
        let mut heard = self.heard.clone();
        let waiting = tokio::time::timeout(PATIENCE, heard.wait_for(|heard| heard.len() >= count));
        let found = waiting.await.unwrap_or_else(|_| panic!("{} messages, not {count}", self.heard.borrow().len()));
        found.unwrap().clone()
    }
}

/// As much of HTTP as one client needs.
async fn converse(
    stream: TcpStream,
    telling: watch::Sender<Vec<Heard>>,
    script: Arc<Mutex<Box<Script>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let heard = read(&mut stream).await?;
        let say = (*script.lock().unwrap())(&heard);
        telling.send_modify(|all| all.push(heard));
        let answer = match say {
            Say::Status(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok"),
            Say::With(status, header, body) => {
                format!("HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            }
            Say::Nothing => {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await.ok()?;
                return None;
            }
            Say::HangUp => return None,
            Say::Bytes(bytes) => {
                stream.get_mut().write_all(bytes.as_bytes()).await.ok()?;
                stream.get_mut().shutdown().await.ok()?;
                return None;
            }
        };
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Heard { path, headers, body })
}

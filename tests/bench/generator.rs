//! A load generator that costs little, because it shares the cores with what it measures: one
//! connection kept alive, requests written whole, answers read by their `content-length`.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer; its text is only good until the next call.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a str,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends a call and reads its answer whole. `headers` are lines that end with CRLF.
    pub(crate) async fn call(&mut self, line: &str, headers: &str, body: &[u8]) -> Answer<'_> {
        let length = body.len();
        let mut call =
            format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n").into_bytes();
        call.extend_from_slice(body);
        self.stream.write_all(&call).await.unwrap();
        self.buffer.clear();
        let head = loop {
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "the server hung up");
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let told = header(std::str::from_utf8(&self.buffer[..head]).unwrap(), "content-length");
        let whole = head + told.map_or(0, |length| length.parse::<usize>().unwrap());
        while self.buffer.len() < whole {
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "the server hung up");
        }
        let (head, body) = std::str::from_utf8(&self.buffer).unwrap().split_at(head);
        Answer { status: head[9..12].parse().unwrap(), head, body }
    }
}

/// A header of an answer.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

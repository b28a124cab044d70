//! Ports for servers that are killed and started again on the same one.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port below those that connections are given: while its server is down, none may take it, nor is it
/// given to another test.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 10_500 + (std::process::id() % 20_000) as u16;
    let mut next = std::iter::repeat_with(|| first + GIVEN.fetch_add(1, Ordering::Relaxed));
    next.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

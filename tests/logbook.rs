//! What this thread writes into the log, in memory. A test's tasks run on its own thread, and nothing else does.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// A log, for as long as its guard is there.
#[derive(Clone, Default)]
pub struct Logbook(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logbook {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logbook {
    /// A log of what is written from now on. All go down to the same level: what one of them does not want to hear is
    /// forgotten by the process for the others, too, while they begin.
    pub fn open() -> (Self, impl Sized) {
        let book = Self::default();
        // Were this the only log there is, whoever comes by a line first would decide for all threads whether it is written.
        let another = tracing_subscriber::registry().set_default();
        let writer = book.clone();
        let log =
            tracing_subscriber::fmt().json().with_max_level(LevelFilter::DEBUG).with_writer(move || writer.clone());
        (book, (log.finish().set_default(), another))
    }

    /// All of it.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Line by line.
    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

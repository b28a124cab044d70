//! A history as a file: one JSON line an event, with its personal part beside it, verifiable offline.

use std::io::{self, BufRead, Write};

use countersign_engine::event::Event;
use countersign_engine::ids::Digest;
use countersign_engine::request::Request;
use countersign_engine::trail::{self, Line};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest line of a history, in bytes.
const LINE_MAX: usize = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Exported {
    event: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    personal: Option<Value>,
    hash: Digest,
}

/// A history that is whole.
#[derive(Debug)]
pub struct History {
    /// The request that it makes.
    pub request: Request,
    /// Its events.
    pub events: Vec<Event>,
    /// Numbers of events whose personal part is not there, though they were made with one.
    pub undisclosed: Vec<u64>,
}

/// Writes a history.
pub fn write(history: &[(Event, Line)], out: &mut impl Write) -> io::Result<()> {
    for (_, line) in history {
        let personal = line.disclosure.as_deref().map(serde_json::from_str).transpose()?;
        let exported = Exported { event: serde_json::from_str(&line.body)?, personal, hash: line.hash };
        serde_json::to_writer(&mut *out, &exported)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Reads a history and proves it: hashes, numbers, personal parts, and that it could happen. Nothing if there is
/// not a single event; the error names the line.
pub fn check(input: impl BufRead) -> Result<Option<History>, String> {
    let mut request: Option<Request> = None;
    let (mut events, mut undisclosed) = (Vec::new(), Vec::new());
    let mut previous = Digest::ZERO;
    for (number, text) in (1_u64..).zip(input.lines()) {
        let at = |error: &dyn std::fmt::Display| format!("line {number}: {error}");
        let text = text.map_err(|error| at(&error))?;
        if text.len() > LINE_MAX {
            return Err(at(&"too long"));
        }
        let exported: Exported = serde_json::from_str(&text).map_err(|error| at(&error))?;
        if exported.personal.is_none() && exported.event.get("personal").is_some() {
            undisclosed.push(number);
        }
        let line = Line {
            body: trail::canonical(&exported.event).map_err(|error| at(&error))?,
            disclosure: exported.personal.map(|value| trail::canonical(&value)).transpose().map_err(|e| at(&e))?,
            hash: exported.hash,
        };
        let id = match &request {
            Some(request) => request.id,
            None => trail::read(&line).map_err(|error| at(&error))?.request,
        };
        let event = trail::check(&line, id, number, previous).map_err(|error| at(&error))?;
        Request::advance(&mut request, &event).map_err(|error| at(&error))?;
        previous = line.hash;
        events.push(event);
    }
    Ok(request.map(|request| History { request, events, undisclosed }))
}

//! A place in a trace, as it travels (W3C Trace Context, `traceparent`).

use std::fmt;
use std::str::FromStr;

/// Length of version 00.
const LENGTH: usize = 55;
/// The flag that says that the trace is recorded.
const SAMPLED: u8 = 1;
/// Flags that have a meaning: sampled, and a random trace id.
const KNOWN_FLAGS: u8 = 3;

/// A trace, a span in it, and whether it is recorded. `tracestate`, which is free text of vendors, is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) flags: u8,
}

impl TraceParent {
    /// Whether the trace is recorded.
    pub fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// A text that is no `traceparent`. Whoever finds one goes on without: a trace must not cost a wish.
#[derive(Debug, thiserror::Error)]
#[error("not a traceparent")]
pub struct BadTraceParent;

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = BadTraceParent;
    fn from_str(text: &str) -> Result<Self, BadTraceParent> {
        let known = text.get(..LENGTH).ok_or(BadTraceParent)?;
        // A later version may have more behind another dash.
        let whole = text.len() == LENGTH || (!text.starts_with("00") && text.as_bytes()[LENGTH] == b'-');
        let mut parts = known.split('-');
        let mut hex = |length: usize| {
            let part = parts.next().filter(|part| part.len() == length).ok_or(BadTraceParent)?;
            let lower = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if lower { u128::from_str_radix(part, 16).map_err(|_| BadTraceParent) } else { Err(BadTraceParent) }
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        if !whole || version == 0xff || trace == 0 || span == 0 {
            return Err(BadTraceParent);
        }
        let span = u64::try_from(span).map_err(|_| BadTraceParent)?;
        let flags = u8::try_from(flags).map_err(|_| BadTraceParent)? & KNOWN_FLAGS;
        Ok(Self { trace, span, flags })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_was_read_is_written_again() {
        let read: TraceParent = GIVEN.parse().unwrap();
        assert!(read.is_sampled());
        assert_eq!(read.to_string(), GIVEN);
        let later: TraceParent = format!("cc{}-what-comes-then", &GIVEN[2..]).parse().unwrap();
        assert_eq!(later, read);
        let unsampled: TraceParent = GIVEN.replace("-01", "-f8").parse().unwrap();
        assert!(!unsampled.is_sampled());
        assert!(unsampled.to_string().ends_with("-00"), "flags that nobody knows are not passed on");
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "00",
            &GIVEN[..54],
            &format!("{GIVEN}-"),
            &format!("{GIVEN}0"),
            &format!("cc{}x", &GIVEN[2..]),
            &GIVEN.to_uppercase(),
            &format!("ff{}", &GIVEN[2..]),
            &GIVEN.replace('-', "_"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-éaf7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ] {
            assert!(bad.parse::<TraceParent>().is_err(), "{bad}");
        }
    }
}

//! Dates as PDF has them.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use lopdf::{Object, StringFormat};

/// An instant as PDF writes it, in UTC.
pub(super) fn written(time: Timestamp) -> Object {
    Object::String(time.strftime("D:%Y%m%d%H%M%SZ").to_string().into_bytes(), StringFormat::Literal)
}

/// The instant of a date as PDF writes it: `D:YYYYMMDDHHmmSS`, then `Z` or an offset such as `-03'00'`.
pub(super) fn read(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("D:")?;
    let digits = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let date = Date::new(text.get(0..4)?.parse().ok()?, digits(4, 6)?, digits(6, 8)?).ok()?;
    let time = Time::new(digits(8, 10)?, digits(10, 12)?, digits(12, 14)?, 0).ok()?;
    let zone = text.get(14..)?;
    let seconds = match zone.as_bytes().first() {
        None | Some(b'Z') => 0,
        Some(sign @ (b'+' | b'-')) => {
            let hours: i32 = zone.get(1..3)?.parse().ok()?;
            let minutes: i32 = zone.get(4..6).unwrap_or("0").parse().ok()?;
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    Offset::from_seconds(seconds).ok()?.to_timestamp(date.to_datetime(time)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_pdf_writes_them() {
        let time = |text: &str| read(text.as_bytes()).map(|time| time.to_string());
        assert_eq!(time("D:20261122120041Z").as_deref(), Some("2026-11-22T12:00:41Z"));
        assert_eq!(time("D:20261122090041-03'00'").as_deref(), Some("2026-11-22T12:00:41Z"));
        for strange in ["", "D:", "D:20261399120041Z", "20261122120041Z", "D:20261122120041+99'99'", "D:2026é122120041"]
        {
            assert_eq!(time(strange), None, "{strange}");
        }
    }
}

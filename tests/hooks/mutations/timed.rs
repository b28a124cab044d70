//! Messages that are stamped for another time than that of their arrival, or under another id.

use jiff::SignedDuration;

use super::{Mutation, class};
use crate::hooks::sender::{Letter, Sent};

/// The message stamped for a text in the place of its time, where that is covered.
fn timed(letter: &Letter, time: &str) -> Option<Sent> {
    matches!(letter.scheme.name, "standard_webhooks" | "stripe" | "docuseal")
        .then(|| Letter { time: time.to_owned(), ..letter.clone() }.sent())
}

fn shifted(letter: &Letter, by: i64) -> Option<Sent> {
    timed(letter, &(letter.time.parse::<i64>().unwrap() + by).to_string())
}

/// The genuine message, arriving at another time.
fn arriving(letter: &Letter, after: SignedDuration) -> Option<Sent> {
    let sent = letter.sent();
    timed(letter, "0").map(|_| Sent { at: sent.at + after, ..sent })
}

/// When it was stamped.
pub(super) const TIMES: &[Mutation] = &[
    class("a second too late", |letter| shifted(letter, -301)),
    class("an hour late", |letter| shifted(letter, -3600)),
    class("a year late", |letter| shifted(letter, -31_536_000)),
    class("a second too early", |letter| shifted(letter, 301)),
    class("an hour early", |letter| shifted(letter, 3600)),
    class("of the year 1970", |letter| timed(letter, "0")),
    class("in milliseconds", |letter| timed(letter, &format!("{}000", letter.time))),
    class("at the end of time", |letter| timed(letter, "99999999999")),
    class("in more digits than a number has", |letter| timed(letter, &"9".repeat(40))),
    class("a negative time", |letter| timed(letter, &format!("-{}", letter.time))),
    class("a time with a sign", |letter| timed(letter, &format!("+{}", letter.time))),
    class("a time with zeros in front", |letter| timed(letter, &format!("0{}", letter.time))),
    class("a time with a fraction", |letter| timed(letter, &format!("{}.0", letter.time))),
    class("a time with an exponent", |letter| timed(letter, "1.768473e9")),
    class("a time in hexadecimal", |letter| timed(letter, &format!("0x{:x}", letter.time.parse::<i64>().unwrap()))),
    class("a time in words", |letter| timed(letter, "2026-01-15T10:30:00Z")),
    class("no time", |letter| timed(letter, "")),
    class("a time with a space in it", |letter| timed(letter, &format!("{} {}", &letter.time[..5], &letter.time[5..]))),
    class("a time with underscores", |letter| timed(letter, &format!("{}_{}", &letter.time[..4], &letter.time[4..]))),
    class("another time under the same stamp", |letter| {
        let later = (letter.time.parse::<i64>().unwrap() + 1).to_string();
        timed(letter, &later).map(|_| Letter { time: later, ..letter.clone() }.sent_with(&letter.stamp()))
    }),
    class("again, six minutes later", |letter| arriving(letter, SignedDuration::from_secs(301))),
    class("again, a day later", |letter| arriving(letter, SignedDuration::from_hours(24))),
    class("before it was sent", |letter| arriving(letter, SignedDuration::from_secs(-301))),
    class("two times", |letter| {
        (letter.scheme.name == "stripe").then(|| letter.sent_as(&format!("t=1,{}{}", letter.prefix(), letter.stamp())))
    }),
    class("the time's header twice", |letter| {
        (letter.scheme.name == "standard_webhooks").then(|| letter.sent().and("webhook-timestamp", &letter.time))
    }),
    class("the time's header missing", |letter| {
        (letter.scheme.name == "standard_webhooks").then(|| letter.sent().with("webhook-timestamp", None))
    }),
    class("a stamp without time", |letter| {
        (letter.scheme.name == "stripe").then(|| letter.sent_as(&format!("v1={}", letter.stamp())))
    }),
];

/// The message with another id under the same stamp, where that is covered.
fn named(letter: &Letter, id: &str) -> Option<Sent> {
    (letter.scheme.name == "standard_webhooks")
        .then(|| Letter { id: id.to_owned(), ..letter.clone() }.sent_with(&letter.stamp()))
}

/// The same with a stamp of its own.
fn renamed(letter: &Letter, id: &str) -> Option<Sent> {
    (letter.scheme.name == "standard_webhooks").then(|| Letter { id: id.to_owned(), ..letter.clone() }.sent())
}

/// Which message it is.
pub(super) const IDS: &[Mutation] = &[
    class("another id", |letter| named(letter, "msg_other")),
    class("no id", |letter| renamed(letter, "")),
    class("an id with a full stop", |letter| renamed(letter, "msg.1")),
    class("an id with a space", |letter| renamed(letter, "msg 1")),
    class("an id that is too long", |letter| renamed(letter, &"m".repeat(129))),
    class("a part of the time in the id", |letter| {
        let (front, back) = letter.time.split_at(4);
        let split = Letter { id: format!("{ID}.{front}", ID = letter.id), time: back.to_owned(), ..letter.clone() };
        (letter.scheme.name == "standard_webhooks").then(|| split.sent())
    }),
    class("the id's header missing", |letter| {
        (letter.scheme.name == "standard_webhooks").then(|| letter.sent().with("webhook-id", None))
    }),
    class("the id's header twice", |letter| {
        (letter.scheme.name == "standard_webhooks").then(|| letter.sent().and("webhook-id", &letter.id))
    }),
];

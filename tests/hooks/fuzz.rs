//! The verification under random messages: it never panics and takes nothing but what is genuine. A bounded run belongs to
//! the suite; a longer one is
//!
//! ```console
//! $ COUNTERSIGN_FUZZ_SECONDS=600 cargo test -p countersign-tests --test suite -- --nocapture hooks::fuzz
//! ```
//!
//! which prints how many messages each scheme was held against.

use std::cell::Cell;
use std::time::{Duration, Instant};

use countersign::dialects::hooks::read;
use countersign::hooks::{Genuine, HookSecret, SCHEMES, Scheme, TOLERANCE, Trust};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::mutations::mutations;
use super::sender::{Letter, Sent, secret};

/// Messages for each scheme in the suite's run.
const CASES: u32 = 1_000;
/// Messages between two looks at the clock in a longer run.
const ROUND: u32 = 2_000;

/// Something that is done to a message on its way.
#[derive(Clone, Debug)]
enum Step {
    /// One of the table's.
    Class(usize),
    /// A byte of the body is another.
    Body(usize, u8),
    /// The body ends here.
    Cut(usize),
    /// Something stands in the body.
    Insert(usize, Vec<u8>),
    /// A byte of a header is another.
    Header(usize, usize, u8),
    /// A header has another value.
    Value(usize, Vec<u8>),
    /// A header is gone.
    Drop(usize),
    /// A header stands twice.
    Double(usize),
    /// Two headers' values change places.
    Swap(usize, usize),
    /// It arrives later or earlier, by so many seconds.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let near = prop_oneof![Just(b'a'), Just(b'F'), Just(b'0'), Just(b'='), Just(b','), Just(b' '), any::<u8>()];
    prop_oneof![
        2 => any::<usize>().prop_map(Step::Class),
        2 => (any::<usize>(), near.clone()).prop_map(|(at, byte)| Step::Body(at, byte)),
        1 => any::<usize>().prop_map(Step::Cut),
        1 => (any::<usize>(), bytes()).prop_map(|(at, bytes)| Step::Insert(at, bytes)),
        3 => (any::<usize>(), any::<usize>(), near).prop_map(|(header, at, byte)| Step::Header(header, at, byte)),
        1 => (any::<usize>(), bytes()).prop_map(|(header, bytes)| Step::Value(header, bytes)),
        1 => any::<usize>().prop_map(Step::Drop),
        1 => any::<usize>().prop_map(Step::Double),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(one, two)| Step::Swap(one, two)),
        1 => (-700..700_i64).prop_map(Step::Wait),
    ]
}

/// The message after a step.
fn changed(sent: Sent, letter: &Letter, step: &Step) -> Sent {
    let mut sent = sent;
    let headers = sent.headers.len().max(1);
    match step {
        Step::Class(number) => {
            let classes: Vec<_> = mutations().collect();
            return (classes[number % classes.len()].change)(letter).unwrap_or(sent);
        }
        Step::Body(at, byte) => {
            if let Some(place) = at.checked_rem(sent.body.len()) {
                sent.body[place] = *byte;
            }
        }
        Step::Cut(at) => sent.body.truncate(at % (sent.body.len() + 1)),
        Step::Insert(at, bytes) => {
            let at = at % (sent.body.len() + 1);
            sent.body.splice(at..at, bytes.iter().copied());
        }
        Step::Header(header, at, byte) => {
            if let Some((_, value)) = sent.headers.get_mut(header % headers)
                && let Some(place) = at.checked_rem(value.len())
            {
                value[place] = *byte;
            }
        }
        Step::Value(header, bytes) => {
            if let Some((_, value)) = sent.headers.get_mut(header % headers) {
                value.clone_from(bytes);
            }
        }
        Step::Drop(header) if !sent.headers.is_empty() => drop(sent.headers.remove(header % headers)),
        Step::Double(header) if sent.headers.len() < 50 && !sent.headers.is_empty() => {
            let again = sent.headers[header % headers].clone();
            sent.headers.push(again);
        }
        Step::Swap(one, two) if !sent.headers.is_empty() => {
            let (one, two) = (one % headers, two % headers);
            let value = sent.headers[one].1.clone();
            sent.headers[one].1 = std::mem::replace(&mut sent.headers[two].1, value);
        }
        Step::Wait(seconds) => sent.at += SignedDuration::from_secs(*seconds),
        Step::Drop(_) | Step::Double(_) | Step::Swap(..) => {}
    }
    sent
}

/// What is taken must be what the vendor sent, as far as the stamp covers it.
fn must_be_genuine(letter: &Letter, sent: &Sent, genuine: &Genuine) -> Result<(), TestCaseError> {
    let (name, text) = (letter.scheme.name, String::from_utf8_lossy(&sent.body).into_owned());
    let mut sender = letter.clone();
    match letter.scheme.trust {
        Trust::None => prop_assert!(false, "nothing of {name} is genuine"),
        Trust::Body | Trust::BodyAndTime => prop_assert_eq!(&sent.body, &letter.body, "{}", name),
        // Another form may say the same of the same document; never of another.
        Trust::Origin => {
            let covered = if name == "d4sign" { &letter.document } else { &letter.event.1 };
            prop_assert!(text.contains(covered) || percent_decoded(&text).contains(covered), "{name}: {text}");
        }
    }
    if let Some(at) = genuine.stamped_at {
        let age = sent.at.duration_since(at);
        prop_assert!(age.abs() <= TOLERANCE, "{name}: {age:?}");
        sender.time = at.as_second().to_string();
    }
    prop_assert_eq!(genuine.stamped_at.is_some(), letter.scheme.trust == Trust::BodyAndTime);
    let written: Vec<String> =
        sent.headers.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned()).chain([text]).collect();
    prop_assert!(written.iter().any(|text| text.contains(&sender.stamp())), "{name}: taken without its stamp");
    Ok(())
}

/// Bytes behind `%`, where they are text.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = (byte == b'%').then(|| [rest.next(), rest.next()]);
        match digits {
            Some([Some(high), Some(low)]) => {
                let pair = String::from_utf8_lossy(&[high, low]).into_owned();
                bytes.push(u8::from_str_radix(&pair, 16).unwrap_or(b'?'));
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Holds so many random messages against a scheme, always the same or others each time; how many of them were taken.
fn run(scheme: &'static Scheme, cases: u32, always_the_same: bool) -> u32 {
    let letter = Letter::of(scheme);
    let secrets = [1, 2].map(|number| HookSecret::read(scheme, &secret(scheme, number)).unwrap());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = match always_the_same {
        true => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
        false => TestRunner::new(config),
    };
    let taken = Cell::new(0);
    let outcome = runner.run(&(prop::collection::vec(step(), 0..5), prop::bool::weighted(0.1)), |(steps, bare)| {
        let start = if bare { Sent { headers: Vec::new(), ..letter.sent() } } else { letter.sent() };
        let sent = steps.iter().fold(start, |sent, step| changed(sent, &letter, step));
        // Reading never panics either, whoever sent it.
        for provider in ["d4sign", "certyneo"] {
            let _ = read(provider, Some(&sent.get("content-type")), &sent.body);
        }
        if let Ok(genuine) = sent.verified_with(scheme, &secrets) {
            taken.set(taken.get() + 1);
            must_be_genuine(&letter, &sent, &genuine)?;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{}: {error}", scheme.name));
    taken.get()
}

#[test]
fn nothing_but_what_is_genuine_is_taken_whatever_comes() {
    let seconds = std::env::var("COUNTERSIGN_FUZZ_SECONDS").ok().map(|text| text.parse::<u64>().unwrap());
    let Some(seconds) = seconds else {
        for scheme in &SCHEMES {
            let taken = run(scheme, CASES, true);
            assert!(taken > 0 && taken < CASES, "{}: {taken} of {CASES} were taken", scheme.name);
        }
        return;
    };
    let (began, until) = (Instant::now(), Duration::from_secs(seconds));
    let mut counts = [(0_u64, 0_u64); SCHEMES.len()];
    while began.elapsed() < until {
        for (scheme, (messages, taken)) in SCHEMES.iter().zip(&mut counts) {
            *taken += u64::from(run(scheme, ROUND, false));
            *messages += u64::from(ROUND);
        }
    }
    for (scheme, (messages, taken)) in SCHEMES.iter().zip(counts) {
        println!("{:<18} {messages:>12} messages, {taken:>10} genuine", scheme.name);
    }
    let all: u64 = counts.iter().map(|(messages, _)| messages).sum();
    println!("{all} messages in {} s: no panic, nothing taken but the genuine", began.elapsed().as_secs());
}

//! The one table of ways in which a message is not genuine. Each is a class with a name; what it makes of a genuine message
//! of a scheme must be refused by that scheme. `None`: the class makes no sense for it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use countersign::hooks::SCHEMES;
use countersign::stamp::hmac;
use countersign_engine::ids::Digest;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::sender::{DOCUMENT, Letter, OTHER_DOCUMENT, Sent, multipart, secret};

/// What a class makes of a genuine message.
type Change = fn(&Letter) -> Option<Sent>;

/// A class of messages that are not genuine.
pub(super) struct Mutation {
    /// What it is called.
    pub(super) name: &'static str,
    /// What it makes of a genuine message.
    pub(super) change: Change,
    /// Whether it arrives as it was sent: HTTP takes the space around a header's value away.
    pub(super) survives: bool,
}

const fn class(name: &'static str, change: Change) -> Mutation {
    Mutation { name, change, survives: true }
}

const fn space(name: &'static str, change: Change) -> Mutation {
    Mutation { name, change, survives: false }
}

/// All of them.
pub(super) fn mutations() -> impl Iterator<Item = &'static Mutation> {
    TEXTS.iter().chain(KEYS).chain(COVERAGE).chain(HEADERS).chain(BODIES).chain(TIMES).chain(IDS).chain(SUBJECTS)
}

/// The message with another stamp of the same kind.
fn stamped(letter: &Letter, key: &[u8], parts: &[&[u8]]) -> Option<Sent> {
    Some(letter.sent_with(&letter.text(hmac(key, parts))))
}

/// The message with its stamp's text changed.
fn text(letter: &Letter, change: impl FnOnce(String) -> String) -> Option<Sent> {
    Some(letter.sent_with(&change(letter.stamp())))
}

/// The bytes of the genuine stamp.
fn raw(letter: &Letter) -> [u8; 32] {
    hmac(&letter.key(), &[&letter.covered()])
}

fn flipped(letter: &Letter, bit: usize) -> Option<Sent> {
    let mut stamp = raw(letter);
    stamp[bit / 8] ^= 1 << (bit % 8);
    Some(letter.sent_with(&letter.text(stamp)))
}

/// Replaces one character by another that is as good.
fn other_char(text: &str, at: usize) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    chars[at] = if chars[at] == '0' { '1' } else { '0' };
    chars.into_iter().collect()
}

/// How the stamp is written.
const TEXTS: &[Mutation] = &[
    class("stamp empty", |letter| text(letter, |_| String::new())),
    class("first character changed", |letter| text(letter, |stamp| other_char(&stamp, 0))),
    class("middle character changed", |letter| text(letter, |stamp| other_char(&stamp, 20))),
    class("last character changed", |letter| {
        text(letter, |stamp| other_char(&stamp, stamp.trim_end_matches('=').len() - 1))
    }),
    class("first bit flipped", |letter| flipped(letter, 0)),
    class("a bit in the middle flipped", |letter| flipped(letter, 130)),
    class("last bit flipped", |letter| flipped(letter, 255)),
    class("truncated by one character", |letter| text(letter, |stamp| stamp[..stamp.len() - 1].to_owned())),
    class("truncated to half", |letter| text(letter, |stamp| stamp[..stamp.len() / 2].to_owned())),
    class("truncated to one character", |letter| text(letter, |stamp| stamp[..1].to_owned())),
    class("first character missing", |letter| text(letter, |stamp| stamp[1..].to_owned())),
    class("one byte short, well written", |letter| {
        let raw = raw(letter);
        let short = &raw[..31];
        Some(letter.sent_with(&if letter.is_base64() { STANDARD.encode(short) } else { hex::encode(short) }))
    }),
    class("one byte long, well written", |letter| {
        let long = [&raw(letter)[..], &[0]].concat();
        Some(letter.sent_with(&if letter.is_base64() { STANDARD.encode(long) } else { hex::encode(long) }))
    }),
    class("one character more", |letter| text(letter, |stamp| stamp + "0")),
    class("twice in a row", |letter| text(letter, |stamp| format!("{stamp}{stamp}"))),
    class("reversed", |letter| text(letter, |stamp| stamp.chars().rev().collect())),
    class("in capitals", |letter| text(letter, |stamp| stamp.to_ascii_uppercase())),
    class("other case of every letter", |letter| {
        let swap = |c: char| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
        text(letter, |stamp| stamp.chars().map(swap).collect())
    }),
    class("other case of one letter", |letter| {
        text(letter, |stamp| {
            let at = stamp.find(|c: char| c.is_ascii_lowercase()).unwrap();
            format!("{}{}{}", &stamp[..at], stamp[at..=at].to_ascii_uppercase(), &stamp[at + 1..])
        })
    }),
    space("space in front", |letter| text(letter, |stamp| format!(" {stamp}"))),
    space("space behind", |letter| text(letter, |stamp| format!("{stamp} "))),
    class("space in the middle", |letter| text(letter, |stamp| format!("{} {}", &stamp[..20], &stamp[20..]))),
    class("tab in the middle", |letter| text(letter, |stamp| format!("{}\t{}", &stamp[..20], &stamp[20..]))),
    space("space around the whole value", |letter| {
        Some(letter.sent_as(&format!(" {}{} ", letter.prefix(), letter.stamp())))
    }),
    class("in quotes", |letter| text(letter, |stamp| format!("\"{stamp}\""))),
    class("in brackets", |letter| text(letter, |stamp| format!("<{stamp}>"))),
    class("with 0x in front", |letter| text(letter, |stamp| format!("0x{stamp}"))),
    class("with colons between bytes", |letter| {
        let pairs: Vec<String> = raw(letter).iter().map(|byte| format!("{byte:02x}")).collect();
        Some(letter.sent_with(&pairs.join(":")))
    }),
    class("percent-encoded", |letter| text(letter, |stamp| stamp.bytes().map(|byte| format!("%{byte:02x}")).collect())),
    class("hexadecimal for base64 and the other way round", |letter| {
        let raw = raw(letter);
        Some(letter.sent_with(&if letter.is_base64() { hex::encode(raw) } else { STANDARD.encode(raw) }))
    }),
    class("base64 of hexadecimal", |letter| {
        let raw = raw(letter);
        Some(letter.sent_with(&STANDARD.encode(hex::encode(raw))))
    }),
    class("base64 without padding", |letter| Some(letter.sent_with(&STANDARD_NO_PAD.encode(raw(letter))))),
    class("base64 with more padding", |letter| Some(letter.sent_with(&(STANDARD.encode(raw(letter)) + "=")))),
    class("base64 with other spare bits", |letter| {
        // The last character holds two bits that are no part of any byte.
        let mut written = STANDARD.encode(raw(letter)).into_bytes();
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let place = alphabet.iter().position(|c| *c == written[42]).unwrap();
        written[42] = alphabet[place + 1];
        Some(letter.sent_with(&String::from_utf8(written).unwrap()))
    }),
    class("base64 for addresses", |letter| {
        let mut other = letter.clone();
        // One whose stamp has a character that differs.
        while !STANDARD.encode(raw(&other)).contains(['+', '/']) {
            other.body.push(b' ');
            other.document = uuid::Uuid::new_v4().to_string();
            other.event.0 = (other.event.0.parse::<u64>().unwrap() + 1).to_string();
        }
        other.is_base64().then(|| other.sent_with(&URL_SAFE.encode(raw(&other))))
    }),
    class("base64 for addresses without padding", |letter| {
        Some(letter.sent_with(&URL_SAFE_NO_PAD.encode(raw(letter))))
    }),
    class("base64 with a line break", |letter| {
        let whole = STANDARD.encode(raw(letter));
        Some(letter.sent_with(&format!("{}\\n{}", &whole[..20], &whole[20..])))
    }),
    class("only zeros", |letter| Some(letter.sent_with(&letter.text([0; 32])))),
    class("only ones", |letter| Some(letter.sent_with(&letter.text([255; 32])))),
    class("the word undefined", |letter| Some(letter.sent_with("undefined"))),
    class("the word null", |letter| Some(letter.sent_with("null"))),
    class("the word true", |letter| Some(letter.sent_with("true"))),
    class("the stamp and a null byte's name", |letter| text(letter, |stamp| format!("{stamp}%00"))),
    class("two stamps for one, the genuine first", |letter| {
        text(letter, |stamp| format!("{stamp};{}", letter.text([7; 32])))
    }),
    class("two stamps for one, the genuine last", |letter| {
        text(letter, |stamp| format!("{};{stamp}", letter.text([7; 32])))
    }),
];

/// What the stamp is made with.
const KEYS: &[Mutation] = &[
    class("without a key", |letter| stamped(letter, b"", &[&letter.covered()])),
    class("with a key of zeros", |letter| stamped(letter, &[0; 32], &[&letter.covered()])),
    class("with another secret", |letter| {
        let other = Letter { secret: secret(letter.scheme, 9), ..letter.clone() };
        stamped(letter, &other.key(), &[&letter.covered()])
    }),
    class("with a secret that is live no longer", |letter| {
        let other = Letter { secret: secret(letter.scheme, 0), ..letter.clone() };
        stamped(letter, &other.key(), &[&letter.covered()])
    }),
    class("with another scheme's secret", |letter| {
        let other = SCHEMES.iter().find(|scheme| scheme.name != letter.scheme.name).unwrap();
        stamped(letter, secret(other, 1).as_bytes(), &[&letter.covered()])
    }),
    class("key and message swapped", |letter| stamped(letter, &letter.covered(), &[&letter.key()])),
    class("key reversed", |letter| {
        let key: Vec<u8> = letter.key().into_iter().rev().collect();
        stamped(letter, &key, &[&letter.covered()])
    }),
    class("key without its last byte", |letter| {
        let key = letter.key();
        stamped(letter, &key[..key.len() - 1], &[&letter.covered()])
    }),
    class("key with a line break", |letter| {
        stamped(letter, &[&letter.key()[..], b"\n"].concat(), &[&letter.covered()])
    }),
    class("key in hexadecimal", |letter| stamped(letter, hex::encode(letter.key()).as_bytes(), &[&letter.covered()])),
    class("key in base64", |letter| stamped(letter, STANDARD.encode(letter.key()).as_bytes(), &[&letter.covered()])),
    class("key decoded although it is a text, or not although it is none", |letter| match letter.scheme.name {
        "standard_webhooks" => stamped(letter, letter.secret.as_bytes(), &[&letter.covered()]),
        _ => {
            let text = letter.secret.trim_start_matches("whsec_");
            let key = hex::decode(text).or_else(|_| STANDARD.decode(text)).unwrap();
            stamped(letter, &key, &[&letter.covered()])
        }
    }),
    class("the secret itself", |letter| Some(letter.sent_with(&letter.secret))),
    class("a hash without a key", |letter| Some(letter.sent_with(&letter.text(Digest::of(&letter.covered()).0)))),
    class("a hash of key and message", |letter| {
        Some(letter.sent_with(&letter.text(Digest::of_both(&letter.key(), &letter.covered()).0)))
    }),
    class("a hash of message and key", |letter| {
        Some(letter.sent_with(&letter.text(Digest::of_both(&letter.covered(), &letter.key()).0)))
    }),
    class("a stamp of the stamp", |letter| stamped(letter, &letter.key(), &[&raw(letter)])),
];

/// What the stamp covers.
const COVERAGE: &[Mutation] = &[
    class("over nothing", |letter| stamped(letter, &letter.key(), &[])),
    class("over a line break more", |letter| stamped(letter, &letter.key(), &[&letter.covered(), b"\n"])),
    class("over a byte less", |letter| {
        let covered = letter.covered();
        stamped(letter, &letter.key(), &[&covered[..covered.len() - 1]])
    }),
    class("over the same twice", |letter| stamped(letter, &letter.key(), &[&letter.covered(), &letter.covered()])),
    class("over the hash of it", |letter| stamped(letter, &letter.key(), &[&Digest::of(&letter.covered()).0])),
    class("over it in hexadecimal", |letter| {
        stamped(letter, &letter.key(), &[hex::encode(letter.covered()).as_bytes()])
    }),
    class("over the body alone, where that is not what is covered", |letter| {
        (letter.covered() != letter.body).then(|| stamped(letter, &letter.key(), &[&letter.body])).flatten()
    }),
    class("over time and body, where that is not what is covered", |letter| {
        let covered = [letter.time.as_bytes(), b".", &letter.body].concat();
        (letter.covered() != covered).then(|| stamped(letter, &letter.key(), &[&covered])).flatten()
    }),
    class("over id, time and body, where that is not what is covered", |letter| {
        let covered = [letter.id.as_bytes(), b".", letter.time.as_bytes(), b".", &letter.body].concat();
        (letter.covered() != covered).then(|| stamped(letter, &letter.key(), &[&covered])).flatten()
    }),
    class("over the document alone, where that is not what is covered", |letter| {
        let covered = letter.document.clone().into_bytes();
        (letter.covered() != covered).then(|| stamped(letter, &letter.key(), &[&covered])).flatten()
    }),
    class("over type and time, as another vendor does or in another order", |letter| {
        stamped(letter, &letter.key(), &[letter.event.1.as_bytes(), letter.event.0.as_bytes()])
    }),
    class("over the parts without what stands between them", |letter| {
        stamped(letter, &letter.key(), &[letter.id.as_bytes(), letter.time.as_bytes(), &letter.body])
    }),
    class("of another message", |letter| {
        let mut other = letter.clone();
        (other.document, other.event.0) = (OTHER_DOCUMENT.to_owned(), "1669926464".to_owned());
        other.body.push(b' ');
        Some(letter.sent_with(&other.stamp()))
    }),
];

/// Where the stamp stands.
const HEADERS: &[Mutation] = &[
    class("no stamp", |letter| Some(letter.sent().with(letter.header()?, None))),
    class("the stamp's header twice", |letter| {
        let sent = letter.sent();
        let value = sent.get(letter.header()?);
        Some(sent.and(letter.header()?, &value))
    }),
    class("a second header behind the genuine one", |letter| {
        let wrong = format!("{}{}", letter.prefix(), letter.text([7; 32]));
        Some(letter.sent().and(letter.header()?, &wrong))
    }),
    class("a second header before the genuine one", |letter| {
        let mut sent = letter.sent();
        let wrong = format!("{}{}", letter.prefix(), letter.text([7; 32]));
        sent.headers.insert(0, (letter.header()?.to_owned(), wrong.into_bytes()));
        Some(sent)
    }),
    class("in a header of GitHub's", |letter| moved(letter, "x-hub-signature-256")),
    class("in a header of nobody's", |letter| moved(letter, "x-signature")),
    class("as a key", |letter| moved(letter, "authorization")),
    class("in a header of Clicksign's or Certyneo's", |letter| {
        let other = if letter.header()? == "content-hmac" { "x-certyneo-signature" } else { "content-hmac" };
        moved(letter, other)
    }),
    class("in a header of Stripe's or DocuSeal's", |letter| {
        let other = if letter.header()? == "stripe-signature" { "x-docuseal-signature" } else { "stripe-signature" };
        moved(letter, other)
    }),
    class("in a header with another number", |letter| {
        (letter.scheme.name == "docusign").then(|| moved(letter, "x-docusign-signature-101")).flatten()
    }),
    class("in a header with no number", |letter| {
        (letter.scheme.name == "docusign").then(|| moved(letter, "x-docusign-signature-one")).flatten()
    }),
    class("a number that begins with zero", |letter| {
        (letter.scheme.name == "docusign").then(|| moved(letter, "x-docusign-signature-01")).flatten()
    }),
    class("a second numbered header that is no stamp", |letter| {
        (letter.scheme.name == "docusign").then(|| letter.sent().and("x-docusign-signature-2", "none"))
    }),
    class("without what stands in front of it", |letter| {
        (!letter.prefix().is_empty()).then(|| letter.sent_as(&letter.stamp()))
    }),
    class("with another hash's name in front", |letter| Some(letter.sent_as(&format!("sha1={}", letter.stamp())))),
    class("with another version in front", |letter| Some(letter.sent_as(&format!("v2,{}", letter.stamp())))),
    class("with another version's pair in front", |letter| Some(letter.sent_as(&format!("v0={}", letter.stamp())))),
    class("with what stands in front of it in capitals", |letter| {
        let prefix = letter.prefix().to_ascii_uppercase();
        (prefix != letter.prefix()).then(|| letter.sent_as(&format!("{prefix}{}", letter.stamp())))
    }),
    class("with what stands in front of it twice", |letter| {
        (!letter.prefix().is_empty()).then(|| letter.sent_as(&format!("{0}{0}{1}", letter.prefix(), letter.stamp())))
    }),
    class("with a space behind what stands in front of it", |letter| {
        (!letter.prefix().is_empty()).then(|| letter.sent_as(&format!("{} {}", letter.prefix(), letter.stamp())))
    }),
    class("a comma behind it", |letter| Some(letter.sent_as(&format!("{}{},", letter.prefix(), letter.stamp())))),
    class("a semicolon behind it", |letter| Some(letter.sent_as(&format!("{}{};", letter.prefix(), letter.stamp())))),
    class("a parameter behind it", |letter| {
        Some(letter.sent_as(&format!("{}{};a=b", letter.prefix(), letter.stamp())))
    }),
    class("bytes that are no text", |letter| {
        let value = [letter.prefix().as_bytes(), &[0xc3, 0xa9], letter.stamp().as_bytes()].concat();
        Some(letter.sent().with(letter.header()?, Some(&value)))
    }),
    class("wide digits", |letter| {
        let wide = |c: char| if c == '0' { '０' } else { c };
        let stamp: String = letter.stamp().chars().map(wide).chain(['０']).collect();
        Some(letter.sent_with(&stamp))
    }),
    class("the stamp in the body", |letter| {
        let sent = letter.sent();
        let value = sent.get(letter.header()?);
        let body = [&letter.body[..], b"\n", value.as_bytes()].concat();
        Some(sent.with(letter.header()?, None).saying(body))
    }),
];

/// The stamp's value in another header.
fn moved(letter: &Letter, name: &str) -> Option<Sent> {
    let sent = letter.sent();
    let value = sent.get(letter.header()?);
    Some(sent.with(letter.header()?, None).and(name, &value))
}

/// The message with other bytes under the genuine stamp, where that covers them.
fn said(letter: &Letter, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Option<Sent> {
    letter.scheme.trust.covers_body().then(|| letter.sent().saying(change(&letter.body)))
}

fn as_json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// What it says.
const BODIES: &[Mutation] = &[
    class("no body", |letter| said(letter, |_| Vec::new())),
    class("a byte less", |letter| said(letter, |body| body[..body.len() - 1].to_vec())),
    class("half of it", |letter| said(letter, |body| body[..body.len() / 2].to_vec())),
    class("a byte more", |letter| said(letter, |body| [body, b"x"].concat())),
    class("a space behind", |letter| said(letter, |body| [body, b" "].concat())),
    class("a line break behind", |letter| said(letter, |body| [body, b"\n"].concat())),
    class("a null byte behind", |letter| said(letter, |body| [body, b"\0"].concat())),
    class("a space in front", |letter| said(letter, |body| [b" ", body].concat())),
    class("a byte-order mark in front", |letter| said(letter, |body| [&[0xef, 0xbb, 0xbf], body].concat())),
    class("twice", |letter| said(letter, |body| [body, body].concat())),
    class("a bit flipped", |letter| {
        said(letter, |body| {
            let mut body = body.to_vec();
            body[3] ^= 1;
            body
        })
    }),
    class("serialised again, with space", |letter| {
        said(letter, |body| serde_json::to_vec_pretty(&as_json(body)).unwrap())
    }),
    class("serialised again, in another order", |letter| {
        said(letter, |body| {
            let Value::Object(fields) = as_json(body) else { unreachable!() };
            let pairs: Vec<String> =
                fields.iter().rev().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            format!("{{{}}}", pairs.join(",")).into_bytes()
        })
    }),
    class("serialised again, with escapes", |letter| {
        said(letter, |body| String::from_utf8_lossy(body).replace('ç', "\\u00e7").into_bytes())
    }),
    class("in another character set", |letter| {
        said(letter, |body| String::from_utf8_lossy(body).chars().map(|c| c as u32 as u8).collect())
    }),
    class("another event", |letter| {
        said(letter, |body| {
            String::from_utf8_lossy(body).replace("recipient.signed", "envelope.completed").into_bytes()
        })
    }),
    class("another document", |letter| {
        said(letter, |body| String::from_utf8_lossy(body).replace(DOCUMENT, OTHER_DOCUMENT).into_bytes())
    }),
    class("a field more", |letter| {
        said(letter, |body| {
            let mut json = as_json(body);
            json["admin"] = json!(true);
            json.to_string().into_bytes()
        })
    }),
    class("a field less", |letter| {
        said(letter, |body| {
            let mut json = as_json(body);
            json.as_object_mut().unwrap().remove("occurred_at");
            json.to_string().into_bytes()
        })
    }),
    class("a field twice", |letter| said(letter, |body| [b"{\"event\":\"envelope.voided\",", &body[1..]].concat())),
    class("as a form", |letter| {
        said(letter, |body| [b"payload=", body].concat())
            .map(|sent| sent.with("content-type", Some(b"application/x-www-form-urlencoded")))
    }),
];

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
const TIMES: &[Mutation] = &[
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
const IDS: &[Mutation] = &[
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

/// D4Sign's message with another body under the genuine stamp.
fn about(letter: &Letter, content_type: &str, body: impl Into<Vec<u8>>) -> Option<Sent> {
    (letter.scheme.name == "d4sign")
        .then(|| letter.sent().with("content-type", Some(content_type.as_bytes())).saying(body))
}

/// Dropbox Sign's event with something changed under the genuine stamp.
fn told(letter: &Letter, change: impl FnOnce(&mut Value)) -> Option<Sent> {
    (letter.scheme.name == "dropbox_sign").then(|| {
        let mut event = letter.callback(&letter.stamp());
        change(&mut event);
        letter.sent().saying(multipart(&event.to_string()))
    })
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// What it is about, where the stamp covers that and not the body.
const SUBJECTS: &[Mutation] = &[
    class("another document's form", |letter| about(letter, FORM, format!("uuid={OTHER_DOCUMENT}&type_post=1"))),
    class("another document's object", |letter| {
        about(letter, JSON, json!({ "uuid": OTHER_DOCUMENT, "type_post": "1" }).to_string())
    }),
    class("the document in capitals", |letter| {
        about(letter, FORM, format!("uuid={}&type_post=1", DOCUMENT.to_ascii_uppercase()))
    }),
    class("the document without hyphens", |letter| {
        about(letter, FORM, format!("uuid={}&type_post=1", DOCUMENT.replace('-', "")))
    }),
    class("the document with a space", |letter| about(letter, FORM, format!("uuid={DOCUMENT}+&type_post=1"))),
    class("two documents", |letter| about(letter, FORM, format!("uuid={DOCUMENT}&uuid={OTHER_DOCUMENT}&type_post=1"))),
    class("two documents, the other first", |letter| {
        about(letter, FORM, format!("uuid={OTHER_DOCUMENT}&uuid={DOCUMENT}&type_post=1"))
    }),
    class("two documents in an object", |letter| {
        about(letter, JSON, format!("{{\"uuid\":\"{OTHER_DOCUMENT}\",\"uuid\":\"{DOCUMENT}\",\"type_post\":\"1\"}}"))
    }),
    class("a document and none in an object", |letter| {
        about(letter, JSON, format!("{{\"uuid\":null,\"uuid\":\"{DOCUMENT}\",\"type_post\":\"1\"}}"))
    }),
    class("no document", |letter| about(letter, FORM, "type_post=1&message=Finished")),
    class("an empty document", |letter| about(letter, FORM, "uuid=&type_post=1")),
    class("a document that is null", |letter| about(letter, JSON, json!({ "uuid": null }).to_string())),
    class("a document within a list", |letter| about(letter, JSON, json!([{ "uuid": DOCUMENT }]).to_string())),
    class("a document within an object", |letter| {
        about(letter, JSON, json!({ "uuid": { "uuid": DOCUMENT } }).to_string())
    }),
    class("a document under another name", |letter| about(letter, FORM, format!("UUID={DOCUMENT}&type_post=1"))),
    class("an object that is called a form", |letter| about(letter, FORM, json!({ "uuid": DOCUMENT }).to_string())),
    class("a form that is called an object", |letter| about(letter, JSON, format!("uuid={DOCUMENT}"))),
    class("a form that is called text", |letter| about(letter, "text/plain", format!("uuid={DOCUMENT}"))),
    class("a form that is called a multipart one", |letter| {
        about(letter, "multipart/form-data; boundary=x", format!("uuid={DOCUMENT}"))
    }),
    class("a multipart form without a boundary", |letter| {
        about(
            letter,
            "multipart/form-data",
            format!("--x\r\nContent-Disposition: form-data; name=\"uuid\"\r\n\r\n{DOCUMENT}\r\n--x--"),
        )
    }),
    class("a multipart form that does not end", |letter| {
        about(
            letter,
            "multipart/form-data; boundary=x",
            format!("--x\r\nContent-Disposition: form-data; name=\"uuid\"\r\n\r\n{DOCUMENT}"),
        )
    }),
    class("a broken escape", |letter| about(letter, FORM, format!("uuid={DOCUMENT}&type_post=%4"))),
    class("an escape that is no text", |letter| about(letter, FORM, format!("uuid={DOCUMENT}&message=%ff"))),
    class("more fields than anybody sends", |letter| {
        let more: String = (0..100).map(|number| format!("&f{number}=1")).collect();
        about(letter, FORM, format!("uuid={DOCUMENT}{more}"))
    }),
    class("the content type twice", |letter| {
        (letter.scheme.name == "d4sign").then(|| letter.sent().and("content-type", JSON))
    }),
    class("no content type", |letter| {
        (!letter.scheme.trust.covers_body()).then(|| letter.sent().with("content-type", None))
    }),
    class("another event time", |letter| told(letter, |event| event["event"]["event_time"] = json!("1669926464"))),
    class("another event type", |letter| {
        told(letter, |event| event["event"]["event_type"] = json!("signature_request_all_signed"))
    }),
    class("digits moved from time to type", |letter| {
        told(letter, |event| {
            event["event"]["event_time"] = json!("166992646");
            event["event"]["event_type"] = json!("3signature_request_signed");
        })
    }),
    class("letters moved from type to time", |letter| {
        told(letter, |event| {
            event["event"]["event_time"] = json!("1669926463s");
            event["event"]["event_type"] = json!("ignature_request_signed");
        })
    }),
    class("time as a number", |letter| told(letter, |event| event["event"]["event_time"] = json!(1_669_926_463))),
    class("time with zeros in front", |letter| {
        told(letter, |event| event["event"]["event_time"] = json!("01669926463"))
    }),
    class("no event type", |letter| {
        told(letter, |event| {
            event["event"].as_object_mut().unwrap().remove("event_type");
        })
    }),
    class("no event hash", |letter| {
        told(letter, |event| {
            event["event"].as_object_mut().unwrap().remove("event_hash");
        })
    }),
    class("no event", |letter| {
        told(letter, |event| {
            event.as_object_mut().unwrap().remove("event");
        })
    }),
    class("a hash that is null", |letter| told(letter, |event| event["event"]["event_hash"] = Value::Null)),
    class("a hash that is a list", |letter| told(letter, |event| event["event"]["event_hash"] = json!(["0"]))),
    class("a hash outside the event", |letter| {
        told(letter, |event| {
            let hash = event["event"].as_object_mut().unwrap().remove("event_hash").unwrap();
            event["event_hash"] = hash;
        })
    }),
    class("two events", |letter| {
        (letter.scheme.name == "dropbox_sign").then(|| {
            let event = letter.callback(&letter.stamp()).to_string();
            letter.sent().saying(multipart(&format!("{{\"event\":{{}},{}", &event[1..])))
        })
    }),
    class("an event that is not whole", |letter| {
        (letter.scheme.name == "dropbox_sign").then(|| {
            let event = letter.callback(&letter.stamp()).to_string();
            letter.sent().saying(multipart(&event[..event.len() - 1]))
        })
    }),
    class("something behind the event", |letter| {
        (letter.scheme.name == "dropbox_sign")
            .then(|| letter.sent().saying(multipart(&format!("{} {{}}", letter.callback(&letter.stamp())))))
    }),
    class("the event in another field", |letter| {
        (letter.scheme.name == "dropbox_sign").then(|| {
            let body = String::from_utf8(letter.sent().body).unwrap();
            letter.sent().saying(body.replace("name=\"json\"", "name=\"event\""))
        })
    }),
];

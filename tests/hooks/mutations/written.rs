//! Stamps that are not written as the vendor writes them, or stand where it does not put them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{Mutation, class, raw, space};
use crate::hooks::sender::{Letter, Sent};

/// The message with its stamp's text changed.
fn text(letter: &Letter, change: impl FnOnce(String) -> String) -> Option<Sent> {
    Some(letter.sent_with(&change(letter.stamp())))
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
pub(super) const TEXTS: &[Mutation] = &[
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

/// Where the stamp stands.
pub(super) const HEADERS: &[Mutation] = &[
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

//! Stamps that are not made with the secret, or not over what they must cover.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::hooks::SCHEMES;
use countersign_engine::ids::Digest;

use super::{Mutation, class, raw, stamped};
use crate::hooks::sender::{Letter, OTHER_DOCUMENT, secret};

/// What the stamp is made with.
pub(super) const KEYS: &[Mutation] = &[
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
pub(super) const COVERAGE: &[Mutation] = &[
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

//! Where strictness ends: what is still read, what is read no more, and what is the same.

use countersign::hooks::{Refused, Scheme};

use super::sender::{DOCUMENT, Letter, Sent, secret};

fn letter(name: &str) -> Letter {
    Letter::of(Scheme::named(name).unwrap())
}

fn refused(letter: &Letter, sent: &Sent) -> Option<Refused> {
    sent.verified(letter.scheme, &[secret(letter.scheme, 1)]).err()
}

#[test]
fn a_hundred_stamps_are_read_and_no_more() {
    for (name, first, separator) in [("stripe", "t=", ","), ("standard_webhooks", "", " ")] {
        let letter = letter(name);
        let (one, other) = match name {
            "stripe" => (format!("v1={}", letter.stamp()), format!("v1={}", letter.text([7; 32]))),
            _ => (format!("v1,{}", letter.stamp()), format!("v1,{}", letter.text([7; 32]))),
        };
        let time = if first.is_empty() { Vec::new() } else { vec![format!("{first}{}", letter.time)] };
        let written = |others: usize| {
            let stamps = std::iter::repeat_n(other.clone(), others).chain([one.clone()]);
            letter.sent_as(&time.iter().cloned().chain(stamps).collect::<Vec<_>>().join(separator))
        };
        assert_eq!(refused(&letter, &written(99)), None, "{name}: the hundredth is ours");
        assert_eq!(refused(&letter, &written(100)), Some(Refused::Malformed), "{name}");
    }
}

#[test]
fn a_stamp_over_what_is_no_document_is_read_no_further() {
    for (document, written) in [("a b", "a+b"), ("../../x", "..%2F..%2Fx"), (&*"x".repeat(65), &*"x".repeat(65))] {
        let letter = Letter { document: document.to_owned(), ..letter("d4sign") };
        let sent = letter.sent().saying(format!("uuid={written}&type_post=4"));
        assert_eq!(
            refused(&letter, &sent),
            Some(Refused::Unreadable),
            "{document}: although it is stamped with our secret"
        );
    }
}

#[test]
fn fields_that_only_run_together_alike_are_not_the_same() {
    let letter = letter("d4sign");
    let identity = |fields: &str| {
        let sent = letter.sent().saying(format!("uuid={DOCUMENT}&type_post=4&{fields}"));
        sent.verified(letter.scheme, &[secret(letter.scheme, 1)]).unwrap().identity
    };
    assert_eq!(identity("a=bc&d=e"), identity("d=e&a=bc"));
    assert_ne!(identity("a=bc&d=e"), identity("ab=c&d=e"));
    assert_ne!(identity("a=bc&d=e"), identity("a=bcd&e="));
}

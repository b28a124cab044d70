//! From a letter to an RFC 5322 message, and from a key to the names made of it.
//!
//! Nothing a sender typed reaches a header but through `one_line` and the encoder.

use std::fmt::Write as _;

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use sha2::{Digest as _, Sha256};

use super::{Letter, MailError, MailSettingError, SETTING_FROM, render::one_line};
use crate::trace;

/// The longest name made of a key, in bytes: it must fit a file name and a header line.
const NAME_BYTES: usize = 120;
/// The longest key shown as it is in its own header, in bytes.
const SHOWN_KEY_BYTES: usize = 900;
/// The longest address, in bytes (RFC 5321, a path without its brackets).
const ADDRESS_BYTES: usize = 254;

/// Who letters come from.
#[derive(Debug, Clone)]
pub(super) struct Sender(Mailbox);

impl Sender {
    /// Reads `Name <address>` or an address.
    pub(super) fn new(from: &str) -> Result<Self, MailSettingError> {
        let wrong = |reason| MailSettingError::new(SETTING_FROM, reason);
        if from.chars().any(char::is_control) {
            return Err(wrong("must be one line"));
        }
        let mailbox: Mailbox = from.trim().parse().map_err(|_| wrong("must read Name <address@example.com>"))?;
        let address: &str = mailbox.email.as_ref();
        if !address_fits(address) || !address.is_ascii() {
            return Err(wrong("must be an address of plain letters"));
        }
        Ok(Self(mailbox))
    }

    /// Writes the letter as a message.
    pub(super) fn message(&self, letter: &Letter) -> Result<Message, MailError> {
        let to = recipient(letter)?;
        let name = key_name(&letter.key)?;
        let page = letter.render()?;
        let message_id = format!("<{name}@{}>", self.0.email.domain());
        let shown_key = if shows_as_it_is(&letter.key) { letter.key.clone() } else { name };
        let builder = match letter.trace {
            None => Message::builder(),
            Some(trace) => {
                Message::builder().raw_header(exact(HeaderName::new_from_ascii_str(trace::HEADER), trace.to_string()))
            }
        };
        builder
            .from(self.0.clone())
            .to(to)
            // A typed `=?…?=` is text: left whole, a mail client would decode it.
            .subject(page.subject.replace("=?", "= ?"))
            .date_now()
            .raw_header(exact(HeaderName::new_from_ascii_str("Message-ID"), message_id))
            .raw_header(exact(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
            .raw_header(exact(HeaderName::new_from_ascii_str("X-Countersign-Key"), shown_key))
            .raw_header(exact(HeaderName::new_from_ascii_str("Content-Language"), letter.language.tag().into()))
            .multipart(MultiPart::alternative_plain_html(page.text, page.html))
            .map_err(|error| MailError::Permanent(format!("the message is not valid: {error}")))
    }
}

/// A header whose value is printable ASCII without spaces already: written on its own line as it
/// is, since the encoder would fold a long one away from its name.
fn exact(name: HeaderName, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

fn shows_as_it_is(key: &str) -> bool {
    key.len() <= SHOWN_KEY_BYTES && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn recipient(letter: &Letter) -> Result<Mailbox, MailError> {
    let email = letter.to_email.trim();
    if !address_fits(email) {
        return Err(MailError::Permanent("the e-mail address is not valid".into()));
    }
    let address: Address = email.parse().map_err(|_| MailError::Permanent("the e-mail address is not valid".into()))?;
    let name = one_line(&letter.to_name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// What the parser of addresses would let through in a quoted part, and we will not.
fn address_fits(address: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';');
    address.len() <= ADDRESS_BYTES && !address.contains(odd)
}

/// A name made of the key and of nothing else, for a file and for the `Message-ID`.
///
/// Two keys never share a name: what cannot stand in it is written `%XX`, and a key too long for
/// it becomes its SHA-256 behind a `~`, which no other name begins with.
pub(super) fn key_name(key: &str) -> Result<String, MailError> {
    if key.is_empty() {
        return Err(MailError::Permanent("the letter has no key".into()));
    }
    let mut name = String::with_capacity(key.len());
    for (index, byte) in key.bytes().enumerate() {
        // A dot may only stand between other characters: first it would hide the file, and
        // twice in a row or last it is not allowed in a Message-ID.
        let lone_dot = byte == b'.' && index > 0 && index + 1 < key.len() && !name.ends_with('.');
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || lone_dot {
            name.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    if name.len() > NAME_BYTES {
        name = format!("~{}", hex::encode(Sha256::digest(key)));
    }
    Ok(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{
        super::{LetterKind, letter::tests::letter},
        *,
    };
    use crate::language::Language;

    fn formatted(letter: &Letter) -> String {
        let sender = Sender::new("Contas & Cia. Ação <no-reply@mail.example.com>").unwrap();
        String::from_utf8(sender.message(letter).unwrap().formatted()).unwrap()
    }

    fn headers(letter: &Letter) -> Vec<String> {
        let message = formatted(letter);
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded.split("\r\n").map(String::from).collect()
    }

    #[test]
    fn the_headers_are_all_there() {
        let headers = headers(&letter(LetterKind::Invitation, Language::Portuguese));
        for expected in [
            "Message-ID: <0199-invite-1@mail.example.com>",
            "X-Countersign-Key: 0199-invite-1",
            "Auto-Submitted: auto-generated",
            "Content-Language: pt-BR",
            "To: \"Ana Souza\" <ana@example.com>",
            "MIME-Version: 1.0",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(headers.iter().any(|h| h == expected), "{expected}: {headers:#?}");
        }
        for start in ["Date: ", "From: =?utf-8?b?", "Subject: ", "Content-Type: multipart/alternative;"] {
            assert!(headers.iter().any(|h| h.starts_with(start)), "{start}: {headers:#?}");
        }
        assert_eq!(headers.len(), 11, "{headers:#?}");
    }

    #[test]
    fn names_in_any_script_are_encoded() {
        let letter = Letter {
            to_name: "João \"Jô\" Ñúñez 李".into(),
            title: "Contrato de locação – 2026 ✍".into(),
            ..letter(LetterKind::Invitation, Language::Spanish)
        };
        assert!(formatted(&letter).is_ascii());
        let to = headers(&letter).into_iter().find(|h| h.starts_with("To: "));
        assert!(to.unwrap().starts_with("To: =?utf-8?b?"));
    }

    #[test]
    fn an_encoded_word_typed_by_a_sender_stays_as_typed() {
        let attack = "=?utf-8?q?Bank=0D=0A?=";
        let letter = Letter {
            title: attack.into(),
            to_name: attack.into(),
            ..letter(LetterKind::Invitation, Language::English)
        };
        let headers = headers(&letter);
        assert!(headers.iter().all(|h| !h.contains("=?utf-8?q?")), "{headers:#?}");
    }

    #[test]
    fn no_field_can_add_a_header() {
        for attack in [
            "x\r\nBcc: evil@example.com",
            "x\nBcc: evil@example.com",
            "x\rBcc: evil@example.com",
            "x\u{2028}Bcc: evil@example.com\r\n\r\nbody",
            "é\r\nBcc: evil@example.com",
            "\"<evil@example.com>, \r\n Bcc: evil@example.com",
        ] {
            for kind in LetterKind::ALL {
                let letter = Letter {
                    key: attack.into(),
                    to_name: attack.into(),
                    organization: attack.into(),
                    title: attack.into(),
                    message: Some(attack.into()),
                    reason: Some(attack.into()),
                    actor_name: Some(attack.into()),
                    ..letter(kind, Language::English)
                };
                let headers = headers(&letter);
                assert_eq!(headers.len(), 11, "{headers:#?}");
                assert!(headers.iter().all(|h| !h.starts_with("Bcc")), "{headers:#?}");
                let sender = Sender::new("a@example.com").unwrap();
                let envelope = sender.message(&letter).unwrap().envelope().clone();
                assert_eq!(envelope.to(), ["ana@example.com".parse::<Address>().unwrap()]);
            }
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_for_good() {
        let long = format!("{}@example.com", "a".repeat(260));
        for email in [
            "",
            "ana",
            "ana@",
            "ana@example.com\r\nBcc: evil@example.com",
            "ana@example.com, evil@example.com",
            "\"a\r\nRCPT TO:<evil@example.com>\"@example.com",
            "<ana@example.com>",
            &long,
        ] {
            let letter = Letter { to_email: email.into(), ..letter(LetterKind::Invitation, Language::English) };
            let sender = Sender::new("a@example.com").unwrap();
            let error = sender.message(&letter).unwrap_err();
            assert!(matches!(error, MailError::Permanent(_)), "{email:?}");
            assert!(!error.to_string().contains("evil"), "{error}");
        }
    }

    #[test]
    fn the_sender_is_checked_at_start() {
        for from in ["", "no address", "A <a@b\r\nBcc: c>", "A <a@example.com>\n"] {
            let error = Sender::new(from).unwrap_err();
            assert_eq!(error.setting, SETTING_FROM, "{from:?}");
            assert!(error.to_string().starts_with("mail_from: "));
        }
        assert!(Sender::new("a@example.com").is_ok());
    }

    #[test]
    fn different_keys_have_different_safe_names() {
        let long = "k".repeat(300);
        let longer = "k".repeat(301);
        let keys = [
            "a",
            "A",
            "a.b",
            "a..b",
            "a/b",
            "a%2Fb",
            "a:b",
            "a b",
            ".",
            "..",
            ".a",
            "a.",
            "ç",
            "../../etc/passwd",
            "a\0b",
            "~a",
            &long,
            &longer,
        ];
        let mut names = std::collections::HashSet::new();
        for key in keys {
            let name = key_name(key).unwrap();
            assert!(name.len() <= NAME_BYTES && !name.starts_with('.'), "{name}");
            assert!(!name.contains(['/', '\\', '\0', ':', ' ']), "{name}");
            assert!(names.insert(name), "{key:?}");
        }
        assert_eq!(key_name("0199-invite.1").unwrap(), "0199-invite.1");
        assert!(key_name("").is_err());
    }
}

//! The words: every sentence of every letter, in three languages.
//!
//! Plain sentences in, plain sentences out: what arrives is already cleaned, what leaves is
//! escaped by the templates. Nothing here knows HTML or headers.

mod en;
mod es;
mod pt_br;

use jiff::{Timestamp, tz::TimeZone};

use countersign_engine::signer::Role;

use super::letter::LetterKind;
use crate::language::Language;

/// What the sentences are made of: cleaned, one line each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// What the letter is about.
    pub kind: LetterKind,
    /// What the addressee is asked to do.
    pub role: Role,
    /// The addressee; may be empty.
    pub name: &'a str,
    /// Who sends it; may be empty.
    pub organization: &'a str,
    /// What it is about; may be empty.
    pub title: &'a str,
    /// Who declined or cancelled.
    pub actor: Option<&'a str>,
    /// How many documents it names; 0 = the only one has no name beside the title.
    pub documents: usize,
    /// When the request expires, or expired.
    pub expires_at: Option<Timestamp>,
}

/// The sentences of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// The subject line.
    pub subject: String,
    /// How the letter begins.
    pub greeting: String,
    /// What happened or is asked.
    pub lead: String,
    /// Until when, or what follows.
    pub note: Option<String>,
    /// What stands above the sender's own words.
    pub message_label: String,
    /// What stands above a reason.
    pub reason_label: String,
    /// What stands above the names of several documents.
    pub documents_label: String,
    /// What stands on the button.
    pub button: String,
    /// What stands above the bare link.
    pub link_label: String,
    /// Why the link must not be passed on.
    pub link_notice: String,
    /// Who sends this, and what to do if it was not expected.
    pub footer: String,
}

/// Writes a letter's sentences.
pub(super) fn words(language: Language, facts: &Facts<'_>) -> Words {
    match language {
        Language::English => en::words(facts),
        Language::Spanish => es::words(facts),
        Language::Portuguese => pt_br::words(facts),
    }
}

/// The pieces of a date in UTC: day, month (0 for January), year, hour and minute.
/// The zone is always named beside it, since we do not know where the reader lives.
fn date(at: Timestamp) -> (i8, usize, i16, String) {
    let at = at.to_zoned(TimeZone::UTC);
    let month = usize::try_from(at.month() - 1).unwrap_or_default();
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    (at.day(), month, at.year(), time)
}

/// A date as in `14 de marzo de 2026`, which Spanish and Portuguese share.
fn date_de(at: Timestamp, months: &[&str; 12], at_word: &str) -> String {
    let (day, month, year, time) = date(at);
    format!("{day} de {} de {year}{at_word}{time} (UTC)", months[month])
}

/// The value, or a word for it where the sender left it empty.
fn or_word<'a>(value: &'a str, word: &'a str) -> &'a str {
    if value.is_empty() { word } else { value }
}

/// A name at the end of a sentence: `Acme.`, but `Acme Ltda.` has its full stop already.
fn stop(name: &str) -> String {
    let end = if name.ends_with('.') { "" } else { "." };
    format!("{name}{end}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn facts(kind: LetterKind, role: Role) -> Facts<'static> {
        Facts {
            kind,
            role,
            name: "Ana",
            organization: "Acme",
            title: "Lease 42",
            actor: Some("Bruno"),
            documents: 0,
            expires_at: Some("2026-03-14T17:05:00Z".parse().unwrap()),
        }
    }

    #[test]
    fn no_sentence_is_empty_and_each_names_what_it_is_about() {
        for language in Language::ALL {
            for kind in LetterKind::ALL {
                for role in Role::ALL {
                    let words = words(language, &facts(kind, role));
                    for sentence in [
                        &words.greeting,
                        &words.lead,
                        &words.message_label,
                        &words.reason_label,
                        &words.documents_label,
                        &words.button,
                        &words.link_label,
                        &words.link_notice,
                        &words.footer,
                    ] {
                        assert!(!sentence.trim().is_empty(), "{language:?} {kind:?} {role:?}");
                        assert!(!sentence.contains("  "), "{sentence:?}");
                    }
                    assert!(words.subject.contains("Lease 42"), "{}", words.subject);
                    assert!(words.lead.contains("Lease 42"), "{}", words.lead);
                    assert!(words.footer.contains("Acme"), "{}", words.footer);
                }
            }
        }
    }

    #[test]
    fn each_language_kind_and_role_has_words_of_its_own() {
        let mut subjects = std::collections::HashSet::new();
        for language in Language::ALL {
            for kind in [LetterKind::Invitation, LetterKind::Reminder] {
                for role in Role::ALL {
                    assert!(subjects.insert(words(language, &facts(kind, role)).subject));
                }
            }
        }
        assert_eq!(subjects.len(), 3 * 2 * Role::ALL.len());
    }

    #[test]
    fn dates_are_written_as_people_write_them() {
        for (language, expected) in [
            (Language::English, "14 March 2026 at 17:05 UTC"),
            (Language::Spanish, "14 de marzo de 2026 a las 17:05 (UTC)"),
            (Language::Portuguese, "14 de março de 2026 às 17:05 (UTC)"),
        ] {
            let words = words(language, &facts(LetterKind::Invitation, Role::Signer));
            let note = words.note.unwrap();
            assert!(note.contains(expected), "{note}");
        }
    }

    #[test]
    fn what_the_sender_left_empty_gets_a_word() {
        for language in Language::ALL {
            for kind in LetterKind::ALL {
                let facts = Facts {
                    name: "",
                    organization: "",
                    title: "",
                    actor: None,
                    expires_at: None,
                    ..facts(kind, Role::Signer)
                };
                let words = words(language, &facts);
                for sentence in [&words.subject, &words.greeting, &words.lead, &words.footer] {
                    assert!(!sentence.contains("“”"), "{sentence}");
                    assert!(!sentence.contains("  "), "{sentence}");
                    assert!(!sentence.contains(" ,"), "{sentence}");
                    assert!(!sentence.starts_with(' '), "{sentence}");
                }
            }
        }
    }
}

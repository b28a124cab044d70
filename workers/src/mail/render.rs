//! From a letter to its subject, its plain text and its HTML.
//!
//! Everything a sender typed is cleaned here, once: what goes on one line loses line breaks and
//! every other control character, what may have several lines keeps its lines only. The HTML
//! template escapes by itself. Headers and encodings belong to `message`.

use askama::Template;

use super::{
    MailError,
    letter::{Letter, LetterDocument, LetterKind},
    words::{Facts, Words, words},
};

/// The longest link, in bytes; browsers and mail clients agree on about this.
const LINK_BYTES: usize = 2_048;

/// A letter as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML alternative.
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct HtmlPage<'a> {
    language: &'static str,
    words: &'a Words,
    message: &'a [String],
    reason: &'a [String],
    documents: &'a [LetterDocument],
    code: Option<&'a str>,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct TextPage<'a> {
    words: &'a Words,
    message: &'a [String],
    reason: &'a [String],
    documents: &'a [LetterDocument],
    code: Option<&'a str>,
    link: Option<&'a str>,
}

impl Letter {
    /// Renders the letter as a person will read it: for sending, and for showing on the console.
    ///
    /// # Errors
    /// [`MailError::Permanent`] when the link is not an `http` or `https` address.
    pub fn render(&self) -> Result<Rendered, MailError> {
        let actor = self.actor_name.as_deref().map(one_line);
        let facts = Facts {
            kind: self.kind,
            role: self.role,
            name: &one_line(&self.to_name),
            organization: &one_line(&self.organization),
            title: &one_line(&self.title),
            actor: actor.as_deref().filter(|actor| !actor.is_empty()),
            documents: self.documents.len(),
            expires_at: self.expires_at,
        };
        let words = words(self.language, &facts);
        let asks = matches!(self.kind, LetterKind::Invitation | LetterKind::Reminder);
        let ended = matches!(self.kind, LetterKind::Declined | LetterKind::Cancelled);
        let message = lines(self.message.as_deref().filter(|_| asks));
        let reason = lines(self.reason.as_deref().filter(|_| ended));
        let link = self.link.as_deref().map(checked_link).transpose()?;
        let documents = self.documents.iter().map(cleaned).collect::<Result<Vec<_>, _>>()?;
        let (words, message, reason, documents) = (&words, &message, &reason, &documents);
        let code = self.code.as_deref();
        let language = self.language.tag();
        let html = HtmlPage { language, words, message, reason, documents, code, link }.render().map_err(unrendered)?;
        let mut text = TextPage { words, message, reason, documents, code, link }.render().map_err(unrendered)?;
        text.push('\n');
        let subject = words.subject.clone();
        Ok(Rendered { subject, text, html })
    }
}

fn cleaned(document: &LetterDocument) -> Result<LetterDocument, MailError> {
    if let Some(link) = &document.link {
        checked_link(link)?;
    }
    Ok(LetterDocument { name: one_line(&document.name), link: document.link.clone() })
}

fn unrendered(error: askama::Error) -> MailError {
    MailError::Permanent(format!("the letter could not be rendered: {error}"))
}

/// Only a web address may stand behind the button.
fn checked_link(link: &str) -> Result<&str, MailError> {
    let web = link.starts_with("https://") || link.starts_with("http://");
    let plain = link.bytes().all(|byte| byte.is_ascii_graphic());
    if web && plain && link.len() <= LINK_BYTES {
        Ok(link)
    } else {
        // The link itself is a secret: it stays out of the error.
        Err(MailError::Permanent("the link is not an http or https address".into()))
    }
}

/// One line: every run of white space and control characters becomes one space.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut kept = word.chars().filter(|c| !reorders(*c)).peekable();
        if kept.peek().is_some() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(kept);
        }
    }
    line
}

/// The lines of a text, without control characters; blank ones at either end are dropped.
fn lines(text: Option<&str>) -> Vec<String> {
    let text = text.unwrap_or_default().trim();
    if text.is_empty() {
        return Vec::new();
    }
    text.replace("\r\n", "\n")
        .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .map(|line| {
            let kept = line.chars().filter(|c| *c == '\t' || !(c.is_control() || reorders(*c)));
            kept.collect::<String>().trim_end().to_owned()
        })
        .collect()
}

/// Characters that show text in another order than it is written, used to disguise a name.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use countersign_engine::signer::Role;

    use super::{super::letter::tests::letter, *};
    use crate::language::Language;

    #[test]
    fn every_kind_language_and_role_renders_a_whole_letter() {
        for language in Language::ALL {
            for kind in LetterKind::ALL {
                for role in Role::ALL {
                    let letter = Letter { role, ..letter(kind, language) };
                    let page = letter.render().unwrap();
                    let case = format!("{language:?} {kind:?} {role:?}\n{}", page.text);
                    assert!(!page.subject.contains('\n'), "{case}");
                    for part in [&page.text, &page.html] {
                        assert!(part.contains("Ana Souza"), "{case}");
                        assert!(part.contains("Lease 42"), "{case}");
                        assert!(part.contains("Acme Ltda."), "{case}");
                        assert!(part.contains("https://sign.example.com/s/"), "{case}");
                        assert!(!part.contains("{{") && !part.contains("{%"), "{case}");
                        assert!(!part.contains("\n\n\n"), "{case}");
                    }
                    let lang = format!("<html lang=\"{}\">", language.tag());
                    assert!(page.html.contains(&lang), "{case}");
                }
            }
        }
    }

    #[test]
    fn an_invitation_reads_like_this() {
        let page = letter(LetterKind::Invitation, Language::English).render().unwrap();
        assert_eq!(page.subject, "Acme Ltda. asks you to sign “Lease 42”");
        assert_eq!(
            page.text,
            "Hello Ana Souza,\n\n\
             Acme Ltda. asks you to sign “Lease 42”.\n\n\
             A message from Acme Ltda.:\n\n  Dear Ana,\n  please read page 3.\n\n\
             You can do this until 14 March 2026 at 17:05 UTC.\n\n\
             Read and sign:\nhttps://sign.example.com/s/secret-token\n\n\
             This link is personal: it was made for you alone. Please do not forward this \
             letter.\n\n-- \n\
             Sent by Countersign on behalf of Acme Ltda. If you did not expect it, you can \
             ignore this letter: nothing happens in your name without you.\n"
        );
        assert!(page.html.contains("Dear Ana,<br>\nplease read page 3."));
    }

    #[test]
    fn the_message_goes_with_the_question_and_the_reason_with_the_end() {
        for kind in LetterKind::ALL {
            let page = letter(kind, Language::English).render().unwrap();
            let asks = matches!(kind, LetterKind::Invitation | LetterKind::Reminder);
            let ended = matches!(kind, LetterKind::Declined | LetterKind::Cancelled);
            assert_eq!(page.text.contains("please read page 3"), asks, "{kind:?}");
            assert_eq!(page.html.contains("The price is wrong"), ended, "{kind:?}");
            assert_eq!(page.text.contains("Bruno Lima"), ended, "{kind:?}");
        }
    }

    #[test]
    fn several_documents_are_named_and_at_the_end_each_has_its_link() {
        let document =
            |name: &str, link: Option<&str>| LetterDocument { name: name.into(), link: link.map(Into::into) };
        let asked = Letter {
            documents: vec![document("lease.pdf", None), document("annex\n1.pdf", None)],
            ..letter(LetterKind::Invitation, Language::English)
        };
        let page = asked.render().unwrap();
        assert!(page.text.contains("Documents:\n\n  1. lease.pdf\n  2. annex 1.pdf\n\n"), "{}", page.text);
        assert!(page.html.contains("<li>annex 1.pdf</li>"), "{}", page.html);
        let link = "https://sign.example.com/copy/x?document=1";
        let told = Letter {
            documents: vec![document("lease.pdf", Some(link))],
            ..letter(LetterKind::Completed, Language::English)
        };
        let page = told.render().unwrap();
        assert!(page.text.contains(&format!("  1. lease.pdf\n     {link}\n")), "{}", page.text);
        assert!(page.html.contains(&format!("<a href=\"{link}\"")), "{}", page.html);
        let bad = Letter {
            documents: vec![document("x", Some("javascript:x"))],
            ..letter(LetterKind::Completed, Language::English)
        };
        assert!(bad.render().is_err());
    }

    #[test]
    fn markup_in_any_field_is_shown_and_never_run() {
        let attack = "<script>alert('x')</script>\"><img src=x onerror=y>";
        for kind in LetterKind::ALL {
            let letter = Letter {
                to_name: attack.into(),
                organization: attack.into(),
                title: attack.into(),
                message: Some(attack.into()),
                reason: Some(attack.into()),
                actor_name: Some(attack.into()),
                documents: vec![LetterDocument { name: attack.into(), link: None }],
                link: Some("https://x/\"><script>".into()),
                ..letter(kind, Language::Portuguese)
            };
            let page = letter.render().unwrap();
            assert!(!page.html.contains("<script"), "{}", page.html);
            assert!(!page.html.contains("<img"), "{}", page.html);
            assert!(page.html.contains("&#60;script&#62;"), "{}", page.html);
            assert!(page.text.contains("<script>alert('x')</script>"));
        }
    }

    #[test]
    fn only_web_links_stand_behind_the_button() {
        for link in ["javascript:alert(1)", "ftp://x", "https://x/\r\nBcc: y@z", "https://x/a b", ""] {
            let letter = Letter { link: Some(link.into()), ..letter(LetterKind::Invitation, Language::English) };
            let error = letter.render().unwrap_err();
            assert!(matches!(error, MailError::Permanent(_)), "{link:?}");
        }
        let letter = Letter { link: None, ..letter(LetterKind::Invitation, Language::English) };
        assert!(!letter.render().unwrap().html.contains("<a "));
    }

    #[test]
    fn text_is_cleaned_and_lines_are_kept() {
        assert_eq!(one_line(" a\r\nBcc: b\u{0}\u{2028} c\t "), "a Bcc: b c");
        assert_eq!(one_line("safe\u{202E}fdp.exe"), "safefdp.exe");
        assert_eq!(one_line("\u{202E} \u{FEFF}"), "");
        assert_eq!(lines(Some("\n one\r\n\r\ntwo\u{7}\rthree \n")), ["one", "", "two", "three"]);
        assert!(lines(None).is_empty() && lines(Some(" \r\n ")).is_empty());
    }
}

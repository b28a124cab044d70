//! The certificate page: who signed what, when and how, at the end of every sealed document.
//!
//! It lays out what it is told, on as many A4 pages as that takes. It checks nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::canvas::{Canvas, DONE, GREY, HAIR, INK, Style, WARNING, style};
use super::fonts::{Face, Fonts};
use super::job::Job;
use super::words::Words;
use crate::language::Language;

/// What the certificate page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The signature request's identifier.
    pub request_id: String,
    /// The signature request's title.
    pub title: String,
    /// The organization that asked for the signatures.
    pub organization: String,
    /// Whether it was only a test, which the page then says before anything else.
    #[serde(default)]
    pub test: bool,
    /// The document's file name.
    pub document_name: String,
    /// The SHA-256 of the original, in hexadecimal.
    pub document_digest_hex: String,
    /// The length of the original in bytes.
    pub document_bytes: u64,
    /// The number of pages of the original.
    pub pages: u32,
    /// When the last signature was given.
    pub completed_at: Timestamp,
    /// The signers, in order.
    pub signers: Vec<CertificateSigner>,
    /// The head of the request's history, in hexadecimal.
    pub chain_head_hex: String,
    /// The number of events in that history.
    pub chain_length: u64,
}

/// One signer's entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateSigner {
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role in the request, as it should read.
    pub role: String,
    /// Status, as it should read.
    pub status: String,
    /// When they signed, if they did.
    pub signed_at: Option<Timestamp>,
    /// The address they signed from.
    pub ip_address: Option<String>,
    /// The browser they signed with.
    pub user_agent: Option<String>,
    /// How they signed and were authenticated, as it should read.
    pub method: String,
    /// The identifiers of their signatures.
    pub signature_ids: Vec<String>,
}

const WIDTH: f64 = 595.28;
const HEIGHT: f64 = 841.89;
const MARGIN: f64 = 56.0;
const INNER: f64 = WIDTH - 2.0 * MARGIN;
const BOTTOM: f64 = HEIGHT - 64.0;
/// Where values start, right of their labels.
const VALUE_AT: f64 = MARGIN + 92.0;
/// Where the second column of a signer's entry starts, and its values.
const SECOND_AT: f64 = MARGIN + 306.0;
const SECOND_VALUE_AT: f64 = SECOND_AT + 62.0;
const LEADING: f64 = 13.0;
const SEAL_SIZE: (f64, f64) = (250.0, 46.0);
/// Characters kept of anything else a stranger may have chosen.
const MAX_VALUE_CHARACTERS: usize = 300;

const TITLE: Style = style(Face::Strong, 23.0, INK);
const HEADING: Style = style(Face::Strong, 8.0, GREY);
const NAME: Style = style(Face::Strong, 10.5, INK);
const LABEL: Style = style(Face::Text, 8.5, GREY);
const VALUE: Style = style(Face::Text, 8.5, INK);
const SMALL: Style = style(Face::Text, 7.5, GREY);

/// Pages being filled from the top.
struct Flow<'a> {
    fonts: &'a mut Fonts,
    pages: Vec<Canvas>,
    /// The next baseline.
    at: f64,
}

/// Draws the certificate; returns its pages and where, on the last one, the seal's box goes.
pub(super) fn draw(fonts: &mut Fonts, certificate: &Certificate, language: Language) -> (Vec<Canvas>, f64) {
    let words = language.words();
    let mut flow = Flow { fonts, pages: vec![Canvas::new(WIDTH, HEIGHT)], at: MARGIN + 6.0 };
    flow.head(words, certificate);
    flow.heading(words.document, 5.0 * LEADING);
    flow.row(words.file, &certificate.document_name);
    flow.row(words.digest, &certificate.document_digest_hex);
    let size = format!("{} {}", grouped(certificate.document_bytes, language), words.bytes);
    flow.row(words.size, &size);
    flow.row(words.pages, &certificate.pages.to_string());
    flow.row(words.completed, &utc(certificate.completed_at));
    flow.heading(&format!("{} · {}", words.signers, certificate.signers.len()), 9.0 * LEADING);
    for (place, signer) in (1..).zip(&certificate.signers) {
        flow.signer(words, place, signer);
    }
    flow.heading(words.history, 2.0 * LEADING);
    flow.row(words.events, &grouped(certificate.chain_length, language));
    flow.row(words.chain_head, &certificate.chain_head_hex);
    let ending = 3.0 * LEADING + SEAL_SIZE.1 + 4.0;
    flow.heading(words.verification, ending);
    let area = [MARGIN, flow.at, INNER, LEADING - 1.0];
    flow.at = flow.paragraph(VALUE, area, words.verify);
    flow.feet(words, certificate);
    (flow.pages, flow.at)
}

/// Draws the seal's own box at a height on the last page; returns it and its `/Rect`.
pub(super) fn draw_seal(fonts: &mut Fonts, top: f64, subject: &str, job: &Job<'_>) -> (Canvas, [f64; 4]) {
    let (width, height) = SEAL_SIZE;
    let mut canvas = Canvas::new(width, height);
    canvas.outline([0.5, 0.5, width - 1.0, height - 1.0], 0.7, HAIR);
    canvas.line((1.4, 0.5), (1.4, height - 0.5), 2.2, DONE);
    let inner = width - 26.0;
    canvas.text(fonts, SMALL, 14.0, 14.5, job.language.words().sealed_by);
    let name = Style { size: fonts.fit(Face::Strong, 10.0, inner, subject), ..NAME };
    canvas.text(fonts, name, 14.0, 27.0, subject);
    canvas.text(fonts, SMALL, 14.0, 38.5, &utc(job.sealed_at));
    (canvas, [MARGIN, HEIGHT - top - height, MARGIN + width, HEIGHT - top])
}

/// A time as people read it.
pub(super) fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl Flow<'_> {
    fn text(&mut self, style: Style, x: f64, text: &str) {
        if let Some(page) = self.pages.last_mut() {
            page.text(self.fonts, style, x, self.at, text);
        }
    }

    fn paragraph(&mut self, style: Style, area: [f64; 4], text: &str) -> f64 {
        match self.pages.last_mut() {
            Some(page) => page.paragraph(self.fonts, style, area, text),
            None => area[1],
        }
    }

    /// Starts a new page unless this much room is left.
    fn need(&mut self, room: f64) {
        if self.at + room > BOTTOM {
            self.pages.push(Canvas::new(WIDTH, HEIGHT));
            self.at = MARGIN + 10.0;
        }
    }

    fn head(&mut self, words: &Words, certificate: &Certificate) {
        let organization = cut(&certificate.organization, MAX_VALUE_CHARACTERS);
        self.text(HEADING, MARGIN, &organization);
        self.at += 32.0;
        if certificate.test {
            self.test(words);
        }
        self.text(TITLE, MARGIN, words.title);
        self.at += 20.0;
        let title = cut(&certificate.title, MAX_VALUE_CHARACTERS);
        let style = style(Face::Text, 11.5, INK);
        self.at = self.paragraph(style, [MARGIN, self.at, INNER, 15.5], &title);
        self.text(LABEL, MARGIN, &format!("{} {}", words.request, certificate.request_id));
        self.at += 8.0;
    }

    /// What nobody may miss about a test.
    fn test(&mut self, words: &Words) {
        if let Some(page) = self.pages.last_mut() {
            page.outline([MARGIN, self.at - 18.0, INNER, 44.0], 1.6, WARNING);
        }
        self.text(style(Face::Strong, 13.0, WARNING), MARGIN + 12.0, words.test);
        self.at += 15.0;
        self.text(style(Face::Text, 8.5, WARNING), MARGIN + 12.0, words.test_detail);
        self.at += 42.0;
    }

    /// A section's hairline and name, kept on one page with the room that follows it.
    fn heading(&mut self, text: &str, room: f64) {
        self.at += 8.0;
        self.need(room + 26.0);
        if let Some(page) = self.pages.last_mut() {
            page.rule(MARGIN, self.at, INNER);
        }
        self.at += 16.0;
        self.text(HEADING, MARGIN, text);
        self.at += 16.0;
    }

    /// A label and its value, over as many lines as the value takes.
    fn row(&mut self, label: &str, value: &str) {
        let value = cut(value, MAX_VALUE_CHARACTERS);
        let lines = self.fonts.wrap(VALUE.face, VALUE.size, WIDTH - MARGIN - VALUE_AT, &value);
        self.need(lines.len() as f64 * LEADING);
        self.text(LABEL, MARGIN, label);
        for line in lines {
            self.text(VALUE, VALUE_AT, &line);
            self.at += LEADING;
        }
    }

    /// Two short rows beside each other, or one under the other if they are long.
    fn pair(&mut self, left: (&str, &str), right: (&str, &str)) {
        let wide = |text: &str, width: f64| self.fonts.width(VALUE.face, VALUE.size, text) > width;
        let crowded = wide(left.1, SECOND_AT - VALUE_AT - 8.0) || wide(right.1, WIDTH - MARGIN - SECOND_VALUE_AT);
        if !crowded && !left.1.is_empty() && !right.1.is_empty() {
            self.need(LEADING);
            self.text(LABEL, SECOND_AT, right.0);
            self.text(VALUE, SECOND_VALUE_AT, right.1);
            self.row(left.0, left.1);
            return;
        }
        for (label, value) in [left, right] {
            if !value.is_empty() {
                self.row(label, value);
            }
        }
    }

    fn signer(&mut self, words: &Words, place: usize, signer: &CertificateSigner) {
        self.need(8.0 * LEADING);
        let name = cut(&signer.name, MAX_VALUE_CHARACTERS);
        let status_text = cut(&signer.status, 60);
        let status = style(Face::Strong, 8.5, if signer.signed_at.is_some() { DONE } else { GREY });
        let room = INNER - 18.0 - self.fonts.width(status.face, status.size, &status_text) - 12.0;
        let name_style = Style { size: self.fonts.fit(NAME.face, NAME.size, room, &name), ..NAME };
        self.text(style(Face::Text, 10.5, GREY), MARGIN, &format!("{place}."));
        self.text(name_style, MARGIN + 18.0, &name);
        if let Some(page) = self.pages.last_mut() {
            page.text_right(self.fonts, status, WIDTH - MARGIN, self.at, &status_text);
        }
        self.at += LEADING + 2.0;
        let time = signer.signed_at.map(utc).unwrap_or_default();
        let address = signer.ip_address.as_deref().unwrap_or_default();
        self.pair((words.email, &signer.email), (words.role, &signer.role));
        self.pair((words.signed_at, &time), (words.address, address));
        self.pair((words.method, &signer.method), ("", ""));
        let agent = signer.user_agent.as_deref().unwrap_or_default();
        let agent = self.shortened(agent, WIDTH - MARGIN - VALUE_AT);
        self.pair((words.browser, &agent), ("", ""));
        self.pair((words.signatures, &signer.signature_ids.join(", ")), ("", ""));
        self.at += 9.0;
    }

    /// As much of a text as fits on one line.
    fn shortened(&self, text: &str, width: f64) -> String {
        let mut most = text.chars().count().min(MAX_VALUE_CHARACTERS);
        let mut short = cut(text, most);
        while self.fonts.width(VALUE.face, VALUE.size, &short) > width && most > 1 {
            most -= 1;
            short = cut(text, most);
        }
        short
    }

    /// The foot of every page, once their number is known.
    fn feet(&mut self, words: &Words, certificate: &Certificate) {
        let total = self.pages.len();
        for (place, page) in (1..).zip(&mut self.pages) {
            let baseline = HEIGHT - 34.0;
            page.rule(MARGIN, baseline - 14.0, INNER);
            page.text(self.fonts, SMALL, MARGIN, baseline, &certificate.request_id);
            let number = format!("{} {place} {} {total}", words.page, words.of);
            page.text_right(self.fonts, SMALL, WIDTH - MARGIN, baseline, &number);
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

/// A number with its thousands apart.
fn grouped(number: u64, language: Language) -> String {
    let separator = if language == Language::English { ',' } else { '.' };
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

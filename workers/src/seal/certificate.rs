//! The certificate page: who signed what, when and how, at the end of every sealed document.
//!
//! It lays out what it is told, on as many A4 pages as that takes. It checks nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::canvas::{Canvas, DONE, GREY, HAIR, INK, Style, style};
use super::fonts::{Face, Fonts};
use super::job::Job;
use super::words::{Language, Words};

/// What the certificate page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The signature request's identifier.
    pub request_id: String,
    /// The signature request's title.
    pub title: String,
    /// The organization that asked for the signatures.
    pub organization: String,
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
const LEADING: f64 = 13.5;
const SEAL_SIZE: (f64, f64) = (250.0, 46.0);
/// Characters kept of a browser's long description of itself.
const MAX_USER_AGENT_CHARACTERS: usize = 140;
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

/// Draws the certificate; the last page has room for the seal at [`draw_seal`]'s place.
pub(super) fn draw(
    fonts: &mut Fonts,
    certificate: &Certificate,
    language: Language,
) -> Vec<Canvas> {
    let words = language.words();
    let mut flow = Flow {
        fonts,
        pages: vec![Canvas::new(WIDTH, HEIGHT)],
        at: MARGIN + 6.0,
    };
    flow.head(words, certificate);
    flow.heading(words.document, 5.0 * LEADING);
    flow.row(words.file, &certificate.document_name);
    flow.row(words.digest, &certificate.document_digest_hex);
    let size = format!(
        "{} {}",
        grouped(certificate.document_bytes, language),
        words.bytes
    );
    flow.row(words.size, &size);
    flow.row(words.pages, &certificate.pages.to_string());
    flow.row(words.completed, &utc(certificate.completed_at));
    flow.heading(
        &format!("{} · {}", words.signers, certificate.signers.len()),
        9.0 * LEADING,
    );
    for (place, signer) in (1..).zip(&certificate.signers) {
        flow.signer(words, place, signer);
    }
    flow.heading(words.history, 2.0 * LEADING);
    flow.row(words.events, &grouped(certificate.chain_length, language));
    flow.row(words.chain_head, &certificate.chain_head_hex);
    let ending = 4.0 * LEADING + SEAL_SIZE.1 + 24.0;
    flow.heading(words.verification, ending);
    let area = [MARGIN, flow.at, INNER, LEADING - 1.0];
    flow.at = flow.paragraph(VALUE, area, words.verify);
    flow.feet(words, certificate);
    flow.pages
}

/// Draws the seal's own box: its canvas, its place on the last page, and that page's height.
pub(super) fn draw_seal(
    fonts: &mut Fonts,
    pages: &mut Vec<Canvas>,
    subject: &str,
    job: &Job<'_>,
) -> (Canvas, [f64; 4], f64) {
    if pages.is_empty() {
        pages.push(Canvas::new(WIDTH, HEIGHT));
    }
    let (width, height) = SEAL_SIZE;
    let mut canvas = Canvas::new(width, height);
    canvas.outline([0.5, 0.5, width - 1.0, height - 1.0], 0.7, HAIR);
    canvas.line((1.4, 0.5), (1.4, height - 0.5), 2.2, DONE);
    let inner = width - 26.0;
    canvas.text(fonts, SMALL, 14.0, 14.5, job.language.words().sealed_by);
    let name = Style {
        size: fonts.fit(Face::Strong, 10.0, inner, subject),
        ..NAME
    };
    canvas.text(fonts, name, 14.0, 27.0, subject);
    canvas.text(fonts, SMALL, 14.0, 38.5, &utc(job.sealed_at));
    (
        canvas,
        [MARGIN, BOTTOM - height - 4.0, width, height],
        HEIGHT,
    )
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
        self.text(TITLE, MARGIN, words.title);
        self.at += 20.0;
        let title = cut(&certificate.title, MAX_VALUE_CHARACTERS);
        let style = style(Face::Text, 11.5, INK);
        self.at = self.paragraph(style, [MARGIN, self.at, INNER, 15.5], &title);
        self.text(
            LABEL,
            MARGIN,
            &format!("{} {}", words.request, certificate.request_id),
        );
        self.at += 8.0;
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
        let lines = self
            .fonts
            .wrap(VALUE.face, VALUE.size, WIDTH - MARGIN - VALUE_AT, &value);
        self.need(lines.len() as f64 * LEADING);
        self.text(LABEL, MARGIN, label);
        for line in lines {
            self.text(VALUE, VALUE_AT, &line);
            self.at += LEADING;
        }
    }

    fn signer(&mut self, words: &Words, place: usize, signer: &CertificateSigner) {
        let agent = signer
            .user_agent
            .as_deref()
            .map(|agent| cut(agent, MAX_USER_AGENT_CHARACTERS));
        let time = signer.signed_at.map(utc);
        let ids = signer.signature_ids.join(", ");
        let rows = [
            (words.email, Some(signer.email.as_str())),
            (words.role, Some(signer.role.as_str())),
            (words.signed_at, time.as_deref()),
            (words.method, Some(signer.method.as_str())),
            (words.address, signer.ip_address.as_deref()),
            (words.browser, agent.as_deref()),
            (words.signatures, Some(ids.as_str())),
        ];
        let rows = || {
            rows.iter().filter_map(|(label, value)| {
                Some((*label, value.filter(|value| !value.is_empty())?))
            })
        };
        self.need((rows().count() + 2) as f64 * LEADING + 6.0);
        let number = format!("{place}.");
        let name = cut(&signer.name, MAX_VALUE_CHARACTERS);
        let status = style(
            Face::Strong,
            8.5,
            if signer.signed_at.is_some() {
                DONE
            } else {
                GREY
            },
        );
        let room = INNER - 18.0 - self.fonts.width(status.face, status.size, &signer.status) - 12.0;
        let name_style = Style {
            size: self.fonts.fit(NAME.face, NAME.size, room, &name),
            ..NAME
        };
        self.text(style(Face::Text, 10.5, GREY), MARGIN, &number);
        self.text(name_style, MARGIN + 18.0, &name);
        if let Some(page) = self.pages.last_mut() {
            page.text_right(
                self.fonts,
                status,
                WIDTH - MARGIN,
                self.at,
                &cut(&signer.status, 60),
            );
        }
        self.at += LEADING + 2.0;
        for (label, value) in rows() {
            self.row(label, value);
        }
        self.at += 9.0;
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
    let separator = if language == Language::English {
        ','
    } else {
        '.'
    };
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

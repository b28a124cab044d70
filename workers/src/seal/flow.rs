//! Pages of our own, filled from the top: headings, labelled values, entries of people, rows of a table.
//!
//! The certificate and the audit trail are laid out with it. Nothing is cut off: what is long takes more
//! lines, and what does not fit on a page goes on the next, under what runs on. It knows no request.

use jiff::Timestamp;

use super::canvas::{Canvas, DONE, GREY, INK, Style, WARNING, style};
use super::fonts::{Face, Fonts};
use super::words::Words;
use crate::language::Language;

/// Width of A4 in points.
pub(super) const WIDTH: f64 = 595.28;
/// Height of A4 in points.
pub(super) const HEIGHT: f64 = 841.89;
/// White on either side.
pub(super) const MARGIN: f64 = 56.0;
/// Width of what is written.
pub(super) const INNER: f64 = WIDTH - 2.0 * MARGIN;
/// From one baseline to the next.
pub(super) const LEADING: f64 = 13.0;
/// Where values start, right of their labels.
pub(super) const VALUE_AT: f64 = MARGIN + 92.0;
/// Characters kept of anything a stranger may have chosen at any length.
pub(super) const MAX_VALUE_CHARACTERS: usize = 300;

const BOTTOM: f64 = HEIGHT - 64.0;
/// Height for a table's rows on a page that has nothing else, at least.
const PAGE_ROOM: f64 = BOTTOM - MARGIN - 48.0;
/// Where the second column of an entry starts, and its values.
const SECOND_AT: f64 = MARGIN + 306.0;
const SECOND_VALUE_AT: f64 = SECOND_AT + 62.0;
/// Where an entry's name starts, right of its number.
const NAME_AT: f64 = MARGIN + 18.0;

const TITLE: Style = style(Face::Strong, 23.0, INK);
const SUBTITLE: Style = style(Face::Text, 11.5, INK);
pub(super) const HEADING: Style = style(Face::Strong, 8.0, GREY);
pub(super) const NAME: Style = style(Face::Strong, 10.5, INK);
pub(super) const LABEL: Style = style(Face::Text, 8.5, GREY);
pub(super) const VALUE: Style = style(Face::Text, 8.5, INK);
pub(super) const SMALL: Style = style(Face::Text, 7.5, GREY);

/// Pages being filled from the top.
pub(super) struct Flow<'a> {
    fonts: &'a mut Fonts,
    pages: Vec<Canvas>,
    /// The next baseline.
    at: f64,
    /// What stands on top of every page after the first.
    running: Option<String>,
    /// The columns of the table that goes on over pages: where each begins, and its heading.
    columns: Vec<(f64, &'static str)>,
}

/// What stands at the head of the first page.
pub(super) struct Head<'a> {
    pub(super) words: &'a Words,
    /// Whose request it is.
    pub(super) organization: &'a str,
    /// Whether it was only a test, which is said before anything else.
    pub(super) test: bool,
    /// What this is.
    pub(super) title: &'a str,
    /// What it is about.
    pub(super) subject: &'a str,
    /// The request's identifier.
    pub(super) request: &'a str,
}

/// One cell of a table's row: where it begins, how wide it is, and its paragraphs.
pub(super) struct Cell<'a> {
    pub(super) x: f64,
    pub(super) width: f64,
    pub(super) paragraphs: Vec<(Style, &'a str)>,
}

impl<'a> Flow<'a> {
    /// An empty page. `running` stands on top of every page after the first.
    pub(super) fn new(fonts: &'a mut Fonts, running: Option<String>) -> Self {
        Self { fonts, pages: vec![Canvas::new(WIDTH, HEIGHT)], at: MARGIN + 6.0, running, columns: Vec::new() }
    }

    fn text(&mut self, style: Style, x: f64, text: &str) {
        if let Some(page) = self.pages.last_mut() {
            page.text(self.fonts, style, x, self.at, text);
        }
    }

    fn rule(&mut self) {
        if let Some(page) = self.pages.last_mut() {
            page.rule(MARGIN, self.at, INNER);
        }
    }

    /// Text over the whole width, in as many lines as it needs.
    pub(super) fn paragraph(&mut self, style: Style, leading: f64, text: &str) {
        for line in self.fonts.wrap(style.face, style.size, INNER, &self.fonts.legible(text)) {
            self.need(leading);
            self.text(style, MARGIN, &line);
            self.at += leading;
        }
    }

    /// Starts a new page unless this much room is left.
    fn need(&mut self, room: f64) {
        if self.at + room > BOTTOM {
            self.pages.push(Canvas::new(WIDTH, HEIGHT));
            self.at = MARGIN + 10.0;
            if let Some(running) = self.running.clone() {
                let fitting = self.shortened(&running, SMALL, INNER);
                self.at = MARGIN - 8.0;
                self.text(SMALL, MARGIN, &fitting);
                self.at += 26.0;
            }
            self.column_heads();
        }
    }

    /// The head of the first page.
    pub(super) fn head(&mut self, head: &Head<'_>) {
        self.text(HEADING, MARGIN, head.organization);
        self.at += 32.0;
        if head.test {
            self.test(head.words);
        }
        self.text(TITLE, MARGIN, head.title);
        self.at += 20.0;
        self.paragraph(SUBTITLE, 15.5, &cut(head.subject, MAX_VALUE_CHARACTERS));
        self.text(LABEL, MARGIN, &format!("{} {}", head.words.request, head.request));
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
    pub(super) fn heading(&mut self, text: &str, room: f64) {
        self.at += 8.0;
        self.need(room + 26.0);
        self.rule();
        self.at += 16.0;
        self.text(HEADING, MARGIN, text);
        self.at += 16.0;
    }

    /// A label and its value, over as many lines as the value takes.
    pub(super) fn row(&mut self, label: &str, value: &str) {
        let value = self.fonts.legible(&cut(value, MAX_VALUE_CHARACTERS));
        let lines = self.fonts.wrap(VALUE.face, VALUE.size, WIDTH - MARGIN - VALUE_AT, &value);
        self.need(lines.len() as f64 * LEADING);
        self.text(LABEL, MARGIN, label);
        for line in lines {
            self.text(VALUE, VALUE_AT, &line);
            self.at += LEADING;
        }
    }

    /// Two short rows beside each other, or one under the other if they are long. An empty value is left out.
    pub(super) fn pair(&mut self, left: (&str, &str), right: (&str, &str)) {
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

    /// The head of a person's entry: number, name, and how they stand at the right.
    pub(super) fn person(&mut self, place: usize, name: &str, status: (&str, bool)) {
        self.item(8.0 * LEADING, place, (NAME, name), status);
        self.gap(2.0);
    }

    /// The head of an entry, kept on one page with the room that follows it: number, name, and a note at the
    /// right, which is good news or not.
    pub(super) fn item(&mut self, room: f64, place: usize, (look, name): (Style, &str), (note, good): (&str, bool)) {
        self.need(room);
        let style_of_note = style(Face::Strong, 8.5, if good { DONE } else { GREY });
        let width = WIDTH - MARGIN - NAME_AT - self.fonts.width(Face::Strong, 8.5, note) - 12.0;
        self.text(style(Face::Text, look.size, GREY), MARGIN, &format!("{place}."));
        if let Some(page) = self.pages.last_mut() {
            page.text_right(self.fonts, style_of_note, WIDTH - MARGIN, self.at, note);
        }
        let name = self.fonts.legible(&cut(name, MAX_VALUE_CHARACTERS));
        for line in self.fonts.wrap(look.face, look.size, width, &name) {
            self.text(look, NAME_AT, &line);
            self.at += LEADING;
        }
    }

    /// Leaves room.
    pub(super) fn gap(&mut self, room: f64) {
        self.at += room;
    }

    /// Begins a table, whose heads are repeated on each page it goes on to.
    pub(super) fn table(&mut self, columns: Vec<(f64, &'static str)>) {
        self.columns = columns;
        self.column_heads();
    }

    /// Ends the table.
    pub(super) fn end_table(&mut self) {
        self.columns.clear();
    }

    fn column_heads(&mut self) {
        for (x, head) in self.columns.clone() {
            self.text(SMALL, x, head);
        }
        if !self.columns.is_empty() {
            self.at += 6.0;
            self.rule();
            self.at += 12.0;
        }
    }

    /// A row of the table, kept on one page if one can hold it, with a hairline under it.
    pub(super) fn cells(&mut self, cells: &[Cell<'_>], leading: f64) {
        let lines = |cell: &Cell<'_>| -> Vec<(Style, String)> {
            let paragraphs = cell.paragraphs.iter().filter(|(_, text)| !text.is_empty());
            let wrapped = paragraphs.flat_map(|(style, text)| {
                let lines = self.fonts.wrap(style.face, style.size, cell.width, &self.fonts.legible(text));
                lines.into_iter().map(|line| (*style, line))
            });
            wrapped.collect()
        };
        let columns: Vec<Vec<(Style, String)>> = cells.iter().map(lines).collect();
        let total = columns.iter().map(Vec::len).max().unwrap_or(0);
        self.need((total as f64 * leading).min(PAGE_ROOM));
        let mut from = 0;
        while from < total {
            self.need(leading);
            let fitting = ((BOTTOM - self.at) / leading).max(1.0) as usize;
            let (top, to) = (self.at, total.min(from + fitting));
            for (cell, lines) in cells.iter().zip(&columns) {
                self.at = top;
                for (style, line) in lines.iter().take(to).skip(from) {
                    self.text(*style, cell.x, line);
                    self.at += leading;
                }
            }
            self.at = top + (to - from) as f64 * leading;
            from = to;
        }
        self.at += 5.0 - leading;
        self.rule();
        self.at += leading + 2.0;
    }

    /// A style, smaller if that is what it takes for a text to stand on one line.
    pub(super) fn fitted(&self, style: Style, width: f64, text: &str) -> Style {
        // A little less, or rounding could still break the line.
        Style { size: self.fonts.fit(style.face, style.size, width - 0.5, text), ..style }
    }

    /// As much of a text as fits on one line.
    pub(super) fn shortened(&self, text: &str, style: Style, width: f64) -> String {
        let text = self.fonts.legible(text);
        let mut most = text.chars().count().min(MAX_VALUE_CHARACTERS);
        let mut short = cut(&text, most);
        while self.fonts.width(style.face, style.size, &short) > width && most > 1 {
            most -= 1;
            short = cut(&text, most);
        }
        short
    }

    /// The pages with their feet, now that their number is known, and where the seal's box goes on the last.
    pub(super) fn finished(mut self, words: &Words, request: &str) -> (Vec<Canvas>, f64) {
        let total = self.pages.len();
        for (place, page) in (1..).zip(&mut self.pages) {
            let baseline = HEIGHT - 34.0;
            page.rule(MARGIN, baseline - 14.0, INNER);
            page.text(self.fonts, SMALL, MARGIN, baseline, request);
            let number = format!("{} {place} {} {total}", words.page, words.of);
            page.text_right(self.fonts, SMALL, WIDTH - MARGIN, baseline, &number);
        }
        (self.pages, self.at)
    }
}

/// A time as people read it.
pub(super) fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// At most so many characters of a text.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64, language: Language) -> String {
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

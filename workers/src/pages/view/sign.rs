//! The signing page, and what its script is told.

use askama::Template;
use countersign_engine::signer::Role;
use jiff::Timestamp;
use serde::Serialize;

use super::{page_count, readable, role_words};
use crate::language::Language;
use crate::pages::text::{RoleWords, ScriptWords, fill};

/// The signing page: `GET /sign/{request}`.
#[derive(Template)]
#[template(path = "pages/sign.html")]
pub struct SignPage {
    /// The language of the page.
    pub language: Language,
    /// The name of who sends.
    pub organization: String,
    /// The request's title.
    pub title: String,
    /// The sender's message, if any; line breaks are kept.
    pub message: Option<String>,
    /// Until when the person may act.
    pub expires: Option<Timestamp>,
    /// What the script needs.
    pub ceremony: Ceremony,
}

impl SignPage {
    /// The ceremony as JSON that may stand inside a `<script>` element.
    pub(super) fn ceremony_json(&self) -> askama::Result<String> {
        let base = format!("/sign/{}", self.ceremony.request);
        let embedded = Embedded {
            language: self.language.tag(),
            sign_url: format!("{base}/sign"),
            decline_url: format!("{base}/decline"),
            words: &self.t().script,
            ceremony: &self.ceremony,
        };
        let json = serde_json::to_string(&embedded).map_err(askama::Error::custom)?;
        Ok(escape_for_script(&json))
    }

    fn role(&self) -> &'static RoleWords {
        role_words(self.ceremony.role, self.t())
    }

    /// Whether there is more than one document, so that they are listed and counted.
    fn several(&self) -> bool {
        self.ceremony.documents.len() > 1
    }

    fn lead(&self) -> String {
        let lead = if self.several() { self.role().lead_several } else { self.role().lead };
        let count = self.ceremony.documents.len().to_string();
        let values =
            [("name", self.ceremony.signer_name.as_str()), ("organization", &self.organization), ("count", &count)];
        fill(lead, &values)
    }

    fn consent(&self) -> String {
        let consent = if self.several() { self.role().consent_several } else { self.role().consent };
        fill(consent, &[("count", &self.ceremony.documents.len().to_string())])
    }

    fn number(&self, index: &usize) -> String {
        let (number, total) = ((index + 1).to_string(), self.ceremony.documents.len().to_string());
        fill(self.t().sign.document_of, &[("number", &number), ("total", &total)])
    }

    fn page_count(&self, pages: &u32) -> String {
        page_count(self.t(), *pages)
    }

    fn document_url(&self, index: &usize) -> String {
        format!("/sign/{}/documents/{index}", self.ceremony.request)
    }
}

/// What the script of the signing page needs to know.
#[derive(Clone, Debug, Serialize)]
pub struct Ceremony {
    /// The request's id, as in the addresses.
    pub request: String,
    /// Who acts; the proposal for the typed signature.
    pub signer_name: String,
    /// What this person does.
    pub role: Role,
    /// Whether the answer must carry a signature.
    pub signature_required: bool,
    /// The documents, in order; the n-th is fetched from `/sign/{request}/documents/{n}`.
    pub documents: Vec<Document>,
}

/// One document of the ceremony.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// The file's name, as people know it.
    pub name: String,
    /// How many pages the PDF has.
    pub pages: u32,
    /// The sizes of the PDF's pages as displayed; may be empty, then the browser asks the PDF.
    pub page_sizes: Vec<PageSize>,
    /// The size of a page that we append (a field's page beyond the PDF's last).
    pub sheet: PageSize,
    /// What this person fills in.
    pub fields: Vec<Field>,
    /// The boxes of other people.
    pub others: Vec<OtherBox>,
}

/// The size of a page as displayed (after rotation), in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PageSize {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Default for PageSize {
    /// A4.
    fn default() -> Self {
        PageSize { width: 595.28, height: 841.89 }
    }
}

/// The kind of a box on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// The person's signature; all boxes of one person show the same.
    Signature,
    /// A line of text.
    Text,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A box to tick.
    Checkbox,
}

/// Where a box stands: points from the top left of the page as displayed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// The page, from 1.
    pub page: u32,
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// A box that this person fills in.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    /// The widget's id: the key in the answer's `fields`, and `field` in an error.
    pub id: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// Whether it must be filled.
    pub required: bool,
    /// The sender's label, if any.
    pub label: Option<String>,
    /// What is filled in already: a text, `YYYY-MM-DD`, or `true` for a ticked box.
    pub value: Option<String>,
    /// The longest text, in characters.
    pub max_length: Option<u32>,
}

/// A box of someone else, shown as a quiet outline.
#[derive(Clone, Debug, Serialize)]
pub struct OtherBox {
    /// What it takes.
    pub kind: FieldKind,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// Whose it is.
    pub name: String,
    /// Whether that person has acted.
    pub done: bool,
    /// What that person filled in, when this person may see it.
    pub value: Option<String>,
}

/// What travels in `<script type="application/json" id="ceremony">`.
#[derive(Serialize)]
struct Embedded<'a> {
    language: &'static str,
    sign_url: String,
    decline_url: String,
    words: &'static ScriptWords,
    #[serde(flatten)]
    ceremony: &'a Ceremony,
}

/// Makes JSON safe inside a `<script>` element: no tag can begin or end in it.
fn escape_for_script(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

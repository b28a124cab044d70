//! What each of the signer's pages shows: plain data in, HTML out.
//!
//! A handler fills one of these structs and renders it (`askama::Template::render`). Nothing here knows the engine,
//! a database or HTTP; statuses, cookies and headers are the handler's.

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;

use super::asset;
use super::text::{Language, RoleWords, ScriptWords, Words, fill};

/// The Content-Security-Policy of every page here.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How a page shows a time before the script puts it into the reader's zone.
const READABLE_TIME: &str = "%Y-%m-%d %H:%M UTC";

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Signs.
    Signer,
    /// Approves.
    Approver,
    /// Acknowledges receipt.
    Acknowledger,
    /// Signs as a witness.
    Witness,
    /// Does nothing; gets a copy.
    Copied,
}

impl Role {
    /// The words of this role.
    fn words(self, words: &'static Words) -> &'static RoleWords {
        match self {
            Role::Signer => &words.signer,
            Role::Approver => &words.approver,
            Role::Acknowledger => &words.acknowledger,
            Role::Witness => &words.witness,
            Role::Copied => &words.copied,
        }
    }
}

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
    fn ceremony_json(&self) -> askama::Result<String> {
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
        self.ceremony.role.words(self.t())
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
        PageSize {
            width: 595.28,
            height: 841.89,
        }
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

/// The page after the act: `GET /sign/{request}/done`.
#[derive(Template)]
#[template(path = "pages/done.html")]
pub struct DonePage {
    /// The language of the page.
    pub language: Language,
    /// The name of who sends.
    pub organization: String,
    /// The request's title.
    pub title: String,
    /// What this person is asked to do.
    pub role: Role,
    /// What this person did.
    pub outcome: Outcome,
    /// When it was recorded.
    pub at: Option<Timestamp>,
    /// Whether everyone has acted.
    pub completed: bool,
    /// Where the sealed PDF is, when the request is completed.
    pub download_url: Option<String>,
    /// Where the copy will be sent.
    pub email: Option<String>,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Signed, approved, acknowledged or witnessed.
    Acted,
    /// Declined, with the reason given.
    Declined {
        /// The reason.
        reason: String,
    },
}

impl DonePage {
    fn role(&self) -> &'static RoleWords {
        self.role.words(self.t())
    }
}

/// The sender's progress page: `GET /view/{request}/{token}`. It fetches its own address again while it is open.
#[derive(Template)]
#[template(path = "pages/view.html")]
pub struct ViewPage {
    /// The language of the page.
    pub language: Language,
    /// The name of who sends.
    pub organization: String,
    /// The request's title.
    pub title: String,
    /// Where the request stands.
    pub status: RequestStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Until when people may act.
    pub expires_at: Option<Timestamp>,
    /// When it was completed, declined, cancelled or found expired.
    pub ended_at: Option<Timestamp>,
    /// The people, in the order of their turns.
    pub people: Vec<Person>,
    /// The documents.
    pub documents: Vec<ViewDocument>,
    /// Where the sealed PDF is, when the request is completed.
    pub download_url: Option<String>,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStatus {
    /// Not sent yet.
    Draft,
    /// Sent, nobody has looked.
    Sent,
    /// Someone has looked.
    Viewed,
    /// Someone has signed, others have not.
    PartiallySigned,
    /// Everyone has acted.
    Completed,
    /// Someone declined.
    Declined,
    /// The time ran out.
    Expired,
    /// The sender cancelled.
    Cancelled,
}

impl RequestStatus {
    /// Whether nothing will change any more.
    fn is_final(self) -> bool {
        use RequestStatus::{Cancelled, Completed, Declined, Expired};
        matches!(self, Completed | Declined | Expired | Cancelled)
    }

    /// The class that colours it.
    fn tone(self) -> &'static str {
        match self {
            RequestStatus::Draft => "quiet",
            RequestStatus::Sent | RequestStatus::Viewed | RequestStatus::PartiallySigned => "busy",
            RequestStatus::Completed => "good",
            RequestStatus::Declined | RequestStatus::Expired | RequestStatus::Cancelled => "bad",
        }
    }
}

/// One person on the progress page.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address, when the reader may see it.
    pub email: Option<String>,
    /// What this person does.
    pub role: Role,
    /// The turn; people with the same number act side by side.
    pub order: u32,
    /// Where this person stands.
    pub status: PersonStatus,
    /// When the invitation was sent.
    pub sent_at: Option<Timestamp>,
    /// When the document was first seen.
    pub viewed_at: Option<Timestamp>,
    /// When the person acted.
    pub signed_at: Option<Timestamp>,
    /// When the person declined.
    pub declined_at: Option<Timestamp>,
    /// Why.
    pub decline_reason: Option<String>,
}

impl Person {
    fn tone(&self) -> &'static str {
        match self.status {
            PersonStatus::Pending => "quiet",
            PersonStatus::Sent | PersonStatus::Viewed => "busy",
            PersonStatus::Signed => "good",
            PersonStatus::Declined => "bad",
        }
    }

    fn status_text(&self, words: &Words) -> &'static str {
        let view = &words.view;
        match (self.status, self.role) {
            (PersonStatus::Declined, _) => view.person_declined,
            (_, Role::Copied) => view.person_copied,
            (PersonStatus::Pending, _) => view.person_pending,
            (PersonStatus::Sent, _) => view.person_sent,
            (PersonStatus::Viewed, _) => view.person_viewed,
            (PersonStatus::Signed, Role::Signer) => view.person_signed,
            (PersonStatus::Signed, Role::Approver) => view.person_approved,
            (PersonStatus::Signed, Role::Acknowledger) => view.person_acknowledged,
            (PersonStatus::Signed, Role::Witness) => view.person_witnessed,
        }
    }
}

/// Where a person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonStatus {
    /// Not invited yet.
    Pending,
    /// Invited.
    Sent,
    /// Has seen the document.
    Viewed,
    /// Has acted.
    Signed,
    /// Has declined.
    Declined,
}

/// One document on the progress page.
#[derive(Clone, Debug)]
pub struct ViewDocument {
    /// The file's name.
    pub name: String,
    /// How many pages it has, when known.
    pub pages: Option<u32>,
    /// Where it can be read, if anywhere.
    pub url: Option<String>,
}

impl ViewPage {
    fn status_text(&self) -> &'static str {
        let view = &self.t().view;
        match self.status {
            RequestStatus::Draft => view.status_draft,
            RequestStatus::Sent => view.status_sent,
            RequestStatus::Viewed => view.status_viewed,
            RequestStatus::PartiallySigned => view.status_partially_signed,
            RequestStatus::Completed => view.status_completed,
            RequestStatus::Declined => view.status_declined,
            RequestStatus::Expired => view.status_expired,
            RequestStatus::Cancelled => view.status_cancelled,
        }
    }

    fn acting(&self) -> usize {
        self.people
            .iter()
            .filter(|person| person.role != Role::Copied)
            .count()
    }

    fn acted(&self) -> usize {
        let signed =
            |person: &&Person| person.role != Role::Copied && person.status == PersonStatus::Signed;
        self.people.iter().filter(signed).count()
    }

    fn progress(&self) -> String {
        let (done, total) = (self.acted().to_string(), self.acting().to_string());
        fill(
            self.t().view.progress,
            &[("done", &done), ("total", &total)],
        )
    }

    /// Whether there is more than one turn, so that turns are worth showing.
    fn has_turns(&self) -> bool {
        self.people
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.order != b.order))
    }

    fn page_count(&self, pages: &u32) -> String {
        let view = &self.t().view;
        if *pages == 1 {
            view.pages_one.to_owned()
        } else {
            fill(view.pages, &[("count", &pages.to_string())])
        }
    }
}

/// Why a link is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedReason {
    /// No such link, or no such request: one answer for both.
    Unknown,
    /// A newer link was sent.
    Replaced,
    /// This person has acted.
    AlreadySigned,
    /// Everyone has acted.
    Completed,
    /// Someone declined.
    Declined,
    /// The sender cancelled.
    Cancelled,
    /// The time ran out.
    Expired,
    /// Others come first.
    NotYourTurn,
}

impl ClosedReason {
    /// Every reason.
    pub const ALL: [ClosedReason; 8] = [
        ClosedReason::Unknown,
        ClosedReason::Replaced,
        ClosedReason::AlreadySigned,
        ClosedReason::Completed,
        ClosedReason::Declined,
        ClosedReason::Cancelled,
        ClosedReason::Expired,
        ClosedReason::NotYourTurn,
    ];

    /// The HTTP status that goes with the page.
    pub const fn http_status(self) -> u16 {
        match self {
            ClosedReason::Unknown => 404,
            ClosedReason::NotYourTurn => 403,
            ClosedReason::Replaced
            | ClosedReason::AlreadySigned
            | ClosedReason::Completed
            | ClosedReason::Declined
            | ClosedReason::Cancelled
            | ClosedReason::Expired => 410,
        }
    }

    fn tone(self) -> &'static str {
        match self {
            ClosedReason::AlreadySigned | ClosedReason::Completed => "good",
            ClosedReason::NotYourTurn | ClosedReason::Replaced => "busy",
            ClosedReason::Unknown
            | ClosedReason::Declined
            | ClosedReason::Cancelled
            | ClosedReason::Expired => "quiet",
        }
    }
}

/// The page of every dead link.
#[derive(Template)]
#[template(path = "pages/closed.html")]
pub struct ClosedPage {
    /// The language of the page.
    pub language: Language,
    /// Why the link is dead.
    pub reason: ClosedReason,
    /// The name of who sent; never for an unknown link.
    pub organization: Option<String>,
    /// The request's title; never for an unknown link.
    pub title: Option<String>,
    /// Where the sealed PDF is, when this person may still fetch it.
    pub download_url: Option<String>,
}

impl ClosedPage {
    fn texts(&self) -> Notice {
        let c = &self.t().closed;
        let (heading, detail, next) = match self.reason {
            ClosedReason::Unknown => (c.unknown, c.unknown_detail, c.unknown_next),
            ClosedReason::Replaced => (c.replaced, c.replaced_detail, c.replaced_next),
            ClosedReason::AlreadySigned => (
                c.already_signed,
                c.already_signed_detail,
                c.already_signed_next,
            ),
            ClosedReason::Completed => (c.completed, c.completed_detail, c.completed_next),
            ClosedReason::Declined => (c.declined, c.declined_detail, c.declined_next),
            ClosedReason::Cancelled => (c.cancelled, c.cancelled_detail, c.cancelled_next),
            ClosedReason::Expired => (c.expired, c.expired_detail, c.expired_next),
            ClosedReason::NotYourTurn => (
                c.not_your_turn,
                c.not_your_turn_detail,
                c.not_your_turn_next,
            ),
        };
        Notice {
            heading,
            detail,
            next: Some(next),
        }
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404: no such page.
    NotFound,
    /// 429 or 503: try again later.
    Busy,
    /// 500: our fault.
    Internal,
}

/// The page of an error that has nothing to do with a link.
#[derive(Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage {
    /// The language of the page.
    pub language: Language,
    /// What went wrong.
    pub kind: ErrorKind,
    /// What support may ask for: the id of the request in the log.
    pub reference: Option<String>,
}

impl ErrorPage {
    fn texts(&self) -> Notice {
        let e = &self.t().error;
        let (heading, detail) = match self.kind {
            ErrorKind::NotFound => (e.not_found, e.not_found_detail),
            ErrorKind::Busy => (e.busy, e.busy_detail),
            ErrorKind::Internal => (e.internal, e.internal_detail),
        };
        Notice {
            heading,
            detail,
            next: None,
        }
    }
}

/// The texts of a page that only says something.
struct Notice {
    heading: &'static str,
    detail: &'static str,
    next: Option<&'static str>,
}

/// What the common layout asks of every page.
macro_rules! layout {
    ($($page:ty),+) => { $(impl $page {
        fn t(&self) -> &'static Words {
            self.language.words()
        }

        fn asset(&self, path: &str) -> String {
            asset::url(path)
        }
    })+ };
}

layout!(SignPage, DonePage, ViewPage, ClosedPage, ErrorPage);

/// A time as people read it, in UTC.
fn readable(time: &Timestamp) -> String {
    time.strftime(READABLE_TIME).to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that breaks out of anything that does not escape it.
    const HOSTILE: &str =
        "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u{2028}{name}";

    fn sign_page(language: Language, role: Role) -> SignPage {
        let place = Place {
            page: 1,
            x: 10.0,
            y: 20.0,
            width: 100.0,
            height: 20.0,
        };
        SignPage {
            language,
            organization: HOSTILE.to_owned(),
            title: HOSTILE.to_owned(),
            message: Some(HOSTILE.to_owned()),
            expires: Some(Timestamp::UNIX_EPOCH),
            ceremony: Ceremony {
                request: "0190".to_owned(),
                signer_name: HOSTILE.to_owned(),
                role,
                signature_required: true,
                documents: vec![Document {
                    name: HOSTILE.to_owned(),
                    page_sizes: Vec::new(),
                    sheet: PageSize::default(),
                    fields: vec![Field {
                        id: "f1".to_owned(),
                        kind: FieldKind::Text,
                        place,
                        required: true,
                        label: Some(HOSTILE.to_owned()),
                        value: None,
                        max_length: None,
                    }],
                    others: vec![OtherBox {
                        kind: FieldKind::Signature,
                        place,
                        name: HOSTILE.to_owned(),
                        done: false,
                        value: None,
                    }],
                }],
            },
        }
    }

    fn person(role: Role, order: u32, status: PersonStatus) -> Person {
        Person {
            name: HOSTILE.to_owned(),
            email: Some(HOSTILE.to_owned()),
            role,
            order,
            status,
            sent_at: Some(Timestamp::UNIX_EPOCH),
            viewed_at: None,
            signed_at: None,
            declined_at: Some(Timestamp::UNIX_EPOCH),
            decline_reason: Some(HOSTILE.to_owned()),
        }
    }

    fn view_page(language: Language) -> ViewPage {
        ViewPage {
            language,
            organization: HOSTILE.to_owned(),
            title: HOSTILE.to_owned(),
            status: RequestStatus::Declined,
            created_at: Timestamp::UNIX_EPOCH,
            sent_at: Some(Timestamp::UNIX_EPOCH),
            expires_at: None,
            ended_at: None,
            people: vec![
                person(Role::Signer, 1, PersonStatus::Signed),
                person(Role::Approver, 2, PersonStatus::Declined),
                person(Role::Copied, 3, PersonStatus::Pending),
            ],
            documents: vec![ViewDocument {
                name: HOSTILE.to_owned(),
                pages: Some(2),
                url: Some(HOSTILE.to_owned()),
            }],
            download_url: None,
        }
    }

    /// Every page in one language, filled with hostile text.
    fn pages(language: Language) -> Vec<String> {
        let mut rendered = Vec::new();
        for role in [
            Role::Signer,
            Role::Approver,
            Role::Acknowledger,
            Role::Witness,
        ] {
            rendered.push(sign_page(language, role).render());
            for outcome in [
                Outcome::Acted,
                Outcome::Declined {
                    reason: HOSTILE.to_owned(),
                },
            ] {
                let done = DonePage {
                    language,
                    organization: HOSTILE.to_owned(),
                    title: HOSTILE.to_owned(),
                    role,
                    outcome,
                    at: Some(Timestamp::UNIX_EPOCH),
                    completed: false,
                    download_url: Some(HOSTILE.to_owned()),
                    email: Some(HOSTILE.to_owned()),
                };
                rendered.push(done.render());
            }
        }
        rendered.push(view_page(language).render());
        for reason in ClosedReason::ALL {
            let closed = ClosedPage {
                language,
                reason,
                organization: Some(HOSTILE.to_owned()),
                title: Some(HOSTILE.to_owned()),
                download_url: None,
            };
            rendered.push(closed.render());
        }
        for kind in [ErrorKind::NotFound, ErrorKind::Busy, ErrorKind::Internal] {
            rendered.push(
                ErrorPage {
                    language,
                    kind,
                    reference: Some(HOSTILE.to_owned()),
                }
                .render(),
            );
        }
        rendered
            .into_iter()
            .map(|page| page.expect("a page renders"))
            .collect()
    }

    #[test]
    fn no_page_lets_a_text_become_markup() {
        for page in Language::ALL.into_iter().flat_map(pages) {
            assert!(!page.contains("<script>"), "{page}");
            assert!(!page.contains("<img src=x"), "{page}");
        }
    }

    #[test]
    fn no_page_needs_more_than_its_policy_allows() {
        for page in Language::ALL.into_iter().flat_map(pages) {
            assert!(!page.contains(" style="), "an inline style: {page}");
            assert!(!page.contains("<style"), "an inline style sheet: {page}");
            assert!(!page.contains(" onclick="), "an inline handler: {page}");
            assert!(!page.contains("src=\"http"), "another host: {page}");
        }
    }

    #[test]
    fn the_ceremony_survives_its_escaping() {
        let page = sign_page(Language::En, Role::Witness);
        let json = page.ceremony_json().expect("plain data");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["signer_name"], HOSTILE);
        assert_eq!(value["role"], "witness");
        assert_eq!(value["documents"][0]["fields"][0]["x"], 10.0);
        assert_eq!(value["sign_url"], "/sign/0190/sign");
        assert!(!json.contains('<') && !json.contains('\u{2028}'));
    }

    #[test]
    fn the_progress_counts_those_who_must_act() {
        let page = view_page(Language::En);
        assert_eq!(page.progress(), "1 of 2 have acted");
        assert!(page.has_turns() && page.status.is_final());
    }

    #[test]
    fn a_time_is_readable_without_a_script() {
        assert_eq!(readable(&Timestamp::UNIX_EPOCH), "1970-01-01 00:00 UTC");
    }
}

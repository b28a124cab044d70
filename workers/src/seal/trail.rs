//! The audit trail: everything that happened to a request, on paper, sealed so that it proves itself.
//!
//! The same history gives the same bytes up to the seal, which is an update behind them. The head of the
//! history stands in the file for programs too, so that a verifier can hold it against the events.

mod words;

use jiff::Timestamp;
use lopdf::{Document, Object, dictionary, text_string};

use super::authority::Authority;
use super::canvas::{Canvas, GREY, INK, Style, style};
use super::closing::{Closing, SEAL_SIZE, SealKind};
use super::fields::Marker;
use super::flow::{Cell, Flow, Head, INNER, LABEL, LEADING, MARGIN, VALUE, VALUE_AT, WIDTH, grouped, utc};
use super::fonts::{Face, Fonts};
use super::inspect::open;
use super::job::annotate;
use super::update::Update;
use super::{SealError, pages};
use crate::language::Language;
use words::Words;

/// What the audit trail says. Texts stand as they should read.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditTrail {
    /// The request's identifier.
    pub request_id: String,
    /// The request's title.
    pub title: String,
    /// The organization that asked for the signatures.
    pub organization: String,
    /// Whether it was only a test, which the first page then says before anything else.
    pub test: bool,
    /// Where the request stands.
    pub status: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// What is signed.
    pub documents: Vec<TrailDocument>,
    /// Who signs, in their order.
    pub signers: Vec<TrailSigner>,
    /// What happened, in order.
    pub events: Vec<TrailEvent>,
    /// Where the history ends.
    pub head: TrailHead,
    /// The language it is written in.
    pub language: Language,
}

/// A document of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailDocument {
    /// File name.
    pub name: String,
    /// SHA-256 of the original, in hexadecimal.
    pub digest_hex: String,
    /// Length of the original in bytes.
    pub bytes: u64,
    /// Pages of the original.
    pub pages: u32,
    /// SHA-256 of the sealed PDF, in hexadecimal, once made.
    pub sealed_digest_hex: Option<String>,
}

/// A signer, and what they came to.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailSigner {
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: String,
    /// Where they stand.
    pub status: String,
    /// Whether they have done what was asked of them.
    pub done: bool,
    /// When they were first invited.
    pub invited_at: Option<Timestamp>,
    /// When they first opened the document.
    pub viewed_at: Option<Timestamp>,
    /// When they signed or declined.
    pub acted_at: Option<Timestamp>,
    /// The address they acted from.
    pub ip_address: Option<String>,
    /// The browser they acted with.
    pub user_agent: Option<String>,
    /// How they acted and were authenticated; empty if they have not.
    pub method: String,
    /// Their identifier.
    pub id: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailEvent {
    /// Its number in the history.
    pub number: u64,
    /// When it was committed.
    pub time: Timestamp,
    /// What happened.
    pub what: String,
    /// What else there is to say of it.
    pub details: Vec<String>,
    /// Who caused it: name first, then address, IP address and the like.
    pub who: Vec<String>,
    /// The browser it was done with.
    pub user_agent: Option<String>,
    /// Its hash, in hexadecimal.
    pub hash_hex: String,
}

/// Where a history ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailHead {
    /// Hash of the last event, in hexadecimal.
    pub hash_hex: String,
    /// Number of events.
    pub events: u64,
}

/// Keys of the file's information dictionary under which its head stands for programs.
const HEAD_KEY: &[u8] = b"CSGN_ChainHead";
const EVENTS_KEY: &[u8] = b"CSGN_Events";

/// Where the columns of the events begin: time, event, who; the number stands at the margin.
const TIME_AT: f64 = MARGIN + 20.0;
const EVENT_AT: f64 = MARGIN + 82.0;
const WHO_AT: f64 = MARGIN + 310.0;
/// White between two columns.
const GUTTER: f64 = 10.0;
/// From one baseline of the table to the next.
const TIGHT: f64 = 11.0;
/// Characters kept of what a browser calls itself.
const USER_AGENT_CHARACTERS: usize = 100;

const STRONG: Style = style(Face::Strong, 8.5, INK);
const DETAIL: Style = style(Face::Text, 8.0, INK);
const ASIDE: Style = style(Face::Text, 7.0, GREY);
/// Hashes, which are set as large as lets them stand on one line.
const HASH: Style = style(Face::Text, 6.0, GREY);

/// The audit trail as a sealed PDF.
pub fn audit_trail(trail: &AuditTrail, sealed_at: Timestamp, authority: &Authority) -> Result<Vec<u8>, SealError> {
    let (unsealed, seal_top) = write(trail)?;
    let previous = open(&unsealed).map_err(SealError::Original)?;
    let pages = pages::walk(&previous).map_err(SealError::Original)?;
    let last = pages.last().ok_or(SealError::Structure)?;
    let mut update = Update::new(&unsealed, &previous);
    let mut fonts = Fonts::new()?;
    let resources = update.reserve();
    let mut marker = Marker::new(&previous, resources, sealed_at);
    let closing = Closing {
        authority,
        at: sealed_at,
        language: trail.language,
        reason: Words::of(trail.language).reason,
        kind: SealKind::Certification,
        signature: update.reserve(),
    };
    let widget = closing.field(&mut update, &mut fonts, &mut marker, last.id, seal_top)?;
    annotate(&mut update, last.id, vec![Object::Reference(widget)])?;
    let faces = fonts.embed(|object| update.add(object))?;
    update.put(resources, dictionary! { "Font" => faces.clone() });
    closing.close(update, marker, &faces)
}

/// The head that a file says its history has; nothing if it is no audit trail. Whether it says the truth,
/// its seal tells.
pub fn trail_head(pdf: &[u8]) -> Option<TrailHead> {
    let document = open(pdf).ok()?;
    let information = document.trailer.get_deref(b"Info", &document).and_then(Object::as_dict).ok()?;
    let text = |key| lopdf::decode_text_string(information.get(key).ok()?).ok();
    Some(TrailHead { hash_hex: text(HEAD_KEY)?, events: text(EVENTS_KEY)?.parse().ok()? })
}

/// The PDF before its seal, and where on its last page the seal's box goes.
fn write(trail: &AuditTrail) -> Result<(Vec<u8>, f64), SealError> {
    let mut fonts = Fonts::new()?;
    let (drawn, seal_top) = draw(&mut fonts, trail);
    let mut document = Document::with_version("1.7");
    let resources = document.new_object_id();
    let tree = document.new_object_id();
    let mut kids = Vec::with_capacity(drawn.len());
    for canvas in drawn {
        let mut page = canvas.into_page(resources, |object| document.add_object(object))?;
        page.set("Parent", tree);
        kids.push(Object::Reference(document.add_object(page)));
    }
    let faces = fonts.embed(|object| document.add_object(object))?;
    document.objects.insert(resources, dictionary! { "Font" => faces }.into());
    let count = kids.len() as i64;
    document.objects.insert(tree, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }.into());
    let catalog = document.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => tree, "Lang" => text_string(trail.language.tag()),
    });
    let title = format!("{} – {}", Words::of(trail.language).title, trail.title);
    let mut information = dictionary! { "Title" => text_string(&title), "Producer" => text_string("Countersign") };
    information.set(HEAD_KEY, text_string(&trail.head.hash_hex));
    information.set(EVENTS_KEY, text_string(&trail.head.events.to_string()));
    let information = document.add_object(information);
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", information);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes)?;
    Ok((bytes, seal_top))
}

fn draw(fonts: &mut Fonts, trail: &AuditTrail) -> (Vec<Canvas>, f64) {
    let (words, shared) = (Words::of(trail.language), trail.language.words());
    let mut flow = Flow::new(fonts, Some(format!("{} · {}", words.title, trail.title)));
    flow.head(&Head {
        words: shared,
        organization: &trail.organization,
        test: trail.test,
        title: words.title,
        subject: &trail.title,
        request: &trail.request_id,
    });
    flow.heading(words.state, 4.0 * LEADING);
    flow.row(words.status, &trail.status);
    flow.row(words.created, &utc(trail.created_at));
    flow.row(words.ended, &trail.ended_at.map_or("—".to_owned(), utc));
    for document in &trail.documents {
        flow.heading(shared.document, 5.0 * LEADING);
        flow.row(shared.file, &document.name);
        flow.row(shared.digest, &document.digest_hex);
        flow.row(shared.size, &format!("{} {}", grouped(document.bytes, trail.language), shared.bytes));
        flow.row(shared.pages, &document.pages.to_string());
        flow.row(words.sealed, document.sealed_digest_hex.as_deref().unwrap_or("—"));
    }
    flow.heading(&format!("{} · {}", shared.signers, trail.signers.len()), 9.0 * LEADING);
    for (place, signer) in (1..).zip(&trail.signers) {
        summary(&mut flow, trail.language, place, signer);
    }
    flow.heading(&format!("{} · {}", shared.events, trail.events.len()), 8.0 * LEADING);
    let heads = [(MARGIN, words.number), (TIME_AT, words.time), (EVENT_AT, words.event), (WHO_AT, words.who)];
    flow.table(heads.to_vec());
    for event in &trail.events {
        enter(&mut flow, event);
    }
    flow.end_table();
    flow.heading(shared.history, 2.0 * LEADING);
    flow.row(shared.events, &grouped(trail.head.events, trail.language));
    flow.row(shared.chain_head, &trail.head.hash_hex);
    flow.heading(shared.verification, 4.0 * LEADING + SEAL_SIZE.1 + 4.0);
    flow.paragraph(VALUE, LEADING - 1.0, words.verify);
    flow.finished(shared, &trail.request_id)
}

fn summary(flow: &mut Flow<'_>, language: Language, place: usize, signer: &TrailSigner) {
    let (words, shared) = (Words::of(language), language.words());
    let time = |time: Option<Timestamp>| time.map(utc).unwrap_or_default();
    flow.person(place, &signer.name, (&signer.status, signer.done));
    flow.pair((shared.email, &signer.email), (shared.role, &signer.role));
    flow.pair((words.invited, &time(signer.invited_at)), ("", ""));
    flow.pair((words.opened, &time(signer.viewed_at)), ("", ""));
    let address = signer.ip_address.as_deref().unwrap_or_default();
    flow.pair((words.acted, &time(signer.acted_at)), (shared.address, address));
    flow.pair((shared.method, &signer.method), ("", ""));
    let agent = signer.user_agent.as_deref().unwrap_or_default();
    let agent = flow.shortened(agent, VALUE, WIDTH - MARGIN - VALUE_AT);
    flow.pair((shared.browser, &agent), ("", ""));
    flow.pair((shared.signatures, &signer.id), ("", ""));
    flow.gap(9.0);
}

fn enter(flow: &mut Flow<'_>, event: &TrailEvent) {
    let number = event.number.to_string();
    let time = event.time.strftime("%Y-%m-%d\n%H:%M:%S%.3f").to_string();
    let agent = event.user_agent.as_deref().map(|agent| super::flow::cut(agent, USER_AGENT_CHARACTERS));
    let mut what = vec![(STRONG, event.what.as_str())];
    what.extend(event.details.iter().map(|detail| (DETAIL, detail.as_str())));
    let hash = flow.fitted(HASH, WHO_AT - EVENT_AT - GUTTER, &event.hash_hex);
    what.push((hash, &event.hash_hex));
    let mut who: Vec<(Style, &str)> = event.who.iter().map(|line| (DETAIL, line.as_str())).collect();
    if let Some(agent) = &agent {
        who.push((ASIDE, agent));
    }
    let cell = |x: f64, end: f64, paragraphs| Cell { x, width: end - x - GUTTER, paragraphs };
    let cells = [
        cell(MARGIN, TIME_AT + GUTTER, vec![(LABEL, number.as_str())]),
        cell(TIME_AT, EVENT_AT, vec![(DETAIL, time.as_str())]),
        cell(EVENT_AT, WHO_AT, what),
        cell(WHO_AT, MARGIN + INNER + GUTTER, who),
    ];
    flow.cells(&cells, TIGHT);
}

#[cfg(test)]
mod tests {
    use super::super::testing::authority;
    use super::super::verify;
    use super::*;

    fn trail(events: u64, language: Language) -> AuditTrail {
        let time = Timestamp::UNIX_EPOCH;
        let event = |number: u64| TrailEvent {
            number,
            time,
            what: "Signed".into(),
            details: vec!["x".repeat(400)],
            who: vec!["João Conceição".into(), "joao@empresa.example".into(), "192.0.2.1".into()],
            user_agent: Some("Mozilla/5.0 ".repeat(40)),
            hash_hex: "0f".repeat(32),
        };
        let signer = TrailSigner {
            name: "W".repeat(255),
            email: format!("{}@example.com", "w".repeat(240)),
            role: "Signer".into(),
            status: "Signed".into(),
            done: true,
            invited_at: Some(time),
            viewed_at: Some(time),
            acted_at: Some(time),
            ip_address: Some("192.0.2.1".into()),
            user_agent: Some("Mozilla/5.0 ".repeat(40)),
            method: "Typed".into(),
            id: "a".into(),
        };
        AuditTrail {
            request_id: "request".into(),
            title: "Contrato 漢字".into(),
            organization: "acme".into(),
            test: false,
            status: "Completed".into(),
            created_at: time,
            ended_at: Some(time),
            documents: vec![TrailDocument {
                name: "contrato.pdf".into(),
                digest_hex: "0a".repeat(32),
                bytes: 1,
                pages: 1,
                sealed_digest_hex: None,
            }],
            signers: vec![signer; 3],
            events: (1..=events).map(event).collect(),
            head: TrailHead { hash_hex: "ff".repeat(32), events },
            language,
        }
    }

    #[test]
    fn an_event_longer_than_a_page_goes_on_on_the_next() {
        let mut fonts = Fonts::new().unwrap();
        let short = trail(1, Language::English);
        let mut long = short.clone();
        long.events[0].details = vec!["a line".to_owned(); 200];
        let pages = |trail: &AuditTrail, fonts: &mut Fonts| draw(fonts, trail).0.len();
        assert_eq!(pages(&long, &mut fonts), pages(&short, &mut fonts) + 3, "60 lines on each");
    }

    #[test]
    fn the_same_history_gives_the_same_bytes_up_to_the_seal() {
        let authority = authority();
        for language in Language::ALL {
            let trail = trail(40, language);
            let (unsealed, _) = write(&trail).unwrap();
            assert_eq!(unsealed, write(&trail).unwrap().0);
            let sealed = audit_trail(&trail, Timestamp::now(), &authority).unwrap();
            assert!(sealed.starts_with(&unsealed));
            let verdict = verify(&sealed).unwrap();
            assert_eq!(verdict.certificate_sha256, authority.fingerprint());
            assert_eq!(verdict.kind, SealKind::Certification);
            assert_eq!(trail_head(&sealed), Some(trail.head));
        }
    }
}

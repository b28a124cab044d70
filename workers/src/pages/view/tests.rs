//! What every page keeps to, whatever it shows.

use askama::Template as _;
use countersign_engine::request::Status;
use countersign_engine::signer::SignerStatus;

use super::*;
use crate::language::Language;

/// A text that breaks out of anything that does not escape it.
const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u{2028}{name}";

fn sign_page(language: Language, role: Role) -> SignPage {
    let place = Place { page: 1, x: 10.0, y: 20.0, width: 100.0, height: 20.0 };
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
                pages: 1,
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

fn person(role: Role, order: u32, status: SignerStatus) -> Person {
    Person {
        name: HOSTILE.to_owned(),
        email: Some(HOSTILE.to_owned()),
        role,
        order,
        status,
        covered: false,
        sent_at: Some(Timestamp::UNIX_EPOCH),
        viewed_at: None,
        signed_at: None,
        declined_at: Some(Timestamp::UNIX_EPOCH),
        decline_reason: Some(HOSTILE.to_owned()),
    }
}

fn view_page(language: Language) -> ProgressPage {
    ProgressPage {
        language,
        organization: HOSTILE.to_owned(),
        title: HOSTILE.to_owned(),
        status: Status::Declined,
        created_at: Timestamp::UNIX_EPOCH,
        sent_at: Some(Timestamp::UNIX_EPOCH),
        expires_at: None,
        ended_at: None,
        people: vec![
            person(Role::Signer, 1, SignerStatus::Signed),
            person(Role::Approver, 2, SignerStatus::Declined),
            person(Role::Copied, 3, SignerStatus::Pending),
            person(Role::Viewer, 3, SignerStatus::Pending),
        ],
        documents: vec![ViewDocument { name: HOSTILE.to_owned(), pages: 2, url: Some(HOSTILE.to_owned()) }],
        download_url: None,
    }
}

/// The page of every step.
fn step_pages(language: Language) -> Vec<StepPage> {
    let text = || HOSTILE.to_owned();
    let mut steps = vec![
        Step::AccessCode,
        Step::Code { method: Method::SmsCode, to: text(), sent: false, test_code: None },
        Step::Code { method: Method::EmailCode, to: text(), sent: true, test_code: Some(text()) },
        Step::Statement { method: Method::Identity, name: text(), cpf: Some(text()), birthday: text() },
        Step::Statement { method: Method::InPerson, name: text(), cpf: None, birthday: text() },
        Step::Pix { name: text(), cpf: text(), payment: None },
        Step::Pix { name: text(), cpf: text(), payment: Some(Payment { text: text(), amount: Some(text()) }) },
        Step::Score { name: text(), cpf: text(), retake: Some(Method::Selfie) },
    ];
    let files = [Method::Photo, Method::Selfie, Method::VideoSelfie, Method::Attachments];
    steps.extend(files.map(|method| Step::Files { method, asked: Some(text()) }));
    let page = |step| StepPage {
        language,
        organization: text(),
        title: Some(text()),
        request: "0190".to_owned(),
        number: 1,
        total: 2,
        step,
        faults: ["code", "cpf"].map(|field| StepFault { field, text: text() }).into(),
        pending: false,
        documents: vec![FileLink { name: text(), url: text() }],
    };
    steps.into_iter().map(page).collect()
}

/// Every page in one language, filled with hostile text.
fn pages(language: Language) -> Vec<String> {
    let mut rendered = Vec::new();
    for role in [Role::Signer, Role::Approver, Role::Acknowledger, Role::Witness] {
        rendered.push(sign_page(language, role).render());
        for outcome in [Outcome::Acted, Outcome::Declined { reason: HOSTILE.to_owned() }] {
            let done = DonePage {
                language,
                organization: HOSTILE.to_owned(),
                title: HOSTILE.to_owned(),
                role,
                outcome,
                at: Some(Timestamp::UNIX_EPOCH),
                completed: true,
                download_url: Some(HOSTILE.to_owned()),
                files: vec![FileLink { name: HOSTILE.to_owned(), url: HOSTILE.to_owned() }],
                email: Some(HOSTILE.to_owned()),
            };
            rendered.push(done.render());
        }
    }
    rendered.push(view_page(language).render());
    rendered.extend(step_pages(language).iter().map(StepPage::render));
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
        rendered.push(ErrorPage { language, kind, reference: Some(HOSTILE.to_owned()) }.render());
    }
    rendered.into_iter().map(|page| page.expect("a page renders")).collect()
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
    let page = sign_page(Language::English, Role::Witness);
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
    let page = view_page(Language::English);
    assert_eq!(page.progress(), "1 of 2 have acted");
    assert!(page.has_turns() && page.status.is_terminal());
}

#[test]
fn a_time_is_readable_without_a_script() {
    assert_eq!(readable(&Timestamp::UNIX_EPOCH), "1970-01-01 00:00 UTC");
}

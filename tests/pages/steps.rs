//! What signers prove before they sign: each step by its own page, what is kept of it, and what is refused.

use std::path::PathBuf;

use countersign::http::auth::Permission;
use countersign::zipping::unpack;
use countersign_tests::servers::Database;
use countersign_tests::world::{Browser, World, form};
use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::evidence::bundle::evidence;
use crate::tools;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
pub(super) const MAILED: &str = "joao@empresa.com";

/// A request with one signer of whom something is asked.
pub(super) async fn asked(world: &World, signer: Value) -> String {
    let mut usual = json!({ "name": "João Silva", "email": MAILED });
    usual.as_object_mut().unwrap().extend(signer.as_object().unwrap().clone());
    world.created(json!({ "signers": [usual], "language": "en" })).await
}

/// What a form was answered with.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(super) status: StatusCode,
    pub(super) html: String,
}

impl Turn {
    /// Asserts that this is the page of a step.
    pub(super) fn is_step(&self, method: &str) -> &Self {
        assert!(self.html.contains(&format!("data-method=\"{method}\"")), "not at {method}: {}", self.html);
        self
    }

    /// Asserts that everything is proved: the document is there to be signed.
    pub(crate) fn is_document(&self) {
        assert!(self.html.contains("id=\"ceremony\""), "{}", self.html);
    }

    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "{text} is not said: {}", self.html);
        self
    }
}

async fn turn(call: reqwest::RequestBuilder) -> Turn {
    let response = call.send().await.unwrap();
    Turn { status: response.status(), html: response.text().await.unwrap() }
}

/// Sends the form of a step.
pub(crate) async fn step(browser: &Browser, what: &str, fields: &[(&str, &str)]) -> Turn {
    let url = browser.page.join(&format!("{}/steps/{what}", browser.page.path())).unwrap();
    turn(form(browser.client.post(url), fields)).await
}

/// Sends the form of a step with files.
pub(crate) async fn hand(browser: &Browser, what: &str, files: &[(&str, &[u8])]) -> Turn {
    let part = |name: &str, bytes: &[u8]| Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    let form = files.iter().fold(Form::new(), |form, (name, bytes)| form.part("file", part(name, bytes)));
    let url = browser.page.join(&format!("{}/steps/{what}", browser.page.path())).unwrap();
    turn(browser.client.post(url).multipart(form)).await
}

/// The page as it is now.
pub(super) async fn look(browser: &Browser) -> Turn {
    turn(browser.client.get(browser.page.clone())).await
}

/// A picture, as far as anybody looks into it here; `shade` makes it another.
pub(crate) fn picture(shade: u8) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0\x08\x02\0\0\0".to_vec();
    bytes.extend([shade; 64]);
    bytes
}

/// Every letter that is there, head and body, unfolded.
pub(crate) fn letters(world: &World) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(world.mail()) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "")).collect()
}

/// The code in the latest letter with one.
pub(crate) fn code_in_letter(world: &World) -> String {
    let letters = letters(world);
    let letter = letters.iter().rev().find(|letter| letter.contains(".email_code.")).expect("a letter with a code");
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    letter.lines().map(str::trim).find(is_code).expect("a code in the letter").to_owned()
}

/// A code that is not this one.
fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn nothing_is_shown_before_the_access_code_is_known() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "Rosa 12" })).await;
    let browser = world.visit(&id, 0).await;
    let first = look(&browser).await;
    first.is_step("access_code");
    assert!(!first.html.contains("Contrato de Presta"), "not even the title");
    let document = browser.page.join(&format!("/sign/{id}/documents/0")).unwrap();
    assert_eq!(browser.client.get(document.clone()).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(world.status(&id).await, "SENT", "nobody has seen it");
    let refused = browser.sign(json!({})).await;
    assert_eq!(
        (refused.status, &refused.json["errors"][0]["code"]),
        (StatusCode::CONFLICT, &json!("authentication_required"))
    );
    let wrong = step(&browser, "access_code", &[("code", "rosa 12")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.is_step("access_code").says("You have 4 tries left");
    assert_eq!(step(&browser, "access_code", &[("code", " ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    step(&browser, "photo", &[]).await.is_step("access_code");
    step(&browser, "access_code", &[("code", " Rosa 12 ")]).await.is_document();
    assert_eq!(browser.client.get(document).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(browser.sign(json!({})).await.status, StatusCode::OK);
    let proved = ["signer.authenticated", "signer.viewed", "signer.signed"];
    let events = world.events(&id).await;
    assert!(events.windows(3).any(|three| three == proved), "{events:?}");
    let certificate = tools::text_of(&tools::sealed(&world, &id).await).await;
    assert!(certificate.contains("Access code · 2026-01-15 10:30:00 UTC"), "{certificate}");
    world.check().await;
}

#[tokio::test]
async fn a_resent_link_asks_again() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "x1" })).await;
    let browser = world.visit(&id, 0).await;
    step(&browser, "access_code", &[("code", "x1")]).await.is_document();
    world.call(Method::POST, &format!("/requests/{id}/resend"), None).await;
    let again = world.visit(&id, 0).await;
    look(&again).await.is_step("access_code");
}

/// Forty guesses at once, then the right one: five are looked at.
async fn the_sixth_try_is_refused(database: Database) {
    let world = World::on(database).await;
    let id = asked(&world, json!({ "accessCode": "x1" })).await;
    let browser = world.visit(&id, 0).await;
    let guesses = join_all((0..40).map(|_| step(&browser, "access_code", &[("code", "x2")]))).await;
    let count = |status| guesses.iter().filter(|guess| guess.status == status).count();
    let told = (count(StatusCode::UNPROCESSABLE_ENTITY), count(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(told, (4, 36), "the fifth is wrong and the last");
    let right = step(&browser, "access_code", &[("code", "x1")]).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    right.is_step("access_code").says("in 10 minutes");
    let world = world.restart().await;
    let browser = world.visit(&id, 0).await;
    world.app.service.clock.advance(MINUTE * 10 - SignedDuration::from_millis(1));
    assert_eq!(step(&browser, "access_code", &[("code", "x1")]).await.status, StatusCode::TOO_MANY_REQUESTS);
    world.app.service.clock.advance(SignedDuration::from_millis(1));
    step(&browser, "access_code", &[("code", "x1")]).await.is_document();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_try_is_refused_on_sqlite() {
    the_sixth_try_is_refused(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_try_is_refused_on_postgres() {
    the_sixth_try_is_refused(Database::Postgres).await;
}

#[tokio::test]
async fn a_code_by_mail_counts_once_for_ten_minutes() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "requirements": { "emailCode": true } })).await;
    world.until(&id, "delivery.sent", 1).await;
    let browser = world.visit(&id, 0).await;
    let clock = &world.app.service.clock;
    let first = look(&browser).await;
    first.is_step("email_code").says("j•••@empresa.com");
    assert!(!first.html.contains(MAILED));
    let early = step(&browser, "email_code", &[("code", "123456")]).await;
    early.says("This code no longer works");
    step(&browser, "email_code/send", &[]).await.is_step("email_code").says("We have sent a code");
    world.until(&id, "delivery.sent", 2).await;
    let old = code_in_letter(&world);
    let soon = step(&browser, "email_code/send", &[]).await;
    assert_eq!(soon.status, StatusCode::TOO_MANY_REQUESTS);
    soon.says("in 60 seconds");
    clock.advance(MINUTE);
    step(&browser, "email_code/send", &[]).await.is_step("email_code");
    world.until(&id, "delivery.sent", 3).await;
    let new = code_in_letter(&world);
    if old != new {
        step(&browser, "email_code", &[("code", &old)]).await.says("This is not the code");
    }
    step(&browser, "email_code", &[("code", &other_than(&new))]).await.says("tries left");
    clock.advance(MINUTE * 10);
    step(&browser, "email_code", &[("code", &new)]).await.says("This code no longer works");
    step(&browser, "email_code/send", &[]).await.is_step("email_code");
    world.until(&id, "delivery.sent", 4).await;
    let spaced = code_in_letter(&world);
    let spaced = format!(" {} {} ", &spaced[..3], &spaced[3..]);
    step(&browser, "email_code", &[("code", &spaced)]).await.is_document();
    let lines = String::from_utf8(unpack(&evidence(&world, &id).await).unwrap()["events.jsonl"].clone()).unwrap();
    assert!(!lines.contains(&new), "no code stands in a history");
    world.check().await;
}

#[tokio::test]
async fn a_link_gives_ten_codes_and_no_more() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "requirements": { "emailCode": true } })).await;
    let browser = world.visit(&id, 0).await;
    for _ in 0..10 {
        assert_eq!(step(&browser, "email_code/send", &[]).await.status, StatusCode::OK);
        world.app.service.clock.advance(MINUTE);
    }
    let eleventh = step(&browser, "email_code/send", &[]).await;
    assert_eq!(eleventh.status, StatusCode::TOO_MANY_REQUESTS);
    eleventh.says("No more codes");
}

#[tokio::test]
async fn in_a_test_world_the_page_tells_the_code() {
    let world = World::manual().await;
    let key = world.key("acme~test", &Permission::ALL).await;
    let signers = json!([{ "name": "A", "email": "a@x.com", "requirements": { "emailCode": true } }]);
    let body = countersign_tests::world::new_request(json!({ "signers": signers, "language": "en" }));
    let made = world.call_as(&key, Method::POST, "/requests", Some(body)).await;
    let link = made.json["data"]["relationships"]["signers"]["data"][0]["attributes"]["signingUrl"].clone();
    let browser = Browser::open(link.as_str().unwrap()).await;
    let sent = step(&browser, "email_code/send", &[]).await;
    let (_, rest) = sent.html.split_once("The code is ").unwrap();
    step(&browser, "email_code", &[("code", &rest[..6])]).await.is_document();
    assert_eq!(letters(&world).len(), 0);
}

#[tokio::test]
async fn files_that_prove_nothing_are_refused_by_name() {
    let world = World::manual().await;
    let requirements = json!({ "photo": true, "attachments": "Contrato social" });
    let id = asked(&world, json!({ "requirements": requirements })).await;
    let browser = world.visit(&id, 0).await;
    look(&browser).await.is_step("photo").says("/documents/0");
    let large = [picture(1), vec![0; 10 * 1024 * 1024]].concat();
    let small = [&picture(1)[..16], &[0, 0, 4, 0, 0, 0, 0, 200], &picture(1)[24..]].concat();
    for (bytes, fault) in [
        (&b"%PDF-1.7 rg"[..], "is not a file of a kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a file of a kind"),
        (b"", "is empty"),
        (&large, "is larger than 10 MB"),
        (&small, "too few pixels"),
    ] {
        let refused = hand(&browser, "photo", &[("rg <1>.png", bytes)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.is_step("photo").says(fault).says("rg &#60;1&#62;.png");
    }
    assert_eq!(hand(&browser, "photo", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let three = hand(&browser, "photo", &[("1", &picture(1)), ("2", &picture(2)), ("3", &picture(3))]).await;
    assert_eq!(three.status, StatusCode::UNPROCESSABLE_ENTITY);
    let vast = hand(&browser, "photo", &[("v.png", &vec![0; 52 * 1024 * 1024])]).await;
    assert_eq!(vast.status, StatusCode::PAYLOAD_TOO_LARGE);
    vast.is_step("photo").says("too large together");
    hand(&browser, "photo", &[("rg.png", &picture(1))]).await.is_step("attachments").says("Contrato social");
    let script = b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(x)>>>>endobj\ntrailer<</Root 1 0 R>>";
    hand(&browser, "attachments", &[("a.pdf", script)]).await.says("is not a PDF that can be accepted");
    let pdf = countersign_tests::world::sample();
    hand(&browser, "attachments", &[("a.pdf", &pdf), ("b.png", &picture(4))]).await.is_document();
}

#[tokio::test]
async fn what_was_handed_in_is_evidence_and_goes_with_the_request() {
    let world = World::manual().await;
    let requirements = json!({ "photo": true, "selfie": true, "attachments": true });
    let id = asked(&world, json!({ "requirements": requirements })).await;
    let browser = world.visit(&id, 0).await;
    hand(&browser, "photo", &[("frente.png", &picture(1)), ("verso.png", &picture(2))]).await.is_step("selfie");
    hand(&browser, "selfie", &[("eu.png", &picture(3))]).await.is_step("attachments");
    hand(&browser, "attachments", &[("conta.png", &picture(3))]).await.is_document();
    let zip = evidence(&world, &id).await;
    let files = unpack(&zip).unwrap();
    let proofs: Vec<&str> = files.keys().filter(|path| path.starts_with("proofs/")).map(String::as_str).collect();
    let rest: Vec<&str> = proofs.iter().map(|path| path.split_once('-').unwrap().1).collect();
    assert_eq!(rest, ["01-photo.png", "02-photo.png", "01-selfie.png", "01-attachments.png"]);
    assert_eq!(files[proofs[2]], picture(3));
    assert_eq!(countersign::evidence::check(&files).faults, Vec::<String>::new());
    let trail = tools::text_of(&files["audit-trail.pdf"]).await;
    for told in ["frente.png", "verso.png", "eu.png", "conta.png"] {
        assert!(trail.contains(told), "{told} is not in the audit trail: {trail}");
    }
    let mut altered = files.clone();
    altered.insert(proofs[2].to_owned(), picture(9));
    altered.insert("proofs/9999-01-photo.png".to_owned(), picture(9));
    altered.remove(proofs[1]);
    let faults = countersign::evidence::check(&altered).faults.join("\n");
    for fault in ["is not what the signer gave", "is named by no event", "-02-…: is missing"] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
    assert_eq!(stored(&world).len(), 3, "the same file twice in one request is stored once");
    for path in stored(&world) {
        assert!(!std::fs::read(path).unwrap().windows(8).any(|bytes| bytes == b"\x89PNG\r\n\x1a\n"), "encrypted");
    }
    let deleted = world.call(Method::DELETE, &format!("/requests/{id}"), None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    world.app.service.sweep_orphans().await;
    assert_eq!(stored(&world), Vec::<PathBuf>::new());
    world.check().await;
}

/// The objects that hold proofs.
fn stored(world: &World) -> Vec<PathBuf> {
    let folder = world.folder().join("data/documents/proofs");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn whoever_wants_none_of_it_may_decline_once_they_may_read() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "x1", "requirements": { "photo": true } })).await;
    let browser = world.visit(&id, 0).await;
    step(&browser, "decline", &[("reason", "Não")]).await.is_step("access_code");
    step(&browser, "access_code", &[("code", "x1")]).await.is_step("photo");
    step(&browser, "decline", &[("reason", "Não tiro fotos.")]).await.says("You have declined");
    assert_eq!(world.status(&id).await, "DECLINED");
}

#[tokio::test]
async fn a_form_from_another_origin_changes_nothing() {
    let world = World::manual().await;
    let id = asked(&world, json!({ "accessCode": "x1" })).await;
    let browser = world.visit(&id, 0).await;
    let url = browser.page.join(&format!("/sign/{id}/steps/access_code")).unwrap();
    for origin in ["https://evil.example", "null"] {
        let call = form(browser.client.post(url.clone()).header("origin", origin), &[("code", "x1")]);
        assert!(call.send().await.unwrap().status().is_client_error());
    }
    assert!(!world.events(&id).await.contains(&"signer.authenticated".to_owned()));
}

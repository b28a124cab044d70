//! Proves: what people see and do, in a real browser, from the link in their letter to the sealed PDF.
//! On the way every page is checked for accessibility, its width, its content policy, errors on the
//! console, and requests to other hosts.

mod proving;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{World, sample};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::tools;

/// A phone and a desktop, in CSS pixels.
const WIDTHS: [u32; 2] = [390, 1280];

/// Runs a script of this folder in a browser.
pub(crate) async fn browse(script: &str, given: Value) -> Value {
    let runner = tools::file("browser/run.mjs");
    let said = tools::run(Command::new("node").arg(runner).arg(script).arg(given.to_string())).await;
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{script} said {said}"))
}

/// The boxes of the sample document: both sign, the first also fills in one field of each other type.
fn widgets() -> Value {
    use countersign::seal::{SAMPLE_CLIENT, SAMPLE_DATE, SAMPLE_PROVIDER};
    let widget = |kind: &str, [x, y, width, height]: [f64; 4], signer: u32, label: Option<&str>| {
        json!({ "type": kind, "page": 1, "x": x, "y": y, "width": width, "height": height,
            "signerId": signer, "required": true, "label": label })
    };
    json!([
        widget("text", [330.0, 586.0, 180.0, 18.0], 1, Some("Cargo")),
        widget("date", SAMPLE_DATE, 1, Some("Data")),
        widget("checkbox", [72.0, 556.0, 14.0, 14.0], 1, Some("Aceito os termos")),
        widget("signature", SAMPLE_PROVIDER, 1, None),
        widget("signature", SAMPLE_CLIENT, 2, None),
    ])
}

/// What the first signer fills in.
fn fields() -> Value {
    json!([
        { "label": "Cargo", "kind": "text", "value": "Diretora de Operações" },
        { "label": "Data", "kind": "date", "value": "2026-02-03" },
        { "label": "Aceito os termos", "kind": "checkbox" },
    ])
}

async fn sent(world: &World, language: &str) -> String {
    let message = "Por favor, assine o contrato anexo.\nQualquer dúvida, escreva.";
    let attributes = json!({ "language": language, "widgets": widgets(), "message": message, "expiresInDays": 7 });
    world.created(attributes).await
}

/// The newest link to a request that a person was written, once so many letters of the request are out.
async fn link_in_letter(world: &World, id: &str, email: &str, letters: usize) -> String {
    world.until(id, "delivery.sent", letters).await;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(world.mail()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            let letter = std::fs::read_to_string(&path).unwrap();
            let (head, body) = letter.split_once("\r\n\r\n").unwrap();
            let to_them = head.lines().any(|line| line.starts_with("To:") && line.contains(email));
            // Quoted-printable breaks long lines behind a sign that no link contains.
            let body = body.replace("=\r\n", "");
            let start = format!("{}/sign/{id}/", world.app.service.settings.public_url);
            if let Some(at) = body.find(&start).filter(|_| to_them) {
                let token = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
                let token: String = body[at + start.len()..].chars().take_while(token).collect();
                found.push((std::fs::metadata(&path).unwrap().modified().unwrap(), format!("{start}{token}")));
            }
        }
    }
    found.sort();
    found.pop().unwrap_or_else(|| panic!("no letter to {email} has a link")).1
}

const JOAO: &str = "joao@empresa.com";
const MARIA: &str = "maria@cliente.com";

/// The whole ceremony on a screen of some width: the first types, the second draws.
async fn both_sign(width: u32) {
    let world = World::system().await;
    let id = sent(&world, "pt-BR").await;
    let link = link_in_letter(&world, &id, JOAO, 1).await;
    let first = json!({ "link": link, "width": width, "way": "typed", "name": "João da Silva", "fields": fields(),
        "mistakes": true, "words": { "language": "pt-BR", "finish": "Concluir e assinar" } });
    assert_eq!(browse("sign", first).await, json!({ "heading": "Obrigado, você assinou", "language": "pt-BR" }));
    assert_eq!(world.status(&id).await, "PARTIALLY_SIGNED");

    let link = link_in_letter(&world, &id, MARIA, 2).await;
    let second = json!({ "link": link, "width": width, "way": "drawn" });
    assert_eq!(browse("sign", second).await["heading"], "Obrigado, você assinou");
    assert_eq!(world.status(&id).await, "COMPLETED");
    for place in [0, 1] {
        let signer = world.signer(&id, place).await;
        assert_eq!(signer["status"], "SIGNED");
        assert!(signer["viewedAt"].as_str() <= signer["signedAt"].as_str(), "{signer:#}");
    }
    let events = world.events(&id).await;
    let acts: Vec<_> = events.iter().filter(|name| name.starts_with("signer.")).map(String::as_str).collect();
    let turn = ["signer.invited", "signer.viewed", "signer.signed"];
    assert_eq!(acts, [turn, turn].concat());

    let pdf = tools::sealed(&world, &id).await;
    let text = tools::text_of(&pdf).await;
    for value in ["Diretora de Operações", "João da Silva", "Maria Santos"] {
        assert!(text.contains(value), "{value} is not in the sealed PDF:\n{text}");
    }
    let view = world.get(&id).await["attributes"]["viewUrl"].clone();
    let seen = browse("download", json!({ "view": view, "width": width })).await;
    assert_eq!(seen, json!({ "status": "Concluída", "name": "contrato-signed.pdf" }));
    // What came of the link once its work is done.
    let again = look(&[("signed", link)], width).await;
    assert_eq!((&again[0]["status"], &again[0]["heading"]), (&json!(200), &json!("Obrigado, você assinou")));
    world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_sign_on_a_phone() {
    both_sign(WIDTHS[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_sign_at_a_desk() {
    both_sign(WIDTHS[1]).await;
}

/// Three documents, a field on each, signatures on the first and the last: read, filled in, signed once, had.
async fn signs_three_documents(width: u32) {
    use countersign::seal::{SAMPLE_CLIENT, SAMPLE_PROVIDER};
    let world = World::system().await;
    let names = ["contrato.pdf", "anexo técnico.pdf", "termo.pdf"];
    let file = |name: &str| json!({ "fileName": name, "fileBase64": STANDARD.encode(sample()) });
    let widget = |kind: &str, [x, y, width, height]: [f64; 4], document: usize, label: Option<&str>| {
        json!({ "type": kind, "page": 1, "x": x, "y": y, "width": width, "height": height, "signerId": 1,
            "required": true, "label": label, "document": document })
    };
    let text = [330.0, 586.0, 180.0, 18.0];
    let attributes = json!({ "language": "en", "fileBase64": null, "fileName": null, "files": names.map(file),
        "signers": [{ "name": "João Silva", "email": JOAO }],
        "widgets": [widget("text", text, 1, Some("Cargo")), widget("signature", SAMPLE_PROVIDER, 1, None),
            widget("checkbox", [72.0, 556.0, 14.0, 14.0], 2, Some("Aceito o anexo")),
            widget("text", text, 3, Some("Cidade")), widget("signature", SAMPLE_CLIENT, 3, None)] });
    let id = world.created(attributes).await;
    let link = link_in_letter(&world, &id, JOAO, 1).await;
    let fields = json!([{ "label": "Cargo", "kind": "text", "value": "Diretor" },
        { "label": "Aceito o anexo", "kind": "checkbox" }, { "label": "Cidade", "kind": "text", "value": "Recife" }]);
    let given = json!({ "link": link, "width": width, "documents": names, "fields": fields,
        "lead": "Hello João Silva. acme asks you to read and sign these 3 documents.",
        "consent": "I have read all 3 documents and agree to sign them electronically.", "progress": "5 of 5 fields" });
    let seen = browse("several", given).await;
    let title = "Contrato de Prestação de Serviços-signed.zip";
    let expected =
        json!({ "heading": "Thank you, you have signed", "language": "en", "all": title, "one": "termo-signed.pdf" });
    assert_eq!(seen, expected);
    assert_eq!(world.status(&id).await, "COMPLETED");
    world.until(&id, "document.sealed", 3).await;
    let view = world.get(&id).await["attributes"]["viewUrl"].clone();
    let seen = browse("download", json!({ "view": view, "width": width })).await;
    assert_eq!(seen, json!({ "status": "Completed", "name": title }));
    world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_documents_are_signed_on_a_phone() {
    signs_three_documents(WIDTHS[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_documents_are_signed_at_a_desk() {
    signs_three_documents(WIDTHS[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_speak_english_and_spanish_by_day_and_night() {
    let world = World::system().await;
    for (language, dark, finish, heading) in [
        ("en", false, "Finish and sign", "Thank you, you have signed"),
        ("es", true, "Finalizar y firmar", "Gracias, ha firmado"),
    ] {
        let id = sent(&world, language).await;
        let link = link_in_letter(&world, &id, JOAO, 1).await;
        let given = json!({ "link": link, "width": 390, "way": "typed", "name": "João", "fields": fields(),
            "dark": dark, "mistakes": dark, "words": { "language": language, "finish": finish } });
        assert_eq!(browse("sign", given).await, json!({ "heading": heading, "language": language }));
        assert_eq!(world.status(&id).await, "PARTIALLY_SIGNED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let world = World::system().await;
    for width in WIDTHS {
        let id = sent(&world, "en").await;
        let link = link_in_letter(&world, &id, JOAO, 1).await;
        let seen = browse("keyboard", json!({ "link": link, "width": width, "text": "Diretora" })).await;
        assert_eq!(seen["heading"], "Thank you, you have signed");
        assert_eq!(world.signer(&id, 0).await["status"], "SIGNED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_decline_with_a_reason() {
    let world = World::system().await;
    for width in WIDTHS {
        let id = sent(&world, "en").await;
        let link = link_in_letter(&world, &id, JOAO, 1).await;
        let reason = "O prazo <b>não</b> serve.";
        let given = json!({ "link": link, "width": width, "reason": reason, "missing": "Please write a reason." });
        let seen = browse("decline", given).await;
        assert_eq!(seen, json!({ "heading": "You have declined", "language": "en", "reason": reason }));
        assert_eq!(world.status(&id).await, "DECLINED");
        let signer = world.signer(&id, 0).await;
        assert_eq!((&signer["status"], &signer["declineReason"]), (&json!("DECLINED"), &json!(reason)));
    }
}

/// Opens addresses and tells what stands there.
async fn look(pages: &[(&str, String)], width: u32) -> Vec<Value> {
    let pages: Vec<_> = pages.iter().map(|(name, url)| json!({ "name": name, "url": url })).collect();
    let seen = browse("look", json!({ "pages": pages, "width": width, "locale": "en-US" })).await;
    seen.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_links_say_what_happened() {
    let world = &World::manual().await;
    let base = world.app.service.settings.public_url.clone();
    let post = |path: String| async move { world.call(Method::POST, &path, None).await };

    let replaced = sent(world, "en").await;
    let replaced_link = link_in_letter(world, &replaced, JOAO, 1).await;
    let cancelled = sent(world, "en").await;
    let cancelled_link = link_in_letter(world, &cancelled, JOAO, 1).await;
    let expired = sent(world, "en").await;
    let expired_link = link_in_letter(world, &expired, JOAO, 1).await;
    let attributes = json!({ "language": "en", "signers": [
        { "name": "João Silva", "email": JOAO }, { "name": "Maria Santos", "email": MARIA }] });
    let declined = world.created(attributes).await;
    let declined_link = link_in_letter(world, &declined, MARIA, 2).await;
    let deleted = sent(world, "en").await;
    let deleted_link = link_in_letter(world, &deleted, JOAO, 1).await;
    let members = json!([{ "name": "João Silva", "email": JOAO }, { "name": "Maria Santos", "email": MARIA }]);
    let body = json!({ "data": { "type": "signing-group", "attributes": { "name": "Jurídico", "members": members } } });
    let group = world.call(Method::POST, "/groups", Some(body)).await.json["data"]["id"].clone();
    let attributes = json!({ "language": "es", "signers": [{ "groupId": group }] });
    let covered = world.created(attributes).await;
    let covered_link = link_in_letter(world, &covered, MARIA, 2).await;
    let removed = sent(world, "pt-BR").await;
    let removed_link = link_in_letter(world, &removed, JOAO, 1).await;

    world.app.service.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(post(format!("/requests/{replaced}/resend")).await.status, StatusCode::OK);
    assert_ne!(link_in_letter(world, &replaced, JOAO, 2).await, replaced_link);
    assert_eq!(post(format!("/requests/{cancelled}/cancel")).await.status, StatusCode::OK);
    assert_eq!(world.visit(&declined, 0).await.decline("Não serve.").await.status, StatusCode::OK);
    assert_eq!(world.call(Method::DELETE, &format!("/requests/{deleted}"), None).await.status, StatusCode::NO_CONTENT);
    world.sign(&covered, 0).await;
    let leaving = world.get(&removed).await["relationships"]["signers"]["data"][0]["id"].as_str().unwrap().to_owned();
    let left = world.call(Method::DELETE, &format!("/requests/{removed}/signers/{leaving}"), None).await;
    assert_eq!(left.status, StatusCode::OK, "{:#}", left.json);
    let looked = [
        ("replaced", replaced_link, 410, "There is a newer link for you"),
        ("cancelled", cancelled_link, 410, "This request was cancelled"),
        ("declined", declined_link, 410, "This request was declined"),
        ("deleted", deleted_link.clone(), 404, "This link does not work"),
        ("unknown", format!("{deleted_link}x"), 404, "This link does not work"),
        ("covered", covered_link, 410, "Ya ha firmado otra persona de su grupo"),
        ("removed", removed_link, 410, "Você não precisa mais agir aqui"),
        ("nothing", format!("{base}/nothing"), 404, "Page not found"),
    ];
    check_dead(&looked).await;
    world.app.service.clock.advance(SignedDuration::from_hours(7 * 24));
    check_dead(&[("expired", expired_link, 410, "The time for this request has run out")]).await;
}

async fn check_dead(looked: &[(&str, String, u16, &str)]) {
    let pages: Vec<_> = looked.iter().map(|(name, url, ..)| (*name, url.clone())).collect();
    for width in WIDTHS {
        for (seen, (name, _, status, heading)) in look(&pages, width).await.iter().zip(looked) {
            assert_eq!((&seen["status"], &seen["heading"]), (&json!(status), &json!(heading)), "{name}: {seen:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_watches_the_progress() {
    let world = World::system().await;
    for width in WIDTHS {
        let id = sent(&world, "en").await;
        let view = world.get(&id).await["attributes"]["viewUrl"].clone();
        let link = link_in_letter(&world, &id, JOAO, 1).await;
        let seen = browse("progress", json!({ "view": view, "link": link, "fields": fields(), "width": width })).await;
        let before =
            json!({ "status": "Sent", "acted": "0 of 2 have acted", "people": ["Invited", "Not invited yet"] });
        let after =
            json!({ "status": "Partially signed", "acted": "1 of 2 have acted", "people": ["Signed", "Invited"] });
        assert_eq!(seen, json!({ "before": before, "after": after }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself_without_help_from_outside() {
    let world = World::system().await;
    let description = countersign::app::openapi();
    let description = serde_json::to_value(description).unwrap();
    let mut wanted = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            wanted.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    wanted.sort();
    let base = world.app.service.settings.public_url.clone();
    let named = base.replace("127.0.0.1", "countersign.example");
    for (origin, width) in [(&base, WIDTHS[0]), (&base, WIDTHS[1]), (&named, WIDTHS[1])] {
        let seen = browse("docs", json!({ "origin": origin, "width": width })).await;
        let mut shown: Vec<_> = seen["operations"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        shown.sort_unstable();
        assert_eq!(shown, wanted);
    }
}

//! The audit trail, as its readers get it and as tools that are not ours judge it.

use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::dialects::catalisa::{fault, plain};
use crate::documents::pyhanko;
use crate::tools;

/// White that every page keeps on each side, in points.
const WHITE: f64 = 30.0;
/// A4, in points.
const A4: (f64, f64) = (595.3, 841.9);

/// The audit trail of a request.
pub(crate) async fn trail(world: &World, id: &str) -> Vec<u8> {
    let url = format!("{}/requests/{id}/audit-trail", world.api);
    let response = world.client.get(url).bearer_auth(&world.key).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/pdf");
    let name = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(name, format!("attachment; filename=\"audit-trail-{id}.pdf\""));
    response.bytes().await.unwrap().to_vec()
}

/// The text of each page.
async fn pages(pdf: &[u8]) -> Vec<String> {
    tools::text_of(pdf).await.split_terminator('\u{c}').map(ToOwned::to_owned).collect()
}

/// The history as the API tells it.
async fn history(world: &World, id: &str) -> Vec<Value> {
    let answer = plain(world, Method::GET, &format!("/requests/{id}/events")).await;
    answer.json["data"].as_array().unwrap().iter().map(|event| event["attributes"].clone()).collect()
}

/// The text of a PDF in the order in which it was drawn, without white space: what is wrapped reads as one.
async fn squeezed(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.pdf");
    std::fs::write(&file, pdf).unwrap();
    let text = tools::run(Command::new("pdftotext").arg("-raw").arg(&file).arg("-")).await;
    text.split_whitespace().collect()
}

/// Asserts that nothing stands in the white around a page.
async fn nothing_is_cut_off(pdf: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.pdf");
    std::fs::write(&file, pdf).unwrap();
    let boxes = tools::run(Command::new("pdftotext").arg("-bbox").arg(&file).arg("-")).await;
    let number = |line: &str, name: &str| -> f64 {
        let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    let words = boxes.lines().filter(|line| line.trim_start().starts_with("<word "));
    let mut count = 0;
    for line in words {
        count += 1;
        assert!(number(line, "xMin") > WHITE && number(line, "xMax") < A4.0 - WHITE, "{line}");
        assert!(number(line, "yMin") > WHITE && number(line, "yMax") < A4.1 - WHITE / 2.0, "{line}");
    }
    assert!(count > 50, "{count} words");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_trail_tells_all_in_the_requests_language_and_is_found_genuine_by_others() {
    let world = World::system().await;
    for (language, told) in [
        ("en", ["Audit trail", "Completed", "Typed signature, link sent by e-mail", "Page 1 of "]),
        ("es", ["Registro de auditoría", "Concluida", "Firma escrita, enlace enviado por correo", "Página 1 de "]),
        ("pt-BR", ["Trilha de auditoria", "Concluída", "Assinatura digitada, link enviado por e-mail", "Página 1 de "]),
    ] {
        let id = world.created(json!({ "language": language, "message": "Olá" })).await;
        for place in [0, 1] {
            // Whoever signs before their letter has gone is not written to any more.
            world.until(&id, "delivery.sent", place + 1).await;
            world.sign(&id, place).await;
        }
        world.until(&id, "document.sealed", 1).await;
        world.until(&id, "delivery.sent", 4).await;
        let pdf = trail(&world, &id).await;
        let text = tools::text_of(&pdf).await;
        for words in told {
            assert!(text.contains(words), "{language}: {words} in {text}");
        }
        let squeezed = squeezed(&pdf).await;
        let history = history(&world, &id).await;
        for event in &history {
            assert!(squeezed.contains(event["hash"].as_str().unwrap()), "{event:#} in {text}");
            let time: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
            assert!(squeezed.contains(&time.strftime("%H:%M:%S%.3f").to_string()), "{event:#} in {text}");
        }
        let digest = history[0]["data"]["documents"][0]["digest"].as_str().unwrap();
        let sealed = history.iter().find(|event| event["name"] == "document.sealed").unwrap();
        let key = history[0]["actor"]["who"].as_str().unwrap();
        for once in ["JoãoSilva", "maria@cliente.com", "127.0.0.1", "atest'sbrowser", "“test”", "contrato.pdf"]
            .into_iter()
            .chain([digest, sealed["data"]["digest"].as_str().unwrap(), key])
        {
            assert!(squeezed.contains(once), "{once} in {text}");
        }
        genuine(&world, &pdf).await;
        nothing_is_cut_off(&pdf).await;
    }
}

/// Asserts that pdfsig, pyHanko and qpdf find nothing wrong, and that every font is embedded.
async fn genuine(world: &World, pdf: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trail.pdf");
    std::fs::write(&file, pdf).unwrap();
    let said = tools::run(Command::new("pdfsig").arg("-nocert").arg(&file)).await;
    assert_eq!(said.matches("Signature Validation: Signature is Valid.").count(), 1, "{said}");
    assert!(said.contains("Total document signed"), "{said}");
    let verdict =
        json!([{ "intact": true, "valid": true, "trusted": true, "coverage": "ENTIRE_FILE", "accepted": true }]);
    assert_eq!(pyhanko(world, &file).await, verdict);
    tools::run(Command::new("qpdf").arg("--check").arg(&file)).await;
    let fonts = tools::run(Command::new("pdffonts").arg(&file)).await;
    let fonts: Vec<&str> = fonts.lines().skip(2).collect();
    assert!(!fonts.is_empty() && fonts.iter().all(|font| font.contains(" yes yes yes ")), "{fonts:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_runs_over_pages_with_heads_and_numbers_and_names_of_any_length_and_script() {
    let world = World::system().await;
    let long = format!("Maximiliane {}", "Wolkensteinschwarzenbergerin".repeat(8));
    let mut signers = vec![
        json!({ "name": long, "email": format!("w@{}.example.com", "langername".repeat(6)), "order": 1 }),
        json!({ "name": "Ευγενία Παπαδοπούλου", "email": "eugenia@example.gr", "order": 1 }),
        json!({ "name": "山田太郎", "email": "yamada@example.jp", "order": 1 }),
        json!({ "name": "Пётр Чайковский", "email": "petr@example.ru", "order": 1 }),
        json!({ "name": "علي بن محمد", "email": "ali@example.com", "order": 1 }),
    ];
    signers.extend(
        (1..=4).map(|n| json!({ "name": format!("Ana {n}"), "email": format!("ana{n}@example.com"), "order": 2 })),
    );
    let id = world.created(json!({ "signers": signers, "title": "Título ".repeat(36) })).await;
    for place in 0..8 {
        world.sign(&id, place).await;
    }
    let reason = "Não concordo com a cláusula quarta, nem com as que dela dependem. ".repeat(15);
    assert!(world.visit(&id, 8).await.decline(&reason).await.status.is_success());
    let pdf = trail(&world, &id).await;
    let pages = pages(&pdf).await;
    assert!(pages.len() >= 5, "{} pages", pages.len());
    for (place, page) in (1..).zip(&pages) {
        assert!(page.contains(&format!("Page {place} of {}", pages.len())), "{page}");
        assert_eq!(page.contains("Audit trail · Título"), place > 1, "{page}");
    }
    let with_events = pages.iter().filter(|page| page.contains("Event and its hash")).count();
    assert!(with_events >= 4, "the heads of the columns are on each page of events: {with_events}");
    let text = squeezed(&pdf).await;
    let whole = |text: &str| text.split_whitespace().collect::<String>();
    for told in [&whole(&long), "ΕυγενίαΠαπαδοπούλου", "[U+5C71U+7530U+592AU+90CE]", "ПётрЧайковский", &whole(&reason)]
    {
        assert!(text.contains(told), "{told} in {text}");
    }
    genuine(&world, &pdf).await;
    nothing_is_cut_off(&pdf).await;
}

#[tokio::test]
async fn the_same_history_gives_the_same_pages() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    world.until(&id, "delivery.sent", 1).await;
    let (one, two) = (trail(&world, &id).await, trail(&world, &id).await);
    let before_the_seal = |pdf: &[u8]| {
        let original = countersign::seal::verify(pdf).unwrap().original.unwrap();
        pdf[..usize::try_from(original.bytes).unwrap()].to_vec()
    };
    assert_eq!(before_the_seal(&one), before_the_seal(&two));
    assert_ne!(one, two, "each has a seal of its own");
    world.sign(&id, 0).await;
    assert_ne!(before_the_seal(&one), before_the_seal(&trail(&world, &id).await));
}

#[tokio::test]
async fn a_draft_has_an_audit_trail_for_those_who_may_read_it() {
    let world = World::manual().await;
    let id = world.created(json!({ "draft": true })).await;
    assert!(!trail(&world, &id).await.is_empty());
    let path = format!("/requests/{id}/audit-trail");
    let foreign = world.key("other", &countersign::http::auth::Permission::ALL).await;
    assert_eq!(fault(&world.call_as(&foreign, Method::GET, &path, None).await, 404).0, "not_found");
    let blind = world.key("acme", &[countersign::http::auth::Permission::Create]).await;
    assert_eq!(fault(&world.call_as(&blind, Method::GET, &path, None).await, 403).0, "permission_denied");
    assert_eq!(fault(&plain(&world, Method::GET, "/requests/x/audit-trail").await, 404).0, "not_found");
}

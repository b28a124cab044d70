//! Proves: the integrators' own samples work as they are written. `curl/`, `javascript/` and `python/` hold them
//! word for word; only what they leave open is put in: the address of the service, the key, the document and
//! the ids of what exists.

mod desk;
mod envelopes;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::sample;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{browser, tools};
use desk::Desk;

/// The samples' request.
const THEIR_REQUEST: &str = "550e8400-e29b-41d4-a716-446655440000";
/// The samples' file.
const THEIR_FILE: &str = "550e8400-e29b-41d4-a716-446655440010";
/// How often somebody may be written to again.
const RESEND_PAUSE: SignedDuration = SignedDuration::from_mins(10);

fn is_the_contract(request: &Value) {
    let attributes = &request["attributes"];
    assert_eq!(attributes["title"], "Contrato de Prestação de Serviços");
    assert_eq!(attributes["message"], "Por favor, assine o contrato anexo.");
    assert_eq!(attributes["status"], "SENT");
    assert_eq!(attributes["businessId"], "contract-2024-001");
    assert_eq!(attributes["createdAt"], "2026-01-15T10:30:00Z");
    assert_eq!(attributes["expiresAt"], "2026-01-22T10:30:00Z");
    let signers = request["relationships"]["signers"]["data"].as_array().unwrap();
    let told: Vec<_> = signers.iter().map(|signer| &signer["attributes"]).collect();
    assert_eq!((&told[0]["name"], &told[0]["status"]), (&json!("João Silva"), &json!("SENT")));
    assert_eq!((&told[1]["name"], &told[1]["status"]), (&json!("Maria Santos"), &json!("PENDING")));
    assert_eq!((told[1].get("signingUrl"), told[1].get("sentAt")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn create() {
    let desk = Desk::new().await;
    let answer = desk.curl("create", &[]).await.remove(0);
    is_the_contract(&answer["data"]);
    assert_eq!(answer["links"]["self"], answer["data"]["links"]["self"]);
    let id = answer["data"]["id"].as_str().unwrap();
    // Boxes without a signer: signatures go by turns, the date is the first signer's.
    let ceremony = desk.world.visit(id, 0).await.ceremony();
    let kinds: Vec<_> =
        ceremony["documents"][0]["fields"].as_array().unwrap().iter().map(|box_| &box_["kind"]).collect();
    assert_eq!(kinds, ["signature", "date"]);
    assert_eq!(desk.delete(id).await, StatusCode::NO_CONTENT);

    let said = desk.node("create", &[], "").await;
    let made = desk.only().await;
    is_the_contract(&made);
    let link = desk.world.link(made["id"].as_str().unwrap(), 0).await;
    assert_eq!(
        said,
        [
            format!("Requisição criada: {}", made["id"].as_str().unwrap()),
            "Status: SENT".to_owned(),
            format!("URL de visualização: {}", made["attributes"]["viewUrl"].as_str().unwrap()),
            format!("João Silva: {link}"),
            "Maria Santos: undefined".to_owned(),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn create_from_a_file() {
    let desk = Desk::new().await;
    let file = json!({ "data": { "type": "file", "attributes": {
        "fileName": "contrato.pdf", "fileBase64": STANDARD.encode(sample()) } } });
    let file = desk.world.call(Method::POST, "/files", Some(file)).await.json;
    let id = file["data"]["id"].as_str().unwrap();
    let said = desk.node("create-from-file", &[(THEIR_FILE, id)], "").await;
    let made = desk.only().await;
    assert_eq!(said, [format!("Requisição criada: {}", made["id"].as_str().unwrap())]);
    assert_eq!(made["attributes"]["status"], "SENT");
    assert_eq!(made["attributes"].get("expiresAt"), None);
    assert_eq!(made["relationships"]["signers"]["data"][0]["attributes"]["order"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn create_from_a_template() {
    let desk = Desk::new().await;
    let names = ["nome_funcionario", "cpf", "cargo", "salario", "data_inicio"];
    let mut widgets: Vec<_> = names
        .iter()
        .zip(0..)
        .map(|(name, row)| {
            let kind = if *name == "data_inicio" { "date" } else { "text" };
            json!({ "type": kind, "name": name, "page": 1, "x": 300, "y": 580 + 20 * row, "width": 200, "height": 16 })
        })
        .collect();
    widgets
        .push(json!({ "type": "signature", "signerId": 1, "page": 1, "x": 72, "y": 690, "width": 200, "height": 40 }));
    widgets
        .push(json!({ "type": "signature", "signerId": 2, "page": 1, "x": 320, "y": 690, "width": 200, "height": 40 }));
    let template = json!({ "data": { "type": "signature-template", "id": "tpl_abc123", "attributes": {
        "name": "Contrato de Trabalho", "fileName": "contrato.pdf", "fileBase64": STANDARD.encode(sample()),
        "widgets": widgets } } });
    let made = desk.world.call(Method::POST, "/templates", Some(template)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);

    let made = desk.curl("from-template", &[]).await.remove(0)["data"].clone();
    assert_eq!(made["attributes"]["title"], "Contrato de Trabalho - João Silva");
    assert_eq!(made["attributes"]["templateId"], "tpl_abc123");
    assert_eq!(made["attributes"]["expiresAt"], "2026-01-20T10:30:00Z");
    let id = made["id"].as_str().unwrap();
    assert_eq!(desk.delete(id).await, StatusCode::NO_CONTENT);

    let said = desk.node("from-template", &[], "").await;
    let made = desk.only().await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        said,
        [format!("Requisição criada do template: {id}"), "Template usado: Contrato de Trabalho".to_owned()]
    );
    desk.world.sign(id, 0).await;
    desk.world.sign(id, 1).await;
    let text = tools::text_of(&tools::sealed(&desk.world, id).await).await;
    for value in ["João Silva", "123.456.789-00", "Desenvolvedor Senior", "R$ 15.000,00", "01/02/2024"] {
        assert!(text.contains(value), "{value} is not in the sealed PDF:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list() {
    let desk = Desk::new().await;
    for number in 0..12 {
        let business = if number == 0 { "contract-2024-001" } else { "another" };
        desk.world.created(json!({ "title": format!("Contrato {number}"), "businessId": business })).await;
        desk.pass(SignedDuration::from_secs(1));
    }
    let cancelled = desk.request().await;
    desk.world.call(Method::POST, &format!("/requests/{cancelled}/cancel"), None).await;

    let answers = desk.curl("list", &[]).await;
    let meta = |answer: &Value| answer["meta"].clone();
    let page = |items: u64, pages: u64, size: u64| json!({ "totalItems": items, "totalPages": pages, "currentPage": 1, "pageSize": size });
    assert_eq!(answers.iter().map(meta).collect::<Vec<_>>(), [page(13, 1, 20), page(12, 2, 10), page(1, 1, 20)]);
    assert_eq!(answers[1]["data"].as_array().unwrap().len(), 10);
    assert_eq!(answers[2]["data"][0]["attributes"]["title"], "Contrato 0");

    let mut wanted = vec!["Total: 12 requisições".to_owned(), "Página 1 de 2".to_owned()];
    wanted.extend((2..12).rev().map(|number| format!("Contrato {number}: SENT")));
    // In a page of the service the relative address of the next page leads to it.
    let origin = &desk.world.app.service.settings.public_url;
    let source = desk.filled("javascript/list.js", &[]);
    let given = json!({ "origin": origin, "token": desk.world.key, "source": source });
    let seen = browser::browse("listing", given).await;
    assert_eq!(seen["said"], json!(wanted));
    let answers = seen["answers"].as_array().unwrap();
    assert_eq!(answers.iter().map(|answer| &answer["status"]).collect::<Vec<_>>(), [200, 200]);
    let next = reqwest::Url::parse(answers[1]["url"].as_str().unwrap()).unwrap();
    let asked: Vec<_> = next.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
    assert!(asked.contains(&"page[number]=2".to_owned()), "{asked:?}");
    assert!(asked.contains(&"filter[status]=SENT".to_owned()), "{asked:?}");

    // Node has no page: the sample runs to its end there as long as one page holds everything.
    for number in 0..3 {
        let list = desk.world.call(Method::GET, "/requests?filter[status]=SENT&page[size]=1", None).await.json;
        assert_eq!(list["meta"]["totalItems"], 12 - number);
        assert_eq!(desk.delete(list["data"][0]["id"].as_str().unwrap()).await, StatusCode::NO_CONTENT);
    }
    let said = desk.node("list", &[], "").await;
    assert_eq!(&said[..2], ["Total: 9 requisições", "Página 1 de 1"]);
    assert_eq!(said.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn get() {
    let desk = Desk::new().await;
    let id = desk.world.created(json!({ "expiresInDays": 7 })).await;
    desk.world.sign(&id, 0).await;
    let answer = desk.curl("get", &[(THEIR_REQUEST, &id)]).await.remove(0);
    assert_eq!(answer["data"], desk.world.get(&id).await);
    let said = desk.node("get", &[(THEIR_REQUEST, &id)], "").await;
    assert_eq!(
        said,
        [
            "Título: Contrato de Prestação de Serviços",
            "Status: PARTIALLY_SIGNED",
            "Expira em: 2026-01-22T10:30:00Z",
            "João Silva (joao@empresa.com): SIGNED",
            " Assinado em: 2026-01-15T10:30:00Z",
            "Maria Santos (maria@cliente.com): SENT",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel() {
    let desk = Desk::new().await;
    let id = desk.request().await;
    let answer = desk.curl("cancel", &[(THEIR_REQUEST, &id)]).await.remove(0);
    assert_eq!(answer["data"]["attributes"]["status"], "CANCELLED");
    let again = desk.curl("cancel", &[(THEIR_REQUEST, &id)]).await.remove(0);
    assert_eq!(again["errors"][0]["status"], "409", "{again:#}");
    let id = desk.request().await;
    assert_eq!(desk.node("cancel", &[(THEIR_REQUEST, &id)], "").await, ["Status: CANCELLED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn resend() {
    let desk = Desk::new().await;
    let id = desk.request().await;
    desk.pass(RESEND_PAUSE);
    let told = json!({ "message": "Signature request resent successfully" });
    assert_eq!(desk.curl("resend-all", &[(THEIR_REQUEST, &id)]).await, std::slice::from_ref(&told));
    // It is not Maria's turn yet.
    let refused = desk.curl("resend-one", &[(THEIR_REQUEST, &id)]).await.remove(0);
    assert_eq!(refused["errors"][0]["source"]["pointer"], "/data/attributes/signerEmail", "{refused:#}");
    desk.world.sign(&id, 0).await;
    desk.pass(RESEND_PAUSE);
    assert_eq!(desk.curl("resend-one", &[(THEIR_REQUEST, &id)]).await, [told]);
    // Both were invited, and both once more.
    desk.world.until(&id, "signer.invited", 4).await;

    // The second call of this sample comes too soon after its first: the answer says so to whoever reads it.
    desk.pass(RESEND_PAUSE);
    let more = "console.log(responseSpecific.status, Number(responseSpecific.headers.get('retry-after')))";
    let said = desk.node("resend", &[(THEIR_REQUEST, &id)], more).await;
    assert_eq!(said, ["Signature request resent successfully", "429 600"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn download() {
    let desk = Desk::new().await;
    let id = desk.request().await;
    let early = desk.curl("download", &[(THEIR_REQUEST, &id)]).await.remove(0);
    assert_eq!(early["errors"][0]["code"], "not_completed", "{early:#}");
    desk.world.sign(&id, 0).await;
    desk.world.sign(&id, 1).await;
    let answer = desk.curl("download", &[(THEIR_REQUEST, &id)]).await.remove(0);
    assert_eq!(answer["expiresAt"], "2026-01-15T10:45:00Z");

    let said = desk.node("download", &[(THEIR_REQUEST, &id)], "").await;
    let [address, until, saved] = &said[..] else { panic!("{said:?}") };
    assert!(address.starts_with("URL de download: http://127.0.0.1:"), "{address}");
    assert_eq!((until.as_str(), saved.as_str()), ("Expira em: 2026-01-15T10:45:00Z", "Documento salvo!"));
    let pdf = std::fs::read(desk.folder.path().join("contrato-assinado.pdf")).unwrap();
    countersign::seal::verify(&pdf).unwrap();
    assert!(pdf.starts_with(&sample()));
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_in_every_status() {
    let desk = Desk::new().await;
    let (world, post) = (&desk.world, Method::POST);
    let mut made = vec![("DRAFT", world.created(json!({ "draft": true })).await)];
    for status in ["SENT", "VIEWED", "PARTIALLY_SIGNED", "CANCELLED", "EXPIRED", "COMPLETED", "DECLINED"] {
        let id = world.created(json!({ "expiresInDays": 1 })).await;
        match status {
            "VIEWED" => drop(world.visit(&id, 0).await),
            "PARTIALLY_SIGNED" => world.sign(&id, 0).await,
            "CANCELLED" => drop(world.call(post.clone(), &format!("/requests/{id}/cancel"), None).await),
            "COMPLETED" => {
                world.sign(&id, 0).await;
                world.sign(&id, 1).await;
            }
            "DECLINED" => drop(world.visit(&id, 0).await.decline("Não.").await),
            _ => {}
        }
        // The one that is to expire waits until the others are gone.
        if status != "EXPIRED" {
            made.push((status, id));
        } else {
            made.insert(0, (status, id));
        }
    }
    let expired = made.remove(0).1;
    for (at, (status, id)) in made.iter().enumerate() {
        assert_eq!(world.status(id).await, *status);
        deleted(&desk, status, id, at % 2 == 0).await;
    }
    desk.pass(SignedDuration::from_hours(24));
    world.until(&expired, "request.expired", 1).await;
    deleted(&desk, "EXPIRED", &expired, true).await;
    world.check().await;
}

/// Deletes by the sample for curl or the one for Node.
async fn deleted(desk: &Desk, status: &str, id: &str, by_curl: bool) {
    let kept = matches!(status, "COMPLETED" | "DECLINED");
    if by_curl {
        let answers = desk.curl("delete", &[(THEIR_REQUEST, id)]).await;
        let codes: Vec<_> = answers.iter().map(|answer| &answer["errors"][0]["code"]).collect();
        assert_eq!(codes.len(), usize::from(kept), "{status}: {codes:?}");
        assert!(codes.iter().all(|code| *code == "retained_for_audit"), "{status}: {codes:?}");
    } else {
        let said = desk.node("delete", &[(THEIR_REQUEST, id)], "").await;
        let wanted: &[&str] = if kept { &[] } else { &["Requisição excluída com sucesso"] };
        assert_eq!(said, wanted, "{status}");
    }
    let answer = desk.world.call(Method::GET, &format!("/requests/{id}"), None).await;
    let wanted = if kept { StatusCode::OK } else { StatusCode::NOT_FOUND };
    assert_eq!(answer.status, wanted, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_integration() {
    let desk = Desk::new().await;
    // Where the sample ends, its own functions go on once everyone has signed.
    let more = "console.log(status);
        while (await checkSignatureStatus(request.id) !== 'COMPLETED') await new Promise((go) => setTimeout(go, 200));
        fs.writeFileSync('signed.pdf', Buffer.from(await downloadSignedContract(request.id)));";
    let people = async {
        let started = Instant::now();
        let id = loop {
            assert!(started.elapsed() < tools::PATIENCE, "the sample makes no request");
            let list = desk.world.call(Method::GET, "/requests", None).await.json;
            match list["data"][0]["id"].as_str() {
                Some(id) => break id.to_owned(),
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        desk.world.sign(&id, 0).await;
        desk.world.sign(&id, 1).await;
        id
    };
    let (said, id) = tokio::join!(desk.node("integration", &[], more), people);
    assert_eq!(said[0], format!("Requisição criada: {id}"));
    let made = desk.world.get(&id).await;
    assert_eq!(made["attributes"]["title"], "Contrato - Empresa ABC");
    assert_eq!(made["attributes"]["businessId"], "CTR-2024-001");
    countersign::seal::verify(&std::fs::read(desk.folder.path().join("signed.pdf")).unwrap()).unwrap();
}

//! Documents: uploaded, sent, looked at, cancelled, sent once more, downloaded; one by one and in lists.

use countersign_tests::world::{Browser, answer, sample};
use jiff::SignedDuration;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Desk, ok, signer, text, wrong};

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_document_goes_from_upload_to_the_sealed_pdf() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let fresh = desk.look(&format!("/documents/{id}")).await[0].clone();
    let safe = desk.safe().await;
    let shown = json!({
        "uuidDoc": id, "nameDoc": "contrato.pdf", "type": "application/pdf", "size": sample().len().to_string(),
        "pages": fresh["pages"], "uuidSafe": safe, "safeName": "acme", "statusId": "2",
        "statusName": "Aguardando Signatários", "statusComment": "", "whoCanceled": "",
    });
    assert_eq!(fresh, shown);
    assert!(fresh["pages"].as_str().unwrap().parse::<u32>().unwrap() > 0);
    let signers = json!([signer("ana@example.com", json!({})), signer("bia@example.com", json!({ "act": "2" }))]);
    ok(&desk.post(&id, "createlist", json!({ "signers": signers })).await);
    let sent =
        desk.post(&id, "sendtosigner", json!({ "message": "Prezados", "workflow": "0", "skip_email": "0" })).await;
    assert_eq!(ok(&sent)["message"], "File sent to successfully signing");
    assert_eq!(desk.phase(&id).await, "3");
    assert_eq!(desk.world.get(&id).await["attributes"]["message"], "Prezados");
    assert!(wrong(&desk.post(&id, "sendtosigner", json!({})).await, 409).contains("Aguardando Assinaturas"));
    assert!(wrong(&desk.post(&id, "download", json!({})).await, 409).contains("Aguardando Assinaturas"));
    desk.world.sign(&id, 0).await;
    let listed = desk.listed(&id).await;
    assert_eq!((&listed["list"][0]["signed"], &listed["list"][1]["signed"]), (&json!("1"), &json!("0")));
    let info = &listed["list"][0]["sign_info"];
    assert_eq!(info["date_signed"], "2026-01-15 07:30:00", "Brasília is three hours behind");
    assert_eq!(info["date_signed_atom"], "2026-01-15T07:30:00-03:00");
    assert_eq!((&info["ip"], &info["user_agent"]), (&json!("127.0.0.1"), &json!("a test's browser")));
    assert_eq!(listed["list"][1]["sign_info"], Value::Null);
    let approver = desk.world.visit(&id, 1).await.identified().await;
    let approved = approver.answer("sign", json!({ "consent": true, "fields": {} })).await;
    assert_eq!(approved.status, StatusCode::OK, "{:#}", approved.json);
    assert_eq!(desk.phase(&id).await, "4");
    let download = ok(&desk.post(&id, "download", json!({ "type": "pdf", "language": "pt" })).await).clone();
    assert_eq!(download["name"], "contrato-signed");
    let pdf = desk.world.client.get(text(&download["url"])).send().await.unwrap().bytes().await.unwrap();
    assert!(pdf.starts_with(&sample()), "the original and what was sealed behind it");
    let zip = ok(&desk.post(&id, "download", json!({ "type": "zip" })).await).clone();
    let zip = desk.world.client.get(text(&zip["url"])).send().await.unwrap();
    assert_eq!(zip.headers()["content-type"], "application/zip");
    assert!(zip.bytes().await.unwrap().starts_with(b"PK"));
    assert!(wrong(&desk.post(&id, "download", json!({ "encoding": "true" })).await, 422).starts_with("encoding: "));
    assert!(wrong(&desk.post(&id, "download", json!({ "type": "docx" })).await, 422).starts_with("type: "));
    assert!(wrong(&desk.post(&id, "cancel", json!({})).await, 409).contains("Finalizado"));
    desk.world.check().await;
}

#[tokio::test]
async fn uploads_are_looked_at_and_refused_with_their_field() {
    let desk = Desk::new().await;
    let safe = desk.safe().await;
    let path = format!("/documents/{safe}/uploadbinary");
    let binary = |more: Value| {
        let mut body =
            json!({ "base64_binary_file": base64(&sample()), "mime_type": "application/pdf", "name": "a.pdf" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let made = desk.call(Method::POST, &path, Some(binary(json!({})))).await;
    let id = text(&ok(&made)["uuid"]);
    assert_eq!(desk.look(&format!("/documents/{id}")).await[0]["nameDoc"], "a.pdf");
    ok(&desk
        .call(Method::POST, &path, Some(binary(json!({ "name": null, "mime_type": null, "uuid_folder": "" }))))
        .await);
    for (more, field) in [
        (json!({ "base64_binary_file": null }), "base64_binary_file: "),
        (json!({ "base64_binary_file": "***" }), "base64_binary_file: "),
        (json!({ "base64_binary_file": base64(b"no PDF") }), "base64_binary_file: "),
        (json!({ "mime_type": "application/msword" }), "mime_type: "),
        (json!({ "uuid_folder": "06b3ddb1-abc9-4ab8-b944-0d7c940486af" }), "uuid_folder: "),
        (json!({ "name": "a\nb" }), "name: "),
    ] {
        let refused = desk.call(Method::POST, &path, Some(binary(more))).await;
        assert!(wrong(&refused, 422).starts_with(field), "{:#}", refused.json);
    }
    let upload = async |safe: &str, form: Form| {
        let url = desk.address(&format!("/documents/{safe}/upload"));
        answer(desk.world.client.post(url).multipart(form)).await
    };
    let part = || Part::bytes(sample()).file_name("a.pdf");
    assert!(wrong(&upload(&safe, Form::new().text("name", "a")).await, 422).starts_with("file: "));
    assert!(
        wrong(&upload(&safe, Form::new().part("file", part()).text("uuid_folder", "x")).await, 422)
            .starts_with("uuid_folder: ")
    );
    ok(&upload(&safe, Form::new().part("file", part()).text("uuid_folder", "\"\"")).await);
    let other = "06b3ddb1-abc9-4ab8-b944-0d7c940486af";
    assert!(wrong(&upload(other, Form::new().part("file", part())).await, 404).contains(&safe), "yours is told");
    assert!(wrong(&desk.call(Method::POST, &path, Some(json!([]))).await, 422).contains("object"));
    let once = |key: &str| desk.world.client.post(desk.address(&path)).header("Idempotency-Key", key.to_owned());
    let first = answer(once("u-1").json(&binary(json!({})))).await;
    let second = answer(once("u-1").json(&binary(json!({})))).await;
    assert_eq!(ok(&first), ok(&second));
}

#[tokio::test]
async fn a_document_needs_signers_to_be_sent() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    assert_eq!(wrong(&desk.post(&id, "sendtosigner", json!({})).await, 422), "A request needs somebody who acts.");
    assert_eq!(desk.phase(&id).await, "2");
    for (body, field) in [
        (json!({ "workflow": "2" }), "workflow: "),
        (json!({ "skip_email": "x" }), "skip_email: "),
        (json!({ "message": "x".repeat(2001) }), "message: "),
    ] {
        assert!(wrong(&desk.post(&id, "sendtosigner", body).await, 422).starts_with(field));
    }
    desk.world.check().await;
}

#[tokio::test]
async fn signers_act_all_at_once_or_one_after_another() {
    let desk = Desk::new().await;
    let three = || {
        json!([
            signer("a@example.com", json!({})),
            signer("b@example.com", json!({})),
            signer("c@example.com", json!({}))
        ])
    };
    let (at_once, _) = desk.sent(three(), json!({ "workflow": "0" })).await;
    assert_eq!(
        desk.world.get(&at_once).await["relationships"]["signers"]["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|signer| signer["attributes"]["signingUrl"].is_string())
            .count(),
        3
    );
    let (one_by_one, _) = desk.sent(three(), json!({ "workflow": 1, "skip_email": false })).await;
    for place in 0..3 {
        let invited: Vec<bool> = desk.world.get(&one_by_one).await["relationships"]["signers"]["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|signer| signer["attributes"]["status"] == "SENT")
            .collect();
        assert_eq!(invited, (0..3).map(|at| at == place).collect::<Vec<_>>());
        desk.world.sign(&one_by_one, place).await;
    }
    assert_eq!(desk.phase(&one_by_one).await, "4");
}

#[tokio::test]
async fn nobody_is_written_to_where_e_mails_are_skipped() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({ "skip_email": "1" })).await;
    let listed = desk.listed(&id).await["list"][0].clone();
    assert_eq!((&listed["skipemail"], &listed["email_sent"]), (&json!("1"), &json!("0")));
    desk.world.sign(&id, 0).await;
    assert!(!desk.world.events(&id).await[..4].contains(&"delivery.sent".to_owned()));
}

#[tokio::test]
async fn a_document_is_cancelled_and_says_why() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    let link = desk.world.link(&id, 0).await;
    let cancelled = ok(&desk.post(&id, "cancel", json!({ "comment": "Valor errado" })).await)[0].clone();
    assert_eq!((&cancelled["statusId"], &cancelled["statusName"]), (&json!("6"), &json!("Cancelado")));
    assert_eq!(cancelled["statusComment"], "Valor errado");
    assert_eq!(Browser::open(&link).await.status, StatusCode::GONE, "links die at once");
    assert!(wrong(&desk.post(&id, "cancel", json!({})).await, 409).contains("Cancelado"));
    let draft = desk.upload().await;
    assert_eq!(ok(&desk.post(&draft, "cancel", json!({})).await)[0]["statusId"], "6");
    let (declined, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    let refused = desk.world.visit(&declined, 0).await.decline("Não concordo").await;
    assert_eq!(refused.status, StatusCode::OK, "{:#}", refused.json);
    let shown = desk.look(&format!("/documents/{declined}")).await[0].clone();
    assert_eq!(
        (&shown["statusId"], &shown["statusComment"], &shown["whoCanceled"]),
        (&json!("6"), &json!("Não concordo"), &json!("ana@example.com"))
    );
}

#[tokio::test]
async fn a_signer_is_written_to_again_at_most_every_ten_minutes() {
    let desk = Desk::new().await;
    let signers = json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]);
    let (id, keys) = desk.sent(signers, json!({ "workflow": "1" })).await;
    let resend = async |body: Value| desk.post(&id, "resend", body).await;
    assert_eq!(ok(&resend(json!({ "email": "a@example.com", "key_signer": keys[0] })).await)["message"], "E-mail sent");
    let soon = resend(json!({ "email": "a@example.com" })).await;
    wrong(&soon, 429);
    assert_eq!(soon.headers["retry-after"], "600");
    desk.world.app.service.clock.advance(SignedDuration::from_mins(10));
    ok(&resend(json!({ "email": "a@example.com", "key-signer": keys[0] })).await);
    assert!(wrong(&resend(json!({ "email": "b@example.com" })).await, 409).contains("not invited yet"));
    assert!(wrong(&resend(json!({ "email": "c@example.com" })).await, 404).starts_with("email: "));
    assert!(
        wrong(&resend(json!({ "email": "a@example.com", "key_signer": keys[1] })).await, 404)
            .starts_with("key_signer: ")
    );
    assert!(wrong(&resend(json!({})).await, 422).starts_with("email: "));
}

#[tokio::test]
async fn lists_have_their_numbers_in_front() {
    let desk = Desk::new().await;
    let draft = desk.upload().await;
    let (sent, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    let cancelled = desk.upload().await;
    ok(&desk.post(&cancelled, "cancel", json!({})).await);
    let ids = |list: &Value| -> Vec<String> {
        list.as_array().unwrap()[1..].iter().map(|item| text(&item["uuidDoc"])).collect()
    };
    let all = desk.look("/documents").await;
    let numbers = json!({ "total_documents": "3", "total_in_this_page": "3", "current_page": "1", "total_pages": "1" });
    assert_eq!((&all[0], ids(&all)), (&numbers, vec![cancelled.clone(), sent.clone(), draft.clone()]));
    let safe = desk.safe().await;
    for path in
        ["/documents/", &format!("/documents/{safe}/safe"), &format!("/documents/{safe}/safe/"), "/documents?pg=1"]
    {
        assert_eq!(desk.look(path).await, all, "{path}");
    }
    for (phase, expected) in [
        ("1", vec![]),
        ("2", vec![&draft]),
        ("3", vec![&sent]),
        ("4", vec![]),
        ("5", vec![]),
        ("6", vec![&cancelled]),
        ("7", vec![]),
    ] {
        let found = desk.look(&format!("/documents/{phase}/status")).await;
        assert_eq!(ids(&found).iter().collect::<Vec<_>>(), expected, "{phase}");
        assert_eq!(found[0]["total_documents"], expected.len().to_string());
    }
    let second = desk.look("/documents?pg=2").await;
    assert_eq!((&second[0]["current_page"], second.as_array().unwrap().len()), (&json!("2"), 1));
    for path in
        ["/documents?pg=0", "/documents?pg=x", "/documents?page=1", "/documents/8/status", "/documents/x/status"]
    {
        wrong(&desk.call(Method::GET, path, None).await, 400);
    }
    wrong(&desk.call(Method::GET, "/documents/06b3ddb1-abc9-4ab8-b944-0d7c940486af/safe", None).await, 404);
}

#[tokio::test]
async fn a_document_of_another_dialect_is_a_document_here() {
    let desk = Desk::new().await;
    // Uploaded there: it waits for its signers, and its request has its UUID.
    let form = Form::new().part("file", Part::bytes(sample()).file_name("deles.pdf"));
    let url = format!("{}/documents", desk.base);
    let uploaded = answer(desk.world.client.post(url).bearer_auth(&desk.world.key).multipart(form)).await;
    let id = text(&uploaded.json["id"]);
    assert_eq!(desk.phase(&id).await, "2");
    assert_eq!(desk.emails(&id).await, Vec::<String>::new());
    assert!(wrong(&desk.post(&id, "sendtosigner", json!({})).await, 409).contains("createlist"));
    ok(&desk.post(&id, "createlist", json!({ "signers": [signer("ana@example.com", json!({}))] })).await);
    ok(&desk.post(&id, "createlist", json!({ "signers": [signer("bia@example.com", json!({}))] })).await);
    ok(&desk.post(&id, "sendtosigner", json!({})).await);
    assert_eq!(desk.world.status(&id).await, "SENT");
    let used = desk.world.client.delete(format!("{}/documents/{id}", desk.base)).bearer_auth(&desk.world.key);
    assert_eq!(answer(used).await.status, StatusCode::CONFLICT);
    // One that an envelope names already is that envelope's, and none of its own.
    let form = Form::new().part("file", Part::bytes(sample()).file_name("usado.pdf"));
    let url = format!("{}/documents", desk.base);
    let uploaded = answer(desk.world.client.post(url).bearer_auth(&desk.world.key).multipart(form)).await;
    let file = text(&uploaded.json["id"]);
    let envelope = json!({ "subject": "S", "documentIds": [file], "recipients": [{ "email": "ana@example.com" }] });
    let envelope =
        answer(desk.world.client.post(format!("{}/envelopes", desk.base)).bearer_auth(&desk.world.key).json(&envelope))
            .await;
    assert_eq!(envelope.status, StatusCode::CREATED, "{:#}", envelope.json);
    wrong(&desk.call(Method::GET, &format!("/documents/{file}"), None).await, 404);
    assert_eq!(desk.phase(&text(&envelope.json["id"])).await, "2", "the envelope is a document by its own id");
    desk.world.check().await;
}

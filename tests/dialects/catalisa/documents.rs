//! Documents: which are taken, which are refused and why, and how large they may be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{World, answer, new_request, sample};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{fault, ok, plain, refused, uploaded};

const FILE_MAX: usize = 50 * 1024 * 1024;

/// A one-page PDF with these entries in its catalog, its page and its trailer.
pub(crate) fn pdf(catalog: &str, page: &str, trailer: &str) -> Vec<u8> {
    let objects = [
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] {page} >>"),
        "<< /S /JavaScript /JS (app.alert\\(1\\)) >>".to_owned(),
        "<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>".to_owned(),
        "<< /Type /EmbeddedFile /Length 1 >>\nstream\nx\nendstream".to_owned(),
        "<< /Filter /Standard /V 1 /R 2 /O (12345678901234567890123456789012) /U (12345678901234567890123456789012) /P -4 >>".to_owned(),
    ];
    let entries = format!("{catalog} {page} {trailer}");
    let wanted = |number: usize| match number {
        6 => entries.contains("5 0 R"),
        4.. => entries.contains(&format!("{number} 0 R")),
        _ => true,
    };
    let objects: Vec<String> =
        (1..).zip(objects).map(|(n, object)| if wanted(n) { object } else { "null".to_owned() }).collect();
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", out.len());
        out.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let start = out.len();
    out.extend(table.bytes());
    let size = objects.len() + 1;
    out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n").bytes());
    out
}

#[tokio::test]
async fn hostile_documents_are_refused_by_name() {
    let world = World::manual().await;
    ok(&uploaded(&world, &pdf("", "", "")).await);
    for (bytes, code) in [
        (b"hello, I am a text".to_vec(), "not_a_pdf"),
        (b"%PDF-1.7\nnothing more".to_vec(), "damaged"),
        (sample()[..sample().len() / 2].to_vec(), "damaged"),
        (pdf("/OpenAction 4 0 R", "", ""), "javascript"),
        (pdf("/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", "", ""), "javascript"),
        (pdf("", "/AA << /O 4 0 R >>", ""), "javascript"),
        (pdf("/Names << /EmbeddedFiles << /Names [(a.exe) 5 0 R] >> >>", "", ""), "embedded_files"),
        (pdf("/OpenAction << /S /Launch /F (calc.exe) >>", "", ""), "launch_action"),
        (pdf("/OpenAction << /S /URI /URI (http://x) >>", "", ""), "open_action"),
        (pdf("/AcroForm << /XFA (x) /Fields [] >>", "", ""), "xfa"),
        (pdf("", "", "/Encrypt 7 0 R /ID [(a) (a)]"), "encrypted"),
    ] {
        refused(&uploaded(&world, &bytes).await, code, "/fileBase64");
        refused(&world.create(json!({ "fileBase64": STANDARD.encode(&bytes) })).await, code, "/fileBase64");
    }
    assert!(std::fs::read_dir(world.folder().join("data/documents/documents")).unwrap().count() <= 1, "none is kept");
}

#[tokio::test]
async fn exactly_one_document() {
    let world = World::manual().await;
    let file = uploaded(&world, &sample()).await.json["data"]["id"].clone();
    refused(&world.create(json!({ "fileId": file })).await, "conflict", "/fileId");
    refused(&world.create(json!({ "fileBase64": null })).await, "required", "/fileBase64");
    refused(&world.create(json!({ "fileName": null })).await, "required", "/fileName");
    refused(&world.create(json!({ "fileBase64": "###" })).await, "invalid_base64", "/fileBase64");
    refused(&world.create(json!({ "fileBase64": "" })).await, "required", "/fileBase64");
    let stored = |id: serde_json::Value| json!({ "fileId": id, "fileBase64": null, "fileName": null });
    ok(&world.create(stored(file)).await);
    refused(&world.create(stored(json!("01990000-0000-7000-8000-000000000000"))).await, "unknown_file", "/fileId");
    refused(&world.create(stored(json!("x"))).await, "wrong_type", "/fileId");
    let unpadded = STANDARD.encode(pdf("", "", "")).trim_end_matches('=').to_owned();
    ok(&world.create(json!({ "fileBase64": unpadded })).await);
    ok(&world.create(json!({ "fileBase64": STANDARD.encode(sample()).replace("AA", "AA\r\n") })).await);
}

#[tokio::test]
async fn a_file_is_stored_shown_and_deleted() {
    let world = World::manual().await;
    let made = uploaded(&world, &sample()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let told = &made.json["data"]["attributes"];
    assert_eq!(
        (&told["fileName"], &told["bytes"], &told["pages"]),
        (&json!("a.pdf"), &json!(sample().len()), &json!(1))
    );
    let path = format!("/files/{}", made.json["data"]["id"].as_str().unwrap());
    assert_eq!(ok(&plain(&world, Method::GET, &path).await), &made.json);
    assert_eq!(plain(&world, Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(fault(&plain(&world, Method::DELETE, &path).await, 404).0, "not_found");
    let left = std::fs::read_dir(world.folder().join("data/documents/documents")).unwrap().count();
    assert_eq!(left, 0, "with its last use the document goes");
}

#[tokio::test]
async fn a_file_comes_as_a_form_too() {
    let world = World::manual().await;
    let send =
        |form: Form| answer(world.client.post(format!("{}/files", world.api)).bearer_auth(&world.key).multipart(form));
    let part = |bytes: Vec<u8>| Part::bytes(bytes).file_name("contrato.pdf");
    let made = send(Form::new().text("other", "x").part("file", part(sample()))).await;
    assert_eq!(ok(&made)["data"]["attributes"]["fileName"], "contrato.pdf");
    assert_eq!(fault(&send(Form::new().text("other", "x")).await, 422), ("required".into(), "/file".into()));
    assert_eq!(
        fault(&send(Form::new().part("file", part(b"no".to_vec()))).await, 422),
        ("not_a_pdf".into(), "/file".into())
    );
    let broken = world.client.post(format!("{}/files", world.api)).bearer_auth(&world.key);
    let broken = broken.header("Content-Type", "multipart/form-data").body("x");
    assert_eq!(fault(&answer(broken).await, 400).0, "invalid_form");
}

#[tokio::test]
async fn fifty_megabytes_and_not_one_byte_more() {
    let world = World::manual().await;
    let mut bytes = pdf("", "", "");
    let end = bytes.split_off(bytes.len() - 6);
    bytes.resize(FILE_MAX - end.len(), b'\n');
    bytes.extend(end);
    let form = |bytes: Vec<u8>| Form::new().part("file", Part::bytes(bytes).file_name("a.pdf"));
    let send =
        |form: Form| answer(world.client.post(format!("{}/files", world.api)).bearer_auth(&world.key).multipart(form));
    let at = send(form(bytes.clone())).await;
    assert!(at.status != StatusCode::PAYLOAD_TOO_LARGE, "{:#}", at.json);
    bytes.insert(20, b'\n');
    assert_eq!(fault(&send(form(bytes.clone())).await, 413), ("file_too_large".into(), "/file".into()));
    let body = new_request(json!({ "fileBase64": STANDARD.encode(&bytes) }));
    let inline = world.call(Method::POST, "/requests", Some(body)).await;
    assert_eq!(fault(&inline, 413), ("file_too_large".into(), "/data/attributes/fileBase64".into()));
}

#[tokio::test]
async fn a_body_beyond_all_bounds_is_told_so_in_json() {
    let world = World::manual().await;
    let body = vec![b' '; FILE_MAX / 3 * 4 + 4 * 1024 * 1024 + 1];
    let call = world.client.post(format!("{}/requests", world.api)).bearer_auth(&world.key).body(body);
    assert_eq!(fault(&answer(call).await, 413).0, "file_too_large");
}

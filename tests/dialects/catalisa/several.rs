//! Several documents in one request: how they are given and named, what each check says of which, and how
//! the sealed ones are had.

use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::store::{DocumentRow, FileRow};
use countersign_engine::ids::{Digest, OrganizationId};
use countersign_tests::world::{Answer, World, answer, sample};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;
use zip::ZipArchive;

use super::documents::pdf;
use super::{fault, faults, ok, plain, refused, uploaded};

/// Three PDFs of different sizes: A4, 300 × 200 points, and that lying on its side.
fn pdfs() -> [Vec<u8>; 3] {
    [sample(), pdf("", "", ""), pdf("", "/Rotate 90", "")]
}

fn file(name: &str, bytes: &[u8]) -> Value {
    json!({ "fileName": name, "fileBase64": STANDARD.encode(bytes) })
}

/// Attributes on top of the usual ones, with these documents instead of the usual one.
fn with(documents: Value, more: Value) -> Value {
    let mut attributes = json!({ "fileBase64": null, "fileName": null });
    for part in [documents, more] {
        attributes.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    attributes
}

fn three(names: [&str; 3], more: Value) -> Value {
    let [a, b, c] = pdfs();
    with(json!({ "files": [file(names[0], &a), file(names[1], &b), file(names[2], &c)] }), more)
}

fn usual(more: Value) -> Value {
    three(["contrato.pdf", "anexo.pdf", "termo.pdf"], more)
}

fn one_signer() -> Value {
    json!([{ "name": "Ana", "email": "ana@x.com" }])
}

async fn completed(world: &World, attributes: Value) -> String {
    let id = world.created(attributes).await;
    world.sign(&id, 0).await;
    assert_eq!(world.status(&id).await, "COMPLETED");
    id
}

/// For each document of a ceremony, the pages and x of the signer's own fields.
async fn fields(world: &World, id: &str, place: usize) -> Vec<Vec<(u64, f64)>> {
    let ceremony = world.visit(id, place).await.ceremony();
    let on = |document: &Value| {
        let fields = document["fields"].as_array().unwrap().iter();
        fields.map(|field| (field["page"].as_u64().unwrap(), field["x"].as_f64().unwrap())).collect()
    };
    ceremony["documents"].as_array().unwrap().iter().map(on).collect()
}

#[tokio::test]
async fn answers_show_every_document() {
    let world = World::manual().await;
    let id = completed(&world, usual(json!({ "signers": one_signer() }))).await;
    world.until(&id, "document.sealed", 3).await;
    let told = world.get(&id).await["attributes"]["documents"].clone();
    for ((shown, bytes), name) in
        told.as_array().unwrap().iter().zip(pdfs()).zip(["contrato.pdf", "anexo.pdf", "termo.pdf"])
    {
        let expected = json!([name, Digest::of(&bytes).to_string(), bytes.len(), 1]);
        assert_eq!(json!([shown["fileName"], shown["sha256"], shown["bytes"], shown["pages"]]), expected);
        assert_eq!(shown["sealedSha256"].as_str().unwrap().len(), 64);
    }
    let listed = plain(&world, Method::GET, "/requests").await;
    assert_eq!(ok(&listed)["data"][0]["attributes"]["documents"], told);
    let then = plain(&world, Method::GET, &format!("/requests/{id}?at=2026-01-15T10:30:00Z")).await;
    assert_eq!(ok(&then)["data"]["attributes"]["documents"].as_array().unwrap().len(), 3);
    let single = world.created(json!({})).await;
    let told = world.get(&single).await["attributes"]["documents"].clone();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["fileName"]), (1, &json!("contrato.pdf")));
}

#[tokio::test]
async fn files_uploaded_before_are_named_by_their_ids_in_order() {
    let world = World::manual().await;
    let mut ids = Vec::new();
    for bytes in pdfs() {
        ids.push(uploaded(&world, &bytes).await.json["data"]["id"].clone());
    }
    ids.reverse();
    let id = world.created(with(json!({ "fileIds": ids }), json!({}))).await;
    let told = world.get(&id).await["attributes"]["documents"].clone();
    let digests: Vec<&str> = told.as_array().unwrap().iter().map(|shown| shown["sha256"].as_str().unwrap()).collect();
    let expected: Vec<String> = pdfs().iter().rev().map(|bytes| Digest::of(bytes).to_string()).collect();
    assert_eq!(digests, expected);
    let twice = with(json!({ "fileIds": [ids[0], ids[1], ids[0]] }), json!({}));
    refused(&world.create(twice).await, "duplicate", "/fileIds/2");
    let unknown = with(json!({ "fileIds": [ids[0], "01990000-0000-7000-8000-000000000000", "x"] }), json!({}));
    let answer = world.create(unknown).await;
    let at = |place: u32| format!("/data/attributes/fileIds/{place}");
    assert_eq!(faults(&answer), [("wrong_type".into(), at(2)), ("unknown_file".into(), at(1))]);
}

#[tokio::test]
async fn exactly_one_of_the_forms() {
    let world = World::manual().await;
    let one = json!([file("a.pdf", &sample())]);
    let id = json!(["01990000-0000-7000-8000-000000000000"]);
    for (documents, code, pointer) in [
        (json!({ "files": one, "fileIds": id }), "conflict", "/fileIds"),
        (json!({ "files": one, "fileId": id[0] }), "conflict", "/fileId"),
        (json!({ "files": one, "fileBase64": "x", "fileName": "a" }), "conflict", "/files"),
        (json!({}), "required", "/fileBase64"),
        (json!({ "files": [] }), "required", "/files"),
        (json!({ "fileIds": [] }), "required", "/fileIds"),
        (json!({ "files": "x" }), "wrong_type", "/files"),
        (json!({ "fileIds": id[0] }), "wrong_type", "/fileIds"),
        (json!({ "files": [one[0], "x"] }), "wrong_type", "/files/1"),
        (
            json!({ "files": [one[0], { "fileName": "b.pdf", "fileBase64": "###" }] }),
            "invalid_base64",
            "/files/1/fileBase64",
        ),
        (json!({ "files": [one[0], { "fileBase64": one[0]["fileBase64"] }] }), "required", "/files/1/fileName"),
        (json!({ "files": [one[0], file("b.pdf", b"no PDF")] }), "not_a_pdf", "/files/1/fileBase64"),
        (json!({ "files": vec![&one[0]; 21] }), "too_many", "/files"),
        (json!({ "fileIds": vec![&id[0]; 21] }), "too_many", "/fileIds"),
    ] {
        refused(&world.create(with(documents, json!({}))).await, code, pointer);
    }
    ok(&world.create(with(json!({ "files": vec![&one[0]; 20] }), json!({}))).await);
}

#[tokio::test]
async fn together_they_have_a_hundred_megabytes() {
    let world = World::manual().await;
    let store = &world.app.service.store;
    uploaded(&world, &sample()).await;
    let organization: OrganizationId = "acme".parse().unwrap();
    let real = store.document(&organization, Digest::of(&sample())).await.unwrap().unwrap();
    let mut ids = Vec::new();
    // As their rows say: what they hold is not looked at before they are signed.
    for bytes in [50, 49, 1, 1_i64].map(|megabytes| megabytes * 1024 * 1024) {
        let id = Uuid::new_v4();
        let row = DocumentRow { digest: Digest::of(id.as_bytes()), blob: Uuid::new_v4(), bytes, ..real.clone() };
        store.insert_document(&row).await.unwrap();
        let organization = organization.clone();
        let file = FileRow { id, organization, name: "a.pdf".into(), digest: row.digest, created_us: 1 };
        store.insert_file(&file, None).await.unwrap();
        ids.push(id);
    }
    let over = world.create(with(json!({ "fileIds": ids }), json!({}))).await;
    assert_eq!(fault(&over, 413), ("documents_too_large".into(), "/data/attributes/fileIds".into()));
    ok(&world.create(with(json!({ "fileIds": ids[..3] }), json!({}))).await);
}

#[tokio::test]
async fn a_widget_names_its_document_by_place_by_file_name_or_by_id() {
    let world = World::manual().await;
    let at = |document: Value, x: u32| json!({ "type": "text", "page": 1, "x": x, "y": 5, "document": document });
    let widgets = json!([at(json!(null), 1), at(json!(2), 2), at(json!("3"), 3), at(json!("anexo.pdf"), 4)]);
    let id = world.created(usual(json!({ "signers": one_signer(), "widgets": widgets }))).await;
    let own = fields(&world, &id, 0).await;
    assert_eq!(own[0], [(1, 1.0)], "the first, where nothing is said");
    assert_eq!(own[1], [(1, 2.0), (1, 4.0)]);
    assert_eq!((own[2][0], own[2][1].0), ((1, 3.0), 2), "and a signature on a page behind the last");

    let stored = uploaded(&world, &pdfs()[1]).await.json["data"]["id"].clone();
    let other = uploaded(&world, &pdfs()[0]).await.json["data"]["id"].clone();
    let more = json!({ "signers": one_signer(), "widgets": [at(stored.clone(), 7)] });
    let id = world.created(with(json!({ "fileIds": [other, stored] }), more)).await;
    assert_eq!(fields(&world, &id, 0).await[1][0], (1, 7.0));

    for unknown in [json!(0), json!(4), json!("4"), json!("nota.pdf")] {
        let body = usual(json!({ "widgets": [at(unknown, 1)] }));
        refused(&world.create(body).await, "unknown_document", "/widgets/0/document");
    }
    let alike = three(["a.pdf", "a.pdf", "b.pdf"], json!({ "widgets": [at(json!("a.pdf"), 1)] }));
    refused(&world.create(alike).await, "ambiguous_document", "/widgets/0/document");
    refused(&world.create(usual(json!({ "widgets": [at(json!(1.5), 1)] }))).await, "wrong_type", "/widgets/0/document");
}

#[tokio::test]
async fn pages_and_boxes_are_those_of_the_widgets_own_document() {
    let world = World::manual().await;
    let at = |document: u32, x: f64, y: f64| json!({ "type": "checkbox", "page": 1, "x": x, "y": y, "width": 20, "height": 20, "document": document });
    ok(&world.create(usual(json!({ "widgets": [at(1, 500.0, 700.0), at(2, 270.0, 10.0), at(3, 10.0, 270.0)] }))).await);
    for (document, x, y, name) in [(2, 500.0, 10.0, "x"), (2, 10.0, 270.0, "y"), (3, 270.0, 10.0, "x")] {
        let body = usual(json!({ "widgets": [at(document, x, y)] }));
        refused(&world.create(body).await, "outside_page", &format!("/widgets/0/{name}"));
    }
    let far = json!({ "widgets": [{ "type": "text", "page": 2, "x": 1, "y": 1, "document": 2 }] });
    refused(&world.create(usual(far)).await, "page_out_of_range", "/widgets/0/page");
}

#[tokio::test]
async fn who_signs_nowhere_signs_behind_the_last_document_and_only_there() {
    let world = World::manual().await;
    let signers = json!([{ "name": "A", "email": "a@x.com" }, { "name": "B", "email": "b@x.com" }]);
    let widgets = json!([{ "type": "signature", "page": 1, "x": 9, "y": 9, "signerId": 1, "document": 2 }]);
    let id = world.created(usual(json!({ "signers": signers, "widgets": widgets }))).await;
    assert_eq!(fields(&world, &id, 0).await, [vec![], vec![(1, 9.0)], vec![]]);
    let second = fields(&world, &id, 1).await;
    assert_eq!((&second[0], &second[1], second[2].len()), (&vec![], &vec![], 1));
    assert_eq!(second[2][0].0, 2);
}

#[tokio::test]
async fn one_sign_this_asks_for_several_documents() {
    let world = World::manual().await;
    let files = json!([file("contrato.pdf", &sample()), file("anexo.pdf", &pdfs()[1])]);
    let event = |data: Value| json!({ "specversion": "1.0", "type": "countersign.sign_this.v1", "source": "/t", "id": "1", "data": data });
    let post = |event: Value| {
        let url = format!("{}/events", world.api.trim_end_matches("/esignature"));
        let call = world.client.post(url).bearer_auth(&world.key);
        answer(call.header("Content-Type", "application/cloudevents+json").body(event.to_string()))
    };
    let bad = post(event(json!({ "title": "T", "signers": one_signer(), "files": files, "fileId": "x" }))).await;
    assert_eq!(fault(&bad, 422), ("conflict".into(), "/data/fileId".into()));
    let good = post(event(json!({ "title": "T", "signers": one_signer(), "files": files }))).await;
    assert_eq!(good.status, StatusCode::ACCEPTED, "{:#}", good.json);
    let id = good.json["data"]["id"].as_str().unwrap();
    assert_eq!(world.get(id).await["attributes"]["documents"].as_array().unwrap().len(), 2);
}

/// Where a download leads: its address, and what is there.
async fn downloaded(world: &World, id: &str, query: &str) -> (String, reqwest::Response) {
    let told = plain(world, Method::GET, &format!("/requests/{id}/download{query}")).await;
    let url = ok(&told)["downloadUrl"].as_str().unwrap().to_owned();
    let response = world.client.get(&url).send().await.unwrap();
    (url, response)
}

fn header<'r>(response: &'r reqwest::Response, name: &str) -> &'r str {
    response.headers()[name].to_str().unwrap()
}

/// The files of a ZIP: names and contents.
fn unpacked(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = Vec::new();
    for place in 0..zip.len() {
        let mut entry = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let name = entry.name().unwrap().into_owned();
        files.push((name, bytes));
    }
    files
}

#[tokio::test]
async fn several_are_had_as_one_zip_or_one_by_one() {
    let world = World::manual().await;
    let attributes =
        three(["a.pdf", "A.PDF", "../b:c.pdf"], json!({ "signers": one_signer(), "title": "Contrato 7/26" }));
    let id = completed(&world, attributes).await;
    let (url, response) = downloaded(&world, &id, "").await;
    assert_eq!(header(&response, "content-type"), "application/zip");
    assert!(header(&response, "content-disposition").contains("Contrato%207_26-signed.zip"));
    let zip = response.bytes().await.unwrap();
    let files = unpacked(&zip);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a-signed.pdf", "A-signed (2).pdf", "_b_c-signed.pdf"]);
    assert_eq!(world.client.get(&url).send().await.unwrap().bytes().await.unwrap(), zip, "the same each time");

    let shown = world.get(&id).await["attributes"]["documents"].clone();
    for (place, ((name, bytes), original)) in files.iter().zip(pdfs()).enumerate() {
        let verdict = countersign::seal::verify(bytes).unwrap();
        assert!(bytes.starts_with(&original), "{name} begins with its own original");
        assert_eq!(verdict.original.unwrap().sha256, Digest::of(&original).to_string());
        assert_eq!(
            shown[place]["sealedSha256"],
            Digest::of(bytes).to_string(),
            "what is had is what the history names"
        );
        let (single, response) = downloaded(&world, &id, &format!("?document={}", place + 1)).await;
        assert_eq!(header(&response, "content-type"), "application/pdf");
        assert_eq!(response.bytes().await.unwrap(), *bytes);
        assert_eq!(single, format!("{url}&document={}", place + 1));
    }
    for bad in ["0", "4", "x", "-1", ""] {
        let answer = plain(&world, Method::GET, &format!("/requests/{id}/download?document={bad}")).await;
        assert_eq!(fault(&answer, 400).0, "invalid_parameter");
        let direct = answer_of(&world, &format!("{url}&document={bad}")).await;
        assert_eq!(
            (direct.status, &direct.json["errors"][0]["code"]),
            (StatusCode::NOT_FOUND, &json!("unknown_document"))
        );
    }
    world.check().await;
}

async fn answer_of(world: &World, url: &str) -> Answer {
    answer(world.client.get(url)).await
}

#[tokio::test]
async fn the_page_at_the_end_and_the_letter_offer_all_and_each() {
    let world = World::manual().await;
    let id = world.created(usual(json!({ "signers": one_signer(), "language": "en" }))).await;
    // An invitation that is still unsent when its signer signs is no longer owed.
    world.until(&id, "delivery.sent", 1).await;
    let browser = world.visit(&id, 0).await;
    assert!(browser.html.contains("I have read all 3 documents"));
    assert!(browser.sign(json!({})).await.status.is_success());
    let done = browser.page.join(&format!("{}/done", browser.page.path())).unwrap();
    let page = browser.client.get(done).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Download all signed PDFs (ZIP)"));
    let view = world.get(&id).await["attributes"]["viewUrl"].as_str().unwrap().to_owned();
    let progress = world.client.get(view).send().await.unwrap().text().await.unwrap();
    for (place, name) in (1..).zip(["contrato.pdf", "anexo.pdf", "termo.pdf"]) {
        for page in [&page, &progress] {
            assert!(page.contains(&format!("document={place}\" download")) && page.contains(name), "{page}");
        }
    }
    world.until(&id, "delivery.sent", 2).await;
    let letter = completed_letter(&world);
    for place in 1..=3 {
        let link = letter.split_whitespace().find(|word| word.ends_with(&format!("?document={place}"))).unwrap();
        let response = world.client.get(link).send().await.unwrap();
        assert_eq!(header(&response, "content-type"), "application/pdf");
    }
    let all = letter.split_whitespace().find(|word| word.contains("/copy/") && !word.contains('?')).unwrap();
    assert_eq!(unpacked(&world.client.get(all).send().await.unwrap().bytes().await.unwrap()).len(), 3);
    let lost = answer_of(&world, &format!("{all}?document=4")).await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
}

/// The plain text of the letter that says it is completed.
fn completed_letter(world: &World) -> String {
    let letters = std::fs::read_dir(world.mail()).unwrap().map(|entry| entry.unwrap().path());
    let texts = letters.filter_map(|path| std::fs::read_to_string(path).ok());
    let letter = texts.map(|text| text.replace("=\r\n", "").replace("=3D", "=")).find(|text| text.contains("/copy/"));
    let letter = letter.expect("the letter that says it is completed");
    letter.split("text/html").next().unwrap().to_owned()
}

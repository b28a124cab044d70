//! The bundle, as it is taken away: complete, checked by our verifier and by a program that knows nothing of
//! ours; and altered in every way, each time with a manifest that fits again.

use std::io::{Cursor, Write as _};

use countersign::evidence::{Files, Manifest, ManifestFile, check};
use countersign::http::auth::Permission;
use countersign::zipping::unpack;
use countersign_engine::ids::Digest;
use countersign_tests::world::{World, binary, new_request};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::dialects::catalisa::{completed, fault, plain};
use crate::tools;

/// The evidence of a request.
pub(crate) async fn evidence(world: &World, id: &str) -> Vec<u8> {
    let url = format!("{}/requests/{id}/evidence", world.api);
    let response = world.client.get(url).bearer_auth(&world.key).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/zip");
    response.bytes().await.unwrap().to_vec()
}

fn unpacked(zip: &[u8]) -> Files {
    unpack(zip).unwrap()
}

fn packed(files: &Files) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Lets the manifest list the files as they are now.
fn listed_anew(files: &mut Files) {
    let mut manifest: Manifest = serde_json::from_slice(&files.remove("manifest.json").unwrap()).unwrap();
    let entry = |(path, bytes): (&String, &Vec<u8>)| ManifestFile {
        path: path.clone(),
        bytes: bytes.len() as u64,
        sha256: Digest::of(bytes).to_string(),
    };
    manifest.files = files.iter().map(entry).collect();
    files.insert("manifest.json".to_owned(), serde_json::to_vec(&manifest).unwrap());
}

/// What `countersign verify` says, and whether it is content.
async fn verify(zip: &[u8], arguments: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.zip");
    std::fs::write(&file, zip).unwrap();
    let output = tools::output(Command::new(binary()).arg("verify").args(arguments).arg(&file)).await;
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

async fn independent(zip: &[u8]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.zip");
    std::fs::write(&file, zip).unwrap();
    let python = tools::folder().join("python/bin/python");
    let said = tools::run(Command::new(python).arg(tools::file("evidence/check.py")).arg(&file)).await;
    serde_json::from_str(&said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_request_proves_itself_to_whoever_has_its_bundle() {
    let world = World::system().await;
    let id = completed(&world).await;
    let zip = evidence(&world, &id).await;
    let told = independent(&zip).await;
    assert_eq!(
        told["files"],
        json!([
            "README.txt",
            "audit-trail.pdf",
            "events.jsonl",
            "keys/seal.cert.pem",
            "originals/01-contrato.pdf",
            "sealed/01-contrato-signed.pdf",
        ])
    );
    assert_eq!(told["status"], "COMPLETED");
    let fingerprint = world.app.service.authority.fingerprint();
    for arguments in [&[][..], &["--fingerprint", fingerprint]] {
        let (valid, said) = verify(&zip, arguments).await;
        assert!(valid && said.starts_with("VALID") && said.contains(&id) && said.contains(fingerprint), "{said}");
    }
    let (valid, said) = verify(&zip, &["--fingerprint", &"0".repeat(64)]).await;
    assert!(!valid, "{said}");
    for path in ["audit-trail.pdf", "sealed/01-contrato-signed.pdf"] {
        assert!(said.contains(&format!("{path}: sealed by another certificate: {fingerprint}")), "{said}");
    }
}

#[tokio::test]
async fn there_is_evidence_at_every_status_and_file_names_stay_in_their_folder() {
    let world = World::manual().await;
    let draft = world.created(json!({ "draft": true })).await;
    let declined = world.created(json!({ "fileName": "../../etc/contrato.pdf" })).await;
    assert!(world.visit(&declined, 0).await.decline("Não").await.status.is_success());
    for (id, status) in [(draft, "DRAFT"), (declined, "DECLINED")] {
        let zip = evidence(&world, &id).await;
        let files = unpacked(&zip);
        assert_eq!(check(&files).faults, Vec::<String>::new());
        let manifest: Manifest = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(manifest.status, status);
        assert!(files.keys().all(|path| !path.contains("../") && path.matches('/').count() <= 1), "{:?}", files.keys());
        assert!(!files.keys().any(|path| path.starts_with("sealed/")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_several_documents_has_each_of_them_in_its_bundle() {
    let world = World::system().await;
    let file = |name: &str| json!({ "fileName": name, "fileBase64": new_request(json!({}))["data"]["attributes"]["fileBase64"] });
    let files = json!({ "fileBase64": null, "fileName": null, "files": [file("contrato.pdf"), file("contrato.pdf")],
        "signers": [{ "name": "João", "email": "joao@empresa.com" }] });
    let id = world.created(files).await;
    world.sign(&id, 0).await;
    let zip = evidence(&world, &id).await;
    let told = independent(&zip).await["files"].to_string();
    for path in ["originals/01-contrato.pdf", "originals/02-contrato.pdf", "sealed/01-contrato-signed.pdf"] {
        assert!(told.contains(path), "{path} in {told}");
    }
    let (valid, said) = verify(&zip, &[]).await;
    assert!(valid && said.matches("    sealed     SHA-256").count() == 2, "{said}");
    // The documents are the same here, their sealed PDFs are not.
    let mut files = unpacked(&zip);
    let second = files.keys().find(|path| path.starts_with("sealed/02-")).unwrap().clone();
    files.insert(second, files[SEALED].clone());
    listed_anew(&mut files);
    let faults = check(&files).faults;
    assert!(faults.iter().any(|fault| fault.starts_with("sealed/: the sealed PDF with SHA-256")), "{faults:#?}");
}

#[tokio::test]
async fn the_bundle_is_for_those_who_may_read() {
    let world = World::manual().await;
    let id = world.created(json!({})).await;
    let path = format!("/requests/{id}/evidence");
    let foreign = world.key("other", &Permission::ALL).await;
    assert_eq!(fault(&world.call_as(&foreign, Method::GET, &path, None).await, 404).0, "not_found");
    let blind = world.key("acme", &[Permission::Delete]).await;
    assert_eq!(fault(&world.call_as(&blind, Method::GET, &path, None).await, 403).0, "permission_denied");
    assert_eq!(fault(&plain(&world, Method::GET, "/requests/x/evidence").await, 404).0, "not_found");
}

const EVENTS: &str = "events.jsonl";
const ORIGINAL: &str = "originals/01-contrato.pdf";
const SEALED: &str = "sealed/01-contrato-signed.pdf";
const TRAIL: &str = "audit-trail.pdf";
const CERTIFICATE: &str = "keys/seal.cert.pem";

fn lines(files: &Files) -> Vec<Value> {
    let text = std::str::from_utf8(&files[EVENTS]).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn change_lines(files: &mut Files, change: impl FnOnce(&mut Vec<Value>)) {
    let mut lines = lines(files);
    change(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    files.insert(EVENTS.to_owned(), text.into_bytes());
}

fn flip(files: &mut Files, path: &str) {
    let bytes = files.get_mut(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

type Alteration = (&'static str, fn(&mut Files, &Files), &'static [&'static str]);

/// Each with what it is told to be.
const ALTERATIONS: &[Alteration] = &[
    (
        "another byte in the original",
        |files, _| flip(files, ORIGINAL),
        &["originals/01-contrato.pdf: is not the document that was signed"],
    ),
    ("no original", |files, _| drop(files.remove(ORIGINAL)), &["originals/01-….pdf: is missing"]),
    (
        "one original more",
        |files, other| drop(files.insert("originals/02-x.pdf".into(), other[ORIGINAL].clone())),
        &["originals/02-x.pdf: belongs to no document of the history"],
    ),
    (
        "another byte in the sealed PDF",
        |files, _| flip(files, SEALED),
        &[
            "sealed/01-contrato-signed.pdf: is not a sealed PDF that the history names",
            "sealed/01-contrato-signed.pdf: the",
            "sealed/: the sealed PDF with SHA-256",
        ],
    ),
    (
        "another request's sealed PDF",
        |files, other| drop(files.insert(SEALED.into(), other[SEALED].clone())),
        &["sealed/01-contrato-signed.pdf: is not a sealed PDF that the history names"],
    ),
    ("no sealed PDF", |files, _| drop(files.remove(SEALED)), &["sealed/01-….pdf: is missing"]),
    ("another byte in the audit trail", |files, _| flip(files, TRAIL), &["audit-trail.pdf: "]),
    (
        "another request's audit trail",
        |files, other| drop(files.insert(TRAIL.into(), other[TRAIL].clone())),
        &["audit-trail.pdf: is the audit trail of another history than events.jsonl"],
    ),
    (
        "a sealed PDF for an audit trail",
        |files, _| drop(files.insert(TRAIL.into(), files[SEALED].clone())),
        &["audit-trail.pdf: is the audit trail of another history than events.jsonl"],
    ),
    ("no audit trail", |files, _| drop(files.remove(TRAIL)), &["audit-trail.pdf: is missing"]),
    (
        "no certificate",
        |files, _| drop(files.remove(CERTIFICATE)),
        &["keys/seal.cert.pem: is missing or no certificate"],
    ),
    (
        "another name",
        |files, _| {
            change_lines(files, |lines| {
                let people = lines[0]["personal"]["personal"]["people"].as_object_mut().unwrap();
                people.values_mut().for_each(|person| person["name"] = json!("Mallory"));
            })
        },
        &["events.jsonl: line 1: the personal part is not the one the event was made with"],
    ),
    (
        "no personal part",
        |files, _| {
            change_lines(files, |lines| {
                lines[0].as_object_mut().unwrap().remove("personal");
            })
        },
        &["events.jsonl: event 1: its personal part is missing"],
    ),
    (
        "another fact",
        |files, _| change_lines(files, |lines| lines[2]["event"]["fact"]["with"]["round"] = json!(7)),
        &["events.jsonl: line 3: the hash does not follow from the event and the one before it"],
    ),
    ("an event less", |files, _| change_lines(files, |lines| drop(lines.remove(1))), &["events.jsonl: line 2: "]),
    (
        "the end cut off",
        |files, _| change_lines(files, |lines| drop(lines.pop())),
        &[
            "audit-trail.pdf: is the audit trail of another history than events.jsonl",
            "manifest.json: tells of another request, status or history than events.jsonl",
        ],
    ),
    (
        "another request's history",
        |files, other| drop(files.insert(EVENTS.into(), other[EVENTS].clone())),
        &[
            "manifest.json: tells of another request, status or history than events.jsonl",
            "audit-trail.pdf: is the audit trail of another history than events.jsonl",
            "sealed/01-contrato-signed.pdf: is not a sealed PDF that the history names",
        ],
    ),
    ("no history", |files, _| drop(files.insert(EVENTS.into(), Vec::new())), &["events.jsonl: is empty"]),
];

#[tokio::test]
async fn whatever_is_done_to_a_bundle_is_named_although_the_manifest_fits_again() {
    let world = World::manual().await;
    let (one, two) = (completed(&world).await, completed(&world).await);
    for id in [&one, &two] {
        world.until(id, "delivery.sent", 1).await;
    }
    let (zip, other) = (evidence(&world, &one).await, unpacked(&evidence(&world, &two).await));
    let whole = unpacked(&zip);
    let mut again = whole.clone();
    listed_anew(&mut again);
    assert_eq!(check(&again).faults, Vec::<String>::new(), "packed anew it is as good as before");
    for (what, alter, told) in ALTERATIONS {
        let mut files = whole.clone();
        alter(&mut files, &other);
        listed_anew(&mut files);
        let faults = check(&files).faults;
        for told in *told {
            assert!(faults.iter().any(|fault| fault.starts_with(told)), "{what}: {faults:#?}");
        }
    }
}

#[tokio::test]
async fn every_file_is_held_against_the_manifest() {
    let world = World::manual().await;
    let whole = unpacked(&evidence(&world, &completed(&world).await).await);
    for path in whole.keys() {
        let mut files = whole.clone();
        flip(&mut files, path);
        let faults = check(&files).faults;
        assert!(faults.iter().any(|fault| fault.starts_with(path.as_str())), "{path}: {faults:#?}");
        let mut files = whole.clone();
        files.remove(path);
        let faults = check(&files).faults;
        assert!(faults.contains(&format!("{path}: is missing")), "{path}: {faults:#?}");
    }
    let mut files = whole.clone();
    files.insert("more.txt".to_owned(), b"more".to_vec());
    assert_eq!(check(&files).faults, ["more.txt: is not in the manifest"]);
    let zip = packed(&whole);
    for no_zip in [&b"PK"[..], b"PK\x03\x04 and then nothing", &zip[..10], &zip[..1000], &zip[..zip.len() - 1]] {
        let (valid, said) = verify(no_zip, &[]).await;
        assert!(!valid && said.contains("this is no zip"), "{said}");
    }
    // Without what makes it evidence it is no ZIP of sealed PDFs either.
    let mut files = whole.clone();
    files.retain(|path, _| !["manifest.json", EVENTS, TRAIL].contains(&path.as_str()));
    assert!(!verify(&packed(&files), &[]).await.0);
}

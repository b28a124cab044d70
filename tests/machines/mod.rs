//! Processes on machines that share nothing but a PostgreSQL database and a bucket: what one stores the other
//! serves and deletes; one with other secrets, or other documents, is refused before it does harm.

mod bucket;

use std::path::Path;

use countersign::clock::Clock;
use countersign::config::{MasterKeys, Settings};
use countersign::service::{Service, ServiceError, Stranger};
use countersign::stamp;
use countersign_tests::servers::{Database, on_each_database};
use countersign_tests::world::{Answer, Browser, answer, http, new_request, sample, settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::simulation::program::{Program, Servers};
use bucket::Bucket;

/// Calls a process's API.
async fn call(program: &Program, method: Method, path: &str, body: Option<Value>) -> Answer {
    let call = http().build().unwrap().request(method, format!("{}/api/v1/esignature{path}", program.url()));
    let call = call.bearer_auth(program.key());
    answer(body.iter().fold(call, |call, body| call.json(body))).await
}

/// Sends a request to one signer; its id and the path of their link.
async fn sent(program: &Program) -> (String, String) {
    let signers = json!([{ "name": "Ana", "email": "ana@example.com" }]);
    let made = call(program, Method::POST, "/requests", Some(new_request(json!({ "signers": signers })))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    let signer = &made.json["data"]["relationships"]["signers"]["data"][0]["attributes"];
    let link = signer["signingUrl"].as_str().unwrap().strip_prefix(&program.url()).unwrap().to_owned();
    (made.json["data"]["id"].as_str().unwrap().to_owned(), link)
}

/// The sealed PDF as a process serves it.
async fn download(program: &Program, id: &str) -> Vec<u8> {
    let told = call(program, Method::GET, &format!("/requests/{id}/download"), None).await;
    let url = told.json["downloadUrl"].as_str().unwrap().to_owned();
    let response = http().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.unwrap().to_vec()
}

/// A file of the secrets that the first process made.
fn secret(program: &Program, file: &str) -> String {
    program.folder().join("secrets").join(file).display().to_string()
}

/// The settings of a process elsewhere that is given the first one's secrets, the master key as it is told.
fn trusted(first: &Program, servers: &Servers, master: (&'static str, String)) -> Servers {
    let mut servers = servers.clone();
    servers.variables.push(("COUNTERSIGN_SEAL_KEY", secret(first, "seal.key.pem")));
    servers.variables.push(("COUNTERSIGN_SEAL_CERTIFICATE", secret(first, "seal.cert.pem")));
    servers.variables.push(master);
    servers
}

#[tokio::test]
async fn what_one_machine_stores_another_serves_and_deletes() {
    let mut bucket = Bucket::start().await;
    let servers = Servers { database: Database::Postgres.url().await, nats: None, variables: bucket.variables() };
    let first = Program::start_over(servers.clone()).await;
    let master = secret(&first, "master.key");
    let second = first.elsewhere(trusted(&first, &servers, ("COUNTERSIGN_MASTER_KEY_FILE", master.clone()))).await;
    let text = std::fs::read_to_string(master).unwrap();
    let third = first.elsewhere(trusted(&first, &servers, ("COUNTERSIGN_MASTER_KEY", text))).await;

    // Stored by the first, shown and signed at the second, downloaded from the third.
    let (id, link) = sent(&first).await;
    let page = Browser::open(&format!("{}{link}", second.url())).await;
    assert_eq!(page.sign(json!({})).await.status, StatusCode::OK, "{}", page.html);
    let sealed = download(&third, &id).await;
    assert!(sealed.starts_with(&sample()) && countersign::seal::verify(&sealed).is_ok());
    assert_eq!(download(&first, &id).await, sealed);

    // Uploaded at the second and deleted at the third, it is gone from the bucket.
    let before = bucket.objects().await;
    assert!(before.iter().all(|name| name.starts_with("acme/one/")), "{before:?}");
    let upload =
        json!({ "data": { "type": "file", "attributes": { "fileName": "a.pdf", "fileBase64": base64(&another()) } } });
    let file = call(&second, Method::POST, "/files", Some(upload)).await;
    assert_eq!(file.status, StatusCode::CREATED, "{:#}", file.json);
    let stored = bucket.objects().await;
    assert_eq!(stored.len(), before.len() + 1);
    for name in stored.iter().filter(|name| !name.contains("/installation/")) {
        assert!(!bucket.object(name).await.windows(4).any(|part| part == b"%PDF"), "{name} is not encrypted");
    }
    let path = format!("/files/{}", file.json["data"]["id"].as_str().unwrap());
    assert_eq!(call(&third, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bucket.objects().await, before, "its object went with it");
    for program in [&first, &second, &third] {
        assert!(!program.folder().join("documents").exists(), "nothing lies on the machine itself");
    }

    // Without the bucket nothing is accepted that needs it, and nothing is lost.
    bucket.kill();
    let away =
        call(&first, Method::POST, "/requests", Some(new_request(json!({ "fileBase64": base64(&another()) })))).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "{:#}", away.json);
    assert_eq!(call(&second, Method::GET, &format!("/requests/{id}"), None).await.status, StatusCode::OK);
    let (content, report) = first.replay();
    assert!(content, "{report}");
}

/// A document that is not the sample: the same with a comment behind it.
fn another() -> Vec<u8> {
    [sample(), b"% another\n".to_vec()].concat()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_machine_with_other_secrets_or_other_documents_is_refused() {
    let bucket = Bucket::start().await;
    let servers = Servers { database: Database::Postgres.url().await, nats: None, variables: bucket.variables() };
    let first = Program::start_over(servers.clone()).await;
    let fresh = TempDir::new().unwrap();

    let said = servers.refusal(fresh.path()).await;
    assert!(said.contains("master_key: there is none at"), "{said}");
    assert!(!fresh.path().join("secrets/master.key").exists(), "it made none");

    let wrong = stamp::encode(&[7; 32]);
    let said = trusted(&first, &servers, ("COUNTERSIGN_MASTER_KEY", wrong.clone())).refusal(fresh.path()).await;
    assert!(said.contains("master_key: ") && said.contains("another master key") && !said.contains(&wrong), "{said}");
    let said = trusted(&first, &servers, ("COUNTERSIGN_MASTER_KEY", "short".to_owned())).refusal(fresh.path()).await;
    assert!(said.contains("master_key: is not a master key"), "{said}");

    let mut unsealed = servers.clone();
    unsealed.variables.push(("COUNTERSIGN_MASTER_KEY_FILE", secret(&first, "master.key")));
    let said = unsealed.refusal(fresh.path()).await;
    assert!(said.contains("seal_key: ") && !fresh.path().join("secrets/seal.key.pem").exists(), "{said}");

    let mut elsewhere = trusted(&first, &servers, ("COUNTERSIGN_MASTER_KEY_FILE", secret(&first, "master.key")));
    elsewhere.variables.push(("COUNTERSIGN_DOCUMENTS_URL", "s3://contracts/acme/two".to_owned()));
    let said = elsewhere.refusal(fresh.path()).await;
    assert!(said.contains("documents: ") && said.contains("s3://contracts/acme/two"), "{said}");
    elsewhere.variables.push(("COUNTERSIGN_DOCUMENTS_URL", "s3://user:password@contracts".to_owned()));
    let said = elsewhere.refusal(fresh.path()).await;
    assert!(said.contains("documents_url: must be s3://") && !said.contains("password@"), "{said}");
}

on_each_database! {
    Database:
    the_first_process_decides_what_the_installation_is_known_by,
}

/// Why an engine does not start.
async fn stranger(settings: Settings) -> Stranger {
    match Service::open(settings, Clock::System).await {
        Err(ServiceError::Stranger(stranger)) => stranger,
        other => panic!("it is let in: {:?}", other.map(|_| ())),
    }
}

async fn the_first_process_decides_what_the_installation_is_known_by(database: Database) {
    let (folder, url) = (TempDir::new().unwrap(), database.url().await);
    let usual = |folder: &Path| Settings { database_url: url.clone(), ..settings(folder) };
    let open = async |settings: Settings| drop(Service::open(settings, Clock::System).await.unwrap());
    open(usual(folder.path())).await;
    open(usual(folder.path())).await;

    let secrets = folder.path().join("data/secrets");
    let file = secrets.join("master.key");
    let master = std::fs::read_to_string(&file).unwrap();
    open(Settings { master_keys: MasterKeys::File(file.clone()), ..usual(folder.path()) }).await;
    open(Settings { master_keys: MasterKeys::Given(master.parse().unwrap()), ..usual(folder.path()) }).await;
    let nowhere = MasterKeys::File(folder.path().join("nowhere"));
    let refused = stranger(Settings { master_keys: nowhere, ..usual(folder.path()) }).await;
    assert!(matches!(refused, Stranger::NoMasterKey(_)));
    std::fs::write(&file, stamp::encode(&[7; 32])).unwrap();
    assert!(matches!(stranger(usual(folder.path())).await, Stranger::MasterKey(_)));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(stranger(usual(folder.path())).await, Stranger::NoMasterKey(_)));
    std::fs::write(&file, &master).unwrap();

    std::fs::rename(secrets.join("seal.key.pem"), folder.path().join("away.pem")).unwrap();
    assert!(matches!(stranger(usual(folder.path())).await, Stranger::SealingKey(_)));
    std::fs::rename(folder.path().join("away.pem"), secrets.join("seal.key.pem")).unwrap();

    let documents = folder.path().join("data/documents");
    std::fs::rename(&documents, folder.path().join("away")).unwrap();
    assert!(matches!(stranger(usual(folder.path())).await, Stranger::Documents(_)));
    std::fs::remove_dir_all(&documents).unwrap();
    std::fs::rename(folder.path().join("away"), &documents).unwrap();
    open(usual(folder.path())).await;
}

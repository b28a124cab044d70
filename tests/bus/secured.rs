//! Servers that ask who one is, and that one asks who they are.

use std::path::{Path, PathBuf};

use async_nats::ConnectOptions;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::config::{Given, NatsSettings};
use countersign_tests::world::{World, binary};
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::facts::start;
use super::server::{Nats, Version, on_each_server, until};
use crate::tools;

on_each_server!(
    a_server_is_known_by_its_certificate_and_no_other_is_trusted,
    a_user_is_known_by_a_credentials_file,
    a_user_is_known_by_the_password_in_the_address,
    a_password_is_in_no_log_and_in_no_message,
);

/// A world over a server whose facts get out.
async fn works(nats: &Nats, settings: NatsSettings) {
    let world = World::changed(|world| world.nats = Some(settings)).await;
    world.created(json!({ "draft": true })).await;
    until("the fact is out", async || nats.count("SIGN_EVENTS").await == 1).await;
}

fn authority() -> CertifiedIssuer<'static, rcgen::KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, rcgen::KeyPair::generate().unwrap()).unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

async fn a_server_is_known_by_its_certificate_and_no_other_is_trusted(version: Version) {
    let folder = TempDir::new().unwrap();
    let (right, wrong) = (authority(), authority());
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &right).unwrap();
    let write = |name, text: &str| write(folder.path(), name, text);
    let (certificate, key) = (write("server.pem", &certificate.pem()), write("server.key", &key.serialize_pem()));
    let (right, wrong) = (write("right.pem", &right.as_ref().pem()), write("wrong.pem", &wrong.as_ref().pem()));
    let config = format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}\n");
    let options = ConnectOptions::new().add_root_certificates(right.clone()).require_tls(true);
    let nats = Nats::configured(version, &config, options).await;

    let with = |ca: &PathBuf| nats.settings_with(Given { nats_ca: Some(ca.clone()), ..Given::default() });
    works(&nats, with(&right)).await;
    for refused in [with(&wrong), nats.settings()] {
        let told = start(Some(refused)).await;
        assert!(told.contains("nats_ca") && told.contains("invalid peer certificate"), "{told}");
    }
    let told = start(Some(with(&write("empty.pem", "no certificate")))).await;
    assert!(told.contains("nats_ca") && told.contains("holds no certificate"), "{told}");
    // Who asks for TLS is not content with less.
    let plain = Nats::start(version).await;
    let told = start(Some(plain.settings_with(Given { nats_ca: Some(right), ..Given::default() }))).await;
    assert!(told.contains("nats_ca"), "{told}");
}

/// What one key says of another, as NATS has it (JWT with Ed25519).
fn token(issuer: &KeyPair, subject: &KeyPair, claims: Value) -> String {
    let encode = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = encode(json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let (iss, sub) = (issuer.public_key(), subject.public_key());
    let body =
        encode(json!({ "jti": sub, "iat": 1_700_000_000, "iss": iss, "sub": sub, "name": "test", "nats": claims }));
    let stamp = issuer.sign(format!("{header}.{body}").as_bytes()).unwrap();
    format!("{header}.{body}.{}", URL_SAFE_NO_PAD.encode(stamp))
}

fn account(operator: &KeyPair, account: &KeyPair, storage: i64) -> String {
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": storage, "disk_storage": storage, "streams": storage, "consumer": storage,
    });
    token(operator, account, json!({ "limits": limits, "type": "account", "version": 2 }))
}

fn credentials(account: &KeyPair) -> String {
    let user = KeyPair::new_user();
    let claims = json!({ "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2 });
    let (token, seed) = (token(account, &user, claims), user.seed().unwrap());
    format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

async fn a_user_is_known_by_a_credentials_file(version: Version) {
    let folder = TempDir::new().unwrap();
    let (operator, system, ours) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let config = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {}, {}: {} }}\n",
        token(&operator, &operator, json!({ "type": "operator", "version": 2 })),
        system.public_key(),
        system.public_key(),
        account(&operator, &system, 0),
        ours.public_key(),
        account(&operator, &ours, -1),
    );
    let right = write(folder.path(), "right.creds", &credentials(&ours));
    let wrong = write(folder.path(), "wrong.creds", &credentials(&KeyPair::new_account()));
    let options = ConnectOptions::with_credentials(&credentials(&ours)).unwrap();
    let nats = Nats::configured(version, &config, options).await;
    let with = |file| nats.settings_with(Given { nats_credentials: Some(file), ..Given::default() });
    works(&nats, with(right.clone())).await;
    let told = start(Some(with(wrong))).await;
    assert!(told.contains("nats_credentials") && told.contains("does not let this user in"), "{told}");
    let told = start(Some(with(write(folder.path(), "empty.creds", "nothing")))).await;
    assert!(told.contains("nats_credentials") && told.contains("empty.creds"), "{told}");
    let both = Given { nats_url: Some(nats.url_of("a:b")), nats_credentials: Some(right), ..Given::default() };
    let told = start(Some(nats.settings_with(both))).await;
    assert!(told.contains("nats_credentials") && told.contains("a user already"), "{told}");
}

/// A server that knows one user.
async fn of_workers(version: Version) -> Nats {
    let config = "authorization { user: workers, password: \"hunter2 & co\" }\n";
    let options = ConnectOptions::with_user_and_password("workers".to_owned(), "hunter2 & co".to_owned());
    Nats::configured(version, config, options).await
}

async fn a_user_is_known_by_the_password_in_the_address(version: Version) {
    let nats = of_workers(version).await;
    let as_user = |user: &str| nats.settings_with(Given { nats_url: Some(nats.url_of(user)), ..Given::default() });
    works(&nats, as_user("workers:hunter2%20%26%20co")).await;
    for refused in [as_user("workers:hunter3"), nats.settings()] {
        let told = start(Some(refused)).await;
        assert!(told.contains("nats_url") && told.contains("does not let this user in"), "{told}");
        assert!(!told.contains("hunter"), "{told}");
    }
}

async fn a_password_is_in_no_log_and_in_no_message(version: Version) {
    let nats = of_workers(version).await;
    let folder = TempDir::new().unwrap();
    let mut told = Vec::new();
    for url in [
        nats.url_of("workers:hunter2%20%26%20co"),
        nats.url_of("workers:hunter3"),
        "nats://workers:hunter2@127.0.0.1:1".to_owned(),
        "nats://workers:hunter2@127.0.0.1:port".to_owned(),
        "nats://workers:hunter2@127.0.0.1,nats://127.0.0.1".to_owned(),
    ] {
        let mut command = Command::new(binary());
        command.args(["export", "--refill", "--data"]).arg(folder.path());
        // Everything that there is to be said, by the libraries too.
        command.env("COUNTERSIGN_NATS_URL", url).env("COUNTERSIGN_LOG", "trace");
        let output = tools::output(&mut command).await;
        told.push((output.status.success(), String::from_utf8(output.stderr).unwrap()));
    }
    assert!(told[0].1.contains("connected to the NATS server"), "{}", told[0].1);
    assert_eq!(told.iter().map(|(ended_well, _)| *ended_well).collect::<Vec<_>>(), [true, false, false, false, false]);
    for (_, text) in told {
        assert!(!text.contains("hunter"), "{text}");
    }
}

//! Proves: sealed PDFs hold before tools that are not ours. Whatever way the original was written, pdfsig
//! and pyHanko find the seal intact and over the whole file, qpdf finds nothing wrong, and the original's
//! bytes are the beginning.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::seal::CERTIFICATE_FILE;
use countersign_tests::world::{World, sample};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::tools;

/// Ways to write the sample anew, as options of qpdf.
const WAYS: [(&str, &[&str]); 5] = [
    ("linearized", &["--linearize"]),
    ("object-streams", &["--object-streams=generate"]),
    ("no-object-streams", &["--object-streams=disable", "--stream-data=uncompress"]),
    ("rotated", &["--rotate=+90"]),
    ("many-pages", &["--empty", "--pages", "sample.pdf", "sample.pdf", "sample.pdf", "--"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_sealed_well() {
    let world = World::system().await;
    check(&world, "sample", &sample()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_written_in_other_ways_are_sealed_well() {
    let world = World::system().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sample.pdf"), sample()).unwrap();
    for (name, options) in WAYS {
        let made = format!("{name}.pdf");
        let mut qpdf = Command::new("qpdf");
        qpdf.current_dir(folder.path()).args(options);
        if !options.contains(&"--empty") {
            qpdf.arg("sample.pdf");
        }
        tools::run(qpdf.arg(&made)).await;
        check(&world, name, &std::fs::read(folder.path().join(&made)).unwrap()).await;
    }
}

/// Two people sign a document; then everyone looks at it.
async fn check(world: &World, name: &str, original: &[u8]) {
    let id = world
        .created(json!({ "title": name, "fileName": format!("{name}.pdf"), "fileBase64": STANDARD.encode(original),
            "widgets": [{ "type": "text", "page": 1, "x": 60, "y": 60, "label": "Cargo", "signerId": 1 }] }))
        .await;
    let browser = world.visit(&id, 0).await;
    let field = browser.ceremony()["documents"][0]["fields"][0]["id"].as_str().unwrap().to_owned();
    let answer = browser.sign(json!({ field: "Diretora" })).await;
    assert!(answer.status.is_success(), "{name}: {:#}", answer.json);
    world.sign(&id, 1).await;
    let pdf = tools::sealed(world, &id).await;
    assert!(pdf.starts_with(original), "{name}: the original is not the beginning");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealed.pdf");
    std::fs::write(&file, &pdf).unwrap();
    let text = tools::text_of(&pdf).await;
    assert!(text.contains("Diretora") && text.contains("João Silva"), "{name}: {text}");

    let said = tools::run(Command::new("pdfsig").arg("-nocert").arg(&file)).await;
    assert_eq!(said.matches("Signature Validation: Signature is Valid.").count(), 1, "{name}: {said}");
    assert!(said.contains("Total document signed"), "{name}: {said}");
    let verdict =
        json!([{ "intact": true, "valid": true, "trusted": true, "coverage": "ENTIRE_FILE", "accepted": true }]);
    assert_eq!(pyhanko(world, &file).await, verdict, "{name}");
    tools::run(Command::new("qpdf").arg("--check").arg(&file)).await;

    // A byte that was changed is found out.
    let mut changed = pdf;
    changed[200] ^= 1;
    std::fs::write(&file, &changed).unwrap();
    let said = tools::output(Command::new("pdfsig").arg("-nocert").arg(&file)).await;
    assert!(!String::from_utf8_lossy(&said.stdout).contains("Signature is Valid"), "{name}");
}

/// What pyHanko thinks of a sealed PDF.
pub(crate) async fn pyhanko(world: &World, file: &Path) -> Value {
    let python = tools::folder().join("python/bin/python");
    let certificate = world.app.service.settings.data.join("secrets").join(CERTIFICATE_FILE);
    let script = tools::file("documents/check.py");
    let said = tools::run(Command::new(python).arg(script).arg(file).arg(certificate)).await;
    serde_json::from_str(said.trim()).unwrap_or_else(|_| panic!("pyHanko said {said}"))
}

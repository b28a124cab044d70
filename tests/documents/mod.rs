//! Proves: sealed PDFs hold before tools that are not ours. Whatever way the original was written, pdfsig
//! and pyHanko find the seal intact and over the whole file, qpdf finds nothing wrong, and the original's
//! bytes are the beginning.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::seal::CERTIFICATE_FILE;
use countersign_engine::ids::Digest;
use countersign_tests::world::{World, binary, sample};
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
    let text = judged(world, name, original, pdf).await;
    assert!(text.contains("Diretora") && text.contains("João Silva"), "{name}: {text}");
}

/// Everyone looks at a sealed PDF; its text.
async fn judged(world: &World, name: &str, original: &[u8], pdf: Vec<u8>) -> String {
    assert!(pdf.starts_with(original), "{name}: the original is not the beginning");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sealed.pdf");
    std::fs::write(&file, &pdf).unwrap();
    let text = tools::text_of(&pdf).await;

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
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_documents_is_sealed_well_and_names_the_others() {
    let world = World::system().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sample.pdf"), sample()).unwrap();
    let mut originals = vec![sample()];
    for options in [["--linearize"], ["--rotate=+90"]] {
        tools::run(Command::new("qpdf").current_dir(folder.path()).args(options).args(["sample.pdf", "made.pdf"]))
            .await;
        originals.push(std::fs::read(folder.path().join("made.pdf")).unwrap());
    }
    let names = ["contrato.pdf", "anexo.pdf", "termo de adesão.pdf"];
    let file = |(name, bytes): (&str, &Vec<u8>)| json!({ "fileName": name, "fileBase64": STANDARD.encode(bytes) });
    let files: Vec<Value> = names.into_iter().zip(&originals).map(file).collect();
    let text =
        |document: u32| json!({ "type": "text", "document": document, "page": 1, "x": 60, "y": 60, "signerId": 1 });
    let id = world
        .created(json!({ "fileBase64": null, "fileName": null, "files": files, "language": "pt-BR",
            "widgets": [text(1), text(2), text(3)] }))
        .await;
    let values = json!({ "1": "Valor um", "2": "Valor dois", "3": "Valor três" });
    let answer = world.visit(&id, 0).await.sign(values).await;
    assert!(answer.status.is_success(), "{:#}", answer.json);
    world.sign(&id, 1).await;
    let zip = folder.path().join("all.zip");
    std::fs::write(&zip, tools::sealed(&world, &id).await).unwrap();
    tools::run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&zip).arg(folder.path())).await;
    let digests: Vec<String> = originals.iter().map(|bytes| Digest::of(bytes).to_string()).collect();
    let values = ["Valor um", "Valor dois", "Valor três"];
    for (place, (name, original)) in names.into_iter().zip(&originals).enumerate() {
        let sealed = folder.path().join(format!("{}-signed.pdf", name.trim_end_matches(".pdf")));
        let text = judged(&world, name, original, std::fs::read(sealed).unwrap()).await;
        for (at, value) in values.into_iter().enumerate() {
            assert_eq!(text.contains(value), at == place, "{name}: its own values and no other's\n{text}");
        }
        assert!(text.contains(&format!("Documento {} de 3", place + 1)), "{name}: {text}");
        for (digest, other) in digests.iter().zip(names) {
            assert!(text.contains(digest.as_str()) && text.contains(other), "{name} names {other}: {text}");
        }
        assert_eq!(
            text.matches("Este arquivo").count() - text.matches("Este arquivo está selado").count(),
            1,
            "{text}"
        );
        let signatures = text.matches("João Silva ·").count();
        assert_eq!(signatures, usize::from(place == 2), "who had no place signs behind the last: {text}");
    }

    let verify = |file: &Path| {
        let mut command = Command::new(binary());
        command.arg("verify").arg(file);
        command
    };
    let said = tools::run(&mut verify(&zip)).await;
    assert_eq!(said.matches("VALID  the seal is intact").count(), 3, "{said}");
    assert!(digests.iter().all(|digest| said.contains(digest.as_str())), "{said}");
    // A ZIP is not valid if one file in it is not.
    let made = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1], 'a'); z.writestr('x.pdf', open(sys.argv[2], 'rb').read())";
    tools::run(Command::new("python3").args(["-c", made]).arg(&zip).arg(folder.path().join("sample.pdf"))).await;
    let output = tools::output(&mut verify(&zip)).await;
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stdout).contains("x.pdf"));
}

/// What pyHanko thinks of a sealed PDF.
pub(crate) async fn pyhanko(world: &World, file: &Path) -> Value {
    let python = tools::folder().join("python/bin/python");
    let certificate = world.app.service.settings.data.join("secrets").join(CERTIFICATE_FILE);
    let script = tools::file("documents/check.py");
    let said = tools::run(Command::new(python).arg(script).arg(file).arg(certificate)).await;
    serde_json::from_str(said.trim()).unwrap_or_else(|_| panic!("pyHanko said {said}"))
}

//! The programs that some tests need: a browser, Node, curl, PDF tools, pyHanko, nats-server.
//! `tests/run` gets them;
//! a test without its tool fails.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use countersign_tests::world::World;
use reqwest::{Method, StatusCode};
use tokio::process::Command;

/// Longest time that a program may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Where `tests/run` put the packages of Node and Python.
pub(crate) fn folder() -> PathBuf {
    let told = std::env::var_os("COUNTERSIGN_TEST_TOOLS");
    told.expect("COUNTERSIGN_TEST_TOOLS is not set: tests/run gets the tools and sets it").into()
}

/// A file of the tests.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a program to its end, whatever that is.
pub(crate) async fn output(command: &mut Command) -> Output {
    let program = command.as_std().get_program().to_owned();
    let running = command.stdin(std::process::Stdio::null()).kill_on_drop(true).output();
    let done = tokio::time::timeout(PATIENCE, running).await;
    let done = done.unwrap_or_else(|_| panic!("{program:?} did not end"));
    done.unwrap_or_else(|error| panic!("{program:?} cannot be run ({error}): tests/run gets the tools"))
}

/// Runs a program that must succeed; what it said.
pub(crate) async fn run(command: &mut Command) -> String {
    let output = output(command).await;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?} failed: {}\n{out}\n{err}", command.as_std(), output.status);
    out.into_owned()
}

/// The text of a PDF as people would select it.
pub(crate) async fn text_of(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.pdf");
    std::fs::write(&file, pdf).unwrap();
    run(Command::new("pdftotext").arg("-layout").arg(&file).arg("-")).await
}

/// The sealed PDF of a completed request, as a client of the API gets it.
pub(crate) async fn sealed(world: &World, id: &str) -> Vec<u8> {
    let answer = world.call(Method::GET, &format!("/requests/{id}/download"), None).await;
    let url = answer.json["downloadUrl"].as_str().unwrap_or_else(|| panic!("no download: {:#}", answer.json));
    let response = world.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.unwrap().to_vec()
}

//! A server that speaks S3's language (moto, from PyPI), with one bucket, started on a free port.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_tests::world::http;
use reqwest::Client;

use crate::tools;

/// Longest time that the server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked whether it answers.
const LOOK: Duration = Duration::from_millis(20);

/// The server and its bucket; it ends with this.
pub(super) struct Bucket {
    child: Child,
    server: String,
    client: Client,
}

impl Bucket {
    pub(super) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(tools::folder().join("python/bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("no moto_server ({error}): tests/run gets it"));
        let bucket = Self { child, server: format!("http://127.0.0.1:{port}"), client: http().build().unwrap() };
        let started = Instant::now();
        let make = format!("{}/contracts", bucket.server);
        while !bucket.client.put(&make).send().await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(started.elapsed() < PATIENCE, "the server does not start");
            tokio::time::sleep(LOOK).await;
        }
        bucket
    }

    /// What a process is told of it.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("COUNTERSIGN_DOCUMENTS_URL", "s3://contracts/acme/one".to_owned()),
            ("AWS_ENDPOINT_URL", self.server.clone()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "eu-south-2".to_owned()),
            ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
        ]
    }

    /// The names of its objects.
    pub(super) async fn objects(&self) -> Vec<String> {
        let list = self.client.get(format!("{}/contracts?list-type=2", self.server)).send().await.unwrap();
        let text = list.text().await.unwrap();
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    /// An object's bytes.
    pub(super) async fn object(&self, name: &str) -> Vec<u8> {
        let object = self.client.get(format!("{}/contracts/{name}", self.server)).send().await.unwrap();
        object.bytes().await.unwrap().to_vec()
    }

    /// Kills the server, and with it all it holds.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // It may have been killed already, which is what is wanted here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

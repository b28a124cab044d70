//! The real program as a child process on a folder and a port of its own, started, killed and
//! stopped by the id it was started with.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use countersign_tests::world::binary;
use tempfile::TempDir;

/// Longest time a start or an orderly stop may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the program is asked whether it answers.
const LOOK: Duration = Duration::from_millis(5);

/// An installation with the program serving it, most of the time.
pub(crate) struct Program {
    folder: TempDir,
    port: u16,
    key: String,
    nats: Option<String>,
    child: Child,
    client: reqwest::Client,
}

impl Program {
    /// Makes an installation with a key of every permission, and starts the program on it.
    pub(crate) async fn start() -> Self {
        Self::start_over(None).await
    }

    /// The same, with its bus carried by a server at an address.
    pub(crate) async fn start_over(nats: Option<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut keys = Command::new(binary());
        keys.args(["keys", "create", "--organization", "acme", "--name", "simulation", "--data"]).arg(folder.path());
        keys.args(["--permissions", "ESIGNATURE_CREATE,ESIGNATURE_READ,ESIGNATURE_DELETE"]);
        let made = keys.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let port = free_port();
        let child = serve(folder.path(), port, nats.as_deref());
        let program = Self { folder, port, key, nats, child, client: reqwest::Client::new() };
        program.until_live().await;
        program
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An API key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Where everything lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until it answers; how long that took.
    pub(crate) async fn until_live(&self) -> Duration {
        let started = Instant::now();
        let address = format!("{}/health/live", self.url());
        while self.client.get(&address).send().await.is_err() {
            assert!(started.elapsed() < PATIENCE, "the program does not start: {}", self.log());
            tokio::time::sleep(LOOK).await;
        }
        started.elapsed()
    }

    /// Kills it with SIGKILL and starts it again at once.
    pub(crate) fn kill_and_start(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "it had ended by itself: {status}: {}", self.log());
        self.child = serve(self.folder.path(), self.port, self.nats.as_deref());
    }

    /// Asks it to stop with SIGTERM and waits until it has.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the program does not stop: {}", self.log());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Starts it again after a stop.
    pub(crate) async fn restart(&mut self) {
        self.child = serve(self.folder.path(), self.port, self.nats.as_deref());
        self.until_live().await;
    }

    /// What `countersign replay` says, and whether it is content.
    pub(crate) fn replay(&self) -> (bool, String) {
        let output = Command::new(binary()).arg("replay").arg("--data").arg(self.folder()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    /// Everything it wrote to its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(log_of(self.folder())).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path, port: u16, nats: Option<&str>) -> Child {
    let log: File = OpenOptions::new().create(true).append(true).open(log_of(folder)).unwrap();
    let mut command = Command::new(binary());
    command.arg("serve").arg("--data").arg(folder).args(["--listen", &format!("127.0.0.1:{port}")]);
    if let Some(nats) = nats {
        command.args(["--nats-url", nats]);
    }
    command.env("COUNTERSIGN_LOG", "warn").stderr(log).spawn().unwrap()
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("serve.log")
}

/// A port below those that connections are given: while the program is down, none may take it, nor
/// is it given to another test.
fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    let mut next = std::iter::repeat_with(|| first + GIVEN.fetch_add(1, Ordering::Relaxed));
    next.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

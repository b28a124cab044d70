//! The real program as a child process on a folder and a port of its own, started, killed and
//! stopped by the id it was started with.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_tests::ports::free_port;
use countersign_tests::world::{binary, http};
use tempfile::TempDir;

use crate::tools;

/// Longest time a start or an orderly stop may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the program is asked whether it answers.
const LOOK: Duration = Duration::from_millis(5);

/// The servers that an installation uses; none of them is the embedded default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Servers {
    /// URL of a PostgreSQL database.
    pub(crate) database: Option<String>,
    /// URL of a nats-server.
    pub(crate) nats: Option<String>,
    /// Other variables.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Servers {
    /// The program with its settings for them.
    fn program(&self) -> Command {
        let mut command = Command::new(binary());
        if let Some(database) = &self.database {
            command.env("COUNTERSIGN_DATABASE_URL", database);
        }
        if let Some(nats) = &self.nats {
            command.env("COUNTERSIGN_NATS_URL", nats);
        }
        // Only tests of the rate itself switch it on.
        command.env("COUNTERSIGN_RATE_LIMIT", "off");
        command.envs(self.variables.iter().cloned());
        command
    }

    /// What the program says when it will not serve in a folder.
    pub(crate) async fn refusal(&self, folder: &Path) -> String {
        let mut command = self.program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
        let output = tools::output(&mut command.into()).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// An installation with the program serving it, most of the time.
pub(crate) struct Program {
    folder: Arc<TempDir>,
    port: u16,
    key: String,
    servers: Servers,
    child: Child,
    client: reqwest::Client,
}

impl Program {
    /// Makes an installation with a key of every permission, and starts the program on it.
    pub(crate) async fn start() -> Self {
        Self::start_over(Servers::default()).await
    }

    /// The same, over servers.
    pub(crate) async fn start_over(servers: Servers) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let mut keys = servers.program();
        keys.args(["keys", "create", "--organization", "acme", "--name", "simulation", "--data"]).arg(folder.path());
        keys.args(["--permissions", "ESIGNATURE_CREATE,ESIGNATURE_READ,ESIGNATURE_DELETE,ESIGNATURE_ADMIN"]);
        let made = keys.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        Self::serving(folder, key, servers).await
    }

    /// One more process on the same installation.
    pub(crate) async fn beside(&self) -> Self {
        Self::serving(Arc::clone(&self.folder), self.key.clone(), self.servers.clone()).await
    }

    /// One more process, on a machine of its own: with another folder, and what `servers` says.
    pub(crate) async fn elsewhere(&self, servers: Servers) -> Self {
        Self::serving(Arc::new(TempDir::new().unwrap()), self.key.clone(), servers).await
    }

    async fn serving(folder: Arc<TempDir>, key: String, servers: Servers) -> Self {
        let port = free_port();
        let child = serve(folder.path(), port, &servers);
        let program = Self { folder, port, key, servers, child, client: http().build().unwrap() };
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

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "it had ended by itself: {status}: {}", self.log());
    }

    /// Kills it with SIGKILL and starts it again at once.
    pub(crate) fn kill_and_start(&mut self) {
        self.kill();
        self.begin();
    }

    /// Starts it where it has ended, and does not wait until it answers.
    pub(crate) fn begin(&mut self) {
        self.child = serve(self.folder.path(), self.port, &self.servers);
    }

    /// Has a variable be something else from its next start on.
    pub(crate) fn set(&mut self, variable: &'static str, value: &str) {
        self.servers.variables.retain(|(name, _)| *name != variable);
        self.servers.variables.push((variable, value.to_owned()));
    }

    /// Starts it again if it ended by itself, as a supervisor does; whether it had.
    pub(crate) fn revive(&mut self) -> bool {
        let ended = self.child.try_wait().unwrap().is_some();
        if ended {
            self.begin();
        }
        ended
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
        self.begin();
        self.until_live().await;
    }

    /// What `countersign replay` says, and whether it is content.
    pub(crate) fn replay(&self) -> (bool, String) {
        let output = self.servers.program().arg("replay").arg("--data").arg(self.folder()).output().unwrap();
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

fn serve(folder: &Path, port: u16, servers: &Servers) -> Child {
    let log: File = OpenOptions::new().create(true).append(true).open(log_of(folder)).unwrap();
    let mut command = servers.program();
    command.arg("serve").arg("--data").arg(folder).args(["--listen", &format!("127.0.0.1:{port}")]);
    command.env("COUNTERSIGN_LOG", "warn").stderr(log).spawn().unwrap()
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("serve.log")
}

//! A PostgreSQL server of one's own: durable as in earnest, killed and started again, gone with the test.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::ports::free_port;

/// Where Debian has the programs, one folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Longest time that a start may take, with the recovery after a crash.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A server, running most of the time. Nothing that makes it less durable is set.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl PostgresServer {
    /// A server that answers.
    pub async fn start() -> Self {
        let mut server = Self { folder: TempDir::new().unwrap(), port: free_port(), child: None };
        server.make();
        server.run().await;
        let mut admin = PgConnection::connect(&server.url_of("postgres")).await.unwrap();
        // An ordinary user, as in earnest: one whom row-level security binds.
        sqlx::query("CREATE ROLE countersign LOGIN CREATEDB").execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        server
    }

    /// The URL of a user who may create databases.
    pub fn url(&self) -> String {
        self.url_of("countersign")
    }

    /// Starts it on what its folder holds, and waits until it answers.
    pub async fn run(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-c", &format!("port={}", self.port)]);
        command.args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=200",
        ]);
        self.child = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let started = Instant::now();
        while PgConnection::connect(&self.url_of("postgres")).await.is_err() {
            assert!(started.elapsed() < PATIENCE, "PostgreSQL does not start: {}", self.said());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Kills it and the processes it made with SIGKILL, and waits until they are gone.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), None, "it had ended by itself: {status}: {}", self.said());
        self.kill_rest();
    }

    /// Kills what works in its folder: each of its processes does, and nothing else.
    fn kill_rest(&self) {
        let started = Instant::now();
        loop {
            let rest = processes_in(&self.data());
            if rest.is_empty() {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "processes of PostgreSQL do not end: {rest:?}");
            // One that ended since is as good as killed.
            let _ = Command::new("kill").args(["-s", "KILL"]).args(rest).stderr(Stdio::null()).status();
            thread::sleep(LOOK);
        }
    }

    fn make(&self) {
        if self.is_roots() {
            let opened = Command::new("chmod").arg("711").arg(self.folder.path()).status().unwrap();
            fs::create_dir(self.data()).unwrap();
            let given = Command::new("chown").arg("postgres").arg(self.data()).status().unwrap();
            assert!(opened.success() && given.success());
        }
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(self.data()).args(["--username=postgres", "--auth=trust"]);
        let made = command.args(["--no-locale", "--encoding=UTF8"]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    /// One of its programs. PostgreSQL refuses to run as root: Debian's package comes with a user for it.
    fn command(&self, name: &str) -> Command {
        let program = programs().join(name);
        if !self.is_roots() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    }

    fn is_roots(&self) -> bool {
        self.folder.path().metadata().unwrap().uid() == 0
    }

    fn url_of(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended already, which is what is wanted here.
            let _ = child.kill();
            let _ = child.wait();
            self.kill_rest();
        }
    }
}

/// The programs of the newest version that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir(VERSIONS).unwrap_or_else(|error| panic!("no PostgreSQL ({error}): tests/run gets it"));
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest =
        versions.map(|entry| entry.unwrap().path()).filter(|path| path.join("bin/initdb").exists()).max_by_key(number);
    newest.unwrap_or_else(|| panic!("no PostgreSQL under {VERSIONS}: tests/run gets it")).join("bin")
}

/// Processes whose working folder is this one.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap());
    let within = entries.filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder));
    within.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name.parse::<u32>().is_ok()).collect()
}

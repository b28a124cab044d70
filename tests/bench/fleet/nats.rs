//! A nats-server of one's own, on a free port over a temporary folder, for as long as it is held.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use async_nats::jetstream::{self, Context};
use tempfile::TempDir;

/// The server.
pub(crate) struct Nats {
    pub(crate) url: String,
    child: Child,
    _folder: TempDir,
}

impl Nats {
    /// Starts one; with it, a client of its JetStream.
    pub(crate) async fn start() -> (Self, Context) {
        let tools: PathBuf = std::env::var_os("COUNTERSIGN_TEST_TOOLS").expect("start it with tests/run").into();
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(tools.join("python/bin/nats-server"));
        command.args(["--jetstream", "--addr", "127.0.0.1", "--port", &port.to_string(), "--store_dir"]);
        let child = command.arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let url = format!("nats://127.0.0.1:{port}");
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let context = jetstream::new(options.connect(&url).await.unwrap());
        while context.query_account().await.is_err() {}
        (Self { url, child, _folder: folder }, context)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

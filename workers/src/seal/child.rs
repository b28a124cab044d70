//! Inspection in a process of its own, so that no file can take the service down with it.
//!
//! The child limits itself, reads a PDF from standard input and prints a verdict. The parent
//! gives it a wall clock and believes nothing but a well-formed verdict.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rlimit::Resource;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::inspect::{Inspection, MAX_FILE_BYTES, Unsignable, inspect};

/// Address space the child may use, in bytes.
const MAX_MEMORY_BYTES: u64 = 1024 * 1024 * 1024;
/// How much of it the allocator reserves at a time: by itself it would ask for all at once.
const RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "64MiB");
/// Processor time the child may use, in seconds.
const MAX_CPU_SECONDS: u64 = 10;
/// Time the parent waits for the child, however busy the machine is.
const MAX_WALL_TIME: Duration = Duration::from_secs(15);
/// A verdict on 2,000 pages is about 130 kB.
const MAX_VERDICT_BYTES: u64 = 1024 * 1024;

/// The child's whole life: limit itself, read standard input to its end, print the verdict as JSON.
///
/// Call it first thing in `main`, before any runtime or thread is started.
pub fn inspect_main() -> ExitCode {
    if limit_self().is_err() {
        return ExitCode::FAILURE;
    }
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock().take(MAX_FILE_BYTES as u64 + 1);
    if input.read_to_end(&mut bytes).is_err() {
        return ExitCode::FAILURE;
    }
    let verdict = if bytes.len() > MAX_FILE_BYTES { Err(Unsignable::TooCostly) } else { inspect(&bytes) };
    let Ok(text) = serde_json::to_vec(&verdict) else {
        return ExitCode::FAILURE;
    };
    match std::io::stdout().lock().write_all(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Inspects a document in a child process that runs [`inspect_main`].
///
/// A child that crashes, is killed, or says nothing sensible in time means the file is
/// [`Unsignable::TooCostly`].
pub async fn inspect_in_child(program: &Path, args: &[&str], bytes: Arc<[u8]>) -> Result<Inspection, Unsignable> {
    run(program, args, bytes, MAX_WALL_TIME).await
}

async fn run(program: &Path, args: &[&str], bytes: Arc<[u8]>, wall_time: Duration) -> Result<Inspection, Unsignable> {
    let child = Command::new(program)
        .args(args)
        .env_clear()
        .env(RESERVE.0, RESERVE.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|_| Unsignable::TooCostly)?;
    match tokio::time::timeout(wall_time, converse(child, &bytes)).await {
        Ok(Some(verdict)) => verdict,
        Ok(None) | Err(_) => Err(Unsignable::TooCostly),
    }
}

async fn converse(mut child: Child, bytes: &[u8]) -> Option<Result<Inspection, Unsignable>> {
    let mut input = child.stdin.take()?;
    let mut output = child.stdout.take()?.take(MAX_VERDICT_BYTES);
    let send = async move {
        // A child that stops listening has its own reasons; its verdict or its silence decides.
        let _ = input.write_all(bytes).await;
        let _ = input.shutdown().await;
    };
    let mut text = Vec::new();
    let (_, read) = tokio::join!(send, output.read_to_end(&mut text));
    read.ok()?;
    let status = child.wait().await.ok()?;
    if !status.success() {
        return None;
    }
    serde_json::from_slice(&text).ok()
}

fn limit_self() -> std::io::Result<()> {
    let limits = [(Resource::AS, MAX_MEMORY_BYTES), (Resource::CPU, MAX_CPU_SECONDS), (Resource::CORE, 0)];
    for (resource, limit) in limits {
        // Never above what the parent's own limit allows.
        let (_, hard) = resource.get()?;
        let limit = limit.min(hard);
        resource.set(limit, limit)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(script: &str) -> Result<Inspection, Unsignable> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bytes: Arc<[u8]> = vec![b'x'; 1024 * 1024].into();
        runtime.block_on(run(Path::new("/bin/sh"), &["-c", script], bytes, Duration::from_millis(1500)))
    }

    #[test]
    fn a_verdict_comes_through() {
        assert_eq!(say(r#"printf '{"Ok":{"pages":[]}}'"#), Ok(Inspection { pages: vec![] }));
        assert_eq!(say(r#"cat >/dev/null; printf '{"Err":"xfa"}'"#), Err(Unsignable::Xfa));
    }

    #[test]
    fn a_child_that_dies_dawdles_or_babbles_is_too_costly() {
        for script in ["exit 1", "kill -9 $$", "exec sleep 60", "echo nonsense", "", "cat /dev/zero"] {
            assert_eq!(say(script), Err(Unsignable::TooCostly), "{script}");
        }
    }

    #[test]
    fn the_child_sees_no_environment() {
        assert_eq!(say(r#"test -z "$HOME" && printf '{"Ok":{"pages":[]}}'"#), Ok(Inspection { pages: vec![] }));
    }
}

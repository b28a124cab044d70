//! Letters as files: one `.eml` per key, whole or not there at all.
//!
//! A letter is written to a temporary name, synced, renamed, and the folder is synced: after
//! `Ok` it survives a power cut, and a repeat of the same effect replaces its own file. Batches
//! pay for the folder once and let the disk sync several files at a time.

use std::{
    fs::{self, File},
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::{
    Letter, MailError, MailSettingError, SETTING_FOLDER, log_sent,
    message::{Sender, key_name},
};

/// Threads that write one batch: a journalling file system commits their syncs together.
const BATCH_THREADS: usize = 8;
/// Letters for which another thread is worth its start.
const LETTERS_PER_THREAD: usize = 16;

/// Tells two attempts at one key in this process apart, so that neither writes the other's file.
static ATTEMPT: AtomicU64 = AtomicU64::new(0);
/// Tells two processes apart by chance: their numbers may be equal in two containers.
static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());

/// A folder of letters.
#[derive(Debug, Clone)]
pub struct Folder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    sender: Sender,
}

impl Folder {
    /// Opens the folder, makes it if need be, and proves that it can be written to.
    pub(super) fn open(path: PathBuf, sender: Sender) -> Result<Self, MailSettingError> {
        let wrong = |error: io::Error| {
            let reason = format!("cannot keep letters in {}: {error}", path.display());
            MailSettingError::new(SETTING_FOLDER, reason)
        };
        if path.as_os_str().is_empty() {
            return Err(MailSettingError::new(SETTING_FOLDER, "is empty"));
        }
        fs::create_dir_all(&path).map_err(wrong)?;
        let probe = path.join(temporary_name("probe"));
        File::create_new(&probe).map_err(wrong)?;
        fs::remove_file(&probe).map_err(wrong)?;
        sync_folder(&path).map_err(wrong)?;
        Ok(Self(Arc::new(Inner { path, sender })))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let mut results = self.send_all(std::slice::from_ref(letter)).await;
        results.pop().unwrap_or_else(|| Err(stopped()))
    }

    pub(super) async fn send_all(&self, letters: &[Letter]) -> Vec<Result<(), MailError>> {
        if letters.is_empty() {
            return Vec::new();
        }
        let folder = self.clone();
        let batch = letters.to_vec();
        let written = tokio::task::spawn_blocking(move || folder.write_all(&batch)).await;
        written.unwrap_or_else(|_| vec![Err(stopped()); letters.len()])
    }

    /// Writes a batch, then makes all its names durable at once.
    fn write_all(&self, letters: &[Letter]) -> Vec<Result<(), MailError>> {
        let threads = letters.len().div_ceil(LETTERS_PER_THREAD).min(BATCH_THREADS);
        let mut results = if threads <= 1 {
            letters.iter().map(|letter| self.write(letter)).collect()
        } else {
            self.write_side_by_side(letters, threads)
        };
        if results.iter().any(Result::is_ok)
            && let Err(error) = sync_folder(&self.0.path)
        {
            let error = disk(&error);
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(error.clone());
            }
        }
        for (letter, _) in letters.iter().zip(&results).filter(|(_, sent)| sent.is_ok()) {
            log_sent("folder", letter);
        }
        results
    }

    fn write_side_by_side(&self, letters: &[Letter], threads: usize) -> Vec<Result<(), MailError>> {
        let share = letters.len().div_ceil(threads);
        thread::scope(|scope| {
            let writers: Vec<_> = letters
                .chunks(share)
                .map(|part| {
                    let write = || part.iter().map(|letter| self.write(letter)).collect();
                    (part.len(), scope.spawn(write))
                })
                .collect();
            let mut results = Vec::with_capacity(letters.len());
            for (count, writer) in writers {
                let part: Vec<_> = writer.join().unwrap_or_else(|_| vec![Err(stopped()); count]);
                results.extend(part);
            }
            results
        })
    }

    /// Writes one letter; its name is durable once the folder is synced.
    fn write(&self, letter: &Letter) -> Result<(), MailError> {
        let name = key_name(&letter.key)?;
        let message = self.0.sender.message(letter)?.formatted();
        let temporary = self.0.path.join(temporary_name(&name));
        let written = write_synced(&temporary, &message)
            .and_then(|()| fs::rename(&temporary, self.0.path.join(format!("{name}.eml"))));
        written.map_err(|error| {
            // What is left of a failed attempt is hidden and harmless: losing this error is fine.
            let _ = fs::remove_file(&temporary);
            disk(&error)
        })
    }
}

/// Hidden, and never twice the same, not even in two processes that share the folder.
fn temporary_name(name: &str) -> String {
    let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
    format!(".{name}.{:016x}-{attempt}.tmp", *PROCESS)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A full disk or a lost mount heals: the letter is tried again.
fn disk(error: &io::Error) -> MailError {
    MailError::Transient(format!("the mail folder cannot be written: {error}"))
}

fn stopped() -> MailError {
    MailError::Transient("the writer of the mail folder stopped".into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{
        super::{LetterKind, Mailer, letter::tests::letter},
        *,
    };
    use crate::language::Language;

    /// A folder of its own for each test, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("mail-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn mailer(&self) -> Mailer {
            Mailer::folder(&self.0, "Countersign <no-reply@example.com>").unwrap()
        }

        fn files(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn keyed(key: &str) -> Letter {
        Letter { key: key.into(), ..letter(LetterKind::Invitation, Language::English) }
    }

    #[tokio::test]
    async fn a_letter_sent_twice_is_one_file() {
        let scratch = Scratch::new("twice");
        let mailer = scratch.mailer();
        mailer.send(&keyed("one")).await.unwrap();
        mailer.send(&keyed("one")).await.unwrap();
        mailer.clone().send(&keyed("two/../x")).await.unwrap();
        assert_eq!(scratch.files(), ["one.eml", "two%2F.%2E%2Fx.eml"]);
        let text = fs::read_to_string(scratch.0.join("one.eml")).unwrap();
        assert!(text.contains("X-Countersign-Key: one\r\n"), "{text}");
        assert!(text.contains("Message-ID: <one@example.com>\r\n"), "{text}");
    }

    #[tokio::test]
    async fn a_batch_answers_for_each_letter_in_order() {
        let scratch = Scratch::new("batch");
        let mut batch: Vec<_> = (0..100).map(|n| keyed(&format!("{n:03}"))).collect();
        batch[42].to_email = "nobody".into();
        batch[99].key = "000".into();
        let results = scratch.mailer().send_all(&batch).await;
        assert_eq!(results.len(), 100);
        for (n, result) in results.iter().enumerate() {
            assert_eq!(result.is_err(), n == 42, "{n}: {result:?}");
        }
        let files = scratch.files();
        assert_eq!(files.len(), 98, "{files:?}");
        assert!(files.iter().all(|name| name.ends_with(".eml")), "{files:?}");
        assert!(!files.contains(&"042.eml".to_owned()));
        assert!(scratch.mailer().send_all(&[]).await.is_empty());
    }

    #[tokio::test]
    async fn a_folder_that_went_away_is_a_transient_failure() {
        let scratch = Scratch::new("gone");
        let mailer = scratch.mailer();
        fs::remove_dir_all(&scratch.0).unwrap();
        let error = mailer.send(&keyed("one")).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert!(!error.to_string().contains("ana@"), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_is_refused_at_start() {
        let scratch = Scratch::new("refused");
        fs::write(&scratch.0, "a file").unwrap();
        for path in [scratch.0.join("under"), PathBuf::new()] {
            let error = Mailer::folder(path, "a@example.com").unwrap_err();
            assert_eq!(error.setting, SETTING_FOLDER);
        }
        fs::remove_file(&scratch.0).unwrap();
        let error = Mailer::folder(&scratch.0, "nobody").unwrap_err();
        assert_eq!(error.setting, super::super::SETTING_FROM);
    }
}

//! The lock that makes one process the owner of an embedded database.
//!
//! It lies in a file beside the database and goes with the process, however
//! that ends: the file that stays behind locks nothing. Its text tells the
//! next one who is there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;

/// Held for as long as it lives.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// Why a database file is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(
        "{} is in use by {holder}; stop that one first, or name another file in store.url \
         (several daemons at once share a PostgreSQL database)",
        database.display()
    )]
    Held { database: PathBuf, holder: String },

    #[error("could not lock {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl FileLock {
    /// Locks the database file that `url` names; `None` where it names none,
    /// and daemons share by leases.
    ///
    /// # Errors
    /// When another process holds it, or the file beside it cannot be written.
    pub fn take(url: &str, now: Timestamp) -> Result<Option<FileLock>, LockError> {
        let Some(database) = database_file(url) else { return Ok(None) };
        let mut path = database.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        match lock(&path, now) {
            Ok(file) => Ok(Some(FileLock { _file: file })),
            Err(TryLockError::WouldBlock) => {
                Err(LockError::Held { database, holder: holder(&path) })
            }
            Err(TryLockError::Error(source)) => Err(LockError::Io { path, source }),
        }
    }
}

fn database_file(url: &str) -> Option<PathBuf> {
    let options =
        url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok())??;
    // Memory has a name as well, and nothing in it to share.
    let is_memory = url.contains(":memory:") || url.contains("mode=memory");
    (!is_memory).then(|| options.get_filename().to_owned())
}

fn lock(path: &Path, now: Timestamp) -> Result<File, TryLockError> {
    // Not truncated when opened: the text may be that of the one who holds it.
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(TryLockError::Error)?;
    file.try_lock()?;
    let text = format!("process {}, started {now:.0}\n", std::process::id());
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    };
    write(&mut file).map_err(TryLockError::Error)?;
    Ok(file)
}

fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    match text.trim() {
        // It has the lock and has not yet written who it is.
        "" => "another process".to_owned(),
        _ if read.is_err() => "another process".to_owned(),
        text => text.to_owned(),
    }
}

//! Secrets that lie in files, and may be replaced while we run.
//!
//! What an adapter makes of them (a header, a login, keys) is made again once
//! a file is another one than before. Where that fails the last one stays in
//! force: the provider says when it is no longer good.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::{info, warn};

use super::SendOutcome;

/// While all is well the files are looked at this often at most.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Something made of secrets, as good as the files are.
pub struct Secret<T> {
    files: Vec<PathBuf>,
    make: Box<dyn Fn() -> anyhow::Result<T> + Send + Sync>,
    look_every: Duration,
    read: Mutex<Read<T>>,
}

struct Read<T> {
    /// `None` where the next look is due.
    looked_at: Option<Instant>,
    stamps: Vec<Option<Stamp>>,
    made: Arc<T>,
}

/// Tells one content of a file from another: which file it is, its bytes, and
/// when it changed, which nobody can set back.
type Stamp = (u64, u64, u64, i64, i64);

impl<T> Secret<T> {
    /// `make` reads the files, and its errors name what is wrong without what
    /// they hold.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn open(
        files: Vec<PathBuf>,
        make: impl Fn() -> anyhow::Result<T> + Send + Sync + 'static,
    ) -> anyhow::Result<Secret<T>> {
        // Looked at before it is read: what changes in between is read again.
        let stamps = files.iter().map(|file| stamp(file)).collect();
        let read = Read { looked_at: Some(Instant::now()), stamps, made: Arc::new(make()?) };
        let (make, read) = (Box::new(make), Mutex::new(read));
        Ok(Secret { files, make, look_every: LOOK_EVERY, read })
    }

    /// What is made of the files as they are now, or were a second ago.
    pub fn current(&self) -> Arc<T> {
        let mut read = self.read();
        match self.look(&mut read) {
            None => {}
            Some(Ok(())) => info!(files = ?self.files, "a secret was replaced"),
            Some(Err(error)) => warn!("the last secret is kept: {error:#}"),
        }
        read.made.clone()
    }

    /// What there is to tell: nothing, or whether files that are others now
    /// could be read. Once for each content, not at each look.
    fn look(&self, read: &mut Read<T>) -> Option<anyhow::Result<()>> {
        if read.looked_at.is_some_and(|at| at.elapsed() < self.look_every) {
            return None;
        }
        read.looked_at = Some(Instant::now());
        let stamps: Vec<_> = self.files.iter().map(|file| stamp(file)).collect();
        if stamps == read.stamps {
            return None;
        }
        read.stamps = stamps;
        Some((self.make)().map(|made| read.made = Arc::new(made)))
    }

    /// What an attempt came to: unless it was accepted, the files are looked at
    /// before the next one.
    pub fn heeded(&self, outcome: SendOutcome) -> SendOutcome {
        let is_well =
            matches!(outcome, SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. });
        if !is_well {
            self.read().looked_at = None;
        }
        outcome
    }

    /// Waits until what is made is something else than `before`: whoever was
    /// refused with it may then try again at once.
    pub async fn replaced(&self, before: &Arc<T>) {
        while Arc::ptr_eq(before, &self.current()) {
            sleep(LOOK_EVERY).await;
        }
    }

    fn read(&self) -> MutexGuard<'_, Read<T>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the files each time.
    #[cfg(test)]
    pub fn attentive(mut self) -> Secret<T> {
        self.look_every = Duration::ZERO;
        self
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let it = std::fs::metadata(path).ok()?;
    Some((it.dev(), it.ino(), it.len(), it.ctime(), it.ctime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::api;

    /// A file with this text, and the secret that it is.
    fn secret(text: &str) -> (tempfile::TempDir, PathBuf, Secret<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, text).unwrap();
        let file = path.clone();
        let secret =
            Secret::open(vec![path.clone()], move || api::secret("password_file", &file)).unwrap();
        (dir, path, secret)
    }

    /// As whoever renews a secret should: whole, or not at all.
    fn replace(path: &Path, text: &str) {
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    #[test]
    fn a_file_that_was_replaced_is_read_again_however_it_was() {
        let (_dir, path, secret) = secret("one\n");
        let secret = secret.attentive();
        assert_eq!(*secret.current(), "one");
        replace(&path, "two\n");
        assert_eq!(*secret.current(), "two");
        // In its place, with as many bytes and the time that it had before.
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        // The clock of files is a coarse one.
        std::thread::sleep(Duration::from_millis(20));
        std::fs::write(&path, "six\n").unwrap();
        std::fs::File::open(&path).unwrap().set_modified(before).unwrap();
        assert_eq!(*secret.current(), "six");
        // As by a name that leads elsewhere now.
        let elsewhere = path.with_extension("elsewhere");
        std::fs::write(&elsewhere, "seven\n").unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(*secret.current(), "seven");
    }

    #[test]
    fn one_that_cannot_be_read_keeps_the_last_until_it_can() {
        let (_dir, path, secret) = secret("one\n");
        let secret = secret.attentive();
        for broken in ["", "two\nlines\n"] {
            replace(&path, broken);
            assert_eq!(*secret.current(), "one");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(*secret.current(), "one");
        replace(&path, "two\n");
        assert_eq!(*secret.current(), "two");
    }

    #[test]
    fn the_file_is_not_looked_at_for_each_message() {
        let (_dir, path, secret) = secret("one\n");
        replace(&path, "two\n");
        let first = secret.current();
        assert!((0..1_000).all(|_| Arc::ptr_eq(&first, &secret.current())));
        // Nobody complained of it, and a second went by; or somebody did.
        *secret.read().looked_at.as_mut().unwrap() -= LOOK_EVERY;
        assert_eq!(*secret.current(), "two");
        replace(&path, "six\n");
        secret.heeded(SendOutcome::Accepted { provider_ref: None });
        assert_eq!(*secret.current(), "two");
        secret.heeded(SendOutcome::Ambiguous { note: String::new() });
        assert_eq!(*secret.current(), "six");
    }

    #[test]
    fn what_is_wrong_is_told_once_by_its_path_and_never_by_its_content() {
        let (_dir, path, secret) = secret("one\n");
        let secret = secret.attentive();
        let looks = || (0..100).filter_map(|_| secret.look(&mut secret.read()));
        replace(&path, "s3cret\nand more\n");
        let told: Vec<String> = looks().map(|it| format!("{:#}", it.unwrap_err())).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&path.display().to_string()), "{told:?}");
        assert!(!told[0].contains("s3cret") && !told[0].contains("and more"), "{told:?}");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(looks().filter(Result::is_err).count(), 1);
        replace(&path, "two\n");
        assert_eq!(looks().filter(Result::is_ok).count(), 1);
    }
}

//! A Maildir, in which mails lie in `new/` until somebody has looked at them.
//!
//! A mail stays there until what it says is durable, and goes to `cur/` then.
//! What says nothing to us goes there too, not marked as seen, so that people
//! who open the mailbox find it; nothing is deleted. Another program may take
//! mails away at any moment.
//!
//! <https://cr.yp.to/proto/maildir.html>.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use jiff::Timestamp;

/// Of a mail; what a report says comes first, and the returned letter last.
const BYTES_MAX: u64 = 256 * 1024;
/// Names that are remembered of one look; the others are found by the next.
const NAMES_MAX: usize = 10_000;
/// A mail that cannot be read is tried so often, and then left to people.
const TRIES_MAX: u32 = 3;

/// One mailbox, for one reader.
pub(super) struct Maildir {
    path: PathBuf,
    /// Of the last look, oldest first.
    found: VecDeque<Name>,
    /// How often the first of them could not be read.
    tries: u32,
    /// Looked at, and could not be moved.
    stuck: Vec<Done>,
}

/// By the second of its delivery.
type Name = (i64, OsString);

/// A mail that was read.
pub(super) struct Mail {
    pub name: OsString,
    /// When it was delivered, where its name tells.
    pub at: Option<Timestamp>,
    /// Its beginning; `None` where it cannot be read.
    pub bytes: Option<Vec<u8>>,
}

/// A mail that is not to be looked at again.
pub(super) struct Done {
    pub name: OsString,
    /// Whether people need not look at it.
    pub is_seen: bool,
}

impl Maildir {
    pub fn new(path: PathBuf) -> Maildir {
        Maildir { path, found: VecDeque::new(), tries: 0, stuck: Vec::new() }
    }

    /// Moves mails to `cur/`. One that cannot be moved is not read again, and
    /// is tried again with the next; the error of the first.
    pub fn put_away(&mut self, done: Vec<Done>) -> io::Result<()> {
        let mut result = Ok(());
        for one in std::mem::take(&mut self.stuck).into_iter().chain(done) {
            let from = self.path.join("new").join(&one.name);
            match fs::rename(&from, self.path.join("cur").join(seen(&one))) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound && !from.exists() => {}
                Err(error) => {
                    self.stuck.push(one);
                    result = result.and(Err(error));
                }
            }
        }
        result
    }

    /// The next mails, oldest first; none where there are none. The folder is
    /// read anew when all that was found in it has been given.
    ///
    /// # Errors
    /// Where the folder, or the next mail, cannot be read just now.
    pub fn next(&mut self, limit: usize) -> io::Result<Vec<Mail>> {
        if self.stuck.len() >= limit {
            return Ok(Vec::new());
        }
        if self.found.is_empty() {
            self.found = self.look()?;
        }
        let mut mails = Vec::new();
        while mails.len() < limit {
            let Some((second, name)) = self.found.pop_front() else { break };
            let at = Timestamp::from_second(second).ok().filter(|_| second > 0);
            let bytes = match self.read(&name) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                // What may pass (no more open files) is no reason to give a
                // mail up, and what stays is none to try for ever.
                Err(error) if self.tries + 1 < TRIES_MAX => {
                    self.found.push_front((second, name));
                    if mails.is_empty() {
                        self.tries += 1;
                        return Err(error);
                    }
                    break;
                }
                Err(_) => None,
            };
            self.tries = 0;
            mails.push(Mail { name, at, bytes });
        }
        Ok(mails)
    }

    fn look(&self) -> io::Result<VecDeque<Name>> {
        let stuck: BTreeSet<&OsStr> = self.stuck.iter().map(|one| one.name.as_os_str()).collect();
        let mut oldest = BTreeSet::new();
        for entry in fs::read_dir(self.path.join("new"))? {
            let name = entry?.file_name();
            if name.as_bytes().starts_with(b".") || stuck.contains(name.as_os_str()) {
                continue;
            }
            oldest.insert((second(&name), name));
            if oldest.len() > NAMES_MAX {
                oldest.pop_last();
            }
        }
        Ok(oldest.into_iter().collect())
    }

    /// `None` for what is no mail, or not for us to read.
    fn read(&self, name: &OsStr) -> io::Result<Option<Vec<u8>>> {
        let path = self.path.join("new").join(name);
        // Opening a pipe would wait for whoever writes into it.
        if !fs::symlink_metadata(&path)?.is_file() {
            return Ok(None);
        }
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

/// What a name begins with; 0 where that is no second.
fn second(name: &OsStr) -> i64 {
    let digits: String = name.to_string_lossy().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// People who want a mail read again may leave the mark at its name.
fn without_mark(name: &OsStr) -> &OsStr {
    let bytes = name.as_bytes();
    let end = bytes.windows(3).position(|at| at == b":2,").unwrap_or(bytes.len());
    OsStr::from_bytes(&bytes[..end])
}

/// The name in `cur/`, with the mark that tells whether people have seen it.
fn seen(one: &Done) -> OsString {
    let mut name = without_mark(&one.name).to_owned();
    name.push(if one.is_seen { ":2,S" } else { ":2," });
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mailbox on disk.
    struct Mailbox {
        dir: tempfile::TempDir,
    }

    impl Mailbox {
        fn new() -> Mailbox {
            let dir = tempfile::tempdir().unwrap();
            for folder in ["new", "cur", "tmp"] {
                fs::create_dir(dir.path().join(folder)).unwrap();
            }
            Mailbox { dir }
        }

        fn open(&self) -> Maildir {
            Maildir::new(self.dir.path().to_owned())
        }

        fn deliver(&self, name: &str, text: &[u8]) {
            fs::write(self.dir.path().join("new").join(name), text).unwrap();
        }

        fn names(&self, folder: &str) -> Vec<String> {
            let entries = fs::read_dir(self.dir.path().join(folder)).unwrap();
            let mut names: Vec<String> =
                entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    fn names(mails: &[Mail]) -> Vec<&str> {
        mails.iter().map(|mail| mail.name.to_str().unwrap()).collect()
    }

    fn done(name: &str, is_seen: bool) -> Done {
        Done { name: name.into(), is_seen }
    }

    #[test]
    fn mails_come_oldest_first_and_in_pages() {
        let mailbox = Mailbox::new();
        for name in ["100.c", "20.b", "3.a", "odd"] {
            mailbox.deliver(name, b"x");
        }
        let mut maildir = mailbox.open();
        assert_eq!(names(&maildir.next(3).unwrap()), ["odd", "3.a", "20.b"]);
        let last = maildir.next(3).unwrap();
        assert_eq!(names(&last), ["100.c"]);
        assert_eq!(last[0].at, Timestamp::from_second(100).ok());
    }

    #[test]
    fn a_mail_comes_again_until_it_is_put_away_and_is_never_deleted() {
        let mailbox = Mailbox::new();
        mailbox.deliver("1.a", b"x");
        mailbox.deliver("2.b", b"y");
        let mut maildir = mailbox.open();
        assert_eq!(names(&maildir.next(9).unwrap()), ["1.a", "2.b"]);
        assert_eq!(names(&maildir.next(9).unwrap()), ["1.a", "2.b"]);
        maildir.put_away(vec![done("1.a", true), done("2.b", false)]).unwrap();
        assert_eq!(names(&maildir.next(9).unwrap()), [""; 0]);
        assert_eq!(mailbox.names("cur"), ["1.a:2,S", "2.b:2,"]);
        assert_eq!(mailbox.names("new"), [""; 0]);
        // Somebody wants it read again.
        let path = mailbox.dir.path();
        fs::rename(path.join("cur/2.b:2,"), path.join("new/2.b:2,")).unwrap();
        assert_eq!(names(&maildir.next(9).unwrap()), ["2.b:2,"]);
        maildir.put_away(vec![done("2.b:2,", true)]).unwrap();
        assert_eq!(mailbox.names("cur"), ["1.a:2,S", "2.b:2,S"]);
    }

    #[test]
    fn somebody_else_may_take_a_mail_away_at_any_moment() {
        let mailbox = Mailbox::new();
        for name in ["1.a", "2.b", "3.c"] {
            mailbox.deliver(name, b"x");
        }
        let mut maildir = mailbox.open();
        maildir.next(1).unwrap();
        fs::remove_file(mailbox.dir.path().join("new/1.a")).unwrap();
        fs::remove_file(mailbox.dir.path().join("new/2.b")).unwrap();
        maildir.put_away(vec![done("1.a", true)]).unwrap();
        assert_eq!(names(&maildir.next(9).unwrap()), ["3.c"]);
    }

    #[test]
    fn of_a_large_mail_the_beginning_is_read_and_what_is_no_mail_is_not() {
        let mailbox = Mailbox::new();
        mailbox.deliver("1.large", &vec![b'x'; 10 << 20]);
        fs::create_dir(mailbox.dir.path().join("new/2.folder")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", mailbox.dir.path().join("new/3.link")).unwrap();
        mailbox.deliver(".hidden", b"x");
        let mails = mailbox.open().next(9).unwrap();
        let lengths: Vec<Option<usize>> =
            mails.iter().map(|mail| mail.bytes.as_ref().map(Vec::len)).collect();
        assert_eq!(lengths, [Some(256 << 10), None, None]);
    }

    #[test]
    fn a_mail_that_cannot_be_moved_is_not_read_again_and_goes_when_it_can() {
        let mailbox = Mailbox::new();
        mailbox.deliver("1.a", b"x");
        let mut maildir = mailbox.open();
        maildir.next(9).unwrap();
        fs::remove_dir(mailbox.dir.path().join("cur")).unwrap();
        maildir.put_away(vec![done("1.a", true)]).unwrap_err();
        mailbox.deliver("2.b", b"y");
        assert_eq!(names(&maildir.next(9).unwrap()), ["2.b"]);
        // As many as are read at once: whoever reads on fills the memory.
        maildir.put_away(vec![done("2.b", true)]).unwrap_err();
        mailbox.deliver("3.c", b"z");
        assert_eq!(names(&maildir.next(2).unwrap()), [""; 0]);
        fs::create_dir(mailbox.dir.path().join("cur")).unwrap();
        maildir.put_away(Vec::new()).unwrap();
        assert_eq!(mailbox.names("cur"), ["1.a:2,S", "2.b:2,S"]);
        assert_eq!(names(&maildir.next(9).unwrap()), ["3.c"]);
    }

    #[test]
    fn a_mailbox_that_is_not_there_yet_is_an_error_for_now() {
        let mailbox = Mailbox::new();
        let mut maildir = Maildir::new(mailbox.dir.path().join("later"));
        maildir.next(9).err().unwrap();
        for folder in ["later", "later/new"] {
            fs::create_dir(mailbox.dir.path().join(folder)).unwrap();
        }
        assert_eq!(maildir.next(9).unwrap().len(), 0);
    }
}

//! A real Postfix of a test's own, and the Maildir that bounces come back to
//! (`tests/it/peers/postfix.sh`).

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use duebell::provider::kinds::{Adapter, Connected, Site};
use duebell::provider::smtp::{Settings, Smtp, Tls};

pub struct Postfix {
    pub port: u16,
    /// Made with the first mail that is delivered into it.
    pub maildir: PathBuf,
    script: Child,
    dir: tempfile::TempDir,
}

impl Postfix {
    /// What is for example.net goes on to the mail server on port `relay`.
    /// `None`, said in one line, where there can be no Postfix here.
    pub fn start(relay: u16) -> Option<Postfix> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers/postfix.sh");
        let mut script = Command::new(path)
            .arg(relay.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("postfix.sh does not run: {error}"));
        let mut line = String::new();
        BufReader::new(script.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        match line.trim().split_once(' ') {
            Some(("unavailable:", why)) => {
                script.wait().unwrap();
                super::skipped(&format!("no Postfix: {why}"));
                None
            }
            Some((port, maildir)) => {
                let dir = tempfile::tempdir().unwrap();
                std::fs::write(dir.path().join("secret"), "a secret of the tests' own").unwrap();
                let (port, maildir) = (port.parse().unwrap(), maildir.into());
                Some(Postfix { port, maildir, script, dir })
            }
            None => {
                let mut said = String::new();
                script.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("postfix.sh: {said}");
            }
        }
    }

    /// Sends through it, and reads what comes back.
    pub fn settings(&self) -> Settings {
        Settings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            tls: Tls::None,
            from: "Müller Netz AG <rechnung@billing.example>".to_owned(),
            bounces: Some("bounce@billing.example".to_owned()),
            bounces_secret_file: Some(self.dir.path().join("secret")),
            bounces_maildir: Some(self.maildir.clone()),
            ..Settings::default()
        }
    }

    pub fn connected(&self) -> Connected {
        <Smtp as Adapter>::connect("smtp", self.settings(), &Site::default()).unwrap()
    }

    /// The names in a folder of the mailbox.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.maildir.join(folder)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // It stops all of it when its input ends.
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

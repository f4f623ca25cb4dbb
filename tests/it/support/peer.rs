//! Peers: small servers in Python or JavaScript that we talk to over real
//! sockets.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{node, python};

/// A running peer with a directory of what it got. Ends with its test: killed
/// on drop, and by its closed standard input should the test be killed.
pub struct Peer {
    child: Child,
    pub port: u16,
    pub dir: tempfile::TempDir,
}

impl Peer {
    /// Starts `tests/it/peers/<script>` and waits until it listens.
    #[track_caller]
    pub fn start(script: &str, arguments: &[&str]) -> Peer {
        let dir = tempfile::tempdir().unwrap();
        let said = dir.path().join("said");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers").join(script);
        let mut command = match script.ends_with(".js") {
            true => node::of(script),
            false => Command::new(python::of(script)),
        };
        let mut child = command
            // What peers have in common is imported, and leaves nothing behind.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(path)
            .arg(dir.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A pipe that nobody reads would fill up, and hold the peer.
            .stderr(File::create(&said).unwrap())
            .spawn()
            .unwrap_or_else(|_| panic!("{script} cannot run: apt-get install python3 nodejs"));
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("port ").and_then(|port| port.parse().ok());
        let Some(port) = port else {
            let _ = child.wait();
            panic!("{script}: {}", std::fs::read_to_string(said).unwrap_or_default().trim());
        };
        Peer { child, port, dir }
    }

    /// What it said of its own troubles.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("said")).unwrap_or_default()
    }

    /// The files it has kept with this ending, in order of arrival.
    pub fn kept(&self, ending: &str) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == ending));
        paths.sort();
        paths
    }

    /// It goes away at once, and leaves what it has kept.
    pub fn leave(mut self) -> Vec<serde_json::Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // What it was writing just then, nobody was answered for.
        let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).ok();
        self.kept("json").iter().filter_map(read).collect()
    }

    /// What it has kept about each thing that came.
    pub fn kept_json(&self) -> Vec<serde_json::Value> {
        let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        self.kept("json").iter().map(read).collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this machine on which nobody listens.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate for 127.0.0.1 that only its own file vouches for.
pub struct Certificate {
    dir: tempfile::TempDir,
}

impl Certificate {
    pub fn generate() -> Certificate {
        let certificate = Certificate { dir: tempfile::tempdir().unwrap() };
        let settings = certificate.dir.path().join("openssl.cnf");
        let text = "[req]\ndistinguished_name=name\nx509_extensions=v3\nprompt=no\n\
                    [name]\nCN=peer\n\
                    [v3]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";
        std::fs::write(&settings, text).unwrap();
        let output = Command::new("openssl")
            // Its signatures are all of one length, and so are all greetings.
            .args(["req", "-x509", "-newkey", "ed25519"])
            .args(["-nodes", "-days", "2", "-config"])
            .arg(&settings)
            .arg("-out")
            .arg(certificate.path())
            .arg("-keyout")
            .arg(certificate.key())
            .output()
            .unwrap_or_else(|_| panic!("openssl is missing: apt-get install openssl"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        certificate
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("certificate.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }
}

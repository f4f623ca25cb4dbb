//! The Python that a peer runs on: Debian's own, or one with packages of PyPI.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's packages live with Debian's Python, whichever comes first in PATH.
const PYTHON: &str = "/usr/bin/python3";

/// The Python of `tests/it/peers/<script>`. Where there is a
/// `requirements-<kind>.txt`, kind being the script's name up to its first `_`
/// or full stop, it has what is listed there.
pub fn of(script: &str) -> PathBuf {
    let kind = script.split(['_', '.']).next().unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = root.join(format!("tests/it/peers/requirements-{kind}.txt"));
    match std::fs::read_to_string(&list) {
        Ok(wanted) => with(&root.join("target/peers"), kind, &list, &wanted),
        Err(_) => PYTHON.into(),
    }
}

/// One environment for all kinds, made by whoever comes first.
fn with(home: &Path, kind: &str, list: &Path, wanted: &str) -> PathBuf {
    let python = home.join("bin/python3");
    let stamp = home.join(format!("{kind}.installed"));
    std::fs::create_dir_all(home).unwrap();
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if std::fs::read_to_string(&stamp).is_ok_and(|had| had == wanted) {
        return python;
    }
    if !python.exists() {
        run(Command::new(PYTHON).args(["-m", "venv"]).arg(home), "python3-venv of Debian");
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(list);
    run(&mut install, &format!("{} from PyPI", list.display()));
    std::fs::write(&stamp, wanted).unwrap();
    python
}

#[track_caller]
fn run(command: &mut Command, what: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("{PYTHON} does not run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what} could not be had: {}", said.trim());
}

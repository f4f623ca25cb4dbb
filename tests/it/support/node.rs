//! Node with packages of npm, for peers in JavaScript.

use std::fs::File;
use std::path::Path;
use std::process::Command;

/// What a peer needs besides node, by the beginning of its name.
const PACKAGES: [(&str, &str); 3] =
    [("smpp", "smpp@0.5.1"), ("page", "puppeteer-core@25.16.0"), ("page", "axe-core@4.14.1")];

/// The node of `tests/it/peers/<script>`, which finds its package.
pub fn of(script: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = root.join("target/peers-node");
    for (_, package) in PACKAGES.iter().filter(|(kind, _)| script.starts_with(kind)) {
        install(&home, package);
    }
    let mut command = Command::new("node");
    command.env("NODE_PATH", home.join("node_modules"));
    command
}

/// Once for all tests, by whoever comes first.
fn install(home: &Path, package: &str) {
    let stamp = home.join(format!("{package}.installed"));
    std::fs::create_dir_all(home).unwrap();
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if stamp.exists() {
        return;
    }
    let output = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(home)
        .arg(package)
        .output()
        .unwrap_or_else(|_| panic!("npm is missing: apt-get install nodejs npm"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{package} of npm could not be had: {}", said.trim());
    std::fs::write(&stamp, "").unwrap();
}

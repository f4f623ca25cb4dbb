//! `duebell demo`, the first thing that anybody runs.

use std::process::Command;

#[test]
fn a_newcomer_sees_reminders_leave() {
    let room = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_duebell"));
    demo.args(["demo", "--accounts", "60", "--days", "7", "--pace", "0", "--dir"]);
    let shown = demo.arg(room.path().join("demo")).output().unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    assert!(shown.status.success(), "{complained}");
    assert!(said.contains("the first reminder leaves:"), "{said}");
    assert!(said.contains(", 0 of them twice"), "{said}");
    assert!(said.contains("http://localhost:8470/console/"), "{said}");
}

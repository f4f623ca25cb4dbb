//! How long a file and a function may be.

use super::File;
use super::text::{code, fault, item_end, line_of, made_up, places};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

pub fn file(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    let mend = format!("has {lines} lines; split it, {FILE_LINES_MAX} is the most");
    vec![fault(file, FILE_LINES_MAX + 1, &mend)]
}

pub fn functions(file: &File) -> Vec<String> {
    let code = code(&file.text);
    let mut faults = Vec::new();
    for at in places(&code, "fn ") {
        let name: String = code[at + 3..].chars().take_while(|c| *c != '(' && *c != '<').collect();
        let (first, last) = (line_of(&code, at), line_of(&code, item_end(&code, at)));
        let lines = last - first + 1;
        if lines > FUNCTION_LINES_MAX {
            let mend =
                format!("{name} has {lines} lines; split it, {FUNCTION_LINES_MAX} is the most");
            faults.push(fault(file, first, &mend));
        }
    }
    faults
}

#[test]
fn a_long_file_and_a_long_function_are_named() {
    let long = "x;\n".repeat(501);
    assert_eq!(
        file(&made_up("a.rs", &long)),
        ["a.rs:501: has 501 lines; split it, 500 is the most"]
    );
    assert_eq!(file(&made_up("a.rs", &"x;\n".repeat(500))), [""; 0]);

    let body = "    x();\n".repeat(69);
    let bad = format!("trait T {{ fn short(&self, a: [u8; 4]); }}\nfn long<T>() {{\n{body}}}\n");
    assert_eq!(
        functions(&made_up("a.rs", &bad)),
        ["a.rs:2: long has 71 lines; split it, 70 is the most"]
    );
    let good = format!("fn fits() {{\n{}}}\nfn next() {{}}\n", "    x();\n".repeat(68));
    assert_eq!(functions(&made_up("a.rs", &good)), [""; 0]);
}

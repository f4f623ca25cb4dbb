//! Something wrong in a file that people write.

use std::fmt;

/// Where it is, what is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// Empty where the file as a whole is meant.
    pub field: String,
    pub what: String,
}

impl Problem {
    pub fn in_file(file: &str, field: &str, what: &str) -> Problem {
        Problem { file: file.to_owned(), field: field.to_owned(), what: what.trim().to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "{}: {}", self.file, self.what),
            field => write!(f, "{}: {field} {}", self.file, self.what),
        }
    }
}

/// All problems, one a line.
pub fn in_words(problems: Vec<Problem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    let things = if lines.len() == 1 { "1 thing needs" } else { "some things need" };
    anyhow::anyhow!("{things} mending before Duebell can start:\n{}", lines.join("\n"))
}

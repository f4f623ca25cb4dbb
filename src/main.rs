//! Duebell: reminds telecom subscribers of due bills, and explains itself.

fn main() -> std::process::ExitCode {
    duebell::cli::main()
}

//! What commands show: lines on standard output, progress on standard error.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line; a reader that went away (`| head`) is no error.
pub fn print_line(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Long work: a bar on a terminal, a plain line now and then elsewhere.
pub struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    /// Plain lines written so far, of ten.
    told: u64,
    bar: Option<ProgressBar>,
    is_quiet: bool,
}

impl Progress {
    pub fn new(what: &'static str, total: u64, is_quiet: bool) -> Progress {
        let bar = (std::io::stderr().is_terminal() && !is_quiet).then(|| {
            let style = ProgressStyle::with_template(
                "{prefix} {wide_bar} {percent:>3}% {msg} ({eta} left)",
            );
            ProgressBar::new(total)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_prefix(what)
        });
        Progress { what, total, done: 0, told: 0, bar, is_quiet }
    }

    pub fn advance(&mut self, message: &str) {
        self.done += 1;
        if let Some(bar) = &self.bar {
            bar.set_message(message.to_owned());
            bar.inc(1);
        } else if !self.is_quiet && self.done * 10 / self.total.max(1) > self.told {
            self.told = self.done * 10 / self.total.max(1);
            eprintln!("{} {}0% {message}", self.what, self.told);
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

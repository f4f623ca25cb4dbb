//! The bytes of a CSV file on their way to the parser, with ends of lines made
//! alike.
//!
//! The parser counts a line at each line feed, but ends a row at a carriage
//! return before it, and passes over blank lines before it has said where it
//! stands. Here every line ends with one line feed, the last one too, so that
//! a row's own line is the one behind it less the line feeds inside it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest row. A quotation mark that is never closed makes the rest of
/// the file one row, which must not end up in memory.
const ROW_MAX: u64 = 1024 * 1024;
const CHUNK: usize = 64 * 1024;

pub struct Lines<R> {
    inner: R,
    raw: Vec<u8>,
    ready: Vec<u8>,
    /// How much of `ready` is handed out.
    taken: usize,
    /// A carriage return at the end of a chunk, until we know what follows.
    held: bool,
    ends_with_feed: bool,
    is_over: bool,
    given: u64,
    /// Where the last whole row ended, as the reader of rows says.
    row_ended: Arc<AtomicU64>,
}

impl<R: Read> Lines<R> {
    /// `row_ended`: kept up to date by whoever reads the rows.
    pub fn new(inner: R, row_ended: Arc<AtomicU64>) -> Lines<R> {
        Lines {
            inner,
            raw: vec![0; CHUNK],
            ready: Vec::with_capacity(CHUNK + 2),
            taken: 0,
            held: false,
            ends_with_feed: true,
            is_over: false,
            given: 0,
            row_ended,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        let count = loop {
            match self.inner.read(&mut self.raw) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        for &byte in &self.raw[..count] {
            if std::mem::take(&mut self.held) && byte != b'\n' {
                self.ready.push(b'\r');
            }
            match byte {
                b'\r' => self.held = true,
                other => self.ready.push(other),
            }
        }
        if count == 0 {
            self.is_over = true;
            // A carriage return that nothing follows is the end of the last line.
            if std::mem::take(&mut self.held) || !self.ends_with_feed {
                self.ready.push(b'\n');
            }
        }
        if let Some(last) = self.ready.last() {
            self.ends_with_feed = *last == b'\n';
        }
        Ok(())
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() && !self.is_over {
            self.refill()?;
        }
        if self.given.saturating_sub(self.row_ended.load(Ordering::Relaxed)) > ROW_MAX {
            return Err(io::Error::other("a row is longer than 1 MiB (is a quotation mark open?)"));
        }
        let count = buffer.len().min(self.ready.len() - self.taken);
        buffer[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.taken += count;
        self.given += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, as the worst of pipes.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &[u8]) {
        for drip in [false, true] {
            let inner: Box<dyn Read> = if drip { Box::new(Drip(bytes)) } else { Box::new(bytes) };
            let mut seen = Vec::new();
            Lines::new(inner, Arc::default()).read_to_end(&mut seen).unwrap();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn every_line_ends_with_one_line_feed() {
        check(b"", b"");
        check(b"a\r\nb\r\n", b"a\nb\n");
        check(b"a\nb", b"a\nb\n");
        check(b"a\rb\r\r\n", b"a\rb\r\n");
        check(b"a\r", b"a\n");
    }

    #[test]
    fn a_row_without_an_end_is_not_read_into_memory() {
        let error = io::copy(&mut Lines::new(io::repeat(b'a'), Arc::default()), &mut io::sink());
        assert!(error.is_err());
    }
}

//! The import of CSV files into our own billing database.
//!
//! A file is read in batches, so its size does not matter. A row that cannot
//! be used is set aside with its line, the field and what was expected there,
//! and the next one is read: one bad row never stops the run. What does stop
//! it is a file that is not the one the mapping speaks of.
//!
//! May use: model.

mod evidence;
pub mod lines;
mod mapping;
mod row;

use std::collections::HashSet;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use csv::{ByteRecord, StringRecord};
use jiff::Timestamp;

use self::lines::Lines;
pub use self::mapping::{BadMapping, Kind, Mapping, Problem, Table};
use self::row::{Fault, Layout, Row};
use super::billing_db::{Batch, BillingDb};

/// Rows that are checked and written together.
const BATCH: usize = 5_000;

/// What became of a file. Every row that was read was used or set aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub read: u64,
    pub used: u64,
    pub set_aside: u64,
    /// Contacts that were left out of rows that were used.
    pub warnings: u64,
}

/// Loads one CSV file.
///
/// Files of one run are loaded in the order of [`Kind::all`]: a bill whose
/// account is not in the database by then is set aside (or makes the account,
/// where the mapping says so), and so is a payment of an unknown bill.
/// `rejects` becomes a CSV file of its own: line, field, reason and the row.
/// `progress` hears the number of rows read, after every batch.
#[expect(clippy::too_many_arguments, reason = "one caller, and each is a thing of its own")]
pub async fn import(
    db: &BillingDb,
    kind: Kind,
    csv: impl Read,
    file_name: &str,
    mapping: &Mapping,
    now: Timestamp,
    rejects: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<Counts> {
    let Some(table) = mapping.table(kind) else {
        bail!("the mapping has no [{}], so {file_name} cannot be read", kind.as_str());
    };
    let row_ended = Arc::new(AtomicU64::new(0));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(table.delimiter)
        .flexible(true)
        .from_reader(Lines::new(csv, row_ended.clone()));
    let headers = reader
        .headers()
        .with_context(|| format!("could not read the headers of {file_name}"))?
        .clone();
    let layout = Layout::find(kind, table, headers, file_name)?;

    let mut rejects = csv::Writer::from_writer(rejects);
    rejects.write_record(["line", "field", "reason", "row"])?;
    let mut file = File {
        db,
        layout,
        table,
        now,
        run: db.begin_run(),
        begins_at: reader.position().line(),
        counts: Counts::default(),
    };
    loop {
        let drafts = file.read_batch(&mut reader, &row_ended).with_context(|| {
            format!("could not read the row of {file_name} that begins at line {}", file.begins_at)
        })?;
        if drafts.is_empty() {
            break;
        }
        let drafts = file.check_references(drafts).await?;
        let drafts = file.check_repeats(drafts).await?;
        file.write(drafts, &mut rejects).await?;
        progress(file.counts.read);
    }
    db.end_run(file.run).await?;
    rejects.flush().context("could not write the rejects")?;
    Ok(file.counts)
}

/// A row on its way into the database.
struct Draft {
    line: u64,
    record: ByteRecord,
    row: Result<Row, Fault>,
    warnings: Vec<Fault>,
}

/// One file while it is loaded.
struct File<'a> {
    db: &'a BillingDb,
    layout: Layout<'a>,
    table: &'a Table,
    now: Timestamp,
    run: i64,
    /// The line of the row that is read next, or of a blank line before it.
    begins_at: u64,
    counts: Counts,
}

impl File<'_> {
    fn read_batch<R: Read>(
        &mut self,
        reader: &mut csv::Reader<R>,
        row_ended: &AtomicU64,
    ) -> csv::Result<Vec<Draft>> {
        let mut drafts = Vec::new();
        let mut record = ByteRecord::new();
        while drafts.len() < BATCH && reader.read_byte_record(&mut record)? {
            let end = reader.position();
            row_ended.store(end.byte(), Ordering::Relaxed);
            let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let line = end.line() - 1 - inside;
            self.begins_at = end.line();
            let mut warnings = Vec::new();
            let row = self.read_row(&record, &mut warnings);
            drafts.push(Draft { line, record: record.clone(), row, warnings });
        }
        Ok(drafts)
    }

    fn read_row(&self, record: &ByteRecord, warnings: &mut Vec<Fault>) -> Result<Row, Fault> {
        let text = StringRecord::from_byte_record(record.clone()).map_err(|error| {
            let field = self.layout.header(error.utf8_error().field()).to_owned();
            Fault { field, reason: "not UTF-8 (expected the file to be UTF-8)".into() }
        })?;
        let (width, expected) = (text.len(), self.layout.width());
        if width != expected {
            // The first header without a field, or the last one that the row runs past.
            let field = self.layout.header(width.min(expected - 1)).to_owned();
            let reason = format!("the row has {width} fields (expected {expected})");
            return Err(Fault { field, reason });
        }
        self.layout.read(&text, self.now, warnings)
    }

    /// Turns rows away whose account or bill does not exist.
    async fn check_references(&self, mut drafts: Vec<Draft>) -> anyhow::Result<Vec<Draft>> {
        let rows = || drafts.iter().filter_map(|draft| draft.row.as_ref().ok());
        let accounts: Vec<&str> = rows().filter_map(Row::account).collect();
        let bills: Vec<&str> = rows().filter_map(Row::bill).collect();
        let known_accounts = self.db.known_accounts(&accounts).await?;
        let known_bills = self.db.known_bills(&bills).await?;
        for draft in &mut drafts {
            let Ok(row) = &draft.row else { continue };
            let no_account = row.account().is_some_and(|id| !known_accounts.contains(id));
            let no_bill = row.bill().is_some_and(|id| !known_bills.contains(id));
            let missing = if no_account && !self.table.create_accounts {
                Some(("account_id", "no such account (expected one that was loaded before)"))
            } else if no_bill {
                Some(("bill_id", "no such bill (expected one that was loaded before)"))
            } else {
                None
            };
            if let Some((column, reason)) = missing {
                let field = self.layout.field(column);
                draft.row = Err(Fault { field, reason: reason.to_owned() });
            }
        }
        Ok(drafts)
    }

    /// Turns rows away whose id the file had before. The first one counts,
    /// unless it was turned away itself.
    async fn check_repeats(&self, mut drafts: Vec<Draft>) -> anyhow::Result<Vec<Draft>> {
        let ids: HashSet<&str> =
            drafts.iter().filter_map(|draft| draft.row.as_ref().ok()).map(Row::id).collect();
        let mut fresh = self.db.first_met(self.run, &ids).await?;
        for draft in &mut drafts {
            if let Ok(row) = &draft.row
                && !fresh.remove(row.id())
            {
                let reason = "the file has this id before (expected each once)".to_owned();
                draft.row = Err(Fault { field: self.layout.id_field(), reason });
            }
        }
        Ok(drafts)
    }

    async fn write<W: Write>(
        &mut self,
        drafts: Vec<Draft>,
        rejects: &mut csv::Writer<W>,
    ) -> anyhow::Result<()> {
        let mut batch = Batch { bare_at: self.now, ..Batch::default() };
        let mut bare = HashSet::new();
        let mut counts = self.counts;
        for Draft { line, record, row, warnings } in drafts {
            counts.read += 1;
            let faults = match row {
                Err(fault) => {
                    counts.set_aside += 1;
                    vec![fault]
                }
                Ok(row) => {
                    counts.used += 1;
                    counts.warnings += warnings.len() as u64;
                    if let (true, Some(account)) = (self.table.create_accounts, row.account()) {
                        bare.insert(account.to_owned());
                    }
                    match row {
                        Row::Account(row) => batch.accounts.push(row),
                        Row::Bill(row) => batch.bills.push(row),
                        Row::Payment(row) => batch.payments.push(row),
                        Row::Evidence(row) => batch.evidence.push(row),
                    }
                    warnings
                }
            };
            for Fault { field, reason } in faults {
                let raw = as_line(&record, self.table.delimiter)?;
                rejects.write_record([&line.to_string(), &field, &reason, &raw])?;
            }
        }
        batch.bare_accounts = bare.into_iter().collect();
        self.db.write(&batch).await?;
        self.counts = counts;
        Ok(())
    }
}

/// The row as it stood in the file, so that it can be mended and loaded again.
fn as_line(record: &ByteRecord, delimiter: u8) -> anyhow::Result<String> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_byte_record(record)?;
    let bytes = writer.into_inner().context("could not write a row again")?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}

//! A CSV table as columns of values. What is wrong with it is told with the
//! file, the line, the column, the value and the mend.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail, ensure};
use csv::StringRecord;

use crate::risk::scorecard::{Card, Column, Value};
use crate::source::import::lines::Lines;

/// What a column's cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Category,
    /// Numbers, if the first cell that is not empty is one.
    AsTheFirst,
}

/// What is known before of the columns of a table.
pub type Kinds<'a> = &'a dyn Fn(&str) -> Kind;

/// A table in memory.
pub struct Table {
    name: String,
    pub columns: Vec<Column>,
    /// The line on which each row begins.
    lines: Vec<u64>,
}

/// The kinds that a card asks for; all others are words.
pub fn kinds_of(card: &Card) -> impl Fn(&str) -> Kind {
    |name| match card.characteristics.iter().find(|it| it.name == name) {
        Some(it) if it.is_numeric() => Kind::Number,
        _ => Kind::Category,
    }
}

impl Table {
    /// Reads a file, also a gzipped one.
    pub fn read(path: &Path, kinds: Kinds) -> anyhow::Result<Table> {
        let name = path.display().to_string();
        let file =
            BufReader::new(File::open(path).with_context(|| format!("could not open {name}"))?);
        if path.extension().is_some_and(|it| it == "gz") {
            Table::from(flate2::bufread::MultiGzDecoder::new(file), name, kinds)
        } else {
            Table::from(file, name, kinds)
        }
    }

    fn from(file: impl Read, name: String, kinds: Kinds) -> anyhow::Result<Table> {
        let row_ended = Arc::new(AtomicU64::new(0));
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(Lines::new(file, row_ended.clone()));
        let headers = reader
            .headers()
            .with_context(|| format!("could not read the headers of {name}"))?
            .clone();
        check_headers(&headers, &name)?;
        let mut kinds: Vec<Kind> = headers.iter().map(kinds).collect();
        let mut table = Table {
            name,
            columns: headers.iter().map(|header| Column::new(header, Vec::new())).collect(),
            lines: Vec::new(),
        };
        let mut record = StringRecord::new();
        loop {
            let begins_at = reader.position().line();
            let is_row = reader.read_record(&mut record).with_context(|| {
                format!("could not read the row of {} after line {begins_at}", table.name)
            })?;
            if !is_row {
                break;
            }
            let end = reader.position();
            row_ended.store(end.byte(), Ordering::Relaxed);
            let inside = record.as_slice().matches('\n').count() as u64;
            table.add(&record, end.line() - 1 - inside, &mut kinds)?;
        }
        ensure!(table.rows() > 0, "{} has no rows", table.name);
        Ok(table)
    }

    fn add(&mut self, record: &StringRecord, line: u64, kinds: &mut [Kind]) -> anyhow::Result<()> {
        ensure!(
            record.len() == self.columns.len(),
            "{} line {line}: the row has {} fields and the header {}; give each row one field for \
             each column",
            self.name,
            record.len(),
            self.columns.len()
        );
        self.lines.push(line);
        for ((column, kind), cell) in self.columns.iter_mut().zip(kinds).zip(record) {
            let cell = cell.trim();
            let number = cell.parse::<f64>().ok().filter(|it| it.is_finite());
            if *kind == Kind::AsTheFirst && !cell.is_empty() {
                *kind = if number.is_some() { Kind::Number } else { Kind::Category };
            }
            let value = match (*kind, number) {
                _ if cell.is_empty() => Value::Missing,
                (Kind::Number, Some(number)) => Value::Number(number),
                (Kind::Number, None) => bail!(
                    "{} line {line}: {} has \"{cell}\" where numbers were expected; leave the cell \
                     empty where nothing is known; if the column holds words, name it with \
                     --category when the card is fitted",
                    self.name,
                    column.name
                ),
                _ => Value::category(cell),
            };
            column.values.push(value);
        }
        Ok(())
    }

    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// A column that an option names.
    pub fn column(&self, name: &str, option: &str) -> anyhow::Result<&Column> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            anyhow!(
                "{} has no column {name} ({option}); it has {}",
                self.name,
                self.names().join(", ")
            )
        })
    }

    /// The words of a column that was read as such; an empty cell is `None`.
    pub fn words(&self, name: &str, option: &str) -> anyhow::Result<Vec<Option<&str>>> {
        Ok(self.column(name, option)?.values.iter().map(Value::word).collect())
    }

    /// A fault of a row's cell.
    pub fn fault(&self, row: usize, column: &str, what: &str) -> anyhow::Error {
        anyhow!("{} line {}: {column} {what}", self.name, self.lines[row])
    }

    /// Which rows ended badly, by their word in the column of the target.
    pub fn ends(&self, target: &str, bad: &str, good: Option<&str>) -> anyhow::Result<Vec<bool>> {
        let words = self.words(target, "--target")?;
        let end = |(row, word): (usize, Option<&str>)| match word {
            Some(word) if word == bad => Ok(true),
            Some(word) if good.is_none_or(|good| word == good) => Ok(false),
            Some(word) => Err(self.fault(
                row,
                target,
                &format!(
                    "is \"{word}\", which is neither --good nor --bad; leave out rows whose end is \
                     not known"
                ),
            )),
            None => Err(self.fault(row, target, "is empty; leave out rows whose end is not known")),
        };
        words.into_iter().enumerate().map(end).collect()
    }
}

fn check_headers(headers: &StringRecord, name: &str) -> anyhow::Result<()> {
    for (at, header) in headers.iter().enumerate() {
        ensure!(
            !header.trim().is_empty(),
            "{name} line 1: column {} has no name; give it one",
            at + 1
        );
        let is_twice = headers.iter().take(at).any(|it| it == header);
        ensure!(!is_twice, "{name} line 1: there are two columns {header}; rename one of them");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, String> {
        let kinds = |name: &str| if name == "way" { Kind::Category } else { Kind::AsTheFirst };
        Table::from(text.as_bytes(), "t.csv".to_owned(), &kinds)
            .map_err(|error| format!("{error:#}"))
    }

    #[track_caller]
    fn refuses(text: &str, told: &str) {
        let error = read(text).err().unwrap_or_else(|| panic!("{text} was read"));
        assert!(error.starts_with(told), "{error}");
    }

    #[test]
    fn a_column_is_what_its_first_cell_is_and_empty_ones_are_missing() {
        let table = read("late,way,where\n,1,\n3.5,2,north\n,,south\n").unwrap();
        let [late, way, region] = [0, 1, 2].map(|at| &table.columns[at].values);
        assert_eq!(late, &[Value::Missing, Value::Number(3.5), Value::Missing]);
        assert_eq!(way, &[Value::category("1"), Value::category("2"), Value::Missing]);
        assert_eq!(region, &[Value::Missing, Value::category("north"), Value::category("south")]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_the_mend() {
        refuses(
            "late,way\r\n1,a\r\n\r\nn/a,b\r\n",
            "t.csv line 4: late has \"n/a\" where numbers were expected; leave the cell empty",
        );
        refuses("late,way\n1,a\ninf,b\n", "t.csv line 3: late has \"inf\"");
        refuses("late,way\n1\n", "t.csv line 2: the row has 1 fields and the header 2");
        refuses("late,late\n1,2\n", "t.csv line 1: there are two columns late; rename one");
        refuses("late,\n1,2\n", "t.csv line 1: column 2 has no name");
        refuses("late,way\n", "t.csv has no rows");
    }

    #[test]
    fn an_end_that_is_not_known_is_refused() {
        let table = read("late,way\n1,paid\n2,\n3,lost\n").unwrap();
        let error = table.ends("way", "lost", None).unwrap_err().to_string();
        assert!(error.starts_with("t.csv line 3: way is empty; leave out"), "{error}");
        let table = read("late,way\n1,paid\n2,open\n3,lost\n").unwrap();
        let error = table.ends("way", "lost", Some("paid")).unwrap_err().to_string();
        assert!(error.starts_with("t.csv line 3: way is \"open\", which is neither"), "{error}");
        assert_eq!(table.ends("way", "lost", None).unwrap(), [false, false, true]);
        let error = table.ends("end", "lost", None).unwrap_err().to_string();
        assert_eq!(error, "t.csv has no column end (--target); it has late, way");
    }
}

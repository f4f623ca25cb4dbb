//! The mapping file: which header of the operator's CSV file is which of our
//! columns, and how the file writes days and numbers.
//!
//! Read by hand rather than by derive, because whoever writes such a file
//! wants to hear of all its mistakes at once, each with its key and its mend.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, date};

use super::row;
use crate::model::PhoneNumber;
use crate::model::evidence::EvidenceFeed;
use crate::model::feed::{Column, Feed};

/// What a CSV file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Accounts,
    Bills,
    Payments,
    Evidence(EvidenceFeed),
}

impl Kind {
    /// In the order in which files of one run are loaded.
    pub fn all() -> impl Iterator<Item = Kind> {
        let evidence = EvidenceFeed::ALL.into_iter().map(Kind::Evidence);
        [Kind::Accounts, Kind::Bills, Kind::Payments].into_iter().chain(evidence)
    }

    pub fn feed(self) -> Feed {
        match self {
            Kind::Accounts => Feed::Accounts,
            Kind::Bills => Feed::Bills,
            Kind::Payments => Feed::Payments,
            Kind::Evidence(feed) => Feed::Evidence(feed),
        }
    }

    pub fn as_str(self) -> &'static str {
        self.feed().as_str()
    }

    /// The columns that a file may bring. The stamp is not one of them: a row
    /// changed when it was imported.
    pub fn columns(self) -> &'static [Column] {
        let columns = self.feed().columns();
        &columns[..columns.len() - 1]
    }
}

/// How the files of one operator are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    tables: BTreeMap<&'static str, Table>,
}

/// How one file is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Our column to the file's header.
    pub columns: BTreeMap<&'static str, String>,
    /// Our column to the value that every row has.
    pub constants: BTreeMap<&'static str, String>,
    /// As in strptime; `None`: ISO 8601.
    pub date_format: Option<String>,
    pub decimal: char,
    pub grouping: Option<char>,
    pub delimiter: u8,
    /// Headers whose cells must not be empty, beyond the documented ones.
    pub required: Vec<String>,
    /// Bills of unknown accounts make the account.
    pub create_accounts: bool,
    /// ISO 3166 code of the country whose national numbers come without +.
    pub region: Option<String>,
}

/// Everything that is wrong with a mapping file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct BadMapping {
    pub problems: Vec<Problem>,
}

/// One mistake, where it is, and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: String,
    pub problem: String,
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.field, self.problem, self.mend)
    }
}

impl fmt::Display for BadMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the mapping file has {} problem(s)", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Mapping {
    /// Reads a mapping file.
    pub fn parse(text: &str) -> Result<Mapping, BadMapping> {
        let mut problems = Problems::default();
        let mut root: toml::Table = match text.parse() {
            Ok(root) => root,
            Err(error) => {
                let place = error.span().map_or(0, |span| text[..span.start].lines().count());
                problems.add(
                    &format!("line {place}"),
                    error.message().to_owned(),
                    "correct the TOML there".into(),
                );
                return Err(BadMapping { problems: problems.0 });
            }
        };
        let mut tables = BTreeMap::new();
        for kind in Kind::all() {
            match root.remove(kind.as_str()) {
                Some(toml::Value::Table(keys)) => {
                    tables.insert(kind.as_str(), read_table(kind, keys, &mut problems));
                }
                Some(_) => problems.add(
                    kind.as_str(),
                    "is no table".into(),
                    format!("write [{}] above its keys", kind.as_str()),
                ),
                None => {}
            }
        }
        for key in root.keys() {
            problems
                .unknown(key, "[accounts], [bills], [payments], and evidence such as [complaints]");
        }
        if tables.is_empty() && problems.0.is_empty() {
            problems.add(
                "mapping",
                "says nothing".into(),
                "add [accounts], [bills] or [payments]".into(),
            );
        }
        if problems.0.is_empty() { Ok(Mapping { tables }) } else { Err(problems.into()) }
    }

    /// How a file of this kind is read, where the mapping says so.
    pub fn table(&self, kind: Kind) -> Option<&Table> {
        self.tables.get(kind.as_str())
    }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: &str, problem: String, mend: String) {
        self.0.push(Problem { field: field.to_owned(), problem, mend });
    }

    fn unknown(&mut self, field: &str, known: &str) {
        self.add(field, "is unknown".into(), format!("known here: {known}"));
    }
}

impl From<Problems> for BadMapping {
    fn from(problems: Problems) -> BadMapping {
        BadMapping { problems: problems.0 }
    }
}

/// One table of the file while it is read: what was taken is gone, so that
/// what is left is unknown.
struct Keys<'a> {
    kind: Kind,
    left: toml::Table,
    problems: &'a mut Problems,
}

impl Keys<'_> {
    fn field(&self, key: &str) -> String {
        format!("{}.{key}", self.kind.as_str())
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.left.remove(key)? {
            toml::Value::String(text) => Some(text),
            _ => {
                let field = self.field(key);
                self.problems.add(&field, "is no text".into(), "put it in quotes".into());
                None
            }
        }
    }

    /// A text that must be one character.
    fn letter(&mut self, key: &str) -> Option<char> {
        let text = self.text(key)?;
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Some(letter),
            _ => {
                let field = self.field(key);
                let mend = "write one character, such as \",\"".into();
                self.problems.add(&field, "is not one character".into(), mend);
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> bool {
        match self.left.remove(key) {
            None => false,
            Some(toml::Value::Boolean(flag)) => flag,
            Some(_) => {
                let field = self.field(key);
                self.problems.add(&field, "is neither true nor false".into(), "say which".into());
                false
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let texts = match self.left.remove(key) {
            None => return Vec::new(),
            Some(toml::Value::Array(values)) => {
                values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
            }
            Some(_) => None,
        };
        texts.unwrap_or_else(|| {
            let field = self.field(key);
            let mend = "write [\"Header\", \"Header\"]".into();
            self.problems.add(&field, "is no list of texts".into(), mend);
            Vec::new()
        })
    }

    /// A table from our columns to texts.
    fn by_column(&mut self, key: &str) -> BTreeMap<&'static str, String> {
        let field = self.field(key);
        let values = match self.left.remove(key) {
            None => return BTreeMap::new(),
            Some(toml::Value::Table(values)) => values,
            Some(_) => {
                let mend = format!("write {key} = {{ column = \"…\" }}");
                self.problems.add(&field, "is no table".into(), mend);
                return BTreeMap::new();
            }
        };
        let mut by_column = BTreeMap::new();
        for (name, value) in values {
            let field = format!("{field}.{name}");
            let column = self.kind.columns().iter().find(|column| column.name == name);
            match (column, value) {
                (Some(column), toml::Value::String(text)) if !text.trim().is_empty() => {
                    by_column.insert(column.name, text);
                }
                (Some(_), _) => {
                    self.problems.add(&field, "is no text".into(), "put it in quotes".into());
                }
                (None, _) => {
                    let known: Vec<_> = self.kind.columns().iter().map(|c| c.name).collect();
                    self.problems.unknown(&field, &known.join(", "));
                }
            }
        }
        by_column
    }
}

fn read_table(kind: Kind, keys: toml::Table, problems: &mut Problems) -> Table {
    let mut keys = Keys { kind, left: keys, problems };
    let table = Table {
        columns: keys.by_column("columns"),
        constants: keys.by_column("constants"),
        date_format: keys.text("date_format"),
        decimal: keys.letter("decimal").unwrap_or('.'),
        grouping: keys.letter("grouping"),
        delimiter: read_delimiter(&mut keys),
        required: keys.texts("required"),
        create_accounts: kind == Kind::Bills && keys.flag("create_accounts"),
        region: (kind == Kind::Accounts).then(|| read_region(&mut keys)).flatten(),
    };
    let known = "columns, constants, date_format, decimal, grouping, delimiter, required, for \
                 accounts region and for bills create_accounts";
    for key in std::mem::take(&mut keys.left).keys() {
        let field = keys.field(key);
        keys.problems.unknown(&field, known);
    }
    check_columns(&mut keys, &table);
    check_writing(&mut keys, &table);
    table
}

fn read_region(keys: &mut Keys) -> Option<String> {
    let region = keys.text("region")?;
    if PhoneNumber::is_region(&region) {
        return Some(region);
    }
    let mend = "write two letters of ISO 3166, such as \"DE\"".into();
    let field = keys.field("region");
    keys.problems.add(&field, format!("`{region}` is no country"), mend);
    None
}

fn read_delimiter(keys: &mut Keys) -> u8 {
    let letter = keys.letter("delimiter").unwrap_or(',');
    u8::try_from(letter)
        .ok()
        .filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte))
        .unwrap_or_else(|| {
            let field = keys.field("delimiter");
            let mend = "use a comma, a semicolon, a tab or a bar".into();
            keys.problems.add(&field, "cannot part fields".into(), mend);
            b','
        })
}

/// Every documented column must come from somewhere, and from one place only.
fn check_columns(keys: &mut Keys, table: &Table) {
    for column in keys.kind.columns() {
        let mapped = table.columns.contains_key(column.name);
        let constant = table.constants.get(column.name);
        let (columns, constants) = (
            keys.field(&format!("columns.{}", column.name)),
            keys.field(&format!("constants.{}", column.name)),
        );
        // What is left of a bill follows from the day it was settled, or from
        // its payments.
        let follows = column.name == "remaining_amount";
        if mapped && constant.is_some() {
            let mend = "keep the header or the constant, not both".into();
            keys.problems.add(&constants, "is mapped to a header too".into(), mend);
        }
        if column.required && !mapped && constant.is_none() && !follows {
            let mend = format!("name the header that holds {}", column.expects);
            keys.problems.add(&columns, "is missing".into(), mend);
        }
        if let Some(Err(reason)) = constant.map(|text| row::check_constant(column.name, text)) {
            keys.problems.add(&constants, reason, format!("write {}", column.expects));
        }
    }
}

/// The signs must tell numbers apart, and the form of days must hold a day.
fn check_writing(keys: &mut Keys, table: &Table) {
    let sample: Date = date(2026, 3, 17);
    if let Some(form) = &table.date_format
        && row::written_day(sample, form).and_then(|text| row::read_day(&text, Some(form)))
            != Some(sample)
    {
        let field = keys.field("date_format");
        let mend = "use %Y, %m and %d, such as \"%m/%d/%Y\"".into();
        keys.problems.add(&field, format!("`{form}` does not hold a whole day"), mend);
    }
    let is_sign = |sign: char| !sign.is_alphanumeric() && sign != '-' && sign != '+';
    if !is_sign(table.decimal) {
        let field = keys.field("decimal");
        keys.problems.add(&field, "cannot part numbers".into(), "use \".\" or \",\"".into());
    }
    if table.grouping.is_some_and(|sign| sign == table.decimal || !is_sign(sign)) {
        let field = keys.field("grouping");
        let mend = "use another sign than for decimals, or leave it out".into();
        keys.problems.add(&field, "cannot be told from the decimal sign".into(), mend);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told_at_once_each_with_its_mend() {
        let bad = Mapping::parse(
            r#"
            [bills]
            columns = { bill_id = "No", acount_id = "Customer", amount = "Sum", issued_on = "Date" }
            constants = { currency = "EURO", amount = "1" }
            date_format = "%m/%d"
            decimal = ","
            grouping = ","
            delimiter = ";;"
            requires = ["No"]
            [receipts]
            "#,
        )
        .unwrap_err();
        let told: Vec<_> = bad.problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(
            told,
            [
                "bills.columns.acount_id",
                "bills.delimiter",
                "bills.requires",
                "bills.columns.account_id",
                "bills.constants.currency",
                "bills.constants.amount",
                "bills.columns.due_on",
                "bills.date_format",
                "bills.grouping",
                "receipts",
            ]
        );
        assert!(bad.problems.iter().all(|problem| !problem.mend.is_empty()));
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let bad = Mapping::parse("[bills]\ncolumns = {\n").unwrap_err();
        assert!(bad.to_string().contains("line"), "{bad}");
    }

    #[test]
    fn an_empty_mapping_maps_nothing_and_says_so() {
        assert!(Mapping::parse("").is_err());
    }

    #[test]
    fn the_shipped_example_can_be_used() {
        let mapping = Mapping::parse(include_str!("../../../examples/import/ibm_ar.toml")).unwrap();
        let bills = mapping.table(Kind::Bills).unwrap();
        assert!(bills.create_accounts);
        assert_eq!(bills.required, ["PaperlessDate"]);
        assert_eq!(mapping.table(Kind::Payments), None);
    }
}

//! What is known of accounts, column by column, wherever it came from.

/// What is known of one account in one respect.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(f64),
    Category(Box<str>),
    Missing,
}

impl Value {
    /// A number; what is none (NaN, infinite) is missing.
    pub fn number(number: f64) -> Value {
        if number.is_finite() { Value::Number(number) } else { Value::Missing }
    }

    /// The category, where it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Value::Category(word) => Some(word),
            Value::Number(_) | Value::Missing => None,
        }
    }

    pub fn category(text: &str) -> Value {
        if text.is_empty() { Value::Missing } else { Value::Category(text.into()) }
    }
}

/// One respect in which accounts differ, with a value for each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub values: Vec<Value>,
}

impl Column {
    pub fn new(name: impl Into<String>, values: Vec<Value>) -> Column {
        Column { name: name.into(), values }
    }

    /// Whether there is a number in it: then its bins are ranges of numbers.
    pub fn is_numeric(&self) -> bool {
        self.values.iter().any(|value| matches!(value, Value::Number(_)))
    }
}

/// Rows whose end is known. Columns and outcomes are of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    pub columns: Vec<Column>,
    pub is_bad: Vec<bool>,
}

impl Sample {
    pub fn rows(&self) -> usize {
        self.is_bad.len()
    }

    pub fn bads(&self) -> usize {
        self.is_bad.iter().filter(|bad| **bad).count()
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The rows at these places, in this order.
    pub fn part(&self, rows: &[usize]) -> Sample {
        let pick = |column: &Column| Column {
            name: column.name.clone(),
            values: rows.iter().map(|row| column.values[*row].clone()).collect(),
        };
        Sample {
            columns: self.columns.iter().map(pick).collect(),
            is_bad: rows.iter().map(|row| self.is_bad[*row]).collect(),
        }
    }

    /// All but these columns.
    pub fn without(mut self, names: &[&str]) -> Sample {
        self.columns.retain(|column| !names.contains(&column.name.as_str()));
        self
    }
}

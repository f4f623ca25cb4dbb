//! A preset file: each value a table of value, source and certainty.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::law::{Certainty, Line};

use super::{Key, Problem};

/// The value of what a law does not fix.
pub const LEFT_TO_OPERATOR: &str = "operator";

#[derive(Debug, Clone)]
pub struct Preset {
    pub name: String,
    pub file: String,
    /// What it is, in a line.
    pub about: String,
    /// The preset whose values hold where this one says nothing.
    pub extends: Option<String>,
    pub entries: BTreeMap<&'static str, Entry>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub value: Value,
    pub source: String,
    pub certainty: Certainty,
}

impl Entry {
    pub fn line(&self, key: &str, from: &str) -> Line {
        Line {
            key: key.to_owned(),
            value: self.value.clone(),
            source: self.source.clone(),
            certainty: self.certainty,
            from: from.to_owned(),
            signed_off: None,
        }
    }
}

impl Preset {
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Preset, Vec<Problem>> {
        let problem = |field: &str, what: String| Problem {
            file: Some(file.to_owned()),
            field: field.to_owned(),
            what,
        };
        let mut table: toml::Table = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            vec![Problem {
                file: Some(format!("{file}:{line}")),
                field: String::new(),
                what: error.message().to_owned(),
            }]
        })?;
        let mut problems = Vec::new();
        let mut words = |key: &str| match table.remove(key) {
            Some(toml::Value::String(text)) if !text.is_empty() => Some(text),
            Some(other) => {
                problems.push(problem(key, format!("is {other}; write it as a text")));
                None
            }
            None => None,
        };
        let (about, extends) = (words("about"), words("extends"));
        if about.is_none() && problems.is_empty() {
            problems.push(problem("about", "is missing; say in a line whose law it is".to_owned()));
        }
        let mut entries = BTreeMap::new();
        for (name, given) in table {
            match entry(&name, given) {
                Ok((key, entry)) => drop(entries.insert(key, entry)),
                Err(what) => problems.push(problem(&name, what)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (name, file) = (name.to_owned(), file.to_owned());
        Ok(Preset { name, file, about: about.unwrap_or_default(), extends, entries })
    }
}

fn entry(name: &str, given: toml::Value) -> Result<(&'static str, Entry), String> {
    let key = Key::find(name)?;
    let entry: Entry = given.try_into().map_err(|error: toml::de::Error| {
        format!("{}; write value, source and certainty", error.message())
    })?;
    if entry.source.trim().is_empty() {
        return Err("has an empty source; say where it stands".to_owned());
    }
    if entry.value != LEFT_TO_OPERATOR {
        (key.check)(&entry.value).map_err(|error| format!("= {}: {error}", entry.value))?;
    }
    Ok((key.name, entry))
}

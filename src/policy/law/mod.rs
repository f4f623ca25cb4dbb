//! Which law holds: presets as data, and what an operator makes of them.
//!
//! A preset says what the law is, each value with its source and certainty. An
//! operator may be stricter freely, and looser only with a record of who
//! answers for it. What a law leaves to the operator has no default.

mod built_in;
mod preset;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Channel;
use crate::model::hours::WeekHours;
use crate::model::law::{
    AllOf, AtLeast, AtMost, Block, CAP_DAYS_MAX, Cap, Certainty, Debt, Line, OnHolidays, Party,
    SignOff, Term, Terms,
};

use preset::{Entry, LEFT_TO_OPERATOR, Preset};

/// Whom to follow in doubt.
const STRICTEST: &str = "global-strict";

/// `[contact]`: the law, and what the operator makes of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The preset that holds for every scenario that names none; no default.
    pub law: Option<String>,
    /// Calendars and days, where the law minds holidays.
    pub holidays: Vec<String>,
    /// What the law leaves to the operator, or what he holds stricter.
    pub values: Map<String, Value>,
    /// What he holds looser.
    #[serde(rename = "override")]
    pub overrides: Vec<Override>,
}

/// A value that is looser than the law's preset, and who answers for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    pub key: String,
    pub value: Value,
    pub signed_off_by: String,
    pub on: Date,
    pub reason: String,
}

/// A law as it is in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Law {
    pub name: String,
    pub about: String,
    #[serde(skip)]
    pub terms: Terms,
    /// Every value, in the order of the keys.
    pub values: Vec<Line>,
}

/// What is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A preset's file; `None` for the settings.
    pub file: Option<String>,
    pub field: String,
    pub what: String,
}

impl Problem {
    fn in_settings(field: &str, what: String) -> Problem {
        Problem { file: None, field: field.to_owned(), what }
    }
}

/// One key of a preset, and how its values compare.
struct Key {
    name: &'static str,
    check: fn(&Value) -> Result<(), String>,
    keeps: fn(&Value, &Value) -> bool,
}

impl Key {
    const fn of<T: Term>(name: &'static str) -> Key {
        Key { name, check: check::<T>, keeps: keeps::<T> }
    }

    fn find(name: &str) -> Result<&'static Key, String> {
        KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
            let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            format!("is no value of a law; use one of {}", names.join(", "))
        })
    }
}

fn check<T: Term>(value: &Value) -> Result<(), String> {
    T::deserialize(value).map(drop).map_err(|error| error.to_string())
}

fn keeps<T: Term>(ours: &Value, theirs: &Value) -> bool {
    let read = |value: &Value| T::deserialize(value).ok();
    read(ours).zip(read(theirs)).is_some_and(|(ours, theirs)| ours.keeps(&theirs))
}

/// Those of [`Terms`], in its order.
const KEYS: &[Key] = &[
    Key::of::<Party>("party"),
    Key::of::<WeekHours>("hours"),
    Key::of::<WeekHours>("hours_email"),
    Key::of::<OnHolidays>("holidays"),
    Key::of::<AllOf<Cap>>("caps"),
    Key::of::<AtLeast>("silence_days"),
    Key::of::<AllOf<Channel>>("silence_channels"),
    Key::of::<AllOf<Channel>>("consent"),
    Key::of::<AllOf<String>>("stop_words"),
    Key::of::<AllOf<Block>>("content"),
    Key::of::<AtLeast>("notice_days"),
    Key::of::<AtLeast>("notice_working_days"),
    Key::of::<AtLeast>("second_notice_hours"),
    Key::of::<Debt>("min_debt"),
    Key::of::<AtLeast>("min_overdue_days"),
    Key::of::<AtLeast>("terminate_days"),
    Key::of::<AtMost>("restore_hours"),
    Key::of::<AtLeast>("retention_days"),
    Key::of::<AllOf<String>>("duties"),
];

/// Every preset: ours, and over them the operator's.
#[derive(Debug, Clone)]
pub struct Presets(BTreeMap<String, Preset>);

impl Presets {
    /// Those that come with Duebell.
    ///
    /// # Errors
    /// Never: a test reads each of them.
    pub fn built_in() -> Presets {
        let read = |(name, text): &(&str, &str)| {
            let preset = Preset::read(name, &format!("config/law/{name}.toml"), text);
            ((*name).to_owned(), preset.expect("the presets that are built in are tested"))
        };
        Presets(built_in::FILES.iter().map(read).collect())
    }

    /// Reads one more, which takes the place of one of that name.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn add(&mut self, name: &str, file: &str, text: &str) -> Result<(), Vec<Problem>> {
        let preset = Preset::read(name, file, text)?;
        self.0.insert(name.to_owned(), preset);
        Ok(())
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// Which to choose from, in words.
    pub fn choice(&self) -> String {
        format!("use one of {}; {STRICTEST} if unsure", self.names().join(", "))
    }

    /// The law `name` under these settings.
    ///
    /// # Errors
    /// Everything that is wrong with it, or left open.
    pub fn law(&self, name: &str, settings: &Settings) -> Result<Law, Vec<Problem>> {
        let chain = self.chain(name)?;
        let mut lines: BTreeMap<&'static str, Line> = BTreeMap::new();
        for preset in chain.iter().rev() {
            for (key, entry) in &preset.entries {
                lines.insert(*key, entry.line(key, &preset.name));
            }
        }
        let mut problems = Vec::new();
        for (key, value) in &settings.values {
            let field = format!("contact.values.{key}");
            if let Err(what) = tightened(&mut lines, name, key, value) {
                problems.push(Problem::in_settings(&field, what));
            }
        }
        for (index, one) in settings.overrides.iter().enumerate() {
            let field = format!("contact.override {}", index + 1);
            let what = match settings.values.contains_key(&one.key) {
                true => Err(format!("{} stands in contact.values too; keep one", one.key)),
                false => loosened(&mut lines, one),
            };
            problems.extend(what.err().map(|what| Problem::in_settings(&field, what)));
        }
        for (key, line) in &lines {
            if line.value == LEFT_TO_OPERATOR {
                let what = format!(
                    "is not set, and the law {name} leaves it to you ({}); set contact.values.{key}",
                    line.source
                );
                problems.push(Problem::in_settings(&format!("contact.values.{key}"), what));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let given: Map<String, Value> =
            lines.iter().map(|(key, line)| ((*key).to_owned(), line.value.clone())).collect();
        let terms: Terms = serde_json::from_value(Value::Object(given)).map_err(|error| {
            let what = format!("{error}; a law says at least party and hours");
            vec![Problem { file: Some(chain[0].file.clone()), field: String::new(), what }]
        })?;
        if let Some(what) = terms.caps.0.iter().find_map(|cap| cap.check().err()) {
            let from = lines.get("caps").map_or("", |line| line.from.as_str());
            let what = format!("of {from}: a cap {what}");
            return Err(vec![Problem::in_settings("contact.values.caps", what)]);
        }
        if terms.silence_days.is_some_and(|AtLeast(days)| days > CAP_DAYS_MAX.into()) {
            let what = format!("is more than {CAP_DAYS_MAX}; no conversation is kept for longer");
            return Err(vec![Problem::in_settings("contact.values.silence_days", what)]);
        }
        let values = KEYS.iter().filter_map(|key| lines.remove(key.name)).collect();
        Ok(Law { name: name.to_owned(), about: chain[0].about.clone(), terms, values })
    }

    /// A preset and those that it extends, itself first.
    fn chain(&self, name: &str) -> Result<Vec<&Preset>, Vec<Problem>> {
        let mut chain: Vec<&Preset> = Vec::new();
        let mut next = Some(name);
        while let Some(name) = next {
            let child = chain.last().map(|child| child.file.clone());
            let field = if child.is_some() { "extends" } else { "contact.law" };
            let Some(preset) = self.0.get(name) else {
                let what = format!("is {name:?}, which there is not; {}", self.choice());
                return Err(vec![Problem { file: child, field: field.to_owned(), what }]);
            };
            if chain.iter().any(|one| one.name == preset.name) {
                let what = format!("leads back to {name:?}; a preset cannot extend itself");
                return Err(vec![Problem { file: child, field: field.to_owned(), what }]);
            }
            chain.push(preset);
            next = preset.extends.as_deref();
        }
        Ok(chain)
    }
}

/// Puts an operator's value in the place of the law's, which it must keep.
fn tightened(
    lines: &mut BTreeMap<&'static str, Line>,
    law: &str,
    key: &str,
    value: &Value,
) -> Result<(), String> {
    let known = Key::find(key)?;
    (known.check)(value).map_err(|error| format!("= {value}: {error}"))?;
    if let Some(line) = lines.get(known.name)
        && line.value != LEFT_TO_OPERATOR
        && !(known.keeps)(value, &line.value)
    {
        return Err(format!(
            "= {value} is looser than the law {law} has it, {}; tighten it, or sign it off as a [[contact.override]]",
            line.value
        ));
    }
    let entry = Entry {
        value: value.clone(),
        source: "contact.values".to_owned(),
        certainty: Certainty::Adopted,
    };
    lines.insert(known.name, entry.line(known.name, "settings"));
    Ok(())
}

/// Puts a looser value in the place of the law's, with who answers for it.
fn loosened(lines: &mut BTreeMap<&'static str, Line>, one: &Override) -> Result<(), String> {
    let Override { key, value, signed_off_by, on, reason } = one;
    let known = Key::find(key).map_err(|what| format!("{key:?} {what}"))?;
    (known.check)(value).map_err(|error| format!("{key} = {value}: {error}"))?;
    for (name, text) in [("signed_off_by", signed_off_by), ("reason", reason)] {
        if text.trim().is_empty() {
            return Err(format!("{key}: {name} is empty; say it, for those who will ask"));
        }
    }
    let Some(line) = lines.get_mut(known.name).filter(|line| line.signed_off.is_none()) else {
        return Err(format!(
            "{key} is overridden already, or nothing that the law says; take it out, or set contact.values.{key}"
        ));
    };
    let signed_off = SignOff {
        by: signed_off_by.clone(),
        on: *on,
        reason: reason.clone(),
        instead_of: line.value.clone(),
    };
    let entry = Entry {
        value: value.clone(),
        source: "contact.override".to_owned(),
        certainty: Certainty::Adopted,
    };
    *line = Line { signed_off: Some(signed_off), ..entry.line(known.name, "settings") };
    Ok(())
}

#[cfg(test)]
mod tests;

//! The laws in force: presets of ours and of the operator's, under `[contact]`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Contact, Problem, Settings};
use crate::model::billing::days_between;
use crate::model::law::OnHolidays;
use crate::policy::holidays::Holidays;
use crate::policy::law::{self, Law, Presets};
use crate::policy::{ContactRules, Scenario};
use crate::review;

/// Calendars that end within so many days are warned of.
const SOON_DAYS: i32 = 365;

/// What holds for every scenario.
#[derive(Debug, Clone)]
pub struct Laws {
    pub installation: Law,
    /// By the names of scenarios that have a law of their own.
    pub scenarios: BTreeMap<String, Law>,
    /// Those that some law minds.
    holidays: Option<Arc<Holidays>>,
}

impl Laws {
    /// The laws that the settings and these scenarios, with their files, name.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(super) fn read(
        settings: &Settings,
        scenarios: &[(String, Scenario)],
    ) -> Result<Laws, Vec<Problem>> {
        let contact = &settings.contact;
        let (presets, mut problems) = presets(&settings.paths.law);
        let mut say = |wrong: Vec<law::Problem>, file: &str| {
            for one in wrong {
                let file = one.file.as_deref().unwrap_or(file);
                let problem = Problem::in_file(file, &one.field, &one.what);
                // Two laws may have the same to say about the settings.
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        };
        let installation = match &contact.law {
            Some(name) => presets.law(name, contact),
            None => {
                let what = format!("is not set, and has no default; {}", presets.choice());
                let field = "contact.law".to_owned();
                Err(vec![law::Problem { file: None, field, what }])
            }
        };
        let installation = installation.map_err(|wrong| say(wrong, "settings")).ok();
        let mut own = BTreeMap::new();
        for (file, scenario) in scenarios {
            let Some(name) = &scenario.law else { continue };
            match presets.law(name, contact) {
                Ok(law) => drop(own.insert(scenario.name.clone(), law)),
                Err(wrong) => say(in_scenario(wrong), file),
            }
        }
        let laws = installation.iter().chain(own.values());
        let holidays = holidays(contact, laws, &mut problems);
        let Some(installation) = installation else { return Err(problems) };
        let laws = Laws { installation, scenarios: own, holidays };
        problems.extend(scenarios.iter().filter_map(|(file, one)| laws.never_open(file, one)));
        if problems.is_empty() { Ok(laws) } else { Err(problems) }
    }

    pub fn of(&self, scenario: &str) -> &Law {
        self.scenarios.get(scenario).unwrap_or(&self.installation)
    }

    pub fn rules(&self) -> ContactRules {
        let own = self.scenarios.iter().map(|(name, law)| (name.clone(), &law.terms));
        ContactRules::new(&self.installation.terms, own, self.holidays.as_ref())
    }

    /// What the laws ask for before a service is touched: that of the
    /// installation, and those of scenarios that have their own.
    pub fn for_reviews(&self) -> (review::Law, HashMap<String, review::Law>) {
        let of = |law: &Law| {
            let holidays = self.holidays.clone();
            let is_holiday =
                move |day: Date| holidays.as_ref().is_some_and(|holidays| holidays.contains(day));
            review::Law::of(&law.terms, is_holiday)
        };
        let own = self.scenarios.iter().map(|(name, law)| (name.clone(), of(law)));
        (of(&self.installation), own.collect())
    }

    /// What people should look at before long.
    pub fn warnings(&self, today: Date) -> Vec<Problem> {
        let mut warnings = Vec::new();
        let mut warn = |field: &str, what: String| {
            warnings.push(Problem::in_file("settings", field, &what));
        };
        if let Some(holidays) = &self.holidays {
            let through = holidays.known_through();
            if days_between(today, through) < SOON_DAYS {
                let what = format!(
                    "are known through {through}; every day after that counts as one, and nobody is contacted: update Duebell"
                );
                warn("contact.holidays", what);
            }
        }
        for line in &self.installation.values {
            if let Some(signed) = line.signed_off.as_ref().filter(|signed| signed.on > today) {
                let what =
                    format!("of {} is signed off on {}, which has not come", line.key, signed.on);
                warn("contact.override", what);
            }
        }
        warnings
    }

    /// A scenario whose window the law leaves nothing of.
    fn never_open(&self, file: &str, scenario: &Scenario) -> Option<Problem> {
        let law = self.of(&scenario.name);
        let hours = scenario.window.hours();
        let days = jiff::civil::Weekday::Monday.cycle_forward().take(7);
        let mut open = days.filter_map(|day| law.terms.hours.on(day)?.within(hours));
        if open.next().is_some() {
            return None;
        }
        let what = format!(
            "is {hours}, and the law {} is closed then on every day; open it inside the law's hours",
            law.name
        );
        Some(Problem::in_file(file, "window", &what))
    }
}

/// A scenario's law is named in its own file.
fn in_scenario(wrong: Vec<law::Problem>) -> Vec<law::Problem> {
    let renamed = |one: law::Problem| match one.field.as_str() {
        "contact.law" => law::Problem { field: "law".to_owned(), ..one },
        _ => law::Problem { file: one.file.or(Some("settings".to_owned())), ..one },
    };
    wrong.into_iter().map(renamed).collect()
}

fn holidays<'a>(
    contact: &Contact,
    mut laws: impl Iterator<Item = &'a Law>,
    problems: &mut Vec<Problem>,
) -> Option<Arc<Holidays>> {
    let mut say = |what: String| {
        problems.push(Problem::in_file("settings", "contact.holidays", &what));
    };
    let minding = laws.find(|law| law.terms.holidays != OnHolidays::Open);
    match (Holidays::of(&contact.holidays), minding) {
        (Err(unknown), _) => {
            say(format!(
                "names {}, no calendar; write a country and its part as in ISO 3166 (DE, DE-BY, US-NY), or a day (2026-12-24); docs/CONTACT_RULES.md lists them",
                unknown.join(", ")
            ));
            None
        }
        (Ok(_), Some(law)) if contact.holidays.is_empty() => {
            say(format!(
                "is empty, and the law {} minds public holidays; name the calendars of your subscribers, such as DE or US-NY",
                law.name
            ));
            None
        }
        (Ok(holidays), Some(_)) => Some(Arc::new(holidays)),
        (Ok(_), None) => None,
    }
}

/// The built-in presets, and over them those of `directory`, if there is one.
fn presets(directory: &Path) -> (Presets, Vec<Problem>) {
    let (mut presets, mut problems) = (Presets::built_in(), Vec::new());
    if directory.as_os_str().is_empty() {
        return (presets, problems);
    }
    let place = directory.display().to_string();
    let unreadable = |file: &str, error: std::io::Error| {
        Problem::in_file(file, "paths.law", &format!("could not be read: {error}"))
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return (presets, vec![unreadable(&place, error)]),
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    files.sort();
    for path in files {
        let file = path.display().to_string();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let wrong = presets.add(&name, &file, &text).err().unwrap_or_default();
                problems.extend(wrong.into_iter().map(|one| {
                    let file = one.file.unwrap_or_default();
                    Problem::in_file(&file, &one.field, &one.what)
                }));
            }
            Err(error) => problems.push(unreadable(&file, error)),
        }
    }
    (presets, problems)
}

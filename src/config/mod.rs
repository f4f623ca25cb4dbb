//! Start-up: settings from the built-in defaults, a file, the environment and
//! the command line, in that order; scenarios and messages from their own
//! files. Everything that is wrong is told at once, with its file, field,
//! value and mend.
//!
//! May use: model, policy, risk, review, message, source, store, provider, pipeline, http.

mod assemble;
mod content;
mod law;
mod problem;
mod yardsticks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::message::lint::Finding;
use crate::message::{Messages, Operator};
use crate::model::Channel;
use crate::pipeline;
use crate::policy::Scenario;
use crate::policy::law::Settings as Contact;
use crate::provider::guard::Limits;
use crate::provider::kinds::{self, Site};
use crate::provider::webhook;
use crate::review::{self, RuleBook};
use crate::risk::cause::Rules;
use crate::risk::estimate::Yardsticks;
use crate::source::sql;
use crate::store;

pub use law::Laws;
pub use problem::{Problem, in_words};

/// The reference of every key: its unit, its range, and why it is what it is.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");
/// Where the settings are looked for when nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/duebell/config.toml";

/// The settings, as they are in force.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    pub operator: Operator,
    pub paths: Paths,
    pub log: Log,
    pub store: store::Settings,
    /// The operator's billing database; needed by all that reads it.
    pub source: Option<sql::Settings>,
    pub contact: Contact,
    pub pipeline: pipeline::Settings,
    pub lease: pipeline::lease::Settings,
    pub channels: Channels,
    pub provider: BTreeMap<String, ProviderTable>,
    pub http: crate::http::Settings,
    pub page: crate::http::page::Settings,
    pub review: review::Settings,
    pub advice: webhook::Settings,
    pub console: crate::http::console::Settings,
}

impl Settings {
    /// What providers must know of us.
    pub fn site(&self) -> Site {
        let public_url = self.http.public_url.as_deref().and_then(|url| url.parse().ok());
        Site { public_url, listens: self.http.listen.is_some() }
    }
}

/// `[paths]`: where scenarios, messages and laws are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// Directory of scenario files (`*.toml`).
    pub policy: PathBuf,
    /// Directory of message templates that overlay the built-in ones; empty for none.
    pub messages: PathBuf,
    /// Directory of law presets of the operator's own; empty for none.
    pub law: PathBuf,
    /// Rules of the debt class in the place of the built-in ones; empty for those.
    pub classify: PathBuf,
    /// What accounts and contacts are worth, in the place of the built-in guesses.
    pub value: PathBuf,
    /// Rules of early warning in the place of the built-in ones.
    pub watch: PathBuf,
    /// Reasons for leaving beside the built-in ones.
    pub churn: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Paths {
            policy: "/etc/duebell/policy".into(),
            messages: PathBuf::new(),
            law: PathBuf::new(),
            classify: PathBuf::new(),
            value: PathBuf::new(),
            watch: PathBuf::new(),
            churn: PathBuf::new(),
        }
    }
}

/// `[log]`: how the daemon tells what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A tracing filter, such as `info` or `duebell=debug`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Log { filter: "info".into(), format: LogFormat::Text }
    }
}

/// `[channels]`: the providers that carry each channel, by the names of their
/// tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Channels {
    pub sms: Routes,
    pub voice: Routes,
    pub email: Routes,
    pub letter: Routes,
}

impl Default for Channels {
    fn default() -> Self {
        let sandbox = || Routes::One("sandbox".to_owned());
        Channels {
            sms: sandbox(),
            voice: sandbox(),
            email: sandbox(),
            letter: Routes::One(NO_CARRIER.to_owned()),
        }
    }
}

impl Channels {
    /// The names of the providers that carry a channel, in order of preference.
    pub fn carriers(&self, channel: Channel) -> &[String] {
        let routes = match channel {
            Channel::Sms => &self.sms,
            Channel::Voice => &self.voice,
            Channel::Email => &self.email,
            Channel::Letter => &self.letter,
        };
        match routes {
            Routes::One(name) if name == NO_CARRIER => &[],
            Routes::One(name) => std::slice::from_ref(name),
            Routes::Several(names) => names,
        }
    }
}

/// One provider or none, or several: one that fails gives way to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(untagged, expecting = "write the name of a provider, or a list of names")]
pub enum Routes {
    One(String),
    Several(Vec<String>),
}

/// What a channel without a provider says.
const NO_CARRIER: &str = "none";

/// `[provider.NAME]`: one provider. Its kind is its name, or says `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderTable {
    pub kind: String,
    #[serde(skip_serializing_if = "is_unlimited")]
    pub limits: Limits,
    #[serde(flatten, serialize_with = "set")]
    pub settings: kinds::Table,
}

/// What is set: TOML has no word for what is not.
fn set<S: serde::Serializer>(table: &kinds::Table, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(table.iter().filter(|(_, value)| !value.is_null()))
}

fn is_unlimited(limits: &Limits) -> bool {
    *limits == Limits::default()
}

/// Settings with the scenarios, messages and laws that they point at.
#[derive(Debug)]
pub struct Loaded {
    pub settings: Settings,
    pub scenarios: Vec<Scenario>,
    pub messages: Messages,
    pub laws: Laws,
    pub causes: Rules,
    pub yardsticks: Yardsticks,
    pub warnings: Vec<Problem>,
}

impl Loaded {
    /// What decisions of people's go by.
    pub fn rule_book(&self) -> RuleBook {
        let (installation, scenarios) = self.laws.for_reviews();
        let Settings { review, pipeline, .. } = &self.settings;
        RuleBook {
            settings: review.clone(),
            installation,
            scenarios,
            care_hours: pipeline.care_hours,
            rest_days: pipeline.care_rest_days,
        }
    }
}

/// Reads settings, scenarios and messages.
///
/// `overrides` are `key=value` pairs of the command line, with dotted keys.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(file: Option<&Path>, overrides: &[String]) -> Result<Loaded, Vec<Problem>> {
    let (settings, mut problems) = assemble::settings(file, overrides)?;
    let mut warnings = Vec::new();
    let messages = match settings.paths.messages.as_os_str().is_empty() {
        true => Messages::built_in(),
        false => Messages::load(&settings.paths.messages).unwrap_or_else(|wrong| {
            problems.extend(wrong.into_iter().map(|p| Problem::in_file(&p.file, "", &p.what)));
            Messages::built_in()
        }),
    };
    let scenarios = read_scenarios(&settings.paths.policy).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Vec::new()
    });
    for (file, scenario) in &scenarios {
        problems.extend(fit(file, scenario, &settings, &messages));
    }
    let causes = yardsticks::read_causes(&settings.paths.classify).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Rules::built_in()
    });
    let yardsticks = yardsticks::read(&settings.paths).unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Yardsticks::built_in()
    });
    let laws = Laws::read(&settings, &scenarios);
    if settings.operator == Operator::default() {
        let what = "is the example's; set the name, telephone and pay link of your company";
        warnings.push(Problem::in_file("settings", "operator", what));
    }
    warnings.extend(messages.lint(&settings.operator).iter().map(finding));
    let laws = match laws {
        Ok(laws) if problems.is_empty() => {
            let unsaid = content::unsaid(&scenarios, &laws, &messages, &settings);
            if !unsaid.is_empty() {
                return Err(unsaid);
            }
            laws
        }
        Ok(_) => return Err(problems),
        Err(wrong) => {
            problems.extend(wrong);
            return Err(problems);
        }
    };
    let scenarios = scenarios.into_iter().map(|(_, scenario)| scenario).collect();
    Ok(Loaded { settings, scenarios, messages, laws, causes, yardsticks, warnings })
}

/// A finding of the linter, as `duebell check` tells it.
fn finding(one: &Finding) -> Problem {
    let what = format!("\"{}\" {}", one.word, one.what);
    match one.line {
        None => Problem::in_file("settings", &one.place, &what),
        Some(line) => Problem::in_file(&format!("messages/{}:{line}", one.place), "", &what),
    }
}

/// Reads one scenario file and checks it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_scenario(path: &Path) -> Result<Scenario, Vec<Problem>> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![Problem::in_file(&file, "", &format!("could not be read: {error}"))]
    })?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        vec![Problem::in_file(&format!("{file}:{line}"), "", error.message())]
    })?;
    let scenario = scenario.in_order();
    let problems = scenario.problems();
    if problems.is_empty() {
        return Ok(scenario);
    }
    Err(problems.into_iter().map(|p| Problem::in_file(&file, &p.field, &p.what)).collect())
}

/// Reads every scenario of a directory, and checks that together they serve
/// each segment once.
fn read_scenarios(directory: &Path) -> Result<Vec<(String, Scenario)>, Vec<Problem>> {
    let place = directory.display().to_string();
    let unreadable = |error: std::io::Error| {
        vec![Problem::in_file(&place, "paths.policy", &format!("could not be read: {error}"))]
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let (mut scenarios, mut problems) = (Vec::new(), Vec::new());
    for path in files {
        match read_scenario(&path) {
            Ok(scenario) => scenarios.push((path.display().to_string(), scenario)),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if scenarios.is_empty() && problems.is_empty() {
        let what =
            "has no scenario; put at least one *.toml there, such as config/policy/consumer.toml";
        problems.push(Problem::in_file(&place, "paths.policy", what));
    }
    for (index, (file, scenario)) in scenarios.iter().enumerate() {
        for (other_file, other) in &scenarios[..index] {
            let mut twice =
                |field: &str, what: String| problems.push(Problem::in_file(file, field, &what));
            if scenario.name == other.name {
                twice(
                    "name",
                    format!("{:?} is also that of {other_file}; give each its own", scenario.name),
                );
            }
            if scenario.default && other.default {
                twice("default", format!("{other_file} is the default already; only one may be"));
            }
            for segment in
                scenario.segments.iter().filter(|segment| other.segments.contains(segment))
            {
                twice(
                    "segments",
                    format!("{segment:?} is served by {other_file} already; name it once"),
                );
            }
        }
    }
    if problems.is_empty() { Ok(scenarios) } else { Err(problems) }
}

/// Whether every step has a template and a provider for each of its channels.
fn fit(file: &str, scenario: &Scenario, settings: &Settings, messages: &Messages) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in &scenario.steps {
        for channel in &step.channels {
            let mut say = |field: &str, what: String| {
                problems.push(Problem::in_file(
                    file,
                    &format!("step {:?}: {field}", step.name),
                    &what,
                ));
            };
            if !messages.has(step.template(), *channel) {
                let known = messages.templates().into_iter().collect::<Vec<_>>().join(", ");
                say(
                    "template",
                    format!(
                        "{:?} has no {channel} message; use one of {known}, or add its files",
                        step.template()
                    ),
                );
            }
            if settings.channels.carriers(*channel).is_empty() {
                say(
                    "channels",
                    format!("{channel} has no provider; set channels.{channel}, or take it out"),
                );
            }
        }
    }
    problems
}

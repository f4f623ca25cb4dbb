//! Layers the settings and reads each section, key by key, so that every
//! wrong key is found and not only the first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{DEFAULT_PATH, DEFAULT_TOML, Problem, ProviderTable, Settings};
use crate::model::{Channel, PhoneNumber};
use crate::provider::kinds::{KINDS, Kind};

const PREFIX: &str = "DUEBELL";

/// The settings, and what is wrong besides what made them unreadable.
pub fn settings(
    file: Option<&Path>,
    overrides: &[String],
) -> Result<(Settings, Vec<Problem>), Vec<Problem>> {
    let file = file.map(Path::to_owned).or_else(|| {
        let default = PathBuf::from(DEFAULT_PATH);
        default.exists().then_some(default)
    });
    let merged = merged(file.as_deref(), overrides)?;
    let origin = file.map_or_else(|| "settings".to_owned(), |file| file.display().to_string());
    let mut reader = Reader { origin, problems: Vec::new() };
    let settings = reader.settings(merged);
    reader.validate(&settings);
    // Keys that could not be read make everything else unreliable, so what
    // they point at is not looked into.
    if reader.problems.is_empty() { Ok((settings, Vec::new())) } else { Err(reader.problems) }
}

fn merged(file: Option<&Path>, overrides: &[String]) -> Result<Map<String, Value>, Vec<Problem>> {
    let wrong =
        |error: config::ConfigError| vec![Problem::in_file("settings", "", &error.to_string())];
    let mut builder = Config::builder().add_source(File::from_str(DEFAULT_TOML, FileFormat::Toml));
    if let Some(file) = file {
        builder = builder.add_source(File::from(file).format(FileFormat::Toml));
    }
    let environment =
        Environment::with_prefix(PREFIX).prefix_separator("__").separator("__").try_parsing(true);
    builder = builder.add_source(environment);
    for pair in overrides {
        let Some((key, value)) = pair.split_once('=') else {
            let what = format!(
                "{pair:?} is no key=value; write for example --set pipeline.sync_every_s=30"
            );
            return Err(vec![Problem::in_file("command line", "--set", &what)]);
        };
        builder = builder.set_override(key, parsed(value)).map_err(wrong)?;
    }
    builder.build().map_err(wrong)?.try_deserialize().map_err(wrong)
}

/// A value of the command line, as the environment would read it.
fn parsed(value: &str) -> config::Value {
    if let Ok(flag) = value.parse::<bool>() {
        return flag.into();
    }
    value.parse::<i64>().map_or_else(|_| value.into(), Into::into)
}

struct Reader {
    origin: String,
    problems: Vec<Problem>,
}

impl Reader {
    fn settings(&mut self, mut merged: Map<String, Value>) -> Settings {
        let mut take = |name: &str| match merged.remove(name) {
            Some(Value::Object(table)) => Some(table),
            Some(other) => {
                let what = format!("is {other}; write it as a table, [{name}]");
                self.problems.push(Problem::in_file(&self.origin, name, &what));
                None
            }
            None => None,
        };
        let (operator, paths, log) = (take("operator"), take("paths"), take("log"));
        let (store, source, pipeline) = (take("store"), take("source"), take("pipeline"));
        let (lease, channels) = (take("lease"), take("channels"));
        let contact = take("contact");
        let (provider, door, page) = (take("provider"), take("http"), take("page"));
        let (review, advice) = (take("review"), take("advice"));
        let console = take("console");
        for key in merged.keys() {
            let what = "is no section; use operator, paths, log, store, source, contact, pipeline, lease, channels, provider, http, page, review, advice or console";
            self.problems.push(Problem::in_file(&self.origin, key, what));
        }
        let provider = provider.unwrap_or_default();
        Settings {
            operator: self.section("operator", operator),
            paths: self.section("paths", paths),
            log: self.section("log", log),
            store: self.section("store", store),
            source: source.and_then(|table| self.whole("source", table)),
            pipeline: self.section("pipeline", pipeline),
            lease: self.section("lease", lease),
            channels: self.section("channels", channels),
            provider: self.providers(provider),
            http: self.section("http", door),
            contact: self.section("contact", contact),
            page: self.section("page", page),
            review: self.section("review", review),
            advice: self.section("advice", advice),
            console: self.section("console", console),
        }
    }

    /// A section whose every key has a default: each key is tried alone.
    fn section<T: DeserializeOwned + Serialize + Default>(
        &mut self,
        name: &str,
        given: Option<Map<String, Value>>,
    ) -> T {
        let Ok(Value::Object(defaults)) = serde_json::to_value(T::default()) else {
            return T::default();
        };
        let reads = |table| serde_json::from_value::<T>(Value::Object(table)).map(drop);
        let good = self.keys(name, &defaults, &reads, given.unwrap_or_default());
        serde_json::from_value(Value::Object(good)).unwrap_or_default()
    }

    /// The defaults, and over them each of the given keys that can be read.
    fn keys(
        &mut self,
        section: &str,
        defaults: &Map<String, Value>,
        reads: &Reads<'_>,
        given: Map<String, Value>,
    ) -> Map<String, Value> {
        let with = |key: &str, value: &Value| {
            let mut tried = defaults.clone();
            tried.insert(key.to_owned(), value.clone());
            reads(tried)
        };
        let mut good = defaults.clone();
        for (key, value) in given {
            // The environment cannot say that 0800 is a text.
            let is_plain = value.is_number() || value.is_boolean();
            match with(&key, &value) {
                Ok(()) => good.insert(key, value),
                Err(_) if is_plain && with(&key, &as_text(&value)).is_ok() => {
                    good.insert(key, as_text(&value))
                }
                Err(error) => {
                    self.refuse(section, &key, &value, &error);
                    None
                }
            };
        }
        good
    }

    /// A section with required keys is read as a whole.
    fn whole<T: DeserializeOwned>(&mut self, name: &str, given: Map<String, Value>) -> Option<T> {
        match serde_json::from_value(Value::Object(given)) {
            Ok(read) => Some(read),
            Err(error) => {
                self.problems.push(Problem::in_file(&self.origin, name, &error.to_string()));
                None
            }
        }
    }

    /// One table for each provider. A kind's defaults are those of its code;
    /// the tables that our own defaults name need not be there.
    fn providers(&mut self, given: Map<String, Value>) -> BTreeMap<String, ProviderTable> {
        let mut read = BTreeMap::new();
        for (name, table) in given {
            let section = format!("provider.{name}");
            let Value::Object(mut table) = table else {
                let what = format!("is {table}; write it as a table, [{section}]");
                self.problems.push(Problem::in_file(&self.origin, &section, &what));
                continue;
            };
            let kind = table.remove("kind").unwrap_or_else(|| name.clone().into());
            let kind = kind.as_str().unwrap_or_default().to_owned();
            let Some(known) = Kind::find(&kind) else {
                let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                let what =
                    format!("is {kind:?}, no kind of provider; use one of {}", names.join(", "));
                self.problems.push(Problem::in_file(
                    &self.origin,
                    &format!("{section}.kind"),
                    &what,
                ));
                continue;
            };
            let limits = match table.remove("limits") {
                Some(Value::Object(limits)) => Some(limits),
                Some(other) => {
                    let what = format!("is {other}; write it as a table, [{section}.limits]");
                    let key = format!("{section}.limits");
                    self.problems.push(Problem::in_file(&self.origin, &key, &what));
                    None
                }
                None => None,
            };
            let limits = self.section(&format!("{section}.limits"), limits);
            let settings = self.keys(&section, &(known.defaults)(), &known.reads, table);
            read.insert(name, ProviderTable { kind, limits, settings });
        }
        read
    }

    fn refuse(&mut self, section: &str, key: &str, value: &Value, error: &serde_json::Error) {
        let variable = format!("{PREFIX}__{}__{}", section.replace('.', "__"), key).to_uppercase();
        let file =
            if std::env::var_os(&variable).is_some() { variable } else { self.origin.clone() };
        let what = format!("= {value}: {error}");
        self.problems.push(Problem::in_file(&file, &format!("{section}.{key}"), &what));
    }

    fn validate(&mut self, settings: &Settings) {
        let mut say = |section: &str, wrong: Vec<(&'static str, String)>| {
            for (key, what) in wrong {
                self.problems.push(Problem::in_file(
                    &self.origin,
                    &format!("{section}.{key}"),
                    &what,
                ));
            }
        };
        say("operator", settings.operator.problems());
        say("pipeline", settings.pipeline.problems());
        say("lease", settings.lease.problems());
        let site = settings.site();
        for (name, table) in &settings.provider {
            say(&format!("provider.{name}.limits"), table.limits.problems());
            if let Some(kind) = Kind::find(&table.kind) {
                say(&format!("provider.{name}"), (kind.problems)(table.settings.clone(), &site));
            }
        }
        say("channels", uncarried(settings));
        if let Some(url) = &settings.http.public_url
            && site.public_url.is_none()
        {
            let what = format!("is {url:?}, no URL; write one such as https://duebell.example.net");
            say("http", vec![("public_url", what)]);
        }
        say("page", settings.page.problems(&settings.http));
        say("review", settings.review.problems());
        say("advice", settings.advice.problems());
        say("console", settings.console.problems(&settings.http));
        say("source", strange_defaults(settings));
        if tracing_subscriber::EnvFilter::try_new(&settings.log.filter).is_err() {
            let filter = &settings.log.filter;
            say(
                "log",
                vec![(
                    "filter",
                    format!("is {filter:?}, no filter; use one such as info or duebell=debug"),
                )],
            );
        }
    }
}

/// Whether a table can be read.
type Reads<'a> = dyn Fn(Map<String, Value>) -> Result<(), serde_json::Error> + 'a;

/// What rows cannot take where they say nothing themselves.
fn strange_defaults(settings: &Settings) -> Vec<(&'static str, String)> {
    let Some(source) = &settings.source else { return Vec::new() };
    let (zone, mut wrong) = (&source.defaults.zone, Vec::new());
    if jiff::tz::TimeZone::get(zone).is_err() {
        let what = format!("is {zone:?}, no IANA time zone; use one such as Europe/Berlin");
        wrong.push(("defaults.zone", what));
    }
    if let Some(region) = source.defaults.region.as_deref().filter(|it| !PhoneNumber::is_region(it))
    {
        let what =
            format!("is {region:?}, no country; use its two letters of ISO 3166, such as DE");
        wrong.push(("defaults.region", what));
    }
    wrong
}

/// Channels with a provider that there is not, that does not carry them, or
/// that stands there twice.
fn uncarried(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    for channel in Channel::ALL {
        let carriers = settings.channels.carriers(channel);
        for (index, name) in carriers.iter().enumerate() {
            let Some(table) = settings.provider.get(name) else {
                let names: Vec<&str> = settings.provider.keys().map(String::as_str).collect();
                let names = names.join(", ");
                let what = format!(
                    "is {name:?}, which has no table; add [provider.{name}], or use one of {names}, or none"
                );
                wrong.push((channel.as_str(), what));
                continue;
            };
            let kind = Kind::find(&table.kind);
            let carries = kind.map(|kind| (kind.carries)(table.settings.clone()));
            if !carries.unwrap_or_default().contains(&channel) {
                let what = format!(
                    "is {name:?}, which does not carry {channel}; use one that does, or none"
                );
                wrong.push((channel.as_str(), what));
            }
            if carriers[..index].contains(name) {
                let what = format!("names {name:?} twice; name it once");
                wrong.push((channel.as_str(), what));
            }
        }
    }
    wrong
}

fn as_text(value: &Value) -> Value {
    Value::String(value.to_string())
}

//! Layers the settings and reads each section, key by key, so that every
//! wrong key is found and not only the first.

use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{DEFAULT_PATH, DEFAULT_TOML, Problem, ProviderSettings, SandboxFile, Settings};

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
        let (provider, door) = (take("provider"), take("http"));
        for key in merged.keys() {
            let what = "is no section; use operator, paths, log, store, source, pipeline, lease, channels, provider or http";
            self.problems.push(Problem::in_file(&self.origin, key, what));
        }
        let mut provider = provider.unwrap_or_default();
        let mut table = |name: &str| match provider.remove(name) {
            Some(Value::Object(table)) => Some(table),
            _ => None,
        };
        let (sandbox, smtp, http) = (table("sandbox"), table("smtp"), table("http"));
        for key in provider.keys() {
            let what = "is no provider; use sandbox, smtp or http";
            self.problems.push(Problem::in_file(&self.origin, &format!("provider.{key}"), what));
        }
        Settings {
            operator: self.section("operator", operator),
            paths: self.section("paths", paths),
            log: self.section("log", log),
            store: self.section("store", store),
            source: source.and_then(|table| self.whole("source", table)),
            pipeline: self.section("pipeline", pipeline),
            lease: self.section("lease", lease),
            channels: self.section("channels", channels),
            provider: ProviderSettings {
                sandbox: self.sandbox(sandbox),
                smtp: self.section("provider.smtp", smtp),
                http: self.section("provider.http", http),
            },
            http: self.section("http", door),
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
        let mut good = defaults.clone();
        for (key, value) in given.unwrap_or_default() {
            let mut tried = defaults.clone();
            tried.insert(key.clone(), value.clone());
            match serde_json::from_value::<T>(Value::Object(tried)) {
                Ok(_) => {
                    good.insert(key, value);
                }
                // The environment cannot say that 0800 is a text.
                Err(_) if self.fits_as_text::<T>(&defaults, &key, &value) => {
                    good.insert(key, as_text(&value));
                }
                Err(error) => self.refuse(name, &key, &value, &error),
            }
        }
        serde_json::from_value(Value::Object(good)).unwrap_or_default()
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

    /// The sandbox's own settings refuse unknown keys; the file's name is taken out first.
    fn sandbox(&mut self, given: Option<Map<String, Value>>) -> SandboxFile {
        let mut given = given.unwrap_or_default();
        let mut read = SandboxFile::default();
        match given.remove("file") {
            Some(Value::String(file)) => read.file = file.into(),
            Some(other) => {
                let what = format!("is {other}; give a path");
                self.problems.push(Problem::in_file(&self.origin, "provider.sandbox.file", &what));
            }
            None => {}
        }
        read.sandbox = self.section("provider.sandbox", Some(given));
        read
    }

    fn fits_as_text<T: DeserializeOwned>(
        &self,
        defaults: &Map<String, Value>,
        key: &str,
        value: &Value,
    ) -> bool {
        let mut tried = defaults.clone();
        tried.insert(key.to_owned(), as_text(value));
        (value.is_number() || value.is_boolean())
            && serde_json::from_value::<T>(Value::Object(tried)).is_ok()
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
        let mut wrong = Vec::new();
        let gateway = &settings.provider.http;
        if gateway.receipts && settings.http.listen.is_none() {
            let what =
                "is true, and nothing listens for them; set http.listen, such as 127.0.0.1:8470";
            wrong.push(("receipts", what.to_owned()));
        }
        if gateway.receipts && gateway.receipt_secret_files.is_empty() {
            let what = "is empty; name a file with the secret that the gateway signs receipts with";
            wrong.push(("receipt_secret_files", what.to_owned()));
        }
        say("provider.http", wrong);
        let mut wrong = Vec::new();
        if let Some(source) = &settings.source
            && jiff::tz::TimeZone::get(&source.defaults.zone).is_err()
        {
            let zone = &source.defaults.zone;
            wrong.push((
                "defaults.zone",
                format!("is {zone:?}, no IANA time zone; use one such as Europe/Berlin"),
            ));
        }
        say("source", wrong);
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

fn as_text(value: &Value) -> Value {
    Value::String(value.to_string())
}

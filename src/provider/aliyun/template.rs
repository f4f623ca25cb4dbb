//! Their templates for ours, and what goes into their gaps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Parameters, Settings, rejected};
use crate::model::Channel;
use crate::model::content::FACTS;
use crate::provider::kinds::Wrong;
use crate::provider::{Meaning, Outgoing, Pledge, Refusal, SendOutcome};

/// One of their templates, in the settings as `[[provider.NAME.templates]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub channel: Channel,
    /// Which of our templates it stands for.
    pub template: String,
    /// The language that it is written in, `zh`; for all where empty.
    #[serde(default)]
    pub language: String,
    /// `SMS_…` or `TTS_…`.
    pub code: String,
    /// Their name for a gap, and ours for what goes into it.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What the keys of a call do; a call without speaks and ends.
    #[serde(default)]
    pub menu: Vec<MenuKey>,
    /// What a call with a menu ends with.
    #[serde(default)]
    pub bye: Option<Spoken>,
}

/// One key of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MenuKey {
    /// `0` to `9`.
    pub key: char,
    pub means: KeyMeans,
    /// The template that is said once it was pressed.
    pub code: String,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// Something more that a call says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    pub code: String,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// What a subscriber says with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMeans {
    SendLink,
    Promise,
    WrongNumber,
    OptOut,
}

impl From<KeyMeans> for Meaning {
    fn from(means: KeyMeans) -> Meaning {
        match means {
            KeyMeans::SendLink => Meaning::SendLink,
            KeyMeans::Promise => Meaning::Promise(Pledge::default()),
            KeyMeans::WrongNumber => Meaning::WrongNumber,
            KeyMeans::OptOut => Meaning::OptOut,
        }
    }
}

/// The template for a message: of its language, else of the one that its
/// language is a variant of, else the one for all.
pub fn of<'a>(templates: &'a [Template], message: &Outgoing) -> Option<&'a Template> {
    let ours = message.facts.as_ref()?.template.as_str();
    let primary = message.language.split('-').next().unwrap_or_default();
    let find = |language: &str| {
        templates.iter().find(|one| {
            one.channel == message.channel
                && one.template == ours
                && one.language.eq_ignore_ascii_case(language)
        })
    };
    find(&message.language).or_else(|| find(primary)).or_else(|| find(""))
}

/// The gaps with what goes into them, as JSON of texts; nothing where there
/// are none. `Err` where something would be left empty: the cloud refuses it.
pub fn filled(
    variables: &BTreeMap<String, String>,
    message: &Outgoing,
) -> Result<Option<String>, SendOutcome> {
    if variables.is_empty() {
        return Ok(None);
    }
    let words = message.facts.as_ref().map(|facts| &facts.words);
    let mut filled = Map::new();
    for (theirs, ours) in variables {
        let word = words.and_then(|words| words.get(ours.as_str())).map(String::as_str);
        let word = word.filter(|word| !word.trim().is_empty());
        let word = word
            .ok_or_else(|| rejected(Refusal::BadContent, &format!("nothing to say for {ours}")))?;
        filled.insert(theirs.clone(), Value::from(word));
    }
    Ok(Some(Value::Object(filled).to_string()))
}

/// The menu of a call and its end, as the cloud's flat parameters.
pub fn add_menu(
    template: &Template,
    message: &Outgoing,
    parameters: &mut Parameters,
) -> Result<(), SendOutcome> {
    for (key, number) in template.menu.iter().zip(1..) {
        let name = |part: &str| format!("MenuKeyMap.{number}.{part}");
        parameters.push((name("Key"), key.key.to_string()));
        parameters.push((name("Code"), key.code.clone()));
        let filled = filled(&key.variables, message)?;
        parameters.extend(filled.map(|filled| (name("TtsParams"), filled)));
    }
    if let Some(bye) = &template.bye {
        parameters.push(("ByeCode".to_owned(), bye.code.clone()));
        let filled = filled(&bye.variables, message)?;
        parameters.extend(filled.map(|filled| ("ByeTtsParams".to_owned(), filled)));
    }
    Ok(())
}

/// What the keys mean: the same in every call, see [`problems`].
pub fn keys(settings: &Settings) -> BTreeMap<char, Meaning> {
    let menus = settings.templates.iter().flat_map(|template| &template.menu);
    menus.map(|key| (key.key, key.means.into())).collect()
}

/// What is wrong with the templates.
pub fn problems(settings: &Settings) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |what: String| wrong.push(("templates", what));
    let mut means = BTreeMap::new();
    for template in &settings.templates {
        let code = &template.code;
        if template.channel == Channel::Email {
            say(format!("{code}: the cloud carries sms and voice here, no email"));
        }
        let menu = template.menu.iter().map(|key| &key.variables);
        let spoken = menu.chain(template.bye.as_ref().map(|bye| &bye.variables));
        for ours in spoken.chain([&template.variables]).flat_map(BTreeMap::values) {
            if !FACTS.contains(&ours.as_str()) {
                say(format!("{code}: {ours:?} is nothing that we know; use {}", FACTS.join(", ")));
            }
        }
        for key in &template.menu {
            if !key.key.is_ascii_digit() {
                say(format!("{code}: {:?} is no key from 0 to 9", key.key));
            }
            // A report names the key and not the template.
            if *means.entry(key.key).or_insert(key.means) != key.means {
                say(format!("{code}: the key {} means something else elsewhere", key.key));
            }
        }
        if !template.menu.is_empty() {
            if template.channel != Channel::Voice {
                say(format!("{code}: a menu is for calls"));
            }
            if settings.caller.is_none() {
                say(format!("{code}: a call with a menu needs caller"));
            }
        }
    }
    wrong
}

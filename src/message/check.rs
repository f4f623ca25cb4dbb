//! Strictness: whatever could go wrong with a template goes wrong here, when
//! it is loaded.
//!
//! Names of variables are read off the template, so that a branch nobody
//! takes is covered too; then every template is rendered with each sample, so
//! that fields of a bill, filters and lists are covered as well.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use minijinja::ErrorKind;

use super::facts::{BILL_VARIABLES, VARIABLES};
use super::files::{LAYOUT, Texts};
use super::{BillLine, MessageFacts, Messages, Notes, Operator, Problem, RenderError, call, name};
use crate::model::content::{Does, Part, in_words};
use crate::model::law::Block;
use crate::model::{AccountId, BillId, Channel, Content, Money, Prompt};

/// Written by a sample where a subscriber's own words stand. It must come out
/// escaped.
const MARKUP: &str = "Ana <b> & Co";

/// A sample's link to the subscriber's own page.
const LINK: &str = "https://reminders.example.net/p/AaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa";

/// The day on which samples are rendered.
const TODAY: Date = date(2026, 3, 10);

/// What a message lacks: an e-mail has three parts or none, the texts around a
/// call are all there or none.
pub fn incomplete(texts: &Texts) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mail = ["email.subject.txt", "email.txt", "email.html"];
    let sets: [(&[&str], &str); 2] = [(&mail, "an e-mail"), (call::FILE_NAMES, "a call")];
    let directories: BTreeSet<&str> =
        texts.keys().filter_map(|file| file.rsplit_once('/').map(|(start, _)| start)).collect();
    for (directory, (names, what)) in
        directories.iter().flat_map(|directory| sets.map(|set| (directory, set)))
    {
        let files = names.iter().map(|name| format!("{directory}/{name}"));
        let (have, lack): (Vec<_>, Vec<_>) = files.partition(|file| texts.contains_key(file));
        if !have.is_empty() {
            problems.extend(lack.into_iter().map(|file| Problem {
                file,
                what: format!("is missing; {what} needs {}", names.join(", ")),
            }));
        }
    }
    problems
}

/// Everything that is wrong with the templates of a set that compiles.
pub fn problems(messages: &Messages) -> BTreeSet<Problem> {
    let mut problems = BTreeSet::new();
    for (file, template) in messages.templates.templates() {
        let unknown = template.undeclared_variables(true);
        problems.extend(
            unknown
                .iter()
                .filter(|name| !is_known(messages, name))
                .map(|name| unknown_variable(file, template.source(), name)),
        );
    }
    // A sample would only repeat what was found, in other words.
    let found: BTreeSet<String> = problems.iter().map(|problem| problem.file.clone()).collect();
    if found.contains(LAYOUT) {
        return problems;
    }
    for ((template, channel), languages) in &messages.languages {
        for language in languages {
            let directory = format!("{language}/{template}");
            let own = format!("{directory}/{channel}");
            let around = format!("{language}/{}/", call::DIRECTORY);
            let is_found = |file: &String| {
                file.starts_with(&own) || (*channel == Channel::Voice && file.starts_with(&around))
            };
            if !found.iter().any(is_found) {
                problems.extend(trial(messages, language, template, *channel));
            }
        }
    }
    problems
}

/// What goes wrong when one message is rendered with each sample.
fn trial(
    messages: &Messages,
    language: &str,
    template: &str,
    channel: Channel,
) -> BTreeSet<Problem> {
    let account = AccountId::from("sample-1");
    let with_bank = Operator { content: sample_notes(), ..Operator::default() };
    let without_bank = Operator { bank: String::new(), ..Operator::default() };
    let lawful = [Block::OptOut, Block::DebtAdvice];
    let mut problems = BTreeSet::new();
    for bills in samples() {
        for (name, operator, reply_url, asked) in
            [("", &without_bank, "", &lawful[..0]), (MARKUP, &with_bank, LINK, &lawful[..])]
        {
            let bills = bills.clone();
            let (account, on) = (&account, TODAY);
            let facts =
                MessageFacts { operator, name, account, language, on, bills, reply_url, asked };
            match messages.content(language, template, channel, &facts) {
                Ok(content) => problems.extend(faults(language, template, &content)),
                Err(RenderError::Template { file, source }) => {
                    // The fault may lie in a file that this one builds on.
                    let file = source.name().unwrap_or(&file).to_owned();
                    problems.insert(problem(&file, &source));
                }
                Err(error) => {
                    problems.insert(Problem {
                        file: format!("{language}/{template}"),
                        what: error.to_string(),
                    });
                }
            }
        }
    }
    problems
}

/// A note whose words must come out escaped.
fn sample_notes() -> Notes {
    toml::from_str(&format!("debt-advice = {{ en = \"{MARKUP}\" }}"))
        .expect("a sample's note is well formed")
}

/// What no message may be.
fn faults(language: &str, template: &str, content: &Content) -> Vec<Problem> {
    let empty = |file: &str, text: &str| {
        let file = format!("{template}/{file}");
        name::cleaned(text).is_empty().then_some((file, "renders to nothing"))
    };
    let found: Vec<_> = match content {
        Content::Sms { text } => vec![empty("sms.txt", text)],
        Content::Voice(prompt) => {
            vec![empty("voice.txt", &prompt.words()), told_to_all(prompt), says_nothing(prompt)]
        }
        Content::Email { subject, text, html } => vec![
            empty("email.subject.txt", subject),
            empty("email.txt", text),
            empty("email.html", html),
            html.contains(MARKUP).then(|| {
                (
                    format!("{template}/email.html"),
                    "writes a subscriber's name, or a note, as markup; keep it escaped",
                )
            }),
        ],
    };
    let problem = |(file, what): (String, &str)| Problem {
        file: format!("{language}/{file}"),
        what: what.to_owned(),
    };
    found.into_iter().flatten().map(problem).collect()
}

/// A machine plays what it was told to whoever stands there.
fn told_to_all(prompt: &Prompt) -> Option<(String, &'static str)> {
    let tells = |part: &Part| matches!(part, Part::Amount { .. } | Part::Date { .. });
    prompt.to_machine.iter().any(tells).then(|| {
        let what = "tells a machine, and whoever listens to it, what is owed; leave that out";
        (format!("{}/{}", call::DIRECTORY, call::MACHINE), what)
    })
}

/// A key that is answered with silence seems to have done nothing.
fn says_nothing(prompt: &Prompt) -> Option<(String, &'static str)> {
    let menu = prompt.menu.as_ref()?;
    let answers = menu.keys.iter().filter(|key| key.does != Does::Repeat).map(|key| &key.answer);
    let silent = |parts: &Vec<Part>| in_words(parts).trim().is_empty();
    [&menu.invitation, &menu.goodbye].into_iter().chain(answers).any(silent).then(|| {
        let what = "has a text that renders to nothing; only machine.txt may";
        (call::DIRECTORY.to_owned(), what)
    })
}

/// One bill and two bills in two currencies, before and after the due date.
fn samples() -> Vec<Vec<BillLine>> {
    let bill = |id: &str, minor, code: &str, due_on| {
        let currency = code.parse().expect("a sample's currency is in ISO 4217");
        BillLine { bill: BillId::from(id), remaining: Money::new(minor, currency), due_on }
    };
    let tomorrow = date(2026, 3, 11);
    let last_month = date(2026, 2, 3);
    vec![
        vec![bill("sample-1", 9_760, "EUR", tomorrow)],
        vec![bill("sample-1", 9_760, "EUR", last_month)],
        vec![bill("sample-1", 9_760, "EUR", tomorrow), bill("sample-2", 500, "USD", tomorrow)],
        vec![bill("sample-1", 9_760, "EUR", last_month), bill("sample-2", 5, "USD", TODAY)],
    ]
}

fn is_known(messages: &Messages, name: &str) -> bool {
    VARIABLES.contains(&name)
        || matches!(name, "super" | "caller" | "self")
        || messages.templates.globals().any(|(global, _)| global == name)
}

fn unknown_variable(file: &str, source: &str, name: &str) -> Problem {
    let line = source.lines().position(|line| line.contains(name));
    let place = line.map_or(String::new(), |line| format!("line {}: ", line + 1));
    Problem {
        file: file.to_owned(),
        what: format!("{place}there is no variable `{name}`; {}", known_variables()),
    }
}

fn known_variables() -> String {
    let bill: Vec<_> = BILL_VARIABLES.iter().map(|field| format!("bill.{field}")).collect();
    format!(
        "there are {}, and inside {{% for bill in bills %}} {}",
        VARIABLES.join(", "),
        bill.join(", ")
    )
}

/// What minijinja found, in words for whoever edits the file.
pub fn problem(file: &str, error: &minijinja::Error) -> Problem {
    let place = error.line().map_or(String::new(), |line| format!("line {line}: "));
    let near = error
        .template_source()
        .zip(error.range())
        .and_then(|(source, range)| source.get(range))
        .filter(|near| !near.trim().is_empty() && !near.contains('\n'))
        .map_or(String::new(), |near| format!(" at `{}`", near.trim()));
    let what = match (error.kind(), error.detail()) {
        (ErrorKind::UndefinedError, _) => {
            format!("there is no such variable{near}; {}", known_variables())
        }
        (ErrorKind::OutOfFuel, _) => "takes too long; is there a loop without need?".to_owned(),
        (kind, Some(detail)) => format!("{kind}{near}: {detail}"),
        (kind, None) => format!("{kind}{near}"),
    };
    Problem { file: file.to_owned(), what: format!("{place}{what}") }
}

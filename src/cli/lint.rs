//! `duebell message lint`: what messages cost at their longest, what is wrong
//! with their manner, and who is not spoken to in his own language.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use crate::app;
use crate::config::Loaded;
use crate::message::lint::Finding;
use crate::message::lint::size::{Longest, PARTS_MAX};
use crate::model::{Channel, Currency, ReminderId};

use super::context::{Options, desk};
use super::output::print_line;

/// More letters than this outside the short alphabet are a script.
const LETTERS_SHOWN_MAX: usize = 12;

#[derive(Debug, Args)]
pub struct Lint {
    /// What one part of an SMS costs, to show what messages do
    #[arg(long, value_name = "PRICE")]
    price_per_part: Option<f64>,
    /// Of the amounts in the longest messages
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// Look at the languages of the ledger's accounts too
    #[arg(long)]
    accounts: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    sms: Vec<SmsLine>,
    findings: Vec<Finding>,
    not_spoken: Vec<NotSpoken>,
}

/// An SMS with the longest values that it may have.
#[derive(Serialize)]
struct SmsLine {
    template: String,
    language: String,
    #[serde(flatten)]
    longest: Longest,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
}

/// What somebody gets in another language than his own.
#[derive(Serialize)]
struct NotSpoken {
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<u64>,
    /// A template by a channel, or a note of the settings.
    what: String,
    instead: String,
}

pub async fn run(options: &Options, asked: Lint) -> anyhow::Result<()> {
    let currency = asked.currency.parse::<Currency>();
    let currency = currency.with_context(|| format!("no currency {}", asked.currency))?;
    let is_price = |price: &f64| price.is_finite() && *price >= 0.0;
    ensure!(asked.price_per_part.as_ref().is_none_or(is_price), "--price-per-part is no price");
    let (loaded, accounts) = match asked.accounts {
        false => (options.load()?, None),
        true => {
            let desk = desk(options).await?;
            let counts = desk.store.desk().by_language().await?;
            (desk.loaded, Some(counts))
        }
    };
    let mut not_spoken = own_languages(&loaded);
    for (language, count) in accounts.into_iter().flatten() {
        not_spoken.extend(unspoken(&loaded, &language, Some(count)));
    }
    let report = Report {
        sms: sms(&loaded, currency, asked.price_per_part)?,
        findings: loaded.messages.lint(&loaded.settings.operator),
        not_spoken,
    };
    if asked.json {
        return print_line(&serde_json::to_string_pretty(&report)?);
    }
    report.sms.iter().try_for_each(|line| print_line(&line.to_string()))?;
    report.findings.iter().try_for_each(|one| print_line(&format!("warning: {one}")))?;
    report.not_spoken.iter().try_for_each(|one| print_line(&format!("warning: {one}")))?;
    match report.findings.len() + report.not_spoken.len() {
        0 if report.sms.is_empty() => print_line("nothing was found; no step goes by SMS"),
        0 => print_line("nothing was found in the wording"),
        _ => Ok(()),
    }
}

/// The messages that scenarios use.
fn used(loaded: &Loaded) -> BTreeSet<(&str, Channel)> {
    let steps = loaded.scenarios.iter().flat_map(|scenario| &scenario.steps);
    steps.flat_map(|step| step.channels.iter().map(|channel| (step.template(), *channel))).collect()
}

fn sms(loaded: &Loaded, currency: Currency, price: Option<f64>) -> anyhow::Result<Vec<SmsLine>> {
    let links = app::links(&loaded.settings)?;
    // As long as a real one, and to nobody's page.
    let page = links.map(|links| links.page(Channel::Sms, ReminderId::from_bytes([0; 16])));
    let page = page.unwrap_or_default();
    let (messages, operator) = (&loaded.messages, &loaded.settings.operator);
    let mut lines = Vec::new();
    for (template, _) in used(loaded).iter().filter(|(_, channel)| *channel == Channel::Sms) {
        let law = loaded.asked(template, Channel::Sms);
        for language in messages.languages(template, Channel::Sms) {
            let with = (page.as_str(), currency);
            let longest = messages.longest_sms(template, &language, operator, &law, with);
            let longest = longest.with_context(|| format!("{language}/{template} fails"))?;
            let cost = price.map(|price| price * longest.size.parts as f64);
            lines.push(SmsLine { template: (*template).to_owned(), language, longest, cost });
        }
    }
    Ok(lines)
}

/// Languages that speak some messages and not others.
fn own_languages(loaded: &Loaded) -> Vec<NotSpoken> {
    let used = used(loaded);
    let languages: BTreeSet<String> = used
        .iter()
        .flat_map(|(template, channel)| loaded.messages.languages(template, *channel))
        .collect();
    languages.iter().flat_map(|language| unspoken(loaded, language, None)).collect()
}

/// What is in another language for somebody who speaks this one. Notes count
/// where the accounts are known: nobody writes them for readers whom he has not.
fn unspoken(loaded: &Loaded, language: &str, accounts: Option<u64>) -> Vec<NotSpoken> {
    let messages = used(loaded).into_iter().filter_map(|(template, channel)| {
        let instead = loaded.messages.another_language(template, channel, language)?;
        Some((format!("{template} by {channel}"), instead))
    });
    let notes = loaded.settings.operator.content.foreign(language);
    let notes = notes.map(|(block, instead)| (format!("operator.content.{block}"), instead));
    let found = messages.chain(notes.filter(|_| accounts.is_some()));
    let of = |(what, instead): (String, &str)| {
        let (language, instead) = (language.to_owned(), instead.to_owned());
        NotSpoken { language, accounts, what, instead }
    };
    found.map(of).collect()
}

impl std::fmt::Display for SmsLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SmsLine { template, language, longest, cost } = self;
        let size = longest.size;
        let alphabet = if size.is_gsm { "GSM" } else { "UCS-2" };
        let parts = if size.parts == 1 { "part " } else { "parts" };
        write!(
            f,
            "{template:<10} {language:<8} {:>2} {parts} {:>4} units of {alphabet}",
            size.parts, size.units
        )?;
        if let Some(cost) = cost {
            write!(f, ", costs {cost:.4}")?;
        }
        match longest.outside_gsm.as_slice() {
            [] => {}
            letters if letters.len() <= LETTERS_SHOWN_MAX => {
                write!(f, ", because of {}", letters.iter().collect::<String>())?;
            }
            _ => write!(f, ", because of its script")?,
        }
        if size.parts > PARTS_MAX {
            write!(f, "; warning: more than {PARTS_MAX} parts, make it shorter")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for NotSpoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let NotSpoken { language, accounts, what, instead } = self;
        let who = accounts.map_or(String::new(), |count| format!(" (accounts: {count})"));
        write!(f, "{what} is not in {language}{who}, nor in a language near it; {instead} is used")
    }
}

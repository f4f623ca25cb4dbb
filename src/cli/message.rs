//! `duebell message`: the templates there are, and what they come to.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use crate::app;
use crate::config::Loaded;
use crate::message::{BillLine, MessageFacts, Messages};
use crate::model::sms::{self, Size};
use crate::model::{AccountId, Channel, Content, Money, ReminderId};
use crate::pipeline::planning_day;
use crate::store::PlanStore;

use super::context::{Options, desk, now};
use super::output::print_line;
use super::story::bucket;

/// What is to be shown; everything where nothing is said.
#[derive(Debug, Args)]
pub struct Preview {
    /// The message set, such as soft
    template: Option<String>,
    /// BCP 47, such as pt-BR
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// sms, voice, email or letter
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// An account of the ledger, with what it owes, in its own language
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[arg(long)]
    json: bool,
}

/// Who is written to.
struct Reader {
    name: String,
    account: AccountId,
    language: Option<String>,
    on: Date,
    bills: Vec<BillLine>,
}

#[derive(Serialize)]
struct Shown {
    template: String,
    channel: &'static str,
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<Size>,
}

pub async fn preview(options: &Options, asked: Preview) -> anyhow::Result<()> {
    let (loaded, reader) = match &asked.account {
        None => (options.load()?, Reader::sample()),
        Some(account) => {
            let desk = desk(options).await?;
            let account = AccountId::from(account.as_str());
            let at = bucket(&desk, &account).await?;
            let on = planning_day(now());
            let facts = desk.store.facts(&[(at, account.clone())], on).await?;
            let facts = facts.into_iter().next().context("the account vanished")?;
            let owed = facts.bills.iter().filter(|bill| bill.remaining > 0);
            let bills = owed.map(|bill| BillLine {
                bill: bill.id.clone(),
                remaining: bill.remaining_amount(),
                due_on: bill.due_on,
            });
            let (name, language) =
                (facts.account.name.clone(), Some(facts.account.speaks().to_owned()));
            let bills: Vec<BillLine> = bills.collect();
            ensure!(!bills.is_empty(), "{account} owes nothing, so there is nothing to say");
            let reader = Reader { name, account, language, on, bills };
            (desk.loaded, reader)
        }
    };
    let links = app::links(&loaded.settings)?;
    let Loaded { messages, settings, .. } = &loaded;
    let mut shown = Vec::new();
    for (template, channel, language) in meant(messages, &asked, &reader)? {
        // As long as a real one, and to nobody's page.
        let link = links.as_ref().map(|links| links.page(channel, ReminderId::from_bytes([0; 16])));
        let facts = MessageFacts {
            operator: &settings.operator,
            name: &reader.name,
            account: &reader.account,
            language: &language,
            on: reader.on,
            bills: reader.bills.clone(),
            reply_url: link.as_deref().unwrap_or_default(),
            asked: &loaded.asked(&template, channel),
        };
        let rendered = messages.render(&template, channel, &facts)?;
        shown.push(Shown::of(template, channel, rendered.language, rendered.content));
    }
    if asked.json {
        return print_line(&serde_json::to_string_pretty(&shown)?);
    }
    shown.iter().try_for_each(Shown::print)
}

impl Reader {
    fn sample() -> Reader {
        let due_on = jiff::civil::date(2026, 3, 5);
        let currency = "EUR".parse().ok();
        let bill = currency.map(|currency| BillLine {
            bill: "2026-0301-4711".into(),
            remaining: Money::new(4_990, currency),
            due_on,
        });
        Reader {
            name: "Ana García".into(),
            account: "1000042".into(),
            language: None,
            on: jiff::civil::date(2026, 3, 12),
            bills: bill.into_iter().collect(),
        }
    }
}

/// The messages that are asked for.
fn meant(
    messages: &Messages,
    asked: &Preview,
    reader: &Reader,
) -> anyhow::Result<Vec<(String, Channel, String)>> {
    let templates: BTreeSet<&str> = match &asked.template {
        None => messages.templates(),
        Some(name) => {
            let all = messages.templates();
            let known = all.contains(name.as_str());
            let all: Vec<&str> = all.into_iter().collect();
            ensure!(known, "no template {name}; there are: {}", all.join(", "));
            BTreeSet::from([name.as_str()])
        }
    };
    let channels =
        match &asked.channel {
            None => Channel::ADDRESSED.to_vec(),
            Some(name) => {
                let channel = Channel::parse(name);
                vec![channel.with_context(|| {
                    format!("no channel {name}; use sms, voice, email or letter")
                })?]
            }
        };
    let one = asked.language.clone().or(reader.language.clone());
    let mut meant = Vec::new();
    for template in templates {
        for channel in channels.iter().filter(|channel| messages.has(template, **channel)) {
            let languages = match &one {
                Some(language) => vec![language.clone()],
                None => messages.languages(template, *channel),
            };
            meant.extend(languages.into_iter().map(|it| (template.to_owned(), *channel, it)));
        }
    }
    Ok(meant)
}

impl Shown {
    fn of(template: String, channel: Channel, language: String, content: Content) -> Shown {
        let (subject, text, size) = match content {
            Content::Sms { text } => {
                let size = sms::size(&text);
                (None, text, Some(size))
            }
            Content::Voice(prompt) => (None, prompt.words(), None),
            Content::Email { subject, text, .. } => (Some(subject), text, None),
        };
        Shown { template, channel: channel.as_str(), language, subject, text, size }
    }

    fn print(&self) -> anyhow::Result<()> {
        let size = self.size.map_or(String::new(), |size| {
            let alphabet = if size.is_gsm { "GSM" } else { "UCS-2" };
            let parts = if size.parts == 1 { "part" } else { "parts" };
            format!(": {} {parts}, {} units of {alphabet}", size.parts, size.units)
        });
        print_line(&format!(
            "== {} by {} in {}{size}",
            self.template, self.channel, self.language
        ))?;
        if let Some(subject) = &self.subject {
            print_line(&format!("Subject: {subject}"))?;
        }
        print_line(self.text.trim_end())?;
        print_line("")
    }
}

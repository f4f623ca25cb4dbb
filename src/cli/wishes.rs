//! `duebell wishes`: how subscribers want to be reached, as they told somebody.

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::model::hours::WeekHours;
use crate::model::{Account, AccountId, Channel, Wish};
use crate::store::{PlanStore, SaidWish, WishLine};

use super::context::{Desk, Options, desk, doer, now};
use super::output::print_line;
use super::story::bucket;

/// What a subscriber wishes.
#[derive(Debug, Args)]
pub struct Set {
    account: String,
    /// A language of the messages, such as de
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// sms, voice or email: it goes first where a step allows it
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// On the subscriber's own clock: mon-fri=18:00-20:00,sat=10:00-12:00
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// Who writes it down
    #[arg(long, value_name = "NAME")]
    by: String,
}

/// What a subscriber wishes no longer; all of it where nothing is named.
#[derive(Debug, Args)]
pub struct Clear {
    account: String,
    #[arg(long)]
    language: bool,
    #[arg(long)]
    channel: bool,
    #[arg(long)]
    hours: bool,
    /// Who writes it down
    #[arg(long, value_name = "NAME")]
    by: String,
}

pub async fn set(options: &Options, set: Set) -> anyhow::Result<()> {
    let Set { account, language, channel, hours, by } = set;
    ensure!(!by.trim().is_empty(), "--by is empty; name who writes it down");
    let desk = desk(options).await?;
    let account = account_of(&desk, &account).await?;
    let mut wishes = Vec::new();
    if let Some(tag) = language {
        let spoken = desk.loaded.messages.spoken();
        ensure!(
            spoken.contains(tag.as_str()),
            "--language {tag} is none of the messages; use {}",
            spoken.into_iter().collect::<Vec<_>>().join(", ")
        );
        wishes.push(Wish::Language(Some(tag)));
    }
    if let Some(name) = channel {
        let channel = Channel::parse(&name)
            .with_context(|| format!("--channel {name} is none; use sms, voice or email"))?;
        let is_reached = account.contacts.reaches(channel);
        ensure!(is_reached, "--channel {name}: the account has no address for it");
        wishes.push(Wish::Channel(Some(channel)));
    }
    if let Some(text) = hours {
        let hours: WeekHours = text.parse().map_err(|why| anyhow::anyhow!("--hours: {why}"))?;
        ensure!(
            leaves_time(&desk, &account, hours).await?,
            "--hours {text} leave no time: the law, the scenario's window and the places that the number may be in are closed then"
        );
        wishes.push(Wish::Hours(Some(hours)));
    }
    ensure!(!wishes.is_empty(), "nothing is wished; use --language, --channel or --hours");
    put(&desk, &account, wishes, &by).await
}

pub async fn clear(options: &Options, clear: Clear) -> anyhow::Result<()> {
    let Clear { account, language, channel, hours, by } = clear;
    ensure!(!by.trim().is_empty(), "--by is empty; name who writes it down");
    let desk = desk(options).await?;
    let account = account_of(&desk, &account).await?;
    let named = [language, channel, hours];
    let is_meant = |named: &bool| *named || !(language || channel || hours);
    let kinds = Wish::KINDS.into_iter().zip(named).filter(|(_, named)| is_meant(named));
    let wishes = kinds.filter_map(|(kind, _)| Wish::none(kind)).collect();
    put(&desk, &account, wishes, &by).await
}

async fn put(desk: &Desk, account: &Account, wishes: Vec<Wish>, by: &str) -> anyhow::Result<()> {
    let at = now();
    let said = |wish| SaidWish {
        bucket: account.bucket,
        account: account.id.clone(),
        wish,
        at,
        source: by.to_owned(),
    };
    let said: Vec<SaidWish> = wishes.into_iter().map(said).collect();
    desk.store.desk().put_wishes(&said, &doer(by, at)).await?;
    print(desk, &account.id).await
}

pub async fn show(options: &Options, account: &str, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let account = account_of(&desk, account).await?.id;
    if json {
        let lines = desk.store.desk().wishes(&account).await?;
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    print(&desk, &account).await
}

async fn print(desk: &Desk, account: &AccountId) -> anyhow::Result<()> {
    let lines = desk.store.desk().wishes(account).await?;
    if lines.iter().all(|line| line.value.is_none()) {
        print_line(
            "nothing is wished: the billing system's language and the steps' channels count",
        )?;
    }
    lines.iter().try_for_each(|line| print_line(&told(line)))
}

/// A wish on one line.
pub fn told(line: &WishLine) -> String {
    let value = line.value.as_deref().unwrap_or("taken back");
    let on = line.said_at.strftime("%Y-%m-%d");
    format!("{}: {value}, since {on}, through {}", line.kind, line.source)
        .replace(char::is_control, " ")
}

async fn account_of(desk: &Desk, account: &str) -> anyhow::Result<Account> {
    let id = AccountId::from(account);
    let bucket = bucket(desk, &id).await?;
    let today = crate::pipeline::planning_day(now());
    let facts = desk.store.facts(&[(bucket, id)], today).await?;
    Ok(facts.into_iter().next().context("the account vanished while it was read")?.account)
}

/// Whether these hours can be kept at all.
async fn leaves_time(desk: &Desk, account: &Account, hours: WeekHours) -> anyhow::Result<bool> {
    let today = now().to_zoned(account.zone.clone()).date();
    let facts = desk.store.facts(&[(account.bucket, account.id.clone())], today).await?;
    let Some(serving) = facts.first().and_then(|facts| desk.scenarios.deciding(facts)) else {
        bail!("no scenario serves the account, so it is never reminded");
    };
    let mut wishing = account.clone();
    wishing.wishes.hear(Wish::Hours(Some(hours)));
    Ok(desk.contact.leaves_time(&serving.scenario, &wishing, today))
}

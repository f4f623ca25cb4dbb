//! `duebell consent`: what subscribers agreed to and refused, and what people
//! or other systems know of it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::model::audit::Act;
use crate::model::{AccountId, Channel, Consent, Purpose};
use crate::store::ConsentLine;

use super::context::{Desk, Options, desk, doer, now};
use super::output::print_line;
use super::story::bucket;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The ledger of an account, in order; of each channel and purpose the latest counts
    Show {
        account: String,
        #[arg(long)]
        json: bool,
    },
    /// Write down that a subscriber agreed
    Give(Said),
    /// Write down that a subscriber agrees no longer
    Withdraw(Said),
    /// Read a CSV file: account_id, channel, purpose, given (yes or no), said_at, proof
    Import {
        file: PathBuf,
        /// Who brings it
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

/// What was said, and where it can be shown.
#[derive(Debug, Args)]
pub struct Said {
    account: String,
    /// sms, voice or email
    #[arg(long, value_name = "CHANNEL")]
    channel: String,
    /// reminder or marketing
    #[arg(long, value_name = "PURPOSE", default_value = "reminder")]
    purpose: String,
    /// When it was said; now where left out
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Where it can be shown: a contract, a recording, a letter
    #[arg(long, value_name = "TEXT")]
    proof: String,
    /// Who writes it down
    #[arg(long, value_name = "NAME")]
    by: String,
}

/// A row of a file.
#[derive(Debug, Deserialize)]
struct Line {
    account_id: String,
    channel: String,
    purpose: String,
    given: String,
    said_at: Timestamp,
    proof: String,
}

pub async fn run(options: &Options, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show { account, json } => show(options, &account, json).await,
        Command::Give(said) => say(options, &said, true).await,
        Command::Withdraw(said) => say(options, &said, false).await,
        Command::Import { file, by } => import(options, &file, &by).await,
    }
}

async fn show(options: &Options, account: &str, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let lines = desk.store.desk().consents(&AccountId::from(account)).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    if lines.is_empty() {
        print_line("nothing is known: neither agreed to nor refused")?;
    }
    lines.iter().try_for_each(|line| print_line(&told(line)))
}

/// An entry on one line.
pub fn told(line: &ConsentLine) -> String {
    let ConsentLine { channel, purpose, is_given, said_at, source, proof } = line;
    let said = if *is_given { "agreed to" } else { "refused" };
    let at = said_at.strftime("%Y-%m-%d %H:%M:%SZ");
    format!("{at} {said} {purpose} by {channel}, through {source}: {proof}")
        .replace(char::is_control, " ")
}

async fn say(options: &Options, said: &Said, is_given: bool) -> anyhow::Result<()> {
    let Said { account, channel, purpose, at, proof, by } = said;
    let (now, doer) = (now(), doer(by, now()));
    ensure!(!by.trim().is_empty(), "--by is empty; name who writes it down");
    let desk = desk(options).await?;
    let line = Line {
        account_id: account.clone(),
        channel: channel.clone(),
        purpose: purpose.clone(),
        given: if is_given { "yes" } else { "no" }.to_owned(),
        said_at: at.unwrap_or(now),
        proof: proof.clone(),
    };
    let consent = entry(&desk, &line, by, now).await?;
    let details = json!({
        "channel": consent.channel, "purpose": consent.purpose, "said_at": consent.at,
    });
    let act = if is_given { Act::ConsentGiven } else { Act::ConsentWithdrawn };
    let deed = doer.deed(act, account.clone(), details);
    desk.store.desk().add_consents(&[consent], deed).await?;
    show(options, account, false).await
}

/// All of the file or nothing: whoever mends a row imports it again, and what
/// is there already stays as it is.
async fn import(options: &Options, file: &Path, by: &str) -> anyhow::Result<()> {
    let now = now();
    ensure!(!by.trim().is_empty(), "--by is empty; name who brings it");
    let desk = desk(options).await?;
    let place = file.display();
    let opened = File::open(file).with_context(|| format!("could not open {place}"))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(opened);
    let mut entries = Vec::new();
    for (row, line) in (2..).zip(reader.deserialize::<Line>()) {
        let line = line.with_context(|| format!("{place}, row {row}"))?;
        let entry = entry(&desk, &line, by, now).await;
        entries.push(entry.with_context(|| format!("{place}, row {row}"))?);
    }
    let given = entries.iter().filter(|one| one.is_given).count();
    let details = json!({ "entries": entries.len(), "given": given });
    let deed = doer(by, now).deed(Act::ConsentGiven, None, details);
    desk.store.desk().add_consents(&entries, deed).await?;
    print_line(&format!("{} entries, {given} of them agreed", entries.len()))
}

async fn entry(desk: &Desk, line: &Line, by: &str, now: Timestamp) -> anyhow::Result<Consent> {
    let Line { account_id, channel, purpose, given, said_at, proof } = line;
    let known = Channel::parse(channel).filter(|it| Channel::ADDRESSED.contains(it));
    let is_given = match given.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    ensure!(!proof.trim().is_empty(), "no proof; say where it can be shown");
    // A clock that is ahead must not outlast what is said later.
    ensure!(*said_at <= now, "said at {said_at}, which has not come");
    let account = AccountId::from(account_id.as_str());
    Ok(Consent {
        bucket: bucket(desk, &account).await?,
        account,
        channel: known.with_context(|| format!("no channel {channel}; use sms, voice or email"))?,
        purpose: Purpose::parse(purpose)
            .with_context(|| format!("no purpose {purpose}; use reminder or marketing"))?,
        is_given: is_given.with_context(|| format!("given is {given}; use yes or no"))?,
        at: *said_at,
        source: by.to_owned(),
        proof: proof.clone(),
    })
}

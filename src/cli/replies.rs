//! `duebell replies`: what subscribers said that people are to read.

use anyhow::ensure;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::model::AccountId;
use crate::model::reply::Note;
use crate::store::{Conversation, ReplyLine};

use super::context::{Options, desk, doer, now};
use super::output::print_line;
use super::story::bucket;

/// What somebody of the operator's writes down.
#[derive(Debug, Args)]
pub struct Add {
    account: String,
    what: What,
    /// Who writes it down
    #[arg(long, value_name = "NAME")]
    by: String,
    /// When it was, such as 2026-03-10T14:00+01:00; now where left out
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// What people should know of it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Somebody spoke with the subscriber: where the law asks for silence then, it begins
    Conversation,
}

pub async fn add(options: &Options, add: Add) -> anyhow::Result<()> {
    let Add { account, what: What::Conversation, by, at, note } = add;
    ensure!(!by.trim().is_empty(), "--by is empty; name who writes it down");
    let now = now();
    let at = at.unwrap_or(now);
    ensure!(at <= now, "--at {at} is still to come");
    let desk = desk(options).await?;
    let account = AccountId::from(account.as_str());
    let conversation = Conversation::told(bucket(&desk, &account).await?, account, at);
    let named = format!("{}/conversation/{by}/{at}/{now}", conversation.account);
    let id: String = Sha256::digest(named)[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    let note = Note { words: note };
    desk.store.desk().add_conversation(&conversation, (&id, &note), &doer(&by, now)).await?;
    print_line(&format!("{id}: a conversation with {}, written down by {by}", conversation.account))
}

pub async fn list(options: &Options, limit: u32, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let lines = desk.store.desk().replies(limit).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    for line in &lines {
        let account = line.account.as_deref().unwrap_or("nobody that we know");
        print_line(&format!("{}  {account}  {}", line.id, told(line)))?;
    }
    if lines.is_empty() {
        print_line("nothing waits to be read")?;
    } else {
        print_line("seen to it? `duebell replies done ID --by NAME`")?;
    }
    Ok(())
}

/// A reply on one line, whatever is in it.
pub fn told(line: &ReplyLine) -> String {
    let at = line.at.strftime("%Y-%m-%d %H:%M:%SZ");
    let meaning = line.meaning.replace('_', " ");
    let mut words = format!("{at} {meaning} by {} through {}", line.channel, line.provider);
    if let Some(from) = line.from.as_deref().filter(|_| line.account.is_none()) {
        words.push_str(&format!(" from {}", on_one_line(from)));
    }
    if let Some(said) = &line.words {
        words.push_str(&format!(": \"{}\"", on_one_line(said)));
    }
    if let Some(details) = &line.details {
        words.push_str(&format!(" {}", on_one_line(details)));
    }
    if let Some((at, by)) = line.done_at.zip(line.done_by.as_deref()) {
        let on = at.strftime("%Y-%m-%d");
        words.push_str(&format!("; seen to on {on} by {}", on_one_line(by)));
    }
    words
}

/// A stranger's text in a terminal: without what would steer it.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub async fn done(options: &Options, id: &str, by: &str, is_reached: bool) -> anyhow::Result<()> {
    ensure!(!by.trim().is_empty(), "--by is empty; name who has seen to it");
    let desk = desk(options).await?;
    let is_done = desk.store.desk().end_reply(id, is_reached, &doer(by, now())).await?;
    ensure!(is_done, "no reply {id} waits to be read; `duebell replies` lists those that do");
    print_line(&format!("{id}: seen to by {by}"))
}

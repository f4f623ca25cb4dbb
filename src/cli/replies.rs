//! `duebell replies`: what subscribers said that people are to read.

use anyhow::ensure;

use crate::store::ReplyLine;

use super::context::{Options, desk, now};
use super::output::print_line;

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

pub async fn done(options: &Options, id: &str, by: &str) -> anyhow::Result<()> {
    ensure!(!by.trim().is_empty(), "--by is empty; name who has seen to it");
    let desk = desk(options).await?;
    let is_done = desk.store.desk().end_reply(id, by, now()).await?;
    ensure!(is_done, "no reply {id} waits to be read; `duebell replies` lists those that do");
    print_line(&format!("{id}: seen to by {by}"))
}

//! `duebell audit`: what people did, and whether the record of it is whole.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::model::audit::{Act, Anchor, Entry};
use crate::store::AuditPage;

use super::context::{Options, desk};
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List what people did, the newest first
    List(List),
    /// Go over the whole trail; fails, and says where, if it is not as it was written
    Verify {
        /// An end that the trail once had, as a log or a former `verify` names
        /// it; may be given several times
        #[arg(long, value_name = "SEQ:DIGEST")]
        anchor: Vec<Anchor>,
    },
}

#[derive(Debug, Args)]
pub struct List {
    /// Only what this person did
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only this, such as hold_placed or halt
    #[arg(long, value_name = "ACT")]
    act: Option<String>,
    /// Only about this account, moratorium, scenario or person
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    /// Only entries before this one
    #[arg(long, value_name = "SEQ")]
    before: Option<u64>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[arg(long)]
    json: bool,
}

pub async fn run(options: &Options, command: Audit) -> anyhow::Result<()> {
    match command {
        Audit::List(args) => list(options, args).await,
        Audit::Verify { anchor } => verify(options, &anchor).await,
    }
}

async fn list(options: &Options, list: List) -> anyhow::Result<()> {
    let List { by, act, about, before, limit, json } = list;
    let known = |name: String| {
        Act::parse(&name).with_context(|| {
            format!("--act {name} is none; use {}", Act::ALL.map(Act::as_str).join(", "))
        })
    };
    let page = AuditPage { before, by, act: act.map(known).transpose()?, about, limit };
    let desk = desk(options).await?;
    let entries = desk.store.desk().audit(&page).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&entries)?);
    }
    if entries.is_empty() {
        return print_line("nobody did anything of the kind");
    }
    entries.iter().try_for_each(|entry| print_line(&told(entry)))
}

/// An entry on one line, whatever is in it.
fn told(entry: &Entry) -> String {
    let Entry { seq, deed, .. } = entry;
    let at = deed.at.strftime("%Y-%m-%d %H:%M:%SZ");
    let act = deed.act.as_str().replace('_', " ");
    let through = deed.through.as_str().replace('_', " ");
    let about = deed.about.as_deref().map_or(String::new(), |about| format!(" {about}"));
    format!("{seq}  {at}  {act}{about} by {} through {through} {}", deed.by, deed.details)
        .replace(char::is_control, " ")
}

async fn verify(options: &Options, anchors: &[Anchor]) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    match desk.store.desk().verify(anchors).await? {
        Ok(end) => print_line(&format!("whole: {} entries; the trail ends with {end}", end.seq)),
        Err(broken) => bail!("the audit trail is broken: {broken}"),
    }
}

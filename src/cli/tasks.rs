//! `duebell tasks`: what people are to do.

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};

use crate::model::cause::SetClass;
use crate::model::task::Done;
use crate::model::{Task, TaskKind};
use crate::pipeline::planning_day;
use crate::store::Ended;

use super::context::{Options, desk, doer, now};
use super::output::print_line;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Tasks {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only those that were promised by now
    #[arg(long)]
    overdue: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say that a task is done; after a care call the ladder goes on
    Done(DoneArgs),
}

#[derive(Debug, Args)]
struct DoneArgs {
    id: String,
    /// Who has
    #[arg(long, value_name = "NAME")]
    by: String,
    /// How it went, in a few words
    #[arg(long, value_name = "TEXT")]
    outcome: String,
    /// What the subscriber said when asked; leave it out where nobody asked
    #[arg(long, value_name = "true|false")]
    satisfied: Option<bool>,
}

pub async fn run(options: &Options, args: Tasks) -> anyhow::Result<()> {
    let Tasks { command, overdue, limit, json } = args;
    if let Some(Command::Done(args)) = command {
        return done(options, args).await;
    }
    let now = now();
    let of_these = |task: &Task| !overdue || task.is_overdue(now);
    list(options, limit, json, of_these, "nothing is to be done").await
}

async fn list(
    options: &Options,
    limit: u32,
    json: bool,
    of_these: impl Fn(&Task) -> bool,
    none: &str,
) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let mut tasks = desk.store.desk().tasks(u32::MAX).await?;
    tasks.retain(|task| of_these(task));
    tasks.truncate(limit as usize);
    if json {
        return print_line(&serde_json::to_string_pretty(&tasks)?);
    }
    for task in &tasks {
        print_line(&format!("{}  {}  {}", task.id, task.account, told(task)))?;
    }
    if tasks.is_empty() {
        return print_line(none);
    }
    print_line("seen to? `duebell tasks done ID --by NAME --outcome TEXT`")
}

/// A task on one line, without its account.
pub fn told(task: &Task) -> String {
    let Task { kind, reason, opened_at, due_at, done, .. } = task;
    let time = |at: &jiff::Timestamp| at.strftime("%Y-%m-%d %H:%MZ").to_string();
    let due = match due_at {
        Some(due_at) if task.is_overdue(now()) => format!(", overdue since {}", time(due_at)),
        Some(due_at) => format!(", promised by {}", time(due_at)),
        None => String::new(),
    };
    let done = done.as_ref().map_or(String::new(), |Done { at, by, outcome, satisfied }| {
        let said = match satisfied {
            Some(true) => ", satisfied",
            Some(false) => ", not satisfied",
            None => "",
        };
        format!("; done on {} by {by}: {outcome}{said}", time(at))
    });
    let kind = kind.as_str().replace('_', " ");
    format!("{kind} since {}{due}: {reason}{done}", time(opened_at)).replace(char::is_control, " ")
}

async fn done(options: &Options, args: DoneArgs) -> anyhow::Result<()> {
    let DoneArgs { id, by, outcome, satisfied } = args;
    ensure!(!by.trim().is_empty(), "--by is empty; name who has seen to it");
    ensure!(!outcome.trim().is_empty(), "--outcome is empty; say how it went");
    let desk = desk(options).await?;
    let (now, today) = (now(), planning_day(now()));
    let days = desk.loaded.settings.pipeline.care_rest_days;
    let rests = SetClass::after_care(&by, &outcome, today, days);
    let doer = doer(&by, now);
    let ended = Ended { done: Done { at: now, by, outcome, satisfied }, rests: &rests };
    let shelf = desk.store.desk();
    let Some((account, kind)) = shelf.end_task(&id, &ended, &doer).await? else {
        let task = shelf.task(&id).await?;
        let is_case = task.is_some_and(|task| task.kind == TaskKind::Review && task.done.is_none());
        ensure!(
            !is_case,
            "{id} is a case, and ends by a decision: `duebell cases show {id}`, then `duebell cases propose {id}`"
        );
        bail!("no task {id} is open; `duebell tasks` lists those that are");
    };
    let goes_on = match kind {
        TaskKind::CareCall | TaskKind::Arrangement => "; the ladder goes on where it would be",
        _ => "",
    };
    print_line(&format!("{id}: done, for {account}{goes_on}"))
}

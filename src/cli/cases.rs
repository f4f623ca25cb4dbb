//! `duebell cases`: what people decide about, and by whom it is decided.

use anyhow::{Context, anyhow, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use crate::model::review::{Decision, Instalments, Outcome, Proposal, Wanted};
use crate::model::{Money, Task};
use crate::review::readiness::readiness;
use crate::review::{Requirement, Rules, evidence};
use crate::store::{CaseError, CasePage, DecidedCase, PlanStore, ReviewCase};

use super::context::{Desk, Options, desk, doer, now};
use super::output::print_line;
use super::tasks;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cases {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only those that are assigned to this person
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what a case rests on, what the law still requires, and what was proposed
    Show {
        /// The case or its account
        case: String,
        #[arg(long)]
        json: bool,
    },
    /// Propose what is to become of a case; what one person may decide is done at once
    Propose(Propose),
    /// Agree to somebody else's proposal; all that follows from it is done
    Approve(Word),
    /// Say no to somebody else's proposal
    Refuse(Word),
    /// Take one's own proposal back
    Withdraw(Word),
    /// Say whose case it is
    Assign {
        id: String,
        /// Whose; nobody's where it is empty
        #[arg(long, value_name = "NAME")]
        to: String,
        /// Who says so
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

#[derive(Debug, Args)]
struct Propose {
    /// The case
    id: String,
    /// return_to_ladder, arrangement, care_transfer, fraud_transfer, exempt,
    /// restrict, terminate or write_off
    #[arg(long)]
    outcome: String,
    /// A word that can be counted, such as never_paid
    #[arg(long, value_name = "CODE")]
    reason: String,
    /// Why, in some sentences
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Who proposes it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Of an arrangement: in how many monthly parts
    #[arg(long, value_name = "N", requires = "first")]
    instalments: Option<u8>,
    /// Of an arrangement: the day of the first
    #[arg(long, value_name = "DATE", requires = "instalments")]
    first: Option<Date>,
}

#[derive(Debug, Args)]
struct Word {
    /// The proposal
    id: String,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why, in some words
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

pub async fn run(options: &Options, args: Cases) -> anyhow::Result<()> {
    let Cases { command, of, limit, json } = args;
    let desk = desk(options).await?;
    match command {
        None => list(&desk, of.as_deref(), limit, json).await,
        Some(Command::Show { case, json }) => show(&desk, &case, json).await,
        Some(Command::Propose(args)) => propose(&desk, args).await,
        Some(Command::Approve(word)) => approve(&desk, &word).await,
        Some(Command::Refuse(word)) => {
            let refused =
                desk.store.desk().refuse(&word.id, &word.note, &doer(&word.by, now())).await;
            print_line(&told(&refused.map_err(in_words)?))
        }
        Some(Command::Withdraw(word)) => {
            let taken =
                desk.store.desk().withdraw(&word.id, &word.note, &doer(&word.by, now())).await;
            print_line(&told(&taken.map_err(in_words)?))
        }
        Some(Command::Assign { id, to, by }) => {
            ensure!(!by.trim().is_empty(), "--by is empty; name who says so");
            desk.store.desk().assign(&id, &to, &doer(&by, now())).await.map_err(in_words)?;
            print_line(&match to.trim() {
                "" => format!("{id}: nobody's"),
                to => format!("{id}: {to}'s"),
            })
        }
    }
}

/// A refusal is for the person who asked; what the store says is not.
fn in_words(error: CaseError) -> anyhow::Error {
    match error {
        CaseError::Refused(refusal) => anyhow!(refusal),
        CaseError::Store(error) => error.into(),
    }
}

async fn list(desk: &Desk, of: Option<&str>, limit: u32, json: bool) -> anyhow::Result<()> {
    let page = CasePage { assigned_to: of, limit, after: None };
    let cases = desk.store.desk().cases(&page).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&cases)?);
    }
    for case in &cases {
        print_line(&format!("{}  {}  {}", case.id, case.account, tasks::told(case)))?;
        print_line(&format!("  {}", at_stake(case)))?;
    }
    if cases.is_empty() {
        return print_line("no case waits for a review");
    }
    print_line("look at one: `duebell cases show ID`")
}

fn at_stake(case: &Task) -> String {
    let arrears = case.arrears.map_or("nothing overdue".to_owned(), |sum| format!("{sum} overdue"));
    let tier = case.tier.map_or("unknown", |tier| tier.as_str());
    let whose = case.assigned.as_ref().map_or("nobody's".to_owned(), |it| format!("{}'s", it.to));
    format!("{arrears}, {tier} account, {whose}").replace(char::is_control, " ")
}

/// What decisions about a case go by: the law of the account's scenario.
async fn rules(desk: &Desk, case: &ReviewCase) -> anyhow::Result<Rules> {
    let whose = (case.facts.bucket, case.facts.account.clone());
    let facts = desk.store.facts(&[whose], case.facts.today(now())).await?;
    let facts = facts.into_iter().next().context("the account vanished while it was read")?;
    let scenario = desk.scenarios.deciding(&facts);
    let book = desk.loaded.rule_book();
    Ok(book.rules(scenario.as_ref().map(|one| one.scenario.name.as_str())))
}

async fn case(desk: &Desk, named: &str) -> anyhow::Result<ReviewCase> {
    let case = desk.store.desk().case_of(named).await?;
    case.with_context(|| format!("no case {named}; `duebell cases` lists those that are open"))
}

/// Everything that is shown of a case.
#[derive(Serialize)]
struct Story {
    case: Task,
    /// Empty where the law asks for nothing.
    before_restriction: Vec<Requirement>,
    before_termination: Vec<Requirement>,
    digest: String,
    evidence: Value,
    proposals: Vec<Proposal>,
}

async fn show(desk: &Desk, named: &str, json: bool) -> anyhow::Result<()> {
    let case = case(desk, named).await?;
    let rules = rules(desk, &case).await?;
    let today = case.facts.today(now());
    let required = |outcome| readiness(outcome, &case.facts, &rules.law, today).0;
    let frozen = evidence::freeze(&case.facts);
    let story = Story {
        before_restriction: required(Outcome::Restrict),
        before_termination: required(Outcome::Terminate),
        digest: frozen.digest,
        evidence: serde_json::from_str(&frozen.body)?,
        proposals: case.proposals,
        case: case.task,
    };
    if json {
        return print_line(&serde_json::to_string_pretty(&story)?);
    }
    story.print(&case.facts.bills)
}

impl Story {
    fn print(&self, bills: &[crate::model::Bill]) -> anyhow::Result<()> {
        let case = &self.case;
        print_line(&format!("{}  {}  {}", case.id, case.account, tasks::told(case)))?;
        print_line(&format!("  {}", at_stake(case)))?;
        print_line("bills")?;
        for bill in bills {
            let billed = Money::new(bill.amount, bill.currency);
            let unpaid = bill.remaining_amount();
            print_line(&format!("  {} due {}: {unpaid} of {billed}", bill.id, bill.due_on))?;
        }
        for (what, required) in [
            ("before a restriction", &self.before_restriction),
            ("before a termination", &self.before_termination),
        ] {
            print_line(what)?;
            for one in required {
                print_line(&format!("  {one}"))?;
            }
        }
        print_line(&format!("evidence {}; all of it with --json", self.digest))?;
        if !self.proposals.is_empty() {
            print_line("proposals")?;
        }
        self.proposals.iter().try_for_each(|one| print_line(&format!("  {}", told(one))))
    }
}

/// A proposal on one line.
fn told(one: &Proposal) -> String {
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%MZ").to_string();
    let parts = one.instalments.map_or(String::new(), |parts| {
        format!(" in {} parts from {}", parts.count, parts.first_on)
    });
    let stands = match &one.decided {
        None => format!("waits for somebody else until {}", time(one.expires_at)),
        Some(Decision { verdict, by, at, note }) => {
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            format!("{} by {by} on {}{note}", verdict.as_str(), time(*at))
        }
    };
    let (id, outcome, by, reason) = (&one.id, one.outcome, &one.proposed_by, &one.reason);
    let proposed = time(one.proposed_at);
    let words =
        format!("{id}  {outcome}{parts}, {reason}, by {by} on {proposed}: {}; {stands}", one.note);
    words.replace(char::is_control, " ")
}

async fn propose(desk: &Desk, args: Propose) -> anyhow::Result<()> {
    let Propose { id, outcome, reason, note, by, instalments, first } = args;
    let outcome = Outcome::parse(&outcome).with_context(|| {
        let all: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::as_str).collect();
        format!("--outcome {outcome} is none; use {}", all.join(", "))
    })?;
    let case = case(desk, &id).await?;
    let rules = rules(desk, &case).await?;
    let instalments =
        instalments.zip(first).map(|(count, first_on)| Instalments { count, first_on });
    let wanted = Wanted { outcome, instalments, reason, note };
    let decided =
        desk.store.desk().propose(&case.task.id, &wanted, &rules, &doer(&by, now())).await;
    say(&decided.map_err(in_words)?)
}

async fn approve(desk: &Desk, word: &Word) -> anyhow::Result<()> {
    let proposal = desk.store.desk().proposal(&word.id).await?;
    let proposal = proposal.with_context(|| format!("no proposal {}", word.id))?;
    let case = case(desk, &proposal.task).await?;
    let rules = rules(desk, &case).await?;
    let doer = doer(&word.by, now());
    let decided = desk.store.desk().approve(&word.id, &word.note, &rules, &doer).await;
    say(&decided.map_err(in_words)?)
}

fn say(decided: &DecidedCase) -> anyhow::Result<()> {
    print_line(&told(&decided.proposal))?;
    let Some(effects) = &decided.effects else {
        let id = &decided.proposal.id;
        return print_line(&format!("somebody else: `duebell cases approve {id} --by NAME`"));
    };
    if let Some(class) = &effects.class {
        print_line(&format!("counts as {} until {}", class.class, class.until))?;
    }
    if let Some(hold) = effects.hold.as_ref().map(|placed| &placed.hold) {
        let until = hold.ends_on.map_or(String::new(), |day| format!(" until {day}"));
        print_line(&format!("held back: {}{until}", hold.kind.as_str()))?;
    }
    if let Some(task) = &effects.task {
        print_line(&tasks::told(task))?;
    }
    if let Some(advice) = &effects.advice {
        print_line(&format!("advice {} is on its way to the billing system", advice.id))?;
    }
    if effects.ends_case { Ok(()) } else { print_line("the case stays open") }
}

//! `duebell explain`: an account's story, what comes next, and why.

use anyhow::Context;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::facts::AccountFacts;
use crate::model::reminder::Severity;
use crate::model::{AccountId, Bill, Bucket, Moratorium, Reason};
use crate::pipeline::plan::{Deciding, decide_account};
use crate::pipeline::{planning_day, trial};
use crate::policy::{Scenario, Versioned};
use crate::store::{
    AttemptLine, ConsentLine, ControlStore, ExperimentStore, HoldStore, PlanStore, ReplyLine,
    SuppressionLine, WishLine,
};

use super::classes::{self, ClassStory};
use super::context::{Desk, Options, desk, now};
use super::holds::{self, HoldLine};
use super::output::print_line;
use super::{consent, replies, wishes};

/// Everything that is told of an account.
#[derive(Serialize)]
struct Story {
    account: String,
    about: String,
    bills: Vec<BillStory>,
    case: Option<String>,
    class: ClassStory,
    repeat_debtor_since: Option<Date>,
    reminders: Vec<AttemptLine>,
    not_sent: Vec<crate::store::WhyNotLine>,
    suppressions: Vec<SuppressionLine>,
    consents: Vec<ConsentLine>,
    holds: Vec<HoldLine>,
    moratoriums: Vec<Moratorium>,
    replies: Vec<ReplyLine>,
    wishes: Vec<WishLine>,
    next: Vec<String>,
}

#[derive(Serialize)]
struct BillStory {
    bill: String,
    unpaid: String,
    billed: String,
    due_on: Date,
    standing: String,
}

/// An account's story and the reason of its next step, in plain words.
pub async fn explain(options: &Options, account: &str, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let account = AccountId::from(account);
    let bucket = bucket(&desk, &account).await?;
    let story = tell(&desk, bucket, &account).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&story)?);
    }
    story.print()
}

async fn tell(desk: &Desk, bucket: Bucket, account: &AccountId) -> anyhow::Result<Story> {
    let today = planning_day(now());
    let facts = desk.store.facts(&[(bucket, account.clone())], today).await?;
    let facts = facts.into_iter().next().context("the account vanished while it was read")?;
    let local = now().to_zoned(facts.account.zone.clone()).date();
    let control = desk.store.control().await?;
    let shelf = desk.store.desk();
    let bills = shelf.bills(account).await?;
    let serving = desk.scenarios.deciding(&facts);
    let trials = trial::running(desk.store.experiments().await?);
    let by = desk.deciding(&control, &trials);
    let next = next_steps(&by, &facts, serving.as_ref(), today);
    let reminders = shelf.attempts(account).await?;
    let holds = desk.store.placed_holds(&[(bucket, account.clone())]).await?;
    let moratoriums = shelf.moratoriums(local).await?.into_iter();
    let not_sent = shelf.not_sent(account, &reminders).await?;
    Ok(Story {
        account: account.0.clone(),
        about: about(&facts, serving.as_ref(), &control),
        bills: bills.iter().map(|bill| bill_story(bill, local)).collect(),
        case: facts.case.as_ref().map(|case| {
            format!(
                "open since {}, stage {}, under version {}",
                case.opened_on,
                case.stage.as_str(),
                case.policy
            )
        }),
        class: classes::story(desk, &(bucket, account.clone()), local).await?,
        repeat_debtor_since: shelf.flag(account).await?.map(|flag| flag.flagged_on),
        reminders,
        not_sent,
        suppressions: shelf.suppressions(account).await?,
        consents: shelf.consents(account).await?,
        holds: holds.into_iter().map(HoldLine::from).collect(),
        moratoriums: moratoriums.filter(|it| it.covers(&facts.account)).collect(),
        replies: shelf.replies_of(account).await?,
        wishes: shelf.wishes(account).await?,
        next,
    })
}

fn about(
    facts: &AccountFacts,
    serving: Option<&Versioned>,
    control: &crate::model::control::Control,
) -> String {
    let account = &facts.account;
    let phone = account
        .contacts
        .phone
        .as_ref()
        .map_or("no telephone number".to_owned(), ToString::to_string);
    let email =
        account.contacts.email.as_ref().map_or("no e-mail address".to_owned(), ToString::to_string);
    let zone = account.zone.iana_name().unwrap_or("UTC");
    let scenario = match serving {
        None => "no scenario serves it, so it is never reminded".to_owned(),
        Some(one) => match control.live_since(&one.scenario.name) {
            Some(since) => format!("scenario {}, live since {since}", one.scenario.name),
            None => format!("scenario {}, observing: nothing is sent", one.scenario.name),
        },
    };
    format!(
        "{}, {zone}, {} account; {phone}, {email}; {scenario}",
        account.language,
        account.tier.as_str()
    )
}

fn bill_story(bill: &Bill, local: Date) -> BillStory {
    let days = bill.days_past_due(local);
    let standing = match (bill.remaining, bill.settled_on) {
        (0, Some(on)) => {
            let late = crate::model::billing::days_between(bill.due_on, on);
            if late > 0 {
                format!("paid on {on}, {} late", in_days(late))
            } else {
                format!("paid on {on}")
            }
        }
        (0, None) => "paid".to_owned(),
        _ if days > 0 => format!("{} past due", in_days(days)),
        _ if days == 0 => "due today".to_owned(),
        _ => format!("due in {}", in_days(-days)),
    };
    BillStory {
        bill: bill.id.0.clone(),
        unpaid: bill.remaining_amount().to_string(),
        billed: crate::model::Money::new(bill.amount, bill.currency).to_string(),
        due_on: bill.due_on,
        standing,
    }
}

fn in_days(days: i32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// What comes next for each unpaid bill, and why.
fn next_steps(
    by: &Deciding<'_>,
    facts: &AccountFacts,
    serving: Option<&Versioned>,
    today: Date,
) -> Vec<String> {
    let Some(one) = serving else { return vec!["nothing: no scenario serves this account".into()] };
    let mut undisturbed = facts.clone();
    undisturbed.touched = 0;
    let decided = decide_account(undisturbed, by, today, now());
    let mut next = Vec::new();
    for reminder in &facts.in_hand {
        let items: Vec<String> =
            reminder.items.iter().map(|i| format!("{} for {}", i.step, i.bill)).collect();
        next.push(format!("planned for {}: {}", reminder.day, items.join(", ")));
    }
    for (reminder, _) in decided.iter().flat_map(|decided| &decided.reminders) {
        let items: Vec<String> =
            reminder.items.iter().map(|i| format!("{} for {}", i.step, i.bill)).collect();
        let verb = if by.control.live_since(&one.scenario.name).is_some() {
            "due"
        } else {
            "would be sent"
        };
        next.push(format!("{verb} on {today}: {}", items.join(", ")));
    }
    for row in decided.iter().flat_map(|decided| &decided.why_not).filter(|row| row.is_open) {
        next.push(format!(
            "{} for {} waits until {} at the latest, because {}",
            row.step,
            row.bill,
            row.limit_on,
            row.reason.words()
        ));
    }
    for row in facts.recorded.iter().filter(|row| row.is_open) {
        next.push(format!(
            "{} for {} stays due until {}, because {}",
            row.step,
            row.bill,
            row.limit_on,
            row.reason.words()
        ));
    }
    next.extend(facts.bills.iter().filter_map(|bill| upcoming(&one.scenario, bill, today)));
    if next.is_empty() {
        next.push("nothing is due".into());
    }
    next
}

fn upcoming(scenario: &Scenario, bill: &Bill, today: Date) -> Option<String> {
    if bill.remaining <= scenario.tolerance {
        return None;
    }
    match scenario.next_step(bill, today) {
        Some(due) => {
            let hard = if due.step.severity == Severity::Hard {
                ", once a softer notice has arrived and its gap is over"
            } else {
                ""
            };
            Some(format!(
                "{} for {} falls due on {} if it is still unpaid{hard}",
                due.step.name, bill.id, due.on
            ))
        }
        None => Some(format!("{} has no step left in scenario {}", bill.id, scenario.name)),
    }
}

impl Story {
    fn print(&self) -> anyhow::Result<()> {
        print_line(&format!("account {}: {}", self.account, self.about))?;
        if let Some(case) = &self.case {
            print_line(&format!("case: {case}"))?;
        }
        self.class.print()?;
        if let Some(since) = self.repeat_debtor_since {
            print_line(&format!("repeat debtor since {since}; for people to review"))?;
        }
        print_line("bills")?;
        for bill in &self.bills {
            print_line(&format!(
                "  {:<24} due {}  {} of {} unpaid, {}",
                bill.bill, bill.due_on, bill.unpaid, bill.billed, bill.standing
            ))?;
        }
        print_line("reminders")?;
        let mut last = "";
        for line in &self.reminders {
            if line.reminder != last {
                let items: Vec<String> =
                    line.items.iter().map(|i| format!("{} for {}", i.step, i.bill)).collect();
                print_line(&format!("  {}: {}", line.day, items.join(", ")))?;
                last = &line.reminder;
            }
            print_line(&format!("    {}", told(line)))?;
        }
        if self.reminders.is_empty() {
            print_line("  none so far")?;
        }
        if !self.not_sent.is_empty() {
            print_line("not sent")?;
        }
        for row in &self.not_sent {
            let open = if row.is_open { "; it stays due" } else { "" };
            print_line(&format!(
                "  {} for {}, due {}: {}{open}",
                row.step,
                row.bill,
                row.step_on,
                row.reason.words()
            ))?;
        }
        self.print_said()?;
        print_line("next")?;
        self.next.iter().try_for_each(|line| print_line(&format!("  {line}")))
    }

    /// What the subscriber said, and what keeps us from them.
    fn print_said(&self) -> anyhow::Result<()> {
        if !self.replies.is_empty() {
            print_line("replies")?;
        }
        for line in &self.replies {
            print_line(&format!("  {}", replies::told(line)))?;
        }
        if !self.holds.is_empty() || !self.moratoriums.is_empty() {
            print_line("held back")?;
        }
        for one in &self.moratoriums {
            print_line(&format!("  {}", holds::told_of_all(one)))?;
        }
        for line in &self.holds {
            print_line(&format!("  {}", holds::told(line)))?;
        }
        if !self.wishes.is_empty() {
            print_line("wishes")?;
        }
        for line in &self.wishes {
            print_line(&format!("  {}", wishes::told(line)))?;
        }
        if !self.consents.is_empty() {
            print_line("agreed to and refused")?;
        }
        for line in &self.consents {
            print_line(&format!("  {}", consent::told(line)))?;
        }
        if !self.suppressions.is_empty() {
            print_line("not to be reached")?;
        }
        for line in &self.suppressions {
            let over = if line.is_in_force { "" } else { "; no longer" };
            print_line(&format!(
                "  {} since {}: {}, through {}{over}",
                line.channel,
                line.said_at.strftime("%Y-%m-%d"),
                line.cause.replace('_', " "),
                line.source
            ))?;
        }
        Ok(())
    }
}

fn told(line: &AttemptLine) -> String {
    let mut words =
        format!("{} {}", line.at.strftime("%Y-%m-%d %H:%M:%SZ"), line.state.replace('_', " "));
    if let Some(channel) = &line.channel {
        words.push_str(&format!(" by {channel}"));
    }
    if let Some(provider) = &line.provider {
        words.push_str(&format!(" through {provider}"));
    }
    if let Some(reason) = line.reason.as_deref().and_then(Reason::parse) {
        words.push_str(&format!(", because {}", reason.words()));
    }
    if let Some(note) = &line.note {
        words.push_str(&format!(" ({note})"));
    }
    words
}

pub(super) async fn bucket(desk: &Desk, account: &AccountId) -> anyhow::Result<Bucket> {
    desk.store.desk().bucket(account).await?.with_context(|| {
        format!("no account {account} in the ledger; `duebell sync` reads the billing database, `duebell rejects` lists what was set aside")
    })
}

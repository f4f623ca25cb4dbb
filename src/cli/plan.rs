//! `duebell plan`: what would be sent on a day, and why not, sending nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::model::billing::plus_days;
use crate::model::facts::AccountFacts;
use crate::model::{AccountId, Bucket, Reason};
use crate::pipeline::plan::{decide_account, scope};
use crate::pipeline::trial;
use crate::store::{ControlStore, Decided, ExperimentStore, PlanStore};

use super::context::{Desk, Options, desk};
use super::output::print_line;
use super::story::bucket;

/// Accounts looked at together, few enough that what is found in them fits into memory.
const BUCKETS_PER_READ: usize = 32;

/// One reminder, or one step that is not sent.
#[derive(Debug, Serialize)]
struct PlanLine {
    account: String,
    bill: String,
    step: String,
    sent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// What would be sent on a day, and why not, sending nothing.
pub async fn plan(
    options: &Options,
    on: Date,
    account: Option<&str>,
    json: bool,
) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let control = desk.store.control().await?;
    let trials = trial::running(desk.store.experiments().await?);
    let by = desk.deciding(&control, &trials);
    let mut lines = Vec::new();
    for page in pages(&desk, on, account).await? {
        for facts in desk.store.facts(&page, on).await? {
            // A question about a day is asked at its beginning.
            let begins = on.to_zoned(facts.account.zone.clone())?.timestamp();
            let mut facts = facts;
            facts.touched = 0;
            let account = facts.account.id.clone();
            let kept = kept_lines(&facts, on);
            let decided = decide_account(facts, &by, on, begins);
            if let Some(decided) = decided {
                lines.extend(if decided.cancel.is_empty() { kept } else { Vec::new() });
                lines.extend(plan_lines(&account, &decided));
            }
        }
    }
    lines.sort_by(|a, b| (&a.account, &a.bill, &a.step).cmp(&(&b.account, &b.bill, &b.step)));
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    print_plan(&desk, &control, on, &lines)
}

/// Reminders that are planned for the day already and stay as they are.
fn kept_lines(facts: &AccountFacts, on: Date) -> Vec<PlanLine> {
    let in_hand = facts.in_hand.iter().filter(|reminder| reminder.day == on);
    in_hand
        .flat_map(|reminder| &reminder.items)
        .map(|item| PlanLine {
            account: facts.account.id.0.clone(),
            bill: item.bill.0.clone(),
            step: item.step.clone(),
            sent: true,
            channels: None,
            reason: None,
        })
        .collect()
}

fn plan_lines(account: &AccountId, decided: &Decided) -> Vec<PlanLine> {
    let mut lines = Vec::new();
    for (reminder, _) in &decided.reminders {
        lines.extend(reminder.items.iter().map(|item| PlanLine {
            account: account.0.clone(),
            bill: item.bill.0.clone(),
            step: item.step.clone(),
            sent: true,
            channels: Some(reminder.channels.iter().map(|channel| channel.as_str()).collect()),
            reason: None,
        }));
    }
    lines.extend(decided.why_not.iter().map(|row| PlanLine {
        account: account.0.clone(),
        bill: row.bill.0.clone(),
        step: row.step.clone(),
        sent: false,
        channels: None,
        reason: Some(row.reason),
    }));
    lines
}

/// The accounts to look at: the one named, or all with something due.
async fn pages(
    desk: &Desk,
    on: Date,
    account: Option<&str>,
) -> anyhow::Result<Vec<Vec<(Bucket, AccountId)>>> {
    if let Some(account) = account {
        let account = AccountId::from(account);
        let bucket = bucket(desk, &account).await?;
        return Ok(vec![vec![(bucket, account)]]);
    }
    let through = desk
        .store
        .desk()
        .planned_through()
        .await?
        .unwrap_or(plus_days(on, -1))
        .min(plus_days(on, -1));
    let mut scope = scope(&desk.scenarios, Some(through), on);
    scope.is_new_day = true;
    let mut pages = Vec::new();
    for buckets in Bucket::all().chunks(BUCKETS_PER_READ) {
        pages.push(desk.store.candidates(&scope, buckets).await?);
    }
    Ok(pages)
}

fn print_plan(
    desk: &Desk,
    control: &crate::model::control::Control,
    on: Date,
    lines: &[PlanLine],
) -> anyhow::Result<()> {
    let (sent, not): (Vec<&PlanLine>, Vec<&PlanLine>) = lines.iter().partition(|line| line.sent);
    let observing: Vec<&str> = desk
        .scenarios
        .current()
        .iter()
        .map(|one| one.scenario.name.as_str())
        .filter(|name| control.live_since(name).is_none())
        .collect();
    print_line(&format!("{on}: {} items to send, {} steps not sent", sent.len(), not.len()))?;
    if !observing.is_empty() {
        print_line(&format!("(observing, so nothing leaves: {})", observing.join(", ")))?;
    }
    for line in &sent {
        let channels =
            line.channels.as_ref().map_or("planned already".to_owned(), |c| c.join(", then "));
        print_line(&format!(
            "  send  {:<20} {:<24} {:<12} {channels}",
            line.account, line.bill, line.step
        ))?;
    }
    for line in &not {
        let words = line.reason.map_or("", Reason::words);
        print_line(&format!(
            "  not   {:<20} {:<24} {:<12} {words}",
            line.account, line.bill, line.step
        ))?;
    }
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &not {
        *by_reason.entry(line.reason.map_or("", Reason::as_str)).or_default() += 1;
    }
    for (reason, count) in by_reason {
        print_line(&format!("  {count} {reason}"))?;
    }
    Ok(())
}

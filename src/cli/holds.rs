//! `duebell holds`: what holds reminders back that the billing system does not
//! know of, and people's own part in it.

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::hold::PlacedHold;
use crate::model::{AccountId, BillId, Hold, HoldKind, Money};
use crate::store::PlanStore;

use super::context::{Options, desk, now};
use super::output::print_line;
use super::story::bucket;

/// A hold to be placed.
#[derive(Debug, Args)]
pub struct Place {
    account: String,
    /// staff, exemption, promise, hardship, moratorium, complaint, paid or dispute
    #[arg(long, default_value = "staff")]
    kind: String,
    /// Its last day, at the subscriber's place
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Only this bill
    #[arg(long, value_name = "BILL")]
    bill: Option<String>,
    /// Disputed or promised, in minor units; all that is unpaid where left out
    #[arg(long, value_name = "MINOR")]
    amount: Option<i64>,
    /// Who places it
    #[arg(long, value_name = "NAME")]
    by: String,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// A hold as people see it.
#[derive(Debug, Serialize)]
pub struct HoldLine {
    pub id: String,
    pub account: String,
    pub kind: &'static str,
    pub bill: Option<String>,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
    pub amount: Option<String>,
    pub owner: String,
    pub reason: String,
    pub ended: Option<&'static str>,
}

impl From<PlacedHold> for HoldLine {
    fn from(placed: PlacedHold) -> HoldLine {
        let PlacedHold { account, hold, currency, owner, reason, ended, .. } = placed;
        let money = hold.amount.zip(currency).map(|(minor, it)| Money::new(minor, it).to_string());
        HoldLine {
            id: hold.id,
            account: account.0,
            kind: hold.kind.as_str(),
            bill: hold.bill.map(|bill| bill.0),
            starts_on: hold.starts_on,
            ends_on: hold.ends_on,
            amount: money.or(hold.amount.map(|minor| minor.to_string())),
            owner,
            reason,
            ended: ended.map(|ending| ending.as_str()),
        }
    }
}

/// A hold on one line, without its account.
pub fn told(line: &HoldLine) -> String {
    let of = line.bill.as_deref().map_or(String::new(), |bill| format!(" on {bill}"));
    let amount = line.amount.as_deref().map_or(String::new(), |amount| format!(", {amount}"));
    let until = line.ends_on.map_or("for good".to_owned(), |last| format!("until {last}"));
    let ended = line.ended.map_or(String::new(), |how| format!("; {}", how.replace('_', " ")));
    let words = format!(
        "{}{of}{amount}, from {} {until}, by {}: {}{ended}",
        line.kind, line.starts_on, line.owner, line.reason
    );
    words.replace(char::is_control, " ")
}

pub async fn list(options: &Options, limit: u32, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let holds = desk.store.desk().holds(limit).await?;
    let lines: Vec<HoldLine> = holds.into_iter().map(HoldLine::from).collect();
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    for line in &lines {
        print_line(&format!("{}  {}  {}", line.id, line.account, told(line)))?;
    }
    if lines.is_empty() {
        return print_line("nothing is held back but by the billing system");
    }
    print_line("no longer? `duebell holds lift ID --by NAME`")
}

pub async fn place(options: &Options, place: Place) -> anyhow::Result<()> {
    let Place { account, kind, until, bill, amount, by, reason } = place;
    ensure!(!by.trim().is_empty(), "--by is empty; name who places it");
    ensure!(!reason.trim().is_empty(), "--reason is empty; say why");
    let kind = HoldKind::parse(&kind).with_context(|| {
        let kinds: Vec<&str> = HoldKind::ALL.into_iter().map(HoldKind::as_str).collect();
        format!("--kind {kind} is none; use {}", kinds.join(", "))
    })?;
    let desk = desk(options).await?;
    let account = AccountId::from(account.as_str());
    let bucket = bucket(&desk, &account).await?;
    let now = now();
    let facts = desk.store.facts(&[(bucket, account.clone())], until).await?;
    let facts = facts.into_iter().next().context("the account vanished while it was read")?;
    let today = now.to_zoned(facts.account.zone.clone()).date();
    ensure!(until >= today, "--until {until} is over; it is {today} at the subscriber's place");
    let bill = bill.map(BillId);
    let known = |id: &BillId| facts.bills.iter().find(|bill| bill.id == *id);
    let currency = match &bill {
        Some(id) => Some(known(id).with_context(|| format!("no unpaid bill {id}"))?.currency),
        None => facts.bills.first().map(|bill| bill.currency),
    };
    match (kind, amount) {
        (HoldKind::Dispute | HoldKind::Promise, Some(minor)) if minor <= 0 => {
            bail!("--amount {minor} is nothing; use 1 or more minor units")
        }
        (HoldKind::Dispute, Some(_)) if bill.is_none() => {
            bail!("--amount takes its part off one bill; name it with --bill")
        }
        (HoldKind::Dispute | HoldKind::Promise, _) | (_, None) => {}
        (_, Some(_)) => bail!("--amount is for a dispute or a promise; leave it out"),
    }
    let named = format!("{account}/{}/{by}/{now}", kind.as_str());
    let id: String = Sha256::digest(named)[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    let (starts_on, ends_on) = (today, Some(until));
    let placed = PlacedHold {
        bucket,
        account,
        hold: Hold { id: id.clone(), kind, bill, starts_on, ends_on, amount },
        currency,
        owner: by,
        reason,
        placed_at: now,
        ended: None,
    };
    desk.store.desk().place_hold(&placed).await?;
    print_line(&format!("{id}: {}", told(&placed.into())))
}

pub async fn lift(options: &Options, id: &str, by: &str) -> anyhow::Result<()> {
    ensure!(!by.trim().is_empty(), "--by is empty; name who lifts it");
    let desk = desk(options).await?;
    let is_lifted = desk.store.desk().lift_hold(id, by, now()).await?;
    ensure!(is_lifted, "no hold {id} is in force; `duebell holds` lists those that are");
    print_line(&format!("{id}: lifted by {by}; the ladder goes on where it would be"))
}

//! `duebell holds`: what holds reminders back that the billing system does not
//! know of, and people's own part in it.

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::hold::PlacedHold;
use crate::model::{AccountId, BillId, Hold, HoldKind, Money, Moratorium};
use crate::store::PlanStore;

use super::context::{Options, desk, doer, now};
use super::output::print_line;
use super::story::bucket;

/// A hold to be placed.
#[derive(Debug, Args)]
pub struct Place {
    #[arg(required_unless_present_any = ["area", "segment"])]
    account: Option<String>,
    /// A moratorium: everybody who lives there, as the accounts feed names
    /// places; `21*` is every place that begins so
    #[arg(long, value_name = "AREA", conflicts_with_all = ["account", "kind", "bill", "amount"])]
    area: Option<String>,
    /// A moratorium: everybody of this segment, in the area where one is named
    #[arg(long, value_name = "SEGMENT", conflicts_with_all = ["account", "kind", "bill", "amount"])]
    segment: Option<String>,
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
    let moratoriums = desk.store.desk().moratoriums(earliest_day(now())).await?;
    if json {
        let all = serde_json::json!({ "holds": lines, "moratoriums": moratoriums });
        return print_line(&serde_json::to_string_pretty(&all)?);
    }
    for one in &moratoriums {
        print_line(&format!("{}  {}", one.id, told_of_all(one)))?;
    }
    for line in &lines {
        print_line(&format!("{}  {}  {}", line.id, line.account, told(line)))?;
    }
    if lines.is_empty() && moratoriums.is_empty() {
        return print_line("nothing is held back but by the billing system");
    }
    print_line("no longer? `duebell holds lift ID --by NAME`")
}

pub async fn place(options: &Options, place: Place) -> anyhow::Result<()> {
    ensure!(!place.by.trim().is_empty(), "--by is empty; name who places it");
    ensure!(!place.reason.trim().is_empty(), "--reason is empty; say why");
    match place.account.clone() {
        Some(account) => place_on(options, &account, place).await,
        None => declare(options, place).await,
    }
}

/// A hold on everybody in an area, of a segment, or both.
async fn declare(options: &Options, place: Place) -> anyhow::Result<()> {
    let Place { area, segment, until, by, reason, .. } = place;
    for (name, value) in [("--area", &area), ("--segment", &segment)] {
        let is_nobody = |it: &String| it.trim_end_matches('*').trim().is_empty();
        ensure!(!value.as_ref().is_some_and(is_nobody), "{name} names nothing; say which");
    }
    let desk = desk(options).await?;
    let now = now();
    let starts_on = earliest_day(now);
    ensure!(until >= starts_on, "--until {until} is over everywhere");
    let id = id_of(&format!("moratorium/{by}/{now}"));
    let doer = doer(&by, now);
    let one = Moratorium { id, area, segment, starts_on, ends_on: until, owner: by, reason };
    desk.store.desk().declare(&one, &doer).await?;
    print_line(&format!("{}: {}", one.id, told_of_all(&one)))
}

/// The day that it is where the day begins last: a moratorium counts at once
/// for everybody.
fn earliest_day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::fixed(jiff::tz::offset(-12))).date()
}

/// A moratorium on one line.
pub fn told_of_all(one: &Moratorium) -> String {
    let area = one.area.as_deref().map(|area| format!(" in {area}"));
    let segment = one.segment.as_deref().map(|segment| format!(" of segment {segment}"));
    let words = format!(
        "moratorium for everybody{}{}, from {} until {}, by {}: {}",
        segment.unwrap_or_default(),
        area.unwrap_or_default(),
        one.starts_on,
        one.ends_on,
        one.owner,
        one.reason
    );
    words.replace(char::is_control, " ")
}

fn id_of(named: &str) -> String {
    Sha256::digest(named)[..10].iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn place_on(options: &Options, account: &str, place: Place) -> anyhow::Result<()> {
    let Place { kind, until, bill, amount, by, reason, .. } = place;
    let kind = HoldKind::parse(&kind).with_context(|| {
        let kinds: Vec<&str> = HoldKind::ALL.into_iter().map(HoldKind::as_str).collect();
        format!("--kind {kind} is none; use {}", kinds.join(", "))
    })?;
    let desk = desk(options).await?;
    let account = AccountId::from(account);
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
    let id = id_of(&format!("{account}/{}/{by}/{now}", kind.as_str()));
    let (starts_on, ends_on) = (today, Some(until));
    let doer = doer(&by, now);
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
    desk.store.desk().place_hold(&placed, &doer).await?;
    print_line(&format!("{id}: {}", told(&placed.into())))
}

pub async fn lift(options: &Options, id: &str, by: &str) -> anyhow::Result<()> {
    ensure!(!by.trim().is_empty(), "--by is empty; name who lifts it");
    let desk = desk(options).await?;
    let shelf = desk.store.desk();
    let doer = doer(by, now());
    let is_lifted = shelf.lift_hold(id, &doer).await? || shelf.lift_moratorium(id, &doer).await?;
    ensure!(is_lifted, "no hold {id} is in force; `duebell holds` lists those that are");
    print_line(&format!("{id}: lifted by {by}; the ladder goes on where it would be"))
}

//! What a review rests on, read inside the transaction that may write about
//! it: a page of accounts at a time.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::cause::Classed;
use crate::model::facts::Flag;
use crate::model::review::{CaseFacts, GivenNotice};
use crate::model::{AccountId, Bucket, Hold, Moratorium, ReminderState, Tier};
use crate::store::StoreError;
use crate::store::assess::add_class;
use crate::store::engine::{Arg, Tx};
use crate::store::facts::{Key, bill, bucket, hold, payment};
use crate::store::moratoriums::moratorium;
use crate::store::row::Row;
use crate::store::statements::sql;

/// Before every moratorium: those that are over count as well.
const EVER: &str = "1970-01-01";

/// The facts of these accounts, in no order. An account that is not there is
/// left out.
pub async fn load(
    tx: &mut Tx,
    accounts: &[&(Bucket, AccountId)],
) -> Result<Vec<CaseFacts>, StoreError> {
    let keys: Vec<Key<'_>> =
        accounts.iter().map(|(bucket, account_id)| Key { bucket: *bucket, account_id }).collect();
    let keys = [Arg::Set(&keys)];
    let moratoriums = tx.rows(sql::list_moratoriums, &[Arg::Text(EVER)]).await?;
    let moratoriums: Vec<Moratorium> =
        moratoriums.iter().map(moratorium).collect::<Result<_, _>>()?;
    let mut page = Page::default();
    for row in tx.rows(sql::load_case_accounts, &keys).await? {
        page.add(&row, &moratoriums)?;
    }
    for row in tx.rows(sql::load_case_bills, &keys).await? {
        page.of(&row)?.bills.push(bill(&row)?);
    }
    for row in tx.rows(sql::load_case_payments, &keys).await? {
        page.of(&row)?.payments.push(payment(&row, "amount", "currency")?);
    }
    for row in tx.rows(sql::load_case_holds, &keys).await? {
        let facts = page.of(&row)?;
        let hold = ended(hold(&row)?, &row, &facts.zone)?;
        facts.holds.extend(hold);
    }
    for row in tx.rows(sql::load_classes, &keys).await? {
        add_class(&mut page.of(&row)?.classed, &row)?;
    }
    for row in tx.rows(sql::load_case_flags, &keys).await? {
        page.of(&row)?.flag = Some(flag(&row)?);
    }
    for row in tx.rows(sql::load_case_notices, &keys).await? {
        add_notice(&mut page.of(&row)?.notices, &row)?;
    }
    for row in tx.rows(sql::load_case_restrictions, &keys).await? {
        page.of(&row)?.restricted_at = row.opt_instant("restricted_at")?;
    }
    Ok(page.facts)
}

/// Facts under construction, found by account.
#[derive(Default)]
struct Page {
    facts: Vec<CaseFacts>,
    places: HashMap<String, usize>,
}

impl Page {
    fn add(&mut self, row: &Row, moratoriums: &[Moratorium]) -> Result<(), StoreError> {
        let (account, tier) = (row.text("account_id")?, row.text("tier")?);
        let (area, segment) = (row.text("area")?, row.text("segment")?);
        let covering = moratoriums.iter().filter(|one| one.covers_place(&area, &segment));
        let zone = TimeZone::get(&row.text("zone")?);
        self.places.insert(account.clone(), self.facts.len());
        self.facts.push(CaseFacts {
            bucket: bucket(row)?,
            account: AccountId(account),
            zone: zone.map_err(|_| StoreError::Corrupt { column: "zone" })?,
            tier: Tier::parse(&tier).ok_or(StoreError::Corrupt { column: "tier" })?,
            bills: Vec::new(),
            payments: Vec::new(),
            holds: covering.map(Moratorium::hold).collect(),
            classed: Classed::default(),
            flag: None,
            notices: Vec::new(),
            restricted_at: None,
        });
        Ok(())
    }

    fn of(&mut self, row: &Row) -> Result<&mut CaseFacts, StoreError> {
        let place = self.places.get(&row.text("account_id")?);
        place
            .and_then(|place| self.facts.get_mut(*place))
            .ok_or(StoreError::Corrupt { column: "account_id" })
    }
}

/// The hold as it was in force: one that was lifted ends on the day before it
/// was; `None` where it never was in force for a day.
fn ended(mut hold: Hold, row: &Row, zone: &TimeZone) -> Result<Option<Hold>, StoreError> {
    let Some(at) = row.opt_instant("lifted_at")? else { return Ok(Some(hold)) };
    let lifted_on: Date = at.to_zoned(zone.clone()).date();
    let last = lifted_on.yesterday().unwrap_or(Date::MIN);
    hold.ends_on = Some(hold.ends_on.map_or(last, |ends_on| ends_on.min(last)));
    Ok(Some(hold).filter(|hold| hold.starts_on <= last))
}

fn flag(row: &Row) -> Result<Flag, StoreError> {
    let bills: Vec<String> = serde_json::from_str(&row.text("bills")?)
        .map_err(|_| StoreError::Corrupt { column: "bills" })?;
    let bills = bills.into_iter().map(Into::into).collect();
    Ok(Flag { flagged_on: row.date("flagged_on")?, bills })
}

/// Rows come ordered by attempt, one for each state that followed.
fn add_notice(notices: &mut Vec<GivenNotice>, row: &Row) -> Result<(), StoreError> {
    let (reminder, attempt) = (row.reminder("reminder_id")?.to_string(), row.int("attempt")?);
    let is_same = |one: &GivenNotice| one.reminder == reminder && one.attempt == attempt;
    if !notices.last().is_some_and(is_same) {
        let items = serde_json::from_str(&row.text("items")?)
            .map_err(|_| StoreError::Corrupt { column: "items" })?;
        let channel = row.text("channel")?;
        notices.push(GivenNotice { reminder, attempt, channel, items, proved_at: None });
    }
    let Some(state) = row.opt_text("state")? else { return Ok(()) };
    let is_proof = match ReminderState::parse(&state) {
        Some(ReminderState::Delivered | ReminderState::Answered) => true,
        // Where no receipt will ever come, acceptance is all there is to know.
        Some(ReminderState::Accepted) => row.opt_instant("next_at")?.is_none(),
        _ => false,
    };
    if let Some(notice) = notices.last_mut().filter(|one| is_proof && one.proved_at.is_none()) {
        notice.proved_at = row.opt_instant("at")?;
    }
    Ok(())
}

//! Reading the facts that decisions are made from, a page of accounts at a time.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::billing::plus_days;
use crate::model::cause::DebtClass;
use crate::model::facts::{AccountFacts, Case, InHand, SentItem, Standing, WhyNot};
use crate::model::reminder::ItemTerms;
use crate::model::{
    Account, AccountId, Bill, BillId, Bucket, Cause, Channel, Contacts, EmailAddress, Hold,
    HoldKind, Item, Moratorium, Payment, PaymentState, PhoneNumber, Reason, ReminderState,
    Severity, Suppression, Tier,
};

use super::assess::estimate;
use super::deadlines::channels;
use super::engine::{Arg, Statement, Tx};
use super::row::Row;
use super::set::set_row;
use super::statements::sql;
use super::wishes::wishes;
use super::{History, SqlStore, StoreError};

set_row! {
    /// An account as the statements take it.
    pub struct Key<'a> {
        pub bucket: Bucket,
        pub account_id: &'a AccountId,
    }
}

/// Marks accounts for a decision; in order, so that those who do so side by
/// side do not wait for each other in a circle.
pub(super) async fn touch(
    tx: &mut Tx,
    accounts: &BTreeSet<(Bucket, AccountId)>,
) -> Result<(), StoreError> {
    let keys: Vec<Key<'_>> =
        accounts.iter().map(|(bucket, account_id)| Key { bucket: *bucket, account_id }).collect();
    if !keys.is_empty() {
        tx.run(sql::touch, &[Arg::Set(&keys)]).await?;
    }
    Ok(())
}

/// An item as it stands in a reminder's row.
#[derive(Serialize, Deserialize)]
pub struct StoredItem<'a> {
    #[serde(borrow)]
    pub bill_id: Cow<'a, str>,
    #[serde(borrow)]
    pub step: Cow<'a, str>,
    #[serde(flatten)]
    pub terms: ItemTerms,
}

/// While a day is planned, these many before it may still be under way
/// somewhere. Reminders for earlier ones cannot be in hand, holds that ended
/// before them stop nothing.
const UNDER_WAY_DAYS: i32 = 2;

impl SqlStore {
    pub(super) async fn load_facts(
        &self,
        accounts: &[(Bucket, AccountId)],
        on: Date,
    ) -> Result<Vec<AccountFacts>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let keys = Arg::Set(&keys);
        let since_on = plus_days(on, -UNDER_WAY_DAYS);
        let since = since_on.to_string();

        let mut page = FactsPage::default();
        for row in self.read(sql::load_accounts, keys, Some(&on.to_string())).await? {
            page.add_account(&row)?;
        }
        for row in self.read(sql::load_bills, keys, None).await? {
            let bill = bill(&row)?;
            page.of(&row)?.bills.push(bill);
        }
        for row in self.read(sql::load_holds, keys, Some(&since)).await? {
            let hold = hold(&row)?;
            page.of(&row)?.holds.push(hold);
        }
        for moratorium in self.moratoriums(since_on).await? {
            page.add_moratorium(&moratorium);
        }
        for row in self.read(sql::load_pending, keys, None).await? {
            let payment = payment(&row, "amount", "currency")?;
            page.of(&row)?.pending.push(payment);
        }
        for row in self.read(sql::load_sent, keys, Some(&since)).await? {
            let sent = sent_item(&row)?;
            page.of(&row)?.sent.push(sent);
        }
        for row in self.read(sql::load_in_hand, keys, Some(&since)).await? {
            page.add_in_hand(&row)?;
        }
        for row in self.read(sql::load_recorded, keys, None).await? {
            let why_not = why_not(&row)?;
            page.of(&row)?.recorded.push(why_not);
        }
        for row in self.read(sql::load_cases, keys, None).await? {
            let case = case(&row)?;
            page.of(&row)?.case = Some(case);
        }
        Ok(page.facts)
    }

    pub(super) async fn load_history(
        &self,
        accounts: &[(Bucket, AccountId)],
        late_days: i32,
    ) -> Result<Vec<History>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let args = [Arg::Set(&keys), Arg::Int(i64::from(late_days))];
        let mut histories: Vec<History> = Vec::new();
        for row in self.engine.rows(sql::load_history, &args).await? {
            let account = AccountId(row.text("account_id")?);
            if histories.last().is_none_or(|last| last.account != account) {
                histories.push(History { account, bills: Vec::new(), payments: Vec::new() });
            }
            let Some(history) = histories.last_mut() else { continue };
            let bill = bill(&row)?;
            if row.opt_text("payment_id")?.is_some() {
                let mut payment = payment(&row, "paid_amount", "paid_currency")?;
                payment.bill = Some(bill.id.clone());
                history.payments.push(payment);
            }
            // Rows come ordered by bill, one per payment.
            if history.bills.last().is_none_or(|last| last.id != bill.id) {
                history.bills.push(bill);
            }
        }
        Ok(histories)
    }

    async fn read(
        &self,
        statement: Statement,
        keys: Arg<'_>,
        date: Option<&str>,
    ) -> Result<Vec<Row>, StoreError> {
        let args: Vec<Arg<'_>> = [Some(keys), date.map(Arg::Text)].into_iter().flatten().collect();
        self.engine.rows(statement, &args).await
    }
}

/// Facts under construction, found by account.
#[derive(Default)]
struct FactsPage {
    facts: Vec<AccountFacts>,
    places: HashMap<String, usize>,
}

impl FactsPage {
    fn add_account(&mut self, row: &Row) -> Result<(), StoreError> {
        let account = account(row)?;
        self.places.insert(account.id.0.clone(), self.facts.len());
        self.facts.push(AccountFacts {
            account,
            bills: Vec::new(),
            holds: Vec::new(),
            pending: Vec::new(),
            sent: Vec::new(),
            in_hand: Vec::new(),
            recorded: Vec::new(),
            case: None,
            class: debt_class(row)?,
            arm: None,
            estimate: estimate(row, "estimate")?,
            is_watched: row.int("is_watched")? == 1,
            touched: row.int("changes")?,
            revisions: HashMap::new(),
        });
        Ok(())
    }

    fn add_moratorium(&mut self, moratorium: &Moratorium) {
        for facts in self.facts.iter_mut().filter(|facts| moratorium.covers(&facts.account)) {
            facts.holds.push(moratorium.hold());
        }
    }

    /// The facts of the row's account. Accounts are never deleted, so it is there.
    fn of(&mut self, row: &Row) -> Result<&mut AccountFacts, StoreError> {
        let place = self.places.get(&row.text("account_id")?);
        place
            .and_then(|place| self.facts.get_mut(*place))
            .ok_or(StoreError::Corrupt { column: "account_id" })
    }

    fn add_in_hand(&mut self, row: &Row) -> Result<(), StoreError> {
        let facts = self.of(row)?;
        let day: Date = row.date("day")?;
        let revision = row.int("revision")? as u32;
        let next = facts.revisions.entry(day).or_default();
        *next = (*next).max(revision + 1);
        if row.int("is_over")? == 1 {
            return Ok(());
        }
        let (reminder, policy) = (row.reminder("reminder_id")?, row.text("policy")?);
        let (items, terms) = items_with_terms(row)?.into_iter().unzip();
        let window = (row.instant("send_after")?, row.instant("send_before")?);
        let channels = channels(row)?;
        facts.in_hand.push(InHand {
            reminder,
            day,
            revision,
            items,
            terms,
            policy,
            channels,
            window,
        });
        Ok(())
    }
}

pub fn bucket(row: &Row) -> Result<Bucket, StoreError> {
    row.int("bucket").map(Bucket::from_number)
}

/// The items of a reminder's row, with what was true of each when it was planned.
pub fn items_with_terms(row: &Row) -> Result<Vec<(Item, ItemTerms)>, StoreError> {
    let text = row.text("items")?;
    let stored: Vec<StoredItem<'_>> =
        serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { column: "items" })?;
    let item = |one: StoredItem<'_>| {
        let (bill, step) = (BillId(one.bill_id.into_owned()), one.step.into_owned());
        (Item { bill, step }, one.terms)
    };
    Ok(stored.into_iter().map(item).collect())
}

pub(super) fn debt_class(row: &Row) -> Result<DebtClass, StoreError> {
    DebtClass::parse(&row.text("class")?).ok_or(StoreError::Corrupt { column: "class" })
}

pub(super) fn account(row: &Row) -> Result<Account, StoreError> {
    let tier = row.text("tier")?;
    let preferred = row.opt_text("preferred_channel")?;
    let (suppressed, agreed) = words(row)?;
    Ok(Account {
        bucket: Bucket::from_number(row.int("bucket")?),
        id: AccountId(row.text("account_id")?),
        name: row.text("name")?,
        language: row.text("language")?,
        zone: TimeZone::get(&row.text("zone")?)
            .map_err(|_| StoreError::Corrupt { column: "zone" })?,
        tier: Tier::parse(&tier).ok_or(StoreError::Corrupt { column: "tier" })?,
        segment: row.text("segment")?,
        area: row.text("area")?,
        person: row.opt_text("person_id")?,
        contacts: Contacts {
            phone: row.opt_text("phone")?.map(PhoneNumber::from_stored),
            email: row.opt_text("email")?.map(EmailAddress::from_stored),
            preferred: preferred.as_deref().and_then(Channel::parse),
        },
        suppressed,
        agreed,
        wishes: wishes(row)?,
    })
}

/// What keeps us from which channels, and which were agreed to:
/// `sms:opt_out,voice:wrong_number,email:agreed`.
fn words(row: &Row) -> Result<(Vec<Suppression>, Vec<Channel>), StoreError> {
    let (mut suppressed, mut agreed) = (Vec::new(), Vec::new());
    let text = row.opt_text("suppressed")?.unwrap_or_default();
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let corrupt = || StoreError::Corrupt { column: "suppressed" };
        let (channel, cause) = word.split_once(':').ok_or_else(corrupt)?;
        let channel = Channel::parse(channel).ok_or_else(corrupt)?;
        match Cause::parse(cause) {
            Some(cause) => suppressed.push(Suppression { channel, cause }),
            None if cause == "agreed" => agreed.push(channel),
            None => return Err(corrupt()),
        }
    }
    Ok((suppressed, agreed))
}

pub(super) fn bill(row: &Row) -> Result<Bill, StoreError> {
    Ok(Bill {
        id: BillId(row.text("bill_id")?),
        currency: row.parsed("currency")?,
        amount: row.int("amount")?,
        remaining: row.int("remaining")?,
        issued_on: row.date("issued_on")?,
        due_on: row.date("due_on")?,
        settled_on: row.opt_date("settled_on")?,
    })
}

pub(super) fn hold(row: &Row) -> Result<Hold, StoreError> {
    Ok(Hold {
        id: row.text("hold_id")?,
        kind: HoldKind::parse(&row.text("kind")?).ok_or(StoreError::Corrupt { column: "kind" })?,
        bill: row.opt_text("bill_id")?.map(BillId),
        starts_on: row.date("starts_on")?,
        ends_on: row.opt_date("ends_on")?,
        amount: row.opt_int("amount")?,
    })
}

pub(super) fn payment(
    row: &Row,
    amount: &'static str,
    currency: &'static str,
) -> Result<Payment, StoreError> {
    let state = row.text("state")?;
    Ok(Payment {
        id: row.text("payment_id")?,
        bill: row.opt_text("bill_id")?.map(BillId),
        currency: row.parsed(currency)?,
        amount: row.int(amount)?,
        paid_on: row.date("paid_on")?,
        reversed_on: row.opt_date("reversed_on")?,
        state: PaymentState::parse(&state).ok_or(StoreError::Corrupt { column: "state" })?,
    })
}

pub(super) fn sent_item(row: &Row) -> Result<SentItem, StoreError> {
    let state =
        ReminderState::parse(&row.text("state")?).ok_or(StoreError::Corrupt { column: "state" })?;
    let standing = match state {
        ReminderState::Delivered | ReminderState::Answered => Standing::Delivered,
        // Where no receipt will ever come, acceptance is all there is to know.
        ReminderState::Accepted if row.opt_int("next_at")?.is_none() => Standing::Delivered,
        ReminderState::Rejected | ReminderState::Undelivered | ReminderState::Expired => {
            Standing::Exhausted
        }
        _ => Standing::Open,
    };
    let item = Item { bill: BillId(row.text("bill_id")?), step: row.text("step")? };
    Ok(SentItem { item, day: row.date("day")?, standing })
}

fn why_not(row: &Row) -> Result<WhyNot, StoreError> {
    let reason = row.text("reason")?;
    Ok(WhyNot {
        bill: BillId(row.text("bill_id")?),
        step: row.text("step")?,
        step_on: row.date("step_on")?,
        limit_on: row.date("limit_on")?,
        reason: Reason::parse(&reason).ok_or(StoreError::Corrupt { column: "reason" })?,
        is_open: row.int("is_open")? == 1,
    })
}

fn case(row: &Row) -> Result<Case, StoreError> {
    Ok(Case {
        opened_on: row.date("opened_on")?,
        stage: Severity::parse(&row.text("stage")?)
            .ok_or(StoreError::Corrupt { column: "stage" })?,
        policy: row.text("policy")?,
    })
}

//! Rows, pages and decisions for stores, with what a test does not care about
//! filled in.

use duebell::model::audit::{Doer, Through};
use duebell::model::feed::Cursor;
use duebell::model::ledger::{AccountRow, BillRow, HoldRow, Page, PaymentRow, Rows};
use duebell::model::reminder::ItemTerms;
use duebell::model::{
    AccountId, BillId, Bucket, Channel, Item, Owner, Reminder, ReminderId, Severity, Tenure,
};
use duebell::store::{Decided, LedgerStore, PlanPage, PlanStore, Scope, SqlStore};
use jiff::Timestamp;
use jiff::civil::Date;

/// The day of these tests, and noon of it.
pub const TODAY: &str = "2026-03-10";
pub const NOON: &str = "2026-03-10T12:00Z";

/// The leases of one who shares with nobody.
pub fn alone() -> Tenure {
    Tenure::everything(Owner(1))
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Somebody at the command line.
pub fn by(name: &str, moment: &str) -> Doer {
    Doer { by: name.into(), through: Through::CommandLine, at: at(moment) }
}

pub fn account(id: &str) -> AccountRow {
    AccountRow {
        bucket: Bucket::of(id),
        account_id: id.into(),
        name: "Zoë Müller".into(),
        language: "de".into(),
        zone: "Europe/Berlin".into(),
        tier: "ordinary".into(),
        segment: String::new(),
        area: String::new(),
        person_id: None,
        phone: Some("+4915123456789".into()),
        email: Some("zoe@example.org".into()),
        preferred_channel: None,
    }
}

pub fn bill(id: &str, account: &str, remaining: i64, due_on: &str) -> BillRow {
    BillRow {
        bill_id: id.into(),
        account_id: account.into(),
        currency: "EUR".parse().unwrap(),
        amount: 5_000,
        remaining,
        issued_on: day("2026-02-01"),
        due_on: day(due_on),
        settled_on: None,
    }
}

pub fn payment(id: &str, account: &str, bill: Option<&str>, state: &str) -> PaymentRow {
    PaymentRow {
        payment_id: id.into(),
        account_id: account.into(),
        bill_id: bill.map(BillId::from),
        currency: "EUR".parse().unwrap(),
        amount: 5_000,
        paid_on: day(TODAY),
        state: state.into(),
        reversed_on: None,
    }
}

pub fn hold(id: &str, account: &str, kind: &str, ends_on: Option<&str>) -> HoldRow {
    HoldRow {
        hold_id: id.into(),
        account_id: account.into(),
        bill_id: None,
        kind: kind.into(),
        starts_on: day("2026-03-01"),
        ends_on: ends_on.map(day),
        amount: None,
    }
}

/// The last page of its feed, with these rows and nothing set aside.
pub fn page(rows: Rows) -> Page {
    let read = match &rows {
        Rows::Accounts(rows) => rows.len(),
        Rows::Bills(rows) => rows.len(),
        Rows::Payments(rows) => rows.len(),
        Rows::Holds(rows) => rows.len(),
        Rows::Evidence(_, rows) => rows.len(),
        Rows::Outages(rows) => rows.len(),
    } as u64;
    let cursor = Cursor { changed_at: "2026-03-10 11:59:00".into(), id: "z".into() };
    Page { rows, rejects: Vec::new(), read, cursor, is_last: true }
}

/// Merges rows at noon.
pub async fn merged(store: &SqlStore, rows: Rows) -> duebell::model::ledger::Counts {
    store.merge(&alone(), page(rows), day(TODAY), at(NOON)).await.unwrap()
}

/// A store's accounts, by name.
pub async fn with_accounts(store: &SqlStore, ids: &[&str]) {
    merged(store, Rows::Accounts(ids.iter().map(|id| account(id)).collect())).await;
}

pub async fn with_bills(store: &SqlStore, bills: &[BillRow]) {
    merged(store, Rows::Bills(bills.to_vec())).await;
}

pub fn key(account: &str) -> (Bucket, AccountId) {
    (Bucket::of(account), account.into())
}

/// What a plan run on a day that is planned already looks at: touched accounts.
pub fn touched_only() -> Scope {
    Scope { on: day(TODAY), due_on: Vec::new(), is_new_day: false }
}

/// Every account that a plan run would look at, in order of names.
pub async fn found(store: &SqlStore, scope: &Scope) -> Vec<String> {
    let found = store.candidates(scope, &Bucket::all()).await.unwrap();
    let mut names: Vec<String> = found.into_iter().map(|(_, id)| id.0).collect();
    names.sort();
    names
}

/// Every account that is touched.
pub async fn touched(store: &SqlStore) -> Vec<String> {
    found(store, &touched_only()).await
}

/// A decision with nothing in it, made with all that is known now.
pub async fn decided(store: &SqlStore, account: &str) -> Decided {
    let facts = store.facts(&[key(account)], day(TODAY)).await.unwrap();
    let (bucket, account) = key(account);
    Decided::nothing(bucket, account, facts[0].touched)
}

pub async fn record(store: &SqlStore, decisions: Vec<Decided>) {
    let page = PlanPage { decisions, planned: None, on: Some(day(TODAY)) };
    store.record(&alone(), &page, at(NOON)).await.unwrap();
}

/// Decides about every touched account, to do nothing.
pub async fn look_at_all(store: &SqlStore) {
    let mut decisions = Vec::new();
    for account in touched(store).await {
        decisions.push(decided(store, &account).await);
    }
    record(store, decisions).await;
}

pub fn item(bill: &str, step: &str) -> Item {
    Item { bill: bill.into(), step: step.into() }
}

/// A reminder for today, 09:00 to 20:00 UTC, by SMS and then e-mail.
pub fn reminder(account: &str, revision: u32, items: &[Item]) -> Reminder {
    let (bucket, account) = key(account);
    Reminder {
        id: ReminderId::derive(bucket, &account, day(TODAY), revision),
        account,
        day: day(TODAY),
        revision,
        scenario: "standard".into(),
        policy: "v1".into(),
        step: items[0].step.clone(),
        severity: Severity::Soft,
        channels: vec![Channel::Sms, Channel::Email],
        items: items.to_vec(),
        planned_at: at(NOON),
        send_after: at("2026-03-10T09:00Z"),
        send_before: at("2026-03-10T20:00Z"),
    }
}

/// Steps that came today and stay due for six more days.
pub fn terms(items: &[Item]) -> Vec<ItemTerms> {
    let terms = ItemTerms {
        step_on: day(TODAY),
        limit_on: day("2026-03-16"),
        due_on: day(TODAY),
        currency: "EUR".parse().expect("a currency"),
        disputed: 0,
        is_offer: false,
    };
    items.iter().map(|_| terms).collect()
}

/// Plans a reminder for an account that the store knows.
pub async fn planned(store: &SqlStore, reminder: &Reminder) {
    let mut decided = decided(store, reminder.account.as_str()).await;
    decided.reminders = vec![(reminder.clone(), terms(&reminder.items))];
    record(store, vec![decided]).await;
}

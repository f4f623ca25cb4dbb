//! The made-up population: the same for a seed, readable by our own rules,
//! and with habits that can be seen.

use std::collections::{BTreeMap, BTreeSet};

use duebell::model::feed::{Cursor, Feed};
use duebell::model::{
    AccountId, Channel, Currency, EmailAddress, HoldKind, Money, PaymentState, PhoneNumber, Tier,
};
use duebell::source::billing_db::BillingDb;
use duebell::source::population::{Habit, Lived, Population};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::billing_db::{Cells, cell, connect, read_feed};

const TODAY: Date = date(2026, 3, 10);

fn start() -> Timestamp {
    TODAY.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// A founded population and its database.
struct Town {
    dir: tempfile::TempDir,
    db: BillingDb,
    people: Population,
    founded: Lived,
}

impl Town {
    async fn founded(seed: u64, accounts: usize) -> Town {
        let dir = tempfile::tempdir().unwrap();
        let db = BillingDb::open(&dir.path().join("billing.db"), true).await.unwrap();
        let mut people = Population::new(seed, accounts, TODAY);
        let founded = people.found(&db).await.unwrap();
        Town { dir, db, people, founded }
    }

    /// Lives through `days` days in steps of `hours`, with these reminded on the first.
    async fn live(&mut self, days: i64, hours: i64, reminded: &BTreeSet<AccountId>) -> Lived {
        let mut total = Lived::default();
        let (nobody, step) = (BTreeSet::new(), SignedDuration::from_hours(hours));
        let (mut from, end) = (start(), start() + SignedDuration::from_hours(days * 24));
        while from < end {
            let told = if from == start() { reminded } else { &nobody };
            let lived = self.people.live_through(&self.db, from, from + step, told).await.unwrap();
            total.payments += lived.payments;
            total.bills += lived.bills;
            from += step;
        }
        total
    }

    async fn feed(&self, feed: Feed) -> Vec<Cells> {
        let mut reader = connect(&self.dir.path().join("billing.db")).await;
        read_feed(&mut reader, feed, Cursor::start(), 5_000).await
    }

    async fn everything(&self) -> Vec<Vec<Cells>> {
        let mut all = Vec::new();
        for feed in Feed::ALL {
            all.push(self.feed(feed).await);
        }
        all
    }

    /// Bills with something left, by account; bad ones are left out.
    async fn open_bills(&self) -> Vec<(AccountId, Date)> {
        let bills = self.feed(Feed::Bills).await;
        let open = bills.iter().filter(|bill| {
            let left = cell(bill, "remaining_amount").unwrap();
            left.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
                && !cell(bill, "bill_id").unwrap().contains('X')
        });
        open.map(|bill| {
            let due_on = cell(bill, "due_on").unwrap().parse().unwrap();
            (AccountId::from(cell(bill, "account_id").unwrap()), due_on)
        })
        .collect()
    }

    async fn overdue_by_habit(&self, today: Date) -> BTreeMap<Habit, usize> {
        let mut overdue = BTreeMap::new();
        for (account, due_on) in self.open_bills().await {
            if due_on < today {
                *overdue.entry(self.people.habit(&account).unwrap()).or_default() += 1;
            }
        }
        overdue
    }
}

#[tokio::test]
async fn one_seed_gives_one_population() {
    let (one, same, other) =
        (Town::founded(7, 300).await, Town::founded(7, 300).await, Town::founded(8, 300).await);
    assert_eq!(one.founded, same.founded);
    assert!(one.everything().await == same.everything().await);
    assert!(one.everything().await != other.everything().await);
}

#[tokio::test]
async fn subjects_are_the_population_that_is_founded() {
    let founded = Town::founded(7, 300).await.founded;
    let subjects = Population::subjects(7, 300, TODAY).unwrap();
    let dossiers = || subjects.iter().map(|subject| &subject.dossier);
    assert_eq!(dossiers().map(|one| one.bills.len() as u64).sum::<u64>(), founded.bills);
    assert_eq!(dossiers().map(|one| one.payments.len() as u64).sum::<u64>(), founded.payments);
    let holds = dossiers().map(|one| one.holds.len() as u64).sum::<u64>();
    assert_eq!(holds, founded.promises + founded.disputes);
    assert!(dossiers().any(|one| !one.evidence.complaints.is_empty()));
}

#[tokio::test]
async fn it_does_not_matter_how_the_time_is_cut() {
    let nobody = BTreeSet::new();
    let (mut hourly, mut weekly) = (Town::founded(7, 200).await, Town::founded(7, 200).await);
    let lived = hourly.live(28, 4, &nobody).await;
    assert_eq!(lived, weekly.live(28, 7 * 24, &nobody).await);
    assert!(lived.bills > 150 && lived.payments > 100, "{lived:?}");
    assert!(hourly.everything().await == weekly.everything().await);
}

#[tokio::test]
async fn reminding_some_changes_their_days_and_nobody_elses() {
    let (mut told, mut untold) = (Town::founded(7, 800).await, Town::founded(7, 800).await);
    // Every second one of those who owe.
    let open = untold.open_bills().await;
    let reminded: BTreeSet<AccountId> = open
        .into_iter()
        .map(|(account, _)| account)
        .filter(|account| account.as_str().ends_with(['0', '2', '4', '6', '8']))
        .collect();
    told.live(6, 6, &reminded).await;
    untold.live(6, 6, &BTreeSet::new()).await;

    let today = TODAY.saturating_add(jiff::Span::new().days(6));
    let (with, without) =
        (told.overdue_by_habit(today).await, untold.overdue_by_habit(today).await);
    assert!(with[&Habit::Forgetful] * 10 < without[&Habit::Forgetful] * 8, "{with:?} {without:?}");

    let (with, without) = (told.feed(Feed::Payments).await, untold.feed(Feed::Payments).await);
    let of_others = |rows: Vec<Cells>| {
        let is_other = |row: &Cells| !reminded.contains(&cell(row, "account_id").unwrap().into());
        rows.into_iter().filter(is_other).collect::<Vec<_>>()
    };
    assert!(of_others(with) == of_others(without));
}

#[tokio::test]
async fn habits_can_be_seen_in_what_is_owed() {
    let mut town = Town::founded(3, 1_500).await;
    let overdue = town.overdue_by_habit(TODAY).await;
    assert_eq!(overdue.get(&Habit::Prompt), None, "prompt payers have nothing overdue");
    for habit in [Habit::Forgetful, Habit::CannotPay, Habit::NeverPayer, Habit::Disputing] {
        assert!(overdue.contains_key(&habit), "{habit:?} {overdue:?}");
    }
    town.live(40, 24, &BTreeSet::new()).await;
    let later = town.overdue_by_habit(TODAY.saturating_add(jiff::Span::new().days(40))).await;
    assert_eq!(later.get(&Habit::Prompt), None);
    assert!(later[&Habit::NeverPayer] > overdue[&Habit::NeverPayer]);

    let lived = town.founded;
    assert!(lived.reversals > 5 && lived.promises > 50 && lived.disputes > 50, "{lived:?}");
    let soon = town.open_bills().await.len();
    assert!(soon > 600, "{soon}");
}

/// Checks the documented form of one cell; says what is wrong with it.
fn is_bad(column: &str, text: &str) -> bool {
    match column {
        "currency" => text.parse::<Currency>().is_err(),
        "issued_on" | "due_on" | "settled_on" | "paid_on" | "reversed_on" | "starts_on"
        | "ends_on" => text.parse::<Date>().is_ok_and(|day| day.year() > 2100),
        "zone" => TimeZone::get(text).is_err(),
        "tier" => Tier::parse(text).is_none(),
        "phone" => PhoneNumber::parse(text, None).is_none(),
        "email" => EmailAddress::parse(text).is_none(),
        "preferred_channel" => Channel::parse(text).is_none(),
        "state" => PaymentState::parse(text).is_none(),
        "kind" => HoldKind::parse(text).is_none(),
        "changed_at" => text.parse::<jiff::civil::DateTime>().is_err(),
        _ => text.is_empty(),
    }
}

#[tokio::test]
async fn all_rows_read_by_the_documented_columns_save_a_few_bad_ones() {
    let mut town = Town::founded(7, 1_000).await;
    town.live(3, 1, &BTreeSet::new()).await;
    let mut bad = Vec::new();
    for feed in Feed::LEDGER {
        let rows = town.feed(feed).await;
        assert!(!rows.is_empty());
        for row in &rows {
            for column in feed.columns() {
                match cell(row, column.name) {
                    None => assert!(!column.required, "{feed} {}", column.name),
                    Some(text) if is_bad(column.name, text) => bad.push(column.name),
                    Some(_) => {}
                }
            }
            if matches!(feed, Feed::Bills | Feed::Payments)
                && let Ok(currency) = cell(row, "currency").unwrap().parse()
                && Money::parse(cell(row, "amount").unwrap(), currency).unwrap().minor <= 0
            {
                bad.push("amount");
            }
        }
    }
    bad.sort_unstable();
    assert_eq!(bad, ["amount", "currency", "due_on", "email", "phone"]);
}

#[tokio::test]
async fn the_population_is_mixed() {
    let town = Town::founded(7, 2_000).await;
    let accounts = town.feed(Feed::Accounts).await;
    let share = |column: &str, value: &str| {
        let having = accounts.iter().filter(|row| cell(row, column) == Some(value)).count();
        having * 100 / accounts.len()
    };
    for language in ["en", "de", "es", "fr", "pt", "zh-Hans", "ar"] {
        assert!(share("language", language) >= 4, "{language}");
    }
    assert!((1..=3).contains(&share("tier", "key")) && (6..=10).contains(&share("tier", "main")));
    let given = |column| accounts.iter().filter(|row| cell(row, column).is_some()).count();
    assert!((1_850..1_950).contains(&given("phone")) && (1_640..1_760).contains(&given("email")));
    let numbers: BTreeSet<_> = accounts.iter().filter_map(|row| cell(row, "phone")).collect();
    // Second accounts share the number of the first; others have their own.
    assert!(numbers.len() > given("phone") - 60);

    let bills = town.feed(Feed::Bills).await;
    let currencies: BTreeSet<_> = bills.iter().filter_map(|row| cell(row, "currency")).collect();
    for code in ["EUR", "USD", "BRL", "CNY", "JPY", "KWD", "AED", "MAD"] {
        assert!(currencies.contains(code), "{code}");
    }
    let per_account = bills.len() / accounts.len();
    assert!((6..=12).contains(&per_account), "{per_account}");
}

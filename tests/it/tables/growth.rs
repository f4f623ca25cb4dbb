//! Twenty days of the same work: what is not history does not grow, what is
//! grows by the day, and goes when it is old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use duebell::model::billing::plus_days;
use duebell::model::receipt::{Fate, PostedReceipt, Receipt};
use duebell::model::{AttemptKey, Bucket};
use duebell::pipeline::lease::Leases;
use duebell::store::ReceiptStore;
use jiff::civil::Date;
use sqlx::{PgConnection, Row};

use super::{number, run, side};
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::postgres;

/// Reminders of a day. An account has a bill every fifth day.
const A_DAY: usize = 60;
const COHORTS: usize = 5;
/// The night on which the buckets of these accounts have their turn.
const NIGHT: u16 = 15;
const FIRST: &str = "2026-02-19";

/// Written over and over, or for a week: as large after twenty days as after ten.
const HOT: [&str; 10] = [
    "account",
    "bucket_lease",
    "control",
    "daemon",
    "feed",
    "mark",
    "plan_mark",
    "policy",
    "receipt_inbox",
    "touched",
];
const HISTORY: [&str; 6] =
    ["dunning_case", "reminder", "sent_item", "submission", "transition", "why_not"];

/// Ids of accounts whose buckets have their turn on [`NIGHT`].
fn accounts() -> Vec<String> {
    let ids = (0..).map(|n| format!("A{n}"));
    ids.filter(|id| Bucket::of(id).number() % 28 == NIGHT).take(A_DAY * COHORTS).collect()
}

struct House {
    billing: Arc<Billing>,
    bench: Bench,
    side: PgConnection,
    accounts: Vec<String>,
    told: usize,
}

impl House {
    async fn new() -> House {
        let url = postgres::database().await;
        let billing = Billing::new();
        let accounts = accounts();
        accounts.iter().for_each(|id| billing.account(id));
        let mut bench = Bench::served(&url, billing.clone()).await;
        bench.workshop.leases =
            Arc::new(Leases::new(bench.store.clone(), Duration::from_secs(600)));
        bench.go_live("2020-01-01").await;
        House { billing, bench, side: side(&url).await, accounts, told: 0 }
    }

    /// A day: bills were due yesterday, their accounts are reminded, what is
    /// said of that comes back, and the next day everybody has paid.
    async fn day(&mut self, number: usize) {
        let today = plus_days(day(FIRST), number as i32);
        for bill in self.bills(number.wrapping_sub(1)) {
            self.billing.remaining(&bill, "0.00");
        }
        let due = plus_days(today, -1).to_string();
        let of_today: Vec<(String, String)> =
            self.cohort(number).map(|id| (format!("{id}-{number}"), id.clone())).collect();
        for (bill, account) in &of_today {
            self.billing.bill(bill, account, &due);
        }
        let stages = self.bench.stages();
        self.bench.workshop.leases.beat().await.unwrap();
        stages.keep_house(at(&format!("{today}T03:30Z"))).await;
        stages.round(at(&format!("{today}T08:00Z"))).await.unwrap();
        stages.round(at(&format!("{today}T10:00Z"))).await.unwrap();
        let messages = self.bench.messages().split_off(self.told);
        assert_eq!(messages.len(), A_DAY, "on {today}");
        self.told += messages.len();
        let posted: Vec<PostedReceipt> =
            messages.iter().map(|message| receipt(message.key, today)).collect();
        self.bench.store.keep(&posted).await.unwrap();
        stages.round(at(&format!("{today}T12:00Z"))).await.unwrap();
        run(&mut self.side, "vacuum (analyze)").await;
    }

    fn cohort(&self, number: usize) -> impl Iterator<Item = &String> {
        self.accounts.iter().skip(number % COHORTS * A_DAY).take(A_DAY)
    }

    fn bills(&self, number: usize) -> Vec<String> {
        if number == usize::MAX {
            return Vec::new();
        }
        self.cohort(number).map(|id| format!("{id}-{number}")).collect()
    }

    /// Bytes of each table with its partitions and indexes.
    async fn sizes(&mut self) -> BTreeMap<String, i64> {
        let sql = "select coalesce(p.relname, c.relname)::text, \
                sum(pg_total_relation_size(c.oid))::bigint \
            from pg_class as c \
            left join pg_inherits as i on i.inhrelid = c.oid \
            left join pg_class as p on p.oid = i.inhparent \
            where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by 1";
        let rows = sqlx::query(sql).fetch_all(&mut self.side).await.unwrap();
        rows.into_iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn rows(&mut self, table: &str) -> i64 {
        number(&mut self.side, &format!("select count(*) from {table}")).await
    }
}

fn receipt(key: AttemptKey, today: Date) -> PostedReceipt {
    let at = at(&format!("{today}T11:00Z"));
    PostedReceipt {
        provider: "sandbox".into(),
        message_id: key.to_string().into(),
        ordinal: 0,
        receipt: Receipt { key, fate: Fate::Delivered, at },
        received_at: at,
    }
}

const PAGE: i64 = 8_192;

#[tokio::test]
async fn twenty_days_of_the_same_work_grow_by_their_history_and_retention_ends_it() {
    let mut house = House::new().await;
    for number in 0..10 {
        house.day(number).await;
    }
    let ten = house.sizes().await;
    let mut rows_of_ten = BTreeMap::new();
    for table in HISTORY {
        rows_of_ten.insert(table, house.rows(table).await);
    }
    for number in 10..20 {
        house.day(number).await;
    }
    let twenty = house.sizes().await;
    eprintln!("bytes after ten days    {ten:?}\nbytes after twenty days {twenty:?}");
    for table in HOT {
        assert!(
            twenty[table] <= ten[table] + 2 * PAGE,
            "{table}: {} {}",
            ten[table],
            twenty[table]
        );
    }
    for (table, of_ten) in &rows_of_ten {
        let of_twenty = house.rows(table).await;
        // The last day's cases are open yet, on the tenth day as on the twentieth.
        assert!((of_twenty - 2 * of_ten).abs() <= A_DAY as i64, "{table}: {of_ten} {of_twenty}");
    }
    house.is_emptied_by_retention(&twenty).await;
}

impl House {
    async fn is_emptied_by_retention(&mut self, twenty: &BTreeMap<String, i64>) {
        for bill in self.bills(19) {
            self.billing.remaining(&bill, "0.00");
        }
        // Settled, decided about, and then three years and a month go by.
        self.bench.round("2026-03-11T08:00Z").await;
        let bills = self.rows("bill").await;
        let night = format!("2029-04-{NIGHT}T03:30Z");
        self.bench.stages().keep_house(at(&night)).await;
        run(&mut self.side, "vacuum (analyze)").await;
        let after = self.sizes().await;
        eprintln!("bytes after retention   {after:?}");
        for table in HISTORY {
            assert_eq!(self.rows(table).await, 0, "{table}");
        }
        for table in ["reminder", "submission", "transition"] {
            // Three months and the default partition, each with empty indexes.
            assert!(after[table] < 30 * PAGE && after[table] < twenty[table], "{table}: {after:?}");
        }
        assert_eq!(self.rows("bill").await, bills, "the ledger is the source's to shorten");
    }
}

//! Our own billing database, read the way the daemon reads it: through the
//! SQL files in `config/source/duebell`.

use std::path::Path;

use duebell::model::feed::{BALANCE, Cursor, Feed};
use duebell::model::{HoldKind, PaymentState};
use duebell::source::billing_db::{AccountRow, Batch, BillRow, BillingDb, HoldRow, PaymentRow};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

/// One row by column name.
pub type Cells = Vec<(String, Option<String>)>;

pub fn cell<'a>(row: &'a Cells, column: &str) -> Option<&'a str> {
    row.iter().find(|(name, _)| name == column).unwrap().1.as_deref()
}

pub async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap()
}

/// A mapping file with its placeholders numbered in the order given.
fn mapping_sql(name: &str, placeholders: &[&str]) -> String {
    let path = format!("{}/config/source/duebell/{name}.sql", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut sql: String = text
        .lines()
        .filter(|line| !line.starts_with("--"))
        .fold(String::new(), |sql, line| sql + line + "\n");
    for (index, placeholder) in placeholders.iter().enumerate() {
        assert!(sql.contains(placeholder), "{name}.sql has no {placeholder}");
        sql = sql.replace(placeholder, &format!("${}", index + 1));
    }
    sql
}

fn cells(row: &SqliteRow, names: impl Iterator<Item = &'static str>) -> Cells {
    names.map(|name| (name.to_owned(), row.get::<Option<String>, _>(name))).collect()
}

/// Everything that a feed hands out after `cursor`, read in pages.
pub async fn read_feed(
    db: &mut SqliteConnection,
    feed: Feed,
    mut cursor: Cursor,
    page: i64,
) -> Vec<Cells> {
    let sql = mapping_sql(feed.as_str(), &[":changed_at", ":id", ":page"]);
    let mut all = Vec::new();
    loop {
        let rows = sqlx::query(AssertSqlSafe(sql.clone()))
            .bind(&cursor.changed_at)
            .bind(&cursor.id)
            .bind(page)
            .fetch_all(&mut *db)
            .await
            .unwrap();
        let names = || feed.columns().iter().map(|column| column.name);
        all.extend(rows.iter().map(|row| cells(row, names())));
        if (rows.len() as i64) < page {
            return all;
        }
        let last: &Cells = all.last().unwrap();
        cursor.changed_at = cell(last, "changed_at").unwrap().to_owned();
        cursor.id = last[0].1.clone().unwrap();
    }
}

async fn balances(db: &mut SqliteConnection, bills: &[&str]) -> Vec<Cells> {
    let sql = mapping_sql("balances", &[":bills"]);
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(serde_json::to_string(bills).unwrap())
        .fetch_all(db)
        .await
        .unwrap();
    rows.iter().map(|row| cells(row, BALANCE.iter().map(|column| column.name))).collect()
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + hour * 3600).unwrap()
}

fn account(id: &str) -> AccountRow {
    AccountRow { id: id.into(), changed_at: at(0), ..AccountRow::default() }
}

fn bill(id: &str, currency: &str, amount: i64) -> BillRow {
    BillRow {
        id: id.into(),
        account_id: "a1".into(),
        currency: currency.into(),
        amount,
        stated_remaining: None,
        issued_on: "2026-01-01".parse().unwrap(),
        due_on: "2026-01-15".parse().unwrap(),
        settled_on: None,
        changed_at: at(1),
    }
}

fn payment(id: &str, amount: i64, paid_on: &str, changed_at: Timestamp) -> PaymentRow {
    PaymentRow {
        id: id.into(),
        account_id: "a1".into(),
        bill_id: Some("b1".into()),
        currency: "EUR".parse().unwrap(),
        amount,
        paid_on: paid_on.parse().unwrap(),
        state: PaymentState::Settled,
        reversed_on: None,
        changed_at,
    }
}

/// A database with account a1, and a reader of it.
async fn furnished(bills: Vec<BillRow>) -> (tempfile::TempDir, BillingDb, SqliteConnection) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("billing.db");
    let db = BillingDb::open(&path, true).await.unwrap();
    db.write(&Batch { accounts: vec![account("a1")], bills, ..Batch::default() }).await.unwrap();
    let reader = connect(&path).await;
    (dir, db, reader)
}

async fn pay(db: &BillingDb, payments: Vec<PaymentRow>) {
    db.write(&Batch { payments, ..Batch::default() }).await.unwrap();
}

/// What the feed says of bill b1: what is left, when it was settled, when it changed.
async fn b1(db: &mut SqliteConnection) -> (String, Option<String>, String) {
    let rows = read_feed(db, Feed::Bills, Cursor::start(), 100).await;
    let row = rows.iter().find(|row| cell(row, "bill_id") == Some("b1")).unwrap();
    let text = |column| cell(row, column).map(str::to_owned);
    (text("remaining_amount").unwrap(), text("settled_on"), text("changed_at").unwrap())
}

#[tokio::test]
async fn a_payment_changes_its_bill() {
    let (_dir, db, mut reader) = furnished(vec![bill("b1", "EUR", 5000)]).await;
    assert_eq!(b1(&mut reader).await, ("50.00".into(), None, "2026-01-01 01:00:00.000000".into()));

    pay(&db, vec![payment("p1", 2000, "2026-01-10", at(2))]).await;
    assert_eq!(b1(&mut reader).await, ("30.00".into(), None, "2026-01-01 02:00:00.000000".into()));

    // Overpaid: nothing is left, and it was settled on the day that sufficed.
    let more =
        vec![payment("p2", 3001, "2026-01-12", at(3)), payment("p3", 1, "2026-01-20", at(3))];
    pay(&db, more).await;
    let settled = Some("2026-01-12".to_owned());
    assert_eq!(
        b1(&mut reader).await,
        ("0.00".into(), settled, "2026-01-01 03:00:00.000000".into())
    );
}

#[tokio::test]
async fn a_payment_that_bounces_opens_its_bill_again() {
    let (_dir, db, mut reader) = furnished(vec![bill("b1", "EUR", 5000)]).await;
    let (part, whole) =
        (payment("p1", 2000, "2026-01-10", at(2)), payment("p2", 5000, "2026-01-11", at(2)));
    pay(&db, vec![part, whole.clone()]).await;
    assert_eq!(b1(&mut reader).await.0, "0.00");

    let bounced = PaymentRow {
        state: PaymentState::Reversed,
        reversed_on: Some("2026-01-14".parse().unwrap()),
        changed_at: at(4),
        ..whole
    };
    pay(&db, vec![bounced.clone()]).await;
    let left = ("30.00".into(), None, "2026-01-01 04:00:00.000000".into());
    assert_eq!(b1(&mut reader).await, left);

    // The same row once more says nothing new.
    pay(&db, vec![PaymentRow { changed_at: at(9), ..bounced }]).await;
    assert_eq!(b1(&mut reader).await, left);
}

#[tokio::test]
async fn money_on_its_way_or_in_another_currency_settles_nothing() {
    let (_dir, db, mut reader) = furnished(vec![bill("b1", "EUR", 5000)]).await;
    let pending =
        PaymentRow { state: PaymentState::Pending, ..payment("p1", 5000, "2026-01-10", at(2)) };
    let foreign =
        PaymentRow { currency: "JPY".parse().unwrap(), ..payment("p2", 5000, "2026-01-10", at(2)) };
    pay(&db, vec![pending, foreign]).await;
    assert_eq!(b1(&mut reader).await.0, "50.00");
}

#[tokio::test]
async fn what_another_system_states_as_left_is_believed() {
    let stated = BillRow { stated_remaining: Some(4000), ..bill("b1", "EUR", 5000) };
    let (_dir, db, mut reader) = furnished(vec![stated]).await;
    pay(&db, vec![payment("p1", 1000, "2026-01-10", at(2))]).await;
    assert_eq!(b1(&mut reader).await.0, "40.00");
}

#[tokio::test]
async fn amounts_are_written_with_the_decimals_of_their_currency() {
    let amounts = [
        ("EUR", 5, "0.05"),
        ("JPY", 1200, "1200"),
        ("KWD", 12345, "12.345"),
        ("USD", -1999, "-19.99"),
        ("EUR", 900_000_000_000_001, "9000000000000.01"),
        // Not a currency: handed out as it is, for the daemon to set aside.
        ("EUX", 1999, "1999"),
    ];
    let bills = amounts
        .iter()
        .enumerate()
        .map(|(index, (currency, minor, _))| bill(&format!("b{index}"), currency, *minor))
        .collect();
    let (_dir, db, mut reader) = furnished(bills).await;
    let rows = read_feed(&mut reader, Feed::Bills, Cursor::start(), 2).await;
    let written: Vec<_> = rows.iter().map(|row| cell(row, "amount").unwrap()).collect();
    assert_eq!(written, amounts.map(|(_, _, text)| text));

    let dispute = HoldRow {
        id: "h1".into(),
        account_id: "a1".into(),
        bill_id: Some("b2".into()),
        kind: HoldKind::Dispute,
        starts_on: "2026-01-05".parse().unwrap(),
        ends_on: None,
        amount: Some(1500),
        changed_at: at(3),
    };
    db.write(&Batch { holds: vec![dispute], ..Batch::default() }).await.unwrap();
    let holds = read_feed(&mut reader, Feed::Holds, Cursor::start(), 10).await;
    assert_eq!(cell(&holds[0], "amount"), Some("1.500"));
    assert_eq!(cell(&holds[0], "kind"), Some("dispute"));

    let left = balances(&mut reader, &["b1", "b2", "no such bill"]).await;
    let left: Vec<_> = left.iter().map(|row| cell(row, "remaining_amount").unwrap()).collect();
    assert_eq!(left, ["1200", "12.345"]);
}

#[tokio::test]
async fn every_feed_has_the_documented_columns_and_goes_on_by_index() {
    let (_dir, _db, mut reader) = furnished(vec![]).await;
    for feed in Feed::ALL {
        let sql = mapping_sql(feed.as_str(), &[":changed_at", ":id", ":page"]);
        let described = sqlx::query(AssertSqlSafe(format!("explain query plan {sql}")))
            .bind("2026-01-01 00:00:00.000000")
            .bind("a")
            .bind(10)
            .fetch_all(&mut reader)
            .await
            .unwrap();
        // Only the outermost steps: sorting the payments of one bill is fine.
        let outermost = described.iter().filter(|row| row.get::<i64, _>("parent") == 0);
        let plan: Vec<String> = outermost.map(|row| row.get("detail")).collect();
        assert!(plan[0].contains("_changed ((changed_at,id)>(?,?))"), "{feed}: {plan:?}");
        assert!(!plan.iter().any(|step| step.contains("ORDER BY")), "{feed}: {plan:?}");
    }
}

#[tokio::test]
async fn a_file_of_someone_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("theirs.db");
    assert!(BillingDb::open(&path, false).await.is_err(), "nothing is there");
    assert!(!path.exists());

    let mut theirs = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql("create table precious (x)").execute(&mut theirs).await.unwrap();
    assert!(BillingDb::open(&path, true).await.is_err(), "it holds tables of someone else");

    let ours = dir.path().join("ours.db");
    BillingDb::open(&ours, true).await.unwrap().close().await;
    BillingDb::open(&ours, true).await.unwrap().close().await;
    BillingDb::open(&ours, false).await.unwrap().close().await;
}

//! The mappings that come with the house, read by the daemon's own code: that
//! of our own billing database, and the examples of foreign ones.

use std::path::Path;
use std::sync::Arc;

use duebell::model::feed::{Cell, Cursor, Feed};
use duebell::model::{HoldKind, PaymentState};
use duebell::pipeline::Stage;
use duebell::pipeline::sync::Sync;
use duebell::pipeline::tend::Tend;
use duebell::source::billing_db::{AccountRow, Batch, BillRow, BillingDb, HoldRow, PaymentRow};
use duebell::source::sql::{Settings, SqlSource};
use duebell::source::{Defaults, Source};
use duebell::store::{LedgerStore, PlanStore};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};

use crate::support::bench::Bench;
use crate::support::build::*;
use crate::support::{mariadb, postgres};

/// The schema that the README of the example for PostgreSQL describes.
const ON_POSTGRES: &str = "
create schema crm;
create schema billing;
create table crm.customer (customer_no text primary key, person_no text, display_name text,
    language text, class text, brand text, contact_by text, updated_at timestamptz not null);
create table crm.contact (customer_no text, kind text, value text, valid_to date,
    updated_at timestamptz not null);
create table billing.invoice (id bigint primary key, customer_no text, kind text, state text,
    currency text, gross_total numeric(12, 2), open_balance numeric(12, 2), issued_on date,
    payable_until date, cleared_on date, updated_at timestamptz not null);
create table billing.receipt (id bigint primary key, customer_no text, invoice_id bigint,
    currency text, amount numeric(12, 2), value_date date, cleared boolean, returned_on date,
    updated_at timestamptz not null);
create table billing.dunning_stop (id bigint primary key, customer_no text, invoice_id bigint,
    reason text, valid_from date, valid_until date, disputed_amount numeric(12, 2),
    updated_at timestamptz not null);";

/// The same for MySQL, where a schema is a database of its own.
const ON_MARIADB: &str = "
create table customer (customer_no varchar(20) primary key, person_no varchar(20),
    display_name varchar(100), language varchar(10), class char(1), brand varchar(20),
    contact_by varchar(10), updated_at timestamp(6) not null);
create table contact (customer_no varchar(20), kind varchar(10), value varchar(200),
    valid_to date, updated_at timestamp(6) not null);
create table invoice (id bigint primary key, customer_no varchar(20), kind varchar(10),
    state varchar(10), currency char(3), gross_total decimal(12, 2), open_balance decimal(12, 2),
    issued_on date, payable_until date, cleared_on date, updated_at timestamp(6) not null,
    index (updated_at, id));
create table receipt (id bigint primary key, customer_no varchar(20), invoice_id bigint,
    currency char(3), amount decimal(12, 2), value_date date, cleared boolean, returned_on date,
    updated_at timestamp(6) not null);
create table dunning_stop (id bigint primary key, customer_no varchar(20), invoice_id bigint,
    reason varchar(20), valid_from date, valid_until date, disputed_amount decimal(12, 2),
    updated_at timestamp(6) not null);";

const ROWS: &str = "
insert into crm.customer values
    ('K1', null, 'Zoë', null, 'A', 'blue', 'MAIL', '2026-03-01 10:00+00'),
    ('K2', 'P9', 'Ada', 'en', 'D', 'blue', null, '2026-03-01 10:00+00');
insert into crm.contact values
    ('K1', 'mobile', '+4915123456789', null, '2026-03-02 10:00+00'),
    ('K1', 'email', 'old@example.org', '2026-01-01', '2026-03-02 10:00+00'),
    ('K1', 'email', 'zoe@example.org', null, '2026-03-02 10:00+00');
insert into billing.invoice values
    (7, 'K1', 'invoice', 'sent', 'EUR', 50.00, 20.00, '2026-02-01', '2026-03-01', null, '2026-03-02 10:00+00'),
    (8, 'K1', 'invoice', 'sent', 'EUR', 50.00, -3.00, '2026-02-01', '2026-03-01', '2026-02-20', '2026-03-02 10:00+00'),
    (9, 'K1', 'credit', 'sent', 'EUR', 5.00, 5.00, '2026-02-01', '2026-03-01', null, '2026-03-02 10:00+00'),
    (10, 'K2', 'invoice', 'draft', 'EUR', 5.00, 5.00, '2026-02-01', '2026-03-01', null, '2026-03-02 10:00+00');
insert into billing.receipt values
    (1, 'K1', 7, 'EUR', 30.00, '2026-02-20', true, null, '2026-03-02 10:00+00'),
    (2, 'K1', null, 'EUR', 20.00, '2026-03-02', false, null, '2026-03-02 10:00+00');
insert into billing.dunning_stop values
    (1, 'K1', 7, 'DISPUTE', '2026-03-01', null, 4.50, '2026-03-02 10:00+00'),
    (2, 'K2', null, 'ODD', '2026-03-01', '2026-04-01', null, '2026-03-02 10:00+00');";

/// The stamp of every invoice there, as the examples write it.
const STAMP: &str = "2026-03-02 10:00:00.000000";

async fn source(url: String, mapping: &str) -> SqlSource {
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/source").join(mapping);
    let defaults = Defaults::default();
    let settings = Settings { url, password_file: None, queries, defaults };
    SqlSource::open(&settings).await.unwrap()
}

async fn sync(bench: &Bench) {
    Sync(bench.workshop.clone()).run_once(at(NOON)).await.unwrap();
}

async fn on_postgres(rows: &str) -> SqlSource {
    let url = postgres::database().await;
    let mut foreign = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(ON_POSTGRES).execute(&mut foreign).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(rows.to_owned())).execute(&mut foreign).await.unwrap();
    source(url, "example-postgres").await
}

async fn on_mariadb(rows: &str) -> SqlSource {
    let url = mariadb::database().await;
    let mut foreign = MySqlConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(ON_MARIADB).execute(&mut foreign).await.unwrap();
    let rows = rows.replace("crm.", "").replace("billing.", "").replace("+00'", "'");
    sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut foreign).await.unwrap();
    source(url, "example-mysql").await
}

#[tokio::test]
async fn the_example_of_a_foreign_postgres_database_is_read() {
    check_example(on_postgres(ROWS).await).await;
}

#[tokio::test]
async fn the_example_of_a_foreign_mysql_database_is_read() {
    check_example(on_mariadb(ROWS).await).await;
}

async fn check_example(source: SqlSource) {
    let source = Arc::new(source);
    let bench = Bench::live(source.clone()).await;
    sync(&bench).await;

    let p9 = duebell::model::Bucket::of("P9");
    let keys = [key("K1"), (p9, "K2".into())];
    let facts = bench.store.facts(&keys, day(TODAY)).await.unwrap();
    let [k1, k2] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!((k1.account.tier.as_str(), k2.account.tier.as_str()), ("key", "small"));
    assert_eq!(k1.account.contacts.email.as_ref().unwrap().as_str(), "zoe@example.org");
    assert_eq!((k1.account.language.as_str(), k2.account.language.as_str()), ("de", "en"));
    assert_eq!((k1.bills.len(), k1.bills[0].remaining, k2.bills.len()), (1, 2_000, 0));
    assert_eq!((k1.holds[0].kind, k1.holds[0].amount), (HoldKind::Dispute, Some(450)));
    assert_eq!(k2.holds[0].kind, HoldKind::Exemption);
    assert_eq!((k1.pending.len(), k1.pending[0].amount), (1, 2_000));
    assert_eq!(bench.store.desk().rejects(10).await.unwrap().len(), 0);
    let balances = source.balances(&["7".into(), "8".into()]).await.unwrap();
    assert_eq!(balances.len(), 2);

    // The nightly count agrees, and reading all of it again finds nothing new.
    assert_eq!(source.count(Feed::Bills, None).await.unwrap(), 2);
    Tend::new(bench.workshop.clone()).count(at(NOON)).await.unwrap();
    LedgerStore::reread(bench.store.as_ref(), Feed::Bills).await.unwrap();
    sync(&bench).await;
    assert_eq!(bench.store.desk().bills(&"K1".into()).await.unwrap().len(), 2);
    pages_follow_each_other(&source).await;
}

/// Bills of one stamp, page by page.
async fn pages_follow_each_other(source: &SqlSource) {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    let mut after = Cursor::start();
    for expected in ["7", "8"] {
        let page = source.page(Feed::Bills, &after, 1).await.unwrap();
        let [row] = &page[..] else { panic!("{page:?}") };
        after = Cursor { changed_at: text(&row.cells[8]), id: text(&row.cells[0]) };
        assert_eq!((after.id.as_str(), after.changed_at.as_str()), (expected, STAMP));
    }
    assert_eq!(source.page(Feed::Bills, &after, 1).await.unwrap(), []);
}

#[tokio::test]
async fn an_empty_foreign_database_is_read_again_and_again() {
    for source in [on_postgres("").await, on_mariadb("do 1").await] {
        assert_eq!(source.feeds(), Feed::LEDGER);
        let bench = Bench::live(Arc::new(source)).await;
        sync(&bench).await;
        sync(&bench).await;
    }
}

#[tokio::test]
async fn our_own_billing_database_is_read() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("billing.db");
    let db = BillingDb::open(&path, true).await.unwrap();
    db.write(&batch()).await.unwrap();
    let source = Arc::new(source(format!("sqlite://{}", path.display()), "duebell").await);
    let bench = Bench::live(source.clone()).await;
    sync(&bench).await;

    let facts = bench.store.facts(&[key("A")], day(TODAY)).await.unwrap().remove(0);
    assert_eq!((facts.account.name.as_str(), facts.bills.len()), ("Zoë", 1));
    let bill = &facts.bills[0];
    assert_eq!((bill.amount, bill.remaining, bill.due_on), (5_000, 2_000, day("2026-03-01")));
    assert_eq!((facts.holds[0].kind, facts.holds[0].amount), (HoldKind::Dispute, Some(450)));
    assert_eq!((facts.pending.len(), facts.pending[0].bill.is_none()), (1, true));
    let balance = source.balances(&["a1".into()]).await.unwrap();
    assert_eq!(duebell::source::rows::balance(&balance[0]).unwrap().1.minor, 2_000);
    Tend::new(bench.workshop.clone()).count(at(NOON)).await.unwrap();
    assert_eq!(bench.store.desk().rejects(10).await.unwrap().len(), 0);
}

/// Account A owes 20.00 of 50.00 EUR, disputes 4.50 of it, and pays.
fn batch() -> Batch {
    let changed_at = at("2026-03-02T10:00Z");
    let payment = |id: &str, bill_id: Option<&str>, amount, state| PaymentRow {
        id: id.into(),
        account_id: "A".into(),
        bill_id: bill_id.map(str::to_owned),
        currency: "EUR".parse().unwrap(),
        amount,
        paid_on: day("2026-02-20"),
        state,
        reversed_on: None,
        changed_at,
    };
    Batch {
        accounts: vec![AccountRow {
            id: "A".into(),
            name: Some("Zoë".into()),
            changed_at,
            ..AccountRow::default()
        }],
        bills: vec![BillRow {
            id: "a1".into(),
            account_id: "A".into(),
            currency: "EUR".into(),
            amount: 5_000,
            stated_remaining: None,
            issued_on: day("2026-02-01"),
            due_on: day("2026-03-01"),
            settled_on: None,
            changed_at,
        }],
        payments: vec![
            payment("p1", Some("a1"), 3_000, PaymentState::Settled),
            payment("p2", None, 2_000, PaymentState::Pending),
        ],
        holds: vec![HoldRow {
            id: "h1".into(),
            account_id: "A".into(),
            bill_id: Some("a1".into()),
            kind: HoldKind::Dispute,
            starts_on: day("2026-03-01"),
            ends_on: None,
            amount: Some(450),
            changed_at,
        }],
        ..Batch::default()
    }
}

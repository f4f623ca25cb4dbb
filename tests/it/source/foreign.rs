//! A billing schema that is not ours, with its mapping files.

use std::path::PathBuf;

use duebell::source::sql::{Settings, SqlSource};
use duebell::source::{Defaults, SourceError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, PgConnection, SqliteConnection,
};

use crate::support::{mariadb, postgres};

/// SQLite columns without a type take whatever they are given.
const ON_SQLITE: &str = "
create table customer (no text, phone, email, zone, at text);
create table invoice (no, customer, cur, total, open, issued, due, at text);
create table receipt (no text, customer text, invoice text, cur text, value text, day text, at text);";
const ON_POSTGRES: &str = "
create table customer (no text, phone text, email text, zone text, at text);
create table invoice (no text, customer text, cur text, total numeric, open numeric, issued date, due date, at text);
create table receipt (no text, customer text, invoice text, cur text, value numeric, day date, at text);";
const ON_MARIADB: &str = "
create table customer (no varchar(64), phone text, email text, zone text, at varchar(40));
create table invoice (no varchar(64), customer varchar(64), cur char(3), total decimal(12, 2),
    open decimal(12, 2), issued date, due date, at varchar(40));
create table receipt (no varchar(64), customer varchar(64), invoice varchar(64), cur char(3),
    value decimal(12, 2), day date, at varchar(40));";

const ACCOUNTS: &str = "select no as account_id, phone, email, zone, at as changed_at
from customer where (at, no) > (:changed_at, :id) order by at, no limit :page";
const BILLS: &str =
    "select no as bill_id, customer as account_id, cur as currency, total as amount,
    open as remaining_amount, issued as issued_on, due as due_on, at as changed_at
from invoice where (at, no) > (:changed_at, :id) order by at, no limit :page;";
const PAYMENTS: &str = "-- The order of the columns is free.
select at as changed_at, no as payment_id, customer as account_id, invoice as bill_id,
    cur as currency, value as amount, day as paid_on
from receipt where (at, no) > (:changed_at, :id) order by at, no limit :page";
const BALANCES_ON_SQLITE: &str =
    "select no as bill_id, cur as currency, open as remaining_amount from invoice
where no in (select value from json_each(:bills))";
const BALANCES_ON_POSTGRES: &str =
    "select no as bill_id, cur as currency, open as remaining_amount from invoice
where no in (select jsonb_array_elements_text(:bills::jsonb))";
const BALANCES_ON_MARIADB: &str =
    "select no as bill_id, cur as currency, open as remaining_amount from invoice
where no in (select no from json_table(:bills, '$[*]' columns (no varchar(255) path '$')) as asked)";

enum Open {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    MariaDb(MySqlConnection),
}

/// The operator's database and mapping.
pub struct Foreign {
    connection: Open,
    url: String,
    dir: tempfile::TempDir,
}

impl Foreign {
    pub async fn on_sqlite() -> Foreign {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("billing.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let connection = Open::Sqlite(options.connect().await.unwrap());
        let url = format!("sqlite://{}", path.display());
        Foreign { connection, url, dir }.furnished(ON_SQLITE, BALANCES_ON_SQLITE).await
    }

    pub async fn on_postgres() -> Foreign {
        let url = postgres::database().await;
        let connection = Open::Postgres(PgConnection::connect(&url).await.unwrap());
        let dir = tempfile::tempdir().unwrap();
        Foreign { connection, url, dir }.furnished(ON_POSTGRES, BALANCES_ON_POSTGRES).await
    }

    pub async fn on_mariadb() -> Foreign {
        let url = mariadb::database().await;
        let connection = Open::MariaDb(MySqlConnection::connect(&url).await.unwrap());
        let dir = tempfile::tempdir().unwrap();
        Foreign { connection, url, dir }.furnished(ON_MARIADB, BALANCES_ON_MARIADB).await
    }

    async fn furnished(mut self, schema: &str, balances: &str) -> Foreign {
        self.run(schema).await;
        self.map("accounts", ACCOUNTS);
        self.map("bills", BILLS);
        self.map("payments", PAYMENTS);
        self.map("balances", balances);
        self
    }

    /// Runs SQL of the operator's.
    pub async fn run(&mut self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.connection {
            Open::Sqlite(connection) => sql.execute(connection).await.map(drop),
            Open::Postgres(connection) => sql.execute(connection).await.map(drop),
            Open::MariaDb(connection) => sql.execute(connection).await.map(drop),
        }
        .unwrap();
    }

    /// Customers by number, changed at noon of 2026-03-10.
    pub async fn customers(&mut self, numbers: &[&str]) {
        for no in numbers {
            let row =
                format!("('{no}', '+4915123456789', 'a@example.org', null, '2026-03-10 12:00:00')");
            self.run(&format!("insert into customer values {row}")).await;
        }
    }

    /// An invoice of customer C over 50.00 EUR, all of it open.
    pub async fn invoice(&mut self, no: &str, at: &str) {
        let row = format!("('{no}', 'C', 'EUR', 50.00, 50.00, '2026-02-01', '2026-03-01', '{at}')");
        self.run(&format!("insert into invoice values {row}")).await;
    }

    /// Writes a mapping file.
    pub fn map(&self, name: &str, sql: &str) {
        std::fs::write(self.mapping(name), sql).unwrap();
    }

    pub fn mapping(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("{name}.sql"))
    }

    pub fn settings(&self) -> Settings {
        Settings {
            url: self.url.clone(),
            password_file: None,
            queries: self.dir.path().to_owned(),
            defaults: Defaults::default(),
        }
    }

    pub async fn open(&self) -> Result<SqlSource, SourceError> {
        SqlSource::open(&self.settings()).await
    }
}

//! Every statement, prepared against a migrated database of each engine: what
//! a compile-time check would give, without a database at build time.

use duebell::store::STATEMENTS;
use sqlx::{Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection};

use crate::support::postgres;

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let scratch = tempfile::tempdir().unwrap();
    super::on_sqlite(&scratch).await.close().await;
    let url = format!("sqlite://{}", scratch.path().join("store.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    for statement in STATEMENTS {
        let prepared = (&mut connection).prepare(statement.sqlite.into_sql_str()).await;
        assert!(prepared.is_ok(), "{}: {}", statement.name, prepared.err().unwrap());
    }
}

#[tokio::test]
async fn every_statement_prepares_on_postgres() {
    let url = postgres::database().await;
    duebell::store::SqlStore::open(&url, None).await.unwrap().close().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for statement in STATEMENTS {
        let prepared = (&mut connection).prepare(statement.postgres.into_sql_str()).await;
        assert!(prepared.is_ok(), "{}: {}", statement.name, prepared.err().unwrap());
    }
}

//! Tables that last, on PostgreSQL: what grows and what does not, what each
//! statement reads at size, and what would stand in the way of spreading the
//! tables over several servers.

mod evidence;
mod growth;
mod months;
mod round_trips;
mod spread;
mod work;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

/// A connection beside the store's.
async fn side(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// Runs statements that are not the store's.
async fn run(side: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(side).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The one number that a query answers.
async fn number(side: &mut PgConnection, sql: &str) -> i64 {
    let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(side).await;
    row.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
}

/// The texts of a query's first column.
async fn texts(side: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(side).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

//! The two engines behind one narrow gate.
//!
//! Statements are files; this runs them. Everything goes in as whole numbers,
//! text, or sets of rows, and comes out as whole numbers and text, so that the
//! code above is the same on PostgreSQL and on SQLite and only the SQL differs.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use super::StoreError;
use super::row::Row;
use super::set::{self, Rows, TableRow};

/// One statement in both dialects; the name is that of its files.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    pub name: &'static str,
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

/// A value handed to a statement.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    Int(i64),
    Text(&'a str),
    /// A set of rows. On PostgreSQL it takes as many places among the
    /// parameters as it has columns.
    Set(&'a dyn set::Rows),
}

/// Our database.
pub enum Engine {
    Postgres(PgPool),
    /// One connection: SQLite has one writer at a time, and each of its
    /// commits would throw away the pages that a second connection has read.
    Sqlite(SqlitePool),
}

/// An open write transaction; dropped without commit, it is undone.
pub enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(Transaction<'static, Sqlite>),
}

/// Page cache of a connection; negative means KiB.
const CACHE_KIB: &str = "-65536";
const MMAP_BYTES: &str = "1073741824";
/// Pages in the log before they are copied into the file: 32 MiB.
const WAL_PAGES: &str = "8192";
const POSTGRES_CONNECTIONS: u32 = 8;

/// Rows for which COPY is worth its three messages. sqlx 0.9.0 does not set
/// TCP_NODELAY: after little data, the last of them waits 40 ms for the
/// server's delayed acknowledgement of the one before. Two full segments of a
/// loopback are acknowledged at once, and these rows are larger than that.
const WORTH_COPYING: usize = 2_000;

/// How often a new file that another process is making is looked at again.
pub const LOOKS: u32 = 20;
pub const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

impl Engine {
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open_sqlite(options: SqliteConnectOptions) -> Result<Engine, StoreError> {
        // FULL: a reminder marked as submitting must survive a power cut.
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            // Keys are spread over the whole file by their buckets: a day's
            // work touches pages everywhere, and again the next day.
            .pragma("cache_size", CACHE_KIB)
            .pragma("mmap_size", MMAP_BYTES)
            .pragma("wal_autocheckpoint", WAL_PAGES)
            .pragma("temp_store", "memory");
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            // No upkeep of the pool, which may spin: docs/decisions/0027.
            .idle_timeout(None)
            .max_lifetime(None)
            // A connection to a file of ours does not go away.
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    // A begin that was cancelled may have left a transaction open.
                    let _ = connection.execute("rollback").await;
                    Ok(true)
                })
            });
        let options = options.create_if_missing(true);
        let mut looks = 0;
        loop {
            match pool.clone().connect_with(options.clone()).await {
                Ok(pool) => return Ok(Engine::Sqlite(pool)),
                // Two processes that switch a new file to WAL at once: SQLite
                // refuses one of them without waiting its turn.
                Err(sqlx::Error::Database(_)) if looks < LOOKS => {
                    looks += 1;
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                }
                Err(error) => return Err(StoreError::Unavailable(error)),
            }
        }
    }

    /// # Errors
    /// When the server does not answer or refuses us.
    pub async fn open_postgres(options: PgConnectOptions) -> Result<Engine, StoreError> {
        let options = options.application_name("duebell").options([
            ("timezone", "UTC"),
            ("datestyle", "ISO"),
            ("idle_in_transaction_session_timeout", "60s"),
            // Every statement finds its rows by keys that it is given: there is
            // nothing to weigh against that. A plan that was made while a table
            // was empty is a disaster an hour later, so none is kept; a set of
            // a thousand rows bears the cost.
            ("plan_cache_mode", "force_custom_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_material", "off"),
            ("jit", "off"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            // No upkeep of the pool, which may spin: docs/decisions/0027.
            .idle_timeout(None)
            .max_lifetime(None)
            // The rollback asks as well whether the server is still there.
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    // sqlx 0.9.0 leaks a transaction when begin() is cancelled.
                    // Without the begin, the server's log would tell each time
                    // that there was none.
                    connection.execute("begin; rollback").await?;
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(StoreError::Unavailable)?;
        Ok(Engine::Postgres(pool))
    }

    /// Opens a write transaction. Never under a time-out or `select!`.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Engine::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
            // IMMEDIATE: taking the lock later would fail rather than wait.
            Engine::Sqlite(pool) => pool.begin_with("begin immediate").await.map(Tx::Sqlite),
        }
        .map_err(StoreError::Unavailable)
    }

    /// Reads rows, outside of any transaction.
    pub async fn rows(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Engine::Postgres(pool) => postgres_query(statement, args)
                .fetch_all(pool)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
            Engine::Sqlite(pool) => sqlite_query(statement, args)
                .fetch_all(pool)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
        }
        .map_err(|source| StoreError::of(statement.name, source))
    }

    /// One statement in a transaction of its own.
    pub async fn run(&self, statement: Statement, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let changed = tx.run(statement, args).await?;
        tx.commit().await?;
        Ok(changed)
    }

    pub async fn close(&self) {
        match self {
            Engine::Postgres(pool) => pool.close().await,
            Engine::Sqlite(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Whether others may be writing at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self, Tx::Postgres(_))
    }

    /// Runs a statement; the number of rows that it changed.
    pub async fn run(&mut self, statement: Statement, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        match self {
            Tx::Postgres(tx) => postgres_query(statement, args)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            Tx::Sqlite(tx) => sqlite_query(statement, args)
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
        }
        .map_err(|source| StoreError::of(statement.name, source))
    }

    /// Runs a statement that returns rows.
    pub async fn rows(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Tx::Postgres(tx) => postgres_query(statement, args)
                .fetch_all(&mut **tx)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
            Tx::Sqlite(tx) => sqlite_query(statement, args)
                .fetch_all(&mut **tx)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
        }
        .map_err(|source| StoreError::of(statement.name, source))
    }

    /// Writes rows that are thought to be new. `false` where nothing was
    /// written: on SQLite, and where a key is taken already.
    ///
    /// PostgreSQL pays about as much again for an insert that minds conflicts.
    /// So this is tried first, and the statement that minds them does the same
    /// rows again where need be.
    pub async fn insert<T: TableRow>(&mut self, rows: &Vec<T>) -> Result<bool, StoreError> {
        let Tx::Postgres(tx) = self else { return Ok(false) };
        if rows.is_empty() {
            return Ok(true);
        }
        let failed = |source| StoreError::of(T::TABLE, source);
        tx.execute("savepoint bulk").await.map_err(failed)?;
        match bulk(tx, rows).await {
            Ok(()) => Ok(true),
            Err(sqlx::Error::Database(told)) if told.is_unique_violation() => {
                tx.execute("rollback to savepoint bulk").await.map_err(failed)?;
                Ok(false)
            }
            Err(error) => Err(failed(error)),
        }
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Postgres(tx) => tx.commit().await,
            Tx::Sqlite(tx) => tx.commit().await,
        }
        .map_err(StoreError::Unavailable)
    }
}

/// New rows straight into their table.
async fn bulk<T: TableRow>(
    tx: &mut Transaction<'static, Postgres>,
    rows: &Vec<T>,
) -> Result<(), sqlx::Error> {
    if rows.len() < WORTH_COPYING {
        let query = sqlx::query(AssertSqlSafe(set::insert_statement::<T>()));
        let query = rows.to_arrays().into_iter().fold(query, |query, array| query.bind(array));
        return query.execute(&mut **tx).await.map(drop);
    }
    let mut copy = tx.copy_in_raw(&set::copy_statement::<T>()).await?;
    copy.send(set::copy_data(rows)).await?;
    copy.finish().await.map(drop)
}

type PgQuery<'q> = sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments>;
type SqliteQuery<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

fn postgres_query<'q>(statement: Statement, args: &'q [Arg<'q>]) -> PgQuery<'q> {
    let mut query = sqlx::query(statement.postgres);
    for arg in args {
        query = match arg {
            Arg::Int(number) => query.bind(*number),
            Arg::Text(text) => query.bind(*text),
            Arg::Set(rows) => {
                debug_assert!(names_columns(statement.postgres, *rows), "{}", statement.name);
                rows.to_arrays().into_iter().fold(query, |query, array| query.bind(array))
            }
        };
    }
    query
}

fn sqlite_query<'q>(statement: Statement, args: &'q [Arg<'q>]) -> SqliteQuery<'q> {
    args.iter().fold(sqlx::query(statement.sqlite), |query, arg| match arg {
        Arg::Int(number) => query.bind(*number),
        Arg::Text(text) => query.bind(*text),
        Arg::Set(rows) => query.bind(rows.to_json()),
    })
}

/// Whether a statement calls the columns of a set by their names, in order:
/// arrays have none, so a column in another's place might go unnoticed.
fn names_columns(sql: &str, rows: &dyn set::Rows) -> bool {
    let names: Vec<&str> = rows.columns().iter().map(|column| column.name).collect();
    sql.contains(&format!("({})", names.join(", ")))
}

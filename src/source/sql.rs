//! A billing database over SQL: the operator maps a foreign schema with one
//! query per feed, and we read it page by page.
//!
//! Each query is a SELECT in a file of its own, with placeholders `:changed_at`,
//! `:id` and `:page` (feeds) or `:bills` (balances). We wrap it, so that every
//! documented column arrives as text and may stand in any order.

use std::path::Path;

use async_trait::async_trait;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::BillId;
use crate::model::feed::{BALANCE, Cell, Column, Cursor, Feed, RawRow};

use super::database::{self, Database, Returned, Value};
use super::placeholders::translate;
use super::{Defaults, Source, SourceError};

/// `[source]`: where the billing database is and how it is mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:///var/lib/billing.db`, `postgres://reader@host/billing` or
    /// `mysql://reader@host/billing`; no password in it.
    pub url: String,
    /// File that holds the password alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<std::path::PathBuf>,
    /// Directory with accounts.sql, bills.sql, payments.sql, balances.sql and
    /// perhaps holds.sql and files of evidence.
    pub queries: std::path::PathBuf,
    #[serde(default)]
    pub defaults: Defaults,
}

const BALANCES: &str = "balances";

/// The operator's billing database.
pub struct SqlSource {
    database: Box<dyn Database>,
    feeds: Vec<(Feed, Query)>,
    balances: Query,
}

/// One of the operator's files, ready to run.
struct Query {
    file: String,
    wrapped: String,
    /// The query and how its rows are counted; with a day, from it on.
    counted: String,
    day: Option<String>,
    /// Which values are bound, in order.
    binds: Vec<usize>,
}

impl Query {
    fn counted(&self, since: Option<Date>) -> String {
        let of_late = match (&self.day, since) {
            // A date of ours needs no quoting, and ISO dates in the order of
            // texts are in the order of days.
            (Some(day), Some(since)) => format!(" where {day} >= '{since}'"),
            _ => String::new(),
        };
        self.counted.replace(OF_LATE, &of_late)
    }
}

/// Stands in a counting query for the rows that are counted.
const OF_LATE: &str = "/* of late */";

impl SqlSource {
    /// Connects and fits every query to the database.
    ///
    /// # Errors
    /// The first of [`SqlSource::faults`].
    pub async fn open(settings: &Settings) -> Result<SqlSource, SourceError> {
        SqlSource::fit(settings).await.map_err(|mut faults| faults.swap_remove(0))
    }

    /// Everything that is wrong with the mapping, each with its file: missing
    /// files, placeholders and columns, and queries that the database refuses.
    pub async fn faults(settings: &Settings) -> Vec<SourceError> {
        SqlSource::fit(settings).await.err().unwrap_or_default()
    }

    /// The error holds at least one fault.
    async fn fit(settings: &Settings) -> Result<SqlSource, Vec<SourceError>> {
        let database = database::open(settings).await.map_err(|away| vec![away])?;
        let (mut feeds, mut faults) = (Vec::new(), Vec::new());
        for feed in Feed::ALL {
            let path = settings.queries.join(format!("{feed}.sql"));
            if !path.exists() && !feed.is_required() {
                continue;
            }
            match fitted(&*database, &path, feed.columns(), &FEED_PLACEHOLDERS).await {
                Ok(mut query) => {
                    query.day = feed.day().map(|name| database.as_sorted_text(name));
                    feeds.push((feed, query));
                }
                Err(wrong) => faults.extend(wrong),
            }
        }
        let path = settings.queries.join(format!("{BALANCES}.sql"));
        match fitted(&*database, &path, BALANCE, &BALANCE_PLACEHOLDERS).await {
            Ok(balances) if faults.is_empty() => Ok(SqlSource { database, feeds, balances }),
            Ok(_) => Err(faults),
            Err(wrong) => {
                faults.extend(wrong);
                Err(faults)
            }
        }
    }

    fn query(&self, feed: Feed) -> Option<&Query> {
        self.feeds.iter().find(|(mapped, _)| *mapped == feed).map(|(_, query)| query)
    }

    /// Runs `sql`, a form of `query`, with the values of its placeholders.
    async fn rows(
        &self,
        query: &Query,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<RawRow>, SourceError> {
        let bound: Vec<Value<'_>> = query.binds.iter().map(|at| values[*at]).collect();
        let rows = self.database.rows(sql, &bound).await;
        rows.map_err(|error| classified(&*self.database, &query.file, error))
    }
}

/// Placeholders, and what their absence would do.
type Placeholders = [(&'static str, &'static str)];
const FEED_PLACEHOLDERS: [(&str, &str); 3] = [
    ("changed_at", "every reading would start from the beginning"),
    ("id", "rows with equal stamps would be read for ever or lost"),
    ("page", "the whole table would be read at once"),
];
const BALANCE_PLACEHOLDERS: [(&str, &str); 1] =
    [("bills", "the balances of the whole table would be read")];

/// The values of [`FEED_PLACEHOLDERS`].
fn place(after: &Cursor, limit: i64) -> [Value<'_>; 3] {
    [Value::Text(&after.changed_at), Value::Text(&after.id), Value::Number(limit)]
}

/// The error holds at least one fault.
async fn fitted(
    database: &dyn Database,
    path: &Path,
    columns: &'static [Column],
    placeholders: &Placeholders,
) -> Result<Query, Vec<SourceError>> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| vec![SourceError::File { file: file.clone(), source }])?;
    let names: Vec<&str> = placeholders.iter().map(|(name, _)| *name).collect();
    let translated = translate(text.trim().trim_end_matches(';'), &names, database.dialect());
    let (sql, binds) = (translated.sql, translated.binds);
    let mut faults: Vec<SourceError> = placeholders
        .iter()
        .enumerate()
        .filter(|(place, _)| !binds.contains(place))
        .map(|(_, (placeholder, consequence))| SourceError::MissingPlaceholder {
            file: file.clone(),
            placeholder,
            consequence,
        })
        .collect();

    let present = match database.returned(&sql).await {
        Ok(present) => present,
        Err(source) => {
            faults.push(SourceError::Query { file, source });
            return Err(faults);
        }
    };
    let mut selected = Vec::with_capacity(columns.len());
    for column in columns {
        let Column { name, expects, required } = *column;
        if let Some(there) = present.iter().find(|there| there.name == name) {
            selected.push(database.as_text(there));
        } else if required {
            faults.push(SourceError::MissingColumn { file: file.clone(), column: name, expects });
        } else {
            selected.push("null".to_owned());
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let counted = database.as_text(&Returned { name: "n".to_owned(), is_string: false });
    Ok(Query {
        wrapped: format!("select {} from (\n{sql}\n) as q", selected.join(", ")),
        counted: format!(
            "select {counted} from (select count(*) as n from (\n{sql}\n) as q{OF_LATE}) as q"
        ),
        day: None,
        file,
        binds,
    })
}

#[async_trait]
impl Source for SqlSource {
    fn feeds(&self) -> Vec<Feed> {
        self.feeds.iter().map(|(feed, _)| *feed).collect()
    }

    async fn page(
        &self,
        feed: Feed,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<RawRow>, SourceError> {
        let Some(query) = self.query(feed) else { return Ok(Vec::new()) };
        self.rows(query, &query.wrapped, &place(after, i64::from(limit))).await
    }

    async fn balances(&self, bills: &[BillId]) -> Result<Vec<RawRow>, SourceError> {
        let ids: Vec<&str> = bills.iter().map(BillId::as_str).collect();
        let json = serde_json::to_string(&ids).unwrap_or_default();
        self.rows(&self.balances, &self.balances.wrapped, &[Value::Text(&json)]).await
    }

    async fn count(&self, feed: Feed, since: Option<Date>) -> Result<u64, SourceError> {
        let Some(query) = self.query(feed) else { return Ok(0) };
        let start = Cursor::start();
        let counted = query.counted(since);
        let rows = self.rows(query, &counted, &place(&start, i64::MAX)).await?;
        let counted = match rows.first().and_then(|row| row.cells.first()) {
            Some(Cell::Text(text)) => text.parse().ok(),
            _ => None,
        };
        Ok(counted.unwrap_or_default())
    }
}

fn classified(database: &dyn Database, file: &str, error: sqlx::Error) -> SourceError {
    let is_query = match &error {
        sqlx::Error::Database(told) => !database.is_away(&**told),
        error => matches!(error, sqlx::Error::ColumnNotFound(_)),
    };
    if is_query {
        SourceError::Query { file: file.to_owned(), source: error }
    } else {
        SourceError::Unavailable(error)
    }
}

//! `duebell source check`: the billing database as we understand it.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::app;
use crate::model::feed::{Cell, Cursor};
use crate::model::ledger::Rows;
use crate::source::sql::SqlSource;
use crate::source::{Source, rows};
use crate::store;

use super::context::Options;
use super::output::print_line;

/// Rows of each feed that are read and shown.
const SAMPLE: u32 = 200;
const SHOWN: usize = 3;
/// By an index, so few rows take milliseconds.
const SLOW: Duration = Duration::from_secs(1);

/// Runs every query, and shows sample rows as they were understood.
pub async fn check(options: &Options) -> anyhow::Result<()> {
    let loaded = options.load()?;
    if let Some(source) = &loaded.settings.source {
        let faults: Vec<String> = SqlSource::faults(source)
            .await
            .into_iter()
            .map(|fault| format!("  {:#}", anyhow::Error::from(fault)))
            .collect();
        ensure!(
            faults.is_empty(),
            "the mapping of the billing database needs mending:\n{}",
            faults.join("\n")
        );
    }
    let source = app::open_source(&loaded.settings).await?;
    let settings = loaded.settings.source.context("no [source]")?;
    print_line(&format!("billing database {}", store::without_password(&settings.url)))?;
    for feed in source.feeds() {
        let asked = Instant::now();
        let raw = source.page(feed, &Cursor::start(), SAMPLE).await?;
        let took = asked.elapsed();
        let total = source.count(feed).await?;
        let Some(page) = rows::checked_page(feed, &raw, &settings.defaults, true) else {
            print_line(&format!("{feed}: no rows"))?;
            continue;
        };
        let (set_aside, warnings) = page.rejects.iter().partition::<Vec<_>, _>(|r| !r.is_warning);
        print_line(&format!(
            "{feed}: {total} rows; of the first {}, {} are used, {} set aside, {} used with a warning",
            page.read,
            page.read - set_aside.len() as u64,
            set_aside.len(),
            warnings.len()
        ))?;
        for line in understood(&page.rows) {
            print_line(&format!("  {line}"))?;
        }
        for reject in page.rejects.iter().take(SHOWN) {
            print_line(&format!("  {} {}: {} {}", feed, reject.row, reject.field, reject.reason))?;
        }
        if took > SLOW {
            print_line(&format!(
                "  {feed}: these rows took {:.1} s, as every page will; order by columns of the table, with an index on them",
                took.as_secs_f64()
            ))?;
        }
        // Paging leans on it: the same question again must give the same row first.
        let first = raw.first().and_then(|row| row.cells.first());
        if let Some(Cell::Text(first)) = first
            && let Ok(again) = source.page(feed, &page.cursor, SAMPLE).await
            && again.iter().any(|row| row.cells.first() == Some(&Cell::Text(first.clone())))
        {
            print_line(&format!(
                "  {feed}: rows before the watermark come again; compare (changed_at, id) with (:changed_at, :id)"
            ))?;
        }
    }
    print_line("balances: the query fits")
}

/// The first rows, with names and contacts left out.
fn understood(rows: &Rows) -> Vec<String> {
    match rows {
        Rows::Accounts(rows) => rows
            .iter()
            .take(SHOWN)
            .map(|row| {
                let has = |contact: &Option<String>, name| contact.as_ref().map_or("", |_| name);
                format!(
                    "account {} (bucket {}): {}, {}, {}{}{}",
                    row.account_id,
                    row.bucket.number(),
                    row.language,
                    row.zone,
                    row.tier,
                    has(&row.phone, ", phone"),
                    has(&row.email, ", e-mail")
                )
            })
            .collect(),
        Rows::Bills(rows) => rows
            .iter()
            .take(SHOWN)
            .map(|row| {
                let unpaid = crate::model::Money::new(row.remaining, row.currency);
                format!(
                    "bill {} of {}: {unpaid} unpaid, issued {}, due {}",
                    row.bill_id, row.account_id, row.issued_on, row.due_on
                )
            })
            .collect(),
        Rows::Payments(rows) => rows
            .iter()
            .take(SHOWN)
            .map(|row| {
                let paid = crate::model::Money::new(row.amount, row.currency);
                format!(
                    "payment {} of {}: {paid} on {}, {}",
                    row.payment_id, row.account_id, row.paid_on, row.state
                )
            })
            .collect(),
        Rows::Holds(rows) => rows
            .iter()
            .take(SHOWN)
            .map(|row| {
                format!(
                    "hold {} on {}: {} from {}",
                    row.hold_id, row.account_id, row.kind, row.starts_on
                )
            })
            .collect(),
    }
}

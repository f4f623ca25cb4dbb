//! `duebell source check`: the billing database as we understand it.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::civil::Date;

use crate::app;
use crate::model::evidence::{Fact, Outage};
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
        let total = source.count(feed, None).await?;
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
        Rows::Evidence(feed, rows) => rows
            .iter()
            .take(SHOWN)
            .map(|row| {
                format!("{feed} {} of {}: {}", row.row_id, row.account_id, in_short(&row.fact))
            })
            .collect(),
        Rows::Outages(rows) => rows
            .iter()
            .take(SHOWN)
            .map(|row| {
                let Outage { area, starts_on, ends_on } = &row.outage;
                let end = ends_on.map_or("it lasts".to_owned(), |day| format!("to {day}"));
                format!("outage {} in {area}: from {starts_on}, {end}", row.outage_id)
            })
            .collect(),
    }
}

/// What a row says, with keys left out.
fn in_short(fact: &Fact) -> String {
    let until = |day: Option<Date>, what: &str, still: &str| match day {
        Some(day) => format!("{what} {day}"),
        None => still.to_owned(),
    };
    match fact {
        Fact::Contract(terms) => {
            let autopay = match &terms.autopay {
                Some(autopay) => {
                    format!("paid automatically {}", until(autopay.ends_on, "until", "for good"))
                }
                None => "not paid automatically".to_owned(),
            };
            format!("{}, {autopay}", until(terms.since, "since", "nobody says since when"))
        }
        Fact::Complaint(one) => format!(
            "{} from {}, {}",
            one.topic.as_str(),
            one.opened_on,
            until(one.closed_on, "closed", "open")
        ),
        // Minor units: the row does not keep its currency.
        Fact::Usage(one) => format!(
            "on {}, {} charged, {} of it expensive, in minor units",
            one.on, one.charged, one.expensive
        ),
        Fact::Return(one) => format!("{} on {}", one.channel.as_str(), one.on),
        Fact::Failure(one) => format!("{} on {}", one.kind.as_str(), one.on),
        Fact::Port(one) => {
            format!("asked on {}, {}", one.on, until(one.withdrawn_on, "withdrawn", "it stands"))
        }
        Fact::Shared(one) => format!(
            "{} with {}, written off on {}",
            one.kind.as_str(),
            one.with,
            one.written_off_on
        ),
        Fact::WriteOff(one) => {
            format!("{} on {}", crate::model::Money::new(one.amount, one.currency), one.on)
        }
    }
}

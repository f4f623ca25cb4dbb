//! Data that nobody here made: where it lies, and how it is read.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use super::reference::{Event, EventKind};

/// A file of the data folder, or `None`, said in one line, where there is none.
pub fn file(path: &str) -> Option<String> {
    let folder = std::env::var_os("DUEBELL_DATA").unwrap_or_else(|| "../shared/data".into());
    let path = PathBuf::from(folder).join(path);
    if !path.exists() {
        super::skipped(&format!("{} is not here (set DUEBELL_DATA)", path.display()));
        return None;
    }
    let bytes = std::fs::read(&path).expect("a file that exists can be read");
    if path.extension().is_none_or(|it| it != "gz") {
        return Some(String::from_utf8(bytes).expect("the data is UTF-8"));
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .read_to_string(&mut text)
        .expect("the data is gzip");
    Some(text)
}

/// The rows of a CSV text, by column.
pub fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}

/// The invoices and payments of the IBM sample, each seen on its own day.
pub fn ibm_events() -> Option<Vec<Event>> {
    let text = file("ibm_ar/oracle/ibm_ar_timeline.csv")?;
    let events = rows(&text).into_iter().map(|row| {
        let date = row["date"].parse().unwrap();
        let bill = row["invoice"].clone();
        let amount_minor = minor(&row["amount"]);
        let kind = match row["event"].as_str() {
            "invoice_issued" => EventKind::Issued {
                bill,
                account: row["customer"].clone(),
                amount_minor,
                currency: "USD".to_owned(),
                due: row["due"].parse().unwrap(),
            },
            "payment" => EventKind::Payment { bill, amount_minor },
            other => panic!("unknown event {other}"),
        };
        Event { date, arrives_on: date, kind }
    });
    Some(events.collect())
}

/// Hundredths of a decimal with at most two of them.
fn minor(decimal: &str) -> i64 {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

//! A row of evidence in a CSV file: days and numbers as the file writes them,
//! and judged by the same rules as a row of a feed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::row::{Cells, Fault, plain_decimal};
use crate::model::evidence::EvidenceFeed;
use crate::model::feed::{Cell, Feed, RawRow};
use crate::source::billing_db::{EvidenceRow, stamp};
use crate::source::{Defaults, rows};

impl Cells<'_> {
    pub(super) fn evidence(
        &self,
        feed: EvidenceFeed,
        now: Timestamp,
    ) -> Result<EvidenceRow, Fault> {
        let of = Feed::Evidence(feed);
        let mut says = BTreeMap::new();
        for column in self.layout.kind.columns() {
            if let Some(text) = self.plain(column.name)? {
                says.insert(column.name, text);
            }
        }
        let cell = |name: &str| match name {
            "changed_at" => Cell::Text(stamp(now)),
            name => says.get(name).map_or(Cell::Null, |text| Cell::Text(text.clone())),
        };
        let raw = RawRow { cells: of.columns().iter().map(|column| cell(column.name)).collect() };
        let page = rows::checked_page(of, &[raw], &Defaults::default(), true);
        let rejects = page.map(|page| page.rejects).unwrap_or_default();
        if let Some(reject) = rejects.into_iter().find(|reject| !reject.is_warning) {
            return Err(self.fault(&reject.field, reject.reason));
        }
        let id = says.remove(of.key()).unwrap_or_default();
        let account_id = says.remove("account_id");
        let says = serde_json::to_string(&says).unwrap_or_default();
        Ok(EvidenceRow { feed, id, account_id, says, changed_at: now })
    }

    /// What a column says, with days and amounts in our own form.
    fn plain(&self, column: &'static str) -> Result<Option<String>, Fault> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let table = self.layout.table;
        Ok(Some(match column {
            "charged" | "expensive" | "amount" => {
                self.amount(column, self.currency()?)?;
                plain_decimal(text, table.decimal, table.grouping).unwrap_or_default()
            }
            name if name == "since" || name.ends_with("_on") => {
                self.day(column)?.map(|day| day.to_string()).unwrap_or_default()
            }
            _ => text.to_owned(),
        }))
    }
}

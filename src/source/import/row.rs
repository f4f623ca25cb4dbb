//! One row of a CSV file, read strictly: what it says, or what is wrong with
//! it, where, and what was expected.
//!
//! Contacts are the exception. A mistyped number must not cost the operator
//! the account, so it is left out with a warning and the row is used.

use std::collections::BTreeMap;

use anyhow::bail;
use csv::StringRecord;
use icu_locale_core::LanguageIdentifier;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::mapping::{Kind, Table};
use crate::model::{Channel, Currency, EmailAddress, Money, PaymentState, PhoneNumber, Tier};
use crate::source::billing_db::{AMOUNT_MAX, AccountRow, BillRow, EvidenceRow, PaymentRow};

/// Years in which a day of billing can lie. Others are mistyped.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// What is wrong with a row, or with one cell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file's header, or our column where the value is a constant.
    pub field: String,
    pub reason: String,
}

/// A row that can be used, once what it refers to is known to exist.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    Account(AccountRow),
    Bill(BillRow),
    Payment(PaymentRow),
    Evidence(EvidenceRow),
}

impl Row {
    pub fn id(&self) -> &str {
        match self {
            Row::Account(row) => &row.id,
            Row::Bill(row) => &row.id,
            Row::Payment(row) => &row.id,
            Row::Evidence(row) => &row.id,
        }
    }

    /// The account that must exist for it.
    pub fn account(&self) -> Option<&str> {
        match self {
            Row::Account(_) => None,
            Row::Bill(row) => Some(&row.account_id),
            Row::Payment(row) => Some(&row.account_id),
            Row::Evidence(row) => row.account_id.as_deref(),
        }
    }

    /// The bill that must exist for it.
    pub fn bill(&self) -> Option<&str> {
        match self {
            Row::Payment(row) => row.bill_id.as_deref(),
            Row::Account(_) | Row::Bill(_) | Row::Evidence(_) => None,
        }
    }
}

/// Where each of our columns stands in one file.
pub struct Layout<'a> {
    pub(super) kind: Kind,
    pub(super) table: &'a Table,
    headers: StringRecord,
    places: BTreeMap<&'static str, usize>,
    required: Vec<usize>,
}

impl<'a> Layout<'a> {
    /// Finds the headers that the mapping names; says which are not there.
    pub fn find(
        kind: Kind,
        table: &'a Table,
        headers: StringRecord,
        file_name: &str,
    ) -> anyhow::Result<Layout<'a>> {
        let (mut absent, mut twice) = (Vec::new(), Vec::new());
        let mut position = |wanted: &'a str| {
            let is_wanted = |index: &usize| headers[*index].trim() == wanted.trim();
            let mut found = (0..headers.len()).filter(is_wanted);
            let first = found.next();
            if found.next().is_some() {
                twice.push(wanted);
            } else if first.is_none() {
                absent.push(wanted);
            }
            first
        };
        let mut places = BTreeMap::new();
        for (&column, header) in &table.columns {
            places.extend(position(header).map(|index| (column, index)));
        }
        let required = table.required.iter().filter_map(|header| position(header)).collect();
        if !absent.is_empty() {
            let existing: Vec<_> = headers.iter().collect();
            bail!(
                "{file_name} has no header `{}`, which [{}] of the mapping names; its headers are `{}`",
                absent.join("`, `"),
                kind.as_str(),
                existing.join("`, `"),
            );
        }
        if !twice.is_empty() {
            let repeated = twice.join("`, `");
            bail!("{file_name} has more than one header `{repeated}` (expected one)");
        }
        Ok(Layout { kind, table, headers, places, required })
    }

    pub fn width(&self) -> usize {
        self.headers.len()
    }

    /// The file's header of the field at `index`.
    pub fn header(&self, index: usize) -> &str {
        self.headers.get(index).unwrap_or_default()
    }

    /// What the operator calls our column.
    pub fn field(&self, column: &str) -> String {
        self.places.get(column).map_or(column, |index| self.header(*index)).to_owned()
    }

    /// The column that names a row.
    pub fn id_field(&self) -> String {
        self.field(self.kind.columns()[0].name)
    }

    /// Reads a row that has as many fields as there are headers. Contacts
    /// that are none go to `warnings`.
    pub fn read(
        &self,
        record: &StringRecord,
        now: Timestamp,
        warnings: &mut Vec<Fault>,
    ) -> Result<Row, Fault> {
        for &index in &self.required {
            if record.get(index).is_none_or(|cell| cell.trim().is_empty()) {
                let reason = "empty (the mapping requires a value)".to_owned();
                return Err(Fault { field: self.header(index).to_owned(), reason });
            }
        }
        let cells = Cells { layout: self, record };
        match self.kind {
            Kind::Accounts => cells.account(now, warnings).map(Row::Account),
            Kind::Bills => cells.bill(now).map(Row::Bill),
            Kind::Payments => cells.payment(now).map(Row::Payment),
            Kind::Evidence(feed) => cells.evidence(feed, now).map(Row::Evidence),
        }
    }
}

/// The cells of one row, by our columns.
pub(super) struct Cells<'a> {
    pub(super) layout: &'a Layout<'a>,
    record: &'a StringRecord,
}

impl Cells<'_> {
    fn account(&self, now: Timestamp, warnings: &mut Vec<Fault>) -> Result<AccountRow, Fault> {
        let owned = |column| self.text(column).map(str::to_owned);
        let phone = self.contact("phone", warnings, |text| {
            let region = self.layout.table.region.as_deref();
            PhoneNumber::parse(text, region).map(|number| number.e164().to_owned())
        });
        let email = self.contact("email", warnings, |text| {
            EmailAddress::parse(text).map(|address| address.as_str().to_owned())
        });
        Ok(AccountRow {
            id: self.required("account_id")?.to_owned(),
            person_id: owned("person_id"),
            name: owned("name"),
            language: self.known("language", language)?,
            zone: self.known("zone", zone)?,
            tier: self.known("tier", Tier::parse)?,
            segment: owned("segment"),
            area: owned("area"),
            phone,
            email,
            preferred_channel: self.known("preferred_channel", Channel::parse)?,
            changed_at: now,
        })
    }

    fn bill(&self, now: Timestamp) -> Result<BillRow, Fault> {
        let id = self.required("bill_id")?.to_owned();
        let account_id = self.required("account_id")?.to_owned();
        let currency = self.currency()?;
        let amount = self.amount("amount", currency)?;
        let settled_on = self.day("settled_on")?;
        let stated_remaining = if self.is_mapped("remaining_amount") {
            Some(self.amount("remaining_amount", currency)?)
        } else if self.is_mapped("settled_on") {
            Some(if settled_on.is_some() { 0 } else { amount })
        } else {
            None
        };
        Ok(BillRow {
            id,
            account_id,
            currency: currency.code().to_owned(),
            amount,
            stated_remaining,
            issued_on: self.required_day("issued_on")?,
            due_on: self.required_day("due_on")?,
            settled_on,
            changed_at: now,
        })
    }

    fn payment(&self, now: Timestamp) -> Result<PaymentRow, Fault> {
        let id = self.required("payment_id")?.to_owned();
        let account_id = self.required("account_id")?.to_owned();
        let currency = self.currency()?;
        let amount = self.amount("amount", currency)?;
        if amount == 0 {
            return Err(self.fault("amount", "zero (expected money that was paid)".into()));
        }
        let reversed_on = self.day("reversed_on")?;
        let state = match (self.known("state", PaymentState::parse)?, reversed_on) {
            (None, Some(_)) => PaymentState::Reversed,
            (None, None) => PaymentState::Settled,
            (Some(state), Some(_)) if state != PaymentState::Reversed => {
                let reason = format!("a day of reversal on a {} payment", state.as_str());
                return Err(self.fault("reversed_on", reason + " (expected it to be empty)"));
            }
            (Some(state), _) => state,
        };
        Ok(PaymentRow {
            id,
            account_id,
            bill_id: self.text("bill_id").map(str::to_owned),
            currency,
            amount,
            paid_on: self.required_day("paid_on")?,
            state,
            reversed_on,
            changed_at: now,
        })
    }

    pub(super) fn fault(&self, column: &str, reason: String) -> Fault {
        Fault { field: self.layout.field(column), reason }
    }

    fn is_mapped(&self, column: &str) -> bool {
        self.layout.places.contains_key(column) || self.layout.table.constants.contains_key(column)
    }

    /// What the column says; `None` where it is empty or not mapped.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        let text = match self.layout.places.get(column) {
            Some(index) => self.record.get(*index)?,
            None => self.layout.table.constants.get(column)?,
        };
        // Exports pad fields with blanks; an id never begins or ends with one.
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    fn required(&self, column: &str) -> Result<&str, Fault> {
        self.text(column).ok_or_else(|| {
            self.fault(column, format!("empty (expected {})", expects(self.layout.kind, column)))
        })
    }

    fn known<T>(&self, column: &str, read: fn(&str) -> Option<T>) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(column) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| {
            self.fault(column, format!("unknown (expected {})", expects(self.layout.kind, column)))
        })
    }

    fn contact(
        &self,
        column: &str,
        warnings: &mut Vec<Fault>,
        read: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let text = self.text(column)?;
        let contact = read(text);
        if contact.is_none() {
            let expected = expects(self.layout.kind, column);
            let reason = format!("warning: not {expected}; the account was used without it");
            warnings.push(self.fault(column, reason));
        }
        contact
    }

    pub(super) fn currency(&self) -> Result<Currency, Fault> {
        self.required("currency")?
            .parse()
            .map_err(|error| self.fault("currency", format!("{error}")))
    }

    /// An amount in minor units, zero or more.
    pub(super) fn amount(&self, column: &str, currency: Currency) -> Result<i64, Fault> {
        let table = self.layout.table;
        let text = self.required(column)?;
        let Some(plain) = plain_decimal(text, table.decimal, table.grouping) else {
            let reason = format!(
                "not a number (expected digits with `{}` before the decimals{})",
                table.decimal,
                table
                    .grouping
                    .map(|sign| format!(" and `{sign}` between thousands"))
                    .unwrap_or_default(),
            );
            return Err(self.fault(column, reason));
        };
        let minor = match Money::parse(&plain, currency) {
            Ok(money) => money.minor,
            Err(error) => return Err(self.fault(column, error.to_string())),
        };
        match minor {
            ..0 => Err(self.fault(column, "negative (expected zero or more)".into())),
            0..=AMOUNT_MAX => Ok(minor),
            _ => Err(self.fault(column, "too large for a bill".into())),
        }
    }

    pub(super) fn day(&self, column: &str) -> Result<Option<Date>, Fault> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let form = self.layout.table.date_format.as_deref();
        let Some(day) = read_day(text, form) else {
            let expected = form.unwrap_or("%Y-%m-%d");
            return Err(self.fault(column, format!("not a day (expected the form {expected})")));
        };
        if YEARS.contains(&day.year()) {
            Ok(Some(day))
        } else {
            let reason =
                format!("out of range (expected a year from {} to {})", YEARS.start(), YEARS.end());
            Err(self.fault(column, reason))
        }
    }

    fn required_day(&self, column: &str) -> Result<Date, Fault> {
        self.required(column)?;
        Ok(self.day(column)?.expect("a cell that is not empty holds a day or is refused"))
    }
}

fn expects(kind: Kind, column: &str) -> &'static str {
    kind.columns()
        .iter()
        .find(|known| known.name == column)
        .map_or("a value", |known| known.expects)
}

/// Whether every row may have `text` in `column`.
pub fn check_constant(column: &str, text: &str) -> Result<(), String> {
    let is_known = match column {
        "currency" => text.parse::<Currency>().is_ok(),
        "language" => language(text).is_some(),
        "zone" => zone(text).is_some(),
        "tier" => Tier::parse(text).is_some(),
        "preferred_channel" => Channel::parse(text).is_some(),
        "state" => PaymentState::parse(text).is_some(),
        _ => true,
    };
    if is_known { Ok(()) } else { Err(format!("`{text}` is unknown")) }
}

fn language(text: &str) -> Option<String> {
    let tag = LanguageIdentifier::try_from_str(text).ok()?;
    (!tag.language.is_unknown()).then(|| tag.to_string())
}

fn zone(text: &str) -> Option<String> {
    TimeZone::get(text).ok()?.iana_name().map(str::to_owned)
}

/// A day in the form of strptime, or in ISO 8601. Nothing may follow it.
pub fn read_day(text: &str, form: Option<&str>) -> Option<Date> {
    match form {
        Some(form) => Date::strptime(form, text).ok(),
        // jiff reads a time after the day as well; a day of billing has none.
        None if text.len() == "2026-03-01".len() => text.parse().ok(),
        None => None,
    }
}

/// `day` in the form of strptime, where the form can be written at all.
pub fn written_day(day: Date, form: &str) -> Option<String> {
    strtime::format(form, day).ok()
}

/// The number with a point for decimals and nothing between thousands.
///
/// A grouping sign counts only where it parts three digits from the next (or
/// two, as in 12,34,567): `1,5` under the wrong setting must not become 15.
pub(super) fn plain_decimal(text: &str, decimal: char, grouping: Option<char>) -> Option<String> {
    let (whole, fraction) = match text.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut plain = match grouping.filter(|sign| whole.contains(*sign)) {
        None => whole.to_owned(),
        Some(sign) => {
            let groups: Vec<&str> = whole.trim_start_matches('-').split(sign).collect();
            let last = groups.len() - 1;
            let fits = |(index, group): (usize, &&str)| match index {
                0 => (1..=3).contains(&group.len()),
                index if index == last => group.len() == 3,
                _ => (2..=3).contains(&group.len()),
            };
            if !groups.iter().enumerate().all(fits) {
                return None;
            }
            whole.replace(sign, "")
        }
    };
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b'-';
    plain.bytes().all(is_plain).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn number(text: &str, decimal: char, grouping: Option<char>, expected: Option<&str>) {
        assert_eq!(plain_decimal(text, decimal, grouping).as_deref(), expected, "{text}");
    }

    #[test]
    fn signs_of_grouping_count_only_where_they_part_thousands() {
        number("1,234.50", '.', Some(','), Some("1234.50"));
        number("1.234,50", ',', Some('.'), Some("1234.50"));
        number("12,34,567", '.', Some(','), Some("1234567"));
        number("-1 234,5", ',', Some(' '), Some("-1234.5"));
        number("1,5", '.', Some(','), None);
        number("1,5", '.', None, None);
        number("1,2345", '.', Some(','), None);
        number(",500", '.', Some(','), None);
    }

    #[test]
    fn a_day_is_read_in_the_files_form_and_in_no_other() {
        let day = Some(jiff::civil::date(2013, 4, 6));
        assert_eq!(read_day("4/6/2013", Some("%m/%d/%Y")), day);
        assert_eq!(read_day("04/06/2013", Some("%m/%d/%Y")), day);
        assert_eq!(read_day("06.04.13", Some("%d.%m.%y")), day);
        assert_eq!(read_day("2013-04-06", None), day);
        for text in ["13/1/2013", "2/30/2013", "4/6/2013 10:00", "4/6", "", "2013-04-06"] {
            assert_eq!(read_day(text, Some("%m/%d/%Y")), None, "{text}");
        }
        for text in ["20130406", "2013-04-06T10:00", "2013-4-6", "2013-02-29"] {
            assert_eq!(read_day(text, None), None, "{text}");
        }
    }
}

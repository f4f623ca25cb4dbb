//! Reads the text cells of a feed strictly, one row at a time.
//!
//! A row that cannot be used is set aside with the field, what is wrong and
//! what was expected; the others go on. A wrong contact costs that contact
//! alone, and is noted as a warning: the other channel may still reach.

use jiff::civil::{Date, date};

use crate::model::evidence::EvidenceFeed;
use crate::model::feed::{BALANCE, Cell, Column, Cursor, Feed, RawRow, Reject};
use crate::model::ledger::{AccountRow, BillRow, HoldRow, Page, PaymentRow, Rows};
use crate::model::money::BadAmount;
use crate::model::{
    AccountId, BillId, Bucket, Channel, Currency, EmailAddress, HoldKind, Money, PaymentState,
    PhoneNumber, Tier, id,
};

use super::{Defaults, evidence};

/// Dates outside are typing errors or placeholders, never bills.
const EARLIEST: Date = date(1990, 1, 1);
const LATEST: Date = date(2099, 12, 31);

/// Longer ids are none, and no index takes them.
pub(super) const ID_BYTES_MAX: usize = 255;

/// Minor units. Far beyond any bill, and far enough from the edge of the
/// numbers that sums stay exact.
pub(super) const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Checks a page that was read to its last row.
pub fn checked_page(
    feed: Feed,
    raw: &[RawRow],
    defaults: &Defaults,
    is_last: bool,
) -> Option<Page> {
    let columns = feed.columns();
    let cursor = Cursor {
        changed_at: cell_text(raw.last()?.cells.last()?)?.to_owned(),
        id: cell_text(raw.last()?.cells.first()?).unwrap_or_default().to_owned(),
    };
    let mut rejects = Vec::new();
    let rows = match feed {
        Feed::Accounts => {
            Rows::Accounts(each(feed, columns, raw, &mut rejects, |r| account(r, defaults)))
        }
        Feed::Bills => Rows::Bills(each(feed, columns, raw, &mut rejects, bill)),
        Feed::Payments => Rows::Payments(each(feed, columns, raw, &mut rejects, payment)),
        Feed::Holds => Rows::Holds(each(feed, columns, raw, &mut rejects, hold)),
        Feed::Evidence(EvidenceFeed::Outages) => {
            Rows::Outages(each(feed, columns, raw, &mut rejects, evidence::outage))
        }
        Feed::Evidence(of) => {
            Rows::Evidence(of, each(feed, columns, raw, &mut rejects, |r| evidence::row(of, r)))
        }
    };
    Some(Page { rows, rejects, read: raw.len() as u64, cursor, is_last })
}

/// What the source says right now of a bill's remaining amount.
///
/// # Errors
/// With the bill's id, where that much can be read: an answer that cannot be
/// read must not be taken for "paid".
pub fn balance(raw: &RawRow) -> Result<(BillId, Money), Option<BillId>> {
    let reader = Reader { columns: BALANCE, cells: &raw.cells, warnings: Vec::new() };
    let bill = reader.text("bill_id").map(BillId::from).map_err(|_| None)?;
    let read = reader.currency().and_then(|currency| {
        let minor = reader.signed_amount("remaining_amount", currency)?.max(0);
        Ok(Money::new(minor, currency))
    });
    match read {
        Ok(money) => Ok((bill, money)),
        Err(_) => Err(Some(bill)),
    }
}

fn each<T>(
    feed: Feed,
    columns: &'static [Column],
    raw: &[RawRow],
    rejects: &mut Vec<Reject>,
    check: impl Fn(&mut Reader<'_>) -> Result<T, Fault>,
) -> Vec<T> {
    let mut rows = Vec::with_capacity(raw.len());
    for row in raw {
        let mut reader = Reader { columns, cells: &row.cells, warnings: Vec::new() };
        let checked = check(&mut reader);
        let warnings = reader.warnings;
        let mut set_aside = |fault: Fault, is_warning: bool| {
            rejects.push(Reject {
                feed,
                row: shown_id(row),
                field: fault.field.to_owned(),
                reason: fault.reason,
                is_warning,
                awaits_account: None,
                raw: raw_json(row),
            });
        };
        match checked {
            Ok(checked) => {
                warnings.into_iter().for_each(|fault| set_aside(fault, true));
                rows.push(checked);
            }
            Err(fault) => set_aside(fault, false),
        }
    }
    rows
}

/// The row's own id where it has a usable one, else a name that hangs on what
/// it holds: the same row read again is the same row set aside.
fn shown_id(row: &RawRow) -> String {
    match row.cells.first().and_then(cell_text) {
        Some(id) if !id.is_empty() && id.len() <= ID_BYTES_MAX => id.to_owned(),
        _ => format!("without a usable id ({:016x})", id::spread(&raw_json(row))),
    }
}

fn raw_json(row: &RawRow) -> String {
    let cells: Vec<Option<&str>> = row.cells.iter().map(cell_text).collect();
    serde_json::to_string(&cells).unwrap_or_default()
}

fn cell_text(cell: &Cell) -> Option<&str> {
    match cell {
        // PostgreSQL has no text with a NUL in it, not even set aside.
        Cell::Text(text) => Some(text.as_str()).filter(|text| !text.contains('\0')),
        Cell::Null | Cell::NotUtf8 => None,
    }
}

fn account(row: &mut Reader<'_>, defaults: &Defaults) -> Result<AccountRow, Fault> {
    let account_id = row.id("account_id")?;
    let person = row.optional("person_id")?.map(str::to_owned);
    let bucket = Bucket::of(person.as_deref().unwrap_or(&account_id));
    let zone = match row.optional("zone")? {
        Some(name) if jiff::tz::TimeZone::get(name).is_ok() => name.to_owned(),
        Some(_) => {
            row.warn("zone", "is no IANA time zone (expected one such as Europe/Berlin); the default zone is used");
            defaults.zone.clone()
        }
        None => defaults.zone.clone(),
    };
    let tier = match row.optional("tier")? {
        Some(name) => match Tier::parse(name) {
            Some(tier) => tier,
            None => {
                row.warn("tier", "is none of key, main, ordinary, small; ordinary is used");
                Tier::Ordinary
            }
        },
        None => Tier::Ordinary,
    };
    let phone = row.optional("phone")?.and_then(|text| {
        let number = PhoneNumber::parse(text, defaults.region.as_deref());
        if number.is_none() {
            row.warn("phone", no_number(text, defaults.region.as_deref()));
        }
        number
    });
    let email = row.optional("email")?.and_then(|text| {
        let address = EmailAddress::parse(text);
        if address.is_none() {
            row.warn(
                "email",
                "is no e-mail address (expected one such as name@example.org); it is not used",
            );
        }
        address
    });
    let preferred = row.optional("preferred_channel")?.and_then(|text| {
        let channel = Channel::parse(text);
        if channel.is_none() {
            row.warn(
                "preferred_channel",
                "is none of sms, voice, email, letter; the step's order is used",
            );
        }
        channel
    });
    Ok(AccountRow {
        bucket,
        account_id: AccountId(account_id),
        name: row.optional("name")?.unwrap_or_default().to_owned(),
        language: row.optional("language")?.unwrap_or(&defaults.language).to_owned(),
        zone,
        tier: tier.as_str().to_owned(),
        segment: row.optional("segment")?.unwrap_or_default().to_owned(),
        area: row.optional("area")?.unwrap_or_default().to_owned(),
        person_id: person,
        phone: phone.map(|number| number.e164().to_owned()),
        email: email.map(|address| address.as_str().to_owned()),
        preferred_channel: preferred.map(|channel| channel.as_str().to_owned()),
    })
}

/// What looks like a national number may be a good one, once its country is known.
fn no_number(text: &str, region: Option<&str>) -> &'static str {
    match region.is_some() || text.starts_with('+') {
        true => {
            "is no valid telephone number (expected one such as +4915123456789); it is not used"
        }
        false => {
            "is no valid telephone number (expected one such as +4915123456789, or source.defaults.region set for national ones); it is not used"
        }
    }
}

fn bill(row: &mut Reader<'_>) -> Result<BillRow, Fault> {
    let bill_id = BillId(row.id("bill_id")?);
    let account_id = AccountId(row.id("account_id")?);
    let currency = row.currency()?;
    let amount = row.amount("amount", currency)?;
    let remaining = row.signed_amount("remaining_amount", currency)?;
    let issued_on = row.date("issued_on")?;
    let due_on = row.date("due_on")?;
    let settled_on = row.optional_date("settled_on")?;
    if remaining < 0 {
        row.warn(
            "remaining_amount",
            "is negative: more was paid than owed; the bill counts as paid",
        );
    }
    if due_on < issued_on {
        row.warn("due_on", "lies before issued_on; steps before the issue date are dropped");
    }
    Ok(BillRow {
        bill_id,
        account_id,
        currency,
        amount,
        remaining: remaining.max(0),
        issued_on,
        due_on,
        settled_on: settled_on.filter(|_| remaining <= 0),
    })
}

fn payment(row: &mut Reader<'_>) -> Result<PaymentRow, Fault> {
    let payment_id = row.id("payment_id")?;
    let account_id = AccountId(row.id("account_id")?);
    let bill_id = row.optional_id("bill_id")?.map(BillId);
    let currency = row.currency()?;
    let state = match row.optional("state")? {
        None => PaymentState::Settled,
        Some(text) => PaymentState::parse(text)
            .ok_or_else(|| row.fault("state", "is none of pending, settled, reversed"))?,
    };
    let paid_on = row.date("paid_on")?;
    let reversed_on = row.optional_date("reversed_on")?;
    Ok(PaymentRow {
        payment_id,
        account_id,
        bill_id,
        currency,
        amount: row.amount("amount", currency)?,
        paid_on,
        state: state.as_str().to_owned(),
        // A reversal without a day counts from the payment's own: it never was one.
        reversed_on: reversed_on.or(Some(paid_on)).filter(|_| state == PaymentState::Reversed),
    })
}

fn hold(row: &mut Reader<'_>) -> Result<HoldRow, Fault> {
    let kind = row.text("kind")?;
    if HoldKind::parse(kind).is_none() {
        return Err(row.fault(
            "kind",
            "is none of exemption, promise, hardship, moratorium, complaint, dispute",
        ));
    }
    let amount = match row.optional("amount")? {
        None => None,
        Some(_) => Some(row.amount("amount", row.currency()?)?),
    };
    Ok(HoldRow {
        hold_id: row.id("hold_id")?,
        account_id: AccountId(row.id("account_id")?),
        bill_id: row.optional_id("bill_id")?.map(BillId),
        kind: kind.to_owned(),
        starts_on: row.date("starts_on")?,
        ends_on: row.optional_date("ends_on")?,
        amount,
    })
}

/// What is wrong with a row.
pub(super) struct Fault {
    field: &'static str,
    reason: String,
}

/// One row, cell by cell.
pub(super) struct Reader<'a> {
    columns: &'static [Column],
    cells: &'a [Cell],
    warnings: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn fault(&self, field: &'static str, what: &str) -> Fault {
        Fault { field, reason: what.to_owned() }
    }

    fn warn(&mut self, field: &'static str, what: &str) {
        self.warnings.push(Fault { field, reason: what.to_owned() });
    }

    pub(super) fn expects(&self, field: &'static str) -> &'static str {
        self.columns.iter().find(|c| c.name == field).map_or("a value", |c| c.expects)
    }

    pub(super) fn optional(&self, field: &'static str) -> Result<Option<&'a str>, Fault> {
        let index = self.columns.iter().position(|c| c.name == field);
        match index.and_then(|index| self.cells.get(index)) {
            None | Some(Cell::Null) => Ok(None),
            Some(Cell::NotUtf8) => Err(self.fault(field, "is not valid UTF-8")),
            Some(Cell::Text(text)) if text.is_empty() => Ok(None),
            Some(Cell::Text(text)) if text.contains('\0') => {
                Err(self.fault(field, "contains a NUL character"))
            }
            Some(Cell::Text(text)) => Ok(Some(text)),
        }
    }

    pub(super) fn text(&self, field: &'static str) -> Result<&'a str, Fault> {
        self.optional(field)?.ok_or_else(|| self.missing(field))
    }

    fn optional_id(&self, field: &'static str) -> Result<Option<String>, Fault> {
        match self.optional(field)? {
            Some(id) if id.len() > ID_BYTES_MAX => {
                Err(self.fault(field, &format!("is longer than {ID_BYTES_MAX} bytes")))
            }
            id => Ok(id.map(str::to_owned)),
        }
    }

    pub(super) fn id(&self, field: &'static str) -> Result<String, Fault> {
        self.optional_id(field)?.ok_or_else(|| self.missing(field))
    }

    pub(super) fn missing(&self, field: &'static str) -> Fault {
        self.fault(field, &format!("is missing (expected {})", self.expects(field)))
    }

    pub(super) fn currency(&self) -> Result<Currency, Fault> {
        let code = self.text("currency")?;
        code.parse().map_err(|unknown| Fault {
            field: "currency",
            reason: format!("{code:?} is an {unknown}"),
        })
    }

    fn signed_amount(&self, field: &'static str, currency: Currency) -> Result<i64, Fault> {
        let text = self.text(field)?;
        let in_range = |minor: &i64| (-AMOUNT_MAX..=AMOUNT_MAX).contains(minor);
        let parsed = Money::parse(text, currency).map(|money| money.minor);
        let bounded =
            parsed.and_then(|minor| Some(minor).filter(in_range).ok_or(BadAmount::TooLarge));
        bounded.map_err(|bad| {
            let decimals = match bad {
                BadAmount::TooPrecise => format!(" ({} has {})", currency, currency.exponent()),
                BadAmount::NotANumber | BadAmount::TooLarge => String::new(),
            };
            Fault { field, reason: format!("{text:?} is {bad}{decimals}") }
        })
    }

    pub(super) fn amount(&self, field: &'static str, currency: Currency) -> Result<i64, Fault> {
        match self.signed_amount(field, currency)? {
            minor if minor < 0 => Err(self.fault(field, "is negative (expected zero or more)")),
            minor => Ok(minor),
        }
    }

    pub(super) fn optional_date(&self, field: &'static str) -> Result<Option<Date>, Fault> {
        let Some(text) = self.optional(field)? else { return Ok(None) };
        // Databases without a date type often give midnight along with the day.
        let day = text.strip_suffix(" 00:00:00").unwrap_or(text);
        let parsed: Option<Date> = (day.len() == 10).then(|| day.parse().ok()).flatten();
        match parsed {
            Some(date) if (EARLIEST..=LATEST).contains(&date) => Ok(Some(date)),
            Some(date) => {
                Err(self
                    .fault(field, &format!("{date} is absurd (expected {EARLIEST} to {LATEST})")))
            }
            None => Err(self
                .fault(field, &format!("{text:?} is no date (expected one such as 2026-03-01)"))),
        }
    }

    pub(super) fn date(&self, field: &'static str) -> Result<Date, Fault> {
        self.optional_date(field)?.ok_or_else(|| self.missing(field))
    }
}

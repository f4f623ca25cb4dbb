//! Reads the rows of the feeds of evidence, as strictly as those of the ledger.

use jiff::civil::Date;

use crate::model::evidence::{
    Autopay, Complaint, ContactReturn, EvidenceFeed, Fact, FailureKind, KeyKind, Outage,
    PaymentFailure, PortRequest, SharedKey, Terms, Topic, UsageDay, WriteOff,
};
use crate::model::feed::Feed;
use crate::model::ledger::{EvidenceRow, OutageRow};
use crate::model::{AccountId, Channel};

use super::rows::{Fault, Reader};

pub(super) fn row(feed: EvidenceFeed, row: &mut Reader<'_>) -> Result<EvidenceRow, Fault> {
    let row_id = row.id(Feed::Evidence(feed).key())?;
    let account_id = AccountId(row.id("account_id")?);
    let fact = match feed {
        EvidenceFeed::Contracts => Fact::Contract(terms(row)?),
        EvidenceFeed::Complaints => Fact::Complaint(complaint(row)?),
        EvidenceFeed::Usage => Fact::Usage(usage(row)?),
        EvidenceFeed::Returns => Fact::Return(contact_return(row)?),
        EvidenceFeed::Failures => Fact::Failure(failure(row)?),
        EvidenceFeed::Porting => Fact::Port(port_request(row)?),
        EvidenceFeed::Identities => Fact::Shared(shared(row)?),
        EvidenceFeed::WriteOffs => Fact::WriteOff(write_off(row)?),
        // Of an area: these rows are read by `outage`.
        EvidenceFeed::Outages => return Err(row.missing("account_id")),
    };
    Ok(EvidenceRow { row_id, account_id, fact })
}

pub(super) fn outage(row: &mut Reader<'_>) -> Result<OutageRow, Fault> {
    let outage_id = row.id("outage_id")?;
    let area = row.text("area")?.to_owned();
    let starts_on = row.date("starts_on")?;
    let ends_on = not_before(row, "ends_on", "starts_on", starts_on)?;
    Ok(OutageRow { outage_id, outage: Outage { area, starts_on, ends_on } })
}

fn terms(row: &Reader<'_>) -> Result<Terms, Fault> {
    let margin = row.optional("margin_percent")?.map(|text| {
        let percent = text.parse().ok().filter(|percent| (-100..=100).contains(percent));
        percent.ok_or_else(|| {
            row.fault(
                "margin_percent",
                &format!("{text:?} is no whole number of percent (expected -100 to 100)"),
            )
        })
    });
    let autopay = match row.optional_date("autopay_starts_on")? {
        Some(starts_on) => Some(Autopay {
            starts_on,
            ends_on: not_before(row, "autopay_ends_on", "autopay_starts_on", starts_on)?,
            withdrawn_on: not_before(row, "autopay_withdrawn_on", "autopay_starts_on", starts_on)?,
        }),
        None => {
            for end in ["autopay_ends_on", "autopay_withdrawn_on"] {
                if row.optional(end)?.is_some() {
                    return Err(row.fault(end, "stands without autopay_starts_on; say both"));
                }
            }
            None
        }
    };
    Ok(Terms {
        since: row.optional_date("since")?,
        margin_percent: margin.transpose()?,
        autopay,
        identity: row.optional("identity_key")?.map(str::to_owned),
        address: row.optional("address_key")?.map(str::to_owned),
        ended_on: row.optional_date("ended_on")?,
        barred_on: row.optional_date("barred_on")?,
    })
}

fn complaint(row: &Reader<'_>) -> Result<Complaint, Fault> {
    let topic = one_of(row, "topic", Topic::parse)?;
    let opened_on = row.date("opened_on")?;
    let satisfied =
        row.optional("satisfied")?.map(|text| match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "t" | "1" => Ok(true),
            "no" | "false" | "f" | "0" => Ok(false),
            _ => Err(row.fault("satisfied", "is neither yes nor no")),
        });
    Ok(Complaint {
        topic,
        opened_on,
        closed_on: not_before(row, "closed_on", "opened_on", opened_on)?,
        satisfied: satisfied.transpose()?,
        answered_on: not_before(row, "answered_on", "opened_on", opened_on)?,
    })
}

fn usage(row: &Reader<'_>) -> Result<UsageDay, Fault> {
    let currency = row.currency()?;
    let on = row.date("used_on")?;
    let charged = row.amount("charged", currency)?;
    let expensive = match row.optional("expensive")? {
        Some(_) => row.amount("expensive", currency)?,
        None => 0,
    };
    if expensive > charged {
        return Err(row.fault("expensive", "is more than charged, of which it is a part"));
    }
    Ok(UsageDay { on, charged, expensive })
}

fn contact_return(row: &Reader<'_>) -> Result<ContactReturn, Fault> {
    let channel = one_of(row, "channel", Channel::parse)?;
    Ok(ContactReturn { channel, on: row.date("returned_on")? })
}

fn failure(row: &Reader<'_>) -> Result<PaymentFailure, Fault> {
    let kind = one_of(row, "kind", FailureKind::parse)?;
    Ok(PaymentFailure { kind, on: row.date("failed_on")? })
}

fn port_request(row: &Reader<'_>) -> Result<PortRequest, Fault> {
    let on = row.date("requested_on")?;
    Ok(PortRequest { on, withdrawn_on: not_before(row, "withdrawn_on", "requested_on", on)? })
}

fn shared(row: &Reader<'_>) -> Result<SharedKey, Fault> {
    let kind = one_of(row, "kind", KeyKind::parse)?;
    let with = AccountId(row.id("shared_with")?);
    if with.as_str() == row.text("account_id")? {
        return Err(row.fault("shared_with", "is the account itself (expected another one)"));
    }
    Ok(SharedKey { kind, with, written_off_on: row.date("written_off_on")? })
}

fn write_off(row: &Reader<'_>) -> Result<WriteOff, Fault> {
    let currency = row.currency()?;
    let amount = row.amount("amount", currency)?;
    Ok(WriteOff { on: row.date("written_off_on")?, amount, currency })
}

/// A word of a short list.
fn one_of<T>(
    row: &Reader<'_>,
    field: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, Fault> {
    let word = row.text(field)?;
    parse(word).ok_or_else(|| {
        row.fault(field, &format!("{word:?} is none of those expected: {}", row.expects(field)))
    })
}

/// A day that cannot come before another one.
fn not_before(
    row: &Reader<'_>,
    field: &'static str,
    first: &'static str,
    starts_on: Date,
) -> Result<Option<Date>, Fault> {
    match row.optional_date(field)? {
        Some(day) if day < starts_on => {
            Err(row.fault(field, &format!("{day} lies before {first} ({starts_on})")))
        }
        day => Ok(day),
    }
}

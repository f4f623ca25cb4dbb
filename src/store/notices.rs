//! Proofs of statutory notices.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::notice::Proof;
use crate::model::{AccountId, Bucket, Channel, ReminderId};

use super::desk::Desk;
use super::engine::{Arg, Tx};
use super::set::{Micros, set_row};
use super::statements::sql;
use super::{StoreError, Submission};

set_row! {
struct ProofRow<'a> {
    bucket: Bucket,
    reminder_id: ReminderId,
    attempt: u32,
    account_id: &'a AccountId,
    day: Date,
    items: String,
    channel: &'static str,
    provider: &'a str,
    address: Option<&'a str>,
    language: &'a str,
    template: &'a str,
    template_version: &'a str,
    subject: Option<&'a str>,
    body: &'a str,
    submitted_at: Micros,
}
}

/// Keeps what these attempts are about to say, where they are notices.
pub(super) async fn put_proofs(
    tx: &mut Tx,
    submissions: impl Iterator<Item = &Submission>,
) -> Result<(), StoreError> {
    let rows: Vec<ProofRow<'_>> =
        submissions.filter_map(|one| one.proof.as_ref().map(|proof| row(one, proof))).collect();
    if !rows.is_empty() {
        tx.run(sql::put_proofs, &[Arg::Set(&rows)]).await?;
    }
    Ok(())
}

fn row<'a>(one: &'a Submission, proof: &'a Proof) -> ProofRow<'a> {
    let items: Vec<(&str, &str)> =
        one.items.iter().map(|item| (item.bill.as_str(), item.step.as_str())).collect();
    ProofRow {
        bucket: one.reminder.bucket(),
        reminder_id: one.reminder,
        attempt: one.mark.attempt,
        account_id: &one.account,
        day: one.day,
        items: serde_json::to_string(&items).unwrap_or_default(),
        channel: one.mark.channel.map_or("", Channel::as_str),
        provider: one.mark.provider.as_deref().unwrap_or_default(),
        address: proof.address.as_deref(),
        language: &proof.language,
        template: &proof.template,
        template_version: &proof.template_version,
        subject: proof.subject.as_deref(),
        body: &proof.body,
        submitted_at: one.mark.at.into(),
    }
}

/// One attempt at a notice: what it said, where it went, what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeLine {
    pub reminder: String,
    pub attempt: i64,
    pub day: Date,
    /// Bills and steps.
    pub items: Vec<(String, String)>,
    pub channel: String,
    pub provider: String,
    pub address: Option<String>,
    pub language: String,
    pub template: String,
    pub template_version: String,
    pub subject: Option<String>,
    pub body: String,
    pub submitted_at: Timestamp,
    pub provider_ref: Option<String>,
    /// The states that followed, the first first.
    pub followed: Vec<(String, Timestamp)>,
}

impl Desk<'_> {
    /// The notices to an account, the first first.
    pub async fn notices(&self, account: &AccountId) -> Result<Vec<NoticeLine>, StoreError> {
        let args = [Arg::Text(account.as_str())];
        let mut lines: Vec<NoticeLine> = Vec::new();
        for row in self.store.engine.rows(sql::list_account_notices, &args).await? {
            let (reminder, attempt) =
                (row.reminder("reminder_id")?.to_string(), row.int("attempt")?);
            let is_same = |line: &NoticeLine| line.reminder == reminder && line.attempt == attempt;
            if !lines.last().is_some_and(is_same) {
                let items = serde_json::from_str(&row.text("items")?)
                    .map_err(|_| StoreError::Corrupt { column: "items" })?;
                lines.push(NoticeLine {
                    reminder,
                    attempt,
                    day: row.date("day")?,
                    items,
                    channel: row.text("channel")?,
                    provider: row.text("provider")?,
                    address: row.opt_text("address")?,
                    language: row.text("language")?,
                    template: row.text("template")?,
                    template_version: row.text("template_version")?,
                    subject: row.opt_text("subject")?,
                    body: row.text("body")?,
                    submitted_at: row.instant("submitted_at")?,
                    provider_ref: None,
                    followed: Vec::new(),
                });
            }
            let Some((line, state)) = lines.last_mut().zip(row.opt_text("state")?) else {
                continue;
            };
            line.followed.push((state, row.instant("at")?));
            line.provider_ref = row.opt_text("provider_ref")?.or(line.provider_ref.take());
        }
        Ok(lines)
    }
}

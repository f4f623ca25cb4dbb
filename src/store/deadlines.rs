//! Where reminders stand, and which of them must not be waited for any longer.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::model::receipt::Untold;
use crate::model::{AttemptKey, Bucket, Channel, ReminderId, ReminderState};

use super::buckets::{bucket_keys, bucket_runs};
use super::engine::Arg;
use super::keys::reminder_keys;
use super::row::Row;
use super::set::set_row;
use super::statements::sql;
use super::{DeadlineStore, SqlStore, StoreError};

/// Where a reminder stands, as far as settling needs it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub reminder: ReminderId,
    pub seq: u32,
    pub state: ReminderState,
    pub attempt: u32,
    pub channel: Option<Channel>,
    pub provider: Option<String>,
    /// The reminder's channels, in order.
    pub channels: Vec<Channel>,
    pub scenario: String,
    pub send_before: Timestamp,
    pub next_at: Option<Timestamp>,
    /// Whether a provider took it on an earlier channel, unheard.
    pub was_taken: bool,
}

/// No contact window is further from midnight UTC of its day than this, so
/// that a window that is open now belongs to no earlier day.
const WINDOW_REACH: SignedDuration = SignedDuration::from_hours(48);

/// The first id of the earliest day whose window may close after `at`.
pub fn first_id(at: Timestamp) -> String {
    let day = (at - WINDOW_REACH).to_zoned(jiff::tz::TimeZone::UTC).date();
    ReminderId::first_of(day).to_string()
}

#[async_trait]
impl DeadlineStore for SqlStore {
    async fn waiting(
        &self,
        buckets: &[Bucket],
        states: &[ReminderState],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError> {
        set_row! {
            struct State {
                state: &'static str,
            }
        }
        let states: Vec<State> =
            states.iter().map(|state| State { state: state.as_str() }).collect();
        let runs = bucket_runs(buckets);
        let args = [
            Arg::Set(&runs),
            Arg::Set(&states),
            Arg::Int(after.as_microsecond()),
            Arg::Int(until.as_microsecond()),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_waiting, &args).await?;
        rows.iter().map(standing).collect()
    }

    async fn untold(&self, reminders: &[ReminderId]) -> Result<Vec<Untold>, StoreError> {
        if reminders.is_empty() {
            return Ok(Vec::new());
        }
        let keys = reminder_keys(reminders);
        let rows = self.engine.rows(sql::load_untold, &[Arg::Set(&keys)]).await?;
        rows.iter().map(untold).collect()
    }

    async fn missed(
        &self,
        buckets: &[Bucket],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError> {
        let first = first_id(after);
        let buckets = bucket_keys(buckets);
        let args = [
            Arg::Set(&buckets),
            Arg::Int(after.as_microsecond()),
            Arg::Int(until.as_microsecond()),
            Arg::Text(&first),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_missed, &args).await?;
        rows.iter().map(standing).collect()
    }

    async fn orphans(
        &self,
        buckets: &[Bucket],
        after: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Standing>, StoreError> {
        let first = first_id(after);
        let buckets = bucket_keys(buckets);
        let args = [
            Arg::Set(&buckets),
            Arg::Int(after.as_microsecond()),
            Arg::Int(until.as_microsecond()),
            Arg::Text(&first),
            Arg::Int(i64::from(limit)),
        ];
        let rows = self.engine.rows(sql::load_orphans, &args).await?;
        rows.iter().map(standing).collect()
    }
}

fn untold(row: &Row) -> Result<Untold, StoreError> {
    let (reminder, number) = (row.reminder("reminder_id")?, row.int("attempt")? as u32);
    Ok(Untold {
        key: AttemptKey { reminder, number },
        channel: channel(row)?.ok_or(StoreError::Corrupt { column: "channel" })?,
        provider: row.text("provider")?,
        provider_ref: row.text("provider_ref")?,
        phone: row.opt_text("phone")?,
        taken_at: row.instant("at")?,
    })
}

pub fn channel(row: &Row) -> Result<Option<Channel>, StoreError> {
    Ok(row.opt_text("channel")?.as_deref().and_then(Channel::parse))
}

pub fn channels(row: &Row) -> Result<Vec<Channel>, StoreError> {
    Ok(row.text("channels")?.split(',').filter_map(Channel::parse).collect())
}

pub fn standing(row: &Row) -> Result<Standing, StoreError> {
    Ok(Standing {
        reminder: row.reminder("reminder_id")?,
        seq: row.int("seq")? as u32,
        state: ReminderState::parse(&row.text("state")?)
            .ok_or(StoreError::Corrupt { column: "state" })?,
        attempt: row.int("attempt")? as u32,
        channel: channel(row)?,
        provider: row.opt_text("provider")?,
        channels: channels(row)?,
        scenario: row.text("scenario")?,
        send_before: row.instant("send_before")?,
        next_at: row.opt_instant("next_at")?,
        was_taken: row.int("was_taken")? == 1,
    })
}

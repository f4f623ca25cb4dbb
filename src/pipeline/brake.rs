//! The brake looks before anything leaves: where a day is out of the ordinary
//! it stops sending, and a person is asked. Planning goes on.
//!
//! Planning counts in the transaction that makes reminders due, so what is due
//! is counted. A day is not planned all at once: what is within the limit may
//! leave before there is more.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::error;

use crate::model::billing::plus_days;
use crate::model::brake::{Alarm, BRAKE, Tallies};
use crate::model::control::Control;
use crate::policy::brake::alarm;

use super::{Workshop, planning_day};

/// What earlier days came to, and the day on which that was looked up.
#[derive(Default)]
pub struct Brake {
    known: Mutex<Option<(Date, Tallies)>>,
}

impl Brake {
    /// Pulls the brake where it must be; the switches as they are then.
    pub async fn look(
        &self,
        shop: &Workshop,
        mut control: Control,
        now: Timestamp,
    ) -> anyhow::Result<Control> {
        if control.brake.is_some() || control.kill_switch {
            return Ok(control);
        }
        let today = planning_day(now);
        let tallies = self.tallies(shop, today).await?;
        if let Some(alarm) = alarm(&shop.settings.brake, &tallies, &control.released, today) {
            pull(shop, &alarm, now).await?;
            control.brake = Some(alarm);
        }
        Ok(control)
    }

    /// The days that are over are looked up once a day, those that go on each time.
    async fn tallies(&self, shop: &Workshop, today: Date) -> anyhow::Result<Tallies> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, mut tallies)) = known.filter(|(day, _)| *day == today) {
            tallies.extend(shop.control.tallies(plus_days(today, -1)).await?);
            return Ok(tallies);
        }
        let tallies = shop.control.tallies(shop.settings.brake.known_from(today)).await?;
        let looked_up = Some((today, tallies.clone()));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = looked_up;
        Ok(tallies)
    }
}

async fn pull(shop: &Workshop, alarm: &Alarm, now: Timestamp) -> anyhow::Result<()> {
    let value = serde_json::to_string(alarm)?;
    shop.control.set_control(BRAKE, Some(&value), now).await?;
    error!(
        day = %alarm.on,
        seen = alarm.seen,
        at_most = alarm.at_most,
        "the brake stopped sending: {alarm}; `duebell release` lets it go on"
    );
    Ok(())
}

//! The contact window: when a reminder may go out, in the recipient's local
//! time. It is the law's hours of the day, the scenario's window and the hours
//! that the subscriber wishes, whichever is narrowest.
//!
//! Where a telephone number says another place than the account does, nobody
//! knows which is right, and only what is open in both counts. The last minutes
//! of a window are a guard band: a provider's queue must not deliver after it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::billing::plus_days;
use crate::model::hours::{Hours, WallTime, WeekHours};
use crate::model::law::{Block, Cap, OnHolidays, Terms};
use crate::model::{Account, Channel};

use super::holidays::Holidays;
use super::ladder::Scenario;
use super::number_zones;
use super::window::{ContactWindow, instants};

/// Nothing is sent so shortly before closing.
pub const GUARD: SignedDuration = SignedDuration::from_mins(5);

/// Holidays close no day of the week for so long.
const LOOKED_AHEAD_DAYS: i32 = 28;

/// A window of one reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub opens: Timestamp,
    /// From here on nothing is sent: [`GUARD`] before closing.
    pub send_before: Timestamp,
    /// From here on nothing may arrive.
    pub closes: Timestamp,
}

/// The law of every scenario, as far as it is kept at each contact.
#[derive(Debug, Clone)]
pub struct ContactRules {
    installation: Times,
    /// By the names of scenarios that have a law of their own.
    scenarios: HashMap<String, Times>,
}

/// What one law says about them.
#[derive(Debug, Clone)]
struct Times {
    phone: WeekHours,
    email: WeekHours,
    on_holidays: OnHolidays,
    holidays: Option<Arc<Holidays>>,
    caps: Vec<Cap>,
    content: Vec<Block>,
    consent: Vec<Channel>,
    silence: Option<Silence>,
}

/// Days without contact after a conversation, its own the first.
#[derive(Debug, Clone)]
struct Silence {
    days: u32,
    channels: Vec<Channel>,
}

impl Times {
    fn of(terms: &Terms, holidays: Option<&Arc<Holidays>>) -> Times {
        Times {
            phone: terms.hours,
            email: terms.hours_email.unwrap_or(terms.hours),
            on_holidays: terms.holidays,
            holidays: holidays.cloned(),
            // Nobody can tell the cases that the others are confined to.
            caps: terms.caps.0.iter().filter(|cap| cap.only.is_none()).cloned().collect(),
            content: terms.content.0.clone(),
            consent: terms.consent.0.clone(),
            silence: terms
                .silence_days
                .map(|days| Silence { days: days.0, channels: terms.silence_channels.0.clone() }),
        }
    }

    fn is_holiday(&self, day: Date) -> bool {
        self.holidays.as_ref().is_some_and(|holidays| holidays.contains(day))
    }
}

/// The ways that a reminder may go. No law has hours for letters.
#[derive(Debug, Clone, Copy)]
struct Ways {
    phone: bool,
    email: bool,
    letter: bool,
}

impl Ways {
    fn of(channels: &[Channel]) -> Ways {
        let email = channels.contains(&Channel::Email);
        let letter = channels.contains(&Channel::Letter);
        // What names no way may ring.
        Ways { phone: may_ring(channels) || !(email || letter), email, letter }
    }
}

/// The hours of each day for a reminder that may go these ways.
struct Plan<'a> {
    times: &'a Times,
    window: ContactWindow,
    ways: Ways,
    wish: Option<WeekHours>,
}

impl Plan<'_> {
    fn hours(&self, day: Date) -> Option<Hours> {
        let hours = self.lawful(day)?;
        match &self.wish {
            Some(wish) => hours.within(wish.on(day.weekday())?),
            None => Some(hours),
        }
    }

    fn lawful(&self, day: Date) -> Option<Hours> {
        let hours = self.of_weekday(day.weekday())?;
        if self.times.on_holidays == OnHolidays::Open || !self.times.is_holiday(day) {
            return Some(hours);
        }
        match self.times.on_holidays {
            OnHolidays::Closed => None,
            OnHolidays::Sunday | OnHolidays::Open => {
                hours.within(self.of_weekday(Weekday::Sunday)?)
            }
        }
    }

    fn of_weekday(&self, day: Weekday) -> Option<Hours> {
        let Plan { times, window, ways, .. } = self;
        let mut hours = match ways {
            Ways { phone: false, email: false, letter: true } => Hours::ALL_DAY,
            _ => window.hours(),
        };
        if ways.phone {
            hours = hours.within(times.phone.on(day)?)?;
        }
        if ways.email {
            hours = hours.within(times.email.on(day)?)?;
        }
        Some(hours)
    }

    fn instants(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        instants(self.hours(day)?, day, zone)
    }

    /// Whether the day ends open, at `closes`, and the next begins so.
    fn goes_on(&self, day: Date, zone: &TimeZone, closes: Timestamp) -> bool {
        let ends_open = self.hours(day).is_some_and(|hours| hours.closes == WallTime::DAY_ENDS);
        ends_open
            && self.instants(plus_days(day, 1), zone).is_some_and(|(opens, _)| opens <= closes)
    }

    /// What of the day in `zone` is open at the other places too, in order.
    fn open_everywhere(
        &self,
        day: Date,
        zone: &TimeZone,
        others: &[TimeZone],
    ) -> Vec<(Timestamp, Timestamp)> {
        let mut open: Vec<_> = self.instants(day, zone).into_iter().collect();
        for other in others {
            open = open.into_iter().flat_map(|span| self.open_there(span, other)).collect();
        }
        open
    }

    /// What of `span` is open in `zone`, on whatever days it has there.
    fn open_there(
        &self,
        (from, to): (Timestamp, Timestamp),
        zone: &TimeZone,
    ) -> Vec<(Timestamp, Timestamp)> {
        let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let (mut day, last) = (plus_days(date(from), -2), date(to));
        let mut open: Vec<(Timestamp, Timestamp)> = Vec::new();
        while day < last {
            day = plus_days(day, 1);
            let Some((opens, closes)) = self.instants(day, zone) else { continue };
            let (opens, closes) = (opens.max(from), closes.min(to));
            match open.last_mut() {
                // Over midnight, where it stays open.
                Some((_, until)) if *until == opens && opens < closes => *until = closes,
                _ if opens < closes => open.push((opens, closes)),
                _ => {}
            }
        }
        open
    }
}

impl Window {
    fn new((opens, closes): (Timestamp, Timestamp), goes_on: bool) -> Option<Window> {
        let send_before = if goes_on { closes } else { closes - GUARD };
        (opens < send_before).then_some(Window { opens, send_before, closes })
    }
}

impl ContactRules {
    /// How often a reminder of this scenario may contact somebody.
    pub fn caps(&self, scenario: &str) -> &[Cap] {
        &self.scenarios.get(scenario).unwrap_or(&self.installation).caps
    }

    /// What a message of this scenario must hold.
    pub fn content(&self, scenario: &str) -> &[Block] {
        &self.scenarios.get(scenario).unwrap_or(&self.installation).content
    }

    /// Channels that a reminder of this scenario takes only where the subscriber
    /// has agreed beforehand.
    pub fn consent(&self, scenario: &str) -> &[Channel] {
        &self.scenarios.get(scenario).unwrap_or(&self.installation).consent
    }

    /// After a conversation since this instant nobody of `scenario` is contacted
    /// on `channel` at `now`. Days are those of the account's place; where the
    /// telephone may be elsewhere, the silence lasts as long as in any of them.
    pub fn silent_since(
        &self,
        scenario: &str,
        account: &Account,
        channel: Channel,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let times = self.scenarios.get(scenario).unwrap_or(&self.installation);
        let silence = times.silence.as_ref().filter(|silence| silence.days > 0)?;
        // A letter interrupts nobody.
        let is_meant = channel != Channel::Letter
            && (silence.channels.is_empty() || silence.channels.contains(&channel));
        let phone = account.contacts.phone.as_ref().filter(|_| may_ring(&[channel]));
        let elsewhere = phone.map_or(&[][..], number_zones::zones);
        let begins = |zone: &TimeZone| {
            let today = now.to_zoned(zone.clone()).date();
            let first = plus_days(today, 1 - i32::try_from(silence.days).unwrap_or(i32::MAX));
            Some(first.to_zoned(zone.clone()).ok()?.timestamp())
        };
        let zones = elsewhere.iter().chain([&account.zone]).filter(|_| is_meant);
        // Contacts count after an instant, and this one is in.
        zones.filter_map(begins).min().map(|at| at - SignedDuration::from_micros(1))
    }

    /// The installation's law, and those of the scenarios that name their own.
    pub fn new<'a>(
        installation: &Terms,
        scenarios: impl IntoIterator<Item = (String, &'a Terms)>,
        holidays: Option<&Arc<Holidays>>,
    ) -> ContactRules {
        let times = |(scenario, terms)| (scenario, Times::of(terms, holidays));
        ContactRules {
            installation: Times::of(installation, holidays),
            scenarios: scenarios.into_iter().map(times).collect(),
        }
    }

    /// No law at all: for replays, which contact nobody.
    pub fn lawless() -> ContactRules {
        let week = WeekHours::ALL_DAY;
        let (on_holidays, holidays, silence) = (OnHolidays::Open, None, None);
        let (caps, content, consent) = (Vec::new(), Vec::new(), Vec::new());
        let (phone, email) = (week, week);
        let installation =
            Times { phone, email, on_holidays, holidays, caps, content, consent, silence };
        ContactRules { installation, scenarios: HashMap::new() }
    }

    /// With these caps in the place of the installation's.
    pub fn with_caps(mut self, caps: Vec<Cap>) -> ContactRules {
        self.installation.caps = caps;
        self
    }

    /// With so many days of silence after a conversation, on these channels.
    pub fn with_silence(mut self, days: u32, channels: &[Channel]) -> ContactRules {
        self.installation.silence = Some(Silence { days, channels: channels.to_vec() });
        self
    }

    /// When a reminder of `scenario` that may go by any of `channels` may reach
    /// the account on its local day `day`. `None` where that day is closed.
    pub fn window(
        &self,
        scenario: &Scenario,
        account: &Account,
        channels: &[Channel],
        day: Date,
    ) -> Option<Window> {
        let phone = account.contacts.phone.as_ref().filter(|_| may_ring(channels));
        let plan = Plan {
            times: self.scenarios.get(&scenario.name).unwrap_or(&self.installation),
            window: scenario.window,
            ways: Ways::of(channels),
            wish: account.wishes.hours,
        };
        let zone = &account.zone;
        let others = phone.map_or(&[][..], number_zones::zones);
        if others.is_empty() || others.iter().any(|other| is_same(other, zone)) {
            let (opens, closes) = plan.instants(day, zone)?;
            return Window::new((opens, closes), plan.goes_on(day, zone, closes));
        }
        let open = plan.open_everywhere(day, zone, others);
        // Of several the longest, and of those as long the first.
        let longest = |(opens, closes): &(Timestamp, Timestamp)| closes.duration_since(*opens);
        let (opens, closes) = open.iter().rev().max_by_key(|span| longest(span)).copied()?;
        let goes_on = plan.goes_on(day, zone, closes)
            && plan
                .open_everywhere(plus_days(day, 1), zone, others)
                .first()
                .is_some_and(|(opens, _)| *opens == closes);
        Window::new((opens, closes), goes_on)
    }

    /// Whether the account, with the hours that it wishes, can be reached by
    /// any of its channels in the weeks from `day` on.
    pub fn leaves_time(&self, scenario: &Scenario, account: &Account, day: Date) -> bool {
        let reached: Vec<Channel> =
            Channel::ADDRESSED.into_iter().filter(|it| account.contacts.reaches(*it)).collect();
        let channels = if reached.is_empty() { &Channel::ADDRESSED[..] } else { &reached };
        channels.iter().any(|channel| {
            let is_open = |offset| {
                self.window(scenario, account, &[*channel], plus_days(day, offset)).is_some()
            };
            (0..LOOKED_AHEAD_DAYS).any(is_open)
        })
    }
}

fn may_ring(channels: &[Channel]) -> bool {
    channels.iter().any(|channel| matches!(channel, Channel::Sms | Channel::Voice))
}

fn is_same(a: &TimeZone, b: &TimeZone) -> bool {
    a.iana_name().is_some() && a.iana_name() == b.iana_name()
}

#[cfg(test)]
mod tests;

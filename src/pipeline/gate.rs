//! The gates before sending that concern everybody: the kill switch, the
//! brake and the freshness of the feeds; and what people have stopped while the rest goes on.

use jiff::{SignedDuration, Timestamp};

use crate::model::brake::Alarm;
use crate::model::control::Control;
use crate::model::feed::Feed;
use crate::model::{Account, Channel, Reason};
use crate::store::DueReminder;

use super::Workshop;

/// Whether a channel is stopped, or every provider of it.
pub fn is_closed(shop: &Workshop, control: &Control, channel: Channel) -> bool {
    let mut carriers = shop.providers.carriers(channel).peekable();
    control.stops_channel(channel)
        || (carriers.peek().is_some() && carriers.all(|name| control.stops_provider(name)))
}

/// Whether a channel reaches the account, and somebody carries it who is not stopped.
pub fn is_usable(shop: &Workshop, control: &Control, account: &Account, channel: Channel) -> bool {
    account.reaches(channel)
        && shop.providers.routes(channel) > 0
        && !is_closed(shop, control, channel)
}

/// The way of a reminder that comes after `channel`, of those that there are.
pub fn way_after(
    shop: &Workshop,
    control: &Control,
    due: &DueReminder,
    channel: Channel,
) -> Option<Channel> {
    let mut ways = due.reminder.channels.iter().copied().skip_while(|it| *it != channel).skip(1);
    ways.find(|way| is_usable(shop, control, &due.account, *way))
}

/// Whether a reminder of `scenario` with these ways to go has none, as people
/// have stopped them.
pub fn all_stopped(
    shop: &Workshop,
    control: &Control,
    scenario: &str,
    ways: impl Iterator<Item = Channel>,
) -> bool {
    let mut ways = ways.peekable();
    control.stops_scenario(scenario)
        || (ways.peek().is_some() && ways.all(|channel| is_closed(shop, control, channel)))
}

/// Whether anything may be sent at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    Open,
    KillSwitch,
    /// Somebody is asked first.
    Brake(Alarm),
    /// This feed was not read to its end for too long.
    Stale(Feed),
}

impl Gate {
    pub async fn at(
        workshop: &Workshop,
        control: &Control,
        now: Timestamp,
    ) -> anyhow::Result<Gate> {
        if control.kill_switch {
            return Ok(Gate::KillSwitch);
        }
        if let Some(alarm) = &control.brake {
            return Ok(Gate::Brake(alarm.clone()));
        }
        let limit = SignedDuration::from_secs(i64::from(workshop.settings.feed_age_max_s));
        // Evidence that is late is open to no doubt of what is owed: judgements
        // go without it, and say so.
        let feeds = workshop.source.feeds();
        for feed in feeds.into_iter().filter(|feed| Feed::LEDGER.contains(feed)) {
            let mark = workshop.ledger.feed_mark(feed).await?;
            let is_fresh = mark
                .and_then(|mark| mark.read_at)
                .is_some_and(|read_at| now.duration_since(read_at) <= limit);
            if !is_fresh {
                return Ok(Gate::Stale(feed));
            }
        }
        Ok(Gate::Open)
    }

    /// Why a reminder whose window closed was not sent.
    pub fn reason(&self) -> Reason {
        match self {
            Gate::Open => Reason::OutsideWindow,
            Gate::KillSwitch => Reason::KillSwitch,
            Gate::Brake(_) => Reason::Brake,
            Gate::Stale(_) => Reason::StaleFeed,
        }
    }

    /// In words, to follow "waiting: ".
    pub fn words(&self) -> String {
        match self {
            Gate::Open => "nothing holds sending back".into(),
            Gate::KillSwitch => "the kill switch is set (`duebell resume` clears it)".into(),
            Gate::Brake(alarm) => format!("the brake is on (`duebell release` clears it): {alarm}"),
            Gate::Stale(feed) => format!("feed {feed} was not read to its end for too long"),
        }
    }
}

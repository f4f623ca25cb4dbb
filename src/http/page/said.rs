//! What a form of the page says, held against what may be said.

use std::fmt;

use jiff::civil::{Date, Weekday};

use crate::message::page::{typed, typed_amount};
use crate::model::hours::{DAYS, Hours, WallTime, WeekHours};
use crate::model::link::Link;
use crate::model::reply::{Dispute, Meaning, Note, Pledge, Proof};
use crate::model::{Cause, Channel, Wish};

use super::ledger::Standing;

/// Letters of a field.
pub const REFERENCE_MAX: usize = 60;
pub const PLACE_MAX: usize = 80;
pub const WORDS_MAX: usize = 500;
pub const AMOUNT_MAX: usize = 30;

/// What may be done on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Promise,
    Paid,
    Dispute,
    Hardship,
    Call,
    StopThis,
    StopAll,
    Start,
    Wrong,
    Language,
    Channel,
    Hours,
    AnyTime,
}

impl Act {
    const ALL: [Act; 13] = [
        Act::Promise,
        Act::Paid,
        Act::Dispute,
        Act::Hardship,
        Act::Call,
        Act::StopThis,
        Act::StopAll,
        Act::Start,
        Act::Wrong,
        Act::Language,
        Act::Channel,
        Act::Hours,
        Act::AnyTime,
    ];

    /// The name in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Promise => "promise",
            Act::Paid => "paid",
            Act::Dispute => "dispute",
            Act::Hardship => "hardship",
            Act::Call => "call",
            Act::StopThis => "stop",
            Act::StopAll => "stop_all",
            Act::Start => "start",
            Act::Wrong => "wrong",
            Act::Language => "language",
            Act::Channel => "channel",
            Act::Hours => "hours",
            Act::AnyTime => "any_time",
        }
    }

    /// Whether the last of its kind is what counts.
    pub fn is_last_word(self) -> bool {
        use Act::{AnyTime, Channel, Hours, Language, Start, StopAll, StopThis};
        matches!(self, StopThis | StopAll | Start | Language | Channel | Hours | AnyTime)
    }

    pub fn parse(text: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.as_str() == text)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with a form, by the key of the text that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    Date,
    Amount,
    Words,
    Hours,
    /// Nobody may be reached then.
    Closed,
    Long,
    /// It is from a page of long ago.
    Again,
}

impl Mistake {
    pub fn key(self) -> &'static str {
        match self {
            Mistake::Date => "error_date",
            Mistake::Amount => "error_amount",
            Mistake::Words => "error_words",
            Mistake::Hours => "error_hours",
            Mistake::Closed => "error_closed",
            Mistake::Long => "error_long",
            Mistake::Again => "error_again",
        }
    }
}

/// A form as it was sent; personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub act: Act,
    /// Which page it is from.
    pub form: String,
    pub by: String,
    pub amount: String,
    pub reference: String,
    pub place: String,
    pub words: String,
    pub language: String,
    pub channel: String,
    pub days: Vec<Weekday>,
    pub from: String,
    pub until: String,
}

impl Form {
    /// `None` where it is no form of the page.
    pub fn read(body: &[u8]) -> Option<Form> {
        let field = |name: &str| parameter(body, name).unwrap_or_default();
        let text = |name: &str| typed(&field(name));
        Some(Form {
            act: Act::parse(&field("act"))?,
            form: field("form"),
            by: text("by"),
            amount: text("amount"),
            reference: text("reference"),
            place: text("place"),
            words: text("words"),
            language: field("language"),
            channel: field("channel"),
            days: form_urlencoded::parse(body)
                .filter(|(key, _)| key == "day")
                .filter_map(|(_, value)| day(&value))
                .collect(),
            from: text("from"),
            until: text("until"),
        })
    }

    /// What it says, and of which channels. `languages` are those that may be
    /// wished for.
    pub fn said(
        &self,
        standing: &Standing,
        link: Link,
        languages: &[(&str, &str)],
    ) -> Result<Vec<(Channel, Meaning)>, Mistake> {
        let lengths = [
            (&self.amount, AMOUNT_MAX),
            (&self.reference, REFERENCE_MAX),
            (&self.place, PLACE_MAX),
            (&self.words, WORDS_MAX),
        ];
        if lengths.iter().any(|(text, most)| text.chars().count() > *most) {
            return Err(Mistake::Long);
        }
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        let note = || Note { words: given(&self.words) };
        let meaning = match self.act {
            Act::Promise => Meaning::Promise(self.pledge(standing)?),
            Act::Paid => Meaning::Paid(Proof {
                reference: given(&self.reference),
                place: given(&self.place),
            }),
            Act::Dispute => {
                let words = given(&self.words).ok_or(Mistake::Words)?;
                Meaning::Dispute(Dispute { words: Some(words), ..Dispute::default() })
            }
            Act::Hardship => Meaning::Hardship(note()),
            Act::Call => Meaning::CallBack(note()),
            Act::Wrong => Meaning::WrongNumber,
            Act::Language | Act::Channel | Act::Hours | Act::AnyTime => {
                Meaning::Wish(self.wish(standing, languages)?)
            }
            Act::StopThis => Meaning::OptOut,
            Act::StopAll => return Ok(each(standing.channels(), Meaning::OptOut)),
            Act::Start => return Ok(each(may_start(standing), Meaning::OptIn)),
        };
        Ok(vec![(link.channel, meaning)])
    }

    fn wish(&self, standing: &Standing, languages: &[(&str, &str)]) -> Result<Wish, Mistake> {
        Ok(match self.act {
            Act::Language => {
                let is_spoken = languages.iter().any(|(tag, _)| *tag == self.language);
                Wish::Language(Some(
                    is_spoken.then(|| self.language.clone()).ok_or(Mistake::Again)?,
                ))
            }
            Act::Channel if self.channel.is_empty() => Wish::Channel(None),
            Act::Channel => {
                let channel = Channel::parse(&self.channel);
                let channel = channel.filter(|it| standing.choice().contains(it));
                Wish::Channel(Some(channel.ok_or(Mistake::Again)?))
            }
            Act::Hours => Wish::Hours(Some(self.hours(standing)?)),
            _ => Wish::Hours(None),
        })
    }

    fn hours(&self, standing: &Standing) -> Result<WeekHours, Mistake> {
        let time = |text: &str| text.parse::<WallTime>().map_err(|_| Mistake::Hours);
        let (opens, closes) = (time(&self.from)?, time(&self.until)?);
        // A day ends at midnight, which clocks call 00:00.
        let closes = if closes == WallTime::MIDNIGHT { WallTime::DAY_ENDS } else { closes };
        if opens >= closes {
            return Err(Mistake::Hours);
        }
        let week = WeekHours::same(self.days.iter().copied(), Hours { opens, closes });
        let week = week.ok_or(Mistake::Hours)?;
        if standing.leaves_time(week) { Ok(week) } else { Err(Mistake::Closed) }
    }

    fn pledge(&self, standing: &Standing) -> Result<Pledge, Mistake> {
        let by: Date = self.by.parse().map_err(|_| Mistake::Date)?;
        let [first, _, last] = standing.promise_days();
        if !(first..=last).contains(&by) {
            return Err(Mistake::Date);
        }
        if self.amount.is_empty() {
            return Ok(Pledge { amount: None, by: Some(by) });
        }
        let owed = standing.claimable().ok_or(Mistake::Amount)?;
        let amount = typed_amount(&self.amount, owed.currency).ok_or(Mistake::Amount)?;
        match amount.minor {
            // More than is owed is all of it.
            minor if minor > 0 => Ok(Pledge { amount: Some(minor.min(owed.minor)), by: Some(by) }),
            _ => Err(Mistake::Amount),
        }
    }
}

/// Stopped channels that a word of the subscriber's opens again; a complaint
/// stays.
pub fn may_start(standing: &Standing) -> Vec<Channel> {
    let suppressed = &standing.facts.account.suppressed;
    let has_complained = |channel: &Channel| {
        let is_one = |cause| matches!(cause, Cause::Complaint);
        suppressed.iter().any(|one| one.channel == *channel && is_one(one.cause))
    };
    standing.stopped.iter().copied().filter(|channel| !has_complained(channel)).collect()
}

/// The day of that name in forms.
fn day(name: &str) -> Option<Weekday> {
    let place = DAYS.iter().position(|day| *day == name)?;
    Weekday::from_monday_zero_offset(place as i8).ok()
}

fn each(channels: Vec<Channel>, meaning: Meaning) -> Vec<(Channel, Meaning)> {
    channels.into_iter().map(|channel| (channel, meaning.clone())).collect()
}

/// The first field of that name in a URL-encoded text.
pub fn parameter(text: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(text).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

//! What a subscriber wishes of how we reach them: in which language, by which
//! channel, at which hours. A wish narrows or reorders; it never adds anything.

use serde::{Deserialize, Serialize};

use super::Channel;
use super::hours::WeekHours;

/// One wish; `None` takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// A BCP 47 language tag.
    Language(Option<String>),
    /// It goes first where a step allows it.
    Channel(Option<Channel>),
    /// On the subscriber's own clock.
    Hours(Option<WeekHours>),
}

impl Wish {
    /// The names in databases; of each the last word counts.
    pub const KINDS: [&str; 3] = ["language", "channel", "hours"];

    pub fn kind(&self) -> &'static str {
        match self {
            Wish::Language(_) => Wish::KINDS[0],
            Wish::Channel(_) => Wish::KINDS[1],
            Wish::Hours(_) => Wish::KINDS[2],
        }
    }

    /// What is wished, as [`Wish::read`] takes it.
    pub fn value(&self) -> Option<String> {
        match self {
            Wish::Language(tag) => tag.clone(),
            Wish::Channel(channel) => channel.map(|it| it.as_str().to_owned()),
            Wish::Hours(hours) => hours.map(|it| it.to_string()),
        }
    }

    /// The wish of that kind; `None` where there is no such kind or value.
    pub fn read(kind: &str, value: &str) -> Option<Wish> {
        Some(match kind {
            "language" => Wish::Language(Some(value.to_owned())),
            "channel" => Wish::Channel(Some(Channel::parse(value)?)),
            "hours" => Wish::Hours(Some(value.parse().ok()?)),
            _ => return None,
        })
    }

    /// The end of wishes of that kind.
    pub fn none(kind: &str) -> Option<Wish> {
        Some(match kind {
            "language" => Wish::Language(None),
            "channel" => Wish::Channel(None),
            "hours" => Wish::Hours(None),
            _ => return None,
        })
    }
}

/// All that one subscriber wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    pub language: Option<String>,
    pub channel: Option<Channel>,
    pub hours: Option<WeekHours>,
}

impl Wishes {
    /// Takes a word that is newer than all that was said before.
    pub fn hear(&mut self, wish: Wish) {
        match wish {
            Wish::Language(tag) => self.language = tag,
            Wish::Channel(channel) => self.channel = channel,
            Wish::Hours(hours) => self.hours = hours,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_as_it_was_written_and_the_last_word_counts() {
        let hours = "mon-fri=18:00-20:00,sun=10:00-12:00";
        let mut wishes = Wishes::default();
        for (kind, value) in [("language", "de-AT"), ("channel", "email"), ("hours", hours)] {
            let wish = Wish::read(kind, value).unwrap();
            assert_eq!((wish.kind(), wish.value().as_deref()), (kind, Some(value)));
            let json = serde_json::to_string(&wish).unwrap();
            assert_eq!(serde_json::from_str::<Wish>(&json).unwrap(), wish);
            wishes.hear(wish);
        }
        assert_eq!(wishes.channel, Some(Channel::Email));
        for kind in Wish::KINDS {
            let over = Wish::none(kind).unwrap();
            assert_eq!((over.kind(), over.value()), (kind, None));
            wishes.hear(over);
        }
        assert_eq!(wishes, Wishes::default());
        for (kind, value) in [("channel", "pigeon"), ("hours", "late"), ("colour", "blue")] {
            assert_eq!(Wish::read(kind, value), None);
        }
    }
}

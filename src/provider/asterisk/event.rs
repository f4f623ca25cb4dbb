//! What Asterisk tells on its socket, read.
//!
//! A call's channel is named after the application and the attempt,
//! `<app>-<key>`; what is about any other channel (the far end of a local
//! one, another's) is nothing to us. Of unknown events nothing is made.

use jiff::Timestamp;
use serde::Deserialize;

use super::call::{Answerer, Dialled, Event};
use crate::model::AttemptKey;

/// One thing that Asterisk told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Of a call.
    Of { key: AttemptKey, event: Event, at: Option<Timestamp> },
    /// Another has taken over the application.
    Replaced,
}

/// The channel of an attempt.
pub fn channel_of(app: &str, key: AttemptKey) -> String {
    format!("{app}-{key}")
}

/// The attempt that a channel is of.
pub fn key_of(app: &str, channel: &str) -> Option<AttemptKey> {
    channel.strip_prefix(app)?.strip_prefix('-')?.parse().ok()
}

/// A channel, as ARI lists it.
#[derive(Debug, Default, Deserialize)]
pub struct Channel {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub state: String,
}

impl Channel {
    pub fn is_up(&self) -> bool {
        self.state == "Up"
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    application: String,
    channel: Option<Channel>,
    peer: Option<Channel>,
    playback: Option<Playback>,
    args: Vec<String>,
    digit: String,
    dialstatus: String,
    cause: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Playback {
    id: String,
    target_uri: String,
    state: String,
}

/// Reads one message of the socket; `None` where it is nothing to us.
pub fn read(app: &str, text: &str) -> Option<Told> {
    let raw: Raw = serde_json::from_str(text).ok()?;
    if raw.kind == "ApplicationReplaced" {
        return (raw.application == app).then_some(Told::Replaced);
    }
    let channel = match raw.kind.as_str() {
        "Dial" => raw.peer.as_ref()?.id.as_str(),
        "PlaybackFinished" => raw.playback.as_ref()?.target_uri.strip_prefix("channel:")?,
        _ => raw.channel.as_ref()?.id.as_str(),
    };
    let key = key_of(app, channel)?;
    let event = match raw.kind.as_str() {
        "Dial" => Event::Dialled(match raw.dialstatus.as_str() {
            "ANSWER" => Dialled::Answer,
            "BUSY" => Dialled::Busy,
            "NOANSWER" => Dialled::NoAnswer,
            "CONGESTION" => Dialled::Congestion,
            "CHANUNAVAIL" => Dialled::Unavailable,
            _ => return None,
        }),
        "StasisStart" => Event::Answered(raw.args.first().map(|said| match said.as_str() {
            "MACHINE" => Answerer::Machine,
            _ => Answerer::Person,
        })),
        "PlaybackFinished" => {
            let playback = raw.playback.as_ref()?;
            let number = playback.id.strip_prefix(channel)?.strip_prefix('-')?;
            Event::Played { playback: number.parse().ok()?, well: playback.state == "done" }
        }
        "ChannelDtmfReceived" => {
            let mut digits = raw.digit.chars();
            Event::Key(digits.next().filter(|_| digits.next().is_none())?)
        }
        "ChannelHangupRequest" => Event::HungUp,
        "ChannelDestroyed" => Event::Over { cause: raw.cause.unwrap_or(0) },
        _ => return None,
    };
    let at = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &raw.timestamp).ok();
    Some(Told::Of { key, event, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const KEY: &str = "0123456789abcdef0123456789abcdef.2";
    const CHANNEL: &str = "due-bell-0123456789abcdef0123456789abcdef.2";

    #[track_caller]
    fn check(message: serde_json::Value, expected: Option<Event>) {
        let told = read("due-bell", &message.to_string());
        let event = told.map(|told| match told {
            Told::Of { key, event, .. } => {
                assert_eq!(key.to_string(), KEY);
                event
            }
            Told::Replaced => panic!("nobody took over"),
        });
        assert_eq!(event, expected, "{message}");
    }

    #[test]
    fn each_event_is_read() {
        let channel = json!({"id": CHANNEL, "state": "Up"});
        for (said, dialled) in [
            ("ANSWER", Some(Dialled::Answer)),
            ("BUSY", Some(Dialled::Busy)),
            ("NOANSWER", Some(Dialled::NoAnswer)),
            ("CONGESTION", Some(Dialled::Congestion)),
            ("CHANUNAVAIL", Some(Dialled::Unavailable)),
            ("", None),
            ("RINGING", None),
            ("SINGING", None),
        ] {
            let message = json!({"type": "Dial", "peer": channel, "dialstatus": said});
            check(message, dialled.map(Event::Dialled));
        }
        let start =
            |args: &[&str]| json!({"type": "StasisStart", "channel": channel, "args": args});
        check(start(&[]), Some(Event::Answered(None)));
        check(start(&["MACHINE"]), Some(Event::Answered(Some(Answerer::Machine))));
        check(start(&["HUMAN"]), Some(Event::Answered(Some(Answerer::Person))));
        check(start(&["NOTSURE"]), Some(Event::Answered(Some(Answerer::Person))));
        let played = |id: &str, state: &str| {
            let target = format!("channel:{CHANNEL}");
            let playback = json!({"id": id, "target_uri": target, "state": state});
            json!({"type": "PlaybackFinished", "playback": playback})
        };
        let third = format!("{CHANNEL}-3");
        check(played(&third, "done"), Some(Event::Played { playback: 3, well: true }));
        check(played(&third, "failed"), Some(Event::Played { playback: 3, well: false }));
        check(played("another", "done"), None);
        let key = |digit: &str| json!({"type": "ChannelDtmfReceived", "channel": channel, "digit": digit});
        check(key("9"), Some(Event::Key('9')));
        check(key(""), None);
        check(key("99"), None);
        let hung_up = json!({"type": "ChannelHangupRequest", "channel": channel, "soft": true});
        check(hung_up, Some(Event::HungUp));
        let over = json!({"type": "ChannelDestroyed", "channel": channel, "cause": 17});
        check(over, Some(Event::Over { cause: 17 }));
        check(
            json!({"type": "ChannelDestroyed", "channel": channel}),
            Some(Event::Over { cause: 0 }),
        );
        check(json!({"type": "ChannelVarset", "channel": channel}), None);
    }

    #[test]
    fn what_is_anothers_is_nothing_to_us() {
        for id in [format!("{CHANNEL};2"), format!("other-{KEY}"), KEY.to_owned(), String::new()] {
            check(json!({"type": "ChannelDestroyed", "channel": {"id": id}, "cause": 16}), None);
        }
        let replaced = |app: &str| {
            let message = json!({"type": "ApplicationReplaced", "application": app});
            read("due-bell", &message.to_string())
        };
        assert_eq!(replaced("due-bell"), Some(Told::Replaced));
        assert_eq!(replaced("other"), None);
    }

    #[test]
    fn a_stamp_is_read_and_may_be_missing() {
        let message = |stamp: &str| {
            let channel = json!({"id": CHANNEL});
            let message = json!({"type": "StasisStart", "channel": channel, "timestamp": stamp});
            match read("due-bell", &message.to_string()) {
                Some(Told::Of { at, .. }) => at.map(|at| at.to_string()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(message("2026-11-24T20:28:39.739+0100").unwrap(), "2026-11-24T19:28:39.739Z");
        assert_eq!(message("yesterday"), None);
    }

    proptest! {
        #[test]
        fn no_message_breaks_it(text: String, kind in "(Dial|StasisStart|PlaybackFinished|[A-Za-z]*)", digit: String) {
            let _ = read("due-bell", &text);
            let channel = json!({"id": format!("{CHANNEL}{text}")});
            let message = json!({
                "type": kind, "channel": channel, "peer": channel, "digit": digit, "cause": text,
                "playback": {"id": digit, "target_uri": format!("channel:{CHANNEL}")},
            });
            let _ = read("due-bell", &message.to_string());
        }
    }
}

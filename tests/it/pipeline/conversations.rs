//! After a conversation there is silence: who has just spoken with us is not
//! called, or not contacted at all, as the law has it.

use duebell::model::reply::{Meaning, Note, PAGE, PostedReply, Reply};
use duebell::model::{AttemptKey, Channel};
use duebell::policy::ContactRules;
use duebell::store::ReplyStore;
use jiff::SignedDuration;

use super::{owing, pair};
use crate::support::bench::{Bench, LADDER};
use crate::support::build::*;
use crate::support::carrier::Carrier;

const CHANNELS: &str = "[\"sms\", \"email\"]";

/// A ladder of calls: on the tenth and the sixteenth; a week of silence.
async fn calling(silent: &[Channel]) -> (std::sync::Arc<Carrier>, Bench) {
    let (_, mut bench) = owing("2026-03-09").await;
    bench.edit(&LADDER.replace(CHANNELS, "[\"voice\"]")).await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.workshop.contact = ContactRules::lawless().with_silence(7, silent).into();
    (carrier, bench)
}

/// What came of the call, an hour after it.
async fn says(bench: &Bench, about: AttemptKey, provider: &str, channel: Channel, what: Meaning) {
    let when = at("2026-03-10T10:00Z");
    let reply = Reply { channel, about: Some(about), from: None, meaning: what, at: when };
    let posted = PostedReply {
        provider: provider.into(),
        message_id: "m".into(),
        ordinal: 0,
        reply,
        received_at: when + SignedDuration::from_secs(1),
    };
    bench.store.keep_replies(&[posted]).await.unwrap();
}

/// Days on which calls were made.
fn days(carrier: &Carrier) -> Vec<String> {
    carrier.given().iter().map(|(_, _, at)| at.to_string()[..10].to_owned()).collect()
}

#[tokio::test]
async fn whoever_pressed_a_key_in_a_call_is_not_called_for_seven_days() {
    for (provider, channel, what, second) in [
        ("carrier", Channel::Voice, Meaning::SendLink, "2026-03-17"),
        ("carrier", Channel::Voice, Meaning::CallBack(Note::default()), "2026-03-17"),
        // Nobody spoke: a text, a form of the page, a provider.
        ("carrier", Channel::Sms, Meaning::SendLink, "2026-03-16"),
        (PAGE, Channel::Voice, Meaning::CallBack(Note::default()), "2026-03-16"),
    ] {
        let (carrier, bench) = calling(&[Channel::Voice]).await;
        bench.rounds("2026-03-10T06:00Z", "2026-03-10T10:00Z").await;
        says(&bench, carrier.keys()[0], provider, channel, what.clone()).await;
        bench.rounds("2026-03-10T10:00Z", "2026-03-19T00:00Z").await;
        assert_eq!(days(&carrier), ["2026-03-10", second], "{provider} {channel} {what:?}");
        let waited = bench.standing("A").await.contains(&pair("deferred", "silence"));
        assert_eq!(waited, second == "2026-03-17");
    }
}

#[tokio::test]
async fn a_stranger_who_says_so_has_had_no_conversation_about_the_debt() {
    let (carrier, bench) = calling(&[]).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-10T10:00Z").await;
    says(&bench, carrier.keys()[0], "carrier", Channel::Voice, Meaning::WrongNumber).await;
    bench.rounds("2026-03-10T10:00Z", "2026-03-18T00:00Z").await;
    let standing = bench.standing("A").await;
    assert!(!standing.contains(&pair("deferred", "silence")), "{standing:?}");
}

#[tokio::test]
async fn silence_on_calls_lets_other_channels_be() {
    // The call was on a Tuesday; the next step, an SMS, falls on its seventh day.
    for (silent, second) in [(&[Channel::Voice][..], "2026-03-16"), (&[], "2026-03-17")] {
        let (carrier, mut bench) = calling(silent).await;
        bench.edit(&LADDER.replacen(CHANNELS, "[\"voice\"]", 2)).await;
        bench.rounds("2026-03-10T06:00Z", "2026-03-10T10:00Z").await;
        says(&bench, carrier.keys()[0], "carrier", Channel::Voice, Meaning::SendLink).await;
        bench.rounds("2026-03-10T10:00Z", "2026-03-19T00:00Z").await;
        assert_eq!(days(&carrier), ["2026-03-10", second], "{silent:?}");
    }
}

//! What a subscriber wishes steers what is sent: the language, the order of the
//! channels, the hours.

use duebell::model::{Channel, Wish};
use duebell::store::SaidWish;

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::build::*;
use crate::support::carrier::Carrier;

/// Account A says so to somebody, at that moment.
async fn says(bench: &Bench, wish: Wish, when: &str) {
    let (bucket, account) = key("A");
    let said = SaidWish { bucket, account, wish, at: at(when), source: "Ann".into() };
    bench.store.desk().put_wishes(&[said], &by("Ann", when)).await.unwrap();
}

fn hours(text: &str) -> Wish {
    Wish::Hours(Some(text.parse().unwrap()))
}

fn sent_at(bench: &Bench) -> Vec<String> {
    bench.messages().iter().map(|message| message.at.to_string()).collect()
}

#[tokio::test]
async fn messages_speak_the_language_that_is_wished_for() {
    let (_, bench) = owing("2026-03-09").await;
    bench.round("2026-03-10T06:00Z").await;
    says(&bench, Wish::Language(Some("fr".into())), "2026-03-10T07:00Z").await;
    bench.round("2026-03-10T09:00Z").await;
    let messages = bench.messages();
    assert_eq!((messages.len(), messages[0].language.as_str()), (1, "fr"));
}

#[tokio::test]
async fn a_wish_for_a_channel_reorders_what_is_planned_and_adds_nothing() {
    let (_, mut bench) = owing("2026-03-09").await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.round("2026-03-10T06:00Z").await;
    // The step has SMS and e-mail, and no calls.
    says(&bench, Wish::Channel(Some(Channel::Voice)), "2026-03-10T07:00Z").await;
    bench.round("2026-03-10T07:00Z").await;
    says(&bench, Wish::Channel(Some(Channel::Email)), "2026-03-10T08:00Z").await;
    bench.rounds("2026-03-10T08:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);

    // Taken back, the step's own order counts again.
    says(&bench, Wish::Channel(None), "2026-03-15T08:00Z").await;
    bench.rounds("2026-03-16T00:00Z", "2026-03-17T00:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email, Channel::Sms]);
}

#[tokio::test]
async fn a_wish_for_hours_moves_what_is_planned_on_the_same_day() {
    for (wish, said, expected) in [
        ("mon-sun=18:00-19:00", "2026-03-10T06:30Z", "2026-03-10T18:00:00Z"),
        // Said when the shop is open already.
        ("tue=12:00-13:00", "2026-03-10T08:59Z", "2026-03-10T12:00:00Z"),
        // Over for today, and Wednesday is not wished.
        ("mon-tue=06:00-10:00,thu=15:00-16:00", "2026-03-10T08:59Z", "2026-03-10T09:00:00Z"),
        ("thu=15:00-16:00", "2026-03-10T06:30Z", "2026-03-12T15:00:00Z"),
    ] {
        let (_, bench) = owing("2026-03-09").await;
        bench.round("2026-03-10T06:00Z").await;
        says(&bench, hours(wish), said).await;
        bench.rounds("2026-03-10T09:00Z", "2026-03-15T00:00Z").await;
        assert_eq!(sent_at(&bench), [expected], "{wish}");
    }
}

#[tokio::test]
async fn a_wish_that_dispatch_learns_of_first_is_kept_as_well() {
    let (_, mut bench) = owing("2026-03-09").await;
    // The feeds are read once, for the plan.
    bench.workshop.settings.feed_age_max_s = 86_400;
    bench.round("2026-03-10T06:00Z").await;
    says(&bench, hours("tue=18:00-19:00"), "2026-03-10T08:59Z").await;
    let stages = bench.stages();
    for hour in 9..=19 {
        stages.send(at(&format!("2026-03-10T{hour:02}:00Z"))).await.unwrap();
    }
    assert_eq!(sent_at(&bench), ["2026-03-10T18:00:00Z"]);
    // And the provider is told: not after seven.
    assert_eq!(bench.messages()[0].expires_at, at("2026-03-10T19:00Z"));
}

/// The law may change after the wish was said. Nobody is reached outside the
/// wish all the same: the step waits, and lapses at its limit.
#[tokio::test]
async fn where_law_and_wish_leave_nothing_the_step_waits_until_its_limit() {
    let (_, bench) = owing("2026-03-09").await;
    says(&bench, hours("mon-sun=06:00-09:00"), "2026-03-01T00:00Z").await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-15T00:00Z").await;
    assert_eq!(bench.messages(), []);
    let rows = bench.why_not("A").await;
    let waits: Vec<_> = rows.iter().filter(|row| row.is_open).collect();
    assert_eq!(waits.len(), 1, "{rows:?}");
    assert_eq!((waits[0].step.as_str(), waits[0].reason.as_str()), ("late1", "outside_window"));

    bench.rounds("2026-03-15T00:00Z", "2026-03-17T00:00Z").await;
    assert_eq!(bench.messages(), []);
    // Free again, the latest step speaks, once.
    says(&bench, Wish::Hours(None), "2026-03-17T00:00Z").await;
    bench.rounds("2026-03-17T00:00Z", "2026-03-18T00:00Z").await;
    assert_eq!(bench.sent().await, [pair("a1", "late7")]);
}

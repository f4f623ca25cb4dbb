//! Several providers to a channel: their rates, their failures, their order.

use std::collections::BTreeSet;
use std::sync::Arc;

use duebell::model::{Bucket, Channel, feed::Feed};
use duebell::pipeline::Stage;
use duebell::pipeline::dispatch::Dispatch;
use duebell::provider::guard::{FAILURES_MAX, Limits, Manners};
use duebell::provider::route::Providers;
use jiff::{SignedDuration, Timestamp};

use super::{owing, pair};
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::carrier::{Carrier, down, lost};

const PLANNED: &str = "2026-03-10T08:30Z";
const OPEN: &str = "2026-03-10T09:00Z";

/// Providers without a slow start, these carrying this channel, in order.
fn carried(channel: Channel, carriers: &[(&Arc<Carrier>, Limits)]) -> Providers {
    let manners = Manners { slow_start_s: 0, ..Manners::default() };
    let mut providers = Providers::new(manners);
    carry(&mut providers, channel, carriers);
    providers
}

fn carry(providers: &mut Providers, channel: Channel, carriers: &[(&Arc<Carrier>, Limits)]) {
    for (carrier, limits) in carriers {
        providers.carry_within(channel, (*carrier).clone(), *limits);
        providers.read(duebell::provider::Sender::name(carrier.as_ref()), (*carrier).clone());
    }
}

fn within(per_second: Option<u32>, in_flight_max: Option<u32>) -> Limits {
    Limits { per_second, in_flight_max }
}

/// So many accounts with a reminder that is planned for the tenth, at nine.
async fn planned(accounts: usize, providers: Providers) -> (Bench, Vec<String>) {
    let billing = Billing::new();
    let names: Vec<String> = (0..accounts).map(|n| format!("N{n:04}")).collect();
    for name in &names {
        billing.account(name);
        billing.bill(&format!("bill of {name}"), name, "2026-03-09");
    }
    let mut bench = Bench::live(billing).await;
    bench.workshop.providers = providers;
    // These tests step through hours without reading the feeds.
    bench.workshop.settings.feed_age_max_s = 86_400;
    bench.round(PLANNED).await;
    (bench, names)
}

async fn states(bench: &Bench, names: &[String], state: &str) -> usize {
    let mut count = 0;
    for name in names {
        count += usize::from(bench.standing(name).await == [pair(state, "")]);
    }
    count
}

#[tokio::test]
async fn after_a_certain_failure_the_next_provider_is_asked_at_once() {
    let (first, second) = (Carrier::named("first"), Carrier::named("second"));
    let (_, mut bench) = owing("2026-03-09").await;
    bench.workshop.providers =
        carried(Channel::Sms, &[(&first, Limits::default()), (&second, Limits::default())]);
    bench.round(PLANNED).await;
    first.will([down()]);
    bench.round(OPEN).await;
    assert_eq!((first.given().len(), second.keys().len()), (1, 1));
    assert_eq!(second.given()[0].2, at(OPEN));
    assert_eq!(bench.standing("A").await, [pair("accepted", "")]);
    let by: Vec<_> = bench.attempts("A").await.into_iter().filter_map(|it| it.provider).collect();
    assert_eq!(by, ["first", "first", "second", "second"]);
}

#[tokio::test]
async fn an_unknown_outcome_goes_to_nobody_else() {
    let (first, second) = (Carrier::named("first"), Carrier::named("second"));
    let (_, mut bench) = owing("2026-03-09").await;
    bench.workshop.providers =
        carried(Channel::Sms, &[(&first, Limits::default()), (&second, Limits::default())]);
    bench.round(PLANNED).await;
    first.will([lost()]);
    bench.rounds(OPEN, "2026-03-11T06:00Z").await;
    assert_eq!((first.given().len(), second.given().len()), (1, 0));
    assert_eq!(bench.standing("A").await, [pair("unknown", "")]);
}

#[tokio::test]
async fn where_all_fail_the_tries_are_spread_and_end_like_those_of_one() {
    let (first, second) = (Carrier::named("first"), Carrier::named("second"));
    let mail = Carrier::named("mail");
    let (_, mut bench) = owing("2026-03-09").await;
    let mut providers =
        carried(Channel::Sms, &[(&first, Limits::default()), (&second, Limits::default())]);
    carry(&mut providers, Channel::Email, &[(&mail, Limits::default())]);
    bench.workshop.providers = providers;
    bench.round(PLANNED).await;
    for carrier in [&first, &second, &mail] {
        carrier.always(|_| Some(down()));
    }
    bench.rounds(OPEN, "2026-03-11T00:00Z").await;
    assert_eq!((first.given().len(), second.given().len(), mail.given().len()), (2, 2, 4));
    assert_eq!(bench.standing("A").await[0], pair("deferred", "undeliverable"));
    // Each was asked at once in the first turn, and not in the second.
    assert_eq!(first.given()[0].2, second.given()[0].2);
    assert!(first.given()[1].2 < second.given()[1].2);
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_and_the_next_takes_its_place() {
    let (first, second) = (Carrier::named("first"), Carrier::named("second"));
    let providers =
        carried(Channel::Sms, &[(&first, within(Some(1), None)), (&second, Limits::default())]);
    let (bench, names) = planned(60, providers).await;
    first.always(|_| Some(down()));
    let (stages, mut now) = (bench.stages(), at(OPEN));
    for _ in 0..9 {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_secs(1);
    }
    assert_eq!(first.given().len(), FAILURES_MAX as usize);
    assert_eq!(second.keys().len(), 60);
    assert_eq!(states(&bench, &names, "accepted").await, 60);
}

#[tokio::test]
async fn where_every_provider_fails_reminders_wait_and_use_up_nothing() {
    let only = Carrier::named("only");
    let providers = carried(Channel::Sms, &[(&only, within(None, Some(1)))]);
    let (bench, names) = planned(40, providers).await;
    only.always(|_| Some(down()));
    let (stages, mut now) = (bench.stages(), at(OPEN));
    while now < at("2026-03-10T10:00Z") {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_secs(20);
    }
    let tried = only.given().len();
    assert!((7..40).contains(&tried), "{tried} attempts in an hour");
    let untouched = states(&bench, &names, "planned").await;
    assert!(untouched >= 20, "{untouched}");
    // It comes back: a probe, and then everybody who waited.
    only.always(|_| None);
    while now < at("2026-03-10T10:30Z") {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_secs(20);
    }
    assert_eq!(only.keys().iter().map(|key| key.reminder).collect::<BTreeSet<_>>().len(), 40);
    assert_eq!((only.keys().len(), states(&bench, &names, "accepted").await), (40, 40));
}

#[tokio::test]
async fn a_provider_with_a_rate_gets_no_more_and_everything_in_the_end() {
    let only = Carrier::named("only");
    let providers = carried(Channel::Sms, &[(&only, within(Some(2), None))]);
    let (bench, names) = planned(300, providers).await;
    let (stages, mut now) = (bench.stages(), at(OPEN));
    let ends = at("2026-03-10T09:03:30Z");
    while now < ends {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_millis(500);
    }
    let at: Vec<Timestamp> = only.given().iter().map(|(_, _, at)| *at).collect();
    for (first, from) in at.iter().enumerate() {
        for (count, to) in at[first..].iter().enumerate() {
            let most = 2.0 * (to.duration_since(*from).as_secs_f64() + 1.0);
            assert!((count + 1) as f64 <= most, "{} between {from} and {to}", count + 1);
        }
    }
    assert_eq!(at.len(), 300, "what it may take is made use of");
    assert_eq!(states(&bench, &names, "accepted").await, 300);
}

#[tokio::test]
async fn whose_window_closes_while_its_provider_is_slow_is_not_sent_at_night() {
    let only = Carrier::named("only");
    let providers = carried(Channel::Sms, &[(&only, within(Some(1), None))]);
    let (bench, names) = planned(40, providers).await;
    let (stages, mut now) = (bench.stages(), at("2026-03-10T19:54:50Z"));
    while now < at("2026-03-10T19:56Z") {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_secs(1);
    }
    bench.round("2026-03-10T20:02Z").await;
    let sent = only.given().len();
    assert!((5..=11).contains(&sent), "{sent}");
    assert!(only.given().iter().all(|(_, _, sent_at)| *sent_at < at("2026-03-10T19:55Z")));
    let mut waiting = 0;
    for name in &names {
        waiting += usize::from(bench.standing(name).await[0].0 == "deferred");
    }
    assert_eq!(waiting + sent, 40);
}

/// One provider that never answers must not keep the other's from leaving.
#[tokio::test]
async fn a_silent_provider_holds_back_only_its_own() {
    let (silent, quick) = (Carrier::named("silent"), Carrier::named("quick"));
    let mut providers = carried(Channel::Sms, &[(&silent, within(None, Some(2)))]);
    carry(&mut providers, Channel::Email, &[(&quick, Limits::default())]);
    let billing = Billing::new();
    for n in 0..400 {
        let name = format!("N{n:03}");
        billing.account(&name);
        if n % 2 == 0 {
            billing.put(Feed::Accounts, &[("account_id", &name), ("phone", "")]);
        }
        billing.bill(&format!("bill of {name}"), &name, "2026-03-09");
    }
    let mut bench = Bench::live(billing).await;
    bench.workshop.providers = providers;
    bench.workshop.settings.dispatch_batch = 50;
    bench.round(PLANNED).await;
    silent.falls_silent();
    let sending = Dispatch::new(bench.workshop.clone());
    let sending = tokio::spawn(async move { sending.run_once(at(OPEN)).await });
    quick.was_given(200).await;
    let given = silent.given().len();
    assert!((1..=3).contains(&given), "{given}");
    silent.answers();
    sending.await.unwrap().unwrap();
    bench.rounds("2026-03-10T09:05Z", "2026-03-10T13:00Z").await;
    assert_eq!((silent.keys().len(), quick.keys().len()), (200, 200));
}

#[tokio::test]
async fn who_matters_more_goes_first_where_not_all_can_go() {
    let only = Carrier::named("only");
    let billing = Billing::new();
    for (name, tier) in [("A", "small"), ("B", "key"), ("C", "ordinary"), ("D", "main")] {
        billing.account(name);
        billing.put(Feed::Accounts, &[("account_id", name), ("tier", tier)]);
        billing.bill(&format!("bill of {name}"), name, "2026-03-09");
    }
    let mut bench = Bench::live(billing).await;
    bench.workshop.providers = carried(Channel::Sms, &[(&only, within(Some(1), None))]);
    bench.round(PLANNED).await;
    let (stages, mut now) = (bench.stages(), at(OPEN));
    for _ in 0..10 {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_secs(1);
    }
    let order: Vec<u16> =
        only.given().iter().map(|(key, _, _)| key.reminder.bucket().number()).collect();
    assert_eq!(order, ["B", "D", "C", "A"].map(|name| Bucket::of(name).number()));
}

#[tokio::test]
async fn a_window_opens_for_one_after_the_other() {
    let only = Carrier::named("only");
    let (_, mut bench) = owing("2026-03-09").await;
    bench.workshop.providers = carried(Channel::Sms, &[(&only, Limits::default())]);
    bench.workshop.settings.smear_s = 1_200;
    let opens = at(OPEN) + bench.workshop.settings.smear(Bucket::of("A"));
    assert!(opens > at(OPEN) && opens < at("2026-03-10T09:20Z"), "{opens}");
    bench.round(PLANNED).await;
    let stages = bench.stages();
    for now in [at(OPEN), opens - SignedDuration::from_secs(1)] {
        stages.send(now).await.unwrap();
        assert_eq!(only.given(), []);
    }
    stages.send(opens).await.unwrap();
    assert_eq!(only.given().len(), 1);
}

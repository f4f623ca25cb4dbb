//! No provider of a channel takes anything: reminders wait for it, and not for
//! too long.

use std::collections::BTreeSet;
use std::sync::Arc;

use duebell::model::Channel;
use duebell::provider::route::Providers;
use duebell::provider::{Delay, SendOutcome, Sender};
use jiff::SignedDuration;

use super::pair;
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::carrier::{Carrier, down, lost, refused};

const OPEN: &str = "2026-03-10T09:00Z";

/// The provider of each channel.
struct Both {
    sms: Arc<Carrier>,
    mail: Arc<Carrier>,
}

/// So many accounts with a reminder planned for nine, by SMS and then by mail.
async fn planned(accounts: usize, patience_min: Option<u32>) -> (Bench, Both, Vec<String>) {
    let billing = Billing::new();
    let names: Vec<String> = (0..accounts).map(|n| format!("N{n:02}")).collect();
    for name in &names {
        billing.account(name);
        billing.bill(&format!("bill of {name}"), name, "2026-03-09");
    }
    let mut bench = Bench::live(billing).await;
    if let Some(minutes) = patience_min {
        let step = "name = \"late1\"";
        bench.edit(&LADDER.replace(step, &format!("{step}\npatience_min = {minutes}"))).await;
    }
    let both = Both { sms: Carrier::named("sms"), mail: Carrier::named("mail") };
    let mut providers = Providers::default();
    for (channel, carrier) in [(Channel::Sms, &both.sms), (Channel::Email, &both.mail)] {
        providers.carry(channel, carrier.clone());
        providers.read(carrier.name(), carrier.clone());
    }
    bench.workshop.providers = providers;
    // These tests step through hours without reading the feeds.
    bench.workshop.settings.feed_age_max_s = 86_400;
    bench.round("2026-03-10T08:30Z").await;
    (bench, both, names)
}

/// Sends every few minutes from `first` up to, and without, `last`.
async fn sending(bench: &Bench, first: &str, last: &str) {
    let (stages, mut now) = (bench.stages(), at(first));
    while now < at(last) {
        stages.send(now).await.unwrap();
        now += SignedDuration::from_mins(4);
    }
}

/// The credentials are refused.
fn wrong_password() -> SendOutcome {
    let note = "our account: 401".into();
    SendOutcome::Deferred { because: Delay::Down, wait: None, note }
}

fn reminded(carrier: &Carrier) -> usize {
    carrier.keys().iter().map(|key| key.reminder).collect::<BTreeSet<_>>().len()
}

#[tokio::test]
async fn after_the_steps_patience_the_next_channel_is_used() {
    let (bench, Both { sms, mail }, names) = planned(12, Some(60)).await;
    sms.always(|_| Some(wrong_password()));
    sending(&bench, OPEN, "2026-03-10T10:00Z").await;
    assert_eq!(mail.given(), [], "it is waited for");
    sending(&bench, "2026-03-10T10:00Z", "2026-03-10T10:20Z").await;
    assert_eq!((reminded(&mail), mail.keys().len(), sms.keys().len()), (12, 12, 0));
    for name in &names {
        assert_eq!(bench.standing(name).await, [pair("accepted", "")]);
    }
}

#[tokio::test]
async fn what_comes_back_within_patience_is_all_that_is_used() {
    let (bench, Both { sms, mail }, _) = planned(12, Some(60)).await;
    sms.always(|_| Some(wrong_password()));
    sending(&bench, OPEN, "2026-03-10T09:50Z").await;
    sms.always(|_| None);
    sending(&bench, "2026-03-10T09:50Z", "2026-03-10T10:40Z").await;
    assert_eq!((reminded(&sms), sms.keys().len(), mail.given().len()), (12, 12, 0));
}

#[tokio::test]
async fn without_patience_the_day_is_waited_for_and_not_lost() {
    let (bench, Both { sms, mail }, names) = planned(2, None).await;
    sms.always(|_| Some(wrong_password()));
    // The window closes at 20:00, five minutes of which are the provider's own.
    sending(&bench, OPEN, "2026-03-10T19:25Z").await;
    assert_eq!(mail.given(), []);
    assert!(sms.given().len() > 8, "no number of refused logins uses up the attempts");
    sending(&bench, "2026-03-10T19:25Z", "2026-03-10T19:55Z").await;
    assert_eq!(reminded(&mail), 2);
    assert_eq!(bench.standing(&names[0]).await, [pair("accepted", "")]);
}

#[tokio::test]
async fn once_our_account_is_mended_every_attempt_is_left() {
    let (bench, Both { sms, mail }, _) = planned(1, None).await;
    sms.will((0..4).map(|_| wrong_password()));
    sms.will((0..3).map(|_| down()));
    sending(&bench, OPEN, "2026-03-10T12:00Z").await;
    assert_eq!((sms.given().len(), sms.keys().len(), mail.given().len()), (8, 1, 0));
}

#[tokio::test]
async fn what_was_taken_or_may_have_been_goes_no_other_way() {
    let (bench, Both { sms, mail }, names) = planned(8, Some(60)).await;
    sms.will([SendOutcome::Accepted { provider_ref: None }, lost()]);
    sms.always(|_| Some(wrong_password()));
    sending(&bench, OPEN, "2026-03-10T10:30Z").await;
    assert_eq!((sms.keys().len(), reminded(&mail)), (2, 6));
    let by_sms: BTreeSet<_> = sms.keys().into_iter().map(|key| key.reminder).collect();
    assert!(mail.keys().iter().all(|key| !by_sms.contains(&key.reminder)));
    let mut states = Vec::new();
    for name in &names {
        states.extend(bench.standing(name).await.into_iter().map(|(state, _)| state));
    }
    states.sort();
    assert_eq!(states, [vec!["accepted"; 7], vec!["unknown"]].concat());
}

#[tokio::test]
async fn what_the_next_channel_refuses_is_due_again_when_the_first_is_back() {
    let (bench, Both { sms, mail }, _) = planned(1, Some(60)).await;
    sms.always(|_| Some(wrong_password()));
    mail.will([refused()]);
    sending(&bench, OPEN, "2026-03-10T10:30Z").await;
    assert_eq!(bench.standing("N00").await, [pair("deferred", "undeliverable")]);
    sms.always(|_| None);
    bench.rounds("2026-03-11T08:00Z", "2026-03-11T12:00Z").await;
    assert_eq!((sms.keys().len(), mail.keys().len()), (1, 0));
    assert_eq!(bench.sent().await, [pair("bill of N00", "late1")]);
}

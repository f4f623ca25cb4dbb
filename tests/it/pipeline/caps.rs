//! Nobody is contacted more often than the caps allow; what is held back goes
//! out when there is room again.

use std::sync::Arc;

use duebell::model::Channel;
use duebell::model::feed::Feed;
use duebell::model::law::{Cap, CapKey, Counts};
use duebell::policy::ContactRules;
use duebell::provider::guard::Limits;
use duebell::provider::route::Providers;

use super::pair;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::{NOON, at};
use crate::support::carrier::Carrier;

/// Two accounts with one number and no mail, each with a bill due on the ninth.
async fn sharing(caps: &[Cap]) -> (Arc<Carrier>, Bench) {
    reached(caps, |_| "").await
}

/// Two accounts with one number, and mail at these addresses.
async fn reached(caps: &[Cap], email: impl Fn(&str) -> &str) -> (Arc<Carrier>, Bench) {
    let billing = Billing::new();
    for account in ["A", "B"] {
        billing.account(account);
        billing.put(Feed::Accounts, &[("account_id", account), ("email", email(account))]);
        billing.bill(&format!("of {account}"), account, "2026-03-09");
    }
    let mut bench = Bench::live(billing).await;
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    bench.workshop.contact = ContactRules::lawless().with_caps(caps.to_vec()).into();
    (carrier, bench)
}

fn cap(window_days: u16, limit: u16, key: CapKey) -> Cap {
    let (channels, counts) = (vec![Channel::Sms], Counts::Attempts);
    Cap { channels, window_days, limit, key, counts, only: None }
}

#[tokio::test]
async fn of_two_accounts_with_one_number_the_second_waits_for_another_day() {
    let (carrier, bench) = sharing(&[cap(1, 1, CapKey::Number)]).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    let mut states = vec![bench.standing("A").await.remove(0), bench.standing("B").await.remove(0)];
    states.sort();
    assert_eq!(states, [pair("accepted", ""), pair("deferred", "person_cap")]);

    bench.rounds("2026-03-11T06:00Z", "2026-03-12T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Sms]);
    let mut sent = bench.sent().await;
    sent.sort();
    assert_eq!(sent, [pair("of A", "late1"), pair("of B", "late1")]);
}

#[tokio::test]
async fn a_cap_holds_back_the_next_step_of_an_account_as_well() {
    let (carrier, bench) = sharing(&[cap(10, 1, CapKey::Account)]).await;
    // The first step on the tenth, the second on the sixteenth.
    bench.rounds("2026-03-10T06:00Z", "2026-03-19T06:00Z").await;
    assert_eq!(carrier.taken().len(), 2);
    bench.rounds("2026-03-19T06:00Z", "2026-03-22T06:00Z").await;
    assert_eq!(carrier.taken().len(), 4);
    let steps: Vec<String> = bench.sent().await.into_iter().map(|(_, step)| step).collect();
    assert_eq!(steps.iter().filter(|step| *step == "late7").count(), 2);
}

#[tokio::test]
async fn other_channels_do_not_count_where_the_cap_does_not_name_them() {
    let voice = Cap { channels: vec![Channel::Voice], ..cap(7, 1, CapKey::Number) };
    let (carrier, bench) = sharing(&[voice]).await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Sms]);
}

#[tokio::test]
async fn where_a_cap_closes_a_channel_the_next_one_of_the_step_is_used() {
    let (carrier, bench) = reached(&[cap(1, 1, CapKey::Number)], |_| "zoe@example.org").await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Email]);
    let mut sent = bench.sent().await;
    sent.sort();
    assert_eq!(sent, [pair("of A", "late1"), pair("of B", "late1")]);
    for account in ["A", "B"] {
        // Each is one reminder, and its first attempt.
        assert_eq!(bench.states(account).await, ["submitting", "accepted"]);
    }
}

#[tokio::test]
async fn where_every_channel_is_over_a_cap_the_reminder_waits() {
    let both = Cap { channels: vec![Channel::Email], ..cap(1, 1, CapKey::Number) };
    let caps = [cap(1, 1, CapKey::Number), both];
    // One address, which A's reminder never uses: B's goes there. Then a cap over
    // all channels for the account keeps the second step from going out.
    let whole = Cap { channels: Channel::ALL.to_vec(), ..cap(10, 1, CapKey::Account) };
    let (carrier, bench) =
        reached(&[caps.as_slice(), &[whole]].concat(), |_| "zoe@example.org").await;
    bench.rounds("2026-03-10T06:00Z", "2026-03-19T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms, Channel::Email]);
    for account in ["A", "B"] {
        assert!(bench.standing(account).await.contains(&pair("deferred", "person_cap")));
    }
    // Ten days after the first there is room again, for one by each channel.
    bench.rounds("2026-03-19T06:00Z", "2026-03-22T06:00Z").await;
    let mut taken = carrier.taken().split_off(2);
    taken.sort();
    assert_eq!(taken, [Channel::Sms, Channel::Email]);
}

/// The mail server bears one a second: whoever is turned away is read again, and
/// waits for no other day.
#[tokio::test]
async fn where_the_next_channel_is_busy_the_reminder_goes_later_that_day() {
    let (_, mut bench) = reached(&[cap(1, 1, CapKey::Number)], |_| "zoe@example.org").await;
    let (texts, mails) = (Carrier::named("texts"), Carrier::named("mails"));
    let limits = Limits { per_second: Some(1), in_flight_max: None };
    let mut providers = Providers::default();
    providers.carry(Channel::Sms, texts.clone());
    providers.carry_within(Channel::Email, mails.clone(), limits);
    bench.workshop.providers = providers;
    let billing = Billing::new();
    for account in ["A", "B", "C", "D"] {
        billing.account(account);
        billing.bill(&format!("of {account}"), account, "2026-03-09");
    }
    bench.workshop.source = billing;
    bench.rounds("2026-03-10T06:00Z", "2026-03-10T20:00Z").await;
    assert_eq!((texts.taken().len(), mails.taken().len()), (1, 3));
    let at: Vec<_> = mails.given().iter().map(|(_, _, at)| *at).collect();
    assert!(at[0] < at[2], "{at:?}");
    for account in ["A", "B", "C", "D"] {
        assert_eq!(bench.standing(account).await, [pair("accepted", "")]);
    }
}

#[tokio::test]
async fn where_the_next_channel_is_stopped_the_reminder_is_put_off() {
    let (carrier, bench) = reached(&[cap(1, 1, CapKey::Number)], |_| "zoe@example.org").await;
    bench.workshop.control.set_control("stop:channel email", Some("on"), at(NOON)).await.unwrap();
    bench.rounds("2026-03-10T06:00Z", "2026-03-11T06:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Sms]);
    let mut states = vec![bench.standing("A").await.remove(0), bench.standing("B").await.remove(0)];
    states.sort();
    assert_eq!(states, [pair("accepted", ""), pair("deferred", "person_cap")]);
}

//! Nobody is contacted more often than the caps allow; what is held back goes
//! out when there is room again.

use duebell::model::Channel;
use duebell::model::law::{Cap, CapKey, Counts};
use duebell::policy::ContactRules;

use super::pair;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::carrier::Carrier;

/// Two accounts with one number, each with a bill due on the ninth.
async fn sharing(caps: &[Cap]) -> (std::sync::Arc<Carrier>, Bench) {
    let billing = Billing::new();
    for account in ["A", "B"] {
        billing.account(account);
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

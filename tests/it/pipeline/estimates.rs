//! What an account is worth and how it pays steers how much is said to it, and
//! by which way.

use std::sync::Arc;

use duebell::model::cause::{DebtClass, SetClass};
use duebell::model::evidence::EvidenceFeed;
use duebell::model::feed::Feed;
use duebell::model::task::Done;
use duebell::model::{Channel, Reason, Task, TaskKind};
use duebell::risk::estimate::Yardsticks;
use duebell::risk::value::Figures;
use duebell::store::{AssessStore, Ended, PlanStore, Spared};

use super::pair;
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;

/// Bills of account `id`, due on the ninth of each month and paid so many days
/// later, and one of March that is not paid.
fn habit(billing: &Billing, id: &str, late: [u32; 6]) {
    billing.account(id);
    let months = ["2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02"];
    for (month, late) in months.into_iter().zip(late) {
        let bill = format!("{id}-{month}");
        billing.bill(&bill, id, &format!("{month}-09"));
        let (issued, paid) = (format!("{month}-01"), format!("{month}-{:02}", 9 + late));
        let settled = [("remaining_amount", "0.00"), ("settled_on", paid.as_str())];
        let ids = [("bill_id", bill.as_str()), ("issued_on", issued.as_str())];
        billing.put(Feed::Bills, &[&ids[..], &settled[..]].concat());
    }
    march(billing, id);
}

fn march(billing: &Billing, id: &str) {
    let bill = format!("{id}-2026-03");
    billing.bill(&bill, id, "2026-03-09");
    billing.put(Feed::Bills, &[("bill_id", &bill), ("issued_on", "2026-03-01")]);
}

/// Two rounds on each day of March from the first up to the last.
async fn days(bench: &Bench, first: u8, last: u8) {
    for day in first..=last {
        bench.round(&format!("2026-03-{day:02}T06:00Z")).await;
        bench.round(&format!("2026-03-{day:02}T09:30Z")).await;
        bench.round(&format!("2026-03-{day:02}T11:00Z")).await;
    }
}

async fn judged(billing: &Arc<Billing>) -> Bench {
    Bench::live(billing.clone()).await.judging()
}

async fn tasks(bench: &Bench) -> Vec<Task> {
    bench.store.desk().tasks(10).await.unwrap()
}

async fn waits(bench: &Bench, reason: Reason) -> Vec<(String, String)> {
    let rows = bench.why_not("A").await.into_iter();
    let waiting = rows.filter(|row| row.is_open && row.reason == reason);
    waiting.map(|row| (row.bill, row.step)).collect()
}

async fn is_done(bench: &Bench, task: &Task, on: &str) {
    let rests = SetClass::after_care("Ann", "agreed", day(on), 30);
    let (by_whom, outcome) = ("Ann".into(), "agreed".into());
    let done =
        Done { at: at(&format!("{on}T12:00Z")), by: by_whom, outcome, satisfied: Some(true) };
    let ended = Ended { done, rests: &rests };
    let ended = bench.store.desk().end_task(&task.id, &ended, &by("Ann", NOON)).await.unwrap();
    assert!(ended.is_some());
}

#[tokio::test]
async fn whoever_always_pays_two_days_late_is_left_alone_and_that_is_counted() {
    let billing = Billing::new();
    habit(&billing, "A", [2, 1, 2, 2, 0, 2]);
    let unjudged = Bench::live(billing.clone()).await;
    days(&unjudged, 6, 11).await;
    let heard = [pair("A-2026-03", "before3"), pair("A-2026-03", "late1")];
    assert_eq!(unjudged.sent().await, heard);

    let bench = judged(&billing).await;
    days(&bench, 6, 10).await;
    assert_eq!(bench.messages().len(), 0);
    assert_eq!(waits(&bench, Reason::SelfCures).await, [pair("A-2026-03", "late1")]);
    let paid = [("remaining_amount", "0.00"), ("settled_on", "2026-03-11")];
    billing.put(Feed::Bills, &[&[("bill_id", "A-2026-03")], &paid[..]].concat());
    days(&bench, 11, 13).await;
    assert_eq!(bench.messages().len(), 0);
    let spared = |step: &str| Spared {
        step: step.into(),
        currency: "EUR".parse().unwrap(),
        kept_back: 1,
        paid_alone: 1,
    };
    assert_eq!(bench.store.desk().spared().await.unwrap(), [spared("before3"), spared("late1")]);
}

#[tokio::test]
async fn whoever_does_not_pay_as_always_is_reminded_when_these_days_are_over() {
    let billing = Billing::new();
    habit(&billing, "A", [2, 1, 2, 2, 0, 2]);
    let bench = judged(&billing).await;
    days(&bench, 6, 13).await;
    assert_eq!(bench.sent().await, [pair("A-2026-03", "late1")]);
    let spared = bench.store.desk().spared().await.unwrap();
    assert!(spared.iter().all(|one| one.paid_alone == 0), "{spared:?}");
    // Three days to wait would have been one too many.
    let sent = &bench.messages()[0];
    assert_eq!(sent.at.strftime("%F").to_string(), "2026-03-12");
}

/// Account A pays in parts, and has not paid March.
fn in_parts() -> Arc<Billing> {
    let billing = Billing::new();
    habit(&billing, "A", [0, 0, 20, 20, 20, 20]);
    for month in ["2025-11", "2025-12", "2026-01", "2026-02"] {
        for (part, day) in [("a", "09"), ("b", "28")] {
            let (id, bill) = (format!("{month}-{part}"), format!("A-{month}"));
            let paid_on = format!("{month}-{day}");
            let ids = [("payment_id", id.as_str()), ("account_id", "A"), ("bill_id", &bill)];
            let rest = [("amount", "25.00"), ("currency", "EUR"), ("state", "settled")];
            let all = [&ids[..], &rest[..], &[("paid_on", paid_on.as_str())]].concat();
            billing.put(Feed::Payments, &all);
        }
    }
    billing
}

#[tokio::test]
async fn whoever_cannot_pay_is_offered_an_arrangement_and_threatened_with_nothing() {
    let billing = in_parts();
    let unjudged = Bench::live(billing.clone()).await;
    for day in [10, 16, 24] {
        days(&unjudged, day, day).await;
    }
    let bill = "A-2026-03";
    let heard = ["late1", "late7", "notice15"].map(|step| pair(bill, step));
    assert_eq!(unjudged.sent().await, heard);
    assert!(unjudged.messages().iter().all(|it| !it.text.contains("instalments")));

    let bench = judged(&billing).await;
    for day in [10, 16, 24] {
        days(&bench, day, day).await;
    }
    let facts = bench.store.facts(&[key("A")], day("2026-03-25")).await.unwrap();
    assert_eq!(facts[0].class, DebtClass::CannotPay);
    assert_eq!(bench.sent().await, [pair(bill, "late1"), pair(bill, "late7")]);
    assert!(bench.messages().iter().all(|it| it.text.contains("instalments")));
    assert_eq!(waits(&bench, Reason::DebtClass).await, [pair(bill, "notice15")]);
    let [task] = &tasks(&bench).await[..] else { panic!("one task") };
    assert_eq!(task.kind, TaskKind::Arrangement);
    assert!(task.reason.contains("in parts"), "{}", task.reason);

    // Nothing was agreed, and the ladder goes on.
    is_done(&bench, task, "2026-03-25").await;
    days(&bench, 26, 26).await;
    assert_eq!(bench.sent().await.last(), Some(&pair(bill, "notice15")));
    assert!(!bench.messages().last().unwrap().text.contains("instalments"));
    assert_eq!(tasks(&bench).await, []);
}

#[tokio::test]
async fn a_key_account_that_owes_for_days_is_called_in_person_once() {
    let billing = Billing::new();
    billing.account("A");
    billing.put(Feed::Accounts, &[("account_id", "A"), ("tier", "key")]);
    march(&billing, "A");
    let bench = judged(&billing).await;
    days(&bench, 10, 11).await;
    assert_eq!(tasks(&bench).await, []);
    days(&bench, 12, 13).await;
    let [task] = &tasks(&bench).await[..] else { panic!("one task") };
    assert_eq!(task.kind, TaskKind::KeyCall);
    let says =
        "key by the billing system; owes 5000 minor units EUR; a call saves 112 and costs 450";
    assert_eq!(task.reason, says);
    is_done(&bench, task, "2026-03-13").await;
    // Whatever is new about it: somebody called already.
    billing.remaining("A-2026-03", "40.00");
    days(&bench, 14, 15).await;
    assert_eq!(tasks(&bench).await, []);
    assert!(!bench.sent().await.is_empty(), "the ladder goes on beside it");
}

/// Figures in which a contact by SMS, and one by e-mail, costs so much.
fn figures(sms: u32, email: u32) -> Figures {
    let text = include_str!("../../../config/value.toml").replace(
        "[cost.EUR]\nsms = 7\nemail = 1",
        &format!("[cost.EUR]\nsms = {sms}\nemail = {email}"),
    );
    Figures::read(&text).unwrap()
}

async fn with_costs(sms: u32, email: u32, is_binding: bool) -> Bench {
    let billing = Billing::new();
    billing.account("A");
    march(&billing, "A");
    let mut bench = judged(&billing).await;
    let figures = figures(sms, email);
    let yardsticks = Yardsticks { figures, is_binding, ..Yardsticks::built_in() };
    bench.workshop.yardsticks = Arc::new(yardsticks);
    days(&bench, 10, 11).await;
    bench
}

#[tokio::test]
async fn no_contact_is_made_that_costs_more_than_it_brings() {
    // Of 50.00 EUR that may be lost with 15 percent, an SMS saves 0.37 and a mail 0.22.
    let ways = |bench: &Bench| bench.messages().iter().map(|it| it.channel).collect::<Vec<_>>();
    let worth = with_costs(36, 21, true).await;
    assert_eq!(ways(&worth), [Channel::Sms]);
    let dear = with_costs(37, 21, true).await;
    assert_eq!(ways(&dear), [Channel::Email]);
    let too_dear = with_costs(37, 22, true).await;
    assert_eq!(ways(&too_dear), []);
    assert_eq!(waits(&too_dear, Reason::NotWorthIt).await, [pair("A-2026-03", "late1")]);
    // A guess stops nothing.
    assert_eq!(ways(&with_costs(37, 22, false).await), [Channel::Sms]);
}

#[tokio::test]
async fn a_small_account_hears_by_the_cheap_way_first() {
    let told = |is_binding| async move {
        let billing = Billing::new();
        for (id, tier) in [("A", "small"), ("B", "main")] {
            billing.account(id);
            billing.put(Feed::Accounts, &[("account_id", id), ("tier", tier)]);
            march(&billing, id);
        }
        let mut bench = judged(&billing).await;
        let yardsticks = Yardsticks { is_binding, ..Yardsticks::built_in() };
        bench.workshop.yardsticks = Arc::new(yardsticks);
        days(&bench, 10, 10).await;
        let mut ways: Vec<Channel> = bench.messages().iter().map(|it| it.channel).collect();
        ways.sort();
        (bench, ways)
    };
    let (_, by_a_guess) = told(false).await;
    assert_eq!(by_a_guess, [Channel::Sms, Channel::Sms]);
    let (bench, ways) = told(true).await;
    assert_eq!(ways, [Channel::Sms, Channel::Email]);
    let facts = bench.store.facts(&[key("A")], day(TODAY)).await.unwrap();
    let estimate = facts[0].estimate.as_ref().unwrap();
    assert!(estimate.thrift(Channel::Email) < estimate.thrift(Channel::Sms));
}

const GENTLE: &str = "[[step]]\nname = \"gentle5\"\noffset_days = -5\nseverity = \"courtesy\"\n\
    channels = [\"sms\"]\nwatched = true\n";

#[tokio::test]
async fn whoever_pays_later_every_month_hears_a_friendly_word_before_the_day() {
    let billing = Billing::new();
    habit(&billing, "A", [0, 3, 6, 9, 12, 15]);
    habit(&billing, "B", [0, 0, 0, 0, 0, 0]);
    let mut bench = judged(&billing).await;
    bench.edit(&format!("{LADDER}{GENTLE}")).await;
    days(&bench, 2, 5).await;
    let list = bench.store.desk().watch_list(day("2026-03-01"), 10).await.unwrap();
    let [one] = &list[..] else { panic!("one is watched: {list:?}") };
    assert_eq!((one.account.as_str(), one.until_on), ("A", day("2026-03-09")));
    assert!(one.warnings[0].says.contains("later with every bill"), "{:?}", one.warnings);
    assert_eq!(bench.sent().await, [pair("A-2026-03", "gentle5")]);
    // Who was never watched has nothing to miss.
    days(&bench, 6, 6).await;
    let of_b = bench.why_not("B").await;
    assert!(of_b.iter().all(|row| row.step != "gentle5"), "{of_b:?}");
    let before = ["A-2026-03", "B-2026-03"].map(|bill| pair(bill, "before3"));
    let mut later = bench.sent().await.split_off(1);
    later.sort();
    assert_eq!(later, before);
}

#[tokio::test]
async fn complaints_that_pile_up_are_for_care_to_look_at_before_anything_is_overdue() {
    let billing = Billing::new();
    habit(&billing, "A", [0, 0, 0, 0, 0, 0]);
    for (id, opened_on) in [("c1", "2026-01-10"), ("c2", "2026-02-10"), ("c3", "2026-02-20")] {
        let ids = [("complaint_id", id), ("account_id", "A"), ("topic", "service")];
        let dates = [("opened_on", opened_on), ("closed_on", "2026-02-25")];
        let feed = Feed::Evidence(EvidenceFeed::Complaints);
        billing.put(feed, &[&ids[..], &dates[..]].concat());
    }
    let bench = judged(&billing).await;
    days(&bench, 2, 4).await;
    let [task] = &tasks(&bench).await[..] else { panic!("one task") };
    assert_eq!(task.kind, TaskKind::Concern);
    assert!(task.reason.contains("complained 3 times in half a year"), "{}", task.reason);
    assert_eq!(bench.messages().len(), 0);
}

/// The contract of an account, with what else is said of it.
fn contract(billing: &Billing, account: &str, more: &[(&str, &str)]) {
    let id = format!("c-{account}");
    let ids = [("contract_id", id.as_str()), ("account_id", account), ("since", "2020-01-01")];
    billing.put(Feed::Evidence(EvidenceFeed::Contracts), &[&ids[..], more].concat());
}

async fn codes(bench: &Bench) -> Vec<(String, String, bool, bool)> {
    let went = bench.store.desk().departures(day("2026-01-01"), None, 10).await.unwrap();
    let mut codes: Vec<_> = went
        .into_iter()
        .map(|one| (one.account.0, one.code, one.offered_on.is_some(), one.back_on.is_some()))
        .collect();
    codes.sort();
    codes
}

fn went(
    account: &str,
    code: &str,
    is_offered: bool,
    is_back: bool,
) -> (String, String, bool, bool) {
    (account.into(), code.into(), is_offered, is_back)
}

#[tokio::test]
async fn whoever_goes_is_counted_by_its_cause_and_offered_a_way_back_once() {
    let billing = Billing::new();
    for id in ["A", "B", "C"] {
        billing.account(id);
        contract(&billing, id, &[]);
    }
    // B never paid, nor said a word.
    billing.bill("b1", "B", "2025-12-15");
    billing.put(Feed::Bills, &[("bill_id", "b1"), ("issued_on", "2025-12-01")]);
    let complaint = [("complaint_id", "c1"), ("account_id", "C"), ("topic", "billing")];
    let said = [("opened_on", "2026-02-10"), ("closed_on", "2026-02-20"), ("satisfied", "no")];
    billing.put(Feed::Evidence(EvidenceFeed::Complaints), &[&complaint[..], &said[..]].concat());
    let bench = judged(&billing).await;
    days(&bench, 2, 2).await;
    assert_eq!(codes(&bench).await, []);

    contract(&billing, "A", &[("ended_on", "2026-03-02")]);
    contract(&billing, "B", &[("barred_on", "2026-03-02")]);
    contract(&billing, "C", &[("ended_on", "2026-03-02")]);
    days(&bench, 3, 4).await;
    let all = [
        went("A", "not_said", true, false),
        went("B", "barred_malicious", false, false),
        went("C", "billing_fault", true, false),
    ];
    assert_eq!(codes(&bench).await, all);
    let open = tasks(&bench).await;
    let mut offers: Vec<&str> = open
        .iter()
        .filter(|task| task.kind == TaskKind::WinBack)
        .map(|task| task.account.as_str())
        .collect();
    offers.sort_unstable();
    assert_eq!(offers, ["A", "C"]);

    // A said why, and came back; the next time it is let go.
    let desk = bench.store.desk();
    assert!(
        desk.set_departure_code(&key("A"), ("better_price", "half the price"), &by("Ann", NOON))
            .await
            .unwrap()
    );
    for task in open.iter().filter(|task| task.account.as_str() == "A") {
        is_done(&bench, task, "2026-03-04").await;
    }
    contract(&billing, "A", &[("ended_on", "")]);
    days(&bench, 5, 6).await;
    assert_eq!(codes(&bench).await[0], went("A", "better_price", true, true));
    contract(&billing, "A", &[("ended_on", "2026-03-07")]);
    days(&bench, 7, 8).await;
    assert_eq!(codes(&bench).await[1], went("A", "not_said", false, false));
    let of_a = tasks(&bench).await.into_iter().filter(|task| task.account.as_str() == "A");
    assert_eq!(of_a.count(), 0);
    let counts = desk.departures_by_code(day("2026-03-01"), day("2026-04-01")).await.unwrap();
    let back: i64 = counts.iter().map(|one| one.came_back).sum();
    assert_eq!((counts.iter().map(|one| one.went).sum::<i64>(), back), (4, 1));
    let left = bench.store.departures(&[key("C")]).await.unwrap();
    assert_eq!(left[0].says, "complained on 2026-02-10, and it was not put right");
}

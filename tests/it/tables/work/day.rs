//! A day of work with all that happens on days: a thousand accounts have a
//! bill due, some pay, some are held, and the provider has its bad hours.

use std::sync::Arc;
use std::time::Duration;

use duebell::model::cause::{DebtClass, Response, Warning};
use duebell::model::departure::{Departure, How};
use duebell::model::evidence::EvidenceFeed;
use duebell::model::experiment::{Arm, Entry};
use duebell::model::facts::{Case, WhyNot};
use duebell::model::feed::Feed;
use duebell::model::law::{Cap, CapKey, Counts};
use duebell::model::notice::Proof;
use duebell::model::receipt::{Fate, PartReceipt, PostedReceipt, Receipt};
use duebell::model::reminder::Transition;
use duebell::model::reply::{Meaning, PostedReply, Reply};
use duebell::model::review::{Outcome, Wanted};
use duebell::model::{
    AccountId, Bucket, Channel, Reason, Reminder, ReminderId, ReminderState, Severity, Task,
    TaskKind, Tenure, Tier, Wish,
};
use duebell::pipeline::lease::Leases;
use duebell::policy::ContactRules;
use duebell::review::Rules;
use duebell::review::readiness::{Asks, Law};
use duebell::store::{
    AdviceStore, AssessStore, Assessed, CaseChange, Decided, Departed, LeaseStore, LedgerStore,
    OutboxStore, PartStore, ReceiptStore, ReplyStore, Submission, Watched,
};

use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::*;
use crate::support::carrier::{Carrier, down, lost, refused};

const DUE: usize = 1_000;
/// The one who wants no more messages.
const SPEAKER: &str = "+4915123456780";
/// The one who says that it is paid.
const PAYER: &str = "+4915123456781";
/// Reminders that no provider takes.
const STUCK: usize = 30;

const FLAGGED: &str = "[repeat_debtor]\nbills = 3\nlate_days = 15\nwindow_days = 365\n";

pub async fn work(url: &str) {
    let billing = Billing::new();
    for n in 1..=DUE {
        let account = format!("A{n}");
        billing.account(&account);
        billing.bill(&format!("N{n}"), &account, "2026-03-09");
    }
    // This one speaks for itself, later.
    billing.put(Feed::Accounts, &[("account_id", "A8"), ("phone", SPEAKER)]);
    billing.put(Feed::Accounts, &[("account_id", "A9"), ("phone", PAYER)]);
    // This one is angry, and was without a line.
    let complaint = Feed::Evidence(EvidenceFeed::Complaints);
    let of_it = [("account_id", "A4"), ("topic", "service"), ("opened_on", "2026-03-01")];
    billing.put(complaint, &[&[("complaint_id", "C1")], &of_it[..]].concat());
    billing.put(Feed::Accounts, &[("account_id", "A4"), ("area", "west")]);
    let outage = [("outage_id", "O1"), ("area", "west"), ("starts_on", "2026-02-27")];
    billing.put(Feed::Evidence(EvidenceFeed::Outages), &outage);
    // The account of this bill comes later.
    billing.bill("X1", "X", "2026-03-09");
    billing.put(Feed::Bills, &[("bill_id", "broken"), ("account_id", "A1"), ("amount", "a lot")]);
    billing.hold("H1", "A5", "complaint", &[]);
    billing.payment("P1", "A6", "pending");

    let mut bench = Bench::served(url, billing.clone()).await.judging();
    let cap = |key| {
        let (channels, counts) = (Channel::ALL.to_vec(), Counts::Attempts);
        Cap { channels, window_days: 7, limit: 9_999, key, counts, only: None }
    };
    let caps = vec![cap(CapKey::Number), cap(CapKey::Account)];
    bench.workshop.contact = ContactRules::lawless().with_caps(caps).into();
    let leases = Leases::new(bench.store.clone(), Duration::from_secs(3_600));
    bench.workshop.leases = Arc::new(leases);
    let carrier = Carrier::new();
    bench.workshop.providers = carrier.carries_all(false);
    // As many at a time as the bound on rows speaks of.
    bench.workshop.settings.plan_page = 500;
    bench.edit(&format!("{LADDER}{FLAGGED}")).await;
    bench.go_live("2020-01-01").await;

    morning(&bench, &billing).await;
    collisions(&bench).await;
    hours(&bench, &carrier).await;
    reviews(&bench).await;
    tomorrow(&bench, &billing).await;
    leases_change_hands(&bench).await;
    bench.store.close().await;
}

/// What is read is decided about; some of it changes before it is sent.
async fn morning(bench: &Bench, billing: &Billing) {
    bench.workshop.leases.beat().await.unwrap();
    bench.round("2026-03-10T06:00Z").await;
    billing.account("X");
    billing.remaining("N7", "0.00");
    bench.round("2026-03-10T08:00Z").await;
    bench.store.touch_feed(Feed::Holds, at("2026-03-10T08:01Z")).await.unwrap();
    // Buckets of this store are not those of names.
    let mut keys = Vec::new();
    for id in ["A4", "A5"].map(AccountId::from) {
        keys.push((bench.store.desk().bucket(&id).await.unwrap().unwrap(), id));
    }
    let known = bench.store.load_evidence(&keys, day(TODAY)).await.unwrap();
    let angry = &known[&keys[0].1];
    assert_eq!((known.len(), angry.complaints.len(), angry.outages.len()), (1, 1, 1));
}

/// What is new as a rule and for once is not: keys that are taken, a place that
/// is, a reminder and a case that are there already.
async fn collisions(bench: &Bench) {
    let store = &bench.store;
    let due = store.due(&Bucket::all(), None, at("2026-03-10T09:00Z"), 1).await.unwrap();
    let one = &due[0].reminder;
    let tomorrow = day("2026-03-11");
    let id = ReminderId::derive(one.bucket(), &one.account, tomorrow, 0);
    let other = Reminder { id, day: tomorrow, ..one.clone() };
    let again = Submission { proof: Some(proof()), ..submission(one) };
    let marked = store
        .submit(&alone(), std::slice::from_ref(&again), at("2026-03-10T09:00Z"))
        .await
        .unwrap();
    assert_eq!(marked.marked, [one.id]);
    for late in [again, submission(&other)] {
        assert_eq!(
            store.submit(&alone(), &[late], at("2026-03-10T09:00Z")).await.unwrap().marked,
            []
        );
    }
    let refs = vec!["m1".to_owned()];
    let accepted = Transition { state: ReminderState::Accepted, seq: 1, refs, ..mark(one) };
    assert_eq!(store.append(&alone(), std::slice::from_ref(&accepted)).await.unwrap(), 1);
    assert_eq!(store.append(&alone(), &[accepted]).await.unwrap(), 0);
    // A receipt by the provider's reference, and one about nothing of ours.
    let receipt = |provider_ref: &str| PartReceipt {
        provider_ref: provider_ref.to_owned(),
        fate: Fate::Delivered,
        at: at("2026-03-10T09:00Z"),
    };
    let both = [receipt("m1"), receipt("m9")];
    store.park("carrier", &both, at("2026-03-10T09:00Z")).await.unwrap();

    let case = Case { opened_on: day(TODAY), stage: Severity::Soft, policy: one.policy.clone() };
    let twice = Decided {
        bucket: one.bucket(),
        account: one.account.clone(),
        reminders: vec![(one.clone(), terms(&one.items))],
        is_observed: false,
        cancel: Vec::new(),
        why_not: vec![WhyNot {
            bill: one.items[0].bill.clone(),
            step: "late7".to_owned(),
            step_on: day(TODAY),
            limit_on: day(TODAY),
            reason: Reason::SelfCures,
            is_open: true,
        }],
        case: Some(CaseChange { ends: None, opens: Some(case) }),
        flag: None,
        enters: Some(Entry {
            experiment: "does it work".to_owned(),
            bucket: one.bucket(),
            account: one.account.clone(),
            arm: Arm::Reminded,
            bill: one.items[0].bill.clone(),
            on: day(TODAY),
            limit_on: day(TODAY),
            tier: "ordinary",
        }),
        touched: 0,
    };
    record(store, vec![twice]).await;
}

fn proof() -> Proof {
    let [template, template_version, language] = ["hard", "0123456789ab", "en"].map(str::to_owned);
    let (address, subject, body) = (None, None, "Please pay.".to_owned());
    Proof { template, template_version, language, address, subject, body }
}

fn submission(reminder: &Reminder) -> Submission {
    Submission {
        reminder: reminder.id,
        account: reminder.account.clone(),
        day: reminder.day,
        items: reminder.items.clone(),
        counted: None,
        proof: None,
        has_another: false,
        was_taken: false,
        mark: mark(reminder),
    }
}

fn mark(reminder: &Reminder) -> Transition {
    Transition {
        reminder: reminder.id,
        seq: 0,
        state: ReminderState::Submitting,
        at: at("2026-03-10T09:00Z"),
        attempt: 1,
        channel: Some(Channel::Sms),
        provider: Some("carrier".into()),
        provider_ref: None,
        refs: Vec::new(),
        reason: None,
        note: None,
        next_at: None,
    }
}

/// Most are taken at once and delivered. Some are refused, of some nobody
/// knows, and some find the provider down until their window closes.
async fn hours(bench: &Bench, carrier: &Carrier) {
    carrier.will((0..STUCK).flat_map(|_| [down()]).chain([refused(), lost(), lost()]));
    let stages = bench.stages();
    stages.round(at("2026-03-10T09:00Z")).await.unwrap();
    let taken: Vec<PostedReceipt> = carrier
        .given()
        .iter()
        .map(|(key, ..)| PostedReceipt {
            provider: "carrier".into(),
            message_id: key.to_string().into(),
            ordinal: 0,
            receipt: Receipt { key: *key, fate: Fate::Delivered, at: at("2026-03-10T09:01Z") },
            received_at: at("2026-03-10T09:01Z"),
        })
        .skip(STUCK + 3)
        .collect();
    for some in taken.chunks(250) {
        bench.store.keep(some).await.unwrap();
    }
    let mut wish = texted("wish", PAYER);
    wish.reply.meaning = Meaning::Wish(Wish::Language(Some("fr".into())));
    let said = [texted("STOP", SPEAKER), texted("PAID", PAYER), wish];
    bench.store.keep_replies(&said).await.unwrap();
    for hour in 10..=21 {
        // Those of the next channel included, which is tried at once.
        carrier.will((0..2 * STUCK).map(|_| down()));
        stages.round(at(&format!("2026-03-10T{hour}:00Z"))).await.unwrap();
    }
}

fn texted(words: &str, from: &str) -> PostedReply {
    let at = at("2026-03-10T09:30Z");
    let meaning = Meaning::Text(words.into());
    let (channel, from) = (Channel::Sms, Some(from.to_owned()));
    PostedReply {
        provider: "carrier".into(),
        message_id: words.into(),
        ordinal: 0,
        reply: Reply { channel, about: None, from, meaning, at },
        received_at: at,
    }
}

/// Somebody proposes to end a contract, of one who pays tomorrow, and hands
/// another on, which leaves as advice.
async fn reviews(bench: &Bench) {
    let store = &bench.store;
    let (now, law) = (at("2026-03-10T22:00Z"), Law::new(Asks::default(), |_| false));
    let settings = duebell::review::Settings::default();
    let rules = Rules { settings, law, care_hours: 24, rest_days: 30 };
    for (account, outcome) in [("A10", Outcome::Terminate), ("A11", Outcome::FraudTransfer)] {
        let account = AccountId::from(account);
        let bucket = store.desk().bucket(&account).await.unwrap().unwrap();
        let why = "three bills were late".to_owned();
        let case = Task::open((bucket, account), TaskKind::Review, why, now, None);
        let page = Assessed { tasks: vec![case.clone()], ..Assessed::default() };
        store.record_assessed(&alone(), &page).await.unwrap();
        let (reason, note) = ("repeat_debtor".to_owned(), "no answer".to_owned());
        let wanted = Wanted { outcome, instalments: None, reason, note };
        let ann = by("Ann", "2026-03-10T22:00Z");
        store.desk().propose(&case.id, &wanted, &rules, &ann).await.unwrap();
    }
    store.record_assessed(&alone(), &gone_and_watched()).await.unwrap();
    let advice = store.advice_due(&Bucket::all(), now, 100).await.unwrap().remove(0).advice;
    store.advice_failed(&alone(), &advice, "answered 503", Some(now)).await.unwrap();
    store.advice_taken(&alone(), &advice, now).await.unwrap();
}

/// One account left, one is with us again, one is worth a friendly word.
fn gone_and_watched() -> Assessed {
    let (bucket, account) = key("A12");
    let warning = Warning {
        rule: "drifts later".to_owned(),
        response: Response::Gentle,
        says: "paid later each time".to_owned(),
        weight: 10,
    };
    let watched = Watched {
        bucket,
        account,
        watched_on: day(TODAY),
        until_on: day(TODAY),
        warnings: vec![warning],
    };
    let (bucket, account) = key("A13");
    let went = Departure {
        account,
        left_on: day(TODAY),
        how: How::Left,
        code: "not_said".to_owned(),
        says: "the contract ended".to_owned(),
        class: DebtClass::Unknown,
        tier: Tier::Ordinary,
        attributed_on: day(TODAY),
        set_by: None,
        offered_on: None,
        back_on: None,
    };
    let (back_in, back) = key("A14");
    let departed = Departed { went: vec![(bucket, went)], back: vec![(back_in, back, day(TODAY))] };
    Assessed { watched: vec![watched], departed, ..Assessed::default() }
}

/// Most have paid. What no provider took stays due, and what nobody knows of
/// is waited for until its time is over.
async fn tomorrow(bench: &Bench, billing: &Billing) {
    for n in 1..=DUE {
        if n % 9 != 0 {
            billing.remaining(&format!("N{n}"), "0.00");
        }
    }
    bench.rounds("2026-03-11T06:00Z", "2026-03-11T10:00Z").await;
    bench.round("2026-03-20T10:00Z").await;
}

async fn leases_change_hands(bench: &Bench) {
    let shift = bench.workshop.shift();
    let held = shift.tenure();
    bench.store.confirm(held, &Bucket::all()).await.unwrap();
    let some = Tenure::new(held.owner(), held.iter().take(200));
    assert_eq!(bench.store.release(&some).await.unwrap(), 200);
}

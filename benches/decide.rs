//! How many accounts one core decides about in a second.
//!
//! `cargo bench --bench decide`: accounts with one to six open bills on a
//! ladder of five steps, some with holds, most with a history.

use std::hint::black_box;
use std::time::{Duration, Instant};

use duebell::model::cause::DebtClass;
use duebell::model::id::spread;
use duebell::model::notice::MessageClass;
use duebell::model::{
    Account, Bill, Bucket, Channel, Contacts, EmailAddress, Hold, HoldKind, Item, PhoneNumber,
    Reason, Severity, Tier,
};
use duebell::policy::{
    AccountFacts, Case, ContactWindow, Scenario, SentItem, Standing, Step, WhyNot, decide,
};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

const TODAY: Date = date(2026, 3, 20);
/// About as many as are planned in one go.
const ACCOUNTS: u64 = 2_000;
const ROUNDS: usize = 200;

fn days_from_today(days: i64) -> Date {
    TODAY.saturating_add(jiff::Span::new().days(days))
}

fn ladder() -> Scenario {
    let step = |name: &str, offset_days, severity| Step {
        class: MessageClass::Reminder,
        watched: false,
        name: name.to_owned(),
        offset_days,
        severity,
        channels: vec![Channel::Sms, Channel::Email],
        template: None,
        notice_gap_days: 7,
        patience_min: None,
    };
    Scenario {
        name: "standard".to_owned(),
        segments: Vec::new(),
        default: true,
        tolerance: 99,
        window: ContactWindow::default(),
        law: None,
        repeat_debtor: None,
        claims: Default::default(),
        steps: vec![
            step("pre3", -3, Severity::Courtesy),
            step("late1", 1, Severity::Soft),
            step("late7", 7, Severity::Soft),
            step("late15", 15, Severity::Soft),
            step("restrict30", 30, Severity::Hard),
        ],
    }
}

/// The `number`th account: the same in every run, and unlike its neighbour.
fn account(number: u64, scenario: &Scenario) -> AccountFacts {
    let mut draws = 0;
    let mut draw = |below: u64| {
        draws += 1;
        spread(&format!("{number} {draws}")) % below
    };
    let id = format!("ACC-{number:08}");
    let mut facts = AccountFacts {
        account: Account {
            bucket: Bucket::of(&id),
            id: id.as_str().into(),
            name: "Ada Lovelace".to_owned(),
            language: "en".to_owned(),
            zone: TimeZone::UTC,
            tier: Tier::Ordinary,
            segment: String::new(),
            area: String::new(),
            person: None,
            agreed: Vec::new(),
            suppressed: Vec::new(),
            wishes: duebell::model::Wishes::default(),
            contacts: Contacts {
                phone: Some(PhoneNumber::from_stored("+4915123456789".to_owned())),
                email: Some(EmailAddress::from_stored("ada@example.org".to_owned())),
                preferred: (draw(4) == 0).then_some(Channel::Email),
            },
        },
        bills: Vec::new(),
        holds: Vec::new(),
        pending: Vec::new(),
        sent: Vec::new(),
        in_hand: Vec::new(),
        recorded: Vec::new(),
        case: None,
        class: DebtClass::Unknown,
        arm: None,
        estimate: None,
        is_watched: false,
        touched: 0,
        revisions: Default::default(),
    };
    for nth in 0..1 + draw(6) {
        let due_on = days_from_today(draw(40) as i64 - 36 - 30 * (nth as i64 / 2));
        let bill = Bill {
            id: format!("INV-{number:08}-{nth}").as_str().into(),
            currency: "EUR".parse().expect("a known currency"),
            amount: 5000,
            remaining: if draw(10) == 0 { 50 } else { 5000 },
            issued_on: due_on.saturating_sub(jiff::Span::new().days(30)),
            due_on,
            settled_on: None,
        };
        for step in &scenario.steps {
            let on = due_on.saturating_add(jiff::Span::new().days(step.offset_days));
            let item = Item { bill: bill.id.clone(), step: step.name.clone() };
            if on < TODAY && draw(3) > 0 {
                facts.sent.push(SentItem { item, day: on, standing: Standing::Delivered });
            } else if on < TODAY {
                facts.recorded.push(WhyNot {
                    bill: item.bill,
                    step: item.step,
                    step_on: on,
                    limit_on: on,
                    reason: Reason::Superseded,
                    is_open: false,
                });
            }
        }
        facts.bills.push(bill);
    }
    if draw(5) == 0 {
        facts.holds.push(Hold {
            id: format!("H-{number}"),
            kind: HoldKind::ALL[draw(6) as usize],
            bill: None,
            starts_on: days_from_today(-10),
            ends_on: Some(days_from_today(draw(20) as i64 - 5)),
            amount: None,
        });
    }
    facts.case = facts.sent.iter().map(|sent| sent.day).min().map(|opened_on| Case {
        opened_on,
        stage: Severity::Soft,
        policy: "0123456789ab".to_owned(),
    });
    facts
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn main() {
    let scenario = ladder();
    assert_eq!(scenario.problems(), []);
    let accounts: Vec<AccountFacts> =
        (0..ACCOUNTS).map(|number| account(number, &scenario)).collect();
    let live_since = Some(date(2025, 1, 1));
    let decisions = accounts.iter().map(|facts| decide(facts, &scenario, live_since, TODAY));
    let (mut reminders, mut rows) = (0, 0);
    for decision in decisions {
        reminders += usize::from(decision.reminder.is_some());
        rows += decision.why_not.len();
    }
    let bills: usize = accounts.iter().map(|facts| facts.bills.len()).sum();
    println!(
        "{ACCOUNTS} accounts, {bills} bills: {reminders} reminders and {rows} why-not rows a round"
    );

    let best = (0..ROUNDS)
        .map(|_| {
            timed(|| {
                for facts in &accounts {
                    black_box(decide(black_box(facts), &scenario, live_since, TODAY));
                }
            })
        })
        .min()
        .expect("there is a round");
    let seconds = best.as_secs_f64();
    println!(
        "decide: {:.0} decisions per second, {:.3} µs per decision (best of {ROUNDS} rounds, one core)",
        ACCOUNTS as f64 / seconds,
        seconds * 1e6 / ACCOUNTS as f64,
    );
}

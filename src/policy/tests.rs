//! The rules, told as facts; the properties that hold for every account are in
//! the files below.

mod estimates;
mod generate;
mod properties;
mod simulate;
mod windows;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::*;
use crate::model::billing::plus_days;
use crate::model::cause::DebtClass;
use crate::model::notice::MessageClass;
use crate::model::{
    Account, BillId, Bucket, Contacts, EmailAddress, Hold, HoldKind, Payment, PaymentState,
    PhoneNumber, ReminderId, Severity, Tier, Wishes,
};

/// The day around which everything is placed.
pub(super) const TODAY: Date = date(2026, 3, 20);

fn step(name: &str, offset_days: i32, severity: Severity) -> Step {
    Step {
        class: MessageClass::Reminder,
        watched: false,
        name: name.to_owned(),
        offset_days,
        severity,
        channels: vec![Channel::Sms, Channel::Email],
        template: None,
        notice_gap_days: 0,
        patience_min: None,
    }
}

fn scenario(steps: Vec<Step>) -> Scenario {
    let scenario = Scenario {
        name: "standard".to_owned(),
        segments: Vec::new(),
        default: true,
        tolerance: 0,
        window: ContactWindow::default(),
        law: None,
        repeat_debtor: None,
        claims: claim::ClaimRules::default(),
        steps,
    }
    .in_order();
    assert_eq!(scenario.problems(), []);
    scenario
}

/// pre3, soft7, soft15, and hard30 a week after a soft notice.
fn ladder() -> Scenario {
    let mut hard = step("hard30", 30, Severity::Hard);
    hard.notice_gap_days = 7;
    scenario(vec![
        step("pre3", -3, Severity::Courtesy),
        step("soft7", 7, Severity::Soft),
        step("soft15", 15, Severity::Soft),
        hard,
    ])
}

/// An account that can be reached everywhere and owes nothing yet.
pub(super) fn facts(bills: Vec<Bill>) -> AccountFacts {
    AccountFacts {
        account: Account {
            bucket: Bucket::of("A1"),
            id: "A1".into(),
            name: "Ada".to_owned(),
            language: "en".to_owned(),
            zone: TimeZone::UTC,
            tier: Tier::Ordinary,
            segment: String::new(),
            area: String::new(),
            person: None,
            agreed: Vec::new(),
            suppressed: Vec::new(),
            wishes: Wishes::default(),
            contacts: Contacts {
                phone: Some(PhoneNumber::from_stored("+4915123456789".to_owned())),
                email: Some(EmailAddress::from_stored("ada@example.org".to_owned())),
                preferred: None,
            },
        },
        bills,
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
    }
}

/// A bill of 50.00, all unpaid, issued 30 days before it is due.
fn bill(id: &str, due_on: Date) -> Bill {
    Bill {
        id: id.into(),
        currency: "EUR".parse().unwrap(),
        amount: 5000,
        remaining: 5000,
        issued_on: plus_days(due_on, -30),
        due_on,
        settled_on: None,
    }
}

/// A bill that is `days` past due today.
pub(super) fn overdue(id: &str, days: i32) -> Bill {
    bill(id, plus_days(TODAY, -days))
}

/// The offset day of the `step`th step, from DESIGN section 5 rather than from the rules.
fn day_of(scenario: &Scenario, bill: &Bill, step: usize) -> Date {
    plus_days(bill.due_on, scenario.steps[step].offset_days)
}

/// The last day on which the `step`th step may go out, likewise.
fn limit_of(scenario: &Scenario, bill: &Bill, step: usize) -> Date {
    let is_last = step + 1 == scenario.steps.len();
    let limit = if is_last {
        plus_days(day_of(scenario, bill, step), 30)
    } else {
        plus_days(day_of(scenario, bill, step + 1), -1)
    };
    let is_courtesy = scenario.steps[step].severity == Severity::Courtesy;
    if is_courtesy { limit.min(bill.due_on) } else { limit }
}

fn items(decision: &Decision) -> Vec<(&str, &str)> {
    let items = decision.reminder.iter().flat_map(|reminder| &reminder.items);
    items.map(|item| (item.bill.as_str(), item.step.as_str())).collect()
}

fn reasons(decision: &Decision) -> Vec<(&str, &str, Reason)> {
    let rows = decision.why_not.iter();
    rows.map(|row| (row.bill.as_str(), row.step.as_str(), row.reason)).collect()
}

#[test]
fn a_step_whose_last_day_passed_while_we_were_down_is_recorded() {
    let decision = decide(&facts(vec![overdue("B1", 2)]), &ladder(), Some(date(2026, 1, 1)), TODAY);
    assert_eq!(items(&decision), []);
    assert_eq!(reasons(&decision), [("B1", "pre3", Reason::LapsedStep)]);
}

#[test]
fn an_old_debt_found_after_going_live_is_not_recorded_step_by_step() {
    let decision = decide(&facts(vec![overdue("B1", 90)]), &ladder(), Some(TODAY), TODAY);
    assert_eq!(decision, Decision::default());
}

#[test]
fn a_soft_notice_that_goes_out_in_place_of_a_hard_one_is_not_called_superseded() {
    let decision = decide(&facts(vec![overdue("B1", 30)]), &ladder(), None, TODAY);
    assert_eq!(items(&decision), [("B1", "soft15")]);
    assert_eq!(
        reasons(&decision),
        [
            ("B1", "pre3", Reason::Superseded),
            ("B1", "soft7", Reason::Superseded),
            ("B1", "hard30", Reason::NoticeGap),
        ]
    );
}

#[test]
fn an_observed_soft_notice_is_not_observed_every_day_until_the_hard_one_lapses() {
    let mut facts = facts(vec![overdue("B1", 31)]);
    facts.recorded = vec![WhyNot {
        bill: "B1".into(),
        step: "soft15".to_owned(),
        step_on: plus_days(TODAY, -16),
        limit_on: plus_days(TODAY, -2),
        reason: Reason::Observed,
        is_open: false,
    }];
    assert_eq!(items(&decide(&facts, &ladder(), None, TODAY)), []);

    // Once live, what was only observed warned nobody.
    let live_since = Some(plus_days(TODAY, -1));
    assert_eq!(items(&decide(&facts, &ladder(), live_since, TODAY)), [("B1", "soft15")]);
}

#[test]
fn absurd_numbers_in_a_scenario_are_named_and_not_fallen_over() {
    for offset_days in [i32::MIN, i32::MAX] {
        let mut scenario = ladder();
        scenario.steps[1].offset_days = offset_days;
        assert!(scenario.problems().iter().any(|it| it.field.ends_with("offset_days")));
    }
    for (late_days, window_days) in [(i32::MAX, 365), (15, i32::MAX)] {
        let rule = repeat_debtor::RepeatDebtorRule { late_days, window_days, bills: 3 };
        assert!(rule.check().is_err());
    }
}

#[test]
fn absurd_sums_on_their_way_are_still_money_on_its_way() {
    let mut facts = facts(vec![overdue("B1", 7)]);
    let payment = |id: &str| Payment {
        id: id.to_owned(),
        bill: Some("B1".into()),
        currency: "EUR".parse().unwrap(),
        amount: i64::MAX,
        paid_on: TODAY,
        reversed_on: None,
        state: PaymentState::Pending,
    };
    facts.pending = vec![payment("P1"), payment("P2")];
    let decision = decide(&facts, &ladder(), None, TODAY);
    assert_eq!(items(&decision), []);
    assert!(reasons(&decision).contains(&("B1", "soft7", Reason::PendingPayment)));
}

/// Everything that can speak against a hard step, in the order in which it is named.
const AGAINST: [Reason; 16] = [
    Reason::Paid,
    Reason::PendingPayment,
    Reason::HoldExemption,
    Reason::HoldPromise,
    Reason::HoldHardship,
    Reason::HoldMoratorium,
    Reason::HoldComplaint,
    Reason::HoldPaid,
    Reason::HoldStaff,
    Reason::Disputed,
    Reason::DebtClass,
    Reason::Holdout,
    Reason::NoticeGap,
    Reason::BelowTolerance,
    Reason::AccountCap,
    Reason::NoContact,
];

/// A hard step, warned of in time, and all of `reasons` against it.
fn facts_against(reasons: &[Reason]) -> AccountFacts {
    let mut facts = facts(vec![overdue("B1", 30)]);
    let sent = |bill: &str, step: &str, ago: i32, standing| SentItem {
        item: Item { bill: bill.into(), step: step.to_owned() },
        day: plus_days(TODAY, -ago),
        standing,
    };
    let hold = |kind| Hold {
        id: format!("{kind:?}"),
        kind,
        bill: None,
        starts_on: TODAY,
        ends_on: Some(TODAY),
        amount: None,
    };
    let policy = ladder().version();
    facts.case = Some(Case { opened_on: plus_days(TODAY, -33), stage: Severity::Soft, policy });
    facts.sent.push(sent("B1", "soft15", 15, Standing::Delivered));
    for reason in reasons {
        match reason {
            Reason::Paid => facts.bills[0].remaining = 0,
            Reason::PendingPayment => facts.pending.push(Payment {
                id: "P1".to_owned(),
                bill: Some("B1".into()),
                currency: "EUR".parse().unwrap(),
                amount: 5000,
                paid_on: TODAY,
                reversed_on: None,
                state: PaymentState::Pending,
            }),
            Reason::HoldExemption => facts.holds.push(hold(HoldKind::Exemption)),
            Reason::HoldPromise => facts.holds.push(hold(HoldKind::Promise)),
            Reason::HoldHardship => facts.holds.push(hold(HoldKind::Hardship)),
            Reason::HoldMoratorium => facts.holds.push(hold(HoldKind::Moratorium)),
            Reason::HoldComplaint => facts.holds.push(hold(HoldKind::Complaint)),
            Reason::HoldPaid => facts.holds.push(hold(HoldKind::Paid)),
            Reason::HoldStaff => facts.holds.push(hold(HoldKind::Staff)),
            Reason::Disputed => facts.holds.push(hold(HoldKind::Dispute)),
            Reason::DebtClass => facts.class = DebtClass::Malicious,
            Reason::Holdout => facts.arm = Some(Arm::Holdout),
            Reason::NoticeGap => facts.sent[0].standing = Standing::Open,
            Reason::BelowTolerance if facts.bills[0].remaining > 0 => facts.bills[0].remaining = 99,
            Reason::AccountCap => facts.sent.push(sent("B2", "pre3", 0, Standing::Open)),
            Reason::NoContact => facts.account.contacts = Contacts::default(),
            _ => {}
        }
    }
    facts
}

#[test]
fn the_class_says_who_hears_a_step_at_all() {
    let notice = Step { class: MessageClass::Statutory, ..step("soft1", 1, Severity::Soft) };
    let ladder = |rung: &Step| Scenario { steps: vec![rung.clone()], ..ladder() };
    let courtesy = step("soft1", 1, Severity::Courtesy);
    let soft = step("soft1", 1, Severity::Soft);
    for (class, rung, is_heard) in [
        (DebtClass::Unknown, &soft, true),
        (DebtClass::Forgetful, &soft, true),
        (DebtClass::CannotPay, &soft, true),
        (DebtClass::CannotPay, &courtesy, true),
        (DebtClass::CannotPay, &notice, true),
        (DebtClass::Retaliatory, &soft, false),
        (DebtClass::Retaliatory, &courtesy, false),
        (DebtClass::Retaliatory, &notice, false),
        (DebtClass::Malicious, &soft, false),
        (DebtClass::Malicious, &courtesy, false),
        (DebtClass::Malicious, &notice, true),
    ] {
        let days = if rung.severity == Severity::Courtesy { 0 } else { 1 };
        let rung = Step { offset_days: days, ..rung.clone() };
        let facts = AccountFacts { class, ..facts(vec![overdue("B1", days)]) };
        let decision = decide(&facts, &ladder(&rung), None, TODAY);
        assert_eq!(decision.reminder.is_some(), is_heard, "{class} {rung:?}");
        let reasons: Vec<Reason> = decision.why_not.iter().map(|row| row.reason).collect();
        assert_eq!(reasons.contains(&Reason::DebtClass), !is_heard, "{class} {rung:?}");
        let objection = objection(&facts, &ladder(&rung), (&facts.bills[0], "soft1"), TODAY);
        assert_eq!(objection, (!is_heard).then_some(Reason::DebtClass));
    }
}

#[test]
fn no_soft_step_speaks_to_the_malicious_in_the_place_of_a_hard_notice() {
    let mut scenario = ladder();
    let hard = scenario.steps.last_mut().unwrap();
    hard.class = MessageClass::Statutory;
    let mut facts = facts(vec![overdue("B1", 30)]);
    let speaks = decide(&facts, &scenario, None, TODAY).reminder.unwrap();
    assert_eq!(speaks.step, "soft15");
    facts.class = DebtClass::Malicious;
    let decision = decide(&facts, &scenario, None, TODAY);
    assert_eq!(decision.reminder, None);
    assert!(decision.why_not.iter().any(|row| row.reason == Reason::DebtClass && row.is_open));
}

#[test]
fn of_several_reasons_the_first_is_recorded() {
    assert!(AGAINST.is_sorted());
    let scenario = Scenario { tolerance: 99, ..ladder() };
    for mask in 0..1 << AGAINST.len() {
        let reasons: Vec<Reason> =
            (0..AGAINST.len()).filter(|bit| mask & (1 << bit) != 0).map(|it| AGAINST[it]).collect();
        let decision = decide(&facts_against(&reasons), &scenario, None, TODAY);
        let row = decision.why_not.iter().find(|row| row.step == "hard30");
        assert_eq!(row.map(|row| row.reason), reasons.first().copied(), "{reasons:?}");
        assert_eq!(decision.reminder.is_some(), reasons.is_empty(), "{reasons:?}");
    }
}

#[test]
fn a_soft_notice_in_hand_for_another_day_is_awaited_and_todays_is_decided_again() {
    let mut facts = facts(vec![overdue("B1", 30), overdue("B2", 7)]);
    let mut in_hand = InHand {
        reminder: ReminderId::derive(Bucket::FIRST, &"A1".into(), TODAY, 0),
        day: TODAY,
        revision: 0,
        items: vec![Item { bill: "B2".into(), step: "soft7".to_owned() }],
        terms: Vec::new(),
        policy: ladder().version(),
        channels: Vec::new(),
        window: (Timestamp::MIN, Timestamp::MAX),
    };
    facts.in_hand = vec![in_hand.clone()];
    let today = decide(&facts, &ladder(), None, TODAY);
    assert_eq!(items(&today), [("B1", "soft15"), ("B2", "soft7")]);

    in_hand.day = plus_days(TODAY, -1);
    facts.in_hand = vec![in_hand];
    assert_eq!(items(&decide(&facts, &ladder(), None, TODAY)), []);
}

#[track_caller]
fn check_cured(stage: Severity, bills: Vec<Bill>, expected: bool) {
    let mut facts = facts(bills);
    let opened_on = plus_days(TODAY, -20);
    facts.case = Some(Case { opened_on, stage, policy: ladder().version() });
    let scenario = Scenario { tolerance: 99, ..ladder() };
    assert_eq!(decide(&facts, &scenario, None, TODAY).cures, expected);
}

#[test]
fn an_account_is_cured_when_nothing_is_overdue() {
    let crumb = Bill { remaining: 99, ..overdue("B1", 20) };
    for stage in [Severity::Soft, Severity::Hard] {
        check_cured(stage, vec![], true);
        check_cured(stage, vec![crumb.clone()], true);
        check_cured(stage, vec![overdue("B1", 0)], true);
        check_cured(stage, vec![overdue("B1", 1)], false);
        check_cured(stage, vec![overdue("B1", -9), overdue("B2", 20)], false);
    }
}

#[test]
fn a_courtesy_is_over_when_nothing_is_left_to_remind_of() {
    check_cured(Severity::Courtesy, vec![], true);
    check_cured(Severity::Courtesy, vec![overdue("B1", -4)], true);
    check_cured(Severity::Courtesy, vec![overdue("B1", -3)], false);
    check_cured(Severity::Courtesy, vec![overdue("B1", 2)], false);
}

#[test]
fn an_account_without_a_case_has_nothing_to_be_cured_of() {
    assert!(!decide(&facts(vec![]), &ladder(), None, TODAY).cures);
}

#[test]
fn a_closed_row_stays_what_it_was_when_the_step_lapses() {
    let mut facts = facts(vec![overdue("B1", 2)]);
    let paid = WhyNot {
        bill: "B1".into(),
        step: "pre3".to_owned(),
        step_on: plus_days(TODAY, -5),
        limit_on: plus_days(TODAY, -2),
        reason: Reason::Paid,
        is_open: false,
    };
    // The payment bounced; the courtesy was rightly not sent all the same.
    facts.recorded = vec![paid.clone()];
    assert_eq!(decide(&facts, &ladder(), None, TODAY), Decision::default());

    facts.recorded = vec![WhyNot { reason: Reason::HoldPromise, is_open: true, ..paid }];
    let decision = decide(&facts, &ladder(), None, TODAY);
    assert_eq!(reasons(&decision), [("B1", "pre3", Reason::LapsedStep)]);
}

#[test]
fn money_on_its_way_in_another_currency_pays_nothing() {
    let mut facts = facts_against(&[Reason::PendingPayment]);
    facts.pending[0].currency = "USD".parse().unwrap();
    assert_eq!(items(&decide(&facts, &ladder(), None, TODAY)), [("B1", "hard30")]);
}

#[test]
fn a_notice_must_reach_who_stopped_all_else_and_is_about_something_due() {
    let notice = |severity, offset_days, channels: &[Channel]| {
        let channels = channels.to_vec();
        let class = MessageClass::Statutory;
        let steps = vec![Step { class, channels, ..step("notice", offset_days, severity) }];
        let problems = Scenario { steps, ..ladder() }.problems();
        problems.into_iter().map(|it| it.field).collect::<Vec<_>>()
    };
    let with_letter = [Channel::Email, Channel::Letter];
    assert_eq!(notice(Severity::Soft, 10, &with_letter), [""; 0]);
    assert_eq!(notice(Severity::Soft, 10, &[Channel::Email]), [r#"step "notice": channels"#]);
    assert_eq!(notice(Severity::Courtesy, -1, &with_letter), [r#"step "notice": class"#]);
}

#[test]
fn a_notice_speaks_for_the_reminders_of_its_day() {
    let class = MessageClass::Statutory;
    let channels = vec![Channel::Sms, Channel::Letter];
    let notice = Step { class, channels, ..step("notice", 10, Severity::Soft) };
    let scenario = scenario(vec![notice, step("late20", 20, Severity::Soft)]);
    let steps = || scenario.steps.iter();
    assert_eq!(scenario.voice(steps()).unwrap().name, "notice");
    assert_eq!(scenario.voice(steps().filter(|it| !it.is_notice())).unwrap().name, "late20");
}

//! What dispatch and housekeeping may rely on: a key is held by one reminder,
//! a place in a reminder's life is taken once, and nothing is overlooked.

use duebell::model::ledger::Rows;
use duebell::model::reminder::Transition;
use duebell::model::{Bucket, Channel, Reason, Reminder, ReminderId, ReminderState};
use duebell::store::{
    ControlStore, DeadlineStore, DueReminder, OutboxStore, Scope, SqlStore, Submission,
};
use jiff::Timestamp;

use super::on_each_engine;
use crate::support::build::*;

on_each_engine![
    a_planned_reminder_is_due_inside_its_window,
    due_reminders_come_with_their_bills_and_what_is_disputed_of_them,
    keys_are_taken_once_and_the_reminder_is_sent_once,
    a_bill_at_a_step_goes_into_one_reminder,
    an_account_gets_one_reminder_a_day,
    reminders_that_lose_their_keys_together_give_their_steps_back_once,
    a_cancelled_reminder_is_not_submitted_and_holds_no_key,
    a_submitted_reminder_is_not_cancelled,
    a_deferred_reminder_gives_its_keys_back_and_its_steps_stay_due,
    two_reminders_about_one_step_can_be_deferred_together,
    a_suppressed_reminder_leaves_its_step_open_unless_it_is_decided_for_good,
    an_occupied_place_is_not_taken_again,
    a_retry_is_due_with_its_channel_and_the_attempts_on_it,
    a_retry_is_about_the_bills_whose_keys_it_holds,
    what_was_unheard_is_tried_again_and_never_forgotten,
    waiting_finds_what_stands_in_a_state_between_two_moments,
    a_first_attempt_without_an_outcome_is_an_orphan,
    missed_finds_what_was_not_sent_before_its_window_closed,
    switches_and_marks_are_kept,
];

/// The first attempt at all of a reminder.
pub fn submission(reminder: &Reminder) -> Submission {
    Submission {
        reminder: reminder.id,
        account: reminder.account.clone(),
        day: reminder.day,
        items: reminder.items.clone(),
        counted: None,
        proof: None,
        has_another: false,
        was_taken: false,
        mark: Transition {
            channel: Some(Channel::Sms),
            provider: Some("sandbox".into()),
            next_at: Some(at("2026-03-10T12:15Z")),
            ..outcome(reminder, 0, ReminderState::Submitting)
        },
    }
}

/// What follows on a first attempt.
pub fn outcome(reminder: &Reminder, seq: u32, state: ReminderState) -> Transition {
    Transition { attempt: 1, ..ended(reminder, seq, state) }
}

/// What follows on no attempt, with nothing but its place and its state.
pub fn ended(reminder: &Reminder, seq: u32, state: ReminderState) -> Transition {
    Transition {
        reminder: reminder.id,
        seq,
        state,
        at: at(NOON),
        attempt: 0,
        channel: None,
        provider: None,
        provider_ref: None,
        refs: Vec::new(),
        reason: None,
        note: None,
        next_at: None,
    }
}

pub fn retry(reminder: &Reminder, seq: u32, channel: Channel, next_at: &str) -> Transition {
    let (channel, next_at) = (Some(channel), Some(at(next_at)));
    Transition { channel, next_at, ..outcome(reminder, seq, ReminderState::RetryLater) }
}

/// Account A owes a1 and a2.
async fn with_debt(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let bills = [bill("a1", "A", 5_000, "2026-03-09"), bill("a2", "A", 5_000, "2026-03-09")];
    with_bills(store, &bills).await;
}

/// A reminder about a1 alone, planned.
pub async fn with_reminder(store: &SqlStore) -> Reminder {
    with_debt(store).await;
    let one = reminder("A", 0, &[item("a1", "late1")]);
    planned(store, &one).await;
    one
}

pub async fn submit(store: &SqlStore, reminders: &[&Reminder]) -> Vec<ReminderId> {
    let submissions: Vec<Submission> = reminders.iter().map(|one| submission(one)).collect();
    store.submit(&alone(), &submissions, at(NOON)).await.unwrap().marked
}

/// Bill and step of all keys that are held.
async fn held(store: &SqlStore) -> Vec<(String, String)> {
    let lines = store.desk().sent().await.unwrap();
    lines.into_iter().map(|line| (line.bill, line.step)).collect()
}

async fn open_steps(store: &SqlStore) -> Vec<(String, Reason)> {
    let rows = store.desk().why_not(&"A".into()).await.unwrap();
    rows.into_iter().filter(|row| row.is_open).map(|row| (row.bill, row.reason)).collect()
}

/// Reminders that may be submitted, for the first time or again.
async fn due_at(store: &SqlStore, at: Timestamp) -> usize {
    let retries = store.retries(&Bucket::all(), at, 10).await.unwrap();
    all_due(store, at).await.len() + retries.len()
}

pub async fn all_due(store: &SqlStore, at: Timestamp) -> Vec<DueReminder> {
    store.due(&Bucket::all(), None, at, 10).await.unwrap()
}

pub async fn retries_at(store: &SqlStore, moment: &str) -> Vec<DueReminder> {
    store.retries(&Bucket::all(), at(moment), 10).await.unwrap()
}

async fn state_of(store: &SqlStore, reminder: &Reminder) -> ReminderState {
    store.standing(&[reminder.id]).await.unwrap()[0].state
}

async fn a_planned_reminder_is_due_inside_its_window(store: &SqlStore) {
    with_reminder(store).await;
    assert_eq!(due_at(store, at("2026-03-10T08:59:59Z")).await, 0);
    assert_eq!(due_at(store, at("2026-03-10T09:00Z")).await, 1);
    assert_eq!(due_at(store, at("2026-03-10T19:59:59Z")).await, 1);
    assert_eq!(due_at(store, at("2026-03-10T20:00Z")).await, 0);
}

async fn due_reminders_come_with_their_bills_and_what_is_disputed_of_them(store: &SqlStore) {
    with_debt(store).await;
    let one = reminder("A", 0, &[item("a1", "late1"), item("a2", "late1")]);
    planned(store, &one).await;
    let mut dispute = hold("h1", "A", "dispute", None);
    (dispute.bill_id, dispute.amount) = (Some("a1".into()), Some(700));
    let mut over = hold("h2", "A", "dispute", Some("2026-03-09"));
    over.amount = Some(900);
    merged(store, Rows::Holds(vec![dispute, over])).await;

    let due = all_due(store, at(NOON)).await.remove(0);
    assert_eq!((due.reminder.id, due.seq, due.attempt, due.channel), (one.id, 0, 0, None));
    assert_eq!(due.reminder.channels, [Channel::Sms, Channel::Email]);
    assert_eq!((due.account.id.as_str(), due.reminder.send_before), ("A", one.send_before));
    let bills: Vec<_> = due.bills.iter().map(|bill| (bill.id.as_str(), bill.disputed)).collect();
    assert_eq!(bills, [("a1", 700), ("a2", 0)]);
}

async fn keys_are_taken_once_and_the_reminder_is_sent_once(store: &SqlStore) {
    let one = with_reminder(store).await;
    assert_eq!(submit(store, &[&one]).await, [one.id]);
    assert_eq!(held(store).await, [("a1".into(), "late1".into())]);
    assert_eq!(due_at(store, at(NOON)).await, 0);
    // A second dispatcher had read it before.
    assert_eq!(submit(store, &[&one]).await, []);
    assert_eq!(state_of(store, &one).await, ReminderState::Submitting);
    assert_eq!(held(store).await.len(), 1);
}

async fn a_bill_at_a_step_goes_into_one_reminder(store: &SqlStore) {
    with_debt(store).await;
    let first = reminder("A", 0, &[item("a1", "late1")]);
    // Of another day, so that only the bill and its step collide.
    let mut second = reminder("A", 1, &[item("a1", "late1"), item("a2", "late1")]);
    second.day = day("2026-03-11");
    planned(store, &first).await;
    planned(store, &second).await;

    assert_eq!(submit(store, &[&first]).await, [first.id]);
    assert_eq!(submit(store, &[&second]).await, []);
    assert_eq!(state_of(store, &second).await, ReminderState::Cancelled);
    assert_eq!(held(store).await, [("a1".into(), "late1".into())]);
    assert_eq!(open_steps(store).await, [("a2".into(), Reason::AccountCap)]);
}

async fn an_account_gets_one_reminder_a_day(store: &SqlStore) {
    with_debt(store).await;
    let first = reminder("A", 0, &[item("a1", "late1")]);
    let second = reminder("A", 1, &[item("a2", "late1")]);
    planned(store, &first).await;
    planned(store, &second).await;

    assert_eq!(submit(store, &[&first, &second]).await, [first.id]);
    assert_eq!(state_of(store, &second).await, ReminderState::Cancelled);
    assert_eq!(held(store).await, [("a1".into(), "late1".into())]);
    assert_eq!(open_steps(store).await, [("a2".into(), Reason::AccountCap)]);
    // The cancelled one is nowhere due or missed again.
    assert_eq!(due_at(store, at(NOON)).await, 0);
    let missed = store.missed(&Bucket::all(), at(NOON), at("2026-03-11T00:00Z"), 10).await.unwrap();
    assert_eq!(missed.len(), 0);
}

async fn reminders_that_lose_their_keys_together_give_their_steps_back_once(store: &SqlStore) {
    with_debt(store).await;
    let first = reminder("A", 0, &[item("a1", "late1")]);
    let (second, third) =
        (reminder("A", 1, &[item("a2", "late1")]), reminder("A", 2, &[item("a2", "late1")]));
    for one in [&first, &second, &third] {
        planned(store, one).await;
    }
    assert_eq!(submit(store, &[&first, &second, &third]).await, [first.id]);
    assert_eq!(open_steps(store).await, [("a2".into(), Reason::AccountCap)]);
}

async fn a_cancelled_reminder_is_not_submitted_and_holds_no_key(store: &SqlStore) {
    let one = with_reminder(store).await;
    let mut replanned = decided(store, "A").await;
    replanned.cancel = vec![one.id];
    record(store, vec![replanned]).await;

    assert_eq!(due_at(store, at(NOON)).await, 0);
    assert_eq!(submit(store, &[&one]).await, []);
    assert_eq!(state_of(store, &one).await, ReminderState::Cancelled);
    assert_eq!(held(store).await, []);
    // What the planner decided stands: nothing is opened behind its back.
    assert_eq!(open_steps(store).await, []);
    // The day is free for the reminder that took its place.
    let other = reminder("A", 1, &[item("a1", "late1")]);
    planned(store, &other).await;
    assert_eq!(submit(store, &[&other]).await, [other.id]);
    assert_eq!(submit(store, &[&one]).await, []);
    assert_eq!(held(store).await.len(), 1);
    assert_eq!(open_steps(store).await, []);
}

async fn a_submitted_reminder_is_not_cancelled(store: &SqlStore) {
    let one = with_reminder(store).await;
    let mut replanned = decided(store, "A").await;
    replanned.cancel = vec![one.id];
    let other = reminder("A", 1, &one.items);
    replanned.reminders = vec![(other.clone(), terms(&other.items))];
    submit(store, &[&one]).await;
    record(store, vec![replanned]).await;

    assert_eq!(state_of(store, &one).await, ReminderState::Submitting);
    assert_eq!(submit(store, &[&other]).await, []);
    assert_eq!(state_of(store, &other).await, ReminderState::Cancelled);
    assert_eq!(held(store).await, [("a1".into(), "late1".into())]);
    assert_eq!(open_steps(store).await, []);
}

async fn a_deferred_reminder_gives_its_keys_back_and_its_steps_stay_due(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    store.append(&alone(), &[retry(&one, 1, Channel::Sms, "2026-03-10T12:01Z")]).await.unwrap();
    assert_eq!(held(store).await.len(), 1, "a retry keeps its keys");
    let reason = Some(Reason::StaleFeed);
    let deferred = Transition { reason, ..outcome(&one, 2, ReminderState::Deferred) };
    store.append(&alone(), &[deferred]).await.unwrap();

    assert_eq!(held(store).await, []);
    let row = store.desk().why_not(&"A".into()).await.unwrap().remove(0);
    assert_eq!((row.reason, row.is_open), (Reason::StaleFeed, true));
    assert_eq!((row.step_on, row.limit_on), (day(TODAY), day("2026-03-16")));
    let new_day = Scope { is_new_day: true, ..touched_only() };
    assert_eq!(found(store, &new_day).await, ["A"]);
    // The same day is free again, should the planner want it.
    let again = reminder("A", 1, &one.items);
    planned(store, &again).await;
    assert_eq!(submit(store, &[&again]).await, [again.id]);
}

/// One that waits for a retry, and the one that the planner meant to put in
/// its place just as it was being submitted.
async fn two_reminders_about_one_step_can_be_deferred_together(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    let other = reminder("A", 1, &one.items);
    planned(store, &other).await;
    let deferred = |transition| Transition { reason: Some(Reason::OutsideWindow), ..transition };
    let deferred = [
        deferred(outcome(&one, 1, ReminderState::Deferred)),
        deferred(ended(&other, 1, ReminderState::Deferred)),
    ];
    let appended = store.append(&alone(), &deferred).await.unwrap();
    assert_eq!(appended, 2);
    assert_eq!(open_steps(store).await, [("a1".into(), Reason::OutsideWindow)]);
}

async fn a_suppressed_reminder_leaves_its_step_open_unless_it_is_decided_for_good(
    store: &SqlStore,
) {
    with_debt(store).await;
    let (one, other) =
        (reminder("A", 0, &[item("a1", "late1")]), reminder("A", 1, &[item("a2", "late1")]));
    planned(store, &one).await;
    planned(store, &other).await;
    let suppressed = |reminder, reason| Transition {
        reason: Some(reason),
        ..ended(reminder, 1, ReminderState::Suppressed)
    };
    let both = [suppressed(&one, Reason::PaidMeanwhile), suppressed(&other, Reason::Observed)];
    store.append(&alone(), &both).await.unwrap();
    assert_eq!(open_steps(store).await, [("a1".into(), Reason::PaidMeanwhile)]);
    assert_eq!(store.desk().by_reason().await.unwrap()["observed"], 1);
}

async fn an_occupied_place_is_not_taken_again(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    let accepted = outcome(&one, 1, ReminderState::Accepted);
    assert_eq!(store.append(&alone(), std::slice::from_ref(&accepted)).await.unwrap(), 1);
    // A receipt that raced with it, and a deferral that must not free the keys.
    let late = [outcome(&one, 1, ReminderState::Deferred)];
    assert_eq!(store.append(&alone(), &late).await.unwrap(), 0);
    assert_eq!(state_of(store, &one).await, ReminderState::Accepted);
    assert_eq!(held(store).await.len(), 1);
    assert_eq!(open_steps(store).await, []);
}

async fn a_retry_is_due_with_its_channel_and_the_attempts_on_it(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    store.append(&alone(), &[retry(&one, 1, Channel::Sms, "2026-03-10T12:05Z")]).await.unwrap();
    assert_eq!(due_at(store, at("2026-03-10T12:04:59Z")).await, 0);
    let due = retries_at(store, "2026-03-10T12:05Z").await.remove(0);
    assert_eq!((due.seq, due.attempt), (1, 1));
    assert_eq!((due.channel, due.on_channel), (Some(Channel::Sms), 1));
    assert_eq!(due.bills.len(), 1);

    // The second attempt fails for good there; e-mail was not tried yet.
    let mut again = submission(&one);
    (again.mark.seq, again.mark.attempt) = (2, 2);
    assert_eq!(store.submit(&alone(), &[again], at(NOON)).await.unwrap().marked, [one.id]);
    let mut fallback = retry(&one, 3, Channel::Email, "2026-03-10T12:06Z");
    fallback.attempt = 2;
    store.append(&alone(), &[fallback]).await.unwrap();
    let due = retries_at(store, "2026-03-10T12:06Z").await.remove(0);
    assert_eq!((due.seq, due.attempt), (3, 2));
    assert_eq!((due.channel, due.on_channel), (Some(Channel::Email), 0));
    // Nothing is due once the window has closed.
    assert_eq!(due_at(store, at("2026-03-10T20:00Z")).await, 0);
}

/// A bill that was paid at the first attempt owes again at the second.
async fn a_retry_is_about_the_bills_whose_keys_it_holds(store: &SqlStore) {
    with_debt(store).await;
    let one = reminder("A", 0, &[item("a1", "late1"), item("a2", "late1")]);
    planned(store, &one).await;
    let mut without_a2 = submission(&one);
    without_a2.items.pop();
    store.submit(&alone(), &[without_a2], at(NOON)).await.unwrap();
    store.append(&alone(), &[retry(&one, 1, Channel::Sms, "2026-03-10T12:05Z")]).await.unwrap();
    let due = retries_at(store, "2026-03-10T12:05Z").await.remove(0);
    let bills: Vec<&str> = due.bills.iter().map(|bill| bill.id.as_str()).collect();
    assert_eq!(bills, ["a1"]);
}

async fn what_was_unheard_is_tried_again_and_never_forgotten(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    let (channel, next_at) = (Some(Channel::Email), Some(at("2026-03-10T14:00Z")));
    let accepted = outcome(&one, 1, ReminderState::Accepted);
    let unheard = outcome(&one, 2, ReminderState::Unheard);
    let unheard = Transition { channel, next_at, ..unheard };
    store.append(&alone(), &[accepted, unheard]).await.unwrap();
    assert_eq!(held(store).await.len(), 1);
    let due = retries_at(store, "2026-03-10T14:00Z").await.remove(0);
    assert_eq!((due.channel, due.on_channel, due.was_taken), (channel, 0, true));
    // Nobody sends it before its window closes.
    let (opens, closes) = (at("2026-03-10T09:00Z"), one.send_before);
    let missed = store.missed(&Bucket::all(), opens, closes, 10).await.unwrap();
    assert_eq!((missed[0].state, missed[0].was_taken), (ReminderState::Unheard, true));

    // The second attempt's outcome is not known, and the first one's never was.
    let mut again = submission(&one);
    (again.mark.seq, again.mark.attempt) = (3, 2);
    store.submit(&alone(), &[again], at(NOON)).await.unwrap();
    let next_at = Some(at("2026-03-13T12:00Z"));
    let unknown = Transition { attempt: 2, next_at, ..outcome(&one, 4, ReminderState::Unknown) };
    store.append(&alone(), &[unknown]).await.unwrap();
    let (unknown, until) = ([ReminderState::Unknown], at("2026-03-13T12:00Z"));
    let waiting = store.waiting(&Bucket::all(), &unknown, at(NOON), until, 10).await.unwrap();
    assert!(waiting[0].was_taken);
    assert!(store.standing(&[one.id]).await.unwrap()[0].was_taken);
}

async fn waiting_finds_what_stands_in_a_state_between_two_moments(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    store.append(&alone(), &[retry(&one, 1, Channel::Sms, "2026-03-10T12:05Z")]).await.unwrap();
    let mut again = submission(&one);
    (again.mark.seq, again.mark.attempt) = (2, 2);
    store.submit(&alone(), &[again], at(NOON)).await.unwrap();
    let waiting = async |state, after: &str, until: &str| {
        let found = store.waiting(&Bucket::all(), &[state], at(after), at(until), 10).await;
        found.unwrap().len()
    };
    let submitting = ReminderState::Submitting;
    // The deadline is 12:15.
    assert_eq!(waiting(submitting, "2026-03-10T12:14:59Z", "2026-03-10T12:15Z").await, 1);
    assert_eq!(waiting(submitting, "2026-03-10T12:15Z", "2026-03-10T13:00Z").await, 0);
    assert_eq!(waiting(submitting, "2026-03-10T12:00Z", "2026-03-10T12:14:59Z").await, 0);
    assert_eq!(waiting(ReminderState::Unknown, "2026-03-10T12:14Z", "2026-03-10T12:16Z").await, 0);

    let next_at = Some(at("2026-03-13T12:00Z"));
    let unknown = Transition { next_at, ..outcome(&one, 3, ReminderState::Unknown) };
    store.append(&alone(), &[unknown]).await.unwrap();
    assert_eq!(waiting(submitting, "2026-03-10T12:14:59Z", "2026-03-10T12:15Z").await, 0);
    let (unknown, until) = ([ReminderState::Unknown], at("2026-03-13T12:00Z"));
    let found = store.waiting(&Bucket::all(), &unknown, at(NOON), until, 10).await.unwrap();
    assert_eq!((found[0].reminder, found[0].seq, found[0].next_at), (one.id, 3, next_at));
    assert_eq!((found[0].send_before, found[0].channels.len()), (one.send_before, 2));
}

/// A daemon was killed while it submitted.
async fn a_first_attempt_without_an_outcome_is_an_orphan(store: &SqlStore) {
    let one = with_reminder(store).await;
    let orphans = async |after: &str| {
        let until = at("2026-03-11T20:00Z");
        let found = store.orphans(&Bucket::all(), at(after), until, 10).await.unwrap();
        found.into_iter().map(|one| (one.reminder, one.seq, one.attempt)).collect::<Vec<_>>()
    };
    assert_eq!(orphans("2026-03-10T12:00Z").await, []);
    submit(store, &[&one]).await;
    assert_eq!(orphans("2026-03-10T12:00Z").await, [(one.id, 0, 1)]);
    assert_eq!(orphans("2026-03-10T20:00Z").await, [], "its window was over by then");
    store.append(&alone(), &[outcome(&one, 1, ReminderState::Unknown)]).await.unwrap();
    assert_eq!(orphans("2026-03-10T12:00Z").await, []);
}

async fn missed_finds_what_was_not_sent_before_its_window_closed(store: &SqlStore) {
    with_accounts(store, &["A", "B", "C"]).await;
    let bills = ["A", "B", "C"].map(|id| bill(&format!("{id}1"), id, 1, "2026-03-09"));
    with_bills(store, &bills).await;
    let [never, waits, sent] =
        ["A", "B", "C"].map(|id| reminder(id, 0, &[item(&format!("{id}1"), "late1")]));
    for one in [&never, &waits, &sent] {
        planned(store, one).await;
    }
    submit(store, &[&waits, &sent]).await;
    store.append(&alone(), &[retry(&waits, 1, Channel::Email, "2026-03-10T19:59Z")]).await.unwrap();

    let missed = async |after: &str, until: &str| {
        let found = store.missed(&Bucket::all(), at(after), at(until), 10).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|one| (one.reminder, one.seq)).collect();
        found.sort_unstable();
        found
    };
    let mut expected = [(never.id, 0), (waits.id, 1)];
    expected.sort_unstable();
    assert_eq!(missed("2026-03-10T19:59Z", "2026-03-10T20:00Z").await, expected);
    assert_eq!(missed("2026-03-10T12:00Z", "2026-03-10T19:59:59Z").await, []);
    assert_eq!(missed("2026-03-10T20:00Z", "2026-03-11T20:00Z").await, []);
}

async fn switches_and_marks_are_kept(store: &SqlStore) {
    assert_eq!(store.control().await.unwrap(), Default::default());
    store.set_control("live:standard", Some("2026-03-01"), at(NOON)).await.unwrap();
    store.set_control("live:standard", Some(TODAY), at(NOON)).await.unwrap();
    store.set_control("kill_switch", Some("on"), at(NOON)).await.unwrap();
    let control = store.control().await.unwrap();
    assert_eq!((control.kill_switch, control.live_since("standard")), (true, Some(day(TODAY))));
    assert_eq!(control.live_since("other"), None);
    store.set_control("kill_switch", None, at(NOON)).await.unwrap();
    store.set_control("live:standard", None, at(NOON)).await.unwrap();
    assert_eq!(store.control().await.unwrap(), Default::default());

    assert_eq!(store.mark("tend:windows").await.unwrap(), None);
    let exactly = at("2026-03-10T12:00:00.123456Z");
    store.set_marks(&[("tend:windows", at(NOON))]).await.unwrap();
    store.set_marks(&[("tend:windows", exactly)]).await.unwrap();
    assert_eq!(store.mark("tend:windows").await.unwrap(), Some(exactly));
}

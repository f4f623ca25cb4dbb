//! What is known of attempts by what was noted of them.

use duebell::model::receipt::Untold;
use duebell::model::{AttemptKey, Channel, ReminderState};
use duebell::store::{DeadlineStore, OutboxStore, SqlStore};

use super::on_each_engine;
use super::outbox::{outcome, retries_at, retry, submit, with_reminder};
use crate::support::build::*;

on_each_engine![
    throttling_uses_up_no_attempt,
    what_is_ours_to_mend_is_told_from_other_attempts,
    codes_that_are_new_to_us_are_counted,
    what_a_provider_took_and_never_told_of_is_known_by_its_reference,
];

async fn throttling_uses_up_no_attempt(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    let mut slowed = retry(&one, 1, Channel::Sms, "2026-03-10T12:05Z");
    slowed.note = Some("throttled: 429".into());
    store.append(&alone(), &[slowed]).await.unwrap();
    let due = retries_at(store, "2026-03-10T12:05Z").await.remove(0);
    assert_eq!((due.attempt, due.on_channel), (1, 0));
}

async fn what_is_ours_to_mend_is_told_from_other_attempts(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    let mut refused = retry(&one, 1, Channel::Sms, "2026-03-10T12:05Z");
    refused.note = Some("our account: twilio 401 20003".into());
    refused.provider = Some("sms".into());
    store.append(&alone(), &[refused]).await.unwrap();
    let due = retries_at(store, "2026-03-10T12:05Z").await.remove(0);
    assert_eq!((due.attempt, due.on_channel, due.spared), (1, 1, 1));
    // Another provider of the channel is asked first.
    assert_eq!(due.failed.as_deref(), Some("sms"));
}

async fn codes_that_are_new_to_us_are_counted(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    let answered = |seq: u32, provider: &str, note: &str| {
        let mut answered = retry(&one, seq, Channel::Sms, "2026-03-10T12:05Z");
        (answered.provider, answered.note) = (Some(provider.into()), Some(note.into()));
        answered.at = at(&format!("2026-03-10T12:0{seq}Z"));
        answered
    };
    let said = [
        answered(1, "sms", "twilio 400 99999, new to us"),
        answered(2, "sms", "twilio 400 99999, new to us"),
        answered(3, "smsc", "smpp 0x0499, new to us"),
        answered(4, "sms", "twilio 400 21211"),
    ];
    store.append(&alone(), &said).await.unwrap();
    let lines = store.desk().new_codes(at(NOON)).await.unwrap();
    let told: Vec<_> =
        lines.iter().map(|it| (it.provider.as_str(), it.code.as_str(), it.count)).collect();
    assert_eq!(told, [("sms", "twilio 400 99999", 2), ("smsc", "smpp 0x0499", 1)]);
    assert_eq!(lines[0].last_at, at("2026-03-10T12:02Z"));
    assert_eq!(store.desk().new_codes(at("2026-03-10T12:04Z")).await.unwrap(), []);
}

async fn what_a_provider_took_and_never_told_of_is_known_by_its_reference(store: &SqlStore) {
    let one = with_reminder(store).await;
    submit(store, &[&one]).await;
    assert_eq!(store.untold(&[one.id]).await.unwrap(), []);
    let mut accepted = outcome(&one, 1, ReminderState::Accepted);
    accepted.channel = Some(Channel::Sms);
    (accepted.provider, accepted.provider_ref) = (Some("sms".into()), Some("SM1".into()));
    store.append(&alone(), &[accepted]).await.unwrap();
    let untold = Untold {
        key: AttemptKey { reminder: one.id, number: 1 },
        channel: Channel::Sms,
        provider: "sms".into(),
        provider_ref: "SM1".into(),
        phone: Some("+4915123456789".into()),
        taken_at: at(NOON),
    };
    assert_eq!(store.untold(&[one.id]).await.unwrap(), [untold]);
    store.append(&alone(), &[outcome(&one, 2, ReminderState::Delivered)]).await.unwrap();
    assert_eq!(store.untold(&[one.id]).await.unwrap(), []);
}

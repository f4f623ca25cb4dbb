//! What both engines promise of statutory notices.

use duebell::model::notice::Proof;
use duebell::model::{Bucket, ReminderState};
use duebell::store::{OutboxStore, RetentionStore, SqlStore, Submission};

use super::on_each_engine;
use super::outbox::{outcome, submission, with_reminder};
use crate::support::build::*;

on_each_engine![what_a_notice_says_is_kept_with_its_attempt_and_goes_with_history];

async fn what_a_notice_says_is_kept_with_its_attempt_and_goes_with_history(store: &SqlStore) {
    let one = with_reminder(store).await;
    let proof = Proof {
        template: "hard".into(),
        template_version: "0123456789ab".into(),
        language: "de".into(),
        address: None,
        subject: Some("Ihre Rechnung".into()),
        body: "Bitte zahlen Sie 50,00 €.".into(),
    };
    let notice = Submission { proof: Some(proof.clone()), ..submission(&one) };
    // Who does not get the keys says nothing.
    for expected in [vec![one.id], vec![]] {
        let marked = store.submit(&alone(), std::slice::from_ref(&notice), at(NOON)).await;
        assert_eq!(marked.unwrap().marked, expected);
    }
    let mut accepted = outcome(&one, 1, ReminderState::Accepted);
    accepted.provider_ref = Some("m-1".into());
    store.append(&alone(), &[accepted]).await.unwrap();

    let kept = store.desk().notices(&"A".into()).await.unwrap();
    assert_eq!(kept.len(), 1);
    let kept = &kept[0];
    assert_eq!((&kept.body, &kept.subject), (&proof.body, &proof.subject));
    assert_eq!(kept.items, [("a1".to_owned(), "late1".to_owned())]);
    assert_eq!((kept.day, kept.submitted_at), (one.day, at(NOON)));
    assert_eq!(kept.provider_ref.as_deref(), Some("m-1"));
    assert_eq!(kept.followed, [("accepted".to_owned(), at(NOON))]);
    assert_eq!(store.desk().notices(&"B".into()).await.unwrap(), []);

    for (before, left) in [(one.day, 1), (day("2026-03-11"), 0)] {
        store.forget_bucket(Bucket::of("A"), before).await.unwrap();
        assert_eq!(store.desk().notices(&"A".into()).await.unwrap().len(), left, "{before}");
    }
}

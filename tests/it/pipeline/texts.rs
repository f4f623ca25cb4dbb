//! Texts of subscribers that came in several parts.

use duebell::model::Channel;
use duebell::model::reply::{Meaning, TextPart};

use super::replies::{planned, said};
use crate::support::bench::Bench;
use crate::support::billing::PHONE;

/// One part, that came at 6:30.
async fn hear(bench: &Bench, (part, parts): (u8, u8), words: &str) {
    let part = TextPart { words: words.to_owned(), reference: 300, part, parts };
    bench.hear(said(Channel::Sms, None, Some(PHONE), Meaning::Part(part))).await;
}

/// What people are to read.
async fn waiting(bench: &Bench) -> Vec<String> {
    let lines = bench.store.desk().replies(10).await.unwrap();
    lines.into_iter().filter_map(|line| line.words).collect()
}

#[tokio::test]
async fn people_read_a_text_in_parts_as_one() {
    let (_, bench, _) = planned().await;
    hear(&bench, (2, 2), "in two instalments?").await;
    bench.round("2026-03-10T06:31Z").await;
    assert_eq!(waiting(&bench).await, [""; 0]);
    hear(&bench, (1, 2), "May I pay ").await;
    bench.round("2026-03-10T06:32Z").await;
    assert_eq!(waiting(&bench).await, ["May I pay in two instalments?"]);
    // And its parts are settled, whatever comes later.
    bench.round("2026-03-10T07:30Z").await;
    assert_eq!(waiting(&bench).await.len(), 1);
    let of_account = bench.store.desk().replies_of(&"A".into()).await.unwrap();
    assert_eq!(of_account.len(), 1);
}

#[tokio::test]
async fn the_pieces_of_a_word_are_the_word() {
    let (_, bench, carrier) = planned().await;
    hear(&bench, (1, 2), "ST").await;
    hear(&bench, (2, 2), "OP").await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
    assert_eq!(waiting(&bench).await, [""; 0]);
}

#[tokio::test]
async fn a_stop_whose_other_parts_never_come_counts() {
    let (_, bench, carrier) = planned().await;
    hear(&bench, (3, 3), "STOP").await;
    bench.round("2026-03-10T06:34Z").await;
    let none = bench.store.desk().suppressions(&"A".into()).await.unwrap();
    assert!(none.is_empty(), "the others may still come");
    bench.round("2026-03-10T06:35Z").await;
    bench.rounds("2026-03-10T09:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
}

#[tokio::test]
async fn a_stop_at_the_end_of_a_long_text_counts_and_people_read_the_rest() {
    let (_, bench, carrier) = planned().await;
    let long = "I have told you before that this bill is not mine. ".repeat(3);
    hear(&bench, (1, 2), &long).await;
    hear(&bench, (2, 2), "STOP").await;
    bench.rounds("2026-03-10T07:00Z", "2026-03-10T12:00Z").await;
    assert_eq!(carrier.taken(), [Channel::Email]);
    assert_eq!(waiting(&bench).await, [format!("{long}STOP")]);
}

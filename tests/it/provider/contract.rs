//! What every provider must keep to, whatever it speaks.
//!
//! The peers act on the local part of the address: `unknown` is refused,
//! `busy` is told to come back, `silent` is taken and never answered for.

use duebell::provider::{SendOutcome, Sender};

use super::{mail_to, now};
use crate::support::peer::{Peer, closed_port};

/// Builds the sender that talks to `port`.
pub type Build = fn(port: u16) -> Box<dyn Sender>;

/// Holds a sender to the contract, against its peer.
macro_rules! holds_for {
    ($script:literal, $build:path, takes: $($fact:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $fact() {
                crate::provider::contract::$fact($script, $build).await;
            }
        )*
    };
    ($script:literal, $build:path) => {
        crate::provider::contract::holds_for!(
            $script,
            $build,
            takes: a_refusal_is_final,
            a_busy_provider_is_deferred,
            a_closed_door_means_nothing_left,
            silence_after_sending_is_ambiguous,
            a_connection_lost_after_sending_is_ambiguous,
            an_accepted_message_has_a_reference,
            no_outcome_names_the_subscriber,
        );
    };
}
pub(crate) use holds_for;

async fn sent(script: &str, build: Build, who: &str) -> (SendOutcome, usize) {
    let peer = Peer::start(script, &[]);
    let outcome = build(peer.port).send(&mail_to(who), now()).await;
    (outcome, peer.kept("json").len())
}

pub async fn a_refusal_is_final(script: &str, build: Build) {
    let (outcome, _) = sent(script, build, "unknown").await;
    assert!(matches!(outcome, SendOutcome::Rejected { .. }), "{outcome:?}");
}

pub async fn a_busy_provider_is_deferred(script: &str, build: Build) {
    let (outcome, _) = sent(script, build, "busy").await;
    assert!(matches!(outcome, SendOutcome::Deferred { .. }), "{outcome:?}");
}

pub async fn a_closed_door_means_nothing_left(_script: &str, build: Build) {
    let outcome = build(closed_port()).send(&mail_to("anna"), now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { .. }), "{outcome:?}");
}

pub async fn silence_after_sending_is_ambiguous(script: &str, build: Build) {
    let (outcome, kept) = sent(script, build, "silent").await;
    assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{outcome:?}");
    assert_eq!(kept, 1);
}

pub async fn a_connection_lost_after_sending_is_ambiguous(script: &str, build: Build) {
    let (outcome, kept) = sent(script, build, "drop").await;
    assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{outcome:?}");
    assert_eq!(kept, 1);
}

pub async fn an_accepted_message_has_a_reference(script: &str, build: Build) {
    let (outcome, kept) = sent(script, build, "anna").await;
    let has_reference = match &outcome {
        SendOutcome::Accepted { provider_ref } => provider_ref.is_some(),
        SendOutcome::AcceptedInParts { refs } => !refs.is_empty(),
        _ => false,
    };
    assert!(has_reference, "{outcome:?}");
    assert_eq!(kept, 1);
}

pub async fn no_outcome_names_the_subscriber(script: &str, build: Build) {
    let peer = Peer::start(script, &[]);
    let sender = build(peer.port);
    for who in ["anna", "unknown", "busy", "denied", "drop"] {
        let outcome = format!("{:?}", sender.send(&mail_to(who), now()).await);
        assert!(!outcome.contains('@') && !outcome.contains("example"), "{outcome}");
    }
}

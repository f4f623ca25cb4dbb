//! SMPP against the SMSCs of Jasmin's own tests, most of which misbehave.

use duebell::provider::smpp::{Settings, Smpp};
use duebell::provider::{Delay, Fate, PartReceipt, SendOutcome, Sender, Told};

use super::{message, next, settings};
use crate::provider::now;
use crate::support::peer::Peer;

fn centre(class: &str) -> (Peer, Smpp) {
    let peer = Peer::start("smpp_jasmin.py", &[class]);
    let settings = Settings { timeout_ms: 2_000, ..settings(peer.port) };
    let smpp = Smpp::connect("smsc", &settings).unwrap();
    (peer, smpp)
}

async fn sent(class: &str) -> SendOutcome {
    let (_peer, smpp) = centre(class);
    smpp.send(&message("00", 1), now()).await
}

#[tokio::test]
async fn centres_that_behave_take_it() {
    for class in ["HappySMSC", "AlertNotificationSMSC", "EnquireLinkEchoSMSC", "DeliverSMSMSC"] {
        let outcome = sent(class).await;
        let is_taken =
            matches!(outcome, SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. });
        assert!(is_taken, "{class}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_has_no_answer_is_in_doubt() {
    for class in ["NoResponseOnSubmitSMSC", "GenericNackNoSeqNumOnSubmitSMSC", "UnbindOnSubmitSMSC"]
    {
        let outcome = sent(class).await;
        assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{class}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_is_refused_before_anything_left_is_deferred() {
    for class in [
        "BlackHoleSMSC",
        "BindErrorSMSC",
        "BindErrorGenericNackSMSC",
        "GenericNackWithSeqNumOnSubmitSMSC",
    ] {
        let outcome = sent(class).await;
        assert!(matches!(outcome, SendOutcome::Deferred { .. }), "{class}: {outcome:?}");
    }
}

/// They take the login and then speak nonsense: what was written before that
/// was noticed is in doubt, what was not has not left.
#[tokio::test]
async fn what_meets_nonsense_is_never_taken() {
    for class in ["CommandLengthTooShortSMSC", "CommandLengthTooLongSMSC"] {
        let outcome = sent(class).await;
        let is_honest =
            matches!(outcome, SendOutcome::Deferred { .. } | SendOutcome::Ambiguous { .. });
        assert!(is_honest, "{class}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_session_that_is_out_of_step_is_made_anew() {
    let peer = Peer::start("smpp_jasmin.py", &["CommandLengthTooLongSMSC"]);
    let settings = Settings { timeout_ms: 500, enquire_link_s: 1, ..settings(peer.port) };
    let smpp = Smpp::connect("smsc", &settings).unwrap();
    // What is answered for drowns in the unit that never ends, until it is
    // noticed; then the session is over, and nothing is handed over for a while.
    for _ in 0..100 {
        match smpp.send(&message("00", 1), now()).await {
            SendOutcome::Deferred { because: Delay::Down, .. } => return,
            SendOutcome::Ambiguous { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("it was never noticed");
}

#[tokio::test]
async fn a_centre_that_takes_two_a_second_throttles_the_third() {
    let (_peer, smpp) = centre("QoSSMSC_2MPS");
    let first = smpp.send(&message("00", 1), now()).await;
    assert!(matches!(first, SendOutcome::Accepted { .. }), "{first:?}");
    let second = smpp.send(&message("00", 1), now()).await;
    let is_throttled = matches!(second, SendOutcome::Deferred { because: Delay::Throttled, .. });
    assert!(is_throttled, "{second:?}");
    // A second later there is room again.
    let third = smpp.send(&message("00", 1), now()).await;
    assert!(matches!(third, SendOutcome::Accepted { .. }), "{third:?}");
}

#[tokio::test]
async fn a_receipt_that_comes_with_the_login_is_heard() {
    let (_peer, smpp) = centre("DeliveryReceiptSMSC");
    let provider_ref = "1891273321".to_owned();
    let receipt = PartReceipt { provider_ref, fate: Fate::Delivered, at: now() };
    assert_eq!(next(&smpp).await, [Told::Receipt(receipt)]);
}

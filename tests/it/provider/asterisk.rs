//! Calls through a real Asterisk: what the phone hears and presses, and what
//! we are told of it.

use std::time::Duration;

use duebell::model::Channel;
use duebell::model::content::Part;
use duebell::provider::asterisk::{Asterisk, Settings};
use duebell::provider::{Delay, Fate, Meaning, Refusal, Reply, SendOutcome, Sender, Told};
use jiff::SignedDuration;
use tokio::time::sleep;

use super::mail_to;
use crate::support::asterisk::{
    Line, long_message, message, now, receipt, reply, short_message, silent_until, told,
};
use crate::support::peer::closed_port;

#[track_caller]
fn accepted(outcome: SendOutcome) {
    assert!(matches!(outcome, SendOutcome::Accepted { provider_ref: Some(_) }), "{outcome:?}");
}

#[track_caller]
fn deferred(outcome: SendOutcome, expected: Delay, note: &str) {
    match outcome {
        SendOutcome::Deferred { because, note: said, .. } => {
            assert_eq!((because, said.as_str()), (expected, note));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_subscriber_hears_the_message() {
    let Some(line) = Line::new() else { return };
    let asterisk = line.to("listens");
    let call = line.call(1, message());
    accepted(asterisk.send(&call, now()).await);
    let receipt = receipt(&asterisk).await;
    assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Answered));
    let heard = silent_until(&asterisk, line.heard()).await;
    assert!((1.5..6.0).contains(&heard), "{heard} s");
    // Nothing of it stays: what was said was hers alone.
    let left: Vec<_> = std::fs::read_dir(line.dir.path().join("sounds")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_key_interrupts_and_is_answered() {
    let Some(line) = Line::new() else { return };
    let asterisk = line.to("presses1");
    let call = line.call(1, long_message());
    accepted(asterisk.send(&call, now()).await);
    let receipt = receipt(&asterisk).await;
    assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Answered));
    let reply = reply(&asterisk).await;
    let expected = Reply {
        channel: Channel::Voice,
        about: Some(call.key),
        from: None,
        meaning: Meaning::SendLink,
        at: reply.at,
    };
    assert_eq!(reply, expected);
    // The answer alone, and not the rest of twenty seconds.
    let heard = silent_until(&asterisk, line.heard()).await;
    assert!((0.5..5.0).contains(&heard), "{heard} s");
}

#[tokio::test]
async fn nothing_is_promised_before_it_is_on_record() {
    let Some(line) = Line::new() else { return };
    let settings = Settings { calls_max: 1, ..line.settings("presses9") };
    let asterisk = Asterisk::connect("asterisk", &settings).unwrap();
    let call = line.call(1, long_message());
    accepted(asterisk.send(&call, now()).await);
    let Told::OfAttempt { message_id, .. } = told(&asterisk).await else { panic!() };
    assert_eq!(message_id, format!("call/{}/answered", call.key));
    let Told::Reply { message_id, reply } = told(&asterisk).await else { panic!() };
    assert_eq!(message_id, format!("call/{}/opt_out", call.key));
    assert_eq!((reply.about, reply.meaning), (Some(call.key), Meaning::OptOut));
    // It cannot be written down: nobody asks for more. "No more calls" is not
    // said, and the call ends.
    free(&asterisk, &line).await;
    silent_until(&asterisk, sleep(Duration::from_millis(300))).await;
    let heard = line.has_heard();
    assert!(heard < 0.3, "{heard} s");
}

#[tokio::test]
async fn a_wrong_key_is_invited_again() {
    let Some(line) = Line::new() else { return };
    let asterisk = line.to("presses7then9");
    accepted(asterisk.send(&line.call(1, short_message()), now()).await);
    assert_eq!(receipt(&asterisk).await.fate, Fate::Answered);
    assert_eq!(reply(&asterisk).await.meaning, Meaning::OptOut);
}

#[tokio::test]
async fn who_only_wants_to_hear_it_again_is_let_go() {
    let Some(line) = Line::new() else { return };
    let settings = Settings { calls_max: 1, ..line.settings("presses33331") };
    let asterisk = Asterisk::connect("asterisk", &settings).unwrap();
    accepted(asterisk.send(&line.call(1, long_message()), now()).await);
    assert_eq!(receipt(&asterisk).await.fate, Fate::Answered);
    silent_until(&asterisk, free(&asterisk, &line)).await;
}

/// Waits until the one place is free again.
async fn free(asterisk: &Asterisk, line: &Line) {
    // It is refused before anything is done where the place is taken, and
    // after that where there is nothing to say.
    let mut silent = message();
    silent.parts = vec![Part::Text(" ".to_owned())];
    for _ in 0..600 {
        match asterisk.send(&line.call(99, silent.clone()), now()).await {
            SendOutcome::Deferred { because: Delay::Throttled, .. } => {
                sleep(Duration::from_millis(50)).await;
            }
            SendOutcome::Rejected { because: Refusal::BadContent, .. } => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("the call does not end");
}

#[tokio::test]
async fn whom_no_call_reaches_has_not_got_it() {
    let calls = ["busy", "rings", "congested", "unallocated", "nowhere"].map(async |phone| {
        let Some(line) = Line::new() else { return };
        let asterisk = line.to(phone);
        let call = line.call(1, message());
        accepted(asterisk.send(&call, now()).await);
        let receipt = receipt(&asterisk).await;
        assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Undelivered), "{phone}");
    });
    futures_util::future::join_all(calls).await;
}

#[tokio::test]
async fn who_hangs_up_has_answered() {
    let Some(line) = Line::new() else { return };
    let asterisk = line.to("hangsup");
    accepted(asterisk.send(&line.call(1, long_message()), now()).await);
    assert_eq!(receipt(&asterisk).await.fate, Fate::Answered);
}

#[tokio::test]
async fn a_machine_hears_nothing_and_a_person_everything() {
    let (Some(machine), Some(person)) = (Line::new(), Line::new()) else { return };
    let detecting = |line: &Line, phone: &str| {
        let detect_context = Some("duebell-detect".to_owned());
        let settings = Settings { detect_context, ..line.settings(phone) };
        Asterisk::connect("asterisk", &settings).unwrap()
    };
    let to_machine = detecting(&machine, "machine");
    let to_person = detecting(&person, "person");
    accepted(to_machine.send(&machine.call(1, message()), now()).await);
    accepted(to_person.send(&person.call(1, message()), now()).await);
    assert_eq!(receipt(&to_machine).await.fate, Fate::Undelivered);
    assert_eq!(receipt(&to_person).await.fate, Fate::Answered);
    let heard = person.heard().await;
    assert!((1.5..6.0).contains(&heard), "{heard} s");

    // A word without debt may be left.
    let mut prompt = message();
    prompt.to_machine = vec![Part::Text("Please call us back. Thank you.".to_owned())];
    accepted(to_machine.send(&machine.call(2, prompt), now()).await);
    assert_eq!(receipt(&to_machine).await.fate, Fate::Answered);
}

#[tokio::test]
async fn the_lines_are_not_overrun() {
    let Some(line) = Line::new() else { return };
    let settings = Settings { calls_max: 1, ..line.settings("listens") };
    let asterisk = Asterisk::connect("asterisk", &settings).unwrap();
    assert_eq!(asterisk.capabilities().in_flight_max, Some(1));
    accepted(asterisk.send(&line.call(1, message()), now()).await);
    let second = asterisk.send(&line.call(2, message()), now()).await;
    deferred(second, Delay::Throttled, "asterisk: all lines are busy");
    free(&asterisk, &line).await;
    accepted(asterisk.send(&line.call(2, message()), now()).await);
}

#[tokio::test]
async fn an_attempt_that_is_under_way_is_not_made_twice() {
    let Some(line) = Line::new() else { return };
    let asterisk = line.to("rings");
    let call = line.call(1, message());
    accepted(asterisk.send(&call, now()).await);
    accepted(asterisk.send(&call, now()).await);
    assert_eq!(receipt(&asterisk).await.fate, Fate::Undelivered);
    silent_until(&asterisk, sleep(Duration::from_millis(500))).await;
}

#[tokio::test]
async fn what_the_operator_mends_uses_nothing_up() {
    let Some(line) = Line::new() else { return };
    let call = line.call(1, message());
    let send = async |change: &dyn Fn(&mut Settings)| {
        let mut settings = line.settings("listens");
        change(&mut settings);
        Asterisk::connect("asterisk", &settings).unwrap().send(&call, now()).await
    };
    let url = |port: u16, path: &str| format!("http://127.0.0.1:{port}{path}");
    let closed = send(&|it| it.url = url(closed_port(), "/ari")).await;
    deferred(closed, Delay::Down, "asterisk: ari cannot be reached");
    let elsewhere = send(&|it| it.url = url(line.port, "/nothing")).await;
    deferred(elsewhere, Delay::Down, "asterisk: ari 404");
    let stranger = send(&|it| it.user = "stranger".into()).await;
    deferred(stranger, Delay::Down, "our account: asterisk: ari 401");
    let trunk = send(&|it| it.endpoint = "PJSIP/{number}@trunk".into()).await;
    deferred(trunk, Delay::Down, "asterisk: no channel: ari 500");
    let mute = send(&|it| it.speech_command = vec!["false".into(), "{file}".into()]).await;
    deferred(mute, Delay::Down, "asterisk: the speech command failed");
}

#[tokio::test]
async fn what_cannot_be_called_is_refused() {
    let Some(line) = Line::new() else { return };
    let asterisk = line.to("listens");
    let refusal = |outcome| match outcome {
        SendOutcome::Rejected { because, .. } => because,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(asterisk.send(&mail_to("anna"), now()).await), Refusal::BadContent);
    let mut nobody = line.call(1, message());
    nobody.to.phone = None;
    assert_eq!(refusal(asterisk.send(&nobody, now()).await), Refusal::BadRecipient);
    let mut late = line.call(1, message());
    late.expires_at = now() + SignedDuration::from_secs(4);
    let outcome = asterisk.send(&late, now()).await;
    deferred(outcome, Delay::Down, "asterisk: it is too late to call");
}

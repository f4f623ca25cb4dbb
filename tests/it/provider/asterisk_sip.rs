//! Calls by SIP: a real Asterisk's trunks, to phones that sipp plays by the
//! scenarios in `tests/it/peers/sip/`.

use std::io;
use std::sync::{Arc, Mutex};

use duebell::provider::asterisk::{Asterisk, Settings};
use duebell::provider::{Delay, Fate, Meaning, SendOutcome, Sender};
use futures_util::{StreamExt, stream};
use tracing::subscriber::DefaultGuard;

use crate::support::asterisk::{Line, long_message, message, now, receipt, reply, silent_until};

fn through(line: &Line, endpoint: &str) -> Asterisk {
    let settings = Settings {
        endpoint: endpoint.to_owned(),
        caller_id: Some("Example Net <+493020>".to_owned()),
        ..line.settings("nobody")
    };
    Asterisk::connect("asterisk", &settings).unwrap()
}

#[track_caller]
fn accepted(outcome: SendOutcome) {
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
}

/// What this thread logs, as long as this lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn keep() -> (Log, DefaultGuard) {
        let log = Log::default();
        let writer = log.clone();
        let logs = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        (log, tracing::subscriber::set_default(logs.finish()))
    }

    /// How the call of an attempt ended, as the operator reads it.
    fn ending(&self, key: &str) -> String {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let of_it = |line: &&str| line.contains(key) && line.contains("ending=");
        let line = log.lines().find(of_it).unwrap_or_else(|| panic!("{key}: {log}"));
        line.split("ending=").nth(1).unwrap().split('"').nth(1).unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_phone_hears_the_message_and_its_key_is_heard() {
    let Some(line) = Line::by_sip() else { return };
    let asterisk = through(&line, "PJSIP/{number}@picks-up");
    let call = line.call(1, long_message());
    accepted(asterisk.send(&call, now()).await);
    let receipt = receipt(&asterisk).await;
    assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Answered));
    // 9, by RFC 4733, two seconds after they picked up.
    let reply = reply(&asterisk).await;
    assert_eq!((reply.about, reply.meaning), (Some(call.key), Meaning::OptOut));

    silent_until(&asterisk, line.on_the_wire("picks-up", "BYE sip:", "")).await;
    let number = line.number();
    let uri = format!("INVITE sip:{number}@127.0.0.1:");
    let from = "\nFrom: \"Example Net\" <sip:+493020@127.0.0.1>";
    line.on_the_wire("picks-up", &uri, from).await;
    line.on_the_wire("picks-up", &uri, &format!("\nTo: <sip:{number}@127.0.0.1>")).await;
    // Two seconds of the message, and the answer to the key.
    let heard = line.heard_by_wire("picks-up");
    assert!((1.5..6.0).contains(&heard), "{heard} s");
}

#[tokio::test]
async fn a_phone_that_nobody_picks_up_is_let_go_of() {
    let Some(line) = Line::by_sip() else { return };
    let (log, _guard) = Log::keep();
    let asterisk = through(&line, "PJSIP/{number}@rings");
    let call = line.call(1, message());
    accepted(asterisk.send(&call, now()).await);
    let receipt = receipt(&asterisk).await;
    assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Undelivered));
    assert_eq!(log.ending(&call.key.to_string()), "no answer");
    let cancel = format!("CANCEL sip:{}@127.0.0.1:", line.number());
    line.on_the_wire("rings", &cancel, "").await;
}

/// What says nothing of whoever is called.
const FAILED: &[u16] =
    &[400, 402, 405, 406, 413, 415, 423, 481, 482, 487, 488, 491, 493, 501, 505, 606, 607];

#[tokio::test]
async fn each_answer_of_a_trunk_has_its_ending() {
    let (log, _guard) = Log::keep();
    let endings: [(&str, &[u16]); 6] = [
        ("busy", &[486, 600]),
        ("no answer", &[408, 480, 483]),
        ("refused", &[401, 403, 407, 603]),
        ("bad number", &[404, 410, 420, 484, 485, 604]),
        ("congested", &[500, 502, 503, 504, 513, 580]),
        ("failed", FAILED),
    ];
    let each = endings.iter().flat_map(|(ending, all)| all.iter().map(move |it| (*it, *ending)));
    let calls = each.map(async |(status, ending)| {
        let line = Line::by_sip()?.ending_in(status);
        let asterisk = through(&line, "PJSIP/00{digits}@refuses");
        let call = line.call(1, message());
        accepted(asterisk.send(&call, now()).await);
        let receipt = receipt(&asterisk).await;
        assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Undelivered), "{status}");
        assert_eq!(log.ending(&call.key.to_string()), ending, "{status}");
        let uri = format!("INVITE sip:00{}@", line.number().trim_start_matches('+'));
        line.on_the_wire("refuses", &uri, "\nFrom: \"Example Net\" <sip:+493020@").await;
        line.on_the_wire("refuses", &format!("SIP/2.0 {status} "), "").await;
        Some(())
    });
    // A few at once: every one of them has its words spoken.
    stream::iter(calls).buffer_unordered(4).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn a_trunk_that_is_known_to_be_dead_uses_nothing_up() {
    let Some(line) = Line::by_sip() else { return };
    let asterisk = through(&line, "PJSIP/{number}@nobody");
    match asterisk.send(&line.call(1, message()), now()).await {
        SendOutcome::Deferred { because: Delay::Down, note, .. } => {
            assert_eq!(note, "asterisk: no channel: ari 500");
        }
        other => panic!("{other:?}"),
    }
}

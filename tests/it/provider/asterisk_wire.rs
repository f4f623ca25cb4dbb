//! Asterisk over a line that is cut, and after a restart of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duebell::provider::asterisk::{Asterisk, Settings};
use duebell::provider::{Fate, SendOutcome, Sender};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::support::asterisk::{Line, long_message, message, now, receipt, silent_until};

/// A line to Asterisk that can be cut, or made to lose answers.
struct Wire {
    port: u16,
    is_cut: watch::Sender<bool>,
    /// On connections that are opened from now on.
    loses_answers: Arc<AtomicBool>,
}

impl Wire {
    async fn to(port: u16) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire {
            port: listener.local_addr().unwrap().port(),
            is_cut: watch::channel(false).0,
            loses_answers: Arc::default(),
        };
        let (is_cut, loses) = (wire.is_cut.subscribe(), wire.loses_answers.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let mut cut = is_cut.clone();
                if *cut.borrow() {
                    continue;
                }
                let (near, far) = (near, TcpStream::connect(("127.0.0.1", port)).await.unwrap());
                let loses = loses.load(Ordering::Relaxed);
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(near, far, loses) => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        wire
    }
}

async fn carry(mut near: TcpStream, mut far: TcpStream, loses_answers: bool) {
    if !loses_answers {
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        return;
    }
    let ((mut read, _near), (mut answers, mut write)) = (near.split(), far.split());
    let mut answer = [0; 4096];
    let asking = async {
        let mut request = [0; 4096];
        while let Ok(length @ 1..) = read.read(&mut request).await {
            write.write_all(&request[..length]).await.unwrap();
        }
    };
    tokio::select! {
        () = asking => {}
        // It was answered, and then the line broke.
        _ = answers.read(&mut answer) => {}
    }
}

fn over(wire: &Wire, line: &Line, phone: &str) -> Asterisk {
    let url = format!("http://127.0.0.1:{}/ari", wire.port);
    let settings = Settings { url, timeout_ms: 2_000, ..line.settings(phone) };
    Asterisk::connect("asterisk", &settings).unwrap()
}

/// Waits until events come.
async fn ready(asterisk: &Asterisk, line: &Line) {
    let mut nobody = line.call(98, message());
    nobody.content = duebell::model::Content::Voice(Default::default());
    let outcome = asterisk.send(&nobody, now()).await;
    assert!(matches!(outcome, SendOutcome::Rejected { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_lost_answer_is_ambiguous_and_the_call_tells() {
    let Some(line) = Line::new() else { return };
    let wire = Wire::to(line.port).await;
    let asterisk = over(&wire, &line, "listens");
    ready(&asterisk, &line).await;
    // The connection that waits idle is given time to be given up.
    sleep(Duration::from_secs(5)).await;
    wire.loses_answers.store(true, Ordering::Relaxed);
    let call = line.call(1, message());
    let outcome = asterisk.send(&call, now()).await;
    assert_eq!(outcome, SendOutcome::Ambiguous { note: "asterisk: no answer".to_owned() });
    wire.loses_answers.store(false, Ordering::Relaxed);
    let receipt = receipt(&asterisk).await;
    assert_eq!((receipt.key, receipt.fate), (call.key, Fate::Answered));
    assert!(line.heard().await > 1.0);
}

#[tokio::test]
async fn a_call_outlives_a_cut_line() {
    let (Some(longer), Some(shorter)) = (Line::new(), Line::new()) else { return };
    let wire = Wire::to(longer.port).await;
    // One call goes on while nobody listens, the other ends.
    let goes_on = over(&wire, &longer, "listens");
    let ends = over(&wire, &shorter, "hangsup");
    let call = longer.call(1, long_message());
    assert!(matches!(goes_on.send(&call, now()).await, SendOutcome::Accepted { .. }));
    let call = shorter.call(1, long_message());
    assert!(matches!(ends.send(&call, now()).await, SendOutcome::Accepted { .. }));
    sleep(Duration::from_millis(300)).await;
    wire.is_cut.send_replace(true);
    sleep(Duration::from_millis(1_500)).await;
    // Nothing is placed that nobody would drive.
    let blind = goes_on.send(&longer.call(2, message()), now()).await;
    assert!(matches!(blind, SendOutcome::Deferred { .. }), "{blind:?}");
    wire.is_cut.send_replace(false);
    assert_eq!(receipt(&ends).await.fate, Fate::Answered);
    assert_eq!(receipt(&goes_on).await.fate, Fate::Answered);
    let heard = longer.heard().await;
    assert!(heard > 10.0, "{heard} s");
}

#[test]
fn calls_of_an_earlier_life_are_hung_up_and_told() {
    let (Some(up), Some(ringing)) = (Line::new(), Line::new()) else { return };
    let settings = [up.settings("listens"), ringing.settings("rings")];
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime().block_on(async {
        let mut first_life = Vec::new();
        for (line, settings) in [&up, &ringing].into_iter().zip(&settings) {
            let asterisk = Asterisk::connect("asterisk", settings).unwrap();
            let outcome = asterisk.send(&line.call(1, long_message()), now()).await;
            assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
            // Who lets go of it stops listening, and the call says nothing.
            first_life.push(asterisk);
        }
        // Long enough for some of it to be heard.
        sleep(Duration::from_millis(1_500)).await;
    });
    // All of it is gone, as after a kill. The next life finds the calls.
    runtime().block_on(async {
        let fates = [Fate::Answered, Fate::Undelivered];
        for ((line, settings), fate) in [&up, &ringing].into_iter().zip(&settings).zip(fates) {
            let asterisk = Asterisk::connect("asterisk", settings).unwrap();
            let receipt = receipt(&asterisk).await;
            assert_eq!((receipt.key, receipt.fate), (line.call(1, message()).key, fate));
            silent_until(&asterisk, sleep(Duration::from_millis(200))).await;
        }
        assert!(up.heard().await < 10.0, "it was hung up");
    });
}

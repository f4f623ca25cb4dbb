//! The connections to an HTTP gateway, against one that closes, dawdles and
//! babbles on the wire.

use std::collections::HashSet;
use std::time::Duration;

use duebell::model::{AttemptKey, Channel};
use duebell::provider::http::{Http, Settings};
use duebell::provider::{Outgoing, SendOutcome, Sender};
use futures_util::future::join_all;
use tokio::time::sleep;

use super::{KEY, mail_to, now};
use crate::support::peer::{Certificate, Peer};

const GATEWAY: &str = "http_wire.py";
/// Names a peer that listens already, for the test that is run in a process
/// of its own.
const PORT: &str = "DUEBELL_TEST_PORT";

fn http(scheme: &str, port: u16, timeout_ms: u32) -> Http {
    let settings = Settings {
        url: format!("{scheme}://127.0.0.1:{port}/send"),
        channels: vec![Channel::Email],
        timeout_ms,
        ..Settings::default()
    };
    Http::connect("http", &settings).unwrap()
}

fn start() -> (Peer, Http) {
    let peer = Peer::start(GATEWAY, &[]);
    let http = http("http", peer.port, 20_000);
    (peer, http)
}

fn encrypted(certificate: &Certificate) -> Peer {
    let (path, key) = (certificate.path(), certificate.key());
    Peer::start(GATEWAY, &[path.to_str().unwrap(), key.to_str().unwrap()])
}

/// The `number`th attempt at `who`.
fn attempt(who: &str, number: usize) -> Outgoing {
    let (reminder, _) = KEY.split_once('.').unwrap();
    let key: AttemptKey = format!("{reminder}.{number}").parse().unwrap();
    Outgoing { key, ..mail_to(who) }
}

fn accepted(reference: Option<&str>) -> SendOutcome {
    SendOutcome::Accepted { provider_ref: reference.map(str::to_owned) }
}

/// On how many connections what came has come.
fn connections(peer: &Peer) -> usize {
    let numbers = peer.kept_json().into_iter().map(|kept| kept["connection"].as_u64().unwrap());
    numbers.collect::<HashSet<_>>().len()
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (peer, http) = start();
    for (at, who) in ["anna", "pieces", "chunks", "slow", "anna"].into_iter().enumerate() {
        let reference = format!("m-{}", at + 1);
        assert_eq!(http.send(&attempt(who, at), now()).await, accepted(Some(&reference)), "{who}");
    }
    assert_eq!(connections(&peer), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_under_way_have_a_connection_each_and_keep_it() {
    const MANY: usize = 500;
    let (peer, http) = start();
    for round in 0..3 {
        let attempts: Vec<Outgoing> =
            (0..MANY).map(|at| attempt("slow", round * MANY + at)).collect();
        let outcomes = join_all(attempts.iter().map(|one| http.send(one, now()))).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, SendOutcome::Accepted { .. })));
    }
    assert_eq!(peer.kept("json").len(), 3 * MANY);
    assert!(connections(&peer) <= MANY, "{} connections", connections(&peer));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_no_attempt() {
    for who in ["leaves", "last"] {
        let (peer, http) = start();
        for at in 1..=5 {
            let reference = format!("m-{at}");
            assert_eq!(http.send(&attempt(who, at), now()).await, accepted(Some(&reference)));
            // Long enough for the close to arrive.
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!((peer.kept("json").len(), connections(&peer)), (5, 5), "{who}");
    }
}

/// The close and the next request pass each other on the wire, again and
/// again: whatever comes of it, what is said of an attempt is true of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_against_a_close_is_never_lost_in_silence() {
    const EACH: usize = 100;
    const SIDE_BY_SIDE: usize = 4;
    let (peer, http) = start();
    let run = async |side: usize| {
        let mut outcomes = Vec::new();
        for at in 0..EACH {
            let one = attempt("leaves", side * EACH + at);
            outcomes.push((one.key.to_string(), http.send(&one, now()).await));
        }
        outcomes
    };
    let outcomes: Vec<_> =
        join_all((0..SIDE_BY_SIDE).map(run)).await.into_iter().flatten().collect();

    let came =
        peer.kept_json().into_iter().map(|kept| kept["body"]["key"].as_str().unwrap().into());
    let came: Vec<String> = came.collect();
    let keys: HashSet<&String> = came.iter().collect();
    assert_eq!(keys.len(), came.len(), "nothing comes twice");
    for (key, outcome) in &outcomes {
        match outcome {
            SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. } => {
                assert!(keys.contains(key), "{key} never came");
            }
            SendOutcome::Deferred { .. } => assert!(!keys.contains(key), "{key} came"),
            SendOutcome::Ambiguous { .. } => {}
            SendOutcome::Rejected { .. } => panic!("{key}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn half_an_answer_says_as_much_as_it_says() {
    let lost = SendOutcome::Ambiguous { note: "http: no answer".to_owned() };
    let cases = [
        ("half-head", lost.clone()),
        ("long-head", lost),
        // The status has been said, and it counts.
        ("half-body", accepted(None)),
        ("long-body", accepted(None)),
    ];
    for (who, expected) in cases {
        let (peer, http) = start();
        assert_eq!(http.send(&attempt("anna", 1), now()).await, accepted(Some("m-1")), "{who}");
        // On a kept connection, where trying again would be a temptation.
        assert_eq!(http.send(&attempt(who, 2), now()).await, expected, "{who}");
        // What is left of such an answer is nobody else's.
        assert_eq!(http.send(&attempt("anna", 3), now()).await, accepted(Some("m-3")), "{who}");
        assert_eq!((peer.kept("json").len(), connections(&peer)), (3, 2), "{who}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_as_none() {
    let peer = Peer::start(GATEWAY, &[]);
    let http = http("http", peer.port, 100);
    let late = SendOutcome::Ambiguous { note: "http: no answer in time".to_owned() };
    assert_eq!(http.send(&attempt("slow", 1), now()).await, late);
    assert_eq!(http.send(&attempt("stuck", 2), now()).await, accepted(None));
    assert_eq!(http.send(&attempt("anna", 3), now()).await, accepted(Some("m-3")));
    assert_eq!(connections(&peer), 3);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_nobodys() {
    let (peer, http) = start();
    assert_eq!(http.send(&attempt("chatters", 1), now()).await, accepted(Some("m-1")));
    sleep(Duration::from_millis(50)).await;
    assert_eq!(http.send(&attempt("anna", 2), now()).await, accepted(Some("m-2")));
    assert_eq!(connections(&peer), 2);
}

#[tokio::test]
async fn a_gateway_that_cannot_prove_who_it_is_gets_nothing() {
    let certificate = Certificate::generate();
    let peer = encrypted(&certificate);
    let outcome = http("https", peer.port, 20_000).send(&attempt("anna", 1), now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { .. }), "{outcome:?}");

    // One that does not speak TLS at all.
    let clear = Peer::start(GATEWAY, &[]);
    let outcome = http("https", clear.port, 20_000).send(&attempt("anna", 1), now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { .. }), "{outcome:?}");
    assert_eq!((peer.kept("json").len(), clear.kept("json").len()), (0, 0));
}

#[test]
fn a_gateway_that_the_machine_trusts_is_spoken_to_encrypted() {
    let certificate = Certificate::generate();
    let peer = encrypted(&certificate);
    // Whom the machine trusts is told by the environment, which is one for
    // all tests of this process.
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "provider::http_wire::speaks_encrypted", "--ignored"])
        .env("SSL_CERT_FILE", certificate.path())
        .env_remove("SSL_CERT_DIR")
        .env(PORT, peer.port.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((peer.kept("json").len(), connections(&peer)), (2, 1));
}

#[tokio::test]
#[ignore = "run by a_gateway_that_the_machine_trusts_is_spoken_to_encrypted"]
async fn speaks_encrypted() {
    let port = std::env::var(PORT).unwrap().parse().unwrap();
    let http = http("https", port, 20_000);
    assert_eq!(http.send(&attempt("anna", 1), now()).await, accepted(Some("m-1")));
    assert_eq!(http.send(&attempt("anna", 2), now()).await, accepted(Some("m-2")));
}

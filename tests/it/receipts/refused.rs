//! What the door does not take: too much, too slow, too odd.

use std::time::Duration;

use duebell::model::id::spread;

use super::*;

const LONG: usize = 10 * 1024 * 1024;

#[tokio::test]
async fn ten_megabytes_are_not_taken_announced_or_not() {
    let scratch = tempfile::tempdir().unwrap();
    let store = new_store(&scratch).await;
    let door = Door::open(store.clone()).await;
    let mut long = posting("msg_1");
    long.body.resize(LONG, b' ');
    // The door may close before all of it is written; then there is no answer.
    let answer = door.caller().await.ask(&long.request()).await;
    assert_eq!(answer.map_or(413, |it| it.status), 413);

    let mut chunked =
        b"POST /receipts/carrier HTTP/1.1\r\nhost: d\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..LONG / 0x10000 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.resize(chunked.len() + 0x10000, b' ');
        chunked.extend_from_slice(b"\r\n");
    }
    let answer = door.caller().await.ask(&chunked).await;
    assert_eq!(answer.map_or(413, |it| it.status), 413);

    // A head alone is judged by what it announces.
    let head = b"POST /receipts/carrier HTTP/1.1\r\nhost: d\r\ncontent-length: 262145\r\n\r\n";
    assert_eq!(door.caller().await.ask(head).await.unwrap().status, 413);
    assert_eq!(unsettled(&store).await, []);
}

#[tokio::test]
async fn each_refusal_says_why() {
    let scratch = tempfile::tempdir().unwrap();
    let store = new_store(&scratch).await;
    let door = Door::open(store.clone()).await;
    let mut caller = door.caller().await;
    let mut check = async |request: &[u8], status: u16, why: &str| {
        let answer = caller.ask(request).await.unwrap();
        assert_eq!(answer.status, status, "{why}: {}", answer.body);
        assert!(answer.body.contains(why), "{why}: {}", answer.body);
    };
    let other = Posting { provider: "stranger".into(), ..posting("msg_1") };
    check(&other.request(), 404, "no provider").await;
    let put = b"PUT /receipts/carrier HTTP/1.1\r\nhost: d\r\n\r\n";
    check(put, 405, "").await;
    let bare = b"POST /receipts/carrier HTTP/1.1\r\nhost: d\r\ncontent-length: 2\r\n\r\n{}";
    check(bare, 401, "webhook-id is missing").await;
    check(&Posting::signed("msg_1", "{").request(), 400, "EOF").await;
    check(&Posting::signed("msg_1", r#"{"fate": "read"}"#).request(), 400, "unknown variant").await;
    let page = "<!DOCTYPE html><html><body>Welcome</body></html>";
    check(&Posting::signed("msg_1", page).request(), 400, "expected value").await;
    for (off, why) in [(301, "301 seconds ahead of our clock"), (-900, "900 seconds behind")] {
        let body = said(stray(1), Fate::Delivered, NOON);
        let signed_at = at(NOON) + jiff::SignedDuration::from_secs(off);
        check(&Posting::signed_at("msg_1", &body, signed_at).request(), 401, why).await;
    }
    let long = "m".repeat(129);
    check(&posting(&long).request(), 400, "webhook-id is not").await;
    let one = said(stray(1), Fate::Delivered, NOON);
    let list = |count: usize| format!("[{}]", vec![one.clone(); count].join(","));
    check(&Posting::signed("msg_1", &list(1_001)).request(), 400, "1001 receipts").await;
    assert_eq!(unsettled(&store).await, []);
    check(&Posting::signed("msg_1", &list(1_000)).request(), 204, "").await;
    check(&Posting::signed("msg_2", "[]").request(), 204, "").await;
    assert_eq!(unsettled(&store).await.len(), 1_000);
}

#[tokio::test]
async fn health_is_told_until_the_daemon_stops() {
    let scratch = tempfile::tempdir().unwrap();
    let door = Door::open(new_store(&scratch).await).await;
    let mut caller = door.caller().await;
    for path in ["live", "ready"] {
        let request = format!("GET /health/{path} HTTP/1.1\r\nhost: d\r\n\r\n");
        assert_eq!(caller.ask(request.as_bytes()).await.unwrap().status, 200);
    }
    door.stop.cancel();
    door.serving.await.unwrap();
    assert!(TcpStream::connect(("127.0.0.1", door.port)).await.is_err());
}

/// The waits are cut to what a test can wait for; nothing else is real time.
#[tokio::test]
async fn whoever_trickles_is_shown_the_door() {
    let scratch = tempfile::tempdir().unwrap();
    let store = new_store(&scratch).await;
    let short = Duration::from_millis(100);
    let waits = Waits { head: short, body: short, ..Waits::default() };
    let door = Door::open_with(store.clone(), Limits::default(), waits).await;
    let whole = posting("msg_1").request();
    // Half a head; nothing at all.
    for begun in [&whole[..40], b""] {
        assert!(door.caller().await.ask(begun).await.is_none_or(|it| it.status == 408));
    }
    // A head and half a body.
    let answer = door.caller().await.ask(&whole[..whole.len() - 20]).await.unwrap();
    assert_eq!(answer.status, 408);
    assert_eq!(unsettled(&store).await, []);
}

/// Draws that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 += 1;
        (spread(&self.0.to_string()) % limit as u64) as usize
    }

    fn pick(&mut self, words: &[&str]) -> String {
        words[self.below(words.len())].to_owned()
    }

    fn bytes(&mut self, max: usize) -> Vec<u8> {
        let length = self.below(max);
        (0..length).map(|_| self.below(256) as u8).collect()
    }

    /// JSON, or what could pass for it.
    fn body(&mut self, depth: usize) -> String {
        let inner = |dice: &mut Dice| if depth > 3 { "0".into() } else { dice.body(depth + 1) };
        match self.below(9) {
            0 => format!("[{}, {}]", inner(self), inner(self)),
            1 => format!(
                "{{\"key\": {}, \"fate\": {}, \"at\": {}}}",
                inner(self),
                inner(self),
                inner(self)
            ),
            2 => said(stray(self.below(9) as u32), Fate::ALL[self.below(4)], NOON),
            3 => format!("{{{}: {}}}", inner(self), inner(self)),
            4 => "[".repeat(self.below(300)),
            5 => String::from_utf8_lossy(&self.bytes(40)).into_owned(),
            _ => self.pick(&[
                "null",
                "-1e999",
                "\"\\u0000\"",
                "\"delivered\"",
                "\"+1.1\"",
                "\"2026-03-10T12:00Z\"",
                "18446744073709551616",
                "\"-009999-01-01T00:00Z\"",
                "\"ffffffffffffffffffffffffffffffff.4294967295\"",
                "true",
                "\"\\ud800\"",
                "{}",
                "",
            ]),
        }
    }

    /// Proper HTTP with anything in it; most of it even signed.
    fn request(&mut self) -> Vec<u8> {
        let body = self.body(0);
        let id = self.pick(&["msg_1", "m.m", "", "ö", "a b", "%00"]);
        let mut posting = Posting::signed(&id, &body);
        posting.provider = self.pick(&["carrier", "carrier", "carrier", "%ff", "a%2Fb", "other"]);
        match self.below(12) {
            0 => {
                posting.signature =
                    self.pick(&["", "v1,", "v1,====", ",", "v1,\t", "v9,e30="]).into()
            }
            1 => {
                posting.timestamp = self.pick(&["", "-1", "9999999999999999999", "1e9", "٣"]).into()
            }
            2 => posting.body = self.bytes(200),
            _ => {}
        }
        posting.request()
    }
}

/// A panic would end the connection without an answer.
#[tokio::test]
async fn ten_thousand_odd_requests_are_each_answered() {
    let scratch = tempfile::tempdir().unwrap();
    let store = new_store(&scratch).await;
    // Nothing is waited for: each request comes alone.
    let limits = Limits { gather: Duration::ZERO, ..Limits::default() };
    let door = Door::open_with(store.clone(), limits, Waits::default()).await;
    let mut dice = Dice(0);
    let mut caller = door.caller().await;
    let mut statuses = HashMap::<u16, u32>::new();
    for _ in 0..8_000 {
        let request = dice.request();
        let answer = caller.ask(&request).await;
        let shown = || String::from_utf8_lossy(&request).into_owned();
        let answer = answer.unwrap_or_else(|| panic!("no answer to {}", shown()));
        *statuses.entry(answer.status).or_default() += 1;
        assert!([204, 400, 401, 404].contains(&answer.status), "{}: {}", answer.status, shown());
    }
    assert!(statuses.len() == 4, "{statuses:?}");
    // And what is no HTTP: answered or not, the door stays open.
    for _ in 0..2_000 {
        // Not blank lines alone, which the door would wait for more after.
        let mut noise = [b"x", &dice.bytes(100)[..]].concat();
        noise.extend_from_slice(b"\r\n\r\n");
        caller.ask(&noise).await;
    }
    assert_eq!(door.post(&posting("msg_last")).await, 204);
}

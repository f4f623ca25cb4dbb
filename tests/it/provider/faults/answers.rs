//! Something else answers in the peer's place: a page of a proxy's, ten
//! megabytes and more, a charset that lies, a refusal without a word, a code
//! that nobody has seen before.
//!
//! The peer takes the request, and its answer is replaced on the way. Whatever
//! comes: nothing is accepted without the answer that says so, one request is
//! made, a note holds codes and none of what was said, and an answer without
//! end is not read to its end.

use duebell::provider::{Delay, SendOutcome};

use super::ground::Ground;
use super::subjects::{self, Subject};
use crate::provider::now;
use crate::support::spoil::{Instead, Spoiler};

/// The rest of an answer without end; who reads it all reads too much.
const ENDLESS: usize = 64 << 20;
/// Buffers of the system included.
const READ_MAX: usize = 32 << 20;
/// What stands in answers and must not stand in notes.
const OURS: [&str; 4] = ["4915100001", "4915190", "anna@example.net", "<"];
const NOTE_LENGTH_MAX: usize = 100;
/// Others are called at the same Asterisk.
const NUMBERS: u32 = 90_001;
/// Long enough for an answer, which always comes.
const PATIENT_MS: u32 = 5_000;

const PAGE: &str = "<!DOCTYPE html><html><head><title>+4915100001</title></head>\
                    <body>Welcome, anna@example.net! OK 0: Accepted 250 2.0.0</body></html>";

/// What is true after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Taken,
    Refused,
    /// Not taken, and it uses an attempt up.
    Down,
    /// Likewise, and the operator mends it.
    Ours,
    Unknown,
}

/// Answers, what they are to lead to, and a word of the note.
type Case = (&'static str, Instead, Is, String);

fn is(outcome: &SendOutcome) -> Is {
    match outcome {
        SendOutcome::Accepted { .. } | SendOutcome::AcceptedInParts { .. } => Is::Taken,
        SendOutcome::Rejected { .. } => Is::Refused,
        SendOutcome::Deferred { because: Delay::Down, note, .. }
            if note.contains("our account") =>
        {
            Is::Ours
        }
        SendOutcome::Deferred { .. } => Is::Down,
        SendOutcome::Ambiguous { .. } => Is::Unknown,
    }
}

fn note(outcome: &SendOutcome) -> &str {
    match outcome {
        SendOutcome::Rejected { note, .. }
        | SendOutcome::Deferred { note, .. }
        | SendOutcome::Ambiguous { note } => note,
        _ => "",
    }
}

async fn each(subject: &Subject, cases: Vec<Case>) {
    let Some(ground) = Ground::of(subject) else { return };
    for (number, (what, instead, expected, code)) in (NUMBERS..).zip(cases) {
        let way = Spoiler::to(ground.port, instead).await;
        let sender = ground.sender_to(way.port, PATIENT_MS);
        let outcome = sender.send(&subject.attempt(number, number, 1), now()).await;
        let shown = format!("{}, {what}: {outcome:?}", subject.kind);
        assert_eq!(is(&outcome), expected, "{shown}");
        let note = note(&outcome);
        assert!(note.contains(&code), "{shown}");
        assert!(note.len() <= NOTE_LENGTH_MAX && note.is_ascii(), "{shown}");
        assert!(!OURS.iter().any(|word| shown.contains(word)), "{shown}");
        assert_eq!(way.spoilt(), 1, "{shown}: asked once");
        assert!(way.said() < READ_MAX, "{shown}: {} bytes", way.said());
    }
}

fn is_order(said: &[u8]) -> bool {
    said.starts_with(b"POST ")
}

/// Of everything that Asterisk is asked, the order for a call.
fn is_call(said: &[u8]) -> bool {
    said.starts_with(b"POST /ari/channels/")
}

fn answer(to: fn(&[u8]) -> bool, status: &str, kind: &str, body: &[u8], more: usize) -> Instead {
    let length = body.len() + more;
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    Instead { to, says: [head.as_bytes(), body].concat(), more }
}

/// In two bytes a letter.
fn utf16(text: &str) -> Vec<u8> {
    let bytes = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xFF, 0xFE].into_iter().chain(bytes).collect()
}

/// What every API over HTTP is answered with, and a refusal of its own making
/// that is new to us.
fn over_http(to: fn(&[u8]) -> bool, new: (&str, &str, Is, &str)) -> Vec<Case> {
    const HTML: &str = "text/html; charset=utf-8";
    const JSON: &str = "application/json; charset=utf-8";
    // As good as any of them could say it, were it written in another way.
    let good = r#"{"id":"m-1","MessageId":"m-1","Code":"OK","sid":"SM0123456789abcdef0123456789abcdef",
                   "messages":[{"messageId":"m-1","status":{"groupId":1,"id":26}}]}"#;
    // Wherever there is a letter that matters, one that is none follows.
    let broken: Vec<u8> = ["m-1", "OK", "SM01"]
        .iter()
        .fold(good.to_owned(), |text, word| text.replace(word, &format!("{word}\u{FF}")))
        .chars()
        .map(|letter| letter as u8)
        .collect();
    let (page, wide) = (PAGE.as_bytes(), utf16(good));
    let case = |what, instead: Instead, is, code: &str| (what, instead, is, code.to_owned());
    let (status, body, expected, code) = new;
    vec![
        case("a page", answer(to, "200 OK", HTML, page, 0), Is::Unknown, ""),
        case("a page of 502", answer(to, "502 Bad Gateway", HTML, page, 0), Is::Unknown, "502"),
        case("a page without end", answer(to, "200 OK", HTML, page, ENDLESS), Is::Unknown, ""),
        case("502 without end", answer(to, "502 No", JSON, b"{", ENDLESS), Is::Unknown, "502"),
        case("broken letters", answer(to, "200 OK", JSON, &broken, 0), Is::Unknown, ""),
        case("a charset that lies", answer(to, "200 OK", JSON, &wide, 0), Is::Unknown, ""),
        case(
            "another charset",
            answer(to, "200 OK", "application/json; charset=utf-16", &wide, 0),
            Is::Unknown,
            "",
        ),
        case("401", answer(to, "401 Unauthorized", JSON, b"", 0), Is::Ours, "401"),
        case("403", answer(to, "403 Forbidden", JSON, b"", 0), Is::Ours, "403"),
        case("a new code", answer(to, status, JSON, body.as_bytes(), 0), expected, code),
    ]
}

macro_rules! over_http {
    ($($name:ident: $status:literal, $body:literal => $is:expr, $code:literal;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let new = ($status, $body, $is, $code);
                each(&subjects::$name(), over_http(is_order, new)).await;
            }
        )*
    };
}

over_http! {
    aliyun: "200 OK",
        r#"{"Code":"isv.BRAND_NEW_4711","Message":"+4915100001 anna@example.net"}"#
        => Is::Down, "isv.BRAND_NEW_4711";
    aws_eum: "400 Bad Request",
        r#"{"__type":"BrandNewException","Message":"+4915100001","Reason":"BRAND_NEW"}"#
        => Is::Down, "BrandNewException BRAND_NEW";
    aws_ses: "400 Bad Request", r#"{"__type":"BrandNewException","message":"anna@example.net"}"#
        => Is::Down, "BrandNewException";
    // Of these two the status decides: the words of our own contract are known,
    // and another's are in the settings.
    http: "422 No", r#"{"error":"brand_new","why":"+4915100001"}"# => Is::Refused, "422";
    http_template: "422 No", r#"{"code":"brand_new","why":"+4915100001"}"#
        => Is::Refused, "422 brand_new";
    infobip: "200 OK",
        r#"{"messages":[{"status":{"groupId":5,"id":4711,"description":"+4915100001"}}]}"#
        => Is::Down, "4711";
    kannel: "418 No", "Brand new: +4915100001" => Is::Unknown, "418";
    twilio: "400 Bad Request", r#"{"code":29999,"message":"+4915100001","status":400}"#
        => Is::Down, "29999";
}

#[tokio::test]
async fn asterisk() {
    let new = ("418 No", r#"{"message":"+4915100001"}"#, Is::Unknown, "418");
    each(&subjects::asterisk(), over_http(is_call, new)).await;
}

/// In the field where a code is: a number of somebody's is none.
#[tokio::test]
async fn a_number_in_the_place_of_a_code_is_not_noted() {
    let code = |status: &str, body: &str, is| {
        let instead = answer(is_order, status, "application/json", body.as_bytes(), 0);
        vec![("a number as a code", instead, is, String::new())]
    };
    let aliyun = code("200 OK", r#"{"Code":"4915100001"}"#, Is::Unknown);
    each(&subjects::aliyun(), aliyun).await;
    let aws = code("400 Bad Request", r#"{"__type":"4915100001"}"#, Is::Down);
    each(&subjects::aws_ses(), aws).await;
    let status = r#"{"messages":[{"status":{"groupId":5,"id":4915100001}}]}"#;
    each(&subjects::infobip(), code("200 OK", status, Is::Down)).await;
    let template = code("422 No", r#"{"code":"4915100001"}"#, Is::Refused);
    each(&subjects::http_template(), template).await;
    let twilio = code("400 Bad Request", r#"{"code":4915100001}"#, Is::Down);
    each(&subjects::twilio(), twilio).await;
}

/// Nor is a text in the place of a reference kept.
#[tokio::test]
async fn a_text_in_the_place_of_a_reference_is_not_kept() {
    let good = |body: String| {
        let instead = answer(is_order, "200 OK", "application/json", body.as_bytes(), 0);
        vec![("a text as a reference", instead, Is::Taken, String::new())]
    };
    each(&subjects::aliyun(), good(format!(r#"{{"Code":"OK","BizId":"{PAGE}"}}"#))).await;
    let pending = r#"{"groupId":1,"id":26}"#;
    let infobip = format!(r#"{{"messages":[{{"messageId":"{PAGE}","status":{pending}}}]}}"#);
    each(&subjects::infobip(), good(infobip)).await;
    each(&subjects::http(), good(format!(r#"{{"id":"{PAGE}"}}"#))).await;
    each(&subjects::http_template(), good(format!(r#"{{"id":"{PAGE}"}}"#))).await;
}

/// A mail server that is none, or says what no mail server does.
#[tokio::test]
async fn smtp() {
    let greets = |said: &[u8]| said.is_empty();
    let hello = |said: &[u8]| said.starts_with(b"EHLO");
    let recipient = |said: &[u8]| said.starts_with(b"RCPT");
    let content = |said: &[u8]| said.ends_with(b"\r\n.\r\n");
    let page = format!("HTTP/1.1 400 Bad Request\r\n\r\n{PAGE}\r\n").into_bytes();
    let case = |what, to, says: &[u8], more, is, code: &str| {
        (what, Instead { to, says: says.to_vec(), more }, is, code.to_owned())
    };
    let odd = b"250 2.0.0 \xFF\xC3( queued as Q1\r\n";
    let wide = utf16("250 2.0.0 Ok: queued as Q1\r\n");
    let new = b"559 5.9.9 <anna@example.net> is brand new\r\n";
    let cases = vec![
        case("a page for a greeting", greets, &page, 0, Is::Down, "before the recipient"),
        case("a greeting without end", greets, b"220 ", ENDLESS, Is::Down, "before the recipient"),
        case("broken letters", hello, odd, 0, Is::Down, "before the recipient"),
        case("a page for an answer", content, &page, 0, Is::Unknown, "after the content"),
        case("an answer without end", content, b"250 ", ENDLESS, Is::Unknown, "after the content"),
        case("broken letters", content, odd, 0, Is::Unknown, "after the content"),
        case("another charset", content, &wide, 0, Is::Unknown, "after the content"),
        case("a new code", recipient, new, 0, Is::Ours, "559 5.9.9"),
        case("a new code", content, new, 0, Is::Refused, "559 5.9.9"),
    ];
    each(&subjects::smtp(), cases).await;
}

/// A centre that is none, or says what no centre does.
#[tokio::test]
async fn smpp() {
    const BIND: u8 = 0x09;
    const SUBMIT: u8 = 0x04;
    let binds = |said: &[u8]| said.get(7) == Some(&BIND);
    let submits = |said: &[u8]| said.get(7) == Some(&SUBMIT);
    let unit = |command: u8, status: u32, sequence: u32, body: &[u8]| {
        let words = [16 + body.len() as u32, 0x8000_0000 + u32::from(command), status, sequence];
        let head = words.into_iter().flat_map(u32::to_be_bytes);
        head.chain(body.iter().copied()).collect::<Vec<u8>>()
    };
    let page = format!("HTTP/1.1 400 Bad Request\r\n\r\n{PAGE}\r\n").into_bytes();
    let long = [(ENDLESS as u32).to_be_bytes().as_slice(), &[0x80, 0, 0, 4]].concat();
    let case = |what, to, says: Vec<u8>, more, is, code: &str| {
        (what, Instead { to, says, more }, is, code.to_owned())
    };
    let odd = b"\xFF\xFE <b>\0";
    let cases = vec![
        case("a page for a login", binds, page.clone(), 0, Is::Down, "cannot be reached"),
        case("a login without end", binds, long.clone(), ENDLESS, Is::Down, "cannot be reached"),
        case("refused", binds, unit(BIND, 0x0E, 1, b"\0"), 0, Is::Ours, "bind 0x0E"),
        case("newly refused", binds, unit(BIND, 0x4FF, 1, b"\0"), 0, Is::Ours, "bind 0x4FF"),
        case("a page for an answer", submits, page, 0, Is::Unknown, "smpp"),
        case("an answer without end", submits, long, ENDLESS, Is::Unknown, "smpp"),
        case("a new code", submits, unit(SUBMIT, 0x4FF, 2, b"\0"), 0, Is::Down, "smpp 0x4FF"),
        case("no reference", submits, unit(SUBMIT, 0, 2, odd), 0, Is::Taken, ""),
    ];
    each(&subjects::smpp(), cases).await;
}

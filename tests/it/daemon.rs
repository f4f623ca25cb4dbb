//! The daemon as an operator runs it: the real binary, a billing database on
//! disk, settings in files, a mail server that we did not write.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use duebell::model::billing::plus_days;
use jiff::civil::Date;
use mail_parser::MessageParser;

use crate::receipts::signature;
use crate::support::installation::{Installation, text};
use crate::support::peer::{Peer, closed_port};

/// Where the day that is planned is always the local one.
const FIRST_ZONE: &str = "Pacific/Kiritimati";

/// An installation over these bills; `extra` is appended to the settings.
pub fn installation(bills: &[(&str, Date)], extra: &str) -> Installation {
    let installation = Installation::new(60);
    let at = |name: &str| installation.at(name);
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/source/duebell");
    let settings = format!(
        "[paths]\npolicy = {:?}\n[store]\nurl = \"sqlite://{}\"\n\
         [source]\nurl = \"sqlite://{}\"\nqueries = {:?}\n\
         [pipeline]\nsync_every_s = 1\n[provider.sandbox]\nfile = {:?}\n{extra}",
        at("policy"),
        at("duebell.db"),
        at("billing.db"),
        queries.display().to_string(),
        at("sandbox.jsonl"),
    );
    installation.write("policy/all.toml", SCENARIO);
    installation.write("config.toml", &settings);
    let accounts = format!(
        "id,name,zone,language,email,phone\n\
         A1,Zoë Müller-王,{FIRST_ZONE},de,anna@example.net,+4915123456789\n\
         A2,Bob,{FIRST_ZONE},en,not-an-address,\n"
    );
    let mut rows = "bill,account,amount,issued,due\n".to_owned();
    for (bill, due) in bills {
        let account = if bill.starts_with('X') { "A2" } else { "A1" };
        let issued = plus_days(*due, -20);
        rows.push_str(&format!("{bill},{account},\"1.234,50\",{issued},{due}\n"));
    }
    installation.import(MAPPING, &accounts, &rows);
    installation
}

pub fn sandbox(installation: &Installation) -> Vec<duebell::provider::sandbox::Message> {
    duebell::provider::sandbox::read_all(&installation.path("sandbox.jsonl")).unwrap_or_default()
}

const SCENARIO: &str = r#"
name = "all"
default = true
[window]
opens = "00:00"
closes = "24:00"
[[step]]
name = "late1"
offset_days = 1
severity = "soft"
channels = ["email"]
[[step]]
name = "late5"
offset_days = 5
severity = "soft"
channels = ["email"]
"#;

const MAPPING: &str = r#"
[accounts]
columns = { account_id = "id", name = "name", zone = "zone", language = "language", email = "email", phone = "phone" }
[bills]
columns = { bill_id = "bill", account_id = "account", amount = "amount", issued_on = "issued", due_on = "due" }
constants = { currency = "EUR" }
decimal = ","
grouping = "."
"#;

#[allow(clippy::disallowed_methods, reason = "the daemon under test runs on the machine's clock")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn today() -> Date {
    now().to_zoned(jiff::tz::TimeZone::get(FIRST_ZONE).unwrap()).date()
}

/// A bill whose step `late1` falls due today.
pub fn due_yesterday() -> Date {
    plus_days(today(), -1)
}

#[test]
fn a_new_installation_sends_nothing_and_shows_what_it_would_send() {
    let installation = installation(&[("B1", due_yesterday())], "");
    let daemon = installation.start();
    let planned = || installation.says(&["status", "--json"]).contains("\"suppressed\": 1");
    installation.eventually("the observed reminder", planned);
    assert!(daemon.terminate().success());

    assert!(sandbox(&installation).is_empty());
    assert!(
        installation.says(&["status"]).contains("all (")
            && installation.log().contains("observing")
    );
    let story = installation.says(&["explain", "A1"]);
    assert!(story.contains("suppressed, because the scenario was in observe mode"), "{story}");
}

#[test]
fn a_live_daemon_reminds_once_however_often_it_is_restarted() {
    let bills = [("B1", due_yesterday()), ("B2", due_yesterday()), ("X1", due_yesterday())];
    let installation = installation(&bills, "");
    installation.says(&["live"]);
    for _ in 0..3 {
        let daemon = installation.start();
        installation.eventually("its start", || installation.log().contains("ready"));
        installation.eventually("the reminder", || !sandbox(&installation).is_empty());
        installation.eventually("its receipt", || {
            installation.says(&["status", "--json"]).contains("\"delivered\": 1")
        });
        assert!(daemon.terminate().success(), "{}", installation.log());
    }
    // One message for both bills of the account; the other account has no
    // usable address, and says so.
    let messages = sandbox(&installation);
    assert_eq!(messages.len(), 1);
    assert!(messages[0].text.contains("B1") && messages[0].text.contains("B2"));
    let story = installation.says(&["explain", "A2"]);
    assert!(story.contains("there is no usable address"), "{story}");
    let set_aside = std::fs::read_to_string(installation.path("accounts.rejects.csv")).unwrap();
    assert!(set_aside.contains("email"), "{set_aside}");
}

#[test]
fn a_killed_daemon_goes_on_where_it_was() {
    let installation = installation(&[("B1", due_yesterday())], "latency_ms = 1500\n");
    installation.says(&["live"]);
    let daemon = installation.start();
    // The sandbox thinks for a while: killed now, the outcome is not known.
    installation.eventually("a submission", || {
        installation.says(&["status", "--json"]).contains("\"submitting\": 1")
    });
    drop(daemon);
    let daemon = installation.start();
    installation.eventually("the outcome", || {
        installation.says(&["status", "--json"]).contains("\"delivered\": 1")
    });
    assert!(daemon.terminate().success());
    assert_eq!(sandbox(&installation).len(), 1);
    assert!(installation.log().contains("submissions were cut short"));
}

#[test]
fn a_second_daemon_on_the_same_file_is_told_who_is_there() {
    let installation = installation(&[("B1", due_yesterday())], "");
    let daemon = installation.start();
    installation.eventually("its start", || installation.log().contains("ready"));
    let second = installation.ends(&["run"]);
    let told = text(&second.stderr);
    assert!(!second.status.success());
    let holder = format!("duebell.db is in use by process {}, started 2", daemon.id());
    for part in [&holder, "stop that one first", "store.url"] {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
    // Looking is allowed, and the lock goes with the process, however it ends.
    installation.says(&["status"]);
    drop(daemon);
    let daemon = installation.start();
    installation.eventually("its start", || installation.log().contains("ready"));
    assert!(daemon.terminate().success(), "{}", installation.log());
}

#[test]
fn the_kill_switch_stops_sending_and_resume_lets_it_go_on() {
    let installation = installation(&[("B1", due_yesterday())], "");
    installation.says(&["live"]);
    installation.says(&["halt"]);
    let daemon = installation.start();
    installation.eventually("the warning", || installation.log().contains("kill switch"));
    assert!(sandbox(&installation).is_empty());
    installation.says(&["resume"]);
    installation.eventually("the reminder", || sandbox(&installation).len() == 1);
    assert!(daemon.terminate().success());
}

#[test]
fn a_letter_reaches_a_real_mail_server_whole() {
    let peer = Peer::start("smtp_sink.py", &[]);
    let smtp = format!(
        "[channels]\nemail = \"smtp\"\n[provider.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"Beispiel Netz <rechnung@example.org>\"\nunsubscribe = \"stop@example.org\"\n",
        peer.port
    );
    let installation = installation(&[("B1", due_yesterday())], &smtp);
    installation.says(&["live"]);
    let daemon = installation.start();
    installation.eventually("the letter", || !peer.kept("eml").is_empty());
    assert!(daemon.terminate().success());

    let bytes = std::fs::read(&peer.kept("eml")[0]).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.to().unwrap().first().unwrap().name(), Some("Zoë Müller-王"));
    for body in [mail.body_text(0).unwrap(), mail.body_html(0).unwrap()] {
        assert!(
            body.contains("1.234,50") && body.contains("B1") && body.contains("Zoë Müller-王"),
            "{body}"
        );
    }
    let header = |name: &str| mail.header_raw(name).map(|value| value.trim().to_owned());
    assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(header("List-Unsubscribe").unwrap().contains("mailto:stop@example.org"));
    // The attempt's key is the message's name.
    let story = installation.says(&["explain", "A1", "--json"]);
    let reminder = mail.message_id().unwrap().split('.').next().unwrap();
    assert!(story.contains(reminder), "{story}");
}

#[test]
fn a_gateways_receipt_is_taken_and_settled() {
    let (peer, port, secret) = (Peer::start("http_gateway.py", &[]), closed_port(), [b'a'; 24]);
    let secret_file = peer.dir.path().join("secret");
    std::fs::write(&secret_file, format!("whsec_{}", "YWFh".repeat(8))).unwrap();
    let settings = format!(
        "[channels]\nemail = \"own\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n[provider.own]\n\
         kind = \"http\"\nurl = \"http://127.0.0.1:{}\"\nchannels = [\"email\"]\n\
         receipts = true\nreceipt_secret_files = [{:?}]\n",
        peer.port,
        secret_file.display().to_string()
    );
    let installation = installation(&[("B1", due_yesterday())], &settings);
    installation.says(&["live"]);
    let daemon = installation.start();
    let stands =
        |state: &str| installation.says(&["status", "--json"]).contains(&format!("\"{state}\": 1"));
    installation.eventually("the acceptance", || stands("accepted"));

    let now = now();
    let key = peer.kept_json()[0]["body"]["key"].as_str().unwrap().to_owned();
    let body = format!(r#"{{"key": "{key}", "fate": "delivered", "at": "{now}"}}"#);
    let timestamp = now.as_second().to_string();
    let signature = signature(&secret, "msg_1", &timestamp, body.as_bytes());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "POST /receipts/own HTTP/1.1\r\nhost: d\r\nconnection: close\r\ncontent-length: {}\r\n\
         webhook-id: msg_1\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    installation.eventually("the settling", || stands("delivered"));
    assert!(daemon.terminate().success(), "{}", installation.log());
}

#[test]
fn everything_wrong_with_the_settings_is_told_at_once() {
    let installation = installation(&[("B1", due_yesterday())], "");
    let scenario =
        SCENARIO.replace("closes = \"24:00\"", "closes = \"00:00\"").replace("[\"email\"]", "[]");
    std::fs::write(installation.path("policy/all.toml"), scenario).unwrap();
    let output = installation.command().args(["check"]).output().unwrap();
    let wrong = text(&output.stderr);
    assert!(!output.status.success());
    for part in [
        "all.toml",
        "window",
        "let it close after it opens",
        "step \"late1\": channels",
        "step \"late5\": channels",
    ] {
        assert!(wrong.contains(part), "{part} is missing in:\n{wrong}");
    }

    let output = installation
        .command()
        .args(["check", "--set", "pipeline.sync_evry_s=5", "--set", "pipeline.sync_page=many"])
        .env("DUEBELL__LOG__FORMAT", "xml")
        .output()
        .unwrap();
    let wrong = text(&output.stderr);
    for part in ["sync_evry_s", "sync_page", "\"many\"", "DUEBELL__LOG__FORMAT", "`text` or `json`"]
    {
        assert!(wrong.contains(part), "{part} is missing in:\n{wrong}");
    }
}

#[test]
fn a_plan_is_shown_without_a_daemon() {
    let installation = installation(&[("B1", due_yesterday()), ("X1", due_yesterday())], "");
    let counts = installation.says(&["sync"]);
    assert!(counts.contains("bills: 2 read = 2 used + 0 set aside"), "{counts}");
    let plan = installation.says(&["plan", "--on", &today().to_string()]);
    assert!(plan.contains("send  A1") && plan.contains("not   A2"), "{plan}");
    assert!(sandbox(&installation).is_empty());
    let check = installation.says(&["source", "check"]);
    assert!(check.contains("account A1") && !check.contains("Müller"), "{check}");
}

//! Two thousand subscribers, six real providers and one daemon: two providers
//! go away half-way, one is slow, and numbers behave as numbers do. Everybody
//! hears once what is to be heard, and everything ends somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use duebell::model::billing::plus_days;
use duebell::store::{AttemptLine, SqlStore};
use jiff::civil::DateTime;
use serde_json::Value;

use crate::support::installation::Installation;
use crate::support::peer::Peer;

/// Where the day that is planned is always the local one.
const ZONE: &str = "Pacific/Kiritimati";
const LANGUAGES: [&str; 7] = ["en", "de", "es", "fr", "pt", "zh-Hans", "ar"];
/// Receipts are waited for so long, and then the next channel is tried.
const PATIENCE_S: u64 = 20;
const SHUT: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Sms,
    Voice,
    Mail,
    /// Their window is closed for as long as this takes.
    Shut,
    /// The source says that they have paid, once it is asked right before.
    Paid,
}

impl Group {
    fn segment(self) -> &'static str {
        match self {
            Group::Sms | Group::Paid => "sms",
            Group::Voice => "voice",
            Group::Mail => "mail",
            Group::Shut => "shut",
        }
    }
}

struct Subscriber {
    id: String,
    group: Group,
    /// Without its `+`; the last two digits say what its phone does.
    phone: String,
    email: String,
}

fn subscribers() -> Vec<Subscriber> {
    let mut all = Vec::new();
    for (group, count) in [
        (Group::Sms, 1_000),
        (Group::Voice, 300),
        (Group::Mail, 500),
        (Group::Shut, SHUT),
        (Group::Paid, 100),
    ] {
        for n in 0..count {
            let i = all.len();
            // At the SMSC: refused, no receipt, STOP, lost, silent; else delivered.
            let what = match (group, n % 50) {
                (Group::Sms, 1 | 21) => "01",
                (Group::Sms, 2 | 22) => "00",
                (Group::Sms, 3) => "10",
                (Group::Sms, 4 | 24) => "11",
                (Group::Sms, 5) => "03",
                _ => "16",
            };
            // The mail server knows nobody of that name, or will not relay for it.
            let local = match (group, n % 50) {
                (Group::Mail, 1) => "unknown",
                (Group::Mail, 2 | 12 | 22) => "elsewhere",
                _ => "someone",
            };
            let letter = if group == Group::Paid { "P" } else { "A" };
            all.push(Subscriber {
                id: format!("{letter}{i}"),
                group,
                phone: format!("49151{:06}{what}", 110_001 + i),
                email: format!("{local}@a{i}.example.net"),
            });
        }
    }
    all
}

#[allow(clippy::disallowed_methods, reason = "the daemon under test runs on the machine's clock")]
fn now() -> DateTime {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get(ZONE).unwrap()).datetime()
}

/// The mail server, the SMSC, and whoever else carries something.
struct Peers {
    smsc: Option<Peer>,
    infobip: Option<Peer>,
    twilio: Peer,
    gateway: Peer,
    mail: Peer,
    ses: Peer,
    /// What those who went away had kept.
    kept: BTreeMap<&'static str, Vec<Value>>,
}

impl Peers {
    fn start() -> Peers {
        Peers {
            smsc: Some(Peer::start("smpp_smsc.js", &[])),
            infobip: Some(Peer::start("infobip.py", &[])),
            twilio: Peer::start("twilio_api.py", &[]),
            // Half a second for each call.
            gateway: Peer::start("http_gateway.py", &["0.5"]),
            mail: Peer::start("smtp_sink.py", &[]),
            ses: Peer::start("aws.py", &[]),
            kept: BTreeMap::new(),
        }
    }

    /// How many messages each provider took of whom, by phone and address.
    fn taken(&self) -> BTreeMap<(&'static str, String), usize> {
        let mut taken = BTreeMap::new();
        let mut add = |provider, to: &str| {
            let to = to.trim_start_matches('+').to_owned();
            *taken.entry((provider, to)).or_default() += 1;
        };
        for one in &self.kept["smpp"] {
            let to = one["to"].as_str().unwrap();
            let udh = one["udh"][0].as_str().unwrap_or("01");
            // Of a message in parts the first counts; a refused one was not taken.
            if udh.ends_with("01") && !to.ends_with("01") {
                add("smpp", to);
            }
        }
        for one in &self.kept["infobip"] {
            let to = one["body"]["messages"][0]["destinations"][0]["to"].as_str().unwrap();
            add("infobip", to);
        }
        for one in self.twilio.kept_json() {
            let fields = one["fields"].as_array().unwrap();
            let to = fields.iter().find(|field| field[0] == "To").unwrap();
            add("twilio", to[1].as_str().unwrap());
        }
        for one in self.gateway.kept_json() {
            add("http", one["body"]["to"].as_str().unwrap());
        }
        for one in self.mail.kept_json() {
            add("smtp", one["to"][0].as_str().unwrap());
        }
        for one in self.ses.kept_json() {
            let to = one["body"]["Destination"]["ToAddresses"][0].as_str().unwrap();
            add("aws_ses", to.rsplit('<').next().unwrap().trim_end_matches('>'));
        }
        taken
    }
}

/// Everything that it takes, live; the daemon is not started.
fn installation(peers: &Peers, all: &[Subscriber]) -> Installation {
    let home = Installation::new(150);
    home.write("password", "secret");
    home.write("token", "0123456789abcdef0123456789abcdef");
    home.write("key", "s3cret");
    home.write("aws.json", r#"{"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "s3cret/key+"}"#);
    home.write("config.toml", &settings(&home, peers));
    for (segment, channels, is_open) in [
        ("sms", r#""sms", "email""#, true),
        ("voice", r#""voice""#, true),
        ("mail", r#""email""#, true),
        ("shut", r#""sms", "email""#, false),
    ] {
        home.write(&format!("policy/{segment}.toml"), &scenario(segment, channels, is_open));
    }
    queries(&home);
    import(&home, all);
    home.says(&["sync"]);
    home.says(&["live"]);
    home
}

fn settings(home: &Installation, peers: &Peers) -> String {
    let at = |name: &str| home.at(name);
    let port = |peer: &Option<Peer>| peer.as_ref().map_or(0, |peer| peer.port);
    format!(
        r#"
[paths]
policy = {policy:?}
[store]
url = "sqlite://{store}"
[source]
url = "sqlite://{billing}"
queries = {queries:?}
[pipeline]
sync_every_s = 1
receipt_deadline_s = {PATIENCE_S}
slow_start_s = 0
[pipeline.retry]
wait_first_s = 1
wait_max_s = 5
[channels]
sms = ["smpp", "twilio"]
voice = ["infobip", "http"]
email = ["smtp", "aws_ses"]
[provider.smpp]
host = "127.0.0.1"
port = {smsc}
system_id = "duebell"
password_file = {password:?}
source = "Operator"
timeout_ms = 2000
[provider.smpp.limits]
per_second = 100
[provider.twilio]
url = "http://127.0.0.1:{twilio}"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token_file = {token:?}
channels = ["sms"]
from = "+14155550100"
[provider.infobip]
url = "http://127.0.0.1:{infobip}"
channels = ["voice"]
api_key_file = {key:?}
caller = "4930123456"
[provider.infobip.limits]
per_second = 20
[provider.http]
url = "http://127.0.0.1:{gateway}/"
channels = ["voice"]
[provider.http.limits]
in_flight_max = 20
[provider.smtp]
host = "127.0.0.1"
port = {mail}
tls = "none"
from = "Operator <billing@example.net>"
[provider.aws_ses]
url = "http://127.0.0.1:{ses}"
region = "eu-central-1"
credentials_file = {aws:?}
from = "Operator <billing@example.net>"
"#,
        policy = at("policy"),
        store = at("store.db"),
        billing = at("billing.db"),
        queries = at("queries"),
        smsc = port(&peers.smsc),
        password = at("password"),
        twilio = peers.twilio.port,
        token = at("token"),
        infobip = port(&peers.infobip),
        key = at("key"),
        gateway = peers.gateway.port,
        mail = peers.mail.port,
        ses = peers.ses.port,
        aws = at("aws.json"),
    )
}

/// An hour that is not this one, nor the one that this may run into.
fn scenario(segment: &str, channels: &str, is_open: bool) -> String {
    let (opens, closes) = match (is_open, now().hour()) {
        (true, _) => ("00:00", "24:00"),
        (false, 0..12) => ("20:00", "21:00"),
        (false, _) => ("08:00", "09:00"),
    };
    format!(
        "name = {segment:?}\nsegments = [{segment:?}]\n\
         [window]\nopens = {opens:?}\ncloses = {closes:?}\n\
         [[step]]\nname = \"late1\"\noffset_days = 1\nseverity = \"soft\"\nchannels = [{channels}]\n"
    )
}

/// Our own queries, and a balance that knows who has paid just now.
fn queries(home: &Installation) {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/source/duebell");
    for entry in std::fs::read_dir(ours).unwrap() {
        let path = entry.unwrap().path();
        let mut text = std::fs::read_to_string(&path).unwrap();
        if path.ends_with("balances.sql") {
            text.push_str("    and id not like 'BP%'\n");
        }
        home.write(&format!("queries/{}", path.file_name().unwrap().display()), &text);
    }
}

fn import(home: &Installation, all: &[Subscriber]) {
    let due = plus_days(now().date(), -1);
    let issued = plus_days(due, -20);
    let mut accounts = "id,segment,zone,language,phone,email\n".to_owned();
    let mut bills = "bill,account,amount,issued,due\n".to_owned();
    for (one, language) in all.iter().zip(LANGUAGES.iter().cycle()) {
        let Subscriber { id, group, phone, email } = one;
        let segment = group.segment();
        accounts.push_str(&format!("{id},{segment},{ZONE},{language},+{phone},{email}\n"));
        bills.push_str(&format!("B{id},{id},12.50,{issued},{due}\n"));
    }
    let mapping = r#"
[accounts]
columns = { account_id = "id", segment = "segment", zone = "zone", language = "language", phone = "phone", email = "email" }
[bills]
columns = { bill_id = "bill", account_id = "account", amount = "amount", issued_on = "issued", due_on = "due" }
constants = { currency = "EUR" }
"#;
    home.import(mapping, &accounts, &bills);
}

/// What an account's reminder went through, with whom.
fn path(lines: &[AttemptLine]) -> Vec<(&str, &str)> {
    lines
        .iter()
        .map(|line| (line.state.as_str(), line.provider.as_deref().unwrap_or_default()))
        .collect()
}

/// What each provider must have of an account, by what is on record: the least
/// and the most, as nobody knows of an unknown outcome.
fn owed(path: &[(&str, &str)]) -> BTreeMap<&'static str, (usize, usize)> {
    let mut owed: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for (state, provider) in path {
        let names = ["smpp", "twilio", "infobip", "http", "smtp", "aws_ses"];
        let Some(name) = names.into_iter().find(|name| name == provider) else { continue };
        let entry = owed.entry(name).or_default();
        match *state {
            "accepted" => *entry = (entry.0 + 1, entry.1 + 1),
            "unknown" => entry.1 += 1,
            _ => {}
        }
    }
    owed
}

fn check(subscriber: &Subscriber, lines: &[AttemptLine], taken: &BTreeMap<&str, usize>) {
    let Subscriber { group, phone, email, .. } = subscriber;
    let path = path(lines);
    let told = format!("{group:?} {phone} {email}: {path:?} {taken:?}");
    let (last, _) = *path.last().unwrap_or(&("none", ""));
    match group {
        Group::Shut => {
            // Over, or still to come: that hangs on the hour of this run.
            assert!(matches!(last, "none" | "planned" | "deferred"), "{told}");
            assert!(taken.is_empty(), "outside the window: {told}");
            return;
        }
        Group::Paid => {
            assert_eq!(last, "suppressed", "{told}");
            assert!(taken.is_empty(), "paid: {told}");
            return;
        }
        _ => {}
    }
    // Each provider has what is on record, and nobody has anything else.
    let owed = owed(&path);
    for (provider, (least, most)) in &owed {
        let count = taken.get(provider).copied().unwrap_or(0);
        assert!((*least..=*most).contains(&count) && count <= 1, "{provider}: {told}");
    }
    assert!(taken.keys().all(|provider| owed.contains_key(provider)), "{told}");

    // A second message has a reason: the first one is known not to have
    // arrived, or nothing was heard of it for as long as it was waited for.
    let unheard = path.iter().filter(|(state, _)| *state == "unheard").count();
    let lost = path.windows(2).any(|two| two[0].0 == "accepted" && two[1].0 == "retry_later");
    let most = 1 + unheard + usize::from(lost);
    assert!(taken.values().sum::<usize>() <= most, "{told}");

    let went_to = |provider: &str| path.contains(&("accepted", provider));
    let is_unknown = path.iter().any(|(state, _)| *state == "unknown");
    let expected: &[&str] = match (group, &phone[phone.len() - 2..]) {
        _ if is_unknown => &["expired"],
        (Group::Sms, "16") if went_to("smpp") => &["delivered"],
        // Refused, lost, or unheard at the SMSC: by mail then.
        (Group::Sms, _) if went_to("smtp") || went_to("aws_ses") => &["accepted"],
        (Group::Sms, _) if went_to("twilio") => &["accepted"],
        (Group::Voice, _) => &["accepted"],
        (Group::Mail, _) if email.starts_with("unknown") => &["rejected"],
        (Group::Mail, _) => &["accepted"],
        _ => &[],
    };
    assert!(expected.contains(&last), "{told}");
}

#[test]
fn everybody_hears_once_and_everything_ends_somewhere() {
    let all = subscribers();
    assert_eq!(all.len(), 2_000);
    let mut peers = Peers::start();
    let home = installation(&peers, &all);
    let daemon = home.start();

    // Two of six go away in the middle of their work: by their rates it takes
    // them longer than this does.
    let has = |peer: &Option<Peer>, count| peer.as_ref().unwrap().kept("json").len() >= count;
    home.eventually("the first messages", || has(&peers.smsc, 400) && has(&peers.infobip, 40));
    for (name, peer) in [("smpp", peers.smsc.take()), ("infobip", peers.infobip.take())] {
        peers.kept.insert(name, peer.unwrap().leave());
    }
    let ends = ["submitting", "retry_later", "unknown", "unheard"];
    home.eventually("the last outcome", || {
        let states = home.states();
        let planned = states.get("planned").copied().unwrap_or(0);
        planned <= SHUT && !ends.iter().any(|state| states.contains_key(*state))
    });
    // Once more past the patience of whatever was accepted last.
    std::thread::sleep(Duration::from_secs(PATIENCE_S + 2));
    home.eventually("the end of what was unheard", || {
        let states = home.states();
        !ends.iter().any(|state| states.contains_key(*state))
    });

    assert!(daemon.terminate().success(), "{}", home.log());
    let states = home.states();
    // Of those whose window is over for today, no reminder was planned.
    let count = states.values().sum::<usize>();
    assert!(count == all.len() || count == all.len() - SHUT, "{states:?}");
    let mut taken: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for ((provider, to), count) in peers.taken() {
        *taken.entry(to).or_default().entry(provider).or_default() += count;
    }
    let used: BTreeSet<&str> = taken.values().flat_map(|by| by.keys().copied()).collect();
    assert_eq!(used.len(), 6, "everybody had something to carry: {used:?}");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite://{}", home.at("store.db"));
        let store = SqlStore::open(&url, None).await.unwrap();
        let desk = store.desk();
        for one in &all {
            let lines = desk.attempts(&one.id.as_str().into()).await.unwrap();
            let mut got = taken.remove(&one.phone).unwrap_or_default();
            got.extend(taken.remove(&one.email).unwrap_or_default());
            check(one, &lines, &got);
        }
    });
    assert!(taken.is_empty(), "nobody of ours: {taken:?}");
}

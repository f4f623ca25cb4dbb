//! Stories as data: what the rules decide, in the words of those whom it
//! concerns. Each story in `tests/scenarios/*.toml` is one account on one day.

use std::collections::BTreeMap;

use duebell::model::cause::DebtClass;
use duebell::model::{
    Account, Bill, Bucket, Channel, Contacts, EmailAddress, Hold, HoldKind, Item, Money, Payment,
    PaymentState, PhoneNumber, ReminderId, Severity, Tier,
};
use duebell::policy::{
    AccountFacts, Case, Decision, InHand, Scenario, SentItem, Standing, WhyNot, decide,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// One file: its ladders and its stories.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    #[serde(default)]
    ladder: Vec<Scenario>,
    #[serde(default)]
    case: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    story: String,
    /// The name of one of the ladders of `ladders.toml`.
    #[serde(default = "usual")]
    ladder: String,
    /// Absent: the scenario observes.
    live_since: Option<Date>,
    on: Date,
    #[serde(default)]
    bills: Vec<TellBill>,
    #[serde(default)]
    holds: Vec<TellHold>,
    /// Payments on their way: the bill and the amount.
    #[serde(default)]
    pending: BTreeMap<String, String>,
    #[serde(default)]
    sent: Vec<TellSent>,
    /// Planned for a day and not yet sent: "B1 late7".
    #[serde(default)]
    in_hand: BTreeMap<Date, Vec<String>>,
    /// What was recorded before: "B1 late7" and the reason.
    #[serde(default)]
    recorded: BTreeMap<String, String>,
    /// The debt episode began on that day.
    episode_since: Option<Date>,
    #[serde(default = "everywhere")]
    reached_by: Vec<Channel>,
    wish: Option<Channel>,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TellBill {
    id: String,
    due: Date,
    /// Thirty days before it is due, where the story does not say.
    issued: Option<Date>,
    #[serde(default = "fifty")]
    owed: String,
    #[serde(default = "euro")]
    currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TellHold {
    kind: String,
    bill: Option<String>,
    from: Date,
    through: Option<Date>,
    amount: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TellSent {
    item: String,
    on: Date,
    /// open, delivered or exhausted.
    #[serde(default = "delivered")]
    standing: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// "B1 late7"; none: no reminder.
    #[serde(default)]
    items: Vec<String>,
    /// The step that gives the voice.
    voice: Option<String>,
    channels: Option<Vec<Channel>>,
    /// Every new row: "B1 late7" and the reason.
    #[serde(default)]
    why_not: BTreeMap<String, String>,
    #[serde(default)]
    cures: bool,
}

fn usual() -> String {
    "usual".to_owned()
}

fn fifty() -> String {
    "50.00".to_owned()
}

fn euro() -> String {
    "EUR".to_owned()
}

fn delivered() -> String {
    "delivered".to_owned()
}

fn everywhere() -> Vec<Channel> {
    Channel::ALL.to_vec()
}

fn minor(amount: &str, currency: &str) -> i64 {
    Money::parse(amount, currency.parse().unwrap()).unwrap().minor
}

/// Reads "B1 late7".
fn item(text: &str) -> Item {
    let (bill, step) = text.split_once(' ').expect("an item is a bill and a step");
    Item { bill: bill.into(), step: step.to_owned() }
}

fn days_before(date: Date, days: i32) -> Date {
    date.saturating_sub(jiff::Span::new().days(days))
}

impl TellBill {
    fn bill(&self) -> Bill {
        let owed = minor(&self.owed, &self.currency);
        Bill {
            id: self.id.as_str().into(),
            currency: self.currency.parse().unwrap(),
            amount: owed.max(5000),
            remaining: owed,
            issued_on: self.issued.unwrap_or(days_before(self.due, 30)),
            due_on: self.due,
            settled_on: None,
        }
    }
}

impl TellHold {
    fn hold(&self, number: usize) -> Hold {
        Hold {
            id: format!("H{number}"),
            kind: HoldKind::parse(&self.kind).expect("a kind of hold"),
            bill: self.bill.as_deref().map(Into::into),
            starts_on: self.from,
            ends_on: self.through,
            amount: self.amount.as_deref().map(|amount| minor(amount, "EUR")),
        }
    }
}

impl TellSent {
    fn sent(&self) -> SentItem {
        let standing = match self.standing.as_str() {
            "open" => Standing::Open,
            "delivered" => Standing::Delivered,
            "exhausted" => Standing::Exhausted,
            other => panic!("unknown standing {other}"),
        };
        SentItem { item: item(&self.item), day: self.on, standing }
    }
}

impl Story {
    fn facts(&self, scenario: &Scenario) -> AccountFacts {
        let bills: Vec<Bill> = self.bills.iter().map(TellBill::bill).collect();
        let number = || PhoneNumber::from_stored("+4915123456789".to_owned());
        let address = || EmailAddress::from_stored("ada@example.org".to_owned());
        let is_called = self.reached_by.iter().any(|it| *it != Channel::Email);
        let policy = scenario.version();
        AccountFacts {
            account: Account {
                bucket: Bucket::of("A1"),
                id: "A1".into(),
                name: "Ada".to_owned(),
                language: "en".to_owned(),
                zone: TimeZone::UTC,
                tier: Tier::Ordinary,
                segment: String::new(),
                area: String::new(),
                person: None,
                agreed: Vec::new(),
                suppressed: Vec::new(),
                wishes: duebell::model::Wishes::default(),
                contacts: Contacts {
                    phone: is_called.then(number),
                    email: self.reached_by.contains(&Channel::Email).then(address),
                    preferred: self.wish,
                },
            },
            holds: self.holds.iter().enumerate().map(|(n, hold)| hold.hold(n)).collect(),
            pending: self.pending.iter().map(|(bill, amount)| pending(bill, amount)).collect(),
            sent: self.sent.iter().map(TellSent::sent).collect(),
            in_hand: self.in_hand.iter().map(|(day, items)| in_hand(*day, items)).collect(),
            recorded: self.recorded.iter().map(|row| recorded(row, &bills, scenario)).collect(),
            case: self.episode_since.map(|opened_on| Case {
                opened_on,
                stage: Severity::Soft,
                policy,
            }),
            bills,
            class: DebtClass::Unknown,
            arm: None,
            estimate: None,
            is_watched: false,
            touched: 0,
            revisions: Default::default(),
        }
    }

    #[track_caller]
    fn check(&self, scenario: &Scenario) {
        let decision = decide(&self.facts(scenario), scenario, self.live_since, self.on);
        let Expected { items, voice, channels, why_not, cures } = &self.expect;
        assert_eq!(told_items(&decision), *items, "items: {}", self.story);
        assert_eq!(told_reasons(&decision), *why_not, "why not: {}", self.story);
        assert_eq!(decision.cures, *cures, "cures: {}", self.story);
        let reminder = decision.reminder.as_ref();
        if let Some(voice) = voice {
            assert_eq!(reminder.map(|it| &it.step), Some(voice), "voice: {}", self.story);
        }
        if let Some(channels) = channels {
            let chosen = reminder.map(|it| &it.channels);
            assert_eq!(chosen, Some(channels), "channels: {}", self.story);
        }
    }
}

fn pending(bill: &str, amount: &str) -> Payment {
    Payment {
        id: format!("P-{bill}"),
        bill: Some(bill.into()),
        currency: "EUR".parse().unwrap(),
        amount: minor(amount, "EUR"),
        paid_on: jiff::civil::date(2026, 3, 1),
        reversed_on: None,
        state: PaymentState::Pending,
    }
}

fn in_hand(day: Date, items: &[String]) -> InHand {
    InHand {
        reminder: ReminderId::derive(Bucket::of("A1"), &"A1".into(), day, 0),
        day,
        revision: 0,
        items: items.iter().map(|text| item(text)).collect(),
        terms: Vec::new(),
        policy: String::new(),
        channels: Vec::new(),
        window: (jiff::Timestamp::MIN, jiff::Timestamp::MAX),
    }
}

fn recorded((key, reason): (&String, &String), bills: &[Bill], scenario: &Scenario) -> WhyNot {
    let Item { bill, step } = item(key);
    let reason = duebell::model::Reason::parse(reason).expect("a reason");
    let of = bills.iter().find(|it| it.id == bill).expect("a bill of the story");
    let offset = scenario.step(&step).expect("a step of the ladder").offset_days;
    let step_on = days_before(of.due_on, -offset);
    WhyNot { bill, step, step_on, limit_on: step_on, reason, is_open: !reason.is_final() }
}

fn told_items(decision: &Decision) -> Vec<String> {
    let items = decision.reminder.iter().flat_map(|reminder| &reminder.items);
    items.map(|item| format!("{} {}", item.bill, item.step)).collect()
}

fn told_reasons(decision: &Decision) -> BTreeMap<String, String> {
    let rows = decision.why_not.iter();
    rows.map(|row| (format!("{} {}", row.bill, row.step), row.reason.to_string())).collect()
}

fn books() -> Vec<Book> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Those of causes are told in other words (tests/it/causes/stories.rs).
    paths.retain(|path| !path.ends_with("causes.toml"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.iter().map(read).collect()
}

#[test]
fn every_story_comes_true() {
    let books = books();
    let ladders: BTreeMap<String, Scenario> = books
        .iter()
        .flat_map(|book| &book.ladder)
        .map(|ladder| (ladder.name.clone(), ladder.clone().in_order()))
        .collect();
    for ladder in ladders.values() {
        assert_eq!(ladder.problems(), [], "{}", ladder.name);
    }
    let stories: Vec<&Story> = books.iter().flat_map(|book| &book.case).collect();
    assert!(stories.len() >= 20, "only {} stories were found", stories.len());
    for story in stories {
        let ladder = ladders.get(&story.ladder).expect("the ladder of a story exists");
        story.check(ladder);
    }
}

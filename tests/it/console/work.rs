//! A day at the console: what it shows of an account, and how two people decide
//! about a case.

use std::sync::Arc;

use duebell::model::Task;
use duebell::model::audit::Act;
use duebell::model::review::Verdict;
use duebell::store::{AuditPage, CasePage, ControlStore};

use super::{Guest, House};
use crate::support::bench::{Bench, LADDER};
use crate::support::billing::Billing;
use crate::support::build::{NOON, at, key};
use duebell::model::feed::Feed;

const FLAGGED: &str = "[repeat_debtor]\nbills = 3\nlate_days = 15\nwindow_days = 365\n";

/// Account A is a repeat debtor by the tenth; account B owes nothing yet.
async fn flagged() -> (Arc<Billing>, Bench, Task) {
    let billing = Billing::new();
    for account in ["A", "B"] {
        billing.account(account);
    }
    billing.put(Feed::Accounts, &[("account_id", "A"), ("name", "Zoë Müller")]);
    billing.put(Feed::Accounts, &[("account_id", "B"), ("name", "Zora <b>Neale</b>")]);
    for (id, due_on) in [("a1", "2026-02-03"), ("a2", "2026-02-05"), ("a3", "2026-02-22")] {
        billing.bill(id, "A", due_on);
    }
    let mut bench = Bench::live(billing.clone()).await;
    bench.edit(&format!("{LADDER}{FLAGGED}")).await;
    bench.rounds("2026-03-09T06:00Z", "2026-03-10T08:00Z").await;
    let page = CasePage { limit: 9, ..CasePage::default() };
    let case = bench.store.desk().cases(&page).await.unwrap().remove(0);
    (billing, bench, case)
}

/// A house over it, with a maker, a checker and an operator.
async fn opened() -> (Arc<Billing>, Bench, Task, House) {
    opened_in("en").await
}

pub async fn opened_in(language: &str) -> (Arc<Billing>, Bench, Task, House) {
    let (billing, bench, case) = flagged().await;
    let house = House::of(&bench, language).await;
    for (name, roles) in [
        ("ann", "maker"),
        ("bob", "checker"),
        ("amy", "maker,checker"),
        ("ole", "operator"),
        ("aud", "auditor"),
    ] {
        house.person(name, roles).await;
    }
    (billing, bench, case, house)
}

impl Guest<'_> {
    async fn sees(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends a form with its token; the page that is seen then.
    async fn does(&mut self, path: &str, fields: &str) -> String {
        let answer = self.post(path, &format!("token={}&{fields}", self.token)).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        let place = answer.place().strip_prefix("/console").unwrap().to_owned();
        self.sees(&place).await
    }

    /// Sends one that is refused; the page that says why.
    async fn may_not(&mut self, path: &str, fields: &str, status: u16) -> String {
        let answer = self.post(path, &format!("token={}&{fields}", self.token)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        answer.body
    }
}

/// What was done, besides coming in.
async fn acts(house: &House) -> Vec<(Act, String)> {
    let page = AuditPage { limit: 99, ..AuditPage::default() };
    let entries = house.store.desk().audit(&page).await.unwrap();
    let acts = entries.into_iter().rev().map(|entry| (entry.deed.act, entry.deed.by));
    let is_work = |act| !matches!(act, Act::SignedIn | Act::PersonAdded | Act::PersonChanged);
    acts.filter(|(act, _)| is_work(*act)).collect()
}

const TERMINATE: &str = "outcome=terminate&reason=repeat_debtor&note=Three+bills%2C+no+answer";

#[tokio::test]
async fn one_proposes_and_another_approves() {
    let (_billing, bench, case, house) = opened().await;
    let mut ann = house.session("ann", true).await;
    let queue = ann.sees("/cases").await;
    assert!(queue.contains(&format!("/console/cases/{}", case.id)), "{queue}");
    assert!(queue.contains("Z••• M•••") && !queue.contains("Müller"), "{queue}");
    assert!(queue.contains("€150.00") && queue.contains("nobody"), "{queue}");

    let path = format!("/cases/{}", case.id);
    let page = ann.does(&format!("{path}/assign"), "to=ann").await;
    assert!(page.contains("It is assigned."), "{page}");
    assert!(ann.sees("/cases?of=ann").await.contains(&case.id));
    assert!(ann.sees("/cases?of=bob").await.contains("No case waits"));

    let page = ann.does(&format!("{path}/propose"), TERMINATE).await;
    assert!(page.contains("Somebody else must approve it."), "{page}");
    assert!(!page.contains("/approve"), "whoever proposed it sees no button: {page}");
    let proposal = bench.store.desk().proposals_of(&key("A")).await.unwrap().remove(0);
    let approval = format!("/proposals/{}/approve", proposal.id);
    ann.may_not(&approval, "", 403).await;

    let mut bob = house.session("bob", true).await;
    assert!(bob.sees(&path).await.contains(&approval));
    let page = bob.does(&approval, "note=Agreed").await;
    assert!(page.contains("It is approved, and on its way."), "{page}");
    assert!(page.contains("Agreed") && page.contains("bob"), "{page}");
    let advice = bench.store.desk().advice(true, 9).await.unwrap().remove(0).advice;
    let body: serde_json::Value = serde_json::from_str(&advice.body).unwrap();
    assert_eq!(
        (&body["proposed_by"], &body["approved_by"], &body["outcome"]),
        (&"ann".into(), &"bob".into(), &"terminate".into())
    );
    let done = [
        (Act::CaseAssigned, "ann".to_owned()),
        (Act::CaseProposed, "ann".to_owned()),
        (Act::CaseApproved, "bob".to_owned()),
    ];
    assert_eq!(acts(&house).await, done);
}

#[tokio::test]
async fn with_both_roles_nobody_approves_their_own() {
    let (_billing, bench, case, house) = opened().await;
    let mut amy = house.session("amy", true).await;
    amy.does(&format!("/cases/{}/propose", case.id), TERMINATE).await;
    let proposal = bench.store.desk().proposals_of(&key("A")).await.unwrap().remove(0);
    let page = amy.may_not(&format!("/proposals/{}/approve", proposal.id), "", 409).await;
    assert!(page.contains("You proposed it: somebody else must decide."), "{page}");
    assert_eq!(bench.store.desk().advice(true, 9).await.unwrap(), []);
    let page = amy.does(&format!("/proposals/{}/withdraw", proposal.id), "").await;
    assert!(page.contains("It is withdrawn."), "{page}");
}

#[tokio::test]
async fn a_payment_between_the_two_is_told_to_the_second() {
    let (billing, bench, case, house) = opened().await;
    let mut ann = house.session("ann", true).await;
    ann.does(&format!("/cases/{}/propose", case.id), TERMINATE).await;
    let proposal = bench.store.desk().proposals_of(&key("A")).await.unwrap().remove(0);
    billing.remaining("a1", "10.00");
    bench.round("2026-03-10T08:30Z").await;
    let mut bob = house.session("bob", true).await;
    let path = format!("/cases/{}", case.id);
    let page = bob.sees(&path).await;
    assert!(page.contains("void: the facts changed"), "{page}");
    let page = bob.may_not(&format!("/proposals/{}/approve", proposal.id), "", 409).await;
    assert!(page.contains("It is not open any more"), "{page}");
    let decided = bench.store.desk().proposals_of(&key("A")).await.unwrap().remove(0).decided;
    assert_eq!(decided.unwrap().verdict, Verdict::Void);
    assert_eq!(bench.store.desk().advice(true, 9).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_typed_is_not_lost_when_it_is_refused() {
    let (_billing, _bench, case, house) = opened().await;
    let mut ann = house.session("ann", true).await;
    let path = format!("/cases/{}/propose", case.id);
    let fields = "outcome=arrangement&reason=hardship&note=A+%3Cb%3Elong%3C%2Fb%3E+story&count=900";
    let page = ann.may_not(&path, fields, 409).await;
    assert!(page.contains("A &#60;b&#62;long&#60;/b&#62; story"), "{page}");
    assert!(page.contains("value=\"900\""), "{page}");
    let page = ann.may_not(&path, "outcome=&reason=x&note=y", 422).await;
    assert!(page.contains("Choose what is to be done."), "{page}");
}

#[tokio::test]
async fn an_account_is_one_page_and_its_name_is_masked_until_somebody_asks() {
    let (_billing, _bench, case, house) = opened().await;
    let mut ole = house.session("ole", true).await;
    let page = ole.sees("/accounts/A").await;
    for shown in ["Z••• M•••", "€150.00", "repeat debtor", "a1", "days past due", "<svg", "late7"]
    {
        assert!(page.to_lowercase().contains(&shown.to_lowercase()), "{shown}: {page}");
    }
    assert!(page.contains(&format!("/console/cases/{}", case.id)), "{page}");
    assert!(!page.contains("Müller") && !page.contains("+49"), "{page}");

    let answer = ole.post("/accounts/A/unmask", &format!("token={}", ole.token)).await;
    assert!(answer.body.contains("Zoë Müller"), "{}", answer.body);
    assert_eq!(acts(&house).await, [(Act::Unmasked, "ole".to_owned())]);
    let nobody = ole.get("/accounts/Z").await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn an_account_is_found_by_whatever_is_known_of_it() {
    let (_billing, _bench, _case, house) = opened().await;
    let mut ole = house.session("ole", true).await;
    // What is found alone is opened.
    for asked in ["A", "a2", "zo%C3%AB"] {
        let answer = ole.get(&format!("/accounts?q={asked}")).await;
        assert_eq!((answer.status, answer.place()), (303, "/console/accounts/A"), "{asked}");
    }
    let page = ole.sees("/accounts?q=zo").await;
    assert!(page.contains("/console/accounts/A") && page.contains("/console/accounts/B"));
    assert!(!page.contains("Neale"), "{page}");
    assert!(ole.sees("/accounts?q=nobody").await.contains("Nothing was found."));
}

#[tokio::test]
async fn today_shows_how_things_go_and_halts_them() {
    let (_billing, bench, _case, house) = opened().await;
    let mut ole = house.session("ole", true).await;
    let page = ole.sees("/today").await;
    for shown in
        ["standard: live since 1 January 2020", "Planned through 10 March 2026", "accounts"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let page = ole.does("/halt", "").await;
    assert!(page.contains("Everything is halted: nothing is sent."), "{page}");
    assert!(bench.store.control().await.unwrap().kill_switch);
    let page = ole.does("/resume", "").await;
    assert!(!page.contains("Everything is halted"), "{page}");
    assert!(!bench.store.control().await.unwrap().kill_switch);
    let by = |act| (act, "ole".to_owned());
    assert_eq!(acts(&house).await, [by(Act::Halt), by(Act::Resume)]);
}

#[tokio::test]
async fn today_says_that_the_brake_is_on_and_lets_go() {
    let (_billing, bench, _case, house) = opened().await;
    let mut ole = house.session("ole", true).await;
    assert!(!ole.sees("/today").await.contains("The brake"));
    let alarm = r#"{"sign":"stops","on":"2026-03-10","seen":90,"at_most":50}"#;
    bench.store.set_control("brake", Some(alarm), at(NOON)).await.unwrap();
    let page = ole.sees("/today").await;
    assert!(page.contains("90 subscribers asked on 10 March 2026 to be left alone"), "{page}");
    // What is no finding lets nothing go.
    ole.does("/release", "because=boredom").await;
    assert!(bench.store.control().await.unwrap().brake.is_some());
    let page = ole.does("/release", "because=mended").await;
    assert!(!page.contains("The brake"), "{page}");
    assert_eq!(bench.store.control().await.unwrap().brake, None);
    assert_eq!(acts(&house).await, [(Act::Released, "ole".to_owned())]);
}

#[tokio::test]
async fn what_waits_is_listed_with_its_reason() {
    let (billing, bench, _case, house) = opened().await;
    let hold = [
        ("hold_id", "h1"),
        ("account_id", "B"),
        ("kind", "exemption"),
        ("starts_on", "2026-01-01"),
    ];
    billing.bill("b1", "B", "2026-03-10");
    billing.put(Feed::Holds, &hold);
    bench.rounds("2026-03-11T06:00Z", "2026-03-11T08:00Z").await;
    house.clock.set(at("2026-03-11T09:00Z"));
    let mut ole = house.session("ole", true).await;
    let page = ole.sees("/held?reason=hold_exemption").await;
    assert!(page.contains("/console/accounts/B") && page.contains("b1"), "{page}");
    assert!(page.contains("the account is exempt from reminders"), "{page}");
    assert!(!page.contains("/console/accounts/A"), "{page}");
    let other = ole.sees("/held?reason=hold_promise").await;
    assert!(other.contains("Nothing was found."), "{other}");
}

#[tokio::test]
async fn the_trail_is_read_and_verified_by_whoever_may() {
    let (_billing, _bench, _case, house) = opened().await;
    let mut ole = house.session("ole", true).await;
    ole.does("/halt", "").await;
    assert_eq!(ole.get("/audit").await.status, 403);
    let mut aud = house.session("aud", true).await;
    let page = aud.sees("/audit?by=ole").await;
    assert!(page.contains("halted sending") && page.contains("console"), "{page}");
    assert!(aud.sees("/audit?act=unmasked").await.contains("Nothing was found."));
    let answer = aud.post("/audit/verify", &format!("token={}", aud.token)).await;
    assert!(answer.body.contains(" entries is intact."), "{}", answer.body);
}

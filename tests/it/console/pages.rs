//! The work's own pages in a real Chromium: from coming in to advice that
//! leaves, every page in both languages on every screen, and the keyboard alone.

use duebell::store::AuditPage;

use super::browser::Seen;
use super::work::opened_in;
use super::{House, PASSWORD, code, secret};
use crate::support::browser::Browser;
use crate::support::build::key;

impl Seen<'_> {
    /// Comes in with password and code, and is at the start of the console.
    fn comes_in(&mut self, name: &str) {
        let url = self.url("/sign-in");
        assert_eq!(self.browser.open(&url, 1_280), 200);
        self.browser.fill("#name", name);
        self.browser.fill("#password", PASSWORD);
        self.browser.click("main button");
        self.browser.fill("#code", &code(&secret(name), self.house.now()));
        assert_eq!(self.browser.click("main button"), self.url("/today"));
    }

    fn goes(&mut self) {
        let url = self.url("/me");
        assert_eq!(self.browser.open(&url, 1_280), 200);
        self.browser.click("form[action$='/sign-out'] button");
    }

    fn opens(&mut self, path: &str) -> String {
        let url = self.url(path);
        assert_eq!(self.browser.open(&url, 1_280), 200, "{path}");
        self.browser.text()
    }
}

fn seen<'h>(house: &'h House, browser: Browser) -> Seen<'h> {
    Seen { house, browser }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_coming_in_to_advice_that_leaves() {
    let Some(browser) = Browser::start() else { return };
    let (_billing, bench, case, house) = opened_in("en").await;
    let mut seen = seen(&house, browser);
    let path = format!("/cases/{}", case.id);
    seen.comes_in("amy");
    let queue = seen.opens("/cases");
    assert!(queue.contains("€150.00") && queue.contains("repeat debtor"), "{queue}");
    assert_eq!(seen.browser.click("table a[data-row]"), seen.url(&path));
    seen.browser.fill("#outcome", "terminate");
    seen.browser.fill("#reason", "repeat_debtor");
    seen.browser.fill("#note", "Three bills, no answer.");
    seen.browser.click("form[action$='/propose'] button");
    let page = seen.browser.text();
    assert!(page.contains("Somebody else must approve it."), "{page}");
    // She may approve, and not this.
    assert!(page.contains("You proposed it: somebody else must decide."), "{page}");
    seen.is_sound("proposed");
    seen.goes();

    seen.comes_in("bob");
    let page = seen.opens(&path);
    assert!(page.contains("Three bills, no answer."), "{page}");
    seen.browser.shot("console-case");
    seen.browser.fill("#word", "Agreed.");
    seen.browser.click("form[action$='/approve'] button:not([formaction])");
    let page = seen.browser.text();
    assert!(page.contains("It is approved, and on its way."), "{page}");
    seen.is_sound("approved");
    let advice = bench.store.desk().advice(true, 9).await.unwrap();
    assert_eq!(advice.len(), 1);
    seen.goes();

    seen.comes_in("aud");
    let trail = seen.opens("/audit");
    for act in ["proposed how a case ends", "approved a proposal", "signed in"] {
        assert!(trail.contains(act), "{act}: {trail}");
    }
    seen.browser.click("form[action$='/audit/verify'] button");
    let page = seen.browser.text();
    let all = AuditPage { limit: 99, ..AuditPage::default() };
    let count = bench.store.desk().audit(&all).await.unwrap().len();
    assert!(page.contains(&format!("The chain of all {count} entries is intact.")), "{page}");
    seen.is_sound("verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_was_not_agreed_to_before_somebody_paid_is_told_so() {
    let Some(browser) = Browser::start() else { return };
    let (billing, bench, case, house) = opened_in("en").await;
    let mut maker = house.session("ann", true).await;
    let fields = "outcome=write_off&reason=error&note=Not+worth+it";
    let form = format!("token={}&{fields}", maker.token);
    assert_eq!(maker.post(&format!("/cases/{}/propose", case.id), &form).await.status, 303);
    let mut seen = seen(&house, browser);
    seen.comes_in("bob");
    seen.opens(&format!("/cases/{}", case.id));
    // He reads; meanwhile the money comes.
    billing.remaining("a1", "10.00");
    bench.round("2026-03-10T09:00Z").await;
    seen.browser.click("form[action$='/approve'] button:not([formaction])");
    let page = seen.browser.text();
    assert!(page.contains("It is not open any more"), "{page}");
    assert!(page.contains("void: the facts changed"), "{page}");
    seen.is_sound("void");
    assert_eq!(bench.store.desk().advice(true, 9).await.unwrap(), []);
    let proposals = bench.store.desk().proposals_of(&key("A")).await.unwrap();
    assert_eq!(proposals.len(), 1);
}

async fn every_page(language: &str) {
    let Some(browser) = Browser::start() else { return };
    let (_billing, _bench, case, house) = opened_in(language).await;
    house.person("eve", "operator,maker,checker,auditor,admin").await;
    let mut seen = seen(&house, browser);
    seen.comes_in("eve");
    let case = format!("/cases/{}", case.id);
    for path in [
        "/today",
        "/cases",
        &case,
        "/tasks",
        "/accounts",
        "/accounts?q=zo",
        "/accounts/A",
        "/held",
        "/policy",
        "/audit",
    ] {
        seen.everywhere(path);
        seen.browser.unfold();
        seen.is_sound(&format!("{path} unfolded"));
        let text = seen.browser.text();
        // A key that a catalogue lacks would stand there as it is.
        let raw = text.split_whitespace().find(|word| is_key(word));
        assert_eq!(raw, None, "{path}: {text}");
        let name = path.trim_matches('/').replace(['/', '?', '='], "-");
        seen.browser.shot(&format!("console-{language}-{name}"));
    }
}

/// Keys of the catalogue are words with a low line between them; so are the
/// scenario's files and what the trail keeps, which stand in quotes.
fn is_key(word: &str) -> bool {
    let groups = [
        "account",
        "act",
        "audit",
        "bill",
        "case",
        "cause",
        "channel",
        "class",
        "complaint",
        "ending",
        "evidence",
        "failure",
        "find",
        "held",
        "hold",
        "kind",
        "list",
        "meaning",
        "next",
        "outcome",
        "payment",
        "policy",
        "reason",
        "reply",
        "stage",
        "stands",
        "state",
        "task",
        "through",
        "tier",
        "today",
        "verdict",
        "wish",
    ];
    word.split_once('_').is_some_and(|(group, rest)| {
        groups.contains(&group)
            && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_fits_in_english() {
    every_page("en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_fits_in_chinese() {
    every_page("zh-Hans").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_finds_and_opens_a_case() {
    let Some(browser) = Browser::start() else { return };
    let (_billing, _bench, case, house) = opened_in("en").await;
    let mut seen = seen(&house, browser);
    seen.comes_in("ann");
    let url = seen.url("/cases");
    assert_eq!(seen.browser.open_scripted(&url, 1_280), 200);
    assert!(seen.browser.keys(&["/"]).starts_with("INPUT q"));
    // What is typed into a field is text.
    seen.browser.write("jk/");
    assert_eq!(seen.browser.keys(&["End"]), "INPUT q jk/");
    assert_eq!(seen.browser.open_scripted(&url, 1_280), 200);
    assert!(seen.browser.keys(&["j"]).starts_with("A"));
    seen.browser.enter();
    let text = seen.browser.text();
    assert!(text.contains("Why it is here") && text.contains(&case.reason), "{text}");
}

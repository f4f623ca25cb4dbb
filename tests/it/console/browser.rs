//! The first time in a real Chromium, with scripts switched off: every page on
//! a small and on a large screen, by day and by night, in both languages, and
//! axe-core's view of it. The second factor is an authenticator's of others.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use duebell::http::console::Settings;

use super::House;
use crate::support::browser::Browser;
use crate::support::python;

const AUTHENTICATOR: &str = "console_authenticator.py";

/// What an authenticator has after it saw the picture: name, issuer, key, code.
#[track_caller]
fn scans(side: &str, path: &str, second: i64) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers").join(AUTHENTICATOR);
    let mut child = Command::new(python::of(AUTHENTICATOR))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "ready");
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{side} | {path} | {second}").unwrap();
    drop(input);
    let told = said.next().expect("a picture that can be read").unwrap();
    child.wait().unwrap();
    told.split(" | ").map(str::to_owned).collect()
}

/// A browser before a house.
pub struct Seen<'h> {
    pub house: &'h House,
    pub browser: Browser,
}

impl Seen<'_> {
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}/console{path}", self.house.port)
    }

    /// Opens a page on every screen, and leaves it on the last.
    #[track_caller]
    pub fn everywhere(&mut self, path: &str) {
        // 640 is what is left of 1,280 where somebody reads at twice the size.
        for (width, dark) in [(1_280, true), (640, false), (320, false)] {
            self.browser.dark(dark);
            let url = self.url(path);
            assert_eq!(self.browser.open(&url, width), 200, "{path}");
            self.is_sound(&format!("{path} {width} dark {dark}"));
        }
    }

    #[track_caller]
    pub fn is_sound(&mut self, what: &str) {
        assert_eq!(self.browser.violations(), [""; 0], "{what}");
        assert!(self.browser.overflow() <= 0, "{what} is too wide");
    }
}

async fn the_first_time(language: &str, title_of_codes: &str) {
    let Some(browser) = Browser::start() else { return };
    let settings = Settings { language: language.to_owned(), ..Settings::default() };
    let house = House::with(settings).await;
    let start = house.newcomer("cho", "admin").await;
    let mut seen = Seen { house: &house, browser };
    seen.everywhere("/sign-in");
    seen.browser.fill("#name", "Cho");
    seen.browser.fill("#password", "not it");
    seen.browser.click("main button");
    seen.is_sound("a wrong password");
    seen.browser.fill("#password", &start);
    assert_eq!(seen.browser.click("main button"), seen.url("/welcome"));
    seen.everywhere("/welcome");
    seen.browser.fill("#password", "a calm river at dusk");
    seen.browser.fill("#again", "a calm river at dusk");
    assert_eq!(seen.browser.click("main button"), seen.url("/welcome/code?next=%2F"));
    seen.everywhere("/welcome/code");
    let (side, path) = seen.browser.picture("svg.qr");
    let told = scans(&side, &path, house.now().as_second());
    assert_eq!(told[..2], ["cho", "Duebell"]);
    assert!(seen.browser.text().replace(' ', "").contains(&told[2]));
    seen.browser.fill("#code", &told[3]);
    seen.browser.click("main button");
    let text = seen.browser.text();
    assert!(text.contains(title_of_codes), "{text}");
    seen.is_sound("the recovery codes");
    seen.browser.shot(&format!("console-codes-{language}"));
    seen.browser.click("main a");
    for path in ["/me", "/people", "/confirm?next=/me", "/people/cho"] {
        seen.everywhere(path);
    }
    assert_eq!(seen.browser.open(&seen.url("/nowhere"), 320), 404);
    seen.is_sound("nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_time_in_english() {
    the_first_time("en", "Recovery codes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_time_in_chinese() {
    the_first_time("zh-Hans", "恢复码").await;
}

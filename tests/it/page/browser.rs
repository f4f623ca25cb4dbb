//! The page in a real Chromium, with scripts switched off: every act, every
//! language, a small screen, the keyboard alone, and axe-core's view of it.

use super::*;
use crate::daemon;
use crate::support::browser::Browser;
use crate::support::peer::closed_port;

const LANGUAGES: [&str; 9] = ["ar", "de", "en", "es", "fr", "hi", "pt", "sw", "zh-Hans"];

/// An act, what is filled in, and what the page says then.
type Done = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// A world and a browser before its page.
struct Seen {
    world: World,
    browser: Browser,
}

impl Seen {
    async fn open() -> Option<Seen> {
        let browser = Browser::start()?;
        Some(Seen { world: World::open().await, browser })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.world.port, self.world.path())
    }

    #[track_caller]
    fn is_sound(&mut self, what: &str) {
        self.browser.unfold();
        assert_eq!(self.browser.violations(), [""; 0], "{what}");
        assert!(self.browser.overflow() <= 0, "{what} is too wide");
    }
}

#[test]
fn the_check_finds_what_it_is_to_find() {
    let Some(mut browser) = Browser::start() else { return };
    browser.open("data:text/html,<title>x</title><input><p style=color:%23ccc>Faint", 320);
    let found = browser.violations().join(", ");
    assert!(
        ["color-contrast", "html-has-lang", "label"].iter().all(|it| found.contains(it)),
        "{found}"
    );
}

#[test]
fn from_a_message_in_the_simulator_to_a_stop_in_the_running_daemon() {
    let Some(mut browser) = Browser::start() else { return };
    let (port, dir) = (closed_port(), tempfile::tempdir().unwrap());
    let key_file = dir.path().join("key");
    std::fs::write(&key_file, KEY).unwrap();
    let settings = format!(
        "simulator = true\n[http]\nlisten = \"127.0.0.1:{port}\"\n\
         public_url = \"http://127.0.0.1:{port}\"\n[page]\nkey_files = [{key_file:?}]\n"
    );
    let installation = daemon::installation(&[("B1", daemon::due_yesterday())], &settings);
    let check = installation.says(&["check"]);
    assert!(check.contains("valid_days = 30") && check.contains("# all is well"), "{check}");
    installation.says(&["live"]);
    let _daemon = installation.start();
    installation.eventually("the mail", || daemon::sandbox(&installation).len() == 1);

    browser.open(&format!("http://127.0.0.1:{port}/simulator"), 800);
    browser.shot("simulator");
    browser.click("a[href*='/p/']");
    let text = browser.text();
    assert!(text.contains("1.234,50") && text.contains("Z•••"), "{text}");
    browser.unfold();
    browser.click("button[value=stop_all]");
    assert!(browser.text().contains("Sie bekommen von uns keine E-Mails mehr"));
    installation.eventually("the stop", || {
        let story = installation.says(&["explain", "A1", "--json"]);
        ["email", "sms", "voice"].iter().all(|it| story.contains(it)) && story.contains("opt_out")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn in_every_language_the_page_is_accessible_and_fits_a_small_screen() {
    let Some(mut seen) = Seen::open().await else { return };
    let url = seen.url();
    for language in LANGUAGES {
        for (width, is_dark) in [(320, false), (800, true)] {
            seen.browser.dark(is_dark);
            assert_eq!(seen.browser.open(&format!("{url}?l={language}"), width), 200);
            seen.browser.shot(&format!("{language}-{width}"));
            seen.is_sound(&format!("{language} at {width}"));
            seen.browser.shot(&format!("{language}-{width}-open"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_is_done_with_a_click_and_its_answer_is_accessible() {
    let acts: [Done; 11] = [
        (
            "promise",
            &[("#by", "2026-03-13"), ("#amount", "20")],
            "You have promised to pay €20.00.",
        ),
        ("paid", &[("#reference", "RF18"), ("#place", "Bank")], "looking for the payment"),
        ("dispute", &[("#dispute_words", "Not mine")], "A colleague is looking into it."),
        ("hardship", &[("#hardship_words", "No work")], "A colleague will get in touch"),
        ("call", &[("#call_words", "After five")], "A colleague will call you."),
        ("language", &[], "Thank you. We have noted that."),
        ("channel", &[], "Thank you. We have noted that."),
        (
            "hours",
            &[("[value=tue]", "on"), ("#from", "18:00"), ("#until", "20:00")],
            "at these times only: Tuesday 18:00–20:00.",
        ),
        ("stop", &[], "You get no more SMS"),
        ("stop_all", &[], "You get no more e-mails"),
        ("wrong", &[], "please excuse the disturbance"),
    ];
    let Some(mut browser) = Browser::start() else { return };
    for (act, fields, says) in acts {
        let world = World::open().await;
        let mut seen = Seen { world, browser };
        assert_eq!(seen.browser.open(&seen.url(), 360), 200);
        seen.browser.unfold();
        for (selector, text) in fields {
            seen.browser.fill(selector, text);
        }
        let button = match act {
            "stop" | "stop_all" | "hours" => format!("button[value={act}]"),
            _ => format!("form:has([value={act}]) button"),
        };
        let place = seen.browser.click(&button);
        assert!(place.ends_with(&format!("?said={act}")), "{place}");
        let text = seen.browser.text();
        assert!(text.contains(says), "{says} is missing in:\n{text}");
        seen.browser.shot(&format!("said-{act}"));
        seen.is_sound(act);
        assert!(!seen.world.settled().await.is_empty());
        browser = seen.browser;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_mouse_promises_with_the_keyboard() {
    let Some(mut seen) = Seen::open().await else { return };
    let url = seen.url();
    seen.browser.open(&url, 800);
    // Past the ways to pay, to the first thing that can be said.
    let mut at = String::new();
    for _ in 0..5 {
        at = seen.browser.keys(&["Tab"]);
        if at.starts_with("SUMMARY") {
            break;
        }
    }
    assert!(at.contains("I will pay later"), "{at}");
    seen.browser.keys(&["Enter"]);
    assert!(seen.browser.keys(&["Tab"]).starts_with("INPUT by 2026-03-17"));
    // Month, day and year of the date, and the button that opens a calendar.
    seen.browser.write("03132026");
    for _ in 0..5 {
        at = seen.browser.keys(&["Tab"]);
        if at.starts_with("INPUT amount") {
            break;
        }
    }
    assert!(at.starts_with("INPUT amount"), "{at}");
    seen.browser.write("20");
    seen.browser.enter();
    let text = seen.browser.text();
    assert!(text.contains("You have promised to pay €20.00."), "{text}");
    assert!(text.contains("We will not remind you before 17 March 2026."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_nothing_is_a_page_too_and_mistakes_are_told_apart() {
    let Some(mut seen) = Seen::open().await else { return };
    let url = seen.url();
    assert_eq!(seen.browser.open(&format!("{url}x"), 320), 404);
    assert!(seen.browser.text().contains("This page does not exist"));
    seen.is_sound("unknown");

    // The browser would not let it pass; the page does not either.
    seen.browser.open(&url, 320);
    seen.browser.unfold();
    seen.browser.fill("#amount", "lots");
    seen.browser.click("form:has([value=promise]) button");
    let text = seen.browser.text();
    assert!(text.contains("Write an amount such as €50.00"), "{text}");
    seen.browser.shot("mistake");
    seen.is_sound("a mistake");

    let stop = seen.world.path_of(seen.world.link(Purpose::Stop, Channel::Email));
    seen.browser.open(&format!("http://127.0.0.1:{}{stop}", seen.world.port), 320);
    seen.is_sound("before the stop");
    seen.browser.click("button");
    assert!(seen.browser.text().contains("You get no more e-mails"));
    seen.browser.shot("stopped");
    seen.is_sound("after the stop");

    seen.world.clock.set(at("2026-04-10T12:00Z"));
    assert_eq!(seen.browser.open(&url, 320), 410);
    assert!(seen.browser.text().contains("This link has expired"));
    seen.browser.shot("expired");
    seen.is_sound("expired");
}

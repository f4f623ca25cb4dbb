//! A real browser, driven by lines of JSON (`tests/it/peers/page_browser.js`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::node;

const BROWSERS: [&str; 3] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const SCRIPT: &str = "page_browser.js";

pub struct Browser {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// `None`, said in one line, where there can be no browser here.
    pub fn start() -> Option<Browser> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = || BROWSERS.into_iter().find(|path| Path::new(path).exists());
        if found().is_none() {
            let install = root.join("scripts/install");
            // Whether it worked shows in what is found then.
            let _ = Command::new(install).args(["chromium", "fonts-noto-core"]).status();
        }
        let Some(path) = found() else {
            super::skipped("no browser: chromium cannot be installed");
            return None;
        };
        let mut child = node::of(SCRIPT)
            .arg(root.join("tests/it/peers").join(SCRIPT))
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|_| panic!("{SCRIPT} cannot run: apt-get install nodejs"));
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        if let Some(why) = line.trim().strip_prefix("unavailable: ") {
            super::skipped(&format!("no browser: {why}"));
            child.wait().unwrap();
            return None;
        }
        assert_eq!(line.trim(), "ready");
        let commands = child.stdin.take();
        Some(Browser { child, commands, answers })
    }

    #[track_caller]
    fn does(&mut self, command: Value) -> Value {
        let commands = self.commands.as_mut().unwrap();
        writeln!(commands, "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).expect("an answer of the browser");
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    }

    /// Opens a page as a browser without scripts; its status.
    #[track_caller]
    pub fn open(&mut self, url: &str, width: u32) -> u64 {
        self.does(json!({"do": "open", "url": url, "width": width}))["status"].as_u64().unwrap()
    }

    /// The same with scripts.
    #[track_caller]
    pub fn open_scripted(&mut self, url: &str, width: u32) -> u64 {
        let open = json!({"do": "open", "url": url, "width": width, "script": true});
        self.does(open)["status"].as_u64().unwrap()
    }

    #[track_caller]
    pub fn text(&mut self) -> String {
        self.does(json!({"do": "text"}))["text"].as_str().unwrap().to_owned()
    }

    /// Opens all that is folded.
    #[track_caller]
    pub fn unfold(&mut self) {
        self.does(json!({"do": "unfold"}));
    }

    /// What keeps the page from WCAG 2.2 AA.
    #[track_caller]
    pub fn violations(&mut self) -> Vec<String> {
        let found = self.does(json!({"do": "axe"}));
        // A check that checks nothing finds nothing.
        assert!(found["passes"].as_u64().unwrap() >= 2, "{found}");
        serde_json::from_value(found["violations"].clone()).unwrap()
    }

    /// By how much the page is wider than its window.
    #[track_caller]
    pub fn overflow(&mut self) -> i64 {
        self.does(json!({"do": "overflow"}))["by"].as_i64().unwrap()
    }

    /// Presses keys; what has the focus then.
    #[track_caller]
    pub fn keys(&mut self, keys: &[&str]) -> String {
        self.does(json!({"do": "keys", "keys": keys}))["at"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn write(&mut self, text: &str) {
        self.does(json!({"do": "write", "text": text}));
    }

    /// Presses a key that leads to another page.
    #[track_caller]
    pub fn enter(&mut self) {
        self.does(json!({"do": "enter"}));
    }

    #[track_caller]
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.does(json!({"do": "fill", "selector": selector, "text": text}));
    }

    /// Clicks on what leads to another page; where that is.
    #[track_caller]
    pub fn click(&mut self, selector: &str) -> String {
        let answer = self.does(json!({"do": "click", "selector": selector}));
        answer["url"].as_str().unwrap().to_owned()
    }

    /// The side of a picture of squares, and the path of its dark ones.
    #[track_caller]
    pub fn picture(&mut self, selector: &str) -> (String, String) {
        let found = self.does(json!({"do": "picture", "selector": selector}));
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        (text("side"), text("path"))
    }

    #[track_caller]
    pub fn dark(&mut self, on: bool) {
        self.does(json!({"do": "dark", "on": on}));
    }

    /// A picture for people, where `DUEBELL_SHOTS` names a folder.
    #[track_caller]
    pub fn shot(&mut self, name: &str) {
        if let Ok(folder) = std::env::var("DUEBELL_SHOTS") {
            let file = Path::new(&folder).join(format!("{name}.png"));
            self.does(json!({"do": "shot", "file": file}));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // At the end of its input it closes the browser and ends.
        drop(self.commands.take());
        let _ = self.child.wait();
    }
}

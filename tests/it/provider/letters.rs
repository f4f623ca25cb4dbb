//! Letters, left in a directory for whoever prints them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use duebell::model::Channel;
use duebell::model::content::TemplateFacts;
use duebell::provider::kinds::{Adapter, Site};
use duebell::provider::letters::{Letter, Letters, Settings};
use duebell::provider::{Delay, Outgoing, Refusal, SendOutcome, Sender};

use super::{KEY, mail_to, now};

fn letters(directory: &Path) -> Arc<dyn Sender> {
    let settings = Settings { directory: Some(directory.to_owned()) };
    Letters::connect("letters", settings, &Site::default()).unwrap().sender
}

fn letter() -> Outgoing {
    let words = BTreeMap::from([("account", "A-4711".to_owned())]);
    let facts = Some(TemplateFacts { template: "hard".to_owned(), words });
    Outgoing { channel: Channel::Letter, facts, ..mail_to("anna") }
}

fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_letter_is_a_whole_file_that_names_the_account_and_no_street() {
    let room = tempfile::tempdir().unwrap();
    let letters = letters(room.path());
    let name = format!("{KEY}.json");
    let accepted = SendOutcome::Accepted { provider_ref: Some(name.clone()) };
    assert_eq!(letters.send(&letter(), now()).await, accepted);
    assert_eq!(files(room.path()), std::slice::from_ref(&name));
    let text = std::fs::read_to_string(room.path().join(&name)).unwrap();
    let left: Letter = serde_json::from_str(&text).unwrap();
    assert_eq!((left.account.as_str(), left.language.as_str()), ("A-4711", "de"));
    assert!(left.text.contains("1.234,50 €") && left.html.contains("<b>"));
    assert!(!text.contains("anna@example.net") && !text.contains("+4915123456789"));

    // The same attempt again, as after a restart, is the letter that lies there.
    std::fs::write(room.path().join(&name), "as it was").unwrap();
    assert_eq!(letters.send(&letter(), now()).await, accepted);
    assert_eq!(std::fs::read_to_string(room.path().join(&name)).unwrap(), "as it was");
}

#[tokio::test]
async fn where_a_letter_cannot_be_left_it_waits() {
    let room = tempfile::tempdir().unwrap();
    let shelf = room.path().join("letters");
    std::fs::create_dir(&shelf).unwrap();
    let letters = letters(&shelf);
    std::fs::remove_dir(&shelf).unwrap();
    let outcome = letters.send(&letter(), now()).await;
    assert!(matches!(&outcome, SendOutcome::Deferred { because: Delay::Down, .. }), "{outcome:?}");
    std::fs::create_dir(&shelf).unwrap();
    assert!(matches!(letters.send(&letter(), now()).await, SendOutcome::Accepted { .. }));
}

#[tokio::test]
async fn what_is_no_letter_is_refused() {
    let room = tempfile::tempdir().unwrap();
    let outcome = letters(room.path()).send(&mail_to("anna"), now()).await;
    let is_refused = matches!(&outcome, SendOutcome::Rejected { because: Refusal::BadContent, .. });
    assert!(is_refused, "{outcome:?}");
    assert_eq!(files(room.path()), [""; 0]);
}

#[test]
fn a_directory_that_is_none_is_told_with_its_mend() {
    let settings = |path: &str| Settings { directory: Some(path.into()) };
    let problems = Letters::problems(&settings("letters"), &Site::default());
    assert!(problems[0].1.contains("whole path"), "{problems:?}");
    for (settings, says) in
        [(settings("/nowhere/at/all"), "is none"), (Settings::default(), "missing")]
    {
        let Err(error) = Letters::connect("letters", settings, &Site::default()) else {
            panic!("connected")
        };
        assert!(error.to_string().contains(says), "{error}");
    }
}

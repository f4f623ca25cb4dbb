//! Sounds, by an engine that writes what it was given.

use std::os::unix::fs::PermissionsExt;

use super::*;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.dir.path().join("sounds")
    }

    /// An engine of one line of shell; `$1` is the file, `$2` the voice.
    fn open(&self, engine: &str, bytes_max: u64) -> Sounds {
        let command = ["/bin/sh", "-c", engine, "engine", "{file}", "{voice}"];
        let command: Vec<String> = command.map(str::to_owned).to_vec();
        let voices = BTreeMap::from([("zh-Hans".to_owned(), "cmn".to_owned())]);
        Sounds::open(&self.dir(), &command, &voices, bytes_max, Duration::from_secs(5)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.dir.path().join("runs")).map_or(0, |runs| runs.lines().count())
    }

    /// Answers a tenth of a second at 16 kHz, and counts.
    fn engine(&self) -> String {
        let sound = self.dir.path().join("sound.wav");
        let mut wav = wav::silence(200);
        wav[24..28].copy_from_slice(&16_000u32.to_le_bytes());
        fs::write(&sound, wav).unwrap();
        let runs = self.dir.path().join("runs");
        format!(
            "read -r words; echo \"$2 $words\" >>{}; cat {} >\"$1\"",
            runs.display(),
            sound.display()
        )
    }
}

fn text(words: &str) -> Vec<Part> {
    vec![Part::Text(words.to_owned())]
}

#[test]
fn words_that_stand_together_are_one_breath() {
    let parts = [
        Part::Text("Account ".to_owned()),
        Part::Digits("042".to_owned()),
        Part::Pause(500),
        Part::Text("  ".to_owned()),
        Part::Pause(u32::MAX),
        Part::Text("Bye".to_owned()),
    ];
    let words = |words: &str| Clip::Words(words.to_owned());
    let expected =
        [words("Account  0 4 2 "), Clip::Silence(500), Clip::Silence(10_000), words("Bye")];
    assert_eq!(clips(&parts), expected);
}

#[tokio::test]
async fn what_is_said_to_everybody_is_spoken_once() {
    let bench = Bench::new();
    let sounds = bench.open(&bench.engine(), 1_000_000);
    let first = sounds.common("de", &text("Drücken Sie 1")).await.unwrap();
    let second = sounds.common("de", &text("Drücken Sie 1")).await.unwrap();
    assert_eq!((bench.runs(), &first.media), (1, &second.media));
    assert_eq!(first.lasts, Duration::from_millis(100));
    // Another language, another sound.
    let other = sounds.common("zh-Hans", &text("Drücken Sie 1")).await.unwrap();
    assert_ne!(other.media, first.media);
    let runs = fs::read_to_string(bench.dir.path().join("runs")).unwrap();
    assert_eq!(runs, "de Drücken Sie 1\ncmn Drücken Sie 1\n");

    // It is there after a restart, and readable by a group alone.
    let sounds = bench.open(&bench.engine(), 1_000_000);
    sounds.common("de", &text("Drücken Sie 1")).await.unwrap();
    assert_eq!(bench.runs(), 2);
    let file = first.media[0].strip_prefix("sound:").unwrap();
    let mode = fs::metadata(format!("{file}.wav")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(bench.names().iter().all(|name| name.len() == 64 + 4), "{:?}", bench.names());
}

#[tokio::test]
async fn what_is_said_to_one_is_gone_with_the_call() {
    let bench = Bench::new();
    let sounds = bench.open(&bench.engine(), 1_000_000);
    let parts = [text("Anna owes 12"), vec![Part::Pause(100)]].concat();
    let speech = sounds.own("k.1-m", "en", &parts).await.unwrap();
    assert_eq!(bench.names(), ["call-k.1-m-0.wav", "call-k.1-m-1.wav"]);
    assert_eq!(speech.lasts, Duration::from_millis(200));
    let both = speech.and(&Speech::default());
    drop(speech);
    assert_eq!(bench.names().len(), 2);
    drop(both);
    assert_eq!(bench.names(), [""; 0]);

    // After a crash, with the next start.
    std::mem::forget(sounds.own("k.1-m", "en", &parts).await.unwrap());
    assert_eq!(bench.names().len(), 2);
    bench.open(&bench.engine(), 1_000_000);
    assert_eq!(bench.names(), [""; 0]);
}

#[tokio::test]
async fn the_directory_does_not_grow_without_bound() {
    let bench = Bench::new();
    // Each is 1,644 bytes.
    let sounds = bench.open(&bench.engine(), 5_000);
    for words in ["a", "b", "c", "a", "d"] {
        sounds.common("en", &text(words)).await.unwrap();
    }
    assert_eq!((bench.names().len(), bench.runs()), (3, 4));
    sounds.common("en", &text("a")).await.unwrap();
    assert_eq!(bench.runs(), 4);
    // The longest unasked had to go.
    sounds.common("en", &text("b")).await.unwrap();
    assert_eq!(bench.runs(), 5);
}

#[tokio::test]
async fn an_engine_that_fails_is_told_and_leaves_nothing() {
    let bench = Bench::new();
    for (engine, note) in [
        ("exit 3", "the speech command failed"),
        ("exit 0", "the speech command wrote nothing"),
        ("echo no >$1", "the speech is no WAV of 16 bits"),
    ] {
        let sounds = bench.open(engine, 1_000_000);
        let long = text(&"x".repeat(200_000));
        assert_eq!(sounds.common("en", &long).await.unwrap_err(), note);
        assert_eq!(sounds.own("k.1", "en", &long).await.unwrap_err(), note);
        assert_eq!(bench.names(), [""; 0], "{note}");
    }
    let sounds = bench.open(&bench.engine(), 1_000_000);
    for language in ["-w", "a b", "../x"] {
        let error = sounds.common(language, &text("a")).await.unwrap_err();
        assert_eq!(error, "no voice speaks this language");
    }
    let mut sounds = bench.open("sleep 30", 1_000_000);
    sounds.speak_for = Duration::from_millis(100);
    let error = sounds.common("en", &text("a")).await.unwrap_err();
    assert_eq!(error, "the speech command takes too long");
    let nowhere = ["/nowhere/engine".to_owned(), "{file}".to_owned()];
    let voices = BTreeMap::new();
    let sounds = Sounds::open(&bench.dir(), &nowhere, &voices, 9, Duration::from_secs(5)).unwrap();
    let error = sounds.common("en", &text("a")).await.unwrap_err();
    assert_eq!(error, "the speech command cannot be run");
}

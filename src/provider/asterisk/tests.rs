//! Settings and answers, without an Asterisk.

use super::*;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { dir: tempfile::tempdir().unwrap() };
        std::fs::write(bench.dir.path().join("password"), "a secret\n").unwrap();
        bench
    }

    fn settings(&self) -> Settings {
        Settings {
            password_file: Some(self.dir.path().join("password")),
            sounds_dir: self.dir.path().join("sounds"),
            endpoint: "PJSIP/{number}@trunk".to_owned(),
            ..Settings::default()
        }
    }
}

#[test]
fn a_bad_setting_is_named_with_its_mend() {
    let bench = Bench::new();
    Asterisk::connect("asterisk", &bench.settings()).unwrap();
    let check = |change: &dyn Fn(&mut Settings), field: &str| {
        let mut settings = bench.settings();
        change(&mut settings);
        let error = format!("{:#}", Asterisk::connect("asterisk", &settings).err().unwrap());
        assert!(error.starts_with(field), "{error}");
    };
    check(&|it| it.url = "http://pbx.example.net:8088/ari".into(), "url ");
    check(&|it| it.url = "ari".into(), "url ");
    check(&|it| it.user.clear(), "user ");
    check(&|it| it.password_file = None, "password_file ");
    check(&|it| it.password_file = Some("/nowhere".into()), "could not read password_file");
    check(&|it| it.app = "a b".into(), "app ");
    check(&|it| it.endpoint = "PJSIP/100".into(), "endpoint ");
    check(&|it| it.ring_s = 2, "ring_s ");
    check(&|it| it.key_wait_ms = 0, "key_wait_ms ");
    check(&|it| it.calls_max = 0, "calls_max ");
    check(&|it| it.timeout_ms = 0, "timeout_ms ");
    check(&|it| it.sounds_max_mb = 0, "sounds_max_mb ");
    check(&|it| it.sounds_dir = "sounds".into(), "sounds_dir ");
    check(&|it| it.sounds_dir = "/proc/nothing".into(), "sounds_dir: ");
    check(&|it| it.speech_command.clear(), "speech_command ");
    check(&|it| it.speech_command = vec!["espeak-ng".into()], "speech_command ");
}

#[test]
fn a_number_goes_into_the_endpoint_as_the_trunk_wants_it() {
    assert_eq!(endpoint("PJSIP/{number}@trunk", "+4930123"), "PJSIP/+4930123@trunk");
    assert_eq!(endpoint("PJSIP/00{digits}@trunk", "+4930123"), "PJSIP/004930123@trunk");
}

#[test]
fn each_answer_leads_to_its_own_outcome() {
    let said = |status: u16, body: &str| {
        let answer = ApiAnswer { status, body: body.into(), ..ApiAnswer::default() };
        outcome(Ok(answer), "c".to_owned())
    };
    let accepted = SendOutcome::Accepted { provider_ref: Some("c".to_owned()) };
    assert_eq!(said(200, "{}"), accepted);
    assert_eq!(said(409, "{}"), accepted);
    for (status, body, note) in [
        (400, "", "asterisk: wrong endpoint: ari 400"),
        (401, "", "our account: asterisk: ari 401"),
        (403, "", "our account: asterisk: ari 403"),
        (404, "<html>", "asterisk: wrong url: ari 404"),
        (302, "", "asterisk: wrong url: ari 302"),
        (500, r#"{"error":"Allocation failed"}"#, "asterisk: no channel: ari 500"),
        (503, "", "asterisk: ari 503"),
    ] {
        let (because, note) = (Delay::Down, note.to_owned());
        assert_eq!(said(status, body), SendOutcome::Deferred { because, wait: None, note });
    }
    assert_eq!(said(200, ""), accepted);
    assert_eq!(said(200, "<html>"), ambiguous("ari 200: no answer of ari's"));
    assert_eq!(said(500, "<html>"), ambiguous("ari 500"));
    assert_eq!(said(502, ""), ambiguous("ari 502"));
    let lost = outcome(Err(NoAnswer::Unknown), "c".to_owned());
    assert!(matches!(lost, SendOutcome::Ambiguous { .. }));
    let closed = outcome(Err(NoAnswer::NotSent), "c".to_owned());
    assert!(matches!(closed, SendOutcome::Deferred { because: Delay::Down, .. }));
}

//! What a subscriber's message becomes.

use super::*;
use crate::model::Contacts;

fn settings() -> Settings {
    Settings { host: "127.0.0.1".into(), system_id: "duebell".into(), ..Settings::default() }
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn message(text: &str) -> Outgoing {
    Outgoing::sms("", text, "2026-03-01T19:30:05Z")
}

fn made(settings: &Settings, message: &Outgoing) -> Result<Vec<Sm>, SendOutcome> {
    Smpp::connect("smsc", settings).unwrap().messages(message, now())
}

#[track_caller]
fn check(change: impl FnOnce(&mut Settings), field: &str) {
    let mut settings = settings();
    change(&mut settings);
    let error = format!("{:#}", Smpp::connect("smsc", &settings).err().unwrap());
    assert!(error.starts_with(field), "{error}");
}

#[test]
fn a_bad_setting_is_named_with_its_mend() {
    Smpp::connect("smsc", &settings()).unwrap();
    check(|settings| settings.host.clear(), "host ");
    check(|settings| settings.system_id.clear(), "system_id ");
    check(|settings| settings.window = 0, "window ");
    check(|settings| settings.parts_max = 0, "parts_max ");
    check(|settings| settings.enquire_link_s = 0, "enquire_link_s ");
    check(|settings| settings.timeout_ms = 0, "timeout_ms ");
    check(|settings| settings.receipt_ids = IdForm::Hex, "receipt_ids ");
    check(|settings| settings.source = "Zoë".into(), "source ");
    check(|settings| settings.source = "a long name!".into(), "source ");
    check(|settings| settings.password_file = Some("/nowhere".into()), "could not read password_");
    check(|settings| settings.statuses = [("x".into(), Meaning::Down)].into(), "statuses");
    let encrypted = |settings: &mut Settings| {
        settings.tls = Tls::Implicit;
        settings.ca_file = Some("/nowhere".into());
    };
    check(encrypted, "ca_file ");
}

#[test]
fn a_source_is_a_number_a_short_code_or_a_name() {
    for (text, ton, npi, digits) in [
        ("+4930123", 1, 1, "4930123"),
        ("8080", 3, 0, "8080"),
        ("Netz AG", 5, 0, "Netz AG"),
        ("", 0, 0, ""),
    ] {
        let settings = Settings { source: text.into(), ..settings() };
        assert_eq!(source(&settings).unwrap(), Address { ton, npi, digits: digits.into() });
    }
    let told =
        Settings { source: "8080".into(), source_ton: Some(6), source_npi: Some(9), ..settings() };
    assert_eq!(source(&told).unwrap(), Address { ton: 6, npi: 9, digits: "8080".into() });
}

#[test]
fn a_message_says_when_it_expires() {
    let of = |validity| {
        let settings = Settings { validity, ..settings() };
        String::from_utf8(made(&settings, &message("x")).unwrap()[0].validity_period.clone())
            .unwrap()
    };
    assert_eq!(of(Validity::Relative), "000000073005000R");
    assert_eq!(of(Validity::Absolute), "260301193005000+");
    assert_eq!(of(Validity::None), "");
    let far = Outgoing { expires_at: "2027-01-01T00:00:00Z".parse().unwrap(), ..message("x") };
    assert_eq!(made(&settings(), &far).unwrap()[0].validity_period, b"000030000000000R");
    let late = made(&settings(), &Outgoing { expires_at: now(), ..message("x") }).unwrap_err();
    assert!(matches!(late, SendOutcome::Deferred { because: Delay::Down, .. }), "{late:?}");
}

#[test]
fn a_message_asks_for_a_receipt_where_we_want_one() {
    let sm = made(&settings(), &message("Offen: 5 €")).unwrap().remove(0);
    assert_eq!(sm.destination, Address { ton: 1, npi: 1, digits: b"4915123456789".to_vec() });
    assert_eq!((sm.registered_delivery, sm.data_coding, sm.esm_class), (1, 0, 0));
    assert_eq!(sm.short_message, b"Offen: 5 \x1B\x65");
    let silent = Settings { receipts: false, ..settings() };
    assert_eq!(made(&silent, &message("x")).unwrap()[0].registered_delivery, 0);
    let whole = Settings { long_messages: LongMessages::Payload, ..settings() };
    let long = made(&whole, &message(&"A".repeat(400))).unwrap();
    assert_eq!((long.len(), long[0].short_message.len()), (1, 0));
    assert_eq!(long[0].tlv(tag::MESSAGE_PAYLOAD).map(<[u8]>::len), Some(400));
}

#[test]
fn what_cannot_be_a_message_is_refused() {
    let long = made(&settings(), &message(&"A".repeat(153 * 6 + 1))).unwrap_err();
    let numberless = made(&settings(), &Outgoing { to: Contacts::default(), ..message("x") });
    let email = Content::Email { subject: "x".into(), text: "x".into(), html: "x".into() };
    let mail = made(&settings(), &Outgoing { content: email, ..message("x") }).unwrap_err();
    for (outcome, is) in [
        (long, Refusal::BadContent),
        (numberless.unwrap_err(), Refusal::BadRecipient),
        (mail, Refusal::BadContent),
    ] {
        assert!(matches!(&outcome, SendOutcome::Rejected { because, .. } if *because == is));
    }
}

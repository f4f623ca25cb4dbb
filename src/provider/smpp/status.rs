//! What the status of an answer means for the reminder.
//!
//! An answer with a status other than 0 says that the message was not taken
//! (specification, section 4.4.2). What is not listed is tried again, a few
//! times: vendors have numbers of their own, and `statuses` in the settings
//! says what an operator knows of theirs.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::provider::{Delay, NEW_TO_US, Refusal, SendOutcome, our_account};

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Too fast.
    Throttled,
    /// Away or failing.
    Down,
    /// The operator mends it: sender, login, agreement.
    OurAccount,
    BadRecipient,
    OptedOut,
    BadContent,
}

/// Statuses of the settings, which come before ours.
pub type Statuses = BTreeMap<u32, Meaning>;

/// How long nothing is sent once the centre said that it is too much.
pub const THROTTLED_FOR: SignedDuration = SignedDuration::from_secs(1);

pub fn meaning(status: u32, statuses: &Statuses) -> Meaning {
    if let Some(known) = statuses.get(&status) {
        return *known;
    }
    match status {
        // ESME_RMSGQFUL, ESME_RTHROTTLED
        0x14 | 0x58 => Meaning::Throttled,
        // ESME_RINVDSTADR, RINVNUMDESTS, RINVDSTTON, RINVDSTNPI
        0x0B | 0x33 | 0x34 | 0x50 | 0x51 => Meaning::BadRecipient,
        // ESME_RINVMSGLEN, RINVESMCLASS, RSUBMITFAIL, RINVSCHED, RINVEXPIRY,
        // RINVDFTMSGID, RX_P_APPN, RX_R_APPN, the optional fields, RINVDCS
        0x01 | 0x43 | 0x45 | 0x61..=0x63 | 0x65 | 0x66 | 0xC0..=0xC4 | 0x104 => Meaning::BadContent,
        // ESME_RINVCMDLEN, RINVCMDID, RINVBNDSTS, RALYBND, RINVSRCADR,
        // RBINDFAIL, RINVPASWD, RINVSYSID, RINVSERTYP, RINVREGDLVFLG,
        // RINVSRCTON, RINVSRCNPI, RINVSYSTYP, prohibited and not allowed (5.0)
        0x02..=0x05 | 0x07 | 0x0A | 0x0D..=0x0F | 0x15 | 0x48 | 0x49 | 0x53 | 0x100..=0x103 => {
            Meaning::OurAccount
        }
        // ESME_RSYSERR, RX_T_APPN, RUNKNOWNERR, and what nobody told us of
        _ => Meaning::Down,
    }
}

fn is_new(status: u32, statuses: &Statuses) -> bool {
    !statuses.contains_key(&status)
        && meaning(status, statuses) == Meaning::Down
        && !matches!(status, 0x08 | 0x64 | 0xFF)
}

/// What is true after an answer that refused the message.
pub fn outcome(status: u32, statuses: &Statuses) -> SendOutcome {
    let note = format!("smpp 0x{status:02X}");
    let deferred = |because, wait, note| SendOutcome::Deferred { because, wait, note };
    let rejected = |because, note| SendOutcome::Rejected { because, note };
    match meaning(status, statuses) {
        Meaning::Throttled => deferred(Delay::Throttled, Some(THROTTLED_FOR), note),
        Meaning::Down if is_new(status, statuses) => deferred(Delay::Down, None, note + NEW_TO_US),
        Meaning::Down => deferred(Delay::Down, None, note),
        Meaning::OurAccount => deferred(Delay::Down, None, our_account(&note)),
        Meaning::BadRecipient => rejected(Refusal::BadRecipient, note),
        Meaning::OptedOut => rejected(Refusal::OptedOut, note),
        Meaning::BadContent => rejected(Refusal::BadContent, note),
    }
}

/// The statuses of the settings by their numbers, `0x45` or `69`.
///
/// # Errors
/// The one that is no number.
pub fn by_number(statuses: &BTreeMap<String, Meaning>) -> Result<Statuses, String> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let one = |(text, meaning): (&String, &Meaning)| match number(text) {
        Some(number) if number != 0 => Ok((number, *meaning)),
        _ => Err(format!("{text:?} is no status; write one such as 0x45")),
    };
    statuses.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_nobody_told_us_of_says_so() {
        let note = |status, statuses: &Statuses| match outcome(status, statuses) {
            SendOutcome::Deferred { note, .. } => note,
            other => panic!("{other:?}"),
        };
        assert_eq!(note(0x499, &Statuses::new()), "smpp 0x499, new to us");
        for known in [0x08, 0x64, 0xFF] {
            assert!(!note(known, &Statuses::new()).ends_with(NEW_TO_US), "{known:#x}");
        }
        let told = Statuses::from([(0x499, Meaning::Down)]);
        assert_eq!(note(0x499, &told), "smpp 0x499");
    }

    #[test]
    fn each_status_has_its_meaning() {
        use Meaning::{BadContent, BadRecipient, Down, OurAccount, Throttled};
        for (status, is) in [
            (0x14, Throttled),
            (0x58, Throttled),
            (0x0B, BadRecipient),
            (0x50, BadRecipient),
            (0x01, BadContent),
            (0x45, BadContent),
            (0xC2, BadContent),
            (0x0A, OurAccount),
            (0x0E, OurAccount),
            (0x05, OurAccount),
            (0x101, OurAccount),
            (0x08, Down),
            (0x64, Down),
            (0xFF, Down),
            // A vendor's own.
            (0x4_01, Down),
            (u32::MAX, Down),
        ] {
            assert_eq!(meaning(status, &Statuses::new()), is, "{status:#x}");
        }
    }

    #[test]
    fn what_the_operator_knows_comes_first() {
        let words = BTreeMap::from([
            ("0x45".to_owned(), Meaning::Down),
            ("1025".to_owned(), Meaning::OptedOut),
        ]);
        let statuses = by_number(&words).unwrap();
        assert_eq!(meaning(0x45, &statuses), Meaning::Down);
        let opted_out =
            SendOutcome::Rejected { because: Refusal::OptedOut, note: "smpp 0x401".to_owned() };
        assert_eq!(outcome(0x401, &statuses), opted_out);
        for bad in ["0x", "x", "-1", "0"] {
            let words = BTreeMap::from([(bad.to_owned(), Meaning::Down)]);
            assert!(by_number(&words).unwrap_err().contains("is no status"), "{bad}");
        }
    }

    #[test]
    fn what_the_operator_mends_and_what_is_too_fast_use_nobodys_step_up() {
        let note = "our account: smpp 0x0A".to_owned();
        let mends = SendOutcome::Deferred { because: Delay::Down, wait: None, note };
        assert_eq!(outcome(0x0A, &Statuses::new()), mends);
        let wait = Some(THROTTLED_FOR);
        let note = "smpp 0x58".to_owned();
        let fast = SendOutcome::Deferred { because: Delay::Throttled, wait, note };
        assert_eq!(outcome(0x58, &Statuses::new()), fast);
    }
}

//! People of the operator's who work with the console, and what each may do.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// What somebody is trusted with. One person may have several; nothing in a
/// set of roles lets anybody approve what they proposed themselves.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Sees to tasks, holds and replies, and halts.
    Operator,
    /// Proposes how a case ends.
    Maker,
    /// Approves what somebody else proposed.
    Checker,
    /// Adds people and gives them roles; decides about no account.
    Admin,
    /// Reads the audit trail.
    Auditor,
}

/// What a page or an act asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permit {
    /// Nothing: whoever comes to sign in.
    Anyone,
    /// To have shown the password, and not yet the second factor.
    Entering,
    /// To be signed in, whatever the role.
    SignedIn,
    Look,
    Work,
    Propose,
    Approve,
    Administer,
    Audit,
}

impl Role {
    pub const ALL: [Role; 6] =
        [Role::Viewer, Role::Operator, Role::Maker, Role::Checker, Role::Admin, Role::Auditor];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Maker => "maker",
            Role::Checker => "checker",
            Role::Admin => "admin",
            Role::Auditor => "auditor",
        }
    }

    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The whole of who may do what. What is not said here is not allowed.
    pub fn may(self, permit: Permit) -> bool {
        match permit {
            Permit::Anyone | Permit::SignedIn => true,
            // Whoever has a role by their session has come in already.
            Permit::Entering => false,
            // An admin sees people, and no subscriber.
            Permit::Look => self != Role::Admin,
            Permit::Work => matches!(self, Role::Operator | Role::Maker),
            Permit::Propose => self == Role::Maker,
            Permit::Approve => self == Role::Checker,
            Permit::Administer => self == Role::Admin,
            Permit::Audit => matches!(self, Role::Auditor | Role::Admin),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The roles of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles(pub BTreeSet<Role>);

impl Roles {
    pub fn may(&self, permit: Permit) -> bool {
        permit == Permit::Anyone || self.0.iter().any(|role| role.may(permit))
    }

    /// As it is kept: names with commas between them.
    pub fn parse(text: &str) -> Option<Roles> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(Role::parse).collect::<Option<_>>().map(Roles)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

const NAME_CHARS_MAX: usize = 64;

/// A name as it is kept: small letters of any script, digits, and `.-_@`
/// between them. `None` where it is none. Two that look the same to a reader
/// of a record should be the same.
pub fn name(text: &str) -> Option<String> {
    let name: String = text.trim().nfkc().flat_map(char::to_lowercase).collect();
    let is_inner = |c: char| c.is_alphanumeric() || ".-_@".contains(c);
    let is_outer = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_name = name.chars().all(is_inner)
        && is_outer(name.chars().next())
        && is_outer(name.chars().next_back())
        && name.chars().count() <= NAME_CHARS_MAX;
    is_name.then_some(name)
}

/// Tries to sign in that were not known to be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    pub failures: u32,
    pub last_at: Timestamp,
}

impl Tries {
    /// How long a try counts that was one of few.
    const REMEMBERED: SignedDuration = SignedDuration::from_mins(15);
    /// How long, where there were too many.
    const REMEMBERED_LONG: SignedDuration = SignedDuration::from_mins(60);
    const WAIT_MIN: SignedDuration = SignedDuration::from_mins(1);
    const WAIT_MAX: SignedDuration = SignedDuration::from_mins(15);

    /// One more try at `now`, or the moment until which it must wait. The first
    /// `free` are free; each after them waits twice as long as the one before,
    /// and none for longer than a quarter of an hour: whoever keeps guessing
    /// must not keep an honest person out for good.
    pub fn again(self, free: u32, now: Timestamp) -> Result<Tries, Timestamp> {
        let over = self.failures.saturating_sub(free.saturating_sub(1));
        let remembered = if over == 0 { Self::REMEMBERED } else { Self::REMEMBERED_LONG };
        if self.failures == 0 || now >= self.last_at + remembered {
            return Ok(Tries { failures: 1, last_at: now });
        }
        let free_at = match over {
            0 => self.last_at,
            over => {
                let doubled = Self::WAIT_MIN * 2_i32.pow((over - 1).min(8));
                self.last_at + doubled.min(Self::WAIT_MAX)
            }
        };
        match now < free_at {
            true => Err(free_at),
            false => Ok(Tries { failures: self.failures.saturating_add(1), last_at: now }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(minutes: &[i64]) -> Vec<bool> {
        let start: Timestamp = "2026-03-10T09:00Z".parse().unwrap();
        let mut tries = Tries { failures: 0, last_at: start };
        let mut let_in = Vec::new();
        for minute in minutes {
            let next = tries.again(5, start + SignedDuration::from_mins(*minute));
            let_in.push(next.is_ok());
            tries = next.unwrap_or(tries);
        }
        let_in
    }

    #[test]
    fn five_tries_are_free_and_then_each_waits_longer() {
        assert_eq!(tried(&[0, 0, 0, 0, 0, 0]), [true, true, true, true, true, false]);
        // One minute, then two, then four.
        let minutes = [0, 0, 0, 0, 0, 1, 2, 3, 6, 7];
        let expected = [true, true, true, true, true, true, false, true, false, true];
        assert_eq!(tried(&minutes), expected);
    }

    #[test]
    fn a_try_is_forgotten_after_a_quarter_of_an_hour() {
        assert!(!tried(&[0, 0, 0, 0, 15, 15, 15, 15, 15, 15])[9]);
        assert!(tried(&[0, 0, 0, 0, 15, 15, 15, 15, 15])[8]);
    }

    #[test]
    fn a_name_is_kept_so_that_two_of_one_look_are_one() {
        for (text, expected) in [
            (" Ann ", Some("ann")),
            ("Zoë.Müller@example.net", Some("zoë.müller@example.net")),
            ("ＡＮＮ", Some("ann")),
            ("王小明", Some("王小明")),
            ("a", Some("a")),
            ("", None),
            ("a b", None),
            (".ann", None),
            ("ann-", None),
            ("a,b", None),
            ("a\nb", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text:?}");
        }
        assert_eq!(name(&"a".repeat(65)), None);
    }

    proptest::proptest! {
        /// Whatever was tried before, nobody waits for longer than a quarter
        /// of an hour, and the try after the wait is admitted.
        #[test]
        fn no_wait_is_for_good(gaps in proptest::collection::vec(0_i64..3_600, 1..200)) {
            let mut now: Timestamp = "2026-03-10T09:00Z".parse().unwrap();
            let mut tries = Tries { failures: 0, last_at: now };
            for gap in gaps {
                now += SignedDuration::from_secs(gap);
                match tries.again(5, now) {
                    Ok(next) => tries = next,
                    Err(until) => {
                        proptest::prop_assert!(until <= now + Tries::WAIT_MAX);
                        proptest::prop_assert!(tries.again(5, until).is_ok());
                    }
                }
            }
        }
    }

    #[test]
    fn who_has_no_role_may_only_come_in() {
        let permits = [Permit::SignedIn, Permit::Look, Permit::Work, Permit::Approve];
        assert!(permits.into_iter().all(|permit| !Roles::default().may(permit)));
        assert!(Roles::default().may(Permit::Anyone));
    }

    #[test]
    fn roles_are_kept_as_they_are_read() {
        let roles = Roles::parse("checker, viewer").unwrap();
        assert_eq!(roles.to_string(), "viewer,checker");
        assert_eq!(Roles::parse("viewer,owner"), None);
        assert_eq!(Roles::parse(""), Some(Roles::default()));
    }

    #[test]
    fn whoever_gives_roles_decides_about_no_account() {
        for permit in [Permit::Look, Permit::Work, Permit::Propose, Permit::Approve] {
            assert!(!Role::Admin.may(permit), "{permit:?}");
        }
    }
}

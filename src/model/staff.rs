//! People of the operator's who work with the console, and what each may do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
